//! Edits of a document: each touches the lines of one section and no other byte.

use super::{Document, Line, Value};

impl Document {
    /// Makes `section` hold exactly `entries`, in its old place or at the end; comments inside it stay.
    pub(crate) fn put_section(&mut self, section: &str, entries: &[(&str, Value)]) {
        if !self.has(section) {
            self.append_section(section, entries);
            return;
        }
        let surplus: Vec<String> = self
            .entries(section)
            .into_iter()
            .map(|(key, _)| key)
            .filter(|key| !entries.iter().any(|(k, _)| k == key))
            .collect();
        for key in surplus {
            self.unset(section, &key);
        }
        for (key, value) in entries {
            self.set(section, key, value);
        }
    }

    /// Sets one key of a section that is there: in place where the key stands, else after the section's last entry.
    pub(crate) fn set(&mut self, section: &str, key: &str, value: &Value) {
        let is_of_key = |line: &Line| line.entry().is_some_and(|(k, _)| k == key);
        let last_of_section = self.lines_in(section).filter(|(_, line)| !line.is_trivia()).last().map(|(at, _)| at);
        let last_of_key = self.lines_in(section).filter(|(_, line)| is_of_key(line)).last().map(|(at, _)| at);
        let ending = self.ending();
        let new = Line::entry_of(key, value, ending);
        if let Some(index) = last_of_key {
            if self.lines[index].entry() != Some((key, value.as_str())) {
                self.lines_mut()[index] = new;
            }
        } else if let Some(index) = last_of_section {
            self.close_line(index, ending);
            self.lines_mut().insert(index + 1, new);
        }
    }

    pub(crate) fn unset(&mut self, section: &str, key: &str) {
        self.retain(|owner, line| owner != section || line.entry().is_none_or(|(k, _)| k != key));
    }

    /// Takes the section out, wherever it stands. A comment after its last key belongs to what follows, as in rclone, and stays.
    pub(crate) fn remove_section(&mut self, section: &str) {
        let owned: Vec<bool> = self.owned_lines().map(|(owner, _)| owner == section).collect();
        let mut goes = owned.clone();
        for begin in (0..owned.len()).filter(|&i| owned[i] && self.lines[i].header().is_some()) {
            let end = (begin + 1..owned.len()).find(|&i| self.lines[i].header().is_some()).unwrap_or(owned.len());
            let last = (begin..end).rfind(|&i| !self.lines[i].is_trivia()).unwrap_or(begin);
            let comment = (last + 1..end).find(|&i| !self.lines[i].is_blank());
            for kept in &mut goes[comment.unwrap_or(end)..end] {
                *kept = false;
            }
        }
        let mut goes = goes.into_iter();
        self.lines_mut().retain(|_| !goes.next().unwrap_or(false));
    }

    /// Gives every header of a section another name.
    pub(crate) fn rename_section(&mut self, old: &str, new: &str) {
        let ending = self.ending();
        for line in self.lines_mut() {
            if line.header() == Some(old) {
                let end = if line.ends() { ending } else { "" };
                *line = Line::written(format!("[{new}]{end}"));
            }
        }
    }

    fn retain(&mut self, keep: impl Fn(&str, &Line) -> bool) {
        let kept: Vec<bool> = self.owned_lines().map(|(owner, line)| keep(owner, line)).collect();
        let mut kept = kept.into_iter();
        self.lines_mut().retain(|_| kept.next().unwrap_or(true));
    }

    fn append_section(&mut self, section: &str, entries: &[(&str, Value)]) {
        let ending = self.ending();
        let mut lines = vec![Line::written(format!("[{section}]{ending}"))];
        lines.extend(entries.iter().map(|(key, value)| Line::entry_of(key, value, ending)));
        self.append_lines(lines);
    }

    /// Adds whole lines at the end, a blank line before them.
    pub(super) fn append_lines(&mut self, lines: Vec<Line>) {
        let ending = self.ending();
        if let Some(last) = self.lines.len().checked_sub(1) {
            self.close_line(last, ending);
            if !self.lines[last].is_blank() {
                self.lines_mut().push(Line::trivia(ending.as_bytes()));
            }
        }
        self.lines_mut().extend(lines);
    }

    /// The line ending the file already uses.
    fn ending(&self) -> &'static str {
        let first = self.lines.iter().find(|line| line.ends());
        if first.is_some_and(|line| line.raw().ends_with(b"\r\n")) { "\r\n" } else { "\n" }
    }

    /// A last line without a line break gets one before something follows it.
    fn close_line(&mut self, index: usize, ending: &str) {
        self.lines_mut()[index].end_with(ending);
    }
}

impl Line {
    fn entry_of(key: &str, value: &Value, ending: &str) -> Self {
        Self::written(format!("{key} = {}{ending}", value.spelled()))
    }
}
