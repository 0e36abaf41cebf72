//! The names that rclone accepts, and a storage before it is saved: a name, a sign-in and options, and the section they become.
//! Pure.

use std::fmt;

use unicode_general_category::{GeneralCategory as Category, get_general_category};

use crate::config::document::{DEFAULT_SECTION, Value};
use crate::error::{Error, Field, Result};
use crate::secret::looks_like_token;
use crate::storage::options::BoxOptions;
use crate::storage::section::Section;
use crate::storage::sign_in::SignIn;

/// A name that rclone accepts for a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteName(String);

impl RemoteName {
    pub(crate) fn new(name: &str) -> Result<Self> {
        match fault(name) {
            _ if looks_like_token(name) => {
                Err(Error::invalid(Field::Name, "the storage's name looks like a token").hint(
                    "choose a name, and pass the token with --token-file (what `rclone authorize` printed) or --access-token-file",
                ))
            }
            None => Ok(Self(name.to_owned())),
            Some(why) => Err(Error::invalid(Field::Name, format!("{name:?} is not a valid storage name: {why}"))
                .hint("use letters, digits, spaces and any of _ - . + @")),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every rclone in use takes this name; others need 1.62 or newer.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.chars().all(|c| c.is_ascii_alphanumeric() || "_. -".contains(c))
    }
}

impl fmt::Display for RemoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// rclone's rule (fs/fspath): `[\w\p{L}\p{N}.+@]+(?:[ -]+[\w\p{L}\p{N}.+@-]+)*`, and what else would not survive.
fn fault(name: &str) -> Option<String> {
    let Some(first) = name.chars().next() else { return Some("it is empty".into()) };
    if let Some(odd) = name.chars().find(|&c| !is_core(c) && c != ' ' && c != '-') {
        let shown: String = odd.escape_debug().collect();
        return Some(match odd {
            ':' => "in rclone a colon ends the name; leave it out".into(),
            _ => format!("rclone does not accept `{shown}` in a name"),
        });
    }
    if !is_core(first) {
        return Some("it starts with a space or a hyphen".into());
    }
    let mut backwards = name.chars().rev();
    match (backwards.next(), backwards.next()) {
        (Some(' '), _) => return Some("it ends with a space".into()),
        (Some('-'), Some(before)) if is_core(before) => return Some("it ends with a hyphen".into()),
        _ => {}
    }
    if name == DEFAULT_SECTION {
        return Some("rclone reserves it".into());
    }
    if cfg!(windows) && name.len() == 1 && first.is_ascii_alphabetic() {
        return Some("rclone would read it as a drive letter".into());
    }
    None
}

fn is_core(c: char) -> bool {
    use Category::{LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter};
    let is_letter = |c| {
        let category = get_general_category(c);
        [UppercaseLetter, LowercaseLetter, TitlecaseLetter, ModifierLetter, OtherLetter].contains(&category)
    };
    c.is_ascii_alphanumeric() || "_.+@".contains(c) || (!c.is_ascii() && (c.is_numeric() || is_letter(c)))
}

/// A storage that is not yet in rclone.conf.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) name: RemoteName,
    pub(crate) sign_in: SignIn,
    pub(crate) options: BoxOptions,
}

impl Remote {
    /// The section's keys, in the order they are written. A key stands here only when the user set it or rclone needs it.
    fn entries(&self) -> Result<Vec<(&'static str, Value)>> {
        let mut entries = vec![("type", value(Field::Name, "type", "box")?)];
        for (key, field, text) in self.sign_in.entries() {
            entries.push((key, value(field, key, text.expose())?));
        }
        for (key, text) in self.options.entries() {
            entries.push((key, value(Field::Option(key), key, text)?));
        }
        Ok(entries)
    }

    pub(crate) fn section(&self) -> Result<Section> {
        let entries = self.entries()?.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Ok(Section::new(self.name.as_str(), entries).with_app(self.sign_in.client_id()))
    }
}

/// A value that can stand in rclone.conf.
pub(crate) fn value(field: Field, key: &str, text: &str) -> Result<Value> {
    Value::new(text).map_err(|why| Error::invalid(field, format!("{key} cannot be saved: {why}")))
}

#[cfg(test)]
mod tests {
    use super::RemoteName;

    #[test]
    fn rclone_s_rule_for_names_holds() {
        for good in ["Box", "My Box Drive", "a-b", "a -", "box--", "é", "名前 1", "a.b", "x+y@z", ".", "1", "local"]
        {
            assert!(RemoteName::new(good).is_ok(), "{good:?}");
        }
        for bad in ["", " a", "a ", "-a", "box-", "a:b", "a/b", "DEFAULT", "e\u{301}", "🦀", "a\nb", "[a]", "a\tb"] {
            assert!(RemoteName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_plain_name_is_one_that_older_rclones_take() {
        for (name, plain) in [("My Box_1.x", true), ("é", false), ("a+b", false), ("a@b", false)] {
            assert_eq!(RemoteName::new(name).expect("good").is_plain(), plain, "{name}");
        }
    }
}
