//! One test case: how the failure is produced, its exit code, its code in JSON, and the text that a person reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use box_sandbox::{Sandbox, authorize_port, rclone};

use crate::scene::Scene;
use crate::support::Ran;

type Run = Box<dyn Fn(&mut Scene) -> Ran + Send + Sync>;

pub(crate) struct Case {
    golden: &'static str,
    exit: i32,
    code: &'static str,
    rclones: Vec<PathBuf>,
    sandbox: fn() -> Sandbox,
    /// One at a time, since only one can wait on the browser's port.
    in_turn: bool,
    run: Run,
}

/// What one rclone led to, as text and as JSON.
struct Outcome {
    is_newest: bool,
    text: String,
    ran: Ran,
    json: Ran,
}

pub(crate) fn case(
    golden: &'static str,
    exit: i32,
    code: &'static str,
    run: impl Fn(&mut Scene) -> Ran + Send + Sync + 'static,
) -> Case {
    let run = Box::new(run);
    Case { golden, exit, code, rclones: rclone::both(), sandbox: Sandbox::start, in_turn: false, run }
}

/// A few at once: an old rclone takes five seconds to believe that Box said no.
#[track_caller]
pub(crate) fn check(cases: impl IntoIterator<Item = Case>) {
    let cases: Vec<Case> = cases.into_iter().collect();
    for few in cases.chunks(4) {
        thread::scope(|scope| {
            for case in few {
                thread::Builder::new()
                    .name(case.golden.to_owned())
                    .spawn_scoped(scope, || case.try_it())
                    .expect("a thread");
            }
        });
    }
}

impl Case {
    /// Where Debian's rclone is too old to fail in this way, or rclone has no part in it.
    pub(crate) fn newest_only(self) -> Self {
        Self { rclones: vec![rclone::newest()], ..self }
    }

    /// Where only an rclone of that age fails in this way; where there is none, nothing is tried.
    pub(crate) fn debian_only(self) -> Self {
        Self { rclones: rclone::debian().into_iter().collect(), ..self }
    }

    pub(crate) fn sandbox(self, sandbox: fn() -> Sandbox) -> Self {
        Self { sandbox, ..self }
    }

    pub(crate) fn in_turn(self) -> Self {
        Self { in_turn: true, ..self }
    }

    fn try_it(&self) {
        let outcomes: Vec<Outcome> = if self.in_turn {
            let _port = authorize_port();
            self.rclones.iter().map(|rclone| self.outcome(rclone)).collect()
        } else {
            thread::scope(|scope| {
                let begun: Vec<_> = self.rclones.iter().map(|rclone| scope.spawn(|| self.outcome(rclone))).collect();
                begun.into_iter().map(|thread| thread.join().expect("a run")).collect()
            })
        };
        for outcome in &outcomes {
            self.check(outcome);
        }
        self.compare(&outcomes);
    }

    fn outcome(&self, rclone: &Path) -> Outcome {
        let once = |json: bool| {
            let mut scene = Scene::new((self.sandbox)(), rclone, json);
            let ran = (self.run)(&mut scene);
            let text = scene.normal(&format!("{}{}", ran.stdout, ran.stderr));
            (ran, text)
        };
        let ((ran, text), (json, _)) = if self.in_turn {
            (once(false), once(true))
        } else {
            thread::scope(|scope| {
                let json = scope.spawn(|| once(true));
                (once(false), json.join().expect("a run"))
            })
        };
        Outcome { is_newest: rclone == rclone::newest(), text, ran, json }
    }

    #[track_caller]
    fn check(&self, outcome: &Outcome) {
        let Outcome { ran, json, text, .. } = outcome;
        let document = json.document();
        let error = if document["error"].is_object() { &document["error"] } else { &document["storages"][0]["error"] };
        let codes = (ran.code, json.code, error["code"].as_str());
        assert_eq!(codes, (self.exit, self.exit, Some(self.code)), "{}: {ran:?} {document}", self.golden);
        assert_eq!(document["ok"], false);
        assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
        let remedies = error["remedy"].as_array().expect("what to do");
        let is_new = |index: usize| !remedies[..index].contains(&remedies[index]);
        assert!(!remedies.is_empty() && (0..remedies.len()).all(is_new), "{}: {document}", self.golden);
    }

    #[track_caller]
    fn compare(&self, outcomes: &[Outcome]) {
        let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnosis/golden").join(name);
        let common = file(&format!("{}.txt", self.golden));
        let debian = file(&format!("{}.1.60.txt", self.golden));
        let regenerate = crate::support::regenerates();
        for outcome in outcomes {
            if regenerate {
                let is_common = fs::read_to_string(&common).is_ok_and(|text| text == outcome.text);
                if outcome.is_newest || outcomes.len() == 1 {
                    fs::write(&common, &outcome.text).expect("a golden text");
                } else if is_common {
                    fs::remove_file(&debian).ok();
                } else {
                    fs::write(&debian, &outcome.text).expect("a golden text");
                }
            }
            let golden = if outcome.is_newest || !debian.exists() { &common } else { &debian };
            let expected = fs::read_to_string(golden).unwrap_or_default();
            assert_eq!(outcome.text, expected, "{} (PLUTON_REGENERATE=1 rewrites it)", golden.display());
        }
    }
}

#[test]
fn every_golden_text_belongs_to_a_case() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnosis");
    let list = |dir: &Path| fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    let sources: String = list(&here).filter_map(|path| fs::read_to_string(path).ok()).collect();
    let mut count = 0;
    for path in list(&here.join("golden")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let stem = name.split('.').next().expect("a stem");
        assert!(sources.contains(&format!("\"{stem}\"")), "{name} belongs to no case");
        count += 1;
    }
    assert!(count > 80, "{count}");
}
