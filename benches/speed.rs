//! How long whole commands take, compared with what people would type without pluton. Prints medians and ratios.
//!
//! `cargo bench --bench speed`. Times differ between machines; compare the ratios.
#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, Settings, rclone};

const PLUTON: &str = env!("CARGO_BIN_EXE_pluton");
/// Odd, so that there is a middle one.
const ROUNDS: usize = 21;

/// How long a nearby Box takes to answer.
const NEAR: Duration = Duration::from_millis(50);

struct Bench {
    sandbox: Sandbox,
    home: tempfile::TempDir,
    rclone: PathBuf,
}

fn main() {
    let with = |sandbox| Bench { sandbox, home: tempfile::tempdir().expect("a home"), rclone: rclone::newest() };
    let bench = with(Sandbox::start());
    bench.adding("Box on this machine");
    bench.first_sign();
    with(Sandbox::with(Settings { delay: NEAR, ..Settings::default() })).adding("each answer after 50 ms");
    for remotes in [1, 100, 10_000] {
        bench.reading(remotes);
    }
    let size = fs::metadata(PLUTON).map(|file| file.len()).unwrap_or_default();
    println!("\nThe binary has {:.1} MB.", f64::from(u32::try_from(size / 1000).unwrap_or(u32::MAX)) / 1000.0);
}

impl Bench {
    fn command(&self, program: impl Into<OsString>, args: &[&str]) -> Command {
        let mut command = Command::new(program.into());
        command
            .args(args)
            .env_clear()
            .envs(self.sandbox.env())
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("PLUTON_RCLONE", &self.rclone)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn config(&self) -> PathBuf {
        self.home.path().join(".config/rclone/rclone.conf")
    }

    fn write_config(&self, text: &str) {
        fs::create_dir_all(self.config().parent().expect("a directory")).expect("the directory");
        fs::write(self.config(), text).expect("rclone.conf");
    }

    /// A new storage, from a token to a saved and proven section.
    fn adding(&self, far: &str) {
        let token = |minute_left: bool| {
            let blob = self.sandbox.mint(RCLONE_CLIENT_ID).blob();
            if minute_left { blob } else { expired(&blob) }
        };
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            self.write_config("");
            let mut add = self.command(PLUTON, &["storage", "add", "box", "b"]);
            times[0].push(run(add.env("PLUTON_BOX_TOKEN", token(true))));

            self.write_config("");
            let token_of_pair = format!("token={}", token(false));
            let create =
                run(&mut self
                    .command(&self.rclone, &["config", "create", "b", "box", &token_of_pair, "--non-interactive"]));
            times[1].push(create + run(&mut self.command(&self.rclone, &["lsd", "b:"])));

            self.write_config(&format!("[b]\ntype = box\ntoken = {}\n", token(false)));
            times[2].push(run(&mut self.command(&self.rclone, &["lsd", "b:"])));
        }
        let [add, pair, floor] = times.map(|mut times| median(&mut times));
        println!("\n{:<46}    median   of the pair   of the floor", format!("Adding a storage, {far}"));
        for (what, time) in [
            ("pluton storage add box", add),
            ("rclone config create + rclone lsd (the pair)", pair),
            ("rclone lsd alone (the floor)", floor),
        ] {
            println!("  {what:<46} {:>7}   {:>11}   {:>12}", shown(time), ratio(time, pair), ratio(time, floor));
        }
    }

    /// How long until a person at a terminal first sees something happen.
    fn first_sign(&self) {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            self.write_config("");
            let mut add = self.command(PLUTON, &["storage", "add", "box", "b", "--no-input"]);
            add.env("PLUTON_BOX_TOKEN", self.sandbox.mint(RCLONE_CLIENT_ID).blob()).env("TERM", "xterm");
            let (mut pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
            let started = Instant::now();
            let mut child = pty_process::blocking::Command::from(add).spawn(pts).expect("it starts");
            pty.read_exact(&mut [0]).expect("something is written");
            times.push(started.elapsed());
            // Until the other end is closed, which Linux calls an error.
            let _ = pty.read_to_end(&mut Vec::new());
            assert!(child.wait().expect("it ends").success());
        }
        println!("  {:<46} {:>7}", "first sign of life of pluton at a terminal", shown(median(&mut times)));
    }

    /// What only reads rclone.conf.
    fn reading(&self, remotes: usize) {
        let blob = expired(&self.sandbox.mint(RCLONE_CLIENT_ID).blob());
        let sections = (0..remotes)
            .fold(String::new(), |text, number| text + &format!("[box{number}]\ntype = box\ntoken = {blob}\n\n"));
        self.write_config(&sections);
        let commands: [(&str, &Path, &[&str], Option<&str>); 5] = [
            ("rclone listremotes", &self.rclone, &["listremotes"], None),
            ("pluton storage list", Path::new(PLUTON), &["storage", "list"], None),
            ("pluton storage show --offline", Path::new(PLUTON), &["storage", "show", "box0", "--offline"], None),
            (
                "TAB after `pluton storage show `",
                Path::new(PLUTON),
                &["--", "pluton storage show ", " ", "9"],
                Some("bash"),
            ),
            ("pluton --version", Path::new(PLUTON), &["--version"], None),
        ];
        let mut times: [Vec<Duration>; 5] = [const { Vec::new() }; 5];
        for _ in 0..ROUNDS {
            for ((_, program, args, shell), times) in commands.iter().zip(&mut times) {
                let mut command = self.command(*program, args);
                command.envs(shell.map(|shell| ("PLUTON_COMPLETE", shell)));
                times.push(run(&mut command));
            }
        }
        let medians = times.map(|mut times| median(&mut times));
        println!("\n{remotes} remotes in rclone.conf                          median   of listremotes   peak memory");
        for ((what, program, args, shell), time) in commands.iter().zip(medians) {
            let memory = self.peak_memory(program, args, *shell).unwrap_or_else(|| "?".into());
            println!("  {what:<46} {:>7}   {:>14}   {memory:>11}", shown(time), ratio(time, medians[0]));
        }
    }

    /// As GNU time tells it, where that is installed.
    fn peak_memory(&self, program: &Path, args: &[&str], shell: Option<&str>) -> Option<String> {
        let mut command = self.command("/usr/bin/time", &["-f", "%M"]);
        command.arg(program).args(args).envs(shell.map(|shell| ("PLUTON_COMPLETE", shell))).stderr(Stdio::piped());
        let output = command.output().ok()?;
        let kib: u32 = String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse().ok()?;
        Some(format!("{:.1} MiB", f64::from(kib) / 1024.0))
    }
}

/// The blob with its access token expired, so that rclone renews it too.
fn expired(blob: &str) -> String {
    let mut token: serde_json::Value = serde_json::from_str(blob).expect("a token");
    token["expiry"] = "2020-01-01T00:00:00Z".into();
    token.to_string()
}

fn run(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status = command.status().expect("it starts");
    let took = started.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn ratio(time: Duration, to: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() / to.as_secs_f64())
}
