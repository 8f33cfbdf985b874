//! The rows of metrics.

use super::{Carries, FINITE, Kind, NOT_NEGATIVE, Parameter, Port, SHARE, SHARE_ABOVE_0, Shape, Spec, Takes};
use crate::nodes::{bands, counts, detection, fixed_metrics, ranking, running, scores};

const MODULE: Option<&str> = Some(super::METRICS);

const fn port(name: &'static str, carries: Carries, shape: Shape, about: &'static str) -> Port {
    Port { name, carries, shape, is_optional: false, about }
}

const fn optional(name: &'static str, carries: Carries, about: &'static str) -> Port {
    Port { name, carries, shape: Shape::Pixels, is_optional: true, about }
}

const VALID: Port = optional("valid", Carries::Truth, "which pixels count; of hyla alone");
const SCORES: Port = port("scores", Carries::Numbers, Shape::Pixels, "scores");
const WEIGHTS: Port = port("weights", Carries::Numbers, Shape::Vector, "weights of the bands");

const BINNING: Parameter = Parameter {
    name: "binning",
    takes: Takes::Choice(&["key", "linear"]),
    default: "key",
    about: "bins of one relative width, or of one width",
};
const BITS: Parameter = Parameter {
    name: "bits",
    takes: Takes::Integer(8, 16),
    default: "12",
    about: "binary logarithm of the number of bins, with binning key",
};
const LOW: Parameter = Parameter {
    name: "low",
    takes: Takes::Number(FINITE),
    default: "0.0",
    about: "lower end of the first bin, with binning linear",
};
const HIGH: Parameter = Parameter {
    name: "high",
    takes: Takes::Number(FINITE),
    default: "1.0",
    about: "upper end of the last bin, with binning linear",
};
const BINS: Parameter = Parameter {
    name: "bins",
    takes: Takes::Integer(1, 65536),
    default: "1024",
    about: "number of bins, with binning linear",
};

/// The metrics.
pub const METRICS: &[Spec] = &[
    Spec {
        name: "AnomalyDetectionMetrics",
        module: MODULE,
        kind: Kind::Metric,
        about: "precision, recall, F1 and IoU of decisions, average precision of logits",
        inputs: &[
            optional("decisions", Carries::Truth, "decisions; these, logits or both are needed"),
            port("targets", Carries::Truth, Shape::Pixels, "ground truth"),
            optional("logits", Carries::Numbers, "logits, for average precision"),
            VALID,
        ],
        gives: "precision, recall, f1_score, iou, of frames image_precision, image_recall, image_f1; average_precision",
        parameters: &[
            Parameter {
                name: "ap_thresholds",
                takes: Takes::Integer(2, 4096),
                default: "200",
                about: "thresholds of average precision",
            },
            Parameter {
                name: "pixel_stride",
                takes: Takes::Integer(1, i32::MAX as i64),
                default: "1",
                about: "every how many rows and columns a pixel counts",
            },
        ],
        gradients: &[],
        make: |settings| running(detection::Detection::new(settings)),
    },
    Spec {
        name: "AnomalyPixelStatisticsMetric",
        module: MODULE,
        kind: Kind::Metric,
        about: "number and share of anomalous pixels",
        inputs: &[port("decisions", Carries::Truth, Shape::Pixels, "decisions"), VALID],
        gives: "anomaly/total_pixels, anomaly/anomalous_pixels, anomaly/anomaly_percentage",
        parameters: &[],
        gradients: &[],
        make: |_| running(counts::PixelStatistics),
    },
    Spec {
        name: "ExplainedVarianceMetric",
        module: MODULE,
        kind: Kind::Metric,
        about: "explained variance of components, each, in total and cumulative",
        inputs: &[port("explained_variance_ratio", Carries::Numbers, Shape::Vector, "a ratio of each component")],
        gives: "explained_variance_pc1 and so on, total_explained_variance, cumulative_variance_pc1 and so on",
        parameters: &[],
        gradients: &[],
        make: |_| running(fixed_metrics::ExplainedVariance),
    },
    Spec {
        name: "ScoreStatisticsMetric",
        module: MODULE,
        kind: Kind::Metric,
        about: "mean, spread, extremes and quantiles of scores",
        inputs: &[SCORES, VALID],
        gives: "scores/mean, std, min, max, median, q25, q75, q95, q99",
        parameters: &[],
        gradients: &[],
        make: |_| running(scores::ScoreStatistics),
    },
    Spec {
        name: "ComponentOrthogonalityMetric",
        module: MODULE,
        kind: Kind::Metric,
        about: "how orthonormal the rows of a matrix are",
        inputs: &[port("components", Carries::Numbers, Shape::Matrix, "components, one a row")],
        gives: "orthogonality_error, avg_off_diagonal, diagonal_mean, diagonal_std",
        parameters: &[],
        gradients: &[],
        make: |_| running(fixed_metrics::ComponentOrthogonality),
    },
    Spec {
        name: "SelectorEntropyMetric",
        module: MODULE,
        kind: Kind::Metric,
        about: "entropy of selection weights",
        inputs: &[WEIGHTS],
        gives: "selector/entropy",
        parameters: &[Parameter {
            name: "eps",
            takes: Takes::Number(NOT_NEGATIVE),
            default: "1e-6",
            about: "stability constant",
        }],
        gradients: &[],
        make: |settings| running(fixed_metrics::SelectorEntropy::new(settings)),
    },
    Spec {
        name: "SelectorDiversityMetric",
        module: MODULE,
        kind: Kind::Metric,
        about: "variance and Gini coefficient of selection weights",
        inputs: &[WEIGHTS],
        gives: "weight_variance, gini_coefficient",
        parameters: &[],
        gradients: &[],
        make: |_| running(fixed_metrics::SelectorDiversity),
    },
    Spec {
        name: "DistinctLabelCount",
        module: MODULE,
        kind: Kind::Count,
        about: "number of distinct labels of a frame, without 0; of several frames the mean",
        inputs: &[port("mask", Carries::Labels, Shape::Pixels, "labels; 0 is background"), VALID],
        gives: "num_distinct_labels",
        parameters: &[],
        gradients: &[],
        make: |_| running(counts::DistinctLabels),
    },
    Spec {
        name: "RankingMetric",
        module: None,
        kind: Kind::Metric,
        about: "average precision, ROC-AUC and the greatest F1 of a stream, with bounds",
        inputs: &[SCORES, optional("targets", Carries::Truth, "ground truth; without it every pixel is normal"), VALID],
        gives: "average_precision, roc_auc, f1_max with bounds, f1_max_threshold, false_positive_rate_threshold",
        parameters: &[
            BINNING,
            BITS,
            LOW,
            HIGH,
            BINS,
            Parameter {
                name: "false_positive_rate",
                takes: Takes::NumberOrNull(SHARE),
                default: "null",
                about: "the rate for which a threshold is wanted",
            },
        ],
        gradients: &[],
        make: |settings| running(ranking::Ranking::new(settings)),
    },
    Spec {
        name: "ExactRankingMetric",
        module: None,
        kind: Kind::Metric,
        about: "exact average precision, ROC-AUC and greatest F1; keeps 5 bytes a pixel in memory",
        inputs: &[SCORES, port("targets", Carries::Truth, Shape::Pixels, "ground truth"), VALID],
        gives: "average_precision, roc_auc, f1_max, f1_max_threshold",
        parameters: &[],
        gradients: &[],
        make: |_| running(ranking::ExactRanking),
    },
    Spec {
        name: "DriftMetric",
        module: None,
        kind: Kind::Metric,
        about: "how far the scores are from those of a good hour",
        inputs: &[SCORES, port("reference", Carries::Numbers, Shape::Vector, "scores of a good hour"), VALID],
        gives: "drift/psi, Kolmogorov-Smirnov and Wasserstein distances with bounds, shares of bad pixels",
        parameters: &[
            BINNING,
            BITS,
            LOW,
            HIGH,
            BINS,
            Parameter {
                name: "groups",
                takes: Takes::Integer(2, 4096),
                default: "10",
                about: "groups of the population stability index",
            },
        ],
        gradients: &[],
        make: |settings| running(ranking::Drift::new(settings)),
    },
    Spec {
        name: "TopKMeanMetric",
        module: None,
        kind: Kind::Metric,
        about: "mean of the greatest scores of a frame; of several frames the mean",
        inputs: &[SCORES, VALID],
        gives: "topk_mean",
        parameters: &[Parameter {
            name: "fraction",
            takes: Takes::Number(SHARE_ABOVE_0),
            default: "0.001",
            about: "share of the scores that are the greatest",
        }],
        gradients: &[],
        make: |settings| running(scores::TopkMean::new(settings)),
    },
    Spec {
        name: "SumMetric",
        module: None,
        kind: Kind::Metric,
        about: "exact sum and mean of a map",
        inputs: &[SCORES, VALID],
        gives: "sum, mean",
        parameters: &[],
        gradients: &[],
        make: |_| running(counts::Sum),
    },
    Spec {
        name: "RangeMetric",
        module: None,
        kind: Kind::Metric,
        about: "least and greatest value of a map",
        inputs: &[SCORES, VALID],
        gives: "min, max",
        parameters: &[],
        gradients: &[],
        make: |_| running(counts::Extremes),
    },
    Spec {
        name: "BandStatisticsMetric",
        module: None,
        kind: Kind::Count,
        about: "mean, spread, extremes and saturation of each band of a cube, dead bands and detector columns",
        inputs: &[port("cube", Carries::Numbers, Shape::Cube, "the values of a camera"), VALID],
        gives: "of each band band0/mean and so on, std, min, max, count, nan, zero, saturated, dead; \
                dead_bands, dead_columns",
        parameters: &[Parameter {
            name: "saturation",
            takes: Takes::NumberOrNull(FINITE),
            default: "null",
            about: "values at or above this are saturated",
        }],
        gradients: &[],
        make: |settings| running(bands::BandStatistics::new(settings)),
    },
];
