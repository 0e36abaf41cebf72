//! `pluton storage show NAME` and `pluton storage list`: what rclone.conf says of one storage and of all. Starts no rclone.

use std::path::Path;

use super::{account, pick};
use crate::cli::Show;
use crate::config::document::Document;
use crate::context::Context;
use crate::error::Result;
use crate::storage::section::Section;
use crate::storage::sign_in::Kind;
use crate::storage::token::Token;
use crate::ui::report::{Report, Storage, TokenState};

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

pub(super) fn run(context: &Context, flags: &Show) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage show NAME")?;
    let document = file.read()?;
    let hidden = (!flags.reveal).then_some("(hidden; --reveal shows it)");
    let mut storage = describe(&document, &name, file.path(), hidden);
    let mut warnings = Vec::new();
    if !flags.offline {
        let section = Section::read(&document, &name)?;
        let _spinner = context.terminal.wait("asking Box whose account it is");
        let found = account::who(&section)?;
        (storage.account, warnings) = (found.account, found.warnings);
    }
    Ok(Report::Show { storage: Box::new(storage), warnings })
}

/// `hidden` stands in the place of each secret, if they are not to be shown.
pub(super) fn describe(document: &Document, name: &str, path: &Path, hidden: Option<&str>) -> Storage {
    let token = Token::in_section(document, name);
    let options = document
        .entries(name)
        .into_iter()
        .filter(|(key, value)| key != "type" && !value.is_empty())
        .map(|(key, value)| {
            let value = hidden.filter(|_| Section::is_secret(&key)).unwrap_or(value.expose()).to_owned();
            (key, value)
        })
        .collect();
    Storage {
        name: name.to_owned(),
        provider: "box",
        sign_in: Kind::of(|key| document.get(name, key)),
        rclone_config: path.to_owned(),
        options,
        token: token.as_ref().map(state),
        account: None,
        root_folder: None,
    }
}

pub(super) fn state(token: &Token) -> TokenState {
    TokenState {
        renewable: token.is_renewable(),
        access_token_expires: token.expiry(),
        sign_in_expires: token.sign_in_expiry(),
    }
}

pub(super) fn list(context: &Context) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    let rclone_config = file.path().to_owned();
    let names = document.sections_of_type("box").into_iter();
    let storages = names.map(|name| describe(&document, name, &rclone_config, Some(HIDDEN))).collect();
    Ok(Report::List { rclone_config, storages })
}
