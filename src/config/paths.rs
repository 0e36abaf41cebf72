//! Which rclone.conf rclone itself would use (fs/config/config.go), and where Pluton keeps its own files. Reads and
//! makes directories; writes no files in them.

use std::borrow::Cow;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files;
use crate::error::{Code, Error, Remedy, Result};

const NAME: &str = "rclone.conf";

/// `flag`, else `RCLONE_CONFIG`, else the first existing file in rclone's own order, else where rclone would create it.
///
/// # Errors
/// If that is not a file, or there is no home directory.
pub(crate) fn find(flag: Option<&Path>, rclone: Option<&Path>) -> Result<PathBuf> {
    if let Some(chosen) = flag.map(Path::to_owned).or_else(|| env::var_os("RCLONE_CONFIG").map(PathBuf::from)) {
        return if is_in_memory(&chosen) {
            Err(Error::new(
                Code::ConfigUnwritable,
                format!("the chosen rclone.conf, \"{}\", exists only in memory", chosen.display()),
            )
            .hint("name a file with --rclone-config, or unset RCLONE_CONFIG"))
        } else {
            Ok(chosen)
        };
    }
    let paths = paths(rclone);
    paths.iter().find(|path| path.exists()).or(paths.last()).cloned().ok_or_else(|| {
        Error::new(Code::ConfigUnreadable, "there is no home directory for rclone.conf")
            .hint("set HOME, or name the file with --rclone-config")
    })
}

/// The other files that an rclone of this user could read.
pub(crate) fn others(than: &Path, rclone: Option<&Path>) -> Vec<PathBuf> {
    let mut real = vec![resolve(than)];
    let mut others = paths(rclone);
    others.retain(|path| {
        let is_new = path.exists() && !real.contains(&resolve(path));
        real.push(resolve(path));
        is_new
    });
    others
}

/// Candidates in rclone's order; a new file is created at the last.
fn paths(rclone: Option<&Path>) -> Vec<PathBuf> {
    let in_dir_of =
        |variable| env::var_os(variable).filter(|dir| !dir.is_empty()).map(|dir| below(&PathBuf::from(dir)));
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    let beside = rclone.and_then(|program| Some(program.canonicalize().ok()?.with_file_name(NAME)));
    let appdata = in_dir_of("APPDATA").filter(|_| cfg!(windows));
    let xdg = in_dir_of("XDG_CONFIG_HOME");
    let dot_config = home.as_ref().map(|home| below(&home.join(".config")));
    let dot = home.as_ref().map(|home| home.join(".rclone.conf"));
    let new = appdata.clone().or_else(|| xdg.clone()).or_else(|| dot_config.clone());
    [beside, appdata, xdg, dot_config, dot, new].into_iter().flatten().collect()
}

fn below(dir: &Path) -> PathBuf {
    dir.join("rclone").join(NAME)
}

fn is_in_memory(path: &Path) -> bool {
    let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
    path.as_os_str().is_empty() || path == Path::new(null) || path.file_name().is_some_and(|name| name == "notfound")
}

/// The path with all symbolic links resolved, even if the last target does not exist yet.
pub(super) fn resolve(path: &Path) -> PathBuf {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    let real = path.file_name().and_then(|name| Some(directory(&path).canonicalize().ok()?.join(name)));
    real.unwrap_or(path)
}

pub(super) fn file_name(path: &Path) -> Cow<'_, str> {
    path.file_name().map_or(Cow::Borrowed(NAME), |name| name.to_string_lossy())
}

pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The state directory: what Pluton remembers between runs. It contains no storages.
pub(crate) fn state_dir() -> PathBuf {
    match directories::ProjectDirs::from("", "", "pluton") {
        Some(dirs) => dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_owned(),
        #[cfg(unix)]
        None => env::temp_dir().join(format!("pluton-{}", rustix::process::geteuid().as_raw())),
        #[cfg(not(unix))]
        None => env::temp_dir().join("pluton"),
    }
}

/// Staged sections while rclone verifies them: on a disk, not in memory, since a renewed token may have to be
/// recovered.
pub(super) fn staging() -> PathBuf {
    state_dir().join("staged")
}

/// The refresh locks, one for each storage.
pub(super) fn refresh_locks() -> PathBuf {
    state_dir().join("locks")
}

/// Private copies of whole rclone.confs.
pub(super) fn copies() -> PathBuf {
    state_dir().join("copies")
}

/// Creates one of these directories.
///
/// # Errors
/// If this user cannot write in it.
pub(super) fn make(dir: &Path) -> Result<()> {
    files::make_private_dir(dir).and_then(|()| files::may_write_in(dir)).map_err(|cause| unusable(dir, &cause))
}

/// The hint if Pluton's own files cannot be used: another user, usually root, has made them.
pub(super) fn unusable(path: &Path, cause: &io::Error) -> Error {
    let error = Error::disk(Code::Unknown, "create a private file in", path, cause);
    match foreign().first() {
        Some(_) => error.hint(give_back()),
        None => error.hint(format!("free some space there, and let this user write in {}", path.display())),
    }
}

pub(crate) fn give_back() -> Remedy {
    let command = format!("sudo chown -R \"$(id -un)\" '{}'", state_dir().display());
    Remedy::with_command("take back Pluton's own files", command)
}

/// Files in the state directory that belong to another user and may prevent a renewal.
pub(crate) fn foreign() -> Vec<PathBuf> {
    let own = [staging(), refresh_locks(), copies()];
    let inside: Vec<_> = own.iter().flat_map(|dir| entries(dir)).collect();
    let staged: Vec<_> = inside.iter().filter(|path| path.is_dir()).flat_map(|dir| entries(dir)).collect();
    let all = [state_dir()].into_iter().chain(own).chain(inside).chain(staged);
    all.filter(|path| files::foreign_owner(path).is_some()).collect()
}

pub(super) fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Without a home directory, the state is in a directory where every user can create files. One that belongs to another
/// user is neither read nor written.
///
/// # Errors
/// If it belongs to another user.
pub(crate) fn check_owner() -> Result<()> {
    if directories::BaseDirs::new().is_some() {
        return Ok(());
    }
    let dir = state_dir();
    let failed = |cause: &str| {
        Error::disk(Code::Unknown, "use", &dir, &cause).hint("set HOME to a directory that belongs to this user")
    };
    files::make_private_dir(&dir).map_err(|cause| failed(&cause.to_string()))?;
    let is_own = fs::symlink_metadata(&dir).is_ok_and(|data| data.is_dir()) && files::is_own(&dir);
    if is_own { Ok(()) } else { Err(failed("it belongs to another user")) }
}

/// A path as people write it, with `~` for the home directory.
pub(crate) fn shown(path: &Path) -> String {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match home.as_deref().filter(|home| home.parent().is_some()).and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => Path::new("~").join(rest).display().to_string(),
        None => path.display().to_string(),
    }
}
