//! The words by which each cause is known, in what rclone (old and new), Box and the network say.

use super::{Asked, Cause, Doing, End, Heard};
use crate::rclone::{OLDEST, Version};
use crate::sign_in::Kind;

/// All the words of one row must be there, in lower case; the first row that fits counts.
type Sign = (&'static [&'static str], Cause);

/// In this order: what rclone says before it asks Box, what Box says, what the way to Box says.
const FAMILIES: [&[Sign]; 7] = [BROWSER, RCLONE, APP, JWT, TOKEN, ACCESS, NETWORK];

const BROWSER: &[Sign] = &[
    (&["failed to start auth webserver"], Cause::PortTaken),
    (&["redirect_uri_mismatch"], Cause::RedirectMismatch),
    (&["redirect_uri_missing"], Cause::RedirectMismatch),
    (&["remote server: access_denied"], Cause::PersonRefused),
    (&["auth state doesn't match"], Cause::StateMismatch),
    (&["authorization code has expired"], Cause::CodeOver),
    (&["auth code doesn't exist"], Cause::CodeOver),
];

const RCLONE: &[Sign] = &[
    (&["couldn't parse config item"], Cause::OptionRefused),
    (&["upload cutoff", "must be greater"], Cause::OptionRefused),
    (&["bad encoding"], Cause::OptionRefused),
    (&["unknown flag"], Cause::TooOld),
    (&["unknown command"], Cause::TooOld),
    (&["no space left on device"], Cause::DiskFull),
    (&["failed to read --ca-cert"], Cause::CaUnreadable),
    (&["failed to add certificates from --ca-cert"], Cause::CaUnreadable),
    (&["goroutine ", "panic: "], Cause::Crashed),
    (&["goroutine ", "fatal error: "], Cause::Crashed),
    (&["goroutine ", "sigsegv"], Cause::Crashed),
];

const APP: &[Sign] = &[
    (&["not authorized by the enterprise"], Cause::AppNotAuthorized),
    (&["app is not authorized"], Cause::AppNotAuthorized),
    (&["grant type is unauthorized"], Cause::GrantTypeRefused),
    (&["box_subject_type", "unauthorized"], Cause::GrantTypeRefused),
    (&["unsupported_grant_type"], Cause::GrantTypeRefused),
    (&["grant credentials are invalid"], Cause::SubjectRefused),
    (&["invalid_client"], Cause::ClientRefused),
    (&["unauthorized_client"], Cause::AppRefused),
];

const JWT: &[Sign] = &[
    (&["'exp' claim"], Cause::ClockOff),
    (&["'iat' claim"], Cause::ClockOff),
    (&["'nbf' claim"], Cause::ClockOff),
    (&["'kid'"], Cause::JwtKeyUnknown),
    (&["jwt header: unable to fetch key"], Cause::JwtKeyUnknown),
    (&["jwt signature is invalid"], Cause::JwtKeyUnknown),
    (&["'sub' claim"], Cause::JwtSubject),
    (&["failed to read box config", "no such file"], Cause::JwtFileMissing),
    (&["get box config"], Cause::JwtFileBad),
    (&["incorrect password"], Cause::JwtKeyLocked),
    (&["decrypted private key"], Cause::JwtFileBad),
    (&["jwtutil: failed making auth request: 429"], Cause::RateLimited),
    (&["jwtutil: failed making auth request: 4"], Cause::JwtRefused),
];

const TOKEN: &[Sign] = &[
    (&["empty token found"], Cause::NoToken),
    (&["failed to configure box: invalid character"], Cause::TokenUnreadable),
    (&["failed to configure box: unexpected end of json"], Cause::TokenUnreadable),
    (&["failed to configure box: parsing time"], Cause::TokenUnreadable),
    (&["token expired and there's no refresh token"], Cause::NoRefreshToken),
    (&["refresh token has expired"], Cause::RefreshExpired),
    (&["invalid refresh token"], Cause::RefreshRefused),
    (&["invalid_grant"], Cause::RefreshRefused),
];

const ACCESS: &[Sign] = &[
    (&["insufficient_scope"], Cause::ScopeMissing),
    (&["access_from_location_blocked"], Cause::LocationBlocked),
    (&["forbidden_by_policy"], Cause::PolicyBlocked),
    (&["storage_limit_exceeded"], Cause::StorageFull),
    (&["file_size_limit_exceeded"], Cause::FileTooLarge),
    (&["on-behalf-of user"], Cause::UserUnknown),
    (&["as-user"], Cause::MayNotImpersonate),
    (&["error \"trashed\""], Cause::InTrash),
    (&["(404)"], Cause::NotFound),
    (&["directory not found"], Cause::NotFound),
    (&["(403)"], Cause::NotAllowed),
    (&["item_name_in_use"], Cause::NameInUse),
    (&["(409)"], Cause::NameInUse),
    (&["(401)"], Cause::AccessTokenRefused),
    (&["429 too many requests"], Cause::RateLimited),
    (&["(429)"], Cause::RateLimited),
    (&["cannot fetch token: 5"], Cause::BoxDown),
    (&["making auth request: 5"], Cause::BoxDown),
    (&["500 internal server error"], Cause::BoxDown),
    (&["502 bad gateway"], Cause::BoxDown),
    (&["503 service unavailable"], Cause::BoxDown),
    (&["504 gateway timeout"], Cause::BoxDown),
    (&["(500)"], Cause::BoxDown),
    (&["(502)"], Cause::BoxDown),
    (&["(503)"], Cause::BoxDown),
    (&["(504)"], Cause::BoxDown),
];

const NETWORK: &[Sign] = &[
    (&["proxy authentication required"], Cause::ProxyAuth),
    (&["proxy", "407"], Cause::ProxyAuth),
    (&["proxyconnect tcp: dial"], Cause::ProxyUnreachable),
    (&["proxyconnect"], Cause::ProxyRefused),
    (&["connect proxy"], Cause::ProxyRefused),
    (&["proxy failed"], Cause::ProxyRefused),
    // All that Go says of a proxy's answer is the status in words.
    (&["\": forbidden"], Cause::ProxyRefused),
    (&["\": method not allowed"], Cause::ProxyRefused),
    (&["\": bad gateway"], Cause::ProxyRefused),
    (&["\": service unavailable"], Cause::ProxyRefused),
    (&["\": gateway timeout"], Cause::ProxyRefused),
    (&["no such host"], Cause::NoSuchHost),
    (&["server misbehaving"], Cause::NoSuchHost),
    (&["temporary failure in name resolution"], Cause::NoSuchHost),
    (&["host not found"], Cause::NoSuchHost),
    (&["failed to lookup address"], Cause::NoSuchHost),
    (&["certificate has expired or is not yet valid"], Cause::CertificateDate),
    (&["certificate expired"], Cause::CertificateDate),
    (&["certificate not valid yet"], Cause::CertificateDate),
    (&["x509:"], Cause::CertificateUnknown),
    (&["invalid peer certificate"], Cause::CertificateUnknown),
    (&["tls handshake timeout"], Cause::TimedOut),
    (&["i/o timeout"], Cause::TimedOut),
    (&["timeout awaiting"], Cause::TimedOut),
    (&["deadline exceeded"], Cause::TimedOut),
    (&["timeout: "], Cause::TimedOut),
    (&["tls: "], Cause::CertificateUnknown),
    (&["connection refused"], Cause::Unreachable),
    (&["network is unreachable"], Cause::Unreachable),
    (&["no route to host"], Cause::Unreachable),
    (&["connection reset"], Cause::BrokeOff),
    (&["broken pipe"], Cause::BrokeOff),
    (&["peer closed connection"], Cause::BrokeOff),
    (&["peer disconnected"], Cause::BrokeOff),
    (&["connection failed"], Cause::BrokeOff),
    (&["request broke off"], Cause::BrokeOff),
    (&[": eof"], Cause::BrokeOff),
    (&["unexpected eof"], Cause::BrokeOff),
    (&["invalid character '<'"], Cause::NotBox),
    (&["but no token"], Cause::NotBox),
    // All that an older rclone says where it has Box's reason and keeps it to itself.
    (&["no code returned by remote server"], Cause::NoCode),
];

pub(super) fn cause(asked: &Asked<'_>, heard: &Heard<'_>) -> Cause {
    match heard.end {
        End::TimedOut if asked.doing == Doing::Authorizing => return Cause::NobodyCame,
        End::TimedOut => return Cause::TimedOut,
        End::Killed(_) => return Cause::Killed,
        End::Exited | End::Answered => {}
    }
    let said = heard.said.to_lowercase();
    let has_all = |sign: &&Sign| sign.0.iter().all(|word| said.contains(word));
    let found = FAMILIES.iter().flat_map(|family| family.iter()).find(has_all).map_or(Cause::Unknown, |sign| sign.1);
    narrowed(found, asked, heard)
}

/// The same words mean different things to different storages and rclones.
fn narrowed(found: Cause, asked: &Asked<'_>, heard: &Heard<'_>) -> Cause {
    let is_relative = asked.config_file.is_some_and(|path| !std::path::Path::new(path).is_absolute());
    match found {
        Cause::JwtFileMissing if is_relative => Cause::JwtPathNotAbsolute,
        Cause::JwtRefused if heard.version == Some(Version(1, 63, 0)) => Cause::JwtBroken,
        Cause::RefreshRefused if asked.doing == Doing::Authorizing => Cause::CodeOver,
        Cause::RefreshRefused if asked.sign_in == Kind::Jwt => Cause::JwtRefused,
        Cause::RefreshRefused if asked.sign_in == Kind::ClientCredentials => Cause::SubjectRefused,
        Cause::NotAllowed if asked.impersonate.is_some() => Cause::MayNotImpersonate,
        // A flag that a new one does not know is no sign of its age.
        Cause::TooOld if heard.version.is_some_and(|version| version >= OLDEST) => Cause::Unknown,
        Cause::Unknown if heard.version.is_some_and(|version| version < OLDEST) => Cause::TooOld,
        found => found,
    }
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static Sign> {
    FAMILIES.iter().flat_map(|family| family.iter())
}
