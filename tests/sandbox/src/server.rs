//! The proxy: `CONNECT` to a Box host ends here, anything else goes nowhere.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::exchange::{Answer, Call, Upload, fields};
use crate::faults::{Effect, strike};
use crate::state::{State, World};
use crate::tokens::random_id;
use crate::tree::Content;
use crate::{api, oauth, requests};

pub(crate) async fn run(listener: TcpListener, tls: TlsAcceptor, world: Arc<World>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(proxy(stream, tls.clone(), Arc::clone(&world)));
        }
    }
}

async fn proxy(stream: TcpStream, tls: TlsAcceptor, world: Arc<World>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let answer = connect(request, &tls, &world);
        async { Ok::<_, Infallible>(answer) }
    });
    // A client that goes away is no concern of the sandbox.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

fn connect(request: Request<Incoming>, tls: &TlsAcceptor, world: &Arc<World>) -> Response<Full<Bytes>> {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let port = request.uri().port_u16();
    if let Some(refusal) = refused_by_proxy(&request, world) {
        return finish(&world.state(), refusal);
    }
    let is_box = host == "box.com" || host.ends_with(".box.com") || host.ends_with(".boxcloud.com");
    if request.method() != Method::CONNECT || !is_box || port != Some(443) {
        let answer = Answer::empty(502).body("only Box is here, and only by HTTPS\n");
        let call = Call {
            method: request.method().clone(),
            host,
            path: request.uri().path().to_owned(),
            query: fields(request.uri().query().unwrap_or_default().as_bytes()),
            headers: request.headers().clone(),
            body: Bytes::new(),
            upload: None,
        };
        let mut state = world.state();
        state.requests.push(requests::Request::new(&call, 502));
        return finish(&state, answer);
    }
    let (tls, world) = (tls.clone(), Arc::clone(world));
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(request).await else {
            return;
        };
        let Ok(stream) = tls.accept(TokioIo::new(upgraded)).await else {
            return;
        };
        let service = service_fn(|request| serve(request, &host, &world));
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    });
    Response::new(Full::default())
}

/// What a proxy that is not for everyone answers.
fn refused_by_proxy(request: &Request<Incoming>, world: &World) -> Option<Answer> {
    let state = world.state();
    if let Some(status) = state.proxy_refuses {
        return Some(Answer::empty(status));
    }
    if request.uri().host().is_some_and(|host| state.blocked_hosts.contains(host)) {
        return Some(Answer::empty(403));
    }
    let wanted = format!("Basic {}", BASE64_STANDARD.encode(state.proxy_login.as_ref()?));
    let given = request.headers().get("proxy-authorization").and_then(|value| value.to_str().ok());
    let challenge = r#"Basic realm="proxy""#;
    (given != Some(wanted.as_str())).then(|| Answer::empty(407).header("Proxy-Authenticate", challenge))
}

/// One request to Box: faults first, then the work, the record, the delay.
async fn serve(request: Request<Incoming>, host: &str, world: &World) -> Result<Response<Full<Bytes>>> {
    let call = read(request, host).await.context("the request broke off")?;
    let (answer, delay) = {
        let mut state = world.state();
        let fault = strike(&mut state.faults, &call);
        let (effect, delay) = match fault {
            Some(fault) => (fault.effect, fault.delay),
            None => (Effect::Late, std::time::Duration::ZERO),
        };
        let answer = match effect {
            Effect::Late => Some(route(&mut state, world, &call)),
            Effect::Answer(answer) => Some(answer),
            Effect::Reset => None,
            Effect::AnswerLost => {
                route(&mut state, world, &call);
                None
            }
        };
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        state.requests.push(requests::Request::new(&call, status));
        let answer = answer.map(|answer| finish(&state, answer.header("Box-Request-Id", random_id(32))));
        (answer, delay + world.settings.delay)
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    answer.context("dropped on request")
}

fn route(state: &mut State, world: &World, call: &Call) -> Answer {
    let settings = &world.settings;
    match (call.host.as_str(), call.path.as_str()) {
        ("api.box.com", "/oauth2/token") | (_, "/api/oauth2/token") => oauth::token(state, settings, call),
        ("api.box.com", "/oauth2/revoke") | (_, "/api/oauth2/revoke") => oauth::revoke(state, call),
        (_, "/api/oauth2/authorize") => oauth::authorize(state, call),
        ("api.box.com", path) if path.starts_with("/2.0/") => {
            api::answer(state, settings, call, &path["/2.0/".len()..])
        }
        ("upload.box.com", path) if path.starts_with("/api/2.0/") => {
            api::answer(state, settings, call, &path["/api/2.0/".len()..])
        }
        ("dl.boxcloud.com", _) => api::downloaded(state, call),
        _ => Answer::html(404, "<!doctype html><title>Box | 404 Page Not Found</title>\n".into()),
    }
}

async fn read(request: Request<Incoming>, host: &str) -> Option<Call> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    let content_type = head.headers.get("content-type");
    let boundary =
        content_type.and_then(|value| value.to_str().ok()).and_then(|value| multer::parse_boundary(value).ok());
    let upload = match boundary {
        Some(boundary) => upload(&body, boundary).await,
        None => None,
    };
    Some(Call {
        method: head.method,
        host: host.to_owned(),
        path: head.uri.path().to_owned(),
        query: fields(head.uri.query().unwrap_or_default().as_bytes()),
        headers: head.headers,
        body,
        upload,
    })
}

async fn upload(body: &[u8], boundary: String) -> Option<Upload> {
    let mut parts = multer::Multipart::with_reader(body, boundary);
    let mut attributes = None;
    let mut content = None;
    while let Ok(Some(part)) = parts.next_field().await {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.ok()?;
        match name.as_str() {
            "attributes" => attributes = serde_json::from_slice(&bytes).ok(),
            _ => content = Some(Content::new(bytes)),
        }
    }
    Some(Upload { attributes: attributes?, content: content? })
}

fn finish(state: &State, answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status).header("Date", httpdate::fmt_http_date(state.now()));
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let response = response.body(Full::new(answer.body));
    response.expect("headers a test chose well")
}
