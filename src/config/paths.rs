//! Which rclone.conf rclone itself would use (fs/config/config.go), and Pluton's own directories.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result, Who};

const NAME: &str = "rclone.conf";

/// `flag`, else `RCLONE_CONFIG`, else the first that exists in rclone's own order, else where rclone would make it.
pub(crate) fn find(flag: Option<&Path>, rclone: Option<&Path>) -> Result<PathBuf> {
    if let Some(chosen) = flag.map(Path::to_owned).or_else(|| env::var_os("RCLONE_CONFIG").map(PathBuf::from)) {
        return if is_in_memory(&chosen) {
            Err(Error::new(
                Code::ConfigUnwritable,
                format!("the rclone.conf chosen, \"{}\", is kept in memory only", chosen.display()),
            )
            .responsible(Who::You)
            .hint("name a file with --rclone-config, or unset RCLONE_CONFIG"))
        } else {
            Ok(chosen)
        };
    }
    let places = places(rclone, &Env::real());
    places.iter().find(|place| place.exists()).or(places.last()).cloned().ok_or_else(|| {
        Error::new(Code::ConfigUnreadable, "no home directory, so no place for rclone.conf")
            .responsible(Who::You)
            .hint("set HOME, or name the file with --rclone-config")
    })
}

/// The other files that some rclone of this user could read.
pub(crate) fn others(than: &Path, rclone: Option<&Path>) -> Vec<PathBuf> {
    let mut real = vec![resolve(than)];
    let mut others = places(rclone, &Env::real());
    others.retain(|place| {
        let is_new = place.exists() && !real.contains(&resolve(place));
        real.push(resolve(place));
        is_new
    });
    others
}

/// What the order depends on.
struct Env {
    home: Option<PathBuf>,
    xdg: Option<OsString>,
    appdata: Option<OsString>,
}

impl Env {
    fn real() -> Self {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        Self { home, xdg: set("XDG_CONFIG_HOME"), appdata: set("APPDATA").filter(|_| cfg!(windows)) }
    }
}

/// In rclone's order; the last is where a new file goes.
fn places(rclone: Option<&Path>, env: &Env) -> Vec<PathBuf> {
    let beside =
        rclone.and_then(|program| program.canonicalize().ok()).and_then(|real| Some(real.parent()?.join(NAME)));
    let appdata = env.appdata.as_ref().map(|dir| Path::new(dir).join("rclone").join(NAME));
    let xdg = env.xdg.as_ref().map(|dir| Path::new(dir).join("rclone").join(NAME));
    let dot_config = env.home.as_ref().map(|home| home.join(".config/rclone").join(NAME));
    let dot = env.home.as_ref().map(|home| home.join(".rclone.conf"));
    let new = appdata.clone().or_else(|| xdg.clone()).or_else(|| dot_config.clone());
    [beside, appdata, xdg, dot_config, dot, new].into_iter().flatten().collect()
}

fn is_in_memory(path: &Path) -> bool {
    let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
    path.as_os_str().is_empty() || path == Path::new(null) || path.file_name().is_some_and(|name| name == "notfound")
}

/// The file behind every symbolic link, also where the last one points nowhere yet.
pub(super) fn resolve(path: &Path) -> PathBuf {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    match (path.parent().map(|dir| if dir.as_os_str().is_empty() { Path::new(".") } else { dir }), path.file_name()) {
        (Some(dir), Some(name)) => dir.canonicalize().map_or_else(|_| path.clone(), |dir| dir.join(name)),
        _ => path,
    }
}

/// What Pluton remembers from one run to the next. No storages.
pub(crate) fn state_dir() -> PathBuf {
    match directories::ProjectDirs::from("", "", "pluton") {
        Some(dirs) => dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_owned(),
        None => without_home(),
    }
}

#[cfg(unix)]
fn without_home() -> PathBuf {
    env::temp_dir().join(format!("pluton-{}", rustix::process::geteuid().as_raw()))
}

#[cfg(not(unix))]
fn without_home() -> PathBuf {
    env::temp_dir().join("pluton")
}

/// A path as people write it, with `~` for the home directory.
pub(crate) fn shown(path: &Path) -> String {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match home.as_deref().filter(|home| home.parent().is_some()).and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => Path::new("~").join(rest).display().to_string(),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Env, is_in_memory, places};

    #[test]
    fn the_order_is_rclone_s() {
        let env = |xdg: Option<&str>| Env { home: Some("/h".into()), xdg: xdg.map(Into::into), appdata: None };
        let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(
            places(None, &env(Some("/x"))),
            paths(&[
                "/x/rclone/rclone.conf",
                "/h/.config/rclone/rclone.conf",
                "/h/.rclone.conf",
                "/x/rclone/rclone.conf"
            ])
        );
        assert_eq!(
            places(None, &env(None)),
            paths(&["/h/.config/rclone/rclone.conf", "/h/.rclone.conf", "/h/.config/rclone/rclone.conf"])
        );
    }

    #[test]
    fn what_rclone_keeps_in_memory_is_known() {
        for path in ["", "/dev/null", "/a/notfound", "notfound"] {
            assert!(is_in_memory(Path::new(path)), "{path:?}");
        }
        assert!(!is_in_memory(Path::new("rclone.conf")));
    }
}
