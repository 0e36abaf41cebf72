//! Which of two tokens for one storage is the later one.

use jiff::Timestamp;

use crate::config::document::{Document, Value};
use crate::storage::token::Token;

/// Takes from `other` the tokens that end later than the ones here, for storages that are otherwise the same.
pub(super) fn take_newer_tokens(document: &mut Document, other: &Document) {
    let names: Vec<String> = other.sections().into_iter().map(str::to_owned).collect();
    for name in names {
        if !document.has(&name) || without_token(document, &name) != without_token(other, &name) {
            continue;
        }
        let Some(theirs) = other.get(&name, "token") else { continue };
        if end(&theirs) > document.get(&name, "token").as_ref().and_then(end) {
            document.set(&name, "token", &theirs);
        }
    }
}

/// Whether the edit that turned `section` from `before` into `written` is in `now`, or was known to who changed it since.
pub(super) fn knows(now: &Document, section: &str, before: &Document, written: &Document) -> bool {
    let is =
        |other: &Document| now.has(section) == other.has(section) && now.entries(section) == other.entries(section);
    if is(written) || is(before) {
        return is(written);
    }
    // An rclone that had read the old section has renewed the old token, and put the whole old section back with it.
    let but_for_token =
        |other: &Document| before.has(section) && without_token(now, section) == without_token(other, section);
    match (but_for_token(before), but_for_token(written)) {
        (true, false) => false,
        // A token that is not over yet is renewed by nobody: the new one there is not its successor.
        (true, true) => is_over(written.get(section, "token").as_ref()),
        (false, _) => true,
    }
}

fn without_token(document: &Document, section: &str) -> Vec<(String, Value)> {
    document.entries(section).into_iter().filter(|(key, _)| key != "token").collect()
}

/// As rclone judges it, which renews a token that has less than ten seconds left, and with some time for it to be saved.
fn is_over(token: Option<&Value>) -> bool {
    const MARGIN: i64 = 30;
    token.and_then(end).is_none_or(|end| end.as_second() < Timestamp::now().as_second() + MARGIN)
}

fn end(token: &Value) -> Option<Timestamp> {
    Token::find(token.expose()).ok()?.expiry()
}

#[cfg(test)]
mod tests {
    use super::{knows, take_newer_tokens};
    use crate::config::document::Document;

    fn document(year: &str, client: &str) -> Document {
        let text = format!(
            "[a]\ntype = box\nclient_id = {client}\ntoken = {{\"access_token\":\"{year}\",\"expiry\":\"{year}-01-01T00:00:00Z\"}}\n"
        );
        Document::parse(text.as_bytes()).expect("readable")
    }

    #[test]
    fn an_old_section_put_back_with_a_renewed_token_is_told_from_a_renewed_new_one() {
        let (old, renewed, new) = (document("2026", "x"), document("2027", "x"), document("2990", "x"));
        assert!(!knows(&old, "a", &old, &new));
        assert!(knows(&new, "a", &old, &new));
        // The new token needs no renewal for a thousand years, so this is the old one's successor.
        assert!(!knows(&renewed, "a", &old, &new));
        // This one did.
        assert!(knows(&renewed, "a", &document("2025", "x"), &old));
        // Other options tell it plainly.
        assert!(!knows(&renewed, "a", &old, &document("2990", "y")));
        assert!(knows(&document("2991", "y"), "a", &old, &document("2990", "y")));
        assert!(knows(&renewed, "a", &Document::default(), &old));
    }

    #[test]
    fn only_a_later_token_of_the_same_storage_is_taken() {
        for (here, there, taken) in [("2026", "2027", true), ("2027", "2026", false), ("2026", "2026", false)] {
            let mut doc = document(here, "x");
            take_newer_tokens(&mut doc, &document(there, "x"));
            assert_eq!(doc == document(there, "x"), taken || here == there);
        }
        let mut doc = document("2026", "x");
        take_newer_tokens(&mut doc, &document("2027", "y"));
        assert_eq!(doc, document("2026", "x"));
    }
}
