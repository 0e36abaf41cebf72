//! `pluton run` runs the user's command as if pluton were not there: streams, signals and exit code.

use std::fs;

use crate::support::{Machine, PLUTON, Ran, interrupt, terminate, with_each};
use crate::{run, running};

fn signed_in() -> Machine {
    let m = Machine::new();
    m.quick("Box");
    m
}

#[test]
fn the_command_finds_its_storages_signed_in() {
    with_each(|m| {
        m.expired("OAuth");
        m.jwt("My service");
        m.client_credentials("CCG");
        let script = "for name in OAuth 'My service' CCG; do rclone lsd \"$name:\" || exit 9; done";
        let ran = run(&m, "OAuth 'My service' CCG", script).ok();
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (3, ""));
        assert_eq!(m.grants(), 3);
    });
}

#[test]
fn the_command_sees_the_rclone_conf_that_pluton_keeps_fresh() {
    let m = signed_in();
    let other = m.at("other.conf");
    fs::copy(m.config(), &other).expect("a copy");
    let path = other.to_str().expect("UTF-8");
    let args = ["run", "Box", "--rclone-config", path, "--", "sh", "-c", "echo $RCLONE_CONFIG; rclone listremotes"];
    assert_eq!(m.pluton(args).ok().stdout, format!("{path}\nBox:\n"));
}

#[test]
fn an_encrypted_rclone_conf_opens_for_the_command_too() {
    let mut m = signed_in();
    let print = format!("cat {}", m.file("password", "open-sesame\n"));
    m.rclone(["config", "encryption", "set", "--password-command", &print]).ok();
    let args = ["run", "Box", "--password-command", &print, "--", "rclone", "lsd", "Box:"];
    assert_eq!(m.pluton(args).ok().stdout.lines().count(), 3);
    m.set("RCLONE_CONFIG_PASS", "open-sesame");
    assert_eq!(m.pluton("run Box -- rclone lsd Box:").ok().stdout.lines().count(), 3);
    assert!(m.config_text().contains("RCLONE_ENCRYPT_V0:"));
}

#[test]
fn variables_that_stand_in_front_of_a_storage_are_pointed_out() {
    let mut m = signed_in();
    m.set("RCLONE_CONFIG_BOX_TOKEN", "{}").set("RCLONE_CONFIG_OTHER_TOKEN", "{}");
    run(&m, "Box", "true").ok().says("RCLONE_CONFIG_BOX_TOKEN is set").omits("OTHER");
}

#[test]
fn streams_pass_through_byte_for_byte() {
    let m = signed_in();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let input = m.at("input");
    fs::write(&input, &bytes).expect("a file");
    let mut command = m.piped(PLUTON, running("Box", "cat; printf 'to\\0stderr' >&2"));
    let output = command.stdin(fs::File::open(&input).expect("a file")).output().expect("pluton ends");
    assert!(output.status.success());
    assert!(output.stdout == bytes, "{} bytes came of {}", output.stdout.len(), bytes.len());
    assert_eq!(output.stderr, b"to\0stderr");
}

#[test]
fn the_exit_code_is_the_command_s_or_a_shell_s() {
    let m = signed_in();
    for code in [0, 1, 7, 100, 255] {
        run(&m, "Box", &format!("exit {code}")).fails(code);
    }
    run(&m, "Box", "kill -KILL $$").fails(137);
    run(&m, "Box", "kill -TERM $$").fails(143);
    m.pluton("run Box -- no-such-command").fails(127).says("no-such-command");
    m.file("plain", "text");
    for mode in [0o644, 0o755] {
        m.chmod("plain", mode);
        m.pluton("run Box -- ./plain").fails(126);
    }
    m.pluton("run Box -- /").fails(126);
}

#[test]
fn what_cannot_be_kept_signed_in_is_said_before_the_command_starts() {
    let m = signed_in();
    m.section("files", "");
    m.write_config(&m.config_text().replace("[files]\ntype = box", "[files]\ntype = local"));
    let dead = m.expired("dead");
    m.sandbox.expire_refresh(&dead.refresh);
    for (name, code) in [("nobody", 4), ("files", 4), ("dead", 6)] {
        run(&m, ["Box", name], "echo started").fails(code).omits("started").says("next:");
    }
    run(&m, "dead", "echo started").fails(6).says("pluton storage authorize \"dead\"");
    // A token for 60 minutes is still a token: the user is warned, and the command runs.
    m.access_token("short");
    let ran = run(&m, "short", "rclone lsd short:").ok();
    assert!(ran.stderr.contains("warning:") && ran.stdout.lines().count() == 3, "{ran:?}");
}

#[test]
fn signals_reach_the_command_and_only_it_decides() {
    for (send, name) in [(terminate as fn(&std::process::Child), "TERM"), (interrupt, "INT")] {
        let m = signed_in();
        let script =
            format!("trap 'echo caught; exit 42' {name}; touch ready; for i in $(seq 900); do sleep 0.1; done");
        let child = m.start(running("Box", &script));
        m.wait_for_file("ready");
        send(&child);
        assert_eq!(Ran::from(child).fails(42).stdout, "caught\n", "{name}");
    }
    // A command that does not catch it dies of it, as under a shell.
    let m = signed_in();
    let child = m.start(running("Box", "touch ready; exec sleep 60"));
    m.wait_for_file("ready");
    terminate(&child);
    Ran::from(child).fails(143);
}

#[test]
fn an_interrupt_before_the_command_starts_ends_it_all() {
    let m = Machine::new();
    m.expired("Box");
    m.script_rclone("touch \"$HOME/waiting\"; exec sleep 60");
    let child = m.start("run Box -- touch started");
    m.wait_for_file("waiting");
    interrupt(&child);
    Ran::from(child).fails(130);
    assert!(!m.exists("started"));
}

#[test]
fn verbose_shows_what_is_run_and_no_token() {
    let m = signed_in();
    let blob = m.token("Box").to_string();
    let ran = m.pluton(["-v", "run", "Box", "--", "echo", "a b", &blob]).ok();
    assert!(!ran.stderr.contains(&m.access_token_of("Box")), "{ran:?}");
    ran.says(&format!("+ RCLONE_CONFIG={} echo a b ", m.config().display()));
}
