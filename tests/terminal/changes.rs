//! Changing an existing storage by answering questions.

use box_sandbox::AppSpec;

use crate::session::{ENTER, OPTIONS};
use crate::support::Machine;

fn with(keys: &str) -> Machine {
    let m = Machine::new();
    let token = m.mint().blob();
    m.write_config(&format!("[Box]\ntype = box\ntoken = {token}\n{keys}"));
    m.chmod(m.config(), 0o644);
    m
}

#[test]
fn the_form_of_edit_shows_what_is_there_and_enter_keeps_it() {
    let m = with("list_chunk = 500\ndescription = mine\nowned_by = a@b.c\n");
    let folder = m.sandbox.create_folder("0", "Team Backups");
    let mut session = m.session("storage edit Box");
    session.chooses(OPTIONS, "Root folder").chooses("Root folder\n", "Choose it from a list");
    session.chooses("Folders\n", "Team Backups").chooses("Folders / Team Backups\n", "Use this one");
    session.chooses(OPTIONS, "Listing page size");
    let page_size = "Listing page size [500]: ";
    session.answers(page_size, "0").sees("1 to 1000").answers(page_size, "-");
    session.sets("Only files owned by", "-").sets("Description", "").chooses(OPTIONS, "Save");
    session.ends().with(0).shows("Saved the changes to [Box]");
    let dump = m.dump();
    let section = &dump["Box"];
    assert_eq!((&section["root_folder_id"], &section["description"]), (&folder.into(), &"mine".into()));
    assert!(
        section["list_chunk"].is_null() && section["owned_by"].is_null() && section["encoding"].is_null(),
        "{dump}"
    );
    m.all_live("Box");
}

#[test]
fn a_form_that_changes_nothing_asks_box_nothing() {
    let m = with("list_chunk = 500\n");
    let before = m.config_text();
    let mut session = m.session("storage edit Box");
    session.sets("Description", "").chooses(OPTIONS, "Save");
    session.ends().with(0).shows("Unchanged");
    assert_eq!((m.config_text(), m.sandbox.requests().len()), (before, 0));
}

#[test]
fn remove_asks_and_enter_means_no() {
    let m = with("");
    let before = m.config_text();
    let mut session = m.session("storage remove Box");
    session.sees("Remove \"Box\" from ~/.config/rclone/rclone.conf? [y/N]").types(ENTER);
    session.ends().with(0).shows("Not removed");
    assert_eq!(m.config_text(), before);
    let mut session = m.session("storage remove Box");
    session.answers("[y/N]", "y");
    session.ends().with(0).shows("Removed [Box]");
    assert!(!m.config_text().contains("[Box]"));
}

#[test]
fn authorize_asks_only_how_to_sign_in() {
    let m = with("list_chunk = 500\n");
    let token = m.mint();
    let mut session = m.session("storage authorize Box");
    session.comes_to_the_paste().types(&token.block().replace('\n', "\r"));
    session.answers("Advanced options", "n").answers("Make it private? [y/N]", "y");
    session.ends().with(0).shows("Saved the new sign-in of [Box]").never_showed(&token.refresh);
    assert_eq!(m.dump()["Box"]["list_chunk"], "500");
    m.all_live("Box");
}

#[test]
fn a_user_is_named_by_login_in_the_menu_and_corrected_there() {
    let m = Machine::new();
    let app = m.sandbox.jwt_app_with(AppSpec { manage_users: true, ..AppSpec::default() });
    let keys = format!("box_config_file = {}\nbox_sub_type = enterprise\n", app.config_file.display());
    m.write_config(&format!("[Box]\ntype = box\n{keys}"));
    let mut session = m.session("storage edit Box");
    session.sets("Act as user", "nobody@example.com").chooses(OPTIONS, "Save");
    session.sees("nobody@example.com").chooses("What now?\n", "Change the options");
    session.sets("Act as user", "person@example.com").chooses(OPTIONS, "Save");
    session.ends().with(0).shows("Saved the changes to [Box]");
    assert_eq!(m.dump()["Box"]["impersonate"], app.user_id.as_str());
}
