//! The one table of nodes: what `run`, `check`, `nodes`, the messages and the documentation know of them.
//!
//! | module | what is there |
//! | --- | --- |
//! | [`losses`], [`metrics`] | the rows |
//! | [`settings`] | the parameters of a node, read from the file and checked against its row |
//! | [`external`] | the names of cuvis-ai's nodes that hyla does not have |
//!
//! A row says the name of the node, its ports, its parameters and what makes it. To add a node, write a row, and what
//! it computes in `nodes`.

pub mod external;
mod losses;
mod metrics;
pub mod settings;

use crate::fault::{Fallible, Fault, nearest};
use crate::graph;
use crate::nodes::Running;
use settings::Settings;

/// A node that hyla has.
pub struct Spec {
    pub name: &'static str,
    /// Where cuvis-ai has it; None: only hyla does.
    pub module: Option<&'static str>,
    pub kind: Kind,
    /// One sentence.
    pub about: &'static str,
    pub inputs: &'static [Port],
    /// What the port `loss` or `metrics` gives out, in words.
    pub gives: &'static str,
    pub parameters: &'static [Parameter],
    /// The inputs and learnt parameters of which `--gradient` knows the gradient.
    pub gradients: &'static [&'static str],
    pub make: fn(&Settings) -> Box<dyn Running>,
}

/// What a node is for, which says when it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Loss,
    Metric,
    /// A metric that runs in every stage.
    Count,
}

/// When a pipeline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Stage {
    Train,
    Val,
    Test,
    Inference,
}

impl Stage {
    pub const ALL: [Self; 4] = [Self::Train, Self::Val, Self::Test, Self::Inference];

    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
            Self::Inference => "inference",
        }
    }
}

impl Kind {
    pub fn runs_in(self, stage: Stage) -> bool {
        match self {
            Self::Loss => stage != Stage::Inference,
            Self::Metric => matches!(stage, Stage::Val | Stage::Test),
            Self::Count => true,
        }
    }

    /// The name of the output port.
    pub fn output(self) -> &'static str {
        if self == Self::Loss { "loss" } else { "metrics" }
    }
}

/// An input of a node.
pub struct Port {
    pub name: &'static str,
    pub carries: Carries,
    pub shape: Shape,
    pub is_optional: bool,
    pub about: &'static str,
}

/// The items of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// Scores, logits, weights, values.
    Numbers,
    /// True or false.
    Truth,
    /// Classes.
    Labels,
}

/// The shape of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value a pixel, frame by frame.
    Pixels,
    /// Several values a pixel, frame by frame.
    Cube,
    /// Three values a pixel, frame by frame.
    Rgb,
    /// One vector for all frames, or one a batch.
    Vector,
    /// One matrix for all frames, or one a batch.
    Matrix,
}

impl Carries {
    /// The types of items that a file may have for it.
    pub fn types(self) -> &'static str {
        match self {
            Self::Numbers => "float16, float32, float64, int8, uint8, int16 or uint16",
            Self::Truth => "bool, uint8, uint16 or int32",
            Self::Labels => "uint8, uint16, int32 or int64",
        }
    }

    /// The type that cuvis-ai has there.
    pub fn name(self) -> &'static str {
        match self {
            Self::Numbers => "float32",
            Self::Truth => "bool",
            Self::Labels => "int32",
        }
    }
}

impl Shape {
    /// Whether there is one of it a frame.
    pub fn is_framed(self) -> bool {
        matches!(self, Self::Pixels | Self::Cube | Self::Rgb)
    }

    /// The shapes that a file may have for it.
    pub fn shapes(self) -> &'static str {
        match self {
            Self::Pixels => "(H,W), (B,H,W) or (B,H,W,1)",
            Self::Cube => "(B,H,W,D) or (H,W,D)",
            Self::Rgb => "(B,H,W,3) or (H,W,3)",
            Self::Vector => "(D,)",
            Self::Matrix => "(K,C)",
        }
    }

    /// The shape that cuvis-ai has there.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pixels => "(B,H,W,1)",
            Self::Cube => "(B,H,W,D)",
            Self::Rgb => "(B,H,W,3)",
            Self::Vector => "(D,)",
            Self::Matrix => "(K,C)",
        }
    }
}

/// A parameter of a node.
pub struct Parameter {
    pub name: &'static str,
    pub takes: Takes,
    /// As a file would say it.
    pub default: &'static str,
    pub about: &'static str,
}

/// What a parameter may be.
#[derive(Clone, Copy)]
pub enum Takes {
    /// A number, and which ones.
    Number(Allowed),
    /// A number or null.
    NumberOrNull(Allowed),
    /// An integer between these.
    Integer(i64, i64),
    IntegerOrNull(i64, i64),
    Flag,
    Choice(&'static [&'static str]),
    /// A list of numbers, each of them allowed, or null.
    NumbersOrNull(Allowed),
}

/// Which numbers a parameter may be.
#[derive(Clone, Copy)]
pub struct Allowed {
    pub words: &'static str,
    pub is: fn(f64) -> bool,
}

pub const FINITE: Allowed = Allowed { words: "any finite one", is: |_| true };
pub const NOT_NEGATIVE: Allowed = Allowed { words: "0 or more", is: |number| number >= 0.0 };
pub const INSIDE: Allowed =
    Allowed { words: "between 0 and 1, both excluded", is: |number| number > 0.0 && number < 1.0 };
pub const SHARE: Allowed = Allowed { words: "0 to 1", is: |number| (0.0..=1.0).contains(&number) };
pub const SHARE_ABOVE_0: Allowed = Allowed { words: "above 0, up to 1", is: |number| number > 0.0 && number <= 1.0 };

impl Takes {
    /// Its type and range in words.
    pub fn words(&self) -> String {
        match self {
            Self::Number(allowed) => format!("a number ({})", allowed.words),
            Self::NumberOrNull(allowed) => format!("a number ({}) or null", allowed.words),
            Self::Integer(least, most) => format!("an integer ({})", range(*least, *most)),
            Self::IntegerOrNull(least, most) => format!("an integer ({}) or null", range(*least, *most)),
            Self::Flag => "true or false".to_string(),
            Self::Choice(choices) => crate::fault::list(choices.iter().copied()).replace(" and ", " or "),
            Self::NumbersOrNull(allowed) => format!("a list of numbers (each {}) or null", allowed.words),
        }
    }
}

fn range(least: i64, most: i64) -> String {
    if most >= i64::from(i32::MAX) {
        if least <= i64::from(i32::MIN) { "of 32 bits".to_string() } else { format!("{least} or more") }
    } else {
        format!("{least} to {most}")
    }
}

/// All nodes, losses first.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    losses::LOSSES.iter().chain(metrics::METRICS)
}

/// What a class of a pipeline file is.
pub enum Class {
    Ours(&'static Spec),
    /// A node that hyla does not have: its ports are bound to files.
    External,
}

/// The node of a class, which may have its module before it.
pub fn find(node: &graph::Node) -> Fallible<Class> {
    let (module, name) = match node.class.rsplit_once('.') {
        Some((module, name)) => (Some(module), name),
        None => (None, node.class.as_str()),
    };
    let is_of_cuvis = module.is_none_or(|module| module == "cuvis_ai" || module.starts_with("cuvis_ai."));
    let ours = all().find(|spec| spec.name == name).filter(|_| is_of_cuvis || module == Some("hyla"));
    if let Some(spec) = ours {
        return Ok(Class::Ours(spec));
    }
    // A package of somebody else, and a module of cuvis-ai that has no losses and metrics, may have what they like.
    let is_free = module.is_some_and(|module| !["hyla", LOSSES, METRICS].contains(&module));
    if is_free || external::NAMES.contains(&name) {
        return Ok(Class::External);
    }
    let names = all().map(|spec| spec.name).chain(external::NAMES.iter().copied());
    let meant = nearest(name, names).map(|name| format!("; is {name} meant?")).unwrap_or_default();
    let sentence = format!(
        "{}: neither hyla nor cuvis-ai has a node {name}{}",
        node.name,
        if meant.is_empty() { " (one of another package is written package.module.Name)." } else { &meant }
    );
    Err(Fault::at(&node.class_place, sentence))
}

/// Where cuvis-ai has its losses and its metrics.
const LOSSES: &str = "cuvis_ai.node.losses";
const METRICS: &str = "cuvis_ai.node.metrics";

impl Spec {
    /// An input of a name.
    pub fn input(&self, name: &str) -> Option<&'static Port> {
        self.inputs.iter().find(|port| port.name == name)
    }

    /// The names of the inputs.
    pub fn input_names(&self) -> String {
        crate::fault::list(self.inputs.iter().map(|port| port.name))
    }
}
