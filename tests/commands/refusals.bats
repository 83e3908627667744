# SPDX-License-Identifier: Apache-2.0
# What hexo run and its relatives refuse, with which status and message.
load ../lib

job() {
	image exitcode
}

# repack FILE: an image of the current directory's entries
repack() {
	rm -f new.zip
	zip -q -0 -X new.zip manifest.json x86-64.elf aarch64.elf
	{
		echo '#!/usr/bin/env -S hexo run'
		cat new.zip
	} > "$1"
	zip -q -A "$1"
	chmod +x "$1"
}

unpack() {
	unzip -q "$(job)"
}

# elf_again ISA: puts the altered ELF's hash and size into the manifest
elf_again() {
	local hash size
	hash=$(xxhsum -H1 "$1.elf" | cut -d' ' -f1)
	size=$(stat -c %s "$1.elf")
	jq --arg f "$1.elf" --arg h "$hash" --argjson s "$size" \
		'(.isas[] | select(.file == $f)) |= (.xxh64 = $h | .size = $s)' \
		manifest.json > manifest.new
	mv manifest.new manifest.json
}

@test "an image that was repacked runs" {
	unpack
	repack good
	hexo_run ./good exit 3
	cat stderr
	[ "$status" = 3 ]
}

@test "a job that is not there" {
	refused 127 "no such file" ./nothing
}

@test "a directory as image" {
	refused 126 "directory" "$PWD"
}

@test "a file that is no image" {
	echo "#!/bin/sh" > script
	refused 126 "not a usable image" ./script
	cp /bin/true binary
	refused 126 "not a usable image" ./binary
	: > empty
	refused 126 "not a usable image" ./empty
	echo '#!/usr/bin/env -S hexo run' > line
	refused 126 "not a usable image" ./line
}

@test "a job that may not be read" {
	[ "$(id -u)" != 0 ] || skip "root may read all"
	cp "$(job)" unreadable
	chmod 0 unreadable
	refused 126 "permission" ./unreadable
}

@test "an image that was cut at any place" {
	local size part
	size=$(stat -c %s "$(job)")
	for part in 20 100 1000 $((size / 2)) $((size - 1000)) $((size - 1)); do
		head -c "$part" "$(job)" > ./cut
		refused 126 "cut" ./cut
	done
}

@test "an image with an altered byte in an ELF" {
	local at
	for at in 4000 100000; do
		cp "$(job)" altered
		printf '\xa5\x5a' |
			dd of=altered bs=1 seek=$at conv=notrunc status=none
		cmp -s "$(job)" altered && continue
		hexo_run --isa x86-64 ./altered exit 0
		[ "$status" = 126 ] || hexo_run --isa aarch64 --local ./altered
		cat stderr
		[ "$status" = 126 ]
		grep -q altered stderr
		[ ! -s stdout ]
	done
}

@test "an image of another format version" {
	local key
	unpack
	cp manifest.json original.json
	for key in format layout_version abi_version frame_version; do
		jq --arg k "$key" '.[$k] = 99' original.json > manifest.json
		repack other
		refused 126 "99" ./other
		grep -q "$key" stderr
	done
}

@test "a manifest that is not what it should be" {
	local change
	unpack
	cp manifest.json original.json
	for change in 'del(.isas)' '.isas = []' 'del(.build_id)' \
		'.build_id = "xyz"' '.isas[0].file = "../../etc/passwd"' \
		'.isas[0].size = 5' '.isas[0].xxh64 = "0000000000000000"' \
		'.isas[1] = .isas[0]' '.format = "1"' '[]' '.name = 5'; do
		echo "$change"
		jq "$change" original.json > manifest.json
		repack bad
		refused 126 "bad" ./bad
	done
	echo '{ "format": 1,' > manifest.json
	repack bad
	refused 126 "not JSON" ./bad
}

# alter_elf OFFSET BYTES: in the x86-64 ELF, with the manifest put right
alter_elf() {
	cp original.elf x86-64.elf
	printf '%b' "$2" |
		dd of=x86-64.elf bs=1 seek="$1" conv=notrunc status=none
	elf_again x86-64
	repack bad
	hexo_run --isa x86-64 ./bad exit 0
	echo "status $status"
	cat stderr
	[ "$status" = 125 ] || [ "$status" = 126 ]
	[ ! -s stdout ]
	[ "$(wc -l < stderr)" = 1 ]
}

@test "an ELF that breaks the rules" {
	command -v xxhsum > /dev/null || skip "no xxhsum"
	unpack
	cp x86-64.elf original.elf
	elf_again x86-64
	repack good
	hexo_run --isa x86-64 ./good exit 4
	[ "$status" = 4 ]
	# Magic, class, type, machine, entry, program headers' place and number.
	alter_elf 0 'XELF'
	alter_elf 4 '\x01'
	alter_elf 16 '\x03'
	alter_elf 18 '\xb7'
	alter_elf 24 '\x00\x00\x00\x00'
	alter_elf 32 '\xff\xff\xff\xff\xff\xff\xff\xff'
	alter_elf 56 '\xff\xff'
	# The first program header: address, file size, flags (W and X).
	alter_elf $((64 + 16)) '\x00\x10\x00\x00\x00\x00\x00\x00'
	alter_elf $((64 + 32)) '\xff\xff\xff\xff\xff\xff\xff\x7f'
	alter_elf $((64 + 4)) '\x07'
	head -c 50 original.elf > x86-64.elf
	elf_again x86-64
	repack bad
	refused 126 "ELF" --isa x86-64 ./bad
}

@test "an ISA that the image does not have" {
	unpack
	jq '.isas |= map(select(.name == "x86-64"))' manifest.json > one.json
	mv one.json manifest.json
	repack one
	refused 126 "no ISA aarch64" --isa aarch64 ./one
	refused 125 "--hop" --local --hop 100:aarch64 ./one
	hexo_run ./one exit 2
	[ "$status" = 2 ]
}

@test "options that do not exist or make no sense" {
	refused 125 "unknown option --frobnicate" --frobnicate "$(job)"
	refused 125 "unknown option -x" -x "$(job)"
	refused 125 "no ISA" --isa vax "$(job)"
	refused 125 "neither kvm nor process" --backend xen "$(job)"
	refused 125 "not a size" --memory lots "$(job)"
	refused 125 "not a size" --memory 1K "$(job)"
	refused 125 "not a size" --memory -1 "$(job)"
	refused 125 "not a size" --memory 99999999T "$(job)"
	refused 125 "POLLS:WHERE" --hop soon:aarch64 "$(job)"
	refused 125 "POLLS:WHERE" --hop 100 "$(job)"
	refused 125 "neither" --hop 100:nowhere "$(job)"
	refused 125 "not a number" --hop-every 0 "$(job)"
	refused 125 "same poll" --hop 5:aarch64 --hop 5:x86-64 "$(job)"
	refused 125 "NAME=VALUE" --env nothing "$(job)"
	refused 125 "missing argument"
}

@test "statistics that cannot be written are told before the job runs" {
	local r=0
	hexo run --stats /nowhere/stats.json "$(job)" > stdout 2> stderr || r=$?
	cat stderr
	[ "$r" = 125 ]
	grep -q /nowhere/stats.json stderr
}

@test "commands that do not exist, and their arguments" {
	local r
	for words in frobnicate "ps extra" "migrate onlyone" "kill" "image" \
		"stream" "board frobnicate" "board start --cpus x" \
		"board start --frobnicate"; do
		r=0
		# shellcheck disable=SC2086 # words
		hexo $words > stdout 2> stderr || r=$?
		echo "$words: $r $(cat stderr)"
		[ "$r" != 0 ]
		[ ! -s stdout ]
		grep -q hexo stderr
	done
}

@test "a VM that does not run cannot be moved or ended" {
	run hexo migrate nobody aarch64
	[ "$status" = 1 ]
	[[ "$output" == *nobody* ]]
	run hexo kill nobody
	[ "$status" = 1 ]
	[[ "$output" == *nobody* ]]
}
