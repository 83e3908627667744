# SPDX-License-Identifier: Apache-2.0
# Volumes: what a job can reach, and what it cannot.
load ../lib

# in_volume OPTION... -- ARG...: the shell-like program `paths` in the VM
paths() {
	hexo_run --volume "$PWD/vol:/vol${MODE:-}" "$(image paths)" "$@"
	cat stdout stderr
}

@test "a file in a volume is read" {
	echo hello > vol/a
	paths read /vol/a
	[ "$(cat stdout)" = "/vol/a: hello" ]
}

@test "nothing outside of a volume is reached" {
	echo secret > secret
	mkdir vol/d
	paths read /vol/../secret /vol/d/../../secret "$PWD/secret" \
		/etc/hostname ../secret vol/a
	no_line secret$ < stdout
	[ "$(grep -c 'No such file' stdout)" = 6 ]
}

@test "symbolic links do not lead out of a volume" {
	echo secret > secret
	echo mine > vol/mine
	ln -s "$PWD/secret" vol/absolute
	ln -s ../secret vol/relative
	ln -s .. vol/up
	ln -s mine vol/good
	paths read /vol/absolute /vol/relative /vol/up/secret /vol/good
	no_line secret$ < stdout
	grep -qx '/vol/good: mine' stdout
}

@test "symbolic links do not lead out of a volume when written" {
	mkdir other
	ln -s "$PWD/other" vol/out
	ln -s ../other/b vol/b
	paths write /vol/out/a /vol/b /vol/../other/c
	[ -z "$(ls other)" ]
}

@test "a read-only volume is not written" {
	echo hello > vol/a
	MODE=:ro paths write /vol/a /vol/b
	[ "$(grep -c 'Read-only file system' stdout)" = 2 ]
	[ "$(cat vol/a)" = hello ]
	[ ! -e vol/b ]
	MODE=:ro paths read /vol/a
	grep -qx '/vol/a: hello' stdout
	MODE=:ro paths remove /vol/a
	[ -e vol/a ]
}

@test "a job starts where a volume shows the current directory" {
	mkdir -p vol/d/e
	echo inner > vol/d/e/a
	echo outer > vol/d/b
	: > input
	pushd vol/d/e > /dev/null
	run hexo run --volume "$BATS_TEST_TMPDIR/vol:/vol" "$(image paths)" \
		read a ../b /vol/d/b
	popd > /dev/null
	echo "$output"
	[ "${lines[0]}" = "a: inner" ]
	[ "${lines[1]}" = "../b: outer" ]
	[ "${lines[2]}" = "/vol/d/b: outer" ]
	# The innermost volume counts, and --env more than either.
	pushd vol/d/e > /dev/null
	run hexo run --volume "$BATS_TEST_TMPDIR/vol:/vol" --volume ..:/ \
		"$(image paths)" read a e/a /e/a
	echo "$output"
	[ "${lines[0]}" = "a: inner" ]
	[[ "${lines[1]}" == *"No such file"* ]]
	[ "${lines[2]}" = "/e/a: inner" ]
	run hexo run --volume ..:/ --env PWD=/ "$(image paths)" read b
	popd > /dev/null
	[ "$output" = "b: outer" ]
}

@test "without a volume there are no files" {
	hexo_run "$(image paths)" read /etc/passwd /proc/self/environ /dev/kvm
	[ "$(grep -c 'No such file' stdout)" = 3 ]
	hexo_run "$(image paths)" write /a "$PWD/b"
	[ ! -e b ]
}

@test "devices and pipes in a volume do not block or leak" {
	mkfifo vol/pipe
	paths read /vol/pipe
	[ "$status" -lt 124 ]
}

@test "a volume that does not exist is refused" {
	refused 125 "cannot open directory" --volume "$PWD/nothing:/vol" \
		"$(image paths)"
}

@test "a volume without a place is refused" {
	refused 125 "HOST:GUEST" --volume "$PWD/vol" "$(image paths)"
	refused 125 "absolute path" --volume "$PWD/vol:relative" \
		"$(image paths)"
	refused 125 "absolute path" --volume "$PWD/vol:/a/../b" \
		"$(image paths)"
	refused 125 "two volumes" --volume "$PWD/vol:/a" \
		--volume "$PWD/vol:/a" "$(image paths)"
}
