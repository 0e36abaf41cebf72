//! New access tokens: `pluton storage refresh`, which a timer calls, and the one way in which every other command gets one.
//!
//! A refresh token works once. So every refresh takes the storage's refresh lock, reads rclone.conf again, and asks Box
//! only if nobody else did meanwhile. Only a token that was saved counts as renewed. If Box or the network does not
//! answer, it is tried again for as long as the user allows.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::in_parallel;
use super::{explain, pick, proof, show, timer};
use crate::cli::Refresh;
use crate::config::{self, ConfigFile, OrphanedSignIn, RefreshLock, Staged, TokenSave};
use crate::context::Context;
use crate::diagnosis::Doing;
use crate::error::{Code, Error, Result};
use crate::rclone::Rclone;
use crate::storage::section::Section;
use crate::storage::sign_in::{Kind, Renewer, Subject};
use crate::storage::token::Token;
use crate::ui::report::{Outcome, Report, StorageResult};
use crate::ui::terminal::{Spinner, Terminal};
use crate::{box_api, signals};

/// Renewals are short; more at a time would only wait for rclone.conf's lock.
const JOBS: usize = 4;

#[derive(Debug)]
pub(super) struct Refreshed {
    /// How it came about.
    pub(super) outcome: Outcome,
    pub(super) token: Token,
}

pub(super) fn run(context: &Context, flags: &Refresh) -> Result<Report> {
    if let Some(kind) = flags.print_timer {
        return Ok(Report::Raw(timer::text(context, flags, kind)?.into_bytes()));
    }
    let file = context.config_file()?;
    let names = pick::some_or_all(context, &file, &flags.which, "refresh")?;
    let rclone = context.rclone(flags.timeout)?.without_spinner();
    let retries = Retries::new(context.terminal, flags.wait, Some("renewing"));
    let refresh_one = |name: &String| {
        signals::check()?;
        // With --all, a storage that cannot be renewed is no failure: a timer could do nothing about it.
        if flags.which.all && !is_renewable(&file.section(name)?) {
            return Ok(StorageResult::good(name, Outcome::NotRenewable));
        }
        let Refreshed { outcome, token } = refresh(&file, &rclone, name, flags.if_within)?;
        Ok(StorageResult { token: Some(show::state(&token)), ..StorageResult::good(name, outcome) })
    };
    let storages = in_parallel(&names, JOBS, |name| StorageResult::of(name, retries.until_done(|| refresh_one(name))));
    drop(retries);
    signals::check()?;
    Ok(Report::Results { storages })
}

/// A new token for `name`, or the present one if it is valid for longer than `within`.
///
/// # Errors
/// If Box refuses or does not answer, or if the new token could not be saved; it is then kept for recovery.
pub(super) fn refresh(file: &ConfigFile, rclone: &Rclone, name: &str, within: Option<Duration>) -> Result<Refreshed> {
    let before = file.section(name)?;
    if let Some(token) = still_good(&before, within) {
        return Ok(token);
    }
    let (lock, now) = lock(file, name)?;
    by_another(&before, &now).map_or_else(|| refresh_locked(file, rclone, &now, &lock, None), Ok)
}

/// Takes the refresh lock of `name`, and reads its section with the newest token there is, which nobody else can renew
/// now.
///
/// # Errors
/// If a new token could not be saved; Box is then not asked for one.
pub(super) fn lock(file: &ConfigFile, name: &str) -> Result<(RefreshLock, Section)> {
    file.require_writable()?;
    let lock = file.lock_refresh(name)?;
    let section = recover(file, file.section(name)?)?;
    Ok((lock, section))
}

/// Saves the newest token of this section from runs that ended too early.
fn recover(file: &ConfigFile, now: Section) -> Result<Section> {
    file.collect_copies();
    config::discard_unrenewed();
    let earlier = now.token().map(|token| config::successors(&token)).transpose()?.unwrap_or_default();
    let Some(last) = earlier.last() else { return Ok(now) };
    let saved = file.save_token(now.name(), now.token().as_ref(), &last.token)?;
    if saved == TokenSave::Saved && !file.is_private_copy() {
        earlier.into_iter().for_each(OrphanedSignIn::discard);
    }
    file.section(now.name())
}

/// [`refresh`] for a storage that is locked already, so that nothing happens between its renewal and what follows.
pub(super) fn refresh_locked(
    file: &ConfigFile,
    rclone: &Rclone,
    now: &Section,
    _: &RefreshLock,
    within: Option<Duration>,
) -> Result<Refreshed> {
    if let Some(token) = still_good(now, within) {
        return Ok(token);
    }
    let renewed = match now.kind() {
        Kind::Quick | Kind::OwnApp => through_rclone(file, rclone, now),
        Kind::Jwt => mint(rclone, now).and_then(|token| save(file, now, token)),
        Kind::ClientCredentials => grant(now, rclone.limit()).and_then(|token| save(file, now, token)),
        Kind::AccessToken => Err(not_renewable(now.name(), "it is an access token, valid for 60 minutes")),
    };
    match renewed {
        Ok(token) => Ok(Refreshed { outcome: Outcome::Renewed, token }),
        // The user must be told about the token that was kept for recovery.
        Err(error) if error.recoverable.is_some() => Err(error),
        // A plain rclone beside this one may have been first.
        Err(error) => file.section(now.name()).ok().and_then(|latest| by_another(now, &latest)).ok_or(error),
    }
}

fn still_good(section: &Section, within: Option<Duration>) -> Option<Refreshed> {
    let token = section.token()?;
    (token.remaining()? > within?).then_some(Refreshed { outcome: Outcome::StillGood, token })
}

fn by_another(before: &Section, now: &Section) -> Option<Refreshed> {
    let token = now.token()?;
    let is_new = before.token().is_none_or(|old| old.access_token() != token.access_token());
    (is_new && token.remaining().is_some()).then_some(Refreshed { outcome: Outcome::RenewedByAnother, token })
}

/// Whether there is something to renew with.
pub(super) fn is_renewable(section: &Section) -> bool {
    section.renewer() != Renewer::Nobody
}

fn through_rclone(file: &ConfigFile, rclone: &Rclone, section: &Section) -> Result<Token> {
    if !is_renewable(section) {
        let what = if section.token().is_some() {
            "its token has no refresh token"
        } else {
            "it has no token that can be read"
        };
        return Err(not_renewable(section.name(), what));
    }
    let staged = Staged::new(section.clone(), true)?;
    let listed = proof::list(rclone, &staged);
    // Only the token counts: a listing that failed after it was renewed is another matter, unless Box does not know the
    // token.
    match (staged.new_token(), listed) {
        (Some(token), listed) => {
            let staged = proof::save(file, staged, listed.as_ref().err())?;
            if file.is_private_copy() {
                // The copy is deleted when the run ends; the next run needs what was renewed in it.
                staged.keep();
            }
            Ok(token)
        }
        (None, Err(error)) => {
            staged.leave_to_rclone();
            Err(error)
        }
        (None, Ok(_)) => Err(not_renewable(section.name(), "rclone listed it without renewing its token")),
    }
}

/// Has rclone get a service account's token.
fn mint(rclone: &Rclone, section: &Section) -> Result<Token> {
    let staged = Staged::new(section.clone().without("token"), false)?;
    proof::mint(rclone, &staged)?;
    staged.new_token().ok_or_else(|| not_renewable(section.name(), "rclone saved no token"))
}

/// Saves a token that can be fetched again at any time, so that nothing is lost if it cannot be saved.
fn save(file: &ConfigFile, section: &Section, token: Token) -> Result<Token> {
    match file.save_token(section.name(), section.token().as_ref(), &token)? {
        TokenSave::Saved => Ok(token),
        TokenSave::NoPlace => {
            Err(Error::new(Code::ConfigConflict, format!("{:?} was changed while it was renewed", section.name()))
                .hint("run this again"))
        }
    }
}

/// Asks Box for a client-credentials token, which rclone cannot do: it sends no subject.
///
/// # Errors
/// If the section lacks an ID, a secret or a subject, or if Box refuses.
pub(super) fn grant(section: &Section, limit: Duration) -> Result<Token> {
    let missing = |what: &str| {
        let name = section.name();
        Error::new(Code::ClientInvalid, format!("{name:?} has no {what}, which Box requires for client credentials"))
            .hint_run(format!("pluton storage authorize {name:?} --client-credentials --box-subject enterprise:ID"))
    };
    let app = section.own_app().ok_or_else(|| missing("client ID and secret"))?;
    let subject = section.get("box_subject_type").zip(section.get("box_subject_id"));
    let (kind, id) = subject.ok_or_else(|| missing("subject"))?;
    let subject = Subject::parse(&format!("{kind}:{id}"))?;
    box_api::client_credentials(&app, &subject, section.get("token_url"), limit)?
        .map_err(|refused| explain::refused(Doing::Minting, &refused, section))
}

fn not_renewable(name: &str, why: &str) -> Error {
    Error::new(Code::TokenExpired, format!("{name:?} cannot be renewed: {why}"))
        .hint_command("sign in again", format!("pluton storage authorize {name:?}"))
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longer than anybody waits; adding more could overflow the clock.
const LONGEST: Duration = Duration::from_secs(365 * 86400);

/// Repeats what failed because Box or the network did not answer. One time limit for everything that a command tries.
pub(super) struct Retries {
    terminal: Terminal,
    limit: Duration,
    /// When it is used up; it begins with the first failure.
    end: OnceLock<Instant>,
    spinner: Mutex<Option<Spinner>>,
}

impl Retries {
    pub(super) fn new(terminal: Terminal, limit: Duration, doing: Option<&str>) -> Self {
        let spinner = doing.map(|doing| terminal.wait(doing));
        Self { terminal, limit, end: OnceLock::new(), spinner: Mutex::new(spinner) }
    }

    /// Each attempt takes its own locks, so that nothing is held during the pauses.
    pub(super) fn until_done<T>(&self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match attempt() {
                Err(error) if error.may_pass() => error,
                done => return done,
            };
            let retry_after = error.retry_after.unwrap_or_default();
            let remaining = self.remaining(&error, retry_after);
            if remaining.is_zero() || retry_after > remaining {
                return Err(error);
            }
            signals::pause(pause.max(retry_after).min(remaining))?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The time that is left; the first failure is reported.
    fn remaining(&self, error: &Error, retry_after: Duration) -> Duration {
        let end = *self.end.get_or_init(|| {
            if !self.limit.is_zero() && retry_after <= self.limit {
                self.tell(error);
            }
            Instant::now() + self.limit.min(LONGEST)
        });
        end.saturating_duration_since(Instant::now())
    }

    fn tell(&self, error: &Error) {
        let Ok(mut spinner) = self.spinner.lock() else { return };
        drop(spinner.take());
        let limit = humantime::format_duration(self.limit);
        self.terminal.warn(&format!("{error}; retrying for up to {limit}"));
        *spinner = Some(self.terminal.wait("waiting for Box"));
    }
}
