//! When pluton must not prompt, and terminals with fewer abilities.

use std::process::Stdio;

use crate::desk::{ADVANCED, BROWSER, Desk, NAME, PASTE, SIGN_IN};
use crate::session::{CTRL_C, DOWN, ENTER, Session};

const ESCAPE: u8 = 0x1b;

#[test]
fn nobody_is_asked_in_ci_or_with_no_input() {
    let mut desk = Desk::new();
    let ended = desk.add(&["--no-input"]).ends().with(2);
    assert!(ended.screen.contains("no storage name given"), "{}", ended.screen);
    desk.home.set("CI", "true");
    desk.add(&[]).ends().with(2).shows("no storage name given");
}

#[test]
fn nobody_is_asked_where_a_stream_is_no_terminal() {
    let desk = Desk::new();
    let command = || pty_process::blocking::Command::from(desk.command(&[]));
    Session::start(command().stdin(Stdio::null()), 100).ends().with(2).shows("no storage name given");
    Session::start(command().stderr(Stdio::null()), 100).ends().with(2);
}

#[test]
fn the_result_alone_goes_to_standard_output() {
    let desk = Desk::new();
    let mut session =
        Session::start(pty_process::blocking::Command::from(desk.command(&[])).stdout(Stdio::null()), 100);
    session.answers(NAME, "Box").chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No");
    session.sees(PASTE).types(&desk.token().block()).answers(ADVANCED, "");
    let ended = session.ends().with(0);
    assert!(!ended.screen.contains("Saved as"), "{}", ended.screen);
}

/// Whether anything is coloured: escape codes that end in `m` are those for colour and weight.
fn is_coloured(raw: &[u8]) -> bool {
    let ends_in_m = |code: &[u8]| code.iter().find(|byte| byte.is_ascii_alphabetic()) == Some(&b'm');
    raw.split(|&byte| byte == ESCAPE).skip(1).any(ends_in_m)
}

/// Connects a storage, and returns all that was written.
fn connect(desk: &Desk) -> Vec<u8> {
    let mut session = desk.comes_to_the_paste();
    session.types(&desk.token().block()).answers(ADVANCED, "");
    session.ends().with(0).raw
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let mut desk = Desk::new();
    assert!(is_coloured(&connect(&desk)));
    desk.home.write_config("");
    desk.home.set("NO_COLOR", "1");
    assert!(!is_coloured(&connect(&desk)));
}

#[test]
fn every_answer_heeds_what_the_terminal_can_show() {
    let mut desk = Desk::new();
    desk.home.write_config("[b]\ntype = box\n");
    let answers: [&[&str]; 6] = [
        &["storage", "list"],
        &["storage", "verify", "--all"],
        &["doctor", "--offline"],
        &["storage", "show", "nothing"],
        &["storage", "add", "box", "--help"],
        &["storage", "add", "box", "--nonsense"],
    ];
    let written = |desk: &Desk, args: &[&str]| desk.pluton(args, 100).ends().raw;
    for args in answers {
        assert!(is_coloured(&written(&desk, args)), "{args:?}");
    }
    desk.home.set("NO_COLOR", "1");
    for args in answers {
        assert!(!is_coloured(&written(&desk, args)), "{args:?} with NO_COLOR");
    }
    desk.home.unset("NO_COLOR").set("TERM", "dumb");
    for args in answers {
        let raw = written(&desk, args);
        assert!(!raw.contains(&ESCAPE), "{args:?} with TERM=dumb: {}", String::from_utf8_lossy(&raw));
    }
}

const FIVE: &str = "Number, 1 to 5, ? explains, < goes back [1]: ";

#[test]
fn a_dumb_terminal_is_asked_in_lines_without_escape_codes() {
    let mut desk = Desk::new();
    desk.home.set("TERM", "dumb");
    let mut session = desk.add(&[]);
    session.answers(NAME, "Drive").sees(SIGN_IN).sees("1. Quick connect: ").answers(FIVE, "9");
    session.answers(FIVE, "?").sees("Quick connect is right for").answers(FIVE, "").sees(BROWSER);
    session.answers("Number, 1 to 3, ? explains, < goes back [1]: ", "1");
    session.sees(PASTE).types(&desk.token().block()).answers(ADVANCED, "n");
    let ended = session.ends().with(0).shows("Storage name [Box]: Drive").shows("Saved as [Drive]");
    assert!(!ended.raw.contains(&ESCAPE), "{}", String::from_utf8_lossy(&ended.raw));
    desk.holds_a_live_token("Drive");
}

#[test]
fn a_dumb_terminal_is_left_by_ctrl_c_and_by_ctrl_d() {
    for key in [CTRL_C, "\u{4}"] {
        let mut desk = Desk::new();
        desk.home.set("TERM", "dumb");
        let mut session = desk.add(&[]);
        session.sees(NAME).types(key).ends().with(130);
        let mut session = desk.add(&["Box"]);
        session.sees(FIVE).types(key).ends().with(130);
    }
}

#[test]
fn in_a_narrow_window_lists_are_redrawn_in_place() {
    let desk = Desk::new();
    let mut session = desk.add_in(&[], 40);
    session.answers(NAME, "a name that is longer than the window is wide");
    session.sees(SIGN_IN).types(DOWN).sees("> Your own").types(DOWN).sees("> Service").types(ENTER);
    session.answers("Path of config.json: ", "/a/path/that/is/longer/than/the/window/is/wide");
    session.sees("error:").sees("Path of config.json: ");
    let ended = session.types(CTRL_C).ends().with(130);
    for (words, times) in [("Sign in with", 1), ("Quick connect", 0), ("Storage name", 1), ("Path of config.json", 2)] {
        assert_eq!(ended.screen.matches(words).count(), times, "{words}:\n{}", ended.screen);
    }
    assert!(ended.screen.contains("Sign in with: Service account"), "{}", ended.screen);
}
