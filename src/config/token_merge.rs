//! Which of two versions of one storage is newer, judged by its token. Pure: touches no file.

use jiff::Timestamp;

use crate::config::document::{Document, Value};
use crate::storage::token::Token;

/// Takes from `other` the tokens that expire later than the ones here, for storages that are otherwise equal.
pub(super) fn take_newer_tokens(document: &mut Document, other: &Document) {
    for name in other.sections() {
        if document.has(name) && without_token(document, name) == without_token(other, name) {
            let expiry = |document: &Document| Token::in_section(document, name).and_then(|token| token.expiry());
            if let Some(newer) = other.get(name, "token").filter(|_| expiry(other) > expiry(document)) {
                document.set(name, "token", &newer);
            }
        }
    }
}

/// True if the edit that turned `section` from `before` into `written` survived in `now`, or if the program that wrote
/// `now` had read it. If the old section is back, it had not: an rclone with the old content may even have renewed its
/// old token.
pub(super) fn survived(now: &Document, section: &str, before: &Document, written: &Document) -> bool {
    let is_like = |other: &Document| {
        now.has(section) == other.has(section) && without_token(now, section) == without_token(other, section)
    };
    if !is_like(before) || !is_like(written) {
        return !is_like(before);
    }
    let token = |document: &Document| Token::in_section(document, section);
    let access_token = |document: &Document| token(document).map(|token| token.access_token());
    // Nobody renews a token that has not expired, so a different one is the successor of the old one.
    access_token(now) == access_token(written)
        || (access_token(now) != access_token(before) && token(written).is_none_or(|token| has_expired(&token)))
}

fn without_token(document: &Document, section: &str) -> Vec<(String, Value)> {
    document.entries(section).into_iter().filter(|(key, _)| key != "token").collect()
}

/// Same rule as rclone, which renews a token with less than ten seconds left, plus some time for it to be saved.
fn has_expired(token: &Token) -> bool {
    const MARGIN: i64 = 30;
    token.expiry().is_none_or(|expiry| expiry.as_second() < Timestamp::now().as_second() + MARGIN)
}

#[cfg(test)]
mod tests {
    use super::survived;
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
        assert!(!survived(&old, "a", &old, &new));
        assert!(survived(&new, "a", &old, &new));
        // The new token needs no renewal for a thousand years, so this is the successor of the old one.
        assert!(!survived(&renewed, "a", &old, &new));
        // This token was renewed.
        assert!(survived(&renewed, "a", &document("2025", "x"), &old));
        // Different options show it directly.
        assert!(!survived(&renewed, "a", &old, &document("2990", "y")));
        assert!(survived(&document("2991", "y"), "a", &old, &document("2990", "y")));
        assert!(survived(&renewed, "a", &Document::default(), &old));
    }
}
