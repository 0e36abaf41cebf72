//! What a person does in the browser, and what the browser requested and logged.

use box_sandbox::Sandbox;
use serde_json::{Value as Json, json};

use crate::driver::Driver;
use crate::support::until;

pub(crate) struct Browser {
    pub(crate) driver: Driver,
}

impl Browser {
    /// A new Chromium that knows the sandbox as Box, and nobody else but this machine.
    pub(crate) fn start(sandbox: &Sandbox) -> anyhow::Result<Self> {
        let quiet = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-breakpad --disable-dev-shm-usage \
                     --disable-background-networking --disable-component-update --disable-sync";
        let mut arguments: Vec<String> = quiet.split_whitespace().map(str::to_owned).collect();
        arguments.push(format!("--proxy-server={}", sandbox.proxy_url()));
        arguments.push("--proxy-bypass-list=127.0.0.1:53682".to_owned());
        arguments.push("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned());
        arguments.push(format!("--ignore-certificate-errors-spki-list={}", sandbox.key_pin()));
        Driver::start(&arguments).map(|driver| Self { driver })
    }

    pub(crate) fn opens(&self, url: &str) {
        self.driver.post("url", &json!({ "url": url }));
    }

    pub(crate) fn address(&self) -> String {
        self.driver.get("url").as_str().expect("an address").to_owned()
    }

    /// Presses the button that is called so.
    #[track_caller]
    pub(crate) fn presses(&self, name: &str) {
        let button = format!("//button[normalize-space()='{name}']");
        let found = self.driver.post("element", &json!({ "using": "xpath", "value": button }));
        let id = found.as_object().and_then(|found| found.values().next()?.as_str()).expect("an element's ID");
        self.driver.post(&format!("element/{id}/click"), &json!({}));
    }

    /// Waits until the browser has come back to rclone, with these parameters, and shows the page: it has a heading. The
    /// page is not always complete, since rclone may hang up too early.
    #[track_caller]
    pub(crate) fn is_back_with(&self, parameters: &str) {
        let address = format!("http://127.0.0.1:53682/?{parameters}");
        until("the way back to rclone", || self.address().starts_with(&address));
        until("the page", || self.runs("return document.querySelector('h1') !== null") == true);
    }

    /// What a script in the page returns.
    #[track_caller]
    pub(crate) fn runs(&self, script: &str) -> Json {
        self.driver.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What a person reads in the elements that a CSS selector finds.
    #[track_caller]
    pub(crate) fn reads(&self, selector: &str) -> String {
        let script = "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText).join('\\n')";
        let found = self.driver.post("execute/sync", &json!({ "script": script, "args": [selector] }));
        found.as_str().expect("text").to_owned()
    }

    /// A command of the `DevTools` protocol.
    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, parameters: &Json) -> Json {
        self.driver.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Every address that was asked for since this was last called.
    pub(crate) fn asked_for(&self) -> Vec<String> {
        let events = self.log("performance").into_iter().filter_map(|entry| {
            let mut entry: Json = serde_json::from_str(entry["message"].as_str()?).ok()?;
            Some(entry["message"].take())
        });
        let requests = events.filter(|event| event["method"] == "Network.requestWillBeSent");
        requests.filter_map(|event| Some(event["params"]["request"]["url"].as_str()?.to_owned())).collect()
    }

    /// What is in the console since this was last called.
    pub(crate) fn console(&self) -> Vec<Json> {
        self.log("browser")
    }

    fn log(&self, kind: &str) -> Vec<Json> {
        let entries = self.driver.post("se/log", &json!({ "type": kind }));
        entries.as_array().expect("a log").clone()
    }
}
