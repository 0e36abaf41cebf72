//! Has rclone prove a staged section: fetch a token where none can be given, list the root folder, and on request write files.
//! Starts rclone, and writes rclone.conf only to save a token that was renewed.

use std::time::Duration;

use jiff::Timestamp;

use super::explain;
use super::trial::Trial;
use crate::box_api::{self, Caller, Refused};
use crate::config::{ConfigFile, Proven, Staged, TokenSave, Verified};
use crate::diagnosis::{Doing, Evidence, Operation};
use crate::error::{Code, Error, Result, Who};
use crate::process::Outcome;
use crate::rclone::{Listed, Rclone};
use crate::secret::scrub;
use crate::storage::section::Section;
use crate::storage::sign_in::{Kind, Lasting};
use crate::storage::token::Token;
use crate::ui::report::{Warning, duration};

/// For asking Box about a token after a failure.
const LIMIT: Duration = Duration::from_secs(10);

/// Lists, and where `trial` wants that also writes files and takes them away again. A token that is renewed on the way is
/// saved in `saved_in`, where the storage is there already, and else kept for recovery if something fails.
pub(super) fn verify(rclone: &Rclone, staged: Staged, trial: Trial, saved_in: Option<&ConfigFile>) -> Result<Verified> {
    let proven = run(rclone, &staged, trial);
    let staged = match saved_in {
        Some(file) => save(file, staged, proven.as_ref().err())?,
        None => staged,
    };
    match proven {
        Ok(proven) => staged.proven(proven),
        Err(error) if saved_in.is_some() => Err(error),
        Err(error) => Err(staged.keep_for_recovery(error)),
    }
}

/// Saves the token that rclone renewed, if it did: `failed` or not, unless Box does not know that token. One that finds no place in
/// rclone.conf is kept for recovery.
pub(super) fn save(file: &ConfigFile, staged: Staged, failed: Option<&Error>) -> Result<Staged> {
    let Some(token) = staged.new_token() else { return Ok(staged) };
    let section = staged.section();
    if failed.is_some_and(|error| error.code.exit() == Code::TokenExpired.exit()) && is_foreign(&token) {
        let name = section.name();
        let error = Error::new(
            Code::TokenInvalid,
            format!("renewing {name:?} returned a token that Box does not know; it was not saved"),
        )
        .responsible(Who::Network)
        .hint_command("see who answers instead of Box, a proxy or token_url", "pluton doctor")
        .hint_command("if it does not work later either, sign in again", format!("pluton storage authorize {name:?}"));
        return Err(staged.set_aside(error));
    }
    let name = section.name();
    match file.save_token(name, section.token().as_ref(), &token) {
        Ok(TokenSave::Saved) => Ok(staged),
        Ok(TokenSave::NoPlace) => {
            let error = Error::new(
                Code::ConfigConflict,
                format!("{name:?} was renewed, but another program has removed it or signed it in again meanwhile"),
            )
            .responsible(Who::You)
            .hint_command(
                "to use the renewed sign-in under another name",
                format!("pluton storage add box NAME --token-file '{}'", staged.file().display()),
            );
            Err(staged.keep_for_recovery(error))
        }
        Err(error) => Err(staged.keep_for_recovery(error)),
    }
}

/// Whether Box itself refuses a token that was just made. Where Box cannot be asked, it is not said to be foreign.
fn is_foreign(token: &Token) -> bool {
    let caller = Caller { access_token: token.access_token(), as_user: None };
    let is_unknown = |refused: &Refused| refused.0.starts_with("401") && !refused.0.contains("Cannot authorize");
    matches!(box_api::me(&caller, LIMIT), Ok(Err(refused)) if is_unknown(&refused))
}

fn run(rclone: &Rclone, staged: &Staged, trial: Trial) -> Result<Proven> {
    if let Some((version, key)) = staged.section().needs() {
        // An older rclone would list something else than backups will be for.
        rclone.require(version, &format!("the option {key}"))?;
    }
    if staged.section().kind() == Kind::Jwt && staged.section().token().or(staged.new_token()).is_none() {
        mint(rclone, staged)?;
    }
    let proven = Proven::by(list(rclone, staged)?);
    let rehearsal = trial.run(rclone, staged)?;
    Ok(if trial == Trial::Nothing { proven } else { proven.and_written(rehearsal) })
}

/// Has rclone fetch a token for a service account into the staged file.
pub(super) fn mint(rclone: &Rclone, staged: &Staged) -> Result<()> {
    let minted = rclone.mint(staged.file(), staged.section().name())?;
    if minted.success() && staged.new_token().is_some() {
        return Ok(());
    }
    Err(why(rclone, staged, Doing::Minting, &minted))
}

pub(super) fn list(rclone: &Rclone, staged: &Staged) -> Result<Listed> {
    let listed = rclone.list(staged.file(), staged.section().name(), &|| staged.awaits_renewal())?;
    let listed = listed.map_err(|outcome| why(rclone, staged, Doing::Listing, &outcome))?;
    if staged.is_still_overdue() {
        // The disk is full, or this is no rclone at all.
        rclone.version()?;
        return Err(Error::new(Code::Unknown, "rclone listed the folder, but did not save a renewed token")
            .responsible(Who::You));
    }
    Ok(listed)
}

pub(super) fn why(rclone: &Rclone, staged: &Staged, doing: Doing, outcome: &Outcome) -> Error {
    let mut section = staged.section().clone();
    let mut secrets = section.secrets();
    if let Some(token) = staged.new_token() {
        secrets.push(token.access_token());
        secrets.extend(token.refresh_token());
        section = section.clone().with_token(&token).unwrap_or(section);
    }
    let shown = scrub(&outcome.stderr, &secrets);
    // Only a failure is worth a second child to ask for the version.
    let version = rclone.version();
    let end = explain::end(outcome);
    let heard = Evidence { said: &outcome.stderr, shown: &shown, end, version: version.as_ref().ok().copied() };
    let error = explain::explain(&Operation::of(&section, doing), &heard, Some(&section));
    match version {
        Err(no_rclone) if error.code == Code::Unknown => no_rclone,
        _ => error,
    }
}

/// What will end before a backup of tomorrow night, and what keeps it going.
pub(super) fn short_lived(section: &Section) -> Option<Warning> {
    let name = section.name();
    let (code, message) = match (section.lasting(), section.kind()) {
        (Lasting::ByRclone, _) => return None,
        (Lasting::ByPluton, _) => (
            "needs_renewal",
            format!(
                "rclone alone cannot renew this sign-in, which lasts 60 minutes: start every backup with \
                 `pluton run {name:?} -- …`, or have a timer call `pluton storage refresh {name:?}`"
            ),
        ),
        (Lasting::Ends, Kind::AccessToken) => (
            "access_token_expires",
            format!(
                "an access token expires 60 minutes after it was created and cannot be renewed: backups will fail after that. \
                 For backups, sign in another way: `pluton storage authorize {name:?}`"
            ),
        ),
        (Lasting::Ends, _) => {
            let end = section.token().and_then(|token| token.expiry());
            let when = match end.map(|end| end.as_second() - Timestamp::now().as_second()) {
                Some(left) if left <= 0 => format!("expired {} ago", duration(-left)),
                Some(left) => format!("expires in {}", duration(left)),
                None => "expires within 60 minutes".to_owned(),
            };
            let message = format!(
                "this token has no refresh token: it {when} and cannot be renewed; backups will fail after that. \
                 Sign in again, with everything that `rclone authorize \"box\"` prints: `pluton storage authorize {name:?}`"
            );
            ("no_refresh_token", message)
        }
    };
    Some(Warning { code, message })
}
