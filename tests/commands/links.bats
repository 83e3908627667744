# SPDX-License-Identifier: Apache-2.0
# The link to a node breaks, and is made anew: the job and its files notice
# nothing but time.
# shellcheck disable=SC2154 # variables of nodes.bash
load ../lib
load ../nodes

# run_far OPTION... JOB [ARG...]: in the background, as $job; it is "far"
run_far() {
	hexo run --name far "$@" < /dev/null > stdout 2> stderr 3>&- 7>&- &
	job=$!
}

wait_state() {
	until hexo ps | grep -w far | grep -qw "$1"; do
		kill -0 "$job" || {
			cat stderr
			return 1
		}
		sleep 0.05
	done
}

# ended STATUS: so ended the job
ended() {
	local r=0
	wait "$job" || r=$?
	cat stderr
	echo "status $r"
	[ "$r" = "$1" ]
}

# vms COUNT: so many run at the node, within a second
vms() {
	local tries count file name
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		count=0
		while read -r file; do
			read -r name 2> /dev/null < "${file%environ}comm" ||
				continue
			[[ $name != hexo-vm* ]] || count=$((count + 1))
		done < <(grep -lsz "^HEXO_TEST_CASE=$PWD\$" \
			/proc/[0-9]*/environ)
		[ "$count" != "$1" ] || return 0
		sleep 0.1
	done
	echo "$tries tries: $count VMs"
	return 1
}

broken() {
	grep -c "link to far broken; trying again" stderr
}

back() {
	grep -c "link to far is back" stderr
}

# talk COUNT BYTES: chatter begins to write at the node
talk() {
	"$(native chatter)" native-vol/talk "$@" > expected
	run_far --node far --volume "$PWD/vol:/vol" "$(image chatter)" \
		/vol/talk "$@"
}

# It ends, and has said and written all.
talked() {
	ended 0
	diff expected stdout
	diff -r native-vol vol
}

@test "cut again and again while the job writes" {
	linked_node
	talk 6000 10
	wait_state running
	link every 100000
	talked
	[ "$(broken)" -ge 10 ]
	[ "$(broken)" = "$(back)" ]
}

@test "bytes changed on their way are not taken for others" {
	linked_node
	talk 30 6000000
	wait_state running
	link corrupt
	talked
	[ "$(broken)" = 1 ]
	[ "$(back)" = 1 ]
}

@test "cut while the job moves there and back" {
	local polls
	linked_node
	polls=$(polls_of churn 16 30)
	link every 3000000
	on "--isa x86-64 --compress never --hop $((polls / 3)):far \
		--hop $((polls * 2 / 3)):server" churn 16 30
	hops_done 2
	[ "$(broken)" -ge 6 ]
	[ "$(figure '.hops[0].bytes')" -ge 16000000 ]
}

@test "down while the job computes; hexo ps says so" {
	linked_node
	natively ep W
	run_far --node far "$(image ep)" W
	wait_state running
	link down
	wait_state unreachable
	sleep 0.5
	link up
	ended 0
	diff expected stdout
	[ "$(broken)" = 1 ]
	[ "$(back)" = 1 ]
}

@test "the job ends while the link is down" {
	linked_node
	natively ep S
	run_far --node far "$(image ep)" S
	wait_state running
	link down
	sleep 3
	link up
	ended 0
	diff expected stdout
}

@test "stalled for a while" {
	linked_node
	talk 2000 1000
	link stall
	sleep 1
	link go
	talked
	[ ! -s stderr ]
}

@test "hexod is killed and started again: the job goes on" {
	linked_node
	natively ep W
	run_far --node far "$(image ep)" W
	wait_state running
	kill -KILL "$hexod"
	wait "$hexod" || true
	link cut
	wait_state unreachable
	node_start "$port"
	ended 0
	diff expected stdout
	[ "$(back)" = 1 ]
}

@test "hexod ends: the job is lost, and said so" {
	linked_node
	run_far --node far "$(image ep)" A
	wait_state running
	kill "$hexod"
	ended 125
	grep -q "is lost" stderr
	node_start "$port"
}

@test "no link for too long: lost here, ended there" {
	linked_node
	run_far --node far --link-timeout 1s "$(image ep)" A
	wait_state running
	vms 1
	link down
	ended 125
	grep -q "is lost: .*no link for 1 s" stderr
	sleep 2
	vms 0
	link up
}

@test "a home that is killed: the VM ends at once" {
	linked_node
	run_far --node far "$(image ep)" A
	wait_state running
	kill -KILL "$job"
	wait "$job" || true
	vms 0
}

@test "down before the commit for too long: the job goes on at the source" {
	local polls
	linked_node
	polls=$(polls_of churn 16 30)
	link limit 6000000
	on "--isa x86-64 --compress never --timeout 1 \
		--hop $((polls / 2)):far" churn 16 30
	[ "$(figure '.hops | length')" = 1 ]
	[[ "$(figure '.hops[0].result')" == "the stream got stuck"* ||
		"$(figure '.hops[0].result')" == "it did not commit"* ]]
	link up
}

@test "nobody else can take a session over" {
	linked_node
	natively ep W
	run_far --node far "$(image ep)" W
	wait_state running
	ls state/hexod/sessions
	[ "$(stat -c %a state/hexod/sessions)" = 700 ]
	[ "$(find state/hexod/sessions -type s | wc -l)" = 1 ]
	ended 0
	diff expected stdout
	[ "$(find state/hexod/sessions -type s | wc -l)" = 0 ]
}

# The process of the one VM that runs at the node.
vm_at_node() {
	local file name
	while read -r file; do
		read -r name < "${file%environ}comm"
		[[ $name == hexo-vm* ]] || continue
		file=${file%/environ}
		echo "${file##*/}"
	done < <(grep -lsz "^HEXO_TEST_CASE=$PWD\$" /proc/[0-9]*/environ)
}

# killed SIGNAL TEXT: a VM at the node that a signal kills is lost, and said how
killed() {
	linked_node
	run_far --node far "$(image ep)" A
	wait_state running
	kill "-$1" "$(vm_at_node)"
	ended 125
	grep -q "is lost: its hexo-vm vanished (killed.*$2" stderr
}

@test "a VM at a node that its sandbox killed is reported as such" {
	killed SYS "its sandbox forbids a system call"
}

@test "a VM at a node that was killed for want of memory is reported so" {
	killed KILL "by signal 9: is that machine out of memory"
}
