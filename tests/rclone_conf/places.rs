//! pluton uses the rclone.conf that rclone itself would use, through any symbolic links.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use box_sandbox::rclone;

use crate::mounts::is_root;
use crate::support::skip;
use crate::world::{ODD, World, names_in, section};

/// Files and variables that make up one arrangement; `~` is the home.
struct Arrangement {
    files: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
}

const fn when(files: &'static [&'static str], variables: &'static [(&'static str, &'static str)]) -> Arrangement {
    Arrangement { files, variables }
}

const XDG: (&str, &str) = ("XDG_CONFIG_HOME", "~/xdg");
const DOT_CONFIG: &str = "~/.config/rclone/rclone.conf";
const DOT: &str = "~/.rclone.conf";
const IN_XDG: &str = "~/xdg/rclone/rclone.conf";

const ARRANGEMENTS: [Arrangement; 15] = [
    when(&[], &[]),
    when(&[DOT_CONFIG], &[]),
    when(&[DOT], &[]),
    when(&[DOT, DOT_CONFIG], &[]),
    when(&[], &[XDG]),
    when(&[IN_XDG, DOT_CONFIG], &[XDG]),
    when(&[DOT_CONFIG], &[XDG]),
    when(&[DOT], &[XDG]),
    when(&[DOT_CONFIG], &[("XDG_CONFIG_HOME", "")]),
    when(&["~/rel/rclone/rclone.conf", DOT_CONFIG], &[("XDG_CONFIG_HOME", "rel")]),
    when(&[DOT_CONFIG], &[("RCLONE_CONFIG", "~/named/else.conf")]),
    when(&["~/here.conf", DOT_CONFIG], &[("RCLONE_CONFIG", "here.conf"), XDG]),
    // What rclone sets for its children means nothing to rclone itself.
    when(&[DOT_CONFIG, "~/dir/rclone.conf"], &[("RCLONE_CONFIG_DIR", "~/dir")]),
    when(&["~/beside/rclone.conf", DOT_CONFIG, IN_XDG], &[XDG]),
    when(&["~/beside/rclone.conf", "~/here.conf"], &[("RCLONE_CONFIG", "~/here.conf")]),
];

fn expand(world: &World, text: &str) -> String {
    text.replace('~', world.home.path().to_str().expect("UTF-8"))
}

/// A world in this arrangement. rclone is a real file of its own where a config may lie beside it.
fn arranged(rclone: &Path, arrangement: &Arrangement) -> World {
    let mut world = World::with(rclone);
    for file in arrangement.files {
        let file = PathBuf::from(expand(&world, file));
        fs::create_dir_all(file.parent().expect("a directory")).expect("the directory");
        fs::write(&file, "[local]\ntype = local\n").expect("a file");
    }
    for (name, value) in arrangement.variables {
        let value = expand(&world, value);
        world.home.set(name, value);
    }
    let beside = world.home.path().join("beside");
    fs::create_dir_all(&beside).expect("a directory");
    let program = beside.join("rclone");
    fs::hard_link(rclone, &program).or_else(|_| fs::copy(rclone, &program).map(drop)).expect("an rclone");
    world
}

#[test]
fn the_file_is_the_one_that_rclone_would_use() {
    for rclone in rclone::both() {
        for (number, arrangement) in ARRANGEMENTS.iter().enumerate() {
            let world = arranged(&rclone, arrangement);
            let beside = world.home.path().join("beside/rclone");
            let ran = world.home.command(&beside).args(["config", "file"]).output().expect("rclone runs");
            let said = String::from_utf8(ran.stdout).expect("UTF-8");
            let theirs = world.home.path().join(said.lines().last().expect("a path"));
            let args = ["storage", "add", "box", "box", "--token-file", "-", "--no-verify", "--json"];
            let args = [&args[..], &["--rclone", beside.to_str().expect("UTF-8")]].concat();
            let ran = world.home.pluton_with_stdin(&args, &world.token().blob()).ok();
            let ours = world.home.path().join(ran.document()["storage"]["rclone_config"].as_str().expect("a path"));
            assert_eq!(ours, theirs, "arrangement {number}: rclone said {said}");
            let text = fs::read_to_string(&theirs).expect("the file");
            assert!(text.contains("[box]\n"), "arrangement {number}");
        }
    }
}

#[test]
fn the_flag_comes_before_everything() {
    let mut world = World::new();
    world.home.write_config("[local]\ntype = local\n");
    world.home.set("RCLONE_CONFIG", world.home.config());
    for flag in ["named.conf", "deep/er/named.conf"] {
        world.put("box", &world.token(), &["--rclone-config", flag]).ok();
        let text = fs::read_to_string(world.home.path().join(flag)).expect("the file");
        assert!(text.starts_with("[box]\n"));
        assert_eq!(world.home.mode(flag), 0o600);
    }
    assert_eq!(world.home.config_text(), "[local]\ntype = local\n");
}

#[test]
fn a_file_that_rclone_keeps_in_memory_is_refused() {
    let mut world = World::new();
    for place in ["", "/dev/null", "some/notfound"] {
        // To leave the flag's value out is wrong usage already.
        let expected = if place.is_empty() { (2, "invalid_value") } else { (9, "config_unwritable") };
        let (code, document) = world.home.json(&["storage", "list", "--rclone-config", place]);
        assert_eq!((code, document["error"]["code"].as_str()), (expected.0, Some(expected.1)), "{place:?}");
        world.home.set("RCLONE_CONFIG", place);
        let document = world.put("box", &world.token(), &["--json"]).fails(9).document();
        assert_eq!(document["error"]["code"], "config_unwritable", "{place:?}");
        world.home.unset("RCLONE_CONFIG");
    }
}

#[test]
fn links_are_followed_to_the_end_and_kept() {
    let world = World::new();
    let home = world.home.path();
    for dir in ["real", "a", ".config/rclone"] {
        fs::create_dir_all(home.join(dir)).expect("a directory");
    }
    // Relative, absolute, and through a directory that is itself a link.
    let links = [
        (home.join(".config/rclone/rclone.conf"), PathBuf::from("../../linked/one")),
        (home.join("linked"), PathBuf::from("a")),
        (home.join("a/one"), home.join("a/two")),
        (home.join("a/two"), PathBuf::from("../real/rclone.conf")),
    ];
    for (link, target) in &links {
        symlink(target, link).expect("a link");
    }
    // At first the last of them leads nowhere.
    let token = world.token();
    world.put("first", &token, &[]).ok();
    world.add("second", &world.token(), &[]).ok();
    for (link, target) in &links {
        assert_eq!(fs::read_link(link).ok().as_ref(), Some(target), "{}", link.display());
    }
    assert!(fs::symlink_metadata(home.join("real/rclone.conf")).expect("a file").is_file());
    assert_eq!(names_in(&home.join("real")), ["rclone.conf"]);
    assert_eq!(names_in(&home.join("a")), ["one", "two"]);
    assert_eq!(names_in(&home.join(".config/rclone")), ["rclone.conf"]);
    world.all_live(&["first", "second"]);
}

#[test]
fn links_in_a_circle_are_told() {
    let world = World::new();
    fs::create_dir_all(world.dir()).expect("a directory");
    symlink("other", world.home.config()).expect("a link");
    symlink("rclone.conf", world.dir().join("other")).expect("a link");
    let document = world.put("box", &world.token(), &["--json"]).fails(9).document();
    assert_eq!(document["error"]["code"], "config_unreadable");
}

#[test]
fn mode_and_owner_are_kept() {
    let world = World::new();
    for mode in [0o600, 0o640, 0o644, 0o400, 0o660] {
        world.home.write_config(ODD);
        fs::set_permissions(world.home.config(), fs::Permissions::from_mode(mode)).expect("chmod");
        world.put("box", &world.token(), &["--force"]).ok();
        assert_eq!(world.home.mode(world.home.config()), mode, "{mode:o}");
        fs::remove_file(world.home.config()).expect("gone");
    }
    if !is_root() {
        return skip("only root can give files away");
    }
    world.home.write_config(ODD);
    chown(world.home.config(), Some(1234), Some(5678)).expect("chown");
    world.put("box", &world.token(), &[]).ok();
    let file = fs::metadata(world.home.config()).expect("it");
    assert_eq!((file.uid(), file.gid()), (1234, 5678));
}

#[test]
fn a_file_that_others_can_read_is_pointed_out() {
    let world = World::new();
    for (mode, open) in [(0o600, false), (0o640, true), (0o604, true), (0o400, false)] {
        world.home.write_config(&section("old", &world.token()));
        fs::set_permissions(world.home.config(), fs::Permissions::from_mode(mode)).expect("chmod");
        let document = world.put("box", &world.token(), &["--json"]).ok().document();
        let warned = document["warnings"].to_string().contains("config_readable_by_others");
        assert_eq!(warned, open, "{mode:o}: {document}");
        let told = world.put("box2", &world.token(), &[]).ok().stderr;
        assert_eq!(told.contains("chmod 600"), open, "{told}");
        fs::remove_file(world.home.config()).expect("gone");
    }
}
