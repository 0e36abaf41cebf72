//! Text from Box or from another program's rclone.conf cannot control the terminal.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use box_sandbox::Account;
use rustix::process::{Pid, Signal, kill_process};

use crate::run;
use crate::support::{Args, Machine, PLUTON, Ran};

/// A title, a link, the clipboard, a cleared screen, hidden text; and letters that reorder, break or hide in a line.
const CODES: &str = "\u{1b}]0;T\u{7}\u{1b}]8;;http://evil.example\u{1b}\\\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{1b}[8m\u{9b}2J\u{202e}\u{2028}\u{2029}\u{200b}\u{e0041}\u{feff}";

#[track_caller]
fn is_text(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let odd = |c: char| c != '\n' && (c.is_control() || CODES.contains(c) && !c.is_ascii());
        assert!(!text.contains(odd), "{text:?}");
    }
}

fn hostile() -> Machine {
    let m = Machine::new();
    m.quick("Good");
    let account = m.sandbox.account();
    m.sandbox.set_account(Account {
        name: format!("Ada{CODES}名前\nerror: forged"),
        login: format!("ada{CODES}@example.com\nerror: forged"),
        enterprise_name: format!("Ltd{CODES}"),
        max_upload_size: 1 << 20,
        ..account
    });
    m
}

#[test]
fn text_from_box_and_rclone_conf_carries_no_codes() {
    let m = hostile();
    let odd = format!("x{CODES}y");
    let token = m.mint().blob();
    m.section(&odd, &format!("token = {token}\nkey{CODES} = v{CODES}\ndescription = d{CODES}"));
    m.write_config(&format!("{}[other{CODES}]\ntype = alias\nremote = Good:x{CODES}\n", m.config_text()));
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
        is_text(&m.pluton(args));
    }
    // Letters of every script stay.
    m.pluton("storage show Good").ok().prints(["Ada", "名前"]).omits("\nerror: forged");
}

#[test]
fn the_account_in_a_warning_carries_no_codes() {
    let m = hostile();
    let token = m.sandbox.jwt_app().config_file.display().to_string();
    let ran = m.pluton(["storage", "authorize", "Good", "--box-config-file", &token]).ok();
    is_text(&ran);
    ran.says("a different account than before: it was ada").omits("\nerror: forged");
}

#[test]
fn a_document_keeps_every_letter_and_shows_none_of_them_raw() {
    let m = hostile();
    let ran = m.pluton("storage show Good --json").ok();
    is_text(&ran);
    assert_eq!(ran.document()["storage"]["account"]["login"], format!("ada{CODES}@example.com\nerror: forged"));
}

#[test]
fn what_is_exported_to_a_program_is_kept_to_the_byte() {
    let m = Machine::new();
    m.section("ci", "client_id = x\ndescription = d\u{202e}\u{200b}e");
    m.pluton("storage export ci --format rclone").ok().prints("description = d\u{202e}\u{200b}e");
}

#[test]
fn a_token_given_as_a_name_is_not_repeated() {
    let m = Machine::new();
    let bare = "c3FIOG9vSGV4VHo4QzAyg5T1JvNnJoZ3E";
    let blob = m.mint().blob();
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
            for json in ["", "--json"] {
                let ran = m.pluton(args.and(json)).omits(token);
                assert_ne!(ran.code, 0, "{ran:?}");
            }
        }
    }
}

#[test]
fn a_secret_given_in_the_place_of_its_file_is_not_repeated() {
    let m = Machine::new();
    let (blob, app) = (m.mint().blob(), m.sandbox.own_app());
    let key = m.read(m.sandbox.jwt_app().config_file);
    for (flag, secret, code) in [
        ("--token-file", blob.as_str(), 2),
        ("--client-secret-file", &app.client_secret, 2),
        ("--access-token-file", &m.mint().access, 2),
        ("--box-config-file", key.trim(), 6),
    ] {
        for json in ["", "--json"] {
            let ran = m.pluton(["storage", "add", "box", "Box", flag, secret].and(json)).fails(code);
            let told = ran.stdout.clone() + &ran.stderr;
            assert!(told.contains("not a path") && !told.contains(secret) && !told.contains("PRIVATE"), "{ran:?}");
        }
    }
}

/// The kernel writes what a program had in memory where it is killed by such a signal.
#[cfg(target_os = "linux")]
#[test]
fn no_core_dump_holds_a_token_and_the_users_command_may_have_one() {
    let m = hostile();
    let dumps = |script: &str, started: &str| {
        let mut command = m.piped("sh", ["-c", &format!("ulimit -c unlimited; {script}")]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        m.wait_for_file(started);
        kill_process(Pid::from_child(&child), Signal::ABORT).expect("it runs");
        child.wait().expect("it ends").core_dumped()
    };
    if !dumps("touch one; exec sleep 60", "one") {
        return crate::support::skip("this machine writes no core dumps");
    }
    assert!(!dumps(&format!("exec '{PLUTON}' run Good -- sh -c 'touch two; sleep 60'"), "two"));
    run(&m, "Good", "rm -f core*; ulimit -c unlimited; sh -c 'kill -ABRT $$'; ls core* > three");
    let core = std::fs::read_to_string(m.at("three")).unwrap_or_default();
    assert!(core.contains("core"), "the user's own command leaves one: {core:?}");
}
