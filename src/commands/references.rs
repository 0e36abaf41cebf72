//! Other remotes that refer to a storage: `remote = NAME:dir`, a list in `upstreams`, or a dotted name below it.

use crate::config::Reference;
use crate::config::document::Document;
use crate::config::password::words;
use crate::storage::options;

/// Keys of other remotes that name `old:`, with what they say once it is called `new`.
pub(super) fn references(document: &Document, old: &str, new: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for section in document.sections().into_iter().filter(|section| *section != old) {
        for (key, value) in document.entries(section) {
            let renamed = match key.as_str() {
                "remote" => path(value.expose(), old, new).map(|value| ("remote", value)),
                "upstreams" => list(value.expose(), old, new).map(|value| ("upstreams", value)),
                _ => None,
            };
            found.extend(renamed.map(|(key, value)| (section.to_owned(), key, value)));
        }
    }
    found
}

/// Sections with a dotted name that read keys of `name` which they lack.
pub(super) fn heirs(document: &Document, name: &str) -> Vec<String> {
    let below = format!("{name}.");
    let mut without = document.clone();
    without.remove_section(name);
    let reads = |document: &Document, heir: &str| {
        options::keys().iter().chain(&["type"]).map(|key| document.get(heir, key)).collect::<Vec<_>>()
    };
    let below = document.sections().into_iter().filter(|section| section.starts_with(&below));
    below.filter(|heir| reads(document, heir) != reads(&without, heir)).map(str::to_owned).collect()
}

/// `old:dir` or `old,option=1:dir`. `None` if it is another remote's path.
fn path(value: &str, old: &str, new: &str) -> Option<String> {
    let rest = value.strip_prefix(old).filter(|rest| rest.starts_with([':', ',']))?;
    Some(format!("{new}{rest}"))
}

/// Fields with spaces between them, in quotes where they hold one: paths (union), or `dir=path` (combine).
fn list(value: &str, old: &str, new: &str) -> Option<String> {
    let mut hit = false;
    let fields: Vec<String> = words(value)
        .into_iter()
        .map(|field| {
            let renamed = path(&field, old, new).or_else(|| {
                let (dir, rest) = field.split_once('=')?;
                Some(format!("{dir}={}", path(rest, old, new)?))
            });
            hit |= renamed.is_some();
            quoted(renamed.unwrap_or(field))
        })
        .collect();
    hit.then(|| fields.join(" "))
}

fn quoted(field: String) -> String {
    if field.contains([' ', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::{heirs, list, path};
    use crate::config::document::Document;

    #[test]
    fn only_whole_names_are_renamed() {
        for (value, after) in [
            ("box:dir", Some("new one:dir")),
            ("box:", Some("new one:")),
            ("box,list_chunk=5:dir", Some("new one,list_chunk=5:dir")),
            ("mybox:dir", None),
            ("my box:dir", None),
            ("boxes:dir", None),
            ("plain/path", None),
        ] {
            assert_eq!(path(value, "box", "new one").as_deref(), after, "{value}");
        }
    }

    #[test]
    fn lists_keep_their_other_members_and_gain_the_quotes_they_need() {
        for (value, after) in [
            ("a:x box:y \"box:z w:ro\"", Some("a:x \"new one:y\" \"new one:z w:ro\"")),
            ("dir=box:d other=x: \"my dir=box:\"", Some("\"dir=new one:d\" other=x: \"my dir=new one:\"")),
            ("a:box:x b:", None),
            ("\"say \"\"hi\"\":\" box:", Some("\"say \"\"hi\"\":\" \"new one:\"")),
        ] {
            assert_eq!(list(value, "box", "new one").as_deref(), after, "{value}");
        }
    }

    #[test]
    fn who_inherits_is_known() {
        let document =
            Document::parse(b"[a]\ntype = box\ntoken = t\n[a.kid]\ntype = box\n[a.own]\ntoken = u\ntype = box\n");
        assert_eq!(heirs(&document.expect("readable"), "a"), ["a.kid"]);
    }
}
