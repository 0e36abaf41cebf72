//! The checks of `pluton doctor`. Each examines one part and changes nothing; a check that passes is reported too.

use std::collections::HashMap;
use std::net::{self, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::box_api::{self, Refused};
use crate::commands::doctor::Findings;
use crate::commands::pick::boxes;
use crate::commands::timer::Installed;
use crate::commands::{account, in_parallel};
use crate::config::document::Document;
use crate::config::{self, ConfigFile, OrphanedSignIn};
use crate::context::Context;
use crate::diagnosis::{self, Doing, Failure};
use crate::error::{Remedy, Result};
use crate::rclone::{OLDEST, TAKES_ANY_NAME, Version, variables_of_sections};
use crate::secret::{Secret, clean, scrub};
use crate::storage::name::RemoteName;
use crate::storage::options::{BOX_SUB_TYPE, SPECS};
use crate::storage::section::Section;
use crate::storage::sign_in::{App, Kind, Renewer};
use crate::storage::token::Token;
use crate::ui::report::Level;

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

type Check = fn(&Subject<'_>, &mut Findings);

/// In the order in which their findings are shown.
pub(super) const ALL: [Check; 8] = [rclone, variables, config_file, state, port, network, storages, timers];

fn rclone(subject: &Subject<'_>, found: &mut Findings) {
    let found = found.about("rclone");
    match &subject.rclone {
        Err(error) => found.failure(error),
        Ok((place, version)) if *version < OLDEST => {
            found.error(format!("{place} is {version}; Pluton needs {OLDEST} or newer")).hint(NEWER_RCLONE);
        }
        Ok((_, Version(1, 63, 0))) => {
            found.error("1.63.0 cannot sign in service accounts (JWT)").hint("install 1.63.1 or newer");
        }
        Ok((place, version)) => found.good(format!("{place}, version {version}")),
    }
}

/// Variables that rclone uses instead of a section's keys. Names only: values may be secrets.
fn variables(_: &Subject<'_>, found: &mut Findings) {
    for name in variables_of_sections() {
        let message = format!("{name} is set: rclone uses it instead of what rclone.conf says");
        found.about("environment").warning(message).hint_run(format!("unset {name}"));
    }
}

/// rclone.conf itself: which one and why, who can read it, whether it can be written, and leftover files.
fn config_file(subject: &Subject<'_>, found: &mut Findings) {
    let found = found.about("rclone.conf");
    let file = match &subject.config {
        Ok((file, _)) => file,
        Err(error) => return found.failure(error),
    };
    let place = config::shown(file.path());
    let why = subject.context.why_this_config();
    if !file.exists() {
        return found.good(format!("does not exist yet; {place} would be created ({why})"));
    }
    let encrypted = if file.is_encrypted() { ", encrypted" } else { "" };
    found.good(format!("{place} ({why}{encrypted})"));
    if config::is_open_to_others(file.real_path()) {
        let finding = found.warning("other users of this machine can read the secrets in it");
        finding.hint_run(format!("chmod 600 {place}")).hint_run("pluton doctor --fix");
    }
    if let Some(owner) = config::foreign_owner(file.real_path()) {
        let message = format!("it belongs to another user (ID {owner}), so new tokens may not be saved");
        found.warning(message).hint_run(format!("sudo chown \"$(id -u)\" {place}"));
    }
    if let Err(error) = file.try_replacing() {
        found
            .error("it cannot be replaced, so rclone cannot save a renewed token and the sign-in is lost")
            .hints(&error.remedy)
            .hint("run backups through `pluton run`, with a service account");
    }
    for (left, is_spare) in file.leftovers() {
        let message = format!("{} was left behind by a run that was killed while saving", config::shown(&left));
        let finding = found.warning(message);
        if is_spare {
            finding.hint_run("pluton doctor --fix");
        } else {
            let text = "if no rclone is running now, compare it with rclone.conf, then";
            finding.hint_command(text, format!("rm '{}'", left.display()));
        }
    }
}

/// What runs that were killed left in Pluton's own directory, and who owns that.
fn state(subject: &Subject<'_>, found: &mut Findings) {
    found.about("pluton");
    if let Some(path) = config::foreign().first() {
        let message = format!("{} belongs to another user, so sign-ins may not be renewed", config::shown(path));
        found.error(message).hint(config::give_back());
    }
    for copy in config::abandoned_copies() {
        let place = config::shown(&copy);
        found
            .warning(format!("{place} is a private copy of an rclone.conf, left behind by a run that was killed"))
            .hint_run("pluton doctor --fix")
            .hint_run("pluton storage refresh --all")
            .hint("where rclone.conf cannot be written, use `pluton run`: it saves the tokens renewed in the copy, and removes it");
    }
    let Ok((_, document)) = &subject.config else { return };
    for OrphanedSignIn { name, file, .. } in config::orphans_now(document) {
        let finding =
            found.about("rclone.conf").warning(format!("an interrupted sign-in for {name:?} can still be used"));
        finding.hint_run(format!("pluton storage add box {name:?} --token-file '{}'", file.display()));
    }
}

#[expect(clippy::disallowed_types, reason = "takes the port for a moment, to see whether it is free")]
fn port(_: &Subject<'_>, found: &mut Findings) {
    let found = found.about("browser sign-in");
    if net::TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).is_ok() {
        return found.good(format!("port {PORT} is free"));
    }
    found
        .warning(format!("port {PORT} is in use by another program, so you cannot sign in through a browser here"))
        .hint("stop any other `rclone authorize` or `rclone config` on this machine")
        .hint_command("see which program it is", format!("ss -ltnp 'sport = :{PORT}'"));
}

/// Whether Box can be reached by name, through the proxy, with a trusted certificate; and the difference of the clocks.
fn network(subject: &Subject<'_>, found: &mut Findings) {
    if subject.offline {
        return;
    }
    found.about("network");
    let mut offset = None;
    let answers = in_parallel(&HOSTS, HOSTS.len(), |host| box_api::reach(host, NETWORK_LIMIT));
    for (host, answer) in HOSTS.iter().zip(answers) {
        match answer {
            Ok(Ok(skew)) => {
                offset = offset.or(skew);
                found.good(format!("{host} answers"));
            }
            Ok(Err(refused)) => unreachable(host, &refused, found),
            Err(error) => found.failure(&error),
        }
    }
    if let Some(offset) = offset {
        clock(offset, found.about("clock"));
    }
}

fn unreachable(host: &str, refused: &Refused, found: &mut Findings) {
    let shown = scrub(&refused.0, &[]);
    let error = diagnosis::diagnose(&Failure {
        said: &refused.0,
        shown: &shown,
        ..Failure::new(Doing::Listing, host, Kind::Quick)
    });
    let message = format!("{host}: {} ({})", error.message, error.detail.as_deref().unwrap_or_default());
    let is_this = |remedy: &&Remedy| remedy.command.as_deref() == Some("pluton doctor");
    let remedies: Vec<_> = error.remedy.iter().filter(|remedy| !is_this(remedy)).cloned().collect();
    let finding = found.error(message).hints(&remedies);
    if host.ends_with("boxcloud.com") {
        finding.hint("backups work without it, but restores fail: have *.boxcloud.com allowed on port 443");
    }
}

/// `offset`: how many seconds this machine is behind Box.
fn clock(offset: i64, found: &mut Findings) {
    if offset.abs() <= SKEW {
        return found.good("agrees with Box's");
    }
    let (seconds, way) = (offset.abs(), if offset > 0 { "behind" } else { "ahead of" });
    let message = format!("this machine's clock is {seconds} seconds {way} Box's; service accounts cannot sign in");
    found.error(message).hint_run("timedatectl set-ntp true");
}

/// Each Box storage: whether it shares its token with another, and how full its account is.
fn storages(subject: &Subject<'_>, found: &mut Findings) {
    let Ok((_, document)) = &subject.config else { return };
    let version = subject.rclone.as_ref().ok().map(|(_, version)| *version);
    let names = boxes(document);
    let nearly_full =
        in_parallel(&names, JOBS, |name| if subject.offline { None } else { nearly_full(document, name) });
    let mut seen = tokens_elsewhere(&subject.context.other_config_files());
    let mut can_renew = false;
    for (name, nearly_full) in names.iter().zip(nearly_full) {
        let found = found.about(name);
        let section = match Section::read(document, name) {
            Ok(section) => section,
            Err(error) => {
                found.failure(&error);
                continue;
            }
        };
        let before = found.all.len();
        self::name(name, version, found);
        keys(&section, found);
        options(&section, version, found);
        token(&section, found);
        shared(&section, &mut seen, found);
        if found.all.len() == before {
            found.good(format!("{}, no problem found in rclone.conf", section.kind().name()));
        }
        if let Some(message) = nearly_full {
            found.warning(message);
        }
        can_renew |= section.renewer() != Renewer::Nobody;
    }
    if can_renew {
        let finding = found.about("renewal").add(Level::NotTested, "not tested: whether Box renews the sign-ins");
        finding.hint_run("pluton storage verify --all --renew");
    }
}

/// Whether the account is nearly full, if a valid token can tell.
fn nearly_full(document: &Document, name: &str) -> Option<String> {
    let known = Section::read(document, name).and_then(|section| account::who(&section)).ok()?;
    let full = known.warnings.into_iter().find(|warning| warning.code == account::NEARLY_FULL)?;
    Some(full.message)
}

/// Programs other than rclone can write a name into rclone.conf that rclone, or an old rclone, cannot use.
fn name(name: &str, rclone: Option<Version>, found: &mut Findings) {
    let rename = format!("pluton storage rename {name:?} NEW");
    match RemoteName::new(name) {
        Err(error) => {
            found.error(clean(&error.message)).hint_run(rename);
        }
        Ok(valid) => {
            if let Some(version) = rclone.filter(|version| !valid.is_plain() && *version < TAKES_ANY_NAME) {
                let message = format!("rclone {version} does not accept its name; {TAKES_ANY_NAME} does");
                found.error(message).hint(NEWER_RCLONE).hint_run(rename);
            }
        }
    }
}

fn keys(section: &Section, found: &mut Findings) {
    let (name, has) = (section.name(), |key: &str| section.has(key));
    let halves = [("client_id", "client_secret"), ("client_secret", "client_id")];
    if let Some((there, gone)) = halves.into_iter().find(|(there, gone)| has(there) && !has(gone)) {
        let message = format!("it has a {there} but no {gone}, so its sign-in cannot be renewed");
        found.error(message).hint(sign_in_again(name));
    }
    match section.kind() {
        Kind::Jwt => service_account(section, found),
        Kind::ClientCredentials if !has("box_subject_type") || !has("box_subject_id") => {
            let finding =
                found.error("client credentials without a subject: Box requires one, and rclone never sends it");
            finding.hint_run(format!(
                "pluton storage authorize {name:?} --client-credentials --box-subject enterprise:ID"
            ));
        }
        Kind::AccessToken => {
            let message = "an access token expires after 60 minutes and cannot be renewed";
            found.warning(message).hint(sign_in_again(name));
            if has("token") || has("box_config_file") {
                found.warning("its access_token overrides its other sign-in").hint(sign_in_again(name));
            }
        }
        _ => {}
    }
}

/// The config.json of the app, with its private key.
fn service_account(section: &Section, found: &mut Findings) {
    let name = section.name();
    if section.get(BOX_SUB_TYPE).is_none_or(|kind| kind == "user") {
        let finding = found.warning("box_sub_type is user, which is wrong for a service account");
        finding.hint_run(format!("pluton storage edit {name:?} --box-sub-type enterprise"));
    }
    let Some(path) = section.get("box_config_file") else { return };
    let (file, shown) = (Path::new(path), clean(path));
    let other_file = format!("pluton storage authorize {name:?} --box-config-file PATH");
    if !file.is_absolute() {
        found.error(format!("box_config_file is not an absolute path: {shown}")).hint_run(&other_file);
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => Secret::new(text),
        Err(cause) => {
            found.error(format!("{shown} cannot be read: {cause}")).hint_run(other_file);
            return;
        }
    };
    if let Err(why) = App::in_jwt_file(&text) {
        found.error(format!("{shown} is not a Box app's config.json: {why}"));
    }
    if config::is_open_to_others(file) {
        let finding = found.warning(format!("other users of this machine can read the key in {shown}"));
        finding.hint_run(format!("chmod 600 '{shown}'"));
    }
}

fn options(section: &Section, rclone: Option<Version>, found: &mut Findings) {
    for (spec, value) in SPECS.iter().filter_map(|spec| Some((spec, section.get(spec.key)?))) {
        if let Err(error) = spec.check(value) {
            let hint = format!("pluton storage edit {:?} --unset {}", section.name(), spec.key);
            found.error(clean(&error.message)).hint_run(hint);
        }
        let Some((since, version)) = spec.since.zip(rclone) else { continue };
        if (version.0, version.1) < since {
            let message = format!("rclone {version} ignores {}; it needs {}.{}", spec.key, since.0, since.1);
            found.warning(message).hint(NEWER_RCLONE);
        }
    }
}

fn token(section: &Section, found: &mut Findings) {
    let (name, renewer) = (section.name(), section.renewer());
    if section.kind() == Kind::AccessToken {
        return;
    }
    let refresh = Remedy::run(format!("pluton storage refresh {name:?}"));
    let Some(text) = section.secret("token") else {
        found.error("it has no token").hint(if renewer == Renewer::Pluton { refresh } else { sign_in_again(name) });
        return;
    };
    let is_past = |end: Option<Timestamp>| end.is_some_and(|end| end <= Timestamp::now());
    let broken = match (Token::find(text.expose()), renewer) {
        (Err(why), _) => format!("its token cannot be read: {why}"),
        (Ok(token), Renewer::Pluton) if is_past(token.expiry()) => {
            found.warning("its token has expired, and rclone cannot renew it by itself").hint(refresh);
            return;
        }
        (Ok(_), Renewer::Nobody) => {
            "its token has no refresh token: it expires within 60 minutes of being created".to_owned()
        }
        (Ok(token), Renewer::Rclone) if is_past(token.sign_in_expiry()) => {
            "its sign-in has expired: it was not used for 60 days".to_owned()
        }
        _ => return,
    };
    found.error(broken).hint(sign_in_again(name));
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
fn shared(section: &Section, seen: &mut HashMap<String, String>, found: &mut Findings) {
    let name = section.name();
    let Some(fingerprint) = section.token().and_then(|token| token.fingerprint()) else { return };
    if let Some(other) = seen.insert(fingerprint, format!("{name:?}")) {
        let message = format!("it shares its refresh token with {other}; the first to renew it invalidates the other");
        found.error(message).hint(sign_in_again(name));
    }
}

fn sign_in_again(name: &str) -> Remedy {
    Remedy::run(format!("pluton storage authorize {name:?}"))
}

/// Whether anything renews the storages that rclone cannot renew by itself.
fn timers(subject: &Subject<'_>, found: &mut Findings) {
    let Ok((file, document)) = &subject.config else { return };
    let mut names = boxes(document);
    names.retain(|name| Section::read(document, name).is_ok_and(|section| section.renewer() == Renewer::Pluton));
    if names.is_empty() {
        return;
    }
    let installed = Installed::find();
    for name in &names {
        let found = found.about(name);
        let why = match installed.renewal(name, file.path()) {
            Some(job) if job.is_on => {
                found.good(format!("renewed by {}", job.place));
                continue;
            }
            Some(job) => format!(": {} would, but is not started", job.place),
            None => String::new(),
        };
        found
            .warning(format!("rclone cannot renew its sign-in, and nothing that renews it was found{why}"))
            .hint_command("install a timer (or see cron, launchd)", "pluton storage refresh --print-timer systemd | sh")
            .hint_command("start every backup with", format!("pluton run {name:?} -- …"));
    }
    if !installed.unreadable.is_empty() {
        let message = format!("could not be read: {}", installed.unreadable.join(", "));
        found.about("timers").add(Level::NotTested, message);
    }
}
