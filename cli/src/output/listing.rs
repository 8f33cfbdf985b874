//! What `hyla nodes` and `hyla check` print: the table of nodes, and what a pipeline needs.

use crate::catalog::{self, Port, Spec, Stage};
use crate::fault::{Fallible, Fault, list, nearest};
use crate::graph::Graph;
use crate::plan::Plan;
use std::fmt::Write;

/// The nodes, or one of them in full.
pub fn nodes(name: Option<&str>) -> Fallible<String> {
    let mut text = String::new();
    let Some(name) = name else {
        let width = catalog::all().map(|spec| spec.name.len()).max().unwrap_or_default();
        for spec in catalog::all() {
            let _ = writeln!(text, "{:width$}  {}", spec.name, spec.about);
        }
        return Ok(text);
    };
    let bare = name.rsplit('.').next().unwrap_or(name);
    let spec = catalog::all().find(|spec| spec.name == bare).ok_or_else(|| {
        let near = nearest(bare, catalog::all().map(|spec| spec.name));
        let end = near.map_or("hyla nodes lists them.".to_string(), |near| format!("is {near} meant?"));
        Fault::new(format!("hyla has no node {name}; {end}"))
    })?;
    describe(spec, &mut text);
    Ok(text)
}

fn describe(spec: &Spec, text: &mut String) {
    let stages = stages(spec);
    let _ = writeln!(text, "{}: {}", spec.name, spec.about);
    let _ = match spec.module {
        Some(module) => writeln!(text, "class: {module}.{}", spec.name),
        None => writeln!(text, "class: hyla.{} (cuvis-ai has no such node)", spec.name),
    };
    let _ = writeln!(text, "stages: {stages}\n\ninputs:");
    for port in spec.inputs {
        let optional = if port.is_optional { ", optional" } else { "" };
        let _ = writeln!(text, "  {}: {}{optional}: {}", port.name, of(port), port.about);
        let _ = writeln!(text, "      files of {}, shape {}", port.carries.types(), port.shape.shapes());
    }
    let _ = writeln!(text, "output:\n  {}: {}", spec.kind.output(), spec.gives);
    if !spec.gradients.is_empty() {
        let _ = writeln!(text, "gradients (--gradient): {}", list(spec.gradients.iter().copied()));
    }
    let _ = writeln!(text, "parameters:{}", if spec.parameters.is_empty() { " none" } else { "" });
    for parameter in spec.parameters {
        let (name, default, about) = (parameter.name, parameter.default, parameter.about);
        let _ = writeln!(text, "  {name}: default {default}; {}\n      {about}", parameter.takes.words());
    }
}

/// The stages in which a node runs.
fn stages(spec: &Spec) -> String {
    list(Stage::ALL.into_iter().filter(|stage| spec.kind.runs_in(*stage)).map(Stage::name))
}

fn of(port: &Port) -> String {
    format!("{} {}", port.carries.name(), port.shape.name())
}

/// What a pipeline needs, and whether it can run.
pub fn check(graph: &Graph, plan: &Plan, is_verbose: bool) -> (String, bool) {
    let mut text = String::new();
    let mut missing = Vec::new();
    let _ = writeln!(text, "nodes that hyla runs:{}", if plan.nodes.is_empty() { " none" } else { "" });
    for node in &plan.nodes {
        let _ = writeln!(text, "  {}: {}, in {}", node.name, node.spec.name, stages(node.spec));
    }
    let mut sources: Vec<(String, String, Vec<String>)> = Vec::new();
    for node in &plan.nodes {
        for port in node.spec.inputs {
            let target = format!("{}.{}", node.name, port.name);
            match node.source(port) {
                Some(source) => {
                    let (source, of) = (source.to_string(), of(port));
                    match sources.iter_mut().find(|(other, what, _)| *other == source && *what == of) {
                        Some((.., targets)) => targets.push(target),
                        None => sources.push((source, of, vec![target])),
                    }
                }
                None if !port.is_optional => missing.push(format!("{target} ({}) is not connected", of(port))),
                None => {}
            }
        }
        let has = |name| node.spec.input(name).is_some_and(|port| node.source(port).is_some());
        if node.spec.name == "AnomalyDetectionMetrics" && !has("decisions") && !has("logits") {
            missing.push(format!("{}: decisions, logits or both must be connected", node.name));
        }
    }
    let _ = writeln!(text, "external ports, which files must feed:{}", if sources.is_empty() { " none" } else { "" });
    for (source, of, targets) in &sources {
        let _ = writeln!(text, "  {source}: {of}, to {}", list(targets.iter().map(String::as_str)));
    }
    if is_verbose {
        text.push_str(&ignored(graph, plan));
    }
    for (title, sentences) in
        [("missing:", missing), ("mistakes:", plan.faults.iter().map(ToString::to_string).collect())]
    {
        if !sentences.is_empty() {
            let _ = writeln!(text, "{title}");
            sentences.iter().for_each(|sentence| {
                let _ = writeln!(text, "  {sentence}");
            });
        }
    }
    let can_run = !text.contains("\nmissing:") && !text.contains("\nmistakes:") && !plan.nodes.is_empty();
    let _ = writeln!(text, "{}", if can_run { "it can run" } else { "it cannot run" });
    (text, can_run)
}

/// What is ignored: external nodes, optional inputs that nothing feeds, unknown words of the file.
pub fn ignored(graph: &Graph, plan: &Plan) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "ignored:");
    for (name, class) in &plan.external {
        let class = if class.is_empty() { "which the file does not declare" } else { class };
        let _ = writeln!(text, "  the external node {name}, {class}");
    }
    for node in &plan.nodes {
        for port in node.spec.inputs.iter().filter(|port| port.is_optional && node.source(port).is_none()) {
            let _ = writeln!(text, "  the optional input {}.{}, which nothing feeds", node.name, port.name);
        }
    }
    for sentence in &graph.ignored {
        let _ = writeln!(text, "  {sentence}");
    }
    text
}
