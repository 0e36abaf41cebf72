//! Five sign-ins in one rclone.conf, which is encrypted from some night on: inspected, aged, and signed in again.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use box_sandbox::{App, RCLONE_CLIENT_ID, rclone};
use jiff::{Span, Timestamp};
use serde_json::Value as Json;

use crate::support::Machine;

pub(crate) const NAMES: [&str; 5] = ["Quick", "Own App", "Team Box", "Service", "Credentials"];
const PASSWORD: &str = "a password";
/// Far more than a token lives.
const A_DAY: i64 = 24;

pub(crate) struct Storages {
    /// What each signs in with, in the order of their names.
    ways: Vec<Way>,
}

enum Way {
    /// The client ID that its tokens are made for.
    OAuth(String),
    Jwt,
    ClientCredentials(Box<App>),
}

impl Storages {
    /// Writes an rclone.conf in which none is signed in yet.
    pub(crate) fn create(m: &Machine) -> Self {
        let own = |app: &App| format!("client_id = {}\nclient_secret = {}\n", app.client_id, app.client_secret);
        let (first, second, jwt) = (m.sandbox.own_app(), m.sandbox.own_app(), m.sandbox.jwt_app());
        let credentials = m.sandbox.client_credentials_app();
        let subject = format!("box_subject_type = enterprise\nbox_subject_id = {}\n", credentials.enterprise_id);
        let keys = [
            String::new(),
            own(&first),
            own(&second) + "root_folder_id = " + &m.sandbox.create_folder("0", "Team") + "\n",
            format!("box_config_file = {}\nbox_sub_type = enterprise\n", jwt.config_file.display()),
            own(&credentials) + &subject,
        ];
        let sections = NAMES.iter().zip(keys).map(|(name, keys)| format!("[{name}]\ntype = box\n{keys}\n"));
        m.write_config(&sections.collect::<String>());
        let oauth = |id: &str| Way::OAuth(id.to_owned());
        let ways = vec![
            oauth(RCLONE_CLIENT_ID),
            oauth(&first.client_id),
            oauth(&second.client_id),
            Way::Jwt,
            Way::ClientCredentials(credentials.into()),
        ];
        Self { ways }
    }

    /// What a person does: signs in and has the new token written into rclone.conf.
    pub(crate) fn sign_in(&self, number: usize, m: &Machine) -> Result<()> {
        let token = match &self.ways[number] {
            Way::OAuth(client_id) => m.sandbox.mint(client_id).blob(),
            Way::Jwt => {
                m.rclone(["config", "update", NAMES[number], "--non-interactive"]).ok();
                return Ok(());
            }
            Way::ClientCredentials(app) => granted(m, app)?,
        };
        let text = read(m, &m.config())?;
        let header = format!("[{}]", NAMES[number]);
        let mut is_in = false;
        let mut lines = Vec::new();
        for line in text.lines() {
            is_in = if line.starts_with('[') { line == header } else { is_in };
            if is_in && line.starts_with("token") {
                continue;
            }
            lines.push(line.to_owned());
            if line == header {
                lines.push(format!("token = {token}"));
            }
        }
        write(m, &m.config(), &(lines.join("\n") + "\n"))
    }

    /// Whether the only live token of an OAuth sign-in is lost: neither in rclone.conf nor where pluton keeps the files
    /// of a killed run.
    pub(crate) fn is_lost(&self, number: usize, m: &Machine) -> Result<bool> {
        if !matches!(self.ways[number], Way::OAuth(_)) {
            return Ok(false);
        }
        for path in files(m) {
            let token = token(&read(m, &path)?, NAMES[number]);
            let refresh = token.as_ref().and_then(|token| token["refresh_token"].as_str());
            if refresh.is_some_and(|refresh| m.sandbox.is_live_refresh(refresh)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A day passes: every access token has expired, by its date and at Box.
pub(crate) fn age(m: &Machine) -> Result<()> {
    m.sandbox.expire_access_tokens();
    for path in files(m) {
        let text = read(m, &path)?;
        let aged = aged(&text)?;
        if aged != text {
            write(m, &path, &aged)?;
        }
    }
    Ok(())
}

/// From here on rclone.conf is encrypted.
pub(crate) fn encrypt(m: &mut Machine) -> Result<()> {
    m.set("RCLONE_CONFIG_PASS", PASSWORD);
    let text = read(m, &m.config())?;
    write(m, &m.config(), &text)
}

fn granted(m: &Machine, app: &App) -> Result<String> {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("box_subject_type", "enterprise"),
        ("box_subject_id", &app.enterprise_id),
    ];
    let page = m.sandbox.post_form("https://api.box.com/oauth2/token", &form);
    let token: Json = serde_json::from_str(&page.body).with_context(|| format!("no token: {page:?}"))?;
    let access = token["access_token"].as_str().context("an access token")?;
    let expiry = Timestamp::now() + Span::new().hours(1);
    Ok(format!(r#"{{"access_token":"{access}","token_type":"bearer","expiry":"{expiry}"}}"#))
}

/// Each `rclone.conf` in the m, the user's own first, then those of pluton's unfinished runs.
fn files(m: &Machine) -> Vec<PathBuf> {
    let kept = m.files().into_iter().filter(|name| name.starts_with(".local/state/pluton/"));
    let kept = kept.map(|name| m.at(name));
    let holds = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "conf");
    std::iter::once(m.config()).chain(kept.filter(holds)).collect()
}

fn read(m: &Machine, path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    if !text.contains("RCLONE_ENCRYPT_V0:") {
        return Ok(text);
    }
    let ran = m.run(rclone::newest(), ["config", "show", "--config", &path.to_string_lossy()]);
    ensure!(ran.code == 0, "{}: {ran:?}", path.display());
    Ok(ran.stdout)
}

/// Encrypted, once rclone.conf is.
fn write(m: &Machine, path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())?;
    if m.env().iter().any(|(name, _)| name == "RCLONE_CONFIG_PASS") {
        let printer = format!("echo {PASSWORD}");
        let mut command = m.command(rclone::newest());
        command.env_remove("RCLONE_CONFIG_PASS").arg("--config").arg(path);
        let output = command.args(["config", "encryption", "set", "--password-command", &printer]).output();
        let output = output.context("rclone config encryption set")?;
        ensure!(output.status.success(), "{}: {output:?}", path.display());
    }
    Ok(())
}

/// The token of the section `name`.
fn token(text: &str, name: &str) -> Option<Json> {
    let header = format!("[{name}]");
    let section = text.lines().skip_while(|line| *line != header).skip(1);
    let line = section.take_while(|line| !line.starts_with('[')).find(|line| line.starts_with("token"))?;
    serde_json::from_str(line.split_once('=')?.1).ok()
}

/// Moves each date a day back, so that it is still visible which token is newer.
fn aged(text: &str) -> Result<String> {
    const KEY: &str = r#""expiry":""#;
    let mut parts = text.split(KEY);
    let mut aged = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((date, rest)) = part.split_once('"') else { bail!("half a token: {text}") };
        let date: Timestamp = date.parse().with_context(|| format!("expiry {date}"))?;
        let earlier = date - Span::new().hours(A_DAY);
        let _ = write!(aged, "{KEY}{earlier}\"{rest}");
    }
    Ok(aged)
}
