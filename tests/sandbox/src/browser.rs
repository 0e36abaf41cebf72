//! A scripted browser, and plain posts: HTTP as a person's machine would send it, through the proxy.

use std::time::Duration;

use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};
use url::Url;

use crate::Sandbox;

const MOST_REDIRECTS: usize = 10;

/// Where the browser ended.
#[derive(Clone, Debug)]
pub struct Page {
    /// The HTTP status; 0 when the connection broke before there was one.
    pub status: u16,
    pub body: String,
    /// Every address on the way, the last one being the page's own.
    pub visited: Vec<String>,
    /// Where a redirect that was not followed would have led.
    pub location: Option<String>,
}

impl Sandbox {
    /// Opens an address and follows redirects, as the browser rclone opens would.
    ///
    /// rclone may end before its last page is out; then the page has status 0 and no body.
    pub fn browse(&self, url: &str) -> Page {
        let (mut visited, mut next) = (Vec::new(), url.to_owned());
        loop {
            visited.push(next);
            assert!(visited.len() <= MOST_REDIRECTS, "going round: {visited:?}");
            let url = visited.last().expect("never empty");
            let Ok(response) = self.agent(url).get(url).call() else {
                return Page { status: 0, body: String::new(), visited, location: None };
            };
            let page = page(url, response);
            match page.location {
                Some(location) => next = location,
                None => return Page { visited, ..page },
            }
        }
    }

    /// Presses Grant or Deny on the page that [`crate::Settings::consent_page`] turns on, and follows on.
    pub fn decide(&self, page: &Page, grant: bool) -> Page {
        let url = page.visited.last().expect("a page has an address");
        let answer = self.post_form(url, &[("decision", if grant { "grant" } else { "deny" })]);
        self.browse(&answer.location.expect("a decision leads back to the app"))
    }

    /// Posts a form, to the token endpoint say; redirects are not followed.
    pub fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        let response = self.agent(url).post(url).send_form(fields.iter().copied());
        page(url, response.unwrap_or_else(|error| panic!("POST {url}: {error}")))
    }

    /// Gets an address of Box's API with an access token; redirects are not followed.
    pub fn get_as(&self, url: &str, access: &str) -> Page {
        let bearer = format!("Bearer {access}");
        let response = self.agent(url).get(url).header("Authorization", bearer).call();
        page(url, response.unwrap_or_else(|error| panic!("GET {url}: {error}")))
    }

    /// A client for this address: Box through the proxy, this machine directly.
    fn agent(&self, url: &str) -> Agent {
        let ca = std::fs::read(self.ca_file()).expect("the CA file");
        let ca = Certificate::from_pem(&ca).expect("a certificate");
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[ca])).build();
        let proxy = url.starts_with("https://").then(|| Proxy::new(&self.proxy_url()).expect("the sandbox's address"));
        Agent::config_builder()
            .proxy(proxy)
            .tls_config(tls)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into()
    }
}

fn page(url: &str, mut response: Response<Body>) -> Page {
    let location = response.headers().get("location").filter(|_| response.status().is_redirection());
    let location = location.and_then(|to| Url::parse(url).ok()?.join(to.to_str().ok()?).ok());
    Page {
        location: location.map(String::from),
        status: response.status().as_u16(),
        body: response.body_mut().read_to_string().unwrap_or_default(),
        visited: vec![url.to_owned()],
    }
}
