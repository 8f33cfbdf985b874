//! The inputs of a call, by the names of the ports.

use hyla::error::Error;
use hyla::input::{Cube, Layout, Mask, Matrix, Plane, Planes, Truths};
use std::borrow::Cow;

/// One frame: for each port that is bound what it gives. Vectors and matrices are the same in all frames of a batch.
pub struct Frame<'a> {
    /// Rows and columns; a node without frames has none.
    pub shape: [usize; 2],
    pub inputs: Vec<(&'static str, Input<'a>)>,
}

/// What a port gives.
pub enum Input<'a> {
    Plane(Plane<'a>),
    Truth(Truth<'a>),
    Labels(Truth<'a>),
    Cube { values: Cow<'a, [f32]>, channels: usize },
    Vector(Cow<'a, [f32]>),
    Matrix { values: Cow<'a, [f32]>, rows: usize, columns: usize },
}

/// Truth values or labels, and the label of pixels that do not count.
#[derive(Clone, Copy)]
pub struct Truth<'a> {
    pub truths: Truths<'a>,
    pub ignored: Option<i32>,
}

impl<'a> Truth<'a> {
    /// As hyla takes it.
    pub fn mask(&self) -> Mask<'a> {
        let mask = Mask::new(self.truths);
        self.ignored.map_or(mask, |label| mask.ignoring(label))
    }

    /// One class a pixel.
    fn labels(&self) -> Cow<'a, [i32]> {
        match self.truths {
            Truths::I32(items) => Cow::Borrowed(items),
            Truths::U16(items) => items.iter().map(|item| i32::from(*item)).collect(),
            Truths::U8(items) => items.iter().map(|item| i32::from(*item)).collect(),
            Truths::LowestFirst(_) | Truths::HighestFirst(_) => Cow::Borrowed(&[]),
        }
    }

    /// A byte a pixel that is not 0 where it is true.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        match self.truths {
            Truths::U8(items) => Cow::Borrowed(items),
            _ => self.labels().iter().map(|label| u8::from(*label != 0)).collect(),
        }
    }

    /// A byte a pixel that is 0 where it has the ignored label.
    fn valid(&self) -> Option<Vec<u8>> {
        let ignored = self.ignored?;
        Some(self.labels().iter().map(|label| u8::from(*label != ignored)).collect())
    }
}

/// The inputs beside a cube, in the types that it takes.
pub struct Beside<'a> {
    targets: Option<Cow<'a, [u8]>>,
    labels: Option<Cow<'a, [i32]>>,
    valid: Option<Cow<'a, [u8]>>,
}

impl Beside<'_> {
    pub fn targets(&self) -> Option<&[u8]> {
        self.targets.as_deref()
    }

    pub fn labels(&self) -> Option<&[i32]> {
        self.labels.as_deref()
    }

    pub fn valid(&self) -> Option<&[u8]> {
        self.valid.as_deref()
    }

    /// Whether a pixel counts.
    pub fn counts(&self, pixel: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0)
    }
}

impl Frame<'_> {
    fn get(&self, name: &str) -> Option<&Input<'_>> {
        self.inputs.iter().find(|(port, _)| *port == name).map(|(_, input)| input)
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn plane(&self, name: &str) -> Option<Plane<'_>> {
        match self.get(name)? {
            Input::Plane(plane) => Some(*plane),
            _ => None,
        }
    }

    pub fn truth(&self, name: &str) -> Option<&Truth<'_>> {
        match self.get(name)? {
            Input::Truth(truth) | Input::Labels(truth) => Some(truth),
            _ => None,
        }
    }

    /// Pixels of one value: the port of the scores, of the targets and of the decisions, with what is optional.
    pub fn planes(&self, scores: &str, targets: &str, decisions: &str) -> Planes<'_> {
        let [rows, columns] = self.shape;
        let mask = |name| self.truth(name).map(Truth::mask);
        Planes {
            n: rows * columns,
            rows,
            scores: self.plane(scores),
            targets: mask(targets),
            decisions: mask(decisions),
            valid: mask("valid"),
            weights: self.plane("weights"),
            ..Planes::default()
        }
    }

    /// The values of a cube and how many a pixel has.
    pub fn values(&self, name: &str) -> Result<(&[f32], usize), Error> {
        match self.get(name) {
            Some(Input::Cube { values, channels }) => Ok((values, *channels)),
            _ => Err(Error::MissingInput),
        }
    }

    /// What is beside a cube: the port of the truth values and that of the labels.
    pub fn beside(&self, targets: &str, labels: &str) -> Beside<'_> {
        let (targets, labels) = (self.truth(targets), self.truth(labels));
        let given = self.truth("valid").map(Truth::bytes);
        let of_labels = targets.and_then(Truth::valid).or_else(|| labels.and_then(Truth::valid));
        let of_labels = of_labels.map(Cow::<[u8]>::Owned);
        let valid = match (given, of_labels) {
            (Some(one), Some(other)) => {
                Some(one.iter().zip(other.iter()).map(|(one, other)| u8::from(*one != 0 && *other != 0)).collect())
            }
            (one, other) => one.or(other),
        };
        Beside { targets: targets.map(Truth::bytes), labels: labels.map(Truth::labels), valid }
    }

    /// A cube with what is beside it.
    pub fn cube<'b>(&'b self, name: &str, beside: &'b Beside) -> Result<Cube<'b>, Error> {
        let (values, channels) = self.values(name)?;
        Ok(Cube {
            values,
            layout: Layout::interleaved(self.shape[0] * self.shape[1], channels),
            targets: beside.targets.as_deref(),
            labels: beside.labels.as_deref(),
            valid: beside.valid.as_deref(),
            weights: None,
        })
    }

    pub fn vector(&self, name: &str) -> Result<&[f32], Error> {
        match self.get(name) {
            Some(Input::Vector(values)) => Ok(values),
            _ => Err(Error::MissingInput),
        }
    }

    pub fn matrix(&self, name: &str) -> Result<Matrix<'_>, Error> {
        match self.get(name) {
            Some(Input::Matrix { values, rows, columns }) => Ok(Matrix::new(values, *rows, *columns)),
            _ => Err(Error::MissingInput),
        }
    }
}
