//! What every command is run with: the global flags, after environment and preferences had their say.

mod preferences;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{Color, Global};
use crate::config::password::PasswordSource;
use crate::config::{self, ConfigFile};
use crate::context::preferences::Preferences;
use crate::error::Result;
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

    /// How the file was chosen, in words.
    pub(crate) fn why_this_config(&self) -> &'static str {
        match (self.rclone_config.is_some(), env::var_os("RCLONE_CONFIG").is_some()) {
            (true, _) => "from --rclone-config or config.toml",
            (false, true) => "from RCLONE_CONFIG",
            (false, false) => "where rclone itself looks",
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
