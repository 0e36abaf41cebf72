//! Errors after a successful sign-in: no permission, no such folder, or no space.

use box_sandbox::{App, AppSpec};

use crate::case::{Case, side_by_side};
use crate::support::Ran;
use crate::world::{World, error_of_box};

fn service_account(world: &mut World, args: &[&str]) -> (App, Ran) {
    let app = world.sandbox.jwt_app();
    world.name(&app.service_user_id, "SERVICE_ACCOUNT");
    world.name(&app.client_id, "CLIENT_ID");
    let file = app.config_file.to_str().expect("UTF-8");
    let ran = world.pluton(&[&["storage", "add", "box", "work", "--box-config-file", file], args].concat());
    (app, ran)
}

#[test]
fn the_app_may_only_read() {
    Case::new("scope_missing", 7, "insufficient_scope").run(|world| {
        let app = world.sandbox.app(AppSpec { read_only: true, ..AppSpec::default() });
        world.name(&app.client_id, "CLIENT_ID");
        let token = world.sandbox.mint(&app.client_id);
        world.add_own(&token, &app.client_id, &app.client_secret, &["--check-write", "--no-refresh-check"])
    });
}

#[test]
fn the_account_may_not() {
    Case::new("permission_denied", 7, "permission_denied").run(|world| {
        world.box_says(403, "access_denied_insufficient_permissions", "Access denied - insufficient permission");
        world.list(&["--root-folder-id", "4711"])
    });
}

#[test]
fn the_enterprise_forbids_it() {
    side_by_side(&[
        &|| {
            Case::new("location_blocked", 7, "permission_denied").run(|world| {
                world.box_says(
                    403,
                    "access_from_location_blocked",
                    "You're attempting to log in from a location that is blocked",
                );
                world.list(&[])
            });
        },
        &|| {
            Case::new("policy_blocked", 7, "permission_denied").run(|world| {
                world.box_says(403, "forbidden_by_policy", "Forbidden by policy");
                world.list(&[])
            });
        },
    ]);
}

#[test]
fn the_folder_is_not_there() {
    side_by_side(&[
        &|| {
            Case::new("folder_missing", 7, "folder_not_found").run(|world| world.list(&["--root-folder-id", "4711"]));
        },
        &|| {
            Case::new("folder_missing_saved", 7, "folder_not_found").run(|world| {
                let token = world.token();
                world.verify(&format!("root_folder_id = 4711\ntoken = {}", token.blob()))
            });
        },
    ]);
}

#[test]
fn the_folder_is_not_shared_with_the_service_account() {
    Case::new("folder_not_shared", 7, "folder_not_found").run(|world| {
        let folder = world.sandbox.create_folder("0", "Mine");
        let (app, ran) = service_account(world, &["--root-folder-id", &folder]);
        world.sandbox.share(&folder, &app.service_user_id);
        let file = app.config_file.to_str().expect("UTF-8");
        let again = ["storage", "add", "box", "again", "--box-config-file", file, "--root-folder-id", &folder];
        world.home.pluton(&again).ok();
        ran
    });
}

#[test]
fn the_folder_is_in_the_trash() {
    Case::new("folder_in_trash", 7, "folder_not_found").run(|world| {
        let folder = world.sandbox.create_folder("0", "Old");
        world.sandbox.trash(&folder);
        world.list(&["--root-folder-id", &folder])
    });
}

/// Debian's rclone has no such option; what it ignores is refused before it is asked.
#[test]
fn it_may_not_act_as_another() {
    side_by_side(&[
        &|| {
            Case::new("impersonate_refused", 7, "permission_denied")
                .newest_only()
                .run(|world| world.list(&["--impersonate", "42"]));
        },
        &|| {
            Case::new("impersonate_refused_saved", 7, "permission_denied").newest_only().run(|world| {
                let token = world.token();
                world.verify(&format!("impersonate = 42\ntoken = {}", token.blob()))
            });
        },
        &|| {
            Case::new("impersonate_unknown_user", 7, "permission_denied")
                .newest_only()
                .run(|world| service_account(world, &["--impersonate", "42"]).1);
        },
        &|| {
            Case::new("impersonate_not_enabled", 7, "permission_denied").newest_only().run(|world| {
                world.box_says(
                    403,
                    "access_denied_insufficient_permissions",
                    "Access denied - insufficient permission",
                );
                service_account(world, &["--impersonate", "42"]).1
            });
        },
    ]);
}

#[test]
fn the_account_is_full() {
    Case::new("storage_full", 1, "storage_full").run(|world| {
        let account = world.sandbox.account();
        world.sandbox.set_account(box_sandbox::Account { space_used: account.space_amount, ..account });
        world.list(&["--check-write"])
    });
}

#[test]
fn the_file_is_too_large() {
    Case::new("file_too_large", 1, "file_too_large").run(|world| {
        let account = world.sandbox.account();
        world.sandbox.set_account(box_sandbox::Account { max_upload_size: 16, ..account });
        world.list(&["--check-write"])
    });
}

#[test]
fn the_name_is_taken() {
    Case::new("name_in_use", 1, "unknown").run(|world| {
        let words = "Item with the same name already exists";
        world.sandbox.fault(error_of_box("POST", "/api/2.0/files/content", 409, "item_name_in_use", words));
        world.list(&["--check-write"])
    });
}
