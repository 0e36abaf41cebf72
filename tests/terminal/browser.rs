//! Signing in through a browser from the prompts; a script plays the person in the browser.

use box_sandbox::authorize_port;

use crate::session::{ADVANCED, BROWSER, CTRL_C, SIGN_IN, Session, WHAT_NOW};
use crate::support::{Machine, wait_for};

const WAITING: &str = "waiting for you to sign in";

/// The link that pluton shows.
fn link(session: &mut Session) -> String {
    let link = format!("http://127.0.0.1:53682/{}", session.reads("    http://127.0.0.1:53682/"));
    session.sees(WAITING);
    link
}

fn to_the_link(m: &Machine) -> Session {
    let mut session = m.asks("Box");
    session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "Yes, just show the link");
    session.sees("ssh -L 53682:127.0.0.1:53682").answers(ADVANCED, "");
    session
}

#[test]
fn the_link_is_shown_and_leads_to_a_storage() {
    let _port = authorize_port();
    let m = Machine::new();
    let mut session = to_the_link(&m);
    let link = link(&mut session);
    m.sandbox.browse(&link);
    session.ends().with(0).shows("Signed in through the browser").shows("Saved as [Box]").lacks(WAITING);
    m.all_live("Box");
}

#[test]
fn a_browser_on_this_machine_is_opened() {
    let _port = authorize_port();
    let mut m = Machine::new();
    let opened = m.beside("opened");
    m.set("DISPLAY", ":0")
        .script("xdg-open", &format!("echo \"$1\" > '{0}.new' && mv '{0}.new' '{0}'", opened.display()));
    let mut session = m.asks("Box");
    session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "Yes, open it now").answers(ADVANCED, "");
    session.sees("Your browser should show Box now");
    let link = link(&mut session);
    let seen = wait_for("the browser", || std::fs::read_to_string(&opened).ok());
    assert_eq!(seen.trim(), link);
    m.sandbox.browse(&link);
    session.ends().with(0).shows("Saved as [Box]");
    m.all_live("Box");
}

#[test]
fn after_a_refusal_another_try_asks_nothing_again() {
    let _port = authorize_port();
    let m = Machine::new();
    let mut session = to_the_link(&m);
    m.sandbox.change(|settings| settings.refuse_consent = true);
    let first = link(&mut session);
    m.sandbox.browse(&first);
    session.sees("access was denied on Box's page");
    m.sandbox.change(|settings| settings.refuse_consent = false);
    session.chooses(WHAT_NOW, "Try again");
    let second = link(&mut session);
    m.sandbox.browse(&second);
    session.sees("Saved as [Box]");
    assert_eq!(session.plain().matches(ADVANCED).count(), 1);
    session.ends().with(0);
    m.all_live("Box");
}

#[test]
fn in_a_narrow_window_the_spinner_leaves_nothing_behind() {
    let _port = authorize_port();
    let m = Machine::new();
    let mut session = m.session_in(30, "storage add box Box");
    session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "Yes, just show").answers(ADVANCED, "");
    session.sees("waiting for you");
    session.types(CTRL_C).ends().with(130).lacks("waiting for you");
}

#[test]
fn ctrl_c_ends_the_wait_and_frees_the_port() {
    let _port = authorize_port();
    let m = Machine::new();
    let mut session = to_the_link(&m);
    link(&mut session);
    session.types(CTRL_C).ends().with(130).lacks(WAITING);
    std::net::TcpListener::bind("127.0.0.1:53682").expect("the port is free");
    assert_eq!(m.config_text(), "");
}
