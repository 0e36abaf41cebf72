//! What users of `pluton storage add` may rely on: the built program, against the real rclone and a Box on this
//! machine.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod child;
mod dry_run;
mod elsewhere;
mod environment;
mod existing_name;
mod listing;
mod names;
mod network;
mod options;
mod oracle;
mod output;
mod places;
mod recovery;
mod sign_ins;
mod token_formats;

/// What a careful person's rclone.conf may look like; nothing in it is as rclone or pluton would write it.
const ODD: &str = "\u{feff}; kept by hand\r\n\r\n[local ]\r\ntype=local\r\n   nounc :  true\r\n\
    # token = {\"access_token\":\"not this one\"}\r\n[ s3 ]\n\ttype = s3\nprovider: AWS\n\n\n[local]\nencoding = None   # a value, no comment\n#end";
