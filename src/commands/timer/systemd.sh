# To install: pluton storage refresh --print-timer systemd | sh
set -e
# A proxy's password may be in it.
umask 077
units="${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user"
mkdir -p "$units"
cat >"$units/pluton-refresh.service" <<'END'
[Unit]
Description=Keep Box storages signed in

[Service]
Type=oneshot
@ENVIRONMENT@ExecStart=@COMMAND@
END
cat >"$units/pluton-refresh.timer" <<'END'
[Unit]
Description=Keep Box storages signed in

[Timer]
OnBootSec=1min
OnActiveSec=1min
OnUnitActiveSec=@MINUTES@min

[Install]
WantedBy=timers.target
END
systemctl --user daemon-reload
systemctl --user enable --now pluton-refresh.timer
# While nobody is logged in, it runs only after: loginctl enable-linger
