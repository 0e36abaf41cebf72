//! `pluton help`: what a command does, or how something outside of Pluton is done.

pub(crate) mod pages;

use crate::cli::{self, Cli, Help};
use crate::error::{Code, Error, Result, Who};
use crate::ui::report::{self, Report};

pub(super) fn run(flags: &Help) -> Result<Report> {
    if let [topic] = flags.words.as_slice() {
        if let Some(text) = pages::topic(topic) {
            return Ok(Report::Page(text));
        }
    }
    if flags.words == ["json"] {
        return Ok(Report::Raw(format!("{}\n", report::schema()).into_bytes()));
    }
    if flags.words == ["options"] {
        return Ok(Report::Raw(format!("{}\n", cli::global_options().trim_end()).into_bytes()));
    }
    let mut command = Cli::tree();
    for word in &flags.words {
        command = command.find_subcommand(word).cloned().ok_or_else(|| {
            Error::new(Code::InvalidValue, format!("there is no command and no topic {:?}", flags.words.join(" ")))
                .responsible(Who::You)
                .hint(format!("topics: {}", pages::TOPICS.join(", ")))
                .hint_command("commands", "pluton --help")
        })?;
    }
    Ok(Report::Raw(command.render_long_help().to_string().into_bytes()))
}
