// Trains a small linear detector with several losses at once, by plain gradient descent, in the two
// combinations that cuvis-ai's documentation names:
//
//     train bce    binary cross-entropy + selector entropy + selector diversity, one band selector
//     train iou    IoU + distinctness, three band selectors
//
// Every selector is a softmax over the bands. Band k of a standardised spectrum x counts by how much
// the selectors S choose it and by their filters V:
//
//     S_j = softmax(logits_j / 0.3)     score = bias + C * sum_k x_k * sum_j S_jk V_jk     (C bands)
//
// The first loss is one of the scores, the others are of S: their gradients are added to what comes
// down from the scores (HYLA_ADD), then one step goes to logits, filters and bias. docs/training.md
// has the recipe. train.rs is the same program in Rust and prints the same digits.
//
//     cc -std=c11 -O2 -Iinclude examples/train.c build/lib/libhyla.a -lm -o train
//     ./train bce [CUBE.hdr MASK.hdr] [options]      an ENVI pair, or a scene that it simulates
//       --steps N         steps of gradient descent (bce 1000, iou 2000)
//       --rate R          length of a step (bce 40 / C, iou 8 / C)
//       --regularise W    weight of every term but the first (0.01)
//       --tiles N         evaluates the score loss in N tiles: other calls, the same bits (1)
//       --cosines         also prints which of all terms pull together, before and after

#include "training/model.h"

enum { BCE, IOU, ENTROPY, DIVERSITY, ORTHOGONALITY, DISTINCTNESS, TERMS };
static const char *const names[TERMS] = {"bce", "iou", "entropy", "diversity", "orthogonality", "distinctness"};

struct combination {
    const char *name;
    size_t selectors, count;
    int terms[3];  // the first is of the scores, the others of the selection
    double steps, rate;
};
static const struct combination combinations[2] = {{"bce", 1, 3, {BCE, ENTROPY, DIVERSITY}, 1000.0, 40.0},
                                                   {"iou", 3, 2, {IOU, DISTINCTNESS}, 2000.0, 8.0}};

// The pixels of a tile, and where its gradient goes.
static hyla_pixels tile_of(const struct model *m, size_t tile, float **gradient) {
    const size_t from = m->scene.pixels * tile / m->tiles, to = m->scene.pixels * (tile + 1) / m->tiles;
    hyla_pixels pixels = {0};
    pixels.scores = hyla_f32(m->scores + from);
    pixels.targets = hyla_mask_u8(m->scene.targets + from);
    pixels.valid = hyla_mask_u8(m->scene.valid + from);
    pixels.n = to - from;
    *gradient = m->grad_scores + from;
    return pixels;
}

// A loss of the scores and its gradient: every tile has totals of its own, as a thread or a rank
// would; merged they are the totals of the whole scene, and with these each tile gets its gradient.
static double bce(struct model *m, float weight, uint32_t write) {
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    params.weight = weight;
    hyla_bce_totals scene = {0};
    float *gradient;
    for (size_t tile = 0; tile < m->tiles; ++tile) {
        const hyla_pixels pixels = tile_of(m, tile, &gradient);
        hyla_bce_totals totals = {0};
        must(hyla_bce_update(&params, &pixels, &totals), "bce");
        must(hyla_bce_merge(&totals, &scene), "bce");
    }
    double loss;
    must(hyla_bce_loss(&params, &scene, &loss), "bce");
    for (size_t tile = 0; tile < m->tiles; ++tile) {
        const hyla_pixels pixels = tile_of(m, tile, &gradient);
        must(hyla_bce_gradient(&params, &scene, &pixels, 1.0, write, gradient), "bce");
    }
    return loss;
}

static double iou(struct model *m, float weight, uint32_t write) {
    hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    params.weight = weight;
    hyla_iou_totals scene = {0};
    float *gradient;
    for (size_t tile = 0; tile < m->tiles; ++tile) {
        const hyla_pixels pixels = tile_of(m, tile, &gradient);
        hyla_iou_totals totals = {0};
        must(hyla_iou_update(&params, &pixels, &totals, NULL), "iou");
        must(hyla_iou_merge(&totals, &scene), "iou");
    }
    double loss;
    must(hyla_iou_loss(&params, &scene, NULL, &loss), "iou");
    for (size_t tile = 0; tile < m->tiles; ++tile) {
        const hyla_pixels pixels = tile_of(m, tile, &gradient);
        must(hyla_iou_gradient(&params, &scene, NULL, &pixels, 1.0, write, gradient), "iou");
    }
    return loss;
}

// The loss of a term; its gradient is stored in, or added to, the tensor that it is of.
static double term_loss(int term, struct model *m, float weight, uint32_t write) {
    const size_t bands = m->scene.bands;
    const hyla_matrix selection = {.values = m->selection, .rows = m->selectors, .columns = bands, .row_stride = bands};
    hyla_selector_entropy_params entropy = HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT;
    hyla_selector_diversity_params diversity = HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT;
    hyla_distinctness_params distinctness = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    hyla_orthogonality_params orthogonality = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    entropy.weight = diversity.weight = distinctness.weight = orthogonality.weight = weight;
    double loss = 0.0, sum = 0.0;
    switch (term) {
        case BCE: return bce(m, weight, write);
        case IOU: return iou(m, weight, write);
        case ENTROPY:
            for (size_t row = 0; row < m->parameters; row += bands, sum += loss) {
                must(hyla_selector_entropy_loss_and_gradient(&entropy, m->selection + row, bands, 1.0, write, &loss,
                                                               m->grad_selection + row),
                     "entropy");
            }
            return sum;
        case DIVERSITY:
            for (size_t row = 0; row < m->parameters; row += bands, sum += loss) {
                must(hyla_selector_diversity_loss_and_gradient(&diversity, m->selection + row, bands, 1.0, write, &loss,
                                                               m->grad_selection + row),
                     "diversity");
            }
            return sum;
        case ORTHOGONALITY:
            must(hyla_orthogonality_loss_and_gradient(&orthogonality, &selection, 1.0, write, m->workspace,
                                                      m->workspace_size, &loss, m->grad_selection),
                 "orthogonality");
            return loss;
        default:
            must(hyla_distinctness_loss_and_gradient(&distinctness, &selection, 1.0, write, m->workspace,
                                                     m->workspace_size, &loss, m->grad_selection),
                 "distinctness");
            return loss;
    }
}

// The cosines between the gradients that terms have by themselves, on what all of them reach: the
// logits of the selectors. -1: they pull against each other; 0: they do not meet; 1: together.
static void cosines(struct model *m, const int *terms, size_t count, double table[TERMS][TERMS]) {
    double *gradients = allocate(count * m->parameters, sizeof *gradients);
    for (size_t i = 0; i < count; ++i) {
        term_loss(terms[i], m, 1.0f, HYLA_STORE);
        if (terms[i] <= IOU) backward_scores(m);
        backward_selection(m);
        memcpy(gradients + i * m->parameters, m->grad_logits, m->parameters * sizeof *gradients);
    }
    for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; j < count; ++j) {
            double product = 0.0, first = 0.0, second = 0.0;
            for (size_t k = 0; k < m->parameters; ++k) {
                const double a = gradients[i * m->parameters + k], b = gradients[j * m->parameters + k];
                product += a * b, first += a * a, second += b * b;
            }
            table[i][j] = first > 0.0 && second > 0.0 ? product / (sqrt(first) * sqrt(second)) : 0.0;
        }
    }
    free(gradients);
}

static void print_cosines(struct model *m, const char *when) {
    static const int all[TERMS] = {BCE, IOU, ENTROPY, DIVERSITY, ORTHOGONALITY, DISTINCTNESS};
    const size_t count = m->selectors > 1 ? TERMS : TERMS - 1;  // distinctness needs pairs
    double table[TERMS][TERMS];
    cosines(m, all, count, table);
    printf("cosines %-6s", when);
    for (size_t i = 0; i < count; ++i) printf(" %13s", names[i]);
    for (size_t i = 0; i < count; ++i) {
        printf("\n%14s", names[i]);
        for (size_t j = 0; j < count; ++j) printf(" %13.3f", table[i][j]);
    }
    printf("\n");
}

// How well the signs of the scores match the mask.
static hyla_confusion_ratios quality(const struct model *m) {
    uint8_t *decisions = allocate(m->scene.pixels, 1);
    for (size_t pixel = 0; pixel < m->scene.pixels; ++pixel) decisions[pixel] = m->scores[pixel] > 0.0f;
    hyla_pixels pixels = {0};
    pixels.decisions = hyla_mask_u8(decisions);
    pixels.targets = hyla_mask_u8(m->scene.targets);
    pixels.valid = hyla_mask_u8(m->scene.valid);
    pixels.n = m->scene.pixels;
    hyla_confusion_totals totals = {0};
    hyla_confusion_report report;
    must(hyla_confusion_update(&pixels, &totals), "confusion");
    // Before the first steps nothing may be decided to be an anomaly: a notice, no error.
    if (HYLA_FAILED(hyla_confusion_values(&totals, &report))) fail("confusion: impossible");
    free(decisions);
    return report.pixel;
}

// How many bands a selector uses: 1 / sum of squares, the mean over selectors.
static double bands_in_use(const struct model *m) {
    double sum = 0.0;
    for (size_t row = 0; row < m->parameters; row += m->scene.bands) {
        double squares = 0.0;
        for (size_t i = row; i < row + m->scene.bands; ++i)
            squares += (double)m->selection[i] * (double)m->selection[i];
        sum += 1.0 / squares;
    }
    return sum / (double)m->selectors;
}

// FNV-1a over the bits of what was trained: two runs that agree in it agree in every step.
static uint64_t fingerprint(const struct model *m) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i <= 2 * m->parameters; ++i) {
        double value = m->bias;
        if (i < 2 * m->parameters) value = i < m->parameters ? m->logits[i] : m->filters[i - m->parameters];
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ (bits >> shift & 0xff)) * 0x100000001b3u;
    }
    return hash;
}

static void print_step(struct model *m, const struct combination *use, size_t step, const double losses[3],
                       double sum) {
    const hyla_confusion_ratios ratios = quality(m);
    double table[TERMS][TERMS];
    cosines(m, use->terms, use->count, table);
    printf("%5zu", step);
    for (size_t i = 0; i < use->count; ++i) printf(" %12.9f", losses[i]);
    printf(" %12.9f %6.4f %6.4f %6.2f ", sum, ratios.f1, ratios.iou, bands_in_use(m));
    for (size_t i = 0; i < use->count; ++i) {
        for (size_t j = i + 1; j < use->count; ++j) printf(" %7.3f", table[i][j]);
    }
    printf("\n");
}

static int train(struct model *m, const struct combination *use, size_t steps, double rate, double regularise,
                 int with_cosines) {
    printf(" step");
    for (size_t i = 0; i < use->count; ++i) printf(" %12s", names[use->terms[i]]);
    printf("          sum     F1    IoU  bands  cosines of");
    for (size_t i = 0; i < use->count; ++i) {
        for (size_t j = i + 1; j < use->count; ++j) printf(" %s,%s", names[use->terms[i]], names[use->terms[j]]);
    }
    printf("\n");

    const size_t every = (steps + 19) / 20;
    double first_loss = 0.0, sum = 0.0;
    hyla_confusion_ratios before = {0};
    for (size_t step = 0;; ++step) {
        forward(m);
        if (step == 0) before = quality(m);
        if (with_cosines && (step == 0 || step == steps)) print_cosines(m, step == 0 ? "before" : "after");
        if (step % every == 0 || step == steps) {
            double losses[3] = {0};
            sum = 0.0;
            for (size_t i = 0; i < use->count; ++i)
                sum += losses[i] = term_loss(use->terms[i], m, i == 0 ? 1.0f : (float)regularise, HYLA_STORE);
            if (step == 0) first_loss = sum;
            print_step(m, use, step, losses, sum);
        }
        if (step == steps) break;

        term_loss(use->terms[0], m, 1.0f, HYLA_STORE);
        backward_scores(m);
        for (size_t i = 1; i < use->count; ++i) term_loss(use->terms[i], m, (float)regularise, HYLA_ADD);
        backward_selection(m);
        for (size_t i = 0; i < m->parameters; ++i) {
            m->logits[i] -= rate * m->grad_logits[i];
            m->filters[i] -= rate * m->grad_filters[i];
        }
        m->bias -= rate * m->grad_bias;
    }
    const hyla_confusion_ratios after = quality(m);
    printf("loss %.9f -> %.9f, F1 %.4f -> %.4f, IoU %.4f -> %.4f, parameters %016llx\n", first_loss, sum, before.f1,
           after.f1, before.iou, after.iou, (unsigned long long)fingerprint(m));
    if (sum < first_loss && after.f1 > before.f1 && after.iou > before.iou) return 0;
    printf("FAILED: the loss must fall and the metrics must rise\n");
    return 1;
}

int main(int count, char **words) {
    const char *usage =
        "usage: train bce|iou [CUBE.hdr MASK.hdr] [--steps N] [--rate R] [--regularise W] [--tiles N] [--cosines]";
    const char *files[2] = {NULL, NULL};
    const struct combination *use = NULL;
    for (size_t i = 0; i < 2; ++i) {
        if (count > 1 && strcmp(words[1], combinations[i].name) == 0) use = &combinations[i];
    }
    if (!use) fail("%s", usage);
    double steps = use->steps, rate = 0.0, regularise = 0.01, tiles = 1.0;
    int with_cosines = 0;
    for (int i = 2, file = 0; i < count; ++i) {
        const char *const options[4] = {"--steps", "--rate", "--regularise", "--tiles"};
        double *const values[4] = {&steps, &rate, &regularise, &tiles};
        size_t option = 0;
        while (option < 4 && strcmp(words[i], options[option]) != 0) ++option;
        char *end = "";
        if (option < 4 && i + 1 < count) *values[option] = strtod(words[++i], &end);
        else if (strcmp(words[i], "--cosines") == 0) with_cosines = 1;
        else if (words[i][0] != '-' && file < 2) files[file++] = words[i];
        else fail("%s", usage);
        if (*end) fail("%s is no number\n%s", words[i], usage);
    }
    if (!(steps >= 1.0 && steps <= 1e6 && tiles >= 1.0 && tiles <= 1e6)) fail("%s", usage);

    struct model m = model_new(scene_of(files[0], files[1]), use->selectors, (size_t)tiles);
    if (rate == 0.0) rate = use->rate / (double)m.scene.bands;  // bands are alike: their slopes add up
    const int result = train(&m, use, (size_t)steps, rate, regularise, with_cosines);
    model_free(&m);
    return result;
}
