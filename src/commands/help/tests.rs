use super::{CLIENT_CREDENTIALS, OWN_APP, SERVICE_ACCOUNT, error};
use crate::diagnosis::{ADMIN_APPS, examples, guides};
use crate::ui::report::failure_text;

/// Box renames its consoles.
#[test]
fn the_guides_name_the_admin_console_as_the_errors_do() {
    for guide in [OWN_APP, SERVICE_ACCOUNT, CLIENT_CREDENTIALS] {
        let words: Vec<&str> = guide.split_whitespace().collect();
        assert!(words.join(" ").contains(ADMIN_APPS), "{guide}");
    }
}

#[test]
fn every_code_is_explained_with_what_to_do() {
    let schema = serde_json::to_value(schemars::schema_for!(crate::error::Code)).expect("JSON");
    let all: Vec<_> =
        schema["enum"].as_array().expect("codes").iter().map(|code| code.as_str().expect("a word")).collect();
    assert!(all.len() > 30);
    assert_eq!(guides().iter().map(|guide| guide.code.name()).collect::<Vec<_>>(), all);
    for name in all {
        assert!(error(name).expect("a page").contains("\n  next: "), "{name}");
    }
    for example in examples() {
        let page = error(&example.code.name()).expect("a page");
        assert!(page.contains(&failure_text(&example)), "{example:?}");
    }
}
