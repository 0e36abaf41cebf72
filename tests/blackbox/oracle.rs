//! Values: both rclones read back exactly what pluton accepted, before and after rclone has saved the file itself.

use std::collections::BTreeMap;

use box_sandbox::rclone;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::ODD;
use crate::support::Machine;

/// Storages in one file; each has five values of this kind.
const STORAGES: usize = 60;

/// Text with a meaning for some reader of some file, each piece up to the next broken bar.
const HOSTILE: &str = "a¦Z¦0¦ ¦  ¦\t¦\n¦\r¦\u{b}¦\u{85}¦\u{a0}¦\u{200b}¦\u{3000}¦\u{feff}¦\"¦\"\"\"¦`¦'¦%(¦)s¦%(type)s¦%(x)s¦%¦\
    %%¦#¦;¦=¦:¦[¦]¦[x]¦\\¦\\n¦$HOME¦${x}¦~¦{¦}¦{\"a\":\"b\"}¦é¦名前¦🦀¦\u{202e}¦-";

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(HOSTILE.split('¦').collect::<Vec<_>>()), 1..9)
        .prop_map(|pieces| pieces.concat());
    prop_oneof![3 => pieces, 1 => any::<String>(), 1 => "[ -~]{1,40}"].prop_map(|text| text.replace('\0', ""))
}

#[test]
fn what_pluton_accepts_rclone_reads_back_exactly() {
    let m = Machine::new();
    m.write_config(ODD);
    let mut runner = TestRunner::deterministic();
    let mut expected: BTreeMap<String, [String; 5]> = BTreeMap::new();
    let mut refused = 0;
    for index in 0..STORAGES {
        let name = format!("Box {index}");
        let given: [String; 5] = std::array::from_fn(|_| hostile().new_tree(&mut runner).expect("a value").current());
        let [id, secret, description, path, owner] = &given;
        // Without its outer spaces, as every value is taken; an address and a login hold no space at all.
        let word = |text: &str| text.split_whitespace().collect::<String>();
        let url = format!("https://box.example/{}", word(path));
        let login = format!("{}@example.com", word(owner));
        m.file("secret", secret);
        let token = m.mint();
        let args = [
            &format!("--client-id={id}"),
            "--client-secret-file",
            "secret",
            &format!("--description={description}"),
            &format!("--token-url={url}"),
            &format!("--owned-by={login}"),
            "--no-verify",
            &name,
        ];
        let before = m.config_text();
        let ran = m.add(&token, args);
        if ran.code == 0 {
            let values = [id.trim(), secret.trim(), description.trim(), &url, &login].map(str::to_owned);
            expected.insert(name, values);
        } else {
            assert_eq!(ran.code, 2, "{given:?}: {ran:?}");
            assert_eq!(m.config_text(), before);
            refused += 1;
        }
    }
    assert!(expected.len() > STORAGES / 10 && refused > STORAGES / 10, "{} and {refused}", expected.len());

    let check = |when: &str| {
        for rclone in rclone::both() {
            let dump = m.run(&rclone, "config dump").document();
            for (name, values) in &expected {
                let section = &dump[name];
                let read =
                    ["client_id", "client_secret", "description", "token_url", "owned_by"].map(|key| &section[key]);
                assert_eq!(read, values.each_ref().map(String::as_str), "{when}, {}", rclone.display());
            }
        }
    };
    check("as pluton wrote it");
    for rclone in rclone::both() {
        m.run(&rclone, "config create passing local").ok();
        m.run(&rclone, "config delete passing").ok();
        check("after rclone saved it");
    }
}
