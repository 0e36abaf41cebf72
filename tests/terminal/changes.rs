//! Changing an existing storage by answering questions.

use box_sandbox::{AppSpec, RCLONE_CLIENT_ID};

use crate::desk::{BROWSER, Desk, OPTIONS, PASTE, SIGN_IN};
use crate::session::{ENTER, Session};

fn desk(keys: &str) -> Desk {
    let desk = Desk::new();
    let token = desk.sandbox.mint(RCLONE_CLIENT_ID).blob();
    desk.home.write_config(&format!("[Box]\ntype = box\ntoken = {token}\n{keys}"));
    desk
}

fn storage(desk: &Desk, args: &[&str]) -> Session {
    desk.pluton(&[&["storage"], args].concat(), 100)
}

#[test]
fn the_form_of_edit_shows_what_is_there_and_enter_keeps_it() {
    let desk = desk("list_chunk = 500\ndescription = mine\nowned_by = a@b.c\n");
    let folder = desk.sandbox.create_folder("0", "Team Backups");
    let mut session = storage(&desk, &["edit", "Box"]);
    session.chooses(OPTIONS, "Root folder").chooses("Root folder\n", "Choose it from a list");
    session.chooses("Folders\n", "Team Backups").chooses("Folders / Team Backups\n", "Use this one");
    session.chooses(OPTIONS, "Listing page size");
    let page_size = "Listing page size [500]: ";
    session.answers(page_size, "0").sees("1 to 1000").answers(page_size, "-");
    session.sets("Only files owned by", "-").sets("Description", "").chooses(OPTIONS, "Save");
    session.ends().with(0).shows("Saved the changes to [Box]");
    let dump = desk.home.dump();
    let section = &dump["Box"];
    assert_eq!((&section["root_folder_id"], &section["description"]), (&folder.into(), &"mine".into()));
    assert!(
        section["list_chunk"].is_null() && section["owned_by"].is_null() && section["encoding"].is_null(),
        "{dump}"
    );
    desk.holds_a_live_token("Box");
}

#[test]
fn a_form_that_changes_nothing_asks_box_nothing() {
    let desk = desk("list_chunk = 500\n");
    let before = desk.home.config_text();
    let mut session = storage(&desk, &["edit", "Box"]);
    session.sets("Description", "").chooses(OPTIONS, "Save");
    session.ends().with(0).shows("Unchanged");
    assert_eq!((desk.home.config_text(), desk.sandbox.requests().len()), (before, 0));
}

#[test]
fn remove_asks_and_enter_means_no() {
    let desk = desk("");
    let before = desk.home.config_text();
    let mut session = storage(&desk, &["remove", "Box"]);
    session.sees("Remove \"Box\" from ~/.config/rclone/rclone.conf? [y/N]").types(ENTER);
    session.ends().with(0).shows("Not removed");
    assert_eq!(desk.home.config_text(), before);
    let mut session = storage(&desk, &["remove", "Box"]);
    session.answers("[y/N]", "y");
    session.ends().with(0).shows("Removed [Box]");
    assert!(!desk.home.config_text().contains("[Box]"));
}

#[test]
fn authorize_asks_only_how_to_sign_in() {
    let desk = desk("list_chunk = 500\n");
    let token = desk.token();
    let mut session = storage(&desk, &["authorize", "Box"]);
    session
        .chooses(SIGN_IN, "Quick connect")
        .chooses(BROWSER, "No")
        .sees(PASTE)
        .types(&token.block().replace('\n', "\r"));
    session.answers("Advanced options", "n").answers("Make it private? [y/N]", "y");
    session.ends().with(0).shows("Saved the new sign-in of [Box]").never_showed(&token.refresh);
    assert_eq!(desk.home.dump()["Box"]["list_chunk"], "500");
    desk.holds_a_live_token("Box");
}

#[test]
fn a_user_is_named_by_login_in_the_menu_and_corrected_there() {
    let desk = Desk::new();
    let app = desk.sandbox.jwt_app_with(AppSpec { manage_users: true, ..AppSpec::default() });
    let keys = format!("box_config_file = {}\nbox_sub_type = enterprise\n", app.config_file.display());
    desk.home.write_config(&format!("[Box]\ntype = box\n{keys}"));
    let mut session = storage(&desk, &["edit", "Box"]);
    session.sets("Act as user", "nobody@example.com").chooses(OPTIONS, "Save");
    session.sees("nobody@example.com").chooses("What now?\n", "Change the options");
    session.sets("Act as user", "person@example.com").chooses(OPTIONS, "Save");
    session.ends().with(0).shows("Saved the changes to [Box]");
    assert_eq!(desk.home.dump()["Box"]["impersonate"], app.user_id.as_str());
}
