// The classes of hyla.hpp that rank scores: histograms, drift, statistics of frames, detection.
#ifndef WRAPPER_RANKINGS_H
#define WRAPPER_RANKINGS_H

#include <vector>

#include "wrapper.h"

namespace {

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
    static_assert(ranking::words_of(4096) == 8200 && hyla::distinct_label_count::words(5) == 7);
    static_assert(hyla::ranking_exact::workspace_size(3) == 1030 && hyla::topk_mean::workspace_size() > 0);
    CHECK(ranking::words(binning).value == ranking::words_of(4096));
    std::vector<std::int64_t> words(ranking::words(binning).value), other(words.size()), expected(words.size());
    CHECK(words.size() == 2 * 4096 + 8);
    for (auto *to : {&words, &other}) CHECK_STATUS(HYLA_OK, ranking::update(binning, pixels, *to).code());
    CHECK_STATUS(HYLA_OK, ranking::merge(binning, other, words).code());
    for (int i = 0; i < 2; ++i)
        CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, expected.data(), expected.size()));
    CHECK(words == expected);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, ranking::merge(binning, {other.data(), 1}, words).code());

    hyla_ranking_report report{};
    const hyla_status status = hyla_ranking_values(&binning, words.data(), words.size(), &report);
    const hyla::result<ranking::report> found = ranking::values(binning, words);
    CHECK(found && found.status.code() == status && equal(found.value, report));
    CHECK(report.anomalies == 6 && report.normal == 4 && report.masked == 2);
    std::array<ranking::point, 8> points{};
    const hyla::result<std::size_t> count = ranking::curve(binning, words, points);
    CHECK(count && count.value == 5 && points[0].threshold == 3.0 && points[0].precision == 1.0 &&
          points[4].recall == 1.0);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, ranking::curve(binning, words, {points.data(), 4}).status.code());
    const hyla::result<ranking::point> point = ranking::at(binning, words, 2.0f);
    CHECK(point && equal(point.value, points[1]) && point.value.true_positives == 2 &&
          point.value.false_positives == 2);
    const hyla::result<double> threshold = ranking::threshold(binning, words, 0.5);
    CHECK(threshold && threshold.value < 2.0 && threshold.value > -1.0);
    const hyla::result<ranking::bracket> median = ranking::quantile(binning, words, 0.5);
    CHECK(median && median.value.low <= 0.5 && median.value.high >= 0.5);
    CHECK_STATUS(HYLA_ERROR_FRACTION, ranking::quantile(binning, words, 2.0).status.code());

    // Integers.
    const std::array<std::uint16_t, n> wide{900, 100, 1000, 0, 200, 800};
    hyla::binning::params params;
    params.rule = HYLA_BINNING_U16;
    CHECK_STATUS(HYLA_OK, binning.build(params, {}).code());
    words.assign(ranking::words(binning).value, 0);
    CHECK_STATUS(HYLA_OK, ranking::update(binning, pixels.with_scores(wide), words).code());
    CHECK(ranking::at(binning, words, 900.0f).value.true_positives == 2);
    params.rule = HYLA_BINNING_U8;
    CHECK_STATUS(HYLA_OK, binning.build(params, {}).code());
    words.assign(ranking::words(binning).value, 0);
    const hyla::pixels bytes = pixels.with_scores(decisions).with_valid(nullptr);
    CHECK_STATUS(HYLA_OK, ranking::update(binning, bytes, words).code());
    CHECK(ranking::values(binning, words).value.anomalies == 3);
    CHECK_STATUS(HYLA_ERROR_UNSUPPORTED_INPUT, ranking::update(binning, pixels.with_scores(wide), words).code());
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
    CHECK(written && written.value == 12 && std::strcmp(list[0].name, "drift/psi") == 0 &&
          list[0].value == expected.psi);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::drift::metrics(found.value, context, {list.data(), 11}).status.code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 hyla::drift::values(params, binning, {words.data(), count - 1}, words).status.code());
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
    const hyla::pixels pixels = counted(), frame = hyla::pixels(2, n / 2)
                                                     .with_scores(scores)
                                                     .with_targets(targets)
                                                     .with_decisions(decisions)
                                                     .with_valid(valid);
    hyla::detection::params params;
    hyla::detection totals, other;
    hyla_detection_totals expected{};
    std::array<hyla::metric, 7> list{};
    CHECK_STATUS(HYLA_OK, totals.update(params, pixels).code());
    CHECK_STATUS(HYLA_OK, totals.end_frame().code());
    CHECK_STATUS(HYLA_OK, other.update_frame(params, frame).code());
    CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &frame, &expected, nullptr, nullptr, 0));
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
    CHECK_STATUS(HYLA_OK, other.update_frame(params, frame, &binning, words).code());
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

}  // namespace

#endif
