//! What a person has to do outside of Pluton: in Box's Developer Console, and on a machine with a browser.
//!
//! Lines that are indented by four spaces are for copying and are never folded.

mod errors;
mod recipes;
mod topics;

pub(crate) use errors::CODES;
pub(crate) use topics::{TOPICS, topic};

/// Where an admin lets apps in. Box has renamed it.
const ADMIN_APPS: &str = "Admin Console, Platform, Platform Apps (formerly Integrations, Platform Apps Manager),";

/// What `pluton` alone says.
pub(crate) const START: &str = "\
Connects a Box account (box.com) as a storage for backups, through rclone.

  pluton storage add box  connect a storage, step by step
  pluton storage list     see what is connected
  pluton doctor           find what could break a backup

  pluton --help           every command and the global options
  pluton help TOPIC       guides: own-app, headless, limits, ci and others";

/// The address that rclone's own small server waits at.
const REDIRECT_URI: &str = "http://127.0.0.1:53682/";

pub(crate) fn own_app() -> String {
    format!(
        "You need a Box app of your own. To make one, open\n\
         \n\
         \x20   https://app.box.com/developers/console\n\
         \n\
         \x20 1. Choose Platform Apps, New App (formerly Create Platform App, Custom App).\n\
         \x20 2. As the app type, choose User Authentication (OAuth 2.0).\n\
         \x20 3. On the Configuration tab, add this OAuth 2.0 Redirect URI:\n\
         \n\
         \x20       {REDIRECT_URI}\n\
         \n\
         \x20 4. Under Application Scopes, tick \"Read and write all files and folders stored in Box\".\n\
         \x20 5. Click Save Changes.\n\
         \n\
         The client ID and the client secret are on the same tab, under OAuth 2.0 Credentials. Box shows\n\
         the secret only to an account with 2-factor authentication. If your enterprise allows listed apps\n\
         only, a Box admin enables the app in the {ADMIN_APPS} User Authentication Apps, Add +."
    )
}

pub(crate) fn service_account() -> &'static str {
    "You need a Box app of the type Server Auth - JWT (formerly Server Authentication with JWT) that a Box admin has \
     authorized, and its config.json. The Developer Console makes that file: your app, Configuration, Add and Manage \
     Public Keys, Generate a Public/Private Keypair. Box asks for 2-factor authentication before that."
}

pub(crate) fn client_credentials() -> &'static str {
    "You need a Box app of the type Server Authentication (Client Credentials Grant) that a Box admin has \
     authorized. Its client ID and secret are in the Developer Console under Configuration, its enterprise ID \
     under General Settings. Box shows the secret only to an account with 2-factor authentication."
}

pub(crate) fn subject() -> &'static str {
    "enterprise:ID is the app's own service account, which has files of its own. user:ID is one person."
}

pub(crate) fn access_token() -> &'static str {
    "A developer token ends after 60 minutes and cannot be renewed, so it is good for a short look only. \
     The Developer Console makes one: your app, Configuration, Generate Developer Token."
}

pub(crate) fn other_machine(client_id: Option<&str>) -> String {
    let command = match client_id {
        Some(id) => format!("rclone authorize \"box\" \"{id}\" \"<client secret>\""),
        None => "rclone authorize \"box\"".to_owned(),
    };
    format!("On a machine with a browser and rclone, run\n\n    {command}\n\nand sign in to Box there.")
}

/// `server` is this machine's address as the other one knows it.
pub(crate) fn forwarded_port(server: Option<&str>) -> String {
    let host = server.unwrap_or("<this machine>");
    format!(
        "If the browser is on another machine, run this there first, and leave it open:\n\
         \n\
         \x20   ssh -L 53682:127.0.0.1:53682 {host}"
    )
}
