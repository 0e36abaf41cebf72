//! What a storage may be called: what rclone takes, and nothing that would not survive.

use box_sandbox::rclone;

use crate::bench::{Bench, ODD, with_each};

#[test]
fn a_name_that_every_rclone_takes_works_with_every_rclone() {
    with_each(|bench| {
        for name in ["My Box Drive", "a-b", "a.b", "1", "local", "x_y", "two  spaces"] {
            bench.add(&bench.token(), &[name]).ok();
            assert_eq!(bench.lists(name).len(), 3, "{name:?}");
            assert_eq!(bench.home.dump()[name]["type"], "box", "{name:?}");
        }
    });
}

#[test]
fn a_name_in_any_script_works_with_a_new_rclone_and_is_refused_with_an_old_one() {
    let bench = Bench::new();
    let names = ["Bücher", "名前 1", "a+b", "me@work", "box--"];
    for name in names {
        bench.add(&bench.token(), &[name]).ok();
        assert_eq!(bench.lists(name).len(), 3, "{name:?}");
    }
    let Some(debian) = rclone::debian() else { return };
    let bench = Bench::with(&debian);
    for name in &names[..4] {
        let token = bench.token();
        let error = bench.refused(|bench| bench.add(&token, &[name, "--json"]), 3, "rclone_too_old");
        assert!(
            error["message"].as_str().is_some_and(|words| words.contains(name) && words.contains("1.60")),
            "{error}"
        );
        assert!(bench.sandbox.is_live_refresh(&token.refresh));
    }
    assert_eq!(bench.home.files(), Vec::<String>::new());
    assert!(!bench.home.path().join(".config").exists(), "not even rclone's own directory");
}

#[test]
fn a_name_that_rclone_would_not_take_is_exit_2_before_anything_is_started() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.home.log_children();
    let names = [
        "", " a", "a ", "box-", "a:b", "a/b", "DEFAULT", "e\u{301}", "🦀", "a\nb", "a\rb", "[a]", "a\tb", "a\u{1b}b",
        "a=b",
    ];
    for name in names {
        let error = bench.refused(|bench| bench.add(&bench.token(), &["--json", "--", name]), 2, "invalid_value");
        assert!(!error["message"].as_str().unwrap_or_default().contains(['\n', '\u{1b}']), "{error}");
    }
    bench.refused(|bench| bench.add(&bench.token(), &["--json", "-a"]), 2, "invalid_value");
    assert!(bench.home.children().is_empty());
}

#[test]
fn without_a_name_the_error_says_what_is_missing() {
    let bench = Bench::new();
    let error = bench.refused(|bench| bench.add(&bench.token(), &["--json"]), 2, "input_required");
    assert!(error["message"].as_str().is_some_and(|words| words.contains("name")), "{error}");
}
