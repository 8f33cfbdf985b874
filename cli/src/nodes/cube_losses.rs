//! Losses of pixels of several values.

use super::frame::Frame;
use super::pixel_losses::reduction;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use hyla::error::Error;
use hyla::exact::ExactSum;
use hyla::loss::foreground_contrast::{self, ColorSpace};
use hyla::loss::{Reduction, Write, cross_entropy, dice, mse, spectral_angle, svdd};

/// A loss of a cube and of what is `beside` it: an array of the frame, or of the parameters. Which cube it is by which
/// the gradient is may be another one than that of the loss.
macro_rules! cube_loss {
    (
        $name:ident, $node:ident, cube $cube:literal, labels $labels:literal,
        beside $loss:ident, $frame:ident, $of:pat => $beside:expr, reduces $reduces:expr
        $(, $($shared:item)+)?
    ) => {
        impl Measure for $name {
            type Totals = $node::Totals;

            fn empty(&self) -> Self::Totals {
                $node::Totals::default()
            }

            fn update(&self, totals: &mut Self::Totals, $frame: &Frame) -> Result<(), Error> {
                let ($loss, $of) = (self, $cube);
                totals.update(&$loss.params, &$frame.cube($cube, "", $labels)?, $beside)
            }

            fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
                totals.merge(batch);
                Ok(())
            }

            fn values(&self, totals: &Self::Totals) -> Result<Vec<Named>, Error> {
                let $loss = self;
                if $reduces { totals.loss(&$loss.params).map(Named::loss) } else { Ok(Vec::new()) }
            }

            fn gradient(&self, totals: &Self::Totals, of: &str, $frame: &Frame, to: &mut [f32]) -> Result<(), Error> {
                let ($loss, $of) = (self, of);
                let cube = $frame.cube(of, "", $labels)?;
                totals.gradient(&$loss.params, &cube, $beside, 1.0, Write::Store, to).map(|_| ())
            }

            $($($shared)+)?
        }
    };
}

pub struct Svdd {
    params: svdd::Params,
}

cube_loss! {
    Svdd, svdd, cube "embeddings", labels "", beside loss, frame, _ => frame.vector("center")?, reduces true,

    fn gather(&self, of: &str, frame: &Frame, sums: &mut Vec<ExactSum>) -> Result<(), Error> {
        let (cube, center) = (frame.cube("embeddings", "", "")?, frame.vector("center")?);
        if of == "center" {
            sums.resize(center.len(), ExactSum::default());
            svdd::update_center(&self.params, &cube, center, sums)?;
        }
        Ok(())
    }

    fn shared_gradient(
        &self, totals: &Self::Totals, of: &str, sums: &[ExactSum], to: &mut [f32],
    ) -> Result<(), Error> {
        if of == "center" {
            return svdd::gradient_center(&self.params, totals, sums, 1.0, Write::Store, to).map(|_| ());
        }
        let radius = totals.gradient_radius(&self.params, 1.0)?;
        to.fill(radius.value as f32);
        Ok(())
    }
}

impl Svdd {
    pub fn new(settings: &Settings) -> Self {
        let (nu, weight) = (settings.number("nu"), settings.number("weight"));
        Self { params: svdd::Params { nu, weight, r_unconstrained: settings.number("r_unconstrained") } }
    }
}

/// The other one of the two cubes of a loss that is symmetric: its gradient by the one is that by the other, with the
/// cubes in each other's place.
fn opposite(cube: &str) -> &str {
    if cube == "target" { "reconstruction" } else { "target" }
}

pub struct Mse {
    params: mse::Params,
}

cube_loss! {
    Mse, mse, cube "reconstruction", labels "", beside loss, frame, of => frame.values(opposite(of))?,
    reduces loss.params.reduction != Reduction::None
}

impl Mse {
    pub fn new(settings: &Settings) -> Self {
        Self { params: mse::Params { reduction: reduction(settings), weight: settings.number("weight") } }
    }
}

pub struct SpectralAngle {
    params: spectral_angle::Params,
}

cube_loss! {
    SpectralAngle, spectral_angle, cube "reconstruction", labels "",
    beside loss, frame, of => frame.values(opposite(of))?,
    reduces loss.params.reduction != Reduction::None
}

impl SpectralAngle {
    pub fn new(settings: &Settings) -> Self {
        let measure = match settings.choice("measure") {
            "cosine" => spectral_angle::Measure::Cosine,
            _ => spectral_angle::Measure::Angle,
        };
        let (reduction, weight) = (reduction(settings), settings.number("weight"));
        Self { params: spectral_angle::Params { measure, reduction, weight } }
    }
}

pub struct CrossEntropy {
    params: cross_entropy::Params,
    class_weights: Option<Vec<f32>>,
}

cube_loss! {
    CrossEntropy, cross_entropy, cube "logits", labels "targets",
    beside loss, frame, _ => loss.class_weights.as_deref(),
    reduces true
}

impl CrossEntropy {
    pub fn new(settings: &Settings) -> Self {
        Self {
            params: cross_entropy::Params {
                ignore_index: settings.integer_or_null("ignore_index").map(|label| label as i32),
                weight: settings.number("weight"),
                label_smoothing: settings.number("label_smoothing"),
                ..cross_entropy::Params::default()
            },
            class_weights: settings.numbers("class_weights"),
        }
    }
}

pub struct Dice(dice::Params);

impl Dice {
    pub fn new(settings: &Settings) -> Self {
        Self(dice::Params {
            include_background: settings.flag("include_background"),
            ignore_index: settings.integer_or_null("ignore_index").map(|label| label as i32),
            weight: settings.number("weight"),
            eps: settings.number("eps"),
            ..dice::Params::default()
        })
    }
}

impl Measure for Dice {
    /// One of each class; none before the first frame.
    type Totals = Vec<dice::Totals>;

    fn empty(&self) -> Self::Totals {
        Vec::new()
    }

    fn update(&self, totals: &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
        let cube = frame.cube("logits", "", "targets")?;
        if totals.is_empty() {
            totals.resize(cube.channels, dice::Totals::default());
        }
        dice::update(&self.0, &cube, totals)
    }

    fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
        if totals.is_empty() {
            totals.clone_from(batch);
            return Ok(());
        }
        dice::merge(batch, totals)
    }

    fn values(&self, totals: &Self::Totals) -> Result<Vec<Named>, Error> {
        dice::loss(&self.0, totals).map(Named::loss)
    }

    fn gradient(&self, totals: &Self::Totals, _: &str, frame: &Frame, to: &mut [f32]) -> Result<(), Error> {
        dice::gradient(&self.0, totals, &frame.cube("logits", "", "targets")?, 1.0, Write::Store, to).map(|_| ())
    }
}

pub struct ForegroundContrast(foreground_contrast::Params);

impl ForegroundContrast {
    pub fn new(settings: &Settings) -> Self {
        let color_space = match settings.choice("color_space") {
            "oklab" => ColorSpace::Oklab,
            _ => ColorSpace::Rgb,
        };
        Self(foreground_contrast::Params {
            color_space,
            assume_srgb: settings.flag("assume_srgb"),
            weight: settings.number("weight"),
            compactness_weight: settings.number("compactness_weight"),
            anchor_weight: settings.number("anchor_weight"),
            eps: settings.number("eps"),
        })
    }

    /// The sums of a frame.
    fn sums(&self, frame: &Frame) -> Result<foreground_contrast::Frame, Error> {
        let mut sums = foreground_contrast::Frame::default();
        sums.update(&self.0, &frame.cube("rgb", "mask", "")?)?;
        Ok(sums)
    }
}

impl Measure for ForegroundContrast {
    type Totals = foreground_contrast::Totals;

    fn empty(&self) -> Self::Totals {
        foreground_contrast::Totals::default()
    }

    fn update(&self, totals: &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
        totals.update(&self.0, &self.sums(frame)?)
    }

    fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
        totals.merge(batch);
        Ok(())
    }

    fn values(&self, totals: &Self::Totals) -> Result<Vec<Named>, Error> {
        totals.loss(&self.0).map(Named::loss)
    }

    fn gradient(&self, totals: &Self::Totals, _: &str, frame: &Frame, to: &mut [f32]) -> Result<(), Error> {
        let (sums, cube) = (self.sums(frame)?, frame.cube("rgb", "mask", "")?);
        totals.gradient(&self.0, &sums, &cube, 1.0, Write::Store, to).map(|_| ())
    }
}
