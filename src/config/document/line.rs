//! One line: its own bytes, and what rclone reads in them.

use std::fmt;

use bytes::Bytes;

use super::value;

#[derive(Clone)]
pub(super) struct Line {
    /// With its line break. A part of the whole file, until it is edited.
    raw: Bytes,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// A blank line, a comment, or what rclone passes over like one.
    Trivia,
    Header(Span),
    Entry {
        key: Span,
        value: Span,
    },
    /// Not UTF-8: the text that rclone makes of it, and what that is.
    Odd(Box<(String, Kind)>),
}

/// A part of the line's text.
#[derive(Clone, Copy)]
struct Span {
    begin: u32,
    end: u32,
}

impl Span {
    /// Where `part`, which is a slice of `text`, stands in it.
    fn of(text: &str, part: &str) -> Self {
        let begin = part.as_ptr().addr() - text.as_ptr().addr();
        let at = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Self { begin: at(begin), end: at(begin + part.len()) }
    }

    fn in_text(self, text: &str) -> &str {
        let at = |place| usize::try_from(place).unwrap_or(usize::MAX);
        text.get(at(self.begin)..at(self.end)).unwrap_or_default()
    }
}

impl Line {
    pub(super) fn read(raw: Bytes) -> Result<Self, &'static str> {
        let kind = if let Ok(text) = std::str::from_utf8(&raw) {
            Kind::read(text)?
        } else {
            let text = String::from_utf8_lossy(&raw).into_owned();
            let kind = Kind::read(&text)?;
            Kind::Odd(Box::new((text, kind)))
        };
        Ok(Self { raw, kind })
    }

    pub(super) fn trivia(raw: &'static [u8]) -> Self {
        Self { raw: Bytes::from_static(raw), kind: Kind::Trivia }
    }

    /// A line of Pluton's own.
    pub(super) fn written(text: String) -> Self {
        let raw = Bytes::from(text);
        Self::read(raw.clone()).unwrap_or(Self { raw, kind: Kind::Trivia })
    }

    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The text, and what it is.
    fn parts(&self) -> (&str, &Kind) {
        match &self.kind {
            Kind::Odd(odd) => (&odd.0, &odd.1),
            kind => (std::str::from_utf8(&self.raw).unwrap_or_default(), kind),
        }
    }

    /// The section that begins here.
    pub(super) fn header(&self) -> Option<&str> {
        // Before the text is looked at: most lines are not headers, and some are long.
        if matches!(self.kind, Kind::Entry { .. } | Kind::Trivia) {
            return None;
        }
        match self.parts() {
            (text, Kind::Header(name)) => Some(name.in_text(text)),
            _ => None,
        }
    }

    /// The same, sharing the file's bytes where it can.
    pub(super) fn name(&self) -> Option<Bytes> {
        let name = self.header()?;
        Some(match self.kind {
            Kind::Odd(_) => Bytes::copy_from_slice(name.as_bytes()),
            _ => self.raw.slice_ref(name.as_bytes()),
        })
    }

    pub(super) fn entry(&self) -> Option<(&str, &str)> {
        if matches!(self.kind, Kind::Header(_) | Kind::Trivia) {
            return None;
        }
        match self.parts() {
            (text, Kind::Entry { key, value }) => Some((key.in_text(text), value.in_text(text))),
            _ => None,
        }
    }

    pub(super) fn is_trivia(&self) -> bool {
        matches!(self.parts().1, Kind::Trivia)
    }

    pub(super) fn is_blank(&self) -> bool {
        self.is_trivia() && self.parts().0.trim().is_empty()
    }

    pub(super) fn ends(&self) -> bool {
        self.raw.ends_with(b"\n")
    }

    /// Gives it the line break that it lacks.
    pub(super) fn end_with(&mut self, ending: &str) {
        if !self.ends() {
            self.raw = [&self.raw, ending.as_bytes()].concat().into();
        }
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Line {}

/// Values may be secrets, so a line shows only its shape.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.header(), self.entry()) {
            (Some(name), _) => write!(f, "[{name}]"),
            (_, Some((key, _))) => write!(f, "{key} = …"),
            (None, None) => f.write_str("Trivia"),
        }
    }
}

impl Kind {
    fn read(line: &str) -> Result<Self, &'static str> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(Self::Trivia);
        }
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Ok(Self::Header(Span::of(line, name.trim())));
        }
        let (key, rest) = value::split_key(text)?;
        let value = value::unquote(rest)?;
        // rclone passes over a key of nothing in quotation marks.
        Ok(if key.is_empty() {
            Self::Trivia
        } else {
            Self::Entry { key: Span::of(line, key), value: Span::of(line, value) }
        })
    }
}
