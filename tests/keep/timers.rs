//! `--print-timer`: the printed timer refreshes the same file over the same network, without the user's environment.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use box_sandbox::rclone;

use crate::support::{Args, Machine, Ran};

/// A command line and the variables around it.
type Job = (Vec<String>, Vec<(String, String)>);

/// All that systemd, cron, launchd or a shell takes for something else.
const ODD: &str = r#"a b 50% $x $$y "q" it's \n & <é> `z` !; %h"#;

/// What a person who tells pluton everything has.
struct Told {
    m: Machine,
    dir: PathBuf,
    password_command: String,
}

impl Told {
    fn new() -> Self {
        let m = Machine::new();
        let dir = m.at(ODD);
        fs::create_dir(&dir).expect("a directory");
        m.expired("My Box");
        m.expired("Other");
        fs::write(dir.join("rclone.conf"), m.config_text()).expect("rclone.conf");
        std::os::unix::fs::symlink(rclone::newest(), dir.join("rclone")).expect("a link");
        fs::write(dir.join("password"), "open-sesame\n").expect("a file");
        let quoted = dir.join("password").to_str().expect("UTF-8").replace('"', "\"\"");
        let told = Self { m, dir, password_command: format!("cat \"{quoted}\"") };
        told.rclone("config encryption set");
        told
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).to_str().expect("UTF-8").to_owned()
    }

    fn rclone(&self, args: impl Args) -> String {
        let (config, password) = (self.path("rclone.conf"), &self.password_command);
        let all = args.and(["--config", &config, "--password-command", password]);
        self.m.rclone(&all).ok().stdout
    }

    fn timer(&self, kind: &str) -> String {
        let (config, program) = (self.path("rclone.conf"), self.path("rclone"));
        let mut args = vec!["storage", "refresh", "My Box", "--print-timer", kind, "--rclone-config", &config];
        args.extend(["--rclone", &program, "--password-command", &self.password_command]);
        self.m.pluton(&args).ok().stdout
    }

    /// Runs it with its own variables alone, and looks at what came of it.
    #[track_caller]
    fn runs(&self, (words, variables): Job, bare: &[(&str, &str)]) {
        let decoy = self.m.config_text();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(bare.iter().copied()).envs(variables);
        assert_eq!(Ran::from(command).ok().stderr, "", "{words:?}");
        assert_eq!(self.m.grants(), 1, "{words:?}");
        assert_eq!(self.m.config_text(), decoy, "{words:?}");
        // It is renewed already: to list it takes no other token.
        self.rclone(["lsd", "My Box:"]);
        assert_eq!(self.m.grants(), 1, "{words:?}");
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
    let mut command = Command::new("python3");
    command.args(["-c", script, text]);
    serde_json::from_value(Ran::from(command).ok().document()).expect("the arguments and the variables")
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
            let home = told.m.path().to_str().expect("UTF-8").to_owned();
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
    let mut m = Machine::new();
    m.expired("Box");
    let elsewhere = m.at("elsewhere");
    fs::create_dir_all(elsewhere.join("rclone")).expect("a directory");
    fs::rename(m.config(), elsewhere.join("rclone/rclone.conf")).expect("moved");
    m.set("XDG_CONFIG_HOME", &elsewhere).set("XDG_STATE_HOME", elsewhere.join("state"));
    let (words, variables) = of_systemd(&m.pluton("storage refresh --print-timer systemd").ok().stdout);
    assert!(words.contains(&"--all".to_owned()), "{words:?}");
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env_clear().envs(variables);
    Ran::from(command).ok();
    m.is_signed_in("Box");
    assert_eq!(m.grants(), 1);
    assert!(elsewhere.join("state/pluton").is_dir() && !m.exists(".local/state"));
}

#[test]
fn what_would_begin_another_directive_is_refused() {
    let mut m = Machine::new();
    m.quick("Box");
    let evil = "x\nExecStartPost=/bin/touch pwned";
    for kind in ["systemd", "cron", "launchd"] {
        let args = ["storage", "refresh", "--print-timer", kind];
        for more in [["--rclone-config", evil], ["--password-command", evil]] {
            let ran = m.pluton(args.and(more)).fails(2);
            assert!(ran.stdout.is_empty() && ran.stderr.contains("line break"), "{ran:?}");
        }
        for name in ["NO_PROXY", "SSL_CERT_DIR"] {
            m.set(name, evil);
            let ran = m.pluton(args).fails(2);
            assert!(ran.stdout.is_empty() && ran.stderr.contains(name), "{ran:?}");
            m.unset(name);
        }
    }
    m.pluton("storage refresh nobody --print-timer cron").fails(4);
}

#[test]
fn the_password_itself_is_not_carried_and_that_is_said() {
    let mut m = Machine::new();
    m.quick("Box");
    m.set("RCLONE_CONFIG_PASS", "open-sesame");
    for kind in ["systemd", "cron", "launchd"] {
        let ran = m
            .pluton(["storage", "refresh", "--all", "--print-timer", kind])
            .ok()
            .omits("open-sesame")
            .says("--password-command");
        assert_eq!(ran.stdout.contains("# Not here: RCLONE_CONFIG_PASS"), kind == "systemd", "{ran:?}");
    }
}

/// Adds a service account and asks for its timer; what was said.
fn add_with_timer(m: &Machine, name: &str) -> serde_json::Value {
    m.add_jwt(&m.sandbox.jwt_app(), [name, "--install-timer", "--json"]).done()
}

#[test]
fn a_timer_of_systemd_is_installed_once_where_there_is_systemd() {
    let m = Machine::new();
    let log = m.beside("systemctl.log");
    m.script("systemctl", &format!("echo \"$@\" >> '{}'; [ \"$2\" != cat ]", log.display()));
    let document = add_with_timer(&m, "first");
    assert_eq!(document["timer"]["installed"], true, "{document}");
    assert!(!document["warnings"].to_string().contains("needs_renewal"), "{document}");
    let service = m.read(".config/systemd/user/pluton-refresh.service");
    assert!(service.contains("storage refresh --all"), "{service}");
    assert!(m.read(&log).contains("--user enable --now pluton-refresh.timer"));
    // systemctl enable makes this link; the timer is for all storages.
    m.file(".config/systemd/user/timers.target.wants/pluton-refresh.timer", "");
    let document = add_with_timer(&m, "second");
    assert_eq!(document["timer"]["installed"], false, "{document}");
    assert_eq!(m.read(&log).matches("enable --now").count(), 1);
}

#[test]
fn without_systemd_the_crontab_gets_a_line_and_keeps_its_own() {
    let m = Machine::new();
    let tab = m.file("tab", "5 4 * * * true\n");
    m.script("systemctl", "exit 1");
    m.script("crontab", &format!("case $1 in -l) cat '{tab}';; -) cat > '{tab}.new'; mv '{tab}.new' '{tab}';; esac"));
    let app = m.sandbox.jwt_app();
    m.add_jwt(&app, "svc --install-timer").ok().prints(["Installed a timer", "    crontab -e"]);
    let text = m.read("tab");
    assert!(text.starts_with("5 4 * * * true\n") && text.contains("storage refresh --all"), "{text}");
    // It is seen from then on.
    m.add_jwt(&app, "svc --install-timer").ok().prints("Unchanged");
    assert_eq!(m.read("tab"), text);
}

#[test]
fn where_no_timer_can_be_installed_the_storage_is_saved_and_that_is_said() {
    let m = Machine::new();
    m.script("systemctl", "exit 1");
    m.script("crontab", "echo 'not allowed' >&2; exit 1");
    let document = add_with_timer(&m, "svc");
    let codes = document["warnings"].to_string();
    assert!(codes.contains("timer_not_installed") && codes.contains("needs_renewal"), "{document}");
}
