//! Simulated nightly backups with pluton, compared with the same nights with plain rclone. `tests/nights/world.rs` says
//! what is simulated.
//!
//! `cargo bench --bench nights -- --nights 90 --seed 1`

#[path = "../tests/nights/plan.rs"]
mod plan;
#[path = "../tests/nights/storages.rs"]
mod storages;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/nights/world.rs"]
mod world;

use std::path::Path;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use world::{Keeper, RESTIC, Tally, live};

#[derive(Parser)]
struct Flags {
    /// How many nights
    #[arg(long, default_value_t = 10)]
    nights: u32,
    /// What happens in them; a new one unless given
    #[arg(long)]
    seed: Option<u64>,
    /// From cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[expect(clippy::print_stdout, reason = "the table is the result")]
fn main() -> Result<()> {
    let flags = Flags::parse();
    ensure!(Path::new(RESTIC).exists(), "the nights need {RESTIC}");
    let seed =
        flags.seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()));
    println!("seed {seed}");
    let keepers = [Keeper::Pluton, Keeper::PlainRclone];
    let tallies = thread::scope(|scope| {
        let worlds = keepers.map(|keeper| scope.spawn(move || live(keeper, flags.nights, seed)));
        worlds.map(|world| world.join().expect("no panic in a world"))
    });
    let mut rows = Vec::new();
    for (keeper, tally) in keepers.into_iter().zip(tallies) {
        let tally = tally.with_context(|| format!("the nights of {keeper:?}, seed {seed}"))?;
        for what in &tally.said {
            println!("{keeper:?}, {}", what.trim_end());
        }
        rows.push(row(keeper, &tally));
    }
    println!("\n|  | nights | backups | failed, though Box did not refuse | sign-ins lost | a person was needed |");
    println!("|---|---|---|---|---|---|\n{}", rows.concat());
    Ok(())
}

fn row(keeper: Keeper, tally: &Tally) -> String {
    let name = match keeper {
        Keeper::Pluton => "restic through `pluton run`",
        Keeper::PlainRclone => "restic with plain rclone",
    };
    let Tally { nights, backups, failed, lost, needed, refused, stopped, said: _ } = tally;
    format!("| {name} | {nights} | {backups} | {failed} | {lost} | {needed} |\n")
        + &format!("<!-- {refused} more that Box refused, {stopped} stopped by a signal -->\n")
}
