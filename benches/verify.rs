//! `pluton storage verify --all` beside a shell loop of `rclone lsd`, on a Box whose every answer takes 200 ms.
//!
//! `cargo bench --bench verify`
#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "../tests/support/mod.rs"]
mod support;
mod timing;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use box_sandbox::{Sandbox, Settings, rclone};
use support::{Machine, PLUTON};
use timing::{median, run};

const ANSWER: Duration = Duration::from_millis(200);
const COUNTS: [usize; 4] = [1, 10, 50, 100];
const ROUNDS: usize = 3;
/// From here on a loop takes so long that one round says enough.
const MANY: usize = 50;

fn main() -> Result<()> {
    println!(
        "medians of {ROUNDS} rounds, from {MANY} storages on one round, seconds; each answer of Box takes {} ms",
        ANSWER.as_millis()
    );
    for binary in rclone::both() {
        println!("\n{}", binary.display());
        println!("storages  loop of rclone lsd  pluton storage verify  ratio");
        for count in COUNTS {
            let [alone, together] = compare(&binary, count)?.map(|time| time.as_secs_f64());
            println!("{count:>8}  {alone:>18.2}  {together:>21.2}  {:>5.1}", alone / together);
        }
    }
    Ok(())
}

/// The loop and pluton by turns, so that a busy moment hits both.
fn compare(binary: &Path, count: usize) -> Result<[Duration; 2]> {
    let m = Machine::with(Sandbox::with(Settings { delay: ANSWER, ..Settings::default() }), binary);
    let sections = (0..count).map(|number| {
        let token = m.mint().blob();
        format!("[Box{number}]\ntype = box\ntoken = {token}\n")
    });
    m.write_config(&sections.collect::<String>());
    let script = format!("for n in $(seq 0 {}); do rclone lsd Box$n: || exit 1; done", count - 1);
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..if count < MANY { ROUNDS } else { 1 } {
        alone.push(run(m.command("sh").args(["-c", &script]))?);
        together.push(run(m.command(PLUTON).args(["storage", "verify", "--all"]))?);
    }
    Ok([alone, together].map(median))
}
