//! `storage refresh` gets new tokens before the old ones expire, and installs timers that call it.

use std::fs;
use std::process::Command;

use box_sandbox::Sandbox;

use crate::life::{Life, hasty, outcomes, with_each};
use crate::support::skip;

#[test]
fn every_sign_in_gets_a_new_token() {
    with_each(Sandbox::start, |life| {
        life.quick("Quick");
        life.own_app("Own app");
        life.jwt("JWT");
        life.client_credentials("CCG");
        let before = life.home.config_text();
        let ran = life.pluton(&["storage", "refresh", "--all"]).ok();
        assert_eq!(ran.stdout.matches("renewed").count(), 4, "{ran:?}");
        assert_eq!(life.grants(), 4);
        for name in ["Quick", "Own app", "JWT", "CCG"] {
            life.is_signed_in(name);
            assert_eq!(life.home.rclone(&["lsd", &format!("{name}:")]).code, 0, "{name}");
        }
        // Nothing else in the file has changed.
        let rest =
            |text: &str| text.lines().filter(|l| !l.starts_with("token = ")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(rest(&before), rest(&life.home.config_text()));
    });
}

#[test]
fn if_within_leaves_a_token_that_lives_longer() {
    let life = Life::with(hasty(), &box_sandbox::rclone::newest());
    life.quick("Box");
    let before = life.home.config_text();
    let (code, document) = life.home.json(&["storage", "refresh", "Box", "--if-within", "10s"]);
    assert_eq!((code, document["storages"][0]["outcome"].as_str()), (0, Some("still_good")), "{document}");
    assert_eq!(life.home.config_text(), before);
    let (code, document) = life.home.json(&["storage", "refresh", "Box", "--if-within", "20m"]);
    assert_eq!((code, document["storages"][0]["outcome"].as_str()), (0, Some("renewed")), "{document}");
    assert_eq!(life.grants(), 1);
    life.is_signed_in("Box");
}

#[test]
fn one_that_is_refused_does_not_keep_the_others() {
    let life = Life::new();
    life.quick("a");
    let dead = life.quick("b");
    life.sandbox.expire_refresh(&dead.refresh);
    life.client_credentials("c");
    life.access_token("d");
    let (code, document) = life.home.json(&["storage", "refresh", "--all"]);
    assert_eq!((code, &document["ok"]), (6, &false.into()), "{document}");
    let expected = [("a", "ok"), ("b", "refresh_token_invalid"), ("c", "ok"), ("d", "ok")];
    assert_eq!(outcomes(&document), expected.map(|(name, code)| (name.to_owned(), code.to_owned())));
    assert_eq!(document["storages"][3]["outcome"], "not_renewable");
    assert!(document["storages"][1]["error"]["remedy"].to_string().contains("pluton storage authorize"), "{document}");
    // By its name it is a failure: it was asked for.
    life.pluton(&["storage", "refresh", "d"]).fails(6);
    life.pluton(&["storage", "refresh", "nobody"]).fails(4);
    life.pluton(&["storage", "refresh"]).fails(2);
}

#[test]
fn the_systemd_timer_is_one_that_systemd_takes() {
    let life = Life::new();
    let text = life.pluton(&["storage", "refresh", "--print-timer", "systemd"]).ok().stdout;
    life.home.script("systemctl", &format!("echo \"$@\" >> '{}'", life.home.beside("systemctl.log").display()));
    let script = life.home.file("install.sh", &text);
    let output = life.home.command("sh").arg(&script).output().expect("a shell runs");
    assert!(output.status.success(), "{output:?}");
    let units = life.home.path().join(".config/systemd/user");
    let service = fs::read_to_string(units.join("pluton-refresh.service")).expect("a service");
    assert!(service.contains("storage refresh --all --if-within"), "{service}");
    assert!(units.join("pluton-refresh.timer").is_file());
    let log = fs::read_to_string(life.home.beside("systemctl.log")).expect("systemctl was called");
    assert!(log.contains("--user enable --now pluton-refresh.timer"), "{log}");
    let Ok(output) = Command::new("systemd-analyze")
        .args(["verify", "--user"])
        .arg(units.join("pluton-refresh.service"))
        .arg(units.join("pluton-refresh.timer"))
        .env("XDG_RUNTIME_DIR", life.home.path())
        .output()
    else {
        return skip("there is no systemd-analyze");
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("pluton-refresh")).collect();
    assert!(ours.is_empty(), "{said}");
}

#[test]
fn the_cron_line_runs_in_cron_s_bare_environment() {
    let life = Life::new();
    life.expired("Box");
    let text = life.pluton(&["storage", "refresh", "--print-timer", "cron"]).ok().stdout;
    let command = text.lines().last().and_then(|line| line.splitn(6, ' ').nth(5)).expect("five fields and a command");
    let home = life.home.path();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin");
    for (name, value) in life.sandbox.env() {
        shell.env(name, value);
    }
    let output = shell.output().expect("a shell runs");
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    life.is_signed_in("Box");
    assert_eq!(life.grants(), 1);
}

#[test]
fn the_launchd_agent_is_well_formed() {
    let life = Life::new();
    let text = life.pluton(&["storage", "refresh", "--print-timer", "launchd"]).ok().stdout;
    let file = life.home.file("agent.plist", &text);
    let script =
        "import plistlib, sys; print(' '.join(plistlib.load(open(sys.argv[1], 'rb'))['ProgramArguments'][1:4]))";
    let output = Command::new("python3").args(["-c", script, &file]).output().expect("python runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "storage refresh --all", "{output:?}");
}

#[test]
fn what_cannot_be_renewed_is_not_ticked() {
    let life = Life::new();
    life.quick("good");
    life.access_token("hour");
    let ran = life.pluton(&["storage", "refresh", "--all"]).ok();
    assert!(ran.stdout.contains("✓ good: ") && ran.stdout.contains("! hour: cannot be renewed"), "{ran:?}");
}

#[test]
fn all_of_no_storage_is_a_failure_that_names_the_file() {
    let life = Life::new();
    for command in ["refresh", "verify"] {
        let ran = life.pluton(&["storage", command, "--all", "--quiet"]).fails(4);
        assert!(ran.stderr.contains("no Box storage in ~/.config/rclone/rclone.conf"), "{ran:?}");
        let (code, document) = life.home.json(&["storage", command, "--all"]);
        assert_eq!((code, document["error"]["code"].as_str()), (4, Some("storage_not_found")), "{document}");
    }
}
