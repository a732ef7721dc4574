#!/usr/bin/env bash
# Writes docker/.env, from which the compose file takes its secrets: a random
# password for Neo4j and a random API key. Keeps one that is there.
set -euo pipefail
file=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/.env
[ ! -e "$file" ] || { echo "$file is there already" >&2; exit 0; }
random() { od -An -N20 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
printf 'COMPOSE_PROJECT_NAME=taskroot\nNEO4J_PASSWORD=%s\nTASKROOT_API_KEYS=%s\n' "$(random)" "$(random)" >"$file"
echo "wrote $file"
