//! Breaks lines between words where the window ends. Pure.
//!
//! What is to be copied stays in one piece: lines indented by four spaces, commands, and whatever stands between backticks.

use console::measure_text_width;

/// With less room than this beside its label, text goes on below it.
const NARROWEST: usize = 20;
/// The widest that text is easy to read.
const PAGE: usize = 80;
/// The programs that the remedies name.
const PROGRAMS: &str = "apt chmod date df export getent kill loginctl pluton rm ss ssh sudo timedatectl unset";

/// Text as it is, each line on as many rows as it takes.
pub(crate) fn fold(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| line_of(line, columns)).collect::<Vec<_>>().join("\n")
}

/// A page of prose: the lines of a paragraph are one text, whatever the window's width, and no word of it is a label.
pub(crate) fn page(text: &str, columns: Option<usize>) -> String {
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
    let columns = columns.map_or(PAGE, |columns| columns.min(PAGE));
    let begins_with_text = |line: &str| line.starts_with(|first: char| !first.is_whitespace());
    let row = |line| if begins_with_text(line) { paragraph(line, columns) } else { line_of(line, columns) };
    joined.split('\n').map(row).collect::<Vec<_>>().join("\n")
}

fn paragraph(text: &str, columns: usize) -> String {
    let mut rows = Rows { out: String::new(), column: 0, columns, indent: 0 };
    rows.words(text);
    rows.out
}

fn line_of(line: &str, columns: usize) -> String {
    if measure_text_width(line) < columns || line.starts_with("    ") {
        return line.to_owned();
    }
    let lead = lead(line);
    let (label, text) = line.split_at(lead.bytes);
    let (prose, command, rest) = parts(text, lead.is_label);
    let mut rows = Rows { out: label.to_owned(), column: lead.width, ..Rows::below(&lead, columns) };
    rows.words(prose);
    if !command.is_empty() {
        if !prose.is_empty() {
            rows.next();
        }
        rows.word(command);
        if !rest.is_empty() {
            rows.next();
            rows.words(rest);
        }
    }
    rows.out
}

/// The row that is being filled.
struct Rows {
    out: String,
    column: usize,
    columns: usize,
    indent: usize,
}

impl Rows {
    fn below(lead: &Lead, columns: usize) -> Self {
        let indent = if lead.width < 2 || lead.width + NARROWEST <= columns { lead.width } else { lead.spaces.max(2) };
        Self { out: String::new(), column: 0, columns, indent }
    }

    fn next(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        self.out.push_str(&" ".repeat(self.indent));
        self.column = self.indent;
    }

    fn word(&mut self, word: &str) {
        self.out.push_str(word);
        self.column += measure_text_width(word);
    }

    fn words(&mut self, text: &str) {
        for (index, word) in words(text).into_iter().enumerate() {
            let is_first = index == 0;
            let room = self.column + usize::from(!is_first) + measure_text_width(word) < self.columns;
            if !room && self.column > self.indent {
                self.next();
            } else if !is_first {
                self.word(" ");
            }
            self.word(word);
        }
    }
}

/// What stands before a line's text, and what the rows below begin under.
struct Lead {
    spaces: usize,
    width: usize,
    bytes: usize,
    /// Whether it is a word with a colon.
    is_label: bool,
}

/// A mark, a number, a label with its colon, or the first columns of a table.
fn lead(line: &str) -> Lead {
    let plain = console::strip_ansi_codes(line);
    let spaces = plain.len() - plain.trim_start_matches(' ').len();
    let body = &plain[spaces..];
    let first = body.split(' ').next().unwrap_or_default();
    let is_mark = ["✓", "✗", "!", "?", "+", "~", "=", "-"].contains(&first);
    let is_number = first.strip_suffix('.').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let is_label = first.len() > 1 && first.ends_with(':') && spaces < 8;
    let lead = if let Some(gap) = body.rfind("  ") {
        &plain[..spaces + gap + 2]
    } else if is_mark || is_number || is_label {
        &plain[..(spaces + first.len() + 1).min(plain.len())]
    } else {
        &plain[..spaces]
    };
    Lead { spaces, width: measure_text_width(lead), bytes: bytes_of(line, lead), is_label }
}

/// How many bytes of `line`, escape codes included, show as `lead`.
fn bytes_of(line: &str, lead: &str) -> usize {
    let sought = measure_text_width(lead);
    let mut ends = line.char_indices().map(|(at, letter)| at + letter.len_utf8());
    // Behind the lead's last letter: a code that follows it belongs to what comes next.
    ends.find(|&end| sought > 0 && measure_text_width(&line[..end]) >= sought && line[..end].ends_with(' '))
        .unwrap_or(0)
}

/// Prose, the command it ends with, and what is said after that.
fn parts(text: &str, is_labelled: bool) -> (&str, &str, &str) {
    let Some(begin) = command(text).filter(|&begin| begin > 0 || is_labelled) else { return (text, "", "") };
    let (prose, command) = text.split_at(begin);
    let end = command.find(" (").unwrap_or(command.len());
    (prose.trim_end(), &command[..end], command[end..].trim_start())
}

/// Where a command begins that is to be typed.
fn command(text: &str) -> Option<usize> {
    let begins = std::iter::once(0).chain(text.match_indices(": ").map(|(at, colon)| at + colon.len()));
    let is_command = |at: &usize| {
        let mut words = text[*at..].split(' ');
        words.next().is_some_and(is_program) && words.next().is_some()
    };
    begins.filter(is_command).last()
}

fn is_program(word: &str) -> bool {
    PROGRAMS.split(' ').any(|program| program == word)
}

/// The words between single spaces; what is between backticks counts as one.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut begin, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'`' => quoted = !quoted,
            b' ' if !quoted => {
                words.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[begin..]);
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_lines_are_folded_between_words_under_where_they_begin() {
        assert_eq!(fold("one two three", 9), "one two\nthree");
        assert_eq!(fold("one two three", 80), "one two three");
        assert_eq!(fold("  1. one two three four five", 26), "  1. one two three four\n     five");
        assert_eq!(fold("✓ one two three four five six", 24), "✓ one two three four\n  five six");
        assert_eq!(fold("  next: one two three four five six", 30), "  next: one two three four\n        five six");
    }

    #[test]
    fn a_column_that_would_be_too_narrow_goes_on_below() {
        assert_eq!(fold("name         sign-in  one two three", 30), "name         sign-in  one two\n  three");
        assert_eq!(fold("name         sign-in  one two three", 25), "name         sign-in\n  one two three");
        assert_eq!(fold("name  sign-in  one two three four", 36), "name  sign-in  one two three four");
        assert_eq!(fold("name  one two three four five", 28), "name  one two three four\n      five");
    }

    #[test]
    fn what_is_to_be_copied_stays_in_one_piece() {
        assert_eq!(fold("run\n\n    ssh -L 53682 host", 9), "run\n\n    ssh -L 53682 host");
        assert_eq!(fold("sign in again: pluton storage authorize", 20), "sign in again:\npluton storage authorize");
        assert_eq!(fold("  next: pluton storage authorize", 9), "  next: pluton storage authorize");
        assert_eq!(fold("  or: export A='b c' (or with a space)", 28), "  or: export A='b c'\n      (or with a space)");
        assert_eq!(fold("use `pluton run NAME` now", 10), "use\n`pluton run NAME`\nnow");
    }

    #[test]
    fn colour_takes_no_room() {
        let red = "\u{1b}[31m✗\u{1b}[0m";
        assert_eq!(
            fold(&format!("{red} one two three four five six"), 24),
            format!("{red} one two three four\n  five six")
        );
    }

    #[test]
    fn the_lines_of_a_paragraph_are_one_text() {
        assert_eq!(page("one\ntwo\n\n    a b\n    c\n\nthree", None), "one two\n\n    a b\n    c\n\nthree");
    }

    #[test]
    fn a_paragraph_that_begins_with_a_colon_after_its_word_does_not_hang() {
        assert_eq!(page("Requests: 1000 a minute", Some(15)), "Requests: 1000\na minute");
        assert_eq!(page(" 1. one two three four five", Some(26)), " 1. one two three four\n    five");
    }

    /// Into how many rows a text could be broken.
    fn pieces(text: &str) -> usize {
        let (prose, command, rest) = parts(text, true);
        let count = |text: &str| words(text).into_iter().filter(|word| !word.is_empty()).count();
        count(prose) + usize::from(!command.is_empty()) + count(rest)
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_row_is_too_wide(text in "[ a-z:`.!✓\n]{0,200}", columns in 1_usize..60) {
            let folded = fold(&text, columns);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&folded), words(&text));
            for line in text.split('\n').filter(|line| !line.starts_with("    ")) {
                for (index, row) in fold(line, columns).lines().enumerate() {
                    let text = if index == 0 { row.get(lead(line).bytes..).unwrap_or("") } else { row.trim_start() };
                    let fits = measure_text_width(row) < columns;
                    prop_assert!(fits || pieces(text) <= 1, "{columns}: {row:?} of {line:?}");
                }
            }
        }

        #[test]
        fn rows_of_short_words_fit(words in prop::collection::vec("[a-z]{1,8}", 1..40), columns in 12_usize..60) {
            prop_assume!(!words.iter().any(|word| is_program(word)));
            for row in fold(&words.join(" "), columns).lines() {
                prop_assert!(row.len() < columns, "{columns}: {row}");
            }
        }
    }
}
