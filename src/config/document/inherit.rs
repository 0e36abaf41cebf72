//! Dotted names: rclone reads from `[box]` whatever `[box.alice]` lacks, and says so nowhere.

use super::Document;

impl Document {
    /// Keys of `known` that `section` would take from a section above it.
    pub(crate) fn inherited<'a>(&self, section: &str, known: &[&'a str]) -> Vec<&'a str> {
        let own = self.raw_entries(section);
        let lacks = |key: &str| own.iter().all(|(k, _)| *k != key);
        known.iter().copied().filter(|key| lacks(key) && self.get(section, key).is_some()).collect()
    }

    /// Sections below `section` that read another value of some key here than in `before`, where they had none or one of their
    /// own: the section, and the key.
    pub(crate) fn disturbed(&self, section: &str, before: &Self) -> Option<(String, String)> {
        let below = format!("{section}.");
        self.sections().into_iter().filter(|name| name.starts_with(&below)).find_map(|child| {
            let keys = self.raw_entries(section);
            let gained =
                keys.into_iter().find(|(key, _)| before.get(child, key).is_none() && self.get(child, key).is_some());
            gained.map(|(key, _)| (child.to_owned(), key.to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).expect("readable")
    }

    #[test]
    fn a_child_s_borrowed_keys_are_named() {
        let doc = document("[box]\ntoken = t\nclient_id = c\n[box.alice]\ntype = box\ntoken = own\n");
        assert_eq!(doc.inherited("box.alice", &["token", "client_id", "impersonate"]), ["client_id"]);
        assert!(doc.inherited("box", &["token", "client_id"]).is_empty());
    }

    #[test]
    fn a_new_parent_that_a_child_would_read_from_is_noticed() {
        let before = document("[box.alice]\ntype = box\ntoken = own\n");
        let after = document("[box.alice]\ntype = box\ntoken = own\n[box]\ntoken = t\nclient_secret = s\n");
        assert_eq!(after.disturbed("box", &before), Some(("box.alice".into(), "client_secret".into())));
        let same = document("[box.alice]\ntype = box\ntoken = own\n[box]\ntoken = t\n");
        assert_eq!(same.disturbed("box", &before), None);
    }
}
