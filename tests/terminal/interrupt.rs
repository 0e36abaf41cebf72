//! Ctrl-C and SIGTERM at every question: pluton ends at once, restores the terminal and changes nothing.

use std::time::Duration;

use box_sandbox::Fault;
use rustix::process::Signal;

use crate::desk::{ADVANCED, BROWSER, CLIENT_ID, CLIENT_SECRET, Desk, NAME, OPTIONS, PASTE, SIGN_IN, WHAT_NOW};
use crate::session::{CTRL_C, Session};
use crate::support::{wait_for, wait_until_gone};

const BEFORE: &str = "# mine\n[other]\ntype = local\n";

type Way = fn(&Desk) -> Session;

/// Each question, and how to come to it.
const QUESTIONS: [(&str, Way); 12] = [
    ("the name", |desk| seen(desk.add(&[]), NAME)),
    ("the sign-in", |desk| seen(desk.add(&["Box"]), SIGN_IN)),
    ("the client ID", |desk| seen(own_app(desk), CLIENT_ID)),
    ("the client secret", |desk| seen(with_client_id(desk), CLIENT_SECRET)),
    ("the browser", |desk| seen(chosen(desk, "Quick connect"), BROWSER)),
    ("the token", Desk::comes_to_the_paste),
    ("the path", |desk| seen(chosen(desk, "Service account"), "Path of config.json: ")),
    ("the access token", |desk| seen(chosen(desk, "Access token"), "Access token (it stays hidden): ")),
    ("advanced options", |desk| seen(with_token(desk), ADVANCED)),
    ("an option", |desk| {
        let mut session = with_token(desk);
        session.answers(ADVANCED, "y");
        session.chooses(OPTIONS, "Upload cutoff");
        seen(session, "Upload cutoff [50Mi]: ")
    }),
    ("the subject", |desk| {
        let mut session = chosen(desk, "Client credentials");
        session.answers(CLIENT_ID, "abc").answers(CLIENT_SECRET, "secret");
        seen(session, "Act as (enterprise:ID or user:ID): ")
    }),
    ("what now", |desk| {
        let mut session = with_client_id(desk);
        session.answers(CLIENT_SECRET, "secret").chooses(BROWSER, "No").sees(PASTE).types(&desk.token().block());
        session.answers(ADVANCED, "");
        seen(session, WHAT_NOW)
    }),
];

fn seen(mut session: Session, words: &str) -> Session {
    session.sees(words);
    session
}

fn chosen(desk: &Desk, sign_in: &str) -> Session {
    let mut session = desk.add(&["Box"]);
    session.chooses(SIGN_IN, sign_in);
    session
}

fn own_app(desk: &Desk) -> Session {
    chosen(desk, "Your own Box app")
}

fn with_client_id(desk: &Desk) -> Session {
    let mut session = own_app(desk);
    session.answers(CLIENT_ID, "abc");
    session
}

fn with_token(desk: &Desk) -> Session {
    let mut session = desk.comes_to_the_paste();
    session.types(&desk.token().block());
    session
}

fn at_every_question(leave: impl Fn(&mut Session)) {
    let desk = Desk::new();
    desk.home.write_config(BEFORE);
    for (question, come_to) in QUESTIONS {
        let mut session = come_to(&desk);
        leave(&mut session);
        let ended = session.ends().with(130);
        assert_eq!(ended.screen.matches("error: interrupted").count(), 1, "{question}:\n{}", ended.screen);
        assert_eq!(desk.home.config_text(), BEFORE, "{question}");
        assert!(desk.staged().is_empty(), "{question}: {:?}", desk.staged());
    }
}

#[test]
fn ctrl_c_at_every_question() {
    at_every_question(|session| {
        session.types(CTRL_C);
    });
}

#[test]
fn sigterm_at_every_question() {
    at_every_question(|session| session.signal(Signal::TERM));
}

#[test]
fn half_a_paste_and_ctrl_c() {
    let desk = Desk::new();
    let token = desk.token();
    let mut session = desk.comes_to_the_paste();
    session.types(&token.blob()[..60]).types(CTRL_C);
    session.ends().with(130).never_showed("access_token");
}

#[test]
fn ctrl_c_while_rclone_waits_for_box_ends_rclone_and_keeps_the_renewed_token() {
    let desk = Desk::new();
    desk.home.log_children();
    desk.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(Duration::from_secs(60)));
    let mut session = desk.comes_to_the_paste();
    session.types(&desk.token().block()).answers(ADVANCED, "").sees("waiting for Box");
    wait_for("the renewed token", || {
        let renewed = desk.sandbox.requests().iter().any(|request| request.path.ends_with("/oauth2/token"));
        (renewed && desk.keeps_a_live_token()).then_some(())
    });
    let ended = session.types(CTRL_C).ends().with(130).shows("The new one is saved");
    assert!(!ended.screen.contains("waiting for Box"), "a spinner was left behind:\n{}", ended.screen);
    assert!(!desk.home.children().is_empty());
    for child in desk.home.children() {
        wait_until_gone(child.split(' ').next().expect("a process ID"));
    }
    assert_eq!(desk.home.config_text(), "");
}

#[test]
fn saved_is_0_whatever_is_pressed_at_the_question_after_it() {
    for leave in [Signal::INT, Signal::TERM, Signal::HUP] {
        let desk = Desk::new();
        desk.home.write_config(BEFORE);
        let file = desk.home.file("token", &desk.token().blob());
        let mut session = desk.add(&["Box", "--token-file", &file]);
        session.sees("Make it private? [y/N]");
        if leave == Signal::INT {
            session.types(CTRL_C);
        } else {
            session.signal(leave);
        }
        let ended = session.ends().with(0).shows("Saved as [Box]").shows("chmod 600");
        assert!(!ended.screen.contains("error:"), "{}", ended.screen);
        assert_eq!(desk.home.mode(".config/rclone/rclone.conf"), 0o644);
        desk.holds_a_live_token("Box");
    }
}
