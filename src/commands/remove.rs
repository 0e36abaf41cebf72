//! `pluton storage remove`: removes storages from rclone.conf, and with `--revoke` revokes their sign-ins at Box.

use super::pick;
use super::refresh::lock;
use super::rename::references;
use crate::box_api;
use crate::cli::Remove;
use crate::config::document::Document;
use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::secret::scrub;
use crate::signals;
use crate::storage::section::Section;
use crate::storage::sign_in::{App, Kind};
use crate::ui::prompt;
use crate::ui::report::{Outcome, Removed, Report, StorageResult, Warning};

pub(super) fn run(context: &Context, flags: &Remove) -> Result<Report> {
    let file = context.config_file()?;
    let usage = "pluton storage remove NAME";
    if flags.yes && flags.names.is_empty() {
        // Without prompts there is no list to choose from either.
        return Err(pick::missing(usage));
    }
    let names = pick::several(context, &file, &flags.names, usage)?;
    let document = file.read()?;
    for name in &names {
        let references = dependents(&document, name, &names);
        if !references.is_empty() && !flags.force {
            let message = format!("other remotes refer to {name:?}: {}", references.join(", "));
            return Err(
                Error::new(Code::InvalidValue, message).hint("remove those first, or add --force to remove it anyway")
            );
        }
    }
    let agreed = flags.yes || agrees(context, &file, &names)?;
    let remove = |name: &String| {
        if !agreed {
            return Ok::<_, Error>((Outcome::NotRemoved, None, Vec::new()));
        }
        signals::check()?;
        let (_lock, section) = lock(&file, name)?;
        let warning = if flags.revoke { revoke(&section)? } else { None };
        file.remove(name)?;
        let revoked = flags.revoke.then_some(warning.is_none());
        Ok((Outcome::Removed, revoked, warning.into_iter().collect()))
    };
    if let [name] = names.as_slice() {
        let (outcome, revoked, warnings) = remove(name)?;
        let references = dependents(&document, name, &names);
        let name = name.clone();
        return Ok(Report::Removed(Removed { outcome, name, new_name: None, references, revoked, warnings }));
    }
    let of_several = |name: &String| {
        let (outcome, revoked, warnings) = remove(name)?;
        Ok(StorageResult { revoked, warnings, ..StorageResult::good(name, outcome) })
    };
    Ok(Report::Results { storages: names.iter().map(|name| StorageResult::of(name, of_several(name))).collect() })
}

/// Remaining remotes that refer to `name`.
fn dependents(document: &Document, name: &str, going: &[String]) -> Vec<String> {
    let referring = references(document, name, name).into_iter().map(|(section, ..)| section);
    let mut dependents: Vec<String> =
        referring.chain(config::heirs(document, name)).filter(|section| !going.contains(section)).collect();
    dependents.dedup();
    dependents
}

fn agrees(context: &Context, file: &ConfigFile, names: &[String]) -> Result<bool> {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    let quoted = quoted.join(", ");
    if !context.terminal.asks {
        return Err(Error::new(Code::InputRequired, format!("{quoted} not removed; add --yes to confirm")));
    }
    prompt::yes(&format!("Remove {quoted} from {}?", config::shown(file.path())))
}

/// Why the sign-in could not be revoked. It then expires by itself; the section goes in any case.
fn revoke(section: &Section) -> Result<Option<Warning>> {
    let refused = match app(section) {
        Err(why) => why.to_owned(),
        Ok(app) => {
            let token = section.token();
            let Some(token) = token.map(|token| token.refresh_token().unwrap_or_else(|| token.access_token())) else {
                // Box never issued one.
                return Ok(None);
            };
            match box_api::revoke(&app, &token)? {
                Ok(()) => return Ok(None),
                Err(refused) => scrub(&refused.0, &[section.secrets(), vec![app.client_secret, token]].concat()),
            }
        }
    };
    let by_hand = match section.kind() {
        Kind::Quick | Kind::OwnApp => "revoke it at Box: Account Settings > Integrations",
        Kind::Jwt | Kind::ClientCredentials | Kind::AccessToken => "it expires within 60 minutes",
    };
    let message = format!("the sign-in could not be revoked at Box: {refused}; {by_hand}");
    Ok(Some(Warning { code: "not_revoked", message }))
}

const NO_SECRET: &str = "Box requires the app's client secret, which is not in rclone.conf";

/// The app that the token was made for: Box wants its secret to revoke one.
fn app(section: &Section) -> Result<App, &'static str> {
    match section.kind() {
        Kind::Quick => Err("Box requires the app's client secret, and that of quick connect is rclone's own"),
        Kind::AccessToken => Err(NO_SECRET),
        Kind::OwnApp | Kind::ClientCredentials => section.own_app().ok_or(NO_SECRET),
        Kind::Jwt => {
            let file = section.app_file().and_then(|text| App::in_jwt_file(&text).ok());
            file.ok_or("the app's config.json cannot be read")
        }
    }
}
