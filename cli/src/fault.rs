//! What is wrong with what the user gave: one sentence, and the place.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place in a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<str>,
    /// From 1; 0: unknown.
    pub line: u64,
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}", self.file),
            line => write!(formatter, "{}:{line}:{}", self.file, self.column),
        }
    }
}

/// A mistake that the user can mend.
#[derive(Clone, Debug)]
pub struct Fault {
    place: Option<Place>,
    sentence: String,
}

pub type Fallible<T> = Result<T, Fault>;

impl Fault {
    /// A mistake that has no place in a file.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { place: None, sentence: sentence.into() }
    }

    /// A mistake at a place of a text.
    pub fn at(place: &Place, sentence: impl Into<String>) -> Self {
        Self { place: Some(place.clone()), sentence: sentence.into() }
    }

    /// A mistake in a file.
    pub fn of_file(file: &Path, sentence: impl fmt::Display) -> Self {
        Self::new(format!("{}: {sentence}", file.display()))
    }

    /// What the operating system says of a file.
    pub fn of_system(file: &Path, error: &std::io::Error) -> Self {
        let sentence = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_string(),
            std::io::ErrorKind::PermissionDenied => "this file may not be opened".to_string(),
            _ => error.to_string(),
        };
        Self::of_file(file, format_args!("{sentence}."))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(formatter, "{place}: {}", self.sentence),
            None => formatter.write_str(&self.sentence),
        }
    }
}

impl std::error::Error for Fault {}

/// Names as a sentence lists them.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    match names.as_slice() {
        [] => "none".to_string(),
        [one] => (*one).to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The name that was meant, perhaps: one that differs by at most two letters, in any case.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (name, lower) = (name.to_lowercase(), str::to_lowercase);
    let near = names.into_iter().map(|other| (distance(&name, &lower(other)), other));
    let (distance, other) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 2.min(name.len() / 3)).then_some(other)
}

/// How many letters must be put in, left out or replaced.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, with) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *with);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
