//! The options a Box storage may have beside its sign-in: what each means, and which values rclone and Box take.

mod check;

use std::collections::BTreeMap;

use crate::error::{Error, Field, Result};
use crate::storage::sign_in::Kind;

/// One option of rclone's Box backend.
pub(crate) struct Spec {
    /// Its key in rclone.conf. The flag is the same with hyphens.
    pub(crate) key: &'static str,
    /// What people call it.
    pub(crate) title: &'static str,
    /// What rclone does without it.
    pub(crate) default: &'static str,
    pub(crate) meaning: &'static str,
    /// The first rclone that honours it; older ones ignore it silently. `None`: every rclone in use.
    pub(crate) since: Option<(u32, u32)>,
    check: fn(&str) -> Result<String, String>,
}

impl Spec {
    pub(crate) fn flag(&self) -> String {
        format!("--{}", self.key.replace('_', "-"))
    }

    /// Whether it does anything for this way to sign in.
    pub(crate) fn fits(&self, kind: Kind) -> bool {
        match self.key {
            BOX_SUB_TYPE => kind == Kind::Jwt,
            "auth_url" => matches!(kind, Kind::Quick | Kind::OwnApp),
            "token_url" => matches!(kind, Kind::Quick | Kind::OwnApp | Kind::ClientCredentials),
            // rclone's own app may not act as other users.
            IMPERSONATE => kind != Kind::Quick,
            _ => true,
        }
    }

    /// The value as it will be written, or why it cannot be.
    pub(crate) fn check(&self, text: &str) -> Result<String> {
        (self.check)(text.trim()).map_err(|why| {
            Error::invalid(Field::Option(self.key), format!("{text:?} is no {}: {why}", self.key)).hint(format!(
                "give {} another value, or leave it out ({})",
                self.flag(),
                self.default
            ))
        })
    }
}

/// The size above which rclone uploads in parts: what `upload_cutoff` says, or rclone's own.
pub(crate) fn upload_cutoff(text: Option<&str>) -> u64 {
    const RCLONE_S_OWN: u64 = 50 << 20;
    text.and_then(|text| check::upload_cutoff_bytes(text).ok()).unwrap_or(RCLONE_S_OWN)
}

/// Every key that rclone's Box backend reads, beside `type`.
pub(crate) const KEYS: [&str; 19] = [
    "client_id",
    "client_secret",
    "client_credentials",
    "token",
    "access_token",
    "box_config_file",
    "config_credentials",
    "box_subject_type",
    "box_subject_id",
    "root_folder_id",
    "upload_cutoff",
    "commit_retries",
    "list_chunk",
    "owned_by",
    "impersonate",
    "box_sub_type",
    "auth_url",
    "token_url",
    "encoding",
];

pub(crate) const ROOT_FOLDER: &str = "root_folder_id";
pub(crate) const DESCRIPTION: &str = "description";
pub(crate) const IMPERSONATE: &str = "impersonate";
pub(crate) const BOX_SUB_TYPE: &str = "box_sub_type";

/// In the order in which they are asked.
pub(crate) const SPECS: [Spec; 11] = [
    Spec {
        key: "root_folder_id",
        title: "Root folder",
        default: "the account's root",
        meaning: "the folder that the storage shows: its ID, or its address in the browser",
        since: None,
        check: check::folder,
    },
    Spec {
        key: "upload_cutoff",
        title: "Upload cutoff",
        default: "50Mi",
        meaning: "files above this size are uploaded in parts; at least 50 MB",
        since: None,
        check: check::upload_cutoff,
    },
    Spec {
        key: "commit_retries",
        title: "Commit retries",
        default: "100",
        meaning: "how often to try to finish an upload in parts",
        since: None,
        check: |text| check::number(text, 1, 2_147_483_647),
    },
    Spec {
        key: "list_chunk",
        title: "Listing page size",
        default: "1000",
        meaning: "how many entries a listing asks for at once, 1 to 1000",
        since: None,
        check: |text| check::number(text, 1, 1000),
    },
    Spec {
        key: "owned_by",
        title: "Only files owned by",
        default: "anyone's",
        meaning: "show only what this login (an e-mail address) owns",
        since: None,
        check: check::email,
    },
    Spec {
        key: IMPERSONATE,
        title: "Act as user",
        default: "no one",
        meaning: "act as the user with this numeric ID or login; needs a service account or an admin",
        since: Some((1, 64)),
        check: check::user,
    },
    Spec {
        key: BOX_SUB_TYPE,
        title: "JWT subject",
        default: "enterprise for a service account",
        meaning: "whom a JWT app signs in as: enterprise (its service account) or user",
        since: None,
        check: check::sub_type,
    },
    Spec {
        key: "auth_url",
        title: "Sign-in address",
        default: "Box's own",
        meaning: "where the browser signs in; Verified Enterprise uses https://ent.box.com/api/oauth2/authorize",
        since: None,
        check: check::url,
    },
    Spec {
        key: "token_url",
        title: "Token address",
        default: "Box's own",
        meaning: "where tokens are renewed",
        since: None,
        check: check::url,
    },
    Spec {
        key: "encoding",
        title: "File name encoding",
        default: "Slash,BackSlash,Del,Ctl,RightSpace,InvalidUtf8,Dot",
        meaning: "which characters rclone replaces in file names",
        since: None,
        check: check::encoding,
    },
    Spec {
        key: DESCRIPTION,
        title: "Description",
        default: "none",
        meaning: "a note for yourself",
        since: Some((1, 66)),
        check: |text| Ok(text.to_owned()),
    },
];

pub(crate) fn spec(key: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.key == key)
}

/// Options that were set, each checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BoxOptions(BTreeMap<&'static str, String>);

impl BoxOptions {
    pub(crate) fn checked<'a>(set: impl IntoIterator<Item = (&'static str, &'a str)>) -> Result<Self> {
        set.into_iter()
            .filter_map(|(key, text)| spec(key).map(|spec| (spec, text)))
            .map(|(spec, text)| Ok((spec.key, spec.check(text)?)))
            .collect::<Result<_>>()
            .map(Self)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(crate) fn set(&mut self, key: &'static str, value: &str) {
        self.0.insert(key, value.to_owned());
    }

    pub(crate) fn set_default(&mut self, key: &'static str, value: &str) {
        self.0.entry(key).or_insert_with(|| value.to_owned());
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static str, &str)> {
        SPECS.iter().filter_map(|spec| self.get(spec.key).map(|value| (spec.key, value)))
    }

    /// The newest rclone that any of them asks for, and which one asks.
    pub(crate) fn needs(&self) -> Option<((u32, u32), &'static str)> {
        self.entries().filter_map(|(key, _)| Some((spec(key)?.since?, key))).max()
    }
}

#[cfg(test)]
mod tests {
    use super::{BoxOptions, SPECS, spec};

    fn check(key: &str, text: &str) -> Option<String> {
        spec(key).expect("an option").check(text).ok()
    }

    #[test]
    fn a_folder_is_an_id_or_its_address() {
        for (given, id) in [
            ("0", "0"),
            ("123456", "123456"),
            ("https://app.box.com/folder/123456", "123456"),
            ("https://acme.app.box.com/folder/123456?s=x", "123456"),
            ("https://acme.ent.box.com/folder/123456/", "123456"),
            ("app.box.com/folder/9", "9"),
        ] {
            assert_eq!(check("root_folder_id", given).as_deref(), Some(id), "{given}");
        }
        for bad in
            ["", "abc", "1/2", "https://evil.com/folder/1", "https://notbox.com/folder/1", "https://app.box.com/file/1"]
        {
            assert_eq!(check("root_folder_id", bad), None, "{bad}");
        }
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

    #[test]
    fn ranges_that_rclone_does_not_check_are_checked() {
        for (key, bad) in [
            ("list_chunk", "0"),
            ("list_chunk", "1001"),
            ("list_chunk", "ten"),
            ("commit_retries", "0"),
            ("owned_by", "alice"),
            ("impersonate", "alice"),
            ("encoding", "slash"),
            ("encoding", "Slash,,Dot"),
            ("auth_url", "box.com"),
            ("token_url", "ftp://box.com/"),
            ("box_sub_type", "enterprize"),
        ] {
            assert_eq!(check(key, bad), None, "{key} {bad}");
        }
        for (key, good) in [
            ("list_chunk", "1000"),
            ("commit_retries", "1"),
            ("owned_by", "alice@example.com"),
            ("impersonate", "42"),
            ("impersonate", "alice@example.com"),
            ("encoding", "Slash,Dot"),
            ("auth_url", "https://ent.box.com/api/oauth2/authorize"),
            ("box_sub_type", "user"),
        ] {
            assert_eq!(check(key, good).as_deref(), Some(good));
        }
    }

    #[test]
    fn the_newest_need_is_named() {
        let set = BoxOptions::checked([("impersonate", "1"), ("description", "d"), ("list_chunk", "5")]).expect("good");
        assert_eq!(set.needs(), Some(((1, 66), "description")));
        assert_eq!(set.entries().count(), 3);
    }

    #[test]
    fn keys_are_unique() {
        let mut keys: Vec<_> = SPECS.iter().map(|spec| spec.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), SPECS.len());
    }
}
