// Global RX (Reed and Xiaoli Yu, 1990): how far is a pixel from the mean of the scene, measured in
// the covariance of the scene? score = (x - mean)' covariance^-1 (x - mean), all in double precision.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "scene.hpp"

namespace monitor {

class Background {
  public:
    // Mean and covariance (divided by N) of all usable pixels.
    explicit Background(const Scene &scene)
        : bands_(scene.bands), mean_(bands_), factor_(bands_ * bands_), solved_(bands_) {
        std::vector<std::size_t> usable;
        for (std::size_t index = 0; index < scene.pixels(); ++index) {
            if (scene.state(index) == PixelState::usable) usable.push_back(index);
        }
        if (usable.size() < 2) {
            throw std::runtime_error(scene.name + " (" + scene.origin + "): " + std::to_string(usable.size()) + " of " +
                                     std::to_string(scene.pixels()) +
                                     " pixels are finite and not ignored, the background needs at least 2");
        }
        const double count = static_cast<double>(usable.size());

        for (const std::size_t index : usable) {
            for (std::size_t band = 0; band < bands_; ++band)
                mean_[band] += static_cast<double>(scene.pixel(index)[band]);
        }
        for (double &value : mean_) value /= count;

        std::vector<double> covariance(bands_ * bands_);  // lower triangle
        std::vector<double> centred(bands_);
        for (const std::size_t index : usable) {
            centre(scene.pixel(index), centred);
            for (std::size_t row = 0; row < bands_; ++row) {
                double *target = covariance.data() + row * bands_;
                for (std::size_t column = 0; column <= row; ++column) target[column] += centred[row] * centred[column];
            }
        }
        for (double &value : covariance) value /= count;

        // A singular covariance (fewer pixels than bands, a dead or doubled band) gets a ridge on its
        // diagonal: 1e-10 of the mean variance, ten times more until it can be factorised.
        double variance = 0.0;
        for (std::size_t band = 0; band < bands_; ++band) variance += covariance[band * bands_ + band];
        variance = variance > 0.0 ? variance / static_cast<double>(bands_) : 1.0;
        while (!factorise(covariance)) {
            ridge_ = ridge_ == 0.0 ? 1e-10 * variance : 10.0 * ridge_;
            if (!std::isfinite(ridge_))
                throw std::runtime_error(scene.name + ": the values are too large for a covariance");
        }
    }

    // The squared Mahalanobis distance: with covariance = L L' it is the squared length of L^-1 (x - mean).
    float score(const float *pixel) const {
        centre(pixel, solved_);
        double sum = 0.0;
        for (std::size_t row = 0; row < bands_; ++row) {
            const double *coefficients = factor_.data() + row * bands_;
            double value = solved_[row];
            for (std::size_t column = 0; column < row; ++column) value -= coefficients[column] * solved_[column];
            solved_[row] = value / coefficients[row];
            sum += solved_[row] * solved_[row];
        }
        return static_cast<float>(sum);
    }

    double ridge() const { return ridge_; }

  private:
    void centre(const float *pixel, std::vector<double> &centred) const {
        for (std::size_t band = 0; band < bands_; ++band)
            centred[band] = static_cast<double>(pixel[band]) - mean_[band];
    }

    // Cholesky. A pivot that is lost in the rounding of its own diagonal counts as zero.
    bool factorise(const std::vector<double> &covariance) {
        const double rounding = static_cast<double>(bands_) * std::numeric_limits<double>::epsilon();
        for (std::size_t row = 0; row < bands_; ++row) {
            double *target = factor_.data() + row * bands_;
            for (std::size_t column = 0; column <= row; ++column) {
                const double *other = factor_.data() + column * bands_;
                const double diagonal = covariance[row * bands_ + row] + ridge_;
                double value = column == row ? diagonal : covariance[row * bands_ + column];
                for (std::size_t k = 0; k < column; ++k) value -= target[k] * other[k];
                if (column < row) {
                    target[column] = value / other[column];
                } else if (value > rounding * diagonal) {
                    target[row] = std::sqrt(value);
                } else {
                    return false;
                }
            }
        }
        return true;
    }

    std::size_t bands_;
    std::vector<double> mean_;
    std::vector<double> factor_;           // L, row by row
    mutable std::vector<double> solved_;   // scratch of score()
    double ridge_ = 0.0;
};

// `sorted` must not be empty; values between two ranks are interpolated.
inline double quantile(const std::vector<float> &sorted, double fraction) {
    const double rank = fraction * static_cast<double>(sorted.size() - 1);
    const std::size_t below = static_cast<std::size_t>(rank);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const double low = static_cast<double>(sorted[below]);
    return low + (rank - static_cast<double>(below)) * (static_cast<double>(sorted[above]) - low);
}

// Turns a score into a logit: 0 at the threshold (the 99 % quantile of the training scores, so one
// pixel in a hundred is reported), and 1 for each interquartile range above it. The range stands
// for the spread of the background, which a few anomalies cannot change.
struct Calibration {
    double threshold = 0.0;
    double scale = 1.0;

    Calibration(const Scene &scene, const Background &background) {
        std::vector<float> scores;
        for (std::size_t index = 0; index < scene.pixels(); ++index) {
            if (scene.state(index) == PixelState::usable) scores.push_back(background.score(scene.pixel(index)));
        }
        std::sort(scores.begin(), scores.end());
        threshold = quantile(scores, 0.99);
        const double range = quantile(scores, 0.75) - quantile(scores, 0.25);
        if (range > 0.0) scale = range;
    }

    float logit(float score) const { return static_cast<float>((static_cast<double>(score) - threshold) / scale); }
};

}  // namespace monitor
