# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the bats files share. A test that needs longer than its timeout sets
# BATS_TEST_TIMEOUT at the top of its file.

ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
PATH=$ROOT/build/bin:$PATH
export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-120}

# with_faults: from here on hexo is the one that tests can have moves fail in
with_faults() {
	PATH=$ROOT/build/tests/faulty/bin:$PATH
}

# image PROGRAM, native PROGRAM: the paths of the two builds of a program
image() {
	local dir
	for dir in build/bench build/tests/programs; do
		[ ! -f "$ROOT/$dir/$1" ] || echo "$ROOT/$dir/$1"
	done
}

native() {
	local dir
	for dir in build/bench/native build/tests/native; do
		[ ! -f "$ROOT/$dir/$1" ] || echo "$ROOT/$dir/$1"
	done
}

# Where a test keeps its files; a volume for the VM and one for the native
# program; something to read.
setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir vol native-vol
	seq 1 300 | sed 's/.*/line & of what a program reads/' > input
	# Whatever a test starts carries this mark.
	export HEXO_TEST_CASE=$BATS_TEST_TMPDIR
}

teardown() {
	local left
	# A job in the background that a failed test did not wait for.
	[ -z "${JOB:-}" ] || kill "$JOB" 2> /dev/null || true
	left=$(processes_of "$BATS_TEST_TMPDIR")
	[ -z "$left" ] || {
		echo "left behind: $left"
		return 1
	}
}

# processes_of MARK: programs of ours that a test started and that still run,
# a second later as well
processes_of() {
	local file name found tries
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		found=
		while read -r file; do
			read -r name 2> /dev/null < "${file%environ}comm" ||
				continue
			case $name in
			hexo* | qemu*) found+="$file $name; " ;;
			esac
		done < <(grep -lsz "^HEXO_TEST_CASE=$1\$" /proc/[0-9]*/environ)
		[ -n "$found" ] || return 0
		[ "$tries" = 10 ] || sleep 0.1
	done
	echo "$found"
}

# hexo_run OPTION... JOB [ARG...]: leaves stdout, stderr, stats.json and
# $status
hexo_run() {
	status=0
	rm -f stats.json
	timeout -k 5 "$((BATS_TEST_TIMEOUT - 5))" hexo run --stats stats.json \
		"$@" < input > stdout 2> stderr || status=$?
	[ "$status" != 124 ] || echo "hexo run took too long"
}

# wait_text TEXT FILE: until a job in the background has printed it
wait_text() {
	local tries
	for ((tries = 0; tries < 300; tries++)); do
		! grep -qs "$1" "$2" || return 0
		sleep 0.1
	done
	return 1
}

# wait_running NAME: until hexo ps shows that the VM runs
wait_running() {
	local tries
	for ((tries = 0; tries < 300; tries++)); do
		! hexo ps | grep -w "$1" | grep -qw running || return 0
		sleep 0.1
	done
	return 1
}

# figure FILTER: a figure of the last run, as jq prints it
figure() {
	jq -r "$1" stats.json
}

# natively PROGRAM [ARG...]: leaves expected and $expected_status
natively() {
	local name=$1
	shift
	expected_status=0
	"$(native "$name")" "${@//\/vol/$PWD/native-vol}" < input \
		> expected 2> expected-stderr || expected_status=$?
}

# The last run and the last native run printed the same and ended alike, and
# left the same files.
agree() {
	echo "status $status, expected $expected_status"
	head -c 2000 stderr
	[ "$status" = "$expected_status" ] || return 1
	diff expected stdout > difference || {
		head -20 difference
		return 1
	}
	diff -r native-vol vol
}

# on "OPTION..." PROGRAM [ARG...]: the program does there what it does natively
on() {
	local options name=$2
	read -ra options <<< "$1"
	shift 2
	natively "$name" "$@"
	hexo_run "${options[@]}" --volume "$PWD/vol:/vol" "$(image "$name")" \
		"$@"
	agree
}

# ran_on ISA...: the last run used these ISAs and no other
ran_on() {
	local isas
	isas=$(figure '.isas | keys | join(" ")')
	echo "ran on: $isas"
	[ "$isas" = "$*" ]
}

# hops_done COUNT: the last run made so many moves, and each succeeded
hops_done() {
	echo "hops: $(figure '[.hops[] | "\(.at_poll):\(.to):\(.result)"]
		| join(" ")')"
	[ "$(figure '[.hops[] | select(.result == "ok")] | length')" = "$1" ] &&
		[ "$(figure '.hops | length')" = "$1" ]
}

# polls_of PROGRAM [ARG...]: how many polls the whole run has
polls_of() {
	local name=$1
	shift
	mkdir -p count-vol
	hexo_run --count --local --volume "$PWD/count-vol:/vol" \
		"$(image "$name")" "$@"
	figure .polls
}

# hops_at COUNT POLLS: options for COUNT moves at polls spread over POLLS,
# between the server's two ISAs
hops_at() {
	local i isas=(x86-64 aarch64)
	for ((i = 1; i <= $1; i++)); do
		printf -- '--hop %d:%s ' $(($2 * i / ($1 + 1))) \
			"${isas[i % 2]}"
	done
}

# with_hops COUNT PROGRAM [ARG...]: moves between the server's two ISAs COUNT
# times, at polls spread over the run, and does what it does natively
with_hops() {
	local count=$1 polls
	shift
	polls=$(polls_of "$@")
	echo "$polls polls"
	[ "$polls" -gt "$count" ]
	on "--isa x86-64 --local $(hops_at "$count" "$polls")" "$@"
	ran_on aarch64 x86-64
	hops_done "$count"
}

# with_moves COUNT JOB [ARG...]: an image that reads input and writes to stdout
# runs with COUNT moves spread over its run
with_moves() {
	local count=$1 polls hops
	shift
	hexo_run --count --local "$@"
	polls=$(figure .polls)
	echo "$polls polls"
	[ "$polls" -gt "$count" ]
	read -ra hops <<< "$(hops_at "$count" "$polls")"
	hexo_run --isa x86-64 --local "${hops[@]}" "$@"
	cat stderr
	ran_on aarch64 x86-64
	hops_done "$count"
}

# refused STATUS TEXT OPTION... JOB: hexo run ends with the status and one
# message that holds the text, and the job has printed nothing
refused() {
	local expected=$1 text=$2
	shift 2
	hexo_run "$@"
	echo "status $status"
	cat stderr
	[ "$status" = "$expected" ]
	[ ! -s stdout ]
	[ "$(wc -l < stderr)" = 1 ]
	grep -qiF -- "$text" stderr
}

# no_line GREP-ARG...: stdin has no such line
no_line() {
	if grep "$@"; then return 1; fi
}

# board_start, board_stop: a board for one file, $BOARD; for setup_file and
# teardown_file
board_start() {
	export BOARD=t$$
	hexo board start --name "$BOARD" > /dev/null
}

board_stop() {
	hexo board stop "$BOARD" > /dev/null
}

# places: every way to run a program, with the board of the file; a line of
# options for each
places() {
	echo "--isa x86-64 --backend process"
	echo "--isa aarch64 --backend process --local"
	echo "--node $BOARD --backend kvm"
	[ ! -w /dev/kvm ] || echo "--isa x86-64 --backend kvm"
}

need_kvm() {
	[ -w /dev/kvm ] || skip "this machine has no /dev/kvm"
}
