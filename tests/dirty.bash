# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A job that writes to its memory all the time while it is moved, and checks
# every word of it at the end. After lib.

# dirty_begin OPTION...: as VM $NAME and process $JOB, with 24 MiB of which it
# writes 20 MiB/s, or $DIRTY, two other numbers; from the image $DIRTY_IMAGE
dirty_begin() {
	[ -n "${DIRTY:-}" ] || DIRTY=(24 20)
	NAME=dirty-$BATS_TEST_NUMBER-$$
	hexo run --name "$NAME" --volume "$PWD/vol:/vol" --stats stats.json \
		"$@" "${DIRTY_IMAGE:-$(image dirty)}" "${DIRTY[@]}" /vol/go \
		> stdout 2> stderr \
		< /dev/null 3>&- 7>&- &
	JOB=$!
	wait_text ready stdout
}

# dirty_end [PROCESS FILE]: ends it, or another that prints to FILE; no word is
# wrong
dirty_end() {
	local status=0
	touch vol/go
	wait "${1:-$JOB}" || status=$?
	cat stderr "${2:-stdout}"
	echo "status $status"
	[ "$status" = 0 ]
	grep -qx "0 words are wrong" "${2:-stdout}"
}

# hop NUMBER FILTER: what is true of that move
hop() {
	jq ".hops[$1]" stats.json
	jq -e ".hops[$1] | $2" stats.json
}
