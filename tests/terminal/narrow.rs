//! In a window of 40 columns, words stay whole, and what is to be copied stays on one line.

use std::time::Duration;

use box_sandbox::{Fault, RCLONE_CLIENT_ID};

use crate::desk::{ADVANCED, BROWSER, Desk, OPTIONS, PASTE, SIGN_IN};
use crate::session::CTRL_C;

const COLUMNS: u16 = 40;

/// What pluton writes in a narrow window, once it is known to be what it writes into a pipe.
#[track_caller]
fn narrow(desk: &Desk, args: &[&str], code: i32) -> String {
    let piped = desk.home.pluton(args).fails(code);
    let mut session = desk.pluton(args, COLUMNS);
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
    let desk = Desk::new();
    let spent = desk.token();
    desk.sandbox.revoke_all();
    desk.home.write_config(&format!("[Box Backups]\ntype = box\ntoken = {}\n", spent.blob()));
    desk.home.after_an_hour("Box Backups");
    let shown = narrow(&desk, &["storage", "verify", "Box Backups"], 6);
    assert!(shown.contains("\n        pluton storage authorize \"Box Backups\"\n"), "{shown}");
}

#[test]
fn lists_reports_and_pages_are_folded_between_words() {
    let desk = Desk::new();
    let token = desk.sandbox.mint(RCLONE_CLIENT_ID).blob();
    desk.home.write_config(&format!(
        "[Box Backups]\ntype = box\ntoken = {token}\n\n[short]\ntype = box\naccess_token = abcdefghij\n"
    ));
    narrow(&desk, &["storage", "list"], 0);
    narrow(&desk, &["storage", "show", "short"], 0);
    narrow(&desk, &["doctor", "--offline"], 0);
    for topic in
        ["own-app", "service-account", "client-credentials", "headless", "limits", "ci", "errors", "client_invalid"]
    {
        narrow(&desk, &["help", topic], 0);
    }
    narrow(&desk, &["storage", "show", "nothing"], 4);
}

#[test]
fn what_is_waited_for_is_said_while_box_is_silent() {
    let desk = Desk::new();
    let token = desk.token();
    // Longer than the test takes to see the words; it ends with the test.
    desk.sandbox.fault(Fault::on("GET", "/2.0/folders/0/items").delay(Duration::from_secs(600)));
    let file = desk.home.file("token", &token.blob());
    let mut session = desk.add_in(&["Box", "--token-file", &file], COLUMNS);
    session.sees("waiting for Box to list");
    let ended = session.types(CTRL_C).ends().with(130);
    assert!(!ended.screen.contains("waiting for Box to list"), "a spinner was left behind:\n{}", ended.screen);
}

#[test]
fn what_to_do_about_half_a_paste_is_folded_between_words() {
    let desk = Desk::new();
    let block = desk.token().block();
    let half = format!("{}\r", block.lines().next().expect("a line"));
    let mut session = desk.add_in(&["Box"], COLUMNS);
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
    let desk = Desk::new();
    let mut session = desk.add_in(&["Box"], 80);
    session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No").sees(PASTE);
    session.types(&desk.token().block()).answers(ADVANCED, "y").sees(OPTIONS).sees("Description").sees("Back");
    let plain = session.plain();
    assert!(plain.contains("a developer token, valid for 60 minutes"), "{plain}");
    assert!(!plain.lines().any(|line| line.ends_with('…')), "{plain}");
}

#[test]
fn paragraphs_of_a_page_do_not_hang() {
    let desk = Desk::new();
    let shown = narrow(&desk, &["help", "limits"], 0);
    assert!(shown.contains("\nRequests: 1000 a minute for each user,\nand 240"), "{shown}");
}
