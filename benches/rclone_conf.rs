//! How long one add and one list take on files of 10 to 10,000 remotes: whole processes, compared with `rclone
//! listremotes` on the same file. The time must grow no faster than the file.
//!
//! `cargo bench --bench rclone_conf`
#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use box_sandbox::rclone;

const PLUTON: &str = env!("CARGO_BIN_EXE_pluton");
const TOKEN: &str = r#"{"access_token":"a","token_type":"bearer","refresh_token":"r","expiry":"2030-01-01T00:00:00Z"}"#;
/// Odd, so that there is a middle one.
const ROUNDS: usize = 15;

fn main() {
    let home = tempfile::tempdir().expect("a home");
    let rclone = rclone::newest();
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
            fs::write(home.path().join("rclone.conf"), &text).expect("rclone.conf");
            times[2].push(run(home.path(), &rclone, &["listremotes"]));
            times[1].push(run(home.path(), Path::new(PLUTON), &["storage", "list"]));
            let add = ["storage", "add", "box", "new", "--token-file", "-", "--no-verify", "--no-input"];
            times[0].push(run(home.path(), Path::new(PLUTON), &add));
        }
        let [add, list, rclone] = times.map(median);
        let beside = |time: Duration| format!("{} ({:.2}x)", shown(time), time.as_secs_f64() / rclone.as_secs_f64());
        println!(
            "{remotes:>8} {:>9}   {:>16} {:>16}   {:>18}",
            text.len() / 1024,
            beside(add),
            beside(list),
            shown(rclone)
        );
    }
}

fn run(home: &Path, program: &Path, args: &[&str]) -> Duration {
    let mut command = Command::new(program);
    command.args(args).env_clear().env("HOME", home).env("RCLONE_CONFIG", home.join("rclone.conf"));
    command.env("PATH", "/usr/bin:/bin").env("PLUTON_RCLONE", rclone::newest());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().expect("it starts");
    // Only some read it.
    let _ = child.stdin.take().expect("piped").write_all(TOKEN.as_bytes());
    let status = child.wait().expect("it ends");
    let took = begun.elapsed();
    assert!(status.success(), "{} {args:?}", program.display());
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
