#!/bin/sh
# Works a little, says so, and goes home when asked.
trap 'echo "worker ${WHO:-} stops"; exit 0' TERM
count=0
while :; do
    count=$((count + 1))
    echo "$(date '+%H:%M:%S') worker ${WHO:-} has done $count"
    # In the background, so that the trap runs at once.
    sleep "${INTERVAL:-2}" &
    wait $!
done
