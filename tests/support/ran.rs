//! How pluton is called, and what a run of it left behind.

use std::process::Output;

use serde_json::Value as Json;

/// Arguments: a list is taken as it is, and one text is split as a shell would split it.
pub(crate) trait Args {
    fn list(&self) -> Vec<String>;

    /// These, and then those.
    fn and(&self, more: impl Args) -> Vec<String> {
        [self.list(), more.list()].concat()
    }
}

impl Args for str {
    fn list(&self) -> Vec<String> {
        shlex::split(self).unwrap_or_else(|| panic!("a quote is open: {self}"))
    }
}

impl Args for String {
    fn list(&self) -> Vec<String> {
        self.as_str().list()
    }
}

impl<S: AsRef<str>> Args for [S] {
    fn list(&self) -> Vec<String> {
        self.iter().map(|arg| arg.as_ref().to_owned()).collect()
    }
}

impl<S: AsRef<str>, const N: usize> Args for [S; N] {
    fn list(&self) -> Vec<String> {
        self.as_slice().list()
    }
}

impl<S: AsRef<str>> Args for Vec<S> {
    fn list(&self) -> Vec<String> {
        self.as_slice().list()
    }
}

impl<A: Args + ?Sized> Args for &A {
    fn list(&self) -> Vec<String> {
        (**self).list()
    }
}

/// One text, or several.
pub(crate) trait Words {
    fn each(&self) -> Vec<&str>;
}

impl Words for &str {
    fn each(&self) -> Vec<&str> {
        vec![self]
    }
}

impl Words for &String {
    fn each(&self) -> Vec<&str> {
        vec![self]
    }
}

impl<S: AsRef<str>, const N: usize> Words for [S; N] {
    fn each(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

impl<S: AsRef<str>, const N: usize> Words for &[S; N] {
    fn each(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

impl<S: AsRef<str>> Words for &[S] {
    fn each(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

impl<S: AsRef<str>> Words for &Vec<S> {
    fn each(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

/// What a run of pluton, or of another program, left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.fails(0)
    }

    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Standard output holds all of this.
    #[track_caller]
    pub(crate) fn prints(self, words: impl Words) -> Self {
        for word in words.each() {
            assert!(self.stdout.contains(word), "{word:?} is not in the standard output: {self:?}");
        }
        self
    }

    /// Standard error holds all of this.
    #[track_caller]
    pub(crate) fn says(self, words: impl Words) -> Self {
        for word in words.each() {
            assert!(self.stderr.contains(word), "{word:?} is not in the standard error: {self:?}");
        }
        self
    }

    /// Nothing that was shown holds any of this.
    #[track_caller]
    pub(crate) fn omits(self, words: impl Words) -> Self {
        for word in words.each() {
            assert!(!self.stdout.contains(word) && !self.stderr.contains(word), "{word} was shown: {self:?}");
        }
        self
    }

    /// Standard output, which is one JSON document and nothing else.
    #[track_caller]
    pub(crate) fn document(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not one JSON document ({error}): {self:?}"))
    }

    /// The document of a success, which says that it is one.
    #[track_caller]
    pub(crate) fn done(self) -> Json {
        let document = self.ok().document();
        assert_eq!(document["ok"], true, "{document}");
        document
    }

    /// The document of a success, which holds at least this.
    #[track_caller]
    pub(crate) fn holds(self, part: &Json) -> Json {
        let document = self.done();
        let differs = difference(&document, part, "");
        assert!(differs.is_none(), "{}: {document}", differs.unwrap_or_default());
        document
    }

    /// The error in the document of a failure: of the whole command, or of the first storage that has one.
    #[track_caller]
    pub(crate) fn refused(self, exit: i32, code: &str) -> Json {
        let document = self.document();
        let each = document["storages"].as_array().into_iter().flatten().map(|storage| &storage["error"]);
        let error = std::iter::once(&document["error"]).chain(each).find(|error| error.is_object());
        let found = error.and_then(|error| error["code"].as_str());
        assert_eq!((self.code, found, &document["ok"]), (exit, Some(code), &false.into()), "{self:?}");
        error.cloned().unwrap_or_default()
    }

    /// The document, which has these storages, each with the code of its error or "ok".
    #[track_caller]
    pub(crate) fn storages(self, exit: i32, expected: &[(&str, &str)]) -> Json {
        let document = self.document();
        assert_eq!((self.code, &outcomes(&document)[..]), (exit, expected), "{self:?}");
        assert_eq!(document["ok"], exit == 0, "{self:?}");
        document
    }
}

/// Where the whole differs from what a part of it should be.
fn difference(whole: &Json, part: &Json, path: &str) -> Option<String> {
    match (whole, part) {
        (_, Json::Object(keys)) => {
            keys.iter().find_map(|(key, value)| difference(&whole[key], value, &format!("{path}/{key}")))
        }
        (Json::Array(all), Json::Array(parts)) if all.len() == parts.len() => {
            let mut pairs = all.iter().zip(parts).enumerate();
            pairs.find_map(|(index, (whole, part))| difference(whole, part, &format!("{path}/{index}")))
        }
        _ => (whole != part).then(|| format!("{path} is {whole}, not {part}")),
    }
}

/// A section's keys, sorted.
pub(crate) fn keys(section: &Json) -> Vec<&str> {
    let mut keys: Vec<_> = section.as_object().expect("a section").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The codes of the warnings in a document.
pub(crate) fn warnings(document: &Json) -> Vec<&str> {
    let list = document["warnings"].as_array().expect("warnings");
    list.iter().filter_map(|warning| warning["code"].as_str()).collect()
}

/// What a document says of each storage: its name and its error's code, or "ok".
fn outcomes(document: &Json) -> Vec<(&str, &str)> {
    let each = document["storages"].as_array().expect("storages").iter();
    each.map(|each| {
        let code = each["error"]["code"].as_str().unwrap_or("ok");
        assert!(each["ok"].as_bool().is_none_or(|ok| ok == (code == "ok")), "{each}");
        (each["name"].as_str().expect("a name"), code)
    })
    .collect()
}
