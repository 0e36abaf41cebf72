//! `pluton storage add box`: asks for what is missing, verifies the storage and saves it, and repeats until it is saved
//! or the person gives up. `authorize` does the same for an existing storage and keeps its options. Saves only through
//! `commit`.

use clap::ArgMatches;

use super::acquire_token::{resume, through_browser, token_to_come};
use super::commit::{Change, Target, commit, require_user_id};
use super::input::{Answers, Taken, exposed_secrets};
use super::{account, add_on_host, pick, proof, show, timer, wizard};
use crate::box_api::{Account, Folder};
use crate::cli::{AddBox, Authorize, OptionFlags, ProofFlags, SignInFlags};
use crate::config::document::{Document, Value};
use crate::config::{self, ConfigFile, OrphanedSignIn, Proof};
use crate::context::Context;
use crate::error::{Code, Error, Field, Result};
use crate::rclone::{OLDEST, Rclone, TAKES_ANY_NAME};
use crate::signals;
use crate::storage::name::RemoteName;
use crate::storage::options::{BoxOptions, IMPERSONATE, ROOT_FOLDER, needs};
use crate::storage::section::{GRANT_KEY, Section};
use crate::ui::prompt::{self, Item, Reply};
use crate::ui::report::{Outcome, Report, Saved, Warning, failure_text};

pub(super) fn run(context: &Context, flags: &AddBox, matches: &ArgMatches) -> Result<Report> {
    let warnings = exposed_secrets(matches);
    if let Some(host) = &flags.on {
        return add_on_host::add(context, flags, host, warnings);
    }
    let mut answers = Answers::gather(context.terminal.asks, flags.name.as_deref(), &flags.sign_in, &flags.options)?;
    if flags.force {
        answers.taken = Taken::Replace;
    }
    let goal = Goal::Add { dry_run: flags.dry_run, install_timer: flags.install_timer };
    until_done(context, answers, &flags.proof, &goal, warnings)
}

/// What a sign-in is for.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in a run")]
enum Goal {
    Add {
        dry_run: bool,
        install_timer: bool,
    },
    /// A new sign-in for an existing storage, and whose account that is.
    Authorize {
        old: Section,
        account: Option<Account>,
    },
}

/// Repeats until it is saved, or until the person gives up.
fn until_done(
    context: &Context,
    mut answers: Answers,
    proof: &ProofFlags,
    goal: &Goal,
    mut warnings: Vec<Warning>,
) -> Result<Report> {
    let file = context.config_file()?;
    let present = file.read()?;
    let attempt = Attempt { context, proof, goal, file: &file };
    attempt.check_beforehand(&answers)?;
    let _echo_off = context.terminal.asks.then(prompt::echo_off);
    let mut resumed = resume(context, &mut answers, &present, &mut warnings)?;
    loop {
        let error = match attempt.ask_and_save(&mut answers) {
            Ok(None) => {
                let name = answers.get(Field::Name).unwrap_or_default();
                return sign_in_again(context, name, &SignInFlags::default(), proof, warnings);
            }
            Ok(Some(mut saved)) => {
                resumed.into_iter().for_each(OrphanedSignIn::discard);
                warnings.extend(readable_by_others(context, &file));
                timer::keep(context, &file, matches!(goal, Goal::Add { install_timer: true, .. }), &mut saved);
                // A warning about what expires soon comes last.
                warnings.append(&mut saved.warnings);
                return Ok(Report::Saved(Box::new(Saved { warnings, ..saved })));
            }
            Err(error) if error.code == Code::Interrupted && error.recoverable.is_none() && context.terminal.asks => {
                return Err(error.note("Nothing was saved."));
            }
            Err(error) if !context.terminal.asks || signals::seen() => return Err(error),
            Err(error) => error,
        };
        // The next attempt must use the token that was renewed on the way.
        if let Some(found) = error.recoverable.as_deref().and_then(OrphanedSignIn::kept_in) {
            answers.set(Field::Token, found.token.blob().expose());
            resumed.push(found);
        }
        wizard::correct(context, &mut answers, error)?;
    }
}

struct Attempt<'a> {
    context: &'a Context,
    proof: &'a ProofFlags,
    goal: &'a Goal,
    file: &'a ConfigFile,
}

impl Attempt<'_> {
    fn is_dry_run(&self) -> bool {
        matches!(self.goal, Goal::Add { dry_run: true, .. })
    }

    fn unharmed(&self, error: Error) -> Error {
        error.note(format!("{} was not changed.", config::shown(self.file.path())))
    }

    /// Fails before the first question if the answers would be useless.
    fn check_beforehand(&self, answers: &Answers) -> Result<()> {
        if self.is_dry_run() {
            return Ok(());
        }
        answers.get(Field::Name).map(RemoteName::new).transpose()?;
        let rclone = self.context.rclone(self.proof.timeout)?;
        if self.context.terminal.asks {
            rclone.require(OLDEST, "Pluton")?;
        }
        self.file.require_writable().map_err(|error| self.unharmed(error))
    }

    /// `None` if the storage exists and should get a new sign-in instead.
    fn ask_and_save(&self, answers: &mut Answers) -> Result<Option<Saved>> {
        let present = self.file.read()?;
        if self.context.terminal.asks {
            wizard::complete(self.context, answers, &present)?;
            if answers.taken == Taken::SignInAgain {
                return Ok(None);
            }
        }
        self.save(answers, &present).map(Some)
    }

    fn save(&self, answers: &mut Answers, present: &Document) -> Result<Saved> {
        // Everything is parsed and checked before anything is started or written.
        let (name, options) = (answers.name()?, answers.options()?);
        let needs_browser = answers.needs_browser()?;
        if self.proof.no_verify {
            require_user_id(options.get(IMPERSONATE), "with --no-verify only a numeric ID can be saved")?;
        }
        if needs_browser && self.is_dry_run() {
            answers.set(Field::Token, token_to_come().expose());
        }
        let planned = if needs_browser && !self.is_dry_run() { None } else { Some(self.section(answers)?) };
        let is_same = planned.as_ref().is_some_and(|section| is_same(present, section));
        let is_taken = present.has(name.as_str());
        if is_taken && !answers.replaces() && !is_same {
            return Err(config::taken(name.as_str()).hint("replace it with --force"));
        }
        if let Some(section) = planned.as_ref().filter(|_| self.is_dry_run() || is_same) {
            if self.is_dry_run() {
                config::put(&mut present.clone(), section)?;
            }
            let outcome = if self.is_dry_run() { Outcome::DryRun } else { Outcome::Unchanged };
            return Ok(self.report(section, outcome, Proof::default()));
        }
        let rclone = self.rclone(&name, &options)?;
        if needs_browser {
            let token = through_browser(self.context, &rclone, answers, &options)?;
            answers.set(Field::Token, token.expose());
        }
        let section = planned.map_or_else(|| self.section(answers), Ok)?;
        config::put(&mut present.clone(), &section)?;

        let account = (!self.proof.no_verify).then(|| account::ask(&section));
        let change = Change { section, is_new_sign_in: true, target: Target::Whole { replace: answers.replaces() } };
        let (section, proof) = commit(self.file, &rclone, change, self.proof).map_err(|error| self.unharmed(error))?;
        let outcome = match self.goal {
            Goal::Authorize { .. } => Outcome::Authorized,
            Goal::Add { .. } if is_taken => Outcome::Replaced,
            Goal::Add { .. } => Outcome::Added,
        };
        let mut saved = self.report(&section, outcome, proof);
        if let Some(account) = account {
            self.name_account(account, &section, &mut saved);
            saved.storage.root_folder = account::root_folder(&section);
            self.choose_root(&rclone, &section, answers.browses, &mut saved);
        }
        Ok(saved)
    }

    fn section(&self, answers: &Answers) -> Result<Section> {
        let section = answers.section()?;
        Ok(match self.goal {
            Goal::Add { .. } => section,
            Goal::Authorize { old, .. } => section.with_foreign_keys(old),
        })
    }

    /// A note in a section that is there already needs no newer rclone.
    fn rclone(&self, name: &RemoteName, options: &BoxOptions) -> Result<Rclone> {
        let Goal::Authorize { old, .. } = self.goal else {
            return rclone_for(self.context, self.proof, Some(name), options);
        };
        let rclone = rclone_for(self.context, self.proof, Some(name), &BoxOptions::default())?;
        rclone.require_for_option(old.needs())?;
        Ok(rclone)
    }

    /// The storage is saved by now: neither an error of Box nor Ctrl-C here makes it a failure.
    fn name_account(&self, account: account::Pending, section: &Section, saved: &mut Saved) {
        let _spinner = self.context.terminal.wait("asking Box whose account it is");
        let found = account.answer(section).unwrap_or_else(|_| account::not_asked());
        saved.warnings.splice(0..0, found.warnings);
        if let (Goal::Authorize { account: Some(before), .. }, Some(now)) = (self.goal, &found.account) {
            if before.id != now.id {
                let message = format!(
                    "this is a different account than before: it was {}, now it is {}",
                    before.login, now.login
                );
                saved.warnings.insert(0, Warning { code: "other_account", message });
            }
        }
        saved.storage.account = found.account;
    }

    /// Lets the user choose the root folder if that was wanted or folders are shared with a service account. The
    /// storage is saved in any case.
    fn choose_root(&self, rclone: &Rclone, section: &Section, browses: bool, saved: &mut Saved) {
        let account = saved.storage.account.as_ref();
        let shared = account.map(|account| account.shared_folders.clone()).unwrap_or_default();
        let chosen = if browses {
            wizard::browse(section)
        } else if !shared.is_empty() && self.context.terminal.asks && matches!(self.goal, Goal::Add { .. }) {
            Ok(choose_shared(&shared))
        } else {
            return;
        };
        let set = chosen.and_then(|chosen| match chosen {
            Reply::Answer(Some(folder)) => self.set_root(rclone, section, folder, saved),
            Reply::Answer(None) | Reply::Back => Ok(()),
        });
        if let Err(error) = set {
            saved.warnings.push(Warning { code: "root_not_set", message: failure_text(&error) });
        }
    }

    fn set_root(&self, rclone: &Rclone, section: &Section, folder: Folder, saved: &mut Saved) -> Result<()> {
        let mut section = section.clone();
        section.set(ROOT_FOLDER, Some(Value::as_read(&folder.id)));
        let change = Change { section, is_new_sign_in: false, target: Target::Keys(vec![ROOT_FOLDER]) };
        let (_, proof) = commit(self.file, rclone, change, self.proof)?;
        saved.storage.options.insert(ROOT_FOLDER.to_owned(), folder.id);
        saved.storage.root_folder = Some(folder.name);
        saved.verified.folders = proof.folders;
        saved.warnings.retain(|warning| warning.code != "service_account_space");
        Ok(())
    }

    fn report(&self, section: &Section, outcome: Outcome, proof: Proof) -> Saved {
        let warnings = foreign_token_url(section).into_iter().chain(proof::short_lived(section)).collect();
        Saved { warnings, ..saved(self.context, self.file, section, outcome, proof) }
    }
}

/// The report about a storage that is now saved.
pub(super) fn saved(context: &Context, file: &ConfigFile, section: &Section, outcome: Outcome, proof: Proof) -> Saved {
    let mut storage = show::describe(&section.alone(), section.name(), file.path(), false);
    storage.token = None;
    Saved {
        storage,
        verified: proof,
        warnings: Vec::new(),
        outcome,
        renewer: section.renewer(),
        timer: None,
        is_default_config: context.is_default_config(),
    }
}

/// The rclone to use, if it supports everything that was asked for.
pub(super) fn rclone_for(
    context: &Context,
    proof: &ProofFlags,
    name: Option<&RemoteName>,
    options: &BoxOptions,
) -> Result<Rclone> {
    let rclone = context.rclone(proof.timeout)?;
    rclone.require_for_option(needs(|key| options.get(key).is_some()))?;
    if let Some(name) = name.filter(|name| !name.is_plain()) {
        rclone.require(TAKES_ANY_NAME, &format!("the name {:?}", name.as_str()))?;
    }
    Ok(rclone)
}

/// One of the folders that others share with a service account; `None` is its own root.
fn choose_shared(folders: &[Folder]) -> Reply<Option<Folder>> {
    let meanings: Vec<_> = folders.iter().map(|folder| format!("shared with it, ID {}", folder.id)).collect();
    let own = Item { title: "Its own root", meaning: "only the service account sees it" };
    let shared = folders.iter().zip(&meanings).map(|(folder, meaning)| Item { title: &folder.name, meaning });
    let items: Vec<_> = std::iter::once(own).chain(shared).collect();
    // The storage is complete without an answer.
    let chosen = prompt::choice("Back up into", &items, None, false).unwrap_or(Reply::Back);
    chosen.map(|chosen| chosen.checked_sub(1).and_then(|index| folders.get(index)).cloned())
}

/// rclone keeps a file's mode, so a file that others can read stays readable until someone changes that. The storage is
/// saved whatever is answered here.
fn readable_by_others(context: &Context, file: &ConfigFile) -> Option<Warning> {
    if !config::is_open_to_others(file.real_path()) {
        return None;
    }
    let place = config::shown(file.path());
    let question = format!("Other users of this machine can read {place}. Make it private?");
    if context.terminal.asks && prompt::yes_or_leave(&question) && file.make_private().is_ok() {
        return None;
    }
    let message =
        format!("other users of this machine can read the secrets in {place}; to make it private: `chmod 600 {place}`");
    Some(Warning { code: "config_readable_by_others", message })
}

/// Whether rclone.conf has all of this already. A token that is fetched on the way does not count as a difference.
fn is_same(present: &Document, section: &Section) -> bool {
    let minted = section.kind().is_unattended();
    let counts = |key: &str| !(minted && ["token", GRANT_KEY].contains(&key));
    let mut there = present.entries(section.name());
    let mut wanted = section.entries();
    there.retain(|(key, _)| counts(key));
    wanted.retain(|(key, _)| counts(key));
    there.len() == wanted.len() && there.iter().all(|(key, value)| wanted.contains(&(key.as_str(), value.clone())))
}

/// A program that answers at this address gets the refresh token.
fn foreign_token_url(section: &Section) -> Option<Warning> {
    let host = section.get("token_url")?.split("://").nth(1)?.split(['/', '?', ':']).next()?;
    let is_box = host == "box.com" || host.ends_with(".box.com");
    (!is_box).then(|| Warning {
        code: "foreign_token_url",
        message: format!("token_url sends this storage's tokens to {host}, which is not Box"),
    })
}

pub(super) fn authorize(context: &Context, flags: &Authorize, matches: &ArgMatches) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage authorize NAME")?;
    sign_in_again(context, &name, &flags.sign_in, &flags.proof, exposed_secrets(matches))
}

/// `name` is known to be a Box storage.
fn sign_in_again(
    context: &Context,
    name: &str,
    flags: &SignInFlags,
    proof: &ProofFlags,
    warnings: Vec<Warning>,
) -> Result<Report> {
    let old = context.config_file()?.section(name)?;
    let mut answers = Answers::gather(context.terminal.asks, Some(name), flags, &OptionFlags::default())?;
    answers.keep_app(&old, flags);
    answers.take_options(&old);
    answers.taken = Taken::Replace;
    let account = account::who(&old)?.account;
    until_done(context, answers, proof, &Goal::Authorize { old, account }, warnings)
}
