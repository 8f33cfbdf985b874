// The losses of hyla.hpp beside cross-entropy of logits: each says what the C functions say.
#include <array>
#include <cstring>
#include <type_traits>

#include "check.h"
#include "hyla.hpp"
#include "two_cubes.h"

namespace {

constexpr std::size_t n = 4, channels = 2;
const std::array<float, n * channels> values = {0.5f, -1.0f, 3.0f, 0.25f, -0.25f, 2.0f, 1.0f, -2.0f};
const std::array<float, n * channels> other = {0.25f, 1.0f, 0.0f, 0.5f, 1.25f, -2.0f, 0.0f, 4.0f};
const std::array<float, channels> center = {0.125f, -0.5f};
const std::array<std::int32_t, n> labels = {1, 0, 1, 1};
const std::array<std::uint8_t, n> targets = {1, 0, 1, 0}, valid = {1, 1, 0, 1};

template <class Class, class Struct>
bool equal(const Class &found, const Struct &expected) {
    static_assert(sizeof found == sizeof expected);
    return std::memcmp(&found, &expected, sizeof found) == 0;
}

hyla::cube embeddings() { return hyla::cube::interleaved(values.data(), n, channels).with_valid(valid.data()); }

// What every loss of pixels has: update, merge, normalize, loss, gradient and both at once.
template <class Node, class Update, class Loss, class Gradient, class... Inputs>
void like_c(Update update, Loss loss, Gradient gradient, std::size_t size, const Inputs &...in) {
    const typename Node::params params;
    Node totals, frame;
    static_assert(std::is_standard_layout_v<Node> && std::is_trivially_copyable_v<Node>);
    static_assert(sizeof(Node) == sizeof totals.totals);
    decltype(totals.totals) expected{};
    std::array<float, n * channels> found{}, right{};
    double value = 0.0;
    CHECK_STATUS(HYLA_OK, totals.update(params, in...).code());
    CHECK_STATUS(HYLA_OK, update(&params, hyla::detail::pass(in)..., &expected));
    CHECK(equal(totals.totals, expected));
    const auto result = totals.loss(params);
    CHECK(!HYLA_FAILED(loss(&params, &expected, &value)));
    CHECK(result && result.value == value);
    CHECK(!totals.gradient(params, in..., 2.0, HYLA_STORE, {found.data(), size}).failed());
    CHECK(!HYLA_FAILED(gradient(&params, &expected, hyla::detail::pass(in)..., 2.0, HYLA_STORE, right.data())));
    CHECK(equal(found, right));
    found.fill(0.0f);
    const auto at_once = frame.loss_and_gradient(params, in..., 2.0, HYLA_STORE, {found.data(), size});
    CHECK(at_once && at_once.value == value && equal(found, right) && equal(frame.totals, expected));
    CHECK_STATUS(HYLA_ERROR_CAPACITY, totals.gradient(params, in..., 2.0, HYLA_STORE, {found.data(), size - 1}).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 frame.loss_and_gradient(params, in..., 2.0, HYLA_STORE, {found.data(), size - 1}).status.code());
    CHECK_STATUS(HYLA_OK, totals.merge(frame).code());
    CHECK_STATUS(HYLA_OK, totals.normalize().code());
}

void pixels() {
    const auto in = hyla::pixels(n).with_scores(values.data()).with_targets(targets.data()).with_valid(valid.data());
    like_c<hyla::focal>(hyla_focal_update, hyla_focal_loss, hyla_focal_gradient, n,
                        static_cast<const hyla_pixels &>(in));

    hyla::iou::params params;
    params.normalization = HYLA_NORMALIZATION_MINMAX;
    hyla::iou totals, more;
    hyla_iou_totals expected{};
    hyla_range range{};
    std::array<float, n> found{}, right{};
    double value = 0.0;
    CHECK_STATUS(HYLA_OK, totals.update(params, in).code());
    CHECK_STATUS(HYLA_OK, hyla_iou_update(&params, &in, &expected, &range));
    CHECK(equal(totals.totals, expected) && equal(totals.range, range));
    CHECK_STATUS(HYLA_OK, hyla_iou_loss(&params, &expected, &range, &value));
    CHECK(totals.loss(params).value == value);
    CHECK_STATUS(HYLA_OK, totals.gradient(params, in, 2.0, HYLA_STORE, found).code());
    CHECK_STATUS(HYLA_OK, hyla_iou_gradient(&params, &expected, &range, &in, 2.0, HYLA_STORE, right.data()));
    CHECK(equal(found, right));
    const auto at_once = more.loss_and_gradient(params, in, 2.0, HYLA_STORE, found);
    CHECK(at_once && at_once.value == value && equal(found, right) && equal(more.totals, expected));
    CHECK_STATUS(HYLA_OK, totals.merge(more).code());
    CHECK(totals.range.count == 2 * range.count);
    CHECK_STATUS(HYLA_OK, totals.normalize().code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, totals.gradient(params, in, 2.0, HYLA_STORE, {found.data(), n - 1}).code());
    hyla::tversky tversky;
    CHECK(static_cast<bool>(tversky.loss_and_gradient(hyla::tversky::params(), in, 1.0, HYLA_STORE, found)));
}

void cubes() {
    const hyla::cube cube = embeddings();
    const hyla::values target = hyla::values::interleaved(other, channels);
    const float *const at = center.data(), *const none = nullptr;
    std::array<float, n * channels> map{}, expected_map{};
#define COMPARED(title, family, floats, ...)                                                                           \
    {                                                                                                                  \
        like_c<hyla::family>(hyla_##family##_update, hyla_##family##_loss, hyla_##family##_gradient, n * channels,     \
                             static_cast<const hyla_cube &>(cube), static_cast<const hyla_values &>(target));          \
        const hyla::family::params params;                                                                             \
        map.fill(0.0f);                                                                                                \
        expected_map.fill(0.0f);                                                                                       \
        CHECK_STATUS(HYLA_OK, hyla::family::map(params, cube, target, map).code());                                    \
        CHECK_STATUS(HYLA_OK, hyla_##family##_map(&params, &cube, &target, expected_map.data()));                      \
        CHECK(equal(map, expected_map));                                                                               \
    }
    LOSSES_OF_TWO_CUBES(COMPARED)

    like_c<hyla::svdd>(hyla_svdd_update, hyla_svdd_loss, hyla_svdd_gradient, n * channels,
                       static_cast<const hyla_cube &>(cube), at);
    const hyla::svdd::params params;
    hyla::svdd totals;
    std::array<hyla_exact_sum, channels> sums{};
    std::array<float, channels> of_center{}, expected{};
    double number = 0.0;
    CHECK_STATUS(HYLA_OK, totals.update(params, cube, at).code());
    CHECK_STATUS(HYLA_OK, hyla_svdd_radius(&params, &number));
    CHECK(hyla::svdd::radius(params).value == number);
    CHECK_STATUS(HYLA_OK, hyla_svdd_gradient_radius(&params, &totals.totals, 1.0, &number));
    CHECK(totals.gradient_radius(params, 1.0).value == number);
    CHECK_STATUS(HYLA_OK, hyla::svdd::map(params, cube, at, map).code());
    CHECK_STATUS(HYLA_OK, hyla::svdd::center_update(params, cube, at, sums).code());
    CHECK_STATUS(HYLA_OK, totals.gradient_center(params, sums, 1.0, HYLA_STORE, of_center).code());
    CHECK_STATUS(HYLA_OK, hyla_svdd_gradient_center(&params, &totals.totals, sums.data(), channels, 1.0, HYLA_STORE,
                                                    expected.data()));
    CHECK(equal(of_center, expected));

    const hyla::cube logits = embeddings().with_labels(labels.data());
    like_c<hyla::cross_entropy>(hyla_cross_entropy_update, hyla_cross_entropy_loss, hyla_cross_entropy_gradient,
                                n * channels, static_cast<const hyla_cube &>(logits), none);
    const hyla::dice::params dice;
    std::array<hyla_dice_totals, channels> classes{}, same{};
    CHECK_STATUS(HYLA_OK, hyla::dice::update(dice, logits, classes).code());
    std::array<hyla_dice_totals, channels> sum{};
    const auto result = hyla::dice::loss_and_gradient(dice, logits, 1.0, HYLA_STORE, sum, same, map);
    CHECK(result && equal(classes, same) && equal(classes, sum));
    CHECK(hyla::dice::loss_and_gradient(dice, logits, 1.0, HYLA_STORE, {}, same, map) && equal(classes, same));
    CHECK( hyla::dice::loss(dice, classes).value == result.value);
    CHECK_STATUS(HYLA_OK, hyla::dice::gradient(dice, classes, logits, 1.0, HYLA_STORE, expected_map).code());
    CHECK(equal(map, expected_map));
    CHECK_STATUS(HYLA_OK, hyla::dice::merge(same, classes).code());
    CHECK_STATUS(HYLA_OK, hyla::dice::normalize(classes).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::dice::update(dice, logits, {classes.data(), 1}).code());
}

void frames() {
    const std::array<float, 3 * n> colors = {
        0.5f, 0.25f, 1.0f,
        0.0f, 0.75f, 0.5f,
        0.125f, 1.0f, 0.25f,
        0.5f, 0.5f, 0.0f,
    };
    const auto rgb = hyla::cube::interleaved(colors.data(), n, 3).with_targets(targets.data()).with_valid(valid.data());
    const hyla::foreground_contrast::params params;
    hyla::foreground_contrast totals, same;
    hyla::foreground_contrast::frame frame, part;
    CHECK_STATUS(HYLA_OK, frame.update(params, rgb).code());
    CHECK_STATUS(HYLA_OK, part.merge(frame).code());
    CHECK_STATUS(HYLA_OK, part.normalize().code());
    CHECK(equal(part, frame.sums));
    CHECK_STATUS(HYLA_OK, totals.update(params, frame).code());
    std::array<float, 3 * n> found{}, expected{};
    const auto at_once = same.loss_and_gradient(params, rgb, 2.0, HYLA_STORE, found);
    const auto loss = totals.loss(params);
    CHECK(at_once && loss && at_once.value == loss.value && loss.value < 0.0 && equal(same, totals.totals));
    CHECK_STATUS(HYLA_OK, totals.gradient(params, frame, rgb, 2.0, HYLA_STORE, expected).code());
    CHECK(equal(found, expected) && found[0] != 0.0f);
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 totals.gradient(params, frame, rgb, 2.0, HYLA_STORE, {found.data(), 3 * n - 1}).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 same.loss_and_gradient(params, rgb, 2.0, HYLA_STORE, {found.data(), 3 * n - 1}).status.code());
    CHECK_STATUS(HYLA_OK, totals.merge(same).code());
    CHECK_STATUS(HYLA_OK, totals.normalize().code());
    CHECK(totals.totals.frames == 2);
}

void matrices() {
    const hyla::matrix matrix(values.data(), 2, n);
    std::array<double, 512> workspace{};
    std::array<float, n * channels> found{}, again{};
    const hyla::orthogonality::params params;
    CHECK(hyla::orthogonality::workspace_size(matrix) <= workspace.size());
    const auto at_once = hyla::orthogonality::loss_and_gradient(params, matrix, 1.0, HYLA_STORE, workspace, found);
    CHECK(at_once && hyla::orthogonality::loss(params, matrix, workspace).value == at_once.value);
    CHECK_STATUS(HYLA_OK, hyla::orthogonality::gradient(params, matrix, 1.0, HYLA_STORE, workspace, again).code());
    CHECK(equal(found, again));
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla::orthogonality::loss(params, matrix, {workspace.data(), 1}).status.code());
    CHECK(static_cast<bool>(hyla::distinctness::loss(hyla::distinctness::params(), matrix, workspace)));

    const std::array<float, 3> weights = {0.5f, 0.25f, 0.25f};
    std::array<float, 3> slopes{}, expected{};
    const hyla::selector_entropy::params entropy;
    double value = 0.0;
    CHECK_STATUS(HYLA_OK, hyla_selector_entropy_loss_and_gradient(&entropy, weights.data(), 3, 1.0, HYLA_STORE, &value,
                                                                  expected.data()));
    CHECK(hyla::selector_entropy::loss(entropy, weights).value == value);
    CHECK(hyla::selector_entropy::loss_and_gradient(entropy, weights, 1.0, HYLA_STORE, slopes).value == value &&
          equal(slopes, expected));
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 hyla::selector_entropy::gradient(entropy, weights, 1.0, HYLA_STORE, {slopes.data(), 2}).code());
    CHECK(static_cast<bool>(hyla::selector_diversity::loss(hyla::selector_diversity::params(), weights)));
}

}  // namespace

int main() {
    pixels();
    cubes();
    frames();
    matrices();
    return finish("losses");
}
