//! Bringing together two versions of one rclone.conf, so that a change made by another program is never undone.

use super::{DEFAULT_SECTION, Document, Line, Value};

impl Document {
    /// Brings over what `newer` has changed since `base`, except in sections that have changed here too.
    pub(crate) fn carry(&mut self, newer: &Self, base: &Self) {
        // rclone reads keys above any header as a section's, too.
        for section in base.sections().into_iter().chain([DEFAULT_SECTION]) {
            let unchanged_here = self.raw_entries(section) == base.raw_entries(section);
            if unchanged_here && base.has(section) && !newer.has(section) {
                self.remove_section(section);
            } else if unchanged_here {
                self.take_entries(section, newer);
            }
        }
        for section in newer.sections() {
            if !base.has(section) && !self.has(section) {
                self.append_lines(newer.lines_of(section));
            }
        }
    }

    /// Brings over the sections that only `other` has.
    pub(crate) fn take_missing(&mut self, other: &Self) {
        for section in other.sections() {
            if !self.has(section) {
                self.append_lines(other.lines_of(section));
            }
        }
    }

    /// Makes the entries of a section the same as in `other`.
    fn take_entries(&mut self, section: &str, other: &Self) {
        let theirs = other.raw_entries(section);
        let ours: Vec<(String, String)> =
            self.raw_entries(section).into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        for (key, _) in &ours {
            if !theirs.iter().any(|(k, _)| k == key) {
                self.unset(section, key);
            }
        }
        for (key, value) in theirs {
            if ours.iter().any(|(k, v)| k == key && v == value) {
                continue;
            }
            self.set(section, key, &Value::as_read(value));
        }
    }

    fn lines_of(&self, section: &str) -> Vec<Line> {
        self.owned_lines().filter(|(owner, _)| *owner == section).map(|(_, line)| line.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).expect("readable")
    }

    #[test]
    fn what_changed_elsewhere_is_brought_over_and_what_changed_here_stays() {
        let base = document("[a]\nt = 1\n\n[b]\nt = 1\n\n[gone]\nx = y\n");
        let newer = document("[a]\nt = 2\n\n[b]\nt = 2\n\n[new]\n# c\nk = v\n");
        let mut here = document("[a]\n# mine\nt = 1\n\n[b]\nt = 3\n\n[gone]\nx = y\n[added]\nz = z\n");
        here.carry(&newer, &base);
        assert_eq!(
            String::from_utf8(here.render()).expect("UTF-8"),
            "[a]\n# mine\nt = 2\n\n[b]\nt = 3\n\n[added]\nz = z\n\n[new]\n# c\nk = v\n"
        );
    }

    #[test]
    fn nothing_new_changes_nothing() {
        let base = document("[a]\nt : `odd\nvalue`\n".replace("\nvalue", "value").as_str());
        let mut here = base.clone();
        here.carry(&base, &base);
        assert_eq!(here, base);
    }
}
