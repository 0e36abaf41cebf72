//! `pluton storage list`: from rclone.conf alone, no rclone started.

use super::show;
use crate::context::Context;
use crate::error::Result;
use crate::ui::report::{Report, Row};

pub(super) fn run(context: &Context) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    let rclone_config = file.path().to_owned();
    let is_box = |name: &&str| document.get(name, "type").as_deref() == Some("box");
    let row = |name: &str| {
        let read = document.reader(name);
        (read("type").as_deref() == Some("box")).then(|| {
            let (sign_in, token) = show::sign_in(read);
            Row { name: name.to_owned(), sign_in, token }
        })
    };
    let names = document.sections().into_iter();
    Ok(if context.json {
        let storages =
            names.filter(is_box).map(|name| show::describe(&document, name, &rclone_config, false)).collect();
        Report::List { rclone_config, storages }
    } else {
        // All the room at once: it would be copied while it grows.
        let mut rows = Vec::with_capacity(names.len());
        rows.extend(names.filter_map(row));
        Report::Table { rows, rclone_config }
    })
}
