//! Many storages listed by one rclone: starting one for each costs more than all their listings.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Rclone;
use crate::error::Result;

/// What does not answer soon is asked again by an rclone of its own, with more patience.
const LIMIT: Duration = Duration::from_secs(20);
const NETWORK: [&str; 6] = ["--contimeout", "5s", "--timeout", "10s", "--low-level-retries", "1"];

#[derive(Deserialize)]
struct Answers {
    results: Vec<Json>,
}

impl Rclone {
    /// How many folders each of `names` has, in their order. `None` where that failed, or where this rclone is too old to
    /// list several.
    pub(crate) fn list_batch(&self, config: &Path, names: &[&str], jobs: usize) -> Result<Vec<Option<usize>>> {
        let inputs: Vec<Json> = names
            .iter()
            .map(|name| {
                json!({"_path": "operations/list", "fs": format!("{name}:"), "remote": "",
                       "opt": {"dirsOnly": true, "noModTime": true, "noMimeType": true}})
            })
            .collect();
        let job = json!({"concurrency": jobs, "inputs": inputs}).to_string();
        let mut command = self.isolated(config);
        command.args(["rc", "--loopback", "job/batch", "--json", &job]).args(NETWORK);
        let outcome = self.run_watched(&mut command, &[], self.limit.min(LIMIT), &mut |_| {})?;
        let answers = outcome.success().then(|| serde_json::from_str::<Answers>(&outcome.stdout).ok()).flatten();
        let results = answers.map(|answers| answers.results).filter(|results| results.len() == names.len());
        let folders = |result: &Json| result.get("list")?.as_array().map(Vec::len);
        Ok(results.map_or_else(|| vec![None; names.len()], |results| results.iter().map(folders).collect()))
    }
}
