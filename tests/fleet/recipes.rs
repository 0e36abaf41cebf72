//! The recipes of `pluton help ci`, exactly as printed: each is parsed by its own tool, and run with a real restic.

use std::fs;
use std::path::Path;

use box_sandbox::{App, Sandbox, rclone};
use saphyr::{LoadableYamlNode as _, Yaml};

use crate::support::{Home, PLUTON, Ran, skip};

/// The text to copy below the paragraph that begins so.
fn recipe(home: &Home, beginning: &str) -> String {
    let text = home.pluton(&["help", "ci"]).ok().stdout;
    let below = text.split_once(&format!("\n{beginning}")).unwrap_or_else(|| panic!("no {beginning}: {text}")).1;
    let lines = below.lines().skip_while(|line| !line.starts_with("    "));
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    lines.map(|line| line.get(4..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn yaml(text: &str) -> Yaml<'_> {
    Yaml::load_from_str(text).unwrap_or_else(|why| panic!("{why}:\n{text}")).remove(0)
}

struct Runner {
    sandbox: Sandbox,
    home: Home,
}

impl Runner {
    /// A machine with pluton, rclone and restic, and a repository that is there already.
    fn new() -> Self {
        let sandbox = Sandbox::start();
        let mut home = Home::new(&sandbox, &rclone::newest());
        std::os::unix::fs::symlink(PLUTON, home.path().join("bin/pluton")).expect("a link to pluton");
        home.set("RESTIC_PASSWORD", "a password");
        home.file("precious", "data");
        Self { sandbox, home }
    }

    fn shell(&self, script: &str) -> Ran {
        self.home.command("bash").args(["-e", "-o", "pipefail", "-c", script]).output().expect("bash").into()
    }

    /// Makes the repository with a storage of another home, so that the recipe's own home stays new.
    fn with_repository(self, add: &str) -> Self {
        let script = format!(
            "export HOME=$(mktemp -d); {add} --quiet; pluton run backups -- restic -q -r rclone:backups:restic init"
        );
        self.shell(&script).ok();
        self
    }

    fn client_credentials(&mut self) -> App {
        let app = self.sandbox.client_credentials_app();
        self.home.set("PLUTON_BOX_CLIENT_ID", &app.client_id).set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
        app
    }

    fn service_account(&mut self) -> App {
        let app = self.sandbox.jwt_app();
        self.home.set("BOX_CONFIG_JSON", &app.config_file);
        app
    }

    #[track_caller]
    fn has_backed_up(&self) {
        let said = self.shell("pluton run backups -- restic -r rclone:backups:restic snapshots --json").ok().stdout;
        assert!(said.contains("\"short_id\""), "{said}");
    }
}

fn has_restic() -> bool {
    let found = Path::new("/usr/bin/restic").exists();
    if !found {
        skip("there is no /usr/bin/restic");
    }
    found
}

#[test]
fn github_actions() {
    let mut runner = Runner::new();
    let text = recipe(&runner.home, "GitHub Actions:");
    let step = &yaml(&text)[0];
    for (name, from) in [("PLUTON_BOX_CLIENT_SECRET", "secrets.BOX_CLIENT_SECRET"), ("CI", "")] {
        let value = format!("{:?}", step["env"][name]);
        assert!(value.contains(from) && !value.contains("BadValue"), "{name}: {value}");
    }
    if !has_restic() {
        return;
    }
    let app = runner.client_credentials();
    let subject = format!("enterprise:{}", app.enterprise_id);
    let add = format!("pluton storage add box backups --client-credentials --box-subject {subject}");
    let mut runner = runner.with_repository(&add);
    runner.home.set("CI", "true");
    let script = step["run"].as_str().expect("a script").replace("enterprise:123", &subject);
    runner.shell(&script).ok();
    runner.has_backed_up();
}

#[test]
fn gitlab_ci() {
    let mut runner = Runner::new();
    let text = recipe(&runner.home, "GitLab CI");
    let job = &yaml(&text)["backup"];
    assert_eq!(job["variables"]["CI"].as_str(), Some("true"));
    if !has_restic() {
        return;
    }
    runner.service_account();
    let runner = runner.with_repository("pluton storage add box backups --box-config-file \"$BOX_CONFIG_JSON\"");
    let lines: Vec<&str> = job["script"].as_vec().expect("lines").iter().filter_map(|line| line.as_str()).collect();
    assert_eq!(lines.len(), 2);
    runner.shell(&lines.join("\n")).ok();
    runner.has_backed_up();
}

#[test]
fn ansible() {
    let mut runner = Runner::new();
    let app = runner.service_account();
    let text = recipe(&runner.home, "Ansible.");
    let task = &yaml(&text)[0];
    assert_eq!(task["changed_when"].as_str(), Some("(box.stdout | from_json).changed"));
    let command = task["ansible.builtin.command"]["cmd"].as_str().expect("a command");
    let command = command.replace("/etc/box/config.json", app.config_file.to_str().expect("UTF-8"));
    for changed in [true, false] {
        assert_eq!(runner.shell(&command).ok().document()["changed"], changed);
    }
}

#[test]
fn systemd() {
    if !has_restic() {
        return;
    }
    let mut runner = Runner::new();
    let app = runner.client_credentials();
    let runner = runner.with_repository(&format!(
        "pluton storage add box backups --client-credentials --box-subject enterprise:{}",
        app.enterprise_id
    ));
    let (service, declared, timer) = (
        recipe(&runner.home, "systemd, with secrets"),
        recipe(&runner.home, "/etc/box-backup/storages.toml:"),
        recipe(&runner.home, "and /etc/systemd/system/box-backup.timer:"),
    );
    assert!(timer.contains("[Timer]\nOnCalendar=daily\n") && timer.contains("WantedBy=timers.target"), "{timer}");
    let declared = declared.replace("the app's client ID", &app.client_id).replace("123", &app.enterprise_id);
    let file = runner.home.file("storages.toml", &declared);
    let credentials = runner.home.path().join("credentials");
    fs::create_dir(&credentials).expect("a directory");
    let mut script = vec![
        format!("export CREDENTIALS_DIRECTORY='{}'", credentials.display()),
        "unset PLUTON_BOX_CLIENT_ID PLUTON_BOX_CLIENT_SECRET RESTIC_PASSWORD".to_owned(),
    ];
    let state = runner.home.path().join("state/box-backup");
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
    runner.shell(&format!("{script}\n{script}")).ok();
    assert!(state.join(".config/rclone/rclone.conf").exists());
}

#[test]
fn docker() {
    if !has_restic() {
        return;
    }
    let mut runner = Runner::new();
    runner.service_account();
    let runner = runner.with_repository("pluton storage add box backups --box-config-file \"$BOX_CONFIG_JSON\"");
    runner.shell("pluton storage add box backups --box-config-file \"$BOX_CONFIG_JSON\"").ok();
    let text = recipe(&runner.home, "Docker.").replace("\\\n", " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]).expect(flag);
    let (outside, inside) = after("-v").split_once(':').expect("two directories");
    let config = after("-e").strip_prefix("RCLONE_CONFIG=").expect("the variable");
    assert_eq!(Path::new(config).parent(), Some(Path::new(inside)), "the directory is mounted, not the file");
    assert_eq!(Path::new(outside).extension(), None, "{outside}");
    let image = words.iter().position(|word| *word == "IMAGE").expect("an image");
    let command = words[image + 1..].join(" ").replace("/data", "precious");
    runner.shell(&format!("export RCLONE_CONFIG='{}'\n{command}", runner.home.config().display())).ok();
    runner.has_backed_up();
}
