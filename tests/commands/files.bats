# SPDX-License-Identifier: Apache-2.0
# Files of a job that moves: what a program does with them is what it would
# have been without a move, whatever it has open.
load ../lib

# moved CASE: does there what it does natively, with moves spread over it
moved() {
	with_hops 8 filing "$1" /vol
}

@test "files are renamed across moves" {
	moved renames
}

@test "several append to one file across moves" {
	moved appends
}

@test "a directory is read across moves" {
	moved lists
}

@test "a file is cut across moves" {
	moved truncates
}

@test "a file with holes is written across moves" {
	moved sparse
}

@test "a file of more than 4 GiB is written across moves" {
	moved huge
}

@test "a file without a name is written across moves" {
	moved unlinked
}

@test "a file is synced across moves" {
	moved syncs
}

@test "descriptors share an offset across moves" {
	moved shares
}

@test "standard input from a pipe is read in pieces across moves" {
	seq 1 3000 > numbers
	status=0
	{
		head -c 5000 numbers
		sleep 1
		tail -c +5001 numbers | head -c 3
		sleep 1
		tail -c +5004 numbers
	} | timeout 100 hexo run --stats stats.json --isa x86-64 --local \
		--hop 500ms:aarch64 --hop 1500ms:x86-64 \
		"$(image filing)" echoes > stdout || status=$?
	[ "$status" = 0 ]
	cmp numbers stdout
	hops_done 2
}

@test "both outputs in one file keep their order across moves" {
	local polls
	polls=$(polls_of filing outputs)
	"$(native filing)" outputs > expected 2>&1
	echo "there before" > both
	# shellcheck disable=SC2046 # words
	timeout 100 hexo run --stats stats.json --isa x86-64 --local \
		$(hops_at 8 "$polls") "$(image filing)" outputs >> both 2>&1
	hops_done 8
	diff <(echo "there before" | cat - expected) both
}

# after OPTION... -- CASE STATUS: has written all before it ended so
after() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	natively filing "$2" /vol
	hexo_run "${options[@]}" --volume "$PWD/vol:/vol" "$(image filing)" \
		"$2" /vol
	echo "status $status"
	cat stderr
	[ "$status" = "$3" ]
	[ "$(wc -l < vol/last)" = 3000 ]
	diff -r native-vol vol
}

@test "what a program wrote before a fault is there" {
	after --backend process --isa x86-64 -- faults 139
	after --local --isa aarch64 -- faults 139
}

@test "what a program wrote before a fault under KVM is there" {
	need_kvm
	after --backend kvm --isa x86-64 -- faults 139
}

@test "what a program wrote before it gave up is there" {
	after --isa x86-64 -- aborts 134
}

@test "what a program wrote before _exit is there" {
	after --isa x86-64 -- leaves 3
}

@test "what a program wrote before it was killed is there" {
	local job
	hexo run --name "killed-$$" --volume "$PWD/vol:/vol" \
		"$(image pieces)" write /vol/f 100000000000 4096 \
		< input > stdout 2> stderr &
	job=$!
	until [ -s vol/f ]; do sleep 0.05; done
	hexo kill "killed-$$"
	wait "$job" || status=$?
	[ "$status" = 137 ]
	# Whole pieces without a gap.
	size=$(stat -c %s vol/f)
	echo "$size bytes"
	[ $((size % 4096)) = 0 ]
	"$(native pieces)" write native "$size" 4096 > expected
	cmp native vol/f
}

@test "a disk that gets full while the program goes on" {
	unshare -rm true 2> /dev/null || skip "no user namespaces"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -rm bash -c '
		mount -t tmpfs -o size=64k none vol || exit 9
		timeout 60 hexo run --volume "$PWD/vol:/vol" "$1" fills /vol
	' - "$(image filing)" < input > stdout 2> stderr
	cat stdout stderr
	[ "$(sed -n 1p stdout)" = "write: No space left on device" ]
	[ "$(sed -n 2p stdout)" = "write again: -1 No space left on device" ]
	[ "$(wc -l < stdout)" = 2 ]
	[ ! -s stderr ]
}

@test "a program that never looks: hexo run says what was lost" {
	unshare -rm true 2> /dev/null || skip "no user namespaces"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -rm bash -c '
		mount -t tmpfs -o size=16k none vol || exit 9
		timeout 60 hexo run --volume "$PWD/vol:/vol" "$1" hasty /vol
	' - "$(image filing)" < input > stdout 2> stderr || status=$?
	cat stderr
	[ "$status" = 3 ]
	grep -q "ended before it was told that this had failed" stderr
}

@test "what is read ahead is what is there" {
	"$(native pieces)" write vol/f 3000000 4096 > expected
	hexo_run --volume "$PWD/vol:/vol" "$(image pieces)" \
		read /vol/f 3000000 1000
	[ "$status" = 0 ]
	"$(native pieces)" read vol/f 3000000 1000 > expected
	diff expected stdout
}
