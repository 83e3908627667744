#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/fuzz/seeds.sh
#
# Makes build/fuzz/seeds/NAME: what the fuzz harnesses begin with. All of it
# comes from our own programs: streams and checkpoints of jobs, images, lists
# of keys, messages. Large ones are cut where the harness does not look.
set -euo pipefail
cd "$(dirname "$0")/../.."

root=$PWD
seeds=$root/build/fuzz/seeds
programs=$root/build/tests/programs
work=$(mktemp -d /tmp/hexo-seeds.XXXXXX)
export XDG_RUNTIME_DIR=$work/run XDG_CONFIG_HOME=$work/config
export XDG_STATE_HOME=$work/state PATH=$root/build/bin:$PATH
unset HEXO_RUN_OPTIONS
job=

cleanup() {
	[ -z "$job" ] || kill "$job" 2> /dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

mkdir -m 700 "$XDG_RUNTIME_DIR"
rm -rf "$seeds"
for file in tests/fuzz/*.c; do
	mkdir -p "$seeds/$(basename "$file" .c)"
done
cd "$work"

# Streams: parked twice, so that one has frame records from a move.
timeout 60 hexo run --local --backend process --save-streams . \
	--hop 100:x86-64 --hop 3000:aarch64 "$programs/treerec" > out
for file in hop-*.stream; do
	cp "$file" "$seeds/stream/$file"
done
timeout 60 hexo run --local --backend process --save-streams . \
	--compress always --hop 3000:x86-64 "$programs/treerec" > out
cp hop-1.stream "$seeds/stream/packed.stream"

# Checkpoints: with 64 bytes of the stream, in the order that the harness wants;
# its mutator makes head and index agree.
mkdir vol
timeout 60 hexo run --name fuzz-seed --volume "$work/vol:/vol" \
	--backend process "$programs/saved" /vol go < /dev/null > out 2> err &
job=$!
for ((i = 0; i < 200; i++)); do
	! grep -q waiting out || break
	sleep 0.1
done
timeout 60 hexo checkpoint fuzz-seed whole > told
wait "$job" || true
job=
# number OFFSET: one of the head's numbers
number() {
	od -A n -t u8 -j "$1" -N 8 whole | tr -d ' '
}
# part AT LENGTH: bytes of it
part() {
	dd if=whole iflag=skip_bytes,count_bytes skip="$1" count="$2" \
		status=none
}
state_at=$(number 32)
state_len=$(number 40)
{
	part 0 104
	part 4096 104
	part 8192 64
	part "$(number 72)" 24
	part "$state_at" $(((state_len + 7) / 8 * 8))
	part "$(number 56)" "$(number 64)"
} > "$seeds/checkpoint/saved"

# Images: as they are, but with the first bytes of each ELF only.
for name in null exitcode; do
	mkdir "$name"
	unzip -q -d "$name" "$programs/$name" 2> err || [ $? = 1 ]
	cp "$name/x86-64.elf" "$seeds/elf/$name"
	cp "$name/x86-64.elf" "$seeds/linked/$name"
	(
		cd "$name"
		for elf in *.elf; do
			truncate -s 1000 "$elf"
			jq --arg file "$elf" --arg hash "$(xxh64sum "$elf" |
				cut -d ' ' -f 1)" \
				'(.isas[] | select(.file == $file)) |=
				(.size = 1000 | .xxh64 = $hash)' \
				manifest.json > new
			mv new manifest.json
		done
		zip -q -X ../"$name.zip" manifest.json ./*.elf
	)
	{
		head -n 1 "$programs/$name"
		cat "$name.zip"
	} > "$seeds/image/$name"
	zip -q -A "$seeds/image/$name"
done

# Lists of keys, as hexod keeps them.
for name in one two; do
	hexo node key > key.$name
	hexod-x86-64 accept "$(cat key.$name)" $name
	rm -rf "$XDG_CONFIG_HOME"
done
cp "$XDG_STATE_HOME/hexod/clients" "$seeds/lists/clients"
cp key.one "$seeds/lists/key"
# As long as a list may be.
for ((i = 0; i < 256; i++)); do
	head -n 1 "$seeds/lists/clients"
done > "$seeds/lists/full"

for name in channel serve session hypercall receive files home relay \
	fetch; do
	"$root/build/fuzz/messages" "$name" > "$seeds/$name/messages"
done
(cd "$seeds/home" && "$root/build/fuzz/messages" homes)
"$root/build/fuzz/messages" resume > "$seeds/serve/resume"
# Asks, is granted, has a file opened, reads, parks.
printf '\x0f\x00\x01\x00\x02\x00\x06\x04\x08\x01\x01\x03\x40\x01\x00\x03' \
	> "$seeds/storage/steps"
for directory in "$seeds"/*; do
	[ -n "$(ls "$directory")" ] || {
		echo "seeds: $directory is empty" >&2
		exit 1
	}
done
