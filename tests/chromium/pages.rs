//! The page that the browser ends on is readable in light and dark, in every window size, and loads nothing from
//! outside.

use box_sandbox::rclone;
use serde_json::json;

use crate::browser::Browser;
use crate::sight::contrast;
use crate::sign_in::SignIn;

/// What WCAG 2 asks of text.
const LEGIBLE: f64 = 4.5;

const PAGE: &str = "http://127.0.0.1:53682/?";

/// Each end of a sign-in in turn, on its page.
fn on_each_page(test: impl Fn(&mut SignIn)) {
    for grant in [true, false] {
        let Some(mut it) = SignIn::decided(&rclone::newest(), grant) else { return };
        test(&mut it);
    }
}

#[test]
fn the_page_asks_for_nothing_and_complains_of_nothing() {
    on_each_page(|it| {
        it.pluton.ends();
        let browser = &it.browser;
        let entries = browser.runs("return performance.getEntriesByType('resource').map(one => one.name)");
        assert_eq!(entries, json!([]));
        let asked = browser.asked_for();
        let asked: Vec<_> = asked.iter().filter(|url| url.starts_with("http") && !url.contains(".box.com/")).collect();
        assert!(asked.len() == 2 && asked[0].contains("/auth?"), "{asked:?}");
        assert!(asked[1].starts_with(PAGE), "{asked:?}");
        // Of the network there is only the page's own status to tell, and that Box has no icon here.
        let mut others = browser.console().into_iter().filter(|entry| {
            let words = entry["message"].as_str().unwrap_or_default();
            let of_network = words.starts_with(PAGE) || words.contains(".box.com/favicon.ico");
            // What the browser says of its own first page is not about this one.
            let of_browser = words.starts_with("chrome://");
            !of_browser && (entry["source"] != "network" || !of_network)
        });
        assert_eq!(others.next(), None);
    });
}

#[test]
fn the_page_is_legible_in_light_and_in_dark() {
    on_each_page(|it| {
        let grounds = ["light", "dark"].map(|scheme| {
            it.browser.prefers(scheme);
            let (ground, inks) = (it.browser.ground(), it.browser.inks());
            assert!(inks.len() >= 2, "{inks:?}");
            for ink in inks {
                assert!(contrast(ground, ink) >= LEGIBLE, "{scheme}: {ink:?} on {ground:?}");
            }
            ground
        });
        assert!(contrast(grounds[0], grounds[1]) >= LEGIBLE, "light and dark: {grounds:?}");
    });
}

#[test]
fn a_narrow_window_shows_it_all() {
    on_each_page(|it| fits_a_narrow_window(&it.browser));
    let Some(mut it) = SignIn::waiting(&rclone::newest()) else { return };
    it.link();
    it.browser.opens(&format!("{PAGE}error={}", "long".repeat(50)));
    it.browser.is_back_with("error=long");
    fits_a_narrow_window(&it.browser);
}

#[track_caller]
fn fits_a_narrow_window(browser: &Browser) {
    browser.is_wide(320);
    let script = "const page = document.documentElement; return [innerWidth, page.scrollWidth]";
    assert_eq!(browser.runs(script), json!([320, 320]));
}

#[test]
fn a_screen_reader_finds_its_way() {
    on_each_page(|it| {
        let script = "
            const count = selector => document.querySelectorAll(selector).length;
            return [document.documentElement.lang, count('main'), count('h1'), count('main h1')]";
        assert_eq!(it.browser.runs(script), json!(["en", 1, 1, 1]));
        let title = it.browser.runs("return document.title");
        assert!(title.as_str().is_some_and(|title| title.ends_with("| pluton")), "{title}");
    });
}
