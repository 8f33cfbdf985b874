/* What the slots of the law are called in the header, by which a status says what it is about. */
#ifndef LAW_NAMES_H
#define LAW_NAMES_H

#include "law_memory.h"

/* The usual names; those of inputs that lie in a struct are its fields. */
static const char *const slot_names[SLOTS] = {
    [PARAMS] = "params",       [PIXELS] = "pixels",       [SCORES] = "scores",       [TARGETS] = "targets",
    [DECISIONS] = "decisions", [VALID] = "valid",         [WEIGHTS] = "weights",     [SOFT_TARGETS] = "soft_targets",
    [CUBE] = "cube",           [VALUES] = "values",       [LABELS] = "labels",       [MATRIX] = "matrix",
    [ENTRIES] = "values",      [CENTER] = "center",       [RANGE] = "range",         [OTHER] = "other",
    [TOTALS] = "totals",       [CONTEXT] = "context",     [VALUE] = "loss",          [NUMBER] = "number",
    [FLOATS] = "grad_scores",  [MAP] = "loss_map",        [MORE] = "more",           [WORKSPACE] = "workspace",
    [LIST] = "out",            [COUNT] = "written",       [BINNING] = "binning",     [TABLE] = "table",
    [INDEXES] = "dead",
};

/* Other names, of the functions that begin so: the first row that fits counts. */
static const struct {
    const char *begin;
    enum slot slot;
    const char *name;
} other_names[] = {
    {"sum_value", VALUE, "sum"},
    {"sum_mean", VALUE, "mean"},
    {"range_", TOTALS, "range"},
    {"range_", VALUE, "report"},
    {"bce_map", FLOATS, "loss_map"},
    {"band_statistics_dead_columns", COUNT, "found"},
    {"band_statistics_", VALUE, "reports"},
    {"band_statistics_", TABLE, "columns"},
    {"band_statistics_merge_columns", MORE, "other"},
    {"focal_map", FLOATS, "loss_map"},
    {"confusion_", VALUE, "report"},
    {"pixel_statistics_", VALUE, "report"},
    {"detection_", WORKSPACE, "words"},
    {"cross_entropy_", CUBE, "logits"},
    {"cross_entropy_", CENTER, "class_weights"},
    {"cross_entropy_", FLOATS, "grad_logits"},
    {"dice_", CUBE, "logits"},
    {"dice_loss_and_gradient", OTHER, "batch"},
    {"dice_", FLOATS, "grad_logits"},
    {"orthogonality_", MATRIX, "components"},
    {"orthogonality_", FLOATS, "grad_components"},
    {"distinctness_", MATRIX, "selection_weights"},
    {"distinctness_", FLOATS, "grad_selection_weights"},
    {"component_orthogonality_", MATRIX, "components"},
    {"component_orthogonality_", VALUE, "report"},
    {"component_orthogonality_metrics", TOTALS, "report"},
    {"distinct_label_count_", TABLE, "words"},
    {"distinct_label_count_", FLOATS, "other"},
    {"distinct_label_count_", VALUE, "labels"},
    {"drift_metrics", TOTALS, "report"},
    {"drift_", TOTALS, "words"},
    {"drift_", OTHER, "reference"},
    {"drift_", VALUE, "report"},
    {"explained_variance_", CENTER, "ratios"},
    {"explained_variance_", VALUE, "ratios"},
    {"explained_variance_", WORKSPACE, "cumulative"},
    {"explained_variance_", NUMBER, "total"},
    {"foreground_contrast_frame_merge", TOTALS, "frame"},
    {"foreground_contrast_", CUBE, "rgb"},
    {"foreground_contrast_", WORKSPACE, "frame"},
    {"foreground_contrast_", FLOATS, "grad_rgb"},
    {"mse_", CUBE, "reconstruction"},
    {"mse_", MORE, "target"},
    {"mse_map", FLOATS, "loss_map"},
    {"mse_", FLOATS, "grad_reconstruction"},
    {"spectral_angle_", CUBE, "reconstruction"},
    {"spectral_angle_", MORE, "original"},
    {"spectral_angle_", FLOATS, "grad_reconstruction"},
    {"svdd_", CUBE, "embeddings"},
    {"svdd_", MAP, "score_map"},
    {"svdd_", FLOATS, "grad_embeddings"},
    {"svdd_radius", VALUE, "radius"},
    {"svdd_gradient_radius", NUMBER, "grad_r_unconstrained"},
    {"svdd_", WORKSPACE, "center_sums"},
    {"svdd_gradient_center", MORE, "grad_center"},
    {"binning_words", COUNT, "words"},
    {"binning_build", MORE, "table"},
    {"ranking_exact_", TABLE, "workspace"},
    {"ranking_exact_", VALUE, "report"},
    {"ranking_words", COUNT, "words"},
    {"ranking_update, u8", DECISIONS, "scores"},
    {"ranking_curve", LIST, "points"},
    {"ranking_at", VALUE, "point"},
    {"ranking_threshold", VALUE, "threshold"},
    {"ranking_quantile", VALUE, "bounds"},
    {"ranking_", TOTALS, "words"},
    {"ranking_", VALUE, "report"},
    {"score_statistics_mean", VALUE, "mean"},
    {"score_statistics_std", VALUE, "std"},
    {"score_statistics_", VALUE, "report"},
    {"score_statistics_", TABLE, "workspace"},
    {"score_statistics_metrics", TOTALS, "report"},
    {"topk_mean_", TABLE, "workspace"},
    {"topk_mean_", VALUE, "mean"},
    {"selector_", ENTRIES, "weights"},
    {"selector_", FLOATS, "grad_weights"},
    {"selector_entropy_metric_", VALUE, "entropy"},
    {"selector_diversity_metric_", VALUE, "report"},
    {"selector_diversity_metric_", TABLE, "workspace"},
    {"selector_diversity_metric_metrics", TOTALS, "report"},
};

/* What a slot of a function is called. */
static inline const char *name_of(const struct function *function, int slot) {
    const char *name = function->name;
    if (strncmp(name, "hyla_", 5) == 0) name += 5;
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; ++i) {
        const bool fits = strncmp(name, other_names[i].begin, strlen(other_names[i].begin)) == 0;
        if (fits && (int)other_names[i].slot == slot) return other_names[i].name;
    }
    return slot_names[slot];
}

#endif
