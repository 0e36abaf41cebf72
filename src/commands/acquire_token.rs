//! Gets the token that a sign-in still lacks: from a browser through rclone, or from Box for client credentials.

use super::explain;
use super::input::{Answers, Browser};
use crate::box_api;
use crate::cli::ProofFlags;
use crate::context::Context;
use crate::diagnosis::{Doing, Evidence, Operation};
use crate::error::Result;
use crate::process;
use crate::rclone::{Authorize, Rclone};
use crate::secret::{Secret, scrub};
use crate::storage::options::BoxOptions;
use crate::storage::sign_in::{Kind, SignIn};
use crate::storage::token::Token;

pub(super) fn needs_browser(answers: &Answers) -> Result<bool> {
    let is_here = matches!(answers.browser, Some(Browser::Here | Browser::Link));
    Ok(matches!(answers.kind()?, Kind::Quick | Kind::OwnApp) && answers.token.is_none() && is_here)
}

/// What stands for the browser's token in a rehearsal, which opens no browser.
pub(super) fn token_to_come() -> Secret {
    Secret::new(r#"{"refresh_token":"from the browser"}"#)
}

pub(super) fn sign_in(
    context: &Context,
    rclone: &Rclone,
    answers: &mut Answers,
    options: &BoxOptions,
    proof: &ProofFlags,
) -> Result<SignIn> {
    if needs_browser(answers)? {
        answers.token = Some(through_browser(context, rclone, answers, options)?);
    }
    match answers.sign_in()? {
        SignIn::ClientCredentials { app, subject, .. } if !proof.no_verify => {
            let limit = rclone.limit();
            let _spinner = context.terminal.wait("signing in to Box");
            let token =
                box_api::client_credentials(&app, &subject, options.get("token_url"), limit)?.map_err(|refused| {
                    let asked = asked(answers, options, Doing::Minting);
                    let shown = scrub(&refused.0, std::slice::from_ref(&app.client_secret));
                    explain::explain(&asked, &Evidence::answer(&refused.0, &shown), None)
                })?;
            Ok(SignIn::ClientCredentials { app, subject, token: Some(token) })
        }
        sign_in => Ok(sign_in),
    }
}

pub(super) fn through_browser(
    context: &Context,
    rclone: &Rclone,
    answers: &Answers,
    options: &BoxOptions,
) -> Result<Secret> {
    let app = answers.app()?;
    let terminal = context.terminal;
    let open = answers.browser == Some(Browser::Here);
    let mut spinner = None;
    let ask = Authorize { app: app.as_ref(), auth_url: options.get("auth_url"), token_url: options.get("token_url") };
    let outcome = rclone.authorize(&ask, &mut |link| {
        let opened = open && process::open_in_browser(link);
        let how = match (open, opened) {
            (true, true) => "Your browser should show Box now. If it does not, open this link in it:",
            (true, false) => "No browser could be opened. Open this link in one on this machine:",
            (false, _) => "Open this link in a browser on this machine:",
        };
        terminal.always_print(&format!("{how}\n\n    {link}\n"));
        spinner = Some(terminal.wait("waiting for you to sign in to Box (Ctrl-C gives up)"));
    })?;
    drop(spinner);
    let token = Token::find(&outcome.stdout);
    if let (true, Ok(token)) = (outcome.success(), token) {
        terminal.done("Signed in through the browser");
        return Ok(token.blob());
    }
    let secrets: Vec<_> = app.iter().map(|app| app.client_secret.clone()).collect();
    let shown = scrub(&outcome.stderr, &secrets);
    let heard =
        Evidence { said: &outcome.stderr, shown: &shown, end: explain::end(&outcome), version: rclone.version().ok() };
    Err(explain::explain(&asked(answers, options, Doing::Authorizing), &heard, None))
}

fn asked<'a>(answers: &'a Answers, options: &'a BoxOptions, doing: Doing) -> Operation<'a> {
    Operation {
        client_id: answers.client_id.as_deref(),
        root_folder: options.get("root_folder_id"),
        impersonate: options.get("impersonate"),
        ..Operation::new(doing, answers.name.as_deref().unwrap_or_default(), answers.sign_in.unwrap_or(Kind::Quick))
    }
}
