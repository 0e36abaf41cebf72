//! A storage that is removed, renamed, edited or signed in again while its renewal waits for Box's answer.

use std::process::Child;
use std::time::Duration;

use box_sandbox::{Fault, RCLONE_CLIENT_ID, Sandbox, Token};

use crate::life::{Life, with_each};
use crate::support::{PLUTON, Ran, wait_for};

/// A Box that takes its time once it has replaced a token.
fn slow() -> Sandbox {
    let sandbox = Sandbox::start();
    for path in ["/oauth2/token", "/api/oauth2/token"] {
        sandbox.fault(Fault::on("POST", path).delay(Duration::from_secs(3)));
    }
    sandbox
}

/// A pluton that waits for the answer to the renewal of `token`.
fn renewing(life: &Life, token: &Token, args: &[&str]) -> Child {
    let child = life.home.start(args);
    wait_for("the old token's end", || life.sandbox.is_renewed(&token.refresh).then_some(()));
    child
}

fn end(child: Child) -> Ran {
    child.wait_with_output().expect("pluton ends").into()
}

const REFRESH: [&str; 3] = ["storage", "refresh", "Box"];

#[test]
fn what_is_moved_is_the_renewed_token() {
    with_each(slow, |life| {
        let token = life.expired("Box");
        let child = renewing(&life, &token, &REFRESH);
        let moved = life.pluton(&["storage", "export", "Box", "--format", "rclone", "--move"]).ok().stdout;
        end(child).ok();
        assert!(life.home.dump().get("Box").is_none());
        life.home.write_config(&moved);
        life.is_signed_in("Box");
    });
}

#[test]
fn a_renewal_whose_pluton_was_killed_is_waited_for_and_moved() {
    with_each(slow, |life| {
        let token = life.expired("Box");
        let mut child = renewing(&life, &token, &REFRESH);
        child.kill().expect("it is still there");
        child.wait().expect("it ends");
        let moved = life.pluton(&["storage", "export", "Box", "--format", "rclone", "--move"]).ok().stdout;
        life.home.write_config(&moved);
        life.is_signed_in("Box");
    });
}

#[test]
fn a_storage_has_its_renewed_token_under_its_new_name() {
    with_each(slow, |life| {
        let token = life.expired("Box");
        let child = renewing(&life, &token, &REFRESH);
        life.pluton(&["storage", "rename", "Box", "Other"]).ok();
        end(child).ok();
        life.is_signed_in("Other");
    });
}

#[test]
fn a_storage_that_is_removed_takes_its_renewed_token_along() {
    with_each(slow, |life| {
        let token = life.expired("Box");
        let child = renewing(&life, &token, &REFRESH);
        life.pluton(&["storage", "remove", "Box", "--yes"]).ok();
        end(child).ok();
        assert!(life.home.dump().get("Box").is_none());
        // One that comes too late is told so, and asks Box for nothing.
        life.pluton(&REFRESH).fails(4);
        assert_eq!(life.grants(), 1);
    });
}

#[test]
fn a_storage_that_apply_prunes_waits_for_its_renewal() {
    with_each(slow, |life| {
        let given = life.sandbox.mint(RCLONE_CLIENT_ID);
        let token = life.home.file("token", &given.blob());
        let declared = format!("[storage.Box]\nprovider = \"box\"\ntoken = {{ file = '{token}' }}\n");
        let file = life.home.file("storages.toml", &declared);
        life.pluton(&["apply", &file]).ok();
        life.home.after_an_hour("Box");
        let before = Token { refresh: life.refresh_token("Box"), ..given };
        let child = renewing(&life, &before, &REFRESH);
        life.home.file("storages.toml", "");
        life.pluton(&["apply", &file, "--prune"]).ok();
        // The renewal had its place before the storage went.
        end(child).ok();
        assert!(life.home.dump().get("Box").is_none());
    });
}

#[test]
fn a_renewal_waits_for_an_edit_that_has_box_replace_the_token() {
    with_each(slow, |life| {
        let token = life.quick("Box");
        let url = ["--token-url", "https://api.box.com/oauth2/token"];
        let child = renewing(&life, &token, &[&["storage", "edit", "Box"][..], &url].concat());
        let ran = life.pluton(&REFRESH).ok();
        assert!(ran.stdout.contains("another process"), "{ran:?}");
        end(child).ok();
        life.is_signed_in("Box");
        let requests = life.sandbox.requests();
        let mut asked = requests.iter().filter(|request| request.path.ends_with("/oauth2/token"));
        let first_success = asked.by_ref().find(|request| request.status == 200);
        assert!(first_success.is_some() && asked.next().is_none(), "a token was tried that Box had replaced");
    });
}

#[test]
fn a_new_sign_in_waits_for_a_renewal_and_stays() {
    with_each(slow, |life| {
        let token = life.expired("Box");
        let child = renewing(&life, &token, &REFRESH);
        let new = life.sandbox.mint(RCLONE_CLIENT_ID);
        let file = life.home.file("token", &new.blob());
        life.pluton(&["storage", "authorize", "Box", "--token-file", &file, "--no-refresh-check"]).ok();
        end(child).ok();
        assert_eq!(life.refresh_token("Box"), new.refresh);
    });
}

#[test]
fn a_renewed_token_whose_storage_another_program_removed_or_signed_in_again_is_kept_and_told() {
    let removed = |life: &Life| life.home.write_config("[other]\ntype = local\n");
    let signed_in_again = |life: &Life| {
        life.home.write_config("");
        life.quick("Box");
    };
    let verify = ["storage", "verify", "Box"];
    let both: [fn(&Life); 2] = [removed, signed_in_again];
    for (args, replace) in [REFRESH, verify].into_iter().flat_map(|args| both.map(|replace| (args, replace))) {
        with_each(slow, |life| {
            let token = life.expired("Box");
            let child = renewing(&life, &token, &[&args[..], &["--json"]].concat());
            replace(&life);
            let ran = end(child).fails(9);
            let document = ran.document();
            let error = &document["storages"][0]["error"];
            assert_eq!(error["code"], "config_conflict", "{document}");
            let remedy = error["remedy"].to_string();
            let file = remedy.split('\'').nth(1).unwrap_or_else(|| panic!("a file is named: {document}"));
            life.sandbox.clear_faults();
            life.pluton(&["storage", "add", "box", "Again", "--token-file", file]).ok();
            life.is_signed_in("Again");
        });
    }
}

#[test]
fn nothing_is_moved_into_nowhere() {
    let life = Life::new();
    let token = life.quick("Box");
    let before = life.home.config_text();
    for to in [">&-", "> /dev/null", "> /dev/zero", "> /dev/full", "| true"] {
        let script =
            format!("set -o pipefail; (sleep 0.3; exec '{PLUTON}' storage export Box --format rclone --move) {to}");
        let output = life.home.command("bash").args(["-c", &script]).output().expect("bash");
        assert_eq!(output.status.code(), Some(1), "{to}: {output:?}");
        assert_eq!(life.home.config_text(), before, "{to}");
    }
    let script = format!("'{PLUTON}' storage export Box --format rclone --move > moved");
    assert!(life.home.command("bash").args(["-c", &script]).status().is_ok_and(|status| status.success()));
    let moved = std::fs::read_to_string(life.home.path().join("moved")).expect("it");
    assert!(moved.contains(&token.refresh) && life.home.config_text().trim().is_empty(), "{moved}");
}
