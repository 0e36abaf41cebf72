//! The folder owner's plan: quota and the largest file.

use super::error::error;
use crate::exchange::Answer;
use crate::state::State;

/// Refuses `size` more bytes in one file of `owner`.
pub(super) fn check(state: &State, owner: &str, size: u64) -> Result<(), Answer> {
    let account = &state.users[owner];
    if size > account.max_upload_size {
        return Err(error(403, "file_size_limit_exceeded", "File size exceeds the folder owner's file size limit"));
    }
    let used = account.space_used + state.tree.used(owner);
    if used + size > account.space_amount {
        return Err(error(403, "storage_limit_exceeded", "Account storage limit reached"));
    }
    Ok(())
}
