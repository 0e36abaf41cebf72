//! When something fails after Box has replaced the user's token, the new token, the only live one, is kept and can be
//! recovered.

use std::fs;
use std::time::Duration;

use box_sandbox::{Fault, Token};

use crate::ODD;
use crate::support::{Args, Machine, Ran, with_each};

/// The kept token is where the message says, private, valid, and the only one, and `add` uses it from there.
#[track_caller]
fn is_kept(m: &Machine, ran: &Ran, given: &Token) -> String {
    assert!(m.sandbox.is_renewed(&given.refresh), "Box has replaced it");
    let staged: Vec<String> = m.files().into_iter().filter(|path| path.contains("/pluton/staged/")).collect();
    let named = |path: &&String| ran.stderr.contains(&m.at(path).display().to_string());
    let kept = staged.iter().find(named).unwrap_or_else(|| panic!("{staged:?} and {ran:?}")).clone();
    let full = m.at(&kept).display().to_string();
    let text = fs::read_to_string(&full).expect("the kept file");
    assert_eq!(m.mode(&kept), 0o600);
    assert_eq!(m.mode(kept.trim_end_matches("/rclone.conf")), 0o700);
    let live = field(&text, "refresh_token");
    assert!(m.sandbox.is_live_refresh(&live));
    assert!(!ran.stdout.contains(&live) && !ran.stderr.contains(&live), "{ran:?}");
    for other in staged.iter().filter(|path| **path != kept) {
        let text = m.read(other);
        assert!(!text.contains(&live) && !text.contains(&given.refresh), "{other}");
        assert_eq!(m.mode(other) & 0o077 & m.mode(other.rsplit_once('/').expect("a directory").0), 0);
    }
    full
}

fn field(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("\"{name}\":\"")).expect("a token");
    rest.split('"').next().expect("its end").to_owned()
}

#[track_caller]
fn goes_on_with(m: &Machine, name: &str, file: &str) {
    m.pluton(["storage", "add", "box", name, "--token-file", file]).ok();
    assert!(m.config_text().starts_with(ODD));
    m.works_after_an_hour(name);
    assert_eq!(m.staged(), Vec::<String>::new());
}

/// From here on something else happens once rclone has run.
fn then(m: &Machine, script: &str) {
    m.script_rclone(&format!("'{}' \"$@\"\ncode=$?\n{script}\nexit $code", m.rclone.display()));
}

#[test]
fn the_same_command_once_more_goes_on_with_the_token_that_was_kept() {
    with_each(|m| {
        m.write_config(ODD);
        m.sandbox.fault(Fault::on("GET", "/2.0/").status(503));
        let given = m.mint();
        for _ in 0..2 {
            let ran = m.add(&given, "Box").fails(8);
            is_kept(&m, &ran, &given);
        }
        m.sandbox.clear_faults();
        m.add(&given, "Box").ok();
        m.works_after_an_hour("Box");
        assert_eq!(m.staged(), Vec::<String>::new());
    });
}

#[test]
fn when_the_proof_fails_after_the_renewal_the_new_token_is_kept_and_can_be_used() {
    let listing = || Fault::on("GET", "/2.0/");
    with_each(|m| {
        for (name, args, exit, fault) in [
            ("No Folder", &["--root-folder-id", "4711"][..], 7, None),
            ("Down", &[], 8, Some(listing().status(503))),
            ("Late", &["--timeout", "3s"], 8, Some(listing().delay(Duration::from_secs(600)))),
        ] {
            m.write_config(ODD);
            if let Some(fault) = fault {
                m.sandbox.fault(fault);
            }
            let given = m.mint();
            let ran = m.add(&given, [name].and(args)).fails(exit);
            assert_eq!(m.config_text(), ODD);
            let file = is_kept(&m, &ran, &given);
            m.sandbox.clear_faults();
            goes_on_with(&m, name, &file);
        }
    });
}

#[test]
fn when_rclone_conf_cannot_be_written_after_the_renewal_the_new_token_is_kept() {
    let m = Machine::new();
    m.write_config(ODD);
    let dir = m.at("elsewhere");
    fs::create_dir(&dir).expect("a directory");
    // Once rclone has renewed the token, a file stands where rclone.conf's directory was.
    then(&m, &format!("mv '{0}' '{0}.gone'; : > '{0}'", dir.display()));
    let given = m.mint();
    let conf = dir.join("rclone.conf").display().to_string();
    let ran = m.add(&given, ["Box", "--rclone-config", &conf]).fails(9);
    let kept = is_kept(&m, &ran, &given);
    m.log_children();
    goes_on_with(&m, "Box", &kept);
}

#[test]
fn a_name_that_is_taken_while_rclone_proves_is_not_overwritten_and_the_new_token_is_kept() {
    let m = Machine::new();
    m.write_config(ODD);
    // Another program adds a remote of the same name while rclone proves this one.
    then(&m, &format!("printf '\\n[Box]\\ntype = local\\n' >> '{}'", m.config().display()));
    let given = m.mint();
    let ran = m.add(&given, "Box").fails(5);
    assert_eq!(m.config_text(), format!("{ODD}\n[Box]\ntype = local\n"));
    let kept = is_kept(&m, &ran, &given);
    m.log_children();
    goes_on_with(&m, "Box2", &kept);
}
