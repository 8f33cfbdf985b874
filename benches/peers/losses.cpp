// Times every loss of hyla, through its C header, against the plain C loop and against Eigen: same
// buffers, one run, one thread. A ratio above 1 says that hyla is faster than the better of the two.
// Values are compared before anything is timed. Absolute times are of this machine and this moment.

#include "loops.h"
#include "loss_loops.h"
#include "rows.hpp"

#include <cstring>

namespace {

using timing::Random, timing::checked, timing::mebi;

// Scores, masks and a gradient of one size.
struct Pixels {
    std::vector<float> scores, gradient, other;
    std::vector<std::uint8_t> targets;
    hyla_pixels view{};

    Pixels(std::size_t n, float low, float high) : gradient(n), other(n), targets(n) {
        Random random;
        scores = random.floats(n, low, high);
        for (auto &target : targets) target = random.next() % 10 == 0;
        view.scores = hyla_f32(scores.data());
        view.targets = hyla_mask_u8(targets.data());
        view.n = n;
    }
    double size() const { return static_cast<double>(view.n); }
};

void focal(Pixels &data) {
    const hyla_focal_params params = HYLA_FOCAL_PARAMS_DEFAULT;
    const hyla_pixels &in = data.view;
    row({"focal, loss", data.size(),
         [&] {
             hyla_focal_totals totals{};
             double loss = 0;
             checked(hyla_focal_update(&params, &in, &totals));
             checked(hyla_focal_loss(&params, &totals, &loss));
             return loss;
         },
         [&] { return loop_focal(data.scores.data(), data.targets.data(), in.n, params.alpha); },
         [&] { return eigen_focal(data.scores.data(), data.targets.data(), in.n, params.alpha); }});
    row({"focal, loss + gradient", data.size(),
         [&] {
             double loss = 0;
             checked(hyla_focal_loss_and_gradient(&params, &in, 1, HYLA_STORE, nullptr, &loss, data.gradient.data()));
             return loss;
         },
         [&] {
             return loop_focal_gradient(data.scores.data(), data.targets.data(), in.n, params.alpha, data.other.data());
         },
         {}});
}

void iou(Pixels &data, const char *name, normalization how) {
    hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    params.normalization = how;
    const hyla_pixels &in = data.view;
    const tversky_weights with{1, 1, params.smooth};
    const std::string title = std::string("IoU ") + name;
    row({title + ", loss", data.size(),
         [&] {
             hyla_iou_totals totals{};
             hyla_range range{};
             double loss = 0;
             checked(hyla_iou_update(&params, &in, &totals, &range));
             checked(hyla_iou_loss(&params, &totals, &range, &loss));
             return loss;
         },
         [&] { return loop_tversky(how, data.scores.data(), data.targets.data(), in.n, with); },
         [&] { return eigen_tversky(how, data.scores.data(), data.targets.data(), in.n, with); }});
    row({title + ", loss + gradient", data.size(),
         [&] {
             double loss = 0;
             checked(hyla_iou_loss_and_gradient(&params, &in, 1, HYLA_STORE, nullptr, nullptr, &loss,
                                                data.gradient.data()));
             return loss;
         },
         [&] {
             return loop_tversky_gradient(how, data.scores.data(), data.targets.data(), in.n, with, data.other.data());
         },
         {}});
}

void tversky(Pixels &data) {
    const hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    const hyla_pixels &in = data.view;
    const tversky_weights with{params.false_positives, params.false_negatives, params.smooth};
    row({"Tversky sigmoid, loss", data.size(),
         [&] {
             hyla_tversky_totals totals{};
             double loss = 0;
             checked(hyla_tversky_update(&params, &in, &totals, nullptr));
             checked(hyla_tversky_loss(&params, &totals, nullptr, &loss));
             return loss;
         },
         [&] { return loop_tversky(SIGMOID, data.scores.data(), data.targets.data(), in.n, with); },
         [&] { return eigen_tversky(SIGMOID, data.scores.data(), data.targets.data(), in.n, with); }});
    row({"Tversky sigmoid, loss + gradient", data.size(),
         [&] {
             double loss = 0;
             checked(hyla_tversky_loss_and_gradient(&params, &in, 1, HYLA_STORE, nullptr, nullptr, &loss,
                                                    data.gradient.data()));
             return loss;
         },
         [&] {
             return loop_tversky_gradient(SIGMOID, data.scores.data(), data.targets.data(), in.n, with,
                                          data.other.data());
         },
         {}});
}

hyla_cube planar(const std::vector<float> &values, std::size_t channels) {
    hyla_cube cube{};
    cube.n = values.size() / channels;
    cube.channels = channels;
    cube.values = hyla_bsq(hyla_f32(values.data()), cube.n);
    return cube;
}

void mse(std::size_t n) {
    Random random;
    const std::vector<float> a = random.floats(n, -1, 1), b = random.floats(n, -1, 1);
    std::vector<float> gradient(n), other(n);
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    const hyla_cube cube = planar(a, 1);
    const hyla_values target = hyla_bsq(hyla_f32(b.data()), n);
    const double size = static_cast<double>(n);
    row({"MSE, loss", size,
         [&] {
             hyla_mse_totals totals{};
             double loss = 0;
             checked(hyla_mse_update(&params, &cube, &target, &totals));
             checked(hyla_mse_loss(&params, &totals, &loss));
             return loss;
         },
         [&] { return loop_mse(a.data(), b.data(), n); }, [&] { return eigen_mse(a.data(), b.data(), n); }});
    row({"MSE, loss + gradient", size,
         [&] {
             double loss = 0;
             checked(
                 hyla_mse_loss_and_gradient(&params, &cube, &target, 1, HYLA_STORE, nullptr, &loss, gradient.data()));
             return loss;
         },
         [&] { return loop_mse_gradient(a.data(), b.data(), n, other.data()); },
         [&] { return eigen_mse_gradient(a.data(), b.data(), n, other.data()); }});
}

void classes(std::size_t n) {
    constexpr std::size_t count = 4;
    Random random;
    const std::vector<float> logits = random.floats(count * n, -6, 6);
    std::vector<std::int32_t> labels(n);
    for (auto &label : labels) label = static_cast<std::int32_t>(random.next() % count);
    std::vector<float> gradient(count * n), other(count * n);
    hyla_cube cube = planar(logits, count);
    cube.labels = hyla_i32(labels.data());
    const double size = static_cast<double>(n);

    const hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    row({"cross-entropy of 4 classes, loss", size,
         [&] {
             hyla_cross_entropy_totals totals{};
             double loss = 0;
             checked(hyla_cross_entropy_update(&params, &cube, nullptr, &totals));
             checked(hyla_cross_entropy_loss(&params, &totals, &loss));
             return loss;
         },
         [&] { return loop_cross_entropy(logits.data(), labels.data(), n); },
         {}});
    row({"cross-entropy of 4 classes, loss + gradient", size,
         [&] {
             double loss = 0;
             checked(hyla_cross_entropy_loss_and_gradient(&params, &cube, nullptr, 1, HYLA_STORE, nullptr, &loss,
                                                          gradient.data()));
             return loss;
         },
         [&] { return loop_cross_entropy_gradient(logits.data(), labels.data(), n, other.data()); },
         {}});

    const hyla_dice_params dice = HYLA_DICE_PARAMS_DEFAULT;
    row({"Dice of 4 classes, loss", size,
         [&] {
             hyla_dice_totals totals[count] = {};
             double loss = 0;
             checked(hyla_dice_update(&dice, &cube, totals));
             checked(hyla_dice_loss(&dice, totals, count, &loss));
             return loss;
         },
         [&] { return loop_dice(logits.data(), labels.data(), n, dice.eps); },
         {}});
}

void contrast(std::size_t n, std::uint32_t space) {
    Random random;
    const std::vector<float> colors = random.floats(3 * n, 0, 1);
    std::vector<std::uint8_t> targets(n);
    for (auto &target : targets) target = random.next() % 10 == 0;
    std::vector<float> gradient(3 * n), other(3 * n);
    hyla_cube cube = planar(colors, 3);
    cube.targets = hyla_mask_u8(targets.data());
    hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    params.color_space = space;
    const int in_oklab = space == HYLA_COLOR_OKLAB;
    const double size = static_cast<double>(n), eps = static_cast<double>(params.eps);
    const std::string title = std::string("foreground contrast, ") + (in_oklab ? "Oklab" : "rgb");
    row({title + ", loss", size,
         [&] {
             hyla_foreground_contrast_frame frame{};
             hyla_foreground_contrast_totals totals{};
             double loss = 0;
             checked(hyla_foreground_contrast_frame_update(&params, &cube, &frame));
             checked(hyla_foreground_contrast_update(&params, &frame, &totals));
             checked(hyla_foreground_contrast_loss(&params, &totals, &loss));
             return loss;
         },
         [&] { return loop_contrast(in_oklab, colors.data(), targets.data(), n, eps); },
         {}});
    row({title + ", loss + gradient", size,
         [&] {
             double loss = 0;
             checked(hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1, HYLA_STORE, nullptr, &loss,
                                                                gradient.data()));
             return loss;
         },
         [&] { return loop_contrast_gradient(in_oklab, colors.data(), targets.data(), n, eps, other.data()); },
         {}});
}

// The bytes that a function must move, as a plain read: what memory allows.
void svdd(std::size_t n, std::size_t channels) {
    Random random;
    const std::vector<float> z = random.floats(n * channels, -1, 1), center = random.floats(channels, -0.1f, 0.1f);
    std::vector<float> gradient(z.size()), other(z.size());
    hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    params.r_unconstrained = std::sqrt(static_cast<float>(channels) / 3);
    double radius = 0;
    checked(hyla_svdd_radius(&params, &radius));
    hyla_cube cube = planar(z, channels);
    cube.values = hyla_bip(hyla_f32(z.data()), channels);
    const double size = static_cast<double>(n), nu = static_cast<double>(params.nu), square = radius * radius;
    const std::string title = "SVDD, " + std::to_string(n / 1024) + " Ki pixels of " + std::to_string(channels);
    const auto loss = [&] {
        hyla_svdd_totals totals{};
        double value = 0;
        checked(hyla_svdd_update(&params, &cube, center.data(), &totals));
        checked(hyla_svdd_loss(&params, &totals, &value));
        return value;
    };
    const auto both = [&] {
        double value = 0;
        checked(hyla_svdd_loss_and_gradient(&params, &cube, center.data(), 1, HYLA_STORE, nullptr, &value,
                                            gradient.data()));
        return value;
    };
    row({title + ", loss", size, loss, [&] { return loop_svdd(z.data(), center.data(), n, channels, square, nu); },
         [&] { return eigen_svdd(z.data(), center.data(), n, channels, square, nu); }});
    row({title + ", loss + gradient", size, both,
         [&] { return loop_svdd_gradient(z.data(), center.data(), n, channels, square, nu, other.data()); },
         {}});
    volatile std::uint64_t sink = 0;
    const auto limits =
        timing::alternate({[&] { loss(); }, [&] { sink = read_bytes_native(z.data(), 4 * z.size()); }, [&] { both(); },
                           [&] { std::memcpy(gradient.data(), z.data(), 4 * z.size()); }});
    std::printf("    of a plain read %.2f, of memcpy %.2f\n", limits[1] / limits[0], limits[3] / limits[2]);
    (void)sink;
}

void bandwidth() {
    Pixels data(16 * mebi, -0.5f, 1.5f);
    hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    params.normalization = HYLA_NORMALIZATION_CLAMP;
    volatile std::uint64_t sink = 0;
    for (const std::uint32_t tier : {HYLA_TIER_AVX512, HYLA_TIER_AVX2}) {
        if (!timing::pin(tier)) continue;
        const auto best = timing::alternate({[&] {
                                                 hyla_iou_totals totals{};
                                                 checked(hyla_iou_update(&params, &data.view, &totals, nullptr));
                                             },
                                             [&] {
                                                 sink = read_bytes_native(data.scores.data(), 4 * data.view.n) ^
                                                        read_bytes_native(data.targets.data(), data.view.n);
                                             }});
        std::printf("IoU clamp, 16 Mi pixels, %s: of a plain read %.2f\n", hyla_tier_name(tier), best[1] / best[0]);
    }
    checked(hyla_tier_pin(HYLA_TIER_BEST));
    (void)sink;
}

void matrices(std::size_t rows, std::size_t columns) {
    Random random;
    const std::vector<float> w = random.floats(rows * columns, -1, 1);
    std::vector<float> gradient(w.size()), gram(rows * rows);
    const hyla_matrix matrix{w.data(), rows, columns, columns, {}};
    const std::string title = std::to_string(rows) + "x" + std::to_string(columns);
    const auto product = [&] { // the value is not comparable: the product alone
        eigen_gram(w.data(), rows, columns, gram.data());
        return 0.0;
    };

    const hyla_orthogonality_params params = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    std::vector<double> workspace(hyla_orthogonality_workspace(rows, columns));
    row({"orthogonality " + title + ", loss", 1,
         [&] {
             double loss = 0;
             checked(hyla_orthogonality_loss(&params, &matrix, workspace.data(), workspace.size(), &loss));
             return loss;
         },
         {}, [&] { return eigen_orthogonality(w.data(), rows, columns); }});
    row({"orthogonality " + title + ", loss + gradient", 1,
         [&] {
             double loss = 0;
             checked(hyla_orthogonality_loss_and_gradient(&params, &matrix, 1, HYLA_STORE, workspace.data(),
                                                          workspace.size(), &loss, gradient.data()));
             return loss;
         },
         {}, [&] { return eigen_orthogonality_gradient(w.data(), rows, columns, gradient.data()); }});

    const hyla_distinctness_params distinct = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    std::vector<double> room(hyla_distinctness_workspace(rows, columns));
    const auto value = [&] {
        double loss = 0;
        checked(hyla_distinctness_loss(&distinct, &matrix, room.data(), room.size(), &loss));
        return loss;
    };
    row({"distinctness " + title + ", loss, against the product alone", 1, value, {}, product, HUGE_VAL});
}

} // namespace

int main() {
    std::printf("one thread, best of %d alternating rounds; C loops and Eigen by gcc -O3 -march=native -ffast-math\n",
                timing::rounds);
    for (const std::uint32_t tier : {HYLA_TIER_AVX512, HYLA_TIER_AVX2}) {
        if (!timing::pin(tier)) continue;
        heading(std::string("1 Mi pixels, ") + hyla_tier_name(tier), "ns per pixel");
        Pixels logits(mebi, -6, 6), scores(mebi, -0.5f, 1.5f);
        iou(logits, "sigmoid", SIGMOID);
        iou(scores, "clamp", CLAMP);
        iou(logits, "minmax", MINMAX);
        tversky(logits);
        focal(logits);
        mse(mebi);
        classes(mebi);
        contrast(mebi, HYLA_COLOR_RGB);
        contrast(mebi, HYLA_COLOR_OKLAB);
        svdd(64 << 10, 32);
        svdd(64 << 10, 128);
        svdd(mebi, 32);
        svdd(mebi, 128);
        heading(std::string("matrices, ") + hyla_tier_name(tier), "ns per call");
        matrices(3, 61);
        matrices(10, 200);
        matrices(64, 400);
    }
    checked(hyla_tier_pin(HYLA_TIER_BEST));
    std::printf("\n");
    bandwidth();
}
