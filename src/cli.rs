//! What can be typed: clap types only. Imports nothing of the crate, so that completions and man pages are made from it alone.

#[path = "cli/flags.rs"]
mod flags;
#[path = "cli/storage.rs"]
mod storage;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command as Clap, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use flags::{OptionFlags, ProofFlags, SignInFlags};
pub(crate) use storage::{
    Add, AddBox, Authorize, Edit, Export, ExportFormat, Refresh, Remove, Rename, Show, Storage, TimerKind, Verify,
    Which,
};

/// Connect a Box account (box.com) as a storage for backups, through rclone.
#[derive(Debug, Parser)]
#[command(name = "pluton", version, propagate_version = true, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
#[command(
    after_help = "To begin:    pluton storage add box\nIf it fails: pluton doctor\nTo learn:    pluton help own-app (other topics: pluton help --help)"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The whole tree as it is typed and explained: the global flags are on the first page only.
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

/// Takes the global flags off a command's page and those below it; they are accepted all the same.
pub(crate) fn without_globals(command: Clap, change: &dyn Fn(Clap) -> Clap) -> Clap {
    let command = command.mut_args(|arg| {
        let is_global = arg.is_global_set();
        if is_global { arg.hide(true) } else { arg }
    });
    change(command.mut_subcommands(|inner| without_globals(inner, change)))
}

/// What `pluton help options` prints.
pub(crate) fn global_options() -> String {
    let command = Global::augment_args(Clap::new("pluton")).disable_help_flag(true);
    command.help_template("{all-args}").render_long_help().to_string()
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Global {
    /// The rclone.conf to use [default: the one rclone itself would use]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rclone_config: Option<PathBuf>,
    /// The rclone to run [env: PLUTON_RCLONE] [default: the one on the PATH]
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::ExecutablePath)]
    pub(crate) rclone: Option<PathBuf>,
    /// What prints the password of an encrypted rclone.conf [env: RCLONE_PASSWORD_COMMAND, or the password in RCLONE_CONFIG_PASS]
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(crate) password_command: Option<String>,
    /// Print exactly one JSON document on standard output, in failure too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Show each program that is run, how it ended and how long it took; never a secret
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Never ask: a missing answer is an error that names its flag (also with CI=true)
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub(crate) color: Option<Color>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything about the storages in rclone.conf
    #[command(subcommand, before_help = "Example: pluton storage list")]
    Storage(Storage),
    /// Run a command while its storages are kept signed in
    Run(Run),
    /// Make the storages what a TOML file declares
    Apply(Apply),
    /// Look for everything that could break a storage, and say how to mend it
    Doctor(Doctor),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Explain a command, the code of an error, or one of: own-app, service-account, client-credentials, headless, limits, ci, json, options, errors
    Help(Help),
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton run backups -- restic -r rclone:backups:restic backup ~")]
pub(crate) struct Run {
    /// The storages to keep signed in [default: asked for]
    pub(crate) names: Vec<String>,
    /// How long to try again, before the command starts, while Box or the network does not answer; 0s: not at all
    #[arg(long, value_name = "DURATION", value_parser = any_duration, default_value = WAIT)]
    pub(crate) wait: Duration,
    /// The command and its arguments, after --
    #[arg(last = true, required = true, value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton apply storages.toml --check")]
pub(crate) struct Apply {
    /// The file that declares them
    #[arg(required_unless_present = "print_schema", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Change nothing and run none of the file's commands, so what those print is not compared; exit 10 if something would change
    #[arg(long)]
    pub(crate) check: bool,
    /// Remove what an earlier apply of this file made and the file no longer declares
    #[arg(long)]
    pub(crate) prune: bool,
    /// Print the file's JSON schema, for editors
    #[arg(long)]
    pub(crate) print_schema: bool,
    /// How long rclone may take for each storage [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton help own-app")]
pub(crate) struct Help {
    /// A command, a topic, or the code of an error
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
    /// First mend what needs no decision and loses nothing: the mode of rclone.conf, what killed runs left; asks before each
    #[arg(long)]
    pub(crate) fix: bool,
    /// Do not ask before it is mended
    #[arg(long, short, requires = "fix")]
    pub(crate) yes: bool,
    /// Exit 1 for warnings too
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: eval \"$(pluton completions bash)\"", after_help = COMPLETIONS)]
pub(crate) struct Completions {
    /// The shell that is to complete
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Where the scripts go.
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
    any_duration(text)
        .and_then(|limit| if limit.is_zero() { Err("it must be more than nothing".into()) } else { Ok(limit) })
}

/// A bare number means seconds.
fn any_duration(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).map_err(|error| error.to_string()),
    }
}
