//! How one `key = value` line is written and read, and which values can be written at all. Pure; it knows nothing of
//! sections or files.

use std::fmt;

use zeroize::Zeroizing;

/// A value that rclone reads back exactly. A value given to Pluton also survives rclone's own saves. It may be a
/// secret: `Debug` hides it, and it is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value(Zeroizing<String>);

impl Value {
    /// # Errors
    /// Says why rclone would not read it back.
    pub(crate) fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty, and rclone reads an empty value as not set");
        }
        if text.chars().any(char::is_control) {
            return Err("it has a line break or another control character, which rclone.conf cannot hold");
        }
        if text.trim() != text {
            return Err("it begins or ends with a space, which rclone would drop");
        }
        if substitution(text).is_some() {
            return Err("it has %(…)s, which rclone would replace");
        }
        if text.starts_with("\"\"\"") && text.len() >= 6 {
            return Err("it begins with \"\"\", which rclone reads as a quotation mark");
        }
        if text.contains('`') && !text.contains('"') {
            return Err("it has a backtick (`), which rclone would damage when it saves the file");
        }
        Ok(Self::as_read(text))
    }

    /// A value as rclone reads it in a file; Pluton might not be able to write it.
    pub(crate) fn as_read(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As written after `key = `.
    pub(super) fn spelled(&self) -> Zeroizing<String> {
        let text = self.expose();
        Zeroizing::new(if text.contains('`') {
            format!("\"\"\"{text}\"\"\"")
        } else if text.trim() != text || text.starts_with("\"\"\"") {
            format!("`{text}`")
        } else {
            text.to_owned()
        })
    }

    /// With every `%(name)s` expanded. rclone stops after 200 rounds; a value that keeps growing crashes it, so the
    /// expansion stops early here.
    pub(super) fn substituted(&self, lookup: impl Fn(&str) -> Option<Self>) -> Self {
        const ROUNDS: usize = 200;
        const LONGEST: usize = 1 << 20;
        let mut text = self.0.clone();
        for _ in 0..ROUNDS {
            let Some(found) = substitution(&text) else { break };
            // rclone trims sets of characters here, not the markers: for `%(keys)s` it looks up `key`.
            let name = found.trim_start_matches(['%', '(']).trim_end_matches([')', 's']);
            let replacement = lookup(name);
            text = Zeroizing::new(text.replace(found, replacement.as_ref().map_or("", Self::expose)));
            if text.len() > LONGEST {
                break;
            }
        }
        Self(text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

/// Splits a trimmed line at the first `=` or `:` outside a quoted key.
pub(super) fn split_key(text: &str) -> Result<(&str, &str), &'static str> {
    const NO_SEPARATOR: &str = "neither a [section], a comment nor `key = value`";
    let quote = if text.len() >= 6 && text.starts_with("\"\"\"") {
        "\"\"\""
    } else if text.starts_with('"') {
        "\""
    } else if text.starts_with('`') {
        "`"
    } else {
        ""
    };
    if quote.is_empty() {
        let at = text.find(['=', ':']).ok_or(NO_SEPARATOR)?;
        let key = text[..at].trim();
        return if key.is_empty() { Err("the key is empty") } else { Ok((key, &text[at + 1..])) };
    }
    let end = quote.len() + text[quote.len()..].find(quote).ok_or("a quoted key is not closed")?;
    let at = end + text[end..].find(['=', ':']).ok_or(NO_SEPARATOR)?;
    Ok((&text[quote.len()..end], &text[at + 1..]))
}

/// What follows the separator, without the quotation marks that rclone removes.
pub(super) fn unquote(rest: &str) -> Result<&str, &'static str> {
    let text = rest.trim();
    let quote = if text.len() >= 2 && text.starts_with('`') {
        "`"
    } else if text.len() >= 6 && text.starts_with("\"\"\"") {
        "\"\"\""
    } else {
        return Ok(text);
    };
    let inner = &text[quote.len()..];
    inner.rfind(quote).map(|end| &inner[..end]).ok_or("a quoted value is not closed")
}

/// The first `%(name)s`.
fn substitution(text: &str) -> Option<&str> {
    let mut from = text.bytes().position(|byte| byte == b'%')?;
    while let Some(at) = text[from..].find("%(") {
        let open = from + at + 2;
        let close = open + text[open..].find(')')?;
        if close > open && text[close..].starts_with(")s") {
            return Some(&text[open - 2..close + 2]);
        }
        from = open;
    }
    None
}

/// rclone's format for lists: an item with a space is in double quotes, and `""` inside those is one `"`.
pub(crate) fn words(list: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        let mut word = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            while let Some(end) = rest.find('"') {
                word.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix('"') {
                    Some(more) => (word.push('"'), rest = more).1,
                    None => break,
                }
            }
        }
        let end = rest.find(' ').unwrap_or(rest.len());
        word.push_str(&rest[..end]);
        rest = rest[end..].trim_start();
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_is_split_as_rclone_splits_it() {
        for (command, expected) in [
            ("pass rclone/config", vec!["pass", "rclone/config"]),
            ("  a   b ", vec!["a", "b"]),
            (r#"sh -c "echo ""x y""""#, vec!["sh", "-c", r#"echo "x y""#]),
            (r#""/my tools/pw" --now"#, vec!["/my tools/pw", "--now"]),
            ("", vec![]),
        ] {
            assert_eq!(words(command), expected, "{command}");
        }
    }
}
