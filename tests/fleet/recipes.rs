//! The recipes of `pluton help ci`, exactly as printed: each is parsed by its own tool, and run with a real restic.

use std::fs;
use std::path::Path;

use box_sandbox::App;
use saphyr::{LoadableYamlNode as _, Yaml};

use crate::support::{Machine, has};

/// The text to copy below the paragraph that begins so.
fn recipe(m: &Machine, beginning: &str) -> String {
    let text = m.pluton("help ci").ok().stdout;
    let below = text.split_once(&format!("\n{beginning}")).unwrap_or_else(|| panic!("no {beginning}: {text}")).1;
    let lines = below.lines().skip_while(|line| !line.starts_with("    "));
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    lines.map(|line| line.get(4..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn yaml(text: &str) -> Yaml<'_> {
    Yaml::load_from_str(text).unwrap_or_else(|why| panic!("{why}:\n{text}")).remove(0)
}

/// A machine with pluton, rclone and restic, and a repository that is there already.
fn runner() -> Machine {
    let mut m = Machine::new();
    m.link_pluton();
    m.set("RESTIC_PASSWORD", "a password");
    m.file("precious", "data");
    m
}

impl Machine {
    /// Makes the repository with a storage of another machine, so that the recipe's own home stays new.
    fn with_repository(self, add: &str) -> Self {
        let script = format!(
            "export HOME=$(mktemp -d); {add} --quiet; pluton run backups -- restic -q -r rclone:backups:restic init"
        );
        self.shell(&script).ok();
        self
    }

    fn server_app(&mut self) -> App {
        let app = self.sandbox.client_credentials_app();
        self.set("PLUTON_BOX_CLIENT_ID", &app.client_id).set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
        app
    }

    fn service_account(&mut self) -> App {
        let app = self.sandbox.jwt_app();
        self.set("BOX_CONFIG_JSON", &app.config_file);
        app
    }

    #[track_caller]
    fn has_backed_up(&self) {
        let said = self.shell("pluton run backups -- restic -r rclone:backups:restic snapshots --json").ok().stdout;
        assert!(said.contains("\"short_id\""), "{said}");
    }
}

#[test]
fn github_actions() {
    let mut m = runner();
    let text = recipe(&m, "GitHub Actions:");
    let step = &yaml(&text)[0];
    for (name, from) in [("PLUTON_BOX_CLIENT_SECRET", "secrets.BOX_CLIENT_SECRET"), ("CI", "")] {
        let value = format!("{:?}", step["env"][name]);
        assert!(value.contains(from) && !value.contains("BadValue"), "{name}: {value}");
    }
    if !has("/usr/bin/restic") {
        return;
    }
    let app = m.server_app();
    let subject = format!("enterprise:{}", app.enterprise_id);
    let add = format!("pluton storage add box backups --client-credentials --box-subject {subject}");
    let mut m = m.with_repository(&add);
    m.set("CI", "true");
    let script = step["run"].as_str().expect("a script").replace("enterprise:123", &subject);
    m.shell(&script).ok();
    m.has_backed_up();
}

#[test]
fn gitlab_ci() {
    let mut m = runner();
    let text = recipe(&m, "GitLab CI");
    let job = &yaml(&text)["backup"];
    assert_eq!(job["variables"]["CI"].as_str(), Some("true"));
    if !has("/usr/bin/restic") {
        return;
    }
    m.service_account();
    let m = m.with_repository("pluton storage add box backups --box-config-file \"$BOX_CONFIG_JSON\"");
    let lines: Vec<&str> = job["script"].as_vec().expect("lines").iter().filter_map(|line| line.as_str()).collect();
    assert_eq!(lines.len(), 2);
    m.shell(&lines.join("\n")).ok();
    m.has_backed_up();
}

#[test]
fn ansible() {
    let mut m = runner();
    let app = m.service_account();
    let text = recipe(&m, "Ansible.");
    let task = &yaml(&text)[0];
    assert_eq!(task["changed_when"].as_str(), Some("(box.stdout | from_json).changed"));
    let command = task["ansible.builtin.command"]["cmd"].as_str().expect("a command");
    let command = command.replace("/etc/box/config.json", app.config_file.to_str().expect("UTF-8"));
    for changed in [true, false] {
        assert_eq!(m.shell(&command).ok().document()["changed"], changed);
    }
}

#[test]
fn systemd() {
    if !has("/usr/bin/restic") {
        return;
    }
    let mut m = runner();
    let app = m.server_app();
    let m = m.with_repository(&format!(
        "pluton storage add box backups --client-credentials --box-subject enterprise:{}",
        app.enterprise_id
    ));
    let (service, declared, timer) = (
        recipe(&m, "systemd, with secrets"),
        recipe(&m, "/etc/box-backup/storages.toml:"),
        recipe(&m, "and /etc/systemd/system/box-backup.timer:"),
    );
    assert!(timer.contains("[Timer]\nOnCalendar=daily\n") && timer.contains("WantedBy=timers.target"), "{timer}");
    let declared = declared.replace("the app's client ID", &app.client_id).replace("123", &app.enterprise_id);
    let file = m.file("storages.toml", &declared);
    let credentials = m.at("credentials");
    fs::create_dir(&credentials).expect("a directory");
    let mut script = vec![
        format!("export CREDENTIALS_DIRECTORY='{}'", credentials.display()),
        "unset PLUTON_BOX_CLIENT_ID PLUTON_BOX_CLIENT_SECRET RESTIC_PASSWORD".to_owned(),
    ];
    let state = m.at("state/box-backup");
    fs::create_dir_all(&state).expect("a directory");
    for (key, value) in service.lines().filter_map(|line| line.split_once('=')) {
        let value = value.replace("%d", &credentials.display().to_string());
        let value = value.replace("%S/box-backup", &state.display().to_string());
        let value = value.replace("/etc/box-backup/storages.toml", &file).replace("/home", "precious");
        match key {
            "Environment" => script.push(format!("export '{value}'")),
            "LoadCredential" => {
                let name = value.split(':').next().expect("a name");
                let secret = if name == "client-secret" { &app.client_secret } else { "a password" };
                fs::write(credentials.join(name), secret).expect("a credential");
            }
            "ExecStart" => script.push(value),
            "Type" | "StateDirectory" => {}
            other => panic!("nothing knows {other}"),
        }
    }
    // The timer runs it every day.
    let script = script.join("\n");
    m.shell(&format!("{script}\n{script}")).ok();
    assert!(state.join(".config/rclone/rclone.conf").exists());
}

#[test]
fn docker() {
    if !has("/usr/bin/restic") {
        return;
    }
    let mut m = runner();
    m.service_account();
    let m = m.with_repository("pluton storage add box backups --box-config-file \"$BOX_CONFIG_JSON\"");
    m.shell("pluton storage add box backups --box-config-file \"$BOX_CONFIG_JSON\"").ok();
    let text = recipe(&m, "Docker.").replace("\\\n", " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]).expect(flag);
    let (outside, inside) = after("-v").split_once(':').expect("two directories");
    let config = after("-e").strip_prefix("RCLONE_CONFIG=").expect("the variable");
    assert_eq!(Path::new(config).parent(), Some(Path::new(inside)), "the directory is mounted, not the file");
    assert_eq!(Path::new(outside).extension(), None, "{outside}");
    let image = words.iter().position(|word| *word == "IMAGE").expect("an image");
    let command = words[image + 1..].join(" ").replace("/data", "precious");
    m.shell(&format!("export RCLONE_CONFIG='{}'\n{command}", m.config().display())).ok();
    m.has_backed_up();
}
