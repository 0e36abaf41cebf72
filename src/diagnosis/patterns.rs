//! The words by which each cause is known, in what rclone (old and new), Box and the network say.

use super::{Cause, Doing, End, Evidence, Operation};
use crate::rclone::{OLDEST, Version};
use crate::storage::sign_in::Kind;

/// All the words of one row must be there, in lower case; the first row that fits counts.
type Pattern = (&'static [&'static str], Cause);

/// In this order: what rclone says before it asks Box, what Box says, what the way to Box says.
const FAMILIES: [&[Pattern]; 8] = [BROWSER, RCLONE, ACCOUNT, APP, JWT, TOKEN, ACCESS, NETWORK];

const BROWSER: &[Pattern] = &[
    (&["failed to start auth webserver"], Cause::PortTaken),
    (&["redirect_uri_mismatch"], Cause::RedirectMismatch),
    (&["redirect_uri_missing"], Cause::RedirectMismatch),
    (&["remote server: access_denied"], Cause::PersonRefused),
    (&["remote server: server_error"], Cause::PageRefused),
    (&["remote server: 107"], Cause::PageRefused),
    (&["auth state doesn't match"], Cause::StateMismatch),
    (&["authorization code has expired"], Cause::CodeOver),
    (&["auth code doesn't exist"], Cause::CodeOver),
];

const RCLONE: &[Pattern] = &[
    (&["invalid value when setting", "from environment variable rclone_"], Cause::EnvironmentRefused),
    (&["\"main\" default values", "couldn't parse config item"], Cause::EnvironmentRefused),
    (&["too many open files"], Cause::TooManyFiles),
    (&["pipe failed with 24"], Cause::TooManyFiles),
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

/// Rules about the account, at the token endpoint as in the API. A new rclone repeats the code alone, an old one all of Box's answer.
const ACCOUNT: &[Pattern] = &[
    (&["account_deactivated"], Cause::AccountDeactivated),
    (&["password_reset_required"], Cause::PasswordReset),
    (&["terms_of_service_required"], Cause::TermsOfService),
    (&["user_email_confirmation_required"], Cause::EmailUnconfirmed),
    (&["no_credit_card_trial_ended"], Cause::TrialEnded),
    (&["unauthorized_device"], Cause::DeviceRefused),
    (&["service_blocked"], Cause::ServiceBlocked),
    (&["grace_period_expired"], Cause::GracePeriodOver),
    (&["error_access_from_ip_not_allowed"], Cause::AddressBlocked),
    (&["fetch token: access_denied:"], Cause::SignInForbidden),
    (&["\"access_denied\""], Cause::SignInForbidden),
    (&["temporarily_unavailable"], Cause::BoxDown),
    (&["fetch token: server_error:"], Cause::BoxDown),
    (&["\"server_error\""], Cause::BoxDown),
];

const APP: &[Pattern] = &[
    (&["not authorized by the enterprise"], Cause::AppNotAuthorized),
    (&["app is not authorized"], Cause::AppNotAuthorized),
    (&["cannot authorize with this service"], Cause::AppNotAuthorized),
    (&["cannot obtain user token"], Cause::UserTokensOff),
    (&["box_subject_type", "unauthorized"], Cause::UserTokensOff),
    (&["grant type is unauthorized"], Cause::GrantTypeRefused),
    (&["unsupported_grant_type"], Cause::GrantTypeRefused),
    (&["grant credentials are invalid"], Cause::SubjectRefused),
    (&["invalid_client"], Cause::ClientRefused),
    (&["unauthorized_client"], Cause::AppRefused),
];

const JWT: &[Pattern] = &[
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
    (&["making auth request: 429"], Cause::RateLimited),
    (&["making auth request: 403", "<"], Cause::RefusedOnTheWay),
    (&["jwtutil: failed making auth request: 4"], Cause::JwtRefused),
];

const TOKEN: &[Pattern] = &[
    (&["empty token found"], Cause::NoToken),
    (&["failed to configure box: invalid character"], Cause::TokenUnreadable),
    (&["failed to configure box: unexpected end of json"], Cause::TokenUnreadable),
    (&["failed to configure box: parsing time"], Cause::TokenUnreadable),
    (&["token expired and there's no refresh token"], Cause::NoRefreshToken),
    // Said of used tokens too.
    (&["refresh token has expired"], Cause::RefreshRefused),
    (&["invalid refresh token"], Cause::RefreshRefused),
    (&["invalid_grant"], Cause::RefreshRefused),
];

const ACCESS: &[Pattern] = &[
    (&["insufficient_scope"], Cause::ScopeMissing),
    (&["access_from_location_blocked"], Cause::LocationBlocked),
    (&["forbidden_by_policy"], Cause::PolicyBlocked),
    (&["storage_limit_exceeded"], Cause::StorageFull),
    (&["file_size_limit_exceeded"], Cause::FileTooLarge),
    (&["access_denied_item_locked"], Cause::ItemLocked),
    (&["collaborations_not_available_on_root_folder"], Cause::RootRefused),
    (&["operation_blocked_temporary"], Cause::ItemBusy),
    (&["name_temporarily_reserved"], Cause::ItemBusy),
    (&["on-behalf-of user"], Cause::UserUnknown),
    (&["as-user"], Cause::MayNotImpersonate),
    (&["error \"trashed\""], Cause::InTrash),
    (&["(404)"], Cause::NotFound),
    (&["directory not found"], Cause::NotFound),
    // rclone says the status where there is no code of Box's.
    (&["\"403 forbidden\" (403)"], Cause::RefusedOnTheWay),
    (&["403 forbidden", "<"], Cause::RefusedOnTheWay),
    (&["(403)"], Cause::NotAllowed),
    (&["(405)"], Cause::MethodRefused),
    (&["(411)"], Cause::MethodRefused),
    (&["(412)"], Cause::ChangedMeanwhile),
    (&["(413)"], Cause::FileTooLarge),
    (&["(307)"], Cause::NotBox),
    (&["(511)"], Cause::NotBox),
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

const NETWORK: &[Pattern] = &[
    (&["proxy authentication required"], Cause::ProxyAuth),
    (&["proxy", "407"], Cause::ProxyAuth),
    (&["proxyconnect tcp: dial"], Cause::ProxyUnreachable),
    (&["proxyconnect tcp: eof"], Cause::ProxyScheme),
    (&["proxyconnect tcp: tls: first record"], Cause::ProxyScheme),
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
    (&["goaway"], Cause::BrokeOff),
    (&["stream error: "], Cause::BrokeOff),
    (&["client connection lost"], Cause::BrokeOff),
    (&["server closed idle connection"], Cause::BrokeOff),
    (&[": eof"], Cause::BrokeOff),
    (&["unexpected eof"], Cause::BrokeOff),
    (&["looking for beginning of"], Cause::NotBox),
    (&["json: cannot unmarshal"], Cause::NotBox),
    (&["malformed http"], Cause::NotBox),
    (&["server missing access_token"], Cause::NotBox),
    (&["response body is larger"], Cause::NotBox),
    (&["301 moved permanently"], Cause::NotBox),
    (&["302 found"], Cause::NotBox),
    (&["303 see other"], Cause::NotBox),
    (&["307 temporary redirect"], Cause::NotBox),
    (&["308 permanent redirect"], Cause::NotBox),
    (&["511 network authentication required"], Cause::NotBox),
    (&["https only"], Cause::PlainHttp),
    (&["cannot fetch token: 403"], Cause::RefusedOnTheWay),
    (&["cannot fetch token: 401"], Cause::RefusedOnTheWay),
    (&["couldn't fetch token: (can't decode error info)"], Cause::RefusedOnTheWay),
    (&["couldn't fetch token: : maybe"], Cause::RefusedOnTheWay),
    (&["but no token"], Cause::NotBox),
    // All that an older rclone says where it has Box's reason and keeps it to itself.
    (&["no code returned by remote server"], Cause::NoCode),
];

pub(super) fn cause(asked: &Operation<'_>, heard: &Evidence<'_>) -> Cause {
    match heard.end {
        End::TimedOut if asked.doing == Doing::Authorizing => return Cause::NobodyCame,
        End::TimedOut => return Cause::TimedOut,
        End::Killed(_) => return Cause::Killed,
        End::Exited | End::Answered => {}
    }
    let said = heard.said.to_lowercase().replace("\\\"", "\"");
    let has_all = |sign: &&Pattern| sign.0.iter().all(|word| said.contains(word));
    let found = FAMILIES.iter().flat_map(|family| family.iter()).find(has_all).map_or(Cause::Unknown, |sign| sign.1);
    narrowed(found, asked, heard)
}

/// The same words mean different things to different storages and rclones.
fn narrowed(found: Cause, asked: &Operation<'_>, heard: &Evidence<'_>) -> Cause {
    let is_relative = asked.config_file.is_some_and(|path| !std::path::Path::new(path).is_absolute());
    match found {
        Cause::JwtFileMissing if is_relative => Cause::JwtPathNotAbsolute,
        Cause::JwtRefused if heard.version == Some(Version(1, 63, 0)) => Cause::JwtBroken,
        Cause::RefreshRefused if asked.doing == Doing::Authorizing => Cause::CodeOver,
        Cause::RefreshRefused if asked.sign_in == Kind::Jwt => Cause::JwtRefused,
        Cause::RefreshRefused if asked.sign_in == Kind::ClientCredentials => Cause::SubjectRefused,
        Cause::NotAllowed if asked.impersonate.is_some() => Cause::MayNotImpersonate,
        // Everyone may use the root folder of their own.
        Cause::NotAllowed if asked.root_folder.is_none_or(|id| id == "0") => Cause::RootRefused,
        // A flag that a new one does not know is no sign of its age.
        Cause::TooOld if heard.version.is_some_and(|version| version >= OLDEST) => Cause::Unknown,
        Cause::Unknown if heard.version.is_some_and(|version| version < OLDEST) => Cause::TooOld,
        found => found,
    }
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static Pattern> {
    FAMILIES.iter().flat_map(|family| family.iter())
}
