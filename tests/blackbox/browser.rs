//! `--authorize`: a sign-in through a browser on this machine, which a script drives.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Child;

use box_sandbox::{Page, authorize_port};

use crate::bench::{Bench, ODD, with_each};
use crate::support::{Ran, interrupt, wait_for, wait_until_gone};

/// pluton, waiting for a browser at `link`.
pub(crate) struct Waiting {
    child: Child,
    pub(crate) link: String,
    said: String,
}

fn start(bench: &Bench, args: &[&str]) -> Waiting {
    start_with(bench, &[args, &["--authorize"]].concat())
}

/// The same without `--authorize`.
pub(crate) fn start_with(bench: &Bench, args: &[&str]) -> Waiting {
    let mut child = bench.home.start(&[&["storage", "add", "box"], args].concat());
    let mut errors = BufReader::new(child.stderr.as_mut().expect("a pipe"));
    let mut said = String::new();
    let link = loop {
        let read = errors.read_line(&mut said).expect("pluton's words");
        assert!(read > 0, "pluton ended before it gave a link: {said}");
        if let Some(at) = said.find("http://127.0.0.1:53682/auth?") {
            break said[at..].trim().to_owned();
        }
    };
    Waiting { child, link, said }
}

impl Waiting {
    pub(crate) fn end(mut self) -> Ran {
        let (mut out, mut errors) = (String::new(), self.said);
        self.child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
        self.child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
        let status = self.child.wait().expect("pluton ends");
        Ran { code: status.code().unwrap_or(-1), stdout: out, stderr: errors }
    }
}

/// Each rclone in turn: only one at a time can wait on the port.
fn in_turn(test: impl Fn(Bench)) {
    let _port = authorize_port();
    for binary in box_sandbox::rclone::both() {
        test(Bench::with(&binary));
    }
}

pub(crate) fn went_through(page: &Page) {
    assert!(page.visited.iter().any(|url| url.starts_with("http://127.0.0.1:53682/?code=")), "{page:?}");
}

#[test]
fn quick_connect_goes_through_the_browser_and_is_proven() {
    in_turn(|bench| {
        bench.home.log_children();
        let waiting = start(&bench, &["Box", "--no-browser"]);
        went_through(&bench.sandbox.browse(&waiting.link));
        let ran = waiting.end().ok();
        assert!(ran.stderr.contains("Open this link") && ran.stdout.contains("[Box]"), "{ran:?}");
        let live = bench.refresh_token("Box");
        assert!(!ran.stdout.contains(&live) && !ran.stderr.contains(&live), "{ran:?}");
        let children = bench.home.children();
        let at_work: Vec<_> = children.iter().filter(|child| !child.ends_with(" version")).collect();
        assert_eq!(at_work.len(), 2, "{children:?}");
        assert!(at_work[0].contains(" authorize box ") && at_work[1].contains(" lsd Box: "), "{children:?}");
        bench.works_after_an_hour("Box");
        bench.leaves_only_rclone_conf();
    });
}

#[test]
fn an_own_app_goes_through_the_browser_and_its_secret_through_no_argument() {
    in_turn(|bench| {
        bench.home.log_children();
        let app = bench.sandbox.own_app();
        let secret = bench.home.file("secret", &app.client_secret);
        let args = ["own", "--no-browser", "--client-id", &app.client_id, "--client-secret-file", &secret, "--json"];
        let waiting = start(&bench, &args);
        let page = bench.sandbox.browse(&waiting.link);
        went_through(&page);
        assert!(page.visited.iter().any(|url| url.contains(&app.client_id)), "{page:?}");
        let ran = waiting.end().ok().keeps(&[&app.client_secret]);
        assert_eq!(ran.document()["storage"]["sign_in"], "own-app");
        let live = bench.refresh_token("own");
        for child in bench.home.children() {
            assert!(!child.contains(&app.client_secret) && !child.contains(&live), "{child}");
        }
        assert_eq!(bench.home.dump()["own"]["client_id"], app.client_id.as_str());
        bench.works_after_an_hour("own");
    });
}

#[test]
fn ctrl_c_while_waiting_is_exit_130_and_frees_the_port() {
    in_turn(|bench| {
        bench.home.write_config(ODD);
        bench.home.log_children();
        let waiting = start(&bench, &["Box", "--no-browser"]);
        interrupt(&waiting.child);
        waiting.end().fails(130);
        for child in bench.home.children() {
            wait_until_gone(child.split(' ').next().expect("a process ID"));
        }
        wait_for("the free port", || TcpListener::bind("127.0.0.1:53682").ok());
        assert_eq!(bench.home.config_text(), ODD);
        assert_eq!(bench.staged(), Vec::<String>::new());
    });
}

#[test]
fn the_browser_gets_the_link() {
    let _port = authorize_port();
    let bench = Bench::new();
    bench.home.script("xdg-open", "printf '%s\\n' \"$@\" > \"$0.link.new\"; mv \"$0.link.new\" \"$0.link\"");
    let waiting = start(&bench, &["Box"]);
    let opened = wait_for("the opened link", || std::fs::read_to_string(bench.home.beside("xdg-open.link")).ok());
    assert_eq!(opened.trim(), waiting.link);
    went_through(&bench.sandbox.browse(&waiting.link));
    waiting.end().ok();
    bench.works_after_an_hour("Box");
}

#[test]
fn no_program_of_the_current_directory_gets_the_link() {
    let _port = authorize_port();
    let mut bench = Bench::new();
    for name in ["xdg-open", "gio", "gnome-open", "kde-open", "wslview"] {
        bench.home.script(name, "echo \"$@\" > \"$HOME/trapped\"");
        std::fs::rename(bench.home.beside(name), bench.home.path().join(name)).expect("a trap");
    }
    let good = bench.home.path().join("bin").display().to_string();
    bench.home.set("PATH", format!(":.:{good}:/usr/bin:/bin"));
    let waiting = start(&bench, &["Box"]);
    went_through(&bench.sandbox.browse(&waiting.link));
    waiting.end().ok();
    assert!(!bench.home.path().join("trapped").exists());
}

#[test]
fn variables_of_rclone_s_do_not_stand_in_for_the_browser_s_answers() {
    let _port = authorize_port();
    let mut bench = Bench::new();
    bench.home.set("RCLONE_BOX_CLIENT_ID", "nosuchclient").set("RCLONE_BOX_CLIENT_SECRET", "x");
    bench.home.set("RCLONE_CONFIG", bench.home.path().join("mine.conf"));
    let waiting = start(&bench, &["Box", "--no-browser"]);
    let page = bench.sandbox.browse(&waiting.link);
    assert!(!page.visited.iter().any(|url| url.contains("nosuchclient")), "{page:?}");
    waiting.end().ok();
    bench.home.unset("RCLONE_BOX_CLIENT_ID").unset("RCLONE_BOX_CLIENT_SECRET");
    assert_eq!(bench.lists("Box").len(), 3);
}

#[test]
fn a_renewal_that_fails_after_the_browser_keeps_rclone_conf() {
    with_each(|bench| {
        let _port = authorize_port();
        bench.home.write_config(ODD);
        let waiting = start(&bench, &["Box", "--no-browser", "--root-folder-id", "4711"]);
        went_through(&bench.sandbox.browse(&waiting.link));
        let ran = waiting.end().fails(7);
        assert_eq!(bench.home.config_text(), ODD);
        let kept = bench.staged().into_iter().find(|path| path.ends_with("/rclone.conf")).expect("a kept file");
        let kept = bench.home.path().join(kept).display().to_string();
        assert!(ran.stderr.contains(&kept), "{ran:?}");
        bench.home.pluton(&["storage", "add", "box", "Box", "--token-file", &kept]).ok();
        bench.works_after_an_hour("Box");
    });
}
