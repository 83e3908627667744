# SPDX-License-Identifier: Apache-2.0
# setjmp and longjmp: moves at every poll, and jumps that C does not define.
load ../lib

# moved_every POLLS PROGRAM [ARG...]: a move at each so many polls of the run
moved_every() {
	local every=$1 polls
	shift
	polls=$(polls_of "$@")
	echo "$polls polls"
	[ "$polls" -gt $((every * 100)) ]
	on "--isa x86-64 --local --hop-every $every" "$@"
	[ "$(figure '[.hops[] | select(.result == "ok")] | length')" \
		-ge $((polls / every - 1)) ]
}

@test "jumps of every form, moved very often" {
	moved_every 4 setjmpforms 5
}

@test "jumps to a very large function, moved at every poll" {
	moved_every 1 setjmplarge
}

@test "a jump with a buffer that was never set" {
	hexo_run "$(image setjmpbad)" unset
	cat stderr
	[ "$status" = 134 ]
	grep -q "longjmp() with a buffer that setjmp() has not set" stderr
	[ ! -s stdout ]
}

@test "a jump to a function that has returned" {
	hexo_run "$(image setjmpbad)" returned
	cat stderr
	[ "$status" = 134 ]
	grep -q "longjmp() to a function that has returned" stderr
	[ ! -s stdout ]
}
