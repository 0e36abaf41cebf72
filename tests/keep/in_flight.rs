//! A storage that is removed, renamed, edited or signed in again while its renewal waits for Box's answer.

use std::process::Child;

use box_sandbox::Token;

use crate::slow;
use crate::support::{Args, Machine, PLUTON, Ran, until, with_each_of};

/// A pluton that waits for the answer to the renewal of `token`.
fn renewing(m: &Machine, token: &Token, args: impl Args) -> Child {
    let child = m.start(args);
    until("the old token's end", || m.sandbox.is_renewed(&token.refresh));
    child
}

const REFRESH: &str = "storage refresh Box";
const MOVE: &str = "storage export Box --format rclone --move";

fn refreshing(m: &Machine) -> Child {
    let token = m.expired("Box");
    renewing(m, &token, REFRESH)
}

#[test]
fn what_is_moved_is_the_renewed_token() {
    with_each_of(slow, |m| {
        let child = refreshing(&m);
        let moved = m.pluton(MOVE).ok().stdout;
        Ran::from(child).ok();
        assert!(m.dump().get("Box").is_none());
        m.write_config(&moved);
        m.is_signed_in("Box");
    });
}

#[test]
fn a_renewal_whose_pluton_was_killed_is_waited_for_and_moved() {
    with_each_of(slow, |m| {
        let mut child = refreshing(&m);
        child.kill().expect("it is still there");
        child.wait().expect("it ends");
        let moved = m.pluton(MOVE).ok().stdout;
        m.write_config(&moved);
        m.is_signed_in("Box");
    });
}

#[test]
fn a_storage_has_its_renewed_token_under_its_new_name() {
    with_each_of(slow, |m| {
        let child = refreshing(&m);
        m.pluton("storage rename Box Other").ok();
        Ran::from(child).ok();
        m.is_signed_in("Other");
    });
}

#[test]
fn a_storage_that_is_removed_takes_its_renewed_token_along() {
    with_each_of(slow, |m| {
        let child = refreshing(&m);
        m.pluton("storage remove Box --yes").ok();
        Ran::from(child).ok();
        assert!(m.dump().get("Box").is_none());
        // One that comes too late is told so, and asks Box for nothing.
        m.pluton(REFRESH).fails(4);
        assert_eq!(m.grants(), 1);
    });
}

#[test]
fn a_storage_that_apply_prunes_waits_for_its_renewal() {
    with_each_of(slow, |m| {
        let given = m.mint();
        m.file("token", &given.blob());
        m.file("storages.toml", "[storage.Box]\nprovider = 'box'\ntoken = { file = 'token' }\n");
        m.pluton("apply storages.toml").ok();
        m.after_an_hour("Box");
        let before = Token { refresh: m.refresh_token("Box"), ..given };
        let child = renewing(&m, &before, REFRESH);
        m.file("storages.toml", "");
        m.pluton("apply storages.toml --prune").ok();
        // The renewal had its place before the storage went.
        Ran::from(child).ok();
        assert!(m.dump().get("Box").is_none());
    });
}

#[test]
fn a_renewal_waits_for_an_edit_that_has_box_replace_the_token() {
    with_each_of(slow, |m| {
        let token = m.quick("Box");
        let edit = "storage edit Box --token-url https://api.box.com/oauth2/token";
        let child = renewing(&m, &token, edit);
        m.pluton(REFRESH).ok().prints("another process");
        Ran::from(child).ok();
        m.is_signed_in("Box");
        let requests = m.sandbox.requests();
        let mut asked = requests.iter().filter(|request| request.path.ends_with("/oauth2/token"));
        let first_success = asked.by_ref().find(|request| request.status == 200);
        assert!(first_success.is_some() && asked.next().is_none(), "a token was tried that Box had replaced");
    });
}

#[test]
fn a_new_sign_in_waits_for_a_renewal_and_stays() {
    with_each_of(slow, |m| {
        let child = refreshing(&m);
        let new = m.mint();
        m.file("token", &new.blob());
        m.pluton("storage authorize Box --token-file token --no-refresh-check").ok();
        Ran::from(child).ok();
        assert_eq!(m.refresh_token("Box"), new.refresh);
    });
}

#[test]
fn a_renewed_token_whose_storage_another_program_removed_or_signed_in_again_is_kept_and_told() {
    let removed = |m: &Machine| m.write_config("[other]\ntype = local\n");
    let signed_in_again = |m: &Machine| {
        m.write_config("");
        m.quick("Box");
    };
    let verify = "storage verify Box";
    let both: [fn(&Machine); 2] = [removed, signed_in_again];
    for (args, replace) in [REFRESH, verify].into_iter().flat_map(|args| both.map(|replace| (args, replace))) {
        with_each_of(slow, |m| {
            let token = m.expired("Box");
            let child = renewing(&m, &token, args.and("--json"));
            replace(&m);
            let error = Ran::from(child).refused(9, "config_conflict");
            let remedy = error["remedy"].to_string();
            let file = remedy.split('\'').nth(1).unwrap_or_else(|| panic!("a file is named: {error}"));
            m.sandbox.clear_faults();
            m.pluton(["storage", "add", "box", "Again", "--token-file", file]).ok();
            m.is_signed_in("Again");
        });
    }
}

#[test]
fn nothing_is_moved_into_nowhere() {
    let m = Machine::new();
    let token = m.quick("Box");
    let before = m.config_text();
    for to in [">&-", "> /dev/null", "> /dev/zero", "> /dev/full", "| true"] {
        m.shell(&format!("(sleep 0.3; exec '{PLUTON}' {MOVE}) {to}")).fails(1);
        assert_eq!(m.config_text(), before, "{to}");
    }
    m.shell(&format!("'{PLUTON}' {MOVE} > moved")).ok();
    let moved = m.read("moved");
    assert!(moved.contains(&token.refresh) && m.config_text().trim().is_empty(), "{moved}");
}
