// A monitor beside an inference engine, small enough for a microcontroller: it sees the logits of one line after the
// other and keeps loss, confusion and a ranking histogram of 256 bins up to date, in 5 KiB of words; with -DWITH_IOU
// the IoU, too. The state goes out as text at the end, and is the same text on every machine: host.c and cortex_m.c say
// where it goes. Whatever is large is static, so that the stack is what the library needs.

#include "monitor.h"

enum { LINES = 32, SAMPLES = 64, BITS = 8, RANKING_WORDS = HYLA_RANKING_WORDS(1 << BITS) };

// Leading bits of a float need no table, so the binning is constant data.
static const hyla_binning binning = {.rule = HYLA_BINNING_KEY, .bins = BITS};
static const hyla_bce_params bce_params = HYLA_BCE_PARAMS_DEFAULT;
static hyla_bce_totals bce;
static hyla_confusion_totals confusion;
static int64_t ranking[RANKING_WORDS];
#if defined(WITH_IOU)
static const hyla_iou_params iou_params = HYLA_IOU_PARAMS_DEFAULT;
static hyla_iou_totals iou;
#endif
static float logits[SAMPLES];
static uint8_t targets[SAMPLES], decisions[SAMPLES], valid[SAMPLES];
// Constant data calls no function such as hyla_f32, but says the same by field.
static const hyla_pixels pixels = {.scores = {.data = logits, .dtype = HYLA_F32},
                                   .targets = {.data = targets, .dtype = HYLA_U8},
                                   .decisions = {.data = decisions, .dtype = HYLA_U8},
                                   .valid = {.data = valid, .dtype = HYLA_U8},
                                   .n = SAMPLES};

// What a camera and a detector would deliver: logits in [-8, 8), a few anomalies that lie higher, some dead pixels.
static void next_line(uint32_t *random) {
    for (int i = 0; i < SAMPLES; ++i) {
        *random = *random * 1664525u + 1013904223u;
        targets[i] = (*random >> 8 & 31) == 0;
        valid[i] = (*random >> 16 & 15) != 0;
        logits[i] = (float)(int32_t)(*random >> 8) / 1048576.0f - (targets[i] ? 4.0f : 8.0f);
        decisions[i] = logits[i] > 2.0f;
    }
}

// Errors are mistakes in the arguments. Notices may come: the histogram is coarse.
static int failed;
static void must(hyla_status status) { failed |= HYLA_FAILED(status); }

static void see_line(void) {
    must(hyla_bce_update(&bce_params, &pixels, &bce));
    must(hyla_confusion_update(&pixels, &confusion));
    must(hyla_ranking_update(&binning, &pixels, ranking, RANKING_WORDS));
#if defined(WITH_IOU)
    must(hyla_iou_update(&iou_params, &pixels, &iou, 0));
#endif
}

static void say_words(const char *name, const void *words, unsigned count, say *out) {
    static char text[] = "                : 0123456789abcdef\n";
    const int64_t *word = (const int64_t *)words;
    for (unsigned i = 0; i < count; ++i) {
        for (int at = 0; at < 16; ++at) text[at] = ' ';
        for (int at = 0; at < 16 && name[at] != 0; ++at) text[at] = name[at];
        for (int digit = 0; digit < 16; ++digit)
            text[18 + digit] = "0123456789abcdef"[(uint64_t)word[i] >> (60 - 4 * digit) & 15];
        if (word[i] != 0) out(text);
    }
}

static void say_values(say *out) {
    static double loss;
    static hyla_confusion_report counts;
    static hyla_ranking_report report;
    must(hyla_bce_loss(&bce_params, &bce, &loss));
    must(hyla_confusion_values(&confusion, &counts));
    must(hyla_ranking_values(&binning, ranking, RANKING_WORDS, &report));
    say_words("bce", &loss, 1, out);
    say_words("pixel f1, iou", &counts.pixel.f1, 2, out);
    say_words("average precis.", &report, 10, out);
    say_words("bce words", &bce, sizeof bce / 8, out);
    say_words("confusion words", &confusion, sizeof confusion / 8, out);
    say_words("ranking words", ranking, RANKING_WORDS, out);
#if defined(WITH_IOU)
    must(hyla_iou_loss(&iou_params, &iou, 0, &loss));
    say_words("iou", &loss, 1, out);
    say_words("iou words", &iou, sizeof iou / 8, out);
#endif
}

int monitor(say *out) {
    uint32_t random = 1;
    for (int line = 0; line < LINES; ++line) {
        next_line(&random);
        see_line();
    }
    must(hyla_confusion_end_frame(&confusion));
    say_values(out);
    // What a broken sensor may deliver, by the ways that take the most stack.
    logits[0] = 3e38f;
    logits[1] = 1e-42f;
    logits[2] = 1.0f / 0.0f;
    logits[3] = 0.0f / 0.0f;
    see_line();
    say_values(out);
    return failed;
}
