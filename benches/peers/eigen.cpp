// The losses as an Eigen user would write them, compiled with -O3 -march=native -ffast-math.
#include "loss_loops.h"

#include <Eigen/Dense>

namespace {

using Floats = Eigen::Map<const Eigen::ArrayXf>;
using Bytes = Eigen::Map<const Eigen::Array<std::uint8_t, Eigen::Dynamic, 1>>;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowsView = Eigen::Map<const Rows>;

Eigen::Index index(std::size_t n) { return static_cast<Eigen::Index>(n); }

} // namespace

double eigen_focal(const float *x, const std::uint8_t *y, std::size_t n, float alpha) {
    const Floats logits(x, index(n));
    const Eigen::ArrayXf t = Bytes(y, index(n)).cast<float>().min(1.0f);
    const Eigen::ArrayXf z = logits * (1.0f - 2.0f * t);
    const Eigen::ArrayXf softplus = z.max(0.0f) + (-z.abs()).exp().log1p();
    return static_cast<double>(((alpha * t + (1.0f - alpha) * (1.0f - t)) * z.logistic().square() * softplus).mean());
}

double eigen_tversky(normalization how, const float *x, const std::uint8_t *y, std::size_t n, tversky_weights with) {
    const Floats scores(x, index(n));
    const auto t = Bytes(y, index(n)).cast<float>().min(1.0f);
    Eigen::ArrayXf p;
    if (how == SIGMOID) p = scores.logistic();
    if (how == CLAMP) p = scores.max(0.0f).min(1.0f);
    if (how == MINMAX) {
        const float low = scores.minCoeff();
        p = (scores - low) / (scores.maxCoeff() - low + with.smooth);
    }
    const float both = (p * t).sum(), predicted = p.sum(), target = t.sum();
    const float all = both + with.false_positives * (predicted - both) + with.false_negatives * (target - both);
    return 1.0 - static_cast<double>((both + with.smooth) / (all + with.smooth));
}

double eigen_mse(const float *a, const float *b, std::size_t n) {
    return static_cast<double>((Floats(a, index(n)) - Floats(b, index(n))).square().mean());
}

double eigen_mse_gradient(const float *a, const float *b, std::size_t n, float *gradient) {
    Eigen::Map<Eigen::ArrayXf> to(gradient, index(n));
    to = (2.0f / static_cast<float>(n)) * (Floats(a, index(n)) - Floats(b, index(n)));
    return eigen_mse(a, b, n);
}

double eigen_svdd(const float *z, const float *c, std::size_t n, std::size_t channels, double radius_squared,
                  double nu) {
    const RowsView embeddings(z, index(n), index(channels));
    const Eigen::Map<const Eigen::RowVectorXf> center(c, index(channels));
    const float slack =
        ((embeddings.rowwise() - center).rowwise().squaredNorm().array() - static_cast<float>(radius_squared))
            .max(0.0f)
            .mean();
    return radius_squared + static_cast<double>(slack) / nu;
}

double eigen_orthogonality(const float *w, std::size_t rows, std::size_t columns) {
    const RowsView components(w, index(rows), index(columns));
    Rows gram = components * components.transpose();
    gram.diagonal().array() -= 1.0f;
    return static_cast<double>(gram.squaredNorm());
}

double eigen_orthogonality_gradient(const float *w, std::size_t rows, std::size_t columns, float *gradient) {
    const RowsView components(w, index(rows), index(columns));
    Rows gram = components * components.transpose();
    gram.diagonal().array() -= 1.0f;
    Eigen::Map<Rows> to(gradient, index(rows), index(columns));
    to.noalias() = 4.0f * (gram * components);
    return static_cast<double>(gram.squaredNorm());
}

void eigen_gram(const float *w, std::size_t rows, std::size_t columns, float *gram) {
    const RowsView components(w, index(rows), index(columns));
    Eigen::Map<Rows> to(gram, index(rows), index(rows));
    to.noalias() = components * components.transpose();
}
