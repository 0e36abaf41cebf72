//! Encrypted files: opened with the password that rclone would use, changed, encrypted again, and never written to disk
//! unencrypted.

use std::fs;
use std::path::Path;

use box_sandbox::rclone;
use serde_json::Value as Json;

use crate::support::{Args, Machine, Ran, refresh_token};

/// Made once, read by both rclones; the password is below.
const VECTOR: &str = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n\
    AAECAwQFBgcICQoLDA0ODxAREhMUFRYXHwql5LX5It8fTNtu7pc1F2gQwCJ2VQAHlmvZoRHue3beX9rEnnojWzzdRx55PaIIBcHPzGfQeSiMQeBoR3g=";
const VECTOR_PASSWORD: &str = "pässword ①";
const HEAD: &str = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n";
const MARK: &str = "/somewhere/unmistakable";

/// A file that rclone itself has encrypted.
fn encrypted_by_rclone(m: &Machine, password: &str) {
    m.write_config(&format!("; a comment\n[plain]\ntype = alias\nremote = {MARK}\n"));
    let file = m.file("pw", password);
    let command = format!("cat {file}");
    m.rclone(["config", "encryption", "set", "--password-command", &command]).ok();
    fs::remove_file(file).expect("the password's file");
    assert!(m.config_text().starts_with(HEAD), "rclone encrypted it");
}

/// What each rclone reads in it with this password.
fn dumps(home: &Machine, password: &str) -> Vec<Json> {
    let read = |rclone: &Path| {
        let mut command = home.command(rclone);
        let ran = command.args(["config", "dump", "--ask-password=false"]).env("RCLONE_CONFIG_PASS", password).output();
        let ran = ran.expect("rclone runs");
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    };
    rclone::both().iter().map(|rclone| read(rclone)).collect()
}

/// Nothing below the home holds any of these.
#[track_caller]
fn nowhere_in(home: &Machine, secrets: &[&str]) {
    for name in home.files() {
        let bytes = fs::read(home.path().join(&name)).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in the clear in {name}");
        }
    }
}

#[test]
fn it_is_read_changed_and_stays_encrypted() {
    const PASSWORD: &str = "correct horse ①";
    let mut m = Machine::new();
    encrypted_by_rclone(&m, PASSWORD);
    m.set("RCLONE_CONFIG_PASS", PASSWORD);
    let (proven, unproven) = (m.mint(), m.mint());
    m.add(&proven, "proven").ok();
    m.put(&unproven, "unproven").ok();
    m.put(&unproven, "unproven --force --list-chunk 7").ok();
    assert!(m.config_text().starts_with(HEAD));
    for dump in dumps(&m, PASSWORD) {
        assert_eq!(dump["plain"]["remote"], MARK);
        assert_eq!(dump["unproven"]["list_chunk"], "7");
        assert_eq!(refresh_token(&dump, "unproven"), unproven.refresh);
        assert!(m.sandbox.is_live_refresh(&refresh_token(&dump, "proven")));
        nowhere_in(&m, &[MARK, PASSWORD, &unproven.refresh, &refresh_token(&dump, "proven")]);
    }
    let list = m.json("storage list").document();
    assert_eq!(list["storages"].as_array().map(Vec::len), Some(2), "{list}");
    let show = m.json("storage show unproven").document();
    assert_eq!(show["storage"]["options"]["list_chunk"], "7");
    // rclone keeps using it: it renews the token, and saves it encrypted.
    m.rclone("lsd proven:").ok();
    m.nothing_beside();
    assert!(m.staged().is_empty());
}

#[test]
fn a_file_of_either_rclone_opens_with_a_password_in_unicode() {
    let mut m = Machine::new();
    let wrapped = VECTOR.replace("AAECAw", "AAE\r\n CAw").replace(":\n", ":\r\n");
    // Composed or decomposed, it is the same password.
    for (text, password) in [(&*wrapped, VECTOR_PASSWORD), (VECTOR, "pa\u{308}ssword 1"), (VECTOR, VECTOR_PASSWORD)] {
        m.write_config(text);
        m.set("RCLONE_CONFIG_PASS", password);
        let show = m.json("storage show bx").done();
        assert_eq!(show["storage"]["name"], "bx", "{show}");
    }
    m.put(&m.mint(), "second").ok();
    for dump in dumps(&m, VECTOR_PASSWORD) {
        assert_eq!(dump["bx"]["token"], "{\"access_token\":\"A\"}");
        assert_eq!(dump["second"]["type"], "box");
    }
}

fn list(m: &Machine, args: impl Args) -> Ran {
    m.pluton("storage list".and(args))
}

#[test]
fn the_flag_comes_before_the_variables_and_the_command_before_the_password() {
    let mut m = Machine::new();
    encrypted_by_rclone(&m, "right");
    list(&m, "--password-command 'echo right'").ok();
    m.set("RCLONE_PASSWORD_COMMAND", "echo right");
    list(&m, "").ok();
    // As in rclone, the command's password is used even if the other one would work.
    m.set("RCLONE_CONFIG_PASS", "right").set("RCLONE_PASSWORD_COMMAND", "echo wrong");
    list(&m, "").fails(9);
    list(&m, ["--password-command", r#"sh -c "printf 'right\r\n'""#]).ok();
    m.unset("RCLONE_PASSWORD_COMMAND").set("RCLONE_CONFIG_PASS", "wrong");
    list(&m, "").fails(9);
    list(&m, "--password-command 'echo right'").ok();
}

#[test]
fn without_the_password_nothing_is_touched_and_the_way_in_is_named() {
    let mut m = Machine::new();
    encrypted_by_rclone(&m, "right");
    let before = m.bytes();
    let token = m.mint();
    for command in ["", "'echo wrong'", "false", "true", "/no/such/program"] {
        let flags = if command.is_empty() { String::new() } else { format!("--password-command {command}") };
        for command in ["storage list", "storage show plain"] {
            m.json(command.and(&flags)).refused(9, "config_encrypted");
        }
        let error = m.add_json(&token, "box".and(&flags)).omits("wrong").refused(9, "config_encrypted");
        let words = if flags.is_empty() { "RCLONE_CONFIG_PASS" } else { "password" };
        assert!(error["remedy"].to_string().contains(words), "{error}");
    }
    m.set("RCLONE_CONFIG_PASS", "right ");
    m.json("storage list").refused(9, "config_encrypted");
    assert_eq!(m.bytes(), before);
    assert!(m.sandbox.is_live_refresh(&token.refresh));
}

#[test]
fn what_cannot_be_decrypted_says_why() {
    let mut m = Machine::new();
    m.set("RCLONE_CONFIG_PASS", VECTOR_PASSWORD);
    for (file, words) in [
        (VECTOR.replace("V0", "V1"), "newer"),
        (VECTOR.replace("AAECAw", "AA!CAw"), "damaged"),
        (HEAD.to_owned(), "damaged"),
        // Encrypted, and truncated.
        (VECTOR[..HEAD.len() + 80].to_owned(), "does not decrypt"),
    ] {
        m.write_config(&file);
        let document = m.json("storage list").fails(9).document();
        assert!(document["error"]["message"].as_str().expect("words").contains(words), "{document}");
        m.put(&m.mint(), "box").fails(9);
        assert_eq!(m.config_text(), file);
    }
}

#[test]
fn a_file_in_the_clear_stays_so_whatever_password_there_is() {
    let mut m = Machine::new();
    m.set("RCLONE_CONFIG_PASS", "a password");
    m.put(&m.mint(), "first").ok();
    m.put(&m.mint(), "second").ok();
    assert!(m.config_text().starts_with("[first]\n"));
    assert_eq!(m.dump().as_object().map(serde_json::Map::len), Some(2));
}
