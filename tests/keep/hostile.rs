//! Text from Box or from another program's rclone.conf cannot control the terminal.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use box_sandbox::{Account, RCLONE_CLIENT_ID};
use rustix::process::{Pid, Signal, kill_process};

use crate::life::Life;
use crate::support::{PLUTON, Ran, wait_for};

/// A title, a link, the clipboard, a cleared screen, hidden text; and letters that reorder, break or hide in a line.
const CODES: &str = "\u{1b}]0;T\u{7}\u{1b}]8;;http://evil.example\u{1b}\\\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{1b}[8m\u{9b}2J\u{202e}\u{2028}\u{2029}\u{200b}\u{e0041}\u{feff}";

#[track_caller]
fn is_text(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let odd = |c: char| c != '\n' && (c.is_control() || CODES.contains(c) && !c.is_ascii());
        assert!(!text.contains(odd), "{text:?}");
    }
}

fn life() -> Life {
    let life = Life::new();
    life.quick("Good");
    let account = life.sandbox.account();
    life.sandbox.set_account(Account {
        name: format!("Ada{CODES}名前\nerror: forged"),
        login: format!("ada{CODES}@example.com\nerror: forged"),
        enterprise_name: format!("Ltd{CODES}"),
        max_upload_size: 1 << 20,
        ..account
    });
    life
}

#[test]
fn text_from_box_and_rclone_conf_carries_no_codes() {
    let life = life();
    let odd = format!("x{CODES}y");
    let token = life.sandbox.mint(RCLONE_CLIENT_ID);
    life.section(&odd, &format!("token = {}\nkey{CODES} = v{CODES}\ndescription = d{CODES}", token.blob()));
    life.home
        .write_config(&format!("{}[other{CODES}]\ntype = alias\nremote = Good:x{CODES}\n", life.home.config_text()));
    for args in [
        &["storage", "list"][..],
        &["storage", "show", &odd],
        &["storage", "verify", &odd],
        &["storage", "verify", "--all", "--verbose"],
        &["storage", "refresh", "--all", "--verbose"],
        &["storage", "rename", "Good", &odd],
        &["storage", "rename", &odd, "Good"],
        &["storage", "rename", "Good", "Better"],
        &["storage", "export", &odd, "--format", "env"],
        &["storage", "show", &format!("none{CODES}")],
        &["storage", "list", &format!("more{CODES}")],
        &["doctor"],
    ] {
        is_text(&life.pluton(args));
    }
    let ran = life.pluton(&["storage", "show", "Good"]).ok();
    assert!(ran.stdout.contains("Ada") && ran.stdout.contains("名前"), "letters of every script stay: {ran:?}");
    assert!(!ran.stdout.contains("\nerror: forged") && !ran.stderr.contains("\nerror: forged"), "{ran:?}");
}

#[test]
fn the_account_in_a_warning_carries_no_codes() {
    let life = life();
    let token = life.sandbox.jwt_app().config_file.display().to_string();
    let ran = life.pluton(&["storage", "authorize", "Good", "--box-config-file", &token]).ok();
    assert!(ran.stderr.contains("a different account than before: it was ada"), "{ran:?}");
    is_text(&ran);
    assert!(!ran.stderr.contains("\nerror: forged"), "{ran:?}");
}

#[test]
fn a_document_keeps_every_letter_and_shows_none_of_them_raw() {
    let life = life();
    let ran = life.pluton(&["storage", "show", "Good", "--json"]).ok();
    is_text(&ran);
    assert_eq!(ran.document()["storage"]["account"]["login"], format!("ada{CODES}@example.com\nerror: forged"));
}

#[test]
fn what_is_exported_to_a_program_is_kept_to_the_byte() {
    let life = Life::new();
    let app = life.sandbox.client_credentials_app();
    life.section("ci", &format!("client_id = {}\ndescription = d\u{202e}\u{200b}e", app.client_id));
    let ran = life.pluton(&["storage", "export", "ci", "--format", "rclone"]).ok();
    assert!(ran.stdout.contains("description = d\u{202e}\u{200b}e"), "{ran:?}");
}

#[test]
fn a_token_given_as_a_name_is_not_repeated() {
    let life = Life::new();
    let bare = "c3FIOG9vSGV4VHo4QzAyg5T1JvNnJoZ3E";
    let blob = life.sandbox.mint(RCLONE_CLIENT_ID).blob();
    for token in [bare, &blob] {
        for args in [
            &["storage", "show", token][..],
            &["storage", "verify", token],
            &["storage", "remove", token, "--yes"],
            &["storage", "add", "box", token],
            &["storage", "add", "box", "Box", token],
            &["storage", token],
            &["run", token, "--", "true"],
        ] {
            for json in [&[][..], &["--json"]] {
                let ran = life.pluton(&[args, json].concat()).keeps(&[token]);
                assert_ne!(ran.code, 0, "{ran:?}");
            }
        }
    }
}

/// The kernel writes what a program had in memory where it is killed by such a signal.
#[cfg(target_os = "linux")]
#[test]
fn no_core_dump_holds_a_token_and_the_users_command_may_have_one() {
    let life = life();
    let dumps = |script: &str, started: &str| {
        let mut command: Command = life.home.command("sh");
        command.args(["-c", &format!("ulimit -c unlimited; {script}")]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let marker = life.home.path().join(started);
        wait_for("it is under way", || marker.exists().then_some(()));
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::ABORT).expect("it runs");
        child.wait().expect("it ends").core_dumped()
    };
    if !dumps("touch one; exec sleep 60", "one") {
        return crate::support::skip("this machine writes no core dumps");
    }
    assert!(!dumps(&format!("exec '{PLUTON}' run Good -- sh -c 'touch two; sleep 60'"), "two"));
    life.pluton(&[
        "run",
        "Good",
        "--",
        "sh",
        "-c",
        "rm -f core*; ulimit -c unlimited; sh -c 'kill -ABRT $$'; ls core* > three",
    ]);
    let core = std::fs::read_to_string(life.home.path().join("three")).unwrap_or_default();
    assert!(core.contains("core"), "the user's own command leaves one: {core:?}");
}
