//! `--print-timer`: the printed timer refreshes the same file over the same network, without the user's environment.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use box_sandbox::{Sandbox, rclone};

use crate::life::Life;

/// A command line and the variables around it.
type Job = (Vec<String>, Vec<(String, String)>);

/// All that systemd, cron, launchd or a shell takes for something else.
const ODD: &str = r#"a b 50% $x $$y "q" it's \n & <é> `z` !; %h"#;

/// What a person who tells pluton everything has.
struct Told {
    life: Life,
    dir: PathBuf,
    password_command: String,
}

impl Told {
    fn new() -> Self {
        let life = Life::with(Sandbox::start(), &rclone::newest());
        let dir = life.home.path().join(ODD);
        fs::create_dir(&dir).expect("a directory");
        life.expired("My Box");
        life.expired("Other");
        fs::write(dir.join("rclone.conf"), life.home.config_text()).expect("rclone.conf");
        std::os::unix::fs::symlink(rclone::newest(), dir.join("rclone")).expect("a link");
        fs::write(dir.join("password"), "open-sesame\n").expect("a file");
        let quoted = dir.join("password").to_str().expect("UTF-8").replace('"', "\"\"");
        let told = Self { life, dir, password_command: format!("cat \"{quoted}\"") };
        told.rclone(&["config", "encryption", "set"]);
        told
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).to_str().expect("UTF-8").to_owned()
    }

    fn rclone(&self, args: &[&str]) -> String {
        let (config, password) = (self.path("rclone.conf"), &self.password_command);
        let all = [args, &["--config", &config, "--password-command", password]].concat();
        self.life.home.rclone(&all).ok().stdout
    }

    fn timer(&self, kind: &str) -> String {
        let (config, program) = (self.path("rclone.conf"), self.path("rclone"));
        let mut args = vec!["storage", "refresh", "My Box", "--print-timer", kind, "--rclone-config", &config];
        args.extend(["--rclone", &program, "--password-command", &self.password_command]);
        self.life.pluton(&args).ok().stdout
    }

    /// Runs it with its own variables alone, and looks at what came of it.
    #[track_caller]
    fn runs(&self, (words, variables): Job, bare: &[(&str, &str)]) {
        let decoy = self.life.home.config_text();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(bare.iter().copied()).envs(variables);
        let output = command.output().unwrap_or_else(|error| panic!("{error}: {words:?}"));
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert_eq!(self.life.grants(), 1, "{words:?}");
        assert_eq!(self.life.home.config_text(), decoy, "{words:?}");
        // It is renewed already: to list it takes no other token.
        self.rclone(&["lsd", "My Box:"]);
        assert_eq!(self.life.grants(), 1, "{words:?}");
    }
}

/// One directive's value as systemd splits it: quotes, backslashes, `%%`.
fn split(value: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut is_open) = (Vec::new(), String::new(), false, false);
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => (quoted, is_open) = (!quoted, true),
            '\\' => word.extend(letters.next()),
            '%' => assert_eq!(letters.next().inspect(|next| word.push(*next)), Some('%'), "{value}"),
            ' ' if !quoted => {
                words.extend((is_open || !word.is_empty()).then(|| std::mem::take(&mut word)));
                is_open = false;
            }
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
}

fn of_systemd(script: &str) -> Job {
    let directive = |name: &'static str| script.lines().filter_map(move |line| line.strip_prefix(name));
    let words = split(directive("ExecStart=").next().expect("a command"));
    // $ is systemd's in commands, and nobody's in Environment=.
    let single = |word: &String| word.replace("$$", "\0").contains('$');
    assert!(!words.iter().any(single), "{words:?}");
    let variables = directive("Environment=").map(|value| {
        let words = split(value);
        assert_eq!(words.len(), 1, "{value}");
        let (name, value) = words[0].split_once('=').expect("a variable");
        (name.to_owned(), value.to_owned())
    });
    (words.iter().map(|word| word.replace("$$", "$")).collect(), variables.collect())
}

fn of_cron(text: &str) -> Job {
    let line = text.lines().last().and_then(|line| line.splitn(6, ' ').nth(5)).expect("five fields and a command");
    assert_eq!(line.matches('%').count(), line.matches("\\%").count(), "{line}");
    let variables = text.lines().filter(|line| !line.starts_with(['#', '*'])).filter_map(|line| line.split_once('='));
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (vec!["/bin/sh".into(), "-c".into(), line.replace("\\%", "%")], variables.collect())
}

fn of_launchd(text: &str) -> Job {
    let script = "import plistlib, sys, json; p = plistlib.loads(sys.argv[1].encode()); \
                  print(json.dumps([p['ProgramArguments'], list(p['EnvironmentVariables'].items())]))";
    let output = Command::new("python3").args(["-c", script, text]).output().expect("python runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn whatever_the_paths_are_called_the_right_file_is_renewed_in_a_bare_environment() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let told = Told::new();
            told.runs(of_systemd(&told.timer("systemd")), &[]);
        });
        scope.spawn(|| {
            let told = Told::new();
            let home = told.life.home.path().to_str().expect("UTF-8").to_owned();
            told.runs(of_cron(&told.timer("cron")), &[("HOME", &home)]);
        });
        scope.spawn(|| {
            let told = Told::new();
            told.runs(of_launchd(&told.timer("launchd")), &[]);
        });
    });
}

#[test]
fn the_default_place_is_the_one_of_now() {
    let mut life = Life::new();
    life.expired("Box");
    let elsewhere = life.home.path().join("elsewhere");
    fs::create_dir_all(elsewhere.join("rclone")).expect("a directory");
    fs::rename(life.home.config(), elsewhere.join("rclone/rclone.conf")).expect("moved");
    life.home.set("XDG_CONFIG_HOME", &elsewhere).set("XDG_STATE_HOME", elsewhere.join("state"));
    let (words, variables) = of_systemd(&life.pluton(&["storage", "refresh", "--print-timer", "systemd"]).ok().stdout);
    assert!(words.contains(&"--all".to_owned()), "{words:?}");
    let output = Command::new(&words[0]).args(&words[1..]).env_clear().envs(variables).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    life.is_signed_in("Box");
    assert_eq!(life.grants(), 1);
    assert!(elsewhere.join("state/pluton").is_dir() && !life.home.path().join(".local/state").exists());
}

#[test]
fn what_would_begin_another_directive_is_refused() {
    let mut life = Life::new();
    life.quick("Box");
    let evil = "x\nExecStartPost=/bin/touch pwned";
    for kind in ["systemd", "cron", "launchd"] {
        let args = ["storage", "refresh", "--print-timer", kind];
        for more in [["--rclone-config", evil], ["--password-command", evil]] {
            let ran = life.pluton(&[&args[..], &more].concat()).fails(2);
            assert!(ran.stdout.is_empty() && ran.stderr.contains("line break"), "{ran:?}");
        }
        for name in ["NO_PROXY", "SSL_CERT_DIR"] {
            life.home.set(name, evil);
            let ran = life.pluton(&args).fails(2);
            assert!(ran.stdout.is_empty() && ran.stderr.contains(name), "{ran:?}");
            life.home.unset(name);
        }
    }
    life.pluton(&["storage", "refresh", "nobody", "--print-timer", "cron"]).fails(4);
}

#[test]
fn the_password_itself_is_not_carried_and_that_is_said() {
    let mut life = Life::new();
    life.quick("Box");
    life.home.set("RCLONE_CONFIG_PASS", "open-sesame");
    for kind in ["systemd", "cron", "launchd"] {
        let ran = life.pluton(&["storage", "refresh", "--all", "--print-timer", kind]).ok();
        assert!(!ran.stdout.contains("open-sesame") && ran.stderr.contains("--password-command"), "{ran:?}");
        assert_eq!(ran.stdout.contains("# Not here: RCLONE_CONFIG_PASS"), kind == "systemd", "{ran:?}");
    }
}

/// Adds a service account and asks for its timer; what was said.
fn add_with_timer(life: &Life, name: &str) -> serde_json::Value {
    let app = life.sandbox.jwt_app();
    let file = app.config_file.to_str().expect("UTF-8");
    let (code, document) =
        life.home.json(&["storage", "add", "box", name, "--box-config-file", file, "--install-timer"]);
    assert_eq!(code, 0, "{document}");
    document
}

#[test]
fn a_timer_of_systemd_is_installed_once_where_there_is_systemd() {
    let life = Life::new();
    let log = life.home.beside("systemctl.log");
    life.home.script("systemctl", &format!("echo \"$@\" >> '{}'; [ \"$2\" != cat ]", log.display()));
    let document = add_with_timer(&life, "first");
    assert_eq!(document["timer"]["installed"], true, "{document}");
    assert!(!document["warnings"].to_string().contains("needs_renewal"), "{document}");
    let units = life.home.path().join(".config/systemd/user");
    let service = fs::read_to_string(units.join("pluton-refresh.service")).expect("a service");
    assert!(service.contains("storage refresh --all"), "{service}");
    assert!(fs::read_to_string(&log).expect("a log").contains("--user enable --now pluton-refresh.timer"));
    // systemctl enable makes this link; the timer is for all storages.
    fs::create_dir_all(units.join("timers.target.wants")).expect("a directory");
    fs::write(units.join("timers.target.wants/pluton-refresh.timer"), "").expect("a link");
    let document = add_with_timer(&life, "second");
    assert_eq!(document["timer"]["installed"], false, "{document}");
    assert_eq!(fs::read_to_string(&log).expect("a log").matches("enable --now").count(), 1);
}

#[test]
fn without_systemd_the_crontab_gets_a_line_and_keeps_its_own() {
    let life = Life::new();
    let tab = life.home.file("tab", "5 4 * * * true\n");
    life.home.script("systemctl", "exit 1");
    life.home.script(
        "crontab",
        &format!("case $1 in -l) cat '{tab}';; -) cat > '{tab}.new'; mv '{tab}.new' '{tab}';; esac"),
    );
    let app = life.sandbox.jwt_app();
    let file = app.config_file.to_str().expect("UTF-8");
    let args = ["storage", "add", "box", "svc", "--box-config-file", file, "--install-timer"];
    let ran = life.pluton(&args).ok();
    assert!(ran.stdout.contains("Installed a timer") && ran.stdout.contains("    crontab -e"), "{ran:?}");
    let text = fs::read_to_string(&tab).expect("the crontab");
    assert!(text.starts_with("5 4 * * * true\n") && text.contains("storage refresh --all"), "{text}");
    // It is seen from then on.
    let ran = life.pluton(&args).ok();
    assert!(ran.stdout.contains("Unchanged"), "{ran:?}");
    assert_eq!(fs::read_to_string(&tab).expect("the crontab"), text);
}

#[test]
fn where_no_timer_can_be_installed_the_storage_is_saved_and_that_is_said() {
    let life = Life::new();
    life.home.script("systemctl", "exit 1");
    life.home.script("crontab", "echo 'not allowed' >&2; exit 1");
    let document = add_with_timer(&life, "svc");
    let codes = document["warnings"].to_string();
    assert!(codes.contains("timer_not_installed") && codes.contains("needs_renewal"), "{document}");
}
