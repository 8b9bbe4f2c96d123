#!/bin/sh
# Runs the demo in the foreground: `sh conf/demo/run.sh target/release/supervisord`, a path below the project.
set -eu
cd "$(dirname "$0")/../.."
case $1 in /*) program=$1 ;; *) program=./$1 ;; esac
mkdir -p run
cat <<TEXT
The demo runs until you press Ctrl-C. From another terminal, in this folder:

  $program ctl -c conf/demo.conf status            what runs
  $program ctl -c conf/demo.conf tail -f worker    what one of them says
  $program ctl -c conf/demo.conf restart 'herd:*'  a group of three
  $program ctl -c conf/demo.conf shutdown          the end
  http://127.0.0.1:9001/                             the status page
  http://127.0.0.1:8080/                             the web server it looks after
  run/                                               all logs; run/events.log hears of each change

TEXT
# As root one has to say so; anybody else runs it as they are.
user=
[ "$(id -u)" = 0 ] && user="--user=root"
# shellcheck disable=SC2086 # nothing, or one word
exec "$program" --nodaemon $user --configuration conf/demo.conf
