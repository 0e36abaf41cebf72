//! Completion never prompts, starts a program or prints an error, whatever rclone.conf contains.

use crate::session::{machine, started_no_rclone};
use crate::support::{Machine, PLUTON};

const ENCRYPTED: &str = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

/// What a script gets for a line.
fn answer(m: &Machine, shell: &str, arguments: &[&str]) -> String {
    let mut command = m.command(PLUTON);
    command.env("PLUTON_COMPLETE", shell).arg("--").args(arguments);
    command.env("RCLONE_CONFIG_PASS", "secret");
    command.env("RCLONE_PASSWORD_COMMAND", "touch password-was-asked");
    let output = command.output().expect("pluton runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    started_no_rclone(m);
    assert!(!m.exists("password-was-asked"));
    String::from_utf8(output.stdout).expect("text")
}

fn bash(m: &Machine, line: &str) -> String {
    answer(m, "bash", &[line, " \t\n\"'@><=;|&(:", "9"])
}

#[test]
fn a_file_that_cannot_be_read_offers_nothing() {
    for text in [ENCRYPTED, "[half\ntype", "", "[Drive]\ntype = drive\n"] {
        let m = machine();
        m.write_config(text);
        assert_eq!(bash(&m, "pluton storage show "), "values\n", "{text}");
        assert_eq!(answer(&m, "zsh", &["pluton", "storage", "show", ""]), "values\n", "{text}");
    }
    assert_eq!(bash(&machine(), "pluton storage show "), "values\n");
}

#[test]
fn a_broken_config_toml_is_no_obstacle_to_the_rest() {
    let m = machine();
    m.file(".config/pluton/config.toml", "nonsense");
    assert_eq!(bash(&m, "pluton storage show "), "values\n");
    assert_eq!(bash(&m, "pluton --color n"), "values\nnever\n");
}

#[test]
fn the_rclone_conf_is_the_one_that_pluton_would_use() {
    let m = machine();
    m.write_config("[default]\ntype = box\n");
    m.file("flag.conf", "[by flag]\ntype = box\n");
    m.file("toml.conf", "[preferred]\ntype = box\n");
    let storages = |m: &Machine, line: &str| bash(m, line).lines().skip(1).collect::<Vec<_>>().join(" ");
    assert_eq!(storages(&m, "pluton storage show "), "default");
    assert_eq!(storages(&m, "pluton --rclone-config flag.conf storage show "), "by\\ flag");
    assert_eq!(storages(&m, "pluton storage show --rclone-config=flag.conf "), "by\\ flag");
    assert_eq!(storages(&m, "pluton storage show --rclone-config ~/flag.conf "), "by\\ flag");
    m.file(".config/pluton/config.toml", "rclone_config = 'toml.conf'");
    assert_eq!(storages(&m, "pluton storage show "), "preferred");

    let mut command = m.command(PLUTON);
    command
        .env("PLUTON_COMPLETE", "fish")
        .env("RCLONE_CONFIG", "flag.conf")
        .args(["--", "pluton", "storage", "show", ""]);
    let output = command.output().expect("pluton runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "values\nby flag\n");
}

#[test]
fn keys_to_unset_are_those_that_are_set() {
    let m = machine();
    m.write_config("[a]\ntype = box\ntoken = {\"access_token\":\"secret\"}\nlist_chunk = 500\ndescription = x\n");
    assert_eq!(bash(&m, "pluton storage edit a --unset "), "values\nlist_chunk\ndescription\n");
    assert_eq!(bash(&m, "pluton storage edit a --unset list_chunk --unset "), "values\ndescription\n");
    let all = bash(&m, "pluton storage edit --unset ");
    assert!(all.contains("\nroot_folder_id\n") && all.contains("\nencoding\n"), "{all}");
}

#[test]
fn flags_wait_for_a_hyphen_where_something_else_can_stand() {
    let m = machine();
    m.write_config("[a]\ntype = box\n");
    assert_eq!(bash(&m, "pluton storage show "), "values\na\n");
    assert_eq!(bash(&m, "pluton storage rename a "), "values\n");
    assert!(bash(&m, "pluton storage show -").contains("\n--reveal\n"));
    assert_eq!(bash(&m, "pluton storage show --no-i"), "values\n--no-input\n", "hidden in help, not here");
    assert!(bash(&m, "pluton doctor ").contains("\n--offline\n"));
    assert_eq!(bash(&m, "pluton apply "), "files\n");
    assert!(bash(&m, "pluton apply --ch").contains("\n--check\n"));
    assert_eq!(bash(&m, "pluton storage add box --token-file=x"), "files\n");
}

#[test]
fn nonsense_is_answered_with_silence() {
    let m = machine();
    for line in [
        "",
        " ",
        "pluton",
        "pluton nothing such ",
        "pluton storage show \u{1b}[2J",
        "pluton storage --= ",
        "pluton \"",
        "pluton \\",
        "$",
        "pluton storage show a -- -- ",
    ] {
        let said = bash(&m, line);
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    for (shell, arguments) in
        [("tcsh", &["pluton", "x"][..]), ("bash", &[]), ("zsh", &[]), ("fish", &[]), ("powershell", &[])]
    {
        assert_eq!(answer(&m, shell, arguments), "", "{shell}");
    }
}

/// An older or newer pluton that does not know the variable must not run the line.
#[test]
fn without_the_variable_a_call_of_a_script_does_nothing() {
    let m = machine();
    m.write_config("[a]\ntype = box\n");
    let output =
        m.command(PLUTON).args(["--", "pluton", "storage", "remove", "a", "--yes"]).output().expect("pluton runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let kept = std::fs::read_to_string(m.at(".config/rclone/rclone.conf")).expect("rclone.conf");
    assert_eq!(kept, "[a]\ntype = box\n");
}
