//! Runs a few of the nights of `cargo bench --bench nights`: with pluton, no backup fails and no sign-in is lost.

#[path = "../support/mod.rs"]
mod support;

mod plan;
mod storages;
mod world;

use std::thread;

use support::has;
use world::{Keeper, RESTIC, live};

const NIGHTS: u32 = 5;
const SEED: u64 = 20;

#[test]
fn nights_with_outages_and_kills_lose_no_sign_in_and_fail_no_backup() -> anyhow::Result<()> {
    if !has(RESTIC) {
        return Ok(());
    }
    let (kept, plain) = thread::scope(|scope| {
        // One night is enough to show that plain rclone fails in these nights.
        let plain = scope.spawn(|| live(Keeper::PlainRclone, 1, SEED));
        (live(Keeper::Pluton, NIGHTS, SEED), plain.join().expect("no panic with plain rclone"))
    });
    let (kept, plain) = (kept?, plain?);
    assert!(plain.failed > 0 && plain.needed > 0, "seed {SEED}: {plain:?}");
    assert!(kept.backups == 5 * NIGHTS && kept.stopped > 0, "seed {SEED}: {kept:?}");
    let told = kept.said.join("\n");
    assert_eq!((kept.failed, kept.lost, kept.needed), (0, 0, 0), "seed {SEED}: {told}");
    Ok(())
}
