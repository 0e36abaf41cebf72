//! One check for each kind of value; rclone itself checks some of these late, and others never.

/// Below this Box refuses an upload in parts, and rclone refuses to start.
const LEAST_CUTOFF: f64 = 50_000_000.0;

const ENCODINGS: [&str; 30] = [
    "Asterisk",
    "BackQuote",
    "BackSlash",
    "Colon",
    "CrLf",
    "Ctl",
    "Del",
    "Dollar",
    "Dot",
    "DoubleQuote",
    "Exclamation",
    "Hash",
    "InvalidUtf8",
    "LeftCrLfHtVt",
    "LeftPeriod",
    "LeftSpace",
    "LeftTilde",
    "LtGt",
    "None",
    "Percent",
    "Pipe",
    "Question",
    "Raw",
    "RightCrLfHtVt",
    "RightPeriod",
    "RightSpace",
    "Semicolon",
    "SingleQuote",
    "Slash",
    "SquareBracket",
];

pub(super) fn folder(text: &str) -> Result<String, String> {
    const WRONG: &str = "it is neither a folder's number nor an address like https://app.box.com/folder/123";
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

pub(super) fn digits(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an ID at Box is a number".into())
    }
}

pub(super) fn number(text: &str, least: u64, most: u64) -> Result<String, String> {
    match text.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
        _ if most < 1_000_000 => Err(format!("it must be a number from {least} to {most}")),
        _ => Err(format!("it must be a number, {least} or more")),
    }
}

pub(super) fn upload_cutoff(text: &str) -> Result<String, String> {
    upload_cutoff_bytes(text).map(|_| text.to_owned())
}

/// rclone's size: a decimal number, then B or one of K, M, G, T, P, E with `i` or `iB` or nothing. Without a unit it means KiB.
pub(super) fn upload_cutoff_bytes(text: &str) -> Result<u64, String> {
    const WRONG: &str = "write a size as rclone does, for example 100M";
    let unit_at = text.find(|c: char| !(c.is_ascii_digit() || ".eE+".contains(c))).unwrap_or(text.len());
    // `1E` is one exbibyte, `1e3M` a thousand mebibytes.
    let unit_at = if text[..unit_at].ends_with(['e', 'E']) { unit_at - 1 } else { unit_at };
    let (number, unit) = text.split_at(unit_at);
    let factor = match unit {
        "" => 1024.0,
        "B" | "b" => 1.0,
        _ => {
            let mut letters = unit.chars();
            let power = letters.next().and_then(|c| "KMGTPE".find(c.to_ascii_uppercase())).ok_or(WRONG)?;
            if !["", "i", "I", "iB", "ib"].contains(&letters.as_str()) {
                return Err(WRONG.into());
            }
            1024f64.powi(i32::try_from(power).unwrap_or_default() + 1)
        }
    };
    if !number.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '+') {
        return Err(WRONG.into());
    }
    let bytes = number.parse::<f64>().map_err(|_| WRONG)? * factor;
    if bytes.trunc() < LEAST_CUTOFF {
        let bare = if unit.is_empty() { "a bare number means KiB, and " } else { "" };
        return Err(format!("{bare}Box takes no less than 50000000B"));
    }
    if bytes >= 2f64.powi(63) {
        return Err("it is too large".into());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both ends were looked at")]
    Ok(bytes as u64)
}

pub(super) fn email(text: &str) -> Result<String, String> {
    match text.split_once('@') {
        Some((user, host)) if !user.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("a Box login is an e-mail address".into()),
    }
}

/// A login is no value for rclone: its ID is looked up before anything is saved.
pub(super) fn user(text: &str) -> Result<String, String> {
    digits(text)
        .or_else(|_| email(text))
        .map_err(|_| "it is neither a user's numeric ID nor a login (an e-mail address)".into())
}

pub(super) fn sub_type(text: &str) -> Result<String, String> {
    match text {
        "enterprise" | "user" => Ok(text.to_owned()),
        _ => Err("it must be enterprise or user".into()),
    }
}

pub(super) fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("it must be an address that begins with https://".into()),
    }
}

pub(super) fn encoding(text: &str) -> Result<String, String> {
    match text.split(',').find(|part| !ENCODINGS.contains(part)) {
        None => Ok(text.to_owned()),
        Some(part) => Err(format!("{part:?} is unknown to rclone; it takes {}", ENCODINGS.join(", "))),
    }
}
