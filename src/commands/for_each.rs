//! One thing done to several storages: which ones, how many at a time, and what each came to.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::pick;
use super::show::require_box;
use crate::cli::Which;
use crate::config::document::Document;
use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::ui::report::StorageResult;

/// The storages that `which` names. `command` is what is to be done to them, for those who named none.
pub(super) fn names(context: &Context, file: &ConfigFile, which: &Which, command: &str) -> Result<Vec<String>> {
    let document = &file.read()?;
    if which.all {
        let names = boxes(document);
        return if names.is_empty() { Err(none_in(file)) } else { Ok(names) };
    }
    if which.names.is_empty() {
        return pick::some(context, file, document, &format!("pluton storage {command} NAME (or --all)"));
    }
    for name in &which.names {
        require_box(document, name)?;
    }
    Ok(which.names.clone())
}

/// A timer that reads the wrong rclone.conf must not seem to do its work.
fn none_in(file: &ConfigFile) -> Error {
    let place = config::shown(file.path());
    Error::new(Code::StorageNotFound, format!("there is no Box storage in {place}"))
        .responsible(Who::You)
        .hint("if they are in another rclone.conf, name it with --rclone-config, or set HOME as it was when they were added")
        .hint_command("add one", "pluton storage add box")
}

/// Every Box storage, in the file's order.
pub(super) fn boxes(document: &Document) -> Vec<String> {
    document.sections_of_type("box").into_iter().map(str::to_owned).collect()
}

/// Does `work` for each item, `jobs` at a time. The results are in the order of the items.
pub(super) fn in_parallel<T: Sync, R: Send + Sync>(items: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let _ = results[index].set(work(item));
                }
            });
        }
    });
    results.into_iter().filter_map(OnceLock::into_inner).collect()
}

impl StorageResult {
    pub(super) fn good(name: &str, outcome: &'static str) -> Self {
        Self { name: name.to_owned(), ok: true, outcome: Some(outcome), ..Self::default() }
    }

    pub(super) fn failed(name: &str, error: Error) -> Self {
        Self { name: name.to_owned(), error: Some(error), ..Self::default() }
    }
}
