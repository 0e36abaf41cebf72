# fish completion for pluton. Pluton itself is asked what fits; it reads rclone.conf and nothing else.

function __pluton_ask
    set -l current (commandline -ct)
    PLUTON_COMPLETE=fish command pluton -- (commandline -opc) "$current" 2>/dev/null
end

function __pluton_files
    set -l reply (__pluton_ask)
    test "$reply[1]" = files
end

function __pluton_values
    set -l reply (__pluton_ask)
    switch "$reply[1]"
        case values open
            printf '%s\n' $reply[2..]
        case command
            set -l words (commandline -opc)
            set -l at (contains -i -- -- $words)
            complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..]) (commandline -ct))
    end
end

complete -c pluton -k -f -a '(__pluton_values)'
complete -c pluton -n __pluton_files -F
