//! Apps with read-only scope can list but not write.

use box_sandbox::AppSpec;

use crate::support::with_each;

#[test]
fn a_read_only_app_lists_and_changes_nothing() {
    with_each(|bench| {
        let app = bench.sandbox.app(AppSpec { read_only: true, ..AppSpec::default() });
        let token = bench.sandbox.mint(&app.client_id).blob();
        bench.configure(&format!("token = {token}"));
        assert_eq!(bench.folders().len(), 3);
        let said = bench.fails(&["mkdir", "bx:new"]);
        assert!(said.contains("insufficient_scope"), "{said}");
        let said = bench.fails(&["purge", "bx:Photos"]);
        assert!(said.contains("insufficient_scope"), "{said}");
        assert_eq!(bench.folders().len(), 3);
    });
}
