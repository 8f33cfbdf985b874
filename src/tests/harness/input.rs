//! A batch as the functions of a node get it, and what can be wrong with it.

use super::batch::{Batch, Order, bits, place};
use super::packed_cube::PackedCube;
use crate::input::{Cube, CubePlanes, CubeSource, Layout, Matrix, Original, Pixels, Planes, Source};
use std::vec;
use std::vec::Vec;

/// What is in a gradient or a map before it is written.
pub const BEFORE: f32 = 7.5;

/// An array that a node may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Array {
    Values,
    Other,
    Targets,
    SoftTargets,
    Decisions,
    Labels,
    Valid,
    Weights,
}

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The array is not given.
    Missing(Array),
    /// The array lacks its last item.
    Short(Array),
    /// The array is given to a node that cannot use it, or beside one whose place it takes.
    Extra(Array),
    /// Two values share a place.
    Strides,
    /// There is no channel.
    NoChannels,
}

/// Pixels of one value, as slices or as planes.
pub enum Given<'a> {
    Pixels(Pixels<'a>),
    Planes(&'a Planes<'a>),
}

impl<'a> From<&'a Given<'a>> for Source<'a> {
    fn from(given: &'a Given<'a>) -> Self {
        match given {
            Given::Pixels(pixels) => pixels.into(),
            Given::Planes(planes) => (*planes).into(),
        }
    }
}

/// Pixels of several values, as slices or as planes.
pub enum GivenCube<'a> {
    Cube(Cube<'a>),
    Planes(CubePlanes<'a>),
}

impl<'a> From<&'a GivenCube<'a>> for CubeSource<'a> {
    fn from(given: &'a GivenCube<'a>) -> Self {
        match given {
            GivenCube::Cube(cube) => cube.into(),
            GivenCube::Planes(planes) => planes.into(),
        }
    }
}

/// A batch as it lies in memory, and what is wrong with it.
pub struct Input<'a> {
    pub batch: &'a Batch,
    layout: Layout,
    values: Vec<f32>,
    other: Vec<f32>,
    pub fault: Option<Fault>,
    /// The same pixels of other types, which [`Self::source`] hands over in their place.
    planes: Option<&'a Planes<'a>>,
    /// The same for pixels of several values.
    packed: Option<&'a PackedCube>,
}

impl<'a> Input<'a> {
    pub fn new(batch: &'a Batch, order: Order) -> Self {
        let layout = order.layout(batch.n, batch.channels);
        let (values, other) = (place(&batch.values, layout), place(&batch.other, layout));
        Self { batch, layout, values, other, fault: None, planes: None, packed: None }
    }

    /// Pixels of one value, as planes that say the same.
    pub fn of_planes(batch: &'a Batch, planes: &'a Planes<'a>) -> Self {
        Self { planes: Some(planes), ..Self::new(batch, Order::Interleaved) }
    }

    /// Pixels of several values, as planes that say the same.
    pub fn of_cube(packed: &'a PackedCube) -> Self {
        Self { packed: Some(packed), ..Self::new(&packed.batch, Order::Interleaved) }
    }

    /// Pixels of one value.
    pub fn source(&self) -> Given<'_> {
        match self.planes {
            Some(planes) => Given::Planes(planes),
            None => Given::Pixels(self.pixels()),
        }
    }

    /// Where a float lies in an output of them: for each value, or for each pixel.
    fn place(&self, of_values: bool, pixel: usize, channel: usize) -> usize {
        if let Some(packed) = self.packed {
            return packed.place(of_values, pixel, channel);
        }
        match self.planes {
            Some(Planes { rows, n, output_row_stride, .. }) if *output_row_stride != 0 => {
                let columns = n / rows;
                pixel / columns * output_row_stride + pixel % columns
            }
            _ => pixel * self.layout.pixel_stride + channel * self.layout.channel_stride,
        }
    }

    /// An array as the call gets it.
    fn cut<'b, T>(&self, array: Array, all: &'b [T]) -> &'b [T] {
        match self.fault {
            Some(Fault::Missing(missing)) if missing == array => &[],
            Some(Fault::Short(short)) if short == array => &all[..all.len() - 1],
            _ => all,
        }
    }

    /// An array that need not be there.
    fn given<'b, T>(&self, array: Array, all: &'b [T]) -> Option<&'b [T]> {
        let is_missing = self.fault == Some(Fault::Missing(array));
        (!is_missing && all.len() == self.batch.n).then(|| self.cut(array, all))
    }

    /// Weights or soft targets that the node did not ask for.
    fn extra(&self, array: Array) -> Option<&[f32]> {
        (self.fault == Some(Fault::Extra(array))).then_some(&self.values)
    }

    pub fn pixels(&self) -> Pixels<'_> {
        let Batch { targets, soft_targets, decisions, valid, weights, .. } = self.batch;
        let soft = soft_targets.as_ref().and_then(|soft| self.given(Array::SoftTargets, soft));
        Pixels {
            scores: self.cut(Array::Values, &self.values),
            targets: self
                .given(Array::Targets, targets)
                .filter(|_| soft_targets.is_none() || self.fault == Some(Fault::Extra(Array::Targets))),
            decisions: self.given(Array::Decisions, decisions),
            valid: valid.as_ref().and_then(|valid| self.given(Array::Valid, valid)),
            weights: weights
                .as_ref()
                .and_then(|weights| self.given(Array::Weights, weights))
                .or(self.extra(Array::Weights)),
            soft_targets: soft.or(self.extra(Array::SoftTargets)),
        }
    }

    pub fn cube(&self) -> Cube<'_> {
        let Batch { targets, labels, valid, weights, .. } = self.batch;
        let layout = match self.fault {
            Some(Fault::Strides) => Layout { pixel_stride: 1, channel_stride: 1, ..self.layout },
            Some(Fault::NoChannels) => Layout { channels: 0, ..self.layout },
            _ => self.layout,
        };
        Cube {
            values: self.cut(Array::Values, &self.values),
            layout,
            targets: self.given(Array::Targets, targets),
            labels: self.given(Array::Labels, labels),
            valid: valid.as_ref().and_then(|valid| self.given(Array::Valid, valid)),
            weights: weights.as_ref().and_then(|weights| self.given(Array::Weights, weights)),
        }
    }

    pub fn cubes(&self) -> GivenCube<'_> {
        match self.packed {
            Some(packed) => GivenCube::Planes(packed.planes()),
            None => GivenCube::Cube(self.cube()),
        }
    }

    /// A matrix whose rows are the pixels.
    pub fn matrix(&self) -> Matrix<'_> {
        let Layout { n, channels, pixel_stride, .. } = self.layout;
        let values = self.cut(Array::Values, &self.values);
        Matrix { values, rows: n, columns: channels, row_stride: pixel_stride }
    }

    /// The second array.
    pub fn original(&self) -> Original<'_> {
        let packed = self.packed.and_then(PackedCube::original);
        packed.unwrap_or(Original::Floats(self.cut(Array::Other, &self.other)))
    }

    /// Whether an output may have the layout of the values.
    pub fn writes_values(&self) -> bool {
        self.packed.is_none_or(PackedCube::writes_values)
    }

    /// An array for a value a pixel, or for each value in the layout of the input.
    pub fn output(&self, of_values: bool) -> Vec<f32> {
        if self.planes.is_some() || self.packed.is_some() {
            let places = self.places(of_values).map(|(pixel, channel)| self.place(of_values, pixel, channel) + 1);
            return vec![BEFORE; places.max().unwrap_or(0)];
        }
        vec![BEFORE; if of_values { self.values.len() } else { self.batch.n }]
    }

    /// Pixels and channels that an output has floats for.
    fn places(&self, of_values: bool) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Layout { n, channels, .. } = self.layout;
        let channels = if of_values { channels } else { 1 };
        (0..n * channels).map(move |index| (index / channels, index % channels))
    }

    /// Which places of an output hold values; the others are gaps.
    pub fn is_value(&self) -> Vec<bool> {
        self.is_written(true)
    }

    fn is_written(&self, of_values: bool) -> Vec<bool> {
        let mut is_written = vec![false; self.output(of_values).len()];
        for (pixel, channel) in self.places(of_values) {
            is_written[self.place(of_values, pixel, channel)] = true;
        }
        is_written
    }

    /// What was written to it, pixel by pixel. What lies between the values is as it was.
    pub fn written(&self, output: &[f32], of_values: bool) -> Vec<u32> {
        if !of_values && self.planes.is_none() && self.packed.is_none() {
            return bits(output);
        }
        let gaps = output.iter().zip(self.is_written(of_values)).filter(|(_, is_value)| !is_value);
        assert!(gaps.into_iter().all(|(gap, _)| *gap == BEFORE), "a gap was written");
        let values = self.places(of_values).map(|(pixel, channel)| output[self.place(of_values, pixel, channel)]);
        bits(&values.collect::<Vec<_>>())
    }
}
