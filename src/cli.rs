//! The command line: clap types, and the help texts of every command and flag. Touches nothing; of the crate it uses
//! only the table of options, so that the man pages can be generated from it.

#[path = "cli/storage.rs"]
mod storage;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command as Clap, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use storage::{
    Add, AddBox, Authorize, Edit, Export, ExportFormat, OptionFlags, ProofFlags, Refresh, Remove, Rename, Show,
    SignInFlags, Storage, TimerKind, Verify, Which,
};

/// Connect a Box account (box.com) as a storage for backups, through rclone.
#[derive(Debug, Parser)]
#[command(name = "pluton", version, propagate_version = true, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
#[command(
    after_help = "Get started:  pluton storage add box\nTroubleshoot: pluton doctor\nLearn more:   pluton help own-app (all topics: pluton help --help)"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// All commands, with the global flags shown on the first page only.
    pub(crate) fn tree() -> Clap {
        let mut tree = Self::command();
        tree.build();
        tree.mut_subcommands(|inner| {
            without_globals(inner, &|page| {
                let before = page.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
                page.after_help(format!("{before}Global options: pluton help options"))
            })
        })
    }
}

/// Hides the global flags on a command's page and those below it; they are still accepted.
pub(crate) fn without_globals(command: Clap, change: &dyn Fn(Clap) -> Clap) -> Clap {
    let command = command.mut_args(|arg| {
        let is_global = arg.is_global_set();
        if is_global { arg.hide(true) } else { arg }
    });
    change(command.mut_subcommands(|inner| without_globals(inner, change)))
}

/// The text of `pluton help options`.
pub(crate) fn global_options() -> String {
    let command = Global::augment_args(Clap::new("pluton")).disable_help_flag(true);
    command.help_template("{all-args}").render_long_help().to_string()
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Global {
    /// The rclone.conf to use [default: the one that rclone uses]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rclone_config: Option<PathBuf>,
    /// The rclone program to run [env: PLUTON_RCLONE] [default: the one on the PATH]
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::ExecutablePath)]
    pub(crate) rclone: Option<PathBuf>,
    /// Command that prints the password of an encrypted rclone.conf [env: RCLONE_PASSWORD_COMMAND, or the password itself in RCLONE_CONFIG_PASS]
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(crate) password_command: Option<String>,
    /// Print exactly one JSON document on standard output, even on failure
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print only errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Show each program that Pluton runs, how it ended and how long it took; never a secret
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Never prompt: a missing answer is an error that names its flag (implied by CI=true)
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// When to use color
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub(crate) color: Option<Color>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Manage the Box storages in rclone.conf
    #[command(subcommand, before_help = "Example: pluton storage list")]
    Storage(Storage),
    /// Run a command, and keep its storages signed in until it ends
    Run(Run),
    /// Create or update storages from a TOML file
    Apply(Apply),
    /// Find what could break a storage, and suggest how to fix it
    Doctor(Doctor),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Explain a command, an error code, or a topic: own-app, service-account, client-credentials, headless, limits, ci, json, options, errors
    Help(Help),
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton run backups -- restic -r rclone:backups:restic backup ~")]
pub(crate) struct Run {
    /// Storages to keep signed in [default: prompt]
    pub(crate) names: Vec<String>,
    /// How long to retry before the command starts, while Box or the network does not answer; 0s: never
    #[arg(long, value_name = "DURATION", value_parser = any_duration, default_value = WAIT)]
    pub(crate) wait: Duration,
    /// Command to run, with its arguments, after --
    #[arg(last = true, required = true, value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton apply storages.toml --check")]
pub(crate) struct Apply {
    /// TOML file that declares the storages
    #[arg(required_unless_present = "print_schema", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Change nothing, and exit 10 if something would change; secrets from commands are not compared, because no command is run
    #[arg(long)]
    pub(crate) check: bool,
    /// Remove storages that an earlier apply of this file created and the file no longer declares
    #[arg(long)]
    pub(crate) prune: bool,
    /// Print the JSON schema of the file, for editors
    #[arg(long)]
    pub(crate) print_schema: bool,
    /// Time limit for rclone, for each storage [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton help own-app")]
pub(crate) struct Help {
    /// Command, topic or error code
    #[arg(value_name = "COMMAND|TOPIC|CODE")]
    pub(crate) words: Vec<String>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton doctor")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Doctor {
    /// Do not use the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// First fix what is safe to fix: the permissions of rclone.conf, and leftovers of killed runs; asks before each
    #[arg(long)]
    pub(crate) fix: bool,
    /// Fix without asking
    #[arg(long, short, requires = "fix")]
    pub(crate) yes: bool,
    /// Exit 1 for warnings too
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: eval \"$(pluton completions bash)\"", after_help = COMPLETIONS)]
pub(crate) struct Completions {
    /// Shell to print the script for
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// How to install the scripts.
const COMPLETIONS: &str = "\
bash, in ~/.bashrc:
    eval \"$(pluton completions bash)\"
zsh, in ~/.zshrc, after compinit:
    eval \"$(pluton completions zsh)\"
fish, once:
    pluton completions fish > ~/.config/fish/completions/pluton.fish
elvish, in ~/.config/elvish/rc.elv:
    eval (pluton completions elvish | slurp)
PowerShell, in $PROFILE:
    pluton completions powershell | Out-String | Invoke-Expression";

/// Longer than most outages of a network, shorter than the pause between two runs of a timer.
const WAIT: &str = "5m";

fn duration(text: &str) -> Result<Duration, String> {
    any_duration(text).and_then(|limit| if limit.is_zero() { Err("it must be more than 0".into()) } else { Ok(limit) })
}

/// For days and weeks, which a bare number would be taken for.
fn with_unit(text: &str) -> Result<Duration, String> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("add the unit, for example {text}d for days"));
    }
    duration(text)
}

/// A bare number is in seconds.
fn any_duration(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).map_err(|_| "write a duration such as 90s, 5m, 2h or 14d".into()),
    }
}
