//! `pluton completions SHELL`: the scripts as they stand under `completions/`.

use clap_complete::Shell;

use crate::cli::Completions;
use crate::error::{Code, Error, Result, Who};
use crate::ui::report::Report;

pub(super) fn run(flags: &Completions) -> Result<Report> {
    let script = match flags.shell {
        Shell::Bash => include_str!("../../completions/pluton.bash"),
        Shell::Elvish => include_str!("../../completions/pluton.elv"),
        Shell::Fish => include_str!("../../completions/pluton.fish"),
        Shell::PowerShell => include_str!("../../completions/_pluton.ps1"),
        Shell::Zsh => include_str!("../../completions/_pluton"),
        shell => {
            return Err(
                Error::new(Code::InvalidValue, format!("there are no completions for {shell}")).responsible(Who::You)
            );
        }
    };
    Ok(Report::Raw(script.as_bytes().to_vec()))
}
