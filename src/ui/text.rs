//! Formats a report or a failure as text, and numbers for people to read. Pure, except that it reads the clock; prints
//! nothing.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use jiff::Timestamp;

use super::report::{
    Action, Finding, Level, Outcome, Removed, Report, Saved, Step, Storage, StorageResult, Timer, TokenState, Warning,
};
use super::wrap::unbroken;
use crate::box_api::{Account, Folder};
use crate::config::{Rehearsal, shown};
use crate::error::{Error, Remedy};
use crate::secret::clean;
use crate::storage::sign_in::{Kind, Renewer};

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const ODD: Style = AnsiColor::Yellow.on_default().bold();
const BOLD: Style = Style::new().bold();

pub(super) fn render(report: &Report) -> String {
    match report {
        Report::Saved(saved) => outcome_of(saved),
        Report::List { rclone_config, storages } if storages.is_empty() => {
            format!("No Box storages in {} yet. To add one: `pluton storage add box`\n", shown(rclone_config))
        }
        Report::List { storages, .. } => list(&storages.iter().collect::<Vec<_>>()),
        Report::Show { storage, .. } => show(storage),
        Report::Results { storages } => storages.iter().map(result).collect(),
        Report::Applied { steps, .. } if steps.is_empty() => {
            "Nothing to do: the file declares no storages\n".to_owned()
        }
        Report::Applied { check, steps } => self::steps(steps.iter(), *check),
        Report::Doctor { findings, .. } => doctor(findings),
        Report::Removed(removed) => removal(removed),
        Report::Page(_) | Report::Raw(_) | Report::Exit(_) => String::new(),
    }
}

/// Only the storages that failed, for --quiet.
pub(super) fn failures(storages: &[StorageResult]) -> String {
    storages.iter().filter(|storage| !storage.ok).map(result).collect()
}

pub(super) fn steps<'a>(steps: impl Iterator<Item = &'a Step>, check: bool) -> String {
    steps.map(|step| step.line(!check) + "\n").collect()
}

/// Cause, who must act, next steps, rclone's words, and what became of the user's things.
pub(crate) fn failure_text(error: &Error) -> String {
    let mut out = error.message.clone();
    let mut line = |label: &str, text: &str| {
        let _ = write!(out, "\n  {label:<5} {text}");
    };
    if let Some(who) = error.who {
        line("who:", &who.to_string());
    }
    for (index, remedy) in error.remedy.iter().enumerate() {
        let (label, text) = step(index, remedy);
        line(label, &text);
    }
    if let Some(detail) = &error.detail {
        let _ = write!(out, "\n  {}: {detail}", error.speaker);
    }
    for note in &error.notes {
        let _ = write!(out, "\n  {note}");
    }
    out
}

/// Whether a remedy comes first, continues the one before, or is an alternative to it.
fn step(index: usize, remedy: &Remedy) -> (&'static str, String) {
    let Remedy { text, command } = remedy;
    let (label, text) = match (index, text.strip_prefix("then ")) {
        (0, _) => ("next:", text.as_str()),
        (_, Some(rest)) => ("then:", rest),
        (_, None) => ("or:", text.as_str()),
    };
    let command = command.as_deref().map(unbroken);
    (label, Remedy { text: text.to_owned(), command }.to_string())
}

/// A line, or the first of several, after the mark that says how it went.
pub(super) fn marked(style: Style, mark: &str, text: &str) -> String {
    format!("{style}{mark}{style:#} {text}")
}

pub(super) fn good(text: &str) -> String {
    marked(GOOD, "✓", text)
}

fn outcome_of(saved: &Saved) -> String {
    let Saved { storage, verified, .. } = saved;
    let place = shown(&storage.rclone_config);
    let mut out = String::new();
    let mut done = |text: &str| out += &(good(text) + "\n");
    if let Some(account) = &storage.account {
        done(&format!("Signed in as {}", whose(account)));
        if !account.shared_folders.is_empty() && !storage.options.contains_key("root_folder_id") {
            done(&format!("Folders shared with it, for --root-folder-id: {}", shared(account)));
        }
    }
    if let Some(folders) = verified.folders.filter(|_| verified.listed) {
        let folder =
            storage.root_folder.as_ref().map_or_else(|| "the root folder".to_owned(), |name| format!("\"{name}\""));
        done(&format!("Listed {folder}: {}", plural(folders, "folder")));
    }
    if verified.refreshed {
        done("Renewed the sign-in once, so it will not expire in an hour");
    }
    if verified.written {
        done("Wrote a small file, read it back and deleted it");
    }
    let name = &storage.name;
    done(&match saved.outcome {
        Outcome::DryRun => {
            let section = storage.options.iter().map(|(key, value)| format!("{key} = {}\n", clean(value)));
            let heading = format!("This would be saved in {place} (nothing was written, Box was not asked):");
            return format!("{heading}\n\n[{name}]\ntype = box\n{}", section.collect::<String>());
        }
        Outcome::Unchanged => format!("Unchanged: [{name}] in {place} is already up to date"),
        Outcome::Authorized => format!("Saved the new sign-in of [{name}] in {place}"),
        Outcome::Edited => format!("Saved the changes to [{name}] in {place}"),
        Outcome::Replaced => format!("Replaced [{name}] in {place}"),
        _ => format!("Saved as [{name}] in {place}"),
    });
    out + &next(saved)
}

/// What to type next, which depends on what keeps the storage signed in. Nothing of what expires with its token: a warning
/// says so last.
fn next(saved: &Saved) -> String {
    let name = &saved.storage.name;
    let path = (!saved.is_default_config).then(|| saved.storage.rclone_config.display());
    let flag = path.as_ref().map(|path| format!(" --rclone-config '{path}'")).unwrap_or_default();
    let is_signed_in = matches!(saved.outcome, Outcome::Added | Outcome::Replaced | Outcome::Authorized);
    match saved.renewer {
        _ if !is_signed_in => String::new(),
        Renewer::Nobody => String::new(),
        Renewer::Rclone if !saved.verified.refreshed => {
            format!(
                "\nNot tested: whether the sign-in can be renewed. To test it:\n    pluton storage verify --renew \"{name}\"{flag}\n"
            )
        }
        Renewer::Rclone => {
            let before = path.map(|path| format!("RCLONE_CONFIG='{path}' ")).unwrap_or_default();
            format!(
                "\nReady for backups. For example:\n    {before}restic -r \"rclone:{name}:restic\" init\n    \
                 {before}rclone copy ~/Documents \"{name}:Documents\"\n"
            )
        }
        Renewer::Pluton => {
            let timer = saved.timer.as_ref().map(timer).unwrap_or_default();
            format!(
                "{timer}\nRun backups through Pluton, which keeps this storage signed in until they finish. For example:\n    \
                 pluton run \"{name}\"{flag} -- restic -r \"rclone:{name}:restic\" init\n"
            )
        }
    }
}

fn timer(Timer { place, installed, remove }: &Timer) -> String {
    let did = if *installed { "Installed a timer that renews it every 20 minutes:" } else { "Already renewed by" };
    let remove = remove.map(|command| format!("\nTo remove the timer:\n    {command}\n")).unwrap_or_default();
    let linger = if place.contains("of systemd") {
        "\nWhile nobody is logged in, it runs only after:\n    loginctl enable-linger\n"
    } else {
        ""
    };
    good(&format!("{did} {place}\n")) + &remove + linger
}

/// The storages whose token has expired, or that have none.
pub(super) fn expired(storages: &[Storage]) -> String {
    let is_past = |end: Option<Timestamp>| end.is_some_and(|end| seconds_until(end) <= 0);
    let is_well = |storage: &&Storage| match &storage.token {
        Some(token) => !is_past(token.sign_in_expires) && (token.renewable || !is_past(token.access_token_expires)),
        None => storage.sign_in == Kind::AccessToken,
    };
    let expired: Vec<_> = storages.iter().filter(|storage| !is_well(storage)).collect();
    if expired.is_empty() { String::new() } else { list(&expired) }
}

fn list(storages: &[&Storage]) -> String {
    let width = storages.iter().map(|storage| storage.name.chars().count()).max().unwrap_or_default().max(4);
    let mut out = format!("{BOLD}{:<width$}  {:<22}  TOKEN{BOLD:#}\n", "NAME", "SIGN-IN");
    for Storage { name, sign_in, token, .. } in storages {
        let _ = write!(out, "{name:<width$}  {:<22}  ", sign_in.name());
        let _ = match token {
            Some(token) => writeln!(out, "{}", in_short(token)),
            None if *sign_in == Kind::AccessToken => writeln!(out, "valid for 60 minutes from creation"),
            None => writeln!(out, "{BAD}none{BAD:#}"),
        };
    }
    out
}

fn show(storage: &Storage) -> String {
    let kind = storage.sign_in.name();
    let mut rows = Vec::new();
    if let Some(token) = &storage.token {
        rows.push(("sign-in", format!("{kind}, {}", renewal(token))));
        rows.extend(token.access_token_expires.map(|end| ("access token", validity(end))));
    } else {
        rows.push(("sign-in", kind.to_owned()));
    }
    if let Some(account) = &storage.account {
        rows.push(("account", whose(account)));
        if let Some(enterprise) = &account.enterprise {
            rows.push(("enterprise", format!("{} ({})", clean(&enterprise.name), enterprise.id)));
        }
        if !account.shared_folders.is_empty() {
            rows.push(("shared folders", shared(account)));
        }
    }
    rows.push(("rclone.conf", shown(&storage.rclone_config)));
    rows.extend(storage.options.iter().map(|(key, value)| (key.as_str(), clean(value))));
    let width = rows.iter().map(|(key, _)| key.chars().count()).max().unwrap_or_default();
    let rows = rows.iter().map(|(key, value)| format!("  {key:<width$}  {value}\n"));
    format!("{BOLD}{}{BOLD:#}\n{}", storage.name, rows.collect::<String>())
}

/// What decides whether the next backup works, in few enough words for a table.
fn in_short(token: &TokenState) -> String {
    let renewal = renewal(token);
    match token.access_token_expires.filter(|_| !token.renewable) {
        Some(end) if seconds_until(end) <= 0 => format!("{ODD}expired{ODD:#}; {renewal}"),
        Some(end) => format!("{}; {renewal}", validity(end)),
        None => renewal,
    }
}

fn renewal(token: &TokenState) -> String {
    match token.sign_in_expires.map(seconds_until) {
        Some(left) if left <= 0 => format!("{BAD}expired{BAD:#}: not used for 60 days"),
        Some(left) => format!("renewed by rclone; lasts {} if unused", duration(left)),
        None if token.renewable => "renewed by rclone".to_owned(),
        None => "rclone cannot renew it".to_owned(),
    }
}

fn validity(end: Timestamp) -> String {
    match seconds_until(end) {
        left if left > 0 => format!("valid for {}", duration(left)),
        left => format!("{ODD}expired{ODD:#} {} ago", duration(-left)),
    }
}

fn seconds_until(then: Timestamp) -> i64 {
    then.as_second() - Timestamp::now().as_second()
}

/// One line for a storage, and what to do below it where it failed.
fn result(result: &StorageResult) -> String {
    let StorageResult { name, outcome, verified, not_tested, token, account, warnings, error, .. } = result;
    if let Some(error) = error {
        return marked(BAD, "✗", &format!("{name}: {}\n", failure_text(error)));
    }
    let done = match outcome {
        Some(Outcome::NotRemoved) => return format!("Not removed: {name}\n"),
        Some(Outcome::Removed) => "removed; the files in Box stay there",
        Some(Outcome::Renewed) => "renewed",
        Some(Outcome::RenewedByAnother) => "renewed by another process",
        Some(Outcome::StillGood) => "still valid",
        Some(Outcome::NotRenewable) => "cannot be renewed; it expires with its token",
        _ => "works",
    };
    let mut parts = vec![done.to_owned()];
    parts.extend((result.revoked == Some(true)).then(|| "its sign-in was revoked at Box".to_owned()));
    if let Some(proof) = verified {
        parts.extend(proof.folders.map(|folders| plural(folders, "folder")));
        parts.extend(match &proof.rehearsal {
            Some(rehearsal) => Some(rehearsed(rehearsal)),
            None => proof.written.then(|| "writable".to_owned()),
        });
        parts.extend(proof.refreshed.then(|| "can be renewed".to_owned()));
    } else if let Some(end) = token.as_ref().and_then(|token| token.access_token_expires) {
        parts.push(validity(end));
    }
    // A line for each: the rest is in `show`, and a warning says where something is wrong with it.
    parts.extend(account.as_ref().map(|account| clean(&account.login)));
    parts.extend(account.as_ref().and_then(space));
    if !not_tested.is_empty() {
        parts.push(format!("not tested: {} (add --renew)", not_tested.join(", ")));
    }
    let ends = |warning: &Warning| ["no_refresh_token", "access_token_expires"].contains(&warning.code);
    let is_odd = *outcome == Some(Outcome::NotRenewable) || warnings.iter().any(ends);
    let text = format!("{name}: {}\n", parts.join(", "));
    if is_odd { marked(ODD, "!", &text) } else { good(&text) }
}

fn rehearsed(rehearsal: &Rehearsal) -> String {
    let Rehearsal { bytes, upload_ms, download_ms, requests } = *rehearsal;
    let rate = |ms: u64| format!("{}/s", size(bytes.saturating_mul(1000) / ms.max(1)));
    let (up, down) = (rate(upload_ms), rate(download_ms));
    format!("backup and restore both work ({} up at {up}, down at {down}, {requests} requests to Box)", size(bytes))
}

impl Step {
    /// What comes (`+`), changes (`~`), stays (`=`) or goes (`-`); the same once it is done.
    pub(crate) fn line(&self, is_done: bool) -> String {
        let (style, sign, done) = match self.action {
            Action::Add => (GOOD, "+", "added"),
            Action::Change => (ODD, "~", "changed "),
            Action::Same => (Style::new(), "=", "unchanged"),
            Action::Remove => (BAD, "-", "removed"),
            Action::Failed => (BAD, "✗", "failed"),
        };
        let (name, keys) = (clean(&self.name), self.keys.join(", "));
        let open = match self.not_compared.join(", ") {
            keys if keys.is_empty() => keys,
            keys => format!(" ({keys} not compared: --check runs no commands)"),
        };
        match &self.error {
            Some(error) => marked(BAD, "✗", &format!("{name}: {}", failure_text(error))),
            None if is_done => good(&format!("{name}: {done}{keys}")),
            None if keys.is_empty() => marked(style, sign, &(name + &open)),
            None => marked(style, sign, &format!("{name}: {keys}{open}")),
        }
    }
}

pub(super) fn findings<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut out = String::new();
    for Finding { level, about, message, remedy } in findings {
        let (mark, style) = match level {
            Level::Ok => ("✓", GOOD),
            Level::NotTested => ("?", ODD),
            Level::Warning => ("!", ODD),
            Level::Error => ("✗", BAD),
        };
        out += &marked(style, mark, &format!("{}: {}\n", clean(about), clean(message)));
        for (index, text) in remedy.iter().enumerate() {
            let (label, text) = step(index, text);
            let _ = writeln!(out, "  {label:<5} {}", clean(&text));
        }
    }
    out
}

fn doctor(findings: &[Finding]) -> String {
    let mut out = self::findings(findings.iter());
    let count = |sought: Level| findings.iter().filter(|finding| finding.level == sought).count();
    let _ = match (count(Level::Error), count(Level::Warning)) {
        (0, 0) => writeln!(out, "\nNo problems found."),
        (errors, warnings) => writeln!(out, "\n{}, {}.", plural(errors, "error"), plural(warnings, "warning")),
    };
    out
}

fn removal(removed: &Removed) -> String {
    let name = &removed.name;
    let mut out = match &removed.new_name {
        Some(new) => good(&format!("Renamed [{name}] to [{new}]\n")),
        None if removed.outcome == Outcome::NotRemoved => format!("Not removed: [{name}]\n"),
        None => good(&format!("Removed [{name}]; the files in Box stay there\n")),
    };
    if removed.revoked == Some(true) {
        out += &good("Revoked its sign-in at Box\n");
    }
    if removed.new_name.is_some() && !removed.references.is_empty() {
        out += &good(&format!("Also changed: {}\n", removed.references.join(", ")));
    }
    out
}

/// Name, login, and how much space is used.
fn whose(account: &Account) -> String {
    let (name, login) = (clean(&account.name), clean(&account.login));
    let mut out = match (name.is_empty(), login.is_empty()) {
        (false, false) => format!("{name} <{login}>"),
        (_, true) => format!("{name} (user {})", clean(&account.id)).trim_start().to_owned(),
        (true, false) => login,
    };
    if let Some(space) = space(account) {
        let _ = write!(out, ", {space}");
    }
    if let Some(most) = account.max_upload_size {
        let _ = write!(out, ", files up to {}", size(most));
    }
    out
}

/// Name and ID of each folder, which is what `--root-folder-id` takes.
fn shared(account: &Account) -> String {
    let folder = |folder: &Folder| format!("{} ({})", clean(&folder.name), clean(&folder.id));
    account.shared_folders.iter().map(folder).collect::<Vec<_>>().join(", ")
}

fn space(account: &Account) -> Option<String> {
    match (account.space_used, account.space_amount) {
        (Some(used), Some(amount)) => Some(format!("{} of {} used", size(used), size(amount))),
        (Some(used), None) => Some(format!("{} used", size(used))),
        (None, Some(amount)) => Some(format!("{} in total", size(amount))),
        (None, None) => None,
    }
}

/// Sizes as people read them, in powers of 1024.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = "bytes";
    // Tenths are enough, and exact in whole numbers.
    let mut tenths = u128::from(bytes) * 10;
    for next in UNITS {
        if tenths < 10240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, next);
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, _) if whole >= 100 || unit == "bytes" => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

/// The two largest units are enough.
pub(crate) fn duration(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".into(),
        (0, 0, m) => plural(m, "minute"),
        (0, h, 0) => plural(h, "hour"),
        (0, h, m) => format!("{} {}", plural(h, "hour"), plural(m, "minute")),
        (d, ..) => plural(d, "day"),
    }
}

fn plural<N: Copy + PartialEq + From<u8> + std::fmt::Display>(count: N, word: &str) -> String {
    if count == N::from(1) { format!("{count} {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::{duration, size};

    #[test]
    fn numbers_are_short() {
        let sizes = [0, 1023, 1536, 250 << 20, 11_382_000_000].map(size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.5 KiB", "250 MiB", "10.6 GiB"]);
        let durations = [5, 60, 3600, 3660, 86400 * 59 + 5].map(duration);
        assert_eq!(durations, ["less than a minute", "1 minute", "1 hour", "1 hour 1 minute", "59 days"]);
    }
}
