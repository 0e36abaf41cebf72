//! Laws of the lossless document, checked with generated files: what is parsed is rendered unchanged, and an edit changes
//! one section only.

use super::{Document, Value};

fn document(text: &str) -> Document {
    Document::parse(text.as_bytes()).expect("readable")
}

fn rendered(document: &Document) -> String {
    String::from_utf8(document.render().to_vec()).expect("UTF-8")
}

fn value(text: &str) -> Value {
    Value::new(text).expect("a good value")
}

fn get(document: &Document, section: &str, key: &str) -> Option<String> {
    document.get(section, key).map(|value| value.expose().to_owned())
}

#[test]
fn dotted_names_inherit_only_through_sections_that_are_there() {
    let doc = document("[box]\ntoken = t\nempty = x\n[box.alice]\ntype = box\nempty =\n[box.bob.eve]\n");
    assert_eq!(get(&doc, "box.alice", "token").as_deref(), Some("t"));
    assert_eq!(get(&doc, "box.alice", "empty"), None);
    assert_eq!(get(&doc, "box.bob.eve", "token"), None);
}

#[test]
fn an_endless_substitution_ends() {
    for text in ["[a]\nk = %(k)s%(k)s\n", "q = %(q)s\nb = %(c)s%(q)s\nc = %(b)s%(q)s\n[a]\nk = %(q)s%(b)s%(c)s\n"] {
        let _ = get(&document(text), "a", "k");
    }
}

#[test]
fn a_new_section_is_appended_and_every_other_byte_stays() {
    for (before, after) in [
        ("", "[n]\nk = v\n"),
        ("[a]\nx = y", "[a]\nx = y\n\n[n]\nk = v\n"),
        ("[a]\r\nx = y\r\n", "[a]\r\nx = y\r\n\r\n[n]\r\nk = v\r\n"),
        ("[a]\nx = y\n\n", "[a]\nx = y\n\n[n]\nk = v\n"),
        ("\u{feff}[a]\nx:y\n", "\u{feff}[a]\nx:y\n\n[n]\nk = v\n"),
    ] {
        let mut doc = document(before);
        doc.put_section("n", &[("k", value("v"))]);
        assert_eq!(rendered(&doc), after);
        assert_eq!(get(&document(after), "n", "k").as_deref(), Some("v"));
    }
}

#[test]
fn an_equal_value_is_left_as_its_owner_spelled_it() {
    let text = "[n]\nk   :   v\n";
    let mut doc = document(text);
    doc.set("n", "k", &value("v"));
    assert_eq!(rendered(&doc), text);
}

#[test]
fn removing_a_section_keeps_the_comment_of_the_next() {
    let mut doc = document("[a]\nx=1\n[n]\n# inside\nk=v\n\n# about z\n\n[z]\n[n]\nk=w\n");
    doc.remove_section("n");
    assert_eq!(rendered(&doc), "[a]\nx=1\n# about z\n\n[z]\n");
}

#[test]
fn what_changed_elsewhere_is_brought_over_and_what_changed_here_stays() {
    let base = document("[a]\nt = 1\n\n[b]\nt = 1\n\n[gone]\nx = y\n");
    let newer = document("[a]\nt = 2\n\n[b]\nt = 2\n\n[new]\n# c\nk = v\n");
    let mut here = document("[a]\n# mine\nt = 1\n\n[b]\nt = 3\n\n[gone]\nx = y\n[added]\nz = z\n");
    here.carry(&newer, &base);
    assert_eq!(rendered(&here), "[a]\n# mine\nt = 2\n\n[b]\nt = 3\n\n[added]\nz = z\n\n[new]\n# c\nk = v\n");
}

#[test]
fn debug_output_shows_no_value() {
    let shown = format!("{:?}", document("[a]\npass = hunter2\n"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

mod laws {
    use proptest::prelude::*;

    use super::{Document, Value};

    /// Lines of the kind people and programs leave in such a file, whole and broken.
    fn lines() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            r"\[[a-c. ]{0,4}\]",
            "[a-c]{1,2} ?[=:] ?[a-z`\"%()=:# ]{0,8}",
            "[#;][ -~]{0,6}",
            Just(String::new()),
            "[ -~]{0,6}",
        ];
        (prop::collection::vec((line, prop_oneof![Just("\n"), Just("\r\n")]), 0..12), any::<bool>()).prop_map(
            |(lines, open)| {
                let text: String = lines.into_iter().map(|(line, end)| line + end).collect();
                if open { text.trim_end_matches(['\r', '\n']).to_owned() } else { text }
            },
        )
    }

    proptest! {
        #[test]
        fn rendering_gives_back_every_byte(bytes in prop::collection::vec(any::<u8>(), 0..64), text in lines()) {
            for input in [bytes.as_slice(), text.as_bytes()] {
                if let Ok(doc) = Document::parse(input) {
                    prop_assert_eq!(doc.render().to_vec(), input);
                }
            }
        }

        #[test]
        fn an_edit_changes_what_it_names_and_nothing_else(text in lines(), name in "[a-c]{1,2}", key in "[a-c]", val in "[a-z\"%]{1,6}") {
            if let (Ok(before), Ok(value)) = (Document::parse(text.as_bytes()), Value::new(&val)) {
                let mut after = before.clone();
                after.put_section(&name, &[(&key, value.clone())]);
                let reread = Document::parse(&after.render()).expect("still readable");
                prop_assert_eq!(reread.entries(&name), vec![(key.clone(), value)]);
                for other in before.sections().into_iter().filter(|section| *section != name) {
                    prop_assert_eq!(reread.entries(other), before.entries(other));
                }
            }
        }

        #[test]
        fn adding_and_removing_leaves_every_other_entry(text in lines()) {
            if let Ok(before) = Document::parse(text.as_bytes()) {
                let mut after = before.clone();
                after.put_section("new", &[("k", Value::new("v").expect("good"))]);
                after.remove_section("new");
                for section in before.sections() {
                    prop_assert_eq!(after.entries(section), before.entries(section));
                }
            }
        }
    }
}
