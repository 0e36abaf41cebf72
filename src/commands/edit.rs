//! `pluton storage edit NAME`: other options for a storage that is there, proven before they are saved.

use std::collections::BTreeMap;
use std::time::Duration;

use super::add::rclone_for;
use super::refresh::{grant, is_renewable, lock, refresh, refresh_locked};
use super::show::describe;
use super::trial::Trial;
use super::wizard::{Chosen, Options, RootFolder};
use super::{browse, impersonate, pick, prove, wizard};
use crate::box_api::Folder;
use crate::cli::{Edit, ProofFlags};
use crate::config::document::Value;
use crate::config::{ConfigFile, Proof, Staged, Unverified};
use crate::context::Context;
use crate::error::{Code, Error, Field, Result, Who};
use crate::rclone::Rclone;
use crate::signals;
use crate::storage::options::{BOX_SUB_TYPE, BoxOptions, IMPERSONATE, ROOT_FOLDER, SPECS, Spec, spec};
use crate::storage::section::{GRANT_KEY, Section};
use crate::storage::sign_in::Kind;
use crate::ui::prompt::{self, Item, Reply};
use crate::ui::report::{Outcome, Report, Saved, failure_text};

/// A token that lives less is renewed first: what is proven is the edit, not the token.
const ENOUGH: Duration = Duration::from_secs(60);

pub(super) fn run(context: &Context, flags: &Edit) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage edit NAME --OPTION VALUE")?;
    let before = Section::read(&file.read()?, &name)?;
    if flags.options.set().next().is_none() && flags.unset.is_empty() && context.terminal.asks {
        return by_menu(context, &file, flags, &before);
    }
    change(context, &file, flags, &before, &from_flags(flags)?)
}

/// Shows the options until what was chosen works, or the person gives up.
fn by_menu(context: &Context, file: &ConfigFile, flags: &Edit, before: &Section) -> Result<Report> {
    let set = |spec: &Spec| Some((spec.key, before.get(spec.key)?.to_owned()));
    let was: BTreeMap<_, _> = SPECS.iter().filter_map(set).collect();
    let mut now = was.clone();
    let mut shows_menu = true;
    loop {
        if shows_menu && !choose(context, file, flags, before, &mut now)? {
            now.clone_from(&was);
        }
        let unset = was.keys().filter(|key| !now.contains_key(*key)).map(|key| (*key).to_owned()).collect();
        let changed = now.iter().filter(|(key, value)| was.get(*key) != Some(*value));
        let set = BoxOptions::checked(changed.map(|(key, value)| (*key, value.as_str())))?;
        let error = match change(context, file, flags, before, &Edits { set, unset }) {
            Err(error) if !signals::seen() => error,
            done => return done,
        };
        context.terminal.error(&failure_text(&error));
        prompt::forget_typed();
        let items = ["Change the options", "Try again", "Give up"].map(|title| Item { title, meaning: "" });
        match prompt::must_choose("What now?", &items)? {
            0 => shows_menu = true,
            1 => shows_menu = false,
            _ => return Err(error.already_shown()),
        }
    }
}

/// Shows the menu until it is left; false for the way back.
fn choose(context: &Context, file: &ConfigFile, flags: &Edit, before: &Section, options: &mut Options) -> Result<bool> {
    loop {
        match wizard::menu(before.kind(), options, "Save", None)? {
            Reply::Answer(Chosen::Done) => return Ok(true),
            Reply::Answer(Chosen::RootFolder) => ask_root(context, file, flags, before.name(), options)?,
            Reply::Back => return Ok(false),
        }
    }
}

/// A folder that cannot be listed is no reason to leave the menu.
fn ask_root(context: &Context, file: &ConfigFile, flags: &Edit, name: &str, options: &mut Options) -> Result<()> {
    let typed = |options: &mut Options| spec(ROOT_FOLDER).map_or(Ok(()), |spec| wizard::ask_option(options, spec));
    match wizard::ask_root_folder("")? {
        Reply::Back => Ok(()),
        Reply::Answer(RootFolder::Typed) => typed(options),
        Reply::Answer(RootFolder::FromList) => {
            match choose_root(context, file, flags, name) {
                Ok(Reply::Back) => {}
                Ok(Reply::Answer(Some(folder))) => drop(options.insert(ROOT_FOLDER, folder.id)),
                Ok(Reply::Answer(None)) => drop(options.remove(ROOT_FOLDER)),
                Err(error) if signals::seen() => return Err(error),
                Err(error) => context.terminal.error(&failure_text(&error)),
            }
            Ok(())
        }
    }
}

fn choose_root(context: &Context, file: &ConfigFile, flags: &Edit, name: &str) -> Result<Reply<Option<Folder>>> {
    let rclone = context.rclone(flags.proof.timeout)?;
    if is_renewable(&Section::read(&file.read()?, name)?) {
        refresh(file, &rclone, name, Some(ENOUGH))?;
    }
    browse::browse(&Section::read(&file.read()?, name)?)
}

fn change(context: &Context, file: &ConfigFile, flags: &Edit, before: &Section, edits: &Edits) -> Result<Report> {
    let after = edits.applied(before.clone())?;
    let is_same = SPECS.iter().all(|spec| before.get(spec.key) == after.get(spec.key));
    let (outcome, proof) = if is_same {
        (Outcome::Unchanged, Proof::default())
    } else {
        if flags.proof.no_verify {
            impersonate::require_id(after.get(IMPERSONATE), "with --no-verify nobody looks it up")?;
        }
        let rclone = rclone_for(context, &flags.proof, None, &edits.set)?;
        (Outcome::Edited, save(file, &rclone, before.name(), edits, &flags.proof)?)
    };
    let mut storage = describe(&file.read()?, before.name(), file.path(), false);
    storage.token = None;
    let is_default_config = context.is_default_config();
    let (warnings, lasting) = (Vec::new(), after.lasting());
    Ok(Report::Saved(Box::new(Saved {
        storage,
        verified: proof,
        warnings,
        outcome,
        lasting,
        timer: None,
        is_default_config,
    })))
}

/// Shows another folder as the root, once that is proven.
pub(super) fn set_root(file: &ConfigFile, rclone: &Rclone, name: &str, id: &str, proof: &ProofFlags) -> Result<Proof> {
    let edits = Edits { set: BoxOptions::checked([("root_folder_id", id)])?, unset: Vec::new() };
    save(file, rclone, name, &edits, proof)
}

/// Proves the edited section on a private copy. A token that is renewed on the way is saved even where the edit is not.
fn save(file: &ConfigFile, rclone: &Rclone, name: &str, edits: &Edits, proof: &ProofFlags) -> Result<Proof> {
    let unharmed = |error: Error| error.note("Its options are as they were.");
    let (claim, mut present) = lock(file, name).map_err(unharmed)?;
    if is_renewable(&present) && !proof.no_verify {
        let fresh = refresh_locked(file, rclone, &present, &claim, Some(ENOUGH)).map_err(unharmed)?;
        present = present.with_token(&fresh.token)?;
    }
    let mut edited = edits.applied(present.clone())?;
    if let Some(login) = impersonate::login(edited.get(IMPERSONATE)) {
        let id = impersonate::look_up(rclone, &present, login).map_err(unharmed)?;
        edited.set(IMPERSONATE, Some(Value::as_read(&id)));
    }
    let known = SPECS.iter().map(|spec| spec.key).chain([GRANT_KEY]);
    let mut keys: Vec<&str> = known.filter(|key| present.get(key) != edited.get(key)).collect();
    let verified = if proof.no_verify {
        Staged::new(edited, false)?.unverified(Unverified::AsAsked)?
    } else {
        let staged = staged(rclone, edited, &keys).map_err(unharmed)?;
        if staged.section().token() != present.token() {
            // Made by the edited section, of which it is a part.
            keys.push("token");
        }
        prove::prove_saved(file, rclone, staged, Trial::small_if(proof.check_write)).map_err(unharmed)?
    };
    file.save_keys(&verified, &keys).map_err(unharmed)?;
    Ok(verified.proof())
}

/// Where an edit is about getting tokens, the proof has to get one.
fn staged(rclone: &Rclone, edited: Section, keys: &[&str]) -> Result<Staged> {
    match edited.kind() {
        Kind::Quick | Kind::OwnApp => Staged::new(edited, keys.contains(&"token_url")),
        Kind::Jwt if keys.contains(&BOX_SUB_TYPE) => Staged::new(edited.without("token"), false),
        Kind::ClientCredentials if keys.contains(&"token_url") => {
            let token = grant(&edited, rclone.limit())?;
            Staged::new(edited.with_token(&token)?, false)
        }
        Kind::Jwt | Kind::ClientCredentials | Kind::AccessToken => Staged::new(edited, false),
    }
}

struct Edits {
    set: BoxOptions,
    unset: Vec<String>,
}

impl Edits {
    fn applied(&self, mut section: Section) -> Result<Section> {
        for key in &self.unset {
            section.set(key, None);
        }
        for (key, text) in self.set.entries() {
            let value = Value::new(text)
                .map_err(|why| Error::invalid(Field::Option(key), format!("{key} cannot be saved: {why}")))?;
            section.set(key, Some(value));
        }
        Ok(section.without_grant_key())
    }
}

fn from_flags(flags: &Edit) -> Result<Edits> {
    let set = BoxOptions::checked(flags.options.set())?;
    if set.entries().next().is_none() && flags.unset.is_empty() {
        return Err(Error::new(Code::InputRequired, "nothing to change was named")
            .responsible(Who::You)
            .hint("give an option, for example --root-folder-id ID, or --unset KEY"));
    }
    if let Some(both) = flags.unset.iter().find(|key| set.get(key).is_some()) {
        return Err(Error::new(Code::InvalidValue, format!("{both} is both set and unset")));
    }
    Ok(Edits { set, unset: flags.unset.clone() })
}
