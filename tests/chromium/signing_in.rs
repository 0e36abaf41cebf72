//! The browser ends on the right page when access is granted, denied, or when an unexpected request arrives.

use box_sandbox::rclone;

use crate::sign_in::SignIn;

const BACK: &str = "Close this tab and go back to your terminal.";

#[test]
fn granting_ends_on_pluton_s_page_and_in_a_storage() {
    let Some(mut it) = SignIn::decided(&rclone::newest(), true) else { return };
    assert_eq!(it.browser.reads("main h1"), "Box granted access");
    assert!(it.browser.reads("main p").starts_with(BACK));
    it.pluton.ends().with(0).shows("Saved as [Box]");
    it.m.all_live("Box");
}

#[test]
fn denying_ends_on_a_page_that_says_what_to_do() {
    let Some(mut it) = SignIn::decided(&rclone::newest(), false) else { return };
    assert_eq!(it.browser.reads("main h1"), "You are not signed in");
    let words = it.browser.reads("main p");
    assert!(words.starts_with(BACK) && words.contains("On Box's page, choose “Grant access to Box”."), "{words}");
    assert!(words.contains("The user denied access to your application"), "{words}");
    it.pluton.ends().with(6).shows("access was denied on Box's page");
    assert_eq!(it.m.config_text(), "");
}

/// It takes no page of pluton's, and may end before its own has come.
#[test]
fn an_rclone_that_takes_no_page_signs_in_too() {
    let Some(debian) = rclone::debian() else { return };
    for grant in [true, false] {
        let Some(mut it) = SignIn::decided(&debian, grant) else { return };
        let words = it.browser.reads("body");
        assert!(!words.contains(BACK), "{words}");
        it.pluton.ends().with(if grant { 0 } else { 6 });
        if grant {
            it.m.all_live("Box");
        } else {
            assert_eq!(it.m.config_text(), "");
        }
    }
}

/// Any page in the browser can send it back to rclone, with whatever it likes.
#[test]
fn what_the_browser_brings_is_shown_as_text_and_nothing_else() {
    let Some(mut it) = SignIn::waiting(&rclone::newest()) else { return };
    it.link();
    let hostile = "<script>document.title='mine'</script><img src=//127.0.0.1:9/x onerror=\"document.title='mine'\">";
    it.browser.opens(&format!("http://127.0.0.1:53682/?error=access_denied&error_description={hostile}"));
    it.browser.is_back_with("error=access_denied");
    let words = it.browser.reads("main p");
    assert!(words.contains(hostile), "{words}");
    assert_eq!(it.browser.runs("return document.title"), "Not signed in to Box | pluton");
    assert_eq!(it.browser.runs("return document.querySelectorAll('script, img').length"), 0);
    it.pluton.ends().with(6);
    assert_eq!(it.m.config_text(), "");
}

#[test]
fn another_sign_in_that_comes_back_is_told_apart() {
    let Some(mut it) = SignIn::waiting(&rclone::newest()) else { return };
    let link = it.link();
    it.browser.opens("http://127.0.0.1:53682/?code=abc&state=another");
    it.browser.is_back_with("code=abc");
    let words = it.browser.reads("main p");
    let (_, state) = link.split_once("state=").expect("a state");
    assert!(words.contains("Auth state doesn't match") && !words.contains(state), "{words}");
    it.pluton.ends().with(6).shows("from a different sign-in");
    assert_eq!(it.m.config_text(), "");
}
