//! `pluton storage …`: its subcommands, and the flags that several of them share. Declarations only, like
//! [`crate::cli`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgMatches, Args, Command as Clap, FromArgMatches, Subcommand, ValueEnum, ValueHint};

use super::{WAIT, any_duration, duration, with_unit};
use crate::storage::options::{SPECS, Spec};

#[derive(Debug, Subcommand)]
pub(crate) enum Storage {
    /// Connect a new storage, and verify that it works
    #[command(subcommand, before_help = "Example: pluton storage add box")]
    Add(Add),
    /// List the Box storages in rclone.conf
    #[command(before_help = "Example: pluton storage list")]
    List,
    /// Show a storage: its sign-in, its options, and when its token expires
    Show(Show),
    /// Check that storages still work
    Verify(Verify),
    /// Get new access tokens, for example from a timer
    Refresh(Refresh),
    /// Sign in again, keeping the storage's options
    #[command(alias = "reconnect")]
    Authorize(Box<Authorize>),
    /// Change a storage's options
    Edit(Box<Edit>),
    /// Rename a storage, also where other remotes refer to it
    Rename(Rename),
    /// Remove storages from rclone.conf; nothing in Box is deleted
    #[command(alias = "delete")]
    Remove(Remove),
    /// Print a storage for a container, another host or an apply file
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
    /// Name of the storage, and of the remote in rclone.conf [default: prompt]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) sign_in: SignInFlags,
    #[command(flatten)]
    pub(crate) options: OptionFlags,
    #[command(flatten)]
    pub(crate) proof: ProofFlags,
    /// Sign in with the browser here, but verify and save the storage on another machine over ssh; pluton must be installed there too
    #[arg(long, value_name = "USER@HOST", value_hint = ValueHint::Hostname, help_heading = "Saving")]
    #[arg(conflicts_with_all = ["token", "token_file", "access_token", "access_token_file", "box_config_file", "client_credentials", "box_subject", "dry_run"])]
    pub(crate) on: Option<String>,
    /// Replace the remote of this name, once the new one is verified
    #[arg(long, help_heading = "Saving")]
    pub(crate) force: bool,
    /// If rclone cannot renew the sign-in, install a systemd or cron timer that does
    #[arg(long, help_heading = "Saving")]
    pub(crate) install_timer: bool,
    /// Check the answers and show what would be saved, without contacting Box or writing anything
    #[arg(long, help_heading = "Saving")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage show \"Box Backups\"")]
pub(crate) struct Show {
    /// Name of the storage [default: prompt]
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
    /// Names of the storages [default: prompt]
    pub(crate) names: Vec<String>,
    /// All Box storages in rclone.conf
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
    /// Rehearse a backup and a restore: upload 8 MiB, list, download, compare and delete it; Box keeps it in the trash for a while
    #[arg(long)]
    pub(crate) restore: bool,
    /// With --restore, also a file above upload_cutoff, uploaded in parts
    #[arg(long, requires = "restore")]
    pub(crate) large: bool,
    /// Also renew each sign-in now and save it, to prove that it can be renewed
    #[arg(long)]
    pub(crate) renew: bool,
    /// How many storages to check at the same time [default: 8, or 64 if one rclone can list them all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,
    /// Fail if a sign-in expires within this time unless it is used, for example 14d
    #[arg(long, value_name = "DURATION", value_parser = with_unit)]
    pub(crate) fail_within: Option<Duration>,
    /// Fail (exit 1, storage_full) if more of the account's space is used, for example 90%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) fail_above: Option<u8>,
    /// Time limit for rclone, for each storage [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage refresh --all --if-within 20m")]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Refresh only access tokens that expire within this time, for example 20m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) if_within: Option<Duration>,
    /// Print a timer that refreshes these storages, or all of them, with the flags and variables of this run
    #[arg(long, value_name = "KIND", value_enum)]
    pub(crate) print_timer: Option<TimerKind>,
    /// How long to retry while Box or the network does not answer; 0s: never
    #[arg(long, value_name = "DURATION", value_parser = any_duration, default_value = WAIT)]
    pub(crate) wait: Duration,
    /// Time limit for rclone, for each storage [default: 60s]
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
    /// Name of the storage [default: prompt]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) sign_in: SignInFlags,
    #[command(flatten)]
    pub(crate) proof: ProofFlags,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage edit \"Box Backups\" --root-folder-id 123")]
pub(crate) struct Edit {
    /// Name of the storage [default: prompt]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) options: OptionFlags,
    /// Clear an option, by its key in rclone.conf
    #[arg(long, value_name = "KEY", value_parser = option_key())]
    pub(crate) unset: Vec<String>,
    #[command(flatten)]
    pub(crate) proof: ProofFlags,
}

/// Also spelled as the flag is.
fn option_key() -> impl TypedValueParser<Value = String> {
    let keys = SPECS.iter().map(|spec| PossibleValue::new(spec.key).alias(spec.flag()));
    PossibleValuesParser::new(keys).map(|key| key.replace('-', "_"))
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage export \"Box Backups\" --format toml")]
pub(crate) struct Export {
    /// Name of the storage
    pub(crate) name: String,
    /// Output format
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// Remove the storage here once it is printed; required where its token works only once
    #[arg(long)]
    pub(crate) r#move: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Environment variables for rclone
    Env,
    /// A file for pluton apply, with secrets by reference
    Toml,
    /// The section as it is in rclone.conf
    Rclone,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage rename Box \"Box Backups\"")]
pub(crate) struct Rename {
    /// Current name [default: prompt]
    pub(crate) old: Option<String>,
    /// New name [default: prompt]
    pub(crate) new: Option<String>,
}

#[derive(Debug, Args)]
#[command(before_help = "Example: pluton storage remove \"Old Box\" --revoke")]
pub(crate) struct Remove {
    /// Names of the storages [default: prompt]
    pub(crate) names: Vec<String>,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Also revoke the sign-in at Box
    #[arg(long)]
    pub(crate) revoke: bool,
    /// Remove a storage even if other remotes refer to it
    #[arg(long)]
    pub(crate) force: bool,
}

/// How to sign in.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sign-in")]
pub(crate) struct SignInFlags {
    /// Client ID of your own Box app [env: PLUTON_BOX_CLIENT_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Its client secret; other users can see it in the process list, so prefer --client-secret-file [env: PLUTON_BOX_CLIENT_SECRET]
    #[arg(long, value_name = "SECRET", conflicts_with = "client_secret_file")]
    pub(crate) client_secret: Option<String>,
    /// File with the client secret; - reads standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Output of `rclone authorize`; other users can see it in the process list, so prefer --token-file [env: PLUTON_BOX_TOKEN]
    #[arg(long, value_name = "BLOB", conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
    /// File with the output of `rclone authorize`; - reads standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    /// Developer or app token, valid for 60 minutes [env: PLUTON_BOX_ACCESS_TOKEN]
    #[arg(long, value_name = "TOKEN", conflicts_with = "access_token_file")]
    pub(crate) access_token: Option<String>,
    /// File with the access token; - reads standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) access_token_file: Option<PathBuf>,
    /// Sign in with a browser on this machine
    #[arg(long, conflicts_with_all = ["token", "token_file"])]
    pub(crate) authorize: bool,
    /// Print the link instead of opening a browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Sign in as a service account, with the Box app's config.json (JWT)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) box_config_file: Option<PathBuf>,
    /// Sign in as the app itself, with its client ID and secret
    #[arg(long)]
    pub(crate) client_credentials: bool,
    /// Who to act as with client credentials: enterprise:ID or user:ID
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) box_subject: Option<String>,
}

/// The options that were given, by their keys in rclone.conf. Their flags are made from the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct OptionFlags(pub(crate) BTreeMap<&'static str, String>);

impl FromArgMatches for OptionFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |spec: &Spec| Some((spec.key, matches.get_one::<String>(spec.key)?.clone()));
        Ok(Self(SPECS.iter().filter_map(value).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}

impl Args for OptionFlags {
    fn augment_args(command: Clap) -> Clap {
        command.args(SPECS.iter().map(|spec| {
            let arg = Arg::new(spec.key).long(spec.flag()).value_name(spec.value_name);
            let arg = if spec.is_closed { arg.value_parser(spec.examples.to_vec()) } else { arg };
            arg.help(format!("{} [default: {}]", spec.help, spec.default)).help_heading("Storage options")
        }))
    }

    fn augment_args_for_update(command: Clap) -> Clap {
        Self::augment_args(command)
    }
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Verification")]
pub(crate) struct ProofFlags {
    /// Skip the test renewal of the token
    #[arg(long)]
    pub(crate) no_refresh_check: bool,
    /// Also write a small file, read it back and delete it
    #[arg(long)]
    pub(crate) check_write: bool,
    /// Save without contacting Box
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Time limit for rclone, for example 90s or 5m [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}
