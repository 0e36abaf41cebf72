//! rclone itself: where it is, which version, and the few commands that Pluton needs of it.

mod authorize;
mod environment;
mod list_batch;
mod transfer;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) use authorize::Authorize;
pub(crate) use environment::masks;
pub(crate) use transfer::Transfer;

use crate::error::{Code, Error, Result, Who};
use crate::process::{self, Care, Ending, Outcome};
use crate::ui::terminal::Terminal;

/// The oldest rclone that all of this was tried with.
pub(crate) const OLDEST: Version = Version(1, 60, 0);
const INSTALL: &str = "install rclone: https://rclone.org/install/ (or `apt install rclone`, `brew install rclone`)";

/// Bounds for one attempt; the deadline around the whole child is kept here, since rclone has none for these commands.
const NETWORK: [&str; 6] = ["--contimeout", "10s", "--timeout", "30s", "--low-level-retries", "3"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32, pub(crate) u32);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// Reads the first line of `rclone version`.
    fn parse(said: &str) -> Option<Self> {
        let numbers = said.lines().next()?.strip_prefix("rclone v")?;
        let mut numbers = numbers.split(['.', '-', ' ']).map(str::parse::<u32>);
        Some(Self(
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
            numbers.next().and_then(std::result::Result::ok).unwrap_or(0),
        ))
    }
}

#[derive(Debug)]
pub(crate) struct Rclone {
    program: PathBuf,
    /// The deadline of each child.
    limit: Duration,
    terminal: Terminal,
}

/// That rclone has listed a storage's root folder. Only [`Rclone::list`] makes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed {
    folders: usize,
}

impl Listed {
    pub(crate) fn folders(self) -> usize {
        self.folders
    }
}

impl Rclone {
    /// Takes the program named by `chosen`, else the one on the PATH.
    pub(crate) fn find(chosen: Option<&Path>, limit: Duration, terminal: Terminal) -> Result<Self> {
        let program = locate(chosen).map_err(|_| {
            let missing = match chosen {
                Some(path) => format!("there is no rclone at {}", path.display()),
                None => "rclone is not installed, or not on the PATH; pluton talks to Box through it".to_owned(),
            };
            Error::new(Code::RcloneMissing, missing)
                .responsible(Who::You)
                .hint(INSTALL)
                .hint("name the program with --rclone PATH")
        })?;
        Ok(Self { program, limit, terminal })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// The deadline of each child.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    pub(crate) fn version(&self) -> Result<Version> {
        // In memory: rclone would make its config directory, open to others.
        let in_memory = [("RCLONE_CONFIG", "")];
        let outcome =
            self.run(process::command(&self.program).arg("version"), &in_memory, "asking rclone for its version")?;
        Version::parse(&outcome.stdout).ok_or_else(|| {
            Error::new(Code::RcloneMissing, format!("{} is not rclone", self.program.display()))
                .responsible(Who::You)
                .hint(INSTALL)
                .hint("name the program with --rclone PATH")
        })
    }

    /// Stops where rclone is older than `needed`, which older ones would ignore in silence.
    pub(crate) fn require(&self, needed: (u32, u32), what: &str) -> Result<()> {
        let version = self.version()?;
        if (version.0, version.1) >= needed {
            return Ok(());
        }
        Err(too_old(version, &format!("{what} needs rclone {}.{} or newer", needed.0, needed.1)))
    }

    /// Lists the storage's root folder, renewing its token in `config` first where that is due. While `renews`, rclone may
    /// be waiting for the only live token.
    ///
    /// The inner error is what rclone came to where it did not list.
    pub(crate) fn list(
        &self,
        config: &Path,
        name: &str,
        renews: &dyn Fn() -> bool,
    ) -> Result<std::result::Result<Listed, Outcome>> {
        let mut command = self.isolated(config);
        command.arg("lsd").arg(format!("{name}:")).args(NETWORK);
        let _spinner = self.terminal.wait(&format!("waiting for Box to list {name:?}"));
        let on_hold = |ending| self.say_hold(ending);
        let mut care = Care { limit: self.limit, on_stderr: &mut |_| {}, holds: renews, on_hold: &on_hold };
        let outcome = self.run_with(&mut command, &[], &mut care)?;
        Ok(if outcome.success() { Ok(Listed { folders: outcome.lines }) } else { Err(outcome) })
    }

    /// Has rclone fetch a first token for a section that can sign in without a person, and save it in `config`.
    /// Only with `-vv` does it say why Box refused.
    pub(crate) fn mint(&self, config: &Path, name: &str) -> Result<Outcome> {
        let mut command = self.isolated(config);
        command.args(["config", "update", name, "--non-interactive", "-vv"]).args(NETWORK);
        self.run(&mut command, &[], "signing in to Box")
    }

    /// The same rclone with another way to the terminal.
    #[must_use]
    pub(crate) fn without_spinner(mut self) -> Self {
        self.terminal = self.terminal.without_animation();
        self
    }

    /// A command that sees the section in `config` and nothing of the user's environment in front of it.
    fn isolated(&self, config: &Path) -> Command {
        let mut command = process::command(&self.program);
        command.arg("--config").arg(config).arg("--ask-password=false");
        command
    }

    fn run(&self, command: &mut Command, secret_env: &[(&str, &str)], waiting: &str) -> Result<Outcome> {
        let _spinner = self.terminal.wait(waiting);
        self.run_watched(command, secret_env, self.limit, &mut |_| {})
    }

    /// What is in `secret_env` never shows, not even with --verbose.
    fn run_watched(
        &self,
        command: &mut Command,
        secret_env: &[(&str, &str)],
        limit: Duration,
        on_stderr: &mut dyn FnMut(&str),
    ) -> Result<Outcome> {
        let mut care = Care { limit, on_stderr, holds: &|| false, on_hold: &|_| {} };
        self.run_with(command, secret_env, &mut care)
    }

    fn run_with(&self, command: &mut Command, secret_env: &[(&str, &str)], care: &mut Care<'_>) -> Result<Outcome> {
        for name in environment::masking() {
            command.env_remove(name);
        }
        command.envs(secret_env.iter().copied());
        let shown = command_line(command);
        let outcome = process::run(command, care).map_err(|cause| {
            let message = format!("{} cannot be started: {cause}", self.program.display());
            // EAGAIN, ENOMEM, ENFILE, EMFILE: it is there, and what lacks is memory, processes or open files.
            match cause.raw_os_error() {
                Some(11 | 12 | 23 | 24 | 35) => Error::new(Code::Unknown, message).responsible(Who::You).hint(
                    "allow more processes and open files (ulimit -u, ulimit -n; in a systemd unit LimitNOFILE=1024)",
                ),
                _ => Error::new(Code::RcloneMissing, message).responsible(Who::You).hint(INSTALL),
            }
        })?;
        self.terminal.trace(&format!("{shown} ({}, {} ms)", ending(&outcome), outcome.took.as_millis()));
        match outcome.ending {
            Ending::Interrupted => Err(Error::interrupted()),
            Ending::Finished(_) | Ending::TimedOut => Ok(outcome),
        }
    }
}

impl Rclone {
    /// Says what keeps pluton from ending, once however many rclones do.
    fn say_hold(&self, why: Ending) {
        static SAID: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
        let waiting = "waiting for Box to answer the renewal, so that the sign-in is not lost";
        let (said, text) = match why {
            Ending::Interrupted => (&SAID[0], format!("{waiting}; press Ctrl-C again to stop anyway")),
            Ending::TimedOut | Ending::Finished(_) => (&SAID[1], format!("it takes too long; {waiting}")),
        };
        if !said.swap(true, Ordering::SeqCst) {
            self.terminal.always_print(&text);
        }
    }
}

fn locate(chosen: Option<&Path>) -> Result<PathBuf, which::Error> {
    let name = chosen.unwrap_or(Path::new("rclone"));
    which::which_in(name, Some(process::search_path()), std::env::current_dir().unwrap_or_default())
}

fn too_old(version: Version, why: &str) -> Error {
    Error::new(Code::RcloneTooOld, format!("{why}; this one is {version}")).responsible(Who::You).hint(INSTALL)
}

fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn ending(outcome: &Outcome) -> String {
    match outcome.ending {
        Ending::Finished(status) => status.to_string(),
        Ending::TimedOut => "ended at the deadline".into(),
        Ending::Interrupted => "interrupted".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_read_as_rclone_prints_them() {
        for (said, version) in [
            ("rclone v1.75.2\n- os/version: x", Some(Version(1, 75, 2))),
            ("rclone v1.60.1-DEV\n", Some(Version(1, 60, 1))),
            ("rclone v1.9\n", Some(Version(1, 9, 0))),
            ("bash: rclone: no", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(said), version, "{said}");
        }
        assert!(Version(1, 9, 0) < Version(1, 60, 1));
    }
}
