//! The README's pictures show what pluton prints now: the built program, the real rclone, and the loopback Box.
//! `tests/support` says how to draw them anew.
//!
//! Nothing in the output is replaced. What would differ between runs is fixed by the setup of each home: tokens have
//! dates in whole seconds and expired whole days and a half ago, and pluton itself writes `~` for the home.

#[path = "../support/mod.rs"]
mod support;

mod draw;
mod readme;
mod scenes;

use std::fs;
use std::path::PathBuf;

const COLUMNS: u16 = 80;

#[track_caller]
fn is_current(name: &str, screen: &str) {
    let path = pictures().join(name).with_extension("svg");
    let fresh = draw::svg(screen);
    if crate::support::regenerates() {
        fs::write(&path, &fresh).expect("a picture");
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == fresh,
        "tests/pictures/{name}.svg is not current: PLUTON_REGENERATE=1 cargo test --test pictures\n{}",
        anstream::adapter::strip_str(screen)
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pictures() -> PathBuf {
    root().join("tests/pictures")
}

#[test]
fn connecting() {
    let screen = scenes::connecting();
    is_current("connecting", &screen);
    readme::tells(&anstream::adapter::strip_str(&screen).to_string());
}

#[test]
fn a_failure() {
    is_current("failure", &scenes::a_failure());
}

#[test]
fn the_menu() {
    is_current("menu", &scenes::the_menu());
}

#[test]
fn the_list() {
    is_current("list", &scenes::the_list());
}

#[test]
fn the_doctor() {
    is_current("doctor", &scenes::the_doctor());
}

#[test]
fn all_verified() {
    is_current("verify", &scenes::all_verified());
}
