# fish completion of supervisorctl; {{generated}}

# The words of the line: those of the call on the first lines, then its command.
function __supervisorctl_words
    set -l words (commandline -opc)
    set -l call $words[1]
    set -l index 2
    while test $index -le (count $words)
        switch $words[$index]
            case {{options_with_argument}}
                set -a call $words[$index]
                set index (math $index + 1)
                test $index -le (count $words); and set -a call $words[$index]
            case '-*'
                set -a call $words[$index]
            case '*'
                test "$argv[1]" = command; and echo $words[$index]
                break
        end
        set index (math $index + 1)
    end
    test "$argv[1]" = call; and printf '%s\n' $call
    return 0
end

function __supervisorctl_is
    contains -- (__supervisorctl_words command | string collect) $argv
end

# Names of what the daemon has.
function __supervisorctl_names
    set -l call (__supervisorctl_words call)
    set -l list ($call status 2>/dev/null </dev/null)
    # 0: all are up; 3: not all; anything else is no list
    contains -- $status 0 3; or return 0
    for line in $list
        set -l name (string split -m 1 ' ' -- $line)[1]
        echo $name
        string match -q '*:*' -- $name; and echo (string split -m 1 ':' -- $name)[1]':*'
    end | sort -u
end

function __supervisorctl_groups
    __supervisorctl_names | string replace -r ':.*' '' | sort -u
end

complete -c supervisorctl -f
{{fish_options}}
{{fish_commands}}
{{fish_flags}}
complete -c supervisorctl -n '__supervisorctl_is {{process_words}}' -a '(__supervisorctl_names)'
complete -c supervisorctl -n '__supervisorctl_is {{group_words}}' -a '(__supervisorctl_groups)'
