//! `pluton help`: what a command does, what an error means, or how to do something outside of Pluton. Prints only.
//!
//! The guides are files beside this one. Lines that are indented by four spaces are for copying and never wrapped.

use std::fmt::Write as _;

use crate::cli::{self, Cli, Help};
use crate::diagnosis::{self, Guide};
use crate::error::{Code, Error, Result};
use crate::ui::report::{self, Report};

/// What `pluton` without arguments prints.
pub(crate) const START: &str = include_str!("help/start.txt");
/// What `pluton help` explains beside the commands and the codes of errors.
pub(crate) const TOPICS: [&str; 9] =
    ["own-app", "service-account", "client-credentials", "headless", "limits", "ci", "json", "options", "errors"];

pub(super) const OWN_APP: &str = include_str!("help/own-app.md");
pub(super) const SERVICE_ACCOUNT: &str = include_str!("help/service-account.md");
pub(super) const CLIENT_CREDENTIALS: &str = include_str!("help/client-credentials.md");
const HEADLESS: &str = include_str!("help/headless.md");
pub(super) const ACCESS_TOKEN: &str = "A developer token expires after 60 minutes and cannot be renewed, so use one only for testing. \
     To create one: Developer Console > your app > Configuration > Generate Developer Token.";
/// Ends the part of a guide that `pluton storage add box` shows before it asks.
const MORE: &str = "<!-- more -->\n\n";

pub(super) fn run(flags: &Help) -> Result<Report> {
    if let [word] = flags.words.as_slice() {
        if let Some(report) = topic(word) {
            return Ok(report);
        }
    }
    let mut command = Cli::tree();
    for word in &flags.words {
        command = command.find_subcommand(word).cloned().ok_or_else(|| {
            Error::new(Code::InvalidValue, format!("there is no command and no topic {:?}", flags.words.join(" ")))
                .hint(format!("topics: {}", TOPICS.join(", ")))
                .hint_command("commands", "pluton --help")
        })?;
    }
    Ok(Report::Raw(command.render_long_help().to_string().into_bytes()))
}

fn topic(name: &str) -> Option<Report> {
    let guide = match name {
        "own-app" => OWN_APP,
        "service-account" => SERVICE_ACCOUNT,
        "client-credentials" => CLIENT_CREDENTIALS,
        "headless" => HEADLESS,
        "limits" => include_str!("help/limits.md"),
        "ci" => include_str!("help/ci.md"),
        "json" => return Some(Report::Raw(format!("{}\n", report::schema()).into_bytes())),
        "options" => return Some(Report::Raw(format!("{}\n", cli::global_options().trim_end()).into_bytes())),
        "errors" => return Some(Report::Page(errors())),
        code => return error(code).map(Report::Page),
    };
    Some(Report::Page(guide.replace(MORE, "")))
}

/// What is shown of a guide before its questions.
pub(super) fn intro(guide: &'static str) -> &'static str {
    guide.split(MORE).next().unwrap_or(guide).trim_end()
}

pub(super) fn subject() -> &'static str {
    let more = CLIENT_CREDENTIALS.split(MORE).nth(1);
    more.and_then(|more| more.split("\n\n").next()).unwrap_or_default()
}

pub(super) fn other_machine(client_id: Option<&str>) -> String {
    let guide = intro(HEADLESS);
    match client_id {
        Some(id) => guide.replace("\"box\"", &format!("\"box\" \"{id}\" \"<client secret>\"")),
        None => guide.to_owned(),
    }
}

/// `server` is this machine's address as the other one knows it.
pub(super) fn forwarded_port(server: Option<&str>) -> String {
    let host = server.unwrap_or("<this machine>");
    format!(
        "If the browser is on another machine, run this there first, and leave it open:\n\n    \
         ssh -L 53682:127.0.0.1:53682 {host}"
    )
}

/// All codes by their exit codes.
fn errors() -> String {
    let mut page = String::from(
        "A failure has an exit code and, with --json, an error.code. `pluton help CODE` says what to do about one.",
    );
    let mut last = None;
    for Guide { code, meaning, .. } in diagnosis::guides() {
        if last.replace(code.exit()) != Some(code.exit()) {
            let _ = write!(page, "\n\nExit code {}", code.exit());
        }
        let _ = write!(page, "\n  {code:<21}  {meaning}");
    }
    page
}

/// The page of one code.
fn error(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let guide = diagnosis::guides().iter().find(|guide| guide.code.to_string() == name)?;
    let heading = format!("{name} (exit code {}): {}", guide.code.exit(), guide.meaning);
    let mut page = report::failure_text(&guide.error(heading));
    let mut examples: Vec<_> = diagnosis::examples().filter(|error| error.code == guide.code).collect();
    examples.dedup_by(|one, other| one.message == other.message && one.remedy == other.remedy);
    if !examples.is_empty() {
        page += "\n\nMessages about a storage called \"NAME\", and what helps, likeliest first:";
    }
    for error in examples {
        page += "\n\n";
        page += &report::failure_text(&error);
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::{CLIENT_CREDENTIALS, OWN_APP, SERVICE_ACCOUNT};
    use crate::diagnosis::ADMIN_APPS;

    /// Box renames its consoles.
    #[test]
    fn the_guides_name_the_admin_console_as_the_errors_do() {
        for guide in [OWN_APP, SERVICE_ACCOUNT, CLIENT_CREDENTIALS] {
            let words: Vec<&str> = guide.split_whitespace().collect();
            assert!(words.join(" ").contains(ADMIN_APPS), "{guide}");
        }
    }
}
