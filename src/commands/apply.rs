//! `pluton apply FILE`: creates and updates storages in rclone.conf as the file declares them. What is up to date is not touched.

mod manifest;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::commit::{Change, Target, commit, require_user_id};
use super::input::{Answers, token_to_come};
use crate::cli::{Apply, ProofFlags};
use crate::commands::apply::manifest::{Declared, DeclaredStorage, Provider, Source};
use crate::config::document::Document;
use crate::config::{self, ConfigFile, replace_locked, state_dir};
use crate::context::Context;
use crate::error::{Code, Error, Field, Remedy, Result};
use crate::process;
use crate::secret::Secret;
use crate::signals;
use crate::storage::options::IMPERSONATE;
use crate::storage::section::Section;
use crate::storage::sign_in::Kind;
use crate::storage::token::Token;
use crate::ui::report::{Action, Report, Step};

pub(super) fn run(context: &Context, flags: &Apply) -> Result<Report> {
    let Some(path) = flags.file.as_deref().filter(|_| !flags.print_schema) else {
        return Ok(Report::Raw(Declared::schema().into_bytes()));
    };
    let text = signals::read_file(path)?
        .map_err(|cause| Error::new(Code::InvalidValue, format!("cannot read {}: {cause}", path.display())))?;
    let declared = Declared::parse(text.expose(), path)?;
    process::withhold(declared.storage.values().flat_map(DeclaredStorage::variables).cloned());
    let path = place(path);
    let file = context.config_file()?;
    let applied = Applied::read().map_err(|cause| Error::disk(Code::Unknown, "read", &record_path(), &cause))?;
    let mut apply = Run { context, flags, file, applied, path };
    if let Some(fault) = &apply.applied.fault {
        context.terminal.warn(&format!(
            "the record of earlier applies cannot be read ({fault}), so a new one is started: of a declared token and one in rclone.conf, the \
             newer is used, and --prune removes nothing that was created earlier"
        ));
    }
    let present = apply.file.read()?;
    let plan = declared.storage.iter().map(|(name, storage)| apply.plan(&present, name, storage));
    let plan: Vec<(Step, Option<Wanted>)> = plan.collect();
    let records = apply.applied.storages.get(apply.file.real_path()).into_iter().flatten();
    let of_this_file = records.filter(|(_, record)| flags.prune && record.file == apply.path).map(|(name, _)| name);
    let is_surplus = |name: &&String| !declared.storage.contains_key(*name) && present.has(name);
    let surplus: Vec<String> = of_this_file.filter(is_surplus).cloned().collect();
    if !flags.check {
        // What has failed already is told once, with the results.
        for (step, _) in plan.iter().filter(|(step, _)| step.error.is_none()) {
            context.terminal.say(&step.line(false));
        }
    }
    signals::check()?;
    let mut steps: Vec<Step> = plan.into_iter().map(|(step, wanted)| apply.carry_out(step, wanted)).collect();
    steps.extend(surplus.iter().map(|name| apply.prune(name)));
    Ok(Report::Applied { check: flags.check, steps })
}

/// The file's path with its directory resolved, so that every spelling of the path is the same. A link to the file
/// itself is not resolved, since its target may change.
fn place(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let dir = path.parent().and_then(|dir| dir.canonicalize().ok());
    dir.zip(path.file_name()).map(|(dir, name)| dir.join(name)).unwrap_or(path)
}

struct Run<'a> {
    context: &'a Context,
    flags: &'a Apply,
    file: ConfigFile,
    applied: Applied,
    path: PathBuf,
}

/// The section that a storage becomes.
struct Wanted {
    section: Section,
    /// The declared token, as it was given.
    token: Option<Secret>,
    /// Whether the section has a token that was not verified here before.
    is_new_sign_in: bool,
    /// Keys whose commands a check does not run.
    not_compared: Vec<&'static str>,
}

impl Run<'_> {
    /// What one storage needs, and its section if all of it is known.
    fn plan(&self, present: &Document, name: &str, storage: &DeclaredStorage) -> (Step, Option<Wanted>) {
        let wanted = match self.wanted(present, name, storage) {
            Ok(wanted) => wanted,
            Err(error) => {
                let error = Some(self.in_file(name, error));
                return (Step { error, ..Step::new(name, Action::Failed, Vec::new()) }, None);
            }
        };
        let step = match differing(present, &wanted) {
            _ if !present.has(name) => Step::new(name, Action::Add, Vec::new()),
            keys if keys.is_empty() => Step::new(name, Action::Same, keys),
            keys => Step::new(name, Action::Change, keys),
        };
        (Step { not_compared: wanted.not_compared.clone(), ..step }, Some(wanted))
    }

    /// Turns an error about a flag into one about the key in the file.
    fn in_file(&self, name: &str, mut error: Error) -> Error {
        let names_a_flag = |remedy: &Remedy| remedy.to_string().contains("--");
        let in_file = error.fields.iter().filter(|field| !matches!(field, Field::Name | Field::SignIn));
        let keys: Vec<&str> = in_file.map(|field| field.names().key).collect();
        if keys.is_empty() || !error.remedy.iter().any(names_a_flag) {
            return error;
        }
        error.remedy.retain(|remedy| !names_a_flag(remedy));
        error.first(format!("correct {} of [storage.{name:?}] in {}", keys.join(" and "), self.path.display()))
    }

    fn wanted(&self, present: &Document, name: &str, storage: &DeclaredStorage) -> Result<Wanted> {
        let Provider::Box = storage.provider;
        let base = self.path.parent().unwrap_or(Path::new("."));
        let there = present.has(name).then(|| Section::read(present, name)).transpose()?;
        let mut not_compared = Vec::new();
        let mut secret = |key: &'static str, source: &Option<Source>| match source {
            Some(Source::Command(_)) if self.flags.check => {
                not_compared.push(key);
                let ours = there.as_ref().and_then(|section| section.secret(key));
                Ok(Some(ours.unwrap_or_else(token_to_come)))
            }
            source => source.as_ref().map(|source| source.read(base)).transpose(),
        };
        let declared_token = secret("token", &storage.token)?;
        let client_secret = secret("client_secret", &storage.client_secret)?;
        let access_token = secret("access_token", &storage.access_token)?;
        let present_token = there.as_ref().and_then(Section::token);
        let is_known =
            |token: &Secret| self.knows_token(name, token, present_token.as_ref()) || not_compared.contains(&"token");
        // The token that rclone has renewed since the last apply is newer than the declared one.
        let current = present_token.clone().filter(|_| declared_token.as_ref().is_none_or(is_known));
        let successor = declared_token.as_ref().and_then(|token| renewed_elsewhere(present, token));
        let token = current.as_ref().map(Token::blob).or(successor).or_else(|| declared_token.clone());
        let subject = storage.box_subject_type.as_ref().zip(storage.box_subject_id.as_ref());
        let subject = subject.map(|(kind, id)| Secret::new(format!("{kind}:{id}")));
        let config_file = storage.box_config_file.as_ref().map(|path| base.join(path).to_string_lossy().into_owned());
        let mut answers = Answers::default();
        answers.sign_in = Some(kind(storage));
        answers.options.clone_from(&storage.options);
        for (field, given) in [
            (Field::Name, Some(Secret::new(name))),
            (Field::ClientId, storage.client_id.as_deref().map(Secret::new)),
            (Field::ClientSecret, client_secret),
            (Field::Token, token),
            (Field::AccessToken, access_token),
            (Field::BoxConfigFile, config_file.map(Secret::new)),
            (Field::BoxSubject, subject),
        ] {
            answers.fill(field, given.as_ref().map(Secret::expose));
        }
        let mut section = answers.section()?;
        require_user_id(section.get(IMPERSONATE), "an apply file needs the numeric ID")?;
        if let Some(there) = &there {
            section = section.with_foreign_keys(there);
        }
        if let Some(token) = present_token.filter(|_| section.kind().is_unattended()) {
            section = section.with_token(&token)?;
        }
        Ok(Wanted { section, token: declared_token, is_new_sign_in: current.is_none(), not_compared })
    }

    fn carry_out(&mut self, mut step: Step, wanted: Option<Wanted>) -> Step {
        let (Some(wanted), false) = (wanted, self.flags.check) else { return step };
        let done = match step.action {
            Action::Add => self.put(&wanted, None),
            Action::Change => self.put(&wanted, Some(&step.keys)),
            Action::Same | Action::Remove | Action::Failed => Ok(()),
        };
        let record = Record { file: self.path.clone(), token: wanted.token.as_ref().map(hash) };
        let done = done.and_then(|()| self.record(&step.name, Some(record)));
        step.error = done.err().map(|error| self.in_file(&step.name, error));
        step
    }

    /// Verifies the section and saves it; for an existing one, only the keys in `changed`.
    fn put(&self, wanted: &Wanted, changed: Option<&[String]>) -> Result<()> {
        signals::check()?;
        let rclone = self.context.rclone(self.flags.timeout)?;
        let target = match changed {
            Some(keys) => Target::Keys(keys.iter().map(String::as_str).collect()),
            None => Target::Whole { replace: false },
        };
        let change = Change { section: wanted.section.clone(), is_new_sign_in: wanted.is_new_sign_in, target };
        commit(&self.file, &rclone, change, &ProofFlags::default()).map(drop)
    }

    fn prune(&mut self, name: &str) -> Step {
        let mut step = Step::new(name, Action::Remove, Vec::new());
        if !self.flags.check {
            let removed =
                signals::check().and_then(|()| self.file.lock_refresh(name)).and_then(|_claim| self.file.remove(name));
            step.error = removed.and_then(|()| self.record(name, None)).err();
        }
        step
    }

    /// Whether this token was declared when the storage was last applied, so that `present` is its successor. If that
    /// is unknown, the token that expires later is the newer one.
    fn knows_token(&self, name: &str, token: &Secret, present: Option<&Token>) -> bool {
        let records = self.applied.storages.get(self.file.real_path());
        if let Some(record) = records.and_then(|records| records.get(name)) {
            return record.token.as_ref() == Some(&hash(token));
        }
        let declared = Token::find(token.expose()).ok().and_then(|token| token.expiry());
        let ours = present.and_then(Token::expiry);
        self.applied.is_partial && declared.zip(ours).is_some_and(|(declared, ours)| declared <= ours)
    }

    /// Saves what is known of one storage, beside what another apply may have saved meanwhile.
    fn record(&mut self, name: &str, record: Option<Record>) -> Result<()> {
        let saved = replace_locked(&record_path(), || {
            self.applied = Applied::read()?;
            let records = self.applied.storages.entry(self.file.real_path().to_owned()).or_default();
            match record {
                Some(record) => records.insert(name.to_owned(), record),
                None => records.remove(name),
            };
            Ok(serde_json::to_vec_pretty(&self.applied)?)
        });
        saved.map_err(|cause| Error::disk(Code::Unknown, "write", &record_path(), &cause))
    }
}

/// The successor of this token from a run that ended before rclone.conf was written.
fn renewed_elsewhere(present: &Document, token: &Secret) -> Option<Secret> {
    let token = Token::find(token.expose()).ok()?;
    config::orphans_now(present).into_iter().find(|found| found.continues(&token)).map(|found| found.token.blob())
}

/// Keys whose values differ from those in rclone.conf. A token counts only if it is new: rclone changes it with every renewal.
fn differing(present: &Document, wanted: &Wanted) -> Vec<String> {
    let counts_token = wanted.is_new_sign_in && !wanted.section.kind().is_unattended();
    let mut keys = wanted.section.differing(present);
    keys.retain(|key| key != "token" || counts_token);
    keys
}

/// How the declared keys sign in.
fn kind(storage: &DeclaredStorage) -> Kind {
    match storage {
        DeclaredStorage { access_token: Some(_), .. } => Kind::AccessToken,
        DeclaredStorage { box_config_file: Some(_), .. } => Kind::Jwt,
        DeclaredStorage { client_credentials: Some(true), .. }
        | DeclaredStorage { box_subject_type: Some(_), .. }
        | DeclaredStorage { box_subject_id: Some(_), .. } => Kind::ClientCredentials,
        DeclaredStorage { client_id: Some(_), .. } => Kind::OwnApp,
        _ => Kind::Quick,
    }
}

/// What was applied before: which storages came from which file, and the hash of the declared token, so that a token
/// that rclone has renewed since is not replaced by a spent one.
///
/// applied.json: `{"storages": {RCLONE_CONF: {NAME: {"file": MANIFEST, "token": BASE64_SHA256}}}, "is_partial": true}`. A
/// file in another format, such as that of another version, is ignored.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Applied {
    /// By rclone.conf, then by storage name.
    storages: BTreeMap<PathBuf, BTreeMap<String, Record>>,
    /// An earlier applied.json could not be read: that a storage is missing here then means nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_partial: bool,
    /// Why it could not be read, if that was found just now.
    #[serde(skip)]
    fault: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    /// The file that declares it.
    file: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Applied {
    fn read() -> io::Result<Self> {
        match fs::read(record_path()) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_else(|cause| Self {
                is_partial: true,
                fault: Some(format!("{}: {cause}", record_path().display())),
                ..Self::default()
            })),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(cause),
        }
    }
}

fn record_path() -> PathBuf {
    state_dir().join("applied.json")
}

/// A token is long and random, so its hash does not reveal it.
fn hash(token: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose()))
}
