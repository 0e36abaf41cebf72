//! Many storages are verified in parallel and none of their tokens is lost.

use box_sandbox::Sandbox;

use crate::life::{outcomes, with_each};

#[test]
fn twenty_expired_sign_ins_are_all_alive_after_they_were_verified() {
    with_each(Sandbox::start, |life| {
        let names: Vec<String> = (0..20).map(|number| format!("Box {number}")).collect();
        for jobs in ["8", "1"] {
            life.home.write_config("# kept\n\n");
            for name in &names {
                life.expired(name);
            }
            life.sandbox.clear_requests();
            let (code, document) = life.home.json(&["storage", "verify", "--all", "--jobs", jobs]);
            assert_eq!(code, 0, "{document}");
            let expected: Vec<_> = names.iter().map(|name| (name.clone(), "ok".to_owned())).collect();
            assert_eq!(outcomes(&document), expected);
            assert_eq!(life.grants(), 20);
            for name in &names {
                life.is_signed_in(name);
            }
            assert!(life.home.config_text().starts_with("# kept\n\n[Box 0]\n"));
        }
    });
}

#[test]
fn tokens_that_live_are_left_alone() {
    with_each(Sandbox::start, |life| {
        for number in 0..6 {
            life.quick(&format!("Box {number}"));
        }
        let before = life.home.config_text();
        let ran = life.pluton(&["storage", "verify", "--all"]).ok();
        assert_eq!(ran.stdout.lines().count(), 6, "{ran:?}");
        assert_eq!((life.grants(), life.home.config_text()), (0, before));
        let left: Vec<String> = life
            .home
            .files()
            .into_iter()
            .filter(|file| file.contains("/copies/") || file.contains("/staged/"))
            .collect();
        assert_eq!(left, Vec::<String>::new());
    });
}
