//! How each shell hands over a line, and in which form it wants the candidates. Pure but for the variables of a line.

use super::line::{Line, Word};
use super::{Answer, Value};

/// The shell that asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Puts in what it is given as it is, so this quotes; unless it only shows a list.
    Bash {
        only_shows: bool,
    },
    Zsh,
    /// `value`, a tab, and what it is. The shell quotes.
    Described {
        filters: bool,
    },
}

/// bash's `COMP_TYPE` when the candidates are only listed.
const LISTING: &str = "63";

/// What the script of `shell` gave us.
pub(super) fn read(shell: &str, arguments: Vec<String>) -> Option<(Style, Line)> {
    let variable = |name: &str| std::env::var(name).ok();
    Some(match (shell, arguments.as_slice()) {
        ("bash", [text, breaks, kind]) => {
            (Style::Bash { only_shows: kind == LISTING }, Line::of_text(text, breaks, &variable))
        }
        ("zsh", [words @ .., prefix]) => {
            let words = words.iter().map(String::as_str).chain([prefix.as_str()]);
            (Style::Zsh, Line::of_raw_words(words, &variable))
        }
        ("fish", [text]) => (Style::Described { filters: true }, Line::of_text(text, "", &variable)),
        ("elvish", [_, ..]) => (Style::Described { filters: true }, Line::of_words(arguments)),
        // Some versions of PowerShell lose empty arguments: a dot follows the last word.
        ("powershell", [.., last]) => {
            let last = last.strip_suffix('.').unwrap_or(last).to_owned();
            let mut words = arguments;
            words.pop();
            words.push(last);
            (Style::Described { filters: false }, Line::of_words(words))
        }
        _ => return None,
    })
}

impl Style {
    /// Whether the shell itself drops the candidates that do not fit what was typed.
    pub(super) fn filters(&self) -> bool {
        match self {
            Self::Bash { .. } => false,
            Self::Zsh => true,
            Self::Described { filters } => *filters,
        }
    }

    fn candidate(&self, value: &Value, word: &Word) -> Option<String> {
        let help = value.help.as_deref();
        match self {
            Self::Bash { only_shows: true } => Some(value.text.clone()),
            Self::Bash { only_shows: false } => {
                // The part before stays as it was typed.
                let kept = &word.text[..word.kept];
                value.text.strip_prefix(kept).map(|rest| quoted(rest, word.quote))
            }
            Self::Zsh => {
                let text = value.text.replace('\\', "\\\\").replace(':', "\\:");
                Some(help.map_or(text.clone(), |help| format!("{text}:{help}")))
            }
            Self::Described { .. } => Some(help.map_or(value.text.clone(), |help| format!("{}\t{help}", value.text))),
        }
    }
}

pub(super) fn write(style: &Style, line: &Line, answer: &Answer) -> String {
    match answer {
        Answer::Files => "files\n".to_owned(),
        Answer::Command => "command\n".to_owned(),
        Answer::Values(values) => {
            // More of the word is still to come, so no space after it.
            let open = values.iter().any(|value| value.text.ends_with(['=', ':']));
            let kind = if open { "open" } else { "values" };
            let candidates = values.iter().filter_map(|value| style.candidate(value, line.word()));
            std::iter::once(kind.to_owned()).chain(candidates).flat_map(|line| [line, "\n".to_owned()]).collect()
        }
    }
}

/// `text` as it must be typed after an open `quote`, or outside of any.
fn quoted(text: &str, quote: Option<char>) -> String {
    let mut typed = String::with_capacity(text.len());
    for char in text.chars() {
        match quote {
            Some('\'') if char == '\'' => typed.push_str("'\\'"),
            Some('"') if "\"\\$`".contains(char) => typed.push('\\'),
            None if char.is_ascii() && !char.is_ascii_alphanumeric() && !"_-.,/+:=@%".contains(char) => {
                typed.push('\\');
            }
            _ => {}
        }
        typed.push(char);
    }
    typed
}
