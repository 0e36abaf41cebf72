//! `pluton storage remove`: takes a storage out of rclone.conf, and with `--revoke` ends its sign-in at Box.

use std::time::Duration;

use super::pick;
use super::references::{heirs, references};
use super::refresh::{self, lock};
use super::show::require_box;
use crate::box_api;
use crate::cli::Remove;
use crate::config::document::Document;
use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::secret::{Secret, scrub};
use crate::signals;
use crate::storage::jwt::JwtFile;
use crate::storage::section::Section;
use crate::storage::sign_in::{App, Kind};
use crate::ui::prompt;
use crate::ui::report::{Removed, Report, StorageResult, Warning};

const REVOKE_LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(context: &Context, flags: &Remove) -> Result<Report> {
    let file = context.config_file()?;
    let names = named(context, &file, flags)?;
    let document = file.read()?;
    let mut going = Vec::new();
    for name in &names {
        let dependents = dependents(&document, name, &names);
        if !dependents.is_empty() && !flags.force {
            let message = format!("other remotes refer to {name:?}: {}", dependents.join(", "));
            return Err(Error::new(Code::InvalidValue, message)
                .responsible(Who::You)
                .hint("remove those first, or this one all the same with --force"));
        }
        going.push((name, dependents));
    }
    let agreed = flags.yes || agrees(context, &file, &names)?;
    let remove = |(name, dependents): (&String, Vec<String>)| {
        if !agreed {
            return Ok(Removed { outcome: "not_removed", ..gone(name, Vec::new()) });
        }
        signals::check()?;
        one(&file, name, flags.revoke).map(|gone| Removed { references: dependents, ..gone })
    };
    if names.len() == 1 {
        let gone = going.into_iter().next().map(remove).ok_or_else(Error::interrupted)??;
        warn(context, &gone.warnings);
        return Ok(Report::Removed(gone));
    }
    let removed = going.into_iter().map(|(name, dependents)| match remove((name, dependents)) {
        Ok(gone) => {
            warn(context, &gone.warnings);
            StorageResult { warnings: gone.warnings, revoked: gone.revoked, ..StorageResult::good(name, gone.outcome) }
        }
        Err(error) => StorageResult::failed(name, error),
    });
    Ok(Report::Results { storages: removed.collect() })
}

/// Each name once. With `--yes` nothing is asked, so none is chosen either.
fn named(context: &Context, file: &ConfigFile, flags: &Remove) -> Result<Vec<String>> {
    let usage = "pluton storage remove NAME";
    if flags.names.is_empty() {
        let chosen = if flags.yes { Err(pick::missing(usage)) } else { pick::one(context, file, None, usage) };
        return Ok(vec![chosen?]);
    }
    let document = file.read()?;
    let mut names: Vec<String> = Vec::new();
    for name in &flags.names {
        require_box(&document, name)?;
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

/// Remotes that stay, and refer to `name`.
fn dependents(document: &Document, name: &str, going: &[String]) -> Vec<String> {
    let referring = references(document, name, name).into_iter().map(|(section, ..)| section);
    let mut dependents: Vec<String> =
        referring.chain(heirs(document, name)).filter(|section| !going.contains(section)).collect();
    dependents.dedup();
    dependents
}

fn agrees(context: &Context, file: &ConfigFile, names: &[String]) -> Result<bool> {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    let quoted = quoted.join(", ");
    if !context.terminal.asks {
        return Err(Error::new(Code::InputRequired, format!("really remove {quoted}?"))
            .responsible(Who::You)
            .hint("say so with --yes"));
    }
    prompt::yes(&format!("Remove {quoted} from {}?", config::shown(file.path())))
}

fn one(file: &ConfigFile, name: &str, ends_sign_in: bool) -> Result<Removed> {
    let (_lock, section) = lock(file, name)?;
    let mut warnings = Vec::new();
    let revoked = ends_sign_in.then(|| revoke(&section, &mut warnings)).transpose()?;
    file.remove(name)?;
    Ok(Removed { revoked, warnings, ..gone(name, Vec::new()) })
}

fn warn(context: &Context, warnings: &[Warning]) {
    for warning in warnings {
        context.terminal.warn(&warning.message);
    }
}

fn gone(name: &str, references: Vec<String>) -> Removed {
    Removed {
        outcome: "removed",
        name: name.to_owned(),
        new_name: None,
        references,
        revoked: None,
        warnings: Vec::new(),
    }
}

/// A sign-in that cannot be ended from here ends by itself; the section goes in any case.
fn revoke(section: &Section, warnings: &mut Vec<Warning>) -> Result<bool> {
    let refused = match app(section) {
        Err(why) => why.to_owned(),
        Ok(app) => {
            let token = section.token();
            let Some(token) = token.map(|token| token.refresh_token().unwrap_or_else(|| token.access_token())) else {
                // Nothing was ever given out.
                return Ok(true);
            };
            match box_api::revoke(&app, &token, REVOKE_LIMIT)? {
                Ok(()) => return Ok(true),
                Err(refused) => scrub(&refused.0, &[section.secrets(), vec![app.client_secret, token]].concat()),
            }
        }
    };
    let by_hand = match section.kind() {
        Kind::Quick | Kind::OwnApp => "end it at Box: Account Settings, Integrations",
        Kind::Jwt | Kind::ClientCredentials | Kind::AccessToken => "it ends by itself within 60 minutes",
    };
    warnings.push(Warning {
        code: "not_revoked",
        message: format!("the sign-in was not ended at Box: {refused}; {by_hand}"),
    });
    Ok(false)
}

/// The app that the token was made for: Box wants its secret to end a sign-in.
fn app(section: &Section) -> Result<App, &'static str> {
    match section.kind() {
        Kind::Quick => Err("Box asks for the app's client secret, and that of quick connect is rclone's own"),
        Kind::AccessToken => Err("Box asks for the app's client secret, which is not in rclone.conf"),
        Kind::OwnApp | Kind::ClientCredentials => {
            refresh::app(section).ok_or("Box asks for the app's client secret, which is not in rclone.conf")
        }
        Kind::Jwt => {
            let path = section.get("box_config_file").ok_or("the app's config.json is not in a file")?;
            let text =
                std::fs::read_to_string(path).map(Secret::new).map_err(|_| "the app's config.json cannot be read")?;
            let file = JwtFile::parse(&text).map_err(|_| "the app's config.json cannot be read")?;
            Ok(App { client_id: file.client_id, client_secret: file.client_secret })
        }
    }
}
