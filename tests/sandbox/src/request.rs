//! One request and its answer: read whole, and reduced to what the sandbox and its tests look at.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::Value;

use crate::tree::Content;

/// Where a name comes twice, the last one counts.
type Fields = BTreeMap<String, String>;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: Fields,
    /// Names in lower case.
    pub headers: Fields,
    /// The form fields of a token request; empty for other bodies.
    pub form: Fields,
    /// The status of the answer; 0 when the connection was dropped instead.
    pub status: u16,
    pub(crate) body: Bytes,
    pub(crate) upload: Option<Upload>,
}

/// The two parts of an upload.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) attributes: Value,
    pub(crate) content: Content,
}

impl Request {
    pub(crate) fn new(head: &Parts, host: &str, body: Bytes) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let headers: Fields =
            head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
        let content_type = headers.get("content-type").map_or("", String::as_str);
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        Self {
            method: head.method.to_string(),
            host: host.to_owned(),
            path: head.uri.path().to_owned(),
            query: fields(head.uri.query().unwrap_or_default().as_bytes()),
            form: if is_form { fields(&body) } else { Fields::new() },
            headers,
            status: 0,
            body,
            upload: None,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A query parameter; empty when there is none.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A form field; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    /// The JSON body; null when there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn fields(encoded: &[u8]) -> Fields {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// What goes back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::empty(status).header("Content-Type", "application/json").body(body.to_string())
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        Self::empty(status).header("Content-Type", "text/html; charset=utf-8").body(body)
    }

    pub(crate) fn redirect(location: &str) -> Self {
        Self::empty(302).header("Location", location)
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}
