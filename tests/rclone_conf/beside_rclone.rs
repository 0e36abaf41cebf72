//! An rclone renews tokens and saves rclone.conf constantly, without a lock, while plutons write it too: neither loses
//! what the other wrote.

use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use box_sandbox::rclone;

use crate::ODD;
use crate::stress::{Chance, deadline, restless};
use crate::support::{Args, Machine, refresh_token, section};

const PLUTONS: usize = 3;
const REMOTES: usize = 5;

#[test]
fn nothing_is_lost_beside_the_newest_rclone() {
    stress(&rclone::newest(), true);
}

#[test]
fn nothing_is_lost_beside_debian_s_rclone() {
    if let Some(rclone) = rclone::debian() {
        stress(&rclone, false);
    }
}

fn stress(rclone: &Path, batches: bool) {
    let m = restless(rclone);
    let remotes: Vec<String> = (0..REMOTES).map(|number| format!("remote{number}")).collect();
    let sections: Vec<String> = remotes.iter().map(|name| section(name, &m.mint())).collect();
    m.write_config(&format!("{ODD}\n{}", sections.concat()));
    let end = deadline(8);
    let saved = Mutex::new(remotes.clone());
    let expected: Vec<Expected> = thread::scope(|scope| {
        let plutons: Vec<_> = (0..PLUTONS)
            .map(|number| {
                let (m, saved) = (&m, &saved);
                scope.spawn(move || keep_writing(m, number, saved, end))
            })
            .collect();
        keep_renewing(&m, &saved, batches, end, || plutons.iter().all(thread::ScopedJoinHandle::is_finished));
        plutons.into_iter().flat_map(|pluton| pluton.join().expect("a pluton thread")).collect()
    });
    let dump = m.dump();
    assert_eq!(dump.as_object().expect("sections").len(), 1 + REMOTES + expected.len());
    for Expected { name, mark, untouched } in &expected {
        assert_eq!(dump[name]["commit_retries"].as_str(), Some(mark.as_str()), "{name}: an edit was lost");
        if let Some(refresh) = untouched {
            assert_eq!(refresh_token(&dump, name), *refresh, "{name}");
        }
    }
    let all: Vec<&String> = remotes.iter().chain(expected.iter().map(|one| &one.name)).collect();
    m.all_live(&all);
    assert_eq!(dump["odd one"]["remote"], "/tmp:=# not a comment");
    assert!(m.config_text().contains(ODD), "{}", m.config_text());
    m.nothing_beside();
    assert!(m.staged().is_empty());
}

/// What the last edit of a storage must have left.
struct Expected {
    name: String,
    /// A number that each write of it sets anew.
    mark: String,
    /// The refresh token, where neither pluton nor rclone was to renew it.
    untouched: Option<String>,
}

/// Adds storages, and replaces each once or twice; a third of the writes are proven first.
fn keep_writing(m: &Machine, number: usize, saved: &Mutex<Vec<String>>, end: Instant) -> Vec<Expected> {
    let mut chance = Chance::new(u64::try_from(number).expect("small"));
    let mut done = Vec::new();
    while Instant::now() < end {
        let name = format!("p{number} {}", done.len());
        let mut last = None;
        for write in 0..=chance.below(3) {
            let token = m.mint();
            let mark = format!("{}", 1 + write);
            let mut args = vec!["--commit-retries", &mark, "--no-input"];
            if write > 0 {
                args.push("--force");
            }
            let proven = chance.once_in(3);
            let ran = if proven { m.add(&token, [&name].and(&args)) } else { m.put(&token, [&name].and(&args)) };
            ran.ok();
            last = Some((mark, (!proven).then_some(token.refresh)));
        }
        let (mark, mut untouched) = last.expect("at least one write");
        if chance.once_in(2) {
            saved.lock().expect("not poisoned").push(name.clone());
            untouched = None;
        }
        done.push(Expected { name, mark, untouched });
    }
    done
}

/// One rclone at a time, as two would lose each other's tokens. Each of them must succeed.
fn keep_renewing(m: &Machine, saved: &Mutex<Vec<String>>, batches: bool, end: Instant, over: impl Fn() -> bool) {
    let mut chance = Chance::new(7);
    while Instant::now() < end || !over() {
        let names = saved.lock().expect("not poisoned").clone();
        if batches && chance.once_in(3) {
            let inputs: Vec<_> = names
                .iter()
                .map(|name| format!(r#"{{"_path":"operations/list","fs":"{name}:","remote":""}}"#))
                .collect();
            // More at once lose each other's tokens when the file changes under them, whoever changes it.
            let json = format!(r#"{{"concurrency":1,"inputs":[{}]}}"#, inputs.join(","));
            let ran = m.rclone(["rc", "--loopback", "job/batch", "--json", &json]).ok();
            let document = ran.document();
            let results = document["results"].as_array().expect("results");
            assert!(results.iter().all(|result| result.get("error").is_none()), "{document}");
        } else {
            let name = &names[chance.below(names.len())];
            m.rclone(["lsd", &format!("{name}:")]).ok();
        }
    }
}
