//! Generates man pages from the clap types, with additions that clap does not know.

use std::collections::BTreeMap;

use clap::Command;
use clap_mangen::Man;

use super::cli::without_globals;

/// When the texts below were last changed.
pub(super) const DATE: &str = "2026-11-26";
pub(super) const MANUAL: &str = "Pluton Manual";
/// Sections of pluton(1) that stand nowhere else.
const MAIN_SECTIONS: &str = include_str!("pluton.roff");
/// What a newcomer is told first.
const OVERVIEW: &str = "\
Pluton asks for a name and a way to sign in to Box, writes a section into rclone.conf, verifies with rclone that it works, \
and keeps it working. rclone, restic and every other program that uses rclone can then back up to it.
.PP
A storage is a remote of type box in rclone.conf, whoever created it. Pluton keeps no list of its own.
.PP
Three commands to start with:
.TP
.B pluton storage add box
Connect an account; Pluton asks for everything it needs.
.TP
.B pluton run NAME \\-\\- COMMAND
Run a backup, and keep the storage signed in until it ends.
.TP
.B pluton doctor
Find out why something does not work, or soon will not.
";
/// mandoc's limit for a line of source.
const WIDTH: usize = 80;

/// Each page by the name of its file.
pub(crate) fn pages(mut command: Command) -> BTreeMap<String, String> {
    command.build();
    let command = command.mut_subcommands(|inner| without_globals(inner, &|page| page));
    let mut pages = BTreeMap::new();
    add(&command, None, &mut pages);
    pages
}

fn add(command: &Command, parent: Option<&str>, pages: &mut BTreeMap<String, String>) {
    let name = name(command);
    for inner in command.get_subcommands() {
        add(inner, Some(name), pages);
    }
    pages.insert(format!("{name}.1"), page(command, parent));
}

fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command, parent: Option<&str>) -> String {
    let version = command.get_version().expect("a version");
    let man = Man::new(command.clone())
        .title(name(command).to_uppercase())
        .date(DATE)
        .source(format!("pluton {version}"))
        .manual(MANUAL);
    let section = |render: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut text = Vec::new();
        render(&mut text).expect("memory takes it");
        let text = String::from_utf8(text).expect("text");
        // Each part defines the apostrophe anew.
        text.lines().filter(|line| !line.contains("ds Aq")).fold(String::new(), |all, line| all + line + "\n")
    };
    let mut page = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n".to_owned();
    page += &section(&|into| man.render_title(into));
    page += &section(&|into| man.render_name_section(into));
    page += &synopsis(command);
    page += section(&|into| man.render_description_section(into)).trim_end().trim_end_matches('.');
    page += ".\n";
    if parent.is_none() {
        page += ".PP\n";
        page += OVERVIEW;
    }
    if command.has_subcommands() {
        page += &commands(command);
    }
    page += &section(&|into| man.render_options_section(into));
    if parent.is_some() {
        page += ".PP\nThe options of every command are in\n.BR pluton (1).\n";
    }
    page += &match parent {
        None => MAIN_SECTIONS.to_owned(),
        Some(_) => exit_status(command) + &examples(command),
    };
    page += &see_also(command, parent);
    tidy(&page)
}

/// One line: the options have sections of their own.
fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let form = usage.trim_start_matches("Usage: ");
    let bin = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let rest = form.strip_prefix(bin).unwrap_or(form);
    format!(".SH SYNOPSIS\n.B {}\n{}\n", escaped(bin), escaped(rest.trim_start()))
}

fn commands(command: &Command) -> String {
    let mut section = vec![".SH COMMANDS\n".to_owned()];
    section.extend(command.get_subcommands().map(|inner| {
        let about = inner.get_about().map(ToString::to_string).unwrap_or_default();
        format!(".TP\n.BR {} (1)\n{}\n", escaped(name(inner)), escaped(&about))
    }));
    section.concat()
}

/// What differs from pluton(1).
fn exit_status(command: &Command) -> String {
    let own = match name(command) {
        "pluton-run" => "That of the command, once it has started.",
        "pluton-apply" => "0 on success; 10 if\n.B \\-\\-check\nfinds something to change.",
        "pluton-doctor" => "0 if there is no problem, 1 if there is one.",
        _ => "0 on success.",
    };
    format!(".SH \"EXIT STATUS\"\n{own}\n.BR pluton (1)\nlists the codes of failures.\n")
}

/// The example that `--help` begins with, and what it ends with.
fn examples(command: &Command) -> String {
    let before = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let example = before.strip_prefix("Example: ").expect("every command has an example");
    let lines = std::iter::once(example).chain(after.lines()).map(escaped);
    format!(".SH EXAMPLES\n.EX\n{}\n.EE\n", lines.collect::<Vec<_>>().join("\n"))
}

/// What it is a part of, its own parts, and the programs it is about.
fn see_also(command: &Command, parent: Option<&str>) -> String {
    let parts = command.get_subcommands().map(name);
    let main = (parent != Some("pluton") && parent.is_some()).then_some("pluton");
    let mut pages: Vec<&str> = parent.into_iter().chain(main).chain(parts).collect();
    pages.push("rclone");
    if command.get_name() == "run" {
        pages.push("restic");
    }
    let mut references: Vec<String> = pages.into_iter().map(|page| format!(".BR {} (1)", escaped(page))).collect();
    if parent.is_none() || command.get_name() == "help" {
        references.push(".BR pluton\\-errors (7)".to_owned());
    }
    format!(".SH \"SEE ALSO\"\n{}\n", references.join(",\n"))
}

/// Text that roff takes for text.
pub(super) fn escaped(text: &str) -> String {
    let text = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq")
        .replace('~', "\\(ti")
        .replace('`', "\\(ga");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

/// Folds long lines of text, and takes out breaks that do nothing.
pub(super) fn tidy(page: &str) -> String {
    let mut tidy: Vec<String> = Vec::new();
    let mut is_verbatim = false;
    for line in page.lines().map(str::trim_end) {
        match line {
            ".EX" => is_verbatim = true,
            ".EE" => is_verbatim = false,
            _ => {}
        }
        let follows = |request: &str| tidy.last().is_some_and(|last| last.starts_with(request));
        if line.is_empty() || line == ".br" && (follows(".sp") || follows(".br")) {
            continue;
        }
        // The line after .TP is the tag, whole as it is.
        if line.starts_with('.') || is_verbatim || follows(".TP") {
            tidy.push(line.to_owned());
        } else {
            fold(line, &mut tidy);
        }
    }
    tidy.join("\n") + "\n"
}

fn fold(line: &str, into: &mut Vec<String>) {
    let mut folded = String::new();
    for word in line.split(' ') {
        if !folded.is_empty() && folded.len() + 1 + word.len() > WIDTH {
            into.push(std::mem::take(&mut folded));
        }
        if !folded.is_empty() {
            folded.push(' ');
        } else if word.starts_with(['.', '\'']) {
            folded.push_str("\\&");
        }
        folded.push_str(word);
    }
    into.push(folded);
}
