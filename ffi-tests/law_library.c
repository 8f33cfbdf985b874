/* Versions, tiers and status messages. */
#include "check.h"

/* The build gives the version of Cargo.toml. */
#ifndef CARGO_VERSION
#error "CARGO_VERSION is not defined"
#endif

/* More than there are. */
enum { STATUSES = 128 };

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

static bool is_known(hyla_status status) {
    return strcmp(hyla_status_message(status), hyla_status_message(INT32_MIN)) != 0;
}

/* Every status has a sentence of its own, and so have success and what hyla never returns: the numbers of errors and
 * the bits of notices have no gaps. */
static void messages(void) {
    const char *seen[STATUSES];
    size_t count = 0, notices = 0;
    seen[count++] = hyla_status_message(HYLA_OK);
    seen[count++] = hyla_status_message(-1000);
    for (hyla_status error = -1; is_known(error) && count < STATUSES; --error) {
        CHECK(HYLA_FAILED(error));
        seen[count++] = hyla_status_message(error);
    }
    CHECK(is_known(HYLA_ERROR_TOTALS) && count > 2 - HYLA_ERROR_TOTALS - 1);
    for (; strcmp(hyla_status_message(1 << notices), seen[0]) != 0 && count < STATUSES; ++notices) {
        CHECK(!HYLA_FAILED(1 << notices));
        seen[count++] = hyla_status_message(1 << notices);
    }
    CHECK(1 << notices > HYLA_NOTICE_INCOMPLETE);
    for (size_t i = 0; i < count; ++i) {
        CHECK(seen[i] != NULL && strlen(seen[i]) > 5 && strchr(seen[i], '\n') == NULL);
        for (size_t j = 0; j < i; ++j) CHECK(strcmp(seen[i], seen[j]) != 0);
    }
    /* Of several notices the lowest one speaks; bits that do not exist say nothing. */
    for (size_t i = 0; i < notices; ++i) {
        const hyla_status notice = 1 << i, from_here = INT32_MAX & ~(notice - 1);
        CHECK(strcmp(hyla_status_message(from_here), hyla_status_message(notice)) == 0);
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
