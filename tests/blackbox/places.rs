//! Which rclone.conf is used, what is made when there is none, and what happens when it cannot be used.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use box_sandbox::rclone;

use crate::bench::{Bench, CONF, ODD, with_each};
use crate::support::{PLUTON, Ran};

fn add(bench: &Bench, args: &[&str]) -> Ran {
    bench.add(&bench.token(), &[&["Box", "--no-verify"], args].concat())
}

fn holds_box(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.contains("[Box]"))
}

#[test]
fn rclone_and_pluton_agree_on_which_file_it_is() {
    let new = rclone::newest();
    // Each step makes a place that comes before all earlier ones.
    let mut bench = Bench::with(&new);
    let home = bench.home.path().to_owned();
    let check = |bench: &Bench, name: &str, expected: &Path| {
        bench.add(&bench.token(), &[name, "--no-verify"]).ok();
        let text = fs::read_to_string(expected).unwrap_or_else(|error| panic!("{}: {error}", expected.display()));
        assert!(text.contains(&format!("[{name}]")), "{}", expected.display());
        assert_eq!(bench.home.dump()[name]["type"], "box", "rclone reads another file than {}", expected.display());
    };
    fs::write(home.join(".rclone.conf"), "").expect("a file");
    check(&bench, "dot", &home.join(".rclone.conf"));
    bench.home.write_config("");
    check(&bench, "default", &home.join(CONF));
    fs::create_dir_all(home.join("xdg/rclone")).expect("a directory");
    bench.home.set("XDG_CONFIG_HOME", home.join("xdg"));
    check(&bench, "still default", &home.join(CONF));
    fs::write(home.join("xdg/rclone/rclone.conf"), "").expect("a file");
    check(&bench, "xdg", &home.join("xdg/rclone/rclone.conf"));
    bench.home.set("RCLONE_CONFIG", home.join("chosen.conf"));
    check(&bench, "chosen", &home.join("chosen.conf"));
    let flag = home.join("flag.conf");
    add(&bench, &["--rclone-config", flag.to_str().expect("UTF-8")]).ok();
    assert!(holds_box(&flag));
}

#[test]
fn a_new_file_goes_where_rclone_would_make_it_and_is_private() {
    with_each(|mut bench| {
        add(&bench, &[]).ok();
        bench.leaves_only_rclone_conf();
        bench.home.set("XDG_CONFIG_HOME", bench.home.path().join("new/xdg"));
        let bench2 = bench;
        fs::remove_file(bench2.home.config()).expect("rclone.conf");
        add(&bench2, &[]).ok();
        assert_eq!(bench2.home.mode("new/xdg/rclone/rclone.conf"), 0o600);
        assert_eq!(bench2.home.mode("new/xdg/rclone"), 0o700);
        assert_eq!(bench2.home.mode("new"), 0o700);
        assert_eq!(bench2.home.dump()["Box"]["type"], "box");
    });
}

#[test]
fn what_is_made_is_private_whatever_the_umask() {
    let bench = Bench::new();
    let file = bench.home.file("token.json", &bench.token().blob());
    let mut command = bench.home.command("/bin/sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\"", PLUTON, "storage", "add", "box", "Box"]);
    command.args(["--token-file", &file, "--root-folder-id", "4711"]);
    let ran = Ran::from(command.output().expect("sh runs")).fails(7);
    let kept = bench.staged().into_iter().find(|path| path.ends_with("/rclone.conf"));
    let kept = kept.unwrap_or_else(|| panic!("a kept file: {ran:?}"));
    assert_eq!(bench.home.mode(&kept), 0o600);
    assert_eq!(bench.home.mode(kept.trim_end_matches("/rclone.conf")), 0o700);

    let mut command = bench.home.command("/bin/sh");
    command.args([
        "-c",
        "umask 000; exec \"$0\" \"$@\"",
        PLUTON,
        "storage",
        "add",
        "box",
        "Box",
        "--token-file",
        &file,
    ]);
    Ran::from(command.output().expect("sh runs")).ok();
    fs::remove_file(file).expect("the user's own file");
    bench.leaves_only_rclone_conf();
}

#[test]
fn a_relative_path_is_from_here() {
    let bench = Bench::new();
    add(&bench, &["--rclone-config", "here.conf"]).ok();
    assert!(holds_box(&bench.home.path().join("here.conf")));
    assert_eq!(bench.home.mode("here.conf"), 0o600);
}

#[test]
fn the_report_names_a_file_that_rclone_would_not_find_by_itself() {
    let bench = Bench::new();
    let ran = bench.add(&bench.token(), &["Box", "--rclone-config", "here.conf"]).ok();
    let line = ran.stdout.lines().find(|line| line.contains("restic")).expect("an example");
    assert!(line.contains("RCLONE_CONFIG="), "{ran:?}");
    let ran = bench.add(&bench.token(), &["Other"]).ok();
    assert!(!ran.stdout.contains("RCLONE_CONFIG="), "{ran:?}");
}

#[test]
fn a_symbolic_link_stays_one_and_its_target_is_written() {
    with_each(|bench| {
        let home = bench.home.path();
        bench.home.write_config("");
        fs::create_dir(home.join("dotfiles")).expect("a directory");
        fs::write(home.join("dotfiles/real.conf"), ODD).expect("a file");
        symlink("real.conf", home.join("dotfiles/middle.conf")).expect("a link");
        fs::remove_file(bench.home.config()).expect("rclone.conf");
        symlink("../../dotfiles/middle.conf", bench.home.config()).expect("a link");
        bench.add(&bench.token(), &["Box"]).ok();
        assert!(fs::symlink_metadata(bench.home.config()).expect("a link").is_symlink());
        assert!(fs::symlink_metadata(home.join("dotfiles/middle.conf")).expect("a link").is_symlink());
        assert!(fs::read_to_string(home.join("dotfiles/real.conf")).expect("a file").starts_with(ODD));
        assert!(holds_box(&home.join("dotfiles/real.conf")));
        assert_eq!(bench.lists("Box").len(), 3);
    });
}

#[test]
fn a_link_to_a_file_that_is_not_there_yet_makes_that_file() {
    let bench = Bench::new();
    bench.home.write_config("");
    fs::remove_file(bench.home.config()).expect("rclone.conf");
    symlink("elsewhere.conf", bench.home.config()).expect("a link");
    add(&bench, &["--rclone-config", bench.home.config().to_str().expect("UTF-8")]).ok();
    assert!(fs::symlink_metadata(bench.home.config()).expect("a link").is_symlink());
    assert!(holds_box(&bench.home.path().join(".config/rclone/elsewhere.conf")));
}

#[test]
fn a_file_s_mode_is_kept_and_one_that_others_can_read_is_warned_about() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    for (name, mode, warned) in [("open", 0o644, true), ("private", 0o600, false)] {
        fs::set_permissions(bench.home.config(), fs::Permissions::from_mode(mode)).expect("a mode");
        let ran = bench.add(&bench.token(), &[name, "--no-verify"]).ok();
        assert_eq!(bench.home.mode(CONF), mode);
        assert_eq!(ran.stderr.contains("chmod 600"), warned, "{ran:?}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_exit_9() {
    let bench = Bench::new();
    let blocked = bench.home.file("blocked", "a file, where a directory should be");
    let inside = format!("{blocked}/rclone.conf");
    let home = bench.home.path().to_str().expect("UTF-8").to_owned();
    for path in [inside.as_str(), "/proc/rclone.conf", &home, "/dev/null", "notfound"] {
        let ran = add(&bench, &["--rclone-config", path, "--json"]).fails(9);
        let code = ran.document()["error"]["code"].as_str().unwrap_or_default().to_owned();
        // What cannot be a file cannot be read either.
        let is_no_file = [inside.as_str(), &home].contains(&path);
        let expected = if is_no_file { "config_unreadable" } else { "config_unwritable" };
        assert_eq!(code, expected, "{path}: {ran:?}");
        assert!(ran.document()["error"]["remedy"].as_array().is_some_and(|list| !list.is_empty()), "{path}: {ran:?}");
    }
    assert_eq!(fs::read_to_string(&blocked).expect("a file"), "a file, where a directory should be");
}

#[test]
fn a_file_that_rclone_could_not_read_either_is_exit_9_and_left_as_it_is() {
    let bench = Bench::new();
    for broken in ["[a]\nno separator\n", "[a]\n= empty key\n", "[a]\nk = `unclosed\n", "[]\nk = v\n"] {
        bench.home.write_config(broken);
        assert_ne!(bench.home.rclone(&["listremotes"]).code, 0, "rclone reads {broken:?}");
        let token = bench.token();
        let error = bench.refused(|bench| bench.add(&token, &["Box", "--json"]), 9, "config_unreadable");
        assert!(error["remedy"].to_string().contains("line 2"), "{error}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh));
    }
}
