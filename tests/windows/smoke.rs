//! The basic commands on Windows: adding, renewing, saving while another program has the file open, and prompts.

use std::io::Write as _;
use std::time::Duration;

use box_sandbox::Fault;

use crate::machine::Windows;
use crate::support::session::{BROWSER, CTRL_C, DOWN, ENTER, PASTE, SIGN_IN, Session};
use crate::support::{Ran, until, wait_for};

const UP: &str = "\u{1b}[A";

#[test]
fn a_storage_is_added_shown_verified_renewed_edited_and_removed() {
    let Some(m) = Windows::new() else { return };
    m.adds("Box Backups");
    let saved = m.config_text();
    assert!(saved.starts_with("[Box Backups]"), "{saved}");
    assert!(m.staged().is_empty(), "{:?}", m.staged());
    m.pluton("storage list").ok().prints("Box Backups  quick connect");
    m.pluton("storage show 'Box Backups'").ok().prints(r"~\AppData\Roaming\rclone\rclone.conf");
    m.pluton("storage verify 'Box Backups' --check-write").ok();
    m.pluton("storage refresh 'Box Backups'").ok();
    assert_ne!(m.config_text(), saved, "a renewed token");
    m.pluton("storage edit 'Box Backups' --description nightly").ok();
    m.pluton("storage rename 'Box Backups' Box").ok();
    let text = m.config_text();
    assert!(text.starts_with("[Box]") && text.contains("description = nightly"), "{text}");
    m.pluton("doctor").ok();
    m.pluton("storage remove Box --yes").ok();
    assert_eq!(m.config_text().trim(), "");
}

#[test]
fn a_save_waits_for_a_program_that_has_the_file_open() {
    let Some(m) = Windows::new() else { return };
    m.adds("Box");
    let mut holder = m.hold();
    let editing = m.start("storage edit Box --description nightly --no-verify");
    // It is complete beside the file, and cannot be moved into its place.
    let dir = m.config();
    let dir = dir.parent().expect("a directory");
    wait_for("the file to take the place of rclone.conf", || {
        let names = std::fs::read_dir(dir).expect("it").flatten().map(|entry| entry.file_name());
        let beside = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(".rclone.conf.pluton-");
        names.into_iter().find(beside)
    });
    assert!(!m.config_text().contains("nightly"));
    holder.stdin.take().expect("piped").write_all(b"\n").expect("it waits");
    holder.wait().expect("it ends");
    Ran::from(editing).ok();
    assert!(m.config_text().contains("description = nightly"));
}

#[test]
fn a_file_that_stays_open_is_said() {
    let Some(m) = Windows::new() else { return };
    m.adds("Box");
    let before = m.config_text();
    let mut holder = m.hold();
    let ran = m.pluton("storage edit Box --description nightly --no-verify").fails(9);
    ran.says("close the program that has rclone.conf open");
    drop(holder.stdin.take());
    holder.wait().expect("it ends");
    assert_eq!(m.config_text(), before);
}

/// The console takes no key before it has shown what one did: Enter comes after an arrow.
fn comes_to_the_paste(session: &mut Session) {
    session
        .sees(SIGN_IN.trim())
        .sees("Access token")
        .types(DOWN)
        .sees("> Your own")
        .types(UP)
        .sees("> Quick")
        .types(ENTER);
    session
        .sees(BROWSER.trim())
        .sees("another machine")
        .types(DOWN)
        .sees("> Yes, ")
        .types(DOWN)
        .sees("> No")
        .types(ENTER);
    session.sees(PASTE.trim());
}

#[test]
fn a_pasted_token_stays_hidden() {
    let Some(m) = Windows::new() else { return };
    let token = m.mint();
    let mut session = m.session("storage add box Box");
    comes_to_the_paste(&mut session);
    session.types(&format!("{}\r", token.blob())).sees("Token received").sees("Advanced options").types("n\r");
    session.sees("Saved as [Box]");
    let ended = session.ends();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    ended.never_showed(&token.access).never_showed(&token.refresh);
    assert!(m.config_text().starts_with("[Box]"));
}

#[test]
fn ctrl_c_at_a_hidden_prompt_changes_nothing() {
    let Some(m) = Windows::new() else { return };
    let mut session = m.session("storage add box Box");
    comes_to_the_paste(&mut session);
    session.types(CTRL_C);
    assert_eq!(session.ends().code, 130);
    assert!(!m.config().exists());
}

#[test]
fn ctrl_c_during_a_renewal_loses_no_token() {
    let Some(m) = Windows::new() else { return };
    m.adds("Box");
    let text = m.config_text();
    let old = text.split("\"refresh_token\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    // rclone asks twice: Box refuses the first way in which it names its app.
    m.sandbox.fault(Fault::on("POST", "/api/oauth2/token").times(1));
    m.sandbox.fault(Fault::on("POST", "/api/oauth2/token").delay(Duration::from_secs(4)));
    let mut session = m.session("storage refresh Box");
    until("the token's end", || !m.sandbox.is_live_refresh(old));
    session.types(CTRL_C);
    session.ends();
    m.sandbox.clear_faults();
    m.pluton("storage verify Box").ok();
}
