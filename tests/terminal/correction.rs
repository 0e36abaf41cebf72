//! After a failure, the wrong answer can be corrected and nothing else is asked again.

use crate::session::{ADVANCED, BROWSER, CLIENT_ID, CLIENT_SECRET, OPTIONS, PASTE, SIGN_IN, Session, WHAT_NOW};
use crate::support::Machine;

const FOLDER: &str = "Root folder [the account's root]: ";

/// How often pluton has written `words`.
fn count(session: &Session, words: &str) -> usize {
    session.plain().matches(words).count()
}

/// A quick connect to a folder that does not exist, up to the list of next steps.
fn to_a_missing_folder(m: &Machine) -> Session {
    let mut session = m.comes_to_the_paste();
    session.types(&m.mint().block()).answers(ADVANCED, "y").chooses(OPTIONS, "Root folder");
    session.chooses("Root folder\n", "Type its ID").answers(FOLDER, "999").chooses(OPTIONS, "Continue");
    session.sees("folder 999 does not exist");
    session
}

#[test]
fn a_wrong_client_secret_is_corrected_alone() {
    let m = Machine::new();
    let app = m.sandbox.own_app();
    let token = m.sandbox.mint(&app.client_id);
    let mut session = m.asks("Box");
    session.chooses(SIGN_IN, "Your own Box app").answers(CLIENT_ID, &app.client_id);
    session.answers(CLIENT_SECRET, "not the secret").chooses(BROWSER, "No").sees(PASTE).types(&token.block());
    session.answers(ADVANCED, "").sees("with this client secret");
    session.chooses(WHAT_NOW, "Correct the client secret").answers(CLIENT_SECRET, &app.client_secret);
    session.sees("Saved as [Box]");
    for question in ["Box app of your own", BROWSER, PASTE, ADVANCED] {
        assert_eq!(count(&session, question), 1, "{question}");
    }
    session.ends().with(0).never_showed(&app.client_secret);
    assert_eq!(m.dump()["Box"]["client_secret"], app.client_secret);
    m.all_live("Box");
}

#[test]
fn a_wrong_folder_is_corrected_with_the_token_that_box_has_renewed_meanwhile() {
    let m = Machine::new();
    let folder = m.sandbox.create_folder("0", "Backups");
    let mut session = to_a_missing_folder(&m);
    session.chooses(WHAT_NOW, "Correct the option root_folder_id").answers(FOLDER, &folder);
    session.sees("Saved as [Box]");
    assert_eq!(count(&session, ADVANCED), 1);
    session.ends().with(0);
    assert_eq!(m.dump()["Box"]["root_folder_id"], folder);
    m.all_live("Box");
    assert!(m.staged().is_empty(), "{:?}", m.staged());
}

#[test]
fn giving_up_says_once_what_failed_and_where_the_live_token_is() {
    let m = Machine::new();
    let mut session = to_a_missing_folder(&m);
    session.chooses(WHAT_NOW, "Give up");
    let ended = session.ends().with(7).shows("The new one is saved").shows("/.local/state/pluton/staged/");
    assert_eq!(ended.screen.matches("folder 999 does not exist").count(), 1, "{}", ended.screen);
    assert_eq!(m.config_text(), "");

    assert!(m.keeps_a_live_token());
}

#[test]
fn the_next_run_goes_on_with_the_token_that_was_kept() {
    let m = Machine::new();
    let folder = m.sandbox.create_folder("0", "Backups");
    let mut session = to_a_missing_folder(&m);
    session.chooses(WHAT_NOW, "Give up");
    session.ends().with(7);
    let mut session = m.asks("");
    session.answers("An interrupted sign-in for \"Box\" still works. Resume it? [y/N] ", "y");
    session.sees("folder 999 does not exist").chooses(WHAT_NOW, "Correct the option root_folder_id");
    session.answers(FOLDER, &folder).sees("Saved as [Box]");
    session.ends().with(0);
    m.all_live("Box");
    assert!(m.staged().is_empty(), "{:?}", m.staged());
}

#[test]
fn keys_that_were_pressed_while_rclone_was_busy_choose_nothing() {
    let m = Machine::new();
    let delay = std::time::Duration::from_secs(2);
    m.sandbox.fault(box_sandbox::Fault::on("GET", "/2.0/folders").delay(delay).status(404).times(1));
    let mut session = m.comes_to_the_paste();
    let token = m.mint();
    session.types(&token.block()).answers(ADVANCED, "").sees("waiting for Box").types(&token.blob()).types("\r\r\r");
    session.sees("error:").chooses(WHAT_NOW, "Give up");
    session
        .ends()
        .with(7)
        .never_showed(&token.access)
        .never_showed("access_token")
        .shows("What now? Give up")
        .lacks("waiting for Box");
}
