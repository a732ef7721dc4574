#!/usr/bin/env bash
# The demo: a local Neo4j, a made-up company's telemetry (or the caller's own
# logs), the hunt, the API. Run by the Makefile's up, demo and down.
#
#   demo.sh demo [FOLDER]   all of it; FOLDER holds the caller's logs
#   demo.sh up              the database only
#   demo.sh down            stops whatever of it runs
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$root/build/taskroot
state=$root/build/demo
api_pid=$state/api.pid
mkdir -p "$state"

say() { printf '\n== %s\n' "$*"; }

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A process id may belong to another by now, so its command line must fit too.
api_runs() {
  local pid command
  pid=$(cat "$api_pid" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
  if [ -r "/proc/$pid/cmdline" ]; then
    command=$(tr '\0' ' ' <"/proc/$pid/cmdline")
  else
    command=$(ps -o command= -p "$pid") || return 1
  fi
  [[ $command == "$bin serve "* ]]
}

stop_api() {
  if api_runs; then
    local pid tries=0
    pid=$(cat "$api_pid")
    kill "$pid"
    while api_runs && [ $tries -lt 150 ]; do sleep 0.1; tries=$((tries + 1)); done
    if api_runs; then kill -KILL "$pid"; fi
    echo "The API is down."
  fi
  rm -f "$api_pid"
}

# Each set of logs has a database of its own: what is rare among one company's
# hosts must not be counted together with another's.
database_of() {
  if [ -z "$1" ]; then
    echo "$state/company/db"
  else
    echo "$state/own-$(printf '%s' "$1" | cksum | cut -d' ' -f1)/db"
  fi
}

stop_databases() { # all but $1
  local dir
  for dir in "$state"/*/db; do
    [ -f "$dir/server.json" ] && [ "$dir" != "${1:-}" ] || continue
    "$bin" db down --dir "$dir"
  done
}

start_database() {
  local dir=$1
  stop_databases "$dir"
  mkdir -p "$dir"
  local ports=() status
  status=$("$bin" db status --dir "$dir")
  if ! grep -qE '^state +(running|starting)$' <<<"$status" && { port_answers 7687 || port_answers 7474; }; then
    echo "Port 7687 or 7474 is in use here; taking free ones."
    ports=(--bolt-port 0 --http-port 0)
  fi
  "$bin" db up --dir "$dir" "${ports[@]}"
}

start_api() {
  stop_api
  local port=8844
  while port_answers "$port" && [ "$port" -lt 8864 ]; do port=$((port + 1)); done
  local away=nohup
  command -v setsid >/dev/null && away=setsid
  "$away" "$bin" serve --listen "127.0.0.1:$port" </dev/null >"$state/api.log" 2>&1 &
  echo $! >"$api_pid"
  local tries=0
  until port_answers "$port"; do
    tries=$((tries + 1))
    if [ $tries -gt 150 ] || ! kill -0 "$(cat "$api_pid")" 2>/dev/null; then
      echo "The API did not start; $state/api.log ends:" >&2
      tail -n 5 "$state/api.log" >&2
      return 1
    fi
    sleep 0.1
  done
  api="http://127.0.0.1:$port"
}

value_of() { sed -n "s/^ *\"$2\": \"\(.*\)\",\{0,1\}\$/\1/p" "$1" | head -n 1; }

demo() {
  local logs=${1:-}
  if [ -n "$logs" ]; then
    [ -e "$logs" ] || { echo "demo: $logs is not there" >&2; exit 2; }
    logs=$(cd "$logs" 2>/dev/null && pwd || realpath "$logs")
  fi
  local dir
  dir=$(database_of "$logs")
  say "A local Neo4j"
  start_database "$dir"
  if [ -z "$logs" ]; then
    logs=$state/company/logs
    say "A small company's telemetry (made up, with planted tasks)"
    rm -rf "$logs"
    "$bin" generate --hosts "${HOSTS:-25}" --days "${DAYS:-2}" --seed "${SEED:-1}" --format evtx-json --out "$logs"
  fi
  say "Loading $logs"
  "$bin" load "$logs"
  say "Hunting: tasks whose process tree reaches a rare domain"
  "$bin" hunt run task-to-rare-domain
  say "The API"
  start_api
  cat <<END
API       $api/v1/find/tasks-reaching-rare-domains
          $api/v1/openapi.json
Browser   $(value_of "$dir/connection.json" browser)
          user neo4j, password in $dir/password

Try next:
  build/taskroot find --list
  build/taskroot find tasks-reaching-rare-domains --max-hosts 2 --min-depth 3
  in the Browser: MATCH path = (:Task)-[:SPAWNED]->+(:Process)-[:CONNECTED]->(:Endpoint) RETURN path LIMIT 25
  make demo DATA=folder     the same on your own logs
  make down                 stops the API and the database
END
}

case "${1:-}" in
  demo) demo "${2:-}" ;;
  up) start_database "$(database_of "")" ;;
  down)
    stop_api
    [ -x "$bin" ] || exit 0
    stop_databases
    ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
