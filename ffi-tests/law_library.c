/* Versions, tiers and status messages. */
#include "check.h"

/* The build gives the version of Cargo.toml. */
#ifndef CARGO_VERSION
#error "CARGO_VERSION is not defined"
#endif

/* More than there are. */
enum { STATUSES = 192 };

static void versions(void) {
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", HYLA_VERSION_MAJOR, HYLA_VERSION_MINOR, HYLA_VERSION_PATCH);
    CHECK(strcmp(text, CARGO_VERSION) == 0);
    CHECK(strcmp(text, hyla_version_string()) == 0);
    CHECK(HYLA_VERSION == HYLA_VERSION_MAJOR * 10000 + HYLA_VERSION_MINOR * 100 + HYLA_VERSION_PATCH);
    CHECK(hyla_version() == HYLA_VERSION);
    CHECK(hyla_abi_version() == HYLA_ABI_VERSION);
}

static void sizes(void) {
    CHECK(hyla_sum_totals_size() == sizeof(hyla_sum_totals));
    CHECK(hyla_range_size() == sizeof(hyla_range));
    CHECK(hyla_bce_totals_size() == sizeof(hyla_bce_totals));
    CHECK(hyla_confusion_totals_size() == sizeof(hyla_confusion_totals));
    CHECK(hyla_pixel_statistics_totals_size() == sizeof(hyla_pixel_statistics_totals));
    CHECK(hyla_detection_totals_size() == sizeof(hyla_detection_totals));
}

/* Sizes that are constants are those that the functions say. */
static void constants(void) {
    static int64_t room[HYLA_RANKING_WORDS(256)];
    for (size_t n = 0; n < 5000; ++n) {
        CHECK(HYLA_RANKING_EXACT_WORKSPACE(n) == hyla_ranking_exact_workspace(n));
        CHECK(HYLA_SELECTOR_DIVERSITY_METRIC_WORKSPACE(n) == hyla_selector_diversity_metric_workspace(n));
        CHECK(HYLA_DISTINCT_LABEL_COUNT_WORDS(n) == hyla_distinct_label_count_words(n));
    }
    CHECK(HYLA_SCORE_STATISTICS_WORKSPACE == hyla_score_statistics_workspace());
    CHECK(HYLA_TOPK_MEAN_WORKSPACE == hyla_topk_mean_workspace());
    for (uint32_t bins = 1; bins <= 65536; bins += bins < 100 ? 1 : 997) {
        const hyla_binning binning = {.rule = HYLA_BINNING_LINEAR, .bins = bins, .high = 1.0f};
        size_t words = 0;
        CHECK_STATUS(HYLA_OK, hyla_ranking_words(&binning, &words));
        CHECK(words == HYLA_RANKING_WORDS(bins));
    }
    const hyla_binning keys = {.rule = HYLA_BINNING_KEY, .bins = 8};
    size_t words = 0;
    CHECK_STATUS(HYLA_OK, hyla_ranking_words(&keys, &words));
    CHECK(words == sizeof room / sizeof *room);
}

static bool is_known(hyla_status status) {
    return strcmp(hyla_status_message(status), hyla_status_message(INT32_MIN)) != 0;
}

/* Every status has a sentence and a name of its own, and so have success and what hyla never returns: the numbers of
 * errors and the bits of notices have no gaps. */
static void messages(void) {
    const char *seen[STATUSES];
    size_t count = 0, notices = 0;
    seen[count++] = hyla_status_message(HYLA_OK);
    seen[count++] = hyla_status_message(-1000);
    for (hyla_status error = -1; is_known(error) && count < STATUSES; --error) {
        CHECK(HYLA_FAILED(error) && HYLA_ERROR_OF(error) == error);
        /* Two errors are of Rust alone. */
        const bool is_of_rust = error == -8 || error == -9;
        CHECK(is_of_rust || strncmp(hyla_status_name(error), "HYLA_ERROR_", 11) == 0);
        seen[count++] = hyla_status_message(error);
        if (!is_of_rust) seen[count++] = hyla_status_name(error);
    }
    CHECK(is_known(HYLA_ERROR_TOTALS) && count > 2 - HYLA_ERROR_TOTALS - 1);
    for (; is_known(1 << notices) && count < STATUSES; ++notices) {
        CHECK(!HYLA_FAILED(1 << notices) && HYLA_ERROR_OF(1 << notices) == 0);
        CHECK(strncmp(hyla_status_name(1 << notices), "HYLA_NOTICE_", 12) == 0);
        seen[count++] = hyla_status_message(1 << notices);
        seen[count++] = hyla_status_name(1 << notices);
    }
    CHECK(1 << notices > HYLA_NOTICE_INCOMPLETE && count < STATUSES);
    for (size_t i = 0; i < count; ++i) {
        CHECK(seen[i] != NULL && strlen(seen[i]) > 5 && strchr(seen[i], '\n') == NULL);
        for (size_t j = 0; j < i; ++j) CHECK(strcmp(seen[i], seen[j]) != 0);
    }
    /* Of several notices the lowest one speaks; bits that do not exist say so. */
    for (size_t i = 0; i < notices; ++i) {
        const hyla_status notice = 1 << i, from_here = INT32_MAX & ~(notice - 1);
        CHECK(strcmp(hyla_status_message(from_here), hyla_status_message(notice)) == 0);
        CHECK(strcmp(hyla_status_name(from_here), hyla_status_name(notice)) == 0);
    }
    CHECK(strcmp(hyla_status_message(1 << 30), hyla_status_message(-1000)) == 0);
    CHECK(strcmp(hyla_status_message(INT32_MIN), hyla_status_message(-1000)) == 0);
    CHECK(strcmp(hyla_status_name(HYLA_OK), "HYLA_OK") == 0);
    const hyla_status unknown[] = {1 << 30, INT32_MIN, INT32_MIN + 1, -128, -255, -256, -8};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i)
        CHECK(strcmp(hyla_status_name(unknown[i]), "unknown") == 0);
    for (hyla_status status = -64; status < 1024; ++status)
        CHECK(hyla_status_message(status) != NULL && hyla_status_subject(status) != NULL);
}

/* An error says what it is about; its number is the same as without it. */
static void subjects(void) {
    hyla_bce_totals totals = {0};
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    double loss = 0.0;
    const hyla_status status = hyla_bce_loss(&params, NULL, &loss), other = hyla_bce_loss(&params, &totals, NULL);
    CHECK(HYLA_FAILED(status) && status != other && status != HYLA_ERROR_NULL_POINTER);
    CHECK(HYLA_ERROR_OF(status) == HYLA_ERROR_NULL_POINTER && HYLA_ERROR_OF(other) == HYLA_ERROR_NULL_POINTER);
    CHECK(strcmp(hyla_status_message(status), hyla_status_message(HYLA_ERROR_NULL_POINTER)) == 0);
    CHECK(strcmp(hyla_status_name(status), "HYLA_ERROR_NULL_POINTER") == 0);
    CHECK(strcmp(hyla_status_subject(status), "totals") == 0 && strcmp(hyla_status_subject(other), "loss") == 0);
    params.pos_weight = -1.0f;
    CHECK(strcmp(hyla_status_subject(hyla_bce_loss(&params, &totals, &loss)), "pos_weight") == 0);
    /* What only one thing can be meant by needs no more than the number. */
    static const struct {
        hyla_status error;
        const char *subject;
    } rows[] = {
        {HYLA_ERROR_STRUCT_SIZE, "params"},
        {HYLA_ERROR_UNKNOWN_REDUCTION, "reduction"},
        {HYLA_ERROR_UNKNOWN_WRITE, "write"},
        {HYLA_ERROR_UNKNOWN_STAGE, "stage"},
        {HYLA_ERROR_TIER_UNAVAILABLE, "tier"},
        {HYLA_ERROR_WEIGHT, "weight"},
        {HYLA_ERROR_POS_WEIGHT, "pos_weight"},
        {HYLA_ERROR_NO_SCALAR, "reduction"},
        {HYLA_ERROR_MIXED_TOTALS, "totals"},
        {HYLA_ERROR_CAPACITY, "capacity"},
        {HYLA_ERROR_FRAME_SHAPE, "rows"},
        {HYLA_ERROR_PIXEL_STRIDE, "pixel_stride"},
        {HYLA_ERROR_THRESHOLDS, "ap_thresholds"},
        {HYLA_ERROR_NU, "nu"},
        {HYLA_ERROR_RADIUS, "r_unconstrained"},
        {HYLA_ERROR_SMOOTH, "smooth"},
        {HYLA_ERROR_EPSILON, "eps"},
        {HYLA_ERROR_LABEL_SMOOTHING, "label_smoothing"},
        {HYLA_ERROR_GAMMA, "gamma"},
        {HYLA_ERROR_CLASS_WEIGHT, "class_weights"},
        {HYLA_ERROR_UNKNOWN_NORMALIZATION, "normalization"},
        {HYLA_ERROR_RANGE_MISSING, "range"},
        {HYLA_ERROR_WORKSPACE, "workspace"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        CHECK(strcmp(hyla_status_subject(rows[i].error), rows[i].subject) == 0);
    const hyla_status none[] = {HYLA_OK, HYLA_NOTICE_EMPTY, INT32_MAX, INT32_MIN, INT32_MIN + 1, -256, -1};
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i) CHECK(strlen(hyla_status_subject(none[i])) == 0);
    /* Behind the last subject there is none; each name is there once. */
    const char *names[256];
    int count = 0;
    for (hyla_status subject = 1; subject < 256; ++subject) {
        const char *const name = hyla_status_subject(-(1 | subject << 8));
        if (strlen(name) == 0) continue;
        CHECK(count == subject - 1);
        for (int i = 0; i < count; ++i) CHECK(strcmp(names[i], name) != 0);
        names[count++] = name;
    }
    CHECK(count > 50 && count < 255);
    for (hyla_status status_ = INT32_MIN; status_ < 0; status_ /= 2)
        CHECK(hyla_status_subject(status_) != NULL && HYLA_ERROR_OF(status_) < 0);
}

static void each_notice(void) {
    hyla_status seen = 0, last = 0;
    const hyla_status some = HYLA_NOTICE_EMPTY | HYLA_NOTICE_COARSE | HYLA_NOTICE_REJECTED;
    int count = 0;
    HYLA_FOR_NOTICES(notice, some) {
        CHECK(notice > last && (notice & (notice - 1)) == 0);
        last = notice;
        seen |= notice;
        ++count;
    }
    CHECK(seen == some && count == 3);
    const hyla_status none[] = {HYLA_OK, HYLA_ERROR_OVERLAP, INT32_MIN, -1};
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i) HYLA_FOR_NOTICES(notice, none[i]) CHECK(notice == 0);
    count = 0;
    HYLA_FOR_NOTICES(notice, INT32_MAX) ++count;
    CHECK(count == 31);
}

static void tiers(void) {
    static const char *const names[TIERS + 1] = {"unknown", "scalar", "portable", "avx2", "avx512"};
    const uint32_t best = hyla_tier();
    CHECK(best >= HYLA_TIER_SCALAR && best <= HYLA_TIER_AVX512);
    for (uint32_t tier = 0; tier <= TIERS; ++tier) CHECK(strcmp(hyla_tier_name(tier), names[tier]) == 0);
    for (uint32_t tier = 1; tier <= best; ++tier) {
        const hyla_status status = hyla_tier_pin(tier);
        /* Scalar code is only compiled where nothing else is, or on request. */
        CHECK(status == HYLA_OK || (HYLA_ERROR_OF(status) == HYLA_ERROR_TIER_UNAVAILABLE && tier == HYLA_TIER_SCALAR));
        if (status == HYLA_OK) CHECK(hyla_tier() == tier);
    }
    pin_lowest_tier();
    const uint32_t lowest = hyla_tier();
    const uint32_t wrong[] = {TIERS + 1, 100, 255, 256, 257, UINT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        CHECK_STATUS(HYLA_ERROR_TIER_UNAVAILABLE, hyla_tier_pin(wrong[i]));
        CHECK(strcmp(hyla_tier_name(wrong[i]), "unknown") == 0);
    }
    for (uint32_t tier = best + 1; tier <= TIERS; ++tier) {
        CHECK_STATUS(HYLA_ERROR_TIER_UNAVAILABLE, hyla_tier_pin(tier));
    }
    CHECK(hyla_tier() == lowest);
    CHECK_STATUS(HYLA_OK, hyla_tier_pin(HYLA_TIER_BEST));
    CHECK(hyla_tier() == best);
}

int main(void) {
    versions();
    sizes();
    constants();
    messages();
    subjects();
    each_notice();
    tiers();
    return finish("law_library");
}
