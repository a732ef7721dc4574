#!/bin/bash
# Starts the server of the image that build-neo4j-image.sh makes. It takes its
# configuration the way the official image does, so that the compose file, the
# tests and "taskroot db up" need not know which of the two they run:
#   NEO4J_AUTH=neo4j/PASSWORD, or NEO4J_AUTH_PATH=FILE that holds the same
#   NEO4J_server_memory_heap_max__size=1g   ("__" is "_", "_" is ".")
# Data is in /data, logs in /logs. There is no default password.
set -euo pipefail

export NEO4J_HOME=/var/lib/neo4j
export NEO4J_CONF=/tmp/neo4j-conf
umask 077
mkdir -p "$NEO4J_CONF"
conf=$NEO4J_CONF/neo4j.conf
declare -A settings=(
  [server.directories.data]=/data
  [server.directories.logs]=/logs
  [server.directories.run]=/tmp
  [server.default_listen_address]=0.0.0.0
  [server.memory.heap.max_size]=512m
  [dbms.usage_report.enabled]=false
  [client.allow_telemetry]=false
)
while IFS='=' read -r -d '' name value; do
  case $name in
    NEO4J_AUTH | NEO4J_AUTH_PATH | NEO4J_HOME | NEO4J_CONF | NEO4J_ACCEPT_LICENSE_AGREEMENT | NEO4J_EDITION) continue ;;
    NEO4J_*) ;;
    *) continue ;;
  esac
  setting=${name#NEO4J_}
  setting=${setting//__/$'\x01'}
  setting=${setting//_/.}
  setting=${setting//$'\x01'/_}
  settings[$setting]=$value
done < <(env -0)
for setting in "${!settings[@]}"; do
  printf '%s=%s\n' "$setting" "${settings[$setting]}"
done >"$conf"

auth=${NEO4J_AUTH:-}
if [ -n "${NEO4J_AUTH_PATH:-}" ]; then
  auth=$(<"$NEO4J_AUTH_PATH")
fi
if [ ! -e /data/dbms/auth.ini ] && [ ! -e /data/databases/system ]; then
  case $auth in
    none) echo "dbms.security.auth_enabled=false" >>"$conf" ;;
    neo4j/?*)
      # The password goes by an argument file: an argument can be read by every process.
      printf '%s\n' "${auth#neo4j/}" >"$NEO4J_CONF/password"
      java -cp "$NEO4J_HOME/lib/*" org.neo4j.cli.AdminTool dbms set-initial-password "@$NEO4J_CONF/password"
      rm -f "$NEO4J_CONF/password"
      ;;
    *)
      echo "set NEO4J_AUTH=neo4j/PASSWORD, or NEO4J_AUTH_PATH to a file that holds it: there is no default password" >&2
      exit 1
      ;;
  esac
elif [ "$auth" = none ]; then
  echo "dbms.security.auth_enabled=false" >>"$conf"
fi
unset NEO4J_AUTH NEO4J_AUTH_PATH auth

exec java "-Xmx${settings[server.memory.heap.max_size]}" -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError \
  --add-opens=java.base/java.nio=ALL-UNNAMED \
  --add-opens=java.base/java.io=ALL-UNNAMED \
  --add-opens=java.base/sun.nio.ch=ALL-UNNAMED \
  -Dio.netty.tryReflectionSetAccessible=true \
  -cp "$NEO4J_HOME/lib/*" \
  org.neo4j.server.CommunityEntryPoint "--home-dir=$NEO4J_HOME" "--config-dir=$NEO4J_CONF"
