//! What each case here starts with: a machine on which something will fail. A failure must save nothing, use up no token
//! and show none.

use std::ops::{Deref, DerefMut};
use std::path::Path;

use box_sandbox::{App, AppSpec, Fault, Sandbox, Token};

use crate::support::{Args, Machine, Ran, Waiting};

pub(crate) const LISTING: &str = "/2.0/folders/";
pub(crate) const TOKEN: &str = "/api/oauth2/token";
pub(crate) const JSON: &str = "application/json";
pub(crate) const HTML: &str = "text/html";

pub(crate) struct Scene {
    machine: Machine,
    json: bool,
    /// What is random, and the word that stands for it in the golden text.
    names: Vec<(String, &'static str)>,
}

impl Deref for Scene {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }
}

impl Scene {
    pub(crate) fn new(sandbox: Sandbox, rclone: &Path, json: bool) -> Self {
        let machine = Machine::with(sandbox, rclone);
        let names = vec![
            (machine.path().display().to_string(), "HOME"),
            (machine.sandbox.ca_file().display().to_string(), "CA"),
            (rclone.display().to_string(), "RCLONE"),
        ];
        Self { machine, json, names }
    }

    /// `random` is shown as `word`.
    pub(crate) fn name(&mut self, random: &str, word: &'static str) {
        self.names.push((random.to_owned(), word));
    }

    /// An app with a name in the golden text.
    pub(crate) fn app(&mut self, spec: AppSpec) -> App {
        let app = self.sandbox.app(spec);
        self.name(&app.client_id, "CLIENT_ID");
        app
    }

    pub(crate) fn jwt_app(&mut self, spec: AppSpec) -> App {
        let app = self.sandbox.jwt_app_with(spec);
        self.name(&app.client_id, "CLIENT_ID");
        self.name(&app.service_user_id, "SERVICE_ACCOUNT");
        app
    }

    pub(crate) fn pluton(&self, args: impl Args) -> Ran {
        self.pluton_with_stdin(args, "")
    }

    fn pluton_with_stdin(&self, args: impl Args, stdin: &str) -> Ran {
        let before = self.config_text();
        let ran = self.machine.pluton_with_stdin(self.args(&args), stdin);
        if args.list().starts_with(&"storage add".list()) {
            self.nothing_is_saved(&before, &ran);
        }
        ran
    }

    fn args(&self, args: impl Args) -> Vec<String> {
        args.and(if self.json { "--json" } else { "" })
    }

    /// An `add` that failed leaves rclone.conf as it was, and nothing else but a renewed token that it speaks of.
    #[track_caller]
    fn nothing_is_saved(&self, before: &str, ran: &Ran) {
        assert_eq!(self.config_text(), before, "{ran:?}");
        assert!(self.staged().is_empty() || ran.stdout.contains("kept") || ran.stderr.contains("kept"), "{ran:?}");
    }

    /// `pluton storage add box work …`.
    pub(crate) fn add_with(&self, args: impl Args) -> Ran {
        self.pluton("storage add box work".and(args))
    }

    /// The same with this config.json.
    pub(crate) fn add_jwt(&self, app: &App, args: impl Args) -> Ran {
        self.add_with(["--box-config-file", app.config_file.to_str().expect("UTF-8")].and(args))
    }

    /// The same with a token on standard input.
    pub(crate) fn add(&self, token: &Token, args: impl Args) -> Ran {
        let is_live = || self.sandbox.is_live_refresh(&token.refresh);
        let was_live = is_live();
        let args = "storage add box work --token-file -".and(args);
        let ran = self.pluton_with_stdin(args, &token.block()).omits([&token.access, &token.refresh]);
        assert!(is_live() || !was_live, "it was used up: {ran:?}");
        ran
    }

    /// The same without a renewal first, so that what is listed fails.
    pub(crate) fn list(&self, args: impl Args) -> Ran {
        self.add(&self.mint(), "--no-refresh-check".and(args))
    }

    /// The same through an app of one's own.
    pub(crate) fn add_own(&self, token: &Token, id: &str, secret: &str, args: impl Args) -> Ran {
        let file = self.file("secret", secret);
        self.add(token, ["--client-id", id, "--client-secret-file", &file].and(args)).omits(secret)
    }

    /// Saves a storage called work with these lines, as another program would have.
    pub(crate) fn save(&self, lines: &str) {
        self.write_config(&format!("[work]\ntype = box\n{lines}\n"));
    }

    /// `pluton storage verify work`, once these lines are saved.
    pub(crate) fn verify(&self, lines: &str) -> Ran {
        self.save(lines);
        self.pluton("storage verify work")
    }

    /// The same with this token, which is not shown.
    pub(crate) fn verify_token(&self, token: &Token, lines: &str) -> Ran {
        let ran = self.verify(&format!("{lines}token = {}", token.blob())).omits(&token.access);
        if token.refresh.is_empty() { ran } else { ran.omits(&token.refresh) }
    }

    /// Listings are answered with this error of Box's.
    pub(crate) fn box_says(&self, status: u16, code: &str, message: &str) {
        self.refuse("GET", LISTING, status, code, message);
    }

    /// Uploads are.
    pub(crate) fn upload_says(&self, status: u16, code: &str, message: &str) {
        self.refuse("POST", "/api/2.0/files/content", status, code, message);
    }

    fn refuse(&self, method: &str, path: &str, status: u16, code: &str, message: &str) {
        let body = format!(r#"{{"type":"error","status":{status},"code":"{code}","message":"{message}"}}"#);
        self.answers(method, path, status, &body, JSON);
    }

    pub(crate) fn answers(&self, method: &str, path: &str, status: u16, body: &str, content_type: &str) {
        let fault = Fault::on(method, path).status(status).body(body);
        self.sandbox.fault(fault.header("Content-Type", content_type));
    }

    /// `pluton storage add box work --authorize …`; `browse` is what happens in the browser.
    pub(crate) fn authorize(&self, args: impl Args, browse: impl Fn(&str)) -> Ran {
        let waiting = Waiting::start(self, self.args("storage add box work --authorize".and(args)));
        let link = waiting.link.clone();
        browse(&link);
        let mut ran = waiting.end();
        // The link is new each time, and the text around it is not what this is about.
        ran.stderr = ran.stderr.replace(&link, "LINK");
        self.nothing_is_saved("", &ran);
        ran
    }

    /// Ports, dates, and the random part of private directories are replaced by words.
    pub(crate) fn normal(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (random, word) in &self.names {
            text = text.replace(random, word);
        }
        let text = replace_after(&text, "127.0.0.1:", |c| c.is_ascii_digit(), "PORT", &["53682", "9"]);
        let text = replace_after(&text, "current time ", |c| !c.is_whitespace(), "NOW", &[]);
        let text = replace_after(&text, "staged/box-", |c| c.is_ascii_alphanumeric(), "RANDOM", &[]);
        let text = replace_after(&text, "write-check-box-", |c| c.is_ascii_alphanumeric(), "RANDOM", &[]);
        let text = replace_after(&text, "Expecting \"", |c| c != '"', "STATE", &[]);
        replace_after(&text, "lookup api.box.com on ", |c| !c.is_whitespace(), "RESOLVER", &[])
    }
}

fn replace_after(text: &str, mark: &str, belongs: fn(char) -> bool, word: &str, keep: &[&str]) -> String {
    let mut parts = text.split(mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c| !belongs(c)).unwrap_or(part.len());
        out.push_str(mark);
        out.push_str(if end == 0 || keep.contains(&&part[..end]) { &part[..end] } else { word });
        out.push_str(&part[end..]);
    }
    out
}
