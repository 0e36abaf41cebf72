//! Many storages are verified in parallel and none of their tokens is lost.

use crate::support::with_each;

#[test]
fn twenty_expired_sign_ins_are_all_alive_after_they_were_verified() {
    with_each(|m| {
        let names: Vec<String> = (0..20).map(|number| format!("Box {number}")).collect();
        for jobs in ["8", "1"] {
            m.write_config("# kept\n\n");
            for name in &names {
                m.expired(name);
            }
            m.sandbox.clear_requests();
            let expected: Vec<_> = names.iter().map(|name| (name.as_str(), "ok")).collect();
            m.json(["storage", "verify", "--all", "--jobs", jobs]).storages(0, &expected);
            assert_eq!(m.grants(), 20);
            for name in &names {
                m.is_signed_in(name);
            }
            assert!(m.config_text().starts_with("# kept\n\n[Box 0]\n"));
        }
    });
}

#[test]
fn tokens_that_live_are_left_alone() {
    with_each(|m| {
        for number in 0..6 {
            m.quick(&format!("Box {number}"));
        }
        let before = m.config_text();
        let ran = m.pluton("storage verify --all").ok();
        assert_eq!(ran.stdout.lines().count(), 6, "{ran:?}");
        assert_eq!((m.grants(), m.config_text()), (0, before));
        assert_eq!((m.copies(), m.staged()), (vec![], vec![]));
    });
}
