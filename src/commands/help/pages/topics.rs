//! The texts of `pluton help TOPIC`, at any time and without a question.

use super::recipes::CI;
use super::{client_credentials, errors, other_machine, own_app, service_account, subject};

/// What `pluton help` explains beside the commands.
pub(crate) const TOPICS: [&str; 9] =
    ["own-app", "service-account", "client-credentials", "headless", "limits", "ci", "json", "options", "errors"];

pub(crate) fn topic(name: &str) -> Option<String> {
    Some(match name {
        "own-app" => format!(
            "{}\n\nThen:\n\n    pluton storage add box NAME --authorize \\\n      --client-id ID --client-secret-file FILE\n\n{COMPARED}",
            own_app()
        ),
        "service-account" => format!("{}\n\n{SERVICE_ACCOUNT_MORE}\n\n{COMPARED}", service_account()),
        "client-credentials" => {
            format!("{}\n{}\n\n{CLIENT_CREDENTIALS_MORE}\n\n{COMPARED}", client_credentials(), subject())
        }
        "headless" => format!("{}\n\n{HEADLESS_MORE}", other_machine(None)),
        "limits" => LIMITS.to_owned(),
        "ci" => CI.to_owned(),
        "errors" => errors::all(),
        _ => return errors::of(name),
    })
}

/// Box renames its consoles; a reader should know how old the names are.
const COMPARED: &str = "Names in Box's consoles compared with Box's documentation: 2026-11.";

const SERVICE_ACCOUNT_MORE: &str = "\
A Box admin authorizes the app in the Admin Console, Platform, Platform Apps (formerly
Integrations, Platform Apps Manager), Server Authentication Apps, Add +. One-Click Authorization
on the app's Configuration tab does it for an admin, and asks one for anybody else. An app of a
free developer account is authorized already.

To act as users (--impersonate), the app needs App + Enterprise Access, and under Advanced
Features \"Generate user access tokens\" and \"Make API calls using the as-user header\". After
each change of these the admin authorizes the app again.

Then:

    pluton storage add box NAME --box-config-file config.json

The service account has files of its own and sees no one else's. To back up into a folder of
yours, share that folder with the account's login (pluton storage show NAME tells it, and
which folders are shared already), role Editor, and name the folder with --root-folder-id.

Its token ends after 60 minutes. Run backups through `pluton run NAME -- COMMAND`, or install
the timer that `pluton storage refresh --print-timer systemd` prints.";

const CLIENT_CREDENTIALS_MORE: &str = "\
A Box admin authorizes the app in the Admin Console, Platform, Platform Apps (formerly
Integrations, Platform Apps Manager), Server Authentication Apps, Add +; One-Click Authorization
on the app's Configuration tab does it for an admin, and asks one for anybody else. For user:ID
the app also needs App + Enterprise Access and \"Generate user access tokens\" (Advanced Features).

Then:

    pluton storage add box NAME --client-credentials --client-id ID \\
      --client-secret-file FILE --box-subject enterprise:ID

The token ends after 60 minutes, and rclone cannot renew it: Box wants to be told for whom, and
rclone does not say it. Run backups through `pluton run NAME -- COMMAND`, or install the timer
that `pluton storage refresh --print-timer systemd` prints.";

const HEADLESS_MORE: &str = "\
Then, here (- instead of FILE reads standard input):

    pluton storage add box NAME --token-file FILE

Or sign in here through a forwarded port. On the machine with the browser:

    ssh -L 53682:127.0.0.1:53682 SERVER

and on the server:

    pluton storage add box NAME --authorize --no-browser

Or, where pluton is on both machines, on the one with the browser:

    pluton storage add box NAME --on USER@SERVER

It signs in there and hands the token over ssh to pluton on the server, which proves and saves
the storage. StorageResult server gets a sign-in of its own.

The token works once and for one machine: do not copy rclone.conf to a second one.";

const LIMITS: &str = "\
The largest file, by the plan of the folder's owner:

    Free                 250 MB
    Starter                2 GB
    Business               5 GB
    Business Plus         15 GB
    Enterprise            50 GB
    Enterprise Plus      150 GB
    Enterprise Advanced  500 GB

Requests: 1000 a minute for each user, uploads 240 a minute. Files in the trash count against
the space. A service account usually has 10 GB. `pluton storage verify --fail-above 90%` fails
before it is used up.

Requests a month, by the plan, as third parties report it (Box tells no plan, so Pluton
cannot say which is yours): Business 50,000, Enterprise 100,000, Enterprise Advanced 200,000.

Larger packs take fewer requests. The first backup of 160 MiB by restic 0.14 through rclone
1.75.2, counted at a loopback Box:

    restic --pack-size 16                            69 requests, 14 uploads
    restic --pack-size 64,  --upload-cutoff 100Mi    41 requests,  7 uploads
    restic --pack-size 128, --upload-cutoff 200Mi    37 requests,  6 uploads

Keep the cutoff above the pack size, since a larger file is uploaded in parts, which takes
requests of its own: pluton storage edit NAME --upload-cutoff 100Mi

An access token lives for 60 minutes. A sign-in that nobody uses for 60 days ends.
A refresh token works once: two machines must not share one.

pluton storage show NAME tells what your account has.";
