// Every class of hyla.hpp says what the C functions say. Compiled as C++17 and as C++20, without
// exceptions and RTTI.
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "check.h"
#include "hyla.hpp"

#ifndef NAME
#define NAME "wrapper"
#endif

namespace {

constexpr std::size_t n = 6;
const std::array<float, n> scores = {0.5f, -1.0f, 3.0f, NAN, -0.25f, 2.0f};
const std::array<float, n> weights = {1.0f, 0.5f, 2.0f, 1.0f, 1.0f, -1.0f};
const std::array<std::uint8_t, n> targets = {1, 0, 1, 0, 1, 0};
const std::array<std::uint8_t, n> decisions = {1, 0, 1, 1, 0, 1};
const std::array<std::uint8_t, n> valid = {1, 1, 1, 0, 1, 1};
constexpr hyla::context context = {HYLA_STAGE_VAL, 1, 2, 0};

hyla::pixels all() {
    return hyla::pixels(n)
        .with_scores(scores.data())
        .with_targets(targets.data())
        .with_decisions(decisions.data())
        .with_valid(valid.data())
        .with_weights(weights.data());
}

// The same without weights, which only losses can use.
hyla::pixels counted() { return all().with_weights(nullptr); }

template <class Class, class Struct>
bool equal(const Class &found, const Struct &expected) {
    static_assert(sizeof found == sizeof expected);
    return std::memcmp(&found, &expected, sizeof found) == 0;
}

void statuses() {
    static_assert(!hyla::status(HYLA_OK).failed() && hyla::status(HYLA_ERROR_OVERLAP).failed());
    static_assert(hyla::status(HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED).notices(HYLA_NOTICE_REJECTED));
    static_assert(!hyla::status(HYLA_ERROR_OVERLAP).notices(HYLA_NOTICE_EMPTY));
    static_assert(!hyla::status(HYLA_NOTICE_EMPTY).failed() && hyla::status(-4).code() == HYLA_ERROR_OVERLAP);
    static_assert(!std::is_convertible_v<hyla::result<double>, bool>, "a result is true only where one asks");
    CHECK(std::strcmp(hyla::status(HYLA_ERROR_OVERLAP).message(), hyla_status_message(HYLA_ERROR_OVERLAP)) == 0);
    CHECK(hyla::compatible());
    hyla::result<double> result;
    CHECK(static_cast<bool>(result) && result.value == 0.0);
    result.status = HYLA_ERROR_OVERLAP;
    CHECK(!result);
}

void params() {
    const hyla_bce_params bce = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_detection_params detection = HYLA_DETECTION_PARAMS_DEFAULT;
    CHECK(equal(hyla::bce::params(), bce));
    CHECK(equal(hyla::detection::params(), detection));
    CHECK(equal(hyla::pixels(), hyla_pixels{}));
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
    CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_bce_gradient(&params, &expected, &pixels, 2.0, HYLA_ADD, expected_floats.data()));
    CHECK(equal(found_floats, expected_floats));
    const hyla::result<double> at_once = other.loss_and_gradient(params, pixels, 2.0, HYLA_STORE, found_floats);
    CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_bce_gradient(&params, &expected, &pixels, 2.0, HYLA_STORE, expected_floats.data()));
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
    CHECK_STATUS(HYLA_ERROR_CAPACITY, totals.gradient(params, pixels, 1.0, HYLA_STORE, {found_floats.data(), n - 1}).code());
    const hyla::result<double> small = totals.loss_and_gradient(params, pixels, 1.0, HYLA_STORE, {found_floats.data(), n - 1});
    CHECK(!small && small.status.code() == HYLA_ERROR_CAPACITY && small.value == 0.0);
    CHECK(equal(found_floats, expected_floats) && equal(totals, expected));
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, totals.loss(params).status.code());
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
    CHECK(found && found.value.min == -1.0 && found.value.max == 3.0 && found.value.max_count == 2 && found.value.count == 10);
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
    CHECK(count && count.value == 3 && std::strcmp(list[2].name, "anomaly/anomaly_percentage") == 0 && list[2].value == 60.0);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, totals.metrics(context, {list.data(), 2}).status.code());
}

void binning() {
    const hyla_binning_params key = HYLA_BINNING_PARAMS_DEFAULT;
    CHECK(equal(hyla::binning::params(), key) && equal(hyla::binning(), hyla_binning{}));
    hyla::binning::params params;
    params.rule = HYLA_BINNING_THRESHOLDS;
    params.bins = 200;
    const hyla::result<std::size_t> words = hyla::binning::words(params);
    CHECK(words && words.value == 797);
    std::vector<std::uint32_t> table(words.value), same_table(words.value);
    hyla::binning binning;
    hyla_binning expected{};
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, binning.build(params, {table.data(), 1}).code());
    CHECK_STATUS(HYLA_OK, binning.build(params, table).code());
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&params, same_table.data(), same_table.size(), &expected));
    CHECK(table == same_table && binning.table == table.data() && binning.bins == expected.bins);
    params.bins = 1;
    CHECK_STATUS(HYLA_ERROR_BINNING, hyla::binning::words(params).status.code());
}

void ranking() {
    using hyla::ranking;
    const hyla::pixels pixels = counted();
    hyla::binning binning;
    CHECK_STATUS(HYLA_OK, binning.build(hyla::binning::params(), {}).code());
    std::vector<std::int64_t> words(ranking::words(binning).value), other(words.size()), expected(words.size());
    CHECK(words.size() == 2 * 4096 + 8);
    for (auto *to : {&words, &other}) CHECK_STATUS(HYLA_OK, ranking::update(binning, pixels, *to).code());
    CHECK_STATUS(HYLA_OK, ranking::merge(binning, other, words).code());
    for (int i = 0; i < 2; ++i) CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, expected.data(), expected.size()));
    CHECK(words == expected);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, ranking::merge(binning, {other.data(), 1}, words).code());

    hyla_ranking_report report{};
    const hyla_status status = hyla_ranking_values(&binning, words.data(), words.size(), &report);
    const hyla::result<ranking::report> found = ranking::values(binning, words);
    CHECK(found && found.status.code() == status && equal(found.value, report));
    CHECK(report.anomalies == 6 && report.normal == 4 && report.masked == 2);
    std::array<ranking::point, 8> points{};
    const hyla::result<std::size_t> count = ranking::curve(binning, words, points);
    CHECK(count && count.value == 5 && points[0].threshold == 3.0 && points[0].precision == 1.0 && points[4].recall == 1.0);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, ranking::curve(binning, words, {points.data(), 4}).status.code());
    const hyla::result<ranking::point> point = ranking::at(binning, words, 2.0f);
    CHECK(point && equal(point.value, points[1]) && point.value.true_positives == 2 && point.value.false_positives == 2);
    const hyla::result<double> threshold = ranking::threshold(binning, words, 0.5);
    CHECK(threshold && threshold.value < 2.0 && threshold.value > -1.0);
    const hyla::result<ranking::bracket> median = ranking::quantile(binning, words, 0.5);
    CHECK(median && median.value.low <= 0.5 && median.value.high >= 0.5);
    CHECK_STATUS(HYLA_ERROR_TARGET, ranking::quantile(binning, words, 2.0).status.code());

    // Integers.
    const std::array<std::uint16_t, n> wide{900, 100, 1000, 0, 200, 800};
    hyla::binning::params params;
    params.rule = HYLA_BINNING_U16;
    CHECK_STATUS(HYLA_OK, binning.build(params, {}).code());
    words.assign(ranking::words(binning).value, 0);
    CHECK_STATUS(HYLA_OK, ranking::update(binning, wide.data(), targets.data(), valid.data(), n, words).code());
    CHECK(ranking::at(binning, words, 900.0f).value.true_positives == 2);
    params.rule = HYLA_BINNING_U8;
    CHECK_STATUS(HYLA_OK, binning.build(params, {}).code());
    words.assign(ranking::words(binning).value, 0);
    CHECK_STATUS(HYLA_OK, ranking::update(binning, decisions.data(), targets.data(), nullptr, n, words).code());
    CHECK(ranking::values(binning, words).value.anomalies == 3);
    CHECK_STATUS(HYLA_ERROR_UNSUPPORTED_INPUT, ranking::update(binning, wide.data(), nullptr, nullptr, n, words).code());
}

void ranking_exact() {
    const hyla::pixels pixels = counted();
    std::vector<std::uint32_t> space(hyla::ranking_exact::workspace_size(pixels.n));
    hyla_ranking_exact_report expected{};
    const hyla_status status = hyla_ranking_exact_values(&pixels, space.data(), space.size(), &expected);
    const hyla::result<hyla::ranking_exact::report> found = hyla::ranking_exact::values(pixels, space);
    CHECK(found && equal(found.value, expected) && found.status.code() == status);
    CHECK(found.value.anomalies == 3 && found.value.normal == 2);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla::ranking_exact::values(pixels, {space.data(), 1}).status.code());
}

void drift() {
    const hyla_binning_params rule = HYLA_BINNING_PARAMS_DEFAULT;
    hyla_binning binning{};
    std::size_t count = 0;
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, nullptr, 0, &binning));
    CHECK_STATUS(HYLA_OK, hyla_ranking_words(&binning, &count));
    std::vector<std::int64_t> words(count), reference(count);
    hyla::pixels pixels = hyla::pixels(n).with_scores(scores.data()).with_valid(valid.data());
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, words.data(), count));
    pixels.n = 3;
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, reference.data(), count));
    const hyla::drift::params params;
    hyla_drift_report expected{};
    std::array<hyla::metric, 12> list{};
    const hyla_status status = hyla_drift_values(&params, &binning, reference.data(), words.data(), count, &expected);
    const hyla::result<hyla::drift::report> found = hyla::drift::values(params, binning, reference, words);
    CHECK(found && equal(found.value, expected) && found.status.code() == status);
    CHECK(found.value.now.pixels == 5 && found.value.now.masked == 1 && found.value.reference.pixels == 3);
    const hyla::result<std::size_t> written = hyla::drift::metrics(found.value, context, list);
    CHECK(written && written.value == 12 && std::strcmp(list[0].name, "drift/psi") == 0 && list[0].value == expected.psi);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::drift::metrics(found.value, context, {list.data(), 11}).status.code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::drift::values(params, binning, {words.data(), count - 1}, words).status.code());
}

void frame_scores() {
    const hyla::pixels pixels = counted();
    std::vector<std::uint32_t> space(hyla::score_statistics::workspace_size());
    hyla_score_statistics_report expected{};
    std::array<hyla::metric, 9> list{};
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_frame(&pixels, space.data(), space.size(), &expected));
    const hyla::result<hyla::score_statistics::report> found = hyla::score_statistics::frame(pixels, space);
    CHECK(found && equal(found.value, expected) && found.value.median == 0.5 && found.value.pixels == 5);
    const hyla::result<std::size_t> count = hyla::score_statistics::metrics(found.value, context, list);
    CHECK(count && count.value == 9 && std::strcmp(list[8].name, "scores/q99") == 0);
    hyla::score_statistics totals, other;
    CHECK_STATUS(HYLA_OK, totals.update(pixels).code());
    CHECK_STATUS(HYLA_OK, other.update(pixels).code());
    CHECK(totals.mean().value == expected.mean && totals.std().value == expected.std);
    CHECK_STATUS(HYLA_OK, totals.merge(other).code());
    CHECK_STATUS(HYLA_OK, totals.normalize().code());
    CHECK(totals.mean().value == expected.mean && totals.totals.pixels == 10);
    const hyla::result<double> mean = hyla::topk_mean::value(0.4, pixels, space);
    CHECK(mean && mean.value == 2.5 && space.size() >= hyla::topk_mean::workspace_size());
    CHECK_STATUS(HYLA_ERROR_FRACTION, hyla::topk_mean::value(0.0, pixels, space).status.code());
}

void detection() {
    const hyla::pixels pixels = counted();
    hyla::detection::params params;
    hyla::detection totals, other;
    hyla_detection_totals expected{};
    std::array<hyla::metric, 7> list{};
    CHECK_STATUS(HYLA_OK, totals.update(params, pixels).code());
    CHECK_STATUS(HYLA_OK, totals.end_frame().code());
    CHECK_STATUS(HYLA_OK, other.update_frame(params, pixels, 2, 3, 3).code());
    CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &pixels, 2, 3, 3, &expected, nullptr, nullptr, 0));
    CHECK(equal(totals, expected) && equal(other, expected));
    CHECK_STATUS(HYLA_OK, totals.merge(other).code());
    const hyla::result<std::size_t> count = totals.metrics(params, context, list);
    CHECK(count && count.value == 7 && list[0].value == 2.0 / 3.0 && std::strcmp(list[0].name, "precision") == 0);

    // With average precision, whose words the caller has.
    hyla_binning_params rule = HYLA_BINNING_PARAMS_DEFAULT;
    rule.rule = HYLA_BINNING_THRESHOLDS;
    rule.bins = params.ap_thresholds;
    hyla_binning binning;
    std::array<std::uint32_t, 797> table{};
    std::array<std::int64_t, 408> words{}, lines{}, by_c{};
    std::array<hyla::metric, 10> ranked{};
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, table.data(), table.size(), &binning));
    CHECK_STATUS(HYLA_OK, other.update_frame(params, pixels, 2, 3, 3, &binning, words).code());
    CHECK_STATUS(HYLA_OK, totals.update(params, pixels, &binning, lines).code());
    CHECK_STATUS(HYLA_OK, totals.end_frame().code());
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, by_c.data(), by_c.size()));
    CHECK(words == by_c && lines == by_c);
    const hyla::result<std::size_t> all_values = totals.metrics(params, context, ranked, &binning, words);
    CHECK(all_values && all_values.value == 10 && std::strcmp(ranked[7].name, "average_precision") == 0);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, totals.update(params, pixels, &binning, {words.data(), 407}).code());

    params.pixel_stride = 2;
    CHECK_STATUS(HYLA_ERROR_STRIDE_NEEDS_FRAME, totals.update(params, pixels).code());
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, totals.metrics(params, context, list).status.code());
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
    CHECK(count && count.value == 5 && std::strcmp(list[4].name, "cumulative_variance_pc2") == 0 && list[4].value == 0.875);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::explained_variance::update({ratios.data(), 1}, totals).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::explained_variance::merge({other.data(), 1}, totals).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::explained_variance::values(totals, {found.data(), 1}, cumulative).status.code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::explained_variance::metrics(totals, context, {list.data(), 4}).status.code());
}

void component_orthogonality() {
    const std::array<float, 4> components{1.0f, 0.0f, 2.0f, 2.0f};
    const hyla::matrix rows(components.data(), 2, 2);
    std::array<double, 4096> workspace{};
    std::array<hyla::metric, 4> list{};
    CHECK(hyla::component_orthogonality::workspace_size(rows) <= workspace.size());
    // E = (0 2; 2 7)
    const hyla::result<hyla::component_orthogonality::report> found = hyla::component_orthogonality::values(rows, workspace);
    CHECK(found && found.value.avg_off_diagonal == 2.75 && found.value.diagonal_mean == 4.5 && found.value.components == 2);
    const hyla::result<std::size_t> count = hyla::component_orthogonality::metrics(found.value, context, list);
    CHECK(count && count.value == 4 && std::strcmp(list[1].name, "avg_off_diagonal") == 0 && list[1].value == 2.75);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla::component_orthogonality::values(rows, {workspace.data(), 1}).status.code());
}

void selector_metrics() {
    const std::array<float, 4> selected{0.5f, 0.0f, 0.25f, 0.25f};
    std::array<std::uint32_t, 1032> workspace{};
    std::array<hyla::metric, 2> list{};
    hyla::selector_entropy_metric::params params;
    CHECK(params.eps == 1e-6f);
    const hyla::result<double> entropy = hyla::selector_entropy_metric::value(params, selected);
    CHECK(entropy && entropy.value > 1.0 && entropy.value < 1.1);
    CHECK(hyla::selector_entropy_metric::metrics(params, selected, context, list).value == 1 && list[0].value == entropy.value);
    params.eps = -1.0f;
    CHECK_STATUS(HYLA_ERROR_EPSILON, hyla::selector_entropy_metric::value(params, selected).status.code());
    CHECK(hyla::selector_diversity_metric::workspace_size(selected.size()) == workspace.size());
    const hyla::result<hyla::selector_diversity_metric::report> found = hyla::selector_diversity_metric::values(selected, workspace);
    CHECK(found && found.value.gini_coefficient == 0.375 && found.value.weight_variance == 0.03125);
    CHECK(hyla::selector_diversity_metric::metrics(found.value, context, list).value == 2 && list[1].value == 0.375);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla::selector_diversity_metric::values(selected, {workspace.data(), 9}).status.code());
}

void distinct_label_count() {
    const std::array<std::int32_t, 4> labels{3, 0, -1, 3};
    std::array<std::int32_t, 4> set{}, other{};
    std::array<hyla::metric, 1> list{};
    CHECK(hyla::distinct_label_count::words(2) == set.size());
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla::distinct_label_count::value(set).status.code());
    CHECK_STATUS(HYLA_OK, hyla::distinct_label_count::update(labels, nullptr, set).code());
    CHECK_STATUS(HYLA_OK, hyla::distinct_label_count::update({labels.data(), 2}, valid.data(), other).code());
    CHECK_STATUS(HYLA_OK, hyla::distinct_label_count::merge(other, set).code());
    const hyla::result<std::int64_t> found = hyla::distinct_label_count::value(set);
    CHECK(found && found.value == 2 && set[2] == -1 && set[3] == 3);
    CHECK(hyla::distinct_label_count::metrics(set, context, list).value == 1 && list[0].value == 2.0);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::distinct_label_count::merge({other.data(), 3}, set).code());
}

// A C struct serves as well, and a copy is a copy of the words.
void mixing_with_c() {
    hyla_pixels pixels{};
    pixels.scores = scores.data();
    pixels.n = 2;
    hyla::sum totals;
    CHECK_STATUS(HYLA_OK, totals.update(pixels).code());
    const hyla::sum copy = totals;
    CHECK(equal(copy, totals) && copy.value().value == -0.5);
}

#ifdef __cpp_lib_span
void spans() {
    const auto pixels =
        hyla::pixels(n).with_scores(scores).with_targets(targets).with_decisions(decisions).with_valid(valid).with_weights(weights);
    CHECK(equal(pixels, all()));
    const hyla::bce::params params;
    const hyla::detection::params lines;
    hyla::bce totals, other;
    hyla::pixel_statistics statistics;
    hyla::detection detection;
    std::array<float, n> found{}, expected{};
    std::array<hyla::metric, 7> list{};
    CHECK_STATUS(HYLA_OK, hyla::bce::map(params, pixels, found).code());
    CHECK_STATUS(HYLA_OK, hyla::bce::map(params, pixels, {expected.data(), n}).code());
    CHECK(equal(found, expected));
    CHECK(static_cast<bool>(totals.loss_and_gradient(params, pixels, 1.0, HYLA_STORE, found)));
    CHECK(static_cast<bool>(other.loss_and_gradient(params, pixels, 1.0, HYLA_STORE, {expected.data(), n})));
    CHECK(equal(found, expected) && equal(totals, other));
    CHECK(!totals.gradient(params, pixels, 1.0, HYLA_ADD, found).failed());
    CHECK(!totals.gradient(params, pixels, 1.0, HYLA_ADD, {expected.data(), n}).failed());
    CHECK(equal(found, expected));
    CHECK(statistics.metrics(context, list).value == 3 && detection.metrics(lines, context, list).value == 7);

    // Spans of another length are errors, whichever it is and whatever follows.
    const std::span<const float> shorter = std::span(scores).first(n - 1);
    const auto bad = hyla::pixels(n).with_scores(shorter).with_targets(targets).with_decisions(decisions);
    CHECK_STATUS(HYLA_ERROR_TOO_LARGE, totals.update(params, bad).code());
    CHECK_STATUS(HYLA_ERROR_TOO_LARGE, statistics.update(bad).code());
    CHECK_STATUS(HYLA_ERROR_TOO_LARGE, detection.update(lines, bad).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::bce::map(params, bad, found).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::bce::map(params, pixels, std::span(found).first(n - 1)).code());
    CHECK(equal(totals, other));
}
#endif

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
    component_orthogonality();
    selector_metrics();
    distinct_label_count();
    mixing_with_c();
#ifdef __cpp_lib_span
    spans();
#elif __cplusplus >= 202002L
#error "C++20 without std::span: the span overloads would go untested"
#endif
    return finish(NAME);
}
