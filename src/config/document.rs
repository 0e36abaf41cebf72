//! rclone.conf as a lossless document: every line keeps its own bytes, next to what rclone reads in it.
//!
//! Touches no file. The grammar is that of rclone's reader (goconfig), including its quirks; what rclone cannot load is
//! refused, never repaired.

mod value;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;

use zeroize::Zeroizing;

pub(crate) use value::{Value, words};

/// The section in which rclone puts keys that come before any header.
pub(crate) const DEFAULT_SECTION: &str = "DEFAULT";

/// More lines than any real file has.
const MOST_LOOKUPS: u32 = 100;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// One rclone.conf: its lines, in order. `render(parse(bytes)) == bytes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    lines: Vec<Line>,
    /// The line numbers of each section.
    index: HashMap<String, Vec<usize>>,
}

#[derive(Clone, PartialEq, Eq)]
struct Line {
    /// Includes its line break.
    raw: Zeroizing<Vec<u8>>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A blank line, a comment, or anything else that rclone ignores.
    Trivia,
    Header(String),
    Entry {
        key: String,
        value: Value,
    },
}

/// A file that rclone could not load either.
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

/// Reading.
impl Document {
    /// # Errors
    /// If rclone could not load the file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let text = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let mut lines = Vec::new();
        if text.len() < bytes.len() {
            lines.push(Line::trivia(BOM));
        }
        let mut in_nameless = false;
        for (index, raw) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let unreadable = |why| Unreadable { line: index + 1, why };
            let line = Line::read(raw).map_err(unreadable)?;
            if let Some(name) = line.header() {
                in_nameless = name.is_empty();
            } else if in_nameless && line.entry().is_some() {
                return Err(unreadable("the section has no name"));
            }
            lines.push(line);
        }
        Ok(Self::of(lines))
    }

    fn of(lines: Vec<Line>) -> Self {
        let mut index: HashMap<String, Vec<usize>> = HashMap::new();
        let mut section = DEFAULT_SECTION;
        for (number, line) in lines.iter().enumerate() {
            section = line.header().unwrap_or(section);
            index.entry(section.to_owned()).or_default().push(number);
        }
        Self { lines, index }
    }

    pub(crate) fn render(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.lines.iter().map(|line| line.raw.len()).sum()));
        self.lines.iter().for_each(|line| bytes.extend_from_slice(&line.raw));
        bytes
    }

    /// Section names, each once, in the order in which rclone lists them.
    pub(crate) fn sections(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.lines.iter().filter_map(Line::header).filter(|name| !name.is_empty() && seen.insert(*name)).collect()
    }

    /// The sections whose `type` is `wanted`.
    pub(crate) fn sections_of_type(&self, wanted: &str) -> Vec<&str> {
        let is_wanted = |name: &&str| self.get(name, "type").is_some_and(|kind| kind.expose() == wanted);
        self.sections().into_iter().filter(is_wanted).collect()
    }

    pub(crate) fn has(&self, section: &str) -> bool {
        self.lines_in(section).any(|line| line.header().is_some())
    }

    /// The section's own keys with the values that rclone reads, `%(name)s` expanded. If a key is repeated, the last
    /// one wins.
    pub(crate) fn entries(&self, section: &str) -> Vec<(String, Value)> {
        let entries = self.raw_entries(section).into_iter();
        entries.map(|(key, value)| (key.to_owned(), self.filled(section, value))).collect()
    }

    /// What rclone reads for one key, inherited or not.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<Value> {
        let source = self.source(section, key)?;
        self.raw_entry(source, key).map(|value| self.filled(source, value)).filter(|value| !value.is_empty())
    }

    fn filled(&self, section: &str, value: &Value) -> Value {
        let lookups = Cell::new(MOST_LOOKUPS);
        let of_section = |name: &str| self.raw_entry(section, name).cloned();
        value.substituted(|name| self.default_value(name, &lookups).or_else(|| of_section(name)))
    }

    /// A value of the default section, expanded from that section alone. A value that refers to itself crashes rclone;
    /// here the expansion stops.
    fn default_value(&self, key: &str, lookups: &Cell<u32>) -> Option<Value> {
        let value = self.raw_entry(DEFAULT_SECTION, key)?;
        lookups.set(lookups.get().checked_sub(1)?);
        Some(value.substituted(|name| self.default_value(name, lookups)))
    }

    fn raw_entry(&self, section: &str, key: &str) -> Option<&Value> {
        let entries = self.lines_in(section).filter_map(Line::entry);
        entries.filter(|(k, _)| *k == key).last().map(|(_, value)| value)
    }

    fn raw_entries(&self, section: &str) -> Vec<(&str, &Value)> {
        let mut found: Vec<(&str, &Value)> = Vec::new();
        for (key, value) in self.lines_in(section).filter_map(Line::entry) {
            match found.iter_mut().find(|(k, _)| *k == key) {
                Some(earlier) => earlier.1 = value,
                None => found.push((key, value)),
            }
        }
        found
    }

    fn lines_in(&self, section: &str) -> impl Iterator<Item = &Line> {
        self.index.get(section).into_iter().flatten().map(|&number| &self.lines[number])
    }
}

/// Inheritance: whatever `[box.alice]` lacks, rclone reads from `[box]`, without saying so.
impl Document {
    /// The section in which rclone finds a key of `section`: itself, or the nearest one above it that has the key.
    pub(crate) fn source<'a>(&self, section: &'a str, key: &str) -> Option<&'a str> {
        self.with_those_above(section).find(|section| self.raw_entry(section, key).is_some())
    }

    /// The keys that rclone reads for `section` in those above it.
    pub(crate) fn inherited(&self, section: &str) -> Vec<&str> {
        let above = self.with_those_above(section).skip(1).flat_map(|above| self.raw_entries(above));
        let is_read = |key: &&str| self.source(section, key) != Some(section) && self.get(section, key).is_some();
        above.map(|(key, _)| key).filter(is_read).collect()
    }

    /// The sections below `section` that inherit a key which they would not have in `other`, each with that key.
    pub(crate) fn heirs(&self, section: &str, other: &Self) -> Vec<(&str, &str)> {
        let below = format!("{section}.");
        let below = self.sections().into_iter().filter(|name| name.starts_with(&below));
        let gain = |heir| self.inherited(heir).into_iter().find(|key| other.get(heir, key).is_none());
        below.filter_map(|heir| Some((heir, gain(heir)?))).collect()
    }

    fn with_those_above<'a>(&self, section: &'a str) -> impl Iterator<Item = &'a str> {
        let above = section.rmatch_indices('.').map(|(dot, _)| &section[..dot]);
        std::iter::once(section).chain(above.take_while(|above| self.has(above)))
    }
}

/// Edits: each changes the lines of one section and no other byte.
impl Document {
    /// Makes `section` contain exactly `entries`, in its old place or at the end. Comments inside it stay.
    pub(crate) fn put_section(&mut self, section: &str, entries: &[(&str, Value)]) {
        let ending = self.ending();
        if !self.has(section) {
            let header = Line::written(&format!("[{section}]{ending}"));
            let lines = entries.iter().map(|(key, value)| Line::entry_of(key, value, ending));
            self.append_lines(std::iter::once(header).chain(lines).collect());
            return;
        }
        self.retain(section, |key| entries.iter().any(|(k, _)| *k == key));
        for (key, value) in entries {
            self.set(section, key, value);
        }
    }

    /// Sets one key of an existing section: in place if the key exists, else after the section's last entry.
    pub(crate) fn set(&mut self, section: &str, key: &str, value: &Value) {
        let (mut of_key, mut last) = (None, None);
        for &number in self.index.get(section).into_iter().flatten() {
            let line = &self.lines[number];
            last = if line.is_trivia() { last } else { Some(number) };
            of_key = if line.entry().is_some_and(|(k, _)| k == key) { Some(number) } else { of_key };
        }
        let ending = self.ending();
        let new = Line::entry_of(key, value, ending);
        match (of_key, last) {
            (Some(number), _) if self.lines[number].entry() == Some((key, value)) => {}
            (Some(number), _) => self.lines[number] = new,
            (None, Some(number)) => self.edit(|lines| {
                lines[number].end_with(ending);
                lines.insert(number + 1, new);
            }),
            (None, None) => {}
        }
    }

    pub(crate) fn unset(&mut self, section: &str, key: &str) {
        self.retain(section, |k| k != key);
    }

    /// Removes every part of the section. A comment after its last key belongs to what follows, as in rclone, and
    /// stays.
    pub(crate) fn remove_section(&mut self, section: &str) {
        self.edit(|lines| {
            let mut stays = Vec::new();
            let mut comment: Vec<Line> = Vec::new();
            let mut is_in_it = section == DEFAULT_SECTION;
            for line in std::mem::take(lines) {
                if let Some(name) = line.header() {
                    stays.append(&mut comment);
                    is_in_it = name == section;
                }
                if !is_in_it {
                    stays.push(line);
                } else if !line.is_trivia() {
                    comment.clear();
                } else if !comment.is_empty() || !line.is_blank() {
                    comment.push(line);
                }
            }
            stays.append(&mut comment);
            *lines = stays;
        });
    }

    /// Renames every header of a section.
    pub(crate) fn rename_section(&mut self, old: &str, new: &str) {
        let ending = self.ending();
        self.edit(|lines| {
            for line in lines.iter_mut().filter(|line| line.header() == Some(old)) {
                let end = if line.ends() { ending } else { "" };
                *line = Line::written(&format!("[{new}]{end}"));
            }
        });
    }

    /// Merges what `newer` has changed since `base`, except in sections that have changed here too.
    pub(crate) fn carry(&mut self, newer: &Self, base: &Self) {
        // rclone treats keys above any header as a section too.
        for section in base.sections().into_iter().chain([DEFAULT_SECTION]) {
            if self.raw_entries(section) != base.raw_entries(section) {
                continue;
            }
            if base.has(section) && !newer.has(section) {
                self.remove_section(section);
                continue;
            }
            let theirs = newer.raw_entries(section);
            self.retain(section, |key| theirs.iter().any(|(k, _)| *k == key));
            for (key, value) in theirs {
                self.set(section, key, value);
            }
        }
        self.take_missing(newer, |section| !base.has(section));
    }

    /// Copies the wanted sections that only `other` has.
    pub(crate) fn take_missing(&mut self, other: &Self, is_wanted: impl Fn(&str) -> bool) {
        for section in other.sections().into_iter().filter(|section| is_wanted(section)) {
            if !self.has(section) {
                self.append_lines(other.lines_in(section).cloned().collect());
            }
        }
    }

    /// Removes the entries of a section whose key is not wanted.
    fn retain(&mut self, section: &str, is_wanted: impl Fn(&str) -> bool) {
        let goes = |number: &usize| self.lines[*number].entry().is_some_and(|(key, _)| !is_wanted(key));
        let goes: Vec<usize> = self.index.get(section).into_iter().flatten().copied().filter(goes).collect();
        if !goes.is_empty() {
            self.edit(|lines| goes.into_iter().rev().for_each(|number| drop(lines.remove(number))));
        }
    }

    /// Appends whole lines, after a blank line.
    fn append_lines(&mut self, new: Vec<Line>) {
        let ending = self.ending();
        self.edit(|lines| {
            if let Some(last) = lines.last_mut() {
                last.end_with(ending);
                if !last.is_blank() {
                    lines.push(Line::trivia(ending.as_bytes()));
                }
            }
            lines.extend(new);
        });
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Vec<Line>)) {
        let mut lines = std::mem::take(&mut self.lines);
        edit(&mut lines);
        *self = Self::of(lines);
    }

    /// The line ending the file already uses.
    fn ending(&self) -> &'static str {
        let first = self.lines.iter().find(|line| line.ends());
        if first.is_some_and(|line| line.raw.ends_with(b"\r\n")) { "\r\n" } else { "\n" }
    }
}

impl Line {
    fn read(raw: &[u8]) -> Result<Self, &'static str> {
        // Replaces invalid UTF-8 as rclone does.
        let kind = Kind::read(String::from_utf8_lossy(raw).trim())?;
        Ok(Self { raw: Zeroizing::new(raw.to_vec()), kind })
    }

    fn trivia(raw: &[u8]) -> Self {
        Self { raw: Zeroizing::new(raw.to_vec()), kind: Kind::Trivia }
    }

    /// A line written by Pluton.
    fn written(text: &str) -> Self {
        Self::read(text.as_bytes()).unwrap_or(Self::trivia(text.as_bytes()))
    }

    fn entry_of(key: &str, value: &Value, ending: &str) -> Self {
        Self::written(&Zeroizing::new(format!("{key} = {}{ending}", *value.spelled())))
    }

    /// The section whose header this is.
    fn header(&self) -> Option<&str> {
        if let Kind::Header(name) = &self.kind { Some(name) } else { None }
    }

    fn entry(&self) -> Option<(&str, &Value)> {
        if let Kind::Entry { key, value } = &self.kind { Some((key, value)) } else { None }
    }

    fn is_trivia(&self) -> bool {
        matches!(self.kind, Kind::Trivia)
    }

    fn is_blank(&self) -> bool {
        self.is_trivia() && String::from_utf8_lossy(&self.raw).trim().is_empty()
    }

    fn ends(&self) -> bool {
        self.raw.ends_with(b"\n")
    }

    /// Adds the line break if it is missing.
    fn end_with(&mut self, ending: &str) {
        if !self.ends() {
            self.raw = Zeroizing::new([&self.raw, ending.as_bytes()].concat());
        }
    }
}

/// Values may be secrets, so `Debug` shows only the kind of line.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Kind {
    fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(Self::Trivia);
        }
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Ok(Self::Header(name.trim().to_owned()));
        }
        let (key, rest) = value::split_key(text)?;
        let value = Value::as_read(value::unquote(rest)?);
        // rclone ignores an empty key in quotation marks.
        Ok(if key.is_empty() { Self::Trivia } else { Self::Entry { key: key.to_owned(), value } })
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Value};

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).expect("readable")
    }

    fn rendered(document: &Document) -> String {
        String::from_utf8(document.render().to_vec()).expect("UTF-8")
    }

    fn get(document: &Document, section: &str, key: &str) -> Option<String> {
        document.get(section, key).map(|value| value.expose().to_owned())
    }

    #[test]
    fn dotted_names_inherit_only_through_sections_that_are_there() {
        let doc = document("[box]\ntoken = t\nempty = x\n[box.alice]\ntype = box\nempty =\n[box.bob.eve]\n");
        assert_eq!(get(&doc, "box.alice", "token").as_deref(), Some("t"));
        assert_eq!(get(&doc, "box.alice", "empty"), None);
        assert_eq!(get(&doc, "box.bob.eve", "token"), None);
        assert_eq!(doc.inherited("box.alice"), ["token"]);
        assert_eq!(doc.heirs("box", &Document::default()), [("box.alice", "token")]);
        assert_eq!(doc.heirs("box", &doc), []);
    }

    #[test]
    fn an_endless_substitution_ends() {
        for text in ["[a]\nk = %(k)s%(k)s\n", "q = %(q)s\nb = %(c)s%(q)s\nc = %(b)s%(q)s\n[a]\nk = %(q)s%(b)s%(c)s\n"] {
            let _ = get(&document(text), "a", "k");
        }
    }

    #[test]
    fn removing_a_section_keeps_the_comment_of_the_next() {
        let mut doc = document("[a]\nx=1\n[n]\n# inside\nk=v\n\n# about z\n\n[z]\n[n]\nk=w\n");
        doc.remove_section("n");
        assert_eq!(rendered(&doc), "[a]\nx=1\n# about z\n\n[z]\n");
    }

    #[test]
    fn what_changed_elsewhere_is_brought_over_and_what_changed_here_stays() {
        let base = document("[a]\nt = 1\n\n[b]\nt = 1\n\n[gone]\nx = y\n");
        let newer = document("[a]\nt = 2\n\n[b]\nt = 2\n\n[new]\n# c\nk = v\n");
        let mut here = document("[a]\n# mine\nt = 1\n\n[b]\nt = 3\n\n[gone]\nx = y\n[added]\nz = z\n");
        here.carry(&newer, &base);
        assert_eq!(rendered(&here), "[a]\n# mine\nt = 2\n\n[b]\nt = 3\n\n[added]\nz = z\n\n[new]\n# c\nk = v\n");
    }

    #[test]
    fn debug_output_shows_no_value() {
        let shown = format!("{:?}", document("[a]\npass = hunter2\n"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    mod laws {
        use proptest::prelude::*;

        use super::{Document, Value};

        /// Lines of the kind people and programs leave in such a file, whole and broken.
        fn lines() -> impl Strategy<Value = String> {
            let line = prop_oneof![
                r"\[[a-c. ]{0,4}\]",
                "[a-c]{1,2} ?[=:] ?[a-z`\"%()=:# ]{0,8}",
                "[#;][ -~]{0,6}",
                Just(String::new()),
                "[ -~]{0,6}",
            ];
            (prop::collection::vec((line, prop_oneof![Just("\n"), Just("\r\n")]), 0..12), any::<bool>()).prop_map(
                |(lines, open)| {
                    let text: String = lines.into_iter().map(|(line, end)| line + end).collect();
                    if open { text.trim_end_matches(['\r', '\n']).to_owned() } else { text }
                },
            )
        }

        proptest! {
            #[test]
            fn rendering_gives_back_every_byte(bytes in prop::collection::vec(any::<u8>(), 0..64), text in lines()) {
                for input in [bytes.as_slice(), text.as_bytes()] {
                    if let Ok(doc) = Document::parse(input) {
                        prop_assert_eq!(doc.render().to_vec(), input);
                    }
                }
            }

            #[test]
            fn an_edit_changes_what_it_names_and_nothing_else(text in lines(), name in "[a-c]{1,2}", key in "[a-c]", val in "[a-z\"%]{1,6}") {
                if let (Ok(before), Ok(value)) = (Document::parse(text.as_bytes()), Value::new(&val)) {
                    let mut after = before.clone();
                    after.put_section(&name, &[(&key, value.clone())]);
                    let reread = Document::parse(&after.render()).expect("still readable");
                    prop_assert_eq!(reread.entries(&name), vec![(key.clone(), value)]);
                    for other in before.sections().into_iter().filter(|section| *section != name) {
                        prop_assert_eq!(reread.entries(other), before.entries(other));
                    }
                }
            }

            #[test]
            fn adding_and_removing_leaves_every_other_entry(text in lines()) {
                if let Ok(before) = Document::parse(text.as_bytes()) {
                    let mut after = before.clone();
                    after.put_section("new", &[("k", Value::new("v").expect("good"))]);
                    after.remove_section("new");
                    for section in before.sections() {
                        prop_assert_eq!(after.entries(section), before.entries(section));
                    }
                }
            }
        }
    }
}
