#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/compare.sh OLD NEW
#
# Compares two files of figures, as bench/bench.sh writes them: each ratio to
# native, and by how much it has changed. Marked is what differs by more than
# a tenth of a percent (counts and sizes), a percent (counts of moved programs,
# which do not always move at the same point), or both quartiles (times).
set -euo pipefail

[ $# = 2 ] || {
	echo "usage: bench/compare.sh OLD NEW" >&2
	exit 2
}

# shellcheck disable=SC2016 # jq's variables
FIGURES='
def figure($what; $value): { key: "\($what) \(.program) \(.class // "")",
	value: $value };
[ (.counts[]? | figure("count \(.isa)"; { median: .vm_ratio }),
	figure("count, moved \(.isa)"; { median: .moved_ratio }),
	figure("poll to poll, millions \(.isa)";
		{ median: (.longest | values / 1e6) })),
  (.times[]? | figure("time"; .vm), figure("time, moved"; .moved)),
  (.sizes[]? | figure("size"; { median: .ratio })) ] |
	map(select(.value)) | from_entries'

jq -r -n --slurpfile old "$1" --slurpfile new "$2" '
	def round3: . * 1000 | round / 1000;
	def figures: '"$FIGURES"';
	def changed($what; $a; $b): if $a.low then
		$b.low > $a.high or $b.high < $a.low
		else ($b.median / $a.median - 1 | fabs) >
			if $what | startswith("count, moved") then 0.01
			else 0.001 end end;
	($old[0] | figures) as $a | ($new[0] | figures) | to_entries[] |
	select($a[.key]) | $a[.key] as $before |
	[.key, ($before.median | round3), (.value.median | round3),
		"\((.value.median / $before.median - 1) * 1000 | round / 10) %",
		if changed(.key; $before; .value) then "*" else "" end] | @tsv' |
	awk -F'\t' 'BEGIN { printf "%-36s %8s %8s %8s\n", "", "old", "new",
			"change" }
		{ printf "%-36s %8.3f %8.3f %8s %s\n", $1, $2, $3, $4, $5 }'
