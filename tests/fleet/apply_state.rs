//! What `pluton apply` remembers about the storages of each file, however its path is written, and what happens if that
//! is lost.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use box_sandbox::{App, Sandbox, rclone};

use crate::support::Home;

const REMEMBERED: &str = ".local/state/pluton/applied.json";

fn declare(home: &Home, file: &str, name: &str, app: &App, token: &str) {
    home.file(
        file,
        &format!(
            "[storage.{name}]\nprovider = \"box\"\nclient_id = \"{}\"\nclient_secret = {{ env = \"SECRET\" }}\n\
             token = {{ file = \"{token}\" }}\n",
            app.client_id
        ),
    );
}

/// A home with an app's secret, and a file that declares one storage of it.
fn declared(sandbox: &Sandbox) -> (Home, App) {
    let app = sandbox.own_app();
    let mut home = Home::new(sandbox, &rclone::newest());
    home.set("SECRET", &app.client_secret);
    home.file("one.token", &sandbox.mint(&app.client_id).blob());
    declare(&home, "one.toml", "one", &app, "one.token");
    (home, app)
}

fn grants(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|request| request.path.ends_with("/oauth2/token")).count()
}

/// rclone renews it, so that the declared token is spent.
fn spend(home: &Home, name: &str) -> serde_json::Value {
    home.after_an_hour(name);
    home.rclone(&["lsd", &format!("{name}:")]).ok();
    home.token(name)
}

#[test]
fn a_file_is_the_same_however_its_path_is_spelled() {
    let sandbox = Sandbox::start();
    let (home, _) = declared(&sandbox);
    home.pluton(&["apply", "one.toml"]).ok();
    let renewed = spend(&home, "one");
    let absolute = home.config().display().to_string();
    symlink(home.config().parent().expect("a directory"), home.path().join("way")).expect("a link");
    symlink(home.config(), home.path().join("link.conf")).expect("a link");
    sandbox.clear_requests();
    let inside = ".config/rclone/rclone.conf";
    for spelled in [inside, "./.config/rclone/rclone.conf", "way/../rclone/rclone.conf", "link.conf", &absolute] {
        for file in ["one.toml", "./one.toml", ".config/../one.toml"] {
            let (code, json) = home.json(&["apply", file, "--rclone-config", spelled]);
            assert_eq!((code, &json["changed"]), (0, &false.into()), "{spelled} {file}: {json}");
        }
    }
    assert_eq!((grants(&sandbox), home.token("one")), (0, renewed));
    home.file("one.toml", "");
    let ran = home.pluton(&["apply", ".config/../one.toml", "--prune", "--rclone-config", "link.conf"]).ok();
    assert!(ran.stdout.contains("one: removed"), "{ran:?}");
}

#[test]
fn what_cannot_be_understood_any_more_costs_no_sign_in_and_no_run() {
    let sandbox = Sandbox::start();
    let (home, app) = declared(&sandbox);
    home.file("two.token", &sandbox.mint(&app.client_id).blob());
    declare(&home, "two.toml", "two", &app, "two.token");
    for file in ["one.toml", "two.toml"] {
        home.pluton(&["apply", file]).ok();
    }
    let renewed = [spend(&home, "one"), spend(&home, "two")];
    let whole = fs::read_to_string(home.path().join(REMEMBERED)).expect("what is remembered");
    let of_another_version = r#"{"key": "random", "storages": {}}"#;
    for torn in [&whole[..whole.len() / 2], "", "\0\0\0\0", "[]", of_another_version] {
        fs::write(home.path().join(REMEMBERED), torn).expect("torn");
        let ran = home.pluton(&["apply", "one.toml"]).ok();
        assert!(ran.stderr.contains("record of earlier applies") && ran.stdout.contains("unchanged"), "{ran:?}");
        // Nor does the other file's storage, which is still not known.
        for file in ["two.toml", "one.toml"] {
            let ran = home.pluton(&["apply", file]).ok();
            assert!(!ran.stderr.contains("record of earlier applies") && ran.stdout.contains("unchanged"), "{ran:?}");
        }
        assert_eq!([home.token("one"), home.token("two")], renewed);
    }
    for name in ["one", "two"] {
        assert!(sandbox.is_live_refresh(home.token(name)["refresh_token"].as_str().expect("has one")));
    }
}

#[test]
fn a_new_declared_token_is_taken_though_all_is_forgotten() {
    let sandbox = Sandbox::start();
    let (home, app) = declared(&sandbox);
    home.pluton(&["apply", "one.toml"]).ok();
    let old = spend(&home, "one");
    fs::write(home.path().join(REMEMBERED), "{").expect("torn");
    let mut new = sandbox.mint(&app.client_id);
    new.expires_at += std::time::Duration::from_secs(60);
    home.file("one.token", &new.blob());
    let ran = home.pluton(&["apply", "one.toml"]).ok();
    assert!(ran.stdout.contains("changed token"), "{ran:?}");
    let token = home.token("one");
    assert_ne!(token["refresh_token"], old["refresh_token"]);
    assert!(sandbox.is_live_refresh(token["refresh_token"].as_str().expect("has one")));
}

#[test]
fn what_is_remembered_is_for_the_user_alone() {
    let sandbox = Sandbox::start();
    let (home, _) = declared(&sandbox);
    let script = format!("umask 0; exec {} apply one.toml", crate::support::PLUTON);
    assert!(home.command("sh").args(["-c", &script]).status().expect("a shell runs").success());
    let state = home.path().join(REMEMBERED).parent().expect("a directory").to_owned();
    let mode = |name: &str| fs::metadata(state.join(name)).expect(name).permissions().mode() & 0o777;
    assert_eq!((mode("applied.json"), mode("applied.lock"), mode(".")), (0o600, 0o600, 0o700));
}

#[test]
fn a_check_runs_no_command_and_says_what_it_could_not_compare() {
    let sandbox = Sandbox::start();
    let app = sandbox.client_credentials_app();
    let home = Home::new(&sandbox, &rclone::newest());
    home.file("secret", &app.client_secret);
    let declare = |more: &str| {
        home.file(
            "ccg.toml",
            &format!(
                "[storage.ccg]\nprovider = \"box\"\nclient_id = \"{}\"\nbox_subject_type = \"enterprise\"\n\
                 client_secret = {{ command = [\"sh\", \"-c\", \"echo >> ran; cat secret\"] }}\n\
                 box_subject_id = \"{}\"\n{more}",
                app.client_id, app.enterprise_id
            ),
        );
    };
    let runs = || fs::read_to_string(home.path().join("ran")).unwrap_or_default().len();
    declare("");
    let ran = home.pluton(&["apply", "ccg.toml", "--check"]).fails(10);
    assert!(ran.stdout.contains("+ ccg") && runs() == 0, "{ran:?}");
    home.pluton(&["apply", "ccg.toml"]).ok();
    assert_eq!((runs(), home.dump()["ccg"]["client_secret"].as_str()), (1, Some(app.client_secret.as_str())));
    let (code, json) = home.json(&["apply", "ccg.toml", "--check"]);
    assert_eq!((code, &json["storages"][0]["not_compared"]), (0, &["client_secret"][..].into()), "{json}");
    let ran = home.pluton(&["apply", "ccg.toml", "--check"]).ok();
    assert!(ran.stdout.contains("= ccg (client_secret not compared: --check runs no commands)"), "{ran:?}");
    declare("list_chunk = 7\n");
    let ran = home.pluton(&["apply", "ccg.toml", "--check"]).fails(10);
    assert!(ran.stdout.contains("~ ccg: list_chunk (client_secret not compared"), "{ran:?}");
    assert_eq!(runs(), 1);
}

#[test]
fn a_check_leaves_a_token_that_comes_from_a_command_alone() {
    let sandbox = Sandbox::start();
    let (home, app) = declared(&sandbox);
    let text = fs::read_to_string(home.path().join("one.toml")).expect("the file");
    home.file("one.toml", &text.replace("{ file = \"one.token\" }", "{ command = [\"cat\", \"one.token\"] }"));
    home.pluton(&["apply", "one.toml", "--check"]).fails(10);
    home.pluton(&["apply", "one.toml"]).ok();
    spend(&home, "one");
    home.file("one.token", &sandbox.mint(&app.client_id).blob());
    let ran = home.pluton(&["apply", "one.toml", "--check"]).ok();
    assert!(ran.stdout.contains("= one (token not compared"), "{ran:?}");
}
