//! `storage add box NAME --on HOST`: the browser sign-in happens here; pluton on the other machine, reached by a real
//! ssh, verifies and saves the storage.

use std::ffi::OsString;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use box_sandbox::authorize_port;

use crate::browser::went_through;
use crate::support::{Args, Machine, Waiting, has, wait_for};

const SSHD: &str = "/usr/sbin/sshd";

/// A second machine: a home of its own behind an sshd, which this machine's ssh knows as `server`.
struct Server {
    home: Machine,
    sshd: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

/// A server with pluton on its PATH, or without. `None` where this machine has no sshd.
fn server(m: &Machine, has_pluton: bool) -> Option<Server> {
    if !has(SSHD) {
        return None;
    }
    let home = m.another(&m.rclone);
    if has_pluton {
        home.link_pluton();
    }
    home.shell(
        "mkdir -p /run/sshd || true; mkdir ssh; for key in host key; do ssh-keygen -qt ed25519 -N '' -f ssh/$key || exit; done",
    )
    .ok();
    let dir = home.at("ssh");
    let at = dir.display();
    // Whoever logs in gets this home, and a shell that reads the command that was sent.
    let variable = |(name, value): &(OsString, OsString)| {
        format!("export {}='{}'", name.to_string_lossy(), value.to_string_lossy())
    };
    let variables = home.env().iter().map(variable).collect::<Vec<_>>().join("\n");
    home.script("login", &format!("{variables}\ncd\nexec sh -c \"$SSH_ORIGINAL_COMMAND\""));
    let private = |name: &str, text: &str| {
        home.file(&format!("ssh/{name}"), text);
        home.chmod(format!("ssh/{name}"), 0o600);
    };
    let (login, key) = (home.beside("login"), home.read("ssh/key.pub"));
    private("authorized", &format!("command=\"{}\" {key}", login.display()));
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    private(
        "sshd_config",
        &format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\nAuthorizedKeysFile {at}/authorized\nStrictModes no\n\
             PidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n"
        ),
    );
    let config = format!(
        "Host server\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {at}/key\n  IdentitiesOnly yes\n  BatchMode yes\n  \
         StrictHostKeyChecking no\n  UserKnownHostsFile {at}/known\n  LogLevel ERROR\n"
    );
    private("client", &config);
    let sshd = Command::new(SSHD)
        .args(["-D", "-e", "-f"])
        .arg(dir.join("sshd_config"))
        .stdin(Stdio::null())
        .stderr(fs::File::create(dir.join("log")).expect("a log"))
        .spawn()
        .expect("sshd starts");
    let server = Server { home, sshd };
    wait_for("sshd", || TcpStream::connect(("127.0.0.1", port)).ok());
    // ssh takes its own config from the real home directory.
    m.script("ssh", &format!("exec /usr/bin/ssh -F '{at}/client' \"$@\""));
    Some(server)
}

fn add(m: &Machine, args: impl Args) -> Waiting {
    Waiting::start(m, "storage add box".and(args))
}

#[test]
fn a_browser_here_signs_a_server_in_that_has_none() {
    let m = Machine::new();
    let Some(server) = server(&m, true) else { return };
    let _port = authorize_port();
    let args = ["My Box Drive", "--on", "server", "--no-browser", "--description", "it's $HOME", "--list-chunk=7"];
    let waiting = add(&m, args);
    went_through(&m.sandbox.browse(&waiting.link));
    let ran = waiting.end().ok().prints(["Saved as [My Box Drive]", "Renewed the sign-in"]);
    assert_eq!(m.config_text(), "", "nothing is saved here");
    assert!(m.staged().is_empty());
    let dump = server.home.dump();
    assert_eq!(
        (&dump["My Box Drive"]["description"], &dump["My Box Drive"]["list_chunk"]),
        (&"it's $HOME".into(), &"7".into())
    );
    let live = server.home.refresh_token("My Box Drive");
    assert!(m.sandbox.is_live_refresh(&live));
    assert!(!ran.stdout.contains(&live) && !ran.stderr.contains(&live), "{ran:?}");
}

#[test]
fn an_own_app_s_secret_reaches_the_server_through_no_argument() {
    let mut m = Machine::new();
    let Some(server) = server(&m, true) else { return };
    let _port = authorize_port();
    let app = m.sandbox.own_app();
    let log = m.beside("ssh.log");
    let ssh = fs::read_to_string(m.beside("ssh.sh")).expect("the script");
    m.script("ssh", &ssh.replace("exec ", &format!("echo \"$@\" >> '{}'; exec ", log.display())));
    m.set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    let waiting = add(&m, ["own", "--on", "server", "--no-browser", "--client-id", &app.client_id, "--json"]);
    went_through(&m.sandbox.browse(&waiting.link));
    let ran = waiting.end().ok();
    let document = ran.document();
    assert_eq!(
        (&document["outcome"], &document["verified"]["refreshed"]),
        (&"added".into(), &true.into()),
        "{document}"
    );
    let dump = server.home.dump();
    assert_eq!(dump["own"]["client_id"], app.client_id);
    assert_eq!(server.home.rclone("lsd own:").ok().stdout.lines().count(), 3);
    let sent = fs::read_to_string(log).expect("a log");
    assert!(sent.contains("pluton") && !sent.contains(&app.client_secret) && !sent.contains("token\":"), "{sent}");
    assert_eq!(m.config_text(), "");
}

#[test]
fn nobody_signs_in_for_a_server_that_cannot_take_it() {
    let m = Machine::new();
    let Some(server) = server(&m, true) else { return };
    let taken = "[Box]\ntype = local\n";
    server.home.write_config(taken);
    let add = |args: &str| m.pluton("storage add box".and(args).and("--no-browser"));
    add("Box --on server").fails(5).says("Box").omits("53682");
    add("Box --on server --json").refused(5, "storage_exists");
    assert_eq!(server.home.config_text(), taken);
    add("a:b --on server").fails(2).omits("53682");
    add("Box --on=-oProxyCommand=false").fails(2);
    add("--on server").fails(2);
    add("Box --on server --token x").fails(2);
    drop(server);
    add("Box --on server").fails(8).says("ssh could not reach server");
}

#[test]
fn without_pluton_there_it_says_what_to_run_there() {
    let m = Machine::new();
    let Some(_server) = server(&m, false) else { return };
    let ran = m.pluton("storage add box Box --on server --no-browser").fails(1);
    ran.says(["ssh found no pluton on server", "next: install pluton on server", "`rclone config` there"]);
    assert!(m.sandbox.requests().is_empty());
}

#[test]
fn a_connection_lost_after_the_sign_in_says_how_to_see_what_came_of_it() {
    let m = Machine::new();
    let Some(_server) = server(&m, true) else { return };
    let _port = authorize_port();
    let ssh = fs::read_to_string(m.beside("ssh.sh")).expect("the script");
    let once = m.beside("once");
    m.script("ssh", &format!("mkdir '{}' || exit 255\n{ssh}", once.display()));
    let waiting = add(&m, "Box --on server --no-browser");
    went_through(&m.sandbox.browse(&waiting.link));
    let ran = waiting.end().fails(8);
    ran.says(["ssh could not reach server", "ssh server pluton storage list", "Nothing was saved here"]);
    assert_eq!(m.config_text(), "");
}
