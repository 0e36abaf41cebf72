//! Wraps lines between words at the window's width. Commands, and text in backticks, stay in one piece. Pure.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm, core::display_width};

/// Stands for a space that must not become a line break. Unicode leaves this character to each program's own use.
const NO_BREAK: &str = "\u{fdd0}";
/// With fewer columns than this beside its label, text starts below it.
const NARROWEST: usize = 20;
/// The widest that prose is easy to read.
const PAGE: usize = 80;

/// A command that must not be broken, until [`wrap`] has wrapped its line.
pub(super) fn unbroken(command: &str) -> String {
    command.replace(' ', NO_BREAK)
}

/// Text unchanged, each line on as many rows as it takes, or on one if there is no window.
pub(crate) fn wrap(text: &str, columns: Option<usize>) -> String {
    let wrapped = match columns {
        Some(columns) => text.split('\n').map(|line| wrap_line(line, columns)).collect::<Vec<_>>().join("\n"),
        None => text.to_owned(),
    };
    wrapped.replace(NO_BREAK, " ")
}

/// A page of prose: the lines of a paragraph are one text, whatever the window's width.
pub(super) fn page(text: &str, columns: Option<usize>) -> String {
    let mut joined = String::new();
    let mut is_open = false;
    for line in text.lines() {
        let is_prose = line.starts_with(|first: char| !first.is_whitespace());
        joined.push_str(match (joined.is_empty(), is_open && is_prose) {
            (true, _) => "",
            (_, true) => " ",
            (_, false) => "\n",
        });
        joined.push_str(line);
        is_open = is_prose;
    }
    wrap(&joined, Some(columns.map_or(PAGE, |columns| columns.min(PAGE))))
}

fn wrap_line(line: &str, columns: usize) -> String {
    if display_width(line) < columns || line.starts_with("    ") {
        return line.to_owned();
    }
    let (lead, text) = line.split_at(lead(line).len());
    if text.trim().is_empty() {
        return line.to_owned();
    }
    let width = display_width(lead);
    let options = Options::new(columns.saturating_sub(1).max(1))
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    let text = quoted_unbroken(text);
    let end = &text[text.trim_end_matches(' ').len()..];
    if width < 2 || width + NARROWEST <= columns {
        let indent = " ".repeat(width);
        textwrap::fill(&text, options.initial_indent(lead).subsequent_indent(&indent)) + end
    } else {
        let indent = " ".repeat((lead.len() - lead.trim_start_matches(' ').len()).max(2));
        let below = textwrap::fill(&text, options.initial_indent(&indent).subsequent_indent(&indent));
        format!("{}\n{below}{end}", lead.trim_end_matches(' '))
    }
}

/// What the following rows are indented by: spaces, a mark, a number, a label, or the first columns of a table.
fn lead(line: &str) -> &str {
    let body = line.trim_start_matches(' ');
    let spaces = line.len() - body.len();
    let first = body.split(' ').next().unwrap_or_default();
    let word = console::strip_ansi_codes(first);
    let is_mark = !word.is_empty() && !word.contains(char::is_alphanumeric);
    let is_number = word.strip_suffix('.').is_some_and(|number| number.parse::<u8>().is_ok());
    let is_label = spaces > 0 && word.ends_with(':');
    let length = match body.rfind("  ") {
        Some(gap) => gap + 2,
        None if is_mark || is_number || is_label => (first.len() + 1).min(body.len()),
        None => 0,
    };
    &line[..spaces + length]
}

fn quoted_unbroken(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(index, part)| if index % 2 == 1 { unbroken(part) } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str, columns: usize) -> String {
        wrap(text, Some(columns))
    }

    #[test]
    fn long_lines_are_broken_between_words_under_where_they_begin() {
        assert_eq!(at("one two three", 9), "one two\nthree");
        assert_eq!(at("one two three", 80), "one two three");
        assert_eq!(at("  1. one two three four five", 26), "  1. one two three four\n     five");
        assert_eq!(at("✓ one two three four five six", 24), "✓ one two three four\n  five six");
        assert_eq!(at("  next: one two three four five six", 30), "  next: one two three four\n        five six");
        assert_eq!(
            at("\u{1b}[31m✗\u{1b}[0m one two three four five", 24),
            "\u{1b}[31m✗\u{1b}[0m one two three four\n  five"
        );
        assert_eq!(at("one two three: ", 14), "one two\nthree: ");
    }

    #[test]
    fn a_column_that_would_be_too_narrow_goes_on_below() {
        assert_eq!(at("name         sign-in  one two three", 25), "name         sign-in\n  one two three");
        assert_eq!(at("name  sign-in  one two three four", 36), "name  sign-in  one two three four");
        assert_eq!(at("name  one two three four five", 28), "name  one two three four\n      five");
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "[ a-z:`.!✓\n]{0,200}", columns in 1_usize..60) {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&at(&text, columns)), words(&text));
        }

        #[test]
        fn rows_of_short_words_fit(words in prop::collection::vec("[a-z]{1,8}", 1..40), columns in 12_usize..60) {
            for row in at(&words.join(" "), columns).lines() {
                prop_assert!(row.len() < columns, "{columns}: {row}");
            }
        }
    }
}
