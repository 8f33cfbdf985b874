//! Runs a plan on files: frame after frame through all nodes, batch after batch.
//!
//! ```text
//! files ──► frames ──► nodes ──► values of the batch ──► values of all batches
//!              └──── once more ────► gradients of the batch, if they are wanted
//! ```
//!
//! Everything that the headers of the files say is checked before the first frame is read. Of a file only the frame
//! that is looked at is in memory.

mod gradients;

use crate::bindings::Bindings;
use crate::catalog::{Kind, Shape, Spec, Stage};
use crate::fault::{Fallible, Fault};
use crate::files::series::{Part, Series};
use crate::nodes::frame::{Frame, Input};
use crate::nodes::{Named, Running};
use crate::plan::{Plan, Planned};
use crate::watch::Watch;
use gradients::Gradient;
use hyla::error::{Error, Notices};
use hyla::input::Truths;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What came out.
pub struct Results {
    pub stage: Stage,
    pub frames: usize,
    /// The frames of each batch; the last one may have fewer.
    pub batch: usize,
    pub batches: Vec<Values>,
    pub pooled: Values,
    /// What was left out of files, and dropped.
    pub notes: Vec<String>,
    /// Which files feed which ports.
    pub fed: Vec<String>,
    /// For a report: the scores of nodes.
    pub watched: Vec<(String, Watch)>,
}

/// The values of the nodes, and the sum of the losses.
#[derive(Clone, Default)]
pub struct Values {
    pub nodes: Vec<(String, Kind, Vec<Named>)>,
    pub loss: Option<Named>,
}

/// What is wanted.
pub struct Wanted<'a> {
    pub stage: Stage,
    pub batch: Option<usize>,
    pub gradients: Vec<(String, String, PathBuf)>,
    /// Whether a report wants to know the scores.
    pub is_watched: bool,
    /// Is told of each frame that is done, and of how many there are.
    pub progress: &'a mut dyn FnMut(usize, usize),
}

/// A node with its files.
struct Active<'a> {
    name: &'a str,
    spec: &'static Spec,
    running: Box<dyn Running>,
    series: Vec<Series>,
    gradients: Vec<Gradient>,
    watch: Option<Watch>,
}

impl Active<'_> {
    /// The files of frames that the node has; one without is asked once a batch.
    fn framed(&self) -> Option<&Series> {
        self.series.iter().find(|series| series.port.shape.is_framed())
    }

    /// What the ports have for a frame of a batch.
    fn parts(&self, frame: usize, batch: usize) -> Fallible<Vec<(&'static str, Part)>> {
        let part = |series: &Series| {
            let index = match series.port.shape.is_framed() {
                true => frame,
                false => batch.min(series.len() - 1),
            };
            Ok((series.port.name, series.part(index)?))
        };
        self.series.iter().map(part).collect()
    }

    fn shape(&self) -> [usize; 2] {
        self.framed().map_or([0, 0], |series| series.shape)
    }

    fn fault(&self, error: Error) -> Fault {
        Fault::new(format!("{}: {}", self.name, error.message()))
    }

    /// How often the node is asked in a batch of these frames.
    fn frames(&self, first: usize, end: usize) -> std::ops::Range<usize> {
        if self.framed().is_some() { first..end } else { first..first + 1 }
    }
}

/// The inputs of a frame. Pixels that an image says do not count do so for no input of the node.
fn frame<'a>(shape: [usize; 2], parts: &'a [(&'static str, Part)], valid: &'a mut Vec<u8>) -> Frame<'a> {
    let mut inputs: Vec<_> = parts.iter().map(|(name, part)| (*name, part.input())).collect();
    for counts in parts.iter().filter_map(|(_, part)| part.counts()) {
        valid.resize(counts.len(), 1);
        valid.iter_mut().zip(counts).for_each(|(valid, counts)| *valid &= counts);
    }
    if !valid.is_empty() {
        let given = Frame { shape, inputs: std::mem::take(&mut inputs) };
        if let Some(given) = given.bytes("valid") {
            valid.iter_mut().zip(given.iter()).for_each(|(valid, given)| *valid &= u8::from(*given != 0));
        }
        inputs = given.inputs;
        inputs.retain(|(name, _)| *name != "valid");
        inputs.push(("valid", Input::Truths(Truths::U8(valid))));
    }
    Frame { shape, inputs }
}

/// Runs the nodes of a stage.
pub fn run(plan: &Plan, bindings: &Bindings, mut wanted: Wanted) -> Fallible<Results> {
    let mut active = plan.running(wanted.stage).map(|node| open(node, bindings)).collect::<Fallible<Vec<_>>>()?;
    bindings.check_used(plan, wanted.stage)?;
    if wanted.is_watched {
        watch(&mut active);
    }
    let frames = count_frames(&active)?;
    let batch = wanted.batch.unwrap_or(frames).clamp(1, frames.max(1));
    check_batches(&active, frames.div_ceil(batch), frames)?;
    let gradients = std::mem::take(&mut wanted.gradients);
    gradients::open(&mut active, gradients, frames, frames.div_ceil(batch))?;

    let mut batches = Vec::new();
    for (number, first) in (0..frames).step_by(batch).enumerate() {
        let end = frames.min(first + batch);
        for index in first..end {
            for node in active.iter_mut().filter(|node| index == first || node.framed().is_some()) {
                let parts = node.parts(index, number)?;
                let (shape, mut valid) = (node.shape(), Vec::new());
                let frame = frame(shape, &parts, &mut valid);
                let watched = node.watch.as_mut().map_or(Ok(()), |watch| watch.update(&frame));
                node.running.update(&frame).and(watched).map_err(|error| node.fault(error))?;
            }
            (wanted.progress)(index + 1, frames);
        }
        for node in &mut active {
            gradients::write(node, number, first, end)?;
        }
        batches.push(values(&active, |node| node.running.batch())?);
        for node in &mut active {
            check_numbers(node, batches.last(), number, first, end)?;
            let watched = node.watch.as_mut().map_or(Ok(()), Watch::end_batch);
            node.running.end_batch().and(watched).map_err(|error| node.fault(error))?;
        }
    }
    let pooled = values(&active, |node| node.running.pooled())?;
    let mut notes: BTreeSet<String> = active.iter().flat_map(|node| &node.series).flat_map(Series::notes).collect();
    let maps = pooled.nodes.iter().filter(|(_, kind, values)| *kind == Kind::Loss && values.is_empty());
    notes.extend(maps.map(|(node, ..)| format!("{node}: the reduction none gives a map, which is no part of the sum")));
    let fed = active.iter().flat_map(|node| {
        node.series.iter().map(|series| format!("{}.{}: {}", node.name, series.port.name, series.told()))
    });
    let fed = fed.collect();
    let mut watched = Vec::new();
    for node in active {
        watched.extend(node.watch.map(|watch| (node.name.to_string(), watch)));
        node.gradients.into_iter().try_for_each(Gradient::finish)?;
    }
    Ok(Results {
        stage: wanted.stage,
        frames,
        batch,
        batches,
        pooled,
        notes: notes.into_iter().collect(),
        fed,
        watched,
    })
}

/// Watches scores for the report, the same ones once: where there are decisions, or else targets, too.
fn watch(active: &mut [Active]) {
    let has = |node: &Active, name: &str| node.series.iter().any(|series| series.port.name == name);
    let mut order: Vec<usize> = (0..active.len()).collect();
    order.sort_by_key(|index| (!has(&active[*index], "decisions"), !has(&active[*index], "targets")));
    let mut seen = BTreeSet::new();
    for index in order {
        let node = &mut active[index];
        let Some(watch) = Watch::new(node.spec) else { continue };
        let Some(series) = node.series.iter().find(|series| watch.is_of(series.port)) else { continue };
        if seen.insert(series.first().path.clone()) {
            node.watch = Some(watch);
        }
    }
}

/// Finds and opens the files of a node.
fn open<'a>(node: &'a Planned, bindings: &Bindings) -> Fallible<Active<'a>> {
    let mut series = Vec::new();
    for port in node.spec.inputs {
        let Some(files) = bindings.files(node, port)? else {
            if port.is_optional && node.source(port).is_none() {
                continue;
            }
            let source = node.source(port).map(|source| format!(" (fed by {source})")).unwrap_or_default();
            let (name, port) = (&node.name, port.name);
            let key = node.source(node.spec.input(port).unwrap_or(&node.spec.inputs[0]));
            let key = key.map_or_else(|| format!("{name}.{port}"), ToString::to_string);
            let sentence = format!("{name}: the input '{port}'{source} has no file; --input {key}=FILE gives it one.");
            return Err(Fault::at(&node.place, sentence));
        };
        let names = Bindings::names(node, port);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        series.push(Series::open(&node.name, port, &files, &names)?);
    }
    check_together(node, &series)?;
    let running = (node.spec.make)(&node.settings);
    Ok(Active { name: &node.name, spec: node.spec, running, series, gradients: Vec::new(), watch: None })
}

/// The ports of a node must fit each other.
fn check_together(node: &Planned, series: &[Series]) -> Fallible<()> {
    let framed: Vec<_> = series.iter().filter(|series| series.port.shape.is_framed()).collect();
    let wrong = |series: &Series, given: String, wanted: String, other: &Series| {
        let (name, port, other) = (&node.name, series.port.name, other.port.name);
        let sentence = format_args!("{name}.{port} has {given}, and {name}.{other} has {wanted}.");
        Err(Fault::of_file(&series.first().path, sentence))
    };
    let Some((first, others)) = framed.split_first() else { return Ok(()) };
    let told = |series: &Series| format!("frames of {} x {} pixels", series.shape[0], series.shape[1]);
    for other in others {
        if other.shape != first.shape {
            return wrong(other, told(other), told(first), first);
        }
        if other.len() != first.len() {
            return wrong(other, format!("{} frames", other.len()), first.len().to_string(), first);
        }
    }
    let Some(cube) = framed.iter().find(|series| series.port.shape == Shape::Cube) else { return Ok(()) };
    for other in series {
        let channels = match other.port.shape {
            Shape::Cube => other.channels,
            Shape::Vector => other.shape[1],
            _ => continue,
        };
        if channels != cube.channels {
            let given = format!("{channels} channels");
            return wrong(other, given, cube.channels.to_string(), cube);
        }
    }
    Ok(())
}

/// How many frames there are, which must be the same everywhere. Nodes without frames have as many as files.
fn count_frames(active: &[Active]) -> Fallible<usize> {
    let mut framed = active.iter().filter_map(|node| node.framed().map(|series| (node, series)));
    let Some((first, one)) = framed.next() else {
        let lengths = active.iter().flat_map(|node| &node.series).map(Series::len);
        return Ok(lengths.max().unwrap_or_default());
    };
    for (node, series) in framed {
        if series.len() != one.len() {
            let (name, port, other) = (node.name, series.port.name, first.name);
            let (given, wanted) = (series.len(), one.len());
            let sentence =
                format_args!("{name}.{port} has {given} frames, and {other}.{} has {wanted}.", one.port.name);
            return Err(Fault::of_file(&series.first().path, sentence));
        }
    }
    Ok(one.len())
}

/// Vectors and matrices are there once, or once a batch.
fn check_batches(active: &[Active], batches: usize, frames: usize) -> Fallible<()> {
    if frames == 0 && !active.is_empty() {
        let series = active.iter().flat_map(|node| &node.series).next();
        let path = series.map_or(PathBuf::new(), |series| series.first().path.clone());
        return Err(Fault::of_file(&path, "it has no frame."));
    }
    for node in active {
        for series in node.series.iter().filter(|series| !series.port.shape.is_framed()) {
            if ![1, batches].contains(&series.len()) {
                let (given, name, port) = (series.len(), node.name, series.port.name);
                let sentence =
                    format!("{name}.{port} has {given} files for {batches} batches: one is wanted, or one each.");
                return Err(Fault::new(sentence));
            }
        }
    }
    Ok(())
}

/// The values of all nodes, and the sum of the losses that are a number.
fn values(active: &[Active], of: impl Fn(&Active) -> Result<Vec<Named>, Error>) -> Fallible<Values> {
    let mut values = Values::default();
    for node in active {
        let named = of(node).map_err(|error| node.fault(error))?;
        if let (Kind::Loss, Some(loss)) = (node.spec.kind, named.first()) {
            let sum = values.loss.get_or_insert(Named::new("loss", 0.0, Notices::NONE));
            sum.value += loss.value;
            sum.notices |= loss.notices;
        }
        values.nodes.push((node.name.to_string(), node.spec.kind, named));
    }
    Ok(values)
}

/// A loss that is no number because an input is none is a mistake of the files: its place is told.
fn check_numbers(node: &Active, values: Option<&Values>, number: usize, first: usize, end: usize) -> Fallible<()> {
    let of_node = values.and_then(|values| values.nodes.iter().find(|(name, ..)| name == node.name));
    let Some((_, Kind::Loss, named)) = of_node else { return Ok(()) };
    let is_bad = |named: &Named| named.value.is_nan() && named.notices.contains(Notices::NOT_FINITE);
    if !named.iter().any(is_bad) {
        return Ok(());
    }
    for index in node.frames(first, end) {
        for (port, part) in node.parts(index, number)? {
            let Some((item, value)) = part.not_finite() else { continue };
            let Some(series) = node.series.iter().find(|series| series.port.name == port) else { continue };
            let index = if series.port.shape.is_framed() { index } else { number.min(series.len() - 1) };
            let (array, frame) = series.place(index);
            let place = told_place(series, frame, item);
            let sentence = format_args!("{place} is {value}, so that the loss {} is no number.", node.name);
            return Err(Fault::of_file(&array.path, sentence));
        }
    }
    Ok(())
}

/// Where an item of a frame is.
fn told_place(series: &Series, frame: usize, item: usize) -> String {
    let (columns, channels) = (series.shape[1].max(1), series.channels.max(1));
    match series.port.shape {
        Shape::Vector => format!("item {item}"),
        Shape::Matrix => format!("row {}, column {}", item / columns, item % columns),
        _ => {
            let pixel = item / channels;
            let channel = if channels > 1 { format!(", channel {}", item % channels) } else { String::new() };
            format!("frame {frame}, row {}, column {}{channel}", pixel / columns, pixel % columns)
        }
    }
}
