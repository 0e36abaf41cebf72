//! A real restic backs up to Box and restores while its tokens expire and are renewed.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use box_sandbox::rclone;

use crate::run;
use crate::support::{Machine, has, hasty};

/// Bytes that no compression makes smaller.
fn random(path: &Path, mebibytes: u64) {
    let mut source = std::io::Read::take(fs::File::open("/dev/urandom").expect("random bytes"), mebibytes << 20);
    let mut file = fs::File::create(path).expect("a file");
    std::io::copy(&mut source, &mut file).expect("they are written");
}

/// Backs up again and again for longer than a token lives, in one run each and in one long run, then restores.
fn backs_up_and_restores(mut m: Machine) {
    m.set("RESTIC_PASSWORD", "a password");
    let data = m.at("data");
    fs::create_dir_all(data.join("sub")).expect("a directory");
    random(&data.join("one"), 3);
    random(&data.join("sub/two"), 2);
    let started = Instant::now();
    let restic = "restic -q -r rclone:Box:restic --no-cache";
    run(&m, "Box", &format!("{restic} init && {restic} backup data")).ok();
    let long = format!(
        "for i in 1 2 3 4; do head -c 300000 /dev/urandom >data/more$i; {restic} backup data || exit 9; sleep 9; done; {restic} check"
    );
    run(&m, "Box", &long).ok();
    // As in a nightly backup, nothing runs for longer than a token lives.
    while started.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_secs(1));
    }
    random(&data.join("three"), 1);
    run(&m, "Box", &format!("{restic} backup data && {restic} restore latest --target restored")).ok();
    let restored = m.at(format!("restored{}", data.display()));
    let restored = if restored.exists() { restored } else { m.at("restored/data") };
    for name in ["one", "sub/two", "three", "more1", "more2", "more3", "more4"] {
        let (before, after) = (fs::read(data.join(name)).expect("the data"), fs::read(restored.join(name)));
        assert!(before == after.unwrap_or_else(|error| panic!("{name}: {error}")), "{name} has changed");
    }
    assert!(m.grants() >= 3, "{} tokens", m.grants());
    m.is_signed_in("Box");
}

pub(crate) fn backups_go_on_across_the_ends_of_tokens() {
    if !has("/usr/bin/restic") {
        return;
    }
    let kinds: [fn(&Machine); 2] = [|m| drop(m.jwt("Box")), |m| drop(m.own_app("Box"))];
    thread::scope(|scope| {
        for (binary, prepare) in rclone::both().into_iter().zip(kinds.into_iter().cycle()) {
            scope.spawn(move || {
                let m = Machine::with(hasty(), &binary);
                prepare(&m);
                backs_up_and_restores(m);
            });
        }
    });
}
