//! What is in rclone.conf beside the new section stays as it is, byte by byte.

use crate::bench::{Bench, ODD, with_each};

#[test]
fn every_byte_outside_the_new_section_is_kept() {
    with_each(|bench| {
        for before in [
            ODD,
            "",
            "# only a comment",
            "[a]\ntype = local",
            "[a]\r\ntype: local\r\n\r\n[a]\r\ncase_insensitive = true\r\n",
            "\u{feff}[a]\ntype=local\n\n\n\n",
            "[dup]\ntype = local\n[other]\ntype = local\n[dup]\nencoding = None\n; trailing comment\n",
            "k = v before any section\n[a]\ntype = local\n",
            "[umläut 名前]\ntype = local\nencoding = `None`\n",
        ] {
            bench.home.write_config(before);
            let others = bench.home.dump();
            bench.add(&bench.token(), &["Box"]).ok();
            let after = bench.home.config_text();
            assert!(after.starts_with(before), "{before:?} became {after:?}");
            let mut now = bench.home.dump();
            assert!(now.as_object_mut().expect("sections").remove("Box").is_some());
            assert_eq!(now, others, "{before:?}");
            assert_eq!(bench.lists("Box").len(), 3);
        }
    });
}

#[test]
fn a_replaced_section_leaves_its_neighbours_alone() {
    let bench = Bench::new();
    bench.home.write_config("# top\r\n[a]\r\ntype=local\r\n\r\n# about Box\r\n[Box]\r\ntype = box\r\ntoken = {}\r\n\r\n# about z\r\n[z]\r\ntype=local");
    let before = bench.home.dump();
    bench.add(&bench.token(), &["Box", "--force"]).ok();
    let text = bench.home.config_text();
    assert!(text.starts_with("# top\r\n[a]\r\ntype=local\r\n\r\n# about Box\r\n[Box]\r\n"), "{text:?}");
    assert!(text.ends_with("\r\n# about z\r\n[z]\r\ntype=local"), "{text:?}");
    for name in ["a", "z"] {
        assert_eq!(bench.home.dump()[name], before[name]);
    }
    bench.works_after_an_hour("Box");
}

#[test]
fn storages_added_at_the_same_time_all_arrive() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    let names: Vec<String> = (0..8).map(|n| format!("box {n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let bench = &bench;
            scope.spawn(move || bench.add(&bench.token(), &[name]).ok());
        }
    });
    assert!(bench.home.config_text().starts_with(ODD));
    for name in &names {
        assert!(bench.sandbox.is_live_refresh(&bench.refresh_token(name)), "{name}");
    }
    assert_eq!(bench.staged(), Vec::<String>::new());
}

#[test]
fn a_name_that_inherits_from_another_is_not_changed_behind_its_back() {
    let bench = Bench::new();
    for (key, value) in [("root_folder_id", "4711"), ("client_id", "other")] {
        let before = format!("[Box]\ntype = box\n{key} = {value}\n");
        bench.home.write_config(&before);
        let token = bench.token();
        // What it took from [Box] would not be what was proven.
        let ran = bench.add(&token, &["Box.kid"]).fails(2);
        assert!(ran.stderr.contains(&format!("rclone would read {key} for \"Box.kid\" from [Box]")), "{ran:?}");
        assert_eq!(bench.home.config_text(), before);
        assert!(bench.sandbox.is_live_refresh(&token.refresh) && bench.sandbox.requests().is_empty());
    }
    // Where there is nothing to take, it is a name like any other.
    bench.home.write_config("[Box]\ntype = local\n");
    bench.add(&bench.token(), &["Box.kid"]).ok();
    bench.works_after_an_hour("Box.kid");
}
