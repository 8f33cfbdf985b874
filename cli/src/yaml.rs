//! YAML as a tree of values that know their place in the file.
//!
//! The grammar is that of YAML 1.2: `1e-6` is a number, `yes` is a text. A key that occurs twice is an error.

use crate::fault::{Fallible, Fault, Place};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned, UserMessageFormatter};
use std::fmt;
use std::sync::Arc;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Yaml {
    pub place: Place,
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub place: Place,
    pub value: Yaml,
}

impl Yaml {
    /// Reads a text; the file is for the places.
    pub fn read(file: &str, text: &str) -> Fallible<Self> {
        let file: Arc<str> = file.into();
        let options = serde_saphyr::options! {
            with_snippet: false,
            strict_booleans: true,
            non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        };
        match serde_saphyr::from_str_with_options::<Tree>(text, options) {
            Ok(tree) => Ok(tree.placed(&file)),
            Err(error) => {
                let place = place(&file, error.location().unwrap_or(Location::UNKNOWN));
                let error = error.without_snippet();
                let sentence = serde_saphyr::MessageFormatter::format_message(&UserMessageFormatter, error);
                Err(Fault::at(&place, format!("{}.", sentence.trim_end_matches('.'))))
            }
        }
    }

    /// The value as a sentence names it.
    pub fn told(&self) -> String {
        match &self.value {
            Value::Null => "null".to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Integer(integer) => integer.to_string(),
            Value::Number(number) => format!("{number:?}"),
            Value::Text(text) => format!("\"{text}\""),
            Value::List(_) => "a list".to_string(),
            Value::Map(_) => "a map".to_string(),
        }
    }

    /// A text, or else the mistake that `what` must be one.
    pub fn text(&self, what: &str) -> Fallible<&str> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(Fault::at(&self.place, format!("{what} must be a text, and is {}.", self.told()))),
        }
    }

    /// A map; nothing at all is an empty one.
    pub fn map(&self, what: &str) -> Fallible<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            Value::Null => Ok(&[]),
            _ => Err(Fault::at(&self.place, format!("{what} must be a map, and is {}.", self.told()))),
        }
    }

    /// A list; nothing at all is an empty one.
    pub fn list(&self, what: &str) -> Fallible<&[Yaml]> {
        match &self.value {
            Value::List(items) => Ok(items),
            Value::Null => Ok(&[]),
            _ => Err(Fault::at(&self.place, format!("{what} must be a list, and is {}.", self.told()))),
        }
    }
}

fn place(file: &Arc<str>, location: Location) -> Place {
    Place { file: file.clone(), line: location.line(), column: location.column() }
}

/// The tree as the parser gives it, whose places do not know the file yet.
struct Tree(Spanned<Branch>);

enum Branch {
    Leaf(Value),
    List(Vec<Tree>),
    Map(Vec<(Spanned<String>, Tree)>),
}

impl Tree {
    fn placed(self, file: &Arc<str>) -> Yaml {
        let value = match self.0.value {
            Branch::Leaf(value) => value,
            Branch::List(items) => Value::List(items.into_iter().map(|item| item.placed(file)).collect()),
            Branch::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        place: place(file, key.referenced),
                        key: key.value,
                        value: value.placed(file),
                    })
                    .collect(),
            ),
        };
        Yaml { place: place(file, self.0.referenced), value }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Spanned::deserialize(from).map(Self)
    }
}

impl<'de> Deserialize<'de> for Branch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Branches)
    }
}

struct Branches;

impl<'de> Visitor<'de> for Branches {
    type Value = Branch;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Branch, E> {
        Ok(Branch::Leaf(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Branch, E> {
        Ok(Branch::Leaf(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Branch, D::Error> {
        Branch::deserialize(from)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Branch, E> {
        Ok(Branch::Leaf(Value::Flag(flag)))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Branch, E> {
        Ok(Branch::Leaf(Value::Integer(integer)))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Branch, E> {
        let signed = i64::try_from(integer).map(Value::Integer);
        Ok(Branch::Leaf(signed.unwrap_or(Value::Number(integer as f64))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Branch, E> {
        Ok(Branch::Leaf(Value::Number(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Branch, E> {
        Ok(Branch::Leaf(Value::Text(text.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Branch, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Branch::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Branch, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Branch::Map(map))
    }
}
