/* Versions, tiers and status messages. */
#include "check.h"

/* The build gives the version of Cargo.toml. */
#ifndef CARGO_VERSION
#error "CARGO_VERSION is not defined"
#endif

static const hyla_status errors[] = {
    HYLA_ERROR_NULL_POINTER,      HYLA_ERROR_MISALIGNED,        HYLA_ERROR_TOO_LARGE,        HYLA_ERROR_OVERLAP,
    HYLA_ERROR_STRUCT_SIZE,       HYLA_ERROR_UNKNOWN_FIELD,     HYLA_ERROR_RESERVED,         HYLA_ERROR_UNSUPPORTED_INPUT,
    HYLA_ERROR_UNKNOWN_REDUCTION, HYLA_ERROR_UNKNOWN_WRITE,     HYLA_ERROR_UNKNOWN_STAGE,    HYLA_ERROR_TIER_UNAVAILABLE,
    HYLA_ERROR_WEIGHT,            HYLA_ERROR_POS_WEIGHT,        HYLA_ERROR_NO_SCALAR,        HYLA_ERROR_MIXED_TOTALS,
    HYLA_ERROR_CAPACITY,          HYLA_ERROR_FRAME_SHAPE,       HYLA_ERROR_PIXEL_STRIDE,     HYLA_ERROR_STRIDE_NEEDS_FRAME,
    HYLA_ERROR_TOTALS,
};
static const hyla_status notices[] = {
    HYLA_NOTICE_EMPTY,      HYLA_NOTICE_NO_POSITIVES, HYLA_NOTICE_NO_NEGATIVES, HYLA_NOTICE_NOT_FINITE,
    HYLA_NOTICE_DEGENERATE, HYLA_NOTICE_REJECTED,     HYLA_NOTICE_NO_DECISIONS, HYLA_NOTICE_ZERO_PAIRS,
    HYLA_NOTICE_COARSE,     HYLA_NOTICE_INCOMPLETE,
};
enum { ERRORS = sizeof errors / sizeof *errors, NOTICES = sizeof notices / sizeof *notices };

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

/* Every status has a sentence of its own, and so have success and what hyla never returns. */
static void messages(void) {
    const char *seen[ERRORS + NOTICES + 2];
    size_t count = 0;
    seen[count++] = hyla_status_message(HYLA_OK);
    seen[count++] = hyla_status_message(-1000);
    for (size_t i = 0; i < ERRORS; ++i) {
        CHECK(HYLA_FAILED(errors[i]));
        seen[count++] = hyla_status_message(errors[i]);
    }
    for (size_t i = 0; i < NOTICES; ++i) {
        CHECK(notices[i] == 1 << i);
        CHECK(!HYLA_FAILED(notices[i]));
        seen[count++] = hyla_status_message(notices[i]);
    }
    for (size_t i = 0; i < count; ++i) {
        CHECK(seen[i] != NULL && strlen(seen[i]) > 5 && strchr(seen[i], '\n') == NULL);
        for (size_t j = 0; j < i; ++j) CHECK(strcmp(seen[i], seen[j]) != 0);
    }
    /* Of several notices the lowest one speaks; bits that do not exist say nothing. */
    for (size_t i = 0; i < NOTICES; ++i) {
        const hyla_status from_here = INT32_MAX & ~(notices[i] - 1);
        CHECK(strcmp(hyla_status_message(from_here), hyla_status_message(notices[i])) == 0);
    }
    CHECK(strcmp(hyla_status_message(1 << 30), hyla_status_message(HYLA_OK)) == 0);
    CHECK(strcmp(hyla_status_message(INT32_MIN), hyla_status_message(-1000)) == 0);
    for (hyla_status status = -64; status < 1024; ++status) CHECK(hyla_status_message(status) != NULL);
}

static void tiers(void) {
    static const char *const names[TIERS + 1] = {"unknown", "scalar", "portable", "avx2", "avx512"};
    const uint32_t best = hyla_tier();
    CHECK(best >= HYLA_TIER_SCALAR && best <= HYLA_TIER_AVX512);
    for (uint32_t tier = 0; tier <= TIERS; ++tier) CHECK(strcmp(hyla_tier_name(tier), names[tier]) == 0);
    for (uint32_t tier = 1; tier <= best; ++tier) {
        const hyla_status status = hyla_tier_pin(tier);
        /* Scalar code is only compiled where nothing else is, or on request. */
        CHECK(status == HYLA_OK || (status == HYLA_ERROR_TIER_UNAVAILABLE && tier == HYLA_TIER_SCALAR));
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
    messages();
    tiers();
    return finish("law_library");
}
