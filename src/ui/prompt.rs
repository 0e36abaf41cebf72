//! The only room that asks a person: dialoguer for what may be seen, a reader of its own for what may not.

mod hidden;
mod modes;
mod plain;
mod theme;

use std::io::Write as _;

use console::Term;
use dialoguer::{Input, Select};

pub(crate) use modes::EchoOff;

use crate::error::Result;
use crate::scrub::for_screen;
use crate::secret::Secret;
use crate::signals;
use crate::ui::terminal;
use crate::ui::wrap::wrap;
use theme::Look;

/// How far a paste has come, judged each time a line of it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing more is needed.
    Whole,
    /// It may be all, if nothing more comes.
    Enough,
    /// More must come; the words say so to whoever waits.
    Partial(&'static str),
}

/// What a person made of a question: an answer, or the way back to the question before.
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
/// Typed alone, this leads back to the question before, as Esc does where a key can be read.
const BACK: &str = "<";

/// How to answer, for those who meet the first question.
pub(crate) fn introduce() {
    const HOW: &str =
        "Enter takes what is in brackets, ? explains, < or Esc goes back. Nothing is saved before the end.";
    show(&format!("{}\n", wrap(HOW, Some(columns()))));
}

/// Asks for a line until `check` has nothing against it. An empty answer means `default`; `help` is what ? shows.
pub(crate) fn line(
    label: &str,
    default: Option<&str>,
    help: &str,
    check: impl Fn(&str) -> Result<()>,
) -> Result<Reply<String>> {
    loop {
        let typed = one_line(&theme::with_default(label, default), default.is_some())?;
        match some(&typed).or(default) {
            None => {}
            Some(EXPLAIN) => explain(help),
            Some(BACK) => return Ok(Reply::Back),
            Some(answer) => {
                report(label, answer);
                match check(answer) {
                    Ok(()) => return Ok(Reply::Answer(answer.to_owned())),
                    Err(error) => complain(&error.message),
                }
            }
        }
    }
}

/// The answer to a question that none came before.
pub(crate) fn must_answer<T>(ask: impl Fn() -> Result<Reply<T>>) -> Result<T> {
    loop {
        match ask()? {
            Reply::Answer(answer) => return Ok(answer),
            Reply::Back => complain("this is the first question; Ctrl-C quits"),
        }
    }
}

/// A question that Enter answers with no, and that leads nowhere else.
pub(crate) fn yes(question: &str) -> Result<bool> {
    loop {
        if let Reply::Answer(answer) = yes_or_back(question, "Answer y for yes or n for no.")? {
            return Ok(answer);
        }
    }
}

/// A question that Enter answers with no.
pub(crate) fn yes_or_back(question: &str, help: &str) -> Result<Reply<bool>> {
    loop {
        let typed = one_line(&format!("{question} [y/N]"), true)?.to_lowercase();
        let answer = match some(&typed).unwrap_or("no") {
            "y" | "yes" => true,
            "n" | "no" => false,
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

/// The same, where nothing depends on the answer any more: Ctrl-C and its kin mean no, and what follows is done.
pub(crate) fn yes_or_leave(question: &str) -> bool {
    let asked = question.to_owned();
    match signals::optional_prompt(move || yes(&asked)) {
        Some(Ok(answer)) => answer,
        // It has put the terminal right by itself.
        Some(Err(_)) => false,
        None => {
            modes::restore();
            show_cursor();
            show("\n");
            false
        }
    }
}

/// One of the things to choose from.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) title: &'a str,
    /// What it means, where the title does not say it all.
    pub(crate) meaning: &'a str,
}

/// Lets one of `items` be chosen, the first by default, and returns its index. Where a question came before, a row and
/// Esc lead back to it; where there is `help`, a row shows it.
pub(crate) fn choice(label: &str, items: &[Item<'_>], help: Option<&str>, back: bool) -> Result<Reply<usize>> {
    let mut rows = items.to_vec();
    rows.extend(help.map(|_| Item { title: "?", meaning: "Explain these" }));
    rows.extend(back.then_some(Item { title: BACK, meaning: "Back" }));
    loop {
        let chosen = if terminal::is_dumb() {
            plain::choice(label, items, help.is_some(), back)?
        } else {
            select(label, &rows)?
        };
        let Some(row) = chosen.and_then(|index| rows.get(index).zip(Some(index))) else {
            if back {
                return Ok(Reply::Back);
            }
            continue;
        };
        match row {
            (_, index) if index < items.len() => {
                report(label, items[index].title);
                return Ok(Reply::Answer(index));
            }
            (Item { title: EXPLAIN, .. }, _) => explain(help.unwrap_or_default()),
            _ => return Ok(Reply::Back),
        }
    }
}

/// The same where there is no way back.
pub(crate) fn must_choose(label: &str, items: &[Item<'_>]) -> Result<usize> {
    loop {
        if let Reply::Answer(chosen) = choice(label, items, None, false)? {
            return Ok(chosen);
        }
    }
}

/// `None` for Esc.
fn select(label: &str, rows: &[Item<'_>]) -> Result<Option<usize>> {
    let rows = theme::rows(rows, columns());
    ask(|| Select::with_theme(&Look).with_prompt(label).items(&rows).default(0).report(false).interact_opt())
}

/// Says what a person has to know before the next question.
pub(crate) fn explain(text: &str) {
    show(&format!("\n{}\n\n", wrap(text, Some(columns()))));
}

/// Says in a line or two what the next question means.
pub(crate) fn hint(text: &str) {
    show(&format!("\n{}\n", wrap(&theme::sentence(text), Some(columns()))));
}

/// Says what is wrong with an answer, before it is asked for again.
pub(crate) fn complain(why: &str) {
    show(&format!("{}\n", wrap(&theme::wrong(why), Some(columns()))));
}

/// One line that does not show while it is typed, taken as it is.
pub(crate) fn hidden_line(label: &str) -> Result<Secret> {
    hidden::read(label, &|_| Progress::Whole).map(|typed| first_line(&typed.unwrap_or_else(|| Secret::new(""))))
}

/// The same, with a way back and an explanation.
pub(crate) fn hidden_answer(label: &str, help: &str) -> Result<Reply<Secret>> {
    Ok(hidden_paste(label, help, &|_| Progress::Whole)?.map(|typed| first_line(&typed)))
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

fn first_line(typed: &Secret) -> Secret {
    Secret::new(typed.expose().lines().find(|line| !line.trim().is_empty()).unwrap_or_default())
}

/// Forgets the keys that were pressed while no question was open.
pub(crate) fn forget_typed() {
    modes::forget_typed();
}

fn some(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// What was typed at `prompt`. Its rows are gone afterwards, however often the line was wrapped.
fn one_line(prompt: &str, may_be_empty: bool) -> Result<String> {
    if terminal::is_dumb() {
        return plain::line(prompt);
    }
    let typed: String =
        ask(|| Input::with_theme(&Look).with_prompt(prompt).allow_empty(may_be_empty).report(false).interact_text())?;
    let width = console::measure_text_width(&theme::question(prompt)) + console::measure_text_width(&typed);
    // dialoguer clears the last row only.
    let _ = Term::stderr().clear_last_lines(width.saturating_sub(1) / columns());
    Ok(typed)
}

fn columns() -> usize {
    terminal::columns(&Term::stderr()).unwrap_or(80)
}

/// Runs one dialoguer prompt; on every way out the terminal is as it was.
fn ask<T>(prompt: impl FnOnce() -> dialoguer::Result<T>) -> Result<T> {
    let _hush = EchoOff::begin();
    signals::during_prompt(leave, prompt)?.map_err(|_| {
        show_cursor();
        show("\n");
        signals::now()
    })
}

/// The way out for a signal that the prompt does not see.
fn leave() {
    modes::restore();
    show_cursor();
    show("\nerror: interrupted\n");
}

/// dialoguer hides the cursor while it shows a list, and leaves it hidden when it is interrupted.
fn show_cursor() {
    let _ = Term::stderr().show_cursor();
}

/// A plain terminal still shows what was typed.
fn report(label: &str, answer: &str) {
    if terminal::is_dumb() {
        return;
    }
    show(&format!("{}\n", wrap(&theme::answered(label, answer), Some(columns()))));
}

fn show(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = out.write_all(for_screen(text).as_bytes()).and_then(|()| out.flush());
}
