//! After `kill -9` at any moment, rclone.conf is the old one or the new one, and no token is lost.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use box_sandbox::{Token, rclone};

use crate::ODD;
use crate::pure::document::{Document, Value};
use crate::stress::{Chance, a_minute_later, deadline, restless};
use crate::support::{Args, Machine, refresh_token, section};

/// How long a run takes here, the longest of a few.
fn length_of(mut run: impl FnMut()) -> Duration {
    let mut timed = || {
        let begun = Instant::now();
        run();
        begun.elapsed()
    };
    (0..3).map(|_| timed()).max().expect("some")
}

/// Starts a run with its token in a file.
fn start(m: &Machine, name: &str, token: &Token, args: impl Args) -> Child {
    m.file("token.json", &token.blob());
    m.start(["storage", "add", "box", name, "--token-file", "token.json", "--no-input"].and(args))
}

fn kill_after(mut child: Child, delay: Duration) {
    sleep(delay);
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().expect("it is gone");
}

#[test]
fn a_killed_add_leaves_the_old_file_or_the_new_one() {
    let m = Machine::new();
    let original = format!("{ODD}\n{}", section("other", &m.mint()));
    m.write_config(&original);
    let length = length_of(|| drop(start(&m, "x", &m.mint(), "--no-verify --force").wait_with_output()));
    let mut chance = Chance::new(1);
    let end = deadline(6);
    let (mut kills, mut landed) = (0, 0);
    while kills < 200 || Instant::now() < end {
        let before = m.bytes();
        let (token, name) = (m.mint(), format!("box {kills}"));
        kill_after(start(&m, &name, &token, "--no-verify"), chance.within(length + length / 4));
        kills += 1;
        let after = m.bytes();
        if after != before {
            assert_eq!(String::from_utf8(after), String::from_utf8(with(&before, &name, &token)));
            landed += 1;
        }
        if chance.once_in(10) {
            m.put(&m.mint(), "whole --force").ok();
            m.dump();
            m.nothing_beside();
            // Small again, so that a long test stays a quick one.
            m.write_config(&original);
        }
    }
    assert!((1..kills).contains(&landed), "{landed} of {kills} landed: the moments were badly chosen");
    // What the last one started may outlive it for a moment.
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        a_minute_later(&m);
        m.put(&m.mint(), "last --force").ok();
        if m.staged().is_empty() {
            break;
        }
        assert!(Instant::now() < patience, "{:?}", m.staged());
    }
    m.nothing_beside();
}

/// The file with a section more.
fn with(before: &[u8], name: &str, token: &Token) -> Vec<u8> {
    let value = |text: &str| Value::new(text).expect("a value");
    let mut document = Document::parse(before).expect("readable");
    document.put_section(name, &[("type", value("box")), ("token", value(&token.blob()))]);
    document.render().to_vec()
}

#[test]
fn a_token_renewed_by_a_killed_run_is_found_again() {
    for (seed, rclone) in rclone::both().iter().enumerate() {
        let m = Machine::with(box_sandbox::Sandbox::start(), rclone);
        m.write_config(ODD);
        let length = length_of(|| drop(start(&m, "x", &m.mint(), "--force").wait_with_output()));
        let mut chance = Chance::new(10 + u64::try_from(seed).expect("small"));
        let end = deadline(6);
        let (mut kills, mut renewed) = (0, 0);
        while kills < 30 || Instant::now() < end {
            let (token, name) = (m.mint(), format!("box {kills}"));
            for _ in 0..=chance.below(3) {
                kill_after(start(&m, &name, &token, ""), chance.within(length));
                kills += 1;
            }
            renewed += usize::from(!m.sandbox.is_live_refresh(&token.refresh));
            a_minute_later(&m);
            let ran = crate::support::Ran::from(start(&m, &name, &token, ""));
            // A run killed after it had saved leaves nothing to do.
            assert!([0, 5].contains(&ran.code), "{ran:?}\n{:?}", m.staged());
            m.all_live([&name]);
            assert!(m.staged().is_empty(), "{:?}", m.staged());
        }
        assert!(renewed > 0, "no kill came after the renewal, of {kills}");
        assert!(m.config_text().starts_with(ODD));
        m.put(&m.mint(), "last").ok();
        m.nothing_beside();
    }
}

#[test]
fn a_pluton_killed_beside_a_saving_rclone_loses_nothing_of_it() {
    let m = restless(&rclone::newest());
    let remotes: Vec<String> = (0..3).map(|number| format!("remote{number}")).collect();
    let sections: Vec<String> = remotes.iter().map(|name| section(name, &m.mint())).collect();
    m.write_config(&format!("{ODD}\n{}", sections.concat()));
    let length = length_of(|| drop(m.rclone("lsd remote0:")));
    let mut chance = Chance::new(3);
    let end = deadline(6);
    let mut kills = 0;
    while kills < 30 || Instant::now() < end {
        let name = &remotes[chance.below(remotes.len())];
        std::thread::scope(|scope| {
            let saving = scope.spawn(|| m.rclone(["lsd", &format!("{name}:")]).ok());
            // The moments that matter are those around its save, late in its run.
            sleep(length / 3 + chance.within(length * 2 / 3));
            let token = m.mint();
            kill_after(start(&m, "killed", &token, "--no-verify --force"), chance.within(length / 2));
            kills += 1;
            saving.join().expect("it ran");
        });
        m.put(&m.mint(), "next --force").ok();
        m.all_live(&remotes);
        let dump = m.dump();
        assert!(dump.get("odd one").is_some() && m.config_text().contains("# kept by hand"));
        assert!(m.sandbox.is_live_refresh(&refresh_token(&dump, "next")));
        m.nothing_beside();
    }
}
