#!/bin/sh
# Runs the demo in the foreground: `sh conf/demo/run.sh path/of/supervisord`.
set -eu
program=$(realpath "$1")
cd "$(dirname "$0")/../.."
mkdir -p run
ln -sf "$program" run/supervisorctl
cat <<TEXT
The demo runs until you press Ctrl-C. From another terminal, in this folder:

  run/supervisorctl -c conf/demo.conf status        what runs
  run/supervisorctl -c conf/demo.conf tail -f worker
  run/supervisorctl -c conf/demo.conf restart 'herd:*'
  run/supervisorctl -c conf/demo.conf               a shell for more of these
  http://127.0.0.1:9001/                       the status page
  http://127.0.0.1:8080/                       the web server it looks after
  run/                                         all logs; run/events.log hears of each change

TEXT
# As root one has to say so; anybody else runs it as they are.
user=
[ "$(id -u)" = 0 ] && user="--user=root"
# shellcheck disable=SC2086 # nothing, or one word
exec "$program" --nodaemon $user --configuration conf/demo.conf
