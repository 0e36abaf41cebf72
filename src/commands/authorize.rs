//! `pluton storage authorize NAME`: a new sign-in for a storage that is there, its options kept.

use clap::ArgMatches;

use super::account;
use super::add::{Goal, until_done};
use super::input::{Answers, Taken, exposed_secrets};
use super::pick;
use crate::cli::{Authorize, OptionFlags, ProofFlags, SignInFlags};
use crate::context::Context;
use crate::error::Result;
use crate::ui::report::{Report, Warning};

pub(super) fn run(context: &Context, flags: &Authorize, matches: &ArgMatches) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage authorize NAME")?;
    sign_in_again(context, &name, &flags.sign_in, &flags.proof, exposed_secrets(matches))
}

/// `name` is known to be a Box storage.
pub(super) fn sign_in_again(
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
