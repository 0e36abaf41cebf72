//! The table of options: flags, the keys of apply's file, prompts, the JSON schema and completions are all made from it.
//! Imports nothing but the kinds of sign-in, so that the man pages can be generated from it too.

use crate::storage::sign_in::Kind;

/// One option of rclone's Box backend.
pub(crate) struct Spec {
    /// Its key in rclone.conf. The flag is the same with hyphens.
    pub(crate) key: &'static str,
    /// Its name in menus.
    pub(crate) title: &'static str,
    /// The placeholder for the value in `--help`.
    pub(crate) value_name: &'static str,
    /// What it does, as `--help`, the prompt and the schema say it.
    pub(crate) help: &'static str,
    /// The default.
    pub(crate) default: &'static str,
    /// Values to complete: every one there is if `is_closed`, else usual ones.
    pub(crate) examples: &'static [&'static str],
    pub(crate) is_closed: bool,
    /// The first rclone that honors it; older ones ignore it silently. `None`: every rclone in use.
    pub(crate) since: Option<(u32, u32)>,
    /// Whether it does anything for this kind of sign-in.
    pub(crate) fits: fn(Kind) -> bool,
    /// The value as it will be written, or why it cannot be.
    pub(super) parse: fn(&str) -> Result<String, String>,
}

impl Spec {
    /// Its flag, without the hyphens before it.
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

pub(crate) const ROOT_FOLDER: &str = "root_folder_id";
pub(crate) const DESCRIPTION: &str = "description";
pub(crate) const IMPERSONATE: &str = "impersonate";
pub(crate) const BOX_SUB_TYPE: &str = "box_sub_type";

const BLANK: Spec = Spec {
    key: "",
    title: "",
    value_name: "",
    help: "",
    default: "",
    examples: &[],
    is_closed: false,
    since: None,
    fits: |_| true,
    parse: |text| Ok(text.to_owned()),
};

/// In the order in which they are shown.
pub(crate) const SPECS: [Spec; 11] = [
    Spec {
        key: ROOT_FOLDER,
        title: "Root folder",
        value_name: "ID|URL",
        help: "Folder to show as the root: its ID, or its URL in the browser",
        default: "the account's root",
        parse: folder,
        ..BLANK
    },
    Spec {
        key: "upload_cutoff",
        title: "Upload cutoff",
        value_name: "SIZE",
        help: "Upload files above this size in parts; at least 50 MB",
        default: "50Mi",
        examples: &["50Mi", "100Mi", "200Mi", "500Mi", "1Gi"],
        parse: |text| upload_cutoff_bytes(text).map(|_| text.to_owned()),
        ..BLANK
    },
    Spec {
        key: "commit_retries",
        title: "Commit retries",
        value_name: "N",
        help: "How often to try to complete an upload in parts",
        default: "100",
        parse: |text| number(text, 1, 2_147_483_647),
        ..BLANK
    },
    Spec {
        key: "list_chunk",
        title: "Listing page size",
        value_name: "N",
        help: "How many entries to request at once when listing, 1 to 1000",
        default: "1000",
        parse: |text| number(text, 1, 1000),
        ..BLANK
    },
    Spec {
        key: "owned_by",
        title: "Only files owned by",
        value_name: "EMAIL",
        help: "Show only what this login (an email address) owns",
        default: "anyone",
        parse: email,
        ..BLANK
    },
    Spec {
        key: IMPERSONATE,
        title: "Act as user",
        value_name: "ID|EMAIL",
        help: "Act as this user, given by numeric ID or login; needs a service account or an admin",
        default: "no one",
        since: Some((1, 64)),
        // rclone's own app may not act as other users.
        fits: |kind| kind != Kind::Quick,
        parse: user,
        ..BLANK
    },
    Spec {
        key: BOX_SUB_TYPE,
        title: "JWT subject",
        value_name: "TYPE",
        help: "Who a JWT app signs in as: enterprise (its service account) or user",
        default: "enterprise",
        examples: &["enterprise", "user"],
        is_closed: true,
        fits: |kind| kind == Kind::Jwt,
        parse: |text| match text {
            "enterprise" | "user" => Ok(text.to_owned()),
            _ => Err("it must be enterprise or user".into()),
        },
        ..BLANK
    },
    Spec {
        key: "auth_url",
        title: "Sign-in address",
        value_name: "URL",
        help: "Where the browser signs in; Verified Enterprise uses https://ent.box.com/api/oauth2/authorize",
        default: "Box's own",
        fits: |kind| matches!(kind, Kind::Quick | Kind::OwnApp),
        parse: url,
        ..BLANK
    },
    Spec {
        key: "token_url",
        title: "Token address",
        value_name: "URL",
        help: "Where tokens are renewed",
        default: "Box's own",
        fits: |kind| matches!(kind, Kind::Quick | Kind::OwnApp | Kind::ClientCredentials),
        parse: url,
        ..BLANK
    },
    Spec {
        key: "encoding",
        title: "File name encoding",
        value_name: "LIST",
        help: "Characters that rclone replaces in file names",
        default: "Slash,BackSlash,Del,Ctl,RightSpace,InvalidUtf8,Dot",
        parse: encoding,
        ..BLANK
    },
    Spec {
        key: DESCRIPTION,
        title: "Description",
        value_name: "TEXT",
        help: "A note for yourself",
        default: "none",
        since: Some((1, 66)),
        ..BLANK
    },
];

/// Below this Box refuses an upload in parts, and rclone refuses to start.
const LEAST_CUTOFF: f64 = 50_000_000.0;

fn folder(text: &str) -> Result<String, String> {
    const WRONG: &str = "write a folder's ID or its URL, for example https://app.box.com/folder/123";
    if let Ok(id) = digits(text) {
        return Ok(id);
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let (host, path) = rest.split_once('/').ok_or(WRONG)?;
    let host = host.to_ascii_lowercase();
    if host != "box.com" && !host.ends_with(".box.com") {
        return Err(format!("{host} is not Box"));
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let id = path.trim_end_matches('/').strip_prefix("folder/").ok_or(WRONG)?;
    digits(id).map_err(|_| WRONG.to_owned())
}

fn digits(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("a Box ID is a number".into())
    }
}

fn number(text: &str, least: u64, most: u64) -> Result<String, String> {
    match text.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
        _ if most < 1_000_000 => Err(format!("it must be a whole number from {least} to {most}")),
        _ => Err(format!("it must be a whole number, {least} or more")),
    }
}

/// rclone's size: a decimal number, then B or one of K, M, G, T, P, E with `i`, `iB` or nothing. Without a unit it is in KiB.
pub(super) fn upload_cutoff_bytes(text: &str) -> Result<u64, String> {
    const WRONG: &str = "write a size as rclone does, for example 100Mi";
    let (number, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let unit = unit.to_lowercase();
    let letter = unit.strip_suffix("ib").or(unit.strip_suffix('i')).unwrap_or(&unit);
    let power = match letter {
        _ if unit.is_empty() => 1,
        "b" if unit == letter => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        "e" => 6,
        _ => return Err(WRONG.into()),
    };
    let bytes = number.parse::<f64>().map_err(|_| WRONG)? * 1024f64.powi(power);
    if bytes.trunc() < LEAST_CUTOFF {
        let bare = if unit.is_empty() { "a bare number is in KiB, and " } else { "" };
        return Err(format!("{bare}Box requires at least 50 MB"));
    }
    if bytes >= 2f64.powi(63) {
        return Err("it is too large".into());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between zero and 2^63")]
    Ok(bytes as u64)
}

fn email(text: &str) -> Result<String, String> {
    match text.split_once('@') {
        Some((user, host)) if !user.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("a Box login is an email address".into()),
    }
}

/// rclone takes only an ID; a login's ID is looked up before anything is saved.
fn user(text: &str) -> Result<String, String> {
    digits(text).or_else(|_| email(text)).map_err(|_| "it must be a numeric ID or a login (an email address)".into())
}

fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("it must be a URL that begins with https://".into()),
    }
}

fn encoding(text: &str) -> Result<String, String> {
    const KNOWN: &str = "Asterisk, BackQuote, BackSlash, Colon, CrLf, Ctl, Del, Dollar, Dot, DoubleQuote, \
        Exclamation, Hash, InvalidUtf8, LeftCrLfHtVt, LeftPeriod, LeftSpace, LeftTilde, LtGt, None, Percent, Pipe, \
        Question, Raw, RightCrLfHtVt, RightPeriod, RightSpace, Semicolon, SingleQuote, Slash, SquareBracket";
    match text.split(',').find(|part| !KNOWN.split(", ").any(|known| known == *part)) {
        None => Ok(text.to_owned()),
        Some(part) => Err(format!("rclone does not know {part:?}; it takes {KNOWN}")),
    }
}
