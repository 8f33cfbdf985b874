//! What a call goes over: slices as they are, or planes that become tiles.

#[cfg(feature = "conversions")]
use super::planes::{Planes, Tiles};
#[cfg(feature = "conversions")]
use super::{Items, Plane};
use super::{MaskCounts, Masks, Pixels, Used};
use crate::error::Error;
use crate::simd::Output;
#[cfg(feature = "conversions")]
use crate::simd::Room;

/// The pixels of a call. Functions take whatever becomes one: a reference to [`Pixels`] or to [`Planes`].
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Slices of floats and bytes.
    Pixels(&'a Pixels<'a>),
    /// Planes of any type.
    #[cfg(feature = "conversions")]
    Planes(&'a Planes<'a>),
}

impl<'a> From<&'a Pixels<'a>> for Source<'a> {
    fn from(pixels: &'a Pixels<'a>) -> Self {
        Self::Pixels(pixels)
    }
}

#[cfg(feature = "conversions")]
impl<'a> From<Source<'a>> for Planes<'a> {
    fn from(source: Source<'a>) -> Self {
        match source {
            Source::Pixels(pixels) => (*pixels).into(),
            Source::Planes(planes) => *planes,
        }
    }
}

#[cfg(feature = "conversions")]
impl<'a> From<&'a Planes<'a>> for Source<'a> {
    fn from(planes: &'a Planes<'a>) -> Self {
        Self::Planes(planes)
    }
}

/// Some pixels of a call, as kernels take them.
pub(crate) struct Tile<'t> {
    /// How many there are.
    pub n: usize,
    pub pixels: &'t Pixels<'t>,
    /// Where their floats go.
    pub output: Output<'t>,
}

impl<'a> Source<'a> {
    /// Which inputs are given.
    fn given(&self) -> Used {
        match self {
            Self::Pixels(pixels) => pixels.given(),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.given(),
        }
    }

    /// What a call needs is there, weights and soft targets are not given to one that does not use them, and all
    /// inputs that it uses have as many pixels. (Scores of slices are there in any case, perhaps of no pixel.)
    ///
    /// # Errors
    /// [`Error::MissingInput`], [`Error::UnsupportedInput`], [`Error::LengthMismatch`], and those of planes.
    #[inline(never)]
    pub(crate) fn check(&self, needed: Used, optional: Used) -> Result<(), Error> {
        let used = needed | optional;
        let given = self.given();
        if given.without(used).has(Used::WEIGHTS | Used::SOFT_TARGETS) {
            return Err(Error::UnsupportedInput);
        }
        if needed.without(given) != Used::NONE {
            return Err(Error::MissingInput);
        }
        match self {
            Self::Pixels(pixels) => pixels.check(used),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.check(used),
        }
    }

    /// As [`Self::check`], for labelled scores: there is one kind of targets.
    #[inline(never)]
    pub(crate) fn check_labelled(&self) -> Result<(), Error> {
        let given = self.given();
        match (given.has(Used::TARGETS), given.has(Used::SOFT_TARGETS)) {
            (false, false) => Err(Error::MissingInput),
            (true, true) => Err(Error::UnsupportedInput),
            _ => self.check(Used::SCORES, Used::LABELLED.without(Used::SCORES)),
        }
    }

    /// An output of so many floats has one for each pixel.
    pub(crate) fn check_output(&self, used: Used, length: usize) -> Result<(), Error> {
        match self {
            Self::Pixels(pixels) => {
                if length == pixels.count(used) {
                    Ok(())
                } else {
                    Err(Error::LengthMismatch)
                }
            }
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.check_output(length),
        }
    }

    /// How many pixels there are, by the inputs that are used.
    #[inline(always)]
    pub(crate) fn n(&self, used: Used) -> usize {
        match self {
            Self::Pixels(pixels) => pixels.count(used),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.n,
        }
    }

    /// What decisions hold among the pixels that count, and targets, if they are used.
    pub(crate) fn count_masks(&self, used: Used) -> MaskCounts {
        #[cfg(feature = "conversions")]
        if let Self::Planes(planes) = self {
            let targets = planes.targets.filter(|_| used.has(Used::TARGETS));
            if let Some(counts) = planes.count_bits(planes.decisions, targets) {
                return counts;
            }
        }
        let mut all = MaskCounts::default();
        self.each(used, None, |Tile { pixels, .. }| {
            let decisions = pixels.decisions.unwrap_or(&[]);
            all.add(Masks { first: decisions, second: pixels.targets, valid: pixels.valid }.count());
        });
        all
    }

    /// How many bits the scores have, if they are unsigned integers without scale and zero point.
    pub(crate) fn bits_of_scores(&self) -> Option<u32> {
        match self {
            #[cfg(feature = "conversions")]
            Self::Planes(Planes { scores: Some(Plane { items, scale: 1.0, zero_point: 0, .. }), .. }) => match items {
                Items::U8(_) => Some(8),
                Items::U16(_) => Some(16),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether an input is given. (Scores of slices are missing if there are none, but pixels by the other input.)
    pub(crate) fn has(&self, input: Used, pixels: Used) -> bool {
        let is_there = match self {
            Self::Pixels(given) => input != Used::SCORES || !given.scores.is_empty() || given.count(pixels) == 0,
            #[cfg(feature = "conversions")]
            Self::Planes(_) => true,
        };
        is_there && self.given().has(input)
    }

    /// Whether decisions may have a label that is to be ignored.
    pub(crate) fn ignores_decisions(&self) -> bool {
        match self {
            Self::Pixels(_) => false,
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.decisions.is_some_and(|mask| mask.ignored.is_some()),
        }
    }

    /// Whether soft targets are given.
    pub(crate) fn is_soft(&self) -> bool {
        self.given().has(Used::SOFT_TARGETS)
    }

    /// Goes over all pixels, tile by tile: with the inputs that are used, and the part of an output that belongs to
    /// them. Slices are one tile, with all that is given.
    #[inline(always)]
    pub(crate) fn each(&self, used: Used, output: Option<Output>, mut with: impl FnMut(Tile)) {
        let output = output.unwrap_or(Output::nowhere());
        match self {
            Self::Pixels(pixels) => with(Tile { n: pixels.count(used), pixels, output }),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => each_tile(planes, used, output, with),
        }
    }

    /// As [`Self::each`], of what says which pixels count: `used` are the inputs of the whole call.
    #[inline(always)]
    pub(crate) fn each_live(&self, used: Used, mut with: impl FnMut(usize, &Pixels)) {
        match self {
            Self::Pixels(pixels) => with(pixels.count(used), pixels),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => {
                each_tile(planes, planes.live(used), Output::nowhere(), |tile| with(tile.n, tile.pixels));
            }
        }
    }
}

/// (Not where slices go: the arena is large.)
#[cfg(feature = "conversions")]
#[inline(never)]
fn each_tile(planes: &Planes, used: Used, output: Output, mut with: impl FnMut(Tile)) {
    let mut room = Room::new();
    let mut tiles = Tiles::new(planes, used, output, &mut room);
    while let Some((pixels, n, output)) = tiles.next() {
        with(Tile { n, pixels: &pixels, output });
    }
}
