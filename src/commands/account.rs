//! Whose account a storage is, whether it is large enough for backups, and which ID a user has. Asks Box through
//! `box_api`. No command fails because an account is unknown.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;

use super::explain;
use crate::box_api::{Account, Caller, Refused};
use crate::diagnosis::{ADMIN_APPS, Doing};
use crate::error::{Code, Error, Field, Result};
use crate::secret::{Secret, clean, scrub};
use crate::storage::options::{IMPERSONATE, ROOT_FOLDER};
use crate::storage::section::Section;
use crate::ui::report::{Warning, size};

/// This is optional information, so it must not take long.
const LIMIT: Duration = Duration::from_secs(5);
/// How much of an unknown answer is shown.
const WORDS: usize = 160;
/// A warning is due from this use of the space, in percent.
const FULL: u64 = 90;
pub(super) const NEARLY_FULL: &str = "account_nearly_full";
const GIB: u64 = 1 << 30;
/// Backup programs by default write files smaller than this.
const PACK: u64 = 128 << 20;
/// The space Box gives a service account unless an admin gives more.
const SERVICE_SPACE: u64 = 11 * GIB;

/// What Box said about a storage's account, and warnings about it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) account: Option<Account>,
    pub(super) warnings: Vec<Warning>,
}

/// The storage's own token, unless that has expired.
pub(super) fn access_token(section: &Section) -> Option<Secret> {
    let own = || section.token().filter(|token| token.expiry().is_none_or(|end| end > Timestamp::now()));
    section.secret("access_token").or_else(|| own().map(|token| token.access_token()))
}

/// An answer of Box that is on its way while rclone lists.
pub(super) struct Pending(Option<JoinHandle<Found>>);

/// Asks Box with the token that the section begins with, if it is still valid and acts for no one else.
pub(super) fn ask(section: &Section) -> Pending {
    let is_valid = section.token().is_some_and(|token| token.remaining().is_some());
    let asks = is_valid && section.get(IMPERSONATE).is_none();
    let section = section.clone();
    Pending(asks.then(|| thread::spawn(move || who(&section).unwrap_or_default())))
}

impl Pending {
    /// Asks again with the token that `section` has now, if there is no account yet.
    pub(super) fn answer(self, section: &Section) -> Result<Found> {
        match self.0.and_then(|found| found.join().ok()) {
            Some(found) if found.account.is_some() => Ok(found),
            _ => who(section),
        }
    }
}

/// Asks Box with the storage's own token, unless that has expired.
pub(super) fn who(section: &Section) -> Result<Found> {
    let Some(caller) = caller(section, LIMIT) else { return Ok(Found::default()) };
    let mut account = match caller.me()? {
        Ok(account) => account,
        Err(refused) => return Ok(Found { account: None, warnings: vec![unknown(&refused, section)] }),
    };
    let mut warnings = Vec::new();
    if is_nearly_full(&account) {
        let trash = caller.trash()?.ok();
        warnings.push(nearly_full(&account, section.name(), trash));
    }
    warnings.extend(self::warnings(&account));
    if account.is_service_account() && section.get(ROOT_FOLDER).is_none_or(|id| id == "0") {
        let root = caller.root(&account)?.unwrap_or_default();
        if root.is_empty {
            let (login, name) = (&account.login, section.name());
            let message = format!(
                "the root of this service account is empty, and it sees no files but its own: to back up into a folder of \
                 yours, share it with {login}, role Editor, then: `pluton storage edit {name:?} --root-folder-id ID`"
            );
            warnings.push(Warning { code: "service_account_empty", message });
        }
        account.shared_folders = root.shared;
    }
    Ok(Found { account: Some(account), warnings })
}

/// The credentials of a storage's own token; `None` if that has expired.
pub(super) fn caller(section: &Section, limit: Duration) -> Option<Caller> {
    let as_user = section.get(IMPERSONATE).map(str::to_owned);
    Some(Caller { access_token: access_token(section)?, as_user, limit })
}

/// The name of the storage's root folder, if that is not the account's root and Box tells it.
pub(super) fn root_folder(section: &Section) -> Option<String> {
    let id = section.get(ROOT_FOLDER).filter(|id| *id != "0")?;
    caller(section, LIMIT)?.folder_name(id).ok()?.ok().filter(|name| !name.is_empty())
}

fn is_nearly_full(account: &Account) -> bool {
    let left = account.space_amount.zip(account.space_used).map(|(space, used)| space.saturating_sub(used));
    left.is_some_and(|left| left < GIB) || account.percent_used().is_some_and(|percent| percent >= FULL)
}

fn nearly_full(account: &Account, name: &str, trash: Option<u64>) -> Warning {
    let left = account.space_amount.unwrap_or_default().saturating_sub(account.space_used.unwrap_or_default());
    let in_trash = match trash {
        Some(0) => "none of it is in the trash".to_owned(),
        Some(trash) => format!("{} of it in the trash; {}", size(trash), how_to_empty(account, name)),
        None => format!("files in the trash count too; {}", how_to_empty(account, name)),
    };
    let percent = account.percent_used().unwrap_or(100);
    let message = format!("the Box account has only {} left, {percent}% is used, {in_trash}", size(left));
    Warning { code: NEARLY_FULL, message }
}

/// A service account has no way into the web page.
pub(super) fn how_to_empty(account: &Account, name: &str) -> String {
    if account.is_service_account() {
        format!("to empty it (rclone 1.71.1 or newer): `rclone cleanup '{name}:'`")
    } else {
        "to empty it: https://app.box.com/trash".to_owned()
    }
}

/// Fails if more of the space is used than `most` percent, or if that is unknown.
pub(super) fn check_space(found: &Found, name: &str, most: u8) -> Result<()> {
    let failed = |message: String| Err(Error::new(Code::StorageFull, message));
    let Some(account) = &found.account else {
        return failed(format!("Box did not say how full the account of {name:?} is"));
    };
    match account.percent_used() {
        Some(percent) if percent > u64::from(most) => failed(format!(
            "{percent}% of the space of {name:?} is used, more than {most}%: {} of {}",
            size(account.space_used.unwrap_or_default()),
            size(account.space_amount.unwrap_or_default())
        ))
        .map_err(|error| match found.warnings.iter().find(|warning| warning.code == NEARLY_FULL) {
            Some(warning) => error.note(warning.message.clone()),
            None => error.hint("files in the trash count too").hint(how_to_empty(account, name)),
        }),
        _ => Ok(()),
    }
}

fn unknown(refused: &Refused, section: &Section) -> Warning {
    // An answer without a body ends with the colon after its status.
    let said: String = clean(&scrub(&refused.0, &section.secrets())).chars().take(WORDS).collect();
    let said = said.trim_end().trim_end_matches(':');
    Warning { code: "account_unknown", message: format!("Box did not say whose account this is: {said}") }
}

/// For a storage that was saved before Ctrl-C came.
pub(super) fn not_asked() -> Found {
    let message = "interrupted before Box said whose account this is".to_owned();
    Found { account: None, warnings: vec![Warning { code: "account_not_asked", message }] }
}

fn warnings(account: &Account) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |code, message| found.push(Warning { code, message });
    if let Some(space) = account.space_amount {
        if account.is_service_account() && space <= SERVICE_SPACE {
            let message = format!(
                "a service account has only {} of its own; for more, share a folder with {} and use its ID as --root-folder-id",
                size(space),
                account.login
            );
            warn("service_account_space", message);
        }
    }
    if let Some(most) = account.max_upload_size.filter(|most| *most < PACK) {
        let message =
            format!("files may be no larger than {}: set your backup program's pack size below that", size(most));
        warn("small_file_limit", message);
    }
    if !account.unclear.is_empty() {
        let message = format!("Box's answer about the account could not be understood: {}", account.unclear.join(", "));
        warn("account_unclear", message);
    }
    found
}

const USER: Field = Field::Option(IMPERSONATE);
pub(super) const WHERE_IDS_ARE: &str =
    "the number at the end of the address of the user's page in Admin Console > Users & Groups";

/// Asks Box for the ID of the user with this `login`.
pub(super) fn user_id(section: &Section, login: &str, limit: Duration) -> Result<String> {
    let by_id = format!("give the user's numeric ID: --impersonate ID, {WHERE_IDS_ARE}");
    let Some(access_token) = access_token(section) else {
        let message = format!("{login:?} cannot be looked up: the sign-in has expired");
        return Err(Error::invalid(USER, message).hint(by_id));
    };
    let refused = match (Caller { access_token, as_user: None, limit }).user_id(login)? {
        Ok(Some(id)) => return Ok(id),
        Ok(None) => {
            return Err(Error::invalid(USER, format!("no user in your enterprise has the login {login}"))
                .hint("check the address: it must be the user's login, not another of their addresses")
                .hint(by_id));
        }
        Err(refused) => refused,
    };
    // No folder is asked about here.
    let error = explain::refused(Doing::Listing, &refused, &section.clone().without(ROOT_FOLDER));
    if !matches!(error.code, Code::InsufficientScope | Code::PermissionDenied) {
        return Err(error);
    }
    let message = format!("cannot look up the user {login}: the app lacks the scope \"Manage users\"");
    let again = if section.kind().is_unattended() {
        format!("then have your Box admin authorize the app again: {ADMIN_APPS}")
    } else {
        "then sign in again as an admin, because a token keeps its scopes".to_owned()
    };
    Err(Error { message, code: Code::InsufficientScope, remedy: Vec::new(), fields: vec![USER], ..error }
        .hint(
            "in https://app.box.com/developers/console > your app > Configuration > Application Scopes, tick \"Manage users\" \
             and click Save Changes",
        )
        .hint(again)
        .hint(by_id))
}
