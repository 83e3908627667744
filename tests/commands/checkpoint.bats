# SPDX-License-Identifier: Apache-2.0
# Checkpoints: a job goes on from one as if nothing had happened, and none
# that is incomplete or damaged is taken for one.
load ../lib

# begin OPTION...: starts saved as VM $NAME; returns when it waits half-way
begin() {
	NAME=saved-$BATS_TEST_NUMBER-$$
	hexo run --name "$NAME" --volume "$PWD/vol:/vol" "$@" \
		"$(image saved)" /vol go < input > stdout 2> stderr &
	JOB=$!
	wait_text waiting stdout
}

# heads FILE: what is another with each checkpoint
heads() {
	head -c 8192 "$1" 2> /dev/null | md5sum
}

# until_saved FILE: until it has a checkpoint that was begun after the call: not
# the next one, which may be under way
until_saved() {
	local before tries changes=0
	before=$(heads "$1")
	for ((tries = 0; tries < 600; tries++)); do
		if [ "$(heads "$1")" != "$before" ]; then
			before=$(heads "$1")
			changes=$((changes + 1))
		fi
		[ "$changes" -lt 2 ] || return 0
		sleep 0.05
	done
	return 1
}

# end STATUS: the job ends so
end() {
	local status=0
	wait "$JOB" || status=$?
	cat stderr
	[ "$status" = "$1" ]
}

# restored OPTION... FILE: goes on from it, in the same output
restored() {
	status=0
	touch vol/go
	timeout 60 hexo restore --volume "$PWD/vol:/vol" "$@" < input \
		>> stdout 2> stderr || status=$?
	rm -f vol/go
}

# The output is that of one run that was never stopped.
whole() {
	touch native-vol/go
	natively saved /vol go
	rm -f native-vol/go
	agree
}

@test "a checkpoint ends the job, restore goes on with it" {
	begin
	hexo checkpoint "$NAME" saved > told
	grep -q "has ended" told
	end 124
	grep -q "checkpoint is written" stderr
	restored saved
	[ ! -s stderr ]
	whole
}

# elsewhere OPTION...: restored so
elsewhere() {
	begin
	hexo checkpoint "$NAME" saved
	end 124
	restored "$@" saved
	[ ! -s stderr ]
	whole
}

@test "restored on the other ISA" {
	elsewhere --isa aarch64 --local
}

@test "restored with the other backend" {
	elsewhere --backend process
}

@test "--leave-running: the job goes on, and the checkpoint is what it was" {
	begin
	hexo checkpoint --leave-running --json "$NAME" saved > told.json
	jq -e '.bytes > 0 and .stopped_us > 0' told.json
	touch vol/go
	end 7
	rm vol/go
	# Everything that was written since comes again, once.
	restored saved
	grep -q "/vol/log is cut from .* at the checkpoint" stderr
	grep -q "standard output is cut" stderr
	whole
}

@test "--keep-files cuts nothing" {
	begin
	hexo checkpoint --leave-running "$NAME" saved
	touch vol/go
	end 7
	restored --keep-files saved
	[ "$(wc -l < vol/log)" = 30 ]
	grep -q "/vol/log has .* bytes, .* at the checkpoint" stderr
}

@test "--checkpoint-every, and everything is killed" {
	begin --checkpoint-every 50ms --checkpoint every
	until_saved every
	kill -9 "$JOB"
	end 137
	restored every
	whole
}

@test "a job that ends by itself leaves no checkpoint of --checkpoint-every" {
	begin --checkpoint-every 50ms
	until_saved "$NAME.checkpoint"
	touch vol/go
	end 7
	[ ! -e "$NAME.checkpoint" ]
	[ -z "$(ls ./*.tmp 2> /dev/null)" ]
}

@test "a restored job can be saved and restored again" {
	begin
	hexo checkpoint "$NAME" first
	end 124
	hexo restore first < input >> stdout 2> stderr &
	JOB=$!
	sleep 0.5
	hexo checkpoint "$NAME" second
	end 124
	restored second
	whole
}

@test "not while the job itself runs" {
	begin
	hexo checkpoint --leave-running "$NAME" saved
	run hexo restore saved
	[ "$status" = 125 ]
	[[ $output == *"$NAME"* ]]
	touch vol/go
	end 7
}

@test "a directory that is not there: the job goes on" {
	begin
	run hexo checkpoint "$NAME" nowhere/saved
	[ "$status" = 1 ]
	[[ $output == *nowhere/saved*"No such file"* ]]
	touch vol/go
	end 7
	rm vol/go
	status=7
	whole
}

@test "the disk is full: the job goes on, the old checkpoint stays" {
	unshare -rm true 2> /dev/null || skip "no user namespaces"
	begin
	echo old > saved
	# shellcheck disable=SC2016 # for the inner shell
	unshare -rm bash -c '
		mkdir small && mount -t tmpfs -o size=16k none small || exit 9
		hexo run --name "$1-full" --volume "$PWD/vol:/vol" "$2" /vol go \
			< input > full 2> full-stderr &
		for i in $(seq 100); do
			! grep -q waiting full || break
			sleep 0.1
		done
		echo old > small/saved
		! hexo checkpoint "$1-full" small/saved 2> why || exit 8
		grep -q "No space left" why || exit 7
		[ "$(cat small/saved)" = old ] && [ "$(ls small)" = saved ] ||
			exit 6
		touch vol/go
		wait %1
	' - "$NAME" "$(image saved)" || status=$?
	[ "$status" = 7 ]
	end 7
}

# damaged_is_refused BYTE...: the file saved, if any of these is another; and no
# file is touched
damaged_is_refused() {
	local before at
	before=$(md5sum vol/* stdout)
	for at in "$@"; do
		cp saved bad
		printf '\xff\xfe\xfd' |
			dd of=bad bs=1 seek="$at" conv=notrunc status=none
		restored bad
		echo "at $at: $status, $(cat stderr)"
		[ "$status" = 125 ]
		[ "$(md5sum vol/* stdout)" = "$before" ]
	done
}

@test "a damaged checkpoint is refused, and no file is touched" {
	begin
	hexo checkpoint --leave-running "$NAME" saved
	touch vol/go
	end 7
	rm vol/go
	local size before at
	size=$(stat -c %s saved)
	before=$(md5sum vol/* stdout)
	damaged_is_refused 3 20 60 9000 $((size / 2)) $((size - 12))
	for at in 10 100 $((size / 2)) $((size - 1)); do
		head -c "$at" saved > bad
		restored bad
		echo "first $at: $status, $(cat stderr)"
		[ "$status" = 125 ]
		[ "$(md5sum vol/* stdout)" = "$before" ]
	done
}

@test "--compress: smaller, and as good" {
	begin
	hexo checkpoint --leave-running --json "$NAME" plain > plain.json
	hexo checkpoint --compress "$NAME" saved > told
	end 124
	cat told
	grep -q "^saved: $(stat -c %s saved) bytes, compressed from" told
	jq -e --argjson size "$(stat -c %s saved)" \
		'.bytes > 2 * $size and .bytes > .stream_bytes' plain.json
	restored saved
	[ ! -s stderr ]
	whole
}

@test "--checkpoint-compress, and everything is killed" {
	begin --checkpoint-every 50ms --checkpoint every --checkpoint-compress
	until_saved every
	kill -9 "$JOB"
	end 137
	hexo stream --json every > stream.json
	jq -e --argjson size "$(stat -c %s every)" '.bytes > $size' stream.json
	restored every
	whole
}

@test "--checkpoint-compress alone is no option of hexo run" {
	refused 125 "--checkpoint-compress needs --checkpoint-every" \
		--checkpoint-compress \
		"$(image saved)"
}

@test "hexo stream prints the stream of a checkpoint" {
	begin
	hexo checkpoint --leave-running "$NAME" plain
	hexo checkpoint --compress "$NAME" packed
	end 124
	hexo stream --json plain > plain.json
	hexo stream --json packed > packed.json
	jq -e -s '.[0].build_id == .[1].build_id and .[0].pages > 5' \
		plain.json packed.json
	hexo stream packed | tail -n 1 | grep "^END "
	printf '\xff\xfe\xfd' | dd of=packed bs=1 seek=9000 conv=notrunc \
		status=none
	run hexo stream packed
	[ "$status" = 1 ]
	[[ $output == *"hexo: packed: "* ]]
}

@test "a damaged compressed checkpoint is refused" {
	begin
	hexo checkpoint --compress "$NAME" saved
	end 124
	local size
	size=$(stat -c %s saved)
	damaged_is_refused 8192 9000 $(((8192 + size) / 2)) $((size - 12))
}

@test "another image is refused" {
	begin
	hexo checkpoint "$NAME" saved
	end 124
	restored --image "$(image ep)" saved
	cat stderr
	[ "$status" = 125 ]
	grep -q "another build" stderr
}

# busy OPTION...: starts dirty as VM $NAME, which writes 20 MiB/s to 24 MiB
busy() {
	NAME=busy-$BATS_TEST_NUMBER-$$
	hexo run --local --name "$NAME" --volume "$PWD/vol:/vol" "$@" \
		"$(image dirty)" 24 "${RATE:-20}" /vol/go > stdout 2> stderr &
	JOB=$!
	wait_text ready stdout
}

# right FILE...: the job ends, and goes on from each: no word is wrong
right() {
	local file
	touch vol/go
	end 0
	grep -qx "0 words are wrong" stdout
	for file; do
		timeout 60 hexo restore "$file" > again 2> stderr
		cat stderr again
		grep -qx "0 words are wrong" again
	done
}

@test "--leave-running: the memory is written while the job runs" {
	busy
	hexo checkpoint --leave-running --json "$NAME" saved > told.json
	hexo checkpoint --leave-running "$NAME" second
	right saved second
	cat told.json
	jq -e '.bytes > 24000000 and .stopped_us < .total_us / 2' told.json
}

@test "a job that writes too fast does not fill the disk" {
	RATE=4000 busy --memory 32M
	hexo checkpoint --leave-running --json "$NAME" saved > told.json
	right saved
	cat told.json
	jq -e '.bytes < 110000000' told.json
}

@test "--leave-running in the process backend, on both ISAs" {
	local isa
	for isa in x86-64 aarch64; do
		rm -f vol/go stdout
		busy --backend process --isa $isa --local
		hexo checkpoint --leave-running --json "$NAME" saved > told.json
		hexo checkpoint --leave-running "$NAME" second
		right saved second
		cat told.json
		jq -e '.bytes > 24000000 and .stopped_us < .total_us / 2' \
			told.json
	done
}

@test "compressed while the job runs" {
	busy
	hexo checkpoint --leave-running --compress --json "$NAME" saved \
		> told.json
	right saved
	cat told.json
	jq -e '.bytes < .stream_bytes' told.json
}

@test "a live checkpoint goes on on the other ISA" {
	busy
	hexo checkpoint --leave-running "$NAME" saved
	touch vol/go
	end 0
	timeout 60 hexo restore --isa aarch64 --local saved > again 2> stderr
	grep -qx "0 words are wrong" again
}

@test "the disk is full in the middle of a round: the job goes on" {
	unshare -rm true 2> /dev/null || skip "no user namespaces"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -rm bash -c '
		mkdir small && mount -t tmpfs -o size=8m none small || exit 9
		hexo run --local --name full-$$ --volume "$PWD/vol:/vol" "$1" \
			24 20 /vol/go > stdout 2> stderr &
		trap "kill %1 2> kill-stderr" EXIT
		for i in $(seq 100); do
			! grep -q ready stdout || break
			sleep 0.1
		done
		! hexo checkpoint --leave-running full-$$ small/saved 2> why ||
			exit 8
		grep -q "No space left" why || exit 7
		[ -z "$(ls small)" ] || exit 6
		hexo checkpoint --leave-running full-$$ saved || exit 5
		touch vol/go
		wait %1
	' - "$(image dirty)"
	grep -qx "0 words are wrong" stdout
	timeout 60 hexo restore saved > again 2> stderr
	grep -qx "0 words are wrong" again
}
