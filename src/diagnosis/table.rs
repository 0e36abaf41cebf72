//! The README's table of causes is the same table as the code's.
//!
//! After a change of the words: `PLUTON_REGENERATE=1 cargo test troubleshooting`.

use std::path::Path;

use super::{Asked, Cause, Doing, End, Facts, Heard, explain};
use crate::sign_in::Kind;

const BEGIN: &str = "<!-- troubleshooting -->\n";
const END: &str = "<!-- /troubleshooting -->";

/// The sign-in that a cause is met with most.
fn typical(cause: Cause) -> Kind {
    use Cause as C;
    match cause {
        C::JwtFileMissing
        | C::JwtPathNotAbsolute
        | C::JwtFileBad
        | C::JwtKeyLocked
        | C::JwtKeyUnknown
        | C::JwtSubject
        | C::JwtRefused
        | C::JwtBroken
        | C::ClockOff
        | C::AppNotAuthorized
        | C::MayNotImpersonate
        | C::UserUnknown => Kind::Jwt,
        C::SubjectRefused => Kind::ClientCredentials,
        C::ClientRefused | C::AppRefused | C::GrantTypeRefused | C::RedirectMismatch | C::ScopeMissing => Kind::OwnApp,
        C::AccessTokenRefused => Kind::AccessToken,
        _ => Kind::Quick,
    }
}

fn table() -> String {
    let mut out = String::from("| code | what happened | who | what to do, likeliest first |\n|---|---|---|---|\n");
    for cause in Cause::ALL.iter().copied() {
        let sign_in = typical(cause);
        let asked = Asked {
            is_saved: true,
            client_id: (!matches!(sign_in, Kind::Quick | Kind::AccessToken)).then_some("CLIENT_ID"),
            root_folder: Some("123"),
            impersonate: Some("456"),
            config_file: Some("config.json"),
            ..Asked::new(Doing::Listing, "NAME", sign_in)
        };
        let said = if cause == Cause::OptionRefused { "upload_cutoff" } else { "" };
        let end = if cause == Cause::Killed { End::Killed(9) } else { End::Exited };
        let error = explain(cause, &asked, &Heard { said, shown: "", end, version: None }, &Facts::default());
        let code = serde_json::to_value(error.code).expect("a word");
        let cells = [
            format!("`{}`", code.as_str().expect("a word")),
            error.message,
            error.who.map_or("", crate::error::Who::name).to_owned(),
            in_one_cell(&error.remedy),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('<', "&lt;"));
        out.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    out
}

fn in_one_cell(remedies: &[String]) -> String {
    let mut out = String::new();
    for remedy in remedies {
        let link = match (out.is_empty(), remedy.starts_with("then ")) {
            (true, _) => "",
            (false, true) => "; ",
            (false, false) => "; or: ",
        };
        out += link;
        out += remedy;
    }
    out
}

#[test]
fn the_readme_s_troubleshooting_is_this_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(BEGIN).expect("where the table begins");
    let (present, after) = rest.split_once(END).expect("where the table ends");
    let fresh = table();
    if std::env::var_os("PLUTON_REGENERATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{fresh}{END}{after}")).expect("the README");
    } else {
        assert!(present == fresh, "README.md is not current: PLUTON_REGENERATE=1 cargo test troubleshooting");
    }
}
