//! One person's machine: a home directory, its files and its rclone.conf, and the programs that run there.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use box_sandbox::{Sandbox, rclone};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::{Args, PLUTON, Ran};

pub(crate) struct Machine {
    /// The Box that it reaches, and nobody else.
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) rclone: PathBuf,
    dir: TempDir,
    env: Vec<(OsString, OsString)>,
}

/// Runs a test with each rclone there is, side by side.
pub(crate) fn with_each(test: impl Fn(Machine) + Sync) {
    with_each_of(Sandbox::start, test);
}

/// The same on a Box of another kind.
pub(crate) fn with_each_of(sandbox: impl Fn() -> Sandbox + Sync, test: impl Fn(Machine) + Sync) {
    thread::scope(|scope| {
        for rclone in rclone::both() {
            let (sandbox, test) = (&sandbox, &test);
            scope.spawn(move || test(Machine::with(sandbox(), &rclone)));
        }
    });
}

impl Machine {
    /// With the newest rclone.
    pub(crate) fn new() -> Self {
        Self::of(Sandbox::start())
    }

    pub(crate) fn of(sandbox: Sandbox) -> Self {
        Self::with(sandbox, &rclone::newest())
    }

    pub(crate) fn with(sandbox: impl Into<Arc<Sandbox>>, rclone: &Path) -> Self {
        let sandbox = sandbox.into();
        let dir = tempfile::tempdir().expect("a temporary home");
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).expect("a bin directory");
        std::os::unix::fs::symlink(rclone, bin.join("rclone")).expect("a link to rclone");
        let mut path = bin.into_os_string();
        path.push(":/usr/bin:/bin");
        let mut env: Vec<(OsString, OsString)> =
            sandbox.env().into_iter().map(|(name, value)| (name.into(), value)).collect();
        // The last two halve the time in which an rclone starts: no garbage collection, no tables for a terminal of its own.
        for (name, value) in [("TERM", "xterm-256color"), ("GOGC", "off"), ("TCELL_MINIMIZE", "1")] {
            env.push((name.into(), value.into()));
        }
        env.push(("HOME".into(), dir.path().into()));
        env.push(("PATH".into(), path));
        let machine = Self { sandbox, rclone: rclone.to_owned(), dir, env };
        // The timers of whoever runs the tests are none of a test's.
        machine.script("systemctl", "echo 'not in a test' >&2; exit 1");
        machine.script("crontab", "echo 'not in a test' >&2; exit 1");
        machine
    }

    /// A second machine, in front of the same Box.
    pub(crate) fn another(&self, rclone: &Path) -> Self {
        Self::with(Arc::clone(&self.sandbox), rclone)
    }

    /// The home directory.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A path in the home.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path().join(path)
    }

    /// Sets a variable for every later run.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.unset(name).env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn set_all(&mut self, variables: &[(&str, &str)]) {
        for (name, value) in variables {
            self.set(name, value);
        }
    }

    pub(crate) fn unset(&mut self, name: &str) -> &mut Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn env(&self) -> &[(OsString, OsString)] {
        &self.env
    }

    /// Where rclone and pluton keep rclone.conf here.
    pub(crate) fn config(&self) -> PathBuf {
        self.config_dir().join("rclone.conf")
    }

    pub(crate) fn config_dir(&self) -> PathBuf {
        self.at(".config/rclone")
    }

    pub(crate) fn config_text(&self) -> String {
        fs::read_to_string(self.config()).unwrap_or_default()
    }

    /// A new one is private, as rclone makes it.
    pub(crate) fn write_config(&self, text: &str) {
        fs::create_dir_all(self.config_dir()).expect("a directory");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(self.config());
        file.as_mut().expect("rclone.conf").write_all(text.as_bytes()).expect("rclone.conf");
    }

    /// Writes a file into the home and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("the directory");
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> String {
        read(self.at(name))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.at(name).exists()
    }

    /// The permission bits of a file or directory here.
    pub(crate) fn mode(&self, path: impl AsRef<Path>) -> u32 {
        let path = self.at(path);
        fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o7777
    }

    pub(crate) fn chmod(&self, path: impl AsRef<Path>, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).expect("chmod");
    }

    /// Every file below the home that pluton or rclone made, relative to it.
    pub(crate) fn files(&self) -> Vec<String> {
        fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    walk(&entry.path(), into);
                } else {
                    into.push(entry.path());
                }
            }
        }
        let mut found = Vec::new();
        walk(self.path(), &mut found);
        let names = found.iter().filter_map(|path| path.strip_prefix(self.path()).ok());
        let names = names.map(|path| path.to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|path| !path.starts_with("bin/")).collect();
        names.sort();
        names
    }

    /// A command with no environment but this machine's. `PLUTON_UNDER_TEST` names a pluton that was built for another system.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let program = program.as_ref();
        let other = std::env::var_os("PLUTON_UNDER_TEST").filter(|_| program == PLUTON);
        let mut command = Command::new(other.as_deref().unwrap_or(program));
        command.env_clear().envs(self.env.iter().map(|(name, value)| (name, value))).current_dir(self.path());
        command
    }

    /// A program run to its end.
    pub(crate) fn run(&self, program: impl AsRef<OsStr>, args: impl Args) -> Ran {
        self.command(program).args(args.list()).stdin(Stdio::null()).output().expect("it starts").into()
    }

    pub(crate) fn shell(&self, script: &str) -> Ran {
        self.run("bash", ["-e", "-o", "pipefail", "-c", script])
    }

    pub(crate) fn pluton(&self, args: impl Args) -> Ran {
        self.pluton_with_stdin(args, "")
    }

    pub(crate) fn pluton_with_stdin(&self, args: impl Args, stdin: &str) -> Ran {
        let mut child = self.piped(PLUTON, args).stdin(Stdio::piped()).spawn().expect("pluton starts");
        // pluton may end without reading it.
        let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
        child.wait_with_output().expect("pluton ends").into()
    }

    /// pluton with `--json`.
    pub(crate) fn json(&self, args: impl Args) -> Ran {
        self.pluton(args.and("--json"))
    }

    /// The rclone of this machine, reading its rclone.conf.
    pub(crate) fn rclone(&self, args: impl Args) -> Ran {
        self.run(&self.rclone, args)
    }

    /// What rclone reads in rclone.conf.
    pub(crate) fn dump(&self) -> Json {
        self.rclone("config dump").document()
    }
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn names_in(dir: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
