#!/usr/bin/env bash
# Builds a Neo4j image from the artifacts that pom.xml pins, without an image
# registry: the base is a Debian tree made by debootstrap, the jars come from
# Maven Central. Needs a Docker engine, root (for debootstrap), debootstrap and
# Maven. About 490 MB; a minute or two.
#
#   docker/build-neo4j-image.sh [IMAGE]      default taskroot/neo4j:5.26.30
#   BASE=debian-with-java17:tag …            takes that image as the base instead
#   SUITE=bookworm MIRROR=http://…           what debootstrap installs from
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
image=${1:-taskroot/neo4j:5.26.30}
suite=${SUITE:-bookworm}
mirror=${MIRROR:-http://deb.debian.org/debian}
base=${BASE:-}

need() {
  command -v "$1" >/dev/null || { echo "build-neo4j-image: $1 is missing: $2" >&2; exit 1; }
}
need docker "install docker.io, or set TASKROOT_NEO4J_IMAGE to an image you have"
need mvn "apt-get install maven"
docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || { echo "build-neo4j-image: no Docker engine answers: start dockerd" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/taskroot-neo4j-image.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ -z "$base" ]; then
  base=taskroot/java17:$suite
  if ! docker image inspect "$base" >/dev/null 2>&1; then
    need debootstrap "apt-get install debootstrap"
    [ "$(id -u)" = 0 ] || { echo "build-neo4j-image: debootstrap needs root; or set BASE to an image with Java 17" >&2; exit 1; }
    echo "build-neo4j-image: making the base ($suite with Java 17)" >&2
    mkdir "$work/root"
    debootstrap --variant=minbase --include=openjdk-17-jre-headless "$suite" "$work/root" "$mirror" >"$work/debootstrap.log" 2>&1 || {
      tail -n 20 "$work/debootstrap.log" >&2
      exit 1
    }
    rm -rf "$work/root/var/cache/apt/archives/"*.deb "$work/root/var/lib/apt/lists/"*
    tar -C "$work/root" --one-file-system --exclude=./proc/* --exclude=./sys/* -c . | docker import - "$base" >/dev/null
    rm -rf "$work/root"
  fi
fi

echo "build-neo4j-image: fetching the server" >&2
mkdir "$work/context"
mvn -q -B -C -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$work/context/lib"
cp "$here/neo4j-entrypoint.sh" "$here/neo4j.Dockerfile" "$work/context/"
echo "build-neo4j-image: building $image" >&2
DOCKER_BUILDKIT=0 docker build -q -t "$image" --build-arg "BASE=$base" -f "$work/context/neo4j.Dockerfile" "$work/context" >/dev/null
echo "$image"
