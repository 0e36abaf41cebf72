//! Client credentials are saved without the key with which rclone would ask Box for a token itself, without naming a
//! subject.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use box_sandbox::{Sandbox, rclone};

use crate::life::{Life, with_each};
use crate::support::{Ran, wait_for};

const KEY: &str = "\nclient_credentials = true";

/// rclone treats a token as expired in its last 10 seconds.
const SHORT: Duration = Duration::from_secs(18);

/// An rclone that runs until it is dropped, and lists when it is told to.
struct Daemon {
    child: Child,
    url: String,
}

impl Daemon {
    fn start(life: &Life) -> Self {
        let mut command = life.home.command(rclone::newest());
        command.args(["rcd", "--rc-no-auth", "--rc-addr", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("rclone starts");
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

    fn list(&self, life: &Life) -> Ran {
        life.home.rclone(&["rc", "--url", &self.url, "operations/list", "fs=CCG:", "remote="])
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn access_token(life: &Life) -> String {
    life.home.token("CCG")["access_token"].as_str().expect("a token").to_owned()
}

/// Lists before and after a token expires in one rclone, with a new token in between. Returns the result of the second
/// listing, and how many tokens were requested without a subject.
fn over_a_token_s_end(more: &str) -> (Ran, usize) {
    let life = Life::with(Sandbox::with_lifetime(SHORT), &rclone::newest());
    life.client_credentials_with("CCG", "");
    life.pluton(&["storage", "refresh", "CCG"]).ok();
    life.home
        .write_config(&life.home.config_text().replace("\nbox_subject_type", &format!("{more}\nbox_subject_type")));
    let old = access_token(&life);
    let daemon = Daemon::start(&life);
    daemon.list(&life).ok();
    wait_for("the token's end", || (!life.sandbox.is_live_access(&old)).then_some(()));
    life.pluton(&["storage", "refresh", "CCG"]).ok();
    assert_ne!(access_token(&life), old);
    let ran = daemon.list(&life);
    let requests = life.sandbox.requests();
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
    with_each(Sandbox::start, |life| {
        for args in [&["storage", "refresh", "CCG"][..], &["storage", "edit", "CCG", "--list-chunk", "7"]] {
            life.home.write_config("");
            life.client_credentials_with("CCG", KEY);
            life.pluton(args).ok();
            assert!(!life.home.config_text().contains("client_credentials"), "{}", life.home.config_text());
            life.is_signed_in("CCG");
            let (_, document) = life.home.json(&["storage", "list"]);
            assert_eq!(document["storages"][0]["sign_in"], "client-credentials", "{document}");
        }
    });
}

#[test]
fn to_add_it_once_more_changes_nothing() {
    let life = Life::new();
    let app = life.client_credentials_with("CCG", KEY);
    let secret = life.home.file("secret", &app.client_secret);
    let subject = format!("enterprise:{}", app.enterprise_id);
    let args = ["storage", "add", "box", "CCG", "--client-credentials", "--client-id", &app.client_id];
    let more = ["--client-secret-file", &secret, "--box-subject", &subject];
    let (code, document) = life.home.json(&[&args[..], &more].concat());
    assert_eq!((code, document["outcome"].as_str()), (0, Some("unchanged")), "{document}");
}

#[test]
fn without_a_subject_the_key_is_the_only_sign_and_stays() {
    let life = Life::new();
    life.section("CCG", "client_id = a\nclient_secret = b\nclient_credentials = true");
    let before = life.home.config_text();
    life.pluton(&["storage", "refresh", "CCG"]).fails(6);
    for format in ["toml", "rclone", "env"] {
        let text = life.pluton(&["storage", "export", "CCG", "--format", format]).ok().stdout;
        assert!(text.to_lowercase().contains("client_credentials"), "{text}");
    }
    assert_eq!(life.home.config_text(), before);
}

#[test]
fn an_exported_section_has_no_such_key_and_apply_needs_none() {
    let mut life = Life::new();
    let app = life.client_credentials_with("CCG", KEY);
    for format in ["toml", "rclone", "env"] {
        let text = life.pluton(&["storage", "export", "CCG", "--format", format]).ok().stdout;
        assert!(!text.to_lowercase().contains("client_credentials"), "{text}");
        if format == "toml" {
            life.home.file("a.toml", &text);
        }
    }
    life.home.set("CCG_CLIENT_SECRET", &app.client_secret);
    life.home.write_config("");
    life.pluton(&["apply", "a.toml"]).ok();
    life.is_signed_in("CCG");
    // Neither does a file of before count as another storage.
    let text = std::fs::read_to_string(life.home.path().join("a.toml")).expect("the file");
    life.home.file("a.toml", &format!("{text}client_credentials = true\n"));
    life.pluton(&["apply", "a.toml", "--check"]).ok();
}
