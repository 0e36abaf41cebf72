//! `pluton storage …`.

use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::flags::{OptionFlags, ProofFlags, SignInFlags};
use super::{WAIT, any_duration, duration};

#[derive(Debug, Subcommand)]
pub(crate) enum Storage {
    /// Connect a new storage, and prove that it works
    #[command(subcommand, before_help = "Example: pluton storage add box")]
    Add(Add),
    /// List the Box storages in rclone.conf
    #[command(before_help = "Example: pluton storage list")]
    List,
    /// Show one storage: how it signs in, its options, when its token ends
    Show(Show),
    /// Prove again that storages work
    Verify(Verify),
    /// Get new access tokens; for a timer
    Refresh(Refresh),
    /// Sign in anew, keeping the storage's options
    #[command(alias = "reconnect")]
    Authorize(Box<Authorize>),
    /// Change a storage's options, or the app it signs in with
    Edit(Box<Edit>),
    /// Give a storage another name, also where other remotes refer to it
    Rename(Rename),
    /// Take storages out of rclone.conf; what is in Box stays
    #[command(alias = "delete")]
    Remove(Remove),
    /// Print a storage for a container, another host, or an apply file
    Export(Export),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Add {
    /// Connect a Box account
    Box(Box<AddBox>),
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage add box \"Box Backups\"")]
pub(crate) struct AddBox {
    /// The storage's name, which is the remote's name in rclone.conf
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) sign_in: SignInFlags,
    #[command(flatten)]
    pub(crate) options: OptionFlags,
    #[command(flatten)]
    pub(crate) proof: ProofFlags,
    /// Sign in through the browser here, and prove and save the storage on another machine, over ssh; pluton must be there too
    #[arg(long, value_name = "USER@HOST", value_hint = ValueHint::Hostname, help_heading = "Saving")]
    #[arg(conflicts_with_all = ["token", "token_file", "access_token", "access_token_file", "box_config_file", "client_credentials", "box_subject", "dry_run"])]
    pub(crate) on: Option<String>,
    /// Replace a remote of this name, once the new one is proven
    #[arg(long, help_heading = "Saving")]
    pub(crate) force: bool,
    /// For a sign-in that rclone cannot renew: install a timer that does, of systemd or cron
    #[arg(long, help_heading = "Saving")]
    pub(crate) install_timer: bool,
    /// Check the answers and show what would be saved; ask Box nothing, write nothing
    #[arg(long, help_heading = "Saving")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage show \"Box Backups\"")]
pub(crate) struct Show {
    /// The storage's name [default: asked for]
    pub(crate) name: Option<String>,
    /// Show secrets too
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Do not ask Box whose account it is
    #[arg(long)]
    pub(crate) offline: bool,
}

fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse().ok().filter(|percent| *percent <= 100);
    number.ok_or_else(|| "write a number from 0 to 100, for example 90%".to_owned())
}

/// Some storages, or all of them.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// Names of storages [default: asked for]
    pub(crate) names: Vec<String>,
    /// Every Box storage in rclone.conf
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage verify --all")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Also write a small file, read it back and delete it
    #[arg(long)]
    pub(crate) check_write: bool,
    /// Rehearse a backup and its restore: upload 8 MiB, list, download, compare and delete it; Box keeps it in the trash for a while
    #[arg(long)]
    pub(crate) restore: bool,
    /// With --restore: also a file above upload_cutoff, which goes up in parts
    #[arg(long, requires = "restore")]
    pub(crate) large: bool,
    /// Also renew each sign-in now, and save it: proves that it can be renewed
    #[arg(long)]
    pub(crate) renew: bool,
    /// How many storages to try at the same time [default: 8, and 64 where one rclone can list them all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
    /// Fail where an unused sign-in would end within this time, for example 14d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) fail_within: Option<Duration>,
    /// Fail (exit 1, storage_full) where more of the account's space is used, for example 90%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) fail_above: Option<u8>,
    /// How long rclone may take for each storage [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage refresh --all --if-within 20m")]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Do nothing while the access token lives longer than this, for example 20m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) if_within: Option<Duration>,
    /// Print a timer that refreshes these storages, or all, ready to install; it carries the flags and variables of this run
    #[arg(long, value_name = "KIND", value_enum)]
    pub(crate) print_timer: Option<TimerKind>,
    /// How long to try again while Box or the network does not answer; 0s: not at all
    #[arg(long, value_name = "DURATION", value_parser = any_duration, default_value = WAIT)]
    pub(crate) wait: Duration,
    /// How long rclone may take for each storage [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimerKind {
    Systemd,
    Cron,
    Launchd,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage authorize \"Box Backups\" --token-file token.txt")]
pub(crate) struct Authorize {
    /// The storage's name [default: asked for]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) sign_in: SignInFlags,
    #[command(flatten)]
    pub(crate) proof: ProofFlags,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage edit \"Box Backups\" --root-folder-id 123")]
pub(crate) struct Edit {
    /// The storage's name [default: asked for]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) options: OptionFlags,
    /// Take an option out, by its key in rclone.conf
    #[arg(long, value_name = "KEY", value_parser = option_key())]
    pub(crate) unset: Vec<String>,
    #[command(flatten)]
    pub(crate) proof: ProofFlags,
}

/// The options that `--unset` takes.
const OPTION_KEYS: [&str; 11] = [
    "root_folder_id",
    "upload_cutoff",
    "commit_retries",
    "list_chunk",
    "owned_by",
    "impersonate",
    "box_sub_type",
    "auth_url",
    "token_url",
    "encoding",
    "description",
];

/// Also spelled as the flag is.
fn option_key() -> impl TypedValueParser<Value = String> {
    let keys = OPTION_KEYS.map(|key| PossibleValue::new(key).alias(key.replace('_', "-")));
    PossibleValuesParser::new(keys).map(|key| key.replace('-', "_"))
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage export \"Box Backups\" --format toml")]
pub(crate) struct Export {
    /// The storage's name
    pub(crate) name: String,
    /// What to print
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// Remove it here once it is printed; the only way for a sign-in whose token works once
    #[arg(long)]
    pub(crate) r#move: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Variables for rclone
    Env,
    /// A file for pluton apply, secrets by reference
    Toml,
    /// The section as it stands in rclone.conf
    Rclone,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage rename Box \"Box Backups\"")]
pub(crate) struct Rename {
    /// The storage's name [default: asked for]
    pub(crate) old: Option<String>,
    /// Its new name [default: asked for]
    pub(crate) new: Option<String>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage remove \"Old Box\" --revoke")]
pub(crate) struct Remove {
    /// Names of storages [default: asked for]
    pub(crate) names: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Also end the sign-in at Box
    #[arg(long)]
    pub(crate) revoke: bool,
    /// Remove it although other remotes refer to it
    #[arg(long)]
    pub(crate) force: bool,
}
