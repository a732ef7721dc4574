#!/usr/bin/env bash
# Compare our EVTX decoder with the Rust evtx_dump, one thread each, side by
# side in one run:
#
#   docs/benchmarks/evtx.sh FOLDER [ROUNDS]
#
# FOLDER holds event logs. Those of a megabyte or more are made longer, by
# writing the chunks that are in use twenty times, so that starting a program
# weighs little and empty space is not counted as speed. evtx_dump is looked for
# in $EVTX_DUMP and the PATH; `cargo install evtx` installs it.
# The figures are processor time (user and system), least of all rounds, which
# other work on the machine disturbs less than it does the clock.
set -euo pipefail

folder=${1:?usage: evtx.sh FOLDER [ROUNDS]}
rounds=${2:-5}
dump=${EVTX_DUMP:-evtx_dump}
command -v "$dump" >/dev/null || { echo "evtx_dump is missing: cargo install evtx, or set EVTX_DUMP" >&2; exit 1; }
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$root" && go build -o "$work/ours" ./loader/source/evtx/testdata/dump)
n=0
while IFS= read -r -d '' log; do
	n=$((n + 1))
	"$work/ours" repeat "$log" >"$work/$n.evtx"
done < <(find "$folder" -iname '*.evtx' -size +1000k -print0 | sort -z)
[ "$n" -gt 0 ] || { echo "no event log of a megabyte or more in $folder" >&2; exit 1; }
bytes=$(cat "$work"/*.evtx | wc -c)

# cost COMMAND… runs it over every log and prints the processor time in ms.
cost() {
	local TIMEFORMAT='%U %S' log
	{ time for log in "$work"/*.evtx; do "$@" "$log" >/dev/null 2>&1 || true; done; } 2>&1 |
		awk '{ printf "%d\n", ($1 + $2) * 1000 }'
}

least() { if [ -z "$1" ] || [ "$2" -lt "$1" ]; then echo "$2"; else echo "$1"; fi; }

export GOMAXPROCS=1
rust='' json='' wanted=''
for _ in $(seq "$rounds"); do
	rust=$(least "$rust" "$(cost "$dump" -t 1 -o jsonl)")
	json=$(least "$json" "$(cost "$work/ours" json)")
	wanted=$(least "$wanted" "$(cost "$work/ours" wanted)")
done

"$dump" --version
awk -v b="$bytes" -v n="$n" -v r="$rust" -v j="$json" -v w="$wanted" 'BEGIN {
	printf "%d logs, %.0f MB, one thread\n", n, b / 1e6
	printf "%-34s %6d ms %6.0f MB/s\n", "evtx_dump, all records as JSON", r, b / 1e3 / r
	printf "%-34s %6d ms %6.0f MB/s  %.2f of evtx_dump\n", "ours, all records as JSON", j, b / 1e3 / j, r / j
	printf "%-34s %6d ms %6.0f MB/s  %.2f of evtx_dump\n", "ours, wanted records only", w, b / 1e3 / w, r / w
}'
