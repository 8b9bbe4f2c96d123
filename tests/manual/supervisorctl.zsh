#compdef supervisorctl
# zsh completion of supervisorctl; {{generated}}

# Names of what the daemon has; the words are a call of supervisorctl with its options.
_supervisorctl_names() {
    local list code line
    list=$("$@" status 2>/dev/null </dev/null)
    code=$?
    # 0: all are up; 3: not all; anything else is no list
    [[ $code == 0 || $code == 3 ]] || return 0
    for line in ${(f)list}; do
        print -r -- ${line%% *}
        [[ ${line%% *} == *:* ]] && print -r -- "${${line%% *}%%:*}:*"
    done
    return 0
}

_supervisorctl() {
    local command previous word i
    local -a call candidates explained
    call=($words[1])
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        [[ -n $command ]] && break
        case $word in
            {{options_with_argument}})
                previous=$word
                i=$((i + 1))
                if ((i < CURRENT)); then
                    call+=($word $words[i])
                    previous=
                fi
                ;;
            -*) call+=($word) ;;
            *) command=$word ;;
        esac
    done
    if [[ -n $previous ]]; then
        case $previous in
            -c | --configuration | -r | --history-file) _files ;;
            --color) compadd auto always never ;;
        esac
    elif [[ -z $command && $words[CURRENT] == -* ]]; then
        compadd -- {{options}}
    elif [[ -z $command || $command == help ]]; then
        candidates=({{commands}})
        explained=(
{{explained}}
        )
        compadd -l -d explained -a candidates
    elif [[ $words[CURRENT] == -* ]]; then
        case $command in
{{flags}}
        esac
    else
        case $command in
            {{process_commands}}) candidates=(${(f)"$(_supervisorctl_names $call)"}) ;;
            {{group_commands}}) candidates=(${(f)"$(_supervisorctl_names $call | sed 's/:.*//')"}) ;;
        esac
        candidates=(${(u)candidates})
        compadd -a candidates
    fi
}

if [[ $funcstack[1] == _supervisorctl ]]; then _supervisorctl "$@"; fi
