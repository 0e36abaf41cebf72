//! The basic commands on Windows: adding, renewing, saving while another program has the file open, and prompts.

use std::io::Write as _;
use std::time::Duration;

use box_sandbox::Fault;

use crate::machine::Machine;
use crate::support::desk::{BROWSER, PASTE, SIGN_IN};
use crate::support::session::{CTRL_C, DOWN, ENTER, Session};
use crate::support::wait_for;

const UP: &str = "\u{1b}[A";

#[test]
fn a_storage_is_added_shown_verified_renewed_edited_and_removed() {
    let Some(machine) = Machine::new() else { return };
    machine.adds("Box Backups");
    let saved = machine.config_text();
    assert!(saved.starts_with("[Box Backups]"), "{saved}");
    assert!(machine.staged().is_empty(), "{:?}", machine.staged());
    let list = machine.pluton(&["storage", "list"]).ok();
    assert!(list.stdout.contains("Box Backups  quick connect"), "{list:?}");
    let show = machine.pluton(&["storage", "show", "Box Backups"]).ok();
    assert!(show.stdout.contains(r"~\AppData\Roaming\rclone\rclone.conf"), "{show:?}");
    machine.pluton(&["storage", "verify", "Box Backups", "--check-write"]).ok();
    machine.pluton(&["storage", "refresh", "Box Backups"]).ok();
    assert_ne!(machine.config_text(), saved, "a renewed token");
    machine.pluton(&["storage", "edit", "Box Backups", "--description", "nightly"]).ok();
    machine.pluton(&["storage", "rename", "Box Backups", "Box"]).ok();
    let text = machine.config_text();
    assert!(text.starts_with("[Box]") && text.contains("description = nightly"), "{text}");
    machine.pluton(&["doctor"]).ok();
    machine.pluton(&["storage", "remove", "Box", "--yes"]).ok();
    assert_eq!(machine.config_text().trim(), "");
}

#[test]
fn a_save_waits_for_a_program_that_has_the_file_open() {
    let Some(machine) = Machine::new() else { return };
    machine.adds("Box");
    let mut holder = machine.hold();
    let editing = machine.start(&["storage", "edit", "Box", "--description", "nightly", "--no-verify"]);
    // It is complete beside the file, and cannot be moved into its place.
    let dir = machine.config();
    let dir = dir.parent().expect("a directory");
    wait_for("the file to take the place of rclone.conf", || {
        let names = std::fs::read_dir(dir).expect("it").flatten().map(|entry| entry.file_name());
        let beside = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(".rclone.conf.pluton-");
        names.into_iter().find(beside)
    });
    assert!(!machine.config_text().contains("nightly"));
    holder.stdin.take().expect("piped").write_all(b"\n").expect("it waits");
    holder.wait().expect("it ends");
    let ran: crate::support::Ran = editing.wait_with_output().expect("pluton ends").into();
    ran.ok();
    assert!(machine.config_text().contains("description = nightly"));
}

#[test]
fn a_file_that_stays_open_is_said() {
    let Some(machine) = Machine::new() else { return };
    machine.adds("Box");
    let before = machine.config_text();
    let mut holder = machine.hold();
    let ran = machine.pluton(&["storage", "edit", "Box", "--description", "nightly", "--no-verify"]).fails(9);
    assert!(ran.stderr.contains("close the program that has rclone.conf open"), "{ran:?}");
    drop(holder.stdin.take());
    holder.wait().expect("it ends");
    assert_eq!(machine.config_text(), before);
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
    let Some(machine) = Machine::new() else { return };
    let token = machine.token();
    let mut session = machine.session(&["storage", "add", "box", "Box"]);
    comes_to_the_paste(&mut session);
    session.types(&format!("{}\r", token.blob())).sees("Token received").sees("Advanced options").types("n\r");
    session.sees("Saved as [Box]");
    let ended = session.ends();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    ended.never_showed(&token.access).never_showed(&token.refresh);
    assert!(machine.config_text().starts_with("[Box]"));
}

#[test]
fn ctrl_c_at_a_hidden_prompt_changes_nothing() {
    let Some(machine) = Machine::new() else { return };
    let mut session = machine.session(&["storage", "add", "box", "Box"]);
    comes_to_the_paste(&mut session);
    session.types(CTRL_C);
    assert_eq!(session.ends().code, 130);
    assert!(!machine.config().exists());
}

#[test]
fn ctrl_c_during_a_renewal_loses_no_token() {
    let Some(machine) = Machine::new() else { return };
    machine.adds("Box");
    let text = machine.config_text();
    let old = text.split("\"refresh_token\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    // rclone asks twice: Box refuses the first way in which it names its app.
    machine.sandbox.fault(Fault::on("POST", "/api/oauth2/token").times(1));
    machine.sandbox.fault(Fault::on("POST", "/api/oauth2/token").delay(Duration::from_secs(4)));
    let mut session = machine.session(&["storage", "refresh", "Box"]);
    wait_for("the token's end", || (!machine.sandbox.is_live_refresh(old)).then_some(()));
    session.types(CTRL_C);
    session.ends();
    machine.sandbox.clear_faults();
    machine.pluton(&["storage", "verify", "Box"]).ok();
}
