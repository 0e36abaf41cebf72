//! The proxy: `CONNECT` to a Box host ends here, anything else goes nowhere.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::faults::{Effect, first_hit};
use crate::request::{Answer, Request, Upload};
use crate::state::{State, lock};
use crate::tokens::random_id;
use crate::tree::Content;
use crate::{api, oauth};

type Incoming = hyper::Request<hyper::body::Incoming>;
type Outgoing = Response<Full<Bytes>>;

pub(crate) async fn run(listener: TcpListener, tls: TlsAcceptor, state: Arc<Mutex<State>>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(proxy(stream, tls.clone(), Arc::clone(&state)));
        }
    }
}

async fn proxy(stream: TcpStream, tls: TlsAcceptor, state: Arc<Mutex<State>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Incoming| {
        let answer = connect(request, &tls, &state);
        async { Ok::<_, Infallible>(answer) }
    });
    // A client that goes away is no concern of the sandbox.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

fn connect(request: Incoming, tls: &TlsAcceptor, state: &Arc<Mutex<State>>) -> Outgoing {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let port = request.uri().port_u16();
    {
        let mut state = lock(state);
        if let Some(refusal) = refused_by_proxy(&request, &host, &state) {
            return finish(&state, refusal);
        }
        let is_box = host == "box.com" || host.ends_with(".box.com") || host.ends_with(".boxcloud.com");
        if request.method() != Method::CONNECT || !is_box || port != Some(443) {
            let request = Request::new(&request.into_parts().0, &host, Bytes::new());
            state.requests.push(Request { status: 502, ..request });
            return finish(&state, Answer::empty(502).body("only Box is here, and only by HTTPS\n"));
        }
    }
    let (tls, state) = (tls.clone(), Arc::clone(state));
    tokio::spawn(async move {
        let stream = tls.accept(TokioIo::new(hyper::upgrade::on(request).await?)).await?;
        let service = service_fn(|request| serve(request, &host, &state));
        anyhow::Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
    });
    Response::new(Full::default())
}

/// What a proxy that is not for everyone answers.
fn refused_by_proxy(request: &Incoming, host: &str, state: &State) -> Option<Answer> {
    let settings = &state.settings;
    if let Some(status) = settings.proxy_refuses.or((settings.blocked_host == Some(host)).then_some(403)) {
        return Some(Answer::empty(status));
    }
    let wanted = format!("Basic {}", BASE64_STANDARD.encode(settings.proxy_login.as_ref()?));
    let given = request.headers().get("proxy-authorization").and_then(|value| value.to_str().ok());
    let challenge = r#"Basic realm="proxy""#;
    (given != Some(wanted.as_str())).then(|| Answer::empty(407).header("Proxy-Authenticate", challenge))
}

/// One request to Box: the fault or the work, the record, the delay.
async fn serve(request: Incoming, host: &str, state: &Mutex<State>) -> Result<Outgoing> {
    let request = read(request, host).await.context("the request broke off")?;
    let (answer, delay) = respond(&mut lock(state), request);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    answer.context("dropped on request")
}

/// The answer, if there is one, and how long it waits.
fn respond(state: &mut State, request: Request) -> (Option<Outgoing>, Duration) {
    let (effect, delay) = match first_hit(&mut state.faults, &request) {
        Some(fault) => (fault.effect, fault.delay),
        None => (Effect::Served, Duration::ZERO),
    };
    let answer = match effect {
        Effect::Served => Some(route(state, &request)),
        Effect::Answer(answer) => Some(answer),
        Effect::Reset => None,
        Effect::AnswerLost => {
            route(state, &request);
            None
        }
    };
    let status = answer.as_ref().map_or(0, |answer| answer.status);
    // What was sent would only fill the memory.
    state.requests.push(Request { status, body: Bytes::new(), upload: None, ..request });
    let answer = answer.map(|answer| finish(state, answer.header("Box-Request-Id", random_id(32))));
    (answer, delay + state.settings.delay)
}

fn route(state: &mut State, request: &Request) -> Answer {
    match (request.host.as_str(), request.path.as_str()) {
        ("api.box.com", "/oauth2/token") | (_, "/api/oauth2/token") => oauth::token(state, request),
        ("api.box.com", "/oauth2/revoke") | (_, "/api/oauth2/revoke") => oauth::revoke(state, request),
        (_, "/api/oauth2/authorize") => oauth::authorize(state, request),
        ("api.box.com", path) if path.starts_with("/2.0/") => api::answer(state, request, &path["/2.0/".len()..]),
        ("upload.box.com", path) if path.starts_with("/api/2.0/") => {
            api::answer(state, request, &path["/api/2.0/".len()..])
        }
        ("dl.boxcloud.com", _) => api::downloaded(state, request),
        _ => Answer::html(404, "<!doctype html><title>Box | 404 Page Not Found</title>\n".into()),
    }
}

async fn read(request: Incoming, host: &str) -> Result<Request> {
    let (head, body) = request.into_parts();
    let mut request = Request::new(&head, host, body.collect().await?.to_bytes());
    if let Ok(boundary) = multer::parse_boundary(request.header("content-type").unwrap_or_default()) {
        request.upload = upload(&request.body, boundary).await.ok();
    }
    Ok(request)
}

async fn upload(body: &[u8], boundary: String) -> Result<Upload> {
    let mut parts = multer::Multipart::with_reader(body, boundary);
    let (mut attributes, mut content) = (None, None);
    while let Some(part) = parts.next_field().await? {
        let is_attributes = part.name() == Some("attributes");
        let bytes = part.bytes().await?;
        if is_attributes {
            attributes = Some(serde_json::from_slice(&bytes)?);
        } else {
            content = Some(Content::new(bytes));
        }
    }
    let (attributes, content) = attributes.zip(content).context("parts are missing")?;
    Ok(Upload { attributes, content })
}

fn finish(state: &State, answer: Answer) -> Outgoing {
    let mut response = Response::builder().status(answer.status).header("Date", httpdate::fmt_http_date(state.now()));
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let response = response.body(Full::new(answer.body));
    response.expect("headers a test chose well")
}
