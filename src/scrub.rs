//! Cleans what rclone and Box say before a person sees it: no control characters, no secrets.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::secret::Secret;

const HIDDEN: &str = "[hidden]";
const LONGEST: usize = 2000;

/// What [`for_screen`] lets through after an escape: the styles that Pluton itself uses.
const COLOURS: [&str; 7] = ["[0m", "[1m", "[4m", "[31m", "[32m", "[33m", "[36m"];

/// JSON fields and form fields whose values are secret wherever they turn up.
const SECRET_FIELDS: [&str; 7] =
    ["access_token", "refresh_token", "client_secret", "clientSecret", "assertion", "passphrase", "privateKey"];

/// The text without escape codes, without any of `secrets`, and without what looks like a secret by its place.
pub(crate) fn scrub(text: &str, secrets: &[Secret]) -> String {
    // The longest first: one may be a part of another.
    let mut forms: Vec<Secret> = secrets.iter().flat_map(forms_of).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
    // Short texts would tear holes into innocent words.
    forms.retain(|form| form.expose().len() >= 6);
    let hide = |text: &str| forms.iter().fold(text.to_owned(), |text, form| text.replace(form.expose(), HIDDEN));
    // Once more without the escape codes: one may stand inside a secret, and may swallow a part of one.
    let mut clean = hide(&printable(&hide(text)));
    for field in SECRET_FIELDS {
        clean = hide_field(&clean, field);
    }
    for mark in ["Bearer ", "Basic "] {
        clean = hide_word_after(&clean, mark);
    }
    clean = hide_passwords_in_urls(&hide_keys(&clean));
    // Line by line: what went wrong stands in rclone's last.
    clean.split('\n').map(shortened).collect::<Vec<_>>().join("\n")
}

/// One line that is fit to be shown: no escape codes, no control characters.
pub(crate) fn clean(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// The secret as it is, as other programs print it between quotes, as it stands in a form or an address, and in base64.
fn forms_of(secret: &Secret) -> Vec<Secret> {
    let plain = secret.expose();
    let quoted = plain.replace('\\', "\\\\").replace('"', "\\\"");
    // As Go writes JSON.
    let careful = quoted.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    let encoded = url_encoded(plain);
    let lower = encoded.split('%').enumerate().map(|(index, part)| match part.get(..2).filter(|_| index > 0) {
        Some(code) => code.to_lowercase() + &part[2..],
        None => part.to_owned(),
    });
    let lower = lower.collect::<Vec<_>>().join("%");
    let mut forms = vec![printable(plain), quoted, careful];
    forms.extend([encoded.replace("%20", "+"), lower.replace("%20", "+"), encoded, lower]);
    forms.extend(base64_of(plain));
    std::iter::once(secret.clone()).chain(forms.into_iter().map(Secret::new)).collect()
}

fn url_encoded(plain: &str) -> String {
    let mut encoded = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

/// What base64 makes of it, whatever stands before and after it: only the letters that it alone decides.
fn base64_of(plain: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let bytes = [&[0; 3][..before], plain.as_bytes()].concat();
        for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let mut encoded = alphabet.encode(&bytes);
            if bytes.len() % 3 != 0 {
                encoded.pop();
            }
            forms.push(encoded.split_off([0, 2, 3][before].min(encoded.len())));
        }
    }
    forms
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

/// Drops ANSI sequences, control characters and what cannot be seen; a line break stays one.
pub(crate) fn printable(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    let mut rest = &text[plain.len()..];
    while let Some(after) = rest.strip_prefix('\u{1b}') {
        let code = &after[code_length(after)..];
        rest = &code[code.find('\u{1b}').unwrap_or(code.len())..];
        plain.push_str(&code[..code.len() - rest.len()]);
    }
    plain.retain(|c| c == '\n' || !is_unseen(c));
    plain
}

/// How much of what follows an escape belongs to it. A title or a link that does not end in its line is none: it would
/// take the rest of the text with it.
fn code_length(after: &str) -> usize {
    let line = &after[..after.find('\n').unwrap_or(after.len())];
    let end = |of: &str, test: fn(char) -> bool| of.find(test).unwrap_or(of.len());
    match after.chars().next() {
        Some('[') => {
            let parameters = 1 + end(&line[1..], |c| !matches!(c, ' '..='?'));
            parameters + usize::from(line[parameters..].starts_with(|c| matches!(c, '@'..='~')))
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let ends = ["\u{7}", "\u{1b}\\"].into_iter().filter_map(|end| Some(line.find(end)? + end.len()));
            ends.min().unwrap_or(0)
        }
        Some(' '..='/') => {
            let intermediate = end(line, |c| !matches!(c, ' '..='/'));
            intermediate + usize::from(line[intermediate..].starts_with(|c| matches!(c, '0'..='~')))
        }
        Some('0'..='~') => 1,
        _ => 0,
    }
}

/// Text that is fit for a terminal, in the few colours of Pluton's own; all else goes that is no plain text.
pub(crate) fn for_screen(text: &str) -> String {
    if !text.contains(is_unseen) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    let mut foreign = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = COLOURS.iter().find(|code| part.starts_with(**code));
        if let Some(code) = code {
            out.extend([&printable(&foreign), "\u{1b}", code]);
            part[code.len()..].clone_into(&mut foreign);
        } else {
            foreign.push('\u{1b}');
            foreign.push_str(part);
        }
    }
    out + &printable(&foreign)
}

/// Characters that are seen by nobody, or make a line say something else: they reorder it, break it, or hide in it.
/// Those that join letters stay, since names are written with them.
pub(crate) fn is_unseen(c: char) -> bool {
    use unicode_general_category::GeneralCategory as Category;
    // Most text is ASCII.
    if c.is_ascii() {
        return c.is_control();
    }
    match unicode_general_category::get_general_category(c) {
        Category::Control | Category::LineSeparator | Category::ParagraphSeparator => true,
        Category::Format => {
            !matches!(c, '\u{200c}' | '\u{200d}' | '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}')
        }
        _ => matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}'),
    }
}

/// Whether this is what Box or rclone gives for a secret, pasted where a name belongs.
pub(crate) fn looks_like_token(text: &str) -> bool {
    let has = |test: fn(char) -> bool| text.contains(test);
    let is_plain = text.len() >= 32 && text.chars().all(|c| c.is_ascii_alphanumeric());
    let is_random =
        is_plain && has(|c| c.is_ascii_lowercase()) && has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_digit());
    let is_newer = text.starts_with("1!") && text.len() >= 32;
    is_random || is_newer || ["access_token", "refresh_token"].iter().any(|field| text.contains(field))
}

/// Hides the value of `"field":"value"` (escaped or not) and of `field=value`.
fn hide_field(text: &str, field: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(field) {
        let (before, tail) = rest.split_at(at);
        let after = &tail[field.len()..];
        let begins_word = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out.push_str(before);
        out.push_str(field);
        rest = after;
        let marks = after.find(|c: char| !"\\\"=: ".contains(c)).unwrap_or(after.len());
        if begins_word && after[..marks].contains(['=', ':']) && !after[..marks].starts_with(": ") {
            let end =
                after[marks..].find(['"', '\\', '&', ',', ' ', '\n', '}', '\'']).map_or(after.len(), |n| marks + n);
            out.push_str(&after[..marks]);
            if end > marks {
                out.push_str(HIDDEN);
            }
            rest = &after[end..];
        }
    }
    out.push_str(rest);
    out
}

fn hide_word_after(text: &str, mark: &str) -> String {
    let mut parts = text.split(mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || "\"'\\,]}".contains(c)).unwrap_or(part.len());
        out.push_str(mark);
        // `Basic realm="…"` and the like say nothing secret.
        let is_secret = end >= 8 && !part.starts_with("realm=");
        out.push_str(if is_secret { HIDDEN } else { &part[..end] });
        out.push_str(&part[end..]);
    }
    out
}

/// Private keys in PEM form, up to their end or to the end of the text.
fn hide_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("-----BEGIN ") {
        out.push_str(&rest[..at]);
        out.push_str(HIDDEN);
        rest = rest[at..].find("-----END ").map_or("", |end| &rest[at + end + "-----END ".len()..]);
        rest = rest.split_once("-----").map_or(rest, |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

/// `http://user:password@proxy` keeps its user only.
fn hide_passwords_in_urls(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("://");
        let end = part.find(|c: char| c.is_whitespace() || "/?#\"'".contains(c)).unwrap_or(part.len());
        match part[..end].rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
            Some((user, host)) => {
                out.extend([user, ":", HIDDEN, "@", host]);
                out.push_str(&part[end..]);
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{for_screen, looks_like_token, scrub};
    use crate::secret::Secret;

    #[test]
    fn escape_codes_and_reordering_marks_go() {
        assert_eq!(scrub("a\u{1b}[31mred\u{1b}[0m\u{7}\r\nb\u{202e}c", &[]), "ared\nbc");
    }

    #[test]
    fn a_screen_gets_own_colours_and_nothing_else_that_is_no_text() {
        let own = "\u{1b}[1m\u{1b}[31m✗\u{1b}[0m Box";
        assert_eq!(for_screen(own), own);
        for (said, shown) in [
            ("a\u{1b}]0;title\u{7}b\nc", "ab\nc"),
            ("a\u{1b}]52;c;aGk=\u{1b}\\b", "ab"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}[8mhidden\u{1b}[2J", "hidden"),
            ("\u{9b}a\u{85}b\u{2028}c\u{2029}d\u{200b}e\u{202e}f\u{e0041}g\u{feff}h\u{ad}i", "abcdefghi"),
            ("\u{1b}\u{1b}[32m", "\u{1b}[32m"),
            ("a\u{1b}]0;no end: the rest stays\nb\u{7}", "a]0;no end: the rest stays\nb"),
            ("\u{1b}(Ba\u{1b}cb\u{1b}[", "ab"),
        ] {
            assert_eq!(for_screen(said), shown, "{said:?}");
        }
        for name in ["名前 é Ünï", "نام\u{200c}ها", "👩\u{200d}💻", "क्\u{200d}ष"] {
            assert_eq!(for_screen(name), name);
        }
    }

    #[test]
    fn a_token_is_told_from_a_name() {
        let token = "c3FIOG9vSGV4VHo4QzAyg5T1JvNnJoZ3E";
        for text in [token, "{\"access_token\":\"x\"}", "1!AbCdEf-gH_iJ0123456789abcdefghijkl"] {
            assert!(looks_like_token(text), "{text}");
        }
        for text in
            ["Box", "production-backups-of-the-whole-company", "0123456789abcdef0123456789abcdef", "My Box Drive"]
        {
            assert!(!looks_like_token(text), "{text}");
        }
    }

    #[test]
    fn tokens_inside_json_and_forms_are_hidden() {
        for text in [
            r#"{"access_token":"sekret1","x":1}"#,
            r#"token = "{\"refresh_token\":\"sekret1\"}""#,
            "POST grant_type=a&client_secret=sekret1&b=c",
            r#""access_token": "sekret1""#,
            "Authorization: Bearer sekret1sekret1",
            "Authorization: Basic c2VrcmV0MQsekret1==",
            "proxyconnect http://me:sekret1@proxy.example:3128/",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nsekret1\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nsekret1",
        ] {
            assert!(!scrub(text, &[]).contains("sekret1"), "{}", scrub(text, &[]));
        }
    }

    #[test]
    fn innocent_words_stay() {
        for text in [
            "error code: 403, empty token found, decode failed, code 7",
            "https://app.box.com/folder/1 and ada@example.com and https://ada@example.com/",
            "-----END of it, WWW-Authenticate: Bearer realm=\"x\"",
        ] {
            assert_eq!(scrub(text, &[]), text);
        }
    }

    #[test]
    fn a_long_line_is_cut_and_the_lines_after_it_stay() {
        let shown = scrub(&format!("{}\nlast", "x".repeat(5000)), &[]);
        assert!(shown.len() < 3000 && shown.ends_with("…\nlast"), "{shown}");
    }

    #[test]
    fn a_secret_is_hidden_in_every_spelling() {
        let secret = Secret::new("pa\"ss\\wo rd&\u{1b}[1m!");
        for text in [
            "pa\"ss\\wo rd&!",
            r#"pa\"ss\\wo rd&"#,
            r#"pa\"ss\\wo rd\u0026"#,
            "pa%22ss%5Cwo%20rd%26%1B%5B1m%21",
            "pa%22ss%5cwo+rd%26%1b%5b1m%21",
        ] {
            let shown = scrub(text, std::slice::from_ref(&secret));
            assert!(!shown.contains("rd&!") && !shown.contains("%26%1") && !shown.contains("rd\\u0026!"), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_and_no_control_character_survives(before in any::<String>(), secret in "[A-Za-z0-9]{8,40}", after in any::<String>()) {
            let shown = scrub(&format!("{before}{secret}{after}"), &[Secret::new(secret.clone())]);
            prop_assert!(!shown.contains(&secret));
            prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
        }

        #[test]
        fn no_screen_gets_a_foreign_code(text in "(\u{1b}|\\[|\\]|[0-9;m]|\u{7}|\u{9b}|.|\n){0,40}") {
            let shown = for_screen(&text);
            for after in shown.split('\u{1b}').skip(1) {
                prop_assert!(super::COLOURS.iter().any(|code| after.starts_with(code)), "{:?}", shown);
            }
            let is_fit = |c| c == '\n' || c == '\u{1b}' || !super::is_unseen(c);
            prop_assert!(shown.chars().all(is_fit), "{:?}", shown);
        }

        #[test]
        fn base64_gives_no_secret_away(before in "[a-z:]{0,9}", secret in "[A-Za-z0-9]{12,40}", after in "[a-z]{0,9}") {
            use base64::Engine as _;
            let said = format!("{before}{secret}{after}");
            for alphabet in [base64::engine::general_purpose::STANDARD, base64::engine::general_purpose::URL_SAFE] {
                let shown = scrub(&alphabet.encode(&said), &[Secret::new(secret.clone())]);
                prop_assert!(shown.contains("[hidden]"), "{}", shown);
                prop_assert!(shown.len() < "[hidden]".len() + 32, "{}", shown);
            }
        }
    }
}
