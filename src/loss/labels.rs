//! Labels of pixels: which pixels count, and of what class they are.
//!
//! Read once a tile, so that kernels know one float a pixel, its class, or that it has no term. A pixel
//! that is masked, or has the ignored label, is as if it were not there; one whose label no class has,
//! or whose weight is none, is treated the same and counted as rejected.

use super::columns::{Logits, Part, PerPixel, TILE, copy, of_part};
use crate::cube::{Cube, Layout};
use crate::error::Error;
use crate::pixels::Tally;

/// The most classes that a pixel may have.
pub(crate) const MOST_CLASSES: usize = 4096;

/// The inputs of a call on labelled pixels, checked.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub cube: Cube<'a>,
    /// The label of pixels that act as masked.
    pub ignore: Option<i32>,
    /// One a class; None: all are 1.
    pub class_weights: Option<&'a [f32]>,
    /// What a term's weight is: `own_share * o_y + base` with the class weight o.
    pub own_share: f64,
    pub base: f64,
}

/// What the labels of a tile say.
pub(crate) struct LabelTile {
    /// The class of a pixel; negative where it has no term.
    pub class: PerPixel<f32>,
    /// The pixel weight; 0 where the pixel does not count.
    pub weight: PerPixel<f32>,
    /// The weight of the class.
    pub class_weight: PerPixel<f32>,
}

impl LabelTile {
    #[inline(always)]
    pub fn new() -> Self {
        let empty = PerPixel::new();
        Self { class: empty, weight: empty, class_weight: empty }
    }
}

impl<'a> Labels<'a> {
    /// Labels without class weights, if the cube is whole and its channels are as many as may be.
    pub fn new(cube: &Cube<'a>, ignore: Option<i32>, fewest: usize) -> Result<Self, Error> {
        cube.check()?;
        if cube.labels.is_none() {
            return Err(Error::MissingInput);
        }
        if !(fewest..=MOST_CLASSES).contains(&cube.layout.channels) {
            return Err(Error::Channels);
        }
        Ok(Self { cube: *cube, ignore, class_weights: None, own_share: 1.0, base: 0.0 })
    }

    pub fn logits(&self) -> Logits<'a> {
        Logits { values: self.cube.values, layout: self.cube.layout }
    }

    /// The pixels of a tile. A pixel that is masked or ignored is passed over; one whose label or weight
    /// is none is counted as rejected; one whose term has the factor 0 counts, but has no term.
    ///
    /// Loops without branches, one after the other: most take no longer than memory does.
    #[inline(never)]
    pub fn read(&self, part: Part, tile: &mut LabelTile) -> Tally {
        let classes = self.logits().classes() as u32;
        let (ignores, ignored) = (self.ignore.is_some(), self.ignore.unwrap_or(0));
        let mut live = PerPixel([1_u8; TILE]);
        tile.class.fill(part, -1.0);
        tile.weight.fill(part, 1.0);
        copy(self.cube.valid, part, &mut live.0);
        copy(self.cube.weights, part, &mut tile.weight.0);
        let (mut pixels, mut rejected) = (0_u32, 0_u32);
        let labels = of_part(self.cube.labels, part).iter().zip(&live.0);
        for ((class, weight), (label, live)) in
            tile.class.0.iter_mut().zip(&mut tile.weight.0).zip(labels)
        {
            let asked = (*live != 0) & !(ignores & (*label == ignored));
            let known = (*label as u32) < classes;
            let counts = asked & known & (*weight >= 0.0) & (*weight < f32::INFINITY);
            pixels += u32::from(counts);
            rejected += u32::from(asked & !counts);
            *weight = if counts { *weight } else { 0.0 };
            *class = if *weight > 0.0 { *label as f32 } else { -1.0 };
        }
        match self.class_weights {
            Some(weights) => self.weigh(part, weights, tile),
            None => tile.class_weight.fill(part, 1.0),
        }
        Tally { pixels: pixels.into(), rejected: rejected.into() }
    }

    /// Looks the class weights up, and switches off what weighs nothing.
    #[inline(never)]
    fn weigh(&self, part: Part, weights: &[f32], tile: &mut LabelTile) {
        let classes = tile.class.0.iter_mut().take(part.length);
        for (class, class_weight) in classes.zip(&mut tile.class_weight.0) {
            let known = if *class < 0.0 { usize::MAX } else { *class as usize };
            *class_weight = weights.get(known).copied().unwrap_or(0.0);
            let weighs = self.own_share * f64::from(*class_weight) + self.base > 0.0;
            *class = if weighs { *class } else { -1.0 };
        }
    }

    /// Looks up the logit of each pixel's class.
    #[inline(never)]
    pub fn look_up(&self, part: Part, class: &PerPixel<f32>, logits: &mut PerPixel<f32>) {
        let Layout { pixel_stride, channel_stride, .. } = self.cube.layout;
        for (index, (class, logit)) in
            class.0.iter().zip(&mut logits.0).take(part.length).enumerate()
        {
            let pixel = (part.start + index).wrapping_mul(pixel_stride);
            let place = pixel.wrapping_add((*class as usize).wrapping_mul(channel_stride));
            *logit = self.cube.values.get(place).copied().unwrap_or(0.0);
        }
    }
}
