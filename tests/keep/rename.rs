//! `storage rename` leaves the token untouched and updates other remotes that refer to the storage.

use serde_json::json;

use crate::support::{Machine, with_each};

/// Remotes of every kind that point at `box`, beside some that only look like it.
fn pointing(m: &Machine) {
    m.quick("box");
    let text = m.config_text();
    let password = m.rclone("obscure password").ok().stdout;
    m.write_config(&format!(
        "{text}
[secret]
type = crypt
remote = box:Secrets
password = {password}
[short]
type = alias
remote = box:
[both]
type = union
upstreams = box:a \"box:b c:ro\" mybox:d
[all]
type = combine
upstreams = one=box: \"two words=box:x\" three=boxes:
[parts]
type = chunker
remote = box:parts
[mybox]
type = alias
remote = /tmp/box:x
[note]
type = local
description = box:
"
    ));
}

#[test]
fn what_points_at_it_is_renamed_too() {
    with_each(|m| {
        m.sandbox.create_folder("0", "Secrets");
        pointing(&m);
        let before = m.config_text();
        let token = m.token("box");
        let document = m
            .json("storage rename box 'My Box Drive'")
            .holds(&json!({ "outcome": "renamed", "new_name": "My Box Drive" }));
        assert_eq!(document["references"].to_string(), r#"["secret","short","both","all","parts"]"#);
        let expected = before
            .replace("[box]", "[My Box Drive]")
            .replace("remote = box:", "remote = My Box Drive:")
            .replace("box:a \"box:b c:ro\"", "\"My Box Drive:a\" \"My Box Drive:b c:ro\"")
            .replace("one=box: \"two words=box:x\"", "\"one=My Box Drive:\" \"two words=My Box Drive:x\"");
        assert_eq!(m.config_text(), expected);
        assert_eq!(m.token("My Box Drive"), token);
        assert_eq!(m.sandbox.requests().len(), 0);
        // rclone agrees with every one of them.
        for (remote, lines) in [("My Box Drive:", 4), ("secret:", 0), ("short:", 4)] {
            assert_eq!(m.rclone(["lsf", remote]).ok().stdout.lines().count(), lines, "{remote}");
        }
        // And back again, with the steps shown.
        m.pluton("storage rename 'My Box Drive' box").ok().says("[secret] remote = box:Secrets");
        assert_eq!(m.rclone("lsf short:").ok().stdout.lines().count(), 4);
    });
}

#[test]
fn rclone_reads_the_lists_that_pluton_wrote() {
    with_each(|m| {
        m.quick("box");
        let text = m.config_text();
        m.write_config(&format!("{text}[all]\ntype = combine\nupstreams = one=box: \"two words=box:\"\n[u]\ntype = union\nupstreams = box: \"box:\"\n"));
        m.pluton("storage rename box 'a b'").ok();
        assert_eq!(m.rclone("lsf all:").ok().stdout, "one/\ntwo words/\n");
        assert_eq!(m.rclone("lsf 'all:two words'").ok().stdout.lines().count(), 3);
        assert_eq!(m.rclone("lsf u:").ok().stdout.lines().count(), 3);
    });
}

#[test]
fn a_name_that_cannot_be_is_refused() {
    let m = Machine::new();
    let token = m.mint();
    m.section("box", &format!("list_chunk = 7\ntoken = {}", token.blob()));
    m.quick("other");
    m.section("box.kid", "root_folder_id = 0");
    let before = m.config_text();
    for (old, new, code) in [
        ("box", "other", 5),
        ("box", "a:b", 2),
        ("nobody", "x", 4),
        ("box", "plain", 2),
        ("other", "box.heir", 2),
        ("box.kid", "kid", 2),
        ("box.kid", "other.kid", 2),
    ] {
        m.pluton(["storage", "rename", old, new]).fails(code).says("error:");
    }
    assert_eq!(m.config_text(), before);
}
