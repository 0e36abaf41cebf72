//! Mounts small disks, read-only ones, and files that cannot be moved. Each is unmounted when its value is dropped.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Args, Machine, skip};

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where not, that is said.
pub(crate) fn can_become_another() -> bool {
    let can = is_root() && Path::new("/usr/bin/setpriv").exists();
    if !can {
        skip("only root can become another user");
    }
    can
}

/// pluton run by another user, with this machine's rclone.conf.
pub(crate) fn as_user(m: &Machine, user: u32, groups: &str, args: impl Args) -> Command {
    let mut command = m.command("/usr/bin/setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={user}"), groups]);
    command.arg(m.beside("pluton")).args(args.list()).env("RCLONE_CONFIG", m.config());
    command
}

/// Lets every user of the machine pass through a directory, also where all temporary files are root's alone.
pub(crate) fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for dir in [std::env::temp_dir().as_path(), dir] {
        let mode = std::fs::metadata(dir).expect("a directory").permissions().mode();
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode | 0o055)).expect("chmod");
    }
}

pub(crate) struct Mount(PathBuf);

impl Mount {
    pub(crate) fn tmpfs(at: &Path, options: &str) -> Option<Self> {
        let args: [&OsStr; 6] =
            ["-t".as_ref(), "tmpfs".as_ref(), "-o".as_ref(), options.as_ref(), "tmpfs".as_ref(), at.as_ref()];
        mount(&args).then(|| Self(at.to_owned()))
    }

    pub(crate) fn bind(from: &Path, to: &Path) -> Option<Self> {
        mount(&["--bind".as_ref(), from.as_ref(), to.as_ref()]).then(|| Self(to.to_owned()))
    }

    pub(crate) fn read_only(dir: &Path) -> Option<Self> {
        let mount_point = Self::bind(dir, dir)?;
        mount(&["-o".as_ref(), "remount,ro,bind".as_ref(), dir.as_ref()]).then_some(mount_point)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(args: &[&OsStr]) -> bool {
    let done = is_root() && succeeds(Command::new("mount").args(args));
    if !done {
        skip("this machine does not let the tests mount");
    }
    done
}

/// A file that not even root can replace.
pub(crate) struct Immutable(PathBuf);

impl Immutable {
    pub(crate) fn new(file: &Path) -> Option<Self> {
        let done = is_root() && succeeds(Command::new("chattr").arg("+i").arg(file));
        if !done {
            skip("this machine has no immutable files");
        }
        done.then(|| Self(file.to_owned()))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        let _ = Command::new("chattr").arg("-i").arg(&self.0).status();
    }
}

/// Writes until the disk is full.
pub(crate) fn fill(file: &Path) {
    let mut filler = File::create(file).expect("a file");
    for size in [4096, 1] {
        while filler.write_all(&vec![b'#'; size]).is_ok() {}
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
