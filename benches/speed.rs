//! How long whole commands take, compared with what people would type without pluton. Prints medians and ratios.
//!
//! `cargo bench --bench speed`. Times differ between machines; compare the ratios.
#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "../tests/support/mod.rs"]
mod support;
mod timing;

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use anyhow::{Result, ensure};
use box_sandbox::{Sandbox, Settings, Token, rclone};
use support::{Machine, PLUTON};
use timing::{machine, median, ratio, run, shown};

/// Odd, so that there is a middle one.
const ROUNDS: usize = 21;

/// How long a nearby Box takes to answer.
const NEAR: Duration = Duration::from_millis(50);

struct Bench {
    m: Machine,
}

fn main() -> Result<()> {
    let bench = Bench::new(Duration::ZERO);
    bench.adding("Box on this machine")?;
    bench.first_sign()?;
    Bench::new(NEAR).adding("each answer after 50 ms")?;
    for remotes in [1, 100, 10_000] {
        bench.reading(remotes)?;
    }
    let size = u32::try_from(fs::metadata(PLUTON)?.len() / 1000)?;
    println!("\nThe binary has {:.1} MB.", f64::from(size) / 1000.0);
    Ok(())
}

impl Bench {
    fn new(delay: Duration) -> Self {
        let sandbox = Sandbox::with(Settings { delay, ..Settings::default() });
        Self { m: machine(sandbox) }
    }

    fn pluton(&self, args: &[&str]) -> Command {
        let mut command = self.m.command(PLUTON);
        command.args(args);
        command
    }

    fn rclone(&self, args: &[&str]) -> Command {
        let mut command = self.m.command(rclone::newest());
        command.args(args);
        command
    }

    /// A token whose access token has expired, so that rclone renews it too.
    fn expired(&self) -> String {
        Token { expires_at: UNIX_EPOCH, ..self.m.mint() }.blob()
    }

    /// A new storage, from a token to a saved and proven section.
    fn adding(&self, far: &str) -> Result<()> {
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            self.m.write_config("");
            let mut add = self.pluton(&["storage", "add", "box", "b"]);
            times[0].push(run(add.env("PLUTON_BOX_TOKEN", self.m.mint().blob()))?);

            self.m.write_config("");
            let token = format!("token={}", self.expired());
            let create = run(&mut self.rclone(&["config", "create", "b", "box", &token, "--non-interactive"]))?;
            times[1].push(create + run(&mut self.rclone(&["lsd", "b:"]))?);

            self.m.write_config(&format!("[b]\ntype = box\ntoken = {}\n", self.expired()));
            times[2].push(run(&mut self.rclone(&["lsd", "b:"]))?);
        }
        let [add, pair, floor] = times.map(median);
        println!("\n{:<46}    median   of the pair   of the floor", format!("Adding a storage, {far}"));
        for (what, time) in [
            ("pluton storage add box", add),
            ("rclone config create + rclone lsd (the pair)", pair),
            ("rclone lsd alone (the floor)", floor),
        ] {
            println!("  {what:<46} {:>7}   {:>11}   {:>12}", shown(time), ratio(time, pair), ratio(time, floor));
        }
        Ok(())
    }

    /// How long until a person at a terminal first sees something happen.
    fn first_sign(&self) -> Result<()> {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            self.m.write_config("");
            let mut add = self.pluton(&["storage", "add", "box", "b", "--no-input"]);
            add.env("PLUTON_BOX_TOKEN", self.m.mint().blob()).env("TERM", "xterm");
            let (mut pty, pts) = pty_process::blocking::open()?;
            let started = Instant::now();
            let mut child = pty_process::blocking::Command::from(add).spawn(pts)?;
            pty.read_exact(&mut [0])?;
            times.push(started.elapsed());
            // Until the other end is closed, which Linux calls an error.
            let _ = pty.read_to_end(&mut Vec::new());
            ensure!(child.wait()?.success(), "pluton storage add failed at a terminal");
        }
        println!("  {:<46} {:>7}", "first sign of life of pluton at a terminal", shown(median(times)));
        Ok(())
    }

    /// What only reads rclone.conf.
    fn reading(&self, remotes: usize) -> Result<()> {
        let blob = self.expired();
        let sections = (0..remotes).map(|number| format!("[box{number}]\ntype = box\ntoken = {blob}\n\n"));
        self.m.write_config(&sections.collect::<String>());
        let mut tab = self.pluton(&["--", "pluton storage show ", " ", "9"]);
        tab.env("PLUTON_COMPLETE", "bash");
        let mut commands = [
            ("rclone listremotes", self.rclone(&["listremotes"])),
            ("pluton storage list", self.pluton(&["storage", "list"])),
            ("pluton storage show --offline", self.pluton(&["storage", "show", "box0", "--offline"])),
            ("TAB after `pluton storage show `", tab),
            ("pluton --version", self.pluton(&["--version"])),
        ];
        let mut times = [const { Vec::new() }; 5];
        for _ in 0..ROUNDS {
            for ((_, command), times) in commands.iter_mut().zip(&mut times) {
                times.push(run(command)?);
            }
        }
        let medians = times.map(median);
        println!("\n{remotes} remotes in rclone.conf                          median   of listremotes   peak memory");
        for ((what, command), time) in commands.iter().zip(medians) {
            let memory = peak_memory(command).unwrap_or_else(|| "?".into());
            println!("  {what:<46} {:>7}   {:>14}   {memory:>11}", shown(time), ratio(time, medians[0]));
        }
        Ok(())
    }
}

/// As GNU time tells it, where that is installed.
fn peak_memory(command: &Command) -> Option<String> {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%M"]).arg(command.get_program()).args(command.get_args()).env_clear();
    timed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let output = timed.output().ok()?;
    let kib: u32 = String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse().ok()?;
    Some(format!("{:.1} MiB", f64::from(kib) / 1024.0))
}
