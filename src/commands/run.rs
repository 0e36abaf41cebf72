//! `pluton run NAME -- COMMAND`: keeps storages signed in while COMMAND runs. Each has a keeper on its own thread,
//! which renews the token in rclone.conf before it expires. A keeper's failure never ends the command.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitStatus;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::pick::{self, boxes};
use super::refresh::{Refreshed, Retries, is_renewable, refresh};
use crate::cli::Run;
use crate::config::document::Document;
use crate::config::{ConfigFile, PrivateCopy};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::process;
use crate::rclone::{Rclone, variables_of_sections};
use crate::secret::{Secret, looks_like_token, scrub};
use crate::signals;
use crate::storage::section::Section;
use crate::storage::token::Token;
use crate::ui::report::{Outcome, Report, failure_text};
use crate::ui::terminal::{self, Terminal};

/// rclone treats a token as expired in its last 10 seconds, and a renewal may take a few.
const LEAST_AHEAD: Duration = Duration::from_secs(20);
const MOST_AHEAD: Duration = Duration::from_secs(20 * 60);
/// How long to wait after a failure before trying again.
const LEAST_PAUSE: Duration = Duration::from_secs(5);
const MOST_PAUSE: Duration = Duration::from_secs(60);
/// The clock jumps when a machine wakes from sleep, so it is read often.
const TICK: Duration = Duration::from_secs(1);
/// A token that is valid this long is enough to start the command if Box does not answer now.
const ENOUGH: Duration = Duration::from_secs(60);

pub(super) fn run(context: &Context, flags: &Run) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    let names = pick::several(context, &file, &flags.names, "pluton run NAME -- COMMAND")?;
    for variable in masking(&names) {
        context.terminal.warn(&format!(
            "{variable} is set: the command's rclone uses it instead of the token in rclone.conf; unset it"
        ));
    }
    let copy = file.try_replacing().is_err().then(|| PrivateCopy::of(&file)).transpose()?;
    if copy.is_some() {
        warn_of_copy(context.terminal, &document)?;
    }
    let file = copy.as_ref().map_or(&file, PrivateCopy::file);
    let rclone = context.rclone(None)?.without_spinner();
    let retries = Retries::new(context.terminal, flags.wait, None);
    let mut keepers = Vec::new();
    for name in &names {
        keepers.extend(Keeper::start(file, &rclone, name, context.terminal, &retries)?);
    }
    drop(retries);

    signals::check()?;
    let (program, args) = flags.command.split_first().ok_or_else(Error::interrupted)?;
    let mut command = process::command(program);
    command.args(args).env("RCLONE_CONFIG", file.real_path());
    command.envs(context.password_command().map(|printer| ("RCLONE_PASSWORD_COMMAND", printer)));
    context.terminal.trace(&format!("RCLONE_CONFIG={} {}", file.real_path().display(), shown(&flags.command)));
    let status = thread::scope(|scope| {
        let (mut ends, mut threads) = (Vec::new(), Vec::new());
        // COMMAND is started first: it must not share the locks of a renewal.
        let started = || {
            for keeper in keepers {
                let (end, ended) = mpsc::channel();
                ends.push(end);
                threads.push(scope.spawn(move || keeper.keep(&ended)));
            }
        };
        let status = process::supervise(&mut command, started);
        signals::while_leaving(|| {
            drop(ends);
            for thread in threads {
                let _ = thread.join();
            }
        });
        status
    });
    Ok(Report::Exit(status.map_or_else(|cause| not_started(&program.to_string_lossy(), &cause), code)))
}

/// Variables that override these sections' keys in rclone.
fn masking(names: &[String]) -> Vec<String> {
    let of_section = |name: &String| format!("RCLONE_CONFIG_{}_", name.to_uppercase());
    let prefixes: Vec<String> = names.iter().map(of_section).chain(["RCLONE_BOX_".to_owned()]).collect();
    let set = variables_of_sections().into_iter();
    set.filter(|variable| prefixes.iter().any(|prefix| variable.starts_with(prefix))).collect()
}

/// The command may use any storage, and rclone renews those that were not named.
fn warn_of_copy(terminal: Terminal, document: &Document) -> Result<()> {
    terminal.warn("rclone.conf cannot be written here, so the command gets a private copy of it");
    for name in boxes(document) {
        let token = Section::read(document, &name)?.token();
        if token.is_some_and(|token| token.is_renewable()) {
            terminal.warn(&format!(
                "once {name:?} is renewed, the token in rclone.conf stops working, and only `pluton run` on this machine has the \
                 one that works: put rclone.conf where it can be written, or use a service account"
            ));
        }
    }
    Ok(())
}

fn shown(words: &[OsString]) -> String {
    let words = words.iter().map(|word| word.to_string_lossy());
    let words = words.map(|word| if looks_like_token(&word) { "[hidden]".into() } else { word });
    scrub(&words.collect::<Vec<_>>().join(" "), &[])
}

/// As a shell reports it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// As a shell says it, and with its exit codes.
fn not_started(program: &str, cause: &std::io::Error) -> u8 {
    let (code, why) = match cause.kind() {
        ErrorKind::NotFound => (127, "command not found".to_owned()),
        ErrorKind::PermissionDenied => (126, "permission denied".to_owned()),
        _ => (126, format!("it cannot be run: {cause}")),
    };
    terminal::error(&format!("{program}: {why}"));
    code
}

/// Keeps one storage signed in: its token is renewed when `due` comes, `ahead` of its expiry.
struct Keeper<'a> {
    file: &'a ConfigFile,
    rclone: &'a Rclone,
    terminal: Terminal,
    name: &'a str,
    ahead: Duration,
    due: SystemTime,
    trouble: Option<Trouble>,
}

/// Why it is not signed in now, as reported to the user.
struct Trouble {
    code: Code,
    /// Box has refused this token for good: trying makes sense only with another one.
    refused: Option<Secret>,
}

impl<'a> Keeper<'a> {
    /// Makes sure that there is a valid token now. `None` for a sign-in that cannot be renewed at all.
    fn start(
        file: &'a ConfigFile,
        rclone: &'a Rclone,
        name: &'a str,
        terminal: Terminal,
        retries: &Retries,
    ) -> Result<Option<Self>> {
        if !is_renewable(&file.section(name)?) {
            terminal.warn(&format!("the sign-in of {name:?} cannot be renewed; it expires with its token"));
            return Ok(None);
        }
        let mut keeper =
            Self { file, rclone, terminal, name, ahead: MOST_AHEAD, due: SystemTime::now(), trouble: None };
        retries.until_done(|| {
            match refresh(file, rclone, name, Some(MOST_AHEAD)) {
                Ok(refreshed) => keeper.plan(&refreshed),
                Err(error) if error.is_outage() && keeper.remaining() > ENOUGH => keeper.failed(&error),
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        Ok(Some(keeper))
    }

    /// Renews it whenever it is due, until the other end of `ended` is dropped.
    fn keep(mut self, ended: &Receiver<()>) {
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            if SystemTime::now() < self.due || self.is_still_refused() {
                continue;
            }
            match refresh(self.file, self.rclone, self.name, Some(self.ahead)) {
                Ok(refreshed) => {
                    if self.trouble.take().is_some() {
                        self.terminal.done(&format!("{:?} is signed in again", self.name));
                    }
                    self.plan(&refreshed);
                }
                // The command has ended meanwhile.
                Err(_) if signals::is_leaving() => return,
                Err(error) => self.failed(&error),
            }
        }
    }

    /// A third of a new token's life before it expires, within bounds.
    fn plan(&mut self, Refreshed { outcome, token }: &Refreshed) {
        let remaining = token.remaining().unwrap_or_default();
        if *outcome != Outcome::StillGood {
            self.ahead = (remaining / 3).clamp(LEAST_AHEAD, MOST_AHEAD);
        }
        self.due = SystemTime::now() + remaining.saturating_sub(self.ahead).max(TICK);
    }

    /// Reports each kind of failure once, and plans when to try again.
    fn failed(&mut self, error: &Error) {
        if self.trouble.as_ref().is_none_or(|trouble| trouble.code != error.code) {
            let why = failure_text(error);
            let text = format!("{:?} could not be kept signed in: {why}\n  the command keeps running", self.name);
            if error.is_outage() {
                self.terminal.warn_lines(&format!("{text}, and Pluton tries again"));
            } else {
                terminal::error(&format!("{text} meanwhile"));
            }
        }
        let has_expired = matches!(error.code, Code::RefreshTokenInvalid | Code::TokenExpired);
        let refused = self.token().filter(|_| has_expired).map(|token| token.access_token());
        self.trouble = Some(Trouble { code: error.code, refused });
        self.due = SystemTime::now() + (self.remaining() / 4).clamp(LEAST_PAUSE, MOST_PAUSE);
    }

    /// Whether the token in rclone.conf is still the one that Box has refused.
    fn is_still_refused(&self) -> bool {
        let refused = self.trouble.as_ref().and_then(|trouble| trouble.refused.as_ref());
        refused.is_some_and(|refused| self.token().is_some_and(|token| token.access_token() == *refused))
    }

    fn token(&self) -> Option<Token> {
        self.file.section(self.name).ok()?.token()
    }

    fn remaining(&self) -> Duration {
        self.token().and_then(|token| token.remaining()).unwrap_or_default()
    }
}
