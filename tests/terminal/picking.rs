//! Commands without a storage's name let the user pick one.

use crate::desk::Desk;
use crate::session::{ENTER, Session};

const WHICH: &str = "Which storage?\n";

/// A machine with these storages, none of which can be signed in to.
fn desk(names: &[&str]) -> Desk {
    let desk = Desk::new();
    let sections = names.iter().map(|name| format!("[{name}]\ntype = box\nbox_config_file = /x/{name}.json\n"));
    desk.home.write_config(&format!("{}[here]\ntype = local\n", sections.collect::<String>()));
    desk
}

fn pluton(desk: &Desk, args: &[&str]) -> Session {
    desk.pluton(args, 80)
}

#[test]
fn the_only_storage_is_taken_and_said() {
    let desk = desk(&["Box Backups"]);
    let ended = pluton(&desk, &["storage", "show", "--offline"]).ends().with(0);
    let ended = ended.shows("Storage: Box Backups (the only one)").shows("/x/Box Backups.json");
    assert!(!ended.screen.contains("Which"), "{}", ended.screen);
}

#[test]
fn of_several_storages_one_is_chosen() {
    let desk = desk(&["one", "two"]);
    let mut session = pluton(&desk, &["storage", "show", "--offline"]);
    session.chooses(WHICH, "two").ends().with(0).shows("/x/two.json");
    let mut session = pluton(&desk, &["storage", "verify"]);
    session.chooses(WHICH, "one").ends().with(6).shows("✗ one:");
    let ended = pluton(&desk, &["storage", "verify"]).chooses(WHICH, "All of them").ends().with(6);
    ended.shows("✗ one:").shows("✗ two:");
    let mut session = pluton(&desk, &["run", "--", "true"]);
    session.chooses(WHICH, "one").ends().with(6);
    for command in ["edit", "authorize", "reconnect"] {
        pluton(&desk, &["storage", command]).sees(WHICH);
    }
}

#[test]
fn rename_asks_for_both_names_and_remove_for_one() {
    let desk = desk(&["one", "two"]);
    let mut session = pluton(&desk, &["storage", "rename"]);
    session
        .chooses(WHICH, "two")
        .answers("New name of \"two\": ", "here")
        .sees("a storage named \"here\" already exists");
    session.answers("New name of \"two\": ", "three").ends().with(0).shows("Renamed [two] to [three]");
    let mut session = pluton(&desk, &["storage", "delete"]);
    session.chooses(WHICH, "one").answers("Remove \"one\" from ~/.config/rclone/rclone.conf? [y/N]", "y");
    session.ends().with(0);
    assert!(!desk.home.config_text().contains("[one]") && desk.home.config_text().contains("[three]"));
}

#[test]
fn several_are_confirmed_once() {
    let desk = desk(&["one", "two", "three"]);
    let remove = ["storage", "remove", "one", "three"];
    let mut session = pluton(&desk, &remove);
    session.sees("Remove \"one\", \"three\" from ").types(ENTER).ends().with(0).shows("Not removed: three");
    let mut session = pluton(&desk, &remove);
    session.answers("[y/N]", "y").ends().with(0).shows("✓ three: removed");
    assert!(desk.home.config_text().starts_with("[two]\n"), "{}", desk.home.config_text());
}

#[test]
fn where_there_is_none_the_way_to_the_first_is_said() {
    let desk = desk(&[]);
    for args in [&["storage", "show"][..], &["storage", "verify"], &["run", "--", "true"]] {
        pluton(&desk, args).ends().with(4).shows("pluton storage add box");
    }
}
