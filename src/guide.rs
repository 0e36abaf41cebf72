//! What a person has to do outside of Pluton: in Box's Developer Console, and on a machine with a browser.
//!
//! Lines that are indented by four spaces are for copying and are never folded.

mod recipes;
mod topics;

pub(crate) use topics::{TOPICS, topic};

/// The address that rclone's own small server waits at.
const REDIRECT_URI: &str = "http://127.0.0.1:53682/";

pub(crate) fn own_app() -> String {
    format!(
        "You need a Box app of your own. To make one, open\n\
         \n\
         \x20   https://app.box.com/developers/console\n\
         \n\
         \x20 1. Choose Create Platform App, Custom App, User Authentication (OAuth 2.0).\n\
         \x20 2. On the Configuration tab, add this OAuth 2.0 Redirect URI:\n\
         \n\
         \x20       {REDIRECT_URI}\n\
         \n\
         \x20 3. Under Application Scopes, tick \"Read and write all files and folders stored in Box\".\n\
         \x20 4. Click Save Changes.\n\
         \n\
         The client ID and the client secret are on the same tab, under OAuth 2.0 Credentials."
    )
}

pub(crate) fn service_account() -> &'static str {
    "You need a Box app of the type Server Authentication (with JWT) that a Box admin has authorized, and its \
     config.json. The Developer Console makes that file: your app, Configuration, Add and Manage Public Keys, \
     Generate a Public/Private Keypair."
}

pub(crate) fn client_credentials() -> &'static str {
    "You need a Box app of the type Server Authentication (Client Credentials Grant) that a Box admin has \
     authorized. Its client ID and secret are in the Developer Console under Configuration, its enterprise ID \
     under General Settings."
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
