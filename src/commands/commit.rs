//! The one way for a section into rclone.conf, for every command: refresh, stage, verify, commit. A user to act as may
//! be given by login; Box is asked for the ID, which is saved.

use super::account::WHERE_IDS_ARE;
use super::proof::WriteCheck;
use super::refresh::{grant, is_renewable, lock, refresh_locked};
use super::verify::ENOUGH;
use super::{account, proof};
use crate::cli::ProofFlags;
use crate::config::{ConfigFile, Proof, Staged};
use crate::error::{Error, Field, Result};
use crate::rclone::Rclone;
use crate::storage::options::IMPERSONATE;
use crate::storage::section::Section;
use crate::storage::sign_in::Kind;

/// Keys that decide whether and for whom Box issues a token.
const TOKEN_KEYS: [&str; 7] = [
    "client_id",
    "client_secret",
    "token_url",
    "box_config_file",
    "box_sub_type",
    "box_subject_type",
    "box_subject_id",
];

/// A section that is to be saved.
pub(super) struct Change<'a> {
    pub(super) section: Section,
    /// Whether it signs in with something that this storage has not used before.
    pub(super) is_new_sign_in: bool,
    pub(super) target: Target<'a>,
}

pub(super) enum Target<'a> {
    /// All of it; an existing section of that name is replaced only if `replace` is set.
    Whole { replace: bool },
    /// These keys of an existing storage; its token may have been renewed since the section was read.
    Keys(Vec<&'a str>),
}

/// Verifies a section and saves it. A token that is renewed on the way is saved or kept for recovery, even if the rest
/// fails.
///
/// # Errors
/// If it cannot be verified or saved: rclone.conf then has the section as it was before, but perhaps with a newer
/// token.
pub(super) fn commit(
    file: &ConfigFile,
    rclone: &Rclone,
    change: Change<'_>,
    flags: &ProofFlags,
) -> Result<(Section, Proof)> {
    let Change { section, is_new_sign_in, target } = change;
    let is_tested = !flags.no_verify;
    let concerns_token = match &target {
        Target::Whole { .. } => true,
        Target::Keys(keys) => keys.iter().any(|key| TOKEN_KEYS.contains(key)),
    };
    let brings_token = is_new_sign_in || (section.kind().is_unattended() && concerns_token && is_tested);
    file.require_writable()?;
    // Held until the section is saved, so that nobody renews the token that is replaced here.
    let (_lock, section) = match &target {
        Target::Whole { .. } if !file.read()?.has(section.name()) => (None, section),
        Target::Whole { .. } => (Some(file.lock_refresh(section.name())?), section),
        Target::Keys(_) => {
            let (lock, present) = lock(file, section.name())?;
            let section = match present.token() {
                _ if brings_token => section,
                // A token that expired in between would fail for a reason unrelated to the change.
                _ if is_tested && is_renewable(&present) => {
                    section.with_token(&refresh_locked(file, rclone, &present, &lock, Some(ENOUGH))?.token)?
                }
                Some(token) => section.with_token(&token)?,
                None => section,
            };
            (Some(lock), section)
        }
    };
    let section = match section.kind() {
        Kind::Jwt if brings_token && is_tested => section.without("token"),
        Kind::ClientCredentials if brings_token && is_tested => {
            let token = grant(&section, rclone.limit())?;
            section.with_token(&token)?
        }
        _ => section,
    };

    let staged = stage(rclone, section, is_tested && !flags.no_refresh_check && (is_new_sign_in || concerns_token))?;
    let verified = if is_tested {
        let saved_in = (!brings_token).then_some(file);
        proof::verify(rclone, staged, WriteCheck::small_if(flags.check_write), saved_in)?
    } else {
        staged.unverified()?
    };
    let committed = match target {
        Target::Whole { replace } => file.commit(&verified, replace),
        Target::Keys(mut keys) => {
            keys.extend(brings_token.then_some("token"));
            file.save_keys(&verified, &keys)
        }
    };
    match committed {
        Ok(()) => Ok((verified.section().clone(), verified.proof())),
        Err(error) => Err(verified.keep_for_recovery(error)),
    }
}

/// Stages a section, with the ID of the user in the place of a login. Box tells it only with a live token, which the
/// section may have to be given first.
fn stage(rclone: &Rclone, section: Section, past_expiry: bool) -> Result<Staged> {
    let Some(login) = user_login(section.get(IMPERSONATE)).map(str::to_owned) else {
        return Staged::new(section, past_expiry);
    };
    let staged = Staged::new(section.without(IMPERSONATE), past_expiry)?;
    let id = signed_in(rclone, &staged).and_then(|section| account::user_id(&section, &login, rclone.limit()));
    match id {
        Ok(id) => staged.with_option(IMPERSONATE, &id),
        Err(error) => Err(staged.keep_for_recovery(error)),
    }
}

fn signed_in(rclone: &Rclone, staged: &Staged) -> Result<Section> {
    let section = staged.section();
    if !staged.awaits_renewal() && account::access_token(section).is_some() {
        return Ok(section.clone());
    }
    let listed = match section.token() {
        None => proof::mint(rclone, staged),
        // It may see no folders yet; only the token matters.
        Some(_) => proof::list(rclone, staged).map(drop),
    };
    match staged.new_token() {
        Some(token) => section.clone().with_token(&token),
        None => listed.map(|()| section.clone()),
    }
}

/// The login that is given in place of an ID.
fn user_login(value: Option<&str>) -> Option<&str> {
    value.filter(|value| value.contains('@'))
}

/// Stops where a login is given and Box is not to be asked.
pub(super) fn require_user_id(value: Option<&str>, why: &str) -> Result<()> {
    user_login(value).map_or(Ok(()), |login| {
        Err(Error::invalid(Field::Option(IMPERSONATE), format!("{login:?} is a login, and {why}"))
            .hint(format!("give the user's numeric ID, {WHERE_IDS_ARE}")))
    })
}
