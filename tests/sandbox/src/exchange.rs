//! One request and its answer, reduced to what the rest of the sandbox needs.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use hyper::{HeaderMap, Method};
use serde_json::Value;

use crate::tree::Content;

/// Query parameters or form fields; where a name comes twice, the last one counts.
pub(crate) type Fields = BTreeMap<String, String>;

/// A request, read whole.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: Fields,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) upload: Option<Upload>,
}

/// The two parts of an upload.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) attributes: Value,
    pub(crate) content: Content,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The form body; empty when there is none.
    pub(crate) fn form(&self) -> Fields {
        let content_type = self.header("content-type").unwrap_or_default();
        if content_type.starts_with("application/x-www-form-urlencoded") { fields(&self.body) } else { Fields::new() }
    }

    /// The JSON body; null when there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

pub(crate) fn fields(encoded: &[u8]) -> Fields {
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
