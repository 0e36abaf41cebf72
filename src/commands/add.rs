//! `pluton storage add box`: a token flows one way. Paste, parse, validate, stage, prove, commit, report.

use clap::ArgMatches;

use super::account;
use super::acquire_token;
use super::browse;
use super::edit;
use super::elsewhere;
use super::impersonate;
use super::input::{Answers, exposed_secrets};
use super::lasting;
use super::prove;
use super::resume::resume;
use super::timer;
use super::trial::Trial;
use super::wizard::{self, Next};
use crate::box_api::{Account, Folder};
use crate::cli::{AddBox, ProofFlags, SignInFlags};
use crate::config::document::Document;
use crate::config::{self, ConfigFile, Proof, Staged, Unverified, Verified};
use crate::context::Context;
use crate::error::{Code, Error, Field, Result, Who};
use crate::rclone::{OLDEST, Rclone};
use crate::signals;
use crate::storage::name::{Remote, RemoteName};
use crate::storage::options::{BoxOptions, IMPERSONATE, ROOT_FOLDER};
use crate::storage::section::{GRANT_KEY, Section};
use crate::storage::sign_in::{Kind, Lasting};
use crate::ui::prompt::{self, Item, Reply};
use crate::ui::report::{Outcome, Report, Saved, Warning, failure_text};

pub(super) fn run(context: &Context, flags: &AddBox, matches: &ArgMatches) -> Result<Report> {
    if let Some(host) = &flags.on {
        return elsewhere::add(context, flags, host, exposed_secrets(matches));
    }
    let answers = Answers::gather(context, flags.name.as_deref(), &flags.sign_in, &flags.options)?;
    let goal = Goal::Add { force: flags.force, dry_run: flags.dry_run, install_timer: flags.install_timer };
    until_done(context, answers, &flags.proof, &goal, exposed_secrets(matches))
}

const ROOT_NOT_SET: &str = "root_not_set";

/// What a sign-in is for.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in a run")]
pub(super) enum Goal {
    Add {
        force: bool,
        dry_run: bool,
        install_timer: bool,
    },
    /// A new sign-in for a storage that is there, and whose account that is.
    Authorize {
        old: Section,
        account: Option<Account>,
    },
}

/// Tries until it is done, or until the person who answers gives up.
pub(super) fn until_done(
    context: &Context,
    mut answers: Answers,
    proof: &ProofFlags,
    goal: &Goal,
    mut warnings: Vec<Warning>,
) -> Result<Report> {
    let file = context.config_file()?;
    let present = file.read()?;
    before_questions(context, &answers, &file, proof, goal)?;
    let _echo_off = context.terminal.asks.then(prompt::echo_off);
    let mut kept = resume(context, &mut answers, &present, &mut warnings)?;
    let attempt = Attempt { context, proof, goal, file: &file };
    loop {
        let error = match attempt.ask_and_add(&mut answers) {
            Ok(Step::SignInAgain(name)) => {
                let flags = SignInFlags::default();
                return super::authorize::sign_in_again(context, &name, &flags, proof, warnings);
            }
            Ok(Step::Saved(mut added)) => {
                for file in &kept {
                    config::discard(file);
                }
                warnings.extend(readable_by_others(context, &file));
                timer::keep(context, &file, matches!(goal, Goal::Add { install_timer: true, .. }), &mut added);
                // What ends soon is the last thing said.
                warnings.append(&mut added.warnings);
                return Ok(Report::Saved(Box::new(Saved { warnings, ..*added })));
            }
            Err(error) if error.code == Code::Interrupted && error.kept.is_none() && context.terminal.asks => {
                return Err(error.note("Nothing was saved."));
            }
            Err(error) if !context.terminal.asks || signals::seen() => return Err(error),
            Err(error) => error,
        };
        // Whatever was renewed on the way is what the next attempt must use.
        if let Some(found) = error.kept.as_deref().and_then(config::kept) {
            answers.token = Some(found.token.blob());
            kept.push(found.file);
        }
        context.terminal.error(&failure_text(&error));
        if matches!(wizard::correct(&mut answers, &error)?, Next::GiveUp) {
            return Err(error.already_shown());
        }
    }
}

/// Stops before the first question where nothing could come of the answers.
fn before_questions(
    context: &Context,
    answers: &Answers,
    file: &ConfigFile,
    proof: &ProofFlags,
    goal: &Goal,
) -> Result<()> {
    if matches!(goal, Goal::Add { dry_run: true, .. }) {
        return Ok(());
    }
    if let Some(name) = &answers.name {
        RemoteName::new(name)?;
    }
    let rclone = context.rclone(proof.timeout)?;
    if context.terminal.asks {
        rclone.require((OLDEST.0, OLDEST.1), "pluton")?;
    }
    file.require_writable().map_err(|error| unharmed(file, error))
}

fn unharmed(file: &ConfigFile, error: Error) -> Error {
    error.note(format!("{} is as it was.", config::shown(file.path())))
}

/// What one attempt came to.
enum Step {
    Saved(Box<Saved>),
    SignInAgain(String),
}

struct Attempt<'a> {
    context: &'a Context,
    proof: &'a ProofFlags,
    goal: &'a Goal,
    file: &'a ConfigFile,
}

impl Attempt<'_> {
    fn ask_and_add(&self, answers: &mut Answers) -> Result<Step> {
        let present = self.file.read()?;
        if self.context.terminal.asks {
            let force = self.may_replace(answers);
            match wizard::complete(self.context, answers, &present, force)? {
                wizard::Outcome::SignInAgain(name) => return Ok(Step::SignInAgain(name)),
                wizard::Outcome::Complete => {}
            }
        }
        self.add(answers, &present).map(|added| Step::Saved(Box::new(added)))
    }

    fn add(&self, answers: &mut Answers, present: &Document) -> Result<Saved> {
        // Parse and validate, before anything is started or written.
        let name = answers.name.as_deref().ok_or_else(name_missing).and_then(RemoteName::new)?;
        let options = answers.options()?;
        answers.kind()?;
        if self.proof.no_verify {
            impersonate::require_id(options.get(IMPERSONATE), "with --no-verify nobody looks it up")?;
        }
        let taken = present.has(name.as_str());
        let rehearses = matches!(self.goal, Goal::Add { dry_run: true, .. });
        if rehearses && acquire_token::needs_browser(answers)? {
            answers.token = Some(acquire_token::token_to_come());
        }
        if !acquire_token::needs_browser(answers)? {
            let remote = Remote { name: name.clone(), sign_in: answers.sign_in()?, options: options.clone() };
            let section = remote.section()?;
            let is_same = is_same(present, &section);
            if rehearses && (is_same || !taken || self.may_replace(answers)) {
                config::put(&mut present.clone(), &section)?;
                return Ok(self.report(&remote, Outcome::DryRun, Proof::default()));
            }
            if is_same {
                return Ok(self.report(&remote, Outcome::Unchanged, Proof::default()));
            }
        }
        if taken && !self.may_replace(answers) {
            return Err(config::taken(name.as_str()).hint("replace it with --force"));
        }
        let rclone = self.rclone(&name, &options)?;
        let unharmed = |error: Error| unharmed(self.file, error);
        self.file.require_writable().map_err(unharmed)?;

        let sign_in = acquire_token::sign_in(self.context, &rclone, answers, &options, self.proof)?;
        let mut remote = Remote { name, sign_in, options };
        let section = match self.goal {
            Goal::Add { .. } => remote.section()?,
            Goal::Authorize { old, .. } => remote.section()?.with_foreign_keys(old),
        };
        config::put(&mut present.clone(), &section)?;
        // What replaces a storage must not come in between while that one is renewed.
        let claim = taken.then(|| self.file.lock_refresh(section.name())).transpose().map_err(unharmed)?;
        let account = (!self.proof.no_verify).then(|| account::ask(&section));
        let verified = self.prove(&rclone, section).map_err(unharmed)?;
        let (proof, section) = (verified.proof(), verified.section().clone());
        self.file
            .commit(&verified, self.may_replace(answers))
            .map_err(|error| unharmed(verified.keep_for_recovery(error)))?;
        drop(claim);
        if let Some(id) = section.get(IMPERSONATE) {
            // It may have been given as a login.
            remote.options.set(IMPERSONATE, id);
        }

        let outcome = match self.goal {
            Goal::Authorize { .. } => Outcome::Authorized,
            Goal::Add { .. } if taken => Outcome::Replaced,
            Goal::Add { .. } => Outcome::Added,
        };
        let mut added = self.report(&remote, outcome, proof);
        if let Some(asked) = account {
            self.look_at_account(asked, &section, &mut added);
            added.storage.root_folder = account::root_folder(&section);
            self.offer_folders(&rclone, &section, answers.browses, &mut added);
        }
        Ok(added)
    }

    /// A note in a section that is there already needs no newer rclone.
    fn rclone(&self, name: &RemoteName, options: &BoxOptions) -> Result<Rclone> {
        let Goal::Authorize { old, .. } = self.goal else {
            return rclone_for(self.context, self.proof, Some(name), options);
        };
        let rclone = rclone_for(self.context, self.proof, Some(name), &BoxOptions::default())?;
        old.needs().map_or(Ok(()), |(version, key)| rclone.require(version, &format!("the option {key}")))?;
        Ok(rclone)
    }

    /// Stages the section and has rclone prove it, or takes it unproven where the user wants that.
    fn prove(&self, rclone: &Rclone, section: Section) -> Result<Verified> {
        let ProofFlags { no_refresh_check, no_verify, check_write, .. } = *self.proof;
        let overdue = !no_refresh_check && !no_verify;
        let staged = match impersonate::login(section.get(IMPERSONATE)).map(str::to_owned) {
            Some(login) => impersonate::resolve(rclone, Staged::new(section.without(IMPERSONATE), overdue)?, &login)?,
            None => Staged::new(section, overdue)?,
        };
        if no_verify {
            staged.unverified(Unverified::AsAsked)
        } else {
            prove::prove(rclone, staged, Trial::small_if(check_write))
        }
    }

    fn may_replace(&self, answers: &Answers) -> bool {
        answers.replaces || matches!(self.goal, Goal::Add { force: true, .. } | Goal::Authorize { .. })
    }

    /// It is saved by now: neither what Box says here nor Ctrl-C makes it a failure.
    fn look_at_account(&self, asked: account::Asked, section: &Section, added: &mut Saved) {
        let _spinner = self.context.terminal.wait("asking Box whose account it is");
        let found = asked.answer(section).unwrap_or_else(|_| account::not_asked());
        added.warnings.splice(0..0, found.warnings);
        let Some(account) = found.account else { return };
        match self.goal {
            Goal::Authorize { account: Some(before), .. } if before.id != account.id => {
                let (was, is) = (&before.login, &account.login);
                let message = format!("this is another account than before: it was {was}, and now is {is}");
                added.warnings.insert(0, Warning { code: "other_account", message });
            }
            _ => {}
        }
        added.storage.account = Some(account);
    }

    /// Lets a folder that is shared with a service account be chosen as the root. The storage is saved whatever is said.
    fn offer_folders(&self, rclone: &Rclone, section: &Section, browses: bool, added: &mut Saved) {
        let account = added.storage.account.iter();
        let folders: Vec<_> = account.flat_map(|account| account.shared_folders.clone()).collect();
        if browses {
            match browse::browse(section) {
                Ok(Reply::Answer(None) | Reply::Back) => {}
                Ok(Reply::Answer(Some(folder))) => self.set_root(rclone, folder, added),
                Err(error) => added.warnings.push(Warning { code: ROOT_NOT_SET, message: failure_text(&error) }),
            }
            return;
        }
        if folders.is_empty() || !self.context.terminal.asks || matches!(self.goal, Goal::Authorize { .. }) {
            return;
        }
        let meanings: Vec<_> = folders.iter().map(|folder| format!("shared with it, ID {}", folder.id)).collect();
        let own = Item { title: "Its own root", meaning: "seen by the service account alone" };
        let shared = folders.iter().zip(&meanings).map(|(folder, meaning)| Item { title: &folder.name, meaning });
        let items: Vec<_> = std::iter::once(own).chain(shared).collect();
        let Ok(Reply::Answer(chosen)) = prompt::choice("Back up into", &items, None, false) else { return };
        if let Some(folder) = chosen.checked_sub(1).and_then(|index| folders.get(index)) {
            self.set_root(rclone, folder.clone(), added);
        }
    }

    fn set_root(&self, rclone: &Rclone, folder: Folder, added: &mut Saved) {
        match edit::set_root(self.file, rclone, &added.storage.name, &folder.id, self.proof) {
            Ok(proof) => {
                added.storage.options.insert(ROOT_FOLDER.to_owned(), folder.id);
                added.storage.root_folder = Some(folder.name);
                added.verified.folders = proof.folders;
                added.warnings.retain(|warning| warning.code != "service_account_space");
            }
            Err(error) => added.warnings.push(Warning { code: ROOT_NOT_SET, message: failure_text(&error) }),
        }
    }

    fn report(&self, remote: &Remote, outcome: Outcome, proof: Proof) -> Saved {
        let section = remote.section();
        let (lasting, short_lived) =
            section.as_ref().map_or((Lasting::Ends, None), |section| (section.lasting(), lasting::warning(section)));
        let document = section.map(|section| section.alone()).unwrap_or_default();
        let mut storage = super::show::describe(&document, remote.name.as_str(), self.file.path(), false);
        storage.token = None;
        Saved {
            storage,
            verified: proof,
            warnings: foreign_token_url(remote).into_iter().chain(short_lived).collect(),
            outcome,
            lasting,
            timer: None,
            is_default_config: self.context.is_default_config(),
        }
    }
}

/// The rclone to use, once it is known to honour all that was asked for.
pub(super) fn rclone_for(
    context: &Context,
    proof: &ProofFlags,
    name: Option<&RemoteName>,
    options: &BoxOptions,
) -> Result<Rclone> {
    let rclone = context.rclone(proof.timeout)?;
    if let Some((version, key)) = options.needs() {
        rclone.require(version, &format!("the option {key}"))?;
    }
    if let Some(name) = name.filter(|name| !name.is_plain()) {
        rclone.require((1, 62), &format!("the name {:?}", name.as_str()))?;
    }
    Ok(rclone)
}

/// rclone keeps a file's mode, so a file that others can read stays so until someone minds. Whatever is answered here, the
/// storage is saved.
fn readable_by_others(context: &Context, file: &ConfigFile) -> Option<Warning> {
    if !file.is_open_to_others() {
        return None;
    }
    let place = config::shown(file.path());
    let question = format!("Other users of this machine can read {place}. Make it private?");
    let is_wanted = context.terminal.asks && prompt::yes_or_leave(&question);
    if is_wanted && file.make_private().is_ok() {
        return None;
    }
    let message =
        format!("other users of this machine can read the secrets in {place}; to make it private: chmod 600 {place}");
    Some(Warning { code: "config_readable_by_others", message })
}

/// Whether rclone.conf holds all of this already. A token that is minted on the way is not the user's to compare.
fn is_same(present: &Document, section: &Section) -> bool {
    let minted = matches!(section.kind(), Kind::Jwt | Kind::ClientCredentials);
    let counts = |key: &str| !(minted && ["token", GRANT_KEY].contains(&key));
    let mut there = present.entries(section.name());
    let mut wanted = section.entries();
    there.retain(|(key, _)| counts(key));
    wanted.retain(|(key, _)| counts(key));
    there.len() == wanted.len() && there.iter().all(|(key, value)| wanted.contains(&(key.as_str(), value.clone())))
}

pub(super) fn name_missing() -> Error {
    Error::new(Code::InputRequired, "the storage's name is missing")
        .responsible(Who::You)
        .hint_run("pluton storage add box NAME …")
        .about(Field::Name)
}

/// Whoever answers there gets the refresh token.
fn foreign_token_url(remote: &Remote) -> Option<Warning> {
    let url = remote.options.get("token_url")?;
    let host = url.split("://").nth(1)?.split(['/', '?', ':']).next()?;
    let is_box = host == "box.com" || host.ends_with(".box.com");
    (!is_box).then(|| Warning {
        code: "foreign_token_url",
        message: format!("token_url sends this storage's tokens to {host}, which is not Box's"),
    })
}
