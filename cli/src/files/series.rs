//! The files of a port as frames: one file after the other, each with one frame or several.

use super::array::{Array, Dtype, Held};
use super::envi::Image;
use super::floats;
use crate::catalog::{Carries, Port, Shape};
use crate::fault::{Fallible, Fault};
use crate::nodes::frame::Input;
use hyla::input::Truths;
use std::path::{Path, PathBuf};

/// The files of a port, whose headers were read and fit each other.
pub struct Series {
    pub port: &'static Port,
    arrays: Vec<Array>,
    /// The first frame of each file, and behind the last one their number.
    firsts: Vec<usize>,
    /// Rows and columns of a frame, of a matrix too; of a vector [0, D].
    pub shape: [usize; 2],
    /// Values of a pixel.
    pub channels: usize,
}

/// What a port has for a frame.
pub struct Part {
    carries: Carries,
    of: Shape,
    held: Held,
    /// Which pixels count, of an image that says so.
    counts: Option<Vec<u8>>,
    shape: [usize; 2],
    channels: usize,
}

/// A shape as NumPy writes it.
pub fn told(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    if shape.len() == 1 { format!("({},)", sizes[0]) } else { format!("({})", sizes.join(",")) }
}

impl Series {
    /// Opens the files of a port. `node` is for the messages; `members` are the names that it may have in an archive.
    pub fn open(node: &str, port: &'static Port, paths: &[PathBuf], members: &[&str]) -> Fallible<Self> {
        let mut series = Self { port, arrays: Vec::new(), firsts: vec![0], shape: [0, 0], channels: 1 };
        for path in paths {
            let array = Array::open(path, members)?;
            let wrong = |given: String, wanted: &str| {
                Fault::of_file(&array.path, format_args!("{given}, and {node}.{} takes {wanted}.", port.name))
            };
            if array.image().is_none() && !takes(port.carries, array.dtype) {
                return Err(wrong(format!("its items are {}", array.dtype.name()), port.carries.types()));
            }
            let given = || match (array.image(), array.shape.as_slice()) {
                (Some(_), [lines, samples, bands]) => {
                    format!("it is an image of {lines} x {samples} pixels with {bands} bands")
                }
                _ => format!("its shape is {}", told(&array.shape)),
            };
            let found = match array.image() {
                Some(_) => frame_of_image(port.shape, &array.shape),
                None => frames(port.shape, &array.shape),
            };
            let Some((frames, shape, channels)) = found else {
                return Err(wrong(given(), port.shape.shapes()));
            };
            if let Some(first) = series.arrays.first()
                && (shape, channels) != (series.shape, series.channels)
            {
                let wanted = format!("{} as in {}", told(&first.shape), first.path.display());
                return Err(wrong(given(), &wanted));
            }
            (series.shape, series.channels) = (shape, channels);
            series.firsts.push(series.len() + frames);
            series.arrays.push(array);
        }
        Ok(series)
    }

    /// How many frames (or vectors, or matrices) there are.
    pub fn len(&self) -> usize {
        self.firsts.last().copied().unwrap_or_default()
    }

    /// What feeds the port, for people.
    pub fn told(&self) -> String {
        let (first, files) = (self.first().path.display(), self.arrays.len());
        let others = if files > 1 { format!(" and {} more", files - 1) } else { String::new() };
        let (shape, dtype) = (told(&self.shape_of(self.len())), self.first().dtype.name());
        format!("{first}{others}: {dtype} {shape}")
    }

    /// What images left out, and dropped. One frame may have been meant where (H,W,1) is read as (B,H,W).
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<_> =
            self.arrays.iter().filter_map(Array::image).flat_map(|image| image.notes.clone()).collect();
        let (first, [rows, columns]) = (self.first(), self.shape);
        if self.port.shape == Shape::Pixels && columns == 1 && first.shape.len() == 3 && self.len() > self.arrays.len()
        {
            let (path, shape, frames) = (first.path.display(), told(&first.shape), first.shape[0]);
            notes.push(format!("{path}: its shape {shape} is read as {frames} frames of {rows} x 1 pixels"));
        }
        notes
    }

    /// The file of a frame, and which one it is there.
    pub fn place(&self, frame: usize) -> (&Array, usize) {
        let file = self.firsts.partition_point(|first| *first <= frame).saturating_sub(1);
        (&self.arrays[file], frame - self.firsts[file])
    }

    /// Whether one of the `.npy` files is this one.
    pub fn has(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        self.arrays.iter().any(|array| array.path.canonicalize().is_ok_and(|file| file == path))
    }

    /// The first file.
    pub fn first(&self) -> &Array {
        &self.arrays[0]
    }

    /// How many numbers a frame has.
    pub fn items(&self) -> usize {
        let [rows, columns] = self.shape;
        if self.port.shape == Shape::Vector { columns } else { rows * columns * self.channels }
    }

    /// The shape of a file with so many frames of this port.
    pub fn shape_of(&self, frames: usize) -> Vec<usize> {
        let [rows, columns] = self.shape;
        match self.port.shape {
            Shape::Vector => vec![columns],
            Shape::Matrix => vec![rows, columns],
            _ => vec![frames, rows, columns, self.channels],
        }
    }

    /// Reads a frame.
    pub fn part(&self, frame: usize) -> Fallible<Part> {
        let (array, index) = self.place(frame);
        let items = self.items();
        let Self { port, shape, channels, .. } = self;
        let (held, counts) = match array.image() {
            Some(image) => pixels(array, image, port.carries)?,
            None => (array.items(index * items, items)?, None),
        };
        let held = if held.dtype == Dtype::I64 { shortened(array, held)? } else { held };
        Ok(Part { carries: port.carries, of: port.shape, held, counts, shape: *shape, channels: *channels })
    }
}

/// The pixels of an image as a port takes them, and which count. A mask of any type is true where it is not 0; where it
/// is NaN it does not count.
fn pixels(array: &Array, image: &Image, carries: Carries) -> Fallible<(Held, Option<Vec<u8>>)> {
    let (held, mut counts) = match carries {
        Carries::Labels => {
            let (labels, counts) = Held::of_image::<i32>(image)?;
            if labels.items::<i32>().iter().zip(&counts).any(|(label, counts)| *label == i32::MIN && *counts != 0) {
                return Err(Fault::of_file(&array.path, "it has labels that are no integers of 32 bits."));
            }
            (Held::copy(Dtype::I32, labels.bytes()), counts)
        }
        _ => Held::of_image::<f32>(image)?,
    };
    let held = if carries == Carries::Truth {
        let floats: &[f32] = held.items();
        counts.iter_mut().zip(floats).for_each(|(counts, float)| *counts &= u8::from(!float.is_nan()));
        let truths: Vec<u8> = floats.iter().map(|float| u8::from(*float != 0.0)).collect();
        Held::copy(Dtype::U8, &truths)
    } else {
        held
    };
    let is_whole = counts.iter().all(|counts| *counts != 0);
    Ok((held, (!is_whole).then_some(counts)))
}

/// Labels of 64 bits as labels of 32.
fn shortened(array: &Array, held: Held) -> Fallible<Held> {
    let labels = held.items::<i64>().iter().map(|label| i32::try_from(*label)).collect::<Result<Vec<_>, _>>();
    let labels = labels.map_err(|_| Fault::of_file(&array.path, "it has labels beyond 32 bits."))?;
    Ok(Held::copy(Dtype::I32, bytemuck::cast_slice(&labels)))
}

/// Whether a port takes items of this type.
fn takes(carries: Carries, dtype: Dtype) -> bool {
    match carries {
        Carries::Numbers => {
            matches!(dtype, Dtype::F16 | Dtype::F32 | Dtype::F64 | Dtype::I8 | Dtype::U8 | Dtype::I16 | Dtype::U16)
        }
        Carries::Truth => matches!(dtype, Dtype::Bool | Dtype::U8 | Dtype::U16 | Dtype::I32),
        Carries::Labels => matches!(dtype, Dtype::U8 | Dtype::U16 | Dtype::I32 | Dtype::I64),
    }
}

/// How many frames an array of this shape has for a port, their rows and columns, and the values of a pixel.
fn frames(of: Shape, shape: &[usize]) -> Option<(usize, [usize; 2], usize)> {
    match (of, shape) {
        (Shape::Pixels, &[rows, columns]) => Some((1, [rows, columns], 1)),
        (Shape::Pixels, &[frames, rows, columns] | &[frames, rows, columns, 1]) => Some((frames, [rows, columns], 1)),
        (Shape::Rgb, &[.., channels]) if channels != 3 => None,
        (Shape::Cube | Shape::Rgb, &[rows, columns, channels]) => Some((1, [rows, columns], channels)),
        (Shape::Cube | Shape::Rgb, &[frames, rows, columns, channels]) => Some((frames, [rows, columns], channels)),
        (Shape::Vector, &[length]) => Some((1, [0, length], 1)),
        (Shape::Matrix, &[rows, columns]) => Some((1, [rows, columns], 1)),
        _ => None,
    }
}

/// The same of an image, which is one frame with as many values of a pixel as bands.
fn frame_of_image(of: Shape, shape: &[usize]) -> Option<(usize, [usize; 2], usize)> {
    let &[lines, samples, bands] = shape else { return None };
    let has_as_many = match of {
        Shape::Pixels | Shape::Matrix => bands == 1,
        Shape::Rgb => bands == 3,
        Shape::Cube => true,
        Shape::Vector => false,
    };
    has_as_many.then_some((1, [lines, samples], bands))
}

impl Part {
    /// As the node takes it.
    pub fn input(&self) -> Input<'_> {
        let held = &self.held;
        let ([rows, columns], channels) = (self.shape, self.channels);
        match (self.of, self.carries) {
            (_, Carries::Truth | Carries::Labels) => Input::Truths(match held.dtype {
                Dtype::U16 => Truths::U16(held.items()),
                Dtype::I32 => Truths::I32(held.items()),
                _ => Truths::U8(held.bytes()),
            }),
            (Shape::Pixels, Carries::Numbers) => Input::Plane(floats::plane(held)),
            (Shape::Cube | Shape::Rgb, Carries::Numbers) => Input::Cube { items: floats::plane(held), channels },
            (Shape::Vector, Carries::Numbers) => Input::Vector(floats::of_held(held)),
            (Shape::Matrix, Carries::Numbers) => Input::Matrix { values: floats::of_held(held), rows, columns },
        }
    }

    /// Which pixels count, of an image of which some do not.
    pub fn counts(&self) -> Option<&[u8]> {
        self.counts.as_deref()
    }

    /// The first item that is no number, or is infinite if there is none, and what it is.
    pub fn not_finite(&self) -> Option<(usize, f32)> {
        if self.carries != Carries::Numbers {
            return None;
        }
        let values = floats::of_held(&self.held);
        let find = |is: fn(f32) -> bool| values.iter().position(|value| is(*value));
        let index = find(f32::is_nan).or_else(|| find(f32::is_infinite))?;
        Some((index, values[index]))
    }
}
