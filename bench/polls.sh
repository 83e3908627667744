#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/polls.sh
#
# How long a job that runs at full speed under KVM takes until it comes to a
# poll: asked at random times, REQUESTS times or more. Prints a line of JSON
# for each program, times in microseconds: of the clock and of the guest's
# CPU. An answer is seen within 0.1 ms, so a median of that is the floor.
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
REQUESTS=200
work_open
[ -w /dev/kvm ] || die "needs /dev/kvm"

# probe PROGRAM CLASS INTERVAL OPTION...: a run; leaves stats.json
probe() {
	local program=$1 class=$2 interval=$3
	shift 3
	hexo run --backend kvm --probe-polls "$interval" \
		--stats "$work/stats.json" "$@" "build/bench/$program" \
		"$class" > "$work/out" 2> "$work/err" ||
		die "$program $class: $(tail -1 "$work/err")"
}

while read -r name class _ _ options; do
	read -ra options <<< "$options"
	say "probing $name $class"
	interval=1000
	while probe "$name" "$class" "$interval" "${options[@]}" &&
		[ "$(jq .probes.count "$work/stats.json")" -lt $REQUESTS ] &&
		[ "$interval" -gt 10 ]; do
		interval=$((interval / 2))
	done
	jq -c --arg program "$name" --arg class "$class" \
		'{ program: $program, class: $class } + .probes' \
		"$work/stats.json"
done < <(programs)
