//! The names that rclone accepts for a storage. Pure.

use std::fmt;

use unicode_general_category::{GeneralCategory as Category, get_general_category};

use crate::config::document::DEFAULT_SECTION;
use crate::error::{Error, Field, Result};
use crate::secret::looks_like_token;

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
    if let Some(odd) = name.chars().find(|&c| !is_core(c) && c != ' ' && c != '-') {
        return Some(match odd {
            ':' => "in rclone a colon ends the name; leave it out".into(),
            _ => format!("rclone does not accept `{}` in a name", odd.escape_debug()),
        });
    }
    let mut backwards = name.chars().rev();
    let ends_well = match (backwards.next(), backwards.next()) {
        (None | Some(' '), _) => false,
        (Some('-'), before) => !before.is_some_and(is_core),
        _ => true,
    };
    if !ends_well || !name.starts_with(is_core) {
        return Some("it must not be empty, nor start or end with a space or a hyphen".into());
    }
    if name == DEFAULT_SECTION {
        return Some("rclone reserves it".into());
    }
    let is_drive = cfg!(windows) && name.len() == 1 && name.starts_with(|c: char| c.is_ascii_alphabetic());
    is_drive.then(|| "rclone would read it as a drive letter".into())
}

fn is_core(c: char) -> bool {
    use Category::{LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter};
    let is_letter = |c| {
        let category = get_general_category(c);
        [UppercaseLetter, LowercaseLetter, TitlecaseLetter, ModifierLetter, OtherLetter].contains(&category)
    };
    c.is_ascii_alphanumeric() || "_.+@".contains(c) || (!c.is_ascii() && (c.is_numeric() || is_letter(c)))
}
