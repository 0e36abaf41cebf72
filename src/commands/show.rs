//! `pluton storage show NAME`: what rclone.conf says of one storage.

use std::path::Path;

use super::account;
use super::pick::{self, near};
use crate::cli::Show;
use crate::config::document::Document;
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::secret::{looks_like_token, scrub};
use crate::storage::section::Section;
use crate::storage::sign_in::Kind;
use crate::storage::token::Token;
use crate::ui::report::{Report, Storage, TokenState};

const HIDDEN: &str = "(hidden; --reveal shows it)";

pub(super) fn run(context: &Context, flags: &Show) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage show NAME")?;
    let document = file.read()?;
    let mut storage = describe(&document, &name, file.path(), flags.reveal);
    let mut warnings = Vec::new();
    if !flags.offline {
        let section = Section::read(&document, &name)?;
        let _spinner = context.terminal.wait("asking Box whose account it is");
        let found = account::who(&section)?;
        (storage.account, warnings) = (found.account, found.warnings);
    }
    for warning in &warnings {
        context.terminal.warn(&warning.message);
    }
    Ok(Report::Show { storage: Box::new(storage), warnings })
}

/// Fails where `name` is no Box storage, and names the one that was probably meant.
pub(super) fn require_box(document: &Document, name: &str) -> Result<()> {
    if !document.has(name) && looks_like_token(name) {
        return Err(Error::new(Code::StorageNotFound, "there is no such storage: this looks like a token, not a name")
            .responsible(Who::You)
            .hint_command("see what is there", "pluton storage list"));
    }
    if !document.has(name) {
        let error =
            Error::new(Code::StorageNotFound, format!("there is no storage named {name:?}")).responsible(Who::You);
        let error = match near(document, name) {
            Some(near) if near.to_lowercase() == name.to_lowercase() => {
                error.hint(format!("names are case-sensitive: did you mean {near:?}?"))
            }
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error,
        };
        return Err(error.hint_command("see what is there", "pluton storage list"));
    }
    match document.get(name, "type") {
        Some(kind) if kind.expose() == "box" => Ok(()),
        kind => {
            let kind = kind.map_or_else(|| "none".into(), |kind| kind.expose().to_owned());
            Err(Error::new(Code::NotBox, format!("{name:?} is not a Box storage: its type is {}", scrub(&kind, &[])))
                .responsible(Who::You)
                .hint_command("see what is there", "pluton storage list"))
        }
    }
}

pub(super) fn describe(document: &Document, name: &str, path: &Path, reveal: bool) -> Storage {
    let token = document.get(name, "token").and_then(|text| Token::find(text.expose()).ok());
    let options = document
        .entries(name)
        .into_iter()
        .filter(|(key, value)| key != "type" && !value.is_empty())
        .map(|(key, value)| {
            let value = if Section::is_secret(&key) && !reveal { HIDDEN.into() } else { value.expose().to_owned() };
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
