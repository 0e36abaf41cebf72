//! Replaces what differs between runs.

/// Replaces ports, dates, and the random part of private directories by words.
pub(crate) fn normal(text: &str, names: &[(String, &'static str)]) -> String {
    let mut text = text.to_owned();
    for (random, word) in names {
        text = text.replace(random, word);
    }
    let text = replace_after(&text, "127.0.0.1:", |c| c.is_ascii_digit(), "PORT", &["53682", "9"]);
    let text = replace_after(&text, "current time ", |c| !c.is_whitespace(), "NOW", &[]);
    let text = replace_after(&text, "staged/box-", |c| c.is_ascii_alphanumeric(), "RANDOM", &[]);
    let text = replace_after(&text, "write-check-box-", |c| c.is_ascii_alphanumeric(), "RANDOM", &[]);
    let text = replace_after(&text, "Expecting \"", |c| c != '"', "STATE", &[]);
    replace_after(&text, "lookup api.box.com on ", |c| !c.is_whitespace(), "RESOLVER", &[])
}

fn replace_after(text: &str, mark: &str, belongs: fn(char) -> bool, word: &str, keep: &[&str]) -> String {
    let mut parts = text.split(mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c| !belongs(c)).unwrap_or(part.len());
        out.push_str(mark);
        out.push_str(if end == 0 || keep.contains(&&part[..end]) { &part[..end] } else { word });
        out.push_str(&part[end..]);
    }
    out
}
