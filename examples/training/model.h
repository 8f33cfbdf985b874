// The model of train.c: what is trained, from the parameters to the scores, and the gradients back.
#ifndef TRAINING_MODEL_H
#define TRAINING_MODEL_H

#include "scene.h"

// Below 1 a selector needs smaller logits to prefer a band.
static const double temperature = 0.3;
// Most pixels are normal: begin with sigmoid(-2) = 0.12, or the first steps only learn that.
static const double first_bias = -2.0;

struct model {
    struct scene scene;
    size_t selectors, parameters, tiles;  // parameters: selectors x bands
    double *logits, *filters, bias;       // what is trained
    float *selection, *scores;            // the two tensors that losses are of
    float *grad_selection, *grad_scores;
    double *gains, *grad_gains;           // a band's weight in the score
    double *grad_logits, *grad_filters, grad_bias;
    double *workspace;
    size_t workspace_size;
};

// e^x for x <= 0, within 1e-12. Own arithmetic, because a library's exp has its own last bits: the
// Taylor series of e^(x / 1024), squared ten times.
static double exponential(double x) {
    const double part = (x < -700.0 ? -700.0 : x) / 1024.0;
    double power = 1.0;
    for (int k = 12; k >= 1; --k) power = 1.0 + power * part / (double)k;
    for (int i = 0; i < 10; ++i) power *= power;
    return power;
}

static struct model model_new(struct scene scene, size_t selectors, size_t tiles) {
    struct model m = {.scene = scene,
                      .selectors = selectors,
                      .parameters = selectors * scene.bands,
                      .tiles = tiles,
                      .bias = first_bias};
    m.logits = allocate(m.parameters, sizeof *m.logits);
    m.filters = allocate(m.parameters, sizeof *m.filters);
    m.selection = allocate(m.parameters, sizeof *m.selection);
    m.scores = allocate(scene.pixels, sizeof *m.scores);
    m.grad_selection = allocate(m.parameters, sizeof *m.grad_selection);
    m.grad_scores = allocate(scene.pixels, sizeof *m.grad_scores);
    m.gains = allocate(scene.bands, sizeof *m.gains);
    m.grad_gains = allocate(scene.bands, sizeof *m.grad_gains);
    m.grad_logits = allocate(m.parameters, sizeof *m.grad_logits);
    m.grad_filters = allocate(m.parameters, sizeof *m.grad_filters);
    const size_t distinctness = hyla_distinctness_workspace(selectors, scene.bands);
    const size_t orthogonality = hyla_orthogonality_workspace(selectors, scene.bands);
    m.workspace_size = distinctness > orthogonality ? distinctness : orthogonality;
    m.workspace = allocate(m.workspace_size, sizeof *m.workspace);
    // Selectors that begin equal would have equal gradients, and stay equal.
    uint64_t random = 7;
    for (size_t i = 0; i < m.parameters; ++i) m.logits[i] = 0.1 * random_normal(&random);
    for (size_t i = 0; i < m.parameters; ++i) m.filters[i] = 0.01 * random_normal(&random);
    return m;
}

static void model_free(struct model *m) {
    void *const all[] = {
        m->logits,
        m->filters,
        m->selection,
        m->scores,
        m->gains,
        m->grad_logits,
        m->grad_filters,
        m->grad_selection,
        m->grad_scores,
        m->grad_gains,
        m->workspace,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    scene_free(&m->scene);
}

// Parameters to selection and scores.
static void forward(struct model *m) {
    const size_t bands = m->scene.bands;
    for (size_t band = 0; band < bands; ++band) m->gains[band] = 0.0;
    for (size_t row = 0; row < m->parameters; row += bands) {
        const double *logits = m->logits + row;
        double greatest = logits[0], sum = 0.0;
        for (size_t band = 1; band < bands; ++band) greatest = logits[band] > greatest ? logits[band] : greatest;
        for (size_t band = 0; band < bands; ++band) sum += exponential((logits[band] - greatest) / temperature);
        for (size_t band = 0; band < bands; ++band) {
            const float share = (float)(exponential((logits[band] - greatest) / temperature) / sum);
            m->selection[row + band] = share;
            m->gains[band] += (double)bands * (double)share * m->filters[row + band];
        }
    }
    for (size_t pixel = 0; pixel < m->scene.pixels; ++pixel) {
        const float *spectrum = m->scene.spectra + pixel * bands;
        double score = m->bias;
        for (size_t band = 0; band < bands; ++band) score += m->gains[band] * (double)spectrum[band];
        m->scores[pixel] = (float)score;
    }
}

// Gradient of the scores to those of selection (stored), filters and bias.
static void backward_scores(struct model *m) {
    const size_t bands = m->scene.bands;
    for (size_t band = 0; band < bands; ++band) m->grad_gains[band] = 0.0;
    m->grad_bias = 0.0;
    for (size_t pixel = 0; pixel < m->scene.pixels; ++pixel) {
        const float *spectrum = m->scene.spectra + pixel * bands;
        const double slope = (double)m->grad_scores[pixel];
        for (size_t band = 0; band < bands; ++band) m->grad_gains[band] += slope * (double)spectrum[band];
        m->grad_bias += slope;
    }
    for (size_t i = 0; i < m->parameters; ++i) {
        const double slope = (double)bands * m->grad_gains[i % bands];
        m->grad_filters[i] = slope * (double)m->selection[i];
        m->grad_selection[i] = (float)(slope * m->filters[i]);
    }
}

// Gradient of the selection to that of the logits, through the softmax.
static void backward_selection(struct model *m) {
    const size_t bands = m->scene.bands;
    for (size_t row = 0; row < m->parameters; row += bands) {
        double mean = 0.0;
        for (size_t i = row; i < row + bands; ++i) mean += (double)m->selection[i] * (double)m->grad_selection[i];
        for (size_t i = row; i < row + bands; ++i) {
            m->grad_logits[i] = (double)m->selection[i] * ((double)m->grad_selection[i] - mean) / temperature;
        }
    }
}

#endif
