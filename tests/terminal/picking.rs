//! Commands without a storage's name let the user pick one.

use crate::session::ENTER;
use crate::support::Machine;

const WHICH: &str = "Which storage?\n";

/// A machine with these storages, none of which can be signed in to.
fn with(names: &[&str]) -> Machine {
    let m = Machine::new();
    let sections = names.iter().map(|name| format!("[{name}]\ntype = box\nbox_config_file = /x/{name}.json\n"));
    m.write_config(&format!("{}[here]\ntype = local\n", sections.collect::<String>()));
    m
}

#[test]
fn the_only_storage_is_taken_and_said() {
    let m = with(&["Box Backups"]);
    let ended = m.session_in(80, "storage show --offline").ends().with(0);
    ended.shows("Storage: Box Backups (the only one)").shows("/x/Box Backups.json").lacks("Which");
}

#[test]
fn of_several_storages_one_is_chosen() {
    let m = with(&["one", "two"]);
    let mut session = m.session_in(80, "storage show --offline");
    session.chooses(WHICH, "two").ends().with(0).shows("/x/two.json");
    let mut session = m.session_in(80, "storage verify");
    session.chooses(WHICH, "one").ends().with(6).shows("✗ one:");
    let ended = m.session_in(80, "storage verify").chooses(WHICH, "All of them").ends().with(6);
    ended.shows("✗ one:").shows("✗ two:");
    let mut session = m.session_in(80, "run -- true");
    session.chooses(WHICH, "one").ends().with(6);
    for command in ["edit", "authorize", "reconnect"] {
        m.session_in(80, ["storage", command]).sees(WHICH);
    }
}

#[test]
fn rename_asks_for_both_names_and_remove_for_one() {
    let m = with(&["one", "two"]);
    let mut session = m.session_in(80, "storage rename");
    session
        .chooses(WHICH, "two")
        .answers("New name of \"two\": ", "here")
        .sees("a storage named \"here\" already exists");
    session.answers("New name of \"two\": ", "three").ends().with(0).shows("Renamed [two] to [three]");
    let mut session = m.session_in(80, "storage delete");
    session.chooses(WHICH, "one").answers("Remove \"one\" from ~/.config/rclone/rclone.conf? [y/N]", "y");
    session.ends().with(0);
    assert!(!m.config_text().contains("[one]") && m.config_text().contains("[three]"));
}

#[test]
fn several_are_confirmed_once() {
    let m = with(&["one", "two", "three"]);
    let remove = "storage remove one three";
    let mut session = m.session_in(80, remove);
    session.sees("Remove \"one\", \"three\" from ").types(ENTER).ends().with(0).shows("Not removed: three");
    let mut session = m.session_in(80, remove);
    session.answers("[y/N]", "y").ends().with(0).shows("✓ three: removed");
    assert!(m.config_text().starts_with("[two]\n"), "{}", m.config_text());
}

#[test]
fn where_there_is_none_the_way_to_the_first_is_said() {
    let m = with(&[]);
    for args in ["storage show", "storage verify", "run -- true"] {
        m.session_in(80, args).ends().with(4).shows("pluton storage add box");
    }
}
