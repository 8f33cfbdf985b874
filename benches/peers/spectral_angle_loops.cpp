// Times the spectral angle against the plain loop in float32, in rows and in planes. This file is compiled with
// -O3 -march=native -ffast-math: the loops are its own.

#include "rows.hpp"

#include <cmath>

namespace {

using timing::Random, timing::checked;

constexpr std::size_t block = 256;

// The sums of a pixel: of squares, and of products.
struct Sums {
    float aa = 0, ab = 0, bb = 0;
    void add(float a, float b) {
        aa += a * a;
        ab += a * b;
        bb += b * b;
    }
};

double angle_of_rows(const float *__restrict a, const float *__restrict b, std::size_t n, std::size_t channels,
                     float *__restrict gradient) {
    double loss = 0;
    for (std::size_t i = 0; i < n; i++, a += channels, b += channels) {
        Sums sums;
        for (std::size_t k = 0; k < channels; k++) sums.add(a[k], b[k]);
        const float lengths = std::sqrt(sums.aa * sums.bb), cosine = std::fmin(sums.ab / lengths, 1.0f);
        loss += static_cast<double>(std::acos(cosine));
        if (gradient == nullptr) continue;
        const float sine = std::sqrt(std::fmax(1.0f - cosine * cosine, 1e-12f)), share = sums.ab / sums.aa;
        const float slope = -1.0f / (static_cast<float>(n) * lengths * sine);
        for (std::size_t k = 0; k < channels; k++) gradient[i * channels + k] = slope * (b[k] - share * a[k]);
    }
    return loss / static_cast<double>(n);
}

double angle_of_planes(const float *__restrict a, const float *__restrict b, std::size_t n, std::size_t channels,
                       float *__restrict gradient) {
    float aa[block], ab[block], bb[block];
    double loss = 0;
    for (std::size_t first = 0; first < n; first += block) {
        const std::size_t count = std::min(block, n - first);
        for (std::size_t i = 0; i < count; i++) aa[i] = ab[i] = bb[i] = 0;
        for (std::size_t k = 0; k < channels; k++) {
            const float *x = a + k * n + first, *y = b + k * n + first;
            for (std::size_t i = 0; i < count; i++) {
                aa[i] += x[i] * x[i];
                ab[i] += x[i] * y[i];
                bb[i] += y[i] * y[i];
            }
        }
        for (std::size_t i = 0; i < count; i++) {
            const float lengths = std::sqrt(aa[i] * bb[i]), cosine = std::fmin(ab[i] / lengths, 1.0f);
            loss += static_cast<double>(std::acos(cosine));
            ab[i] /= aa[i];
            bb[i] = -1.0f / (static_cast<float>(n) * lengths * std::sqrt(std::fmax(1.0f - cosine * cosine, 1e-12f)));
        }
        for (std::size_t k = 0; gradient != nullptr && k < channels; k++) {
            const std::size_t place = k * n + first;
            for (std::size_t i = 0; i < count; i++) gradient[place + i] = bb[i] * (b[place + i] - ab[i] * a[place + i]);
        }
    }
    return loss / static_cast<double>(n);
}

void angles(std::size_t n, std::size_t channels, bool in_planes) {
    Random random;
    const std::vector<float> a = random.floats(n * channels, 0.1f, 1), b = random.floats(n * channels, 0.1f, 1);
    std::vector<float> gradient(n * channels), other(n * channels);
    const hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    hyla_cube cube{};
    const auto lie = [&](const std::vector<float> &items) {
        return in_planes ? hyla_bsq(hyla_f32(items.data()), n) : hyla_bip(hyla_f32(items.data()), channels);
    };
    const hyla_values original = lie(b);
    cube.values = lie(a);
    cube.n = n;
    cube.channels = channels;
    const auto loop = [&](float *to) {
        return (in_planes ? angle_of_planes : angle_of_rows)(a.data(), b.data(), n, channels, to);
    };
    const std::string name = "spectral angle of " + std::to_string(channels) + (in_planes ? ", planes" : ", rows");
    const double size = static_cast<double>(n);
    row({name + ", loss", size,
         [&] {
             hyla_spectral_angle_totals totals{};
             double loss = 0;
             checked(hyla_spectral_angle_update(&params, &cube, &original, &totals));
             checked(hyla_spectral_angle_loss(&params, &totals, &loss));
             return loss;
         },
         [&] { return loop(nullptr); },
         {}});
    row({name + ", loss + gradient", size,
         [&] {
             double loss = 0;
             checked(hyla_spectral_angle_loss_and_gradient(&params, &cube, &original, 1, HYLA_STORE, nullptr, &loss,
                                                           gradient.data()));
             return loss;
         },
         [&] { return loop(other.data()); },
         {}});
}

}  // namespace

int main() {
    for (const std::uint32_t tier : {HYLA_TIER_AVX512, HYLA_TIER_AVX2}) {
        if (!timing::pin(tier)) continue;
        for (const std::size_t n : {std::size_t{4} << 10, std::size_t{64} << 10}) {
            heading(std::to_string(n >> 10) + " Ki pixels, " + hyla_tier_name(tier), "ns per pixel");
            for (const std::size_t channels : {std::size_t{32}, std::size_t{128}}) {
                for (const bool in_planes : {false, true}) angles(n, channels, in_planes);
            }
        }
    }
}
