//! Whose account a storage is, and whether it is large enough for backups. Never a reason to fail.

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use jiff::Timestamp;

use crate::box_api::{self, Account, Refused};
use crate::error::Result;
use crate::report::{Warning, size};
use crate::scrub::{clean, scrub};
use crate::secret::Secret;
use crate::section::Section;
use crate::token::Token;

/// It is a courtesy, so it must not keep anyone waiting.
const LIMIT: Duration = Duration::from_secs(5);
/// How many letters of an answer that cannot be understood are shown.
const WORDS: usize = 160;
const GIB: u64 = 1 << 30;
/// What backup programs write at once by default stays below this.
const PACK: u64 = 128 << 20;
/// What Box gives a service account unless an admin gives more.
const SERVICE_SPACE: u64 = 11 * GIB;

/// What Box said of a storage's account, and what there is to warn of.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) account: Option<Account>,
    pub(super) warnings: Vec<Warning>,
}

/// Asks Box with the storage's own token, unless that has expired.
pub(super) fn who(section: &Section) -> Result<Found> {
    let token = section.get("access_token").map(Secret::new);
    let own = || section.token().filter(|token| token.expiry().is_none_or(|end| end > Timestamp::now()));
    let Some(token) = token.or_else(|| own().map(|token| token.access_token())) else { return Ok(Found::default()) };
    Ok(match box_api::me(&token, section.get("impersonate"), LIMIT)? {
        Ok(account) => Found { warnings: warnings(&account), account: Some(account) },
        Err(refused) => Found { account: None, warnings: vec![unknown(&refused, section)] },
    })
}

fn unknown(refused: &Refused, section: &Section) -> Warning {
    let said: String = clean(&scrub(&refused.0, &section.secrets())).chars().take(WORDS).collect();
    Warning { code: "account_unknown", message: format!("Box did not say whose account this is: {said}") }
}

/// For a storage that was saved before Ctrl-C came.
pub(super) fn not_asked() -> Found {
    let message = "interrupted before Box said whose account this is".to_owned();
    Found { account: None, warnings: vec![Warning { code: "account_not_asked", message }] }
}

/// An answer that is waited for while rclone is at work.
pub(super) struct Asked(Option<Receiver<Found>>);

/// Asks beside whatever comes next, if the token that is there already is good for it.
pub(super) fn ask(section: &Section) -> Asked {
    let lives = |token: &Token| token.expiry().is_some_and(|end| end > Timestamp::now());
    if !section.token().as_ref().is_some_and(lives) {
        return Asked(None);
    }
    let (sender, answer) = mpsc::channel();
    let section = section.clone();
    std::thread::spawn(move || sender.send(who(&section).unwrap_or_default()));
    Asked(Some(answer))
}

impl Asked {
    /// Asks once more, with the token that `section` has now, where there was no answer.
    pub(super) fn answer(self, section: &Section) -> Result<Found> {
        match self.0.and_then(|answer| answer.recv().ok()) {
            Some(found) if found.account.is_some() => Ok(found),
            _ => who(section),
        }
    }
}

fn warnings(account: &Account) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |code, message| found.push(Warning { code, message });
    if let (Some(space), Some(used)) = (account.space_amount, account.space_used) {
        let left = space.saturating_sub(used);
        if left < GIB || left < space / 20 {
            warn(
                "account_nearly_full",
                format!("the Box account has only {} left; files in the trash count too", size(left)),
            );
        }
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

#[cfg(test)]
mod tests {
    use super::warnings;
    use crate::box_api::Account;

    fn account(space: u64, used: u64, most: u64, login: &str) -> Account {
        Account {
            id: "1".into(),
            name: "A".into(),
            login: login.into(),
            space_amount: Some(space),
            space_used: Some(used),
            max_upload_size: Some(most),
            ..Account::default()
        }
    }

    #[test]
    fn what_is_too_small_for_backups_is_pointed_out() {
        let codes = |account: Account| warnings(&account).into_iter().map(|warning| warning.code).collect::<Vec<_>>();
        assert!(codes(account(1 << 40, 0, 5 << 30, "a@b.c")).is_empty());
        assert_eq!(codes(account(10 << 30, 10 << 30, 5 << 30, "a@b.c")), ["account_nearly_full"]);
        assert_eq!(codes(account(1 << 40, 0, 1 << 20, "a@b.c")), ["small_file_limit"]);
        assert_eq!(
            codes(account(10 << 30, 0, 5 << 30, "AutomationUser_1_x@boxdevedition.com")),
            ["service_account_space"]
        );
    }
}
