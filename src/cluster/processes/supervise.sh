#!/bin/sh
# Runs a command again whenever it ends, until this script is told to stop (SIGTERM): supervise.sh NAME LOG COMMAND...
# A shell, because it must outlive everything it watches and costs one megabyte.
name=$1 log=$2
shift 2
child=
trap 'trap "" TERM; [ -n "$child" ] && kill -TERM "$child" && wait "$child"; exit 0' TERM INT
delay=0
while :; do
  # What a crash prints is kept; the program's own log rotates by itself.
  [ "$(stat -c %s "$log" 2>/dev/null || echo 0)" -lt 1048576 ] || mv -f "$log" "$log.1"
  started=$(date +%s)
  "$@" >>"$log" 2>&1 &
  child=$!
  wait "$child"
  status=$?
  child=
  echo "$(date -u +%FT%TZ) $name ended with status $status" >>"$log"
  # At once after a long run; slower and slower, up to ten seconds, when it keeps failing.
  if [ $(($(date +%s) - started)) -ge 10 ]; then delay=0; else delay=$((delay < 10 ? delay + 1 : 10)); fi
  [ "$delay" -le 1 ] || { sleep "$delay" & wait $!; }
done
