//! The options that a Box storage may have beside its sign-in, with values that rclone and Box accept. The table is in
//! [`specs`]. Pure.

mod specs;

use std::collections::BTreeMap;

use crate::error::{Error, Field, Result};

pub(crate) use specs::{BOX_SUB_TYPE, DESCRIPTION, IMPERSONATE, ROOT_FOLDER, SPECS, Spec};

/// Options by key, as they were given: [`crate::storage::section::Section::put_options`] checks them.
pub(crate) type Options = BTreeMap<&'static str, String>;

impl Spec {
    /// The value as it will be written to rclone.conf.
    ///
    /// # Errors
    /// If rclone or Box would not accept it.
    pub(crate) fn check(&self, text: &str) -> Result<String> {
        (self.parse)(text.trim()).map_err(|why| {
            Error::invalid(Field::Option(self.key), format!("invalid {} {text:?}: {why}", self.key)).hint(format!(
                "use another value for --{}, or leave it out [default: {}]",
                self.flag(),
                self.default
            ))
        })
    }
}

/// The size above which rclone uploads in parts: the value of `upload_cutoff`, or rclone's default.
pub(crate) fn upload_cutoff(text: Option<&str>) -> u64 {
    const DEFAULT: u64 = 50 << 20;
    text.and_then(|text| specs::upload_cutoff_bytes(text).ok()).unwrap_or(DEFAULT)
}

/// The keys of a section that are about signing in.
const SIGN_IN_KEYS: [&str; 9] = [
    "client_id",
    "client_secret",
    "client_credentials",
    "token",
    "access_token",
    "box_config_file",
    "config_credentials",
    "box_subject_type",
    "box_subject_id",
];

/// Every key that decides what a Box storage does, except `type`.
pub(crate) fn keys() -> Vec<&'static str> {
    let options = SPECS.iter().map(|spec| spec.key).filter(|key| *key != DESCRIPTION);
    SIGN_IN_KEYS.into_iter().chain(options).collect()
}

/// The oldest rclone that knows all the options that are set, and which of them asks for it.
pub(crate) fn needs(is_set: impl Fn(&str) -> bool) -> Option<((u32, u32), &'static str)> {
    SPECS.iter().filter(|spec| is_set(spec.key)).filter_map(|spec| Some((spec.since?, spec.key))).max()
}

pub(crate) fn spec(key: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.key == key)
}

#[cfg(test)]
mod tests {
    use super::spec;

    fn check(key: &str, text: &str) -> Option<String> {
        spec(key).expect("an option").check(text).ok()
    }

    #[test]
    fn an_upload_cutoff_is_what_rclone_takes() {
        for good in ["50M", "50Mi", "50MiB", "48829", "50000000B", "47.684M", "1G", "0.1T", "60m", "1e3M"] {
            assert_eq!(check("upload_cutoff", good).as_deref(), Some(good));
        }
        for bad in
            ["50", "1M", "48828", "off", "50MB", "50 MiB", "-60M", "0x60M", "9E9999", "nanM", "infM", "99999999P", ""]
        {
            assert_eq!(check("upload_cutoff", bad), None, "{bad}");
        }
    }
}
