//! A batch of pixels as planes of other types, strides and rows; and the plain batch that says the same.
//!
//! The conversions here are written down item by item, and share nothing with those of the library.

use super::Array;
use super::batch::Batch;
use crate::input::{Items, Mask, Plane, Planes, Truths};
use std::vec;
use std::vec::Vec;

/// Numbers out of a seed (xorshift).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below another.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// The value of a half, by its definition.
pub fn of_half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2.0_f64.powi(exponent - 25),
    };
    (if bits >> 15 == 0 { size } else { -size }) as f32
}

/// The greatest half that is not above the size of a float, with its sign.
fn to_half(value: f32) -> u16 {
    if value.is_nan() {
        return 0x7e01;
    }
    let (mut low, mut high) = (0_u16, 0x7c01);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if of_half(middle) <= value.abs() { low = middle } else { high = middle }
    }
    low | u16::from(value.is_sign_negative()) << 15
}

/// Items of a plane, with room for gaps.
#[derive(Clone, Debug)]
enum Stored {
    F32(Vec<f32>),
    F64(Vec<f64>),
    F16(Vec<u16>),
    Bf16(Vec<u16>),
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    /// Pixels of so many bits in a row of bytes, and which order they have.
    Packed(Vec<u8>, Packing),
}

/// The kinds of planes from this one on are packed pixels.
pub(super) const FIRST_PACKED: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Packing {
    Mono10p,
    Mono12p,
    Mono12Packed,
}

/// Where the items of rows lie.
#[derive(Clone, Copy, Debug)]
struct Lie {
    columns: usize,
    stride: usize,
    row_stride: usize,
}

impl Lie {
    fn new(columns: usize, dice: &mut Dice) -> Self {
        let stride = [1, 1, 1, 2, 3][dice.below(5)];
        Self { columns, stride, row_stride: columns * stride + [0, 0, 1, 7][dice.below(4)] }
    }

    fn place(&self, pixel: usize) -> usize {
        pixel / self.columns * self.row_stride + pixel % self.columns * self.stride
    }

    /// Items at their places; `gap` elsewhere.
    fn spread<T: Copy>(&self, items: &[T], gap: T) -> Vec<T> {
        let length = items.len().checked_sub(1).map_or(0, |last| self.place(last) + 1);
        let mut spread = vec![gap; length];
        for (pixel, item) in items.iter().enumerate() {
            spread[self.place(pixel)] = *item;
        }
        spread
    }
}

/// Sets bits of a row of bytes, from one on.
fn set_bits(row: &mut [u8], first: usize, bits: usize, value: usize) {
    for bit in 0..bits {
        row[(first + bit) / 8] |= u8::from(value >> bit & 1 == 1) << ((first + bit) % 8);
    }
}

/// A plane as it lies in memory.
#[derive(Clone, Debug)]
pub(super) struct StoredPlane {
    stored: Stored,
    lie: Lie,
    scale: f32,
    zero_point: i32,
}

impl StoredPlane {
    /// Values as a plane of some type, and the values that it has then.
    pub(super) fn new(values: &[f32], columns: usize, dice: &mut Dice) -> (Self, Vec<f32>) {
        let kind = dice.below(11);
        Self::of_kind(kind, values, columns, dice)
    }

    /// The same of a kind: packed pixels are those from [`FIRST_PACKED`] on.
    pub(super) fn of_kind(kind: usize, values: &[f32], columns: usize, dice: &mut Dice) -> (Self, Vec<f32>) {
        let lie = Lie::new(columns, dice);
        let scale = [1.0_f32, 0.037, 2.0e-3, -0.5][dice.below(4)];
        let zero_point = [0.0, 17.0, -3.0, 2.0e9][dice.below(4)];
        let (stored, read): (Stored, Vec<f32>) = match kind {
            0 => (Stored::F32(lie.spread(values, f32::NAN)), values.to_vec()),
            1 => {
                // Beside the float, and half way to the next one.
                let beside = |value: &f32| f64::from(*value) * (1.0 + [0.0, 1e-9, 2.0_f64.powi(-24)][dice.below(3)]);
                let items: Vec<f64> = values.iter().map(beside).collect();
                (Stored::F64(lie.spread(&items, f64::NAN)), items.iter().map(|item| *item as f32).collect())
            }
            2 => {
                let items: Vec<u16> = values.iter().map(|value| to_half(*value)).collect();
                (Stored::F16(lie.spread(&items, 0x7e00)), items.iter().map(|item| of_half(*item)).collect())
            }
            3 => {
                let items: Vec<u16> = values.iter().map(|value| (value.to_bits() >> 16) as u16).collect();
                let read = items.iter().map(|item| f32::from_bits(u32::from(*item) << 16)).collect();
                (Stored::Bf16(lie.spread(&items, 0x7fc0)), read)
            }
            _ => {
                let (least, most) = match kind {
                    4 => (0, 255),
                    5 => (-128, 127),
                    6 => (0, 65535),
                    7 => (-32768, 32767),
                    8 => (0, 1023),
                    _ => (0, 4095),
                };
                let item = |value: &f32| {
                    let item = f64::from(*value) / f64::from(scale) + zero_point;
                    (item.round() as i64).clamp(least, most)
                };
                let items: Vec<i64> = values.iter().map(item).collect();
                // The difference becomes a float, the product is rounded once more.
                let read = |item: &i64| (f64::from((*item - zero_point as i64) as f32) * f64::from(scale)) as f32;
                let read = items.iter().map(read).collect();
                let stored = match kind {
                    4 => Stored::U8(lie.spread(&cast(&items), 0xa5)),
                    5 => Stored::I8(lie.spread(&cast(&items), -91)),
                    6 => Stored::U16(lie.spread(&cast(&items), 0xa5a5)),
                    7 => Stored::I16(lie.spread(&cast(&items), -91)),
                    8 => Self::pack(&items, columns, 10, Packing::Mono10p),
                    9 => Self::pack(&items, columns, 12, Packing::Mono12p),
                    _ => Self::pack(&items, columns, 12, Packing::Mono12Packed),
                };
                (stored, read)
            }
        };
        let is_integer = kind >= 4;
        let lie = match &stored {
            Stored::Packed(bytes, _) => {
                let rows = values.len().div_ceil(columns).max(1);
                Lie { columns, stride: 1, row_stride: bytes.len() / rows }
            }
            _ => lie,
        };
        let (scale, zero_point) = if is_integer { (scale, zero_point as i32) } else { (1.0, 0) };
        (Self { stored, lie, scale, zero_point }, read)
    }

    /// Rows of bytes, each with some to spare.
    fn pack(items: &[i64], columns: usize, bits: usize, packing: Packing) -> Stored {
        let row_bytes = (columns * bits).div_ceil(8) + 3;
        let mut bytes = Vec::new();
        for items in items.chunks(columns) {
            let mut row = vec![0; row_bytes];
            for (pixel, item) in items.iter().enumerate() {
                let item = *item as usize;
                if packing == Packing::Mono12Packed {
                    let group = pixel / 2 * 3;
                    set_bits(&mut row, 8 * (group + pixel % 2 * 2), 8, item >> 4);
                    set_bits(&mut row, 8 * (group + 1) + pixel % 2 * 4, 4, item & 15);
                } else {
                    set_bits(&mut row, pixel * bits, bits, item);
                }
            }
            bytes.extend(row);
        }
        Stored::Packed(bytes, packing)
    }

    /// Items from a row to the next, of packed pixels bytes, and from a pixel to the next.
    pub(super) fn strides(&self) -> [usize; 2] {
        [self.lie.row_stride, self.lie.stride]
    }

    pub(super) fn plane(&self) -> Plane<'_> {
        let plane: Plane = match &self.stored {
            Stored::F32(items) => items.as_slice().into(),
            Stored::F64(items) => items.as_slice().into(),
            Stored::F16(items) => Plane::f16(items),
            Stored::Bf16(items) => Plane::bf16(items),
            Stored::U8(items) => items.as_slice().into(),
            Stored::I8(items) => items.as_slice().into(),
            Stored::U16(items) => items.as_slice().into(),
            Stored::I16(items) => items.as_slice().into(),
            Stored::Packed(bytes, Packing::Mono10p) => Plane::new(Items::Mono10p(bytes)),
            Stored::Packed(bytes, Packing::Mono12p) => Plane::new(Items::Mono12p(bytes)),
            Stored::Packed(bytes, Packing::Mono12Packed) => Plane::new(Items::Mono12Packed(bytes)),
        };
        let lie = self.lie;
        let flat = lie.row_stride == lie.columns * lie.stride && !matches!(self.stored, Stored::Packed(..));
        let plane = plane.affine(self.scale, self.zero_point).every(lie.stride);
        plane.rows(if flat { 0 } else { lie.row_stride })
    }
}

fn cast<T: TryFrom<i64>>(items: &[i64]) -> Vec<T>
where
    T::Error: std::fmt::Debug,
{
    items.iter().map(|item| T::try_from(*item).unwrap()).collect()
}

#[derive(Clone, Debug)]
enum StoredTruths {
    U8(Vec<u8>),
    U16(Vec<u16>),
    I32(Vec<i32>),
    Bits { bytes: Vec<u8>, first_bit: usize, is_highest_first: bool },
}

/// A mask as it lies in memory.
#[derive(Clone, Debug)]
pub(super) struct StoredMask {
    stored: StoredTruths,
    lie: Lie,
    ignored: Option<i32>,
}

impl StoredMask {
    /// Bytes as a mask of some type; clears those in `live` that have the ignored label, if there is one.
    pub(super) fn new(truths: &[u8], columns: usize, can_ignore: bool, live: &mut [u8], dice: &mut Dice) -> Self {
        let lie = Lie::new(columns, dice);
        let kind = dice.below(5);
        let ignored = (can_ignore && kind < 3 && dice.below(2) == 0).then(|| [255, 0, 7][dice.below(3)]);
        let mut items: Vec<i32> = truths.iter().map(|truth| i32::from(*truth)).collect();
        for (item, live) in items.iter_mut().zip(live) {
            if let Some(ignored) = ignored {
                *item = if dice.below(4) == 0 { ignored } else { *item };
                *live = if *item == ignored { 0 } else { *live };
            }
        }
        let narrow = |item: &i32| *item as u8;
        let stored = match kind {
            0 => StoredTruths::U8(lie.spread(&items.iter().map(narrow).collect::<Vec<_>>(), 0xa5)),
            1 => StoredTruths::U16(lie.spread(&items.iter().map(|item| *item as u16).collect::<Vec<_>>(), 0xa5)),
            2 => StoredTruths::I32(lie.spread(&items, -5)),
            _ => {
                let first_bit = dice.below(8);
                let is_highest_first = kind == 4;
                let row_bytes = (first_bit + columns).div_ceil(8) + dice.below(3);
                let mut bytes = Vec::new();
                for truths in truths.chunks(columns) {
                    let mut row = vec![0_u8; row_bytes];
                    for (pixel, truth) in truths.iter().enumerate() {
                        let bit = first_bit + pixel;
                        let place = if is_highest_first { 7 - bit % 8 } else { bit % 8 };
                        row[bit / 8] |= u8::from(*truth != 0) << place;
                    }
                    bytes.extend(row);
                }
                let lie = Lie { columns, stride: 1, row_stride: row_bytes };
                return Self { stored: StoredTruths::Bits { bytes, first_bit, is_highest_first }, lie, ignored };
            }
        };
        Self { stored, lie, ignored }
    }

    /// Labels of some type, as which they are written back. Clears those in `live` that are ignored.
    pub(super) fn of_labels(labels: &mut [i32], columns: usize, live: &mut [u8], dice: &mut Dice) -> Self {
        let lie = Lie::new(columns, dice);
        let stored = match dice.below(3) {
            0 => {
                labels.iter_mut().for_each(|label| *label = i32::from(*label as u8));
                StoredTruths::U8(lie.spread(&labels.iter().map(|label| *label as u8).collect::<Vec<_>>(), 0xa5))
            }
            1 => {
                labels.iter_mut().for_each(|label| *label = i32::from(*label as u16));
                StoredTruths::U16(lie.spread(&labels.iter().map(|label| *label as u16).collect::<Vec<_>>(), 0xa5))
            }
            _ => StoredTruths::I32(lie.spread(labels, -5)),
        };
        let ignored = (dice.below(3) == 0).then(|| [255, 0, 1][dice.below(3)]);
        for (label, live) in labels.iter().zip(live) {
            *live = if Some(*label) == ignored { 0 } else { *live };
        }
        Self { stored, lie, ignored }
    }

    pub(super) fn mask(&self) -> Mask<'_> {
        let mask: Mask = match &self.stored {
            StoredTruths::U8(items) => items.as_slice().into(),
            StoredTruths::U16(items) => items.as_slice().into(),
            StoredTruths::I32(items) => items.as_slice().into(),
            StoredTruths::Bits { bytes, first_bit, is_highest_first: false } => {
                Mask::new(Truths::LowestFirst(bytes)).from_bit(*first_bit)
            }
            StoredTruths::Bits { bytes, first_bit, .. } => Mask::new(Truths::HighestFirst(bytes)).from_bit(*first_bit),
        };
        let mask = mask.every(self.lie.stride).rows(self.lie.row_stride);
        self.ignored.map_or(mask, |label| mask.ignoring(label))
    }
}

/// The arrays of a batch as planes, and the batch that says the same.
pub struct Packed {
    pub batch: Batch,
    rows: usize,
    output_row_stride: usize,
    scores: Option<StoredPlane>,
    weights: Option<StoredPlane>,
    soft_targets: Option<StoredPlane>,
    targets: Option<StoredMask>,
    decisions: Option<StoredMask>,
    valid: Option<StoredMask>,
}

impl Packed {
    /// Of a batch of pixels of one value, for a node that uses these arrays.
    pub fn new(batch: &Batch, uses: &[Array], dice: &mut Dice) -> Self {
        let n = batch.n;
        let divisors: Vec<usize> = (1..=n.max(1)).filter(|rows| n.is_multiple_of(*rows)).collect();
        let rows = divisors[dice.below(divisors.len())];
        let columns = (n / rows).max(1);
        let mut said = batch.clone();
        let plane = |values: &mut Vec<f32>, dice: &mut Dice| {
            let (stored, read) = StoredPlane::new(values, columns, dice);
            *values = read;
            stored
        };
        let scores = (!said.values.is_empty() || n == 0).then(|| plane(&mut said.values, dice));
        let weights = said.weights.as_mut().map(|weights| plane(weights, dice));
        let soft_targets = said.soft_targets.as_mut().map(|soft| plane(soft, dice));
        let mut live: Vec<u8> = said.valid.clone().unwrap_or(vec![1; n]);
        let mut mask = |array: Array, truths: &[u8], dice: &mut Dice| {
            (truths.len() == n).then(|| StoredMask::new(truths, columns, uses.contains(&array), &mut live, dice))
        };
        let given: &[u8] = if said.soft_targets.is_some() && n > 0 { &[] } else { &said.targets };
        let targets = mask(Array::Targets, given, dice).filter(|_| said.soft_targets.is_none());
        let decisions = mask(Array::Decisions, &said.decisions, dice);
        let valid = said.valid.as_ref().map(|valid| StoredMask::new(valid, columns, false, &mut [], dice));
        if uses.contains(&Array::Valid) && live != said.valid.clone().unwrap_or(vec![1; n]) {
            said.valid = Some(live);
        }
        let output_row_stride = [0, columns, columns + 1, columns + 16][dice.below(4)];
        Self { batch: said, rows, output_row_stride, scores, weights, soft_targets, targets, decisions, valid }
    }

    pub fn planes(&self) -> Planes<'_> {
        Planes {
            n: self.batch.n,
            rows: self.rows,
            output_row_stride: self.output_row_stride,
            scores: self.scores.as_ref().map(StoredPlane::plane),
            targets: self.targets.as_ref().map(StoredMask::mask),
            decisions: self.decisions.as_ref().map(StoredMask::mask),
            valid: self.valid.as_ref().map(StoredMask::mask),
            weights: self.weights.as_ref().map(StoredPlane::plane),
            soft_targets: self.soft_targets.as_ref().map(StoredPlane::plane),
        }
    }
}
