//! Finds rclone, checks its version, and runs the few rclone commands that Pluton needs. Builds command lines and runs
//! them through `process`; what a failure means is for `diagnosis`. Writes only a temporary file, the page that the
//! browser ends on.
//!
//! Each command returns an error only if rclone cannot be started or Ctrl-C was pressed; a failed rclone is an outcome.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::NamedTempFile;

use crate::error::{Code, Error, Result};
use crate::process::{self, Ending, Outcome, Supervision};
use crate::signals;
use crate::storage::sign_in::App;
use crate::ui::terminal::{self, Terminal};

/// The oldest rclone that is tested.
pub(crate) const OLDEST: Version = Version(1, 60, 0);
/// The first one that takes names which are not plain.
pub(crate) const TAKES_ANY_NAME: Version = Version(1, 62, 0);
const INSTALL: &str = "install rclone: https://rclone.org/install/ (or `apt install rclone`, `brew install rclone`)";

/// Bounds for one attempt. rclone has no deadline for a whole command; that is the child's.
const NETWORK: [&str; 6] = ["--contimeout", "10s", "--timeout", "30s", "--low-level-retries", "3"];
/// Storages that do not answer quickly in a batch are listed again one by one, with longer limits.
const BATCH_LIMIT: Duration = Duration::from_secs(20);
const BATCH_NETWORK: [&str; 6] = ["--contimeout", "5s", "--timeout", "10s", "--low-level-retries", "1"];
/// Bytes a second. A transfer gets the time it takes at this rate on top of the ordinary limit.
const SLOW: u64 = 128 << 10;
/// Makes rclone print each request; it hides the token itself.
const DUMP: [&str; 5] = ["-vv", "--dump", "headers", "--retries", "1"];
const REQUEST: &str = "HTTP REQUEST (";

/// Variables, after `RCLONE_`, that would override the section.
const SECTION: [&str; 2] = ["BOX_", "CONFIG_"];
/// Variables that name another file, redirect rclone's output or print secrets in it; and those that make a second
/// rclone find its port taken, or change nothing while reporting success.
const MASKING: [&str; 21] = [
    "CONFIG",
    "PASSWORD_COMMAND",
    "ASK_PASSWORD",
    "LOG_FILE",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "LOG_SYSTEMD",
    "USE_JSON_LOG",
    "SYSLOG",
    "SYSLOG_FACILITY",
    "VERBOSE",
    "QUIET",
    "DUMP",
    "DUMP_BODIES",
    "DUMP_HEADERS",
    "PROGRESS",
    "INTERACTIVE",
    "RC",
    "RC_ADDR",
    "METRICS_ADDR",
    "DRY_RUN",
];

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
        let mut numbers = said.lines().next()?.strip_prefix("rclone v")?.split(['.', '-', ' ']).map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self(next()?, next()?, next().unwrap_or(0)))
    }
}

#[derive(Debug)]
pub(crate) struct Rclone {
    program: PathBuf,
    limit: Duration,
    terminal: Terminal,
}

/// Proof that rclone has listed a storage's root folder. Only [`Rclone::list`] makes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed {
    folders: usize,
}

impl Listed {
    pub(crate) fn folders(self) -> usize {
        self.folders
    }
}

/// A file that went to Box or came back.
pub(crate) struct Transfer {
    /// Without the requests in what rclone said.
    pub(crate) outcome: Outcome,
    pub(crate) requests: usize,
}

impl Rclone {
    /// Takes the program named by `chosen`, else the one on the PATH.
    ///
    /// # Errors
    /// If there is no such program.
    pub(crate) fn find(chosen: Option<&Path>, limit: Duration, terminal: Terminal) -> Result<Self> {
        let name = chosen.unwrap_or(Path::new("rclone"));
        let program = process::find(name).ok_or_else(|| match chosen {
            Some(path) => not_rclone(format!("there is no rclone at {}", path.display())),
            None => not_rclone("rclone is not installed, or not on the PATH; Pluton needs it to talk to Box".into()),
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

    /// The same rclone without a spinner while it runs.
    #[must_use]
    pub(crate) fn without_spinner(mut self) -> Self {
        self.terminal = self.terminal.without_animation();
        self
    }

    /// # Errors
    /// If it cannot be started, or is another program.
    pub(crate) fn version(&self) -> Result<Version> {
        let mut command = self.command(None);
        command.arg("version");
        let outcome = self.run(&mut command, Some("asking rclone for its version"), Supervision::within(self.limit))?;
        Version::parse(&outcome.stdout).ok_or_else(|| not_rclone(format!("{} is not rclone", self.program.display())))
    }

    /// # Errors
    /// If rclone is older than `needed`: it would silently ignore `what`.
    pub(crate) fn require(&self, needed: Version, what: &str) -> Result<()> {
        let version = self.version()?;
        if version >= needed {
            return Ok(());
        }
        let why = format!("{what} needs rclone {}.{} or newer; this one is {version}", needed.0, needed.1);
        Err(Error::new(Code::RcloneTooOld, why).hint(INSTALL))
    }

    /// The same for the newest option that is set, and the version that it needs.
    ///
    /// # Errors
    /// As for [`Self::require`].
    pub(crate) fn require_for_option(&self, needed: Option<((u32, u32), &str)>) -> Result<()> {
        needed.map_or(Ok(()), |((major, minor), key)| {
            self.require(Version(major, minor, 0), &format!("the option {key}"))
        })
    }

    /// Lists the storage's root folder, first renewing its token in `config` if that is due. While `renews`, rclone may
    /// be waiting for the only live token. The inner error says how rclone ended if it did not list.
    ///
    /// # Errors
    /// If rclone cannot be started, or Ctrl-C ended it.
    pub(crate) fn list(&self, config: &Path, name: &str, renews: &dyn Fn() -> bool) -> Result<Result<Listed, Outcome>> {
        let mut command = self.command(Some(config));
        command.arg("lsd").arg(format!("{name}:")).args(NETWORK);
        let mut how = Supervision::within(self.limit);
        how.must_finish = Box::new(renews);
        how.on_wait = Box::new(say_wait);
        let outcome = self.run(&mut command, Some(&format!("waiting for Box to list {name:?}")), how)?;
        Ok(if outcome.success() { Ok(Listed { folders: outcome.lines }) } else { Err(outcome) })
    }

    /// How many folders each of `names` has, in their order. `None` where that failed, or where this rclone is too old to
    /// list several: one rclone for all of them costs less than one for each.
    pub(crate) fn list_batch(&self, config: &Path, names: &[&str], jobs: usize) -> Result<Vec<Option<usize>>> {
        let options = json!({"dirsOnly": true, "noModTime": true, "noMimeType": true});
        let inputs = names
            .iter()
            .map(|name| json!({"_path": "operations/list", "fs": format!("{name}:"), "remote": "", "opt": options}));
        let job = json!({"concurrency": jobs, "inputs": inputs.collect::<Vec<_>>()}).to_string();
        let mut command = self.command(Some(config));
        command.args(["rc", "--loopback", "job/batch", "--json", &job]).args(BATCH_NETWORK);
        let outcome = self.run(&mut command, None, Supervision::within(self.limit.min(BATCH_LIMIT)))?;
        let answer: Json = serde_json::from_str(&outcome.stdout).unwrap_or_default();
        let results = answer["results"].as_array();
        let results = results.filter(|results| outcome.success() && results.len() == names.len());
        let folders = |result: &Json| result["list"].as_array().map(Vec::len);
        Ok(results.map_or_else(|| vec![None; names.len()], |results| results.iter().map(folders).collect()))
    }

    /// Makes rclone get a first token for a section that can sign in without a person, and save it in `config`.
    /// Only with `-vv` does it say why Box refused.
    pub(crate) fn mint(&self, config: &Path, name: &str) -> Result<Outcome> {
        let mut command = self.command(Some(config));
        command.args(["config", "update", name, "--non-interactive", "-vv"]).args(NETWORK);
        self.run(&mut command, Some("signing in to Box"), Supervision::within(self.limit))
    }

    /// Copies a local file of `size` bytes to `to` (`NAME:path`).
    pub(crate) fn upload(&self, config: &Path, from: &Path, to: &str, size: u64) -> Result<Transfer> {
        self.transfer(config, "writing a file", size, |rclone| rclone.arg("copyto").arg(from).arg(to))
    }

    /// Prints the size of the file called `file` if it is in the folder `folder` (`NAME:`).
    pub(crate) fn list_file(&self, config: &Path, folder: &str, file: &str) -> Result<Transfer> {
        let only = format!("--include=/{file}");
        let args = ["lsf", "--files-only", "--max-depth=1", "--format=s", &only, folder];
        self.transfer(config, "listing it", 0, |rclone| rclone.args(args))
    }

    /// Copies the file at `from` (`NAME:path`) to a local one. The caller compares them.
    pub(crate) fn download(&self, config: &Path, from: &str, to: &Path, size: u64) -> Result<Transfer> {
        let args = ["copyto", "--ignore-size", "--ignore-checksum", "--ignore-times", from];
        self.transfer(config, "reading it back", size, |rclone| rclone.args(args).arg(to))
    }

    /// Deletes the file at `path` (`NAME:path`), also after Ctrl-C: a check must leave nothing behind.
    pub(crate) fn delete(&self, config: &Path, path: &str) -> Result<Transfer> {
        signals::uninterrupted(|| self.transfer(config, "deleting it", 0, |rclone| rclone.args(["deletefile", path])))
    }

    fn transfer(
        &self,
        config: &Path,
        waiting: &str,
        size: u64,
        with_args: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Transfer> {
        let mut command = self.command(Some(config));
        with_args(&mut command).args(NETWORK).args(DUMP);
        let mut requests = 0;
        let mut how = Supervision::within(self.limit + Duration::from_secs(size / SLOW));
        how.on_stderr = Box::new(|line| requests += usize::from(line.contains(REQUEST)));
        let mut outcome = self.run(&mut command, Some(waiting), how)?;
        outcome.stderr = without_details(&outcome.stderr);
        Ok(Transfer { outcome, requests })
    }

    /// A command that reads `config`, or no file at all, and no variable that would override it.
    fn command(&self, config: Option<&Path>) -> Command {
        let mut command = process::command(&self.program);
        let names = std::env::vars_os().map(|(name, _)| name);
        for name in names.filter(|name| name.to_str().is_some_and(masks)) {
            command.env_remove(name);
        }
        match config {
            Some(config) => command.arg("--config").arg(config).arg("--ask-password=false"),
            // In memory: the user's own may be encrypted, and without one rclone would make its directory, open to others.
            None => command.env("RCLONE_CONFIG", ""),
        };
        command
    }

    /// The environment may hold secrets: it is not shown, not even with --verbose.
    fn run(&self, command: &mut Command, waiting: Option<&str>, how: Supervision<'_>) -> Result<Outcome> {
        // After Ctrl-C a quick rclone could end, and so succeed, before anybody looks.
        signals::check()?;
        let _spinner = waiting.map(|waiting| self.terminal.wait(waiting));
        let outcome = process::run(command, how).map_err(|cause| {
            let message = format!("{} cannot be started: {cause}", self.program.display());
            // EAGAIN, ENOMEM, ENFILE, EMFILE: rclone exists, but memory, processes or open files have run out.
            match cause.raw_os_error() {
                Some(11 | 12 | 23 | 24 | 35) => Error::new(Code::Unknown, message).hint(
                    "allow more processes and open files (ulimit -u, ulimit -n; in a systemd unit LimitNOFILE=1024)",
                ),
                _ => Error::new(Code::RcloneMissing, message).hint(INSTALL),
            }
        })?;
        let words = std::iter::once(command.get_program()).chain(command.get_args()).map(OsStr::to_string_lossy);
        let ending = match outcome.ending {
            Ending::Finished(status) => status.to_string(),
            Ending::TimedOut => "stopped at the time limit".into(),
            Ending::Interrupted => "interrupted".into(),
        };
        let line = words.collect::<Vec<_>>().join(" ");
        self.terminal.trace(&format!("{line} ({ending}, {} ms)", outcome.took.as_millis()));
        if outcome.ending == Ending::Interrupted { Err(Error::interrupted()) } else { Ok(outcome) }
    }
}

/// Says what pluton waits for before it ends; once, no matter how many rclones it waits for.
fn say_wait(why: Ending) {
    static SAID: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
    let waiting = "waiting for Box to answer the renewal, so that the sign-in is not lost";
    let (said, text) = match why {
        Ending::Interrupted => (&SAID[0], format!("{waiting}; press Ctrl-C again to stop anyway")),
        Ending::TimedOut | Ending::Finished(_) => (&SAID[1], format!("this is taking too long; {waiting}")),
    };
    if !said.swap(true, Ordering::SeqCst) {
        terminal::print_line(&text);
    }
}

fn not_rclone(message: String) -> Error {
    let error = Error::new(Code::RcloneMissing, message);
    error.hint(INSTALL).hint("name the program with --rclone PATH")
}

/// The variables set here that rclone takes instead of the keys of a section.
pub(crate) fn variables_of_sections() -> Vec<String> {
    const SETTINGS: [&str; 3] = ["RCLONE_CONFIG", "RCLONE_CONFIG_DIR", "RCLONE_CONFIG_PASS"];
    let mut names: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    names.retain(|name| name.starts_with("RCLONE_BOX_") || name.starts_with("RCLONE_CONFIG_"));
    names.retain(|name| !SETTINGS.contains(&name.as_str()));
    names.sort();
    names
}

/// Whether a variable must not reach an rclone that checks a section. Proxies, certificates and every other `RCLONE_*`
/// setting do.
fn masks(name: &str) -> bool {
    // Windows ignores case here, and rclone asks for upper case.
    let name = name.to_ascii_uppercase();
    let setting = name.strip_prefix("RCLONE_");
    setting
        .is_some_and(|setting| SECTION.iter().any(|prefix| setting.starts_with(prefix)) || MASKING.contains(&setting))
}

/// What rclone says without `-vv`: a failure is recognized by the hosts that it names, and the requests name others. A line
/// without a date belongs to the one before.
fn without_details(stderr: &str) -> String {
    let mut counts = true;
    let mut rest = String::new();
    for line in stderr.lines() {
        let mut parts = line.splitn(3, '/').map(str::parse::<u32>);
        if let (Some(Ok(_)), Some(Ok(_))) = (parts.next(), parts.next()) {
            counts =
                ![" DEBUG : ", " INFO  : ", "Automatically setting -vv"].iter().any(|detail| line.contains(detail));
        }
        if counts {
            rest.extend([line, "\n"]);
        }
    }
    rest
}

/// How long a person has to sign in in the browser.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(300);

/// A Go template. It loads nothing from the network.
const PAGE: &[u8] = include_bytes!("rclone/page.html");
const TAKES_A_PAGE: Version = Version(1, 62, 0);

pub(crate) struct Authorize<'a> {
    pub(crate) app: Option<&'a App>,
    pub(crate) auth_url: Option<&'a str>,
    pub(crate) token_url: Option<&'a str>,
}

impl Rclone {
    /// `rclone authorize box`: a person signs in with a browser on this machine, and rclone prints the token. `on_link`
    /// gets the link once rclone listens.
    pub(crate) fn authorize(&self, ask: &Authorize<'_>, on_link: &mut dyn FnMut(&str)) -> Result<Outcome> {
        let mut command = self.command(None);
        command.args(["authorize", "box", "--auth-no-open-browser"]);
        let page = self.page()?;
        if let Some(page) = &page {
            command.arg("--template").arg(page.path());
        }
        if let Some(app) = ask.app {
            command.env("RCLONE_BOX_CLIENT_ID", &app.client_id);
            command.env("RCLONE_BOX_CLIENT_SECRET", app.client_secret.expose());
        }
        command.envs(ask.auth_url.map(|url| ("RCLONE_BOX_AUTH_URL", url)));
        command.envs(ask.token_url.map(|url| ("RCLONE_BOX_TOKEN_URL", url)));
        let mut how = Supervision::within(SIGN_IN_LIMIT);
        how.on_stderr = Box::new(|line| {
            if let Some(link) = link_in(line) {
                on_link(link);
            }
        });
        self.run(&mut command, None, how)
    }

    /// The page that the browser ends on, if this rclone supports one. Deleted when the value is dropped.
    #[expect(clippy::disallowed_methods, reason = "the page is no secret, and a file of this run only")]
    fn page(&self) -> Result<Option<NamedTempFile>> {
        if self.version()? < TAKES_A_PAGE {
            return Ok(None);
        }
        // If it cannot be written, rclone shows its own page.
        let written = NamedTempFile::with_suffix(".html").and_then(|mut file| file.write_all(PAGE).map(|()| file));
        Ok(written.ok())
    }
}

fn link_in(line: &str) -> Option<&str> {
    let at = line.find("http://127.0.0.1:53682/auth?")?;
    line[at..].split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::without_details;

    #[test]
    fn a_failure_reads_as_if_no_request_had_been_dumped() {
        let said = "2026/11/25 21:53:58 NOTICE: Automatically setting -vv as --dump is enabled\n\
            2026/11/25 21:53:58 DEBUG : HTTP REQUEST (req 0xc000540b00)\n\
            2026/11/25 21:53:58 DEBUG : GET /2.0/folders/0/items HTTP/1.1\nHost: api.box.com\n\n\
            2026/11/25 21:53:58 INFO  : \nTransferred: 0 B\n\
            2026/11/25 21:53:59 ERROR : x: Failed to copy: Error \"forbidden\" (403)\nmore of it\n\
            2026/11/25 21:53:59 DEBUG : 9 go routines active\n";
        let kept = "2026/11/25 21:53:59 ERROR : x: Failed to copy: Error \"forbidden\" (403)\nmore of it\n";
        assert_eq!(without_details(said), kept);
    }
}
