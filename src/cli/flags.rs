//! Flags that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueHint};

use super::duration;

/// How to sign in.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signing in")]
pub(crate) struct SignInFlags {
    /// Your own Box app's client ID [env: PLUTON_BOX_CLIENT_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Its client secret; other users can see it in the process list, so rather use a file [env: PLUTON_BOX_CLIENT_SECRET]
    #[arg(long, value_name = "SECRET", conflicts_with = "client_secret_file")]
    pub(crate) client_secret: Option<String>,
    /// A file that holds the client secret; - reads standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// What `rclone authorize` printed; other users can see it in the process list [env: PLUTON_BOX_TOKEN]
    #[arg(long, value_name = "BLOB", conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
    /// A file that holds what `rclone authorize` printed; - reads standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    /// A developer or app token, good for 60 minutes [env: PLUTON_BOX_ACCESS_TOKEN]
    #[arg(long, value_name = "TOKEN", conflicts_with = "access_token_file")]
    pub(crate) access_token: Option<String>,
    /// A file that holds the access token; - reads standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) access_token_file: Option<PathBuf>,
    /// Sign in through a browser on this machine
    #[arg(long, conflicts_with_all = ["token", "token_file"])]
    pub(crate) authorize: bool,
    /// Show the link instead of opening the browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// A service account: the Box app's config.json (JWT)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) box_config_file: Option<PathBuf>,
    /// Sign in as the app itself, with its client ID and secret
    #[arg(long)]
    pub(crate) client_credentials: bool,
    /// Whom client credentials act for: enterprise:ID or user:ID
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) box_subject: Option<String>,
}

/// Options of the storage, by rclone's own names.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of the storage")]
pub(crate) struct OptionFlags {
    /// The folder to show as the root: its ID, or its address in the browser
    #[arg(long, value_name = "ID|URL")]
    pub(crate) root_folder_id: Option<String>,
    /// Upload files above this size in parts; at least 50 MB [rclone's default: 50Mi]
    #[arg(long, value_name = "SIZE")]
    pub(crate) upload_cutoff: Option<String>,
    /// How often to try to finish an upload in parts [rclone's default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) commit_retries: Option<String>,
    /// How many entries a listing asks for at once, 1 to 1000 [rclone's default: 1000]
    #[arg(long, value_name = "N")]
    pub(crate) list_chunk: Option<String>,
    /// Show only what this login owns
    #[arg(long, value_name = "EMAIL", value_hint = ValueHint::EmailAddress)]
    pub(crate) owned_by: Option<String>,
    /// Act as this user, named by numeric ID or login; needs a service account or an admin
    #[arg(long, value_name = "ID|EMAIL")]
    pub(crate) impersonate: Option<String>,
    /// Whom a JWT app signs in as: enterprise (its service account) or user
    #[arg(long, value_name = "TYPE", value_parser = ["enterprise", "user"])]
    pub(crate) box_sub_type: Option<String>,
    /// Where the browser signs in
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) auth_url: Option<String>,
    /// Where tokens are renewed
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) token_url: Option<String>,
    /// Which characters rclone replaces in file names
    #[arg(long, value_name = "LIST")]
    pub(crate) encoding: Option<String>,
    /// A note for yourself
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

impl OptionFlags {
    /// Each option that was set, by its key in rclone.conf.
    pub(crate) fn set(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("root_folder_id", &self.root_folder_id),
            ("upload_cutoff", &self.upload_cutoff),
            ("commit_retries", &self.commit_retries),
            ("list_chunk", &self.list_chunk),
            ("owned_by", &self.owned_by),
            ("impersonate", &self.impersonate),
            ("box_sub_type", &self.box_sub_type),
            ("auth_url", &self.auth_url),
            ("token_url", &self.token_url),
            ("encoding", &self.encoding),
            ("description", &self.description),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Proving that it works")]
pub(crate) struct ProofFlags {
    /// Do not renew the token once to prove that renewing works
    #[arg(long)]
    pub(crate) no_refresh_check: bool,
    /// Also write a small file, read it back and delete it
    #[arg(long)]
    pub(crate) check_write: bool,
    /// Save without asking Box at all
    #[arg(long, action = ArgAction::SetTrue)]
    pub(crate) no_verify: bool,
    /// How long rclone may take, for example 90s or 5m [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}
