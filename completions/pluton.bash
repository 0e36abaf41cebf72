# bash completion for pluton. Pluton itself is asked what fits; it reads rclone.conf and nothing else.

_pluton() {
    local reply line at
    COMPREPLY=()
    reply=$(PLUTON_COMPLETE=bash command pluton -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" "$COMP_TYPE" 2>/dev/null)
    case ${reply%%$'\n'*} in
    files)
        compopt -o default 2>/dev/null || while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$2")
        ;;
    command)
        for ((at = 1; at < COMP_CWORD; at++)); do
            [[ ${COMP_WORDS[at]} == -- ]] && break
        done
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset $((at + 1))
        elif declare -F _command_offset >/dev/null; then
            _command_offset $((at + 1))
        elif ((COMP_CWORD == at + 1)); then
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$2")
        else
            compopt -o default 2>/dev/null
        fi
        ;;
    values | open)
        [[ $reply == open* ]] && compopt -o nospace 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done <<<"$reply"
        COMPREPLY=("${COMPREPLY[@]:1}")
        ;;
    esac
}

if ((BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4))); then
    complete -o nosort -F _pluton pluton
else
    complete -F _pluton pluton
fi
