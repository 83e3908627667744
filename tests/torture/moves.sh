#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/torture/moves.sh [N]
#
# Moves one job N times (TORTURE_MOVES, else 1000), in modes and to places
# that TORTURE_SEED (default: the time) chooses: this machine, a hexod on it,
# an emulated board. The job, tests/programs/wander.c, checks its memory while
# it runs; what it prints must be what it prints natively. After each move
# each process of home and hexod must have as many descriptors as after the
# first one to that place that follows the tour of all; memory must not grow, and nothing be left at
# the end. Prints TAP; what fails names the move and the seed.
set -uo pipefail
# shellcheck source=tests/lib.bash
. "${BASH_SOURCE[0]%/*}/../lib.bash"
# shellcheck source=tests/nodes.bash
. "$ROOT/tests/nodes.bash"

N=${1:-${TORTURE_MOVES:-1000}}
seed=${TORTURE_SEED:-$EPOCHSECONDS}
MIB=${TORTURE_MIB:-24} RATE=5 # of the job's memory; MiB it writes a second
# Bytes that home and hexod may grow by, a move and in all. The figures of a
# move, which home keeps, are 1.3 KiB.
GROWTH=2048 SLACK=$((512 * 1024))
# The board is the slowest.
PLACES=(server far server far board)
# The first moves go everywhere; what is kept from then on is there after them.
TOUR=4
MODES=(stop pre-copy post-copy)
NAME=wander
move=0 what="the start"
declare -A descriptors

fail() {
	echo "not ok moves $N: seed $seed, move $move ($what): $*"
	tail -n 5 stderr told saved.told 2> /dev/null | sed 's/^/# /'
	exit 1
}

finish() {
	local status=$?
	[ -z "${JOB:-}" ] || kill "$JOB" 2> /dev/null
	[ -z "${hexod:-}" ] || node_stop 2> /dev/null
	hexo board stop --all > /dev/null 2>&1
	if [ "$status" = 0 ]; then
		rm -rf "$BATS_TEST_TMPDIR"
	else
		echo "# what is left of it: $BATS_TEST_TMPDIR"
	fi
}

# family PID: it and its descendants
family() {
	local child children
	echo "$1"
	read -ra children < "/proc/$1/task/$1/children"
	for child in "${children[@]}"; do
		family "$child"
	done
}

# What home and hexod have open: a word for each process, its name and the
# number of its descriptors.
count_descriptors() {
	local root pid fds
	for root in "$JOB" "$hexod"; do
		family "$root" | while read -r pid; do
			fds=("/proc/$pid/fd/"*)
			echo "$(< "/proc/$pid/comm"):${#fds[@]}"
		done | sort | tr '\n' ' '
		echo -n "| "
	done 2> /dev/null
}

# settled PLACE: what is open is what was after the first move there, within
# a minute: what a move has ended takes a moment to be gone
settled() {
	local now last='' tries pause=0.1
	[ -n "${descriptors[$1]:-}" ] || pause=1
	for ((tries = 0; tries < 600; tries++)); do
		now=$(count_descriptors)
		if [ -n "${descriptors[$1]:-}" ]; then
			[ "$now" != "${descriptors[$1]}" ] || return 0
		elif [ "$now" = "$last" ]; then
			descriptors[$1]=$now
			echo "# at $1: $now"
			return 0
		fi
		last=$now
		sleep $pause
	done
	fail "open: $now; after the first move there: ${descriptors[$1]:-?}"
}

# note_memory ROOT NAME: that of one process, to the file memory
note_memory() {
	local kib
	kib=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status")
	echo "$2 $move $((kib * 1024))" >> memory
}

# least NAME FROM TO: of that process's memory after these moves. What waits to
# be sent comes and goes; what is lost stays.
least() {
	awk -v name="$1" -v from="$2" -v to="$3" '
		$1 == name && $2 >= from && $2 < to && (!n++ || $3 < least) {
			least = $3 }
		END { print least + 0 }' memory
}

same_memory() {
	local name first last
	((N >= 4 * TOUR)) || return 0
	for name in home hexod; do
		first=$(least $name $TOUR $((N / 2)))
		last=$(least $name $((N / 2)) $((N + 1)))
		echo "# $name had at least $first bytes in the first half, then $last"
		((last - first <= SLACK + GROWTH * N / 2)) ||
			fail "$name has grown from $first to $last bytes"
	done
}

# How many VMs the board says it has; it may be too busy to say.
vms_of_board() {
	hexo board list --json |
		jq -r '.[0].node.vms | if . then length else "unknown" end'
}

# rest PLACE: the job has come there, and nothing else is left of the move
rest() {
	local wanted=0 tries
	kill -0 "$JOB" 2> /dev/null || fail "the job has ended"
	! grep -q "^wrong" stdout || fail "$(grep "^wrong" stdout)"
	note_memory "$JOB" home
	note_memory "$hexod" hexod
	((move > TOUR)) || return 0
	settled "$1"
	[ "$1" != board ] || wanted=1
	((move % 10 == 0)) || return 0
	for ((tries = 0; tries < 200; tries++)); do
		[ "$(vms_of_board)" != "$wanted" ] || return 0
		sleep 0.1
	done
	fail "the board has $(vms_of_board) VMs"
}

until_saved() {
	local tries
	for ((tries = 0; tries < 3000; tries++)); do
		[ ! -s "$NAME.checkpoint" ] || return 0
		sleep 0.1
	done
	return 1
}

# move_to PLACE MODE OPTION...
move_to() {
	local place=$1 mode=$2
	shift 2
	what="$mode from $at to $place"
	timeout -k 5 300 hexo migrate --mode "$mode" "$@" "$NAME" "$place" \
		> told 2>&1 || fail "it failed"
	at=$place
	if [ "$mode" = post-copy ] && [ $# = 0 ]; then
		what+=", with its checkpoint"
		until_saved || fail "no checkpoint"
	fi
	rest "$place"
}

# A move is three numbers of RANDOM, whatever comes of them.
move_randomly() {
	local place=${PLACES[RANDOM % 5]} mode=${MODES[RANDOM % 3]}
	((move > TOUR)) || place=${PLACES[(move + 2) % 5]}
	local options=(--no-safe)
	((RANDOM % 4)) || [ "$mode" != post-copy ] || options=()
	rm -f "$NAME.checkpoint"
	move_to "$place" "$mode" "${options[@]}"
}

# All that is to be as it was: no more is in any of these than before.
files() {
	find "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$TMPDIR" \
		cache "$NAME.checkpoint" ! -name console.log 2> /dev/null | sort
}

# What it printed is what it prints natively, for as many batches.
same_output() {
	"$(native wander)" "$MIB" 0 "$(grep -c pages: stdout)" > expected
	cmp expected stdout || fail "it has not printed what it should"
}

run_moves() {
	hexo run --name "$NAME" --volume "$PWD/vol:/vol" --stats stats.json \
		"$(image wander)" "$MIB" $RATE /vol/go > stdout 2> stderr \
		< /dev/null &
	JOB=$!
	at=server
	wait_text ready stdout || fail "the job did not start"
	for ((move = 1; move <= N; move++)); do
		move_randomly
		((move % 50)) || progress
	done
	move=$N what="the end"
	touch vol/go
	timeout 300 tail -f --pid "$JOB" /dev/null || fail "it does not end"
	wait "$JOB" || fail "it ended with status $?"
	JOB=
}

progress() {
	echo "# $move moves in $((SECONDS - began)) s; $(tail -n 2 memory |
		awk '{ print $1, $3, "bytes" }' | paste -s -d ,)"
}

if [ ! -w /dev/kvm ]; then
	echo "ok moves $N # skip this machine has no /dev/kvm"
	exit 0
fi
BATS_TEST_TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/hexo-moves.XXXXXX") || exit 1
RANDOM=$((seed % 32768))
setup
# From here on boards are of a directory of this test's own.
trap finish EXIT
export TMPDIR=$PWD/tmp
# What is freed goes back at once, lest the heap hide what is not.
export MALLOC_MMAP_THRESHOLD_=65536 MALLOC_TRIM_THRESHOLD_=65536
mkdir tmp
accept_me
hexo node add far "127.0.0.1:$port" --fingerprint "$key" 2> /dev/null
hexo board start --name board > /dev/null 2>&1 || fail "no board"
echo "# seed $seed, $N moves of $MIB MiB"
# The image is everywhere before files are counted.
for place in far board; do
	hexo run --node $place "$(image wander)" 1 0 1 > warm || fail "warming up"
done
files > files.before
began=$SECONDS
run_moves
progress
same_output
same_memory
diff files.before <(files) > files.more || fail "left: $(< files.more)"
hexo board stop --all > /dev/null || fail "the board does not stop"
node_stop
hexod=
left=$(processes_of "$BATS_TEST_TMPDIR")
[ -z "$left" ] || fail "still there: $left"
echo "ok moves $N (seed $seed, $(jq '.hops | length' stats.json) moves," \
	"$(((N * 60) / (SECONDS - began + 1))) a minute)"
