//! Statistics of channels: against sums that are added one by one, in every order in memory and on every tier, in
//! parts, and with words that may be anything.

use crate::buffer::{Buffer, pointer};
use crate::forms::{plain_labels, plain_mask, plain_plane};
use crate::parameters::Parameters;
use crate::record::Record;
use crate::source::Source;
use crate::tiers::{pin, tiers};
use hyla::capi::band_statistics::*;
use hyla::capi::cube::{hyla_cube, hyla_values};
use hyla::capi::planes::*;

/// Rows of pixels of integers of 16 bits, and which pixels count.
struct Scene {
    columns: usize,
    channels: usize,
    /// Pixel after pixel, channel after channel.
    items: Vec<u16>,
    valid: Option<Buffer<u8>>,
}

/// The words of the channels, and of their columns.
#[derive(Clone)]
struct Words {
    totals: Buffer<i64>,
    columns: Buffer<u32>,
}

const TOTALS: usize = size_of::<hyla_band_statistics_totals>() / 8;
const COLUMN: usize = size_of::<hyla_band_statistics_column>() / 4;

/// A scene of any shape under all of these checks.
pub fn check(source: &mut Source) {
    let [rows, columns, channels] = [1 + source.below(4), 1 + source.below(90), 1 + source.below(70)];
    let pixels = rows * columns;
    let items = source.floats(pixels * channels).into_iter().map(|float| float.to_bits() as u16).collect();
    let valid = source.once_in(2).then(|| Buffer::new(source.start(), &source.bytes(pixels)));
    let scene = Scene { columns, channels, items, valid };
    let params = hyla_band_statistics_params {
        struct_size: 0,
        has_saturation: source.option(2),
        saturation: source.parameter(&[4095.0, 0.0, 65535.0, -3.5, 254.5]),
    };
    let params = Parameters::new(source, params);
    let has_columns = source.once_in(2);
    let start = source.start();
    let expected = scene.added_one_by_one();
    let mut first: Option<(Words, i32)> = None;
    for tier in tiers() {
        pin(tier);
        for order in 0..3 {
            let mut words = scene.empty(has_columns);
            let status = scene.update(&params, order, start, 0..rows, &mut words);
            if status >= 0 {
                scene.assert_sums(&words, &expected);
            }
            let (known, known_status) = first.get_or_insert_with(|| (words.clone(), status));
            assert_eq!(*known_status, status, "another order or tier has another status");
            assert!(known.totals[..] == words.totals[..], "another order or tier has other totals");
            assert!(known.columns[..] == words.columns[..], "another order or tier has other columns");
        }
    }
    let Some((whole, status)) = first else { return };
    let cut = source.below(rows + 1);
    if status >= 0 {
        let mut parts = [0..cut, cut..rows].map(|rows| {
            let mut words = scene.empty(has_columns);
            assert_eq!(scene.update(&params, 1, start, rows, &mut words), 0);
            words
        });
        let [one, other] = &mut parts;
        // SAFETY: both have the words of these channels and columns.
        let merged = unsafe {
            let columns = (other.columns.at(0).cast(), one.columns.at_mut(0).cast(), one.columns.len() / COLUMN);
            hyla_band_statistics_merge_columns(columns.0, columns.1, columns.2)
                | hyla_band_statistics_merge(other.totals.at(0).cast(), one.totals.at_mut(0).cast(), channels)
        };
        assert_eq!(merged, 0);
        assert!(one.totals[..] == whole.totals[..] && one.columns[..] == whole.columns[..], "parts have other words");
    }
    let mut hostile = whole;
    for _ in 0..source.below(4) {
        let (word, column) = (source.below(hostile.totals.len()), source.any::<u16>());
        hostile.totals[word] = if source.once_in(2) { source.any() } else { source.any::<u8>().into() };
        if let length @ 1.. = hostile.columns.len() {
            hostile.columns[usize::from(column) % length] = source.any();
        }
    }
    scene.read(&params, &hostile);
}

impl Scene {
    fn empty(&self, has_columns: bool) -> Words {
        let cells = if has_columns { self.columns * self.channels } else { 0 };
        Words { totals: Buffer::filled(0, 0, self.channels * TOTALS), columns: Buffer::filled(0, 0, cells * COLUMN) }
    }

    /// Adds some rows, which lie pixel by pixel, line by line or channel by channel.
    fn update(
        &self,
        params: &Parameters,
        order: usize,
        start: usize,
        rows: core::ops::Range<usize>,
        words: &mut Words,
    ) -> i32 {
        let &Self { columns, channels, .. } = self;
        let count = rows.len();
        if count == 0 {
            return 0;
        }
        let [pitch, stride, channel_stride] = match order {
            0 => [columns * channels, channels, 1],
            1 => [columns * channels, 1, columns],
            _ => [columns, 1, columns * count],
        };
        let mut stored = vec![0; count * columns * channels];
        for (pixel, items) in self.items.chunks(channels).skip(rows.start * columns).take(count * columns).enumerate() {
            for (channel, item) in items.iter().enumerate() {
                stored[pixel / columns * pitch + pixel % columns * stride + channel * channel_stride] = *item;
            }
        }
        let stored = Buffer::new(start, &stored);
        let plane = hyla_plane {
            row_pitch: pitch * size_of::<u16>(),
            stride,
            dtype: HYLA_U16,
            ..plain_plane(stored.at(0).cast())
        };
        let cube = hyla_cube {
            values: hyla_values { plane, channel_stride },
            channels,
            targets: plain_mask(core::ptr::null()),
            valid: plain_mask(pointer(self.valid.as_ref(), rows.start * columns)),
            labels: plain_labels(core::ptr::null()),
            weights: plain_plane(core::ptr::null()),
            n: count * columns,
            rows: count,
            output_pitch: 0,
            reserved: [0; 5],
        };
        let columns = if words.columns.is_empty() { core::ptr::null_mut() } else { words.columns.at_mut(0).cast() };
        // SAFETY: the planes are those of the scene, and there are words for each channel and column.
        unsafe { hyla_band_statistics_update(params.pointer(), &cube, words.totals.at_mut(0).cast(), columns) }
    }

    /// Count, sum and sum of squares of each channel.
    fn added_one_by_one(&self) -> Vec<[i64; 3]> {
        let mut sums = vec![[0; 3]; self.channels];
        for (pixel, items) in self.items.chunks(self.channels).enumerate() {
            if self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0) {
                for (sums, item) in sums.iter_mut().zip(items) {
                    let item = i64::from(*item);
                    *sums = [sums[0] + 1, sums[1] + item, sums[2] + item * item];
                }
            }
        }
        sums
    }

    fn assert_sums(&self, words: &Words, expected: &[[i64; 3]]) {
        for (channel, totals) in words.totals.chunks(TOTALS).enumerate() {
            // Its words begin with: count, zero, saturated, fingerprint, integers, their sum, their squares.
            let found = [totals[0], totals[5], totals[6] + (totals[7] << 32)];
            assert_eq!(found, expected[channel], "channel {channel}");
        }
    }

    /// Every reader answers, whatever the words are.
    fn read(&self, params: &Parameters, words: &Words) {
        let mut record = Record::default();
        for channel in 0..self.channels {
            record.report("report", &[0..4], |to: *mut hyla_band_statistics_report| {
                // SAFETY: the words are those of one channel.
                unsafe {
                    hyla_band_statistics_values(params.pointer(), words.totals.at(channel * TOTALS).cast(), 1, to)
                }
            });
        }
        let (mut dead, cells) = (vec![usize::MAX; self.columns], words.columns.len() / COLUMN);
        let (room, capacity) = (dead.as_mut_ptr(), dead.len());
        record.report("dead", &[], |to: *mut usize| {
            // SAFETY: there are words for so many columns, and room for so many indexes.
            unsafe { hyla_band_statistics_dead_columns(words.columns.at(0).cast(), cells, room, capacity, to) }
        });
        assert!(dead.iter().all(|index| *index == usize::MAX || *index < cells), "a column that is none is dead");
    }
}
