/* Every metric, a row a call. */
#include "count.h"

static void count_counts(const struct buffers *on) {
    hyla_sum_totals sum = {0};
    hyla_range range = {0};
    hyla_confusion_totals confusion = {0};
    hyla_pixel_statistics_totals statistics = {0};
    hyla_range_report ends;
    hyla_confusion_report ratios;
    hyla_pixel_statistics_report shares;
    double value;
    COUNT("sum update", sum_update, &on->pixels, &sum);
    COUNT("sum value", sum_value, &sum, &value);
    COUNT("sum mean", sum_mean, &sum, &value);
    COUNT("range update", range_update, &on->pixels, &range);
    COUNT("range values", range_values, &range, &ends);
    COUNT("confusion update", confusion_update, &on->pixels, &confusion);
    COUNT("confusion end frame", confusion_end_frame, &confusion);
    COUNT("confusion values", confusion_values, &confusion, &ratios);
    COUNT("pixel_statistics update", pixel_statistics_update, &on->pixels, &statistics);
    COUNT("pixel_statistics values", pixel_statistics_values, &statistics, &shares);
}

static void count_scores(const struct buffers *on) {
    uint32_t *const words = (uint32_t *)(void *)on->workspace;
    const size_t count = 2 * WORKSPACE;
    hyla_pixels undecided = on->pixels;
    hyla_score_statistics_totals totals = {0};
    hyla_score_statistics_report report;
    hyla_ranking_exact_report ranking;
    double value;
    undecided.decisions = hyla_mask_u8(NULL);
    COUNT("score_statistics update", score_statistics_update, &on->pixels, &totals);
    COUNT("score_statistics mean", score_statistics_mean, &totals, &value);
    COUNT("score_statistics std", score_statistics_std, &totals, &value);
    COUNT("score_statistics frame", score_statistics_frame, &on->pixels, words, count, &report);
    COUNT("topk_mean value", topk_mean_value, 0.001, &on->pixels, words, count, &value);
    COUNT("ranking_exact values", ranking_exact_values, &undecided, words, count, &ranking);
}

enum { THRESHOLDS = 200, TABLE_WORDS = 1024, KEY_BITS = 12, KEY_WORDS = HYLA_RANKING_WORDS((1 << KEY_BITS) + 1) };

/* Of a binning of thresholds, and of one of keys for drift. */
static void count_histograms(const struct buffers *on) {
    static uint32_t table[TABLE_WORDS];
    static hyla_ranking_point points[THRESHOLDS + 1];
    const hyla_binning_params rules[] = {{sizeof *rules, HYLA_BINNING_THRESHOLDS, THRESHOLDS, 0.0f, 0.0f},
                                         {sizeof *rules, HYLA_BINNING_KEY, KEY_BITS, 0.0f, 0.0f}};
    const hyla_drift_params drift = HYLA_DRIFT_PARAMS_DEFAULT;
    int64_t words[HYLA_RANKING_WORDS(THRESHOLDS)] = {0}, key_words[KEY_WORDS] = {0};
    hyla_pixels undecided = on->pixels;
    hyla_binning binning, keys;
    hyla_ranking_report report;
    hyla_ranking_point point;
    hyla_drift_report differences;
    size_t count, key_count, written;
    double threshold, bounds[2];
    undecided.decisions = hyla_mask_u8(NULL);
    COUNT("binning build", binning_build, &rules[0], table, TABLE_WORDS, &binning);
    done("binning of keys", hyla_binning_build(&rules[1], NULL, 0, &keys));
    done("words", hyla_ranking_words(&binning, &count));
    done("words of keys", hyla_ranking_words(&keys, &key_count));
    COUNT("ranking update", ranking_update, &binning, &undecided, words, count);
    COUNT("ranking update of keys", ranking_update, &keys, &undecided, key_words, key_count);
    COUNT("ranking values", ranking_values, &binning, words, count, &report);
    COUNT("ranking curve", ranking_curve, &binning, words, count, points, THRESHOLDS + 1, &written);
    COUNT("ranking at", ranking_at, &binning, words, count, 0.5f, &point);
    COUNT("ranking threshold", ranking_threshold, &binning, words, count, 0.25, &threshold);
    COUNT("ranking quantile", ranking_quantile, &binning, words, count, 0.75, bounds);
    COUNT("drift values", drift_values, &drift, &keys, key_words, key_words, key_count, &differences);
}

/* Lines, and frames of lines of 64 pixels. */
static void count_detection(const struct buffers *on) {
    const hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    hyla_detection_totals totals = {0};
    hyla_pixels frame = on->pixels;
    frame.rows = on->n / 64;
    COUNT("detection update", detection_update, &params, &on->pixels, &totals, NULL, NULL, 0);
    COUNT("detection update frame", detection_update_frame, &params, &frame, &totals, NULL, NULL, 0);
    COUNT("detection end frame", detection_end_frame, &totals);
}

/* The channels of a line of 12 bits, channel after channel. */
static void count_bands(const struct buffers *on) {
    const hyla_band_statistics_params params = HYLA_BAND_STATISTICS_PARAMS_DEFAULT;
    hyla_band_statistics_totals totals[CHANNELS] = {0};
    hyla_band_statistics_report reports[CHANNELS];
    hyla_cube cube = {.values = hyla_bsq(hyla_u16(on->items), on->n), .channels = CHANNELS, .n = on->n};
    COUNT("band_statistics update of u16", band_statistics_update, &params, &cube, totals, NULL);
    cube.values = hyla_bsq(hyla_f32(on->values), on->n);
    COUNT("band_statistics update", band_statistics_update, &params, &cube, totals, NULL);
    COUNT("band_statistics values", band_statistics_values, &params, totals, CHANNELS, reports);
}

/* Metrics of components, selectors and labels. */
static void count_small(const struct buffers *on) {
    enum { MOST_COMPONENTS = 64 };
    hyla_explained_variance_totals variances[MOST_COMPONENTS] = {0};
    const size_t components = on->n < MOST_COMPONENTS ? on->n : MOST_COMPONENTS;
    const hyla_selector_entropy_metric_params entropy = HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT;
    hyla_component_orthogonality_report orthogonality;
    hyla_selector_diversity_metric_report diversity;
    int32_t set[HYLA_DISTINCT_LABEL_COUNT_WORDS(8)] = {0};
    int64_t labels;
    double value;
    COUNT("explained_variance update", explained_variance_update, on->shares, components, variances);
    COUNT("explained_variance values", explained_variance_values, variances, components, on->workspace,
          on->workspace + components, &value);
    COUNT("component_orthogonality values", component_orthogonality_values, &on->matrix, on->workspace, WORKSPACE,
          &orthogonality);
    COUNT("selector_entropy_metric value", selector_entropy_metric_value, &entropy, on->shares, on->n, &value);
    COUNT("selector_diversity_metric values", selector_diversity_metric_values, on->shares, on->n,
          (uint32_t *)(void *)on->workspace, 2 * WORKSPACE, &diversity);
    COUNT("distinct_label_count update", distinct_label_count_update, on->labels, NULL, on->n, set,
          sizeof set / sizeof *set);
    COUNT("distinct_label_count value", distinct_label_count_value, set, sizeof set / sizeof *set, &labels);
}

void count_metrics(const struct buffers *on) {
    count_counts(on);
    count_scores(on);
    count_histograms(on);
    count_detection(on);
    count_bands(on);
    if (on->n > 0) count_small(on); /* which are of something */
}
