#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/bench.sh [--markdown] [SECTION...]
#
# Measures and prints what running in VMs costs, against the same programs
# built natively, and writes all figures to build/bench/results.json, which
# bench/compare.sh compares with another such file. Sections, all unless some
# are named:
#
#   counts  instructions, under emulation, on both ISAs   (bench/count.sh)
#   sizes   of the images                                 (bench/size.sh)
#   times   under KVM                                     (bench/time.sh)
#   polls   how long until a running job can be parked    (bench/polls.sh)
#   moves   what a move and a start take                  (bench/moves.sh)
#   downtimes  how long moves stop a job                  (bench/downtimes.sh)
#   links   moves over slow links, compressed and not     (bench/links.sh)
#   checkpoints  how fast they are written and restored   (bench/checkpoints.sh)
#
# BENCH_PROGRAMS names some programs of bench/programs.list; BENCH_PAIRS says
# how often a timed run is repeated. The programs are built by make
# bench-programs.
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
results=build/bench/results.json
command="${BENCH_PROGRAMS:+BENCH_PROGRAMS=\"$BENCH_PROGRAMS\" }$(
	)${BENCH_PAIRS:+BENCH_PAIRS=$BENCH_PAIRS }bench/bench.sh${*:+ $*}"
form=()
if [ "${1:-}" = --markdown ]; then
	form=(--markdown)
	shift
fi
sections=("$@")
if [ $# = 0 ] && [ -w /dev/kvm ]; then
	sections=(counts sizes times polls moves downtimes links checkpoints)
elif [ $# = 0 ]; then
	say "no /dev/kvm for $(id -un) here: only what needs none is measured"
	sections=(counts sizes)
fi
work_open

# measure SECTION: a file of JSON
measure() {
	local begin=$SECONDS
	case $1 in
	counts) bench/count.sh ;;
	sizes) bench/size.sh ;;
	times) bench/time.sh ;;
	polls) bench/polls.sh ;;
	moves) bench/moves.sh ;;
	downtimes) bench/downtimes.sh ;;
	links) bench/links.sh ;;
	checkpoints) bench/checkpoints.sh ;;
	*) die "no section $1" ;;
	esac > "$work/$1"
	say "$1 took $((SECONDS - begin)) s"
}

[ -n "$(programs)" ] ||
	die "bench/programs.list has no ${BENCH_PROGRAMS:-program}"
while read -r name _; do
	[ -f "build/bench/$name" ] ||
		die "$name of bench/programs.list is not built: make bench-programs"
done < <(programs)
for section in "${sections[@]}"; do
	measure "$section"
done

touch "$work"/{counts,sizes,times,polls,moves,downtimes,links,checkpoints}
jq -n --arg date "$(date -u +%F)" \
	--arg machine "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo |
		head -1)" --arg cpus "$(nproc)" \
	--arg command "$command" \
	--slurpfile counts "$work/counts" --slurpfile sizes "$work/sizes" \
	--slurpfile times "$work/times" --slurpfile polls "$work/polls" \
	--slurpfile moves "$work/moves" \
	--slurpfile downtimes "$work/downtimes" \
	--slurpfile links "$work/links" \
	--slurpfile checkpoints "$work/checkpoints" '$ARGS.named' > "$results"
bench/report.sh "${form[@]}" "$results"
