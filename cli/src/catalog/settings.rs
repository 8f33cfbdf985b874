//! The parameters of a node as a pipeline file says them, checked against the table.

use super::{Allowed, Parameter, Spec, Takes};
use crate::fault::{Fallible, Fault, list, nearest};
use crate::graph::Node;
use crate::yaml::{Entry, Value, Yaml};

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Null,
    Number(f64),
    Integer(i64),
    Flag(bool),
    Choice(&'static str),
    Numbers(Vec<f64>),
}

/// The values of all parameters of a node.
pub struct Settings(Vec<(&'static str, Setting)>);

/// Parameters that cuvis-ai's nodes have without using them for a number: the name, and what older files carry.
const INERT: [&str; 2] = ["name", "execution_stages"];

impl Settings {
    /// Reads the parameters of a node; what is not said has its default.
    pub fn read(spec: &'static Spec, node: &Node) -> Fallible<Self> {
        let mut settings = Self::defaults(spec);
        for entry in &node.parameters {
            let known = spec.parameters.iter().find(|parameter| parameter.name == entry.key);
            if let Some(parameter) = known {
                let setting = setting(parameter, &node.name, &entry.value)?;
                let place = settings.0.iter_mut().find(|(name, _)| *name == parameter.name);
                if let Some((_, default)) = place {
                    *default = setting;
                }
            } else {
                check_inert(spec, node, entry)?;
            }
        }
        Ok(settings)
    }

    /// The parameters of a node that says none.
    pub fn defaults(spec: &'static Spec) -> Self {
        let of_default = |parameter: &Parameter| {
            let default = Yaml::read("default", parameter.default).and_then(|yaml| setting(parameter, "", &yaml));
            (parameter.name, default.unwrap_or(Setting::Null))
        };
        Self(spec.parameters.iter().map(of_default).collect())
    }

    fn get(&self, name: &str) -> &Setting {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map_or(&Setting::Null, |(_, setting)| setting)
    }

    /// A number, 0 if the table has none of this name.
    pub fn number(&self, name: &str) -> f32 {
        self.number_or_null(name).unwrap_or_default()
    }

    pub fn number_or_null(&self, name: &str) -> Option<f32> {
        match self.get(name) {
            Setting::Number(number) => Some(*number as f32),
            _ => None,
        }
    }

    pub fn double(&self, name: &str) -> f64 {
        match self.get(name) {
            Setting::Number(number) => *number,
            _ => 0.0,
        }
    }

    pub fn integer(&self, name: &str) -> i64 {
        self.integer_or_null(name).unwrap_or_default()
    }

    pub fn integer_or_null(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Setting::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        *self.get(name) == Setting::Flag(true)
    }

    pub fn choice(&self, name: &str) -> &'static str {
        match self.get(name) {
            Setting::Choice(choice) => choice,
            _ => "",
        }
    }

    pub fn numbers(&self, name: &str) -> Option<Vec<f32>> {
        match self.get(name) {
            Setting::Numbers(numbers) => Some(numbers.iter().map(|number| *number as f32).collect()),
            _ => None,
        }
    }
}

/// A parameter that the table does not have must be one that does nothing.
fn check_inert(spec: &Spec, node: &Node, entry: &Entry) -> Fallible<()> {
    let key = entry.key.as_str();
    if key == "execution_stages" && !matches!(entry.value.value, Value::Null) {
        let sentence = format!("{}: a node's stages cannot be chosen, and 'execution_stages' must be null.", node.name);
        return Err(Fault::at(&entry.place, sentence));
    }
    if INERT.contains(&key) {
        return Ok(());
    }
    let names = || spec.parameters.iter().map(|parameter| parameter.name);
    let end = match nearest(key, names()) {
        Some(near) => format!("; is '{near}' meant?"),
        None => format!("; it has {}.", list(names())),
    };
    Err(Fault::at(&entry.place, format!("{}: {} has no parameter '{key}'{end}", node.name, spec.name)))
}

/// The value of a parameter.
fn setting(parameter: &Parameter, node: &str, yaml: &Yaml) -> Fallible<Setting> {
    let found = match (parameter.takes, &yaml.value) {
        (Takes::NumberOrNull(_) | Takes::IntegerOrNull(..) | Takes::NumbersOrNull(_), Value::Null) => {
            Some(Setting::Null)
        }
        (Takes::Number(allowed) | Takes::NumberOrNull(allowed), _) => number(yaml, allowed).map(Setting::Number),
        (Takes::Integer(least, most) | Takes::IntegerOrNull(least, most), Value::Integer(integer)) => {
            (least..=most).contains(integer).then_some(Setting::Integer(*integer))
        }
        (Takes::Flag, Value::Flag(flag)) => Some(Setting::Flag(*flag)),
        (Takes::Choice(choices), Value::Text(text)) => {
            choices.iter().find(|choice| *choice == text).map(|choice| Setting::Choice(choice))
        }
        (Takes::NumbersOrNull(allowed), Value::List(items)) => {
            items.iter().map(|item| number(item, allowed)).collect::<Option<_>>().map(Setting::Numbers)
        }
        _ => None,
    };
    found.ok_or_else(|| {
        let (name, wanted, told) = (parameter.name, parameter.takes.words(), yaml.told());
        Fault::at(&yaml.place, format!("{node}: '{name}' is {told}, which must be {wanted}."))
    })
}

/// A number that is allowed and a finite float32.
fn number(yaml: &Yaml, allowed: Allowed) -> Option<f64> {
    let number = match yaml.value {
        Value::Integer(integer) => integer as f64,
        Value::Number(number) => number,
        _ => return None,
    };
    ((number as f32).is_finite() && (allowed.is)(number) && (allowed.is)(f64::from(number as f32))).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use super::*;

    #[test]
    fn every_default_is_what_its_parameter_may_be() {
        for spec in all() {
            for parameter in spec.parameters {
                let yaml = Yaml::read("default", parameter.default).expect("YAML");
                let setting = setting(parameter, spec.name, &yaml);
                assert!(setting.is_ok(), "{}: {:?}", spec.name, setting);
            }
        }
    }
}
