# SPDX-License-Identifier: Apache-2.0
# Volumes that each machine has itself: two nodes beside the server. Where they
# are to have different ones, the directory is called /proc/self/cwd/data: each
# hexod and hexo run has a working directory of its own.
# shellcheck disable=SC2154 # variables of nodes.bash
load ../lib
load ../nodes

with_faults

OWN=/proc/self/cwd/data

setup() {
	nodes_setup
	node_stop
	# Where hexod is root, its processes here are nobody's.
	chmod 777 vol
	mkdir -p far near
	mkdir -m 777 far/data near/data data
	for place in far near .; do
		case $place in
		.) letter=s ;;
		*) letter=${place:0:1} ;;
		esac
		seq -f "$letter-in %02g" 1 99 > "$place/data/in"
		: > "$place/data/out"
		chmod 666 "$place/data/out"
	done
	local_node far
	local_node near
}

teardown() {
	[ -z "${job:-}" ] || kill "$job" 2> /dev/null || true
	hexod=$far_pid node_stop
	hexod=$near_pid nodes_teardown
}

# local_node NAME [OPTION...]: a hexod in directory NAME that allows its own
# data and what all share; known as NAME
local_node() {
	local name=$1 top=$PWD
	shift
	cd "$name"
	node_start 0 --timeout 20 --state "$top/$name/state" \
		--volume-local "$OWN" \
		--volume-local "$top/vol" \
		--volume-user "${LOCAL_USER:-65534}" "$@"
	cd "$top"
	printf -v "${name}_pid" %s "$hexod"
	XDG_STATE_HOME=$top/$name hexod-x86-64 --state "$name/state" accept \
		"$(hexo node key)" > /dev/null 2>&1
	hexo node add "$name" "127.0.0.1:$port" --fingerprint "$key"
}

# steps_begin OPTION...: as $job; step N is let go by `step N`
steps_begin() {
	mkdir ctl
	hexo run --name steps --volume "$PWD/ctl:/ctl" \
		--volume-local "$OWN:/d" "$@" "$(image steps)" /d \
		"${CONTROL:-/ctl}" 6 \
		< /dev/null > stdout 2> stderr 3>&- 7>&- &
	job=$!
}

# step N: it makes that step
step() {
	touch "ctl/$1"
	wait_text "in 0$1" stdout
}

# ended STATUS: the job did so
ended() {
	local status=0
	wait "$job" || status=$?
	job=
	cat stderr stdout
	echo "status $status"
	[ "$status" = "$1" ]
}

# steps_end LETTERS: it ended well, and read each piece there
steps_end() {
	ended 0
	[ "$(cut -c 1 stdout | tr -d '\n')" = "$1" ]
	[ "$(cut -c 6- stdout | tr '\n' ' ')" = "01 02 03 04 05 06 " ]
}

@test "a local volume is read and written on the server" {
	hexo_run --volume-local "$OWN:/d" "$(image paths)" read /d/in
	grep -qx "/d/in: s-in 01" stdout
	hexo_run --volume-local "$PWD/data:/d" "$(image paths)" write /d/new
	[ "$(< data/new)" = written ]
	hexo_run --volume-local "$PWD/data:/d:ro" "$(image paths)" write /d/in
	grep -q "Read-only file system" stdout
}

@test "a node has its own" {
	hexo_run --node far --volume-local "$OWN:/d" "$(image paths)" \
		read /d/in
	cat stderr
	grep -qx "/d/in: f-in 01" stdout
	hexo_run --node near --volume-local "$OWN:/d" "$(image paths)" \
		write /d/new
	[ "$(< near/data/new)" = written ]
	[ ! -e data/new ]
	hexo_run --node near --volume-local "$OWN:/d:ro" "$(image paths)" \
		write /d/in /d/other
	[ "$(grep -c "Read-only file system" stdout)" = 2 ]
	hexo_run --node near --volume-local "$OWN:/d" "$(image paths)" \
		remove /d/new
	[ ! -e near/data/new ]
}

@test "all that a program does with files, on a node" {
	natively files "$PWD/native-vol"
	hexo_run --node far --volume-local "$PWD/vol:/vol" "$(image files)" /vol
	agree
}

@test "beside a volume of the home, also within" {
	mkdir out
	echo at-home > out/f
	hexo_run --node far --volume-local "$OWN:/d" --volume "$PWD/out:/d/o" \
		--volume "$PWD/vol:/v" "$(image paths)" read /d/in /d/o/f
	cat stdout stderr
	grep -qx "/d/in: f-in 01" stdout
	grep -qx "/d/o/f: at-home" stdout
}

@test "renaming and linking to another kind of volume is EXDEV" {
	echo x > vol/f
	for node in --node=far --local; do
		hexo_run "$node" --volume-local "$OWN:/d" \
			--volume "$PWD/vol:/v" "$(image exdev)" /d/in /v/f
		cat stdout stderr
		[ "$(grep -c "Cross-device link" stdout)" = 4 ]
	done
}

@test "moves take open files along: server, node, node, server" {
	steps_begin
	step 1
	hexo migrate steps far
	step 2
	hexo migrate steps near
	step 3
	step 4
	hexo migrate steps server
	step 5
	step 6
	steps_end sfnnss
	# Each has what was written there.
	[ "$(< far/data/out)" = "f-in 02" ]
	[ "$(cat near/data/out)" = "n-in 03"$'\n'"n-in 04" ]
	[ "$(wc -l < data/out)" = 3 ]
}

@test "the same by pre-copy and post-copy" {
	need_kvm
	steps_begin --backend kvm
	step 1
	hexo migrate steps far --mode pre-copy
	step 2
	hexo migrate steps near --mode post-copy
	step 3
	hexo migrate steps server --mode post-copy
	step 4
	hexo migrate steps far --mode stop
	step 5
	step 6
	steps_end sfnsff
}

@test "one directory that all share, through moves" {
	local polls
	hexod=$far_pid node_stop
	hexod=$near_pid node_stop
	LOCAL_USER=$(id -u):$(id -g)
	local_node far
	local_node near
	polls=$(polls_of files /vol)
	natively files "$PWD/native-vol"
	hexo_run --volume-local "$PWD/vol:/vol" --hop "$((polls / 4)):far" \
		--hop "$((polls / 2)):near" --hop "$((polls * 3 / 4)):server" \
		"$(image files)" /vol
	agree
	hops_done 3
}

@test "what a node's operator has not allowed is refused" {
	mkdir -m 777 other
	ln -s ../other vol/link
	refused 125 "does not allow --volume-local $PWD/other" --node far \
		--volume-local "$PWD/other:/d" "$(image paths)"
	refused 125 "leads out of" --node far \
		--volume-local "$PWD/vol/link:/d" "$(image paths)"
	refused 125 "cannot open directory $PWD/vol/none" --node far \
		--volume-local "$PWD/vol/none:/d" "$(image paths)"
	refused 125 "not an absolute path" --node far \
		--volume-local "$PWD/vol/../other:/d" "$(image paths)"
	refused 125 "not an absolute path" --node far \
		--volume-local "vol:/d" "$(image paths)"
	refused 125 "cannot open directory $PWD/none" \
		--volume-local "$PWD/none:/d" "$(image paths)"
}

@test "nothing leads out of a local volume" {
	echo secret > secret
	ln -s ../../secret far/data/relative
	ln -s "$PWD/secret" far/data/absolute
	ln -s .. far/data/up
	hexo_run --node far --volume-local "$OWN:/d" "$(image paths)" read \
		/d/relative /d/absolute /d/up/up/secret /d/../secret \
		"$PWD/secret"
	cat stdout
	no_line secret$ < stdout
	[ "$(grep -c 'No such file' stdout)" = 5 ]
	hexo_run --node far --volume-local "$OWN:/d" "$(image paths)" write \
		/d/relative /d/absolute
	[ "$(< secret)" = secret ]
}

@test "a directory that only the node has" {
	mkdir -m 777 far/data/only
	cp far/data/in far/data/only/
	OWN=$OWN/only steps_begin --node far
	step 1
	run hexo migrate steps server
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" == *"cannot open directory $OWN/only, local volume /d"* ]]
	for i in 2 3 4 5 6; do step "$i"; done
	steps_end ffffff
}

@test "a move to where it is not allowed is refused; the job goes on" {
	mkdir -m 777 other
	cp data/in other/
	OWN=$PWD/other steps_begin
	step 1
	run hexo migrate steps far
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" == *"does not allow --volume-local $PWD/other"* ]]
	for i in 2 3 4 5 6; do step "$i"; done
	steps_end ssssss
}

@test "a file that is missing where the job is to go keeps it" {
	rm near/data/in
	steps_begin --node far
	step 1
	run hexo migrate steps near
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" == *"cannot open /d/in again: No such file"* ]]
	grep -q "cannot move to near .*/d/in again.*goes on at far" stderr
	step 2
	rm data/in
	run hexo migrate steps server
	[[ "$output" == *"cannot open /d/in again: No such file"* ]]
	step 3
	cp far/data/in near/data/in
	hexo migrate steps near
	for i in 4 5 6; do step "$i"; done
	steps_end ffffff
	[ "$(wc -l < near/data/out)" = 3 ]
}

@test "a file that was removed, and is open, keeps the job" {
	steps_begin --node far
	step 1
	rm far/data/out
	run hexo migrate steps near
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" == *"far/data/out is open, was removed"* ]]
	for i in 2 3 4 5 6; do step "$i"; done
	steps_end ffffff
}

@test "checkpoints have it, from and to nodes" {
	steps_begin --node far
	step 1
	step 2
	hexo checkpoint steps save
	ended 124
	# Written after the checkpoint: cut back.
	echo more >> far/data/out
	# At another node its file is another.
	cp near/data/in in
	rm near/data/in
	run hexo restore save --node near
	echo "$output"
	[ "$status" = 125 ]
	[[ "$output" == *"cannot open /d/in again"* ]]
	hexo restore save --node far < /dev/null >> stdout 2> stderr 3>&- 7>&- &
	job=$!
	step 3
	grep -q "/d/out is cut from 21 bytes to 16" stderr
	hexo checkpoint steps save --leave-running
	kill -9 "$job"
	wait "$job" || true
	cp far/data/in data/in
	: > data/out
	hexo restore save < /dev/null >> stdout 2> stderr 3>&- 7>&- &
	job=$!
	for i in 4 5 6; do step "$i"; done
	steps_end ffffff
	[ "$(wc -l < data/out)" = 3 ]
	[ "$(wc -l < far/data/out)" = 3 ]
}

# storage_of HEXOD: the process that serves local volumes for its one VM
storage_of() {
	local relay pid
	relay=$(pgrep -P "$1")
	for pid in $(pgrep -P "$relay"); do
		[ "$(< "/proc/$pid/comm")" != hexod-x86-64 ] || echo "$pid"
	done
}

@test "who serves them has no rights but these" {
	local status uid=65534
	steps_begin --node far
	step 1
	status=/proc/$(storage_of "$far_pid")/status
	cat "$status"
	[ "$(id -u)" = 0 ] || uid=$(id -u)
	grep -Pq "^Uid:\t$uid\t$uid\t$uid\t$uid$" "$status"
	grep -Pq "^CapPrm:\t0+$" "$status"
	grep -Pq "^NoNewPrivs:\t1$" "$status"
	grep -Pq "^Seccomp:\t2$" "$status"
	for i in 2 3 4 5 6; do step "$i"; done
	steps_end ffffff
}

@test "who serves them is killed: the VM ends, and its home says so" {
	steps_begin --node far
	step 1
	kill -KILL "$(storage_of "$far_pid")"
	ended 125
	grep -q "VM steps at far is lost" stderr
}

# A job that has moved to "near", and waits there for what is there already.
target_is_lost() {
	CONTROL=/d HEXO_TEST_KILL_TARGET=run steps_begin --timeout 2 "$@"
	touch near/data/{2..6} data/1
	wait_text "in 01" stdout
}

@test "a target is lost when it runs: the source has its files open still" {
	target_is_lost
	run hexo migrate steps near --mode stop
	echo "$output"
	[ "$status" != 0 ]
	touch data/{2..6}
	steps_end ssssss
	[ ! -s near/data/out ]
}

@test "the same in a post-copy, whose source can go on there" {
	need_kvm
	target_is_lost --backend kvm
	run hexo migrate steps near --mode post-copy
	echo "$output"
	touch data/{2..6}
	steps_end ssssss
	[ ! -s near/data/out ]
}

@test "a node that is killed takes the job; the files are there" {
	steps_begin --node far
	step 1
	hexo ps
	kill "$far_pid"
	wait "$far_pid" || true
	ended 125
	[ "$(< far/data/out)" = "f-in 01" ]
	local_node far
}

@test "while the link is down nothing is done there" {
	proxy_start /dev/null
	hexo node remove near
	hexo node add near "127.0.0.1:$proxy_port" --fingerprint "$key"
	# Nothing that the job waits for is at home.
	CONTROL=/d steps_begin --node near
	touch near/data/1
	wait_text "in 01" stdout
	link down
	wait_text "link to near broken" stderr
	touch near/data/{2..6}
	sleep 1
	[ "$(wc -l < near/data/out)" = 1 ]
	link up
	steps_end nnnnnn
	[ "$(wc -l < near/data/out)" = 6 ]
}
