# SPDX-License-Identifier: Apache-2.0
# The target of a move gets stuck at a step of the protocol, and says nothing
# more: the move is given up in time and the job goes on at the source.
load ../lib
with_faults

# survives STEP TEXT
survives() {
	HEXO_TEST_STOP_TARGET=$1 \
		on "--local --timeout 1 --hop 2000:aarch64" treerec
	grep -q "cannot move to server (aarch64): $2 in . s" stderr
	[ "$(figure '.hops | length')" = 1 ]
	ran_on x86-64
}

@test "target gets stuck when it has said hello" {
	survives hello "\(the stream got stuck\|it did not commit\)"
}

@test "target gets stuck in the middle of the stream" {
	survives stream "\(the stream got stuck\|it did not commit\)"
}

@test "target gets stuck when it owns the job but does not run yet" {
	survives commit "it did not run again"
}

@test "a job that reaches no poll in time stays where it is" {
	hexo run --name sleeper "$(image ep)" W > stdout 2> stderr &
	local job=$! r=0
	wait_running sleeper
	pkill -STOP -P "$job" hexo-vm
	hexo migrate sleeper x86-64 2> refusal || r=$?
	pkill -CONT -P "$job" hexo-vm
	cat refusal
	[ "$r" = 1 ]
	grep -q "the job's VM did not answer" refusal
	wait "$job"
	natively ep W
	diff expected stdout
}

# Moves a job whose target stops at a step of the protocol.
move_to_stopped() {
	HEXO_TEST_STOP_TARGET=$1 hexo run --name kept --local --timeout 2 \
		--hop 2000:aarch64 "$(image treerec)" > stdout 2> stderr &
	JOB=$!
	until hexo ps | grep -w kept | grep -qw moving; do sleep 0.1; done
	sleep 1
}

abort_is_refused() {
	local r=0
	hexo migrate --abort kept 2> refusal || r=$?
	cat refusal
	[ "$r" = 1 ]
	grep -q "cannot be given up any more" refusal
}

@test "a move is not given up once the target owns the job" {
	move_to_stopped commit
	abort_is_refused
	wait "$JOB"
	grep -q "it did not run again" stderr
	natively treerec
	diff expected stdout
}

@test "a move is not given up when its source is lost" {
	move_to_stopped shipped
	pkill -KILL -P "$JOB" hexo-vm
	until grep -q "lost during the move" stderr; do sleep 0.1; done
	abort_is_refused
	pkill -CONT -P "$JOB" qemu
	wait "$JOB"
	natively treerec
	diff expected stdout
}
