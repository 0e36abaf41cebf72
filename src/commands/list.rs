//! `pluton storage list`: from rclone.conf alone, no rclone started.

use super::show;
use crate::context::Context;
use crate::error::Result;
use crate::ui::report::{Report, Row};

pub(super) fn run(context: &Context) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    let rclone_config = file.path().to_owned();
    let names = document.sections_of_type("box").into_iter();
    Ok(if context.json {
        let storages = names.map(|name| show::describe(&document, name, &rclone_config, false)).collect();
        Report::List { rclone_config, storages }
    } else {
        let row = |name: &str| {
            let (sign_in, token) = show::sign_in(&document, name);
            Row { name: name.to_owned(), sign_in, token }
        };
        Report::Table { rows: names.map(row).collect(), rclone_config }
    })
}
