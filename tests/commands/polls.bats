# SPDX-License-Identifier: Apache-2.0
# How far apart polls are: a job that is to move must come to one soon.
export BATS_TEST_TIMEOUT=900
load ../lib

# The bounds: 10 ms, and 50 ms that nothing may exceed; or instructions, of
# which a slow core executes as many in 10 ms.
INSTRUCTIONS=10000000
P99_US=10000
MAX_US=50000

# The benchmarks with their options for hexo run.
programs() {
	awk '/^[^#]/ { name = $1; $1 = $2 = $3 = $4 = ""; print name, $0 }' \
		"$ROOT/bench/programs.list"
}

# longest OPTION... JOB [ARG...]: runs it under emulation; prints the most
# instructions that the guest executed from a poll to the next. The plugin
# counts, see bench/plugin/count.c; the addresses are the guest's code and the
# poll flag.
longest() {
	rm -f counts
	timeout -k 5 600 env "QEMU_PLUGIN=$ROOT/build/bench/count.so,$(
		)out=$PWD/counts,low=0x1000000,high=0xfe00000,poll=0xfff0000" \
		"$ROOT/build/bench/counted/hexo" run --local \
		--backend process "$@" > stdout 2> stderr || return 1
	awk '{ print $3 }' counts
}

@test "every benchmark polls often enough, in instructions" {
	local name options way far=0
	while read -r name options; do
		read -ra options <<< "$options"
		way=$(longest "${options[@]}" "$(image "$name")" S)
		echo "$name: $way"
		[ "$way" -gt 0 ]
		[ "$way" -le $INSTRUCTIONS ] || far=1
	done < <(programs)
	[ "$far" = 0 ]
}

# All ways, of all classes, and not only those that a run takes: as far as the
# compiler can prove it, without what is noted as not known.
@test "no benchmark has a long way that is not run at class S" {
	local name way far=0
	for name in cg stream sgemm matmul; do
		hexo-cc -O2 -fhexo-report "$ROOT/bench/programs/$name.c" \
			-o job 2> out
		way=$(sed -n 's/^hexo-cc: all functions: .*: \([0-9]*\) .*/\1/p' out)
		echo "$name: $way"
		[ "$way" -gt 0 ]
		[ "$way" -le $INSTRUCTIONS ] || far=1
		grep "without a bound\|of unknown size" out && far=1
	done
	[ "$far" = 0 ]
}

@test "a way that is too long shows" {
	local way
	# The mark is that of the runtime's functions, which hold no polls.
	cat > far.c <<-'END'
		__attribute__((noinline, annotate("hexo.nopoll")))
		static unsigned spin(unsigned rounds)
		{
			unsigned x = 1;
			for (unsigned i = 0; i < rounds; i++)
				x = x * 1664525u + (x >> 3);
			return x;
		}
		int main(int argc, char **argv)
		{
			return spin(argc * 10000000u) == 0;
		}
	END
	hexo-cc -O2 far.c -o far
	way=$(longest ./far)
	echo "$way"
	[ "$way" -gt $INSTRUCTIONS ]
}

# probed PROGRAM OPTION...: whether one run of three keeps the bounds. Other
# programs of the machine disturb CPU times as well, if less; and the host,
# while it finds memory for the guest.
probed() {
	local program=$1 run
	shift
	for run in 1 2 3; do
		hexo_run --backend kvm --probe-polls 200 "$@" \
			"$(image "$program")" W
		[ "$status" = 0 ] || return 1
		echo "$program, run $run: $(figure '.probes | tojson')"
		[ "$(figure .probes.count)" -gt 20 ] || return 1
		[ "$(figure ".probes.cpu_us |
			.p99 <= $P99_US and .max <= $MAX_US")" = true ] &&
			return 0
	done
	return 1
}

@test "jobs under KVM come to a poll in time" {
	need_kvm
	local name options late=0
	while read -r name options; do
		# As long as a test may take: not the slow ones.
		case $name in ep | cg | is | matmul) ;; *) continue ;; esac
		read -ra options <<< "$options"
		probed "$name" "${options[@]}" || late=1
	done < <(programs)
	[ "$late" = 0 ]
}
