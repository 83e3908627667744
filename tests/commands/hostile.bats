# SPDX-License-Identifier: Apache-2.0
# A guest of machine code that hexo-cc would not make, tests/guests/hostile.c:
# whatever it tries ends it, and only it, with a report.
load ../lib

setup_file() {
	board_start
}

teardown_file() {
	board_stop
}

HOSTILE=$ROOT/build/tests/guests/hostile

# kvm_places: where KVM runs guests; a line of options for each
kvm_places() {
	places | grep "backend kvm"
}

# Whether this machine's KVM runs guests by what the CPU has for that. One
# that does not (PVM) has no say in what code of level 3 does.
in_hardware() {
	grep -qE '^flags.* (svm|vmx)( |$)' /proc/cpuinfo
}

# tries ATTACK: leaves what it said in stderr; where is in options
tries() {
	hexo_run "${options[@]}" "$HOSTILE" "$@"
	echo "== ${options[*]} $*: status $status"
	cat stderr
}

# faults ATTACK TEXT: everywhere
faults() {
	local options
	while read -ra options; do
		tries "$1"
		[ "$status" = 139 ]
		grep -q "guest fault: $2" stderr
	done < <(kvm_places)
}

# all_fault KIND COUNT: all attacks of a kind, of which the place has as many
# at least
all_fault() {
	local attacks attack
	tries "list-$1"
	mapfile -t attacks < <(sed 's/.*: //' stderr)
	[ "${#attacks[@]}" -ge "$2" ]
	for attack in "${attacks[@]}"; do
		tries "$attack"
		[ "$status" = 139 ] || [ "$status" = 132 ]
		grep -q "guest fault: " stderr
	done
}

@test "a hostile guest runs, and what it may do it can" {
	local options
	while read -ra options; do
		tries go
		[ "$status" = 42 ]
		tries no-such-attack
		[ "$status" = 43 ]
	done < <(kvm_places)
}

@test "W^X: a guest cannot write its code or its constants" {
	faults text-write "read-only memory write"
	faults constant-write "read-only memory write"
}

@test "W^X: a guest cannot run its data or its stack" {
	faults data-run "jump to data"
	faults stack-run "jump to data"
}

@test "page zero is neither read, nor written, nor run" {
	faults null-read "null pointer read at address 0x0"
	faults null-write "null pointer write at address 0x0"
	faults null-run "jump to null pointer at address 0x0"
}

@test "page tables and what lies beyond memory cannot be read" {
	faults tables-read ".* read at address 0x1000"
	faults beyond-read "unmapped memory read"
}

@test "guest pointers: a request out of range, or that wraps, is a fault" {
	local attack
	for attack in null control text wraps beyond; do
		faults "request-$attack" \
			"hypercall request outside of memory"
	done
}

@test "privileged instructions, other ports and ways to a kernel are faults" {
	local options
	while read -ra options; do
		all_fault privileged 15
	done < <(kvm_places)
}

@test "on a board, a guest cannot ask for CPU, caches and time" {
	local options=(--node "$BOARD")
	all_fault cpu 16
}

@test "on the server, a guest cannot ask for time, nor use AVX" {
	local options=()
	need_kvm
	in_hardware || skip "this KVM leaves level 3 to the CPU (no SVM, VMX)"
	all_fault cpu 6
}

# leaf LEAF EAX EBX ECX EDX
leaf() {
	tries cpuid "$1"
	[ "$status" = 42 ]
	grep -q ": cpuid $2 $3 $4 $5\$" stderr
}

@test "on the server, CPUID is the baseline's, not the host's" {
	local options=()
	need_kvm
	in_hardware || skip "this KVM leaves level 3 to the CPU (no SVM, VMX)"
	leaf 0 00000007 6f786548 656e696c 65736142
	# With the APIC that KVM itself adds.
	leaf 1 00000600 00000000 80000000 07808369
	leaf 7 00000000 00000000 00000000 00000000
	leaf d 00000000 00000000 00000000 00000000
	leaf 40000000 40000000 6f786548 6f786548 6f786548
	leaf 80000001 00000000 00000000 00000000 20100000
	leaf 80000008 00003028 00000000 00000000 00000000
}
