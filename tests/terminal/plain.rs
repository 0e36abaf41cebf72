//! When pluton must not prompt, and terminals with fewer abilities.

use std::process::Stdio;

use crate::session::{ADVANCED, BROWSER, CTRL_C, DOWN, ENTER, NAME, PASTE, SIGN_IN, Session};
use crate::support::{Machine, PLUTON};

const ESCAPE: u8 = 0x1b;

#[test]
fn nobody_is_asked_in_ci_or_with_no_input() {
    let mut m = Machine::new();
    m.asks("--no-input").ends().with(2).shows("no storage name given");
    m.set("CI", "true");
    m.asks("").ends().with(2).shows("no storage name given");
}

/// `pluton storage add box`, before it starts.
fn add(m: &Machine) -> pty_process::blocking::Command {
    let mut command = m.command(PLUTON);
    command.args(["storage", "add", "box"]);
    command.into()
}

#[test]
fn nobody_is_asked_where_a_stream_is_no_terminal() {
    let m = Machine::new();
    Session::start(add(&m).stdin(Stdio::null()), 100).ends().with(2).shows("no storage name given");
    Session::start(add(&m).stderr(Stdio::null()), 100).ends().with(2);
}

#[test]
fn the_result_alone_goes_to_standard_output() {
    let m = Machine::new();
    let mut session = Session::start(add(&m).stdout(Stdio::null()), 100);
    session.answers(NAME, "Box").comes_to_the_paste().types(&m.mint().block()).answers(ADVANCED, "");
    session.ends().with(0).lacks("Saved as");
}

/// Whether anything is colored: escape codes that end in `m` are those for color and weight.
fn is_colored(raw: &[u8]) -> bool {
    let ends_in_m = |code: &[u8]| code.iter().find(|byte| byte.is_ascii_alphabetic()) == Some(&b'm');
    raw.split(|&byte| byte == ESCAPE).skip(1).any(ends_in_m)
}

/// Connects a storage, and returns all that was written.
fn connect(m: &Machine) -> Vec<u8> {
    let mut session = m.comes_to_the_paste();
    session.types(&m.mint().block()).answers(ADVANCED, "");
    session.ends().with(0).raw
}

#[test]
fn color_is_for_terminals_that_want_it() {
    let mut m = Machine::new();
    assert!(is_colored(&connect(&m)));
    m.write_config("");
    m.set("NO_COLOR", "1");
    assert!(!is_colored(&connect(&m)));
}

#[test]
fn every_answer_heeds_what_the_terminal_can_show() {
    let mut m = Machine::new();
    m.write_config("[b]\ntype = box\n");
    let answers = [
        "storage list",
        "storage verify --all",
        "doctor --offline",
        "storage show nothing",
        "storage add box --help",
        "storage add box --nonsense",
    ];
    let written = |m: &Machine, args: &str| m.session(args).ends().raw;
    for args in answers {
        assert!(is_colored(&written(&m, args)), "{args:?}");
    }
    m.set("NO_COLOR", "1");
    for args in answers {
        assert!(!is_colored(&written(&m, args)), "{args:?} with NO_COLOR");
    }
    m.unset("NO_COLOR").set("TERM", "dumb");
    for args in answers {
        let raw = written(&m, args);
        assert!(!raw.contains(&ESCAPE), "{args:?} with TERM=dumb: {}", String::from_utf8_lossy(&raw));
    }
}

const FIVE: &str = "Number, 1 to 5, ? explains, < goes back [1]: ";

#[test]
fn a_dumb_terminal_is_asked_in_lines_without_escape_codes() {
    let mut m = Machine::new();
    m.set("TERM", "dumb");
    let mut session = m.asks("");
    session.answers(NAME, "Drive").sees(SIGN_IN).sees("1. Quick connect: ").answers(FIVE, "9");
    session.answers(FIVE, "?").sees("Quick connect is right for").answers(FIVE, "").sees(BROWSER);
    session.answers("Number, 1 to 3, ? explains, < goes back [1]: ", "1");
    session.sees(PASTE).types(&m.mint().block()).answers(ADVANCED, "n");
    let ended = session.ends().with(0).shows("Storage name [Box]: Drive").shows("Saved as [Drive]");
    assert!(!ended.raw.contains(&ESCAPE), "{}", String::from_utf8_lossy(&ended.raw));
    m.all_live("Drive");
}

#[test]
fn a_dumb_terminal_is_left_by_ctrl_c_and_by_ctrl_d() {
    for key in [CTRL_C, "\u{4}"] {
        let mut m = Machine::new();
        m.set("TERM", "dumb");
        let mut session = m.asks("");
        session.sees(NAME).types(key).ends().with(130);
        let mut session = m.asks("Box");
        session.sees(FIVE).types(key).ends().with(130);
    }
}

#[test]
fn in_a_narrow_window_lists_are_redrawn_in_place() {
    let m = Machine::new();
    let mut session = m.session_in(40, "storage add box");
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
