//! The page a person sees in the browser, shown or clicked through.

use std::time::{Duration, Instant};

use url::Url;

use crate::request::{Answer, Request};
use crate::state::{Code, State};
use crate::tokens::random_id;

const CODE_LIFETIME: Duration = Duration::from_secs(30);

/// `GET` and `POST /api/oauth2/authorize`.
pub(crate) fn authorize(state: &mut State, request: &Request) -> Answer {
    let asked = |name: &str| request.parameter(name);
    let Some(app) = state.apps.get(asked("client_id")) else {
        return page(400, "invalid_client", "The client ID is not known to Box.");
    };
    if asked("response_type") != "code" {
        return page(400, "unsupported_response_type", "Only code is supported.");
    }
    let registered = app.spec.redirect_uri.as_deref();
    if !registered.is_some_and(|registered| same_place(registered, asked("redirect_uri"))) {
        if app.spec.mismatch_redirects {
            return back(request, &[("error", "redirect_uri_mismatch")]);
        }
        let sorry = "The redirect URI does not match one registered for this app.";
        return page(400, "redirect_uri_mismatch", sorry);
    }
    let pressed = request.method == "POST";
    if state.settings.consent_page && !pressed {
        return consent_page();
    }
    if state.settings.refuse_consent || (pressed && request.field("decision") != "grant") {
        let words = "The user denied access to your application";
        let refusal = [("error", "access_denied"), ("error_description", words)];
        return back(request, &refusal);
    }
    let code = random_id(32);
    let kept = Code {
        client_id: asked("client_id").to_owned(),
        redirect_uri: asked("redirect_uri").to_owned(),
        expires: Instant::now() + CODE_LIFETIME,
    };
    state.codes.insert(code.clone(), kept);
    back(request, &[("code", &code)])
}

/// Whether two addresses are one; on this very machine, any port will do.
fn same_place(registered: &str, asked: &str) -> bool {
    let without_port = |address: &str| {
        let mut url = Url::parse(address).ok()?;
        if matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
            url.set_port(None).ok()?;
        }
        Some(url)
    };
    registered == asked || without_port(registered).is_some_and(|url| Some(url) == without_port(asked))
}

/// Sends the browser back to the app, with its own `state`.
fn back(request: &Request, parameters: &[(&str, &str)]) -> Answer {
    let Ok(mut target) = Url::parse(request.parameter("redirect_uri")) else {
        return page(400, "redirect_uri_mismatch", "The redirect URI is no URL.");
    };
    target.query_pairs_mut().extend_pairs(parameters).append_pair("state", request.parameter("state"));
    Answer::redirect(target.as_str())
}

fn page(status: u16, error: &str, words: &str) -> Answer {
    Answer::html(status, format!("<!doctype html><title>Box | Error</title><h1>Error: {error}</h1><p>{words}</p>\n"))
}

/// The form posts to the very address it is on, query included.
fn consent_page() -> Answer {
    Answer::html(
        200,
        r#"<!doctype html>
<html lang="en">
<title>Box | Grant access</title>
<h1>Grant access to Box</h1>
<p>An app would like to read and write the files in your Box account.</p>
<form method="post">
<button name="decision" value="grant">Grant access to Box</button>
<button name="decision" value="deny">Deny access to Box</button>
</form>
</html>
"#
        .to_owned(),
    )
}
