//! The terminal's modes while a person is asked, and the way back to the modes that the shell had set.

#[cfg(unix)]
pub(crate) use unix::EchoOff;
#[cfg(unix)]
pub(super) use unix::{Plain, Raw, forget_typed, restore};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use rustix::termios::{
        LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
    };

    /// The shell's own modes, while there are others.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    fn before() -> MutexGuard<'static, Option<Termios>> {
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(modes: &Termios) -> io::Result<()> {
        // At once: to wait until all output is read would hold up the way out.
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, modes)?)
    }

    /// Puts the shell's modes back. Safe from any thread.
    pub(in super::super) fn restore() {
        if let Some(modes) = before().take() {
            let _ = set(&modes);
        }
    }

    /// Drops what was typed before there was a question for it.
    pub(in super::super) fn forget_typed() {
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }

    /// Other modes than outside of it, until it is dropped.
    #[derive(Debug)]
    struct Changed {
        outside: Termios,
        is_outermost: bool,
    }

    impl Changed {
        fn by(change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
            let outside = tcgetattr(io::stdin())?;
            let mut modes = outside.clone();
            change(&mut modes);
            let mut shell = before();
            let is_outermost = shell.is_none();
            shell.get_or_insert_with(|| outside.clone());
            drop(shell);
            let changed = Self { outside, is_outermost };
            set(&modes)?;
            Ok(changed)
        }
    }

    impl Drop for Changed {
        fn drop(&mut self) {
            if self.is_outermost {
                restore();
            } else {
                let _ = set(&self.outside);
            }
        }
    }

    /// While it lives, what is typed between two questions does not show: it may be a token that was pasted too soon.
    #[derive(Debug)]
    pub(crate) struct EchoOff {
        _changed: Option<Changed>,
    }

    impl EchoOff {
        pub(crate) fn begin() -> Self {
            Self { _changed: Changed::by(|modes| modes.local_modes.remove(LocalModes::ECHO)).ok() }
        }
    }

    /// While it lives, lines are read and shown as any program's are.
    pub(in super::super) struct Plain {
        _changed: Option<Changed>,
    }

    impl Plain {
        pub(in super::super) fn begin() -> Self {
            Self { _changed: Changed::by(|modes| modes.local_modes.insert(LocalModes::ECHO | LocalModes::ICANON)).ok() }
        }
    }

    /// While it lives, every key arrives at once and none shows. Ctrl-C is a key too.
    pub(in super::super) struct Raw {
        _changed: Changed,
    }

    impl Raw {
        pub(in super::super) fn begin() -> io::Result<Self> {
            let changed = Changed::by(|modes| {
                modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
                modes.special_codes[SpecialCodeIndex::VMIN] = 0;
                modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            })?;
            Ok(Self { _changed: changed })
        }
    }
}

/// Other systems' terminals keep their modes.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct EchoOff;

#[cfg(not(unix))]
impl EchoOff {
    pub(crate) fn begin() -> Self {
        Self
    }
}

#[cfg(not(unix))]
pub(super) struct Plain;

#[cfg(not(unix))]
impl Plain {
    pub(super) fn begin() -> Self {
        Self
    }
}

#[cfg(not(unix))]
pub(super) fn restore() {}

#[cfg(not(unix))]
pub(super) fn forget_typed() {}
