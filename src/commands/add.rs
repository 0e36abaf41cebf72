//! `pluton storage add box`: a token goes one way. It is pasted, parsed, validated, staged, proven and committed, and the
//! result is reported; what fails is corrected and goes the same way again, until it is saved or the person gives up.
//! `authorize` does the same for an existing storage and keeps its options. Saves only through `commit`.

use clap::ArgMatches;

use super::commit::{Change, Target, commit, require_user_id};
use super::input::{Answers, Taken, exposed_secrets};
use super::{account, add_on_host, explain, pick, proof, show, timer, wizard};
use crate::box_api::{Account, Folder};
use crate::cli::{AddBox, Authorize, OptionFlags, ProofFlags, SignInFlags};
use crate::config::document::{Document, Value};
use crate::config::{self, ConfigFile, OrphanedSignIn, Proof};
use crate::context::Context;
use crate::diagnosis::{Doing, Failure};
use crate::error::{Code, Error, Field, Result};
use crate::process;
use crate::rclone::{self, OLDEST, Rclone, TAKES_ANY_NAME};
use crate::signals;
use crate::storage::name::RemoteName;
use crate::storage::options::{self, IMPERSONATE, ROOT_FOLDER};
use crate::storage::section::{GRANT_KEY, Section};
use crate::storage::token::Token;
use crate::ui::prompt::{self, Reply};
use crate::ui::report::{Outcome, Report, Saved, Warning, failure_text};
use crate::ui::terminal;

pub(super) fn run(context: &Context, flags: &AddBox, matches: &ArgMatches) -> Result<Report> {
    let warnings = exposed_secrets(matches);
    if let Some(host) = &flags.on {
        return add_on_host::add(context, flags, host, warnings);
    }
    let mut answers = Answers::gather(context.terminal.asks, flags.name.as_deref(), &flags.sign_in, &flags.options)?;
    if flags.force {
        answers.taken = Taken::Replace;
    }
    let file = context.config_file()?;
    let add = Add { context, file, proof: &flags.proof, dry_run: flags.dry_run, old: None };
    add.until_saved(answers, flags.install_timer, warnings)
}

pub(super) fn authorize(context: &Context, flags: &Authorize, matches: &ArgMatches) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage authorize NAME")?;
    sign_in_again(context, file, &name, &flags.sign_in, &flags.proof, exposed_secrets(matches))
}

/// `name` is known to be a Box storage.
fn sign_in_again(
    context: &Context,
    file: ConfigFile,
    name: &str,
    flags: &SignInFlags,
    proof: &ProofFlags,
    warnings: Vec<Warning>,
) -> Result<Report> {
    let old = file.section(name)?;
    let mut answers = Answers::gather(context.terminal.asks, Some(name), flags, &OptionFlags::default())?;
    answers.keep_app(&old, flags);
    answers.take_options(&old);
    answers.taken = Taken::Replace;
    let account = account::who(&old)?.account;
    let add = Add { context, file, proof, dry_run: false, old: Some(Old { section: old, account }) };
    add.until_saved(answers, false, warnings)
}

struct Add<'a> {
    context: &'a Context,
    file: ConfigFile,
    proof: &'a ProofFlags,
    dry_run: bool,
    /// With `authorize`, the storage that gets a new sign-in.
    old: Option<Old>,
}

struct Old {
    section: Section,
    account: Option<Account>,
}

impl Add<'_> {
    fn until_saved(self, mut answers: Answers, installs_timer: bool, mut warnings: Vec<Warning>) -> Result<Report> {
        let asks = self.context.terminal.asks;
        let present = self.file.read()?;
        self.check_beforehand(&answers)?;
        let _echo_off = asks.then(prompt::echo_off);
        let mut resumed = resume(self.context, &mut answers, &present, &mut warnings)?;
        loop {
            let error = match self.save(&mut answers) {
                Ok(None) => {
                    let name = answers.get(Field::Name).unwrap_or_default();
                    return sign_in_again(self.context, self.file, name, &SignInFlags::default(), self.proof, warnings);
                }
                Ok(Some(mut saved)) => {
                    resumed.into_iter().for_each(OrphanedSignIn::discard);
                    warnings.extend(readable_by_others(self.context, &self.file));
                    timer::keep(self.context, &self.file, installs_timer, &mut saved);
                    // A warning about what expires soon comes last.
                    warnings.append(&mut saved.warnings);
                    return Ok(Report::Saved(Box::new(Saved { warnings, ..saved })));
                }
                Err(error) if error.code == Code::Interrupted && error.recoverable.is_none() && asks => {
                    return Err(error.note("Nothing was saved."));
                }
                Err(error) if !asks || signals::seen() => return Err(error),
                Err(error) => error,
            };
            // The next attempt must use the token that was renewed on the way.
            if let Some(found) = error.recoverable.as_deref().and_then(OrphanedSignIn::kept_in) {
                answers.set(Field::Token, found.token.blob().expose());
                resumed.push(found);
            }
            wizard::correct(&mut answers, error)?;
        }
    }

    /// The way of a token, from the paste to the report. `None` if the storage exists, and is to get a new sign-in instead.
    fn save(&self, answers: &mut Answers) -> Result<Option<Saved>> {
        // Paste: whatever was not given is asked for.
        let present = self.file.read()?;
        if self.context.terminal.asks {
            wizard::complete(self.context, answers, &present)?;
            if answers.taken == Taken::SignInAgain {
                return Ok(None);
            }
        }

        // Parse and validate, before anything is started or written.
        let mut section = answers.section()?;
        if let Some(old) = &self.old {
            section = section.with_foreign_keys(&old.section);
        }
        if self.proof.no_verify {
            require_user_id(section.get(IMPERSONATE), "with --no-verify only a numeric ID can be saved")?;
        }
        let (is_taken, is_same) = (present.has(section.name()), is_same(&present, &section));
        if is_same && !self.dry_run {
            return Ok(Some(self.report(&section, Outcome::Unchanged, Proof::default())));
        }
        if is_taken && !is_same && answers.taken != Taken::Replace {
            return Err(config::taken(section.name()).hint("replace it with --force"));
        }
        config::put(&mut present.clone(), &section)?;
        if self.dry_run {
            return Ok(Some(self.report(&section, Outcome::DryRun, Proof::default())));
        }

        // The browser brings the token that was not pasted.
        let rclone = self.rclone(&section)?;
        if answers.needs_browser() {
            let token = through_browser(self.context, &rclone, &section, answers.opens_browser())?;
            answers.set(Field::Token, token.blob().expose());
            section = section.with_token(&token)?;
        }

        // Stage, prove and commit. While rclone lists, Box is asked whose account it is.
        let account = (!self.proof.no_verify).then(|| account::ask(&section));
        let target = Target::Whole { replace: answers.taken == Taken::Replace };
        let change = Change { section, is_new_sign_in: true, target };
        let committed = commit(&self.file, &rclone, change, self.proof);
        let (section, proof) = committed.map_err(|error| self.unharmed(error))?;

        // Report.
        let outcome = match self.old {
            Some(_) => Outcome::Authorized,
            None if is_taken => Outcome::Replaced,
            None => Outcome::Added,
        };
        let mut saved = self.report(&section, outcome, proof);
        if let Some(account) = account {
            self.name_account(account, &section, &mut saved);
            saved.storage.root_folder = account::root_folder(&section);
            self.choose_root(&rclone, &section, answers.browses, &mut saved);
        }
        Ok(Some(saved))
    }

    /// Fails before the first question if the answers would be useless.
    fn check_beforehand(&self, answers: &Answers) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        answers.get(Field::Name).map(RemoteName::new).transpose()?;
        let rclone = self.context.rclone(self.proof.timeout)?;
        if self.context.terminal.asks {
            rclone.require(OLDEST, "Pluton")?;
        }
        self.file.require_writable().map_err(|error| self.unharmed(error))
    }

    /// The rclone to use, if it supports everything that was asked for.
    fn rclone(&self, section: &Section) -> Result<Rclone> {
        let rclone = self.context.rclone(self.proof.timeout)?;
        // A note in a section that is there already needs no newer rclone.
        let needed = if self.old.is_some() { section.needs() } else { options::needs(|key| section.has(key)) };
        rclone.require_for_option(needed)?;
        if !RemoteName::new(section.name())?.is_plain() {
            rclone.require(TAKES_ANY_NAME, &format!("the name {:?}", section.name()))?;
        }
        Ok(rclone)
    }

    fn unharmed(&self, error: Error) -> Error {
        error.note(format!("{} was not changed.", config::shown(self.file.path())))
    }

    /// The storage is saved by now: neither an error of Box nor Ctrl-C here makes it a failure.
    fn name_account(&self, account: account::Pending, section: &Section, saved: &mut Saved) {
        let _spinner = self.context.terminal.wait("asking Box whose account it is");
        let found = account.answer(section).unwrap_or_else(|_| account::not_asked());
        saved.warnings.splice(0..0, found.warnings);
        let before = self.old.as_ref().and_then(|old| old.account.as_ref());
        if let Some((before, now)) = before.zip(found.account.as_ref()) {
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
        } else if !shared.is_empty() && self.context.terminal.asks && self.old.is_none() {
            Ok(wizard::choose_shared(&shared))
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
        let (_, proof) = commit(&self.file, rclone, change, self.proof)?;
        saved.storage.options.insert(ROOT_FOLDER.to_owned(), folder.id);
        saved.storage.root_folder = Some(folder.name);
        saved.verified.folders = proof.folders;
        saved.warnings.retain(|warning| warning.code != "service_account_space");
        Ok(())
    }

    fn report(&self, section: &Section, outcome: Outcome, proof: Proof) -> Saved {
        let warnings = foreign_token_url(section).into_iter().chain(proof::short_lived(section)).collect();
        Saved { warnings, ..saved(self.context, &self.file, section, outcome, proof) }
    }
}

/// Replaces the given token by the one that an earlier run renewed, or offers its whole sign-in. Returns what
/// to discard once the token is saved.
fn resume(
    context: &Context,
    answers: &mut Answers,
    present: &Document,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<OrphanedSignIn>> {
    let given = answers.get(Field::Token).and_then(|paste| Token::find(paste).ok());
    let mut orphans = config::orphans(present, given.as_ref())?.into_iter();
    if let Some(token) = given {
        let found = orphans.find(|found| found.continues(&token));
        if let Some(found) = &found {
            context.terminal.say("Resuming with the token renewed earlier");
            answers.set(Field::Token, found.token.blob().expose());
        }
        return Ok(found.into_iter().collect());
    }
    let is_meant = |found: &OrphanedSignIn| answers.get(Field::Name).is_none_or(|name| name == found.name);
    for found in orphans.filter(is_meant).collect::<Vec<_>>() {
        let (name, file) = (&found.name, &found.file);
        if context.terminal.asks {
            if prompt::yes(&format!("An interrupted sign-in for {name:?} still works. Resume it?"))? {
                answers.take_section(&Section::read(&found.section, name)?);
                return Ok(vec![found]);
            }
        } else if answers.get(Field::Name).is_some() {
            let message = format!(
                "an interrupted sign-in for {name:?} still works; to resume it: `pluton storage add box {name:?} \
                 --token-file '{}'`",
                file.display()
            );
            warnings.push(Warning { code: "interrupted_sign_in", message });
        }
    }
    Ok(Vec::new())
}

/// Has a person sign in as `section` does: in a browser that Pluton opens, or from a link that it shows.
pub(super) fn through_browser(context: &Context, rclone: &Rclone, section: &Section, opens: bool) -> Result<Token> {
    let terminal = context.terminal;
    let app = section.own_app();
    let mut spinner = None;
    let ask =
        rclone::Authorize { app: app.as_ref(), auth_url: section.get("auth_url"), token_url: section.get("token_url") };
    let outcome = rclone.authorize(&ask, &mut |link| {
        let opened = opens && process::open_in_browser(link);
        let how = match (opens, opened) {
            (true, true) => "Your browser should show Box now. If it does not, open this link in it:",
            (true, false) => "Could not open a browser. Open this link in a browser on this machine:",
            (false, _) => "Open this link in a browser on this machine:",
        };
        terminal::print_line(&format!("{how}\n\n    {link}\n"));
        spinner = Some(terminal.wait("waiting for you to sign in to Box (Ctrl-C cancels)"));
    })?;
    drop(spinner);
    if let (true, Ok(token)) = (outcome.success(), Token::find(&outcome.stdout)) {
        terminal.done("Signed in through the browser");
        return Ok(token);
    }
    let secrets: Vec<_> = app.into_iter().map(|app| app.client_secret).collect();
    Err(explain::failed(rclone, Failure::of(section, Doing::Authorizing), &outcome, &secrets, None))
}

/// The report about a storage that is now saved.
pub(super) fn saved(context: &Context, file: &ConfigFile, section: &Section, outcome: Outcome, proof: Proof) -> Saved {
    let mut storage = show::describe(&section.alone(), section.name(), file.path(), Some(show::HIDDEN));
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
    let is_fetched = |key: &str| section.kind().is_unattended() && ["token", GRANT_KEY].contains(&key);
    present.has(section.name()) && section.differing(present).iter().all(|key| is_fetched(key))
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
