#!/bin/sh
# An event listener: one event at a time, each answered. Its stdout belongs to
# the protocol, so what it has to say goes to stderr.
while :; do
    printf 'READY\n'
    IFS= read -r header || exit 0
    body=$(head -c "${header##*len:}")
    event=${header##*eventname:}
    echo "$(date '+%H:%M:%S') ${event%% *} $body" >&2
    printf 'RESULT 2\nOK'
done
