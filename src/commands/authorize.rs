//! `pluton storage authorize NAME`: a new sign-in for a storage that is there, its options kept.

use clap::ArgMatches;

use super::account;
use super::add::{Goal, until_done};
use super::input::{Answers, exposed_secrets};
use super::pick;
use super::show::require_box;
use crate::cli::{Authorize, OptionFlags, ProofFlags, SignInFlags};
use crate::context::Context;
use crate::error::Result;
use crate::storage::options::{BOX_SUB_TYPE, SPECS};
use crate::storage::section::Section;
use crate::storage::sign_in::Kind;
use crate::ui::report::{Report, Warning};

pub(super) fn run(context: &Context, flags: &Authorize, matches: &ArgMatches) -> Result<Report> {
    let file = context.config_file()?;
    let name = pick::one(context, &file, flags.name.as_deref(), "pluton storage authorize NAME")?;
    sign_in_again(context, &name, &flags.sign_in, &flags.proof, exposed_secrets(matches))
}

pub(super) fn sign_in_again(
    context: &Context,
    name: &str,
    flags: &SignInFlags,
    proof: &ProofFlags,
    warnings: Vec<Warning>,
) -> Result<Report> {
    let document = context.config_file()?.read()?;
    require_box(&document, name)?;
    let old = Section::read(&document, name)?;
    let mut answers = Answers::gather(context, Some(name), flags, &OptionFlags::default())?;
    if matches!(answers.sign_in, Some(Kind::Quick | Kind::OwnApp | Kind::ClientCredentials)) {
        answers.keep_app(&old, flags);
    }
    for spec in &SPECS {
        // What a JWT app signs in as says nothing to any other sign-in.
        let concerns = spec.key != BOX_SUB_TYPE || answers.sign_in.is_none_or(|kind| kind == Kind::Jwt);
        if let Some(value) = old.get(spec.key).filter(|_| concerns) {
            answers.options.insert(spec.key, value.to_owned());
        }
    }
    let account = account::who(&old)?.account;
    until_done(context, answers, proof, &Goal::Authorize { old, account }, warnings)
}
