# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work is lib.bash's
# A job that is moved, and a node for it. After lib.bash and work_open.

job='' node='' proxy=''
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR=$work/run
mkdir -m 700 "$work/run"
trap 'kill $job $node $proxy 2> /dev/null || :; rm -rf "$work"' EXIT

MEDIAN='def median: sort | .[(length - 1) / 2 | floor];'

# begin MIB RATE: the program dirty, which writes RATE MiB/s to MIB of memory
begin() {
	rm -f "$work/go"
	: > "$work/out"
	hexo run --local --backend kvm --memory 8G --name bench-job \
		--volume "$work:/vol" --stats "$work/stats.json" \
		build/tests/programs/dirty "$1" "$2" /vol/go \
		> "$work/out" 2> "$work/err" &
	job=$!
	until grep -q ready "$work/out"; do
		kill -0 "$job" || die "$(< "$work/err")"
		sleep 0.1
	done
}

# move WHERE OPTION...
move() {
	local where=$1
	shift
	hexo migrate "$@" bench-job "$where" > "$work/told"
}

# finish FILTER: ends the job, which checks its memory; figures of its hops
finish() {
	touch "$work/go"
	wait "$job" || die "$(< "$work/err")"
	job=''
	grep -qx "0 words are wrong" "$work/out" || die "$(< "$work/out")"
	jq -c "$MEDIAN"' .hops | if all(.result == "ok") | not then
		error("a move failed") else . end | '"$1" "$work/stats.json"
}

# link_begin PORT: the link to it, by $link; and what that does: see
# tests/proxy.c
link_begin() {
	rm -f "$work/link"
	mkfifo "$work/link"
	build/tests/proxy "$1" < "$work/link" > "$work/proxy.out" &
	proxy=$!
	exec 7> "$work/link"
	until [ -s "$work/proxy.out" ]; do sleep 0.1; done
	link=$(< "$work/proxy.out")
}

link_do() {
	echo "$*" >&7
}

# node_begin direct|link: a hexod on this machine, known as "far"
node_begin() {
	local key port
	hexod-x86-64 --listen 127.0.0.1:0 --cache "$work/cache" \
		> "$work/hexod.out" 2> "$work/hexod.err" &
	node=$!
	until grep -q "^hexod: key" "$work/hexod.out"; do
		kill -0 "$node" || die "$(< "$work/hexod.err")"
		sleep 0.1
	done
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$work/hexod.out")
	key=$(sed -n 's/^hexod: key //p' "$work/hexod.out")
	if [ "$1" = link ]; then
		link_begin "$port"
		port=$link
	fi
	hexo node accept "$(hexo node key)" 2> /dev/null
	hexo node add far "127.0.0.1:$port" --fingerprint "$key" 2> /dev/null
}

node_end() {
	kill "$node"
	wait "$node" || :
	node=''
}
