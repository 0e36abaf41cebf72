//! When something fails after Box has replaced the user's token, the new token, the only live one, is kept and can be
//! recovered.

use std::fs;
use std::time::Duration;

use box_sandbox::{Fault, Token};

use crate::bench::{Bench, ODD, with_each};
use crate::support::{Home, Ran};

/// The kept token is where the message says, private, valid, and the only one, and `add` uses it from there.
#[track_caller]
fn is_kept(bench: &Bench, ran: &Ran, given: &Token) -> String {
    assert!(bench.sandbox.is_renewed(&given.refresh), "Box has replaced it");
    let staged = bench.staged();
    let named = |path: &&String| ran.stderr.contains(&bench.home.path().join(path).display().to_string());
    let kept = staged.iter().find(named).unwrap_or_else(|| panic!("{staged:?} and {ran:?}")).clone();
    let full = bench.home.path().join(&kept).display().to_string();
    let text = fs::read_to_string(&full).expect("the kept file");
    assert_eq!(bench.home.mode(&kept), 0o600);
    assert_eq!(bench.home.mode(kept.trim_end_matches("/rclone.conf")), 0o700);
    let live = field(&text, "refresh_token");
    assert!(bench.sandbox.is_live_refresh(&live));
    assert!(!ran.stdout.contains(&live) && !ran.stderr.contains(&live), "{ran:?}");
    for other in staged.iter().filter(|path| **path != kept) {
        let text = fs::read_to_string(bench.home.path().join(other)).expect("a small file");
        assert!(!text.contains(&live) && !text.contains(&given.refresh), "{other}");
        assert_eq!(bench.home.mode(other) & 0o077 & bench.home.mode(other.rsplit_once('/').expect("a directory").0), 0);
    }
    full
}

fn field(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("\"{name}\":\"")).expect("a token");
    rest.split('"').next().expect("its end").to_owned()
}

#[track_caller]
fn goes_on_with(bench: &Bench, name: &str, file: &str) {
    bench.home.pluton(&["storage", "add", "box", name, "--token-file", file]).ok();
    assert!(bench.home.config_text().starts_with(ODD));
    bench.works_after_an_hour(name);
    assert_eq!(bench.staged(), Vec::<String>::new());
}

#[test]
fn the_same_command_once_more_goes_on_with_the_token_that_was_kept() {
    with_each(|bench| {
        bench.home.write_config(ODD);
        bench.sandbox.fault(Fault::on("GET", "/2.0/").status(503));
        let given = bench.token();
        for _ in 0..2 {
            let ran = bench.add(&given, &["Box"]).fails(8);
            is_kept(&bench, &ran, &given);
        }
        bench.sandbox.clear_faults();
        bench.add(&given, &["Box"]).ok();
        bench.works_after_an_hour("Box");
        assert_eq!(bench.staged(), Vec::<String>::new());
    });
}

#[test]
fn when_the_proof_fails_after_the_renewal_the_new_token_is_kept_and_can_be_used() {
    let listing = || Fault::on("GET", "/2.0/");
    with_each(|bench| {
        for (name, args, exit, fault) in [
            ("No Folder", &["--root-folder-id", "4711"][..], 7, None),
            ("Down", &[], 8, Some(listing().status(503))),
            ("Late", &["--timeout", "3s"], 8, Some(listing().delay(Duration::from_secs(600)))),
        ] {
            bench.home.write_config(ODD);
            if let Some(fault) = fault {
                bench.sandbox.fault(fault);
            }
            let given = bench.token();
            let ran = bench.add(&given, &[&[name], args].concat()).fails(exit);
            assert_eq!(bench.home.config_text(), ODD);
            let file = is_kept(&bench, &ran, &given);
            bench.sandbox.clear_faults();
            goes_on_with(&bench, name, &file);
        }
    });
}

#[test]
fn when_rclone_conf_cannot_be_written_after_the_renewal_the_new_token_is_kept() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    let dir = bench.home.path().join("elsewhere");
    fs::create_dir(&dir).expect("a directory");
    // Once rclone has renewed the token, a file stands where rclone.conf's directory was.
    let rclone = box_sandbox::rclone::newest();
    bench.home.script_rclone(&format!(
        "'{}' \"$@\"\ncode=$?\nmv '{1}' '{1}.gone'; : > '{1}'\nexit $code",
        rclone.display(),
        dir.display()
    ));
    let given = bench.token();
    let conf = dir.join("rclone.conf").display().to_string();
    let ran = bench.add(&given, &["Box", "--rclone-config", &conf]).fails(9);
    let kept = is_kept(&bench, &ran, &given);
    Home::log_children(&bench.home);
    goes_on_with(&bench, "Box", &kept);
}

#[test]
fn a_name_that_is_taken_while_rclone_proves_is_not_overwritten_and_the_new_token_is_kept() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    let rclone = box_sandbox::rclone::newest();
    let conf = bench.home.config();
    // Another program adds a remote of the same name while rclone proves this one.
    bench.home.script_rclone(&format!(
        "'{}' \"$@\"\ncode=$?\nprintf '\\n[Box]\\ntype = local\\n' >> '{}'\nexit $code",
        rclone.display(),
        conf.display()
    ));
    let given = bench.token();
    let ran = bench.add(&given, &["Box"]).fails(5);
    assert_eq!(bench.home.config_text(), format!("{ODD}\n[Box]\ntype = local\n"));
    let kept = is_kept(&bench, &ran, &given);
    Home::log_children(&bench.home);
    goes_on_with(&bench, "Box2", &kept);
}
