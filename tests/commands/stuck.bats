# SPDX-License-Identifier: Apache-2.0
# The target of a move gets stuck at a step of the protocol, and says nothing
# more: the move is given up in time and the job goes on at the source.
load ../lib

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
	until hexo ps | grep -w sleeper | grep -qw running; do sleep 0.1; done
	pkill -STOP -P "$job" hexo-vm
	hexo migrate sleeper x86-64 2> refusal || r=$?
	pkill -CONT -P "$job" hexo-vm
	cat refusal
	[ "$r" = 1 ]
	grep -q "the stream got stuck" refusal
	wait "$job"
	natively ep W
	diff expected stdout
}
