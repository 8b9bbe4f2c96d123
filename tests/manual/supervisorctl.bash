# bash completion of supervisorctl; {{generated}}

# Names of what the daemon has; the words are a call of supervisorctl with its options.
_supervisorctl_names() {
    local list code name rest
    list=$("$@" status 2>/dev/null </dev/null)
    code=$?
    # 0: all are up; 3: not all; anything else is no list
    [[ $code == 0 || $code == 3 ]] || return
    while read -r name rest; do
        printf '%s\n' "$name"
        if [[ $name == *:* ]]; then printf '%s:*\n' "${name%%:*}"; fi
    done <<<"$list"
}

_supervisorctl() {
    # words as the user sees them: bash cuts its own at : and =
    local line=${COMP_LINE:0:COMP_POINT} command= previous= word i
    local -a words call
    read -ra words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then words+=(""); fi
    local last=$((${#words[@]} - 1))
    local current=${words[last]}
    call=("${words[0]}")
    COMPREPLY=()
    for ((i = 1; i < last; i++)); do
        word=${words[i]}
        if [[ -n $command ]]; then break; fi
        case $word in
            {{options_with_argument}})
                previous=$word
                i=$((i + 1))
                if ((i < last)); then
                    call+=("$word" "${words[i]}")
                    previous=
                fi
                ;;
            -*) call+=("$word") ;;
            *) command=$word ;;
        esac
    done
    local candidates=
    if [[ -n $previous ]]; then
        case $previous in
            -c | --configuration | -r | --history-file) COMPREPLY=($(compgen -f -- "$current")) ;;
            --color) COMPREPLY=($(compgen -W "auto always never" -- "$current")) ;;
        esac
        return
    elif [[ -z $command && $current == -* ]]; then
        candidates="{{options}}"
    elif [[ -z $command ]]; then
        candidates="{{commands}}"
    else
        case $command in
            {{process_commands}}) candidates=$(_supervisorctl_names "${call[@]}") ;;
            {{group_commands}}) candidates=$(_supervisorctl_names "${call[@]}" | sed 's/:.*//' | sort -u) ;;
            help) candidates="{{commands}}" ;;
        esac
        if [[ $current == -* ]]; then
            case $command in
{{flags}}
            esac
        fi
    fi
    local IFS=$'\n'
    if [[ $candidates != *$'\n'* ]]; then candidates=${candidates// /$'\n'}; fi
    for word in $(printf '%s\n' "$candidates" | sort -u); do
        if [[ $word == "$current"* ]]; then COMPREPLY+=("$word"); fi
    done
    # bash puts the candidate behind the last colon, so what stands before it goes
    if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
        local before=${current%"${current##*:}"}
        COMPREPLY=("${COMPREPLY[@]#"$before"}")
    fi
}

complete -F _supervisorctl supervisorctl
