# SPDX-License-Identifier: Apache-2.0
# Checkpoints that add to the one before. No word of a restored job may be
# wrong, wherever the file ends and whatever came between.
load ../lib
load ../dirty

# number FILE OFFSET: one of its numbers
number() {
	od -A n -t u8 -j "$2" -N 8 "$1" 2> /dev/null | tr -d ' '
}

# states FILE: how many states it has got, one behind the other
states() {
	local first second
	first=$(number "$1" 16)
	second=$(number "$1" 4112)
	echo $((first > second ? first : second))
}

# until_states COUNT FILE
until_states() {
	local tries
	for ((tries = 0; tries < 400; tries++)); do
		[ ! -s "$2" ] || [ "$(states "$2")" -lt "$1" ] || return 0
		sleep 0.05
	done
	echo "$2 has $(states "$2") states"
	return 1
}

# killed: the job, with all that belongs to it
killed() {
	local status=0
	kill -9 "$JOB"
	wait "$JOB" || status=$?
	[ "$status" = 137 ]
}

# restores FILE [OPTION...]: a job of dirty goes on from it, to its end
restores() {
	local file=$1
	shift
	touch vol/go
	timeout 60 hexo restore --name "again-$NAME" "$@" "$file" > again \
		2> again-stderr < /dev/null 3>&- 7>&- || {
		cat again-stderr
		return 1
	}
	grep -qx "0 words are wrong" again || {
		cat again
		return 1
	}
}

# few_begin OPTION...: dirty, which writes 2 MiB/s of its 24 MiB
few_begin() {
	NAME=few-$BATS_TEST_NUMBER-$$
	hexo run --name "$NAME" --local --volume "$PWD/vol:/vol" \
		--stats stats.json --checkpoint every "$@" "$(image dirty)" \
		24 2 /vol/go > stdout 2> stderr < /dev/null 3>&- 7>&- &
	JOB=$!
	wait_text ready stdout
}

# hold_begin MIB OPTION...: a job that only holds memory
hold_begin() {
	local mib=$1
	shift
	NAME=hold-$BATS_TEST_NUMBER-$$
	hexo run --name "$NAME" --local --volume "$PWD/vol:/vol" \
		--checkpoint every --checkpoint-every 100ms "$@" \
		"$(image hold)" "$mib" /vol/go > stdout 2> stderr \
		< /dev/null 3>&- 7>&- &
	JOB=$!
	wait_text ready stdout
}

# hold_restores FILE
hold_restores() {
	touch vol/go
	timeout 60 hexo restore --name "again-$NAME" "$1" > again 2> again-stderr
	grep ", 0 wrong" again
}

# adds BYTES: so much is added for a state, at most, once a file has been begun
# that has all of the memory
adds() {
	local before size inode tries
	for tries in 1 2 3 4 5; do
		until_states 2 every
		before=$(states every)
		size=$(stat -c %s every)
		inode=$(stat -c %i every)
		until_states $((before + 5)) every || continue
		[ "$(stat -c %i every)" != "$inode" ] || break
	done
	[ "$(stat -c %i every)" = "$inode" ]
	size=$(($(stat -c %s every) - size))
	before=$(($(states every) - before))
	echo "$size bytes for $before states"
	[ "$size" -lt $(((before + 1) * $1)) ]
}

@test "of a job that writes little, little is added" {
	hold_begin 32
	adds 100000
	killed
	hold_restores every
}

@test "the same without KVM" {
	hold_begin 32 --backend process
	adds 100000
	killed
	hold_restores every
}

@test "under emulation" {
	hold_begin 8 --isa aarch64
	adds 100000
	killed
	hold_restores every
}

@test "packed" {
	hold_begin 16 --checkpoint-compress
	adds 50000
	killed
	hold_restores every
}

@test "every copy of the file, taken while it grows, can be restored" {
	local i
	few_begin --checkpoint-every 100ms
	for i in 1 2 3 4 5 6 7 8; do
		until_states $((i % 3 + 1)) every
		sleep "0.0$i"
		cp every "copy$i"
	done
	killed
	for i in 1 2 3 4 5 6 7 8; do
		restores "copy$i"
	done
	restores every
}

@test "killed while it grows, again and again" {
	local i
	for i in 1 2 3 4 5 6; do
		rm -f vol/go stdout every*
		few_begin --checkpoint-every 20ms
		until_states 2 every
		sleep "0.$i"
		killed
		restores every
		no_line damaged < again-stderr
	done
}

@test "restored, it goes on with a new file, and is restored again" {
	local first tries
	few_begin --checkpoint-every 100ms
	until_states 2 every
	killed
	first=$(stat -c %i every)
	hexo restore --local --checkpoint every --checkpoint-every 100ms every \
		> second 2> second-stderr < /dev/null 3>&- 7>&- &
	JOB=$!
	for ((tries = 0; tries < 300; tries++)); do
		[ "$(stat -c %i every)" = "$first" ] || break
		sleep 0.1
	done
	[ "$(stat -c %i every)" != "$first" ]
	until_states 2 every
	killed
	restores every --isa aarch64 --local
}

@test "damaged or cut off, its last whole state is restored, and that is said" {
	local size at slot
	few_begin --checkpoint-every 200ms
	until_states 3 every
	killed
	size=$(stat -c %s every)
	[ "$(number every 16)" -gt "$(number every 4112)" ] && slot=0 || slot=4096
	for at in $slot $((slot + 20)) $((slot + 100)) "$(number every $((slot + 32)))" \
		"$(number every $((slot + 72)))"; do
		cp every bad
		printf '\xff\xfe\xfd' |
			dd of=bad bs=1 seek="$at" conv=notrunc status=none
		echo "damaged at $at of $size"
		restores bad
		grep -q "bad is damaged in part" again-stderr
	done
	# The index is the last that belongs to a state.
	head -c $(($(number every $((slot + 72))) + 10)) every > bad
	restores bad
	grep -q "bad is damaged in part" again-stderr
	# In its pages nothing is taken for good.
	cp every bad
	printf '\xff\xfe\xfd' | dd of=bad bs=1 seek=$((8192 + 40000)) \
		conv=notrunc status=none
	! restores bad || return 1
}

# bounded FILE: its newest state ends at twice what the first one took, or a
# state further, at most
bounded() {
	local slot=0 index pieces first last
	exec 9< "$1"
	[ "$(number /dev/fd/9 16)" -gt "$(number /dev/fd/9 4112)" ] || slot=4096
	read -r index pieces < <(od -A n -t u8 -j $((slot + 72)) -N 16 /dev/fd/9)
	first=$(number /dev/fd/9 $((index + 8)))
	last=$(number /dev/fd/9 $((index + 24 * (pieces - 2) + 8)))
	exec 9<&-
	echo "$pieces pieces, of $first to $last bytes; the end is at $index"
	[ "$index" -lt $((2 * first + last + 200000)) ]
}

@test "the file does not become much more than twice as large as at first" {
	local i new=0 before
	dirty_begin --local --checkpoint-every 50ms --checkpoint every
	until_states 2 every
	before=$(stat -c %i every)
	for ((i = 0; i < 60; i++)); do
		bounded every
		[ "$(stat -c %i every)" = "$before" ] || new=$((new + 1))
		before=$(stat -c %i every)
		sleep 0.1
	done
	killed
	echo "$new new files"
	[ "$new" -ge 1 ]
	restores every
}

@test "moves between: each owner begins a whole one" {
	local i
	few_begin --checkpoint-every 100ms
	for i in 1 2 3; do
		until_states 2 every
		hexo migrate --mode pre-copy "$NAME" server
		cp every "copy$i"
	done
	until_states 2 every
	killed
	for i in 1 2 3; do
		restores "copy$i"
	done
	restores every
}

@test "moves that fail between: no page that was written is missed" {
	local i asked
	few_begin --checkpoint-every 100ms
	for i in 1 2 3 4; do
		until_states 2 every
		hexo migrate --bandwidth "${i}M" "$NAME" server > told 2>&1 &
		asked=$!
		sleep "0.$((2 + i))"
		hexo migrate --abort "$NAME"
		! wait $asked || return 1
		cp every "copy$i"
	done
	i=$(states every)
	until_states $((i + 1)) every
	killed
	for i in 1 2 3 4; do
		restores "copy$i"
	done
	restores every
}

@test "another checkpoint between does not disturb it" {
	local i
	few_begin --checkpoint-every 200ms
	until_states 2 every
	for i in 1 2 3; do
		until hexo checkpoint --leave-running "$NAME" "other$i"; do
			sleep 0.05
		done
	done
	until_states $(($(states every) + 1)) every
	killed
	for i in 1 2 3; do
		restores "other$i"
	done
	restores every
}

@test "the file is moved away: a new one is written" {
	few_begin --checkpoint-every 100ms
	until_states 2 every
	mv every away
	until_states 2 every
	killed
	restores away
	restores every
}

@test "the disk is full: the state before can be restored" {
	unshare -rm true 2> /dev/null || skip "no user namespaces"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -rm bash -c '
		mkdir small && mount -t tmpfs -o size=34m none small || exit 9
		hexo run --local --name full-$$ --volume "$PWD/vol:/vol" \
			--stats stats.json --checkpoint small/every \
			--checkpoint-every 100ms "$1" 24 20 /vol/go \
			> stdout 2> stderr &
		trap "kill %1 2> kill-stderr" EXIT
		for i in $(seq 300); do
			! grep -q "no checkpoint" stderr || break
			sleep 0.1
		done
		grep -q "No space left" stderr || exit 8
		cp small/every every || exit 7
		touch vol/go
		wait %1
	' - "$(image dirty)"
	grep -qx "0 words are wrong" stdout
	NAME=full
	restores every
}

@test "--stats says how many were added" {
	few_begin --checkpoint-every 50ms
	until_states 3 every
	dirty_end
	jq .checkpoints stats.json
	jq -e '.checkpoints | .count > .added and .added >= 2 and
		.bytes > 24000000 and .stopped_us > 0' stats.json
}
