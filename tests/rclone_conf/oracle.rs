//! Generated files and values are read as both rclones read them, before and after an edit.

use serde_json::Value as Json;

use crate::odd::read_here;
use crate::pure::document::{Document, Value};
use crate::stress::Chance;
use crate::support::{Machine, with_each};

/// What keys and values are made of, each up to the next broken bar; `%(` only with names that end every substitution.
const PIECES: &str = "a¦token¦k v¦=¦:¦ ¦\t¦\u{a0}¦\u{2003}¦\u{200b}¦#¦;¦[¦]¦`¦\"¦\"\"\"¦'¦\\¦$HOME¦%¦%(plain)s¦%(plains)s¦\
    %(none)s¦%(¦)s¦é¦名¦🦀¦{\"a\":\"b\"}¦/¦1¦\r¦\u{85}¦~";

fn piece(chance: &mut Chance) -> String {
    (0..chance.below(6)).map(|_| chance.pick(&PIECES.split('¦').collect::<Vec<_>>())).collect()
}

/// A line of any kind, whole or broken.
fn line(chance: &mut Chance) -> String {
    match chance.below(12) {
        0 => format!("# {}", piece(chance)),
        1 => format!(";{}", piece(chance)),
        2 => String::new(),
        3 => format!("  [{} ]", chance.pick(&["one", "two", "two.three", "x y", "DEFAULT"])),
        4 => format!("`{}`= {}", chance.pick(&["q=", "r:"]), piece(chance)),
        5 => piece(chance),
        _ => format!(
            "{}{}{}",
            chance.pick(&["plain2", "token", "type ", " x", "\"y\""]),
            chance.pick(&["=", " = ", ":"]),
            piece(chance)
        ),
    }
}

fn ending(chance: &mut Chance) -> &'static str {
    if chance.once_in(4) { "\r\n" } else { "\n" }
}

/// Lines that can be read at all; those that cannot would end the reading of the whole file.
fn readable_lines(chance: &mut Chance, count: usize) -> String {
    let fits = |line: &str| Document::parse(format!("[x]\n{line}\n").as_bytes()).is_ok();
    let lines = std::iter::repeat_with(|| line(chance)).filter(|line| fits(line) && !line.contains('[')).take(count);
    let lines: Vec<String> = lines.collect();
    lines.into_iter().map(|line| line + ending(chance)).collect()
}

/// What an rclone reads in this home's file; `None` if it cannot.
fn dump(m: &Machine) -> Option<Json> {
    let ran = m.rclone("config dump");
    (ran.code == 0).then(|| without_empty_default(ran.document()))
}

/// A nameless header leaves it behind.
fn without_empty_default(mut dump: Json) -> Json {
    let sections = dump.as_object_mut().expect("sections");
    sections.retain(|name, keys| name != "DEFAULT" || keys.as_object().is_some_and(|keys| !keys.is_empty()));
    dump
}

/// The first section in which two readings differ says more than both of them.
#[track_caller]
fn same(here: &Json, there: &Json, what: &str) {
    let names = |dump: &Json| dump.as_object().expect("sections").keys().cloned().collect::<Vec<_>>();
    for name in names(here).iter().chain(&names(there)) {
        assert_eq!(here.get(name), there.get(name), "[{name}] of {what}");
    }
}

#[test]
fn what_rclone_loads_is_read_alike_and_what_it_does_not_is_refused() {
    with_each(|m| {
        let mut chance = Chance::new(41);
        let mut refused = 0;
        for number in 0..120 {
            let count = chance.below(7);
            let mut text: String = (0..count).map(|_| line(&mut chance) + ending(&mut chance)).collect();
            if chance.once_in(3) {
                text.insert(0, '\u{feff}');
            }
            if chance.once_in(3) {
                text.truncate(text.trim_end().len());
            }
            m.write_config(&text);
            match (dump(&m), Document::parse(text.as_bytes())) {
                (Some(rclone), Ok(_)) => assert_eq!(read_here(&text), rclone, "file {number}: {text:?}"),
                (None, Err(_)) => refused += 1,
                (rclone, here) => panic!("file {number}: {text:?}: rclone reads {rclone:?}, here {here:?}"),
            }
        }
        assert!((10..110).contains(&refused), "{refused} of 120 refused");
    });
}

#[test]
fn thousands_of_sections_are_read_alike_before_and_after_an_edit() {
    with_each(|m| {
        let mut chance = Chance::new(42);
        for file in 0..20 {
            let mut text = String::from(if chance.once_in(2) { "\u{feff}plain = p\n" } else { "" });
            for number in 0..120 {
                let name = chance.below(100);
                let lines = 1 + chance.below(6);
                text = text + &format!("[s{name}]\nplain = v{number}\n") + &readable_lines(&mut chance, lines);
            }
            let edited = format!("s{}", chance.below(110));
            m.write_config(&text);
            let before = dump(&m).unwrap_or_else(|| panic!("rclone loads file {file}: {text}"));
            same(&read_here(&text), &before, &format!("file {file}"));
            let mut document = Document::parse(text.as_bytes()).expect("readable");
            let entries = [("type", Value::new("box").expect("good")), ("k", Value::new("`\"").expect("good"))];
            document.put_section(&edited, &entries);
            let text = String::from_utf8(document.render().to_vec()).expect("UTF-8");
            m.write_config(&text);
            let mut expected = before;
            expected[&edited] = serde_json::json!({"type": "box", "k": "`\""});
            same(&expected, &dump(&m).expect("rclone loads it"), &format!("file {file}, [{edited}] edited"));
        }
    });
}

#[test]
fn whatever_rclone_reads_in_a_file_can_be_put_into_another() {
    with_each(|m| {
        let mut chance = Chance::new(44);
        let mut document = Document::default();
        let mut expected = serde_json::Map::new();
        let mut odd = 0;
        while expected.len() < 800 {
            let text = format!("[s]\nremote = {}\n", piece(&mut chance));
            let Ok(read) = Document::parse(text.as_bytes()) else { continue };
            let value = read.get("s", "remote").filter(|value| !value.expose().contains("%("));
            let Some(value) = value.filter(|_| !text[4..].contains('[')) else { continue };
            odd += usize::from(Value::new(value.expose()).is_err());
            let name = format!("s{}", expected.len());
            expected.insert(name.clone(), serde_json::json!({"remote": value.expose()}));
            document.put_section(&name, &[("remote", value)]);
        }
        assert!(odd > 50, "only {odd} that would not be written anew");
        m.write_config(std::str::from_utf8(&document.render()).expect("UTF-8"));
        same(&Json::Object(expected), &dump(&m).expect("rclone loads it"), "values as they were read");
    });
}

#[test]
fn thousands_of_accepted_values_read_back_exactly_and_outlive_rclone_s_own_saves() {
    with_each(|m| {
        let mut chance = Chance::new(43);
        let mut refused = 0;
        for _ in 0..4 {
            let mut document = Document::default();
            let mut expected = serde_json::Map::new();
            while expected.len() < 800 {
                let text = piece(&mut chance);
                let Ok(value) = Value::new(&text) else {
                    refused += 1;
                    continue;
                };
                let name = format!("s{}", expected.len());
                let entries = [("type", Value::new("alias").expect("good")), ("remote", value)];
                document.put_section(&name, &entries);
                expected.insert(name, serde_json::json!({"type": "alias", "remote": text}));
            }
            m.write_config(std::str::from_utf8(&document.render()).expect("UTF-8"));
            same(&Json::Object(expected.clone()), &dump(&m).expect("rclone loads it"), "accepted values");
            // rclone writes the whole file anew, its own way; and what it wrote can be read here and edited again.
            m.rclone("config create another local nounc=true").ok();
            expected.insert("another".to_owned(), serde_json::json!({"type": "local", "nounc": "true"}));
            let expected = Json::Object(expected);
            same(&expected, &dump(&m).expect("rclone loads it"), "values saved by rclone");
            same(&read_here(&m.config_text()), &expected, "values saved by rclone");
        }
        assert!(refused > 100, "only {refused} refused");
    });
}
