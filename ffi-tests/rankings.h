/* What rankings say of one set of buffers, as hashes. */
#ifndef RANKINGS_H
#define RANKINGS_H

#include "hashes.h"

/* How many doubles the workspaces of rankings and frame scores need. */
static inline size_t ranking_doubles(size_t n) {
    const size_t histograms = 2 * 257 + 6, exact = (hyla_ranking_exact_workspace(n) + 1) / 2;
    const size_t statistics = (hyla_score_statistics_workspace() + 1) / 2;
    const size_t one = histograms > exact ? histograms : exact;
    return one > statistics ? one : statistics;
}

/* How many doubles the workspace has. */
static inline size_t workspace_doubles(size_t n) {
    const size_t columns = n * CHANNELS / ROWS, rankings = ranking_doubles(n);
    const size_t orthogonality = hyla_orthogonality_workspace(ROWS, columns);
    const size_t distinctness = hyla_distinctness_workspace(ROWS, columns);
    const size_t selectors = (hyla_selector_diversity_metric_workspace(n * CHANNELS) + 1) / 2;
    const size_t all[] = {rankings, orthogonality, distinctness, selectors};
    size_t most = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) most = all[i] > most ? all[i] : most;
    return most;
}

/* Words that end where the workspace ends, so that a guard behind it guards them, too. */
static inline void *last_of_workspace(const struct buffers *on, size_t bytes) {
    const size_t all = workspace_doubles(on->n) * sizeof(double), used = (bytes + 7) / 8 * 8;
    if (!CHECK(used <= all)) return NULL;
    unsigned char *const last = (unsigned char *)on->workspace + (all - used);
    FORGET(last, used);
    return last;
}

/* A report: so many doubles, and integers behind them. */
static inline void take_report(struct hashes *to, const char *name, void *report, size_t doubles, size_t bytes) {
    plain_nan((double *)report, doubles);
    take(to, name, report, bytes);
}

#define TAKE_REPORT(title, report, integer)                                                                            \
    take_report(to, title, &report, offsetof(__typeof__(report), integer) / sizeof(double), sizeof report)

/* Named values; the last arguments are those in front of `context`. */
#define TAKE_METRICS(title, family, ...)                                                                               \
    do {                                                                                                               \
        const hyla_context context = {HYLA_STAGE_TEST, 3, 14, 0};                                                      \
        hyla_metric list[12];                                                                                          \
        size_t count = 0;                                                                                              \
        take_status(to, title,                                                                                         \
                    hyla_##family##_metrics(__VA_ARGS__, &context, list, sizeof list / sizeof *list, &count));         \
        for (size_t i = 0; i < count; ++i) {                                                                           \
            take_items(to, title, list[i].name, sizeof list[i].name, 1);                                               \
            take_value(to, title, list[i].value);                                                                      \
            take_items(to, title, &list[i].stage, sizeof list[i] - offsetof(hyla_metric, stage), 4);                   \
        }                                                                                                              \
    } while (0)

/* Histograms: the words, and all that is made of them. */
static inline void take_histograms(const hyla_binning *binning, const int64_t *words, size_t count, struct hashes *to) {
    hyla_ranking_report report;
    hyla_ranking_point point, curve[300];
    size_t points = 0;
    double threshold, bounds[2];
    take(to, "ranking words", words, count * sizeof *words);
    take_status(to, "ranking values", hyla_ranking_values(binning, words, count, &report));
    TAKE_REPORT("ranking values", report, anomalies);
    take_status(to, "ranking at", hyla_ranking_at(binning, words, count, 0.5f, &point));
    TAKE_REPORT("ranking at", point, true_positives);
    take_status(to, "ranking curve",
                hyla_ranking_curve(binning, words, count, curve, sizeof curve / sizeof *curve, &points));
    for (size_t i = 0; i < points; ++i) plain_nan(&curve[i].threshold, 4);
    take(to, "ranking curve", curve, points * sizeof *curve);
    take_status(to, "ranking threshold", hyla_ranking_threshold(binning, words, count, 0.25, &threshold));
    take_value(to, "ranking threshold", threshold);
    take_status(to, "ranking quantile", hyla_ranking_quantile(binning, words, count, 0.75, bounds));
    take_value(to, "ranking quantile", bounds[0]);
    take_value(to, "ranking quantile", bounds[1]);
}

static inline void take_rankings(const struct buffers *on, const hyla_pixels *pixels, struct hashes *to) {
    static const hyla_binning_params rules[] = {{sizeof *rules, HYLA_BINNING_KEY, 8, 0.0f, 0.0f},
                                                {sizeof *rules, HYLA_BINNING_THRESHOLDS, 20, 0.0f, 0.0f},
                                                {sizeof *rules, HYLA_BINNING_LINEAR, 200, -3.0f, 3.0f},
                                                {sizeof *rules, HYLA_BINNING_U8, 0, 0.0f, 0.0f}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; ++i) {
        uint32_t table[128];
        hyla_binning binning;
        size_t count = 0;
        CHECK_STATUS(HYLA_OK, hyla_binning_build(&rules[i], table, 128, &binning));
        CHECK_STATUS(HYLA_OK, hyla_ranking_words(&binning, &count));
        take_items(to, "binning table", table, binning.table_words * sizeof *table, 4);
        int64_t *const words = (int64_t *)last_of_workspace(on, count * sizeof *words);
        memset(words, 0, count * sizeof *words);
        hyla_pixels ranked = *pixels;
        if (rules[i].rule == HYLA_BINNING_U8) ranked.scores = hyla_u8(on->targets);
        take_status(to, "ranking update", hyla_ranking_update(&binning, &ranked, words, count));
        take_histograms(&binning, words, count, to);
    }
    hyla_ranking_exact_report exact;
    const size_t exact_words = hyla_ranking_exact_workspace(on->n);
    uint32_t *words = (uint32_t *)last_of_workspace(on, exact_words * sizeof *words);
    take_status(to, "ranking exact", hyla_ranking_exact_values(pixels, words, exact_words, &exact));
    TAKE_REPORT("ranking exact", exact, anomalies);
}

#endif
