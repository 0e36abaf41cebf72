//! The questions about names and options, and the order in which choices are offered.

use crate::session::{ADVANCED, BROWSER, CLIENT_ID, CLIENT_SECRET, CTRL_C, DOWN, ENTER, NAME, OPTIONS, PASTE, SIGN_IN};
use crate::support::Machine;

/// The list of ways to tell the root folder.
const ROOT_FOLDER: &str = "Root folder\n";
const ESCAPE: &str = "\u{1b}";
/// The list of choices when a name is taken.
const TAKEN_LIST: &str = "A remote named \"Box\" already exists in rclone.conf\n";

const TAKEN: &str = "[Box]\ntype = local\n";

/// What is first in the list of browsers.
fn first_offer(m: &Machine) -> String {
    let mut session = m.asks("Box");
    session.chooses(SIGN_IN, "Quick connect").sees(BROWSER);
    let offer = session.reads("> ");
    session.types(CTRL_C).ends().with(130);
    offer
}

#[test]
fn without_a_display_another_machine_is_offered_first() {
    assert!(first_offer(&Machine::new()).starts_with("No, I will sign in on another machine"));
}

#[test]
fn with_a_display_the_browser_is_offered_first() {
    let mut m = Machine::new();
    m.set("DISPLAY", ":0");
    assert_eq!(first_offer(&m), "Yes, open it now");
}

#[test]
fn over_ssh_another_machine_is_offered_first_whatever_the_display() {
    let mut m = Machine::new();
    m.set("DISPLAY", "localhost:10.0").set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.7 22");
    assert!(first_offer(&m).starts_with("No,"));
}

#[test]
fn the_name_that_is_offered_is_free() {
    let m = Machine::new();
    m.write_config(TAKEN);
    let mut session = m.asks("");
    session.answers("Storage name [Box 2]: ", "").sees("Storage name: Box 2\n").sees(SIGN_IN);
    session.types(CTRL_C).ends().with(130);
    assert_eq!(m.config_text(), TAKEN);
}

#[test]
fn a_token_that_is_pasted_as_a_name_does_not_stay_on_the_screen() {
    let m = Machine::new();
    let token = m.mint();
    let mut session = m.asks("");
    session.answers(NAME, &token.blob()).sees("Storage name: [hidden]\n").sees("looks like a token").sees(NAME);
    let ended = session.types(CTRL_C).ends();
    assert!(!ended.screen.contains(&token.refresh), "{}", ended.screen);
}

#[test]
fn a_name_that_cannot_be_is_asked_again_at_once() {
    let m = Machine::new();
    m.write_config(TAKEN);
    let mut session = m.asks("");
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
    let m = Machine::new();
    let token = m.mint();
    let folder = m.sandbox.create_folder("0", "Backups");
    let mut session = m.comes_to_the_paste();
    session.types(&token.block()).answers(ADVANCED, "perhaps").answers(ADVANCED, "y");
    session.chooses(OPTIONS, "Root folder").chooses(ROOT_FOLDER, "Type its ID");
    session.answers("Root folder [the account's root]: ", &format!("https://app.box.com/folder/{folder}"));
    session.sets("Upload cutoff", "1M").sees("error:").answers("Upload cutoff [50Mi]: ", "100M");
    session.sets("Commit retries", "7");
    session.sets("Listing page size", "1001").sees("error:").answers("Listing page size [1000]: ", "500");
    session.sets("Only files owned by", "").sets("Sign-in address", "").sets("File name encoding", "Slash,Dot");
    session.sets("Description", "for restic").chooses(OPTIONS, "Continue");
    session.ends().with(0).shows("Saved as [Box]");

    let section = m.dump()["Box"].clone();
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
    let m = Machine::new();
    let token = m.mint();
    m.file("token.json", &token.blob());
    let mut session = m.asks("--token-file token.json");
    session.sees(NAME).types(ENTER);
    session.ends().with(0).shows("Saved as [Box]");
}

#[test]
fn every_question_leads_back_to_the_one_before() {
    let m = Machine::new();
    let mut session = m.asks("");
    session.answers(NAME, "<").sees("this is the first question").answers(NAME, "One");
    session.sees(SIGN_IN).types(ESCAPE).answers(NAME, "Two").chooses(SIGN_IN, "Your own Box app");
    session.answers(CLIENT_ID, "abc").sees(CLIENT_SECRET).types(ESCAPE).answers(CLIENT_ID, "<");
    session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "<").chooses(SIGN_IN, "Quick connect");
    session.chooses(BROWSER, "No").sees(PASTE).types("<").types(ENTER).chooses(BROWSER, "No").sees(PASTE);
    session.types(&m.mint().block()).answers(ADVANCED, "<").sees(PASTE).types(&m.mint().block());
    session.answers(ADVANCED, "y").chooses(OPTIONS, "<").answers("Paste everything", "");
    session.types(CTRL_C).ends().with(130).shows("Nothing was saved.");
    assert_eq!(m.config_text(), "");
}

#[test]
fn after_going_back_another_way_to_sign_in_works() {
    let m = Machine::new();
    let mut session = m.asks("Box");
    session.chooses(SIGN_IN, "Your own Box app").answers(CLIENT_ID, "abc").answers(CLIENT_SECRET, "secret");
    session.sees(BROWSER).types(ESCAPE).sees(CLIENT_SECRET).types(ESCAPE).answers(CLIENT_ID, "<");
    session.comes_to_the_paste().types(&m.mint().block());
    session.answers(ADVANCED, "");
    session.ends().with(0).shows("Saved as [Box]");
    let dump = m.dump();
    assert!(dump["Box"]["client_id"].is_null() && dump["Box"]["client_secret"].is_null(), "{dump}");
}

#[test]
fn a_question_mark_explains_every_question() {
    let m = Machine::new();
    let mut session = m.asks("");
    session.answers(NAME, "?").sees("rclone:NAME:folder").answers(NAME, "Box");
    session.chooses(SIGN_IN, "?").sees("Quick connect is right for").chooses(SIGN_IN, "Your own Box app");
    session.answers(CLIENT_ID, "?").sees("Redirect URI").answers(CLIENT_ID, "abc");
    session.answers(CLIENT_SECRET, "?").sees("below the client ID").answers(CLIENT_SECRET, "secret");
    session.chooses(BROWSER, "?").sees("ssh").chooses(BROWSER, "No");
    session.sees(PASTE).types("?").types(ENTER).sees("with or without").sees(PASTE);
    session.types(&m.mint().block()).answers(ADVANCED, "?").sees("pluton storage edit");
    session.types(CTRL_C).ends().with(130);
}

#[test]
fn a_taken_name_can_be_replaced_signed_in_again_or_left_alone() {
    let m = Machine::new();
    let token = m.mint().blob();
    m.write_config(&format!("[Box]\ntype = box\nlist_chunk = 500\ntoken = {token}\n"));
    m.chmod(m.config(), 0o644);
    let mut session = m.asks("Box");
    session.chooses(TAKEN_LIST, "Choose another name").answers("Storage name [Box 2]: ", "Box");
    session.chooses(TAKEN_LIST, "Sign in again").comes_to_the_paste().types(&m.mint().block()).answers(ADVANCED, "");
    session.answers("Make it private? [y/N]", "y").sees("Saved the new sign-in of [Box]");
    session.ends().with(0);
    assert_eq!(m.dump()["Box"]["list_chunk"], "500");
    m.all_live("Box");

    let mut session = m.asks("Box");
    session
        .chooses(TAKEN_LIST, "Replace it")
        .comes_to_the_paste()
        .types(&m.mint().block())
        .answers(ADVANCED, "")
        .sees("Replaced [Box]");
    session.ends().with(0);
    assert!(m.dump()["Box"]["list_chunk"].is_null());
    m.all_live("Box");
}

#[test]
fn what_must_fail_is_said_before_the_first_question() {
    let mut m = Machine::new();
    m.set("PATH", "/nowhere");
    m.asks("").ends().with(3).shows("rclone is not installed");
    let m = Machine::new();
    m.asks("a/b").ends().with(2);
}

#[test]
fn only_options_that_fit_the_sign_in_are_offered() {
    let m = Machine::new();
    let mut session = m.comes_to_the_paste();
    session.types(&m.mint().block()).answers(ADVANCED, "y").sees(OPTIONS).sees("Description");
    for foreign in ["JWT subject", "Act as user"] {
        assert!(!session.plain().contains(foreign), "{foreign}");
    }
    session.types(DOWN).types(CTRL_C).ends().with(130);
}

#[test]
fn the_root_folder_is_chosen_by_going_through_the_folders() {
    let m = Machine::new();
    let team = m.sandbox.create_folder("0", "Team");
    let backups = m.sandbox.create_folder(&team, "Backups");
    m.sandbox.create_folder(&backups, "2026");
    let mut session = m.comes_to_the_paste();
    session.types(&m.mint().block()).answers(ADVANCED, "y");
    session.chooses(OPTIONS, "Root folder").chooses(ROOT_FOLDER, "Choose it from a list");
    session.chooses(OPTIONS, "Continue").chooses("Folders\n", "Team").chooses("Folders / Team\n", "<");
    session.chooses("Folders\n", "Team").chooses("Folders / Team\n", "Backups");
    session.chooses("Folders / Team / Backups\n", "Use this one: Backups").sees("Listed \"Backups\": 1 folder");
    session.ends().with(0);
    assert_eq!(m.dump()["Box"]["root_folder_id"], backups);
    m.all_live("Box");
}
