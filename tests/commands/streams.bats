# SPDX-License-Identifier: Apache-2.0
# Migration streams in files: printed, resumed, and refused when altered.
load ../lib

# A stream of treerec, and what the job prints.
setup_file() {
	cd "$BATS_FILE_TMPDIR"
	hexo run --local --save-streams . --hop 3000:aarch64 \
		"$(image treerec)" > whole
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	: > input
	export HEXO_TEST_CASE=$BATS_TEST_TMPDIR
	STREAM=$BATS_FILE_TMPDIR/hop-1.stream
}

@test "a stream is printed as text and as JSON" {
	run hexo stream "$STREAM"
	echo "$output" | head
	[ "$status" = 0 ]
	[[ "$output" == *x86-64* ]]
	[[ "$output" == *3000* ]]
	hexo stream --json "$STREAM" | jq -e .
}

@test "a job goes on from a stream, on each ISA" {
	local isa
	for isa in x86-64 aarch64; do
		hexo_run --local --isa "$isa" --resume "$STREAM" \
			"$(image treerec)"
		cat stderr
		[ "$status" = 0 ]
		# What it had printed before the move is not printed again.
		tail -n "$(wc -l < stdout)" "$BATS_FILE_TMPDIR/whole" |
			diff - stdout
		[ -s stdout ]
	done
}

@test "a stream of another program is refused" {
	refused 125 "another build" --resume "$STREAM" "$(image funcptr)"
}

# bad: hexo stream and hexo run --resume refuse the file `bad`
bad() {
	run hexo stream bad
	[ "$status" = 1 ]
	refused 125 "bad" --resume bad "$(image treerec)"
}

@test "a stream that was cut at any place is refused" {
	local size part
	size=$(stat -c %s "$STREAM")
	for part in 0 1 47 48 60 100 $((size / 2)) $((size - 16)) $((size - 1))
	do
		head -c "$part" "$STREAM" > bad
		bad
	done
}

@test "a stream with an altered byte is refused" {
	local size at
	size=$(stat -c %s "$STREAM")
	# Head, first section, page data, last section.
	for at in 0 8 12 20 36 44 48 52 60 70 100 200 $((size / 3)) \
		$((size / 2)) $((size - 12)) $((size - 4)); do
		cp "$STREAM" bad
		printf '\xa5' |
			dd of=bad bs=1 seek="$at" conv=notrunc status=none
		echo "byte $at"
		cmp -s "$STREAM" bad && continue
		bad
	done
}

@test "a stream with something behind its end is refused" {
	cp "$STREAM" bad
	echo more >> bad
	bad
}

@test "files that are no streams are refused" {
	echo "no stream" > bad
	bad
	rm bad
	mkdir bad
	bad
}
