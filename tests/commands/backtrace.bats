# SPDX-License-Identifier: Apache-2.0
# The calls that led to a fault: function, file and line of each, wherever the
# program runs and after it has moved.
load ../lib

# The program with -g, as the image calls, and without, as calls-plain.
setup_file() {
	board_start
	cd "$BATS_FILE_TMPDIR"
	cp "$ROOT/tests/traced/calls.c" .
	hexo-cc -O2 -g -o calls calls.c
	hexo-cc -O2 -o calls-plain calls.c
}

teardown_file() {
	board_stop
}

# lines FRAME...: the frames as `trace` prints them. A frame is FUNCTION or
# FUNCTION=MARK: the line of the program that bears this mark.
lines() {
	local frame mark
	for frame in "$@"; do
		mark=${frame#*=}
		[ "$mark" != "$frame" ] || {
			echo "$frame"
			continue
		}
		grep -n "/\* $mark \*/" "$BATS_FILE_TMPDIR/calls.c" |
			sed "s/^\([0-9]*\):.*/${frame%=*} calls.c:\1/"
	done
}

# trace: the frames of the last run, without their addresses
trace() {
	sed -n 's/^    #\([0-9]\) .* in /\1 /p; s/^    #\([1-9][0-9]\) .* in /\1 /p' \
		stderr | awk '
		$1 != NR - 1 { print "frame " $1 " out of order" }
		{ print $2 ($3 ~ /:/ ? " " $3 : "") }'
}

# traced STATUS WAY FRAME...: the last run failed so, with these frames
traced() {
	local expected=$1 way=$2
	shift 2
	echo "status $status, $way"
	cat stderr
	[ "$status" = "$expected" ]
	[ "$(cat stdout)" = before ]
	diff <(lines "$@") <(trace)
}

outer=(descend=fail descend=descend descend=descend main=main)

# failed STATUS WAY FRAME...: everywhere
failed() {
	local options
	while read -ra options; do
		echo "== ${options[*]}"
		hexo_run "${options[@]}" "$BATS_FILE_TMPDIR/calls" "$2"
		traced "$@"
	done < <(places)
}

@test "a fault in inlined functions" {
	failed 139 null store=null:0 check=null:1 fail=null:2 "${outer[@]}"
	[ "$(grep -c '(inlined)$' stderr)" = 2 ]
}

@test "a division by zero" {
	failed 136 divide divide=divide:0 fail=divide:1 "${outer[@]}"
}

@test "a call of a null pointer is traced from the caller" {
	failed 139 call '??' fail=call:1 "${outer[@]}"
}

@test "abort()" {
	failed 134 abort raise abort fail=abort:1 "${outer[@]}"
}

@test "a failed assert()" {
	local options
	while read -ra options; do
		echo "== ${options[*]}"
		hexo_run "${options[@]}" "$BATS_FILE_TMPDIR/calls" assert
		traced 134 assert raise abort __assert_fail fail=assert:1 \
			"${outer[@]}"
	done < <(places)
}

@test "a stack overflow shows its innermost calls" {
	local options
	while read -ra options; do
		echo "== ${options[*]}"
		hexo_run "${options[@]}" "$BATS_FILE_TMPDIR/calls" overflow
		grep -v '#[3-9][0-9]* ' stderr
		[ "$status" = 139 ]
		[ "$(trace | wc -l)" = 64 ]
		[ "$(trace | sed 1d | sort -u)" = "$(lines small=overflow)" ]
		trace | head -1 | grep -qx 'small calls.c:[0-9]*'
		grep -qx '    \.\.\. [0-9]* more, or more than that' stderr
	done < <(places)
}

# Moved in the middle of work(), all other frames are resumed ones; the fault
# is in one of them.
@test "a fault in a resumed frame" {
	local hop options
	for hop in "--isa x86-64 --hop 500:aarch64" \
		"--isa aarch64 --hop 500:x86-64" \
		"--isa x86-64 --hop 300:aarch64 --hop 600:x86-64"; do
		echo "== $hop"
		read -ra options <<< "$hop"
		hexo_run --local "${options[@]}" "$BATS_FILE_TMPDIR/calls" null
		traced 139 null store=null:0 check=null:1 fail=null:2 \
			"${outer[@]}"
		grep -q 'in fail\.resume+' stderr
		hops_done $(((${#options[@]} - 2) / 2))
	done
}

@test "a fault called from resumed frames on a board" {
	hexo_run --hop "500:$BOARD" "$BATS_FILE_TMPDIR/calls" divide
	traced 136 divide divide=divide:0 fail=divide:1 "${outer[@]}"
	hops_done 1
}

@test "abort() in a resumed frame" {
	hexo_run --local --hop 500:aarch64 "$BATS_FILE_TMPDIR/calls" abort
	traced 134 abort raise abort fail=abort:1 "${outer[@]}"
}

@test "without -g, functions are named" {
	local options
	for options in "--isa x86-64" "--isa aarch64" \
		"--isa x86-64 --hop 500:aarch64"; do
		read -ra options <<< "$options"
		hexo_run --local "${options[@]}" \
			"$BATS_FILE_TMPDIR/calls-plain" divide
		traced 136 divide divide fail descend descend descend main
	done
}

# section FILE.elf NAME: its bytes
section() {
	llvm-objcopy-19 -O binary --only-section="$2" "$1" "$1$2"
	cat "$1$2"
}

@test "-g changes no code, and VMs get no line tables" {
	local isa name
	for isa in x86-64 aarch64; do
		unzip -qq -p "$BATS_FILE_TMPDIR/calls" "$isa.elf" > with.elf || true
		unzip -qq -p "$BATS_FILE_TMPDIR/calls-plain" "$isa.elf" \
			> without.elf || true
		for name in .hexo.functable .text .rodata .eh_frame \
			.gcc_except_table .rodata.hexo .data.hexo; do
			cmp <(section with.elf "$name") \
				<(section without.elf "$name")
		done
		[ "$(section with.elf .text | wc -c)" -gt 10000 ]
		llvm-readelf-19 -S with.elf | no_line -F .debug_
	done
}

@test "-g counts when compiling" {
	cp "$BATS_FILE_TMPDIR/calls.c" .
	hexo-cc -g1 -c calls.c
	hexo-cc -o compiled calls.o
	hexo_run ./compiled divide
	traced 136 divide divide=divide:0 fail=divide:1 "${outer[@]}"
}

@test "-g counts when linking" {
	cp "$BATS_FILE_TMPDIR/calls.c" .
	hexo-cc -c calls.c
	hexo-cc -g -o linked calls.o
	hexo image linked | grep -F x86-64.debug
	hexo_run ./linked divide
	traced 136 divide divide=divide:0 fail=divide:1 "${outer[@]}"
}

@test "-g0 takes -g back" {
	cp "$BATS_FILE_TMPDIR/calls.c" .
	hexo-cc -ggdb3 -g0 -c calls.c
	hexo-cc -o neither calls.o
	hexo image --json neither | jq -e '.isas[0].debug == null'
}

@test "line tables that are damaged cost the lines only" {
	local at
	cp "$BATS_FILE_TMPDIR/calls" damaged
	# The manifest names the file, then its entry in the archive does.
	at=$(grep -abo x86-64.debug damaged | sed -n '2s/:.*//p')
	echo damage | dd of=damaged bs=1 seek=$((at + 1000)) conv=notrunc
	hexo_run --isa x86-64 ./damaged divide
	traced 136 divide divide fail descend descend descend main
	run hexo image damaged
	[ "$status" != 0 ]
}

# cannot TEXT ARG...: hexo-trace says so and fails
cannot() {
	local text=$1
	shift
	status=0
	hexo-trace "$@" > out 2>&1 || status=$?
	cat out
	[ "$status" = 1 ]
	grep -qF "$text" out
}

@test "hexo-trace reads under a system call filter" {
	local pid tries
	mkfifo fault
	hexo-trace 3 < fault 3< /dev/null > out 2>&1 &
	pid=$!
	exec 4> fault # it has begun, and waits
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		grep -x 'Seccomp:[[:space:]]*2' "/proc/$pid/status" && break
		[ "$tries" != 10 ]
		sleep 0.1
	done
	exec 4>&-
	wait "$pid" || [ $? = 1 ]
	grep -F 'cannot read the fault' out
}

@test "hexo-trace refuses what is no fault" {
	head -c 66000 /dev/zero > zeros
	tr '\0' '\1' < zeros > ones
	# a fault with 17 registers, without a stack
	(head -c 100 zeros && printf '\021' && head -c 267 zeros) > fault
	cannot "cannot read the fault" 3 < /dev/null 3< zeros
	cannot "cannot read the fault" 3 < zeros 3< zeros
	cannot "cannot read the fault" 3 < ones 3< zeros
	cannot "cannot read the ELF" 3 < fault 3< zeros
	cannot "descriptors are numbers" x < fault
}
