/* What the metrics say of one set of buffers, as hashes; rankings.h has those of rankings. */
#ifndef NODE_METRICS_H
#define NODE_METRICS_H

#include "rankings.h"

static inline void take_ratios(hyla_confusion_ratios *ratios, struct hashes *to) {
    plain_nan(&ratios->precision, 4);
    take(to, "confusion values", ratios, offsetof(hyla_confusion_ratios, status));
    take_status(to, "confusion values", ratios->status);
}

static inline void take_counts(const struct buffers *on, const hyla_pixels *pixels, struct hashes *to) {
    hyla_pixels decided = *pixels;
    decided.decisions = hyla_mask_u8(on->valid);
    hyla_sum_totals sum = {0};
    hyla_range range = {0};
    hyla_confusion_totals confusion = {0};
    hyla_pixel_statistics_totals statistics = {0};
    hyla_range_report ends;
    hyla_confusion_report report;
    hyla_pixel_statistics_report shares;
    double value;
    take_status(to, "sum update", hyla_sum_update(pixels, &sum));
    take(to, "sum totals", &sum, sizeof sum);
    take_status(to, "sum value", hyla_sum_value(&sum, &value));
    take_value(to, "sum value", value);
    take_status(to, "sum mean", hyla_sum_mean(&sum, &value));
    take_value(to, "sum mean", value);
    take_status(to, "range update", hyla_range_update(pixels, &range));
    take(to, "range totals", &range, sizeof range);
    take_status(to, "range values", hyla_range_values(&range, &ends));
    TAKE_REPORT("range values", ends, min_count);
    take_status(to, "confusion update", hyla_confusion_update(&decided, &confusion));
    take_status(to, "confusion frame", hyla_confusion_end_frame(&confusion));
    take(to, "confusion totals", &confusion, sizeof confusion);
    take_status(to, "confusion values", hyla_confusion_values(&confusion, &report));
    take_ratios(&report.pixel, to);
    take_ratios(&report.frame, to);
    take_status(to, "pixel statistics update", hyla_pixel_statistics_update(&decided, &statistics));
    take(to, "pixel statistics totals", &statistics, sizeof statistics);
    take_status(to, "pixel statistics values", hyla_pixel_statistics_values(&statistics, &shares));
    plain_nan(&shares.percentage, 1);
    take(to, "pixel statistics values", &shares, sizeof shares);
    TAKE_METRICS("pixel statistics metrics", pixel_statistics, &statistics);
}

/* The channels of the values, as floats and as bytes, with their columns. */
static inline void take_bands(const struct buffers *on, const hyla_cube *weighted, struct hashes *to) {
    enum { MOST_CELLS = 4096 };
    static hyla_band_statistics_column columns[MOST_CELLS];
    const hyla_band_statistics_params params = {sizeof params, 1, 0.25f};
    hyla_band_statistics_totals totals[CHANNELS] = {0};
    hyla_band_statistics_report reports[CHANNELS];
    hyla_cube cube = *weighted;
    const size_t cells = cube.n * CHANNELS <= MOST_CELLS ? cube.n * CHANNELS : 0;
    size_t dead[8] = {0}, found = 0;
    int64_t indexes[8] = {0};
    cube.weights = hyla_f32(NULL);
    memset(columns, 0, sizeof columns);
    take_status(to, "bands update", hyla_band_statistics_update(&params, &cube, totals, cells > 0 ? columns : NULL));
    cube.values = hyla_bip(hyla_u8(on->targets), 1);
    cube.channels = 1;
    take_status(to, "bands of bytes", hyla_band_statistics_update(&params, &cube, totals, cells > 0 ? columns : NULL));
    take(to, "bands totals", totals, sizeof totals);
    take_items(to, "bands columns", columns, cells * sizeof *columns, 4);
    take_status(to, "bands values", hyla_band_statistics_values(&params, totals, CHANNELS, reports));
    for (size_t k = 0; k < CHANNELS; ++k) plain_nan(&reports[k].mean, 4);
    take(to, "bands values", reports, sizeof reports);
    take_status(to, "bands dead columns", hyla_band_statistics_dead_columns(columns, cells, dead, 8, &found));
    for (size_t i = 0; i < 8; ++i) indexes[i] = (int64_t)dead[i];
    take(to, "bands dead columns", indexes, sizeof indexes);
}

/* The values as ratios of batches with CHANNELS components each. */
static inline void take_explained_variance(const struct buffers *on, struct hashes *to) {
    hyla_explained_variance_totals totals[CHANNELS] = {0};
    double ratios[CHANNELS] = {0}, cumulative[CHANNELS] = {0}, total = 0.0;
    hyla_status status = HYLA_OK;
    for (size_t i = 0; i < on->n; ++i) {
        status = hyla_explained_variance_update(on->values + CHANNELS * i, CHANNELS, totals);
        CHECK(!HYLA_FAILED(status));
    }
    take_status(to, "explained variance update", status);
    take(to, "explained variance totals", totals, sizeof totals);
    take_status(to, "explained variance", hyla_explained_variance_values(totals, CHANNELS, ratios, cumulative, &total));
    plain_nan(ratios, CHANNELS);
    plain_nan(cumulative, CHANNELS);
    take(to, "explained variance", ratios, sizeof ratios);
    take(to, "explained variance", cumulative, sizeof cumulative);
    take_value(to, "explained variance", total);
    TAKE_METRICS("explained variance metrics", explained_variance, totals, CHANNELS);
}

/* The metrics of band selectors, and of labels. A workspace of doubles is one of twice as many words. */
static inline void take_selector_metrics(const struct buffers *on, struct hashes *to) {
    const hyla_selector_entropy_metric_params params = HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT;
    hyla_selector_diversity_metric_report report = {0};
    const size_t words = hyla_selector_diversity_metric_workspace(on->n * CHANNELS);
    double entropy = 0.0;
    take_status(to, "selector entropy metric",
                hyla_selector_entropy_metric_value(&params, on->values, on->n * CHANNELS, &entropy));
    take_value(to, "selector entropy metric", entropy);
    TAKE_METRICS("selector entropy metrics", selector_entropy_metric, &params, on->values, on->n * CHANNELS);
    take_status(to, "selector diversity metric",
                hyla_selector_diversity_metric_values(on->values, on->n * CHANNELS,
                                                      (uint32_t *)(void *)workspace(on, words * sizeof(uint32_t)),
                                                      words, &report));
    plain_nan((double *)(void *)&report, 3);
    take(to, "selector diversity metric", &report, sizeof report);
    TAKE_METRICS("selector diversity metrics", selector_diversity_metric, &report);
}

static inline void take_labels(const struct buffers *on, const uint8_t *valid, struct hashes *to) {
    int32_t set[6] = {0};
    int64_t count = 0;
    take_status(to, "distinct labels", hyla_distinct_label_count_update(on->labels, valid, on->n, set, 6));
    take_status(to, "distinct labels", hyla_distinct_label_count_value(set, 6, &count));
    take_items(to, "distinct labels", set, sizeof set, 4);
    take(to, "distinct labels", &count, sizeof count);
    TAKE_METRICS("distinct labels metrics", distinct_label_count, set, 6);
}

static inline void take_components(const struct buffers *on, const hyla_matrix *matrix, struct hashes *to) {
    const size_t doubles = hyla_component_orthogonality_workspace(matrix->rows, matrix->columns);
    hyla_component_orthogonality_report report = {0};
    take_status(to, "component orthogonality",
                hyla_component_orthogonality_values(matrix, workspace(on, doubles * sizeof(double)), doubles, &report));
    plain_nan((double *)(void *)&report, 4);
    take(to, "component orthogonality", &report, sizeof report);
    TAKE_METRICS("component orthogonality metrics", component_orthogonality, &report);
}

/* Detection with average precision, of lines and of a strided frame; what is valid is decided, too. The binning is
 * built here: it is made of floats as well. */
static inline void take_detection(const struct buffers *on, const hyla_pixels *ranked, struct hashes *to) {
    enum { THRESHOLDS = 200, WORDS = 2 * THRESHOLDS + 8, TABLE_WORDS = 797, COLUMNS = 7 };
    const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, THRESHOLDS, 0.0f, 0.0f};
    hyla_pixels pixels = *ranked;
    pixels.decisions = hyla_mask_u8(on->valid);
    const hyla_pixels frame = in_rows(&pixels, on->n / COLUMNS, on->n / COLUMNS * (COLUMNS - 1), COLUMNS);
    for (uint32_t stride = 1; stride < 3; ++stride) {
        const hyla_detection_params params = {sizeof params, stride, THRESHOLDS};
        uint32_t table[TABLE_WORDS];
        int64_t words[WORDS] = {0};
        hyla_binning binning;
        hyla_detection_totals totals = {0};
        take_status(to, "binning", hyla_binning_build(&rule, table, TABLE_WORDS, &binning));
        take_items(to, "binning table", table, sizeof table, 4);
        take_status(to, "detection frame",
                    hyla_detection_update_frame(&params, &frame, &totals, &binning, words, WORDS));
        if (stride == 1) {
            take_status(to, "detection", hyla_detection_update(&params, &pixels, &totals, &binning, words, WORDS));
        }
        take(to, "detection totals", &totals, sizeof totals);
        take(to, "detection words", words, sizeof words);
        TAKE_METRICS("detection metrics", detection, &params, &totals, &binning, words, WORDS);
    }
}

/* The scores against their first half. */
static inline void take_drift(const hyla_pixels *pixels, struct hashes *to) {
    const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_KEY, 8, 0.0f, 0.0f};
    const hyla_drift_params params = HYLA_DRIFT_PARAMS_DEFAULT;
    hyla_pixels whole = *pixels, half = *pixels;
    int64_t words[2 * 257 + 6] = {0}, reference[2 * 257 + 6] = {0};
    enum { WORDS_OF_BOTH = sizeof words / sizeof *words };
    hyla_binning binning;
    hyla_drift_report report;
    half.n /= 2;
    take_status(to, "drift binning", hyla_binning_build(&rule, NULL, 0, &binning));
    take_status(to, "drift words", hyla_ranking_update(&binning, &whole, words, WORDS_OF_BOTH));
    take_status(to, "drift reference", hyla_ranking_update(&binning, &half, reference, WORDS_OF_BOTH));
    take(to, "drift words", words, sizeof words);
    take_status(to, "drift values", hyla_drift_values(&params, &binning, reference, words, WORDS_OF_BOTH, &report));
    TAKE_METRICS("drift metrics", drift, &report);
}

static inline void take_frame_scores(const struct buffers *on, const hyla_pixels *pixels, struct hashes *to) {
    hyla_score_statistics_report report;
    hyla_score_statistics_totals totals = {0};
    const size_t report_words = hyla_score_statistics_workspace(), mean_words = hyla_topk_mean_workspace();
    double number;
    uint32_t *words = (uint32_t *)last_of_workspace(on, report_words * sizeof *words);
    take_status(to, "score statistics", hyla_score_statistics_frame(pixels, words, report_words, &report));
    TAKE_REPORT("score statistics", report, pixels);
    TAKE_METRICS("score statistics metrics", score_statistics, &report);
    take_status(to, "score statistics update", hyla_score_statistics_update(pixels, &totals));
    take(to, "score statistics totals", &totals, sizeof totals);
    take_status(to, "score statistics mean", hyla_score_statistics_mean(&totals, &number));
    take_value(to, "score statistics mean", number);
    take_status(to, "score statistics std", hyla_score_statistics_std(&totals, &number));
    take_value(to, "score statistics std", number);
    words = (uint32_t *)last_of_workspace(on, mean_words * sizeof *words);
    take_status(to, "top-k mean", hyla_topk_mean_value(0.1, pixels, words, mean_words, &number));
    take_value(to, "top-k mean", number);
}

#endif
