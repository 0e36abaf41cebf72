//! Pluton's own config.toml: preferences only. Storages live in rclone.conf and nowhere else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Code, Error, Result, Who};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preferences {
    /// The rclone to run.
    pub(crate) rclone: Option<PathBuf>,
    /// The rclone.conf to use.
    pub(crate) rclone_config: Option<PathBuf>,
    /// auto, always or never.
    pub(crate) color: Option<String>,
    /// How long rclone may take, for example "60s".
    timeout: Option<String>,
}

impl Preferences {
    /// A missing file means no preferences.
    pub(crate) fn load() -> Result<Self> {
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
            return Err(format!("color is {color:?}, but can be auto, always or never"));
        }
        if let Some(timeout) = &preferences.timeout {
            humantime::parse_duration(timeout).map_err(|error| format!("timeout: {error}"))?;
        }
        Ok(preferences)
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout.as_deref().and_then(|text| humantime::parse_duration(text).ok())
    }
}

fn wrong(path: &Path, why: &str) -> Error {
    Error::new(Code::InvalidValue, format!("{} cannot be used: {why}", path.display()))
        .responsible(Who::You)
        .hint("mend that file, or take it away")
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
