//! Names of storages: pluton accepts what rclone accepts, and refuses names that rclone would change or lose.

use box_sandbox::rclone;

use crate::ODD;
use crate::support::{Machine, with_each};

#[test]
fn a_name_that_every_rclone_takes_works_with_every_rclone() {
    with_each(|m| {
        for name in ["My Box Drive", "a-b", "a.b", "1", "local", "x_y", "two  spaces"] {
            m.add(&m.mint(), [name]).ok();
            assert_eq!(m.lists(name).len(), 3, "{name:?}");
            assert_eq!(m.dump()[name]["type"], "box", "{name:?}");
        }
    });
}

#[test]
fn a_name_in_any_script_works_with_a_new_rclone_and_is_refused_with_an_old_one() {
    let m = Machine::new();
    let names = ["Bücher", "名前 1", "a+b", "me@work", "box--"];
    for name in names {
        m.add(&m.mint(), [name]).ok();
        assert_eq!(m.lists(name).len(), 3, "{name:?}");
    }
    let Some(debian) = rclone::debian() else { return };
    let m = m.another(&debian);
    for name in &names[..4] {
        let token = m.mint();
        let error = m.refuses(|| m.add(&token, [name, "--json"]), 3, "rclone_too_old");
        assert!(
            error["message"].as_str().is_some_and(|words| words.contains(name) && words.contains("1.60")),
            "{error}"
        );
        assert!(m.sandbox.is_live_refresh(&token.refresh));
    }
    assert_eq!(m.files(), Vec::<String>::new());
    assert!(!m.exists(".config"), "not even rclone's own directory");
}

#[test]
fn a_name_that_rclone_would_not_take_is_exit_2_before_anything_is_started() {
    let m = Machine::new();
    m.write_config(ODD);
    m.log_children();
    let names = [
        "", " a", "a ", "box-", "a:b", "a/b", "DEFAULT", "e\u{301}", "🦀", "a\nb", "a\rb", "[a]", "a\tb", "a\u{1b}b",
        "a=b",
    ];
    for name in names {
        let error = m.refuses(|| m.add(&m.mint(), ["--json", "--", name]), 2, "invalid_value");
        assert!(!error["message"].as_str().unwrap_or_default().contains(['\n', '\u{1b}']), "{error}");
    }
    m.refuses(|| m.add(&m.mint(), "--json -a"), 2, "invalid_value");
    assert!(m.children().is_empty());
}

#[test]
fn without_a_name_the_error_says_what_is_missing_and_what_to_type() {
    let m = Machine::new();
    let error = m.refuses(|| m.add(&m.mint(), "--json"), 2, "input_required");
    assert!(error["message"].as_str().is_some_and(|words| words.contains("name")), "{error}");
    assert_eq!(error["remedy"][0], "pluton storage add box NAME …", "the whole command");
}

/// Storages that nothing is asked about.
fn three() -> Machine {
    let m = Machine::new();
    m.write_config("[My Box]\ntype = box\n[Backups]\ntype = box\n[hidden]\ntype = local\n");
    m
}

#[test]
fn without_a_terminal_a_missing_name_is_exit_2_and_named() {
    let m = three();
    let before = m.config_text();
    for (args, names) in [
        ("storage show", "pluton storage show NAME"),
        ("storage verify", "pluton storage verify NAME (or --all)"),
        ("storage authorize --authorize", "pluton storage authorize NAME"),
        ("storage edit --list-chunk 5", "pluton storage edit NAME"),
        ("storage remove", "pluton storage remove NAME"),
        ("storage remove --yes", "pluton storage remove NAME"),
        ("storage rename", "pluton storage rename OLD NEW"),
        ("storage rename Backups", "pluton storage rename \"Backups\" NEW"),
        ("run -- true", "pluton run NAME -- COMMAND"),
    ] {
        let ran = m.pluton(args).fails(2);
        assert!(ran.stderr.contains("no new name given") || ran.stderr.contains("no storage given"), "{ran:?}");
        assert!(ran.stderr.contains(names), "{names}: {ran:?}");
    }
    m.json("storage show").refused(2, "input_required");
    assert_eq!(m.config_text(), before);
}

#[test]
fn a_mistyped_name_is_told_the_near_one() {
    let m = three();
    for (name, near) in [("my box", "My Box"), ("MyBox", "My Box"), ("backup", "Backups"), ("Bakcups", "Backups")] {
        m.pluton(["storage", "show", name]).fails(4).says(&format!("did you mean \"{near}\"?"));
    }
    for name in ["hiden", "zzz"] {
        m.pluton(["storage", "show", name]).fails(4).omits("did you mean");
    }
}

#[test]
fn a_command_without_its_storage_is_told_the_whole_one() {
    let m = Machine::new();
    for (typed, meant) in [
        ("list", "pluton storage list"),
        ("add", "pluton storage add box"),
        ("show", "pluton storage show"),
        ("login", "pluton storage add box"),
        ("status", "pluton storage verify --all"),
        ("verify", "pluton storage verify"),
        ("refresh", "pluton storage refresh"),
        ("delete", "pluton storage remove"),
        ("storage login", "pluton storage add box"),
        ("storage connect", "pluton storage add box"),
        ("storage ls", "pluton storage list"),
        ("storage status", "pluton storage verify --all"),
        ("storage doctor", "pluton doctor"),
    ] {
        let ran = m.pluton(typed).fails(2).says(&format!("  next: {meant}\n"));
        assert!(ran.stderr.starts_with(&format!("error: there is no command `pluton {typed}`")), "{ran:?}");
        let document = m.json(typed).fails(2).document();
        assert_eq!(document["error"]["remedy"][0], meant, "{document}");
    }
    for words in ["storage lits", "storage add boxx", "storage add Box work"] {
        m.pluton(words).fails(2).says("unrecognized subcommand");
    }
    // Most people mean the storage's name.
    m.pluton(["storage", "add", "My Box"]).fails(2).says("  next: pluton storage add box \"My Box\"\n");
    m.pluton("storage add BOX").fails(2).says("  next: pluton storage add box\n");
}

#[test]
fn a_new_name_that_is_taken_is_told_only_what_the_command_can_do() {
    let m = Machine::new();
    m.write_config("[one]\ntype = box\n[two]\ntype = box\n");
    m.pluton("storage rename one two").fails(5).says("choose another name").omits("--force");
}
