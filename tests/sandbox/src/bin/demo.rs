//! The main job from beginning to end, without a Box account: pluton and a real rclone against the loopback Box.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};
use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, rclone};

const STORAGE: &str = "Box Backups";

fn main() -> ExitCode {
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("\nThe demo stopped: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<()> {
    let pluton = build_pluton()?;
    let rclone = on_path("rclone").unwrap_or_else(rclone::newest);
    say(&format!("Using {}", first_line(Command::new(&rclone).arg("version"))?));
    say("Starting a Box of our own on 127.0.0.1; nothing leaves this machine");
    let sandbox = Sandbox::start();
    let home = tempfile::tempdir()?;
    let world = World { sandbox: &sandbox, home: home.path(), rclone: &rclone };

    say("Signing in, as `rclone authorize \"box\"` does on a machine with a browser");
    let paste = sandbox.mint(RCLONE_CLIENT_ID).block();
    let token_file = home.path().join("token");
    std::fs::write(&token_file, paste)?;

    let token_file = token_file.display().to_string();
    world.show(&pluton, &["storage", "add", "box", STORAGE, "--token-file", &token_file])?;
    world.show(&pluton, &["storage", "show", STORAGE])?;
    world.show(&rclone, &["lsd", &format!("{STORAGE}:")])?;

    println!("\nWith a Box account of your own:\n");
    println!("    cargo install --path .");
    println!("    pluton storage add box");
    println!("\nThat asks for a name and for the sign-in, and writes to your own rclone.conf.");
    Ok(())
}

struct World<'a> {
    sandbox: &'a Sandbox,
    home: &'a Path,
    rclone: &'a Path,
}

impl World<'_> {
    /// Runs a command in a home of its own, after showing what is typed.
    fn show(&self, program: &Path, args: &[&str]) -> Result<()> {
        let name = program.file_stem().unwrap_or_default().to_string_lossy();
        let home = self.home.to_string_lossy();
        let typed = args.iter().map(|word| word.replace(&*home, "~"));
        let words: Vec<String> =
            typed.map(|word| if word.contains(' ') { format!("\"{word}\"") } else { word }).collect();
        println!("\n$ {name} {}", words.join(" "));
        let inherited = std::env::vars_os().filter(|(name, _)| !is_settings(name));
        let status = Command::new(program)
            .args(args)
            .env_clear()
            .envs(inherited)
            .envs(self.sandbox.env())
            .env("HOME", self.home)
            .env("PLUTON_RCLONE", self.rclone)
            .stdin(Stdio::null())
            .status()
            .with_context(|| program.display().to_string())?;
        ensure!(status.success(), "{name} ended with {status}");
        Ok(())
    }
}

/// Settings of the person who runs the demo, which must neither be used nor changed.
fn is_settings(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("RCLONE_") || name.starts_with("PLUTON_") || name.starts_with("XDG_")
}

fn build_pluton() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--package", "pluton"]).status()?;
    ensure!(built.success(), "pluton did not build");
    let here = std::env::current_exe()?;
    Ok(here.with_file_name(format!("pluton{}", std::env::consts::EXE_SUFFIX)))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|program| program.is_file())
}

fn first_line(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}

fn say(text: &str) {
    println!("· {text}");
}
