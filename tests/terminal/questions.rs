//! Names, options, and the order in which things are offered.

use box_sandbox::RCLONE_CLIENT_ID;

use crate::desk::{ADVANCED, BROWSER, Desk, NAME, SIGN_IN};
use crate::session::{CTRL_C, ENTER};

const TAKEN: &str = "[Box]\ntype = local\n";

/// What is first in the list of browsers.
fn first_offer(desk: &Desk) -> String {
    let mut session = desk.add(&["Box"]);
    session.chooses(SIGN_IN, "Quick connect").sees(BROWSER);
    let offer = session.reads("> ");
    session.types(CTRL_C).ends().with(130);
    offer
}

#[test]
fn without_a_display_another_machine_is_offered_first() {
    assert!(first_offer(&Desk::new()).starts_with("No, I will sign in on another machine"));
}

#[test]
fn with_a_display_the_browser_is_offered_first() {
    let mut desk = Desk::new();
    desk.home.set("DISPLAY", ":0");
    assert_eq!(first_offer(&desk), "Yes, open it now");
}

#[test]
fn over_ssh_another_machine_is_offered_first_whatever_the_display() {
    let mut desk = Desk::new();
    desk.home.set("DISPLAY", "localhost:10.0").set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.7 22");
    assert!(first_offer(&desk).starts_with("No,"));
}

#[test]
fn the_name_that_is_offered_is_free() {
    let desk = Desk::new();
    desk.home.write_config(TAKEN);
    let mut session = desk.add(&[]);
    session.answers("Storage name [Box 2]: ", "").sees("Storage name: Box 2\n").sees(SIGN_IN);
    session.types(CTRL_C).ends().with(130);
    assert_eq!(desk.home.config_text(), TAKEN);
}

#[test]
fn a_name_that_cannot_be_is_asked_again_at_once() {
    let desk = Desk::new();
    desk.home.write_config(TAKEN);
    let mut session = desk.add(&[]);
    let name = "Storage name [Box 2]: ";
    session.answers(name, "Box").sees("is there already").answers(name, "a/b").sees("error:");
    session.answers(name, "DEFAULT").sees("error:").answers(name, "  My Box Drive  ");
    session.sees("Storage name: My Box Drive\n").sees(SIGN_IN).types(CTRL_C).ends().with(130);
}

#[test]
fn every_option_is_asked_with_its_default_and_checked_at_once() {
    let desk = Desk::new();
    let token = desk.sandbox.mint(RCLONE_CLIENT_ID);
    let folder = desk.sandbox.create_folder("0", "Backups");
    let mut session = desk.comes_to_the_paste();
    session.types(&token.block()).answers(ADVANCED, "perhaps").answers(ADVANCED, "y");
    session.answers("root_folder_id [the account's root]: ", &format!("https://app.box.com/folder/{folder}"));
    session.answers("upload_cutoff [50Mi]: ", "1M").sees("error:").answers("upload_cutoff [50Mi]: ", "100M");
    session.answers("commit_retries [100]: ", "7");
    session.answers("list_chunk [1000]: ", "1001").sees("error:").answers("list_chunk [1000]: ", "500");
    session.answers("owned_by [anyone's]: ", "").answers("impersonate [no one]: ", "");
    session.answers("auth_url [Box's own]: ", "").answers("token_url [Box's own]: ", "");
    session.answers("encoding [Slash,BackSlash,Del,Ctl,RightSpace,InvalidUtf8,Dot]: ", "Slash,Dot");
    session.answers("description [none]: ", "for restic");
    session.ends().with(0).shows("Saved as [Box]");

    let section = desk.home.dump()["Box"].clone();
    let set = |key: &str| section[key].as_str().map(str::to_owned);
    assert_eq!(set("root_folder_id"), Some(folder));
    assert_eq!(set("upload_cutoff").as_deref(), Some("100M"));
    assert_eq!(set("commit_retries").as_deref(), Some("7"));
    assert_eq!(set("list_chunk").as_deref(), Some("500"));
    assert_eq!(set("encoding").as_deref(), Some("Slash,Dot"));
    assert_eq!(set("description").as_deref(), Some("for restic"));
    for key in ["owned_by", "impersonate", "box_sub_type", "auth_url", "token_url"] {
        assert_eq!(set(key), None, "{key}");
    }
}

#[test]
fn what_flags_say_already_is_not_asked() {
    let desk = Desk::new();
    let token = desk.sandbox.mint(RCLONE_CLIENT_ID);
    let file = desk.home.file("token.json", &token.blob());
    let mut session = desk.add(&["--token-file", &file]);
    session.sees(NAME).types(ENTER);
    session.ends().with(0).shows("Saved as [Box]");
}
