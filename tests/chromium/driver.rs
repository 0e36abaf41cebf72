//! Starts chromedriver and a Chromium of its own, sends them commands as JSON, and always ends them.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use ureq::http::Response;
use ureq::{Agent, Body};

/// Far more than anything here takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Driver {
    agent: Agent,
    /// The address that every question about this one browser begins with.
    session: String,
    _group: Group,
    /// After the programs that write into it.
    _home: TempDir,
}

/// chromedriver and all that it starts.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

impl Driver {
    /// Starts Chromium with these arguments, or says why that cannot be done here.
    pub(crate) fn start(arguments: &[String]) -> Result<Self> {
        let installed = |program: &str| which::which(program).with_context(|| format!("{program} is not installed"));
        let (chromium, driver) = (installed("chromium")?, installed("chromedriver")?);
        let home = tempfile::tempdir().expect("a temporary home");
        let mut command = Command::new(driver);
        command.arg("--port=0").env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.process_group(0);
        // Several that start in one moment may choose the same port; all but one of them end then.
        let started = (0..3).find_map(|_| {
            let mut group = Group(command.spawn().expect("chromedriver starts"));
            Some((port(&mut group.0)?, group))
        });
        let (port, group) = started.expect("chromedriver says its port");
        let sessions = format!("http://127.0.0.1:{port}/session");
        let agent: Agent = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let wishes = wishes(&chromium, home.path(), arguments);
        // On a busy machine a start may take too long.
        let mut tries =
            (0..3).map(|_| answer(agent.post(&sessions).content_type("application/json").send(wishes.to_string())));
        let made = tries.find_map(Result::ok).context("Chromium does not start here")?;
        let session = format!("{sessions}/{}", made["sessionId"].as_str().expect("a session"));
        Ok(Self { agent, session, _group: group, _home: home })
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Json) -> Json {
        let url = format!("{}/{path}", self.session);
        value(self.agent.post(&url).content_type("application/json").send(body.to_string()))
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Json {
        value(self.agent.get(format!("{}/{path}", self.session)).call())
    }
}

fn wishes(chromium: &Path, home: &Path, arguments: &[String]) -> Json {
    let mut all = vec![format!("--user-data-dir={}", home.join("profile").display())];
    all.extend_from_slice(arguments);
    json!({ "capabilities": { "alwaysMatch": {
        "goog:chromeOptions": { "binary": chromium, "args": all },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "timeouts": { "pageLoad": 30_000, "script": 30_000 },
    } } })
}

/// The port that chromedriver says it listens on; `None` if it ends without one.
fn port(child: &mut Child) -> Option<u16> {
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (sender, ports) = mpsc::channel();
    // Read to the end: a full pipe would block it one day.
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((_, port)) = line.rsplit_once("successfully on port ") {
                let _ = sender.send(port.trim_end_matches('.').to_owned());
            }
        }
    });
    ports.recv_timeout(PATIENCE).ok()?.parse().ok()
}

#[track_caller]
fn value(response: Result<Response<Body>, ureq::Error>) -> Json {
    answer(response).unwrap_or_else(|why| panic!("{why:#}"))
}

fn answer(response: Result<Response<Body>, ureq::Error>) -> Result<Json> {
    let mut response = response?;
    let text = response.body_mut().read_to_string()?;
    let mut answer: Json = serde_json::from_str(&text).context(text)?;
    let value = answer["value"].take();
    ensure!(response.status().is_success(), "{}: {}", value["error"], value["message"]);
    Ok(value)
}
