//! `pluton storage verify --all` beside a shell loop of `rclone lsd`, on a Box whose every answer takes 200 ms.
//!
//! `cargo bench --bench verify`

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, Settings, rclone};
use support::{Home, PLUTON};

const ANSWER: Duration = Duration::from_millis(200);
const COUNTS: [usize; 4] = [1, 10, 50, 100];
const ROUNDS: usize = 3;
/// From here on a loop takes so long that one round says enough.
const MANY: usize = 50;

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn main() {
    println!(
        "medians of {ROUNDS} rounds, from {MANY} storages on one round, seconds; each answer of Box takes {} ms",
        ANSWER.as_millis()
    );
    for binary in rclone::both() {
        println!("\n{}", first_line(&binary));
        println!("storages  loop of rclone lsd  pluton storage verify  ratio");
        for count in COUNTS {
            let (alone, together) = compare(&binary, count);
            let (alone, together) = (alone.as_secs_f64(), together.as_secs_f64());
            println!("{count:>8}  {alone:>18.2}  {together:>21.2}  {:>5.1}", alone / together);
        }
    }
}

/// The loop and pluton by turns, so that a busy moment hits both.
fn compare(binary: &std::path::Path, count: usize) -> (Duration, Duration) {
    let sandbox = Sandbox::with(Settings { delay: ANSWER, ..Settings::default() });
    let home = Home::new(&sandbox, binary);
    let sections = (0..count).map(|number| {
        let token = sandbox.mint(RCLONE_CLIENT_ID).blob();
        format!("[Box{number}]\ntype = box\ntoken = {token}\n")
    });
    home.write_config(&sections.collect::<String>());
    let names: Vec<String> = (0..count).map(|number| format!("Box{number}")).collect();
    let script = format!("for name in {}; do rclone lsd $name: || exit 1; done", names.join(" "));
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..if count < MANY { ROUNDS } else { 1 } {
        alone.push(time(&home, "sh", &["-c", &script]));
        together.push(time(&home, PLUTON, &["storage", "verify", "--all"]));
    }
    (median(alone), median(together))
}

fn time(home: &Home, program: &str, args: &[&str]) -> Duration {
    let mut command = home.command(program);
    command.args(args).stdin(Stdio::null());
    let started = Instant::now();
    let output = command.output().expect("it starts");
    let took = started.elapsed();
    assert!(output.status.success(), "{output:?}");
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn first_line(binary: &std::path::Path) -> String {
    let output = std::process::Command::new(binary).arg("version").output().expect("rclone runs");
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
}
