//! What every command is run with: the global flags, then the environment, then config.toml, which holds preferences only.
//! Reads that file; storages are in rclone.conf and nowhere else.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::cli::{Color, Global};
use crate::config::password::PasswordSource;
use crate::config::{self, ConfigFile};
use crate::error::{Code, Error, Result, Who};
use crate::rclone::Rclone;
use crate::ui::terminal::{self, Terminal, Volume};

const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) terminal: Terminal,
    pub(crate) json: bool,
    rclone: Option<PathBuf>,
    rclone_config: Option<PathBuf>,
    password: PasswordSource,
    timeout: Option<Duration>,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Result<Self> {
        config::check_owner()?;
        let preferences = Preferences::load()?;
        let named = preferences.color.as_deref().and_then(|name| clap::ValueEnum::from_str(name, false).ok());
        set_colour(global.color.or(named).unwrap_or(Color::Auto));
        let volume = match (global.quiet, global.verbose) {
            (true, _) => Volume::Quiet,
            (_, true) => Volume::Verbose,
            _ => Volume::Normal,
        };
        let from_env = env::var_os("PLUTON_RCLONE").filter(|path| !path.is_empty()).map(PathBuf::from);
        let terminal = Terminal::new(volume, global.no_input, global.json);
        Ok(Self {
            terminal,
            password: PasswordSource::new(global.password_command.clone(), terminal),
            json: global.json,
            rclone: global.rclone.clone().or(from_env).or_else(|| preferences.rclone.clone()),
            rclone_config: global.rclone_config.clone().or_else(|| {
                // The environment comes before the preferences.
                env::var_os("RCLONE_CONFIG").is_none().then(|| preferences.rclone_config.clone()).flatten()
            }),
            timeout: preferences.timeout(),
        })
    }

    pub(crate) fn rclone(&self, timeout: Option<Duration>) -> Result<Rclone> {
        let limit = timeout.or(self.timeout).unwrap_or(TIMEOUT);
        Rclone::find(self.rclone.as_deref(), limit, self.terminal)
    }

    /// What prints the password of an encrypted rclone.conf.
    pub(crate) fn password_command(&self) -> Option<&str> {
        self.password.command()
    }

    /// Works without an rclone too: only one that keeps its config beside itself matters.
    pub(crate) fn config_file(&self) -> Result<ConfigFile> {
        let rclone = self.rclone(None).ok();
        let path = config::find(self.rclone_config.as_deref(), rclone.as_ref().map(Rclone::program))?;
        Ok(ConfigFile::at(&path, self.password.clone()))
    }

    /// The other files of this user that some rclone could read, as far as they can be read now.
    pub(crate) fn other_config_files(&self) -> Vec<ConfigFile> {
        let rclone = self.rclone(None).ok();
        let Ok(present) = self.config_file() else { return Vec::new() };
        let others = config::others(present.path(), rclone.as_ref().map(Rclone::program));
        others.iter().map(|path| ConfigFile::at(path, self.password.clone())).collect()
    }

    /// How the file was chosen, for people.
    pub(crate) fn why_this_config(&self) -> &'static str {
        match (self.rclone_config.is_some(), env::var_os("RCLONE_CONFIG").is_some()) {
            (true, _) => "from --rclone-config or config.toml",
            (false, true) => "from RCLONE_CONFIG",
            (false, false) => "rclone's default",
        }
    }

    /// Whether a plain `rclone` would use the same file without being told.
    pub(crate) fn is_default_config(&self) -> bool {
        self.rclone_config.is_none()
    }
}

fn set_colour(color: Color) {
    let choice = match color {
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
        Color::Auto if terminal::is_dumb() => anstream::ColorChoice::Never,
        Color::Auto => anstream::ColorChoice::Auto,
    };
    choice.write_global();
    match choice {
        anstream::ColorChoice::Always => console::set_colors_enabled_stderr(true),
        anstream::ColorChoice::Never => console::set_colors_enabled_stderr(false),
        _ => {}
    }
}

/// config.toml.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preferences {
    /// The rclone to run.
    rclone: Option<PathBuf>,
    /// The rclone.conf to use.
    rclone_config: Option<PathBuf>,
    /// auto, always or never.
    color: Option<String>,
    /// How long rclone may take, for example "60s".
    timeout: Option<String>,
}

impl Preferences {
    /// A missing file means no preferences.
    fn load() -> Result<Self> {
        let Some(dirs) = directories::ProjectDirs::from("", "", "pluton") else { return Ok(Self::default()) };
        let path = dirs.config_dir().join("config.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|why| wrong(&path, &why)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(wrong(&path, &error.to_string())),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let preferences: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        if let Some(color) = preferences.color.as_deref().filter(|color| !["auto", "always", "never"].contains(color)) {
            return Err(format!("color must be auto, always or never, not {color:?}"));
        }
        if let Some(timeout) = &preferences.timeout {
            humantime::parse_duration(timeout).map_err(|error| format!("timeout: {error}"))?;
        }
        Ok(preferences)
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout.as_deref().and_then(|text| humantime::parse_duration(text).ok())
    }
}

fn wrong(path: &Path, why: &str) -> Error {
    Error::new(Code::InvalidValue, format!("cannot use {}: {why}", path.display()))
        .responsible(Who::You)
        .hint("fix or delete that file")
}

#[cfg(test)]
mod tests {
    use super::Preferences;

    #[test]
    fn only_known_preferences_with_good_values_are_taken() {
        let good = Preferences::parse("rclone = '/opt/rclone'\ncolor = 'never'\ntimeout = '2m'\n").expect("good");
        assert_eq!(good.timeout().map(|limit| limit.as_secs()), Some(120));
        for bad in ["storages = []", "color = 'blue'", "timeout = 'soon'", "rclone = 7"] {
            assert!(Preferences::parse(bad).is_err(), "{bad}");
        }
    }
}
