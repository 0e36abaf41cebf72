//! How long one add and one list take on files of 10 to 10,000 remotes: whole processes, compared with `rclone
//! listremotes` on the same file. The time must grow no faster than the file.
//!
//! `cargo bench --bench rclone_conf`
#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "../tests/support/mod.rs"]
mod support;
mod timing;

use anyhow::Result;
use box_sandbox::{Sandbox, rclone};
use support::PLUTON;
use timing::{machine, median, ratio, run, shown};

const TOKEN: &str = r#"{"access_token":"a","token_type":"bearer","refresh_token":"r","expiry":"2030-01-01T00:00:00Z"}"#;
/// Odd, so that there is a middle one.
const ROUNDS: usize = 15;

fn main() -> Result<()> {
    let rclone = rclone::newest();
    let m = machine(Sandbox::start());
    let token = m.file("token", TOKEN);
    println!(
        "{:>8} {:>9}   {:>16} {:>16}   {:>18}",
        "remotes", "KiB", "add --no-verify", "storage list", "rclone listremotes"
    );
    for remotes in [10, 100, 1000, 10_000] {
        let mut text = String::new();
        for number in 0..remotes {
            text.extend(["[remote ", &number.to_string(), "]\ntype = box\ntoken = ", TOKEN, "\nlist_chunk = 7\n\n"]);
        }
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            m.write_config(&text);
            times[2].push(run(m.command(&rclone).arg("listremotes"))?);
            times[1].push(run(m.command(PLUTON).args(["storage", "list"]))?);
            let add = ["storage", "add", "box", "new", "--token-file", &token, "--no-verify", "--no-input"];
            times[0].push(run(m.command(PLUTON).args(add))?);
        }
        let [add, list, rclone] = times.map(median);
        let [add, list] = [add, list].map(|time| format!("{} ({}x)", shown(time), ratio(time, rclone)));
        println!("{remotes:>8} {:>9}   {add:>16} {list:>16}   {:>18}", text.len() / 1024, shown(rclone));
    }
    Ok(())
}
