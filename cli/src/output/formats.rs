//! Results as text, JSON, CSV and in the format of Prometheus.

use super::{name, sentences, told};
use crate::nodes::Named;
use crate::run::{Results, Values};
use serde_json::{Map, Value, json};
use std::fmt::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
    Csv,
    Prometheus,
}

/// The results in a format, with a line feed at the end.
pub fn format(results: &Results, format: Format) -> String {
    match format {
        Format::Text => text(results),
        Format::Json => json(results),
        Format::Csv => csv(results),
        Format::Prometheus => prometheus(results),
    }
}

impl Values {
    /// All values under their names, the sum of the losses last.
    pub fn named(&self) -> Vec<(String, &Named)> {
        let of_node = |(node, _, values): &'_ (String, _, Vec<Named>)| -> Vec<String> {
            values.iter().map(|value| name(node, &value.name)).collect()
        };
        let mut all: Vec<_> = Vec::new();
        for node in &self.nodes {
            all.extend(of_node(node).into_iter().zip(&node.2));
        }
        all.extend(self.loss.iter().map(|loss| ("loss".to_string(), loss)));
        all
    }
}

/// A number with as many digits as tell it from its neighbours.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_string()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_string()
    } else {
        format!("{value:?}")
    }
}

fn text(results: &Results) -> String {
    let mut text = String::new();
    let Results { batch, pooled, .. } = results;
    let _ = writeln!(text, "{}", told(results));
    if results.batches.len() > 1 {
        for (number, values) in results.batches.iter().enumerate() {
            let first = number * batch;
            let last = results.frames.min(first + batch) - 1;
            let frames = if first == last { format!("frame {first}") } else { format!("frames {first} to {last}") };
            let _ = writeln!(text, "batch {number}, {frames}");
            lines(&mut text, "  ", values);
        }
        text.push_str("all batches\n");
    }
    if pooled.named().is_empty() {
        text.push_str("no node of hyla runs in this stage, or none has a value\n");
    }
    lines(&mut text, "", pooled);
    text
}

/// A line for each value, indented.
fn lines(text: &mut String, indent: &str, values: &Values) {
    let all = values.named();
    let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in all {
        let _ = write!(text, "{indent}{name:width$}  {}", number(value.value));
        let notices = sentences(value.notices);
        let _ = if notices.is_empty() { writeln!(text) } else { writeln!(text, "  ({})", notices.join(" ")) };
    }
}

/// A number, or null where JSON has none.
fn json_number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn json_values(values: &Values) -> Value {
    Value::Object(values.named().into_iter().map(|(name, value)| (name, json_number(value.value))).collect())
}

fn json(results: &Results) -> String {
    let mut notices = Map::new();
    for (name, value) in results.pooled.named() {
        let told = sentences(value.notices);
        if !told.is_empty() {
            notices.insert(name, json!(told));
        }
    }
    let mut object = json!({
        "stage": results.stage.name(),
        "frames": results.frames,
        "values": json_values(&results.pooled),
        "notices": notices,
    });
    if results.batches.len() > 1 {
        object["batch"] = json!(results.batch);
        object["batches"] = results.batches.iter().map(json_values).collect();
    }
    format!("{object:#}\n")
}

/// A row for each value of each batch and of all of them (`all`).
fn csv(results: &Results) -> String {
    let quoted = |text: &str| match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    };
    let mut text = "stage,batch,first_frame,frames,name,value,notices\n".to_string();
    let mut add = |number: &str, first: usize, frames: usize, values: &Values| {
        for (name, value) in values.named() {
            let (name, notices) = (quoted(&name), quoted(&sentences(value.notices).join(" ")));
            let value = self::number(value.value);
            let stage = results.stage.name();
            let _ = writeln!(text, "{stage},{number},{first},{frames},{name},{value},{notices}");
        }
    };
    if results.batches.len() > 1 {
        for (number, values) in results.batches.iter().enumerate() {
            let first = number * results.batch;
            add(&number.to_string(), first, results.batch.min(results.frames - first), values);
        }
    }
    add("all", 0, results.frames, &results.pooled);
    text
}

fn prometheus(results: &Results) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let stage = results.stage.name();
    let mut text = String::new();
    let _ = writeln!(text, "# HELP hyla_value A loss or metric over all frames.\n# TYPE hyla_value gauge");
    for (node, _, values) in &results.pooled.nodes {
        for value in values {
            let metric = if value.name.is_empty() { "loss" } else { &value.name };
            let (node, metric) = (escaped(node), escaped(metric));
            let value = number(value.value);
            let _ = writeln!(text, "hyla_value{{stage=\"{stage}\",node=\"{node}\",metric=\"{metric}\"}} {value}");
        }
    }
    if let Some(loss) = &results.pooled.loss {
        let _ = writeln!(text, "# HELP hyla_loss The sum of all losses.\n# TYPE hyla_loss gauge");
        let _ = writeln!(text, "hyla_loss{{stage=\"{stage}\"}} {}", number(loss.value));
    }
    let _ = writeln!(text, "# HELP hyla_frames Frames that were read.\n# TYPE hyla_frames gauge");
    let _ = writeln!(text, "hyla_frames{{stage=\"{stage}\"}} {}", results.frames);
    text
}
