# SPDX-License-Identifier: Apache-2.0
# Lua runs programs of its own while it moves, and prints what Debian's does.
export BATS_TEST_TIMEOUT=300
load ../lib

LUA=$ROOT/build/tests/lua5.4/src

# script NAME: moves at three polls of the run; stdin is the program
script() {
	cp "$ROOT/tests/packages/lua5.4/$1.lua" input
	with_moves 3 "$LUA/lua" -
	[ "$status" = 0 ]
	lua5.4 - < input > expected
	[ -s expected ]
	diff expected stdout
}

@test "errors are caught with moves in between" {
	script errors
}

@test "coroutines yield across protected calls and moves" {
	script coroutines
}

@test "numbers, strings, tables and the collector, with moves" {
	script compute
}

@test "an error that nobody catches ends with Lua's status and message" {
	echo 'local t = nil; print(t.x)' > input
	hexo_run "$LUA/lua" -
	[ "$status" = 1 ]
	grep -q "attempt to index a nil value (local 't')" stderr
}

@test "luac's output runs" {
	cp "$ROOT/tests/packages/lua5.4/compute.lua" vol/
	hexo_run --volume "$PWD/vol:/vol" "$LUA/luac" -s -o /vol/compute.luac \
		/vol/compute.lua
	[ "$status" = 0 ]
	hexo_run --volume "$PWD/vol:/vol" "$LUA/lua" /vol/compute.luac
	cat stderr
	[ "$status" = 0 ]
	lua5.4 vol/compute.luac | diff - stdout
}
