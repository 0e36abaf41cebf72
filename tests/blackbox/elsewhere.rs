//! `storage add box NAME --on HOST`: the browser sign-in happens here; pluton on the other machine, reached by a real
//! ssh, verifies and saves the storage.

use std::ffi::OsString;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use box_sandbox::authorize_port;

use crate::bench::Bench;
use crate::browser::{start_with, went_through};
use crate::support::{Home, PLUTON, skip, wait_for};

const SSHD: &str = "/usr/sbin/sshd";

/// A second machine: a home of its own behind an sshd, which this machine's ssh knows as `server`.
struct Server {
    home: Home,
    sshd: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

fn shell(script: &str) {
    let status = Command::new("sh").args(["-euc", script]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.expect("sh runs").success(), "{script}");
}

fn private(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// A server with pluton on its PATH, or without. `None` where this machine has no sshd.
fn server(bench: &Bench, has_pluton: bool) -> Option<Server> {
    if !Path::new(SSHD).exists() {
        skip(&format!("there is no {SSHD}"));
        return None;
    }
    let home = Home::new(&bench.sandbox, &box_sandbox::rclone::newest());
    if has_pluton {
        std::os::unix::fs::symlink(PLUTON, home.beside("pluton")).expect("a link");
    }
    let dir = home.path().join("ssh");
    fs::create_dir(&dir).expect("a directory");
    let at = dir.display();
    shell(&format!(
        "mkdir -p /run/sshd || true; ssh-keygen -qt ed25519 -N '' -f {at}/host; ssh-keygen -qt ed25519 -N '' -f {at}/key"
    ));
    // Whoever logs in gets this home, and a shell that reads the command that was sent.
    let variable = |(name, value): &(OsString, OsString)| {
        format!("export {}='{}'", name.to_string_lossy(), value.to_string_lossy())
    };
    let variables = home.env().iter().map(variable).collect::<Vec<_>>().join("\n");
    let login = dir.join("login");
    fs::write(&login, format!("#!/bin/sh\n{variables}\ncd\nexec sh -c \"$SSH_ORIGINAL_COMMAND\"\n")).expect("a script");
    fs::set_permissions(&login, fs::Permissions::from_mode(0o755)).expect("a mode");
    let key = fs::read_to_string(dir.join("key.pub")).expect("a key");
    private(&dir.join("authorized"), &format!("command=\"{}\" {key}", login.display()));
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    private(
        &dir.join("sshd_config"),
        &format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\nAuthorizedKeysFile {at}/authorized\nStrictModes no\n\
             PidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n"
        ),
    );
    let sshd = Command::new(SSHD)
        .args(["-D", "-e", "-f"])
        .arg(dir.join("sshd_config"))
        .stdin(Stdio::null())
        .stderr(fs::File::create(dir.join("log")).expect("a log"))
        .spawn()
        .expect("sshd starts");
    let server = Server { home, sshd };
    wait_for("sshd", || TcpStream::connect(("127.0.0.1", port)).ok());
    let config = format!(
        "Host server\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {at}/key\n  IdentitiesOnly yes\n  BatchMode yes\n  \
         StrictHostKeyChecking no\n  UserKnownHostsFile {at}/known\n  LogLevel ERROR\n"
    );
    private(&dir.join("client"), &config);
    // ssh takes its own config from the real home directory.
    bench.home.script("ssh", &format!("exec /usr/bin/ssh -F '{at}/client' \"$@\""));
    Some(server)
}

#[test]
fn a_browser_here_signs_a_server_in_that_has_none() {
    let bench = Bench::new();
    let Some(server) = server(&bench, true) else { return };
    let _port = authorize_port();
    let args = ["My Box Drive", "--on", "server", "--no-browser", "--description", "it's $HOME", "--list-chunk=7"];
    let waiting = start_with(&bench, &args);
    went_through(&bench.sandbox.browse(&waiting.link));
    let ran = waiting.end().ok();
    assert!(ran.stdout.contains("Saved as [My Box Drive]") && ran.stdout.contains("Renewed the sign-in"), "{ran:?}");
    assert_eq!(bench.home.config_text(), "", "nothing is saved here");
    assert!(bench.staged().is_empty());
    let dump = server.home.dump();
    assert_eq!(
        (&dump["My Box Drive"]["description"], &dump["My Box Drive"]["list_chunk"]),
        (&"it's $HOME".into(), &"7".into())
    );
    let live = server.home.token("My Box Drive")["refresh_token"].as_str().expect("a token").to_owned();
    assert!(bench.sandbox.is_live_refresh(&live));
    assert!(!ran.stdout.contains(&live) && !ran.stderr.contains(&live), "{ran:?}");
}

#[test]
fn an_own_app_s_secret_reaches_the_server_through_no_argument() {
    let mut bench = Bench::new();
    let Some(server) = server(&bench, true) else { return };
    let _port = authorize_port();
    let app = bench.sandbox.own_app();
    let log = bench.home.beside("ssh.log");
    let ssh = fs::read_to_string(bench.home.beside("ssh.sh")).expect("the script");
    bench.home.script("ssh", &ssh.replace("exec ", &format!("echo \"$@\" >> '{}'; exec ", log.display())));
    bench.home.set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    let waiting =
        start_with(&bench, &["own", "--on", "server", "--no-browser", "--client-id", &app.client_id, "--json"]);
    went_through(&bench.sandbox.browse(&waiting.link));
    let ran = waiting.end().ok();
    let document = ran.document();
    assert_eq!(
        (&document["outcome"], &document["verified"]["refreshed"]),
        (&"added".into(), &true.into()),
        "{document}"
    );
    let dump = server.home.dump();
    assert_eq!(dump["own"]["client_id"], app.client_id);
    assert_eq!(server.home.rclone(&["lsd", "own:"]).ok().stdout.lines().count(), 3);
    let sent = fs::read_to_string(log).expect("a log");
    assert!(sent.contains("pluton") && !sent.contains(&app.client_secret) && !sent.contains("token\":"), "{sent}");
    assert_eq!(bench.home.config_text(), "");
}

#[test]
fn nobody_signs_in_for_a_server_that_cannot_take_it() {
    let bench = Bench::new();
    let Some(server) = server(&bench, true) else { return };
    let taken = "[Box]\ntype = local\n";
    server.home.write_config(taken);
    let add = |args: &[&str]| bench.home.pluton(&[&["storage", "add", "box"], args, &["--no-browser"]].concat());
    let ran = add(&["Box", "--on", "server"]).fails(5);
    assert!(ran.stderr.contains("Box") && !ran.stderr.contains("53682"), "{ran:?}");
    let ran = add(&["Box", "--on", "server", "--json"]).fails(5);
    assert_eq!(ran.document()["error"]["code"], "storage_exists");
    assert_eq!(server.home.config_text(), taken);
    let ran = add(&["a:b", "--on", "server"]).fails(2);
    assert!(!ran.stderr.contains("53682"), "{ran:?}");
    add(&["Box", "--on=-oProxyCommand=false"]).fails(2);
    add(&["--on", "server"]).fails(2);
    add(&["Box", "--on", "server", "--token", "x"]).fails(2);
    drop(server);
    let ran = add(&["Box", "--on", "server"]).fails(8);
    assert!(ran.stderr.contains("ssh could not reach server"), "{ran:?}");
}

#[test]
fn without_pluton_there_it_says_what_to_run_there() {
    let bench = Bench::new();
    let Some(_server) = server(&bench, false) else { return };
    let ran = bench.home.pluton(&["storage", "add", "box", "Box", "--on", "server", "--no-browser"]).fails(1);
    for words in ["ssh found no pluton on server", "next: install pluton on server", "`rclone config` there"] {
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
    assert!(bench.sandbox.requests().is_empty());
}

#[test]
fn a_connection_lost_after_the_sign_in_says_how_to_see_what_came_of_it() {
    let bench = Bench::new();
    let Some(_server) = server(&bench, true) else { return };
    let _port = authorize_port();
    let ssh = fs::read_to_string(bench.home.beside("ssh.sh")).expect("the script");
    let once = bench.home.beside("once");
    bench.home.script("ssh", &format!("mkdir '{}' || exit 255\n{ssh}", once.display()));
    let waiting = start_with(&bench, &["Box", "--on", "server", "--no-browser"]);
    went_through(&bench.sandbox.browse(&waiting.link));
    let ran = waiting.end().fails(8);
    for words in ["ssh could not reach server", "ssh server pluton storage list", "Nothing was saved here"] {
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
    assert_eq!(bench.home.config_text(), "");
}
