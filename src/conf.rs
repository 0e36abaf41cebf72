//! rclone.conf as a document that loses nothing: every line keeps its own bytes, and beside them what rclone reads in it.
//!
//! The grammar is the one of rclone's reader (goconfig), quirks included. What rclone cannot load is refused, never repaired.

mod edit;
mod inherit;
mod merge;
mod value;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::OnceLock;

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
    index: OnceLock<HashMap<String, Vec<usize>>>,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.lines == other.lines
    }
}

impl Eq for Document {}

#[derive(Clone, PartialEq, Eq)]
struct Line {
    raw: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// A blank line, a comment, or what rclone passes over like one.
    Trivia,
    Header(String),
    Entry {
        key: String,
        value: String,
    },
}

/// Values may be secrets, so a line shows only its shape.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Trivia => f.write_str("Trivia"),
            Kind::Header(name) => write!(f, "[{name}]"),
            Kind::Entry { key, .. } => write!(f, "{key} = …"),
        }
    }
}

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
        let mut lines = Vec::new();
        let text = bytes.strip_prefix(BOM).unwrap_or(bytes);
        if text.len() < bytes.len() {
            lines.push(Line { raw: BOM.to_vec(), kind: Kind::Trivia });
        }
        let mut in_nameless = false;
        for (index, raw) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let unreadable = |why| Unreadable { line: index + 1, why };
            let kind = Kind::read(&String::from_utf8_lossy(raw)).map_err(unreadable)?;
            match &kind {
                Kind::Header(name) => in_nameless = name.is_empty(),
                Kind::Entry { .. } if in_nameless => return Err(unreadable("the section has no name")),
                Kind::Entry { .. } | Kind::Trivia => {}
            }
            lines.push(Line { raw: raw.to_vec(), kind });
        }
        Ok(Self { lines, index: OnceLock::new() })
    }

    pub(crate) fn render(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| line.raw.iter().copied()).collect()
    }

    /// Names of the sections, each once, in the order rclone lists them.
    pub(crate) fn sections(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.lines
            .iter()
            .filter_map(|line| match &line.kind {
                Kind::Header(name) => Some(name.as_str()),
                Kind::Entry { .. } | Kind::Trivia => None,
            })
            .filter(|name| !name.is_empty() && seen.insert(*name))
            .collect()
    }

    pub(crate) fn has(&self, section: &str) -> bool {
        self.index()
            .get(section)
            .is_some_and(|lines| lines.iter().any(|&line| matches!(self.lines[line].kind, Kind::Header(_))))
    }

    /// The section's own keys with the values rclone reads, `%(name)s` filled in; of equal keys the last wins.
    pub(crate) fn entries(&self, section: &str) -> Vec<(String, String)> {
        let filled = |value: &str| {
            let lookups = Cell::new(MOST_LOOKUPS);
            let of_section = |name: &str| self.raw_entry(section, name).map(str::to_owned);
            value::substitute(value, |name| self.default_value(name, &lookups).or_else(|| of_section(name)))
        };
        self.raw_entries(section).into_iter().map(|(key, value)| (key.to_owned(), filled(value))).collect()
    }

    /// A value of the default section, filled in from there alone. What refers to itself crashes rclone, and ends here.
    fn default_value(&self, key: &str, lookups: &Cell<u32>) -> Option<String> {
        let value = self.raw_entry(DEFAULT_SECTION, key)?;
        lookups.set(lookups.get().checked_sub(1)?);
        Some(value::substitute(value, |name| self.default_value(name, lookups)))
    }

    /// What rclone reads for one key, from the section itself or, for a dotted name, from the parents it inherits from.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<String> {
        let own = self.entries(section).into_iter().find(|(k, _)| k == key).map(|(_, value)| value);
        own.or_else(|| {
            let (parent, _) = section.rsplit_once('.')?;
            self.has(parent).then(|| self.get(parent, key)).flatten()
        })
        .filter(|value| !value.is_empty())
    }

    fn raw_entry(&self, section: &str, key: &str) -> Option<&str> {
        self.raw_entries(section).into_iter().find(|(k, _)| *k == key).map(|(_, value)| value)
    }

    fn raw_entries(&self, section: &str) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for &line in self.index().get(section).into_iter().flatten() {
            if let Kind::Entry { key, value } = &self.lines[line].kind {
                match found.iter_mut().find(|(k, _)| k == key) {
                    Some(earlier) => earlier.1 = value,
                    None => found.push((key, value)),
                }
            }
        }
        found
    }

    fn index(&self) -> &HashMap<String, Vec<usize>> {
        self.index.get_or_init(|| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::new();
            for (number, (owner, _)) in self.owned_lines().enumerate() {
                match index.get_mut(owner) {
                    Some(lines) => lines.push(number),
                    None => {
                        index.insert(owner.to_owned(), vec![number]);
                    }
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
            if let Kind::Header(name) = &line.kind {
                owner = name;
            }
            (owner, line)
        })
    }
}

impl Kind {
    fn read(line: &str) -> Result<Self, &'static str> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(Self::Trivia);
        }
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Ok(Self::Header(name.trim().to_owned()));
        }
        let (key, rest) = value::split_key(text)?;
        let value = value::unquote(rest)?;
        // rclone passes over a key of nothing in quotation marks.
        Ok(if key.is_empty() { Self::Trivia } else { Self::Entry { key: key.to_owned(), value: value.to_owned() } })
    }
}

#[cfg(test)]
mod tests;
