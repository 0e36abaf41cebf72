//! The way to Box: names, proxies, certificates, time limits, and Box's own bad days.

use super::super::{Cause, Heard};
use super::you;
use crate::error::{Code, Error, Who};

const DOCTOR: &str = "see what is reachable from here: pluton doctor";

fn network(code: Code, message: &str) -> Error {
    Error::new(code, message).who(Who::Network)
}

pub(super) fn explain(cause: Cause) -> Error {
    match cause {
        Cause::NoSuchHost => network(Code::Network, "Box's address cannot be found")
            .next("check that this machine is online and can look up names: getent hosts api.box.com")
            .next("if this network has a proxy, set HTTPS_PROXY to http://HOST:PORT"),
        Cause::Unreachable => network(Code::Network, "no connection to Box: it was refused, or there is no way there")
            .next("check that a firewall lets this machine reach api.box.com, upload.box.com, account.box.com, app.box.com and *.boxcloud.com on port 443")
            .next(DOCTOR),
        Cause::BrokeOff => network(Code::Network, "the connection to Box broke off").next("run this again").next(DOCTOR),
        Cause::ProxyUnreachable => network(Code::Network, "the proxy in HTTPS_PROXY cannot be reached")
            .next("check its name and port in HTTPS_PROXY, or unset it where no proxy is needed")
            .next(DOCTOR),
        Cause::ProxyAuth => you(Code::Network, "the proxy in HTTPS_PROXY wants a user and a password")
            .next("export HTTPS_PROXY='http://USER:PASSWORD@HOST:PORT' (a special character in the password as %XX)"),
        Cause::ProxyRefused => network(Code::Network, "the proxy in HTTPS_PROXY did not let the request through")
            .next("ask whoever runs it to allow api.box.com, upload.box.com, account.box.com, app.box.com and *.boxcloud.com on port 443")
            .next("unset HTTPS_PROXY where no proxy is needed"),
        Cause::NotBox => network(Code::Network, "something else than Box answered, perhaps a login page of this network")
            .next("open any page in a browser, sign in to the network, and run this again"),
        Cause::CertificateUnknown => {
            network(Code::Tls, "something between this machine and Box shows a certificate that is not trusted")
                .next("if this network inspects traffic: export SSL_CERT_FILE=/path/to/its-ca.pem")
                .next("if this machine has no certificates at all: apt install ca-certificates")
        }
        Cause::CertificateDate => you(Code::Tls, "a certificate is out of date, or this machine's clock is wrong")
            .next("look at the clock: date -u")
            .next("if the clock is right, something between this machine and Box shows an old certificate: ask whoever runs the network"),
        Cause::CaUnreadable => you(Code::Tls, "the certificates that RCLONE_CA_CERT names cannot be read")
            .next("check the path in RCLONE_CA_CERT: a file in PEM form")
            .next("unset RCLONE_CA_CERT"),
        _ => network(Code::Timeout, "Box did not answer in time")
            .next("check that a firewall lets this machine reach api.box.com, upload.box.com, account.box.com, app.box.com and *.boxcloud.com on port 443")
            .next("on a slow line allow more time: --timeout 5m"),
    }
}

pub(super) fn rate(heard: &Heard<'_>) -> Error {
    let asked = retry_after(heard.said);
    let wait = match asked {
        Some(seconds) => format!("wait {seconds} seconds, as Box asks, and run this again"),
        None => "wait a minute, and run this again".to_owned(),
    };
    Error::new(Code::RateLimited, "Box asks to slow down: too many requests in a minute")
        .who(Who::Box)
        .next(wait)
        .next("if backups do it, have rclone ask less often: export RCLONE_TPSLIMIT=10")
        .retry_after(asked)
}

fn retry_after(said: &str) -> Option<u32> {
    let said = said.to_lowercase();
    let rest = said.split_once("retry-after: ")?.1;
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

pub(super) fn down(heard: &Heard<'_>) -> Error {
    Error::new(Code::BoxUnavailable, "Box has a fault of its own at the moment")
        .who(Who::Box)
        .next("look at https://status.box.com, and run this again later")
        .retry_after(retry_after(heard.said))
}
