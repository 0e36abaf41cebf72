//! bash hands over the line as it was typed, and inserts candidates as they are: quotes are read and written here. Pure.

/// `COMP_TYPE` when the candidates are only listed.
const LISTING: &str = "63";

/// The word at the cursor, as far as its quotes go.
#[derive(Default)]
pub(super) struct Typed {
    /// The quote that is still open.
    quote: Option<char>,
    /// The beginning that bash takes for a word of its own, as it also breaks words at `=`, `:` and the like.
    fixed: String,
    is_listing: bool,
}

/// The words of `COMP_LINE` without their quotes, given it, `COMP_WORDBREAKS` and `COMP_TYPE`.
pub(super) fn read(arguments: &[String]) -> Option<(Vec<String>, Typed)> {
    let [line, breaks, kind] = arguments else { return None };
    let mut typed = Typed { is_listing: kind == LISTING, ..Typed::default() };
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = line.trim_start().chars().peekable();
    while let Some(char) = chars.next() {
        match (typed.quote, char) {
            (None, ' ' | '\t' | '\n') => {
                typed.fixed.clear();
                words.push(std::mem::take(&mut word));
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
            }
            (None, '"' | '\'') => {
                typed.quote = Some(char);
                typed.fixed.clone_from(&word);
            }
            (Some(quote), _) if quote == char => {
                typed.quote = None;
                typed.fixed.clone_from(&word);
            }
            (None, '\\') => word.extend(chars.next()),
            (Some('"'), '\\') if chars.peek().is_some_and(|next| "\"\\$`".contains(*next)) => word.extend(chars.next()),
            (None, '@') if breaks.contains('@') => {
                // bash counts this one to the word that follows.
                typed.fixed.clone_from(&word);
                word.push(char);
            }
            (None, _) if breaks.contains(char) => {
                word.push(char);
                typed.fixed.clone_from(&word);
            }
            _ => word.push(char),
        }
    }
    words.push(word);
    Some((words, typed))
}

impl Typed {
    /// What bash is to insert for `text`.
    pub(super) fn completed(&self, text: &str) -> Option<String> {
        if self.is_listing {
            return Some(text.to_owned());
        }
        let mut inserted = String::new();
        for char in text.strip_prefix(&self.fixed)?.chars() {
            match self.quote {
                Some('\'') if char == '\'' => inserted.push_str("'\\'"),
                Some('"') if "\"\\$`".contains(char) => inserted.push('\\'),
                None if char.is_ascii() && !char.is_ascii_alphanumeric() && !"_-.,/+:=@%".contains(char) => {
                    inserted.push('\\');
                }
                _ => {}
            }
            inserted.push(char);
        }
        Some(inserted)
    }
}
