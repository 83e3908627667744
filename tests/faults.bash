# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # variables of lib.bash and nodes.bash
# One fault in one move of a job, for the matrix of tests/faults.sh. After
# lib, nodes and dirty.
with_faults

# node_watch: does what the home asks for by name: what the proxy cannot
node_watch() {
	local word
	mkfifo asked
	while read -r word <> asked; do
		case $word in
		restart)
			kill "$hexod"
			while kill -0 "$hexod" 2> /dev/null; do sleep 0.05; done
			node_start "$port"
			echo "$hexod" > hexod.pid
			;;
		stall)
			link stall
			sleep 1
			link go
			;;
		*) link "$word" ;;
		esac
	done
}

# node_again: waits for the hexod that node_watch has started
node_again() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		[ ! -s hexod.pid ] || break
		sleep 0.1
	done
	hexod=$(< hexod.pid)
}

# prepare FAULT STEP: sets the variables that have the home do it
prepare() {
	local fault=$1 step=$2
	case $fault in
	target-killed) export HEXO_TEST_KILL_TARGET=$step ;;
	source-killed) export HEXO_TEST_KILL_SOURCE=$step ;;
	link-*) export HEXO_TEST_TELL="$step ${fault#link-} $PWD/asked" ;;
	hexod-restarted) export HEXO_TEST_TELL="$step restart $PWD/asked" ;;
	no-image) rm -rf cache ;;
	esac
}

# A job that was lost has said so, and goes on from its checkpoint.
job_restored() {
	local status=0
	wait "$JOB" || status=$?
	cat stderr
	[ "$status" = 125 ]
	grep -q "is lost" stderr
	hexo restore saved > restored 2>> stderr < /dev/null 3>&- 7>&- &
	dirty_end $! restored
}

# may_be_lost MODE FROM FAULT STEP: what ends may be all that the job is
may_be_lost() {
	case $3 in
	source-killed) true ;;
	target-killed) [ "$1 $4" = "post-copy fetch" ] ;;
	hexod-restarted) [ "$2" = far ] || [ "$4" = run ] || [ "$4" = fetch ] ;;
	*) false ;;
	esac
}

# Whether the job goes on after what has happened; one that does not takes a
# moment to say so.
job_lives() {
	local tries
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$JOB" 2> /dev/null || return 1
		sleep "0.$tries"
	done
}

# A link's fault that came after the move meets the next one.
move_again() {
	hexo migrate --no-safe --mode "$mode" "$NAME" "$to" ||
		{
			[[ $fault == link-* ]] && hexo migrate --no-safe \
				--mode "$mode" "$NAME" "$to"
		}
}

# fault_case MODE FROM TO FAULT STEP: whatever happens, the job runs once, or
# is restored where it may have been lost; and the same move succeeds then
fault_case() {
	local mode=$1 from=$2 to=$3 fault=$4 step=$5 start=() failed=
	linked_node
	node_watch &
	watcher=$!
	[ "$from" = server ] || start=(--node "$from")
	prepare "$fault" "$step"
	dirty_begin --local --timeout 5 "${start[@]}"
	hexo checkpoint --leave-running "$NAME" saved > /dev/null
	hexo migrate --no-safe --mode "$mode" "$NAME" "$to" || failed=1
	if [ -n "$failed" ] && ! job_lives; then
		may_be_lost "$mode" "$from" "$fault" "$step"
		job_restored
	elif move_again; then
		dirty_end
	else
		# Lost only after the move.
		[ "$fault" = hexod-restarted ]
		may_be_lost "$mode" "$from" "$fault" "$step"
		job_restored
	fi
	[ "$fault" != hexod-restarted ] || node_again
	kill "$watcher"
	[ "$(hexo ps | grep -cw "$NAME")" = 0 ]
}
