//! In a window of 40 columns, words stay whole, and what is to be copied stays on one line.

use std::time::Duration;

use box_sandbox::Fault;

use crate::session::{ADVANCED, BROWSER, CTRL_C, OPTIONS, SIGN_IN};
use crate::support::{Args, Machine};

const COLUMNS: u16 = 40;

/// What pluton writes in a narrow window, once it is known to be what it writes into a pipe.
#[track_caller]
fn narrow(m: &Machine, args: impl Args, code: i32) -> String {
    let piped = m.pluton(&args).fails(code);
    let mut session = m.session_in(COLUMNS, args);
    let ended = session.ends().with(code);
    let shown = anstream::adapter::strip_bytes(&ended.raw).into_vec();
    let shown = String::from_utf8(shown).expect("UTF-8").replace("\r\n", "\n").replace('\r', "\n");
    for word in piped.stdout.split_whitespace().chain(piped.stderr.split_whitespace()) {
        // How long something lives changes from one run to the next.
        let is_age = word.bytes().all(|byte| byte.is_ascii_digit());
        assert!(is_age || shown.split_whitespace().any(|there| there == word), "{word} is broken or gone:\n{shown}");
    }
    for line in shown.lines().filter(|line| line.chars().count() > usize::from(COLUMNS)) {
        let body = line.trim_start();
        // A path or an address alone beside its label.
        let text = body.rsplit("  ").next().unwrap_or(body);
        let is_copied = line.starts_with("    ")
            || ["pluton ", "`pluton ", "next: chmod ", "next: pluton "].iter().any(|command| body.starts_with(command))
            || !text.contains(' ');
        assert!(is_copied, "too wide: {line:?} in\n{shown}");
    }
    shown
}

#[test]
fn a_failure_can_be_read_and_its_command_copied() {
    let m = Machine::new();
    let spent = m.mint();
    m.sandbox.revoke_all();
    m.write_config(&format!("[Box Backups]\ntype = box\ntoken = {}\n", spent.blob()));
    m.after_an_hour("Box Backups");
    let shown = narrow(&m, "storage verify 'Box Backups'", 6);
    assert!(shown.contains("\n        pluton storage authorize \"Box Backups\"\n"), "{shown}");
}

#[test]
fn lists_reports_and_pages_are_folded_between_words() {
    let m = Machine::new();
    let token = m.mint().blob();
    m.write_config(&format!(
        "[Box Backups]\ntype = box\ntoken = {token}\n\n[short]\ntype = box\naccess_token = abcdefghij\n"
    ));
    narrow(&m, "storage list", 0);
    narrow(&m, "storage show short", 0);
    narrow(&m, "doctor --offline", 0);
    for topic in
        ["own-app", "service-account", "client-credentials", "headless", "limits", "ci", "errors", "client_invalid"]
    {
        narrow(&m, ["help", topic], 0);
    }
    narrow(&m, "storage show nothing", 4);
}

#[test]
fn what_is_waited_for_is_said_while_box_is_silent() {
    let m = Machine::new();
    let token = m.mint();
    // Longer than the test takes to see the words; it ends with the test.
    m.sandbox.fault(Fault::on("GET", "/2.0/folders/0/items").delay(Duration::from_secs(600)));
    m.file("token", &token.blob());
    let mut session = m.session_in(COLUMNS, "storage add box".and("Box --token-file token"));
    session.sees("waiting for Box to list");
    session.types(CTRL_C).ends().with(130).lacks("waiting for Box to list");
}

#[test]
fn what_to_do_about_half_a_paste_is_folded_between_words() {
    let m = Machine::new();
    let block = m.mint().block();
    let half = format!("{}\r", block.lines().next().expect("a line"));
    let mut session = m.session_in(COLUMNS, "storage add box Box");
    session
        .chooses(SIGN_IN, "Quick connect")
        .chooses(BROWSER, "No")
        .sees("stays")
        .types(&half)
        .sees("This is not all of it yet.")
        .sees("stop here:");
    let all = session.plain();
    let plain = all.split_once("sign in to Box there.").expect("the question").1;
    let wide = plain.lines().find(|line| line.chars().count() > usize::from(COLUMNS));
    assert!(
        wide.is_none() && plain.contains(" Paste the\nrest, or press Enter to stop here: "),
        "{wide:?} in\n{plain}"
    );
}

#[test]
fn in_80_columns_no_row_of_a_list_is_cut() {
    let m = Machine::new();
    let mut session = m.session_in(80, "storage add box Box");
    session.comes_to_the_paste();
    session.types(&m.mint().block()).answers(ADVANCED, "y").sees(OPTIONS).sees("Description").sees("Back");
    let plain = session.plain();
    assert!(plain.contains("a developer token, valid for 60 minutes"), "{plain}");
    assert!(!plain.lines().any(|line| line.ends_with('…')), "{plain}");
}

#[test]
fn paragraphs_of_a_page_do_not_hang() {
    let m = Machine::new();
    let shown = narrow(&m, "help limits", 0);
    assert!(shown.contains("\nRequests: 1000 a minute for each user,\nand 240"), "{shown}");
}
