//! The one way for a section into rclone.conf, for every command: refresh, stage, verify, commit. A user to act as may
//! be given by login; Box is asked for the ID, which is saved.

use super::proof::WriteCheck;
use super::refresh::{grant, is_renewable, lock, refresh_locked};
use super::verify::ENOUGH;
use super::{account, explain, proof};
use crate::box_api::Caller;
use crate::cli::ProofFlags;
use crate::config::{ConfigFile, Proof, Staged, Unverified};
use crate::diagnosis::{ADMIN_APPS, Doing, Failure};
use crate::error::{Code, Error, Field, Result};
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
    let Change { mut section, is_new_sign_in, target } = change;
    let is_tested = !flags.no_verify;
    let is_minted = section.kind().is_unattended();
    let concerns_token = match &target {
        Target::Whole { .. } => true,
        Target::Keys(keys) => keys.iter().any(|key| TOKEN_KEYS.contains(key)),
    };
    let brings_token = is_new_sign_in || (is_minted && concerns_token && is_tested);
    file.require_writable()?;
    // Held until the section is saved, so that nobody renews the token that is replaced here.
    let _lock = match &target {
        Target::Whole { .. } if !file.read()?.has(section.name()) => None,
        Target::Whole { .. } => Some(file.lock_refresh(section.name())?),
        Target::Keys(_) => {
            let (lock, present) = lock(file, section.name())?;
            let token = match present.token() {
                // A token that expired in between would fail for a reason unrelated to the change.
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
    let login = user_login(section.get(IMPERSONATE)).map(str::to_owned);
    let staged = match login {
        Some(login) => {
            let staged = Staged::new(section.without(IMPERSONATE), renews)?;
            resolve_login(rclone, staged, &login)?
        }
        None => Staged::new(section, renews)?,
    };
    let verified = if is_tested {
        let saved_in = (!brings_token).then_some(file);
        proof::verify(rclone, staged, WriteCheck::small_if(flags.check_write), saved_in)?
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

const USER: Field = Field::Option(IMPERSONATE);
const WHERE_IDS_ARE: &str = "give the user's numeric ID: --impersonate ID, the number at the end of the address of the user's page in \
    Admin Console > Users & Groups";

/// The login that is given in place of an ID.
fn user_login(value: Option<&str>) -> Option<&str> {
    value.filter(|value| value.contains('@'))
}

/// Stops where a login is given and Box is not to be asked.
pub(super) fn require_user_id(value: Option<&str>, why: &str) -> Result<()> {
    match user_login(value) {
        None => Ok(()),
        Some(login) => Err(Error::invalid(USER, format!("{login:?} is a login, and {why}"))
            .hint("give the user's numeric ID, the number at the end of the address of the user's page in Admin Console > Users & Groups")),
    }
}

/// Puts the ID in the place of a login. Box answers only a live token, which a staged section may have to be given first.
fn resolve_login(rclone: &Rclone, staged: Staged, login: &str) -> Result<Staged> {
    match signed_in(rclone, &staged).and_then(|section| look_up(rclone, &section, login)) {
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

/// Asks Box for the ID of the user with this `login`, with the token of `section`.
fn look_up(rclone: &Rclone, section: &Section, login: &str) -> Result<String> {
    let access_token = account::access_token(section).ok_or_else(|| {
        Error::invalid(USER, format!("{login:?} cannot be looked up: the sign-in has expired")).hint(WHERE_IDS_ARE)
    })?;
    let caller = Caller { access_token, as_user: None, limit: rclone.limit() };
    match caller.user_id(login)? {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(Error::new(Code::InvalidValue, format!("no user in your enterprise has the login {login}"))
            .hint("check the address: it must be the user's login, not another of their addresses")
            .hint(WHERE_IDS_ARE)
            .about(USER)),
        Err(refused) => {
            let failure = Failure { impersonate: None, root_folder: None, ..Failure::of(section, Doing::Listing) };
            let error = explain::refused(failure, &refused, section);
            Err(match error.code {
                Code::InsufficientScope | Code::PermissionDenied => {
                    may_not(login, section.kind().is_unattended(), error)
                }
                _ => error,
            })
        }
    }
}

fn may_not(login: &str, is_app: bool, error: Error) -> Error {
    let message = format!("cannot look up the user {login}: the app lacks the scope \"Manage users\"");
    let lacks = Error { message, code: Code::InsufficientScope, remedy: Vec::new(), fields: vec![USER], ..error };
    let tick = "in https://app.box.com/developers/console > your app > Configuration > Application Scopes, tick \"Manage users\" and click \
                Save Changes";
    let then = if is_app {
        format!("then have your Box admin authorize the app again: {ADMIN_APPS}")
    } else {
        "then sign in again as an admin, because a token keeps its scopes".to_owned()
    };
    lacks.hint(tick).hint(then).hint(WHERE_IDS_ARE)
}
