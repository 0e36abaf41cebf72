//! The causes whose words depend on little more than names, as one table.
//!
//! `{storage}`, `{app}`, `{folder}`, `{console}`, `{admin}`, `{letter}`, `{authorized}`, `{other}`, `{again}` and `{proxy}` stand
//! for what `explain` puts in their place.

use super::super::{Cause, Facts, Operation};
use super::{ADMIN_APPS, CONSOLE, access, app, app_of, other_option};
use crate::error::{Code, Error, Field, Who};

struct Case {
    cause: Cause,
    code: Code,
    who: Who,
    message: &'static str,
    remedies: &'static [&'static str],
    about: &'static [Field],
}

const fn case(cause: Cause, code: Code, who: Who, message: &'static str, remedies: &'static [&'static str]) -> Case {
    Case { cause, code, who, message, remedies, about: &[] }
}

impl Case {
    const fn about(self, about: &'static [Field]) -> Self {
        Self { about, ..self }
    }
}

const DOCTOR: &str = "see what is reachable from here: `pluton doctor`";
const BROWSER: &str = "sign in at https://app.box.com with this account, and do what the page asks";
const RUN_AGAIN: &str = "run this again";
const FIREWALL: &str = "ask whoever runs this network to let api.box.com, upload.box.com, account.box.com, app.box.com and *.boxcloud.com through unchanged";
const PORTS: &str = "check that a firewall lets this machine reach api.box.com, upload.box.com, account.box.com, app.box.com and *.boxcloud.com on port 443";

const CASES: &[Case] = &[
    // The account.
    case(
        Cause::AccountDeactivated,
        Code::AccessDenied,
        Who::Admin,
        "the Box account behind {storage} is deactivated",
        &["ask your Box admin to set it to Active: Admin Console > Users & Groups", "{again}"],
    ),
    case(
        Cause::PasswordReset,
        Code::AccessDenied,
        Who::You,
        "Box wants a new password for the account behind {storage} first",
        &[BROWSER, "{again}"],
    ),
    case(
        Cause::TermsOfService,
        Code::AccessDenied,
        Who::You,
        "the account behind {storage} has not accepted Box's or your enterprise's terms of service",
        &[BROWSER, "{again}"],
    ),
    case(
        Cause::EmailUnconfirmed,
        Code::AccessDenied,
        Who::You,
        "the e-mail address of the account behind {storage} is not confirmed",
        &["open the link in Box's mail, or sign in at https://app.box.com to have another sent", "{again}"],
    ),
    case(
        Cause::TrialEnded,
        Code::AccessDenied,
        Who::You,
        "the Box trial of the account behind {storage} has ended",
        &["sign in at https://app.box.com with this account, and choose a plan", "{again}"],
    ),
    case(
        Cause::DeviceRefused,
        Code::PermissionDenied,
        Who::Admin,
        "your enterprise does not let this machine sign in to Box (unauthorized_device)",
        &["ask your Box admin to allow this device, or {app} on any device: Admin Console > Enterprise Settings, Device Trust"],
    ),
    case(
        Cause::ServiceBlocked,
        Code::PermissionDenied,
        Who::Admin,
        "your enterprise blocks {app} (service_blocked)",
        &["{letter}", "then run this again"],
    ),
    case(
        Cause::GracePeriodOver,
        Code::PermissionDenied,
        Who::Admin,
        "the grace period in which this account could be used without what your enterprise demands is over (grace_period_expired)",
        &["ask your Box admin what it lacks, most often 2-factor authentication", BROWSER],
    ),
    case(
        Cause::AddressBlocked,
        Code::PermissionDenied,
        Who::Admin,
        "your enterprise does not allow Box from this machine's IP address",
        &[
            "ask your Box admin to allow this machine's address: Admin Console > Enterprise Settings > Security",
            "use a network that is allowed, for example the company's VPN",
        ],
    ),
    case(
        Cause::SignInForbidden,
        Code::AccessDenied,
        Who::Admin,
        "a rule of your enterprise forbids this sign-in",
        &["ask your Box admin which rule it is", "{letter}"],
    ),
    // The app.
    case(
        Cause::AppNotAuthorized,
        Code::AppNotAuthorized,
        Who::Admin,
        "your enterprise has not {authorized} {app}",
        &["{letter}", "then run this again"],
    )
    .about(&[Field::ClientId, Field::BoxConfigFile]),
    case(
        Cause::UserTokensOff,
        Code::AppNotAuthorized,
        Who::You,
        "{app} may not sign in for this enterprise or user: its settings do not allow it",
        &[
            "in {console}, your app, Configuration, choose App + Enterprise Access, tick \"Generate user access tokens\" under Advanced \
             Features and click Save Changes",
            "then have your Box admin authorize the app again: {admin} > Server Authentication Apps",
            "to act as the app itself, name the enterprise: --box-subject enterprise:ID",
        ],
    )
    .about(&[Field::BoxSubject, Field::ClientId]),
    // The browser.
    case(
        Cause::PersonRefused,
        Code::AccessDenied,
        Who::You,
        "access was refused on Box's page",
        &["sign in again, and choose \"Grant access to Box\""],
    ),
    case(
        Cause::PageRefused,
        Code::AccessDenied,
        Who::Admin,
        "Box's page ended in an error; perhaps your enterprise allows listed apps only",
        &["{letter}", "then sign in again"],
    ),
    case(
        Cause::StateMismatch,
        Code::AccessDenied,
        Who::You,
        "the browser came back from another sign-in than this one",
        &["close Box's tabs in the browser, and sign in again with the new link"],
    ),
    case(
        Cause::CodeOver,
        Code::AuthorizeTimeout,
        Who::You,
        "Box's answer came too late: it is valid for 30 seconds, and once",
        &["sign in again"],
    )
    .about(&[Field::Token]),
    // What Box allows.
    case(
        Cause::RootRefused,
        Code::PermissionDenied,
        Who::You,
        "{app} may not use the root folder",
        &[
            "with an app of your own, check that it may write: {console}, your app, Configuration, Application Scopes, \"Read and write all files and folders \
             stored in Box\"",
            "use a folder below it: `{other}`",
        ],
    )
    .about(&[Field::Option("root_folder_id")]),
    case(
        Cause::ItemLocked,
        Code::PermissionDenied,
        Who::You,
        "a file in {folder} is locked by someone in Box",
        &["unlock it in Box, or ask the one who locked it", "then run this again"],
    ),
    case(
        Cause::ItemBusy,
        Code::BoxUnavailable,
        Who::Box,
        "Box is still at work on this item, for example moving it or taking an upload of that name",
        &["wait a few minutes, and run this again"],
    ),
    case(
        Cause::ChangedMeanwhile,
        Code::BoxUnavailable,
        Who::You,
        "the item was changed in Box meanwhile (412)",
        &[RUN_AGAIN],
    ),
    case(
        Cause::LocationBlocked,
        Code::PermissionDenied,
        Who::Admin,
        "your enterprise does not allow Box from this place on the network",
        &[
            "ask your Box admin to allow this machine's address",
            "use a network that is allowed, for example the company's VPN",
        ],
    ),
    case(
        Cause::PolicyBlocked,
        Code::PermissionDenied,
        Who::Admin,
        "a policy of your enterprise forbids this",
        &["ask your Box admin which policy it is: Admin Console > Shield, or Governance"],
    ),
    case(
        Cause::NameInUse,
        Code::Unknown,
        Who::You,
        "Box has something of that name in this folder already",
        &[RUN_AGAIN],
    ),
    // The way to Box.
    case(
        Cause::NoSuchHost,
        Code::Network,
        Who::Network,
        "Box's address cannot be found",
        &[
            "check that this machine is online and can look up names: `getent hosts api.box.com`",
            "if this network has a proxy, set HTTPS_PROXY to http://HOST:PORT",
        ],
    ),
    case(
        Cause::Unreachable,
        Code::Network,
        Who::Network,
        "no connection to Box: it was refused, or there is no way there",
        &[PORTS, DOCTOR],
    ),
    case(Cause::BrokeOff, Code::Network, Who::Network, "the connection to Box broke off", &[RUN_AGAIN, DOCTOR]),
    case(
        Cause::ProxyUnreachable,
        Code::Network,
        Who::Network,
        "the proxy in {proxy} cannot be reached",
        &["check its name and port in {proxy}, or unset it where no proxy is needed", DOCTOR],
    ),
    case(
        Cause::ProxyAuth,
        Code::Network,
        Who::You,
        "the proxy in {proxy} wants a user and a password",
        &["set both, a special character in the password as %XX: `export {proxy}='http://USER:PASSWORD@HOST:PORT'`"],
    ),
    case(
        Cause::ProxyRefused,
        Code::Network,
        Who::Network,
        "the proxy in {proxy} did not let the request through",
        &[
            "ask whoever runs it to allow api.box.com, upload.box.com, account.box.com, app.box.com and *.boxcloud.com on port 443",
            "unset {proxy} where no proxy is needed",
        ],
    ),
    case(
        Cause::ProxyScheme,
        Code::Network,
        Who::You,
        "the proxy in {proxy} does not answer to https://",
        &["write it with http://, even though Box is asked through https: `export {proxy}=http://HOST:PORT`"],
    ),
    case(
        Cause::NotBox,
        Code::Network,
        Who::Network,
        "something other than Box answered, perhaps a login page of this network",
        &["open any page in a browser, sign in to the network, and run this again", DOCTOR],
    ),
    case(
        Cause::RefusedOnTheWay,
        Code::Network,
        Who::Network,
        "this machine was refused without a reason of Box's own, as a firewall in front of Box does",
        &["run this again later", FIREWALL],
    ),
    case(
        Cause::PlainHttp,
        Code::InvalidValue,
        Who::You,
        "token_url of {storage} is not https, so no secret is sent there",
        &["write it with https://, or leave it out to ask Box itself"],
    )
    .about(&[Field::Option("token_url")]),
    case(
        Cause::MethodRefused,
        Code::Network,
        Who::Network,
        "a request was refused by its form, so something between this machine and Box changes requests",
        &[FIREWALL, DOCTOR],
    ),
    case(
        Cause::CertificateUnknown,
        Code::Tls,
        Who::Network,
        "something between this machine and Box shows a certificate that is not trusted",
        &[
            "if this network inspects traffic: `export SSL_CERT_FILE=/path/to/its-ca.pem`",
            "if this machine has no certificates at all: `apt install ca-certificates`",
        ],
    ),
    case(
        Cause::CertificateDate,
        Code::Tls,
        Who::You,
        "a certificate is out of date, or this machine's clock is wrong",
        &[
            "look at the clock: `date -u`",
            "if the clock is right, something between this machine and Box shows an old certificate: ask whoever runs the network",
        ],
    ),
    case(
        Cause::CaUnreadable,
        Code::Tls,
        Who::You,
        "the certificates that RCLONE_CA_CERT names cannot be read",
        &["check the path in RCLONE_CA_CERT: a file in PEM form", "`unset RCLONE_CA_CERT`"],
    ),
    case(
        Cause::TimedOut,
        Code::Timeout,
        Who::Network,
        "Box did not answer in time",
        &[PORTS, "on a slow line allow more time: --timeout 5m"],
    ),
    // This machine.
    case(
        Cause::DiskFull,
        Code::Unknown,
        Who::You,
        "the disk is full, so rclone could not save",
        &["make room on the disk that holds your home directory: `df -h ~`", RUN_AGAIN],
    ),
    case(
        Cause::TooManyFiles,
        Code::Unknown,
        Who::You,
        "this process may not open enough files for rclone to run",
        &["allow more: `ulimit -n 1024`", "in a systemd unit: LimitNOFILE=1024"],
    ),
];

pub(super) fn explain(cause: Cause, asked: &Operation<'_>, facts: &Facts) -> Error {
    // A cause in neither place would show in the tests, where each is explained.
    let Some(known) = CASES.iter().find(|row| row.cause == cause) else {
        return super::program::unknown(asked);
    };
    let again = if asked.is_saved {
        format!("then check that it works: `pluton storage verify {:?}`", asked.storage)
    } else {
        super::AGAIN.to_owned()
    };
    let values = [
        ("{console}", CONSOLE.to_owned()),
        ("{admin}", ADMIN_APPS.to_owned()),
        ("{proxy}", facts.proxy.unwrap_or("HTTPS_PROXY").to_owned()),
        ("{authorized}", if asked.is_unattended() { "authorized" } else { "enabled" }.to_owned()),
        ("{again}", again),
        ("{letter}", app::letter(asked)),
        ("{other}", other_option(asked, "--root-folder-id", "ID")),
        ("{app}", app_of(asked)),
        ("{folder}", access::folder(asked)),
        ("{storage}", format!("{:?}", asked.storage)),
    ];
    let filled = |text: &str| values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let error = Error::new(known.code, filled(known.message)).responsible(known.who);
    let error = known.remedies.iter().fold(error, |error, remedy| {
        // A command at its end stands between backticks.
        let filled = filled(remedy);
        match filled.strip_suffix('`').and_then(|rest| rest.split_once('`')) {
            Some((text, command)) => error.hint_command(text.trim_end_matches(": "), command),
            None => error.hint(filled),
        }
    });
    known.about.iter().fold(error, |error, field| error.about(*field))
}
