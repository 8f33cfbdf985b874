//! The gradients that were asked for: of each frame, or one of a batch for what all its frames share.

use super::{Active, frame};
use crate::catalog::Kind;
use crate::fault::{Fallible, Fault, list};
use crate::files::npy::Writer;
use hyla::exact::ExactSum;
use std::path::PathBuf;

/// The derivative of a loss by an input, or by a parameter that is learnt.
pub struct Gradient {
    of: &'static str,
    writer: Writer,
    /// How many numbers there are of each frame, or of each batch.
    items: usize,
    /// Whether there is one of all frames of a batch, although the node has frames.
    is_shared: bool,
}

impl Gradient {
    /// The file is complete.
    pub fn finish(self) -> Fallible<()> {
        self.writer.finish()
    }
}

/// Begins the files of the gradients.
pub fn open(
    active: &mut [Active],
    wanted: Vec<(String, String, PathBuf)>,
    frames: usize,
    batches: usize,
) -> Fallible<()> {
    let mut paths = Vec::new();
    for (name, of, path) in wanted {
        let is_input = active.iter().flat_map(|node| &node.series).any(|series| series.has(&path));
        let wrong = |end: String| Fault::new(format!("--gradient {name}.{of}: {end}"));
        let node = active.iter_mut().find(|node| node.name == name);
        let node = node.ok_or_else(|| wrong("no such node runs in this stage.".to_string()))?;
        let spec = node.spec;
        if spec.kind != Kind::Loss {
            return Err(wrong(format!("{} is a metric, and only losses have gradients.", spec.name)));
        }
        let known = list(spec.gradients.iter().copied());
        let of = spec.gradients.iter().find(|other| **other == of);
        let of = of.ok_or_else(|| wrong(format!("{} has gradients of {known}.", spec.name)))?;
        let series = node.series.iter().find(|series| series.port.name == *of);
        if series.is_none() && spec.input(of).is_some() {
            return Err(wrong("this input has no file.".to_string()));
        }
        let is_framed = series.is_some_and(|series| series.port.shape.is_framed());
        if !is_framed && batches > 1 {
            return Err(wrong(format!("there is one of each of {batches} batches; run them one by one.")));
        }
        if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("npy")) {
            return Err(wrong(format!("it is a .npy file, and {} has another name.", path.display())));
        }
        if paths.contains(&path) {
            return Err(wrong(format!("{} is there twice.", path.display())));
        }
        if is_input {
            return Err(wrong(format!("{} is an input of this run.", path.display())));
        }
        paths.push(path.clone());
        // A parameter is one number.
        let (shape, items) = series.map_or((Vec::new(), 1), |series| (series.shape_of(frames), series.items()));
        let is_shared = !is_framed && node.framed().is_some();
        node.gradients.push(Gradient { of, writer: Writer::new(&path, &shape)?, items, is_shared });
    }
    Ok(())
}

/// Writes the gradients of a batch.
pub fn write(node: &mut Active, number: usize, first: usize, end: usize) -> Fallible<()> {
    if node.gradients.is_empty() {
        return Ok(());
    }
    let mut gradients = std::mem::take(&mut node.gradients);
    let mut sums: Vec<Vec<ExactSum>> = vec![Vec::new(); gradients.len()];
    for index in node.frames(first, end) {
        let (parts, shape, mut valid) = (node.parts(index, number)?, node.shape(), Vec::new());
        let frame = frame(shape, &parts, &mut valid);
        for (Gradient { of, writer, items, is_shared }, sums) in gradients.iter_mut().zip(&mut sums) {
            if *is_shared {
                node.running.gather(of, &frame, sums).map_err(|error| node.fault(error))?;
            } else {
                let mut gradient = vec![0.0; *items];
                node.running.gradient(of, &frame, &mut gradient).map_err(|error| node.fault(error))?;
                writer.write(&gradient)?;
            }
        }
    }
    for (Gradient { of, writer, items, .. }, sums) in
        gradients.iter_mut().zip(&sums).filter(|(gradient, _)| gradient.is_shared)
    {
        let mut gradient = vec![0.0; *items];
        node.running.shared_gradient(of, sums, &mut gradient).map_err(|error| node.fault(error))?;
        writer.write(&gradient)?;
    }
    node.gradients = gradients;
    Ok(())
}
