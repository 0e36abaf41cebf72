//! Ctrl-C and SIGTERM at every question: pluton ends at once, restores the terminal and changes nothing.

use std::time::Duration;

use box_sandbox::Fault;
use rustix::process::Signal;

use crate::session::{
    ADVANCED, BROWSER, CLIENT_ID, CLIENT_SECRET, CTRL_C, NAME, OPTIONS, PASTE, SIGN_IN, Session, WHAT_NOW,
};
use crate::support::{Machine, wait_for, wait_until_gone};

const BEFORE: &str = "# mine\n[other]\ntype = local\n";

type Way = fn(&Machine) -> Session;

/// Each question, and how to come to it.
const QUESTIONS: [(&str, Way); 12] = [
    ("the name", |m| seen(m.asks(""), NAME)),
    ("the sign-in", |m| seen(m.asks("Box"), SIGN_IN)),
    ("the client ID", |m| seen(own_app(m), CLIENT_ID)),
    ("the client secret", |m| seen(with_client_id(m), CLIENT_SECRET)),
    ("the browser", |m| seen(chosen(m, "Quick connect"), BROWSER)),
    ("the token", Machine::comes_to_the_paste),
    ("the path", |m| seen(chosen(m, "Service account"), "Path of config.json: ")),
    ("the access token", |m| seen(chosen(m, "Access token"), "Access token (it stays hidden): ")),
    ("advanced options", |m| seen(with_token(m), ADVANCED)),
    ("an option", |m| {
        let mut session = with_token(m);
        session.answers(ADVANCED, "y");
        session.chooses(OPTIONS, "Upload cutoff");
        seen(session, "Upload cutoff [50Mi]: ")
    }),
    ("the subject", |m| {
        let mut session = chosen(m, "Client credentials");
        session.answers(CLIENT_ID, "abc").answers(CLIENT_SECRET, "secret");
        seen(session, "Act as (enterprise:ID or user:ID): ")
    }),
    ("what now", |m| {
        let mut session = with_client_id(m);
        session.answers(CLIENT_SECRET, "secret").chooses(BROWSER, "No").sees(PASTE).types(&m.mint().block());
        session.answers(ADVANCED, "");
        seen(session, WHAT_NOW)
    }),
];

fn seen(mut session: Session, words: &str) -> Session {
    session.sees(words);
    session
}

fn chosen(m: &Machine, sign_in: &str) -> Session {
    let mut session = m.asks("Box");
    session.chooses(SIGN_IN, sign_in);
    session
}

fn own_app(m: &Machine) -> Session {
    chosen(m, "Your own Box app")
}

fn with_client_id(m: &Machine) -> Session {
    let mut session = own_app(m);
    session.answers(CLIENT_ID, "abc");
    session
}

fn with_token(m: &Machine) -> Session {
    let mut session = m.comes_to_the_paste();
    session.types(&m.mint().block());
    session
}

fn at_every_question(leave: impl Fn(&mut Session)) {
    let m = Machine::new();
    m.write_config(BEFORE);
    for (question, come_to) in QUESTIONS {
        let mut session = come_to(&m);
        leave(&mut session);
        let ended = session.ends().with(130);
        assert_eq!(ended.screen.matches("error: interrupted").count(), 1, "{question}:\n{}", ended.screen);
        assert_eq!(m.config_text(), BEFORE, "{question}");
        assert!(m.staged().is_empty(), "{question}: {:?}", m.staged());
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
    let m = Machine::new();
    let token = m.mint();
    let mut session = m.comes_to_the_paste();
    session.types(&token.blob()[..60]).types(CTRL_C);
    session.ends().with(130).never_showed("access_token");
}

#[test]
fn ctrl_c_while_rclone_waits_for_box_ends_rclone_and_keeps_the_renewed_token() {
    let m = Machine::new();
    m.log_children();
    m.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(Duration::from_secs(60)));
    let mut session = m.comes_to_the_paste();
    session.types(&m.mint().block()).answers(ADVANCED, "").sees("waiting for Box");
    wait_for("the renewed token", || {
        let renewed = m.sandbox.requests().iter().any(|request| request.path.ends_with("/oauth2/token"));
        (renewed && m.keeps_a_live_token()).then_some(())
    });
    session.types(CTRL_C).ends().with(130).shows("The new one is saved").lacks("waiting for Box");
    assert!(!m.children().is_empty());
    for child in m.children() {
        wait_until_gone(child.split(' ').next().expect("a process ID"));
    }
    assert_eq!(m.config_text(), "");
}

#[test]
fn saved_is_0_whatever_is_pressed_at_the_question_after_it() {
    for leave in [Signal::INT, Signal::TERM, Signal::HUP] {
        let m = Machine::new();
        m.write_config(BEFORE);
        m.chmod(m.config(), 0o644);
        m.file("token", &m.mint().blob());
        let mut session = m.asks("Box --token-file token");
        session.sees("Make it private? [y/N]");
        if leave == Signal::INT {
            session.types(CTRL_C);
        } else {
            session.signal(leave);
        }
        session.ends().with(0).shows("Saved as [Box]").shows("chmod 600").lacks("error:");
        assert_eq!(m.mode(".config/rclone/rclone.conf"), 0o644);
        m.all_live("Box");
    }
}
