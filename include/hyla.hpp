// hyla for C++17 and later: the classes behind hyla.h under shorter names.
//
//     hyla::bce epoch;                                  // totals: a few hundred bytes, empty
//     hyla::bce::params params;                         // the defaults
//     params.pos_weight = 20.0f;
//     auto line = hyla::pixels(n).with_scores(logits).with_targets(labels).with_valid(usable);
//     if (auto status = epoch.update(params, line); status.failed()) return status.message();
//     if (auto loss = epoch.loss(params)) use(loss.value);
//
// Every node is one class. It holds the C totals, public as `totals`, and begins empty; a copy is
// a copy of these words, and a new epoch is a new object. Its methods have the names of the C verbs
// and do what hyla.h says of them, which is the reference; there is no logic here. What a node can
// be told is its `params`, what it tells is its `report`.
//
// Nothing allocates, throws or needs RTTI. Every call returns a `status`, or a `result` where it
// has a value to give. Outputs are a pointer and a size, or a std::span from C++20 on; an output
// that is too small for the pixels is HYLA_ERROR_CAPACITY.
//
// Licence: MIT OR Apache-2.0.

#ifndef HYLA_HPP
#define HYLA_HPP

#if !(__cplusplus >= 201703L || (defined(_MSVC_LANG) && _MSVC_LANG >= 201703L))
#error "hyla.hpp needs C++17; hyla.h serves every C++ from C++11 on"
#endif

#include "hyla.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#ifdef __cpp_lib_span
#include <span>
#endif

namespace hyla {

// Whether the library that runs fits the header that this program was compiled with. Ask once at
// the start; do not go on without.
[[nodiscard]] inline bool compatible() noexcept { return hyla_abi_version() == HYLA_ABI_VERSION; }

// What a call returned: success, an error, or success with notices.
class [[nodiscard]] status {
  public:
    constexpr status(hyla_status code = HYLA_OK) noexcept : code_(code) {}

    // The arguments were wrong, and nothing was written.
    [[nodiscard]] constexpr bool failed() const noexcept { return HYLA_FAILED(code_); }
    // One of these HYLA_NOTICE_... bits was given.
    [[nodiscard]] constexpr bool notices(hyla_status bits) const noexcept { return !failed() && (code_ & bits) != 0; }
    // HYLA_OK, HYLA_ERROR_... or HYLA_NOTICE_... bits.
    [[nodiscard]] constexpr hyla_status code() const noexcept { return code_; }
    // An English sentence; static.
    [[nodiscard]] const char *message() const noexcept { return hyla_status_message(code_); }

  private:
    hyla_status code_;
};

// A value and how it came about. True unless the call failed; then the value is zero.
template <class T>
struct [[nodiscard]] result {
    T value{};
    hyla::status status;

    explicit operator bool() const noexcept { return !status.failed(); }
};

// The inputs of a call: n pixels and the arrays that are set, by field or by name as in
// `pixels(n).with_scores(logits)`. They are only pointed to.
class pixels : public hyla_pixels {
  public:
    constexpr explicit pixels(std::size_t count = 0) noexcept : hyla_pixels{} { n = count; }

    constexpr pixels &with_scores(const float *items) noexcept { return scores = items, *this; }
    constexpr pixels &with_targets(const std::uint8_t *items) noexcept { return targets = items, *this; }
    constexpr pixels &with_decisions(const std::uint8_t *items) noexcept { return decisions = items, *this; }
    constexpr pixels &with_valid(const std::uint8_t *items) noexcept { return valid = items, *this; }
    constexpr pixels &with_weights(const float *items) noexcept { return weights = items, *this; }

#ifdef __cpp_lib_span
    // A span of another length than n makes every call with these pixels an error
    // (HYLA_ERROR_TOO_LARGE or HYLA_ERROR_CAPACITY): nothing is read beyond its end, and nothing is
    // cut off silently.
    constexpr pixels &with_scores(std::span<const float> items) noexcept { return fit(items.size()).with_scores(items.data()); }
    constexpr pixels &with_targets(std::span<const std::uint8_t> items) noexcept {
        return fit(items.size()).with_targets(items.data());
    }
    constexpr pixels &with_decisions(std::span<const std::uint8_t> items) noexcept {
        return fit(items.size()).with_decisions(items.data());
    }
    constexpr pixels &with_valid(std::span<const std::uint8_t> items) noexcept {
        return fit(items.size()).with_valid(items.data());
    }
    constexpr pixels &with_weights(std::span<const float> items) noexcept { return fit(items.size()).with_weights(items.data()); }

  private:
    constexpr pixels &fit(std::size_t count) noexcept {
        if (count != n) n = SIZE_MAX;
        return *this;
    }
#endif
};

using context = hyla_context;
using metric = hyla_metric;

// Binary cross-entropy of logits: hyla_bce_...
class bce {
  public:
    struct params : hyla_bce_params {
        constexpr params() noexcept : hyla_bce_params HYLA_BCE_PARAMS_DEFAULT {}
    };

    hyla_bce_totals totals{};

    hyla::status update(const hyla_bce_params &how, const hyla_pixels &in) noexcept {
        return hyla_bce_update(&how, &in, &totals);
    }
    hyla::status merge(const bce &other) noexcept { return hyla_bce_merge(&other.totals, &totals); }
    hyla::status normalize() noexcept { return hyla_bce_normalize(&totals); }
    result<double> loss(const hyla_bce_params &how) const noexcept {
        result<double> answer;
        answer.status = hyla_bce_loss(&how, &totals, &answer.value);
        return answer;
    }
    static hyla::status map(const hyla_bce_params &how, const hyla_pixels &in, float *loss_map, std::size_t capacity) noexcept {
        return capacity < in.n ? HYLA_ERROR_CAPACITY : hyla_bce_map(&how, &in, loss_map);
    }
    hyla::status gradient(const hyla_bce_params &how, const hyla_pixels &in, double upstream, std::uint32_t write,
                          float *grad_scores, std::size_t capacity) const noexcept {
        return capacity < in.n ? HYLA_ERROR_CAPACITY : hyla_bce_gradient(&how, &totals, &in, upstream, write, grad_scores);
    }
    // Adds these pixels to the totals; the loss and its gradient are those of these pixels alone.
    result<double> loss_and_gradient(const hyla_bce_params &how, const hyla_pixels &in, double upstream, std::uint32_t write,
                                     float *grad_scores, std::size_t capacity) noexcept {
        result<double> answer;
        answer.status = capacity < in.n ? HYLA_ERROR_CAPACITY
                                      : hyla_bce_loss_and_gradient(&how, &in, upstream, write, &totals, &answer.value, grad_scores);
        return answer;
    }

#ifdef __cpp_lib_span
    static hyla::status map(const hyla_bce_params &how, const hyla_pixels &in, std::span<float> loss_map) noexcept {
        return map(how, in, loss_map.data(), loss_map.size());
    }
    hyla::status gradient(const hyla_bce_params &how, const hyla_pixels &in, double upstream, std::uint32_t write,
                          std::span<float> grad_scores) const noexcept {
        return gradient(how, in, upstream, write, grad_scores.data(), grad_scores.size());
    }
    result<double> loss_and_gradient(const hyla_bce_params &how, const hyla_pixels &in, double upstream, std::uint32_t write,
                                     std::span<float> grad_scores) noexcept {
        return loss_and_gradient(how, in, upstream, write, grad_scores.data(), grad_scores.size());
    }
#endif
};

// The exact sum and mean of a float map: hyla_sum_...
class sum {
  public:
    hyla_sum_totals totals{};

    hyla::status update(const hyla_pixels &in) noexcept { return hyla_sum_update(&in, &totals); }
    hyla::status merge(const sum &other) noexcept { return hyla_sum_merge(&other.totals, &totals); }
    hyla::status normalize() noexcept { return hyla_sum_normalize(&totals); }
    result<double> value() const noexcept {
        result<double> answer;
        answer.status = hyla_sum_value(&totals, &answer.value);
        return answer;
    }
    result<double> mean() const noexcept {
        result<double> answer;
        answer.status = hyla_sum_mean(&totals, &answer.value);
        return answer;
    }
};

// The extremes of a float map: hyla_range_... Its words cannot be added, only merged.
class range {
  public:
    using report = hyla_range_report;

    hyla_range totals{};

    hyla::status update(const hyla_pixels &in) noexcept { return hyla_range_update(&in, &totals); }
    hyla::status merge(const range &other) noexcept { return hyla_range_merge(&other.totals, &totals); }
    result<report> values() const noexcept {
        result<report> answer;
        answer.status = hyla_range_values(&totals, &answer.value);
        return answer;
    }
};

// True and false positives and negatives of pixels and frames: hyla_confusion_...
class confusion {
  public:
    using report = hyla_confusion_report;

    hyla_confusion_totals totals{};

    hyla::status update(const hyla_pixels &in) noexcept { return hyla_confusion_update(&in, &totals); }
    hyla::status end_frame() noexcept { return hyla_confusion_end_frame(&totals); }
    hyla::status merge(const confusion &other) noexcept { return hyla_confusion_merge(&other.totals, &totals); }
    result<report> values() const noexcept {
        result<report> answer;
        answer.status = hyla_confusion_values(&totals, &answer.value);
        return answer;
    }
};

// How many pixels were decided anomalous: hyla_pixel_statistics_...
class pixel_statistics {
  public:
    using report = hyla_pixel_statistics_report;

    hyla_pixel_statistics_totals totals{};

    hyla::status update(const hyla_pixels &in) noexcept { return hyla_pixel_statistics_update(&in, &totals); }
    hyla::status merge(const pixel_statistics &other) noexcept { return hyla_pixel_statistics_merge(&other.totals, &totals); }
    result<report> values() const noexcept {
        result<report> answer;
        answer.status = hyla_pixel_statistics_values(&totals, &answer.value);
        return answer;
    }
    // The result is how many were written.
    result<std::size_t> metrics(const context &where, metric *out, std::size_t capacity) const noexcept {
        result<std::size_t> answer;
        answer.status = hyla_pixel_statistics_metrics(&totals, &where, out, capacity, &answer.value);
        return answer;
    }

#ifdef __cpp_lib_span
    result<std::size_t> metrics(const context &where, std::span<metric> out) const noexcept {
        return metrics(where, out.data(), out.size());
    }
#endif
};

// The quality of decisions over frames: hyla_detection_...
class detection {
  public:
    struct params : hyla_detection_params {
        constexpr params() noexcept : hyla_detection_params HYLA_DETECTION_PARAMS_DEFAULT {}
    };

    hyla_detection_totals totals{};

    hyla::status update(const hyla_detection_params &how, const hyla_pixels &in) noexcept {
        return hyla_detection_update(&how, &in, &totals);
    }
    hyla::status end_frame() noexcept { return hyla_detection_end_frame(&totals); }
    hyla::status update_frame(const hyla_detection_params &how, const hyla_pixels &in, std::size_t rows, std::size_t cols,
                              std::size_t pitch) noexcept {
        return hyla_detection_update_frame(&how, &in, rows, cols, pitch, &totals);
    }
    hyla::status merge(const detection &other) noexcept { return hyla_detection_merge(&other.totals, &totals); }
    // The result is how many were written.
    result<std::size_t> metrics(const hyla_detection_params &how, const context &where, metric *out,
                                std::size_t capacity) const noexcept {
        result<std::size_t> answer;
        answer.status = hyla_detection_metrics(&how, &totals, &where, out, capacity, &answer.value);
        return answer;
    }

#ifdef __cpp_lib_span
    result<std::size_t> metrics(const hyla_detection_params &how, const context &where, std::span<metric> out) const noexcept {
        return metrics(how, where, out.data(), out.size());
    }
#endif
};

// A class is its C struct: it may be copied, sent and reduced as such.
template <class Class, class Struct>
inline constexpr bool mirrors =
    sizeof(Class) == sizeof(Struct) && std::is_trivially_copyable_v<Class> && std::is_standard_layout_v<Class>;

static_assert(mirrors<bce, hyla_bce_totals> && mirrors<bce::params, hyla_bce_params>);
static_assert(mirrors<sum, hyla_sum_totals>);
static_assert(mirrors<range, hyla_range>);
static_assert(mirrors<confusion, hyla_confusion_totals>);
static_assert(mirrors<pixel_statistics, hyla_pixel_statistics_totals>);
static_assert(mirrors<detection, hyla_detection_totals> && mirrors<detection::params, hyla_detection_params>);
static_assert(mirrors<pixels, hyla_pixels>);

}  // namespace hyla

#endif  // HYLA_HPP
