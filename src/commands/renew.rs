//! Gets a storage a new access token, whatever it signs in with, and asks Box once however many processes want one.

use std::time::Duration;

use jiff::Timestamp;

use super::{explain, prove};
use crate::box_api;
use crate::config::{self, ConfigFile, RefreshLock, Staged, TokenSave};
use crate::diagnosis::{Doing, Evidence, Operation};
use crate::error::{Code, Error, Result, Who};
use crate::rclone::Rclone;
use crate::scrub::scrub;
use crate::storage::section::Section;
use crate::storage::sign_in::{App, Kind, Lasting, Subject};
use crate::storage::token::Token;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It lives longer than was asked for.
    StillGood,
    Renewed,
    /// Another process did it meanwhile, or before it was killed.
    ByAnother,
}

#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) how: How,
    pub(super) token: Token,
}

/// A new token for `name`, or the present one if it lives longer than `within`.
pub(super) fn renew(file: &ConfigFile, rclone: &Rclone, name: &str, within: Option<Duration>) -> Result<Fresh> {
    let before = read(file, name)?;
    if let Some(fresh) = still_good(&before, within) {
        return Ok(fresh);
    }
    file.require_writable()?;
    let claim = file.lock_refresh(name)?;
    let now = read(file, name)?;
    if let Some(fresh) = by_another(&before, &now) {
        return Ok(fresh);
    }
    let now = recover(file, now)?;
    if let Some(fresh) = by_another(&before, &now).filter(|fresh| left(&fresh.token) > within) {
        return Ok(fresh);
    }
    renew_held(file, rclone, &now, &claim)
}

/// The refresh lock of `name`, and the storage as it is once nobody renews it: with the newest token there is of it.
pub(super) fn hold(file: &ConfigFile, name: &str) -> Result<(RefreshLock, Section)> {
    file.require_writable()?;
    let claim = file.lock_refresh(name)?;
    let section = recover(file, read(file, name)?)?;
    Ok((claim, section))
}

/// Puts what became of its token in runs that ended too early in its place.
fn recover(file: &ConfigFile, now: Section) -> Result<Section> {
    file.collect_copies();
    let earlier = now.token().map(|token| config::successors(&token)).transpose()?.unwrap_or_default();
    let Some(last) = earlier.last() else { return Ok(now) };
    let saved = file.save_token(now.name(), now.token().as_ref(), &last.token)?;
    if saved == TokenSave::Saved && !file.is_private_copy() {
        for found in &earlier {
            config::discard(&found.file);
        }
    }
    read(file, now.name())
}

/// `renew` for a storage that is held already, so that nothing comes between its renewal and what follows.
pub(super) fn ensure(
    file: &ConfigFile,
    rclone: &Rclone,
    held: &Section,
    claim: &RefreshLock,
    within: Duration,
) -> Result<Fresh> {
    still_good(held, Some(within)).map_or_else(|| renew_held(file, rclone, held, claim), Ok)
}

fn renew_held(file: &ConfigFile, rclone: &Rclone, now: &Section, _: &RefreshLock) -> Result<Fresh> {
    let renewed = match now.kind() {
        Kind::Quick | Kind::OwnApp => through_rclone(file, rclone, now),
        Kind::Jwt => minted(file, rclone, now),
        Kind::ClientCredentials => granted(file, rclone.limit(), now),
        Kind::AccessToken => {
            Err(not_renewable(now.name(), "an access token is good for 60 minutes and cannot be renewed"))
        }
    };
    match renewed {
        Ok(token) => Ok(Fresh { how: How::Renewed, token }),
        // Someone has to know of the token that was kept.
        Err(error) if error.kept.is_some() => Err(error),
        // A plain rclone beside this one may have been first.
        Err(error) => match read(file, now.name()) {
            Ok(latest) => by_another(now, &latest).ok_or(error),
            Err(_) => Err(error),
        },
    }
}

fn read(file: &ConfigFile, name: &str) -> Result<Section> {
    file.read().and_then(|document| Section::read(&document, name))
}

fn still_good(section: &Section, within: Option<Duration>) -> Option<Fresh> {
    let token = section.token()?;
    let left = left(&token)?;
    (left > within?).then_some(Fresh { how: How::StillGood, token })
}

fn by_another(before: &Section, now: &Section) -> Option<Fresh> {
    let token = now.token()?;
    let is_new = before.token().is_none_or(|old| old.access_token() != token.access_token());
    (is_new && left(&token).is_some()).then_some(Fresh { how: How::ByAnother, token })
}

/// How long the access token still lives; `None` when it is over, or does not say.
pub(super) fn left(token: &Token) -> Option<Duration> {
    let seconds = token.expiry()?.as_second() - Timestamp::now().as_second();
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Whether there is anything to renew with.
pub(super) fn is_renewable(section: &Section) -> bool {
    section.lasting() != Lasting::Ends
}

fn through_rclone(file: &ConfigFile, rclone: &Rclone, section: &Section) -> Result<Token> {
    if !is_renewable(section) {
        return Err(not_renewable(section.name(), "its token has no refresh token"));
    }
    let staged = Staged::new(section.clone(), true)?;
    let listed = prove::list(rclone, &staged);
    // What counts is the token: that the listing failed after it came is another matter, unless Box does not know it.
    match (staged.new_token(), listed) {
        (Some(token), listed) => {
            let staged = prove::save(file, staged, listed.as_ref().err())?;
            if file.is_private_copy() {
                // The copy goes with the run; the next one needs what was renewed in it.
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

fn minted(file: &ConfigFile, rclone: &Rclone, section: &Section) -> Result<Token> {
    let staged = Staged::new(section.clone().without_token(), false)?;
    prove::mint(rclone, &staged)?;
    let token = staged.new_token().ok_or_else(|| not_renewable(section.name(), "rclone saved no token"))?;
    save(file, section, token)
}

fn granted(file: &ConfigFile, limit: Duration, section: &Section) -> Result<Token> {
    let token = grant(section, limit)?;
    save(file, section, token)
}

/// Saves a token that can be had again at any time, so that nothing is lost where it has no place.
fn save(file: &ConfigFile, section: &Section, token: Token) -> Result<Token> {
    match file.save_token(section.name(), section.token().as_ref(), &token)? {
        TokenSave::Saved => Ok(token),
        TokenSave::NoPlace => {
            Err(Error::new(Code::ConfigConflict, format!("{:?} was changed while it was renewed", section.name()))
                .responsible(Who::You)
                .hint("run this again"))
        }
    }
}

/// Asks Box for a client-credentials token.
pub(super) fn grant(section: &Section, limit: Duration) -> Result<Token> {
    let missing = |what: &str| {
        Error::new(
            Code::ClientInvalid,
            format!("{:?} has no {what}, which Box demands for client credentials", section.name()),
        )
        .responsible(Who::You)
        .hint_run(format!(
            "pluton storage authorize {:?} --client-credentials --box-subject enterprise:ID",
            section.name()
        ))
    };
    let app = app(section).ok_or_else(|| missing("client ID and secret"))?;
    let subject = section.get("box_subject_type").zip(section.get("box_subject_id"));
    let (kind, id) = subject.ok_or_else(|| missing("subject"))?;
    let subject = Subject::parse(&format!("{kind}:{id}"))?;
    box_api::client_credentials(&app, &subject, section.get("token_url"), limit)?.map_err(|refused| {
        let shown = scrub(&refused.0, &section.secrets());
        explain::explain(&Operation::of(section, Doing::Minting), &Evidence::answer(&refused.0, &shown), Some(section))
    })
}

pub(super) fn app(section: &Section) -> Option<App> {
    Some(App { client_id: section.get("client_id")?.to_owned(), client_secret: section.secret("client_secret")? })
}

fn not_renewable(name: &str, why: &str) -> Error {
    Error::new(Code::TokenExpired, format!("{name:?} cannot be renewed: {why}"))
        .responsible(Who::You)
        .hint_command("sign in again", format!("pluton storage authorize {name:?}"))
}
