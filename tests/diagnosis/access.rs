//! Errors after a successful sign-in: no permission, no such folder, or no space.

use box_sandbox::{Account, AppSpec};

use crate::case::{case, check};
use crate::scene::Scene;
use crate::support::Machine;

const DENIED: (u16, &str, &str) =
    (403, "access_denied_insufficient_permissions", "Access denied - insufficient permission");

fn denied(m: &Scene) {
    m.box_says(DENIED.0, DENIED.1, DENIED.2);
}

#[test]
fn the_app_or_the_account_may_not_or_the_enterprise_forbids_it() {
    check([
        case("scope_missing", 7, "insufficient_scope", |m| {
            let app = m.app(AppSpec { read_only: true, ..AppSpec::default() });
            let token = m.sandbox.mint(&app.client_id);
            m.add_own(&token, &app.client_id, &app.client_secret, "--check-write --no-refresh-check")
        }),
        case("permission_denied", 7, "permission_denied", |m| {
            denied(m);
            m.list("--root-folder-id 4711")
        }),
        case("location_blocked", 7, "permission_denied", |m| {
            let words = "You're attempting to log in from a location that is blocked";
            m.box_says(403, "access_from_location_blocked", words);
            m.list("")
        }),
        case("policy_blocked", 7, "permission_denied", |m| {
            m.box_says(403, "forbidden_by_policy", "Forbidden by policy");
            m.list("")
        }),
    ]);
}

#[test]
fn the_folder_is_not_there_not_shared_or_in_the_trash() {
    check([
        case("folder_missing", 7, "folder_not_found", |m| m.list("--root-folder-id 4711")),
        case("folder_missing_saved", 7, "folder_not_found", |m| m.verify_token(&m.mint(), "root_folder_id = 4711\n")),
        case("folder_not_shared", 7, "folder_not_found", |m| {
            let folder = m.sandbox.create_folder("0", "Mine");
            let app = m.jwt_app(AppSpec::default());
            let ran = m.add_jwt(&app, ["--root-folder-id", &folder]);
            m.sandbox.share(&folder, &app.service_user_id);
            Machine::add_jwt(m, &app, ["again", "--root-folder-id", &folder]).ok();
            ran
        }),
        case("folder_in_trash", 7, "folder_not_found", |m| {
            let folder = m.sandbox.create_folder("0", "Old");
            m.sandbox.trash(&folder);
            m.list(["--root-folder-id", &folder])
        }),
    ]);
}

/// Debian's rclone has no such option; what it ignores is refused before it is asked.
#[test]
fn it_may_not_act_as_another() {
    check([
        case("impersonate_refused", 7, "permission_denied", |m| m.list("--impersonate 42")).newest_only(),
        case("impersonate_refused_saved", 7, "permission_denied", |m| m.verify_token(&m.mint(), "impersonate = 42\n"))
            .newest_only(),
        case("impersonate_unknown_user", 7, "permission_denied", |m| {
            let app = m.jwt_app(AppSpec::default());
            m.add_jwt(&app, "--impersonate 42")
        })
        .newest_only(),
        case("impersonate_not_enabled", 7, "permission_denied", |m| {
            denied(m);
            let app = m.jwt_app(AppSpec::default());
            m.add_jwt(&app, "--impersonate 42")
        })
        .newest_only(),
    ]);
}

#[test]
fn the_account_is_full_the_file_too_large_or_its_name_taken() {
    check([
        case("storage_full", 1, "storage_full", |m| {
            let account = m.sandbox.account();
            m.sandbox.set_account(Account { space_used: account.space_amount, ..account });
            m.list("--check-write")
        }),
        case("file_too_large", 1, "file_too_large", |m| {
            let account = m.sandbox.account();
            m.sandbox.set_account(Account { max_upload_size: 16, ..account });
            m.list("--check-write")
        }),
        case("name_in_use", 1, "unknown", |m| {
            m.upload_says(409, "item_name_in_use", "Item with the same name already exists");
            m.list("--check-write")
        }),
    ]);
}
