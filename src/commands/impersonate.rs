//! A user to act as may be named by login; what is saved is the ID, which Box is asked for.

use super::{account, explain, proof};
use crate::box_api::{self, Caller};
use crate::config::Staged;
use crate::diagnosis::{ADMIN_APPS, Doing, Operation};
use crate::error::{Code, Error, Field, Result, Who};
use crate::rclone::Rclone;
use crate::storage::options::IMPERSONATE;
use crate::storage::section::Section;

const FIELD: Field = Field::Option(IMPERSONATE);
const WHERE_IDS_ARE: &str = "or give the user's numeric ID: --impersonate ID, the number at the end of its page in \
    Admin Console > Users & Groups";

/// The login that stands where an ID has to.
pub(super) fn login(value: Option<&str>) -> Option<&str> {
    value.filter(|value| value.contains('@'))
}

/// Stops where a login is given and Box is not to be asked.
pub(super) fn require_id(value: Option<&str>, why: &str) -> Result<()> {
    match login(value) {
        None => Ok(()),
        Some(login) => Err(Error::invalid(FIELD, format!("{login:?} is a login, and {why}"))
            .responsible(Who::You)
            .hint("give the user's numeric ID, the number at the end of its page in Admin Console > Users & Groups")),
    }
}

/// Puts the ID in the place of a login. Box answers only a live token, which a staged section may have to be given first.
pub(super) fn resolve(rclone: &Rclone, staged: Staged, login: &str) -> Result<Staged> {
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
        // It may see nothing yet; what counts is the token.
        Some(_) => proof::list(rclone, staged).map(drop),
    };
    match staged.new_token() {
        Some(token) => section.clone().with_token(&token),
        None => listed.map(|()| section.clone()),
    }
}

/// The ID of the user who signs in as `login`, asked for by the token of `section`.
fn look_up(rclone: &Rclone, section: &Section, login: &str) -> Result<String> {
    let asked = Operation { impersonate: None, root_folder: None, ..Operation::of(section, Doing::Listing) };
    let access_token = account::access_token(section).ok_or_else(|| {
        Error::invalid(FIELD, format!("{login:?} cannot be looked up: the sign-in has expired"))
            .responsible(Who::You)
            .hint(WHERE_IDS_ARE)
    })?;
    let caller = Caller { access_token, as_user: None };
    match box_api::user_id(&caller, login, rclone.limit())? {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(Error::new(Code::InvalidValue, format!("no user in your enterprise has the login {login}"))
            .responsible(Who::You)
            .hint("check the address: it must be the user's login, not another of their addresses")
            .hint(WHERE_IDS_ARE)
            .about(FIELD)),
        Err(refused) => {
            let error = explain::refused(&asked, &refused, section);
            Err(match error.code {
                Code::InsufficientScope | Code::PermissionDenied => may_not(login, asked.is_unattended(), error),
                _ => error,
            })
        }
    }
}

fn may_not(login: &str, is_app: bool, error: Error) -> Error {
    let message = format!("cannot look up the user {login}: the app lacks the scope \"Manage users\"");
    let lacks = Error { message, code: Code::InsufficientScope, remedy: Vec::new(), fields: vec![FIELD], ..error };
    let tick = "in the Box Developer Console, your app, Configuration, Application Scopes, tick \"Manage users\" and click \
                Save Changes";
    let then = if is_app {
        format!("then have your Box admin authorize the app again: {ADMIN_APPS}")
    } else {
        "then sign in again as an admin, since a token keeps its scopes".to_owned()
    };
    lacks.responsible(Who::You).hint(tick).hint(then).hint(WHERE_IDS_ARE)
}
