//! Gets the missing token of a sign-in by a person: from the browser through rclone, or from an earlier run that ended
//! after Box had renewed its token and before that was saved. Saves nothing.

use super::explain;
use super::input::Answers;
use crate::config::document::Document;
use crate::config::{self, OrphanedSignIn};
use crate::context::Context;
use crate::diagnosis::{Doing, Failure};
use crate::error::{Field, Result};
use crate::process;
use crate::rclone::{Authorize, Rclone};
use crate::storage::section::Section;
use crate::storage::token::Token;
use crate::ui::prompt;
use crate::ui::report::Warning;
use crate::ui::terminal;

/// Has a person sign in as `section` does: in a browser that Pluton opens, or from a link that it shows.
pub(super) fn through_browser(context: &Context, rclone: &Rclone, section: &Section, opens: bool) -> Result<Token> {
    let terminal = context.terminal;
    let app = section.own_app();
    let mut spinner = None;
    let ask = Authorize { app: app.as_ref(), auth_url: section.get("auth_url"), token_url: section.get("token_url") };
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

/// Replaces the given token by the one that an earlier run renewed, or offers its whole sign-in. Returns what
/// to discard once the token is saved.
pub(super) fn resume(
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
