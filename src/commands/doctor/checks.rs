//! The checks of `pluton doctor`. Each examines one part and changes nothing; a check that passes is reported too.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::box_api::{self, Refused};
use crate::commands::pick::boxes;
use crate::commands::timer::{Installed, Renewal};
use crate::commands::{account, in_parallel};
use crate::config::document::Document;
use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::diagnosis::{self, Doing, Evidence, Operation};
use crate::error::{Remedy, Result};
use crate::rclone::{OLDEST, Version, variables_of_sections};
use crate::secret::{Secret, clean, scrub};
use crate::storage::options::{BOX_SUB_TYPE, SPECS};
use crate::storage::section::Section;
use crate::storage::sign_in::{App, Kind, Renewer};
use crate::storage::token::Token;
use crate::ui::report::{Finding, Level};

/// The port of rclone's own redirect address.
const PORT: u16 = 53682;
/// The last one is for downloads only: without it backups pass and restores fail.
const HOSTS: [&str; 5] = ["api.box.com", "upload.box.com", "account.box.com", "app.box.com", "dl.boxcloud.com"];
const NETWORK_LIMIT: Duration = Duration::from_secs(8);
/// Box gives a JWT 60 seconds; rclone's own lives 45.
const SKEW: i64 = 10;
/// How many accounts are asked about at a time.
const JOBS: usize = 16;
const NEWER_RCLONE: &str = "install a newer one: https://rclone.org/install/";

/// What is checked.
pub(super) struct Subject<'a> {
    context: &'a Context,
    offline: bool,
    /// Where rclone is.
    rclone: Result<(String, Version)>,
    config: Result<(ConfigFile, Document)>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(context: &'a Context, offline: bool) -> Self {
        let rclone = context.rclone(None).and_then(|rclone| {
            let rclone = rclone.without_spinner();
            Ok((config::shown(rclone.program()), rclone.version()?))
        });
        let config = context.config_file().and_then(|file| {
            let document = if file.exists() { file.read()? } else { Document::default() };
            Ok((file, document))
        });
        Self { context, offline, rclone, config }
    }
}

type Check = fn(&Subject<'_>) -> Vec<Finding>;

/// In the order in which their findings are shown.
pub(super) const ALL: [Check; 8] = [rclone, variables, config_file, state, port, network, storages, timers];

fn rclone(subject: &Subject<'_>) -> Vec<Finding> {
    const ABOUT: &str = "rclone";
    let (place, version) = match &subject.rclone {
        Ok((place, version)) => (place, *version),
        Err(error) => return vec![Finding::from_error(ABOUT, error)],
    };
    vec![match version {
        _ if version < OLDEST => {
            Finding::error(ABOUT, format!("{place} is {version}; Pluton needs {OLDEST} or newer")).hint(NEWER_RCLONE)
        }
        Version(1, 63, 0) => {
            Finding::error(ABOUT, "1.63.0 cannot sign in service accounts (JWT)").hint("install 1.63.1 or newer")
        }
        _ => Finding::good(ABOUT, format!("{place}, version {version}")),
    }]
}

/// Variables that rclone uses instead of a section's keys. Names only: values may be secrets.
fn variables(_: &Subject<'_>) -> Vec<Finding> {
    let warning = |name: &String| {
        let message = format!("{name} is set: rclone uses it instead of what rclone.conf says");
        Finding::warning("environment", message).hint_run(format!("unset {name}"))
    };
    variables_of_sections().iter().map(warning).collect()
}

/// rclone.conf itself: which one and why, who can read it, whether it can be written, and leftover files.
fn config_file(subject: &Subject<'_>) -> Vec<Finding> {
    const ABOUT: &str = "rclone.conf";
    let file = match &subject.config {
        Ok((file, _)) => file,
        Err(error) => return vec![Finding::from_error(ABOUT, error)],
    };
    let place = config::shown(file.path());
    let why = subject.context.why_this_config();
    if !file.exists() {
        return vec![Finding::good(ABOUT, format!("does not exist yet; {place} would be created ({why})"))];
    }
    let encrypted = if file.is_encrypted() { ", encrypted" } else { "" };
    let mut findings = vec![Finding::good(ABOUT, format!("{place} ({why}{encrypted})"))];
    if file.is_open_to_others() {
        let message = "other users of this machine can read the secrets in it";
        let chmod = format!("chmod 600 {place}");
        findings.push(Finding::warning(ABOUT, message).hint_run(chmod).hint_run("pluton doctor --fix"));
    }
    if let Some(owner) = file.foreign_owner() {
        let message = format!("it belongs to another user (ID {owner}), so new tokens may not be saved");
        findings.push(Finding::warning(ABOUT, message).hint_run(format!("sudo chown \"$(id -u)\" {place}")));
    }
    if let Err(error) = file.try_replacing() {
        let message = "it cannot be replaced, so rclone cannot save a renewed token and the sign-in is lost";
        let finding = Finding { message: message.to_owned(), ..Finding::from_error(ABOUT, &error) };
        findings.push(finding.hint("run backups through `pluton run`, with a service account"));
    }
    for (left, is_spare) in file.leftovers() {
        let message = format!("{} was left behind by a run that was killed while saving", config::shown(&left));
        let finding = Finding::warning(ABOUT, message);
        findings.push(if is_spare {
            finding.hint_run("pluton doctor --fix")
        } else {
            let text = "if no rclone is running now, compare it with rclone.conf, then";
            finding.hint_command(text, format!("rm '{}'", left.display()))
        });
    }
    findings
}

/// What runs that were killed left in Pluton's own directory, and who owns that.
fn state(subject: &Subject<'_>) -> Vec<Finding> {
    const ABOUT: &str = "pluton";
    let foreign = config::foreign();
    let foreign = foreign.first().map(|path| {
        let message = format!("{} belongs to another user, so sign-ins may not be renewed", config::shown(path));
        Finding::error(ABOUT, message).hint(config::give_back())
    });
    let copy = |copy: &std::path::PathBuf| {
        let place = config::shown(copy);
        let message = format!("{place} is a private copy of an rclone.conf, left behind by a run that was killed");
        Finding::warning(ABOUT, message).hint_run("pluton doctor --fix").hint_run("pluton storage refresh --all").hint(
            "where rclone.conf cannot be written, use `pluton run`: it saves the tokens renewed in the copy, and removes it",
        )
    };
    let document = subject.config.as_ref().ok().map(|(_, document)| document);
    let orphans = document.map(config::orphans_now).unwrap_or_default();
    let orphan = |orphan: &config::OrphanedSignIn| {
        let message = format!("an interrupted sign-in for {:?} can still be used", orphan.name);
        Finding::warning("rclone.conf", message).hint_run(format!(
            "pluton storage add box {:?} --token-file '{}'",
            orphan.name,
            orphan.file.display()
        ))
    };
    foreign.into_iter().chain(config::left_copies().iter().map(copy)).chain(orphans.iter().map(orphan)).collect()
}

fn port(_: &Subject<'_>) -> Vec<Finding> {
    const ABOUT: &str = "browser sign-in";
    if TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).is_ok() {
        return vec![Finding::good(ABOUT, format!("port {PORT} is free"))];
    }
    let message = format!("port {PORT} is in use by another program, so you cannot sign in through a browser here");
    vec![
        Finding::warning(ABOUT, message)
            .hint("stop any other `rclone authorize` or `rclone config` on this machine")
            .hint_command("see which program it is", format!("ss -ltnp 'sport = :{PORT}'")),
    ]
}

/// Whether Box can be reached by name, through the proxy, with a trusted certificate; and the difference of the clocks.
fn network(subject: &Subject<'_>) -> Vec<Finding> {
    const ABOUT: &str = "network";
    if subject.offline {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut offset = None;
    let answers = in_parallel(&HOSTS, HOSTS.len(), |host| box_api::reach(host, NETWORK_LIMIT));
    for (host, answer) in HOSTS.iter().zip(answers) {
        findings.push(match answer {
            Ok(Ok(skew)) => {
                offset = offset.or(skew);
                Finding::good(ABOUT, format!("{host} answers"))
            }
            Ok(Err(refused)) => unreachable(host, &refused),
            Err(error) => Finding::from_error(ABOUT, &error),
        });
    }
    findings.extend(offset.map(clock));
    findings
}

fn unreachable(host: &str, refused: &Refused) -> Finding {
    let operation = Operation::new(Doing::Listing, host, Kind::Quick);
    let shown = scrub(&refused.0, &[]);
    let error = diagnosis::diagnose(&operation, &Evidence::answer(&refused.0, &shown));
    let message = format!("{host}: {} ({})", error.message, error.detail.as_deref().unwrap_or_default());
    let finding = Finding { message, ..Finding::from_error("network", &error) };
    if host.ends_with("boxcloud.com") {
        finding.hint("backups work without it, but restores fail: have *.boxcloud.com allowed on port 443")
    } else {
        finding
    }
}

/// `offset`: how many seconds this machine is behind Box.
fn clock(offset: i64) -> Finding {
    if offset.abs() <= SKEW {
        return Finding::good("clock", "agrees with Box's");
    }
    let way = if offset > 0 { "behind" } else { "ahead of" };
    let message =
        format!("this machine's clock is {} seconds {way} Box's; service accounts cannot sign in", offset.abs());
    Finding::error("clock", message).hint_run("timedatectl set-ntp true")
}

/// Each Box storage: whether it shares its token with another, and how full its account is.
fn storages(subject: &Subject<'_>) -> Vec<Finding> {
    let Ok((_, document)) = &subject.config else { return Vec::new() };
    let version = subject.rclone.as_ref().ok().map(|(_, version)| *version);
    let names = boxes(document);
    let spaces = in_parallel(&names, JOBS, |name| if subject.offline { None } else { space(document, name) });
    let mut seen = tokens_elsewhere(&subject.context.other_config_files());
    let mut findings = Vec::new();
    let mut can_renew = false;
    for (name, space) in names.iter().zip(spaces) {
        let section = match Section::read(document, name) {
            Ok(section) => section,
            Err(error) => {
                findings.push(Finding::from_error(name, &error));
                continue;
            }
        };
        let mut own = keys(&section);
        own.extend(options(&section, version));
        own.extend(token(&section));
        own.extend(shared(&section, &mut seen));
        if own.is_empty() {
            own.push(Finding::good(name, format!("{}, no problem found in rclone.conf", section.kind().name())));
        }
        findings.extend(own.into_iter().chain(space));
        can_renew |= section.renewer() != Renewer::Nobody;
    }
    if can_renew {
        let message = "not tested: whether Box renews the sign-ins";
        let finding = Finding::new(Level::NotTested, "renewal", message);
        findings.push(finding.hint_run("pluton storage verify --all --renew"));
    }
    findings
}

/// Whether the account is nearly full, if a valid token can tell.
fn space(document: &Document, name: &str) -> Option<Finding> {
    let found = Section::read(document, name).and_then(|section| account::who(&section)).ok()?;
    let full = found.warnings.into_iter().find(|warning| warning.code == account::NEARLY_FULL)?;
    Some(Finding::warning(name, full.message))
}

fn keys(section: &Section) -> Vec<Finding> {
    let (name, has) = (section.name(), |key: &str| section.has(key));
    let mut findings = Vec::new();
    let halves = [("client_id", "client_secret"), ("client_secret", "client_id")];
    if let Some((there, gone)) = halves.into_iter().find(|(there, gone)| has(there) && !has(gone)) {
        let message = format!("it has a {there} but no {gone}, so its sign-in cannot be renewed");
        findings.push(Finding::error(name, message).hint(sign_in_again(name)));
    }
    match section.kind() {
        Kind::Jwt => findings.extend(service_account(section)),
        Kind::ClientCredentials if !has("box_subject_type") || !has("box_subject_id") => findings.push(
            Finding::error(name, "client credentials without a subject: Box requires one, and rclone never sends it")
                .hint_run(format!(
                    "pluton storage authorize {name:?} --client-credentials --box-subject enterprise:ID"
                )),
        ),
        Kind::AccessToken => {
            let message = "an access token expires after 60 minutes and cannot be renewed";
            findings.push(Finding::warning(name, message).hint(sign_in_again(name)));
            if has("token") || has("box_config_file") {
                let message = "its access_token overrides its other sign-in";
                findings.push(Finding::warning(name, message).hint(sign_in_again(name)));
            }
        }
        _ => {}
    }
    findings
}

/// The config.json of the app, with its private key.
fn service_account(section: &Section) -> Vec<Finding> {
    let name = section.name();
    let mut findings = Vec::new();
    if section.get(BOX_SUB_TYPE).is_none_or(|kind| kind == "user") {
        let message = "box_sub_type is user, which is wrong for a service account";
        let hint = format!("pluton storage edit {name:?} --box-sub-type enterprise");
        findings.push(Finding::warning(name, message).hint_run(hint));
    }
    let Some(path) = section.get("box_config_file") else { return findings };
    let (file, shown) = (Path::new(path), clean(path));
    let other_file = format!("pluton storage authorize {name:?} --box-config-file PATH");
    if !file.is_absolute() {
        let message = format!("box_config_file is not an absolute path: {shown}");
        findings.push(Finding::error(name, message).hint_run(&other_file));
    }
    match std::fs::read_to_string(file).map(Secret::new) {
        Err(cause) => {
            findings.push(Finding::error(name, format!("{shown} cannot be read: {cause}")).hint_run(other_file));
        }
        Ok(text) => {
            if let Err(why) = App::in_jwt_file(&text) {
                findings.push(Finding::error(name, format!("{shown} is not a Box app's config.json: {why}")));
            }
            if config::is_open_to_others(file) {
                let message = format!("other users of this machine can read the key in {shown}");
                findings.push(Finding::warning(name, message).hint_run(format!("chmod 600 '{shown}'")));
            }
        }
    }
    findings
}

fn options(section: &Section, rclone: Option<Version>) -> Vec<Finding> {
    let name = section.name();
    let mut findings = Vec::new();
    for (spec, value) in SPECS.iter().filter_map(|spec| Some((spec, section.get(spec.key)?))) {
        if let Err(error) = spec.check(value) {
            let hint = format!("pluton storage edit {name:?} --unset {}", spec.key);
            findings.push(Finding::error(name, clean(&error.message)).hint_run(hint));
        }
        let Some((since, version)) = spec.since.zip(rclone) else { continue };
        if (version.0, version.1) < since {
            let message = format!("rclone {version} ignores {}; it needs {}.{}", spec.key, since.0, since.1);
            findings.push(Finding::warning(name, message).hint(NEWER_RCLONE));
        }
    }
    findings
}

fn token(section: &Section) -> Option<Finding> {
    let (name, renewer) = (section.name(), section.renewer());
    if section.kind() == Kind::AccessToken {
        return None;
    }
    let refresh = Remedy::run(format!("pluton storage refresh {name:?}"));
    let Some(text) = section.secret("token") else {
        let next = if renewer == Renewer::Pluton { refresh } else { sign_in_again(name) };
        return Some(Finding::error(name, "it has no token").hint(next));
    };
    let broken = |message: String| Some(Finding::error(name, message).hint(sign_in_again(name)));
    let token = match Token::find(text.expose()) {
        Ok(token) => token,
        Err(why) => return broken(format!("its token cannot be read: {why}")),
    };
    let is_past = |end: Option<Timestamp>| end.is_some_and(|end| end <= Timestamp::now());
    match renewer {
        Renewer::Pluton if is_past(token.expiry()) => {
            let message = "its token has expired, and rclone cannot renew it by itself";
            Some(Finding::warning(name, message).hint(refresh))
        }
        Renewer::Nobody => {
            broken("its token has no refresh token: it expires within 60 minutes of being created".to_owned())
        }
        Renewer::Rclone if is_past(token.sign_in_expiry()) => {
            broken("its sign-in has expired: it was not used for 60 days".to_owned())
        }
        _ => None,
    }
}

/// The refresh tokens in other files, and where each is. A file that needs a password is skipped.
fn tokens_elsewhere(others: &[ConfigFile]) -> HashMap<String, String> {
    let mut seen = HashMap::new();
    for file in others.iter().filter(|file| !file.is_encrypted()) {
        let Ok(document) = file.read() else { continue };
        for section in boxes(&document).iter().filter_map(|name| Section::read(&document, name).ok()) {
            if let Some(fingerprint) = section.token().and_then(|token| token.fingerprint()) {
                seen.insert(fingerprint, format!("{:?} in {}", section.name(), config::shown(file.path())));
            }
        }
    }
    seen
}

/// A refresh token works once: of two sections that share one, one stops working.
fn shared(section: &Section, seen: &mut HashMap<String, String>) -> Option<Finding> {
    let name = section.name();
    let other = seen.insert(section.token()?.fingerprint()?, format!("{name:?}"))?;
    let message = format!("it shares its refresh token with {other}; the first to renew it invalidates the other");
    Some(Finding::error(name, message).hint(sign_in_again(name)))
}

fn sign_in_again(name: &str) -> Remedy {
    Remedy::run(format!("pluton storage authorize {name:?}"))
}

/// Whether anything renews the storages that rclone cannot renew by itself.
fn timers(subject: &Subject<'_>) -> Vec<Finding> {
    let Ok((file, document)) = &subject.config else { return Vec::new() };
    let mut names = boxes(document);
    names.retain(|name| Section::read(document, name).is_ok_and(|section| section.renewer() == Renewer::Pluton));
    if names.is_empty() {
        return Vec::new();
    }
    let installed = Installed::find();
    let renewal = |name: &String| {
        let why = match installed.renewal(name, file.path()) {
            Renewal::By(place) => return Finding::good(name, format!("renewed by {place}")),
            Renewal::Off(place) => format!(": {place} would, but is not started"),
            Renewal::Nothing => String::new(),
        };
        Finding::warning(name, format!("rclone cannot renew its sign-in, and nothing that renews it was found{why}"))
            .hint_command("install a timer (or see cron, launchd)", "pluton storage refresh --print-timer systemd | sh")
            .hint_command("start every backup with", format!("pluton run {name:?} -- …"))
    };
    let mut findings: Vec<Finding> = names.iter().map(renewal).collect();
    if !installed.unreadable.is_empty() {
        let message = format!("could not be read: {}", installed.unreadable.join(", "));
        findings.push(Finding::new(Level::NotTested, "timers", message));
    }
    findings
}
