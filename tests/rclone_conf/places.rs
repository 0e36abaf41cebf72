//! pluton uses the rclone.conf that rclone itself would use, through any symbolic links.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use box_sandbox::rclone;

use crate::ODD;
use crate::mounts::is_root;
use crate::support::{Args, Machine, names_in, section, skip};

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

fn expand(m: &Machine, text: &str) -> String {
    text.replace('~', m.path().to_str().expect("UTF-8"))
}

/// A m in this arrangement. rclone is a real file of its own where a config may lie beside it.
fn arranged(rclone: &Path, arrangement: &Arrangement) -> Machine {
    let mut m = Machine::with(box_sandbox::Sandbox::start(), rclone);
    for file in arrangement.files {
        let file = PathBuf::from(expand(&m, file));
        fs::create_dir_all(file.parent().expect("a directory")).expect("the directory");
        fs::write(&file, "[local]\ntype = local\n").expect("a file");
    }
    for (name, value) in arrangement.variables {
        let value = expand(&m, value);
        m.set(name, value);
    }
    let beside = m.at("beside");
    fs::create_dir_all(&beside).expect("a directory");
    let program = beside.join("rclone");
    fs::hard_link(rclone, &program).or_else(|_| fs::copy(rclone, &program).map(drop)).expect("an rclone");
    m
}

#[test]
fn the_file_is_the_one_that_rclone_would_use() {
    for rclone in rclone::both() {
        for (number, arrangement) in ARRANGEMENTS.iter().enumerate() {
            let m = arranged(&rclone, arrangement);
            let beside = m.at("beside/rclone");
            let said = m.run(&beside, "config file").stdout;
            let theirs = m.at(said.lines().last().expect("a path"));
            let args = "storage add box box --token-file - --no-verify --json";
            let args = args.and(["--rclone", beside.to_str().expect("UTF-8")]);
            let ran = m.pluton_with_stdin(&args, &m.mint().blob()).ok();
            let ours = m.at(ran.document()["storage"]["rclone_config"].as_str().expect("a path"));
            assert_eq!(ours, theirs, "arrangement {number}: rclone said {said}");
            let text = fs::read_to_string(&theirs).expect("the file");
            assert!(text.contains("[box]\n"), "arrangement {number}");
        }
    }
}

#[test]
fn the_flag_comes_before_everything() {
    let mut m = Machine::new();
    m.write_config("[local]\ntype = local\n");
    m.set("RCLONE_CONFIG", m.config());
    for flag in ["named.conf", "deep/er/named.conf"] {
        m.put(&m.mint(), "box".and(["--rclone-config", flag])).ok();
        let text = m.read(flag);
        assert!(text.starts_with("[box]\n"));
        assert_eq!(m.mode(flag), 0o600);
    }
    assert_eq!(m.config_text(), "[local]\ntype = local\n");
}

#[test]
fn a_file_that_rclone_keeps_in_memory_is_refused() {
    let mut m = Machine::new();
    for place in ["", "/dev/null", "some/notfound"] {
        // To leave the flag's value out is wrong usage already.
        let expected = if place.is_empty() { (2, "invalid_value") } else { (9, "config_unwritable") };
        m.json(["storage", "list", "--rclone-config", place]).refused(expected.0, expected.1);
        m.set("RCLONE_CONFIG", place);
        m.put(&m.mint(), "box --json").refused(9, "config_unwritable");
        m.unset("RCLONE_CONFIG");
    }
}

#[test]
fn links_are_followed_to_the_end_and_kept() {
    let m = Machine::new();
    let home = m.path();
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
    let token = m.mint();
    m.put(&token, "first").ok();
    m.add(&m.mint(), "second").ok();
    for (link, target) in &links {
        assert_eq!(fs::read_link(link).ok().as_ref(), Some(target), "{}", link.display());
    }
    assert!(fs::symlink_metadata(home.join("real/rclone.conf")).expect("a file").is_file());
    assert_eq!(names_in(home.join("real")), ["rclone.conf"]);
    assert_eq!(names_in(home.join("a")), ["one", "two"]);
    assert_eq!(names_in(home.join(".config/rclone")), ["rclone.conf"]);
    m.all_live(["first", "second"]);
}

#[test]
fn links_in_a_circle_are_told() {
    let m = Machine::new();
    fs::create_dir_all(m.config_dir()).expect("a directory");
    symlink("other", m.config()).expect("a link");
    symlink("rclone.conf", m.config_dir().join("other")).expect("a link");
    m.put(&m.mint(), "box --json").refused(9, "config_unreadable");
}

#[test]
fn mode_and_owner_are_kept() {
    let m = Machine::new();
    for mode in [0o600, 0o640, 0o644, 0o400, 0o660] {
        m.write_config(ODD);
        m.chmod(m.config(), mode);
        m.put(&m.mint(), "box --force").ok();
        assert_eq!(m.mode(m.config()), mode, "{mode:o}");
        fs::remove_file(m.config()).expect("gone");
    }
    if !is_root() {
        return skip("only root can give files away");
    }
    m.write_config(ODD);
    chown(m.config(), Some(1234), Some(5678)).expect("chown");
    m.put(&m.mint(), "box").ok();
    let file = fs::metadata(m.config()).expect("it");
    assert_eq!((file.uid(), file.gid()), (1234, 5678));
}

#[test]
fn a_file_that_others_can_read_is_pointed_out() {
    let m = Machine::new();
    for (mode, open) in [(0o600, false), (0o640, true), (0o604, true), (0o400, false)] {
        m.write_config(&section("old", &m.mint()));
        m.chmod(m.config(), mode);
        let document = m.put(&m.mint(), "box --json").ok().document();
        let warned = document["warnings"].to_string().contains("config_readable_by_others");
        assert_eq!(warned, open, "{mode:o}: {document}");
        let told = m.put(&m.mint(), "box2").ok().stderr;
        assert_eq!(told.contains("chmod 600"), open, "{told}");
        fs::remove_file(m.config()).expect("gone");
    }
}
