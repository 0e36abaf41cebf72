//! After `kill -9` at any moment, rclone.conf is the old one or the new one, and no token is lost.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use box_sandbox::{Token, rclone};

use crate::chance::Chance;
use crate::pure::document::{Document, Value};
use crate::world::{ODD, World, refresh_token, section, until};

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
fn start(world: &World, name: &str, token: &Token, args: &[&str]) -> Child {
    let file = world.home.file("token.json", &token.blob());
    world.home.start(&[&["storage", "add", "box", name, "--token-file", &file, "--no-input"], args].concat())
}

fn kill_after(mut child: Child, delay: Duration) {
    sleep(delay);
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().expect("it is gone");
}

#[test]
fn a_killed_add_leaves_the_old_file_or_the_new_one() {
    let world = World::new();
    let original = format!("{ODD}\n{}", section("other", &world.token()));
    world.home.write_config(&original);
    let length = length_of(|| drop(start(&world, "x", &world.token(), &["--no-verify", "--force"]).wait_with_output()));
    let mut chance = Chance::new(1);
    let end = until(6);
    let (mut kills, mut landed) = (0, 0);
    while kills < 200 || Instant::now() < end {
        let before = world.bytes();
        let (token, name) = (world.token(), format!("box {kills}"));
        kill_after(start(&world, &name, &token, &["--no-verify"]), chance.within(length + length / 4));
        kills += 1;
        let after = world.bytes();
        if after != before {
            assert_eq!(String::from_utf8(after), String::from_utf8(with(&before, &name, &token)));
            landed += 1;
        }
        if chance.once_in(10) {
            world.put("whole", &world.token(), &["--force"]).ok();
            world.home.dump();
            world.nothing_beside();
            // Small again, so that a long test stays a quick one.
            world.home.write_config(&original);
        }
    }
    assert!((1..kills).contains(&landed), "{landed} of {kills} landed: the moments were badly chosen");
    // What the last one started may outlive it for a moment.
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        world.a_minute_later();
        world.put("last", &world.token(), &["--force"]).ok();
        if world.staged().is_empty() {
            break;
        }
        assert!(Instant::now() < patience, "{:?}", world.staged());
    }
    world.nothing_beside();
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
        let world = World::with(rclone);
        world.home.write_config(ODD);
        let length = length_of(|| drop(start(&world, "x", &world.token(), &["--force"]).wait_with_output()));
        let mut chance = Chance::new(10 + u64::try_from(seed).expect("small"));
        let end = until(6);
        let (mut kills, mut renewed) = (0, 0);
        while kills < 30 || Instant::now() < end {
            let (token, name) = (world.token(), format!("box {kills}"));
            for _ in 0..=chance.below(3) {
                kill_after(start(&world, &name, &token, &[]), chance.within(length));
                kills += 1;
            }
            renewed += usize::from(!world.sandbox.is_live_refresh(&token.refresh));
            world.a_minute_later();
            let ran = crate::support::Ran::from(start(&world, &name, &token, &[]).wait_with_output().expect("it ends"));
            // A run killed after it had saved leaves nothing to do.
            assert!([0, 5].contains(&ran.code), "{ran:?}\n{:?}", world.staged());
            world.all_live(&[&name]);
            assert!(world.staged().is_empty(), "{:?}", world.staged());
        }
        assert!(renewed > 0, "no kill came after the renewal, of {kills}");
        assert!(world.home.config_text().starts_with(ODD));
        world.put("last", &world.token(), &[]).ok();
        world.nothing_beside();
    }
}

#[test]
fn a_pluton_killed_beside_a_saving_rclone_loses_nothing_of_it() {
    let world = World::restless(&rclone::newest());
    let remotes: Vec<String> = (0..3).map(|number| format!("remote{number}")).collect();
    let sections: Vec<String> = remotes.iter().map(|name| section(name, &world.token())).collect();
    world.home.write_config(&format!("{ODD}\n{}", sections.concat()));
    let length = length_of(|| drop(world.home.rclone(&["lsd", "remote0:"])));
    let mut chance = Chance::new(3);
    let end = until(6);
    let mut kills = 0;
    while kills < 30 || Instant::now() < end {
        let name = &remotes[chance.below(remotes.len())];
        std::thread::scope(|scope| {
            let saving = scope.spawn(|| world.home.rclone(&["lsd", &format!("{name}:")]).ok());
            // The moments that matter are those around its save, late in its run.
            sleep(length / 3 + chance.within(length * 2 / 3));
            let token = world.token();
            kill_after(start(&world, "killed", &token, &["--no-verify", "--force"]), chance.within(length / 2));
            kills += 1;
            saving.join().expect("it ran");
        });
        world.put("next", &world.token(), &["--force"]).ok();
        world.all_live(&remotes);
        let dump = world.home.dump();
        assert!(dump.get("odd one").is_some() && world.home.config_text().contains("# kept by hand"));
        assert!(world.sandbox.is_live_refresh(&refresh_token(&dump, "next")));
        world.nothing_beside();
    }
}
