# SPDX-License-Identifier: Apache-2.0
# What hexo-vm can still do while a guest runs.
load ../lib

# begin: a job that runs on; its hexo-vm is $VM
begin() {
	hexo run --volume "$PWD/vol:/vol" "$(image dirty)" 8 1 /vol/go \
		> stdout 2> stderr 3>&- &
	JOB=$!
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		VM=$(pgrep -P "$JOB" hexo-vm) || true
		# Both helpers and the guest's thread.
		[ "$(grep -ls '^Seccomp:.2' /proc/"${VM:-0}"/task/*/status |
			wc -l)" -lt 3 ] || return 0
		sleep 0.1
	done
	return 1
}

end() {
	kill "$JOB"
	wait "$JOB" || true
	JOB=
}

@test "every thread of hexo-vm has a filter of system calls" {
	begin
	run grep -L '^Seccomp:.2' /proc/"$VM"/task/*/status
	echo "$output"
	# KVM's own thread, where it has one, is the kernel's.
	[ -z "$output" ]
	end
}

@test "hexo-vm has no capability and gains none" {
	begin
	grep -q '^CapPrm:.0*$' /proc/"$VM"/status
	grep -q '^CapEff:.0*$' /proc/"$VM"/status
	grep -q '^NoNewPrivs:.1$' /proc/"$VM"/status
	end
}

@test "hexo-vm sees no files and can open none" {
	unshare -Ur true || skip "no user namespaces"
	begin
	[ "$(readlink /proc/"$VM"/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]
	[ "$(stat -f -L -c %T "/proc/$VM/root")" = tmpfs ]
	[ -z "$(find -H "/proc/$VM/root" -mindepth 1)" ]
	grep -q '^Max open files  *4  *4 ' /proc/"$VM"/limits
	grep -q '^Max core file size  *0  *0 ' /proc/"$VM"/limits
	end
}

@test "hexo-vm can make no file grow, and lock no memory" {
	begin
	cat /proc/"$VM"/limits
	grep -q '^Max file size  *0  *0 ' /proc/"$VM"/limits
	grep -q '^Max locked memory  *0  *0 ' /proc/"$VM"/limits
	grep -q '^Max msgqueue size  *0  *0 ' /proc/"$VM"/limits
	end
}

@test "a hexo-vm that SIGSYS kills is reported as such" {
	begin
	kill -SYS "$VM"
	wait "$JOB" || true
	JOB=
	grep -q "its sandbox forbids a system call" stderr
}

@test "the hexo that is installed has no fault points of tests" {
	strings -a "$ROOT/build/bin/hexo" | no_line HEXO_TEST_
	# The one that tests use has.
	strings -a "$ROOT/build/tests/faulty/bin/hexo" | grep -q HEXO_TEST_
	HEXO_TEST_KILL_TARGET=hello HEXO_TEST_KILL_SOURCE=hello \
		HEXO_TEST_TELL="hello word $PWD/asked" \
		on "--local --hop 2000:server" treerec
	hops_done 1
	[ ! -e asked ]
}
