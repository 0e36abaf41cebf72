//! The one way for a section into rclone.conf, whichever command it comes from: renew, stage, prove, commit.

use super::impersonate;
use super::proof;
use super::refresh::{grant, is_renewable, lock, refresh_locked};
use super::trial::Trial;
use super::verify::ENOUGH;
use crate::cli::ProofFlags;
use crate::config::{ConfigFile, Proof, Staged, Unverified};
use crate::error::Result;
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
    /// All of it, in the place of a section of that name only where `replace` is set.
    Whole { replace: bool },
    /// These keys of a storage that is there; its token may have been renewed since the section was read.
    Keys(Vec<&'a str>),
}

/// Proves a section and saves it. A token that is renewed on the way is saved or kept for recovery, whatever comes of the rest.
///
/// # Errors
/// rclone.conf has the section as it was before, but perhaps with a newer token.
pub(super) fn commit(
    file: &ConfigFile,
    rclone: &Rclone,
    change: Change<'_>,
    flags: &ProofFlags,
) -> Result<(Section, Proof)> {
    let Change { mut section, is_new_sign_in, target } = change;
    let is_tested = !flags.no_verify;
    let is_minted = matches!(section.kind(), Kind::Jwt | Kind::ClientCredentials);
    let concerns_token = match &target {
        Target::Whole { .. } => true,
        Target::Keys(keys) => keys.iter().any(|key| TOKEN_KEYS.contains(key)),
    };
    let brings_token = is_new_sign_in || (is_minted && concerns_token && is_tested);
    file.require_writable()?;
    // Held until it is saved, so that nobody renews what is replaced here.
    let _lock = match &target {
        Target::Whole { .. } if !file.read()?.has(section.name()) => None,
        Target::Whole { .. } => Some(file.lock_refresh(section.name())?),
        Target::Keys(_) => {
            let (lock, present) = lock(file, section.name())?;
            let token = match present.token() {
                // A token that ends in the middle would fail for a reason that is none of the change's.
                _ if !brings_token && is_tested && is_renewable(&present) => {
                    Some(refresh_locked(file, rclone, &present, &lock, Some(ENOUGH))?.token)
                }
                token => token.filter(|_| !brings_token),
            };
            section = token.map_or(Ok(section.clone()), |token| section.with_token(&token))?;
            Some(lock)
        }
    };
    if brings_token && is_tested {
        section = match section.kind() {
            Kind::Jwt => section.without("token"),
            Kind::ClientCredentials => {
                let token = grant(&section, rclone.limit())?;
                section.with_token(&token)?
            }
            Kind::Quick | Kind::OwnApp | Kind::AccessToken => section,
        };
    }
    let renews = is_tested && !flags.no_refresh_check && (is_new_sign_in || concerns_token);
    let login = impersonate::login(section.get(IMPERSONATE)).map(str::to_owned);
    let staged = match login {
        Some(login) => {
            let staged = Staged::new(section.without(IMPERSONATE), renews)?;
            impersonate::resolve(rclone, staged, &login)?
        }
        None => Staged::new(section, renews)?,
    };
    let verified = if is_tested {
        let saved_in = (!brings_token).then_some(file);
        proof::verify(rclone, staged, Trial::small_if(flags.check_write), saved_in)?
    } else {
        staged.unverified(Unverified::AsAsked)?
    };
    let saved = match target {
        Target::Whole { replace } => file.commit(&verified, replace),
        Target::Keys(mut keys) => {
            keys.extend(brings_token.then_some("token"));
            file.save_keys(&verified, &keys)
        }
    };
    match saved {
        Ok(()) => Ok((verified.section().clone(), verified.proof())),
        Err(error) => Err(verified.keep_for_recovery(error)),
    }
}
