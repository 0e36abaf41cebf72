//! The questions about names and options, and the order in which choices are offered.

use box_sandbox::RCLONE_CLIENT_ID;

use crate::desk::{ADVANCED, BROWSER, CLIENT_ID, CLIENT_SECRET, Desk, NAME, OPTIONS, PASTE, SIGN_IN};
use crate::session::{CTRL_C, DOWN, ENTER};

/// The list of ways to tell the root folder.
const ROOT_FOLDER: &str = "Root folder\n";
const ESCAPE: &str = "\u{1b}";
/// The list of choices when a name is taken.
const TAKEN_LIST: &str = "A remote named \"Box\" already exists in rclone.conf\n";

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
    session
        .answers(name, "a/b")
        .sees("error:")
        .answers(name, "DEFAULT")
        .sees("error:")
        .answers(name, "  My Box Drive  ");
    session.sees("Storage name: My Box Drive\n").sees(SIGN_IN).types(CTRL_C).ends().with(130);
}

#[test]
fn options_are_a_menu_of_what_holds_now_and_are_checked_at_once() {
    let desk = Desk::new();
    let token = desk.sandbox.mint(RCLONE_CLIENT_ID);
    let folder = desk.sandbox.create_folder("0", "Backups");
    let mut session = desk.comes_to_the_paste();
    session.types(&token.block()).answers(ADVANCED, "perhaps").answers(ADVANCED, "y");
    session.chooses(OPTIONS, "Root folder").chooses(ROOT_FOLDER, "Type its ID");
    session.answers("Root folder [the account's root]: ", &format!("https://app.box.com/folder/{folder}"));
    session.sets("Upload cutoff", "1M").sees("error:").answers("Upload cutoff [50Mi]: ", "100M");
    session.sets("Commit retries", "7");
    session.sets("Listing page size", "1001").sees("error:").answers("Listing page size [1000]: ", "500");
    session.sets("Only files owned by", "").sets("Sign-in address", "").sets("File name encoding", "Slash,Dot");
    session.sets("Description", "for restic").chooses(OPTIONS, "Continue");
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

#[test]
fn every_question_leads_back_to_the_one_before() {
    let desk = Desk::new();
    let mut session = desk.add(&[]);
    session.answers(NAME, "<").sees("this is the first question").answers(NAME, "One");
    session.sees(SIGN_IN).types(ESCAPE).answers(NAME, "Two").chooses(SIGN_IN, "Your own Box app");
    session.answers(CLIENT_ID, "abc").sees(CLIENT_SECRET).types(ESCAPE).answers(CLIENT_ID, "<");
    session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "<").chooses(SIGN_IN, "Quick connect");
    session.chooses(BROWSER, "No").sees(PASTE).types("<").types(ENTER).chooses(BROWSER, "No").sees(PASTE);
    session.types(&desk.token().block()).answers(ADVANCED, "<").sees(PASTE).types(&desk.token().block());
    session.answers(ADVANCED, "y").chooses(OPTIONS, "<").answers("Paste everything", "");
    session.types(CTRL_C).ends().with(130).shows("Nothing was saved.");
    assert_eq!(desk.home.config_text(), "");
}

#[test]
fn after_going_back_another_way_to_sign_in_works() {
    let desk = Desk::new();
    let mut session = desk.add(&["Box"]);
    session.chooses(SIGN_IN, "Your own Box app").answers(CLIENT_ID, "abc").answers(CLIENT_SECRET, "secret");
    session.sees(BROWSER).types(ESCAPE).sees(CLIENT_SECRET).types(ESCAPE).answers(CLIENT_ID, "<");
    session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No").sees(PASTE).types(&desk.token().block());
    session.answers(ADVANCED, "");
    session.ends().with(0).shows("Saved as [Box]");
    let dump = desk.home.dump();
    assert!(dump["Box"]["client_id"].is_null() && dump["Box"]["client_secret"].is_null(), "{dump}");
}

#[test]
fn a_question_mark_explains_every_question() {
    let desk = Desk::new();
    let mut session = desk.add(&[]);
    session.answers(NAME, "?").sees("rclone:NAME:folder").answers(NAME, "Box");
    session.chooses(SIGN_IN, "?").sees("Quick connect is right for").chooses(SIGN_IN, "Your own Box app");
    session.answers(CLIENT_ID, "?").sees("Redirect URI").answers(CLIENT_ID, "abc");
    session.answers(CLIENT_SECRET, "?").sees("below the client ID").answers(CLIENT_SECRET, "secret");
    session.chooses(BROWSER, "?").sees("ssh").chooses(BROWSER, "No");
    session.sees(PASTE).types("?").types(ENTER).sees("with or without").sees(PASTE);
    session.types(&desk.token().block()).answers(ADVANCED, "?").sees("pluton storage edit");
    session.types(CTRL_C).ends().with(130);
}

#[test]
fn a_taken_name_can_be_replaced_signed_in_again_or_left_alone() {
    let desk = Desk::new();
    let token = desk.token().blob();
    desk.home.write_config(&format!("[Box]\ntype = box\nlist_chunk = 500\ntoken = {token}\n"));
    let mut session = desk.add(&["Box"]);
    session.chooses(TAKEN_LIST, "Choose another name").answers("Storage name [Box 2]: ", "Box");
    session.chooses(TAKEN_LIST, "Sign in again").chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No");
    session.sees(PASTE).types(&desk.token().block()).answers(ADVANCED, "");
    session.answers("Make it private? [y/N]", "y").sees("Saved the new sign-in of [Box]");
    session.ends().with(0);
    assert_eq!(desk.home.dump()["Box"]["list_chunk"], "500");
    desk.holds_a_live_token("Box");

    let mut session = desk.add(&["Box"]);
    session.chooses(TAKEN_LIST, "Replace it").chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No");
    session.sees(PASTE).types(&desk.token().block()).answers(ADVANCED, "").sees("Replaced [Box]");
    session.ends().with(0);
    assert!(desk.home.dump()["Box"]["list_chunk"].is_null());
    desk.holds_a_live_token("Box");
}

#[test]
fn what_must_fail_is_said_before_the_first_question() {
    let mut desk = Desk::new();
    desk.home.set("PATH", "/nowhere");
    desk.add(&[]).ends().with(3).shows("rclone is not installed");
    let desk = Desk::new();
    desk.add(&["a/b"]).ends().with(2);
}

#[test]
fn only_options_that_fit_the_sign_in_are_offered() {
    let desk = Desk::new();
    let mut session = desk.comes_to_the_paste();
    session.types(&desk.token().block()).answers(ADVANCED, "y").sees(OPTIONS).sees("Description");
    for foreign in ["JWT subject", "Act as user"] {
        assert!(!session.plain().contains(foreign), "{foreign}");
    }
    session.types(DOWN).types(CTRL_C).ends().with(130);
}

#[test]
fn the_root_folder_is_chosen_by_going_through_the_folders() {
    let desk = Desk::new();
    let team = desk.sandbox.create_folder("0", "Team");
    let backups = desk.sandbox.create_folder(&team, "Backups");
    desk.sandbox.create_folder(&backups, "2026");
    let mut session = desk.comes_to_the_paste();
    session.types(&desk.token().block()).answers(ADVANCED, "y");
    session.chooses(OPTIONS, "Root folder").chooses(ROOT_FOLDER, "Choose it from a list");
    session.chooses(OPTIONS, "Continue").chooses("Folders\n", "Team").chooses("Folders / Team\n", "<");
    session.chooses("Folders\n", "Team").chooses("Folders / Team\n", "Backups");
    session.chooses("Folders / Team / Backups\n", "Use this one: Backups").sees("Listed \"Backups\": 1 folder");
    session.ends().with(0);
    assert_eq!(desk.home.dump()["Box"]["root_folder_id"], backups);
    desk.holds_a_live_token("Box");
}
