//! Asks a person: dialoguer for visible input, [`hidden`] for secrets, and plain lines if the cursor cannot be moved.
//! Decides nothing about the answers. A question fails only if the person leaves it, by Ctrl-C or a closed terminal.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "it asks with dialoguer, and in plain lines")]

use std::fmt::{self, Write};
use std::time::Duration;

use console::{Style, Term, measure_text_width, truncate_str};
use dialoguer::theme::Theme;
use dialoguer::{Input, Select};

use crate::error::Result;
use crate::secret::{Secret, clean, looks_like_token};
use crate::signals;
use crate::ui::hidden::{self, line_editing};
pub(crate) use crate::ui::hidden::{Progress, echo_off, forget_typed};
use crate::ui::terminal::{self, print_line, show, window};
use crate::ui::wrap::page;

/// The result of a question: an answer, or the way back to the question before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply<T> {
    Answer(T),
    Back,
}

impl<T> Reply<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        match self {
            Self::Answer(answer) => Reply::Answer(change(answer)),
            Self::Back => Reply::Back,
        }
    }
}

/// Typed alone, this explains a question.
const EXPLAIN: &str = "?";
/// Typed alone, this leads back to the question before, as Esc does in a list and in a hidden question.
const BACK: &str = "<";

/// How to answer, for those who meet the first question.
pub(crate) fn introduce() {
    print_line(
        "Enter accepts the value in brackets, ? explains, < goes back (Esc in a list). Nothing is saved until the end.",
    );
}

/// Asks for a line until `check` has nothing against it. An empty answer means `default`; `help` is what ? shows.
pub(crate) fn line(
    label: &str,
    default: Option<&str>,
    help: &str,
    check: impl Fn(&str) -> Result<()>,
) -> Result<Reply<String>> {
    let question = default.map_or_else(|| label.to_owned(), |default| format!("{label} [{default}]"));
    loop {
        let typed = read_line(&question, default.is_some())?;
        match Some(typed.trim()).filter(|typed| !typed.is_empty()).or(default) {
            None => {}
            Some(EXPLAIN) => explain(help),
            Some(BACK) => return Ok(Reply::Back),
            Some(answer) => {
                let checked = check(answer);
                // A token that was pasted at the wrong question must not stay on the screen.
                let is_secret = checked.is_err() && looks_like_token(answer);
                report(label, if is_secret { "[hidden]" } else { answer });
                match checked {
                    Ok(()) => return Ok(Reply::Answer(answer.to_owned())),
                    Err(error) => {
                        terminal::error(&error.message);
                        // The rest of a paste of several lines.
                        forget_typed();
                    }
                }
            }
        }
    }
}

/// What there is to say to whoever goes back from the first question.
pub(crate) const FIRST: &str = "this is the first question; Ctrl-C quits";

/// Asks a question that has no previous one.
pub(crate) fn must_answer<T>(ask: impl Fn() -> Result<Reply<T>>) -> Result<T> {
    loop {
        match ask()? {
            Reply::Answer(answer) => return Ok(answer),
            Reply::Back => terminal::error(FIRST),
        }
    }
}

/// A question that Enter answers with no, and that leads nowhere else.
pub(crate) fn yes(question: &str) -> Result<bool> {
    must_answer(|| yes_or_back(question, "Answer y for yes or n for no."))
}

/// A question that Enter answers with no.
pub(crate) fn yes_or_back(question: &str, help: &str) -> Result<Reply<bool>> {
    loop {
        let typed = read_line(&format!("{question} [y/N]"), true)?.trim().to_lowercase();
        let answer = match typed.as_str() {
            "y" | "yes" => true,
            "" | "n" | "no" => false,
            BACK => return Ok(Reply::Back),
            EXPLAIN => {
                explain(help);
                continue;
            }
            _ => continue,
        };
        report(question, if answer { "yes" } else { "no" });
        return Ok(Reply::Answer(answer));
    }
}

/// Like [`yes`], for when nothing depends on the answer any more: Ctrl-C and other signals mean no, and the program
/// continues.
pub(crate) fn yes_or_leave(question: &str) -> bool {
    let asked = question.to_owned();
    let answer = signals::interruptible(Duration::MAX, move || yes(&asked)).ok().flatten();
    if answer.is_none() {
        restore_terminal();
        show("\n");
    }
    answer.is_some_and(|answer| answer.unwrap_or(false))
}

/// One of the things to choose from.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) title: &'a str,
    /// What it means, where the title does not say it all.
    pub(crate) meaning: &'a str,
}

/// Lets the user choose one of `items`, the first by default, and returns its index. If there was a question before, a
/// row and Esc lead back to it; if there is `help`, a row shows it.
pub(crate) fn choice(label: &str, items: &[Item<'_>], help: Option<&str>, back: bool) -> Result<Reply<usize>> {
    let mut rows = items.to_vec();
    rows.extend(help.map(|_| Item { title: EXPLAIN, meaning: "Explain these" }));
    rows.extend(back.then_some(Item { title: BACK, meaning: "Back" }));
    loop {
        let chosen = if terminal::is_dumb() {
            Some(choose_by_number(label, &rows, items.len())?)
        } else {
            let texts = texts(&rows);
            let list = Select::with_theme(&Questions).with_prompt(label).items(&texts).default(0).report(false);
            ask(|| list.interact_opt())?
        };
        match chosen.map(|index| (index, rows[index].title)) {
            Some((index, title)) if index < items.len() => {
                report(label, title);
                return Ok(Reply::Answer(index));
            }
            Some((_, EXPLAIN)) => explain(help.unwrap_or_default()),
            _ if back => return Ok(Reply::Back),
            _ => {}
        }
    }
}

/// The same where there is no way back.
pub(crate) fn must_choose(label: &str, items: &[Item<'_>]) -> Result<usize> {
    must_answer(|| choice(label, items, None, false))
}

/// A numbered list; Enter alone takes its first item. The rows after the `items` are chosen by typing their titles.
fn choose_by_number(label: &str, rows: &[Item<'_>], items: usize) -> Result<usize> {
    show(&format!("{label}\n"));
    for (number, Item { title, meaning }) in (1..).zip(&rows[..items]) {
        print_line(format!("{number}. {title}: {meaning}").trim_end_matches(": "));
    }
    let keys = rows[items..].iter().map(|row| if row.title == BACK { ", < goes back" } else { ", ? explains" });
    let question = format!("Number, 1 to {items}{} [1]", keys.collect::<String>());
    let mut names: Vec<String> = (1..=items).map(|number| number.to_string()).collect();
    names.extend(rows[items..].iter().map(|row| row.title.to_owned()));
    loop {
        let typed = read_line(&question, true)?;
        let name = if typed.trim().is_empty() { "1" } else { typed.trim() };
        if let Some(row) = names.iter().position(|known| known == name) {
            return Ok(row);
        }
    }
}

/// Prints what a person has to know before the next question.
pub(crate) fn explain(text: &str) {
    show(&format!("\n{}\n\n", page(text, Some(window()))));
}

/// One line of hidden input, unchanged.
pub(crate) fn hidden_line(label: &str) -> Result<Secret> {
    hidden::read(label, &|_| Progress::Whole).map(|typed| first_line(typed.as_ref()))
}

/// The same, with a way back and an explanation.
pub(crate) fn hidden_answer(label: &str, help: &str) -> Result<Reply<Secret>> {
    Ok(hidden_paste(label, help, &|_| Progress::Whole)?.map(|typed| first_line(Some(&typed))))
}

/// A paste of any length and any number of lines that does not show. It ends with the line that makes it whole, or with
/// Enter on an empty line.
pub(crate) fn hidden_paste(label: &str, help: &str, progress: &dyn Fn(&str) -> Progress) -> Result<Reply<Secret>> {
    let progress = |text: &str| if [EXPLAIN, BACK].contains(&text.trim()) { Progress::Whole } else { progress(text) };
    loop {
        let Some(typed) = hidden::read(label, &progress)? else { return Ok(Reply::Back) };
        match typed.expose().trim() {
            EXPLAIN => explain(help),
            BACK => return Ok(Reply::Back),
            _ => return Ok(Reply::Answer(typed)),
        }
    }
}

fn first_line(typed: Option<&Secret>) -> Secret {
    let mut lines = typed.map_or("", Secret::expose).lines();
    Secret::new(lines.find(|line| !line.trim().is_empty()).unwrap_or_default())
}

/// Returns the typed line. If the cursor can be moved, erases the question's rows, even if they were wrapped.
fn read_line(question: &str, may_be_empty: bool) -> Result<String> {
    if terminal::is_dumb() {
        let _line_editing = line_editing();
        let mut typed = String::new();
        let read = || {
            show(&prompt(question));
            std::io::stdin().read_line(&mut typed)
        };
        return match signals::during_prompt(leave, read)? {
            Ok(1..) => Ok(typed),
            // Ctrl-D: the user cannot answer.
            _ => Err(signals::interrupt()),
        };
    }
    let input = Input::with_theme(&Questions).with_prompt(question).allow_empty(may_be_empty).report(false);
    let typed: String = ask(|| input.interact_text())?;
    let width = measure_text_width(&prompt(question)) + measure_text_width(&typed);
    // dialoguer clears the last row only.
    let _ = Term::stderr().clear_last_lines(width.saturating_sub(1) / window());
    Ok(typed)
}

/// Runs one dialoguer prompt, and restores the terminal however it ends.
fn ask<T>(prompt: impl FnOnce() -> dialoguer::Result<T>) -> Result<T> {
    let _echo_off = echo_off();
    signals::during_prompt(leave, prompt)?.map_err(|_| {
        // dialoguer leaves the cursor hidden when a list is interrupted.
        let _ = Term::stderr().show_cursor();
        show("\n");
        signals::interrupt()
    })
}

/// The way out for a signal that the prompt does not see.
fn leave() {
    restore_terminal();
    show("\nerror: interrupted\n");
}

fn restore_terminal() {
    hidden::restore();
    if !terminal::is_dumb() {
        let _ = Term::stderr().show_cursor();
    }
}

/// Prints the answer in place of the erased question.
fn report(label: &str, answer: &str) {
    if !terminal::is_dumb() {
        print_line(&format!("{}{answer}", prompt(label)));
    }
}

fn style() -> Style {
    Style::new().for_stderr()
}

/// A question mark needs no colon after it.
fn prompt(label: &str) -> String {
    let colon = if label.ends_with('?') || label.ends_with("? [y/N]") { "" } else { ":" };
    format!("{}{colon} ", style().bold().apply_to(clean(label)))
}

/// How questions look: `Label [default]: answer`, and a list with a `>`.
struct Questions;

impl Theme for Questions {
    fn format_input_prompt(&self, f: &mut dyn Write, label: &str, _default: Option<&str>) -> fmt::Result {
        f.write_str(&prompt(label))
    }

    fn format_select_prompt(&self, f: &mut dyn Write, label: &str) -> fmt::Result {
        write!(f, "{}", style().bold().apply_to(label))
    }

    fn format_select_prompt_item(&self, f: &mut dyn Write, text: &str, active: bool) -> fmt::Result {
        if active { write!(f, "{}", style().cyan().apply_to(format!("> {text}"))) } else { write!(f, "  {text}") }
    }
}

/// Titles and meanings in two columns, cut to the window: dialoguer cannot take back a row that is wrapped.
fn texts(rows: &[Item<'_>]) -> Vec<String> {
    let titles = rows.iter().filter(|row| !row.meaning.is_empty()).map(|row| row.title.len());
    let width = titles.max().unwrap_or_default();
    // Two columns for the mark, and one that stays free.
    let width_left = window().saturating_sub(3).max(1);
    let text = |Item { title, meaning }: &Item<'_>| clean(&format!("{title:<width$}  {meaning}"));
    rows.iter().map(|row| truncate_str(text(row).trim_end(), width_left, "…").into_owned()).collect()
}
