//! `pluton storage edit NAME`: changes options of an existing storage, verified before they are saved through `commit`.

use super::add::saved;
use super::commit::{Change, Target, commit, require_user_id};
use super::pick;
use super::refresh::{is_renewable, refresh};
use super::verify::ENOUGH;
use super::wizard::{browse, menu, what_now};
use crate::box_api::Folder;
use crate::cli::Edit;
use crate::config::{ConfigFile, Proof};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::signals;
use crate::storage::options::{IMPERSONATE, Options, ROOT_FOLDER, SPECS, needs};
use crate::storage::section::{GRANT_KEY, Section};
use crate::ui::prompt::Reply;
use crate::ui::report::{Outcome, Report, failure_text};
use crate::ui::terminal;

pub(super) fn run(context: &Context, flags: &Edit) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage edit NAME --OPTION VALUE")?;
    let before = file.section(&name)?;
    let editor = Editor { context, file: &file, flags, before: &before };
    let set = &flags.options.0;
    if set.is_empty() && flags.unset.is_empty() {
        if context.terminal.asks {
            return editor.by_menu();
        }
        return Err(Error::new(Code::InputRequired, "nothing to change")
            .hint("give an option, for example --root-folder-id ID, or --unset KEY"));
    }
    if let Some(both) = flags.unset.iter().find(|key| set.contains_key(key.as_str())) {
        return Err(Error::new(Code::InvalidValue, format!("{both} is both set and unset")));
    }
    editor.change(set, flags.unset.iter().map(String::as_str))
}

struct Editor<'a> {
    context: &'a Context,
    file: &'a ConfigFile,
    flags: &'a Edit,
    before: &'a Section,
}

impl Editor<'_> {
    /// Shows the options until the chosen ones work, or the person gives up.
    fn by_menu(&self) -> Result<Report> {
        let set = SPECS.iter().filter_map(|spec| Some((spec.key, self.before.get(spec.key)?.to_owned())));
        let was: Options = set.collect();
        let mut now = was.clone();
        let mut shows_menu = true;
        loop {
            if shows_menu
                && menu(self.before.kind(), &mut now, "Save", &|options| self.ask_root(options))? == Reply::Back
            {
                now.clone_from(&was);
            }
            let changed = now.iter().filter(|(key, value)| was.get(*key) != Some(*value));
            let set = changed.map(|(key, value)| (*key, value.clone())).collect();
            match self.change(&set, was.keys().copied().filter(|key| !now.contains_key(key))) {
                Err(error) if !signals::seen() => {
                    shows_menu = what_now(error, vec!["Change the options".into()])?.is_some();
                }
                done => return done,
            }
        }
    }

    /// Lets the user choose the root folder from a list. A folder that cannot be listed does not end the menu.
    fn ask_root(&self, options: &mut Options) -> Result<bool> {
        match self.choose_root() {
            Ok(Reply::Back) => {}
            Ok(Reply::Answer(Some(folder))) => drop(options.insert(ROOT_FOLDER, folder.id)),
            Ok(Reply::Answer(None)) => drop(options.remove(ROOT_FOLDER)),
            Err(error) if signals::seen() => return Err(error),
            Err(error) => terminal::error(&failure_text(&error)),
        }
        Ok(false)
    }

    fn choose_root(&self) -> Result<Reply<Option<Folder>>> {
        let read = || self.file.section(self.before.name());
        if is_renewable(&read()?) {
            refresh(self.file, &self.context.rclone(self.flags.proof.timeout)?, self.before.name(), Some(ENOUGH))?;
        }
        browse(&read()?)
    }

    fn change<'k>(&self, set: &Options, unset: impl Iterator<Item = &'k str>) -> Result<Report> {
        let (before, proof) = (self.before, &self.flags.proof);
        let mut after = before.clone();
        unset.for_each(|key| after.set(key, None));
        after.put_options(set)?;
        let mut keys: Vec<&str> = SPECS.iter().map(|spec| spec.key).collect();
        keys.retain(|key| before.get(key) != after.get(key));
        let (outcome, proof) = if keys.is_empty() {
            (Outcome::Unchanged, Proof::default())
        } else {
            if proof.no_verify {
                require_user_id(after.get(IMPERSONATE), "with --no-verify only a numeric ID can be saved")?;
            }
            let rclone = self.context.rclone(proof.timeout)?;
            rclone.require_for_option(needs(|key| set.contains_key(key)))?;
            keys.push(GRANT_KEY);
            let change =
                Change { section: after.without_grant_key(), is_new_sign_in: false, target: Target::Keys(keys) };
            let unharmed = |error: Error| error.note("Its options were not changed.");
            (Outcome::Edited, commit(self.file, &rclone, change, proof).map_err(unharmed)?.1)
        };
        let section = self.file.section(before.name())?;
        Ok(Report::Saved(Box::new(saved(self.context, self.file, &section, outcome, proof))))
    }
}
