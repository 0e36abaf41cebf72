//! Encrypted files: opened with the password that rclone would use, changed, encrypted again, and never written to disk
//! unencrypted.

use std::fs;
use std::path::Path;

use box_sandbox::rclone;
use serde_json::Value as Json;

use crate::support::Home;
use crate::world::{World, refresh_token};

/// Made once, read by both rclones; the password is below.
const VECTOR: &str = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n\
    AAECAwQFBgcICQoLDA0ODxAREhMUFRYXHwql5LX5It8fTNtu7pc1F2gQwCJ2VQAHlmvZoRHue3beX9rEnnojWzzdRx55PaIIBcHPzGfQeSiMQeBoR3g=";
const VECTOR_PASSWORD: &str = "pässword ①";
const HEAD: &str = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n";
const MARK: &str = "/somewhere/unmistakable";

/// A file that rclone itself has encrypted.
fn encrypted_by_rclone(world: &World, password: &str) {
    world.home.write_config(&format!("; a comment\n[plain]\ntype = alias\nremote = {MARK}\n"));
    let file = world.home.file("pw", password);
    let command = format!("cat {file}");
    world.home.rclone(&["config", "encryption", "set", "--password-command", &command]).ok();
    fs::remove_file(file).expect("the password's file");
    assert!(world.home.config_text().starts_with(HEAD), "rclone encrypted it");
}

/// What each rclone reads in it with this password.
fn dumps(home: &Home, password: &str) -> Vec<Json> {
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
fn nowhere_in(home: &Home, secrets: &[&str]) {
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
    let mut world = World::new();
    encrypted_by_rclone(&world, PASSWORD);
    world.home.set("RCLONE_CONFIG_PASS", PASSWORD);
    let (proven, unproven) = (world.token(), world.token());
    world.add("proven", &proven, &[]).ok();
    world.put("unproven", &unproven, &[]).ok();
    world.put("unproven", &unproven, &["--force", "--list-chunk", "7"]).ok();
    assert!(world.home.config_text().starts_with(HEAD));
    for dump in dumps(&world.home, PASSWORD) {
        assert_eq!(dump["plain"]["remote"], MARK);
        assert_eq!(dump["unproven"]["list_chunk"], "7");
        assert_eq!(refresh_token(&dump, "unproven"), unproven.refresh);
        assert!(world.sandbox.is_live_refresh(&refresh_token(&dump, "proven")));
        nowhere_in(&world.home, &[MARK, PASSWORD, &unproven.refresh, &refresh_token(&dump, "proven")]);
    }
    let (_, list) = world.home.json(&["storage", "list"]);
    assert_eq!(list["storages"].as_array().map(Vec::len), Some(2), "{list}");
    let (_, show) = world.home.json(&["storage", "show", "unproven"]);
    assert_eq!(show["storage"]["options"]["list_chunk"], "7");
    // rclone keeps using it: it renews the token, and saves it encrypted.
    world.home.rclone(&["lsd", "proven:"]).ok();
    world.nothing_beside();
    assert!(world.staged().is_empty());
}

#[test]
fn a_file_of_either_rclone_opens_with_a_password_in_unicode() {
    let mut world = World::new();
    let wrapped = VECTOR.replace("AAECAw", "AAE\r\n CAw").replace(":\n", ":\r\n");
    // Composed or decomposed, it is the same password.
    for (text, password) in [(&*wrapped, VECTOR_PASSWORD), (VECTOR, "pa\u{308}ssword 1"), (VECTOR, VECTOR_PASSWORD)] {
        world.home.write_config(text);
        world.home.set("RCLONE_CONFIG_PASS", password);
        let (code, show) = world.home.json(&["storage", "show", "bx"]);
        assert_eq!((code, &show["storage"]["name"]), (0, &"bx".into()));
    }
    world.put("second", &world.token(), &[]).ok();
    for dump in dumps(&world.home, VECTOR_PASSWORD) {
        assert_eq!(dump["bx"]["token"], "{\"access_token\":\"A\"}");
        assert_eq!(dump["second"]["type"], "box");
    }
}

#[test]
fn the_flag_comes_before_the_variables_and_the_command_before_the_password() {
    let mut world = World::new();
    encrypted_by_rclone(&world, "right");
    let list = |world: &World, args: &[&str]| world.home.pluton(&[&["storage", "list"], args].concat());
    list(&world, &["--password-command", "echo right"]).ok();
    world.home.set("RCLONE_PASSWORD_COMMAND", "echo right");
    list(&world, &[]).ok();
    // As in rclone, the command's password is used even if the other one would work.
    world.home.set("RCLONE_CONFIG_PASS", "right").set("RCLONE_PASSWORD_COMMAND", "echo wrong");
    list(&world, &[]).fails(9);
    list(&world, &["--password-command", r#"sh -c "printf 'right\r\n'""#]).ok();
    world.home.unset("RCLONE_PASSWORD_COMMAND").set("RCLONE_CONFIG_PASS", "wrong");
    list(&world, &[]).fails(9);
    list(&world, &["--password-command", "echo right"]).ok();
}

#[test]
fn without_the_password_nothing_is_touched_and_the_way_in_is_named() {
    let mut world = World::new();
    encrypted_by_rclone(&world, "right");
    let before = world.bytes();
    let token = world.token();
    let flags: [&[&str]; 5] = [
        &[],
        &["--password-command", "echo wrong"],
        &["--password-command", "false"],
        &["--password-command", "true"],
        &["--password-command", "/no/such/program"],
    ];
    for flags in flags {
        for command in [&["storage", "list"][..], &["storage", "show", "plain"]] {
            let (code, document) = world.home.json(&[command, flags].concat());
            assert_eq!((code, &document["error"]["code"]), (9, &"config_encrypted".into()), "{document}");
        }
        let ran = world.add("box", &token, &[flags, &["--json"]].concat()).fails(9).keeps(&["wrong"]);
        let document = ran.document();
        let remedy = document["error"]["remedy"].to_string();
        let words = if flags.is_empty() { "RCLONE_CONFIG_PASS" } else { "password" };
        assert!(remedy.contains(words), "{document}");
    }
    world.home.set("RCLONE_CONFIG_PASS", "right ");
    let (code, document) = world.home.json(&["storage", "list"]);
    assert_eq!((code, &document["error"]["code"]), (9, &"config_encrypted".into()), "spaces count: {document}");
    assert_eq!(world.bytes(), before);
    assert!(world.sandbox.is_live_refresh(&token.refresh));
}

#[test]
fn what_cannot_be_decrypted_says_why() {
    let mut world = World::new();
    world.home.set("RCLONE_CONFIG_PASS", VECTOR_PASSWORD);
    for (file, words) in [
        (VECTOR.replace("V0", "V1"), "newer"),
        (VECTOR.replace("AAECAw", "AA!CAw"), "damaged"),
        (HEAD.to_owned(), "damaged"),
        // Encrypted, and truncated.
        (VECTOR[..HEAD.len() + 80].to_owned(), "does not decrypt"),
    ] {
        world.home.write_config(&file);
        let (code, document) = world.home.json(&["storage", "list"]);
        assert_eq!(code, 9, "{document}");
        assert!(document["error"]["message"].as_str().expect("words").contains(words), "{document}");
        world.put("box", &world.token(), &[]).fails(9);
        assert_eq!(world.home.config_text(), file);
    }
}

#[test]
fn a_file_in_the_clear_stays_so_whatever_password_there_is() {
    let mut world = World::new();
    world.home.set("RCLONE_CONFIG_PASS", "a password");
    world.put("first", &world.token(), &[]).ok();
    world.put("second", &world.token(), &[]).ok();
    assert!(world.home.config_text().starts_with("[first]\n"));
    assert_eq!(world.home.dump().as_object().map(serde_json::Map::len), Some(2));
}
