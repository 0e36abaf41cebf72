//! Signed in, but Box does not allow it, or there is no such thing or no room.

use super::super::{Facts, Operation};
use super::{ADMIN_APPS, CONSOLE, app_of, other_option, without_option, you};
use crate::error::{Code, Error, Field, Remedy};
use crate::scrub::clean;
use crate::storage::sign_in::Kind;
use crate::ui::report::size;

const ROOT_FOLDER: Field = Field::Option("root_folder_id");
const IMPERSONATE: Field = Field::Option("impersonate");

pub(super) fn scope(asked: &Operation<'_>) -> Error {
    let app = app_of(asked);
    if asked.sign_in == Kind::Quick && asked.client_id.is_none() {
        let again = if asked.is_saved {
            Remedy::with_command(
                "sign in again with a token that is not narrowed down",
                format!("pluton storage authorize {:?}", asked.storage),
            )
        } else {
            "make a new token with `rclone authorize \"box\"`, and use it as it is".into()
        };
        return you(
            Code::InsufficientScope,
            "this token may not do this: it was narrowed down, or your enterprise lets apps only read",
        )
        .hint(again)
        .hint_command("use an app of your own, whose scopes you can see", "pluton help own-app");
    }
    let error = you(Code::InsufficientScope, format!("{app} may not do this: its scopes are too narrow")).hint(format!(
        "in {CONSOLE}, your app, Configuration, Application Scopes, tick \"Read and write all files and folders stored in Box\" and \
         click Save Changes"
    ));
    match (asked.is_unattended(), asked.is_saved) {
        (true, true) => error
            .hint(authorize_again())
            .hint_command("then get a new token", format!("pluton storage refresh {:?}", asked.storage)),
        (true, false) => error.hint(authorize_again()),
        (false, true) => error.hint_command(
            "then sign in again, since a token keeps its scopes",
            format!("pluton storage authorize {:?}", asked.storage),
        ),
        (false, false) => error.hint("then make a new token: one keeps the scopes it was made with"),
    }
}

pub(super) fn authorize_again() -> String {
    format!("then have your Box admin authorize the app again: {ADMIN_APPS}")
}

pub(super) fn not_allowed(asked: &Operation<'_>, facts: &Facts) -> Error {
    let who = login(facts).unwrap_or_else(|| "this account".to_owned());
    you(Code::PermissionDenied, format!("{who} may not use {}", folder(asked)))
        .hint(format!("ask the folder's owner to invite {who} with the role Editor"))
        .hint_command("use another folder", other_option(asked, "--root-folder-id", "ID"))
        .about(ROOT_FOLDER)
}

pub(super) fn may_not_impersonate(asked: &Operation<'_>) -> Error {
    let user = asked.impersonate.unwrap_or("another user");
    let error = you(Code::PermissionDenied, format!("Box does not let this sign-in act as user {user}"));
    let error = if asked.is_unattended() {
        error.hint(format!(
            "in {CONSOLE}, your app, Configuration, choose App + Enterprise Access, and under Advanced Features tick \"Make API calls \
             using the as-user header\" and \"Generate user access tokens\""
        )).hint(authorize_again())
    } else {
        let why = "only a service account or an admin can act as others";
        match without_option(asked, "impersonate") {
            Remedy { command: Some(command), .. } => error.hint_command(why, command),
            Remedy { text, .. } => error.hint(format!("{why}: {text}")),
        }
    };
    error.hint(format!("if that user may not use {}, choose another folder", folder(asked))).about(IMPERSONATE)
}

pub(super) fn unknown_user(asked: &Operation<'_>) -> Error {
    let user = asked.impersonate.unwrap_or("of this ID");
    you(Code::PermissionDenied, format!("Box finds no user {user} that this sign-in may act as"))
        .hint("check the user's ID: the number at the end of its page in Admin Console > Users & Groups")
        .hint(without_option(asked, "impersonate"))
        .about(IMPERSONATE)
}

pub(super) fn not_found(asked: &Operation<'_>, facts: &Facts) -> Error {
    let error = you(
        Code::FolderNotFound,
        format!(
            "{} is not there, or is not shared with {}",
            folder(asked),
            login(facts).unwrap_or("this account".into())
        ),
    );
    let check = Remedy::with_command(
        "check the ID, the number at the end of the folder's address in the browser",
        other_option(asked, "--root-folder-id", "ID"),
    );
    let error = match (asked.is_unattended(), login(facts)) {
        (true, Some(login)) => error
            .hint(format!("a service account sees only its own files: share the folder with {login}, role Editor"))
            .hint(check),
        (true, None) => error
            .hint("a service account sees only its own files: share the folder with its login, role Editor")
            .hint(check),
        (false, _) => error.hint(check).hint("ask the folder's owner to share it with this account, role Editor"),
    };
    error.about(ROOT_FOLDER)
}

pub(super) fn in_trash(asked: &Operation<'_>) -> Error {
    you(Code::FolderNotFound, format!("{} is in Box's trash", folder(asked)))
        .hint("restore it: https://app.box.com/trash")
        .hint_command("use another folder", other_option(asked, "--root-folder-id", "ID"))
        .about(ROOT_FOLDER)
}

/// A service account has no web page of its own to empty its trash on.
fn empty_trash(asked: &Operation<'_>) -> Remedy {
    if asked.is_unattended() {
        Remedy::with_command(
            "empty the trash with rclone 1.71.1 or newer",
            format!("rclone cleanup '{}:'", asked.storage.replace('\'', "'\\''")),
        )
    } else {
        "empty the trash, https://app.box.com/trash, or delete files in Box".into()
    }
}

pub(super) fn full(asked: &Operation<'_>, facts: &Facts) -> Error {
    let room = facts.account.as_ref().and_then(|account| account.space_used.zip(account.space_amount));
    let room = room.map_or(String::new(), |(used, space)| format!(", {} of {} used", size(used), size(space)));
    let error = you(Code::StorageFull, format!("the Box account is full{room}; files in the trash count too"))
        .hint(empty_trash(asked));
    match login(facts).filter(|_| asked.is_unattended()) {
        Some(login) => error.hint_command(
            format!("use the space of someone else: share a folder with {login}, and then use it"),
            other_option(asked, "--root-folder-id", "ID"),
        ),
        None => error.hint("ask your Box admin for more space"),
    }
}

pub(super) fn too_large(facts: &Facts) -> Error {
    let most = facts.account.as_ref().and_then(|account| account.max_upload_size);
    let most = most.map_or(String::new(), |most| format!(" ({} for this account)", size(most)));
    you(Code::FileTooLarge, format!("the file is larger than the Box plan of the folder's owner allows{most}"))
        .hint("use a backup program that writes small files (restic and kopia do), or rclone's chunker: https://rclone.org/chunker/")
        .hint_command("see what each plan allows", "pluton help limits")
}

pub(super) fn folder(asked: &Operation<'_>) -> String {
    asked.root_folder.map_or("the root folder".to_owned(), |id| format!("folder {id}"))
}

fn login(facts: &Facts) -> Option<String> {
    facts.account.as_ref().map(|account| clean(&account.login))
}
