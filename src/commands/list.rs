//! `pluton storage list`: from rclone.conf alone, no rclone started.

use super::show;
use crate::context::Context;
use crate::error::Result;
use crate::ui::report::Report;

pub(super) fn run(context: &Context) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    let rclone_config = file.path().to_owned();
    let names = document.sections_of_type("box").into_iter();
    let storages = names.map(|name| show::describe(&document, name, &rclone_config, false)).collect();
    Ok(Report::List { rclone_config, storages })
}
