#!/usr/bin/env bash
# Sees to what a Neo4j for Taskroot needs: a Docker engine with an image at
# hand, or Java 17 and Maven. What is missing is installed where Debian's
# packages are reachable as root; else one line says what and how to get it.
set -euo pipefail

java_is_new_enough() {
  local java version
  for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" java; do
    [ -n "$java" ] && command -v "$java" >/dev/null || continue
    version=$("$java" -version 2>&1 | sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' | head -n 1) || continue
    [ "${version:-0}" -ge 17 ] && return 0
  done
  return 1
}

container_is_at_hand() {
  command -v docker >/dev/null && docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || return 1
  local image
  for image in ${TASKROOT_NEO4J_IMAGE:-neo4j:5.26.30 neo4j:5.26 neo4j:5.26-community taskroot/neo4j:5.26.30}; do
    docker image inspect "$image" >/dev/null 2>&1 && return 0
  done
  return 1
}

need_java=1
case "${1:-any}" in
  java) ;;
  any) container_is_at_hand && need_java=0 ;;
  *) echo "usage: prerequisites.sh [any|java]" >&2; exit 2 ;;
esac
[ "$need_java" = 1 ] || exit 0

missing=()
java_is_new_enough || missing+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "prerequisites: installing ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  if { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    rm -f "$log"
    java_is_new_enough && command -v mvn >/dev/null && exit 0
  else
    tail -n 5 "$log" >&2
    rm -f "$log"
  fi
fi
echo "missing: ${missing[*]}: install them (Debian: apt-get install ${missing[*]}), or start a Docker engine that has neo4j:5.26" >&2
exit 1
