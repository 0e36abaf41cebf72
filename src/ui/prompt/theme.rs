//! How questions look: `Label [default]: answer`, and a list with a `>`.

use std::fmt::{self, Write};

use console::{Style, truncate_str};
use dialoguer::theme::Theme;

use super::Item;
use crate::scrub::clean;

pub(super) struct Look;

impl Theme for Look {
    fn format_input_prompt(&self, f: &mut dyn Write, prompt: &str, _default: Option<&str>) -> fmt::Result {
        f.write_str(&question(prompt))
    }

    fn format_select_prompt(&self, f: &mut dyn Write, prompt: &str) -> fmt::Result {
        write!(f, "{}", bold().apply_to(prompt))
    }

    fn format_select_prompt_item(&self, f: &mut dyn Write, text: &str, active: bool) -> fmt::Result {
        if active { write!(f, "{}", stderr().cyan().apply_to(format!("> {text}"))) } else { write!(f, "  {text}") }
    }
}

fn stderr() -> Style {
    Style::new().for_stderr()
}

fn bold() -> Style {
    stderr().bold()
}

/// A question mark needs no colon after it.
pub(super) fn question(label: &str) -> String {
    let colon = if label.ends_with('?') || label.ends_with("? [y/N]") { "" } else { ":" };
    format!("{}{colon} ", bold().apply_to(clean(label)))
}

pub(super) fn with_default(label: &str, default: Option<&str>) -> String {
    default.map_or_else(|| label.to_owned(), |default| format!("{label} [{default}]"))
}

pub(super) fn answered(label: &str, answer: &str) -> String {
    format!("{}{answer}", question(label))
}

pub(super) fn wrong(why: &str) -> String {
    format!("{} {why}", stderr().red().bold().apply_to("error:"))
}

/// Titles and meanings in two columns, cut to the window: dialoguer cannot take back a row that is wrapped.
pub(super) fn rows(items: &[Item<'_>], columns: usize) -> Vec<String> {
    let widest = items.iter().filter(|item| !item.meaning.is_empty()).map(|item| item.title.len()).max();
    let width = widest.unwrap_or_default();
    // Two columns for the mark, and one that stays free.
    let room = columns.saturating_sub(3).max(1);
    let row = |item: &Item<'_>| clean(&format!("{:<width$}  {}", item.title, item.meaning));
    items.iter().map(|item| truncate_str(row(item).trim_end(), room, "…").into_owned()).collect()
}

/// With a capital letter at its beginning and a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::{Item, rows};

    const ITEMS: [Item<'static>; 2] = [
        Item { title: "Quick", meaning: "rclone's own Box app" },
        Item { title: "Your own app", meaning: "client ID and secret" },
    ];

    #[test]
    fn titles_stand_in_one_column_and_meanings_in_another() {
        assert_eq!(rows(&ITEMS, 80), ["Quick         rclone's own Box app", "Your own app  client ID and secret"]);
    }

    #[test]
    fn no_row_is_wider_than_the_window() {
        for columns in 1..60 {
            for row in rows(&ITEMS, columns) {
                assert!(row.chars().count() + 2 <= columns.max(3), "{columns}: {row}");
            }
        }
    }
}
