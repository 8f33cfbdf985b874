//! What of a graph hyla runs: its nodes with their settings, and what feeds their ports.
//!
//! All mistakes of a file are found, not only the first one: `hyla check` tells them all, `hyla run` the first.

use crate::catalog::settings::Settings;
use crate::catalog::{self, Class, Port, Spec, Stage};
use crate::fault::{Fault, Place, nearest};
use crate::graph::{Connection, End, Graph, Node};
use std::path::PathBuf;

/// What runs.
pub struct Plan {
    pub nodes: Vec<Planned>,
    /// The names and classes of the nodes that hyla does not have.
    pub external: Vec<(String, String)>,
    /// The graph's own TensorBoard nodes.
    pub boards: Vec<Board>,
    pub faults: Vec<Fault>,
}

/// Where a TensorBoard node writes.
pub struct Board {
    folder: PathBuf,
    run: Option<String>,
}

impl Board {
    /// The folder of a new run, named as cuvis-ai names it: `run_01` and so on, or the name of the run, with `_v2` and
    /// so on behind it if it is there already.
    pub fn folder(&self) -> PathBuf {
        let free = |name: String| Some(self.folder.join(name)).filter(|folder| !folder.exists());
        match &self.run {
            Some(run) => free(run.clone()).or_else(|| (2..).find_map(|number| free(format!("{run}_v{number}")))),
            None => (1..).find_map(|number| free(format!("run_{number:02}"))),
        }
        .unwrap_or_else(|| self.folder.clone())
    }
}

/// A node that hyla has.
pub struct Planned {
    pub name: String,
    pub spec: &'static Spec,
    pub settings: Settings,
    pub place: Place,
    /// Of each connected input what feeds it.
    pub sources: Vec<(&'static Port, Option<End>)>,
}

impl Planned {
    /// What feeds an input.
    pub fn source(&self, port: &Port) -> Option<&End> {
        self.sources.iter().find(|(other, _)| other.name == port.name).and_then(|(_, source)| source.as_ref())
    }

    pub fn runs_in(&self, stage: Stage) -> bool {
        self.spec.kind.runs_in(stage)
    }
}

/// The class of the monitor that writes event files.
const BOARD: &str = "TensorBoardMonitorNode";

impl Plan {
    pub fn of(graph: &Graph) -> Self {
        let mut plan = Self { nodes: Vec::new(), external: Vec::new(), boards: Vec::new(), faults: Vec::new() };
        for node in &graph.nodes {
            match catalog::find(node) {
                Ok(Class::Ours(spec)) => plan.add(spec, node, graph),
                Ok(Class::External) => plan.add_external(node),
                Err(fault) => plan.faults.push(fault),
            }
        }
        for connection in &graph.connections {
            let ends = [(&connection.source, false), (&connection.target, true)];
            for (end, is_target) in ends {
                plan.faults.extend(check_end(&plan.nodes, end, is_target, connection));
                let is_new = graph.node(&end.node).is_none() && plan.external.iter().all(|(name, _)| *name != end.node);
                if is_new {
                    plan.external.push((end.node.clone(), String::new()));
                }
            }
        }
        plan
    }

    fn add(&mut self, spec: &'static Spec, node: &Node, graph: &Graph) {
        let settings = Settings::read(spec, node).unwrap_or_else(|fault| {
            self.faults.push(fault);
            Settings::defaults(spec)
        });
        let mut sources: Vec<(&'static Port, Option<End>)> = Vec::new();
        for connection in graph.connections.iter().filter(|connection| connection.target.node == node.name) {
            let Some(port) = spec.input(&connection.target.port) else { continue };
            if sources.iter().any(|(other, _)| other.name == port.name) {
                let sentence = format!("The input {} is connected twice.", connection.target);
                self.faults.push(Fault::at(&connection.place, sentence));
            }
            sources.push((port, Some(connection.source.clone())));
        }
        let place = node.place.clone();
        self.nodes.push(Planned { name: node.name.clone(), spec, settings, place, sources });
    }

    fn add_external(&mut self, node: &Node) {
        if node.class.rsplit('.').next() == Some(BOARD) {
            let text = |key: &str| {
                let entry = node.parameters.iter().find(|entry| entry.key == key)?;
                entry.value.text(key).ok()
            };
            let folder = text("output_dir").unwrap_or("./runs").into();
            self.boards.push(Board { folder, run: text("run_name").map(str::to_string) });
        }
        self.external.push((node.name.clone(), node.class.clone()));
    }

    /// The nodes that run in a stage.
    pub fn running(&self, stage: Stage) -> impl Iterator<Item = &Planned> {
        self.nodes.iter().filter(move |node| node.runs_in(stage))
    }

    /// The first mistake, if there is one. A pipeline without nodes of hyla has nothing to run.
    pub fn check(&mut self) -> Result<(), Fault> {
        if self.nodes.is_empty() && self.faults.is_empty() {
            return Err(Fault::new("No node of this pipeline is one that hyla has."));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults.swap_remove(0)) }
    }
}

/// A port of a node of hyla must be there. What hyla's nodes give out is no input of any of them.
fn check_end(nodes: &[Planned], end: &End, is_target: bool, connection: &Connection) -> Option<Fault> {
    let node = nodes.iter().find(|node| node.name == end.node)?;
    let spec = node.spec;
    if is_target {
        if spec.input(&end.port).is_none() {
            let meant = match nearest(&end.port, spec.inputs.iter().map(|port| port.name)) {
                Some(near) => format!("is '{near}' meant?"),
                None => format!("it has {}.", spec.input_names()),
            };
            let sentence = format!("{}: {} has no input '{}'; {meant}", node.name, spec.name, end.port);
            return Some(Fault::at(&connection.place, sentence));
        }
        return None;
    }
    let is_there = end.port == spec.kind.output() || (spec.name == "DistinctLabelCount" && end.port == "count");
    if !is_there {
        let (name, port, output) = (&node.name, &end.port, spec.kind.output());
        let sentence = format!("{name}: {} has no output '{port}'; it has {output}.", spec.name);
        return Some(Fault::at(&connection.place, sentence));
    }
    let target = nodes.iter().find(|node| node.name == connection.target.node)?;
    let sentence =
        format!("{} takes arrays, and {end} is none.", format_args!("{}.{}", target.name, connection.target.port));
    Some(Fault::at(&connection.place, sentence))
}
