//! What every command is run with: the global flags, then the environment, then config.toml. Reads config.toml, which
//! has preferences only; storages are in rclone.conf and nowhere else. Writes nothing.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::cli::{Color, Global};
use crate::config::crypt::PasswordSource;
use crate::config::{self, ConfigFile};
use crate::error::{Code, Error, Result};
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
    /// Reads the flags, the environment and config.toml.
    ///
    /// # Errors
    /// If config.toml is invalid, or the state directory belongs to another user.
    pub(crate) fn new(global: &Global) -> Result<Self> {
        config::check_owner()?;
        let preferences = Preferences::load()?;
        set_color(global.color.or(preferences.color).unwrap_or(Color::Auto));
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
            rclone: global.rclone.clone().or(from_env).or(preferences.rclone),
            rclone_config: global.rclone_config.clone().or_else(|| {
                // The environment comes before the preferences.
                env::var_os("RCLONE_CONFIG").is_none().then_some(preferences.rclone_config).flatten()
            }),
            timeout: preferences.timeout,
        })
    }

    /// Finds the rclone to use.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn rclone(&self, timeout: Option<Duration>) -> Result<Rclone> {
        let limit = timeout.or(self.timeout).unwrap_or(TIMEOUT);
        Rclone::find(self.rclone.as_deref(), limit, self.terminal)
    }

    /// The command that prints the password of an encrypted rclone.conf.
    pub(crate) fn password_command(&self) -> Option<&str> {
        self.password.command()
    }

    /// Finds the rclone.conf to use. Works without rclone too; rclone matters only if its rclone.conf is in its own directory.
    ///
    /// # Errors
    /// If the path is not a file, or there is no home directory.
    pub(crate) fn config_file(&self) -> Result<ConfigFile> {
        let rclone = self.rclone(None).ok();
        let path = config::find(self.rclone_config.as_deref(), rclone.as_ref().map(Rclone::program))?;
        Ok(ConfigFile::at(&path, self.password.clone()))
    }

    /// The other files of this user that some rclone could read.
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

    /// Whether plain `rclone` uses the same file.
    pub(crate) fn is_default_config(&self) -> bool {
        self.rclone_config.is_none()
    }
}

fn set_color(color: Color) {
    let choice = match color {
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
        Color::Auto if terminal::is_dumb() => anstream::ColorChoice::Never,
        Color::Auto => anstream::ColorChoice::Auto,
    };
    choice.write_global();
    if choice != anstream::ColorChoice::Auto {
        console::set_colors_enabled_stderr(choice == anstream::ColorChoice::Always);
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
    color: Option<Color>,
    /// How long rclone may take, for example "60s".
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
}

impl Preferences {
    /// A missing file means no preferences.
    fn load() -> Result<Self> {
        let Some(dirs) = directories::ProjectDirs::from("", "", "pluton") else { return Ok(Self::default()) };
        let path = dirs.config_dir().join("config.toml");
        let read = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| error.message().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.to_string()),
        };
        read.map_err(|why| {
            Error::new(Code::InvalidValue, format!("cannot use {}: {why}", path.display()))
                .hint("fix or delete that file")
        })
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map(Some).map_err(|why| D::Error::custom(format!("timeout: {why}")))
}

#[cfg(test)]
mod tests {
    use super::Preferences;

    #[test]
    fn only_known_preferences_with_good_values_are_taken() {
        let good: Preferences =
            toml::from_str("rclone = '/opt/rclone'\ncolor = 'never'\ntimeout = '2m'\n").expect("good");
        assert_eq!(good.timeout.map(|limit| limit.as_secs()), Some(120));
        for bad in ["storages = []", "color = 'blue'", "timeout = 'soon'", "rclone = 7"] {
            assert!(toml::from_str::<Preferences>(bad).is_err(), "{bad}");
        }
    }
}
