//! An earlier run may have ended after Box renewed its token: that token is the only live one, so it is used again.

use std::path::PathBuf;

use super::input::Answers;
use crate::config::document::Document;
use crate::config::{self, OrphanedSignIn};
use crate::context::Context;
use crate::error::Result;
use crate::storage::token::Token;
use crate::ui::prompt;
use crate::ui::report::Warning;

/// Puts the live token in the place of its predecessor, or offers the whole interrupted sign-in. Returns the staged files
/// to discard once its token is saved.
pub(super) fn resume(
    context: &Context,
    answers: &mut Answers,
    present: &Document,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<PathBuf>> {
    let given = answers.token.as_ref().and_then(|paste| Token::find(paste.expose()).ok());
    let left = config::orphans(present, given.as_ref())?;
    if let Some(token) = given {
        let tries = tries_with(token, &left);
        if let Some(last) = tries.last() {
            context.terminal.say("Going on with the renewed token of an earlier try");
            answers.token = Some(last.token.blob());
        }
        return Ok(tries.into_iter().map(|found| found.file.clone()).collect());
    }
    let is_latest = |found: &&OrphanedSignIn| !left.iter().any(|other| other.succeeds(&found.token));
    for found in left.iter().filter(is_latest) {
        if answers.name.as_ref().is_some_and(|name| *name != found.name) {
            continue;
        }
        if context.terminal.asks {
            let question = format!("An interrupted sign-in for {:?} is still good. Go on with it?", found.name);
            if prompt::yes(&question)? {
                answers.take_section(&found.section, &found.name);
                return Ok(vec![found.file.clone()]);
            }
        } else if answers.name.is_some() {
            warnings.push(left_behind(found));
        }
    }
    Ok(Vec::new())
}

/// The tries that began with `token` or hold it, in order: each may have renewed the token of the one before.
fn tries_with(token: Token, left: &[OrphanedSignIn]) -> Vec<&OrphanedSignIn> {
    let is_held = |found: &&OrphanedSignIn| found.token.fingerprint() == token.fingerprint();
    let mut tries: Vec<_> = left.iter().find(is_held).into_iter().collect();
    let mut token = token;
    while let Some(next) = left.iter().find(|found| found.succeeds(&token)) {
        if tries.len() > left.len() {
            break;
        }
        token = next.token.clone();
        tries.push(next);
    }
    tries
}

fn left_behind(found: &OrphanedSignIn) -> Warning {
    Warning {
        code: "interrupted_sign_in",
        message: format!(
            "an interrupted sign-in for {:?} is still good; to go on with it: pluton storage add box {:?} --token-file '{}'",
            found.name,
            found.name,
            found.file.display()
        ),
    }
}
