//! `pluton storage list`: from rclone.conf alone, no rclone started.

use crate::context::Context;
use crate::error::Result;
use crate::report::Report;

pub(super) fn run(context: &Context) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    let storages = document
        .sections()
        .into_iter()
        .filter(|name| document.get(name, "type").as_deref() == Some("box"))
        .map(|name| super::show::describe(&document, name, file.path(), false))
        .collect();
    Ok(Report::List { rclone_config: file.path().to_owned(), storages })
}
