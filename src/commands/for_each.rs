//! One thing done to several storages: how many at a time, and what each came to.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::ui::report::StorageResult;

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
