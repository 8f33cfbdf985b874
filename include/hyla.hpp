// hyla for C++17 and later: the classes behind hyla.h under shorter names.
//
//     hyla::bce epoch;                                  // totals: a few hundred bytes, empty
//     hyla::bce::params params;                         // the defaults; in C++20 {.pos_weight = 20}
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
// has a value to give. An output is a `view`: `{pointer, size}`, or anything that has data() and
// size(), such as std::vector, std::array and std::span, or an array; one that is too small is
// HYLA_ERROR_CAPACITY.
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
#include <cstring>
#include <type_traits>
#include <utility>

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
    // HYLA_ERROR_... if it failed, else 0.
    [[nodiscard]] constexpr hyla_status error() const noexcept { return failed() ? code_ | ~0xff : 0; }
    // What the C function returned: HYLA_OK, HYLA_NOTICE_... bits, or an error and what it is about.
    [[nodiscard]] constexpr hyla_status code() const noexcept { return code_; }
    // An English sentence, of several notices about the lowest; static.
    [[nodiscard]] const char *message() const noexcept { return hyla_status_message(code_); }
    // "HYLA_ERROR_OVERLAP", "HYLA_NOTICE_EMPTY", "HYLA_OK"; static.
    [[nodiscard]] const char *name() const noexcept { return hyla_status_name(code_); }
    // The argument or the field that an error is about, such as "targets"; may be empty; static.
    [[nodiscard]] const char *subject() const noexcept { return hyla_status_subject(code_); }

    // The notices, each a status of its own: for (hyla::status notice : status.notices()) say(notice.message());
    class each_notice;
    [[nodiscard]] constexpr each_notice notices() const noexcept;

  private:
    hyla_status code_;
};

class status::each_notice {
  public:
    class iterator {
      public:
        constexpr explicit iterator(hyla_status rest) noexcept : rest_(rest) {}
        constexpr hyla::status operator*() const noexcept { return rest_ & -rest_; }
        constexpr iterator &operator++() noexcept {
            rest_ &= rest_ - 1;
            return *this;
        }
        constexpr bool operator!=(const iterator &other) const noexcept { return rest_ != other.rest_; }

      private:
        hyla_status rest_;
    };

    constexpr explicit each_notice(hyla_status code) noexcept : all_(code > 0 ? code : 0) {}
    [[nodiscard]] constexpr iterator begin() const noexcept { return iterator(all_); }
    [[nodiscard]] constexpr iterator end() const noexcept { return iterator(0); }

  private:
    hyla_status all_;
};

constexpr status::each_notice status::notices() const noexcept { return each_notice(code_); }

namespace detail {

// What a value is until a call has written it: all bits 1, so that doubles are NaN and the counts of a report -1; a
// count by itself is 0.
template <class T>
T unknown() noexcept {
    T value{};
    if constexpr (!std::is_integral_v<T>) std::memset(&value, 0xff, sizeof value);
    return value;
}

}  // namespace detail

// A value and how it came about. True unless the call failed; then the value is NaN, and so is all of a report.
template <class T>
struct [[nodiscard]] result {
    T value = detail::unknown<T>();
    hyla::status status;

    explicit operator bool() const noexcept { return !status.failed(); }
};

// Items that a call writes: a pointer and a size. They are only pointed to.
template <class T>
class view {
  public:
    constexpr view() noexcept = default;
    constexpr view(T *items, std::size_t count) noexcept : data_(items), size_(count) {}
    template <class Items,
              class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<Items &>().data()), T *>>>
    constexpr view(Items &&items) noexcept : data_(items.data()), size_(items.size()) {}
    template <std::size_t Count>
    constexpr view(T (&items)[Count]) noexcept : data_(items), size_(Count) {}

    [[nodiscard]] constexpr T *data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

  private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

using floats = view<float>;

// Numbers, truth values or labels side by side, of the pointer's type. Halves, bfloat16, packed pixels and bits have
// names of their own: hyla_f16, hyla_bf16, hyla_mono12p, hyla_mask_bits_lsb, ...
#define HYLA_OVERLOAD(name, struct, type, code)                                                                        \
    [[nodiscard]] constexpr struct name(const type *items) noexcept {                                                  \
        struct made{};                                                                                                 \
        made.data = items;                                                                                             \
        made.dtype = code;                                                                                             \
        return made;                                                                                                   \
    }
HYLA_OVERLOAD(plane, hyla_plane, float, HYLA_F32)
HYLA_OVERLOAD(plane, hyla_plane, double, HYLA_F64)
HYLA_OVERLOAD(plane, hyla_plane, std::uint8_t, HYLA_U8)
HYLA_OVERLOAD(plane, hyla_plane, std::int8_t, HYLA_I8)
HYLA_OVERLOAD(plane, hyla_plane, std::uint16_t, HYLA_U16)
HYLA_OVERLOAD(plane, hyla_plane, std::int16_t, HYLA_I16)
HYLA_OVERLOAD(mask, hyla_mask, std::uint8_t, HYLA_U8)
HYLA_OVERLOAD(mask, hyla_mask, std::uint16_t, HYLA_U16)
HYLA_OVERLOAD(mask, hyla_mask, std::int32_t, HYLA_I32)
HYLA_OVERLOAD(mask, hyla_mask, bool, HYLA_BOOL)
HYLA_OVERLOAD(labels, hyla_plane, std::uint8_t, HYLA_U8)
HYLA_OVERLOAD(labels, hyla_plane, std::uint16_t, HYLA_U16)
HYLA_OVERLOAD(labels, hyla_plane, std::int32_t, HYLA_I32)
#undef HYLA_OVERLOAD

// How many pixels there are: `n` of them, or `{rows, columns}`.
struct shape {
    std::size_t n, rows;

    constexpr shape(std::size_t pixels) noexcept : n(pixels), rows(0) {}
    // Too many to count are too many for every call.
    constexpr shape(std::size_t count, std::size_t columns) noexcept
        : n(columns != 0 && count > SIZE_MAX / columns ? SIZE_MAX : count * columns), rows(count) {}
};

namespace detail {

constexpr std::size_t or_one(std::size_t number) noexcept { return number == 0 ? 1 : number; }
constexpr std::size_t first_bit(const hyla_plane &) noexcept { return 0; }
constexpr std::size_t first_bit(const hyla_mask &mask) noexcept { return mask.first_bit; }

// Bytes of an item; bits and packed pixels lie in bytes, which count as their items.
constexpr std::size_t item_size(std::uint32_t dtype) noexcept {
    const std::size_t bits = dtype >> 8 & 0xff;
    return bits % 8 == 0 ? or_one(bits / 8) : 1;
}

// How many items reach from the first pixel of a row to the end of its last one, and from a row to the next.
template <class Struct>
constexpr std::size_t row_of(const Struct &plane, std::size_t columns) noexcept {
    const std::size_t bits = plane.dtype >> 8 & 0xff;
    if (bits % 8 != 0) return columns / 8 * bits + (first_bit(plane) + columns % 8 * bits + 7) / 8;
    return columns == 0 ? 0 : (columns - 1) * or_one(plane.stride) + 1;
}
template <class Struct>
constexpr std::size_t row_stride(const Struct &plane, std::size_t columns) noexcept {
    if (plane.row_pitch != 0) return plane.row_pitch / item_size(plane.dtype);
    return (plane.dtype >> 8 & 7) != 0 ? row_of(plane, columns) : columns * or_one(plane.stride);
}
// How many items reach from the first value to the end of the last. What overflows is for the C function to refuse.
template <class Struct>
constexpr std::size_t reach(const Struct &plane, const shape &of, std::size_t channels = 1,
                            std::size_t channel_stride = 0) noexcept {
    if (of.n == 0 || channels == 0) return 0;
    const std::size_t rows = or_one(of.rows), columns = of.n / rows;
    return (rows - 1) * row_stride(plane, columns) + row_of(plane, columns) + (channels - 1) * channel_stride;
}

// How many items somebody gave, if it is known, and whether there may be more of them than pixels.
struct length {
    std::size_t count = SIZE_MAX;
    bool has_gaps = true;

    constexpr bool is(std::size_t items) const noexcept { return has_gaps ? count >= items : count == items; }
};

struct of_numbers {};
struct of_truths {};
struct of_labels {};
template <class T>
constexpr auto place(const T *items, of_numbers) noexcept -> decltype(hyla::plane(items)) {
    return hyla::plane(items);
}
template <class T>
constexpr auto place(const T *items, of_truths) noexcept -> decltype(hyla::mask(items)) {
    return hyla::mask(items);
}
template <class T>
constexpr auto place(const T *items, of_labels) noexcept -> decltype(hyla::labels(items)) {
    return hyla::labels(items);
}
// Items of one type that are no plane.
template <class T>
struct of {};
template <class T>
struct plain {
    const T *data;
};
template <class T>
constexpr plain<T> place(const T *items, of<T>) noexcept {
    return {items};
}

template <class T>
constexpr const T *start(const T *items) noexcept {
    return items;
}
template <class Items>
constexpr auto start(const Items &items) noexcept -> decltype(items.data()) {
    return items.data();
}

// What a setter takes: a plane or a mask, a pointer, nullptr (not given), or items whose number is known: an array, or
// anything with data() and size().
template <class Struct, class Kind>
class input {
  public:
    constexpr input(const Struct &items) noexcept : items_(items) {}
    constexpr input(std::nullptr_t) noexcept : items_{} {}
    template <class Items, class = decltype(place(start(std::declval<const Items &>()), Kind{}))>
    constexpr input(const Items &items) noexcept : items_(place(start(items), Kind{})) {
        measure(items);
    }
    // Of a type that a pointer does not tell: hyla::numbers(halves, HYLA_F16), hyla::truths(bytes, HYLA_BITS_LSB).
    template <class Items, class = decltype(*start(std::declval<const Items &>()))>
    constexpr explicit input(const Items &items, std::uint32_t dtype) noexcept : items_{} {
        items_.data = start(items);
        // Other items than those of the type are of no type, which every call refuses.
        items_.dtype = sizeof *start(items) == item_size(dtype) ? dtype : 0;
        measure(items);
    }

    // So many bytes from a row to the next: a region of a wider frame.
    [[nodiscard]] constexpr input with_row_pitch(std::size_t bytes) const noexcept {
        return with_gaps(&Struct::row_pitch, bytes);
    }
    // So many items from a pixel to the next: one channel of interleaved ones.
    [[nodiscard]] constexpr input with_stride(std::size_t items) const noexcept {
        return with_gaps(&Struct::stride, items);
    }
    // Of integers: (item - zero_point) * scale is meant.
    [[nodiscard]] constexpr input with_scale(float scale, std::int32_t zero_point = 0) const noexcept {
        input changed = *this;
        changed.items_.scale = scale;
        changed.items_.zero_point = zero_point;
        return changed;
    }
    // Of truth values: a pixel with this label is as if it were not there.
    [[nodiscard]] constexpr input with_ignored(std::int32_t label) const noexcept {
        input changed = *this;
        changed.items_.has_ignore = 1;
        changed.items_.ignore = label;
        return changed;
    }
    // Of bits: each row begins with this one of its first byte, 0 to 7.
    [[nodiscard]] constexpr input with_first_bit(std::uint32_t bit) const noexcept {
        input changed = *this;
        changed.items_.first_bit = bit;
        return changed;
    }

    [[nodiscard]] constexpr const Struct &items() const noexcept { return items_; }
    [[nodiscard]] constexpr const detail::length &length() const noexcept { return length_; }
    [[nodiscard]] constexpr bool fits(const shape &pixels) const noexcept { return length_.is(reach(items_, pixels)); }

  private:
    template <class Items>
    constexpr void measure(const Items &items) noexcept {
        if constexpr (std::is_array_v<Items>) {
            length_ = {std::extent_v<Items>, false};
        } else if constexpr (!std::is_pointer_v<Items>) {
            length_ = {items.size(), false};
        }
    }
    constexpr input with_gaps(std::size_t Struct::*field, std::size_t size) const noexcept {
        input changed = *this;
        changed.items_.*field = size;
        changed.length_.has_gaps = true;
        return changed;
    }

    Struct items_;
    detail::length length_;
};

}  // namespace detail

// What the setters take: a typed pointer, an array or a container, or one of these with more that is to be said, as in
// `hyla::numbers(frame).with_row_pitch(bytes).with_scale(1 / 4095.0f)` or `hyla::truths(labels).with_ignored(255)`.
using numbers = detail::input<hyla_plane, detail::of_numbers>;
using truths = detail::input<hyla_mask, detail::of_truths>;
using classes = detail::input<hyla_plane, detail::of_labels>;
// Floats side by side, as of a center, class weights or a matrix, and bytes; nullptr is none.
using float_items = detail::input<detail::plain<float>, detail::of<float>>;
using byte_items = detail::input<detail::plain<std::uint8_t>, detail::of<std::uint8_t>>;

namespace detail {

// The setters that pixels and cubes share.
template <class Class, class Struct>
class pixel_inputs : public Struct {
  public:
    [[nodiscard]] constexpr Class with_targets(const truths &in) const noexcept { return with(&Struct::targets, in); }
    [[nodiscard]] constexpr Class with_valid(const truths &in) const noexcept { return with(&Struct::valid, in); }
    [[nodiscard]] constexpr Class with_weights(const numbers &in) const noexcept { return with(&Struct::weights, in); }
    // So many bytes from a row of an output to the next.
    [[nodiscard]] constexpr Class with_output_pitch(std::size_t bytes) const noexcept {
        Class changed = static_cast<const Class &>(*this);
        changed.output_pitch = bytes;
        return changed;
    }

  protected:
    constexpr pixel_inputs(const shape &pixels) noexcept : Struct{} {
        this->n = pixels.n;
        this->rows = pixels.rows;
    }
    template <class Field, class Kind>
    constexpr Class with(Field Struct::*field, const input<Field, Kind> &in) const noexcept {
        Class changed = static_cast<const Class &>(*this);
        changed.*field = in.items();
        if (!in.fits(this->rows == 0 ? shape(this->n) : shape(this->rows, this->n / this->rows))) changed.refuse();
        return changed;
    }
    // Two rows never have an odd number of pixels: the C functions refuse them, whatever they read.
    constexpr void refuse() noexcept {
        this->n = SIZE_MAX;
        this->rows = 2;
    }
};

}  // namespace detail

// The inputs of a call: n pixels, or rows of them, and what is known of them, by field or by name as in
// `pixels(n).with_scores(logits).with_targets(labels)`. Every `with_` returns a changed copy. The items are only
// pointed to.
//
// Items whose number is known must be n, and those with a pitch or a stride as many as the pixels reach over or more:
// otherwise every call with these pixels is an error (HYLA_ERROR_FRAME_SHAPE or HYLA_ERROR_CAPACITY). Nothing is read
// beyond their end, and nothing is cut off silently. How far a pointer, a plane or a mask reaches is the caller's word.
class pixels : public detail::pixel_inputs<pixels, hyla_pixels> {
  public:
    constexpr explicit pixels(std::size_t count = 0) noexcept : pixel_inputs(shape(count)) {}
    constexpr pixels(std::size_t row_count, std::size_t columns) noexcept : pixel_inputs(shape(row_count, columns)) {}

    [[nodiscard]] constexpr pixels with_scores(const numbers &in) const noexcept {
        return with(&hyla_pixels::scores, in);
    }
    [[nodiscard]] constexpr pixels with_decisions(const truths &in) const noexcept {
        return with(&hyla_pixels::decisions, in);
    }
    [[nodiscard]] constexpr pixels with_soft_targets(const numbers &in) const noexcept {
        return with(&hyla_pixels::soft_targets, in);
    }
};

// Values of several channels: interleaved by pixel (BIP), in planes of so many items (BSQ), or interleaved by line
// (BIL). Any other layout is the numbers of the first channel and how many items (of packed pixels bytes) lie from a
// channel of a pixel to the next. They are only pointed to.
class values : public hyla_values {
  public:
    constexpr values() noexcept : hyla_values{} {}
    constexpr values(const hyla_values &other) noexcept : hyla_values(other) {}
    constexpr values(const numbers &first_channel, std::size_t stride) noexcept : hyla_values{} {
        plane = first_channel.items();
        channel_stride = stride;
        length_ = first_channel.length();
    }
    static constexpr values interleaved(const numbers &in, std::size_t channels) noexcept {
        values made(in, 1);
        if (made.plane.stride == 0) made.plane.stride = channels;
        return made;
    }
    static constexpr values planar(const numbers &in, std::size_t items) noexcept { return {in, items}; }
    static constexpr values by_line(const numbers &in, std::size_t columns, std::size_t channels) noexcept {
        values made(in, detail::row_stride(in.with_row_pitch(0).items(), columns));
        hyla_plane &lines = made.plane;
        if (lines.row_pitch == 0) lines.row_pitch = made.channel_stride * channels * detail::item_size(lines.dtype);
        return made;
    }

    // Whether they are those of so many pixels, if it is known how many there are.
    [[nodiscard]] constexpr bool fits(const shape &pixels, std::size_t channels) const noexcept {
        const std::size_t items = detail::reach(plane, pixels, channels, channel_stride);
        return detail::length{length_.count, length_.has_gaps || channel_stride > pixels.n}.is(items);
    }

  private:
    detail::length length_;
};

// Pixels of several values each: `cube::interleaved(values, n, channels)` (BIP), `cube::planar(values, n, channels)`
// (BSQ) or `cube::by_line(values, {rows, columns}, channels)` (BIL); any other layout by `cube(values, n, channels)`.
// In place of n there may be {rows, columns} everywhere. Every `with_` returns a changed copy. As of `pixels`, items
// whose number is known must be as many.
class cube : public detail::pixel_inputs<cube, hyla_cube> {
  public:
    constexpr cube() noexcept : pixel_inputs(shape(0)) {}
    constexpr cube(const hyla::values &in, const shape &pixels, std::size_t count) noexcept : pixel_inputs(pixels) {
        values = in;
        channels = count;
        if (!in.fits(pixels, count)) refuse();
    }
    static constexpr cube interleaved(const numbers &in, const shape &pixels, std::size_t count) noexcept {
        return cube(hyla::values::interleaved(in, count), pixels, count);
    }
    static constexpr cube planar(const numbers &in, const shape &pixels, std::size_t count) noexcept {
        const std::size_t rows = detail::or_one(pixels.rows);
        const std::size_t items = rows * detail::row_stride(in.items(), pixels.n / rows);
        return cube(hyla::values::planar(in, items), pixels, count);
    }
    static constexpr cube by_line(const numbers &in, const shape &pixels, std::size_t count) noexcept {
        return cube(hyla::values::by_line(in, pixels.n / detail::or_one(pixels.rows), count), pixels, count);
    }

    [[nodiscard]] constexpr cube with_labels(const classes &in) const noexcept { return with(&hyla_cube::labels, in); }
};

// Rows of floats, so many from a row to the next, or without gaps. If it is known how many they are and they do not
// fit, the matrix has no values, which is an error of every call (HYLA_ERROR_NULL_POINTER).
class matrix : public hyla_matrix {
  public:
    constexpr matrix(const float_items &in, std::size_t row_count, std::size_t column_count,
                     std::size_t stride = 0) noexcept
        : hyla_matrix{} {
        rows = row_count;
        columns = column_count;
        row_stride = stride == 0 ? column_count : stride;
        const detail::length length{in.length().count, in.length().has_gaps || row_stride != columns};
        const std::size_t reach = rows == 0 || columns == 0 ? 0 : (rows - 1) * row_stride + columns;
        if (length.is(reach)) values = in.items().data;
    }
};

enum class stage : std::uint32_t {
    train = HYLA_STAGE_TRAIN,
    val = HYLA_STAGE_VAL,
    test = HYLA_STAGE_TEST,
    inference = HYLA_STAGE_INFERENCE,
};

// Where in a run values were made: hyla::context(hyla::stage::val, epoch, batch).
struct context : hyla_context {
    constexpr context(hyla::stage of, std::uint32_t in_epoch = 0, std::uint32_t in_batch = 0) noexcept
        : hyla_context{static_cast<std::uint32_t>(of), in_epoch, in_batch, 0} {}
};

using metric = hyla_metric;

namespace detail {

// How the C functions take an input.
inline const hyla_pixels *pass(const hyla_pixels &in) noexcept { return &in; }
inline const hyla_cube *pass(const hyla_cube &in) noexcept { return &in; }
inline const hyla_values *pass(const hyla_values &in) noexcept { return &in; }
inline const float *pass(const float_items &in) noexcept { return in.items().data; }

inline shape shape_of(const hyla_cube &in) noexcept {
    return in.rows == 0 ? shape(in.n) : shape(in.rows, in.n / in.rows);
}
// The error of a second input that is known to have other items than the cube.
inline hyla_status misfit(const hyla_pixels &) noexcept { return HYLA_OK; }
inline hyla_status misfit(const hyla_cube &in, const values &other) noexcept {
    return other.fits(shape_of(in), in.channels) ? HYLA_OK : HYLA_ERROR_FRAME_SHAPE;
}
inline hyla_status misfit(const hyla_cube &in, const float_items &other) noexcept {
    return other.length().is(in.channels) ? HYLA_OK : HYLA_ERROR_CHANNELS;
}

// How many floats reach from the first value of an output to the end of the last.
template <class Struct>
std::size_t extent_of_map(const Struct &in) noexcept {
    hyla_plane plane{};
    plane.dtype = HYLA_F32;
    plane.row_pitch = in.output_pitch;
    return in.rows <= 1 ? in.n : reach(plane, shape(in.rows, in.n / in.rows));
}
inline std::size_t extent(const hyla_pixels &in) noexcept { return extent_of_map(in); }
// Of a gradient, which has the strides of the values.
inline std::size_t extent(const hyla_cube &in) noexcept {
    hyla_plane plane = in.values.plane;
    plane.row_pitch = in.output_pitch != 0 ? in.output_pitch : plane.row_pitch / item_size(plane.dtype) * sizeof(float);
    plane.dtype = HYLA_F32;
    return reach(plane, shape_of(in), in.channels, or_one(in.values.channel_stride));
}
inline std::size_t extent(const hyla_matrix &in) noexcept {
    return in.rows == 0 || in.columns == 0 ? 0 : (in.rows - 1) * in.row_stride + in.columns;
}

// The value of a C function whose last argument it is.
template <class T, class Function, class... Arguments>
result<T> value_of(Function function, Arguments... arguments) noexcept {
    result<T> answer;
    answer.status = function(arguments..., &answer.value);
    return answer;
}

// A loss of pixels: the C functions of its node, and what these take as inputs.
template <class Params, class Totals, auto Update, auto Merge, auto Normalize, auto Loss, auto Gradient,
          auto LossAndGradient, class First, class... More>
class pixel_loss {
  public:
    Totals totals{};

    hyla::status update(const Params &how, const First &in, const More &...more) noexcept {
        if (const hyla_status wrong = misfit(in, more...)) return wrong;
        return Update(&how, pass(in), pass(more)..., &totals);
    }
    hyla::status merge(const pixel_loss &other) noexcept { return Merge(&other.totals, &totals); }
    hyla::status normalize() noexcept { return Normalize(&totals); }
    result<double> loss(const Params &how) const noexcept { return value_of<double>(Loss, &how, &totals); }
    hyla::status gradient(const Params &how, const First &in, const More &...more, double upstream, std::uint32_t write,
                          floats grad) const noexcept {
        if (const hyla_status wrong = misfit(in, more...)) return wrong;
        if (grad.size() < extent(in)) return HYLA_ERROR_CAPACITY;
        return Gradient(&how, &totals, pass(in), pass(more)..., upstream, write, grad.data());
    }
    // Adds these pixels to the totals; the loss and its gradient are those of these pixels alone.
    result<double> loss_and_gradient(const Params &how, const First &in, const More &...more, double upstream,
                                     std::uint32_t write, floats grad) noexcept {
        if (const hyla_status wrong = misfit(in, more...)) return {unknown<double>(), wrong};
        if (grad.size() < extent(in)) return {unknown<double>(), HYLA_ERROR_CAPACITY};
        result<double> answer;
        answer.status =
            LossAndGradient(&how, pass(in), pass(more)..., upstream, write, &totals, &answer.value, grad.data());
        return answer;
    }
};

// A loss of pixels that depends on sums alone, and with minmax on the range of the scores, too.
template <class Params, class Totals, auto Update, auto Merge, auto Normalize, auto Loss, auto Gradient,
          auto LossAndGradient>
class overlap_loss {
  public:
    Totals totals{};
    hyla_range range{};

    hyla::status update(const Params &how, const hyla_pixels &in) noexcept {
        return Update(&how, &in, &totals, &range);
    }
    hyla::status merge(const overlap_loss &other) noexcept {
        const hyla::status status = Merge(&other.totals, &totals);
        return status.failed() ? status : hyla::status(hyla_range_merge(&other.range, &range));
    }
    hyla::status normalize() noexcept { return Normalize(&totals); }
    result<double> loss(const Params &how) const noexcept { return value_of<double>(Loss, &how, &totals, &range); }
    hyla::status gradient(const Params &how, const hyla_pixels &in, double upstream, std::uint32_t write,
                          floats grad) const noexcept {
        if (grad.size() < extent(in)) return HYLA_ERROR_CAPACITY;
        return Gradient(&how, &totals, &range, &in, upstream, write, grad.data());
    }
    // Adds these pixels to the totals; the loss and its gradient are those of these pixels alone.
    result<double> loss_and_gradient(const Params &how, const hyla_pixels &in, double upstream, std::uint32_t write,
                                     floats grad) noexcept {
        if (grad.size() < extent(in)) return {unknown<double>(), HYLA_ERROR_CAPACITY};
        result<double> answer;
        answer.status = LossAndGradient(&how, &in, upstream, write, &totals, &range, &answer.value, grad.data());
        return answer;
    }
};

// A loss of a small matrix. `workspace` has workspace_size(rows, columns) doubles.
template <class Params, auto Workspace, auto Loss, auto Gradient, auto LossAndGradient>
struct matrix_loss {
    static std::size_t workspace_size(const hyla_matrix &in) noexcept { return Workspace(in.rows, in.columns); }
    static result<double> loss(const Params &how, const hyla_matrix &in, view<double> workspace) noexcept {
        return value_of<double>(Loss, &how, &in, workspace.data(), workspace.size());
    }
    static hyla::status gradient(const Params &how, const hyla_matrix &in, double upstream, std::uint32_t write,
                                 view<double> workspace, floats grad) noexcept {
        if (grad.size() < extent(in)) return HYLA_ERROR_CAPACITY;
        return Gradient(&how, &in, upstream, write, workspace.data(), workspace.size(), grad.data());
    }
    static result<double> loss_and_gradient(const Params &how, const hyla_matrix &in, double upstream,
                                            std::uint32_t write, view<double> workspace, floats grad) noexcept {
        if (grad.size() < extent(in)) return {unknown<double>(), HYLA_ERROR_CAPACITY};
        result<double> answer;
        answer.status =
            LossAndGradient(&how, &in, upstream, write, workspace.data(), workspace.size(), &answer.value, grad.data());
        return answer;
    }
};

// A loss of the weights of a band selector.
template <class Params, auto Loss, auto Gradient, auto LossAndGradient>
struct selector_loss {
    static result<double> loss(const Params &how, view<const float> weights) noexcept {
        return value_of<double>(Loss, &how, weights.data(), weights.size());
    }
    static hyla::status gradient(const Params &how, view<const float> weights, double upstream, std::uint32_t write,
                                 floats grad) noexcept {
        if (grad.size() < weights.size()) return HYLA_ERROR_CAPACITY;
        return Gradient(&how, weights.data(), weights.size(), upstream, write, grad.data());
    }
    static result<double> loss_and_gradient(const Params &how, view<const float> weights, double upstream,
                                            std::uint32_t write, floats grad) noexcept {
        if (grad.size() < weights.size()) return {unknown<double>(), HYLA_ERROR_CAPACITY};
        result<double> answer;
        answer.status =
            LossAndGradient(&how, weights.data(), weights.size(), upstream, write, &answer.value, grad.data());
        return answer;
    }
};

}  // namespace detail

// Binary cross-entropy of logits: hyla_bce_...
class bce
    : public detail::pixel_loss<hyla_bce_params, hyla_bce_totals, hyla_bce_update, hyla_bce_merge, hyla_bce_normalize,
                                hyla_bce_loss, hyla_bce_gradient, hyla_bce_loss_and_gradient, hyla_pixels> {
  public:
    using params = hyla_bce_params;

    static hyla::status map(const hyla_bce_params &how, const hyla_pixels &in, floats loss_map) noexcept {
        if (loss_map.size() < detail::extent(in)) return HYLA_ERROR_CAPACITY;
        return hyla_bce_map(&how, &in, loss_map.data());
    }
};

// Focal loss of logits: hyla_focal_...
class focal : public detail::pixel_loss<hyla_focal_params, hyla_focal_totals, hyla_focal_update, hyla_focal_merge,
                                        hyla_focal_normalize, hyla_focal_loss, hyla_focal_gradient,
                                        hyla_focal_loss_and_gradient, hyla_pixels> {
  public:
    using params = hyla_focal_params;

    static hyla::status map(const hyla_focal_params &how, const hyla_pixels &in, floats loss_map) noexcept {
        if (loss_map.size() < detail::extent(in)) return HYLA_ERROR_CAPACITY;
        return hyla_focal_map(&how, &in, loss_map.data());
    }
};

// Intersection over union of scores: hyla_iou_...
class iou
    : public detail::overlap_loss<hyla_iou_params, hyla_iou_totals, hyla_iou_update, hyla_iou_merge, hyla_iou_normalize,
                                  hyla_iou_loss, hyla_iou_gradient, hyla_iou_loss_and_gradient> {
  public:
    using params = hyla_iou_params;
};

// Tversky index of scores: hyla_tversky_...
class tversky : public detail::overlap_loss<hyla_tversky_params, hyla_tversky_totals, hyla_tversky_update,
                                            hyla_tversky_merge, hyla_tversky_normalize, hyla_tversky_loss,
                                            hyla_tversky_gradient, hyla_tversky_loss_and_gradient> {
  public:
    using params = hyla_tversky_params;
};

// Soft-boundary Deep SVDD of embeddings; the inputs are a cube and its center: hyla_svdd_...
class svdd : public detail::pixel_loss<hyla_svdd_params, hyla_svdd_totals, hyla_svdd_update, hyla_svdd_merge,
                                       hyla_svdd_normalize, hyla_svdd_loss, hyla_svdd_gradient,
                                       hyla_svdd_loss_and_gradient, hyla_cube, float_items> {
  public:
    using params = hyla_svdd_params;

    static result<double> radius(const hyla_svdd_params &how) noexcept {
        return detail::value_of<double>(hyla_svdd_radius, &how);
    }
    // The squared distance less the squared radius: the score of inference.
    static hyla::status map(const hyla_svdd_params &how, const hyla_cube &in, const float_items &center,
                            floats scores) noexcept {
        if (const hyla_status wrong = detail::misfit(in, center)) return wrong;
        if (scores.size() < detail::extent_of_map(in)) return HYLA_ERROR_CAPACITY;
        return hyla_svdd_map(&how, &in, detail::pass(center), scores.data());
    }
    result<double> gradient_radius(const hyla_svdd_params &how, double upstream) const noexcept {
        return detail::value_of<double>(hyla_svdd_gradient_radius, &how, &totals, upstream);
    }
    // Adds to the sums, one a channel, of which gradient_center makes the gradient.
    static hyla::status center_update(const hyla_svdd_params &how, const hyla_cube &in, const float_items &center,
                                      view<hyla_exact_sum> sums) noexcept {
        if (const hyla_status wrong = detail::misfit(in, center)) return wrong;
        if (sums.size() < in.channels) return HYLA_ERROR_CAPACITY;
        return hyla_svdd_center_update(&how, &in, detail::pass(center), sums.data());
    }
    hyla::status gradient_center(const hyla_svdd_params &how, view<const hyla_exact_sum> sums, double upstream,
                                 std::uint32_t write, floats grad) const noexcept {
        if (grad.size() < sums.size()) return HYLA_ERROR_CAPACITY;
        return hyla_svdd_gradient_center(&how, &totals, sums.data(), sums.size(), upstream, write, grad.data());
    }
};

// Mean squared error; the inputs are a reconstruction and as many values of a target: hyla_mse_...
class mse : public detail::pixel_loss<hyla_mse_params, hyla_mse_totals, hyla_mse_update, hyla_mse_merge,
                                      hyla_mse_normalize, hyla_mse_loss, hyla_mse_gradient, hyla_mse_loss_and_gradient,
                                      hyla_cube, values> {
  public:
    using params = hyla_mse_params;

    static hyla::status map(const hyla_mse_params &how, const hyla_cube &in, const values &target,
                            floats loss_map) noexcept {
        if (const hyla_status wrong = detail::misfit(in, target)) return wrong;
        if (loss_map.size() < detail::extent(in)) return HYLA_ERROR_CAPACITY;
        return hyla_mse_map(&how, &in, &target, loss_map.data());
    }
};

// The angle between spectra; the inputs are reconstructed spectra and as many original ones: hyla_spectral_angle_...
class spectral_angle
    : public detail::pixel_loss<hyla_spectral_angle_params, hyla_spectral_angle_totals, hyla_spectral_angle_update,
                                hyla_spectral_angle_merge, hyla_spectral_angle_normalize, hyla_spectral_angle_loss,
                                hyla_spectral_angle_gradient, hyla_spectral_angle_loss_and_gradient, hyla_cube,
                                values> {
  public:
    using params = hyla_spectral_angle_params;

    static hyla::status map(const hyla_spectral_angle_params &how, const hyla_cube &in, const values &original,
                            floats loss_map) noexcept {
        if (const hyla_status wrong = detail::misfit(in, original)) return wrong;
        if (loss_map.size() < detail::extent_of_map(in)) return HYLA_ERROR_CAPACITY;
        return hyla_spectral_angle_map(&how, &in, &original, loss_map.data());
    }
};

// Cross-entropy of class logits; the inputs are a labelled cube and class weights or nullptr: hyla_cross_entropy_...
class cross_entropy
    : public detail::pixel_loss<hyla_cross_entropy_params, hyla_cross_entropy_totals, hyla_cross_entropy_update,
                                hyla_cross_entropy_merge, hyla_cross_entropy_normalize, hyla_cross_entropy_loss,
                                hyla_cross_entropy_gradient, hyla_cross_entropy_loss_and_gradient, hyla_cube,
                                float_items> {
  public:
    using params = hyla_cross_entropy_params;

    static hyla::status map(const hyla_cross_entropy_params &how, const hyla_cube &in,
                            const float_items &class_weights, floats loss_map) noexcept {
        if (const hyla_status wrong = detail::misfit(in, class_weights)) return wrong;
        if (loss_map.size() < detail::extent_of_map(in)) return HYLA_ERROR_CAPACITY;
        return hyla_cross_entropy_map(&how, &in, detail::pass(class_weights), loss_map.data());
    }
};

// Dice of class logits: hyla_dice_... The totals are the caller's, one for each class.
struct dice {
    using params = hyla_dice_params;

    using totals = view<hyla_dice_totals>;

    static hyla::status update(const hyla_dice_params &how, const hyla_cube &logits, totals to) noexcept {
        return to.size() < logits.channels ? HYLA_ERROR_CAPACITY : hyla_dice_update(&how, &logits, to.data());
    }
    static hyla::status merge(view<const hyla_dice_totals> other, totals to) noexcept {
        return to.size() != other.size() ? HYLA_ERROR_CAPACITY : hyla_dice_merge(other.data(), to.data(), to.size());
    }
    static hyla::status normalize(totals of) noexcept { return hyla_dice_normalize(of.data(), of.size()); }
    static result<double> loss(const hyla_dice_params &how, view<const hyla_dice_totals> of) noexcept {
        return detail::value_of<double>(hyla_dice_loss, &how, of.data(), of.size());
    }
    static hyla::status gradient(const hyla_dice_params &how, view<const hyla_dice_totals> of, const hyla_cube &logits,
                                 double upstream, std::uint32_t write, floats grad) noexcept {
        if (of.size() < logits.channels || grad.size() < detail::extent(logits)) return HYLA_ERROR_CAPACITY;
        return hyla_dice_gradient(&how, of.data(), &logits, upstream, write, grad.data());
    }
    // Adds these pixels to the totals, which may be empty, and stores their own in `batch`.
    static result<double> loss_and_gradient(const hyla_dice_params &how, const hyla_cube &logits, double upstream,
                                            std::uint32_t write, totals to, totals batch, floats grad) noexcept {
        const bool is_short = to.size() != 0 && to.size() < logits.channels;
        if (is_short || batch.size() < logits.channels || grad.size() < detail::extent(logits))
            return {detail::unknown<double>(), HYLA_ERROR_CAPACITY};
        result<double> answer;
        hyla_dice_totals *const all = to.size() == 0 ? nullptr : to.data();
        answer.status = hyla_dice_loss_and_gradient(&how, &logits, upstream, write, all, batch.data(), &answer.value,
                                                    grad.data());
        return answer;
    }
};

// Contrast of the mean colours of foreground and background, frame by frame: hyla_foreground_contrast_...
class foreground_contrast {
  public:
    using params = hyla_foreground_contrast_params;

    // The sums of one frame, from as many calls as it comes in.
    class frame {
      public:
        hyla_foreground_contrast_frame sums{};

        hyla::status update(const hyla_foreground_contrast_params &how, const hyla_cube &rgb) noexcept {
            return hyla_foreground_contrast_frame_update(&how, &rgb, &sums);
        }
        hyla::status merge(const frame &other) noexcept {
            return hyla_foreground_contrast_frame_merge(&other.sums, &sums);
        }
        hyla::status normalize() noexcept { return hyla_foreground_contrast_frame_normalize(&sums); }
    };

    hyla_foreground_contrast_totals totals{};

    hyla::status update(const hyla_foreground_contrast_params &how, const frame &finished) noexcept {
        return hyla_foreground_contrast_update(&how, &finished.sums, &totals);
    }
    hyla::status merge(const foreground_contrast &other) noexcept {
        return hyla_foreground_contrast_merge(&other.totals, &totals);
    }
    hyla::status normalize() noexcept { return hyla_foreground_contrast_normalize(&totals); }
    result<double> loss(const hyla_foreground_contrast_params &how) const noexcept {
        return detail::value_of<double>(hyla_foreground_contrast_loss, &how, &totals);
    }
    hyla::status gradient(const hyla_foreground_contrast_params &how, const frame &finished, const hyla_cube &rgb,
                          double upstream, std::uint32_t write, floats grad) const noexcept {
        if (grad.size() < detail::extent(rgb)) return HYLA_ERROR_CAPACITY;
        return hyla_foreground_contrast_gradient(&how, &totals, &finished.sums, &rgb, upstream, write, grad.data());
    }
    // Adds this whole frame to the totals; the loss and its gradient are those of this frame alone.
    result<double> loss_and_gradient(const hyla_foreground_contrast_params &how, const hyla_cube &rgb, double upstream,
                                     std::uint32_t write, floats grad) noexcept {
        if (grad.size() < detail::extent(rgb)) return {detail::unknown<double>(), HYLA_ERROR_CAPACITY};
        result<double> answer;
        answer.status = hyla_foreground_contrast_loss_and_gradient(&how, &rgb, upstream, write, &totals, &answer.value,
                                                                   grad.data());
        return answer;
    }
};

// How far rows are from orthonormal: hyla_orthogonality_...
struct orthogonality
    : detail::matrix_loss<hyla_orthogonality_params, hyla_orthogonality_workspace, hyla_orthogonality_loss,
                          hyla_orthogonality_gradient, hyla_orthogonality_loss_and_gradient> {
    using params = hyla_orthogonality_params;
};

// Mean cosine of pairs of rows: hyla_distinctness_...
struct distinctness : detail::matrix_loss<hyla_distinctness_params, hyla_distinctness_workspace, hyla_distinctness_loss,
                                          hyla_distinctness_gradient, hyla_distinctness_loss_and_gradient> {
    using params = hyla_distinctness_params;
};

// Entropy of selection weights: hyla_selector_entropy_...
struct selector_entropy
    : detail::selector_loss<hyla_selector_entropy_params, hyla_selector_entropy_loss, hyla_selector_entropy_gradient,
                            hyla_selector_entropy_loss_and_gradient> {
    using params = hyla_selector_entropy_params;
};

// Variance of selection weights: hyla_selector_diversity_...
struct selector_diversity
    : detail::selector_loss<hyla_selector_diversity_params, hyla_selector_diversity_loss,
                            hyla_selector_diversity_gradient, hyla_selector_diversity_loss_and_gradient> {
    using params = hyla_selector_diversity_params;
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
    hyla::status merge(const pixel_statistics &other) noexcept {
        return hyla_pixel_statistics_merge(&other.totals, &totals);
    }
    result<report> values() const noexcept {
        result<report> answer;
        answer.status = hyla_pixel_statistics_values(&totals, &answer.value);
        return answer;
    }
    // The result is how many were written.
    result<std::size_t> metrics(const context &where, view<metric> out) const noexcept {
        result<std::size_t> answer;
        answer.status = hyla_pixel_statistics_metrics(&totals, &where, out.data(), out.size(), &answer.value);
        return answer;
    }

};

// The quality of decisions and scores over frames: hyla_detection_... Average precision needs a binning of
// HYLA_BINNING_THRESHOLDS with params.ap_thresholds bins, and words (hyla_ranking_words); all else does without.
class detection {
  public:
    using params = hyla_detection_params;

    hyla_detection_totals totals{};

    hyla::status update(const hyla_detection_params &how, const hyla_pixels &in, const hyla_binning *binning = nullptr,
                        view<std::int64_t> words = {}) noexcept {
        return hyla_detection_update(&how, &in, &totals, binning, words.data(), words.size());
    }
    hyla::status end_frame() noexcept { return hyla_detection_end_frame(&totals); }
    hyla::status update_frame(const hyla_detection_params &how, const hyla_pixels &in,
                              const hyla_binning *binning = nullptr, view<std::int64_t> words = {}) noexcept {
        return hyla_detection_update_frame(&how, &in, &totals, binning, words.data(), words.size());
    }
    hyla::status merge(const detection &other) noexcept { return hyla_detection_merge(&other.totals, &totals); }
    // The result is how many were written.
    result<std::size_t> metrics(const hyla_detection_params &how, const context &where, view<metric> out,
                                const hyla_binning *binning = nullptr,
                                view<const std::int64_t> words = {}) const noexcept {
        return detail::value_of<std::size_t>(hyla_detection_metrics, &how, &totals, binning, words.data(), words.size(),
                                             &where, out.data(), out.size());
    }
};

// How scores become bins of a ranking: hyla_binning_... `build` writes the table (words(how) words, which must outlive
// the binning and its copies) and the binning.
class binning : public hyla_binning {
  public:
    using params = hyla_binning_params;

    constexpr binning() noexcept : hyla_binning{} {}

    static result<std::size_t> words(const hyla_binning_params &how) noexcept {
        return detail::value_of<std::size_t>(hyla_binning_words, &how);
    }
    hyla::status build(const hyla_binning_params &how, view<std::uint32_t> space) noexcept {
        return hyla_binning_build(&how, space.data(), space.size(), this);
    }
};

// Histograms that rank, with certified bounds: hyla_ranking_... The words are the caller's, `words(of)` of them, all
// zero where nothing was added.
struct ranking {
    using report = hyla_ranking_report;
    using point = hyla_ranking_point;
    using counts = view<const std::int64_t>;
    struct bracket {
        double low, high;
    };

    // Of so many bins, for arrays: std::array<std::int64_t, hyla::ranking::words_of(4096)>.
    static constexpr std::size_t words_of(std::size_t bins) noexcept { return HYLA_RANKING_WORDS(bins); }
    static result<std::size_t> words(const hyla_binning &of) noexcept {
        return detail::value_of<std::size_t>(hyla_ranking_words, &of);
    }
    static hyla::status update(const hyla_binning &of, const hyla_pixels &in, view<std::int64_t> to) noexcept {
        return hyla_ranking_update(&of, &in, to.data(), to.size());
    }
    static hyla::status merge(const hyla_binning &of, counts other, view<std::int64_t> to) noexcept {
        if (other.size() != to.size()) return HYLA_ERROR_CAPACITY;
        return hyla_ranking_merge(&of, other.data(), to.data(), to.size());
    }
    static result<report> values(const hyla_binning &of, counts words) noexcept {
        return detail::value_of<report>(hyla_ranking_values, &of, words.data(), words.size());
    }
    // The result is how many were written.
    static result<std::size_t> curve(const hyla_binning &of, counts words, view<point> points) noexcept {
        return detail::value_of<std::size_t>(hyla_ranking_curve, &of, words.data(), words.size(), points.data(),
                                             points.size());
    }
    static result<point> at(const hyla_binning &of, counts words, float threshold) noexcept {
        return detail::value_of<point>(hyla_ranking_at, &of, words.data(), words.size(), threshold);
    }
    static result<double> threshold(const hyla_binning &of, counts words, double false_positive_rate) noexcept {
        return detail::value_of<double>(hyla_ranking_threshold, &of, words.data(), words.size(), false_positive_rate);
    }
    static result<bracket> quantile(const hyla_binning &of, counts words, double q) noexcept {
        double bounds[2] = {detail::unknown<double>(), detail::unknown<double>()};
        const hyla::status status = hyla_ranking_quantile(&of, words.data(), words.size(), q, bounds);
        return {{bounds[0], bounds[1]}, status};
    }
};

// How well the scores of one buffer rank anomalies, exactly: hyla_ranking_exact_... `workspace` has
// workspace_size(n) words.
struct ranking_exact {
    using report = hyla_ranking_exact_report;

    static constexpr std::size_t workspace_size(std::size_t n) noexcept { return HYLA_RANKING_EXACT_WORKSPACE(n); }
    static result<report> values(const hyla_pixels &in, view<std::uint32_t> workspace) noexcept {
        return detail::value_of<report>(hyla_ranking_exact_values, &in, workspace.data(), workspace.size());
    }
};

// The score histograms of now against those of a reference: hyla_drift_... Words are those of hyla_ranking.
struct drift {
    using report = hyla_drift_report;
    using params = hyla_drift_params;

    static result<report> values(const hyla_drift_params &how, const hyla_binning &bins,
                                 view<const std::int64_t> reference, view<const std::int64_t> words) noexcept {
        if (reference.size() != words.size()) return {detail::unknown<report>(), HYLA_ERROR_CAPACITY};
        return detail::value_of<report>(hyla_drift_values, &how, &bins, reference.data(), words.data(), words.size());
    }
    // The result is how many were written.
    static result<std::size_t> metrics(const report &of, const context &where, view<metric> out) noexcept {
        return detail::value_of<std::size_t>(hyla_drift_metrics, &of, &where, out.data(), out.size());
    }
};

// Mean, spread, extremes and quantiles of a float map: hyla_score_statistics_... `frame` has all of one frame, and
// `workspace` workspace_size() words; the totals are those of a stream.
class score_statistics {
  public:
    using report = hyla_score_statistics_report;

    hyla_score_statistics_totals totals{};

    hyla::status update(const hyla_pixels &in) noexcept { return hyla_score_statistics_update(&in, &totals); }
    hyla::status merge(const score_statistics &other) noexcept {
        return hyla_score_statistics_merge(&other.totals, &totals);
    }
    hyla::status normalize() noexcept { return hyla_score_statistics_normalize(&totals); }
    result<double> mean() const noexcept { return detail::value_of<double>(hyla_score_statistics_mean, &totals); }
    result<double> std() const noexcept { return detail::value_of<double>(hyla_score_statistics_std, &totals); }

    static constexpr std::size_t workspace_size() noexcept { return HYLA_SCORE_STATISTICS_WORKSPACE; }
    static result<report> frame(const hyla_pixels &in, view<std::uint32_t> workspace) noexcept {
        return detail::value_of<report>(hyla_score_statistics_frame, &in, workspace.data(), workspace.size());
    }
    // The result is how many were written.
    static result<std::size_t> metrics(const report &of, const context &where, view<metric> out) noexcept {
        return detail::value_of<std::size_t>(hyla_score_statistics_metrics, &of, &where, out.data(), out.size());
    }
};

// The mean of the greatest scores of a frame: hyla_topk_mean_... `workspace` has workspace_size() words.
struct topk_mean {
    static constexpr std::size_t workspace_size() noexcept { return HYLA_TOPK_MEAN_WORKSPACE; }
    static result<double> value(double fraction, const hyla_pixels &in, view<std::uint32_t> workspace) noexcept {
        return detail::value_of<double>(hyla_topk_mean_value, fraction, &in, workspace.data(), workspace.size());
    }
};

// Statistics of each channel of a cube, and dead columns of the detector: hyla_band_statistics_... The words are the
// caller's, one of totals for each channel, and, where columns are asked for, one for each column of each channel.
struct band_statistics {
    using report = hyla_band_statistics_report;
    using totals = view<hyla_band_statistics_totals>;
    using columns = view<hyla_band_statistics_column>;
    using params = hyla_band_statistics_params;

    static hyla::status update(const hyla_band_statistics_params &how, const hyla_cube &in, totals to) noexcept {
        if (to.size() != in.channels) return HYLA_ERROR_CAPACITY;
        return hyla_band_statistics_update(&how, &in, to.data(), nullptr);
    }
    static hyla::status update(const hyla_band_statistics_params &how, const hyla_cube &in, totals to,
                               columns each) noexcept {
        const std::size_t width = in.n / (in.rows == 0 ? 1 : in.rows);
        const bool fits =
            width == 0 ? each.size() == 0 : each.size() / width == in.channels && each.size() % width == 0;
        if (to.size() != in.channels || !fits) return HYLA_ERROR_CAPACITY;
        return hyla_band_statistics_update(&how, &in, to.data(), each.data());
    }
    static hyla::status merge(view<const hyla_band_statistics_totals> other, totals to) noexcept {
        if (to.size() != other.size()) return HYLA_ERROR_CAPACITY;
        return hyla_band_statistics_merge(other.data(), to.data(), to.size());
    }
    static hyla::status merge_columns(view<const hyla_band_statistics_column> other, columns to) noexcept {
        if (to.size() != other.size()) return HYLA_ERROR_CAPACITY;
        return hyla_band_statistics_merge_columns(other.data(), to.data(), to.size());
    }
    static hyla::status normalize(totals of) noexcept {
        return hyla_band_statistics_normalize(of.data(), of.size());
    }
    static hyla::status values(const hyla_band_statistics_params &how, view<const hyla_band_statistics_totals> of,
                               view<report> to) noexcept {
        if (to.size() != of.size()) return HYLA_ERROR_CAPACITY;
        return hyla_band_statistics_values(&how, of.data(), of.size(), to.data());
    }
    // The result is how many are dead; `to` has the indexes of as many as it has room for.
    static result<std::size_t> dead_columns(view<const hyla_band_statistics_column> of,
                                            view<std::size_t> to) noexcept {
        return detail::value_of<std::size_t>(hyla_band_statistics_dead_columns, of.data(), of.size(), to.data(),
                                             to.size());
    }
};

// How much of the variance each component explains: hyla_explained_variance_... The totals are the caller's, one for
// each component.
struct explained_variance {
    using totals = view<hyla_explained_variance_totals>;

    static hyla::status update(view<const float> ratios, totals to) noexcept {
        if (to.size() != ratios.size()) return HYLA_ERROR_CAPACITY;
        return hyla_explained_variance_update(ratios.data(), ratios.size(), to.data());
    }
    static hyla::status merge(view<const hyla_explained_variance_totals> other, totals to) noexcept {
        if (to.size() != other.size()) return HYLA_ERROR_CAPACITY;
        return hyla_explained_variance_merge(other.data(), to.data(), to.size());
    }
    static hyla::status normalize(totals of) noexcept {
        return hyla_explained_variance_normalize(of.data(), of.size());
    }
    // The result is the total.
    static result<double> values(view<const hyla_explained_variance_totals> of, view<double> ratios,
                                 view<double> cumulative) noexcept {
        if (ratios.size() < of.size() || cumulative.size() < of.size())
            return {detail::unknown<double>(), HYLA_ERROR_CAPACITY};
        return detail::value_of<double>(hyla_explained_variance_values, of.data(), of.size(), ratios.data(),
                                        cumulative.data());
    }
    // The result is how many were written.
    static result<std::size_t> metrics(view<const hyla_explained_variance_totals> of, const context &where,
                                       view<metric> out) noexcept {
        return detail::value_of<std::size_t>(hyla_explained_variance_metrics, of.data(), of.size(), &where, out.data(),
                                             out.size());
    }
};

// How far components are from orthonormal: hyla_component_orthogonality_... `workspace` has workspace_size(components)
// doubles.
struct component_orthogonality {
    using report = hyla_component_orthogonality_report;

    static std::size_t workspace_size(const hyla_matrix &components) noexcept {
        return hyla_component_orthogonality_workspace(components.rows, components.columns);
    }
    static result<report> values(const hyla_matrix &components, view<double> workspace) noexcept {
        return detail::value_of<report>(hyla_component_orthogonality_values, &components, workspace.data(),
                                        workspace.size());
    }
    // The result is how many were written.
    static result<std::size_t> metrics(const report &of, const context &where, view<metric> out) noexcept {
        return detail::value_of<std::size_t>(hyla_component_orthogonality_metrics, &of, &where, out.data(), out.size());
    }
};

// Entropy of selection weights: hyla_selector_entropy_metric_...
struct selector_entropy_metric {
    using params = hyla_selector_entropy_metric_params;

    static result<double> value(const hyla_selector_entropy_metric_params &how, view<const float> weights) noexcept {
        return detail::value_of<double>(hyla_selector_entropy_metric_value, &how, weights.data(), weights.size());
    }
    // The result is how many were written.
    static result<std::size_t> metrics(const hyla_selector_entropy_metric_params &how, view<const float> weights,
                                       const context &where, view<metric> out) noexcept {
        return detail::value_of<std::size_t>(hyla_selector_entropy_metric_metrics, &how, weights.data(), weights.size(),
                                             &where, out.data(), out.size());
    }
};

// Variance and Gini coefficient of selection weights: hyla_selector_diversity_metric_... `workspace` has
// workspace_size(n) words.
struct selector_diversity_metric {
    using report = hyla_selector_diversity_metric_report;

    static constexpr std::size_t workspace_size(std::size_t n) noexcept {
        return HYLA_SELECTOR_DIVERSITY_METRIC_WORKSPACE(n);
    }
    static result<report> values(view<const float> weights, view<std::uint32_t> workspace) noexcept {
        return detail::value_of<report>(hyla_selector_diversity_metric_values, weights.data(), weights.size(),
                                        workspace.data(), workspace.size());
    }
    // The result is how many were written.
    static result<std::size_t> metrics(const report &of, const context &where, view<metric> out) noexcept {
        return detail::value_of<std::size_t>(hyla_selector_diversity_metric_metrics, &of, &where, out.data(),
                                             out.size());
    }
};

// How many distinct labels a label map contains: hyla_distinct_label_count_... The set is the caller's, words(labels)
// words that begin as zeros. Its words cannot be added, only merged.
struct distinct_label_count {
    static constexpr std::size_t words(std::size_t labels) noexcept { return HYLA_DISTINCT_LABEL_COUNT_WORDS(labels); }
    // `valid` may be nullptr.
    static hyla::status update(view<const std::int32_t> labels, const byte_items &valid,
                               view<std::int32_t> set) noexcept {
        if (!valid.length().is(labels.size())) return HYLA_ERROR_FRAME_SHAPE;
        const std::uint8_t *const bytes = valid.items().data;
        return hyla_distinct_label_count_update(labels.data(), bytes, labels.size(), set.data(), set.size());
    }
    static hyla::status merge(view<const std::int32_t> other, view<std::int32_t> set) noexcept {
        if (set.size() != other.size()) return HYLA_ERROR_CAPACITY;
        return hyla_distinct_label_count_merge(other.data(), set.data(), set.size());
    }
    static result<std::int64_t> value(view<const std::int32_t> set) noexcept {
        return detail::value_of<std::int64_t>(hyla_distinct_label_count_value, set.data(), set.size());
    }
    // The result is how many were written.
    static result<std::size_t> metrics(view<const std::int32_t> set, const context &where, view<metric> out) noexcept {
        return detail::value_of<std::size_t>(hyla_distinct_label_count_metrics, set.data(), set.size(), &where,
                                             out.data(), out.size());
    }
};

// A class is its C struct: it may be copied, sent and reduced as such.
template <class Class, class Struct>
inline constexpr bool mirrors =
    sizeof(Class) == sizeof(Struct) && std::is_trivially_copyable_v<Class> && std::is_standard_layout_v<Class>;

static_assert(mirrors<bce, hyla_bce_totals>);
static_assert(mirrors<focal, hyla_focal_totals> && mirrors<svdd, hyla_svdd_totals> && mirrors<mse, hyla_mse_totals>);
static_assert(mirrors<cross_entropy, hyla_cross_entropy_totals>);
static_assert(mirrors<foreground_contrast, hyla_foreground_contrast_totals>);
static_assert(mirrors<foreground_contrast::frame, hyla_foreground_contrast_frame>);
static_assert(mirrors<cube, hyla_cube> && mirrors<matrix, hyla_matrix>);
static_assert(mirrors<sum, hyla_sum_totals>);
static_assert(mirrors<range, hyla_range> && mirrors<score_statistics, hyla_score_statistics_totals>);
static_assert(mirrors<confusion, hyla_confusion_totals>);
static_assert(mirrors<pixel_statistics, hyla_pixel_statistics_totals>);
static_assert(mirrors<detection, hyla_detection_totals> && mirrors<binning, hyla_binning>);
static_assert(mirrors<pixels, hyla_pixels>);

}  // namespace hyla

#endif  // HYLA_HPP
