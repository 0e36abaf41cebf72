//! rclone.conf as a document that loses nothing: every line keeps its own bytes, and beside them what rclone reads in it.
//!
//! The grammar is the one of rclone's reader (goconfig), quirks included. What rclone cannot load is refused, never repaired.

mod edit;
mod inherit;
mod line;
mod merge;
mod value;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;

use line::Line;
pub(crate) use value::Value;

/// Where rclone puts keys that stand before any header.
pub(crate) const DEFAULT_SECTION: &str = "DEFAULT";

/// More than any file has use for.
const MOST_LOOKUPS: u32 = 100;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// One rclone.conf: its lines, in order. `render(parse(bytes)) == bytes`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    lines: Vec<Line>,
    /// For each section, the numbers of the lines that stand in it, in order. Made when first asked for; an edit drops it.
    index: OnceLock<HashMap<Bytes, Vec<u32>>>,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.lines == other.lines
    }
}

impl Eq for Document {}

/// rclone could not load this file either.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) why: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for Unreadable {}

impl Document {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        Self::of(Bytes::copy_from_slice(bytes))
    }

    /// The same of bytes that are not needed elsewhere: every line is a part of them.
    pub(crate) fn of(bytes: impl Into<Bytes>) -> Result<Self, Unreadable> {
        let bytes = bytes.into();
        let text = bytes.strip_prefix(BOM).unwrap_or(&bytes);
        let mut lines = Vec::with_capacity(text.split(|&byte| byte == b'\n').count() + 1);
        if text.len() < bytes.len() {
            lines.push(Line::trivia(BOM));
        }
        let mut in_nameless = false;
        for (index, raw) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let unreadable = |why| Unreadable { line: index + 1, why };
            let line = Line::read(bytes.slice_ref(raw)).map_err(unreadable)?;
            if let Some(name) = line.header() {
                in_nameless = name.is_empty();
            } else if in_nameless && line.entry().is_some() {
                return Err(unreadable("the section has no name"));
            }
            lines.push(line);
        }
        Ok(Self { lines, index: OnceLock::new() })
    }

    pub(crate) fn render(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| line.raw().iter().copied()).collect()
    }

    /// Names of the sections, each once, in the order rclone lists them.
    pub(crate) fn sections(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.lines.iter().filter_map(Line::header).filter(|name| !name.is_empty() && seen.insert(*name)).collect()
    }

    pub(crate) fn has(&self, section: &str) -> bool {
        self.lines_in(section).any(|(_, line)| line.header().is_some())
    }

    /// The section's own keys with the values rclone reads, `%(name)s` filled in; of equal keys the last wins.
    pub(crate) fn entries(&self, section: &str) -> Vec<(String, String)> {
        let entries = self.raw_entries(section).into_iter();
        entries.map(|(key, value)| (key.to_owned(), self.filled(section, value))).collect()
    }

    fn filled(&self, section: &str, value: &str) -> String {
        let lookups = Cell::new(MOST_LOOKUPS);
        let of_section = |name: &str| self.raw_entry(section, name).map(str::to_owned);
        value::substitute(value, |name| self.default_value(name, &lookups).or_else(|| of_section(name)))
    }

    /// A value of the default section, filled in from there alone. What refers to itself crashes rclone, and ends here.
    fn default_value(&self, key: &str, lookups: &Cell<u32>) -> Option<String> {
        let value = self.raw_entry(DEFAULT_SECTION, key)?;
        lookups.set(lookups.get().checked_sub(1)?);
        Some(value::substitute(value, |name| self.default_value(name, lookups)))
    }

    /// What rclone reads for one key, from the section itself or, for a dotted name, from the parents it inherits from.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<String> {
        let own = self.raw_entry(section, key).map(|value| self.filled(section, value));
        own.or_else(|| {
            let (parent, _) = section.rsplit_once('.')?;
            self.has(parent).then(|| self.get(parent, key)).flatten()
        })
        .filter(|value| !value.is_empty())
    }

    /// The same for many keys of one section.
    pub(crate) fn reader<'a>(&'a self, section: &'a str) -> impl Fn(&str) -> Option<String> + 'a {
        let own = self.raw_entries(section);
        move |key| match own.iter().find(|(k, _)| *k == key) {
            Some((_, value)) => Some(self.filled(section, value)).filter(|value| !value.is_empty()),
            None if section.contains('.') => self.get(section, key),
            None => None,
        }
    }

    fn raw_entry(&self, section: &str, key: &str) -> Option<&str> {
        let entries = self.lines_in(section).filter_map(|(_, line)| line.entry());
        entries.filter(|(k, _)| *k == key).last().map(|(_, value)| value)
    }

    fn raw_entries(&self, section: &str) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for (key, value) in self.lines_in(section).filter_map(|(_, line)| line.entry()) {
            match found.iter_mut().find(|(k, _)| *k == key) {
                Some(earlier) => earlier.1 = value,
                None => found.push((key, value)),
            }
        }
        found
    }

    /// The lines that stand in a section, with their numbers.
    fn lines_in(&self, section: &str) -> impl Iterator<Item = (usize, &Line)> {
        let numbers = self.index().get(section.as_bytes()).into_iter().flatten();
        numbers.filter_map(|&number| {
            let number = usize::try_from(number).ok()?;
            Some((number, self.lines.get(number)?))
        })
    }

    fn index(&self) -> &HashMap<Bytes, Vec<u32>> {
        self.index.get_or_init(|| {
            let headers = self.lines.iter().filter(|line| line.header().is_some()).count();
            let mut index: HashMap<Bytes, Vec<u32>> = HashMap::with_capacity(headers + 1);
            let mut owner = Bytes::from_static(DEFAULT_SECTION.as_bytes());
            for (number, line) in (0..).zip(&self.lines) {
                owner = line.name().unwrap_or(owner);
                match index.get_mut(&owner) {
                    Some(lines) => lines.push(number),
                    None => drop(index.insert(owner.clone(), vec![number])),
                }
            }
            index
        })
    }

    /// For edits: what was known of the lines holds no longer.
    fn lines_mut(&mut self) -> &mut Vec<Line> {
        self.index = OnceLock::new();
        &mut self.lines
    }

    /// Each line with the section it stands in.
    fn owned_lines(&self) -> impl Iterator<Item = (&str, &Line)> {
        let mut owner = DEFAULT_SECTION;
        self.lines.iter().map(move |line| {
            owner = line.header().unwrap_or(owner);
            (owner, line)
        })
    }
}

#[cfg(test)]
mod tests;
