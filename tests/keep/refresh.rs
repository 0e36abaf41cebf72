//! `storage refresh` gets new tokens before the old ones expire, and installs timers that call it.

use std::process::Command;

use crate::support::{Args, Machine, Ran, hasty, skip, with_each};

#[test]
fn every_sign_in_gets_a_new_token() {
    with_each(|m| {
        m.quick("Quick");
        m.own_app("Own app");
        m.jwt("JWT");
        m.client_credentials("CCG");
        let before = m.config_text();
        let ran = m.pluton("storage refresh --all").ok();
        assert_eq!(ran.stdout.matches("renewed").count(), 4, "{ran:?}");
        assert_eq!(m.grants(), 4);
        for name in ["Quick", "Own app", "JWT", "CCG"] {
            m.is_signed_in(name);
            m.lists(name);
        }
        // Nothing else in the file has changed.
        let rest =
            |text: &str| text.lines().filter(|l| !l.starts_with("token = ")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(rest(&before), rest(&m.config_text()));
    });
}

#[test]
fn a_token_that_cannot_be_read_is_not_called_one_without_a_refresh_token() {
    let m = Machine::new();
    m.write_config("[Box]\ntype = box\ntoken = {\"access_token\":\"a\",\"refresh_token\":\"b\",\"expiry\":\"soon\"}\n");
    let ran = m.pluton("storage refresh Box").fails(6).omits("no refresh token");
    assert!((ran.stdout + &ran.stderr).contains("no token that can be read"));
}

#[test]
fn if_within_leaves_a_token_that_lives_longer() {
    let m = Machine::of(hasty());
    m.quick("Box");
    let before = m.config_text();
    let outcome = |within: &str| {
        m.json(["storage", "refresh", "Box", "--if-within", within]).done()["storages"][0]["outcome"].clone()
    };
    assert_eq!(outcome("10s"), "still_good");
    assert_eq!(m.config_text(), before);
    assert_eq!(outcome("20m"), "renewed");
    assert_eq!(m.grants(), 1);
    m.is_signed_in("Box");
}

#[test]
fn one_that_is_refused_does_not_keep_the_others() {
    let m = Machine::new();
    m.quick("a");
    let dead = m.quick("b");
    m.sandbox.expire_refresh(&dead.refresh);
    m.client_credentials("c");
    m.access_token("d");
    let expected = [("a", "ok"), ("b", "refresh_token_invalid"), ("c", "ok"), ("d", "ok")];
    let document = m.json("storage refresh --all").storages(6, &expected);
    assert_eq!(document["storages"][3]["outcome"], "not_renewable");
    assert!(document["storages"][1]["error"]["remedy"].to_string().contains("pluton storage authorize"), "{document}");
    // By its name it is a failure: it was asked for.
    for (name, code) in [("d", 6), ("nobody", 4), ("", 2)] {
        m.pluton("storage refresh".and(name)).fails(code);
    }
}

#[test]
fn the_systemd_timer_is_one_that_systemd_takes() {
    let m = Machine::new();
    let text = m.pluton("storage refresh --print-timer systemd").ok().stdout;
    m.script("systemctl", "echo \"$@\" >> \"$HOME/systemctl.log\"");
    m.run("sh", [m.file("install.sh", &text)]).ok();
    let [service, timer] = ["service", "timer"].map(|kind| format!(".config/systemd/user/pluton-refresh.{kind}"));
    let text = m.read(&service);
    assert!(text.contains("storage refresh --all --if-within") && m.at(&timer).is_file(), "{text}");
    let log = m.read("systemctl.log");
    assert!(log.contains("--user enable --now pluton-refresh.timer"), "{log}");
    if which::which("systemd-analyze").is_err() {
        return skip("there is no systemd-analyze");
    }
    let mut command = m.piped("systemd-analyze", ["verify", "--user", &service, &timer]);
    command.env("XDG_RUNTIME_DIR", m.path());
    let ran = Ran::from(command);
    assert!(!ran.stderr.lines().any(|line| line.contains("pluton-refresh")), "{ran:?}");
}

#[test]
fn the_cron_line_runs_in_cron_s_bare_environment() {
    let m = Machine::new();
    m.expired("Box");
    let text = m.pluton("storage refresh --print-timer cron").ok().stdout;
    let command = text.lines().last().and_then(|line| line.splitn(6, ' ').nth(5)).expect("five fields and a command");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().env("HOME", m.path()).env("PATH", "/usr/bin:/bin").envs(m.sandbox.env());
    let ran = Ran::from(shell).ok();
    assert_eq!(ran.stdout + &ran.stderr, "");
    m.is_signed_in("Box");
    assert_eq!(m.grants(), 1);
}

#[test]
fn the_launchd_agent_is_well_formed() {
    let m = Machine::new();
    let text = m.pluton("storage refresh --print-timer launchd").ok().stdout;
    m.file("agent.plist", &text);
    let script =
        "import plistlib, sys; print(' '.join(plistlib.load(open(sys.argv[1], 'rb'))['ProgramArguments'][1:4]))";
    assert_eq!(m.run("python3", ["-c", script, "agent.plist"]).ok().stdout.trim(), "storage refresh --all");
}

#[test]
fn what_cannot_be_renewed_is_not_ticked() {
    let m = Machine::new();
    m.quick("good");
    m.access_token("hour");
    m.pluton("storage refresh --all").ok().prints(["✓ good: ", "! hour: cannot be renewed"]);
}

#[test]
fn all_of_no_storage_is_a_failure_that_names_the_file() {
    let m = Machine::new();
    for command in ["refresh", "verify"] {
        let ran = m.pluton(["storage", command, "--all", "--quiet"]).fails(4);
        ran.says("no Box storage in ~/.config/rclone/rclone.conf");
        m.json(["storage", command, "--all"]).refused(4, "storage_not_found");
    }
}
