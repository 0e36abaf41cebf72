//! Unusual files as people and other programs write them: read as rclone reads them, and written back byte for byte.

use serde_json::Value as Json;

use crate::pure::document::Document;
use crate::support::Machine;

/// Each is a whole rclone.conf; beside it, the line ending a new section gets.
const ODD_FILES: [(&str, &str, &str); 14] = [
    ("crlf", "[a]\r\ntype = local\r\n\r\n; c\r\n", "\r\n"),
    ("bom", "\u{feff}[a]\ntype = local\n", "\n"),
    ("bom and crlf, no last newline", "\u{feff}[a]\r\ntype = local", "\r\n"),
    ("no last newline", "[a]\ntype = local\nnounc = true", "\n"),
    ("a comment last, unfinished", "[a]\ntype = local\n# bye", "\n"),
    ("keys before a header", "type = local\nk = v\n\n[a]\ntype = local\n", "\n"),
    ("colons", "[a]\ntype: local\nx : y = z\n q=a:b\n", "\n"),
    ("equal sections", "[a]\ntype = local\n[b]\ntype = local\n[a]\nnounc = true\ntype = alias\nremote = /\n", "\n"),
    ("quoted values", "[a]\ntype = `local`\nx = \"\"\"a b\"\"\"\ny = \"z\"\n`k` = v\n\"l=\" = w\n", "\n"),
    ("substitution", "who = d\n[a]\ntype = local\nx = <%(who)s|%(type)s|%(none)s>\n", "\n"),
    ("comments and spacing", "\n\n#!x\n[ a ]\n\ttype   =local  \n\n\n;y\n   # z\n\n[b]\n[c]\n", "\n"),
    ("other spaces", "[a]\n\u{a0}type\u{2003}=\u{3000}local\u{85}\nx = a\u{200b}\n", "\n"),
    ("odd headers", "[type = box]\n[a]b]\ntype = local\n[]\n[x;y]\nk=v\n", "\n"),
    ("nothing but comments", "# a\n; b\n", "\n"),
];

#[test]
fn they_are_read_as_rclone_reads_them_and_keep_every_byte() {
    let m = Machine::new();
    for (what, text, ending) in ODD_FILES {
        m.write_config(text);
        let (before, token) = (m.dump(), m.mint());
        m.put(&token, "new").ok();
        let after = m.config_text();
        let added =
            after.strip_prefix(text).unwrap_or_else(|| panic!("{what}: changed before the new section: {after:?}"));
        let expected = format!("[new]{ending}type = box{ending}token = {}{ending}", token.blob());
        assert_eq!(added.trim_start_matches(['\r', '\n']), expected, "{what}");
        let mut dump = m.dump();
        assert_eq!(dump["new"]["token"], token.blob(), "{what}");
        dump.as_object_mut().expect("sections").remove("new");
        assert_eq!(dump, before, "{what}: rclone reads another thing now");
        let mut here = read_here(text);
        if what == "odd headers" {
            // To rclone the nameless one is the nameless top of the file.
            here["DEFAULT"] = Json::Object(serde_json::Map::new());
        }
        assert_eq!(here, before, "{what}: read otherwise than rclone reads it");
    }
}

/// What pluton reads, in the form of `config dump`.
pub(crate) fn read_here(text: &str) -> Json {
    let document = Document::parse(text.as_bytes()).expect("readable");
    let section =
        |name: &str| document.entries(name).into_iter().map(|(key, value)| (key, value.expose().into())).collect();
    let sections = document.sections().into_iter().map(|name| (name.to_owned(), Json::Object(section(name))));
    // Keys above any header are a section to rclone.
    let nameless = Some(section("DEFAULT")).filter(|keys| !keys.is_empty());
    sections.chain(nameless.map(|keys| ("DEFAULT".to_owned(), Json::Object(keys)))).collect()
}

#[test]
fn replacing_a_section_changes_its_own_lines_and_no_others() {
    let m = Machine::new();
    let old = m.mint();
    let text = format!(
        "\u{feff}; mine\r\n[z]\r\ntype=local\r\n\r\n[ box ]\r\n# of box\r\ntype : box\r\nchunk = 1\r\ntoken = {}\r\n\r\n# about y\r\n[y]\r\nk = `v`",
        old.blob()
    );
    m.write_config(&text);
    let token = m.mint();
    m.put(&token, "box --force --list-chunk 7").ok();
    let expected = text
        .replace("chunk = 1\r\n", "")
        .replace(&format!("token = {}\r\n", old.blob()), &format!("token = {}\r\nlist_chunk = 7\r\n", token.blob()));
    assert_eq!(m.config_text(), expected);
}

#[test]
fn what_rclone_cannot_load_is_refused_and_left_alone() {
    let m = Machine::new();
    for (text, line) in [
        ("[a]\ntype = local\nx = `open\n", 3),
        ("[a]\nx = \"\"\"abc\n", 2),
        ("[a]\nno separator\n", 2),
        ("[a] ; no header\n", 1),
        ("[a]\n\n= v\n", 3),
        ("[]\nk = v\n", 2),
    ] {
        m.write_config(text);
        assert_ne!(m.rclone("config dump").code, 0, "rclone takes {text:?}");
        let token = m.mint();
        let error = m.put(&token, "new --json").refused(9, "config_unreadable");
        assert!(error["remedy"].to_string().contains(&format!("line {line} ")), "{error}");
        m.pluton("storage list").fails(9);
        assert_eq!(m.config_text(), text);
        assert!(m.sandbox.is_live_refresh(&token.refresh));
    }
}

#[test]
fn ten_thousand_remotes_stay_as_they_are() {
    let m = Machine::new();
    let text: String = (0..10_000).fold(String::new(), |text, n| {
        text + &format!("[remote {n}]\ntype = box\ntoken = {{\"access_token\":\"{n}\"}}\n\n")
    });
    m.write_config(&text);
    let token = m.mint();
    m.put(&token, "new").ok();
    assert_eq!(m.config_text(), format!("{text}[new]\ntype = box\ntoken = {}\n", token.blob()));
    assert_eq!(m.dump().as_object().map(serde_json::Map::len), Some(10_001));
    let list = m.json("storage list").document();
    assert_eq!(list["storages"].as_array().map(Vec::len), Some(10_001));
}

#[test]
fn a_dotted_name_that_would_read_from_its_parent_is_refused() {
    let m = Machine::new();
    let text = "[team]\ntype = box\nclient_id = c\nimpersonate = 7\n";
    m.write_config(text);
    let token = m.mint();
    let document = m.add(&token, "team.alice --json").fails(2).document();
    let message = document["error"]["message"].as_str().expect("words");
    assert!(message.contains("client_id") && message.contains("[team]"), "{document}");
    assert_eq!(m.config_text(), text);
    assert!(m.sandbox.is_live_refresh(&token.refresh), "Box was not asked");
    // If the parent has nothing that counts, nothing is inherited.
    m.write_config("[team]\ntype = alias\nremote = /\n");
    m.add(&token, "team.alice").ok();
    m.rclone("lsd team.alice:").ok();
}

#[test]
fn a_new_parent_that_a_child_would_read_from_is_refused() {
    let m = Machine::new();
    let child = format!("[team.alice]\ntype = box\ntoken = {}\n", m.mint().blob());
    m.write_config(&child);
    let document = m.put(&m.mint(), "team --list-chunk 7 --json").fails(2).document();
    let message = document["error"]["message"].as_str().expect("words");
    assert!(message.contains("list_chunk") && message.contains("team.alice"), "{document}");
    assert_eq!(m.config_text(), child);
    // The child's own keys stay.
    m.put(&m.mint(), "team").ok();
    assert!(m.config_text().starts_with(&child));
}
