//! `pluton run` runs the user's command as if pluton were not there: streams, signals and exit code.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use box_sandbox::{Sandbox, rclone};

use crate::life::{Life, with_each};
use crate::support::{interrupt, terminate, wait_for};

fn signed_in() -> Life {
    let life = Life::new();
    life.quick("Box");
    life
}

#[test]
fn the_command_finds_its_storages_signed_in() {
    with_each(Sandbox::start, |life| {
        life.expired("OAuth");
        life.jwt("My service");
        life.client_credentials("CCG");
        let script = "for name in OAuth 'My service' CCG; do rclone lsd \"$name:\" || exit 9; done";
        let ran = life.run(&["OAuth", "My service", "CCG"], script).ok();
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (3, ""));
        assert_eq!(life.grants(), 3);
    });
}

#[test]
fn the_command_sees_the_rclone_conf_that_pluton_keeps_fresh() {
    let life = signed_in();
    let other = life.home.path().join("other.conf");
    fs::copy(life.home.config(), &other).expect("a copy");
    let path = other.to_str().expect("UTF-8");
    let args = ["run", "Box", "--rclone-config", path, "--", "sh", "-c", "echo $RCLONE_CONFIG; rclone listremotes"];
    assert_eq!(life.pluton(&args).ok().stdout, format!("{path}\nBox:\n"));
}

#[test]
fn an_encrypted_rclone_conf_opens_for_the_command_too() {
    let mut life = signed_in();
    let print = format!("cat {}", life.home.file("password", "open-sesame\n"));
    life.home.rclone(&["config", "encryption", "set", "--password-command", &print]).ok();
    let args = ["run", "Box", "--password-command", &print, "--", "rclone", "lsd", "Box:"];
    assert_eq!(life.pluton(&args).ok().stdout.lines().count(), 3);
    life.home.set("RCLONE_CONFIG_PASS", "open-sesame");
    assert_eq!(life.pluton(&["run", "Box", "--", "rclone", "lsd", "Box:"]).ok().stdout.lines().count(), 3);
    assert!(life.home.config_text().contains("RCLONE_ENCRYPT_V0:"));
}

#[test]
fn variables_that_stand_in_front_of_a_storage_are_pointed_out() {
    let mut life = signed_in();
    life.home.set("RCLONE_CONFIG_BOX_TOKEN", "{}").set("RCLONE_CONFIG_OTHER_TOKEN", "{}");
    let ran = life.run(&["Box"], "true").ok();
    assert!(ran.stderr.contains("RCLONE_CONFIG_BOX_TOKEN is set") && !ran.stderr.contains("OTHER"), "{ran:?}");
}

#[test]
fn streams_pass_through_byte_for_byte() {
    let life = signed_in();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let input = life.home.path().join("input");
    fs::write(&input, &bytes).expect("a file");
    let mut command = life.home.command(crate::support::PLUTON);
    command.args(["run", "Box", "--", "sh", "-c", "cat; printf 'to\\0stderr' >&2"]);
    command.stdin(fs::File::open(&input).expect("a file"));
    let output = command.output().expect("pluton ends");
    assert!(output.status.success());
    assert!(output.stdout == bytes, "{} bytes came of {}", output.stdout.len(), bytes.len());
    assert_eq!(output.stderr, b"to\0stderr");
}

#[test]
fn the_exit_code_is_the_command_s_or_a_shell_s() {
    let life = signed_in();
    for code in [0, 1, 7, 100, 255] {
        life.run(&["Box"], &format!("exit {code}")).fails(code);
    }
    life.run(&["Box"], "kill -KILL $$").fails(137);
    life.run(&["Box"], "kill -TERM $$").fails(143);
    let ran = life.pluton(&["run", "Box", "--", "no-such-command"]).fails(127);
    assert!(ran.stderr.contains("no-such-command"), "{ran:?}");
    let file = life.home.file("plain", "text");
    life.pluton(&["run", "Box", "--", &file]).fails(126);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    life.pluton(&["run", "Box", "--", &file]).fails(126);
    life.pluton(&["run", "Box", "--", "/"]).fails(126);
}

#[test]
fn what_cannot_be_kept_signed_in_is_said_before_the_command_starts() {
    let life = signed_in();
    life.section("files", "");
    life.home.write_config(&life.home.config_text().replace("[files]\ntype = box", "[files]\ntype = local"));
    let dead = life.expired("dead");
    life.sandbox.expire_refresh(&dead.refresh);
    for (name, code) in [("nobody", 4), ("files", 4), ("dead", 6)] {
        let ran = life.run(&["Box", name], "echo started").fails(code);
        assert!(!ran.stdout.contains("started") && ran.stderr.contains("next:"), "{ran:?}");
    }
    let ran = life.run(&["dead"], "echo started").fails(6);
    assert!(ran.stderr.contains("pluton storage authorize \"dead\""), "{ran:?}");
    // A token for 60 minutes is still a token: the user is warned, and the command runs.
    life.access_token("short");
    let ran = life.run(&["short"], "rclone lsd short:").ok();
    assert!(ran.stderr.contains("warning:") && ran.stdout.lines().count() == 3, "{ran:?}");
}

#[test]
fn signals_reach_the_command_and_only_it_decides() {
    for (send, name) in [(terminate as fn(&std::process::Child), "TERM"), (interrupt, "INT")] {
        let life = signed_in();
        let ready = life.home.path().join("ready");
        let script = format!(
            "trap 'echo caught; exit 42' {name}; touch '{}'; for i in $(seq 900); do sleep 0.1; done",
            ready.display()
        );
        let child = life.home.start(&["run", "Box", "--", "sh", "-c", &script]);
        wait_for("the command", || ready.exists().then_some(()));
        send(&child);
        let output = child.wait_with_output().expect("pluton ends");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(42), &b"caught\n"[..]), "{name}");
    }
    // A command that does not catch it dies of it, as under a shell.
    let life = signed_in();
    let mut command = life.home.command(crate::support::PLUTON);
    let mut child = command
        .args(["run", "Box", "--", "sh", "-c", "echo go; exec sleep 60"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("pluton");
    let mut first = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut out, &mut first).expect("a line");
    terminate(&child);
    assert_eq!(child.wait().expect("pluton ends").code(), Some(143));
}

#[test]
fn an_interrupt_before_the_command_starts_ends_it_all() {
    let life = Life::with(Sandbox::start(), &rclone::newest());
    life.expired("Box");
    life.home.script_rclone("touch \"$HOME/waiting\"; exec sleep 60");
    let child = life.home.start(&["run", "Box", "--", "touch", "started"]);
    wait_for("the renewal", || life.home.path().join("waiting").exists().then_some(()));
    interrupt(&child);
    assert_eq!(child.wait_with_output().expect("pluton ends").status.code(), Some(130));
    assert!(!life.home.path().join("started").exists());
}

#[test]
fn verbose_shows_what_is_run_and_no_token() {
    let life = signed_in();
    let token = life.home.token("Box")["access_token"].as_str().expect("a token").to_owned();
    let blob = life.home.token("Box").to_string();
    let config = life.home.config();
    let ran = life.pluton(&["-v", "run", "Box", "--", "echo", "a b", &blob]).ok();
    assert!(ran.stderr.contains(&format!("+ RCLONE_CONFIG={} echo a b ", config.display())), "{ran:?}");
    assert!(!ran.stderr.contains(&token), "{ran:?}");
}
