//! Client credentials are saved without the key with which rclone would ask Box for a token itself, without naming a
//! subject.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use box_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Machine, Ran, until, with_each};

const KEY: &str = "\nclient_credentials = true";

/// rclone treats a token as expired in its last 10 seconds.
const SHORT: Duration = Duration::from_secs(18);

/// An rclone that runs until it is dropped, and lists when it is told to.
struct Daemon {
    child: Child,
    url: String,
}

impl Daemon {
    fn start(m: &Machine) -> Self {
        let mut command = m.piped(&m.rclone, "rcd --rc-no-auth --rc-addr 127.0.0.1:0");
        let mut child = command.stdout(Stdio::null()).spawn().expect("rclone starts");
        let mut said = BufReader::new(child.stderr.take().expect("piped"));
        let mut notice = String::new();
        while !notice.contains("http://") {
            notice.clear();
            assert!(said.read_line(&mut notice).expect("a line") > 0, "rclone ended");
        }
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let url = notice[notice.find("http://").expect("an address")..].trim().to_owned();
        Self { child, url }
    }

    fn list(&self, m: &Machine) -> Ran {
        m.rclone(["rc", "--url", &self.url, "operations/list", "fs=CCG:", "remote="])
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lists before and after a token expires in one rclone, with a new token in between. Returns the result of the second
/// listing, and how many tokens were requested without a subject.
fn over_a_token_s_end(more: &str) -> (Ran, usize) {
    let m = Machine::of(Sandbox::with_lifetime(SHORT));
    m.client_credentials_with("CCG", "");
    m.pluton("storage refresh CCG").ok();
    m.write_config(&m.config_text().replace("\nbox_subject_type", &format!("{more}\nbox_subject_type")));
    let old = m.access_token_of("CCG");
    let daemon = Daemon::start(&m);
    daemon.list(&m).ok();
    until("the token's end", || !m.sandbox.is_live_access(&old));
    m.pluton("storage refresh CCG").ok();
    assert_ne!(m.access_token_of("CCG"), old);
    let ran = daemon.list(&m);
    let requests = m.sandbox.requests();
    let tokens = requests.iter().filter(|request| request.path.ends_with("/oauth2/token"));
    (ran, tokens.filter(|request| !request.form.contains_key("box_subject_id")).count())
}

#[test]
fn an_rclone_that_outlives_its_token_takes_the_new_one_and_asks_nobody() {
    std::thread::scope(|scope| {
        // This is why the key is left out.
        let with_key = scope.spawn(|| over_a_token_s_end(KEY));
        let (ran, without_subject) = over_a_token_s_end("");
        assert_eq!((ran.code, without_subject), (0, 0), "{ran:?}");
        let (ran, without_subject) = with_key.join().expect("it ends");
        assert!(without_subject > 0, "{ran:?}");
    });
}

#[test]
fn a_section_that_has_the_key_works_and_loses_it_at_the_next_renewal_or_edit() {
    with_each(|m| {
        for args in ["storage refresh CCG", "storage edit CCG --list-chunk 7"] {
            m.write_config("");
            m.client_credentials_with("CCG", KEY);
            m.pluton(args).ok();
            assert!(!m.config_text().contains("client_credentials"), "{}", m.config_text());
            m.is_signed_in("CCG");
            let document = m.json("storage list").document();
            assert_eq!(document["storages"][0]["sign_in"], "client-credentials", "{document}");
        }
    });
}

#[test]
fn to_add_it_once_more_changes_nothing() {
    let m = Machine::new();
    let app = m.client_credentials_with("CCG", KEY);
    let subject = format!("enterprise:{}", app.enterprise_id);
    m.add_client_credentials(&app, &subject, "CCG --json").holds(&json!({ "outcome": "unchanged" }));
}

#[test]
fn without_a_subject_the_key_is_the_only_sign_and_stays() {
    let m = Machine::new();
    m.section("CCG", "client_id = a\nclient_secret = b\nclient_credentials = true");
    let before = m.config_text();
    m.pluton("storage refresh CCG").fails(6);
    for format in ["toml", "rclone", "env"] {
        let text = m.pluton(["storage", "export", "CCG", "--format", format]).ok().stdout;
        assert!(text.to_lowercase().contains("client_credentials"), "{text}");
    }
    assert_eq!(m.config_text(), before);
}

#[test]
fn an_exported_section_has_no_such_key_and_apply_needs_none() {
    let mut m = Machine::new();
    let app = m.client_credentials_with("CCG", KEY);
    for format in ["toml", "rclone", "env"] {
        let text = m.pluton(["storage", "export", "CCG", "--format", format]).ok().stdout;
        assert!(!text.to_lowercase().contains("client_credentials"), "{text}");
        if format == "toml" {
            m.file("a.toml", &text);
        }
    }
    m.set("CCG_CLIENT_SECRET", &app.client_secret);
    m.write_config("");
    m.pluton("apply a.toml").ok();
    m.is_signed_in("CCG");
    // Neither does a file of before count as another storage.
    let text = m.read("a.toml");
    m.file("a.toml", &format!("{text}client_credentials = true\n"));
    m.pluton("apply a.toml --check").ok();
}
