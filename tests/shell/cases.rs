//! What TAB completes on each line.

use crate::kinds::Kind;
use crate::session::{Shell, machine, started_no_rclone};
use crate::support::Machine;

const CONFIG: &str = "\
[Box Backups]
type = box
list_chunk = 500
description = every night

[Box Archiv]
type = box

[Büro München]
type = box

[It's mine]
type = box

[me@box]
type = box

[Zu $HOME; 1]
type = box

[plain]
type = box

[Drive]
type = drive
";

fn home() -> Machine {
    let m = machine();
    m.write_config(CONFIG);
    m.file("other dir/rclone.conf", "[Far away]\ntype = box\n");
    m.file("token.json", "");
    m.file("my token.json", "");
    m
}

/// Lines that every shell completes in the same way.
const EVERYWHERE: [(&str, &str); 18] = [
    ("pluton sto", "pluton storage "),
    ("pluton storage sh", "pluton storage show "),
    ("pluton storage show pl", "pluton storage show plain "),
    ("pluton storage show me", "pluton storage show me@box "),
    ("pluton storage show me@", "pluton storage show me@box "),
    // Not a Box storage.
    ("pluton storage show Dr", "pluton storage show Dr"),
    ("pluton storage verify plain me", "pluton storage verify plain me@box "),
    // It is on the line already.
    ("pluton storage verify plain pl", "pluton storage verify plain pl"),
    ("pluton storage rename pl", "pluton storage rename plain "),
    ("pluton storage show plain --rev", "pluton storage show plain --reveal "),
    ("pluton --color n", "pluton --color never "),
    ("pluton storage export plain --format t", "pluton storage export plain --format toml "),
    ("pluton storage add box --upload-cutoff 50M", "pluton storage add box --upload-cutoff 50Mi "),
    ("pluton storage add box --box-subject u", "pluton storage add box --box-subject user:"),
    ("pluton storage add box --token-file to", "pluton storage add box --token-file token.json "),
    ("pluton help own", "pluton help own-app "),
    ("pluton help refr", "pluton help refresh_token_invalid "),
    ("pluton completions pow", "pluton completions powershell "),
];

/// A name is never a command to the shell, whatever stands in rclone.conf.
const QUOTED_SIGNS: &str = "pluton storage show Zu\\ \\$HOME\\;\\ 1 ";

/// Where names and files must be quoted, each shell does it in its own way.
fn quoted(kind: Kind) -> Vec<(&'static str, &'static str)> {
    let mut cases = vec![
        ("pluton storage show \"Box B", "pluton storage show \"Box Backups\" "),
        ("pluton storage show 'Box B", "pluton storage show 'Box Backups' "),
        ("pluton storage edit 'Box Backups' --unset l", "pluton storage edit 'Box Backups' --unset list_chunk "),
        ("pluton storage add box --token-file 'my ", "pluton storage add box --token-file 'my token.json' "),
    ];
    if kind != Kind::Bash {
        cases.push(("pluton run plain -- pluton sto", "pluton run plain -- pluton storage "));
    }
    match kind {
        Kind::Bash | Kind::BashCompletion | Kind::Zsh | Kind::Fish => cases.extend([
            ("pluton --color=n", "pluton --color=never "),
            ("pluton storage add box --token-file=to", "pluton storage add box --token-file=token.json "),
            ("pluton storage add box --token-file=my", "pluton storage add box --token-file=my\\ token.json "),
            ("pluton storage add box --token-file ~/to", "pluton storage add box --token-file ~/token.json "),
            ("X=1 pluton storage show pl", "X=1 pluton storage show plain "),
            (
                "pluton storage show plain; pluton storage show Bü",
                "pluton storage show plain; pluton storage show Büro\\ München ",
            ),
            ("pluton run plain -- unam", "pluton run plain -- uname "),
            ("pluton storage show Box\\ B", "pluton storage show Box\\ Backups "),
            ("pluton storage show Bü", "pluton storage show Büro\\ München "),
            ("pluton storage show It", "pluton storage show It\\'s\\ mine "),
            ("pluton storage show \"It", "pluton storage show \"It's mine\" "),
            ("pluton storage show Zu", QUOTED_SIGNS),
            ("pluton storage add box --token-file my", "pluton storage add box --token-file my\\ token.json "),
            (
                "pluton --rclone-config other\\ dir/rclone.conf storage show F",
                "pluton --rclone-config other\\ dir/rclone.conf storage show Far\\ away ",
            ),
            (
                "pluton --rclone-config=\"$HOME/other dir/rclone.conf\" storage show F",
                "pluton --rclone-config=\"$HOME/other dir/rclone.conf\" storage show Far\\ away ",
            ),
        ]),
        Kind::Elvish => cases.extend([
            ("pluton --color=n", "pluton '--color=never' "),
            ("pluton run plain -- unam", "pluton run plain -- uname"),
            ("pluton storage show Bü", "pluton storage show 'Büro München' "),
            ("pluton storage show It", "pluton storage show 'It''s mine' "),
            ("pluton storage show Zu", "pluton storage show 'Zu $HOME; 1' "),
            ("pluton storage add box --token-file my", "pluton storage add box --token-file 'my token.json' "),
        ]),
    }
    cases
}

fn try_all(kind: Kind) {
    let m = home();
    let Some(mut session) = Shell::start(&m, kind) else { return };
    let mut wrong = Vec::new();
    for (typed, expected) in EVERYWHERE.into_iter().chain(quoted(kind)) {
        let line = session.completes(typed);
        if line != expected {
            wrong.push(format!("{typed:?} became {line:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{kind:?}:\n{}", wrong.join("\n"));
    started_no_rclone(&m);
}

#[test]
fn bash_completes_lines() {
    try_all(Kind::Bash);
}

#[test]
fn bash_completion_loads_the_script_itself() {
    try_all(Kind::BashCompletion);
}

#[test]
fn zsh_completes_lines() {
    try_all(Kind::Zsh);
}

#[test]
fn fish_completes_lines() {
    try_all(Kind::Fish);
}

#[test]
fn elvish_completes_lines() {
    try_all(Kind::Elvish);
}

/// The storages, as they are called, and no flags between them.
fn lists(kind: Kind) {
    let m = home();
    let Some(mut session) = Shell::start(&m, kind) else { return };
    session.types("pluton storage show \t\t");
    let screen = session.shows(&["Box Backups", "Box Archiv", "Büro München", "It's mine", "me@box", "plain"]);
    assert!(!screen.contains("Drive") && !screen.contains("--reveal"), "{screen}");
    if kind != Kind::Bash {
        assert!(screen.contains("every night"), "{screen}");
    }
}

#[test]
fn bash_lists_storages() {
    lists(Kind::Bash);
}

#[test]
fn zsh_lists_storages() {
    lists(Kind::Zsh);
}

#[test]
fn fish_lists_storages() {
    lists(Kind::Fish);
}

#[test]
fn elvish_lists_storages() {
    lists(Kind::Elvish);
}
