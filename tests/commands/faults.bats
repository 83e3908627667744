# SPDX-License-Identifier: Apache-2.0
# A program that goes wrong ends its VM with one report: what, where, and in
# which function. The trace below it is backtrace.bats' matter.
load ../lib

setup_file() {
	board_start
}

teardown_file() {
	board_stop
}

# report: standard error of the last run without the trace
report() {
	grep -v '^    \(#\|\.\.\.\)' stderr
}

# fails STATUS TEXT FUNCTION PROGRAM [ARG...]: everywhere
fails() {
	local expected=$1 text=$2 function=$3 name=$4 options
	shift 4
	while read -ra options; do
		echo "== ${options[*]}"
		hexo_run "${options[@]}" "$(image "$name")" "$@"
		echo "status $status"
		cat stderr
		[ "$status" = "$expected" ]
		[ "$(cat stdout)" = before ]
		[ "$(report | wc -l)" = 1 ]
		grep -q "guest fault: .*$text" stderr
		report | grep "pc 0x[0-9a-f]*" | grep -q "$function"
	done < <(places)
}

@test "a null pointer is reported" {
	fails 139 "null pointer write at address 0x0" "in \(write_to_null\|main\)" null
}

@test "a stack overflow is reported" {
	fails 139 "stack overflow" "in \(large\|main\)" stackoverflow
}

@test "a stack overflow of small frames is reported" {
	fails 139 "stack overflow" "in \(small\|main\)" stackoverflow small
}

@test "a stack overflow of huge frames is reported" {
	fails 139 "stack overflow" "in \(huge\|main\)" stackoverflow huge
}

@test "a stack overflow by a variable-size local is reported" {
	fails 139 "stack overflow" "in \(variable\|main\)" stackoverflow variable
}

@test "a division by zero is reported" {
	fails 136 "division by zero" "in \(divide\|main\)" divzero
}

@test "a division that overflows is reported" {
	fails 136 "division" "in \(divide\|main\)" divzero overflow
}

@test "a jump to data on the heap is reported" {
	fails 139 "jump to data at address" "pc" jumpdata
}

@test "a jump to data of the program is reported" {
	fails 139 "jump to data at address" "pc" jumpdata static
}

@test "memory that ran out is told to the program, and reported once" {
	local options
	while read -ra options; do
		hexo_run "${options[@]}" --memory 32M "$(image oom)"
		cat stdout stderr
		[ "$status" = 3 ]
		[ "$(tail -1 stdout)" = "out of memory: 1, some was there: 1" ]
		[ "$(wc -l < stderr)" = 1 ]
		grep -q "out of memory: .* --memory" stderr
	done < <(places)
}

@test "memory that ran out, unchecked, is a null pointer" {
	hexo_run --memory 32M "$(image oom)" blind
	cat stderr
	[ "$status" = 139 ]
	[ "$(grep -c 'guest fault: null pointer write at' stderr)" = 1 ]
}

@test "a request outside of the guest's memory gets EFAULT" {
	local options
	while read -ra options; do
		hexo_run "${options[@]}" "$(image efault)"
		cat stdout stderr
		[ "$status" = 0 ]
		[ "$(grep -c ': 1 1 1$' stdout)" = 7 ]
		grep -qx 'read-only: 1 1' stdout
		grep -qx 'inside: 64' stdout
		grep -qx 'unknown number: 1' stdout
		grep -qx 'write(): -1 1' stdout
	done < <(places)
}

@test "a job that faulted after a move is reported as well" {
	hexo_run --local --hop 3000:aarch64 "$(image stackoverflow)" small
	cat stderr
	[ "$status" = 139 ]
	grep -q "guest fault: stack overflow" stderr
	hops_done 1
}
