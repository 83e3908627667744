# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # variables of lib, nodes, dirty
# One fault in one move of a job, for the matrix of tests/faults.sh. After
# lib, nodes and dirty.
with_faults

# One board for the file, which knows the key that the tests have copies of.
setup_file() {
	export XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config
	export XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR/run
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	hexo board start --name board > /dev/null
	export BOARD_FILE=$XDG_RUNTIME_DIR/hexo/boards/board/board.json
}

teardown_file() {
	XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR/run hexo board stop board > /dev/null
}

# linked_board: the node "board", behind the proxy
linked_board() {
	local port
	cp -r "$BATS_FILE_TMPDIR/config" config
	port=$(jq .port "$BOARD_FILE")
	proxy_start /dev/null
	hexo node add board "127.0.0.1:$proxy_port" \
		--fingerprint "$(jq -r .key "$BOARD_FILE")"
}

# An image that the board cannot have yet.
new_image() {
	echo "__attribute__((used)) static int salt = $RANDOM$RANDOM;" \
		> salt.h
	hexo-cc -O2 -include salt.h -o new "$ROOT/tests/programs/dirty.c"
	DIRTY_IMAGE=$PWD/new
}

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

# prepare FAULT STEP FROM TO: sets the variables that have the home do it, or
# takes away what the move needs
prepare() {
	local fault=$1 step=$2 from=$3 to=$4
	case $fault in
	target-killed) export HEXO_TEST_KILL_TARGET=$step ;;
	source-killed) export HEXO_TEST_KILL_SOURCE=$step ;;
	link-*) export HEXO_TEST_TELL="$step ${fault#link-} $PWD/asked" ;;
	hexod-restarted) export HEXO_TEST_TELL="$step restart $PWD/asked" ;;
	no-image) [ "$to" != board ] || new_image ;;
	cache-full)
		node_stop
		rm -r cache
		small_disk cache
		node_start "$port"
		;;
	disk-full)
		small_disk full
		options+=(--checkpoint-every 1h --checkpoint full/saved)
		;;
	no-memory)
		# The board has 1 GiB; the last option counts. A VM at "far" has room beside no other.
		[ "$to" != board ] || options+=(--memory 2G)
		[ "$to" != far ] || node_limited "$from"
		;;
	esac
}

# node_limited FROM: "far" has no room for a VM of 256 MiB that comes from there
node_limited() {
	local limit=128M
	[ "$1" = server ] || limit=384M
	node_stop
	node_start "$port" --memory "$limit"
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

# job_on FROM TO: the node that the case is about, and the options of a job
# that is to begin there: $options. The board is slow.
job_on() {
	options=(--local --timeout 5)
	if [[ "$1 $2" == *board* ]]; then
		linked_board
		options=(--local --timeout 30 --memory 64M)
		DIRTY=(4 2)
	else
		linked_node
	fi
	[ "$1" = server ] || options+=(--node "$1")
}

# refuses TEXT COMMAND...: it fails and says so
refuses() {
	local text=$1
	shift
	run "$@"
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"$text"* ]]
}

# scarce_case MODE FROM TO FAULT: something that the move needs is missing; it
# is refused, and succeeds when that is there
scarce_case() {
	local mode=$1 from=$2 to=$3 fault=$4
	local move=(hexo migrate --mode "$mode" "$NAME" "$to")
	case $fault in
	cache-full)
		refuses "No space left" "${move[@]}"
		small_disk_grows
		;;
	no-memory)
		refuses "of memory asked for" "${move[@]}"
		if [ "$to" = board ]; then
			dirty_end
			return
		fi
		# VMs outlive a hexod that is killed, and the next counts anew.
		kill -KILL "$hexod"
		wait "$hexod" || true
		node_start "$port"
		;;
	disk-full)
		refuses "No space left" \
			hexo checkpoint --leave-running "$NAME" full/other
		[ -z "$(ls full)" ]
		;;
	esac
	"${move[@]}"
	[ "$fault" != disk-full ] || checkpoint_missing "$mode"
	dirty_end
}

# checkpoint_missing MODE: that of the job after a post-copy could not be
# written, and nothing is left of it; once there is room, one can
checkpoint_missing() {
	if [ "$1" = post-copy ]; then
		wait_text "No space left" stderr
		[ "$(grep -c "No space left" stderr)" = 1 ]
	fi
	[ -z "$(ls full)" ]
	small_disk_grows
	hexo checkpoint --leave-running "$NAME" full/saved
	[ -s full/saved ]
}

# fault_case MODE FROM TO FAULT STEP: whatever happens, the job runs once, or
# is restored where it may have been lost; and the same move succeeds then
fault_case() {
	local mode=$1 from=$2 to=$3 fault=$4 step=$5 options failed=
	job_on "$from" "$to"
	prepare "$fault" "$step" "$from" "$to"
	node_watch &
	watcher=$!
	dirty_begin "${options[@]}"
	[ "$fault" != no-image ] || rm -f cache/*
	if [[ $fault == *-full || $fault == no-memory ]]; then
		scarce_case "$mode" "$from" "$to" "$fault"
		kill "$watcher"
		return
	fi
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
