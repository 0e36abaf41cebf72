//! `pluton storage add box NAME --on HOST`: signs in through the browser here, and has pluton on another machine verify
//! and save the storage. Writes nothing on this machine.

use serde_json::json;

use super::add::through_browser;
use super::input::{Answers, token_to_come};
use crate::cli::{AddBox, SignInFlags};
use crate::context::Context;
use crate::error::{Code, Error, Field, Result, Who};
use crate::process;
use crate::secret::Secret;
use crate::storage::options;
use crate::storage::section::Section;
use crate::storage::sign_in::App;
use crate::ui::report::{Report, Warning};

/// The exit code of a shell that finds no such program, and of ssh if it fails itself.
const NO_PROGRAM: i32 = 127;
const NO_CONNECTION: i32 = 255;

pub(super) fn add(context: &Context, flags: &AddBox, host: &str, warnings: Vec<Warning>) -> Result<Report> {
    let signs_in = SignInFlags { authorize: true, ..flags.sign_in.clone() };
    let answers = Answers::gather(context.terminal.asks, flags.name.as_deref(), &signs_in, &flags.options)?;
    let section = answers.section()?;
    if host.is_empty() || host.starts_with('-') {
        return Err(Error::invalid(Field::Name, format!("{host:?} is not a host; write --on USER@HOST")));
    }
    let rclone = context.rclone(flags.proof.timeout)?;
    rclone.require_for_option(options::needs(|key| section.has(key)))?;
    for Warning { message, .. } in warnings {
        context.terminal.warn(&message);
    }

    // Checked first: nobody should sign in for a machine that cannot save it.
    context.terminal.say(&format!("Asking pluton on {host} whether it can save {:?}", section.name()));
    let rehearsal = format!("{} --dry-run", command(context, flags, section.name()));
    let (code, printed) = run_on(host, &rehearsal, &pasted(&section, &token_to_come()), false)?;
    if code != 0 {
        Report::Raw(printed).print(false, false)?;
        return Ok(Report::Exit(u8::try_from(code).unwrap_or(1)));
    }
    let token = through_browser(context, &rclone, &section, answers.opens_browser())?;
    context.terminal.say(&format!("Sending the sign-in to {host}, which verifies and saves it"));
    let handed = run_on(host, &command(context, flags, section.name()), &pasted(&section, &token.blob()), true);
    let (code, _) = handed.map_err(|error| {
        error.note(format!(
            "To see whether {host} has saved it: `ssh {host} pluton storage list`. Nothing was saved here."
        ))
    })?;
    Ok(Report::Exit(u8::try_from(code).unwrap_or(1)))
}

/// What is passed to pluton there as the paste: the token, and the app that it belongs to.
fn pasted(section: &Section, token: &Secret) -> Secret {
    let Some(App { client_id, client_secret }) = section.own_app() else { return token.clone() };
    let keys = json!({ "client_id": client_id, "client_secret": client_secret.expose(), "token": token.expose() });
    Secret::new(keys.to_string())
}

/// The same command for the shell there, without the flags for this machine.
fn command(context: &Context, flags: &AddBox, name: &str) -> String {
    let proof = &flags.proof;
    let mut words =
        ["pluton", "storage", "add", "box", name, "--token-file", "-", "--no-input"].map(str::to_owned).to_vec();
    words.extend(flags.options.0.iter().map(|(key, value)| format!("--{}={value}", key.replace('_', "-"))));
    words.extend(proof.timeout.map(|limit| format!("--timeout={}s", limit.as_secs().max(1))));
    let switches = [
        (flags.force, "--force"),
        (proof.no_refresh_check, "--no-refresh-check"),
        (proof.check_write, "--check-write"),
        (proof.no_verify, "--no-verify"),
        (context.json, "--json"),
    ];
    words.extend(switches.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag.to_owned()));
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// Runs it over ssh, which asks for passwords at the terminal itself. Returns how it ended and what it printed.
fn run_on(host: &str, command: &str, input: &Secret, shows: bool) -> Result<(i32, Vec<u8>)> {
    let failed = |message: String| Error::new(Code::Unknown, message);
    let ssh = process::find("ssh")
        .ok_or_else(|| failed("ssh is not installed, or not on the PATH".into()).hint("install OpenSSH"))?;
    let ended = process::at_terminal(process::command(ssh).args(["-T", "--", host, command]), Some(input), shows)?;
    let outcome = ended.map_err(|cause| failed(format!("cannot start ssh: {cause}")))?;
    match outcome.code().unwrap_or(NO_CONNECTION) {
        NO_PROGRAM => Err(failed(format!("ssh found no pluton on {host}"))
            .hint(format!("install pluton on {host} where ssh finds it, for example in /usr/local/bin"))
            .hint(
                "with rclone alone there: run `rclone authorize \"box\"` here, then `rclone config` there, and paste what it \
                 printed",
            )),
        NO_CONNECTION => Err(Error::new(Code::Network, format!("ssh could not reach {host}, or was refused there"))
            .responsible(Who::You)
            .hint_command("see whether this works", format!("ssh {host} pluton --version"))),
        code => Ok((code, outcome.stdout.into_bytes())),
    }
}
