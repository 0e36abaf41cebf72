//! Secrets, and scrubbing: text without any secret or control character. Pure. No other module may print or log what a
//! [`Secret`] contains.

use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex_lite::{Captures, Regex};
use zeroize::Zeroizing;

/// Text that must never be shown by accident: no `Display`, a `Debug` that says nothing, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every caller hands it to rclone.conf, a child's environment, or Box.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

const HIDDEN: &str = "[hidden]";
/// The longest line of rclone's that is shown.
const LONGEST: usize = 2000;
/// The styles that Pluton itself uses: what [`for_screen`] lets through after an escape.
const COLORS: [&str; 7] = ["[0m", "[1m", "[4m", "[31m", "[32m", "[33m", "[36m"];

/// A secret recognized by its context: what precedes it, itself, and what follows.
static PLACES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let places = [
        // Fields of JSON, of forms and of rclone.conf.
        r#"(\b(?:access_token|refresh_token|client_secret|clientSecret|assertion|passphrase|privateKey)[\\" ]*[=:][\\"=: ]*)[^"\\&, \n}']+()"#,
        r#"((?:Bearer|Basic) )[^\s"'\\,\]}]{8,}()"#,
        // A proxy's password.
        r#"(://[^\s/?\#"'@:]*:)[^\s/?\#"']*(@)"#,
        "()(?s:-----BEGIN .*?(?:-----END .*?-----|$))()",
    ];
    places.iter().filter_map(|place| Regex::new(place).ok()).collect()
});

/// The text without escape codes, without any of `secrets`, and without what looks like a secret by its place.
pub(crate) fn scrub(text: &str, secrets: &[Secret]) -> String {
    // The longest first: one may be a part of another.
    let mut forms: Vec<Secret> = secrets.iter().flat_map(forms_of).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
    // Replacing short secrets would damage ordinary words.
    forms.retain(|form| form.expose().len() >= 6);
    let hide = |text: &str| forms.iter().fold(text.to_owned(), |text, form| text.replace(form.expose(), HIDDEN));
    // Again without the escape codes: one may be inside a secret, and may swallow part of one.
    let mut clean = hide(&printable(&hide(text)));
    for place in PLACES.iter() {
        // `client_secret: is missing` is a sentence.
        let hidden = |found: &Captures<'_>| match &found[1] {
            before if before.ends_with(": ") && !before.contains('"') => found[0].to_owned(),
            before => format!("{before}{HIDDEN}{}", &found[2]),
        };
        clean = place.replace_all(&clean, hidden).into_owned();
    }
    let shortened = |line: &str| match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    };
    // Line by line: rclone's last line says what went wrong.
    clean.split('\n').map(shortened).collect::<Vec<_>>().join("\n")
}

/// The secret in every form: plain, as other programs print it in quotes, as in a form or an address, and in base64.
fn forms_of(secret: &Secret) -> Vec<Secret> {
    let plain = secret.expose();
    let quoted = plain.replace('\\', "\\\\").replace('"', "\\\"");
    let as_go_writes_json = quoted.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    let in_address = url_encoded(plain);
    let in_form = in_address.replace("%20", "+");
    let mut forms = vec![plain.to_owned(), printable(plain), quoted, as_go_writes_json, in_address, in_form];
    forms.extend(base64_of(plain));
    forms.into_iter().map(Secret::new).collect()
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

/// The base64 of the secret at each alignment: only the letters that do not depend on what surrounds it.
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

/// One line that is fit to be shown: no escape codes, no control characters.
pub(crate) fn clean(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// Drops escape codes, control characters and what cannot be seen; a line break stays one.
pub(crate) fn printable(text: &str) -> String {
    let mut plain = console::strip_ansi_codes(text).into_owned();
    plain.retain(|c| c == '\n' || !is_unseen(c));
    plain
}

/// Text that is fit for a terminal, in the few colors of Pluton's own; all else goes that is no plain text.
pub(crate) fn for_screen(text: &str) -> String {
    if !text.contains(is_unseen) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    let mut foreign = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = COLORS.iter().find(|code| part.starts_with(**code));
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

/// Invisible characters, and those that change how a line reads: they reorder it, break it, or hide in it.
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
    let fields = ["access_token", "refresh_token", "\"clientSecret\"", "\"privateKey\"", "\"passphrase\""];
    is_random || is_newer || fields.iter().any(|field| text.contains(field))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_secret_by_its_place_is_hidden_and_innocent_words_stay() {
        for text in [
            r#"{"access_token":"sekret1","x":1}"#,
            r#"token = "{\"refresh_token\":\"sekret1\"}""#,
            "POST grant_type=a&client_secret=sekret1&b=c",
            r#""access_token": "sekret1""#,
            "client_secret = sekret1",
            "Authorization: Bearer sekret1sekret1",
            "Authorization: Basic c2VrcmV0MQsekret1==",
            "proxyconnect http://me:sekret1@proxy.example:3128/",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nsekret1\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nsekret1",
        ] {
            assert!(!scrub(text, &[]).contains("sekret1"), "{}", scrub(text, &[]));
        }
        for text in [
            "error code: 403, empty token found, decode failed, code 7",
            "https://app.box.com/folder/1 and ada@example.com and https://ada@example.com/",
            "-----END of it, WWW-Authenticate: Bearer realm=\"x\", client_secret: is missing",
        ] {
            assert_eq!(scrub(text, &[]), text);
        }
    }

    #[test]
    fn a_secret_is_hidden_in_every_spelling() {
        let secret = Secret::new("pa\"ss\\wo rd&\u{1b}[1m!");
        for text in
            ["pa\"ss\\wo rd&!", r#"pa\"ss\\wo rd&"#, r#"pa\"ss\\wo rd\u0026"#, "pa%22ss%5Cwo%20rd%26%1B%5B1m%21"]
        {
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
                prop_assert!(COLORS.iter().any(|code| after.starts_with(code)), "{:?}", shown);
            }
            prop_assert!(shown.chars().all(|c| c == '\n' || c == '\u{1b}' || !is_unseen(c)), "{:?}", shown);
        }

        #[test]
        fn base64_gives_no_secret_away(before in "[a-z:]{0,9}", secret in "[A-Za-z0-9]{12,40}", after in "[a-z]{0,9}") {
            let said = format!("{before}{secret}{after}");
            for alphabet in [STANDARD, URL_SAFE] {
                let shown = scrub(&alphabet.encode(&said), &[Secret::new(secret.clone())]);
                prop_assert!(shown.contains("[hidden]"), "{}", shown);
                prop_assert!(shown.len() < "[hidden]".len() + 32, "{}", shown);
            }
        }
    }
}
