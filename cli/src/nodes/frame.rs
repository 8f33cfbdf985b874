//! The inputs of a call, by the names of the ports.

use hyla::error::Error;
use hyla::input::{CubePlanes, Mask, Matrix, Plane, Planes, Truths, Values};
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
    /// Truth values or labels.
    Truths(Truths<'a>),
    /// The values of pixels, those of one side by side.
    Cube {
        items: Plane<'a>,
        channels: usize,
    },
    Vector(Cow<'a, [f32]>),
    Matrix {
        values: Cow<'a, [f32]>,
        rows: usize,
        columns: usize,
    },
}

/// One class a pixel.
fn labels_of<'a>(truths: &Truths<'a>) -> Cow<'a, [i32]> {
    match *truths {
        Truths::I32(items) => Cow::Borrowed(items),
        Truths::U16(items) => items.iter().map(|item| i32::from(*item)).collect(),
        Truths::U8(items) => items.iter().map(|item| i32::from(*item)).collect(),
        // No file has bits.
        Truths::LowestFirst(_) | Truths::HighestFirst(_) => Cow::Borrowed(&[]),
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

    fn truths(&self, name: &str) -> Option<&Truths<'_>> {
        match self.get(name)? {
            Input::Truths(truths) => Some(truths),
            _ => None,
        }
    }

    fn mask(&self, name: &str) -> Option<Mask<'_>> {
        self.truths(name).map(|truths| Mask::new(*truths))
    }

    /// A label for each pixel.
    pub fn labels(&self, name: &str) -> Option<Cow<'_, [i32]>> {
        self.truths(name).map(labels_of)
    }

    /// A byte for each pixel that is not 0 where it is true.
    pub fn bytes(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.truths(name).map(|truths| match truths {
            Truths::U8(items) => Cow::Borrowed(*items),
            _ => labels_of(truths).iter().map(|label| u8::from(*label != 0)).collect(),
        })
    }

    /// Pixels of one value: the port of the scores, of the targets and of the decisions, with what is optional.
    pub fn planes(&self, scores: &str, targets: &str, decisions: &str) -> Planes<'_> {
        let [rows, columns] = self.shape;
        Planes {
            n: rows * columns,
            rows,
            scores: self.plane(scores),
            targets: self.mask(targets),
            decisions: self.mask(decisions),
            valid: self.mask("valid"),
            weights: self.plane("weights"),
            ..Planes::default()
        }
    }

    /// The values of pixels, and how many one has.
    fn interleaved(&self, name: &str) -> Result<(Values<'_>, usize), Error> {
        match self.get(name) {
            Some(Input::Cube { items, channels }) => Ok((Values::interleaved(*items, *channels), *channels)),
            _ => Err(Error::MissingInput),
        }
    }

    /// The values of pixels, for a cube to be compared with.
    pub fn values(&self, name: &str) -> Result<Values<'_>, Error> {
        self.interleaved(name).map(|(values, _)| values)
    }

    /// A cube: the port of the values, of the targets and of the labels, with what is optional.
    pub fn cube(&self, values: &str, targets: &str, labels: &str) -> Result<CubePlanes<'_>, Error> {
        let ([rows, columns], (values, channels)) = (self.shape, self.interleaved(values)?);
        Ok(CubePlanes {
            n: rows * columns,
            rows,
            channels,
            values,
            targets: self.mask(targets),
            labels: self.mask(labels),
            valid: self.mask("valid"),
            ..CubePlanes::default()
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
