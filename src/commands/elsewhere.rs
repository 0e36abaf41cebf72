//! `pluton storage add box NAME --on HOST`: signs in through the browser here, and has pluton on another machine prove and save it.

use serde_json::json;

use super::acquire_token;
use super::add::{name_missing, rclone_for};
use super::input::Answers;
use crate::cli::{AddBox, SignInFlags};
use crate::context::Context;
use crate::error::{Code, Error, Field, Result, Who};
use crate::process;
use crate::secret::Secret;
use crate::storage::name::RemoteName;
use crate::storage::sign_in::App;
use crate::ui::report::{Report, Warning};

/// What a shell ends with that finds no such program, and ssh where it fails itself.
const NO_PROGRAM: i32 = 127;
const NO_CONNECTION: i32 = 255;

pub(super) fn add(context: &Context, flags: &AddBox, host: &str, warnings: Vec<Warning>) -> Result<Report> {
    let signs_in = SignInFlags { authorize: true, ..flags.sign_in.clone() };
    let answers = Answers::gather(context, flags.name.as_deref(), &signs_in, &flags.options)?;
    let name = answers.name.as_deref().ok_or_else(name_missing).and_then(RemoteName::new)?;
    let (options, app) = (answers.options()?, answers.app()?);
    if host.is_empty() || host.starts_with('-') {
        return Err(Error::invalid(Field::Name, format!("{host:?} is no host; write --on USER@HOST")));
    }
    let rclone = rclone_for(context, &flags.proof, None, &options)?;
    for Warning { message, .. } in warnings {
        context.terminal.warn(&message);
    }
    let there = There { host, name: name.as_str() };

    // Nobody signs in for a machine that cannot take it.
    context.terminal.say(&format!("Asking pluton on {host} whether it can save {name:?}", name = name.as_str()));
    let command = there.command(context, flags, &["--dry-run"]);
    let (code, printed) = there.run(&command, &pasted(&acquire_token::token_to_come(), app.as_ref()), false)?;
    if code != 0 {
        Report::Raw(printed).print(false, false)?;
        return Ok(Report::Exit(u8::try_from(code).unwrap_or(1)));
    }
    let token = acquire_token::through_browser(context, &rclone, &answers, &options)?;
    context.terminal.say(&format!("Handing the sign-in to {host}, which proves and saves it"));
    let command = there.command(context, flags, &[]);
    let handed = there.run(&command, &pasted(&token, app.as_ref()), true);
    let (code, _) = handed.map_err(|error| {
        error.note(format!(
            "To see whether {host} has saved it: ssh {host} pluton storage list. Nothing was saved here."
        ))
    })?;
    Ok(Report::Exit(u8::try_from(code).unwrap_or(1)))
}

/// What pluton there takes for a paste: the token, and with it the app that it belongs to.
fn pasted(token: &Secret, app: Option<&App>) -> Secret {
    let Some(App { client_id, client_secret }) = app else { return token.clone() };
    let keys = json!({ "client_id": client_id, "client_secret": client_secret.expose(), "token": token.expose() });
    Secret::new(keys.to_string())
}

struct There<'a> {
    host: &'a str,
    name: &'a str,
}

impl There<'_> {
    /// The same command as here, for the shell there, without what was for this machine.
    fn command(&self, context: &Context, flags: &AddBox, more: &[&str]) -> String {
        let mut words: Vec<String> = ["pluton", "storage", "add", "box", self.name, "--token-file", "-", "--no-input"]
            .into_iter()
            .chain(more.iter().copied())
            .map(str::to_owned)
            .collect();
        words.extend(flags.options.set().map(|(key, value)| format!("--{}={value}", key.replace('_', "-"))));
        words.extend(flags.proof.timeout.map(|limit| format!("--timeout={}s", limit.as_secs().max(1))));
        let proof = &flags.proof;
        for (given, flag) in [
            (flags.force, "--force"),
            (proof.no_refresh_check, "--no-refresh-check"),
            (proof.check_write, "--check-write"),
            (proof.no_verify, "--no-verify"),
            (context.json, "--json"),
        ] {
            words.extend(given.then(|| flag.to_owned()));
        }
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }

    /// Runs it over ssh, which asks for passwords at the terminal itself. Returns how it ended and what it printed.
    fn run(&self, command: &str, input: &Secret, shows: bool) -> Result<(i32, Vec<u8>)> {
        let host = self.host;
        let current = std::env::current_dir().unwrap_or_default();
        let ssh = which::which_in("ssh", Some(process::search_path()), current).map_err(|_| {
            Error::new(Code::Unknown, "ssh is not installed, or not on the PATH")
                .responsible(Who::You)
                .hint("install OpenSSH")
        })?;
        let ended = process::feed(process::command(ssh).args(["-T", "--", host, command]), input, shows)?;
        let outcome = ended.map_err(|cause| {
            Error::new(Code::Unknown, format!("ssh cannot be started: {cause}")).responsible(Who::You)
        })?;
        match outcome.code().unwrap_or(NO_CONNECTION) {
            NO_PROGRAM => Err(Error::new(Code::Unknown, format!("ssh finds no pluton on {host}"))
                .responsible(Who::You)
                .hint(format!("install pluton on {host} where ssh finds it, for example in /usr/local/bin"))
                .hint("with rclone alone there: run `rclone authorize \"box\"` here, then `rclone config` there, and paste what it printed")),
            NO_CONNECTION => Err(Error::new(Code::Network, format!("ssh could not reach {host}, or was refused there"))
                .responsible(Who::You)
                .hint_command("see whether this works", format!("ssh {host} pluton --version"))),
            code => Ok((code, outcome.stdout.into_bytes())),
        }
    }
}

/// One word for any Unix shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
