//! A batch of pixels of several values as planes of other types, strides and rows; and the plain batch that says the
//! same.

use super::Array;
use super::batch::Batch;
use super::packed::{Dice, FIRST_PACKED, StoredMask, StoredPlane};
use crate::input::{CubePlanes, Original, Values};
use std::vec;
use std::vec::Vec;

/// Which of row, channel and pixel of a row follow each other last.
#[derive(Clone, Copy, Debug)]
enum Nesting {
    /// Row, pixel, channel.
    Bip,
    /// Row, channel, pixel.
    Bil,
    /// Channel, row, pixel.
    Bsq,
}

/// Values as they lie in memory: rows of pixels (BIL, BSQ), or pixels of channels (BIP).
#[derive(Clone, Debug)]
struct StoredValues {
    stored: StoredPlane,
    nesting: Nesting,
    rows: usize,
    /// With those that lie behind each row.
    columns: usize,
    channels: usize,
}

impl StoredValues {
    /// Interleaved values, as which they are written back.
    fn new(values: &mut [f32], rows: usize, columns: usize, channels: usize, dice: &mut Dice) -> Self {
        let nesting = [Nesting::Bip, Nesting::Bil, Nesting::Bsq][dice.below(3)];
        let wide = columns + [0, 0, 1][dice.below(3)];
        let mut place = vec![0; values.len()];
        let mut nested = vec![3.25_f32; rows * wide * channels];
        for (index, place) in place.iter_mut().enumerate() {
            let (pixel, channel) = (index / channels, index % channels);
            let (row, column) = (pixel / columns, pixel % columns);
            *place = match nesting {
                Nesting::Bip => (row * wide + column) * channels + channel,
                Nesting::Bil => (row * channels + channel) * wide + column,
                Nesting::Bsq => (channel * rows + row) * wide + column,
            };
            nested[*place] = values[index];
        }
        let is_bip = matches!(nesting, Nesting::Bip);
        let kind = dice.below(if is_bip { FIRST_PACKED } else { FIRST_PACKED + 3 });
        let inner = if is_bip { channels } else { wide };
        let (stored, read) = StoredPlane::of_kind(kind, &nested, inner.max(1), dice);
        for (value, place) in values.iter_mut().zip(place) {
            *value = read[place];
        }
        Self { stored, nesting, rows, columns: wide, channels }
    }

    fn values(&self) -> Values<'_> {
        let [outer, inner] = self.stored.strides();
        let plane = self.stored.plane();
        match self.nesting {
            Nesting::Bip => Values::new(plane.every(outer).rows(self.columns * outer), inner),
            Nesting::Bil => Values::new(plane.rows(self.channels * outer), outer),
            Nesting::Bsq => Values::new(plane.rows(outer), self.rows * outer),
        }
    }
}

/// The arrays of a batch as planes, and the batch that says the same.
pub struct PackedCube {
    pub batch: Batch,
    rows: usize,
    output_row_stride: usize,
    values: StoredValues,
    other: Option<StoredValues>,
    targets: Option<StoredMask>,
    labels: Option<StoredMask>,
    valid: Option<StoredMask>,
    weights: Option<StoredPlane>,
}

impl PackedCube {
    /// Of a batch, for a node that needs these arrays.
    pub fn new(batch: &Batch, needs: &[Array], dice: &mut Dice) -> Self {
        let (n, channels) = (batch.n, batch.channels);
        let divisors: Vec<usize> = (1..=n.max(1)).filter(|rows| n.is_multiple_of(*rows)).collect();
        let rows = divisors[dice.below(divisors.len())];
        let columns = n / rows;
        let mut said = batch.clone();
        let values = StoredValues::new(&mut said.values, rows, columns, channels, dice);
        let other =
            needs.contains(&Array::Other).then(|| StoredValues::new(&mut said.other, rows, columns, channels, dice));
        let columns = columns.max(1);
        let weights = said.weights.as_mut().map(|weights| {
            let (stored, read) = StoredPlane::new(weights, columns, dice);
            *weights = read;
            stored
        });
        let mut live: Vec<u8> = said.valid.clone().unwrap_or(vec![1; n]);
        let targets = (said.targets.len() == n)
            .then(|| StoredMask::new(&said.targets, columns, needs.contains(&Array::Targets), &mut live, dice));
        let labels = (said.labels.len() == n).then(|| {
            // Those that nobody needs strike out no pixel.
            let mut unused = vec![1; n];
            let live = if needs.contains(&Array::Labels) { &mut live } else { &mut unused };
            StoredMask::of_labels(&mut said.labels, columns, live, dice)
        });
        let valid = said.valid.as_ref().map(|valid| StoredMask::new(valid, columns, false, &mut [], dice));
        if live != said.valid.clone().unwrap_or(vec![1; n]) {
            said.valid = Some(live);
        }
        let mut packed =
            Self { batch: said, rows, output_row_stride: 0, values, other, targets, labels, valid, weights };
        let [row, column, channel] = packed.strides(true);
        let wide = (columns - 1) * column + channels.saturating_sub(1) * channel + 1;
        packed.output_row_stride = [0, row, wide.max(columns), wide + 7][dice.below(4)];
        if packed.writes_values() && packed.planes().output_span(crate::input::Floats::OfValues).is_err() {
            packed.output_row_stride = 0;
        }
        packed
    }

    pub fn planes(&self) -> CubePlanes<'_> {
        CubePlanes {
            n: self.batch.n,
            rows: self.rows,
            channels: self.batch.channels,
            output_row_stride: self.output_row_stride,
            values: self.values.values(),
            targets: self.targets.as_ref().map(StoredMask::mask),
            labels: self.labels.as_ref().map(StoredMask::mask),
            valid: self.valid.as_ref().map(StoredMask::mask),
            weights: self.weights.as_ref().map(StoredPlane::plane),
        }
    }

    pub fn original(&self) -> Option<Original<'_>> {
        self.other.as_ref().map(|other| other.values().into())
    }

    /// Whether an output may have the layout of the values, which packed ones have not.
    pub fn writes_values(&self) -> bool {
        self.values.values().plane.lie().group.is_none()
    }

    /// Floats of an output from a row, a pixel and a channel to the next.
    fn strides(&self, of_values: bool) -> [usize; 3] {
        let columns = self.batch.n / self.rows;
        let given = |otherwise: usize| if self.output_row_stride == 0 { otherwise } else { self.output_row_stride };
        if !of_values {
            return [given(columns), 1, 0];
        }
        let values = self.values.values();
        [given(values.plane.row_stride), values.plane.stride, values.channel_stride]
    }

    /// Where a float of an output lies.
    pub fn place(&self, of_values: bool, pixel: usize, channel: usize) -> usize {
        let columns = (self.batch.n / self.rows).max(1);
        let [row, column, next] = self.strides(of_values);
        pixel / columns * row + pixel % columns * column + channel * next
    }
}
