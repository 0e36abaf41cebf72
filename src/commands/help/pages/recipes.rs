//! `pluton help ci`: backups where nobody sits, each as text to copy.

pub(super) const CI: &str = "\
A refresh token of Box works once, so a token in a CI secret is spent by the first job that uses it. Use a service account or client credentials: nothing of theirs is spent.

GitHub Actions:

    - name: Back up to Box
      env:
        CI: true
        PLUTON_BOX_CLIENT_ID: ${{ vars.BOX_CLIENT_ID }}
        PLUTON_BOX_CLIENT_SECRET: ${{ secrets.BOX_CLIENT_SECRET }}
        RESTIC_PASSWORD: ${{ secrets.RESTIC_PASSWORD }}
      run: |
        pluton storage add box backups --client-credentials \\
          --box-subject enterprise:123
        pluton run backups -- restic -r rclone:backups:restic backup .

GitLab CI, with BOX_CONFIG_JSON as a variable of type File:

    backup:
      variables:
        CI: \"true\"
      script:
        - pluton storage add box backups --box-config-file \"$BOX_CONFIG_JSON\"
        - pluton run backups -- restic -r rclone:backups:restic backup .

Ansible. It may run again: where nothing changes, it says so.

    - name: Connect Box
      ansible.builtin.command:
        cmd: >-
          pluton storage add box backups --json
          --box-config-file /etc/box/config.json
      register: box
      changed_when: (box.stdout | from_json).changed

systemd, with secrets as credentials. /etc/systemd/system/box-backup.service:

    [Service]
    Type=oneshot
    StateDirectory=box-backup
    Environment=HOME=%S/box-backup
    Environment=RESTIC_PASSWORD_FILE=%d/restic-password
    LoadCredential=client-secret:/etc/box-backup/client-secret
    LoadCredential=restic-password:/etc/box-backup/restic-password
    ExecStart=pluton apply /etc/box-backup/storages.toml
    ExecStart=pluton run backups -- restic -r rclone:backups:restic backup /home

/etc/box-backup/storages.toml:

    [storage.backups]
    provider = \"box\"
    client_id = \"the app's client ID\"
    client_secret = { credential = \"client-secret\" }
    box_subject_type = \"enterprise\"
    box_subject_id = 123

and /etc/systemd/system/box-backup.timer:

    [Timer]
    OnCalendar=daily
    Persistent=true

    [Install]
    WantedBy=timers.target

Monitoring. A sign-in that Box has ended lists well until its token expires, so renew it too; a failure exits other than 0 and says what to do:

    pluton storage verify --all --renew --fail-within 14d --quiet

Docker. Mount the directory that holds rclone.conf, writable, and never the single file: rclone replaces the file when it saves a renewed token.

    docker run --rm -v /srv/rclone:/config/rclone \\
      -e RCLONE_CONFIG=/config/rclone/rclone.conf -e RESTIC_PASSWORD IMAGE \\
      pluton run backups -- restic -r rclone:backups:restic backup /data";
