// Every class of hyla.hpp says what the C functions say. Compiled as C++17 and as C++20, without
// exceptions and RTTI.
#include <type_traits>

#include "wrapper.h"
#include "wrapper_cubes.h"
#include "wrapper_pixels.h"
#include "wrapper_rankings.h"

#ifndef NAME
#define NAME "wrapper"
#endif

namespace {

void statuses() {
    static_assert(!hyla::status(HYLA_OK).failed() && hyla::status(HYLA_ERROR_OVERLAP).failed());
    static_assert(hyla::status(HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED).notices(HYLA_NOTICE_REJECTED));
    static_assert(!hyla::status(HYLA_ERROR_OVERLAP).notices(HYLA_NOTICE_EMPTY));
    static_assert(!hyla::status(HYLA_NOTICE_EMPTY).failed() && hyla::status(-4).code() == HYLA_ERROR_OVERLAP);
    static_assert(!std::is_convertible_v<hyla::result<double>, bool>, "a result is true only where one asks");
    CHECK(std::strcmp(hyla::status(HYLA_ERROR_OVERLAP).message(), hyla_status_message(HYLA_ERROR_OVERLAP)) == 0);
    CHECK(std::strcmp(hyla::status(HYLA_ERROR_OVERLAP).name(), "HYLA_ERROR_OVERLAP") == 0);

    /* An error of a call has a number, and says what it is about. */
    hyla::bce::params wrong;
    wrong.pos_weight = -1.0f;
    const hyla::status status = hyla::bce().update(wrong, hyla::pixels());
    CHECK(status.error() == HYLA_ERROR_POS_WEIGHT && std::strcmp(status.subject(), "pos_weight") == 0);
    const auto missing = hyla::bce().update(hyla::bce::params(), hyla::pixels(n).with_scores(scores));
    CHECK(missing.error() == HYLA_ERROR_NULL_POINTER && missing.code() != missing.error());
    CHECK(std::strcmp(missing.subject(), "targets") == 0);
    static_assert(hyla::status(HYLA_NOTICE_EMPTY).error() == 0 && hyla::status(-4 - (7 << 8)).error() == -4);

    /* A stage is no number. */
    static_assert(!std::is_constructible_v<hyla::context, std::uint32_t>);
    static_assert(hyla::context(hyla::stage::inference).stage == HYLA_STAGE_INFERENCE && context.batch_idx == 2);
    static_assert(context.stage == HYLA_STAGE_VAL && context.epoch == 1 && context.reserved == 0);

    /* Notices, one after the other. */
    constexpr hyla_status several = HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED | HYLA_NOTICE_COARSE;
    hyla_status seen = 0;
    int count = 0;
    for (const hyla::status notice : hyla::status(several).notices()) {
        CHECK(notice.code() > seen && std::strlen(notice.subject()) == 0);
        seen |= notice.code();
        ++count;
    }
    CHECK(seen == several && count == 3);
    for (const hyla::status none : {hyla::status(HYLA_OK), hyla::status(HYLA_ERROR_OVERLAP)}) {
        for (const hyla::status notice : none.notices()) CHECK(notice.failed() && !notice.failed());
    }
    CHECK(hyla::compatible());
    hyla::result<double> result;
    CHECK(static_cast<bool>(result) && std::isnan(result.value));
    result.status = HYLA_ERROR_OVERLAP;
    CHECK(!result);
    // What a call that failed did not write is no number.
    hyla::range range;
    range.totals.count = -1;
    const hyla::result<hyla::range::report> failed = range.values();
    CHECK(!failed && std::isnan(failed.value.min) && std::isnan(failed.value.max) && failed.value.count == -1);
}

// Parameters begin with what the library says.
template <class Params>
void begin(hyla_status (*init)(Params *, std::size_t)) {
    static_assert(std::is_aggregate_v<Params> && std::is_trivially_copyable_v<Params>);
    const Params params;
    Params expected;
    std::memset(static_cast<void *>(&expected), 0x55, sizeof expected);
    CHECK_STATUS(HYLA_OK, init(&expected, sizeof expected));
    CHECK(equal(params, expected) && equal(Params{}, expected));
}

void params() {
    begin<hyla::band_statistics::params>(hyla_band_statistics_params_init);
    begin<hyla::bce::params>(hyla_bce_params_init);
    begin<hyla::binning::params>(hyla_binning_params_init);
    begin<hyla::cross_entropy::params>(hyla_cross_entropy_params_init);
    begin<hyla::detection::params>(hyla_detection_params_init);
    begin<hyla::dice::params>(hyla_dice_params_init);
    begin<hyla::distinctness::params>(hyla_distinctness_params_init);
    begin<hyla::drift::params>(hyla_drift_params_init);
    begin<hyla::focal::params>(hyla_focal_params_init);
    begin<hyla::foreground_contrast::params>(hyla_foreground_contrast_params_init);
    begin<hyla::iou::params>(hyla_iou_params_init);
    begin<hyla::mse::params>(hyla_mse_params_init);
    begin<hyla::orthogonality::params>(hyla_orthogonality_params_init);
    begin<hyla::selector_diversity::params>(hyla_selector_diversity_params_init);
    begin<hyla::selector_entropy::params>(hyla_selector_entropy_params_init);
    begin<hyla::selector_entropy_metric::params>(hyla_selector_entropy_metric_params_init);
    begin<hyla::spectral_angle::params>(hyla_spectral_angle_params_init);
    begin<hyla::svdd::params>(hyla_svdd_params_init);
    begin<hyla::tversky::params>(hyla_tversky_params_init);
    CHECK(equal(hyla::pixels(), hyla_pixels{}));
#if __cplusplus >= 202002L
    constexpr hyla::bce::params by_name{.reduction = HYLA_REDUCTION_SUM, .pos_weight = 3.0f};
    hyla::bce::params by_field;
    by_field.reduction = HYLA_REDUCTION_SUM;
    by_field.pos_weight = 3.0f;
    CHECK(equal(by_name, by_field));
    hyla::bce totals, same;
    CHECK_STATUS(HYLA_OK, totals.update({.reduction = HYLA_REDUCTION_SUM, .pos_weight = 3.0f}, all()).code());
    CHECK_STATUS(HYLA_OK, same.update(by_field, all()).code());
    CHECK(equal(totals, same));
#endif
}

void bce() {
    const hyla::pixels pixels = all();
    hyla::bce::params params;
    params.pos_weight = 3.0f;
    hyla::bce totals, other;
    hyla_bce_totals expected{};
    std::array<float, n> found_floats{}, expected_floats{};
    double loss = 0.0;
    CHECK(equal(totals, expected));

    CHECK_STATUS(HYLA_OK, totals.update(params, pixels).code());
    CHECK_STATUS(HYLA_OK, hyla_bce_update(&params, &pixels, &expected));
    CHECK(equal(totals, expected));
    const hyla::result<double> found = totals.loss(params);
    CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_bce_loss(&params, &expected, &loss));
    CHECK(found && found.status.code() == HYLA_NOTICE_REJECTED && found.value == loss);

    CHECK_STATUS(HYLA_OK, hyla::bce::map(params, pixels, found_floats).code());
    CHECK_STATUS(HYLA_OK, hyla_bce_map(&params, &pixels, expected_floats.data()));
    CHECK(equal(found_floats, expected_floats));
    CHECK_STATUS(HYLA_NOTICE_REJECTED, totals.gradient(params, pixels, 2.0, HYLA_ADD, found_floats).code());
    CHECK_STATUS(HYLA_NOTICE_REJECTED,
                 hyla_bce_gradient(&params, &expected, &pixels, 2.0, HYLA_ADD, expected_floats.data()));
    CHECK(equal(found_floats, expected_floats));
    const hyla::result<double> at_once = other.loss_and_gradient(params, pixels, 2.0, HYLA_STORE, found_floats);
    CHECK_STATUS(HYLA_NOTICE_REJECTED,
                 hyla_bce_gradient(&params, &expected, &pixels, 2.0, HYLA_STORE, expected_floats.data()));
    CHECK(at_once && at_once.value == loss && equal(found_floats, expected_floats) && equal(other, expected));

    CHECK_STATUS(HYLA_OK, totals.merge(other).code());
    const hyla_bce_totals once = expected;
    CHECK_STATUS(HYLA_OK, hyla_bce_merge(&once, &expected));
    CHECK(equal(totals, expected));
    CHECK_STATUS(HYLA_OK, totals.normalize().code());
    CHECK(equal(totals, expected));

    // Outputs that are too small are not written to.
    found_floats.fill(42.0f);
    expected_floats.fill(42.0f);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::bce::map(params, pixels, {found_floats.data(), n - 1}).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 totals.gradient(params, pixels, 1.0, HYLA_STORE, {found_floats.data(), n - 1}).code());
    const hyla::result<double> small =
        totals.loss_and_gradient(params, pixels, 1.0, HYLA_STORE, {found_floats.data(), n - 1});
    CHECK(!small && small.status.code() == HYLA_ERROR_CAPACITY && std::isnan(small.value));
    CHECK(equal(found_floats, expected_floats) && equal(totals, expected));
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, totals.loss(params).status.code());
    CHECK(std::isnan(totals.loss(params).value));
}

void sum() {
    const hyla::pixels pixels = counted();
    hyla::sum totals, other;
    hyla_sum_totals expected{};
    double value = 0.0, mean = 0.0;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, totals.value().status.code());
    CHECK_STATUS(HYLA_OK, totals.update(pixels).code());
    CHECK_STATUS(HYLA_OK, other.update(pixels).code());
    CHECK_STATUS(HYLA_OK, totals.merge(other).code());
    CHECK_STATUS(HYLA_OK, totals.normalize().code());
    for (int i = 0; i < 2; ++i) CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, &expected));
    CHECK(equal(totals, expected));
    CHECK_STATUS(HYLA_OK, hyla_sum_value(&expected, &value));
    CHECK_STATUS(HYLA_OK, hyla_sum_mean(&expected, &mean));
    CHECK(totals.value() && totals.value().value == value && value == 8.5);
    CHECK(totals.mean() && totals.mean().value == mean && mean == 0.85);
}

void range() {
    const hyla::pixels pixels = counted();
    hyla::range range, other;
    CHECK(!range.values().status.failed() && range.values().status.notices(HYLA_NOTICE_EMPTY));
    CHECK_STATUS(HYLA_OK, range.update(pixels).code());
    CHECK_STATUS(HYLA_OK, other.update(pixels).code());
    CHECK_STATUS(HYLA_OK, range.merge(other).code());
    const hyla::result<hyla::range::report> found = range.values();
    CHECK(found && found.value.min == -1.0 && found.value.max == 3.0 && found.value.max_count == 2 &&
          found.value.count == 10);
}

void confusion() {
    const hyla::pixels pixels = counted();
    hyla::confusion totals, other;
    hyla_confusion_report expected{};
    CHECK_STATUS(HYLA_OK, totals.update(pixels).code());
    CHECK_STATUS(HYLA_OK, other.update(pixels).code());
    CHECK_STATUS(HYLA_OK, totals.merge(other).code());
    CHECK_STATUS(HYLA_OK, totals.end_frame().code());
    CHECK_STATUS(HYLA_OK, hyla_confusion_values(&totals.totals, &expected));
    const hyla::result<hyla::confusion::report> found = totals.values();
    CHECK(found && equal(found.value, expected) && found.value.pixel.counts.true_positives == 4);
    CHECK(found.value.frame.counts.true_positives == 1);
}

void pixel_statistics() {
    const hyla::pixels pixels = counted();
    hyla::pixel_statistics totals, other;
    std::array<hyla::metric, 3> list{};
    CHECK_STATUS(HYLA_OK, totals.update(pixels).code());
    CHECK_STATUS(HYLA_OK, other.update(pixels).code());
    CHECK_STATUS(HYLA_OK, totals.merge(other).code());
    const hyla::result<hyla::pixel_statistics::report> found = totals.values();
    CHECK(found && found.value.total == 10 && found.value.anomalous == 6 && found.value.percentage == 60.0);
    const hyla::result<std::size_t> count = totals.metrics(context, list);
    CHECK(count && count.value == 3 && std::strcmp(list[2].name, "anomaly/anomaly_percentage") == 0 &&
          list[2].value == 60.0);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, totals.metrics(context, {list.data(), 2}).status.code());
}

void explained_variance() {
    const std::array<float, 2> ratios{0.75f, 0.125f};
    std::array<hyla_explained_variance_totals, 2> totals{}, other{};
    std::array<double, 2> found{}, cumulative{};
    std::array<hyla::metric, 5> list{};
    CHECK_STATUS(HYLA_OK, hyla::explained_variance::update(ratios, totals).code());
    CHECK_STATUS(HYLA_OK, hyla::explained_variance::update(ratios, other).code());
    CHECK_STATUS(HYLA_OK, hyla::explained_variance::merge(other, totals).code());
    CHECK_STATUS(HYLA_OK, hyla::explained_variance::normalize(totals).code());
    const hyla::result<double> total = hyla::explained_variance::values(totals, found, cumulative);
    CHECK(total && total.value == 0.875 && found[0] == 0.75 && cumulative[1] == 0.875);
    const hyla::result<std::size_t> count = hyla::explained_variance::metrics(totals, context, list);
    CHECK(count && count.value == 5 && std::strcmp(list[4].name, "cumulative_variance_pc2") == 0 &&
          list[4].value == 0.875);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::explained_variance::update({ratios.data(), 1}, totals).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::explained_variance::merge({other.data(), 1}, totals).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 hyla::explained_variance::values(totals, {found.data(), 1}, cumulative).status.code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 hyla::explained_variance::metrics(totals, context, {list.data(), 4}).status.code());
}

void band_statistics() {
    // Two lines of two columns and two channels, pixel by pixel: column 1 of channel 1 does not move.
    const std::array<std::uint16_t, 8> lines{1, 5, 2, 7, 3, 4, 4, 7};
    const hyla::cube cube = hyla::cube::interleaved(lines, {2, 2}, 2);
    std::array<hyla_band_statistics_totals, 2> totals{}, other{};
    std::array<hyla_band_statistics_column, 4> columns{}, more{};
    std::array<hyla::band_statistics::report, 2> reports{};
    std::array<std::size_t, 2> dead{};
    hyla::band_statistics::params at_seven;
    at_seven.has_saturation = 1;
    at_seven.saturation = 7.0f;
    CHECK_STATUS(HYLA_OK, hyla::band_statistics::update(at_seven, cube, totals, columns).code());
    CHECK_STATUS(HYLA_OK, hyla::band_statistics::update(at_seven, cube, other).code());
    CHECK_STATUS(HYLA_OK, hyla::band_statistics::merge(other, totals).code());
    CHECK_STATUS(HYLA_OK, hyla::band_statistics::merge_columns(more, columns).code());
    CHECK_STATUS(HYLA_OK, hyla::band_statistics::normalize(totals).code());
    CHECK_STATUS(HYLA_OK, hyla::band_statistics::values(at_seven, totals, reports).code());
    CHECK(reports[0].mean == 2.5 && reports[0].count == 8 && reports[0].std > 1.1180339 && reports[0].std < 1.118034);
    CHECK(reports[1].saturated == 4 && reports[1].min == 4.0 && reports[1].max == 7.0 && reports[1].dead == 0);
    const hyla::result<std::size_t> found = hyla::band_statistics::dead_columns(columns, dead);
    CHECK(found && found.value == 1 && dead[0] == 3);
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS,
                 hyla::band_statistics::values(hyla::band_statistics::params(), totals, reports).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::band_statistics::update(at_seven, cube, {totals.data(), 1}).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 hyla::band_statistics::update(at_seven, cube, totals, {columns.data(), 3}).code());
}

void component_orthogonality() {
    const std::array<float, 4> components{1.0f, 0.0f, 2.0f, 2.0f};
    const hyla::matrix rows(components.data(), 2, 2);
    std::array<double, 4096> workspace{};
    std::array<hyla::metric, 4> list{};
    CHECK(hyla::component_orthogonality::workspace_size(rows) <= workspace.size());
    // E = (0 2; 2 7)
    const hyla::result<hyla::component_orthogonality::report> found =
        hyla::component_orthogonality::values(rows, workspace);
    CHECK(found && found.value.avg_off_diagonal == 2.75 && found.value.diagonal_mean == 4.5 &&
          found.value.components == 2);
    const hyla::result<std::size_t> count = hyla::component_orthogonality::metrics(found.value, context, list);
    CHECK(count && count.value == 4 && std::strcmp(list[1].name, "avg_off_diagonal") == 0 && list[1].value == 2.75);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE,
                 hyla::component_orthogonality::values(rows, {workspace.data(), 1}).status.code());
}

void selector_metrics() {
    const std::array<float, 4> selected{0.5f, 0.0f, 0.25f, 0.25f};
    std::array<std::uint32_t, 1032> workspace{};
    std::array<hyla::metric, 2> list{};
    hyla::selector_entropy_metric::params params;
    CHECK(params.eps == 1e-6f);
    const hyla::result<double> entropy = hyla::selector_entropy_metric::value(params, selected);
    CHECK(entropy && entropy.value > 1.0 && entropy.value < 1.1);
    CHECK(hyla::selector_entropy_metric::metrics(params, selected, context, list).value == 1 &&
          list[0].value == entropy.value);
    params.eps = -1.0f;
    CHECK_STATUS(HYLA_ERROR_EPSILON, hyla::selector_entropy_metric::value(params, selected).status.code());
    CHECK(hyla::selector_diversity_metric::workspace_size(selected.size()) == workspace.size());
    const hyla::result<hyla::selector_diversity_metric::report> found =
        hyla::selector_diversity_metric::values(selected, workspace);
    CHECK(found && found.value.gini_coefficient == 0.375 && found.value.weight_variance == 0.03125);
    CHECK(hyla::selector_diversity_metric::metrics(found.value, context, list).value == 2 && list[1].value == 0.375);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE,
                 hyla::selector_diversity_metric::values(selected, {workspace.data(), 9}).status.code());
}

void distinct_label_count() {
    const std::array<std::int32_t, 4> labels{3, 0, -1, 3};
    std::array<std::int32_t, 4> set{}, other{};
    std::array<hyla::metric, 1> list{};
    CHECK(hyla::distinct_label_count::words(2) == set.size());
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla::distinct_label_count::value(set).status.code());
    CHECK_STATUS(HYLA_OK, hyla::distinct_label_count::update(labels, nullptr, set).code());
    CHECK_STATUS(HYLA_OK, hyla::distinct_label_count::update({labels.data(), 2}, valid.data(), other).code());
    const std::vector<std::uint8_t> nothing, few(labels.size() - 1, 1);
    for (const auto &wrong : {nothing, few})
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, hyla::distinct_label_count::update(labels, wrong, other).code());
    CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, hyla::distinct_label_count::update(labels, valid, other).code());
    CHECK_STATUS(HYLA_OK, hyla::distinct_label_count::merge(other, set).code());
    const hyla::result<std::int64_t> found = hyla::distinct_label_count::value(set);
    CHECK(found && found.value == 2 && set[2] == -1 && set[3] == 3);
    CHECK(hyla::distinct_label_count::metrics(set, context, list).value == 1 && list[0].value == 2.0);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::distinct_label_count::merge({other.data(), 3}, set).code());
}

// A C struct serves as well, and a copy is a copy of the words.
void mixing_with_c() {
    hyla_pixels pixels{};
    pixels.scores = hyla_f32(scores.data());
    pixels.n = 2;
    hyla::sum totals;
    CHECK_STATUS(HYLA_OK, totals.update(pixels).code());
    const hyla::sum copy = totals;
    CHECK(equal(copy, totals) && copy.value().value == -0.5);
}

}  // namespace

int main() {
    statuses();
    params();
    bce();
    sum();
    range();
    confusion();
    pixel_statistics();
    binning();
    ranking();
    ranking_exact();
    drift();
    frame_scores();
    detection();
    explained_variance();
    band_statistics();
    component_orthogonality();
    selector_metrics();
    distinct_label_count();
    mixing_with_c();
    setters();
    lengths();
    rows();
    layouts();
    packed_cubes();
    companions();
    gradients();
    gaps();
    matrices();
    views();
    return finish(NAME);
}
