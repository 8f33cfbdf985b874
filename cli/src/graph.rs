//! A pipeline file as a graph: nodes with parameters, and connections of their ports.
//!
//! Two grammars, which are told apart by what `nodes` is:
//!
//! ```text
//! nodes:                                           nodes:
//!   bce_loss:                                      - name: bce_loss
//!     type: AnomalyBCEWithLogits                     class_name: cuvis_ai.node.losses.AnomalyBCEWithLogits
//!     config: {weight: 1.0}                          hparams: {weight: 1.0}
//! connections:                                     connections:
//!   - [model.logits, bce_loss.predictions]         - source: model.outputs.logits
//!                                                    target: bce_loss.inputs.predictions
//! ```
//!
//! Nothing is known here of what nodes there are. A node that is named in a connection alone is external: the page's
//! own examples do not say what `model` and `data` are.

use crate::fault::{Fallible, Fault, Place};
use crate::yaml::{Entry, Value, Yaml};
use std::collections::HashMap;
use std::path::Path;

/// A pipeline.
#[derive(Debug)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub connections: Vec<Connection>,
    /// What was read and has no effect, with its place.
    pub ignored: Vec<String>,
}

/// A node as the file says it.
#[derive(Debug)]
pub struct Node {
    pub name: String,
    /// `type` or `class_name`: a bare name, or one with its module before it.
    pub class: String,
    pub class_place: Place,
    pub parameters: Vec<Entry>,
    pub place: Place,
}

/// A port of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct End {
    pub node: String,
    pub port: String,
}

impl std::fmt::Display for End {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.node, self.port)
    }
}

/// What flows from where to where.
#[derive(Debug)]
pub struct Connection {
    pub source: End,
    pub target: End,
    pub place: Place,
}

/// The keys of the first level that a pipeline file may have beside `nodes` and `connections`.
const BESIDE: [&str; 4] = ["metadata", "plugins", "version", "name"];

/// The words of a grammar: the class of a node, and its parameters.
struct Grammar {
    class: &'static str,
    parameters: &'static str,
}

const PAGE: Grammar = Grammar { class: "type", parameters: "config" };
const TODAY: Grammar = Grammar { class: "class_name", parameters: "hparams" };

impl Graph {
    /// Reads a pipeline file.
    pub fn read(path: &Path) -> Fallible<Self> {
        let bytes = std::fs::read(path).map_err(|error| Fault::of_system(path, &error))?;
        let text = String::from_utf8(bytes).map_err(|_| Fault::of_file(path, "this is no text in UTF-8."))?;
        Self::of_text(&path.display().to_string(), text.trim_start_matches('\u{feff}'))
    }

    /// The graph of a text; the file is for the places.
    pub fn of_text(file: &str, text: &str) -> Fallible<Self> {
        let root = Yaml::read(file, text)?;
        let mut graph = Self { nodes: Vec::new(), connections: Vec::new(), ignored: Vec::new() };
        let mut has_nodes = false;
        for entry in root.map("A pipeline file")? {
            match entry.key.as_str() {
                "nodes" => {
                    has_nodes = true;
                    graph.nodes = nodes(&entry.value, &mut graph.ignored)?;
                }
                "connections" => {
                    let items = entry.value.list("'connections'")?;
                    graph.connections = items.iter().map(connection).collect::<Fallible<_>>()?;
                }
                key if BESIDE.contains(&key) => {}
                key => graph.ignored.push(format!("{}: '{key}' is unknown here and ignored", entry.place)),
            }
        }
        if !has_nodes {
            return Err(Fault::at(&root.place, "There are no 'nodes' in this file."));
        }
        graph.check_names()?;
        graph.check_cycles()?;
        Ok(graph)
    }

    /// The node of a name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    fn check_names(&self) -> Fallible<()> {
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(first) = self.nodes[..index].iter().find(|other| other.name == node.name) {
                let sentence = format!("The node {} is there twice, first in line {}.", node.name, first.place.line);
                return Err(Fault::at(&node.place, sentence));
            }
        }
        Ok(())
    }

    /// No node may wait for itself: connections are followed from each node, and one that leads back is an error.
    fn check_cycles(&self) -> Fallible<()> {
        let mut from: HashMap<&str, Vec<&Connection>> = HashMap::new();
        for connection in &self.connections {
            from.entry(&connection.source.node).or_default().push(connection);
        }
        // A node that is done leads into no cycle; one that is open is on the way to where we are.
        let mut is_done: HashMap<&str, bool> = HashMap::new();
        for start in self.connections.iter().map(|connection| connection.source.node.as_str()) {
            if is_done.contains_key(start) {
                continue;
            }
            is_done.insert(start, false);
            let mut way = vec![(start, 0)];
            while let Some((node, next)) = way.last_mut() {
                let Some(connection) = from.get(*node).and_then(|connections| connections.get(*next)) else {
                    is_done.insert(node, true);
                    way.pop();
                    continue;
                };
                *next += 1;
                let target = connection.target.node.as_str();
                match is_done.get(target) {
                    Some(true) => {}
                    Some(false) => {
                        let begin = way.iter().position(|(node, _)| *node == target).unwrap_or(0);
                        let mut circle: Vec<_> = way[begin..].iter().map(|(node, _)| *node).collect();
                        circle.push(target);
                        let sentence = format!("This connection closes a cycle: {}.", circle.join(" to "));
                        return Err(Fault::at(&connection.place, sentence));
                    }
                    None => {
                        is_done.insert(target, false);
                        way.push((target, 0));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The nodes of either grammar.
fn nodes(nodes: &Yaml, ignored: &mut Vec<String>) -> Fallible<Vec<Node>> {
    match &nodes.value {
        Value::Map(entries) => {
            entries.iter().map(|entry| node(&PAGE, Some(&entry.key), &entry.place, &entry.value, ignored)).collect()
        }
        Value::List(items) => items.iter().map(|item| node(&TODAY, None, &item.place, item, ignored)).collect(),
        _ => Err(Fault::at(&nodes.place, format!("'nodes' must be a map or a list, and is {}.", nodes.told()))),
    }
}

fn node(grammar: &Grammar, name: Option<&str>, place: &Place, of: &Yaml, ignored: &mut Vec<String>) -> Fallible<Node> {
    let mut name = name.map(str::to_string);
    let (mut class, mut parameters) = (None, Vec::new());
    for entry in of.map("A node")? {
        match entry.key.as_str() {
            "name" if name.is_none() => name = Some(entry.value.text("The name of a node")?.to_string()),
            key if key == grammar.class => class = Some((entry.value.text(&format!("'{key}'"))?, &entry.value.place)),
            key if key == grammar.parameters => parameters = entry.value.map(&format!("'{key}'"))?.to_vec(),
            key if [PAGE.parameters, TODAY.parameters, PAGE.class, TODAY.class].contains(&key) => {
                let (class, parameters) = (grammar.class, grammar.parameters);
                let sentence = format!("A node has '{class}' and '{parameters}' in this grammar, and no '{key}'.");
                return Err(Fault::at(&entry.place, sentence));
            }
            key => {
                let near = crate::fault::nearest(key, [grammar.class, grammar.parameters]);
                if let Some(near) = near {
                    return Err(Fault::at(&entry.place, format!("A node has no '{key}'; is '{near}' meant?")));
                }
                ignored.push(format!("{}: '{key}' of a node is unknown here and ignored", entry.place));
            }
        }
    }
    let name = name.ok_or_else(|| Fault::at(place, "This node has no 'name'."))?;
    let (class, class_place) =
        class.ok_or_else(|| Fault::at(place, format!("The node {name} has no '{}'.", grammar.class)))?;
    Ok(Node { name, class: class.to_string(), class_place: class_place.clone(), parameters, place: place.clone() })
}

/// A connection of either grammar.
fn connection(item: &Yaml) -> Fallible<Connection> {
    let wanted = "a connection is [source.port, target.port], or has 'source' and 'target'";
    let wrong = || Fault::at(&item.place, format!("{} is no connection: {wanted}.", item.told()));
    let (source, target) = match &item.value {
        Value::List(ends) => match ends.as_slice() {
            [source, target] => (source, target),
            _ => return Err(Fault::at(&item.place, format!("A list of {} is no connection: {wanted}.", ends.len()))),
        },
        Value::Map(entries) => {
            let end = |key| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
            end("source").zip(end("target")).ok_or_else(wrong)?
        }
        _ => return Err(wrong()),
    };
    Ok(Connection { source: end(source, "outputs")?, target: end(target, "inputs")?, place: item.place.clone() })
}

/// `node.port`, or `node.outputs.port`.
fn end(item: &Yaml, side: &str) -> Fallible<End> {
    let text = item.text("An end of a connection")?;
    let middle = format!(".{side}.");
    let parts = text.split_once(&middle).or_else(|| text.rsplit_once('.'));
    match parts {
        Some((node, port)) if !node.is_empty() && !port.is_empty() && !port.contains('.') => {
            Ok(End { node: node.to_string(), port: port.to_string() })
        }
        _ => Err(Fault::at(&item.place, format!("'{text}' is no port: a port is node.port or node.{side}.port."))),
    }
}
