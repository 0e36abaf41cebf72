//! Each Box storage by itself: keys that are missing or contradict each other, tokens that are over, files that are gone.

use std::path::Path;

use jiff::Timestamp;

use super::shared_tokens;
use crate::commands::account;
use crate::commands::for_each::{boxes, in_parallel};
use crate::config::document::Document;
use crate::config::{self, ConfigFile};
use crate::error::Remedy;
use crate::rclone::Version;
use crate::scrub::clean;
use crate::secret::Secret;
use crate::storage::jwt::JwtFile;
use crate::storage::options::SPECS;
use crate::storage::section::Section;
use crate::storage::sign_in::{Kind, Lasting};
use crate::storage::token::Token;
use crate::ui::report::{Finding, Level};

/// How many accounts are asked for at a time.
const JOBS: usize = 16;

pub(super) fn look(document: &Document, rclone: Option<Version>, others: &[ConfigFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut can_renew = false;
    let mut seen = shared_tokens::elsewhere(others);
    for name in boxes(document) {
        let section = match Section::read(document, &name) {
            Ok(section) => section,
            Err(error) => {
                findings.push(Finding::from_error(&name, error));
                continue;
            }
        };
        let mut own = keys(&section);
        own.extend(options(&section, rclone));
        own.extend(token(&section));
        own.extend(shared_tokens::look(&section, &mut seen));
        if own.is_empty() {
            own.push(Finding::good(&name, format!("{}, no problem found in rclone.conf", section.kind().name())));
        }
        can_renew |= section.lasting() != Lasting::Ends;
        findings.extend(own);
    }
    if can_renew {
        findings.push(
            Finding::new(Level::NotTested, "renewal", "not tested: whether Box renews the sign-ins")
                .hint_run("pluton storage verify --all --renew"),
        );
    }
    findings
}

/// Accounts that are nearly full, as far as a token that is there tells.
pub(super) fn space(document: &Document) -> Vec<Finding> {
    let names = boxes(document);
    let found =
        in_parallel(&names, JOBS, |name| Section::read(document, name).and_then(|section| account::who(&section)));
    let mut findings = Vec::new();
    for (name, found) in names.iter().zip(found) {
        let warnings = found.map(|found| found.warnings).unwrap_or_default();
        let full = warnings.into_iter().filter(|warning| warning.code == account::NEARLY_FULL);
        findings.extend(full.map(|warning| Finding::odd(name, warning.message)));
    }
    findings
}

fn keys(section: &Section) -> Vec<Finding> {
    let (name, has) = (section.name(), |key: &str| section.has(key));
    let mut findings = Vec::new();
    if has("client_id") != has("client_secret") {
        let (there, gone) =
            if has("client_id") { ("client_id", "client_secret") } else { ("client_secret", "client_id") };
        findings.push(
            Finding::bad(name, format!("it has a {there} but no {gone}, so its sign-in cannot be renewed"))
                .hint(again(name)),
        );
    }
    match section.kind() {
        Kind::Jwt => findings.extend(jwt(section)),
        Kind::ClientCredentials if !has("box_subject_type") || !has("box_subject_id") => findings.push(
            Finding::bad(name, "client credentials without a subject: Box demands one, and rclone never sends it")
                .hint_run(format!(
                    "pluton storage authorize {name:?} --client-credentials --box-subject enterprise:ID"
                )),
        ),
        Kind::AccessToken => {
            findings.push(
                Finding::odd(name, "an access token ends after 60 minutes and cannot be renewed").hint(again(name)),
            );
            if has("token") || has("box_config_file") {
                findings.push(Finding::odd(name, "its access_token hides its other sign-in").hint(again(name)));
            }
        }
        _ => {}
    }
    findings
}

fn jwt(section: &Section) -> Vec<Finding> {
    let name = section.name();
    let mut findings = Vec::new();
    if section.get(crate::storage::options::BOX_SUB_TYPE).is_none_or(|kind| kind == "user") {
        findings.push(
            Finding::odd(name, "box_sub_type is user, which is wrong for a service account")
                .hint_run(format!("pluton storage edit {name:?} --box-sub-type enterprise")),
        );
    }
    let Some(path) = section.get("box_config_file") else { return findings };
    if !Path::new(path).is_absolute() {
        findings.push(
            Finding::bad(name, format!("box_config_file is no absolute path: {}", clean(path)))
                .hint_run(format!("pluton storage authorize {name:?} --box-config-file PATH")),
        );
    }
    match std::fs::read_to_string(path).map(Secret::new) {
        Err(cause) => findings.push(
            Finding::bad(name, format!("{} cannot be read: {cause}", clean(path)))
                .hint_run(format!("pluton storage authorize {name:?} --box-config-file PATH")),
        ),
        Ok(text) => {
            if let Err(why) = JwtFile::parse(&text) {
                findings.push(Finding::bad(name, format!("{} is not a Box app's config.json: {why}", clean(path))));
            }
            if config::is_open_to_others(Path::new(path)) {
                findings.push(
                    Finding::odd(name, format!("other users of this machine can read the key in {}", clean(path)))
                        .hint_run(format!("chmod 600 '{}'", clean(path))),
                );
            }
        }
    }
    findings
}

fn options(section: &Section, rclone: Option<Version>) -> Vec<Finding> {
    let name = section.name();
    let mut findings = Vec::new();
    for spec in &SPECS {
        let Some(value) = section.get(spec.key) else { continue };
        if let Err(error) = spec.check(value) {
            findings.push(
                Finding::bad(name, clean(&error.message))
                    .hint_run(format!("pluton storage edit {name:?} --unset {}", spec.key)),
            );
        }
        let Some((since, version)) = spec.since.zip(rclone) else { continue };
        if (version.0, version.1) < since {
            findings.push(
                Finding::odd(name, format!("rclone {version} ignores {}; it needs {}.{}", spec.key, since.0, since.1))
                    .hint("install a newer one: https://rclone.org/install/"),
            );
        }
    }
    findings
}

fn token(section: &Section) -> Option<Finding> {
    let (name, kind) = (section.name(), section.kind());
    if kind == Kind::AccessToken {
        return None;
    }
    let unattended = matches!(kind, Kind::Jwt | Kind::ClientCredentials);
    let renew = Remedy::run(format!("pluton storage refresh {name:?}"));
    let Some(text) = section.secret("token") else {
        let next = if unattended { renew } else { again(name) };
        return Some(Finding::bad(name, "it has no token").hint(next));
    };
    let token = match Token::find(text.expose()) {
        Ok(token) => token,
        Err(why) => return Some(Finding::bad(name, format!("its token cannot be read: {why}")).hint(again(name))),
    };
    let now = Timestamp::now();
    let is_over = token.expiry().is_some_and(|end| end <= now);
    match (unattended, token.is_renewable()) {
        (true, _) if is_over => {
            Some(Finding::odd(name, "its token is over, and rclone cannot renew it by itself").hint(renew))
        }
        (false, false) => Some(
            Finding::bad(name, "its token has no refresh token: it ends within 60 minutes of its making")
                .hint(again(name)),
        ),
        (false, true) if token.sign_in_expiry().is_some_and(|end| end <= now) => {
            Some(Finding::bad(name, "nobody used it for 60 days, so Box has ended its sign-in").hint(again(name)))
        }
        _ => None,
    }
}

pub(super) fn again(name: &str) -> Remedy {
    Remedy::run(format!("pluton storage authorize {name:?}"))
}
