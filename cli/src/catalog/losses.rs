//! The rows of losses.

use super::{Carries, FINITE, INSIDE, Kind, NOT_NEGATIVE, Parameter, Port, SHARE, Shape, Spec, Takes};
use crate::nodes::{cube_losses, fixed_losses, pixel_losses, running};

const MODULE: Option<&str> = Some(super::LOSSES);

const fn port(name: &'static str, carries: Carries, shape: Shape, about: &'static str) -> Port {
    Port { name, carries, shape, is_optional: false, about }
}

const VALID: Port = Port {
    name: "valid",
    carries: Carries::Truth,
    shape: Shape::Pixels,
    is_optional: true,
    about: "which pixels count; of hyla alone",
};
const WEIGHTS: Port = Port {
    name: "weights",
    carries: Carries::Numbers,
    shape: Shape::Pixels,
    is_optional: true,
    about: "pixel weights; of hyla alone",
};

/// The inputs of a loss of scores and targets.
const SCORED: &[Port] = &[
    port("predictions", Carries::Numbers, Shape::Pixels, "logits or scores"),
    port("targets", Carries::Truth, Shape::Pixels, "ground truth"),
    VALID,
    WEIGHTS,
];
/// The inputs of a loss of class logits and labels.
const CLASSES: &[Port] = &[
    port("logits", Carries::Numbers, Shape::Cube, "a logit of each class"),
    port("targets", Carries::Labels, Shape::Pixels, "a class, from 0"),
    VALID,
];
/// The inputs of a loss of two cubes.
const REBUILT: &[Port] = &[
    port("reconstruction", Carries::Numbers, Shape::Cube, "reconstructed data"),
    port("target", Carries::Numbers, Shape::Cube, "original data, of the same shape"),
    VALID,
];

const fn weight(default: &'static str) -> Parameter {
    Parameter { name: "weight", takes: Takes::Number(FINITE), default, about: "factor of the loss among others" }
}
const REDUCTION: Parameter = Parameter {
    name: "reduction",
    takes: Takes::Choice(&["mean", "sum", "none", "weighted_mean"]),
    default: "mean",
    about: "none: a map, which is no part of the sum of losses",
};
const SMOOTHING: Parameter = Parameter {
    name: "label_smoothing",
    takes: Takes::Number(SHARE),
    default: "0.0",
    about: "how far targets are moved from their class; of hyla alone",
};
const EPS: Parameter =
    Parameter { name: "eps", takes: Takes::Number(NOT_NEGATIVE), default: "1e-6", about: "stability constant" };
const SMOOTH: Parameter =
    Parameter { name: "smooth", takes: Takes::Number(NOT_NEGATIVE), default: "1e-6", about: "stability constant" };
const NORMALIZE: Parameter = Parameter {
    name: "normalize_method",
    takes: Takes::Choice(&["sigmoid", "clamp", "minmax"]),
    default: "sigmoid",
    about: "how scores become predictions between 0 and 1",
};
const EMPTY_TARGET: Parameter = Parameter {
    name: "empty_target",
    takes: Takes::Choice(&["one", "skip", "zero"]),
    default: "one",
    about: "the loss where no target is positive; of hyla alone",
};

/// The losses.
pub const LOSSES: &[Spec] = &[
    Spec {
        name: "AnomalyBCEWithLogits",
        module: MODULE,
        kind: Kind::Loss,
        about: "binary cross-entropy of logits",
        inputs: SCORED,
        gives: "the loss",
        parameters: &[
            weight("1.0"),
            Parameter {
                name: "pos_weight",
                takes: Takes::NumberOrNull(NOT_NEGATIVE),
                default: "null",
                about: "weight of positive pixels; null is 1",
            },
            REDUCTION,
            SMOOTHING,
        ],
        gradients: &["predictions"],
        make: |settings| running(pixel_losses::Bce::new(settings)),
    },
    Spec {
        name: "DeepSVDDSoftBoundaryLoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "radius of a sphere and what lies outside of it",
        inputs: &[
            port("embeddings", Carries::Numbers, Shape::Cube, "embeddings"),
            port("center", Carries::Numbers, Shape::Vector, "center of the sphere"),
            VALID,
        ],
        gives: "the loss",
        parameters: &[
            Parameter {
                name: "nu",
                takes: Takes::Number(INSIDE),
                default: "0.05",
                about: "share of pixels that may lie outside",
            },
            weight("1.0"),
            Parameter {
                name: "r_unconstrained",
                takes: Takes::Number(FINITE),
                default: "0.0",
                about: "the learnt parameter r; the radius is softplus(10 r) / 10; of hyla alone",
            },
        ],
        gradients: &["embeddings", "center", "r_unconstrained"],
        make: |settings| running(cube_losses::Svdd::new(settings)),
    },
    Spec {
        name: "OrthogonalityLoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "how far the rows of a matrix are from orthonormal",
        inputs: &[port("components", Carries::Numbers, Shape::Matrix, "components, one a row")],
        gives: "the loss",
        parameters: &[weight("1.0")],
        gradients: &["components"],
        make: |settings| running(fixed_losses::Orthogonality::new(settings)),
    },
    Spec {
        name: "IoULoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "1 less the intersection over union of predictions and targets",
        inputs: SCORED,
        gives: "the loss",
        parameters: &[weight("1.0"), SMOOTH, NORMALIZE, EMPTY_TARGET],
        gradients: &["predictions"],
        make: |settings| running(pixel_losses::Iou::new(settings)),
    },
    Spec {
        name: "DistinctnessLoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "mean cosine of pairs of selectors",
        inputs: &[port("selection_weights", Carries::Numbers, Shape::Matrix, "weights of the bands, a selector a row")],
        gives: "the loss",
        parameters: &[
            weight("0.1"),
            EPS,
            Parameter {
                name: "skip_exact_zeros",
                takes: Takes::Flag,
                default: "false",
                about: "leave pairs whose cosine is exactly 0 out of the mean, as cuvis-ai does; of hyla alone",
            },
        ],
        gradients: &["selection_weights"],
        make: |settings| running(fixed_losses::Distinctness::new(settings)),
    },
    Spec {
        name: "SelectorEntropyRegularizer",
        module: MODULE,
        kind: Kind::Loss,
        about: "negative entropy of selection weights, or its squared distance to a target",
        inputs: &[port("weights", Carries::Numbers, Shape::Vector, "weights of the bands")],
        gives: "the loss",
        parameters: &[
            weight("0.01"),
            Parameter {
                name: "target_entropy",
                takes: Takes::NumberOrNull(FINITE),
                default: "null",
                about: "the entropy that is wanted",
            },
            EPS,
        ],
        gradients: &["weights"],
        make: |settings| running(fixed_losses::SelectorEntropy::new(settings)),
    },
    Spec {
        name: "SelectorDiversityRegularizer",
        module: MODULE,
        kind: Kind::Loss,
        about: "negative variance of selection weights",
        inputs: &[port("weights", Carries::Numbers, Shape::Vector, "weights of the bands")],
        gives: "the loss",
        parameters: &[weight("0.01")],
        gradients: &["weights"],
        make: |settings| running(fixed_losses::SelectorDiversity::new(settings)),
    },
    Spec {
        name: "MSEReconstructionLoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "mean squared error",
        inputs: REBUILT,
        gives: "the loss",
        parameters: &[weight("1.0"), REDUCTION],
        gradients: &["reconstruction", "target"],
        make: |settings| running(cube_losses::Mse::new(settings)),
    },
    Spec {
        name: "DiceLoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "1 less the mean Dice coefficient of the classes",
        inputs: CLASSES,
        gives: "the loss",
        parameters: &[
            weight("1.0"),
            Parameter {
                name: "ignore_index",
                takes: Takes::IntegerOrNull(i32::MIN as i64, i32::MAX as i64),
                default: "null",
                about: "the label of pixels that do not count",
            },
            Parameter {
                name: "include_background",
                takes: Takes::Flag,
                default: "true",
                about: "whether class 0 takes part in the mean",
            },
            EPS,
        ],
        gradients: &["logits"],
        make: |settings| running(cube_losses::Dice::new(settings)),
    },
    Spec {
        name: "CrossEntropyLoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "cross-entropy of class logits",
        inputs: CLASSES,
        gives: "the loss",
        parameters: &[
            weight("1.0"),
            Parameter {
                name: "class_weights",
                takes: Takes::NumbersOrNull(NOT_NEGATIVE),
                default: "null",
                about: "a weight of each class",
            },
            Parameter {
                name: "ignore_index",
                takes: Takes::Integer(i32::MIN as i64, i32::MAX as i64),
                default: "-100",
                about: "the label of pixels that do not count",
            },
            SMOOTHING,
        ],
        gradients: &["logits"],
        make: |settings| running(cube_losses::CrossEntropy::new(settings)),
    },
    Spec {
        name: "ForegroundContrastLoss",
        module: MODULE,
        kind: Kind::Loss,
        about: "contrast of the mean colours of foreground and background",
        inputs: &[
            port("rgb", Carries::Numbers, Shape::Rgb, "colours"),
            port("mask", Carries::Truth, Shape::Pixels, "foreground is not 0"),
            VALID,
        ],
        gives: "the loss",
        parameters: &[
            weight("1.0"),
            Parameter {
                name: "compactness_weight",
                takes: Takes::Number(NOT_NEGATIVE),
                default: "0.0",
                about: "weight of the variance of the foreground",
            },
            Parameter {
                name: "anchor_weight",
                takes: Takes::Number(NOT_NEGATIVE),
                default: "0.0",
                about: "weight of how far both means are from that of the frame",
            },
            EPS,
            Parameter {
                name: "color_space",
                takes: Takes::Choice(&["rgb", "oklab"]),
                default: "rgb",
                about: "where distances are taken",
            },
            Parameter {
                name: "assume_srgb",
                takes: Takes::Flag,
                default: "true",
                about: "whether the colours are sRGB, and no linear light",
            },
        ],
        gradients: &["rgb"],
        make: |settings| running(cube_losses::ForegroundContrast::new(settings)),
    },
    Spec {
        name: "SpectralAngleLoss",
        module: None,
        kind: Kind::Loss,
        about: "angle between reconstructed and original spectra",
        inputs: REBUILT,
        gives: "the loss",
        parameters: &[
            weight("1.0"),
            Parameter {
                name: "measure",
                takes: Takes::Choice(&["angle", "cosine"]),
                default: "angle",
                about: "the angle, or 1 less its cosine",
            },
            REDUCTION,
        ],
        gradients: &["reconstruction", "target"],
        make: |settings| running(cube_losses::SpectralAngle::new(settings)),
    },
    Spec {
        name: "FocalLoss",
        module: None,
        kind: Kind::Loss,
        about: "cross-entropy of logits that looks away from what is easy",
        inputs: SCORED,
        gives: "the loss",
        parameters: &[
            weight("1.0"),
            Parameter {
                name: "gamma",
                takes: Takes::Number(NOT_NEGATIVE),
                default: "2.0",
                about: "focusing exponent; 0 is cross-entropy",
            },
            Parameter {
                name: "alpha",
                takes: Takes::NumberOrNull(SHARE),
                default: "0.25",
                about: "weight of positives, where negatives get the rest; null: both get 1",
            },
            REDUCTION,
        ],
        gradients: &["predictions"],
        make: |settings| running(pixel_losses::Focal::new(settings)),
    },
    Spec {
        name: "TverskyLoss",
        module: None,
        kind: Kind::Loss,
        about: "1 less the Tversky index, whose mistakes of both kinds have weights",
        inputs: SCORED,
        gives: "the loss",
        parameters: &[
            weight("1.0"),
            SMOOTH,
            NORMALIZE,
            EMPTY_TARGET,
            Parameter {
                name: "false_positives",
                takes: Takes::Number(NOT_NEGATIVE),
                default: "0.5",
                about: "weight of false positives",
            },
            Parameter {
                name: "false_negatives",
                takes: Takes::Number(NOT_NEGATIVE),
                default: "0.5",
                about: "weight of false negatives",
            },
            Parameter { name: "gamma", takes: Takes::Number(NOT_NEGATIVE), default: "1.0", about: "focusing exponent" },
        ],
        gradients: &["predictions"],
        make: |settings| running(pixel_losses::Tversky::new(settings)),
    },
];
