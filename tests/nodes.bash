# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A hexod on this machine for each test, keys of the test's own, and a proxy
# between the two that can harm their connections. After ../lib.

setup() {
	nodes_setup
}

teardown() {
	nodes_teardown
}

nodes_setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	: > input
	mkdir vol native-vol
	export HEXO_TEST_CASE=$BATS_TEST_TMPDIR
	export XDG_CONFIG_HOME=$PWD/config XDG_STATE_HOME=$PWD/state
	export XDG_RUNTIME_DIR=$PWD/run
	mkdir -m 700 run
	node_start 0
}

nodes_teardown() {
	local left
	# A job in the background that a failed test did not wait for.
	[ -z "${JOB:-}" ] || kill "$JOB" 2> /dev/null || true
	[ -z "${watcher:-}" ] || kill "$watcher" 2> /dev/null || true
	node_stop
	[ -z "${proxy:-}" ] || kill "$proxy"
	[ -z "${small:-}" ] || umount "$small"
	left=$(processes_of "$BATS_TEST_TMPDIR")
	[ -z "$left" ] || {
		echo "left behind: $left"
		return 1
	}
}

# node_start PORT [OPTION...]: a hexod on this machine; 0: on any port, $port,
# with the key $key
node_start() {
	local at=$1
	shift
	: > hexod.out
	hexod-x86-64 --listen "127.0.0.1:$at" --cache cache --timeout 2 "$@" \
		> hexod.out 2>> hexod.err 3>&- 7>&- &
	hexod=$!
	until grep -q "^hexod: key" hexod.out; do
		kill -0 "$hexod" || return 1
		sleep 0.05
	done
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' hexod.out)
	key=$(sed -n 's/^hexod: key //p' hexod.out)
}

node_stop() {
	kill "$hexod"
	wait "$hexod" || true
}

# proxy_start RECORD: passes $proxy_port on to $port
proxy_start() {
	mkfifo commands
	"$ROOT/build/tests/proxy" "$port" "$1" < commands > proxy.out 3>&- &
	proxy=$!
	exec 7> commands
	until [ -s proxy.out ]; do sleep 0.05; done
	proxy_port=$(< proxy.out)
}

accept_me() {
	hexo node accept "$(hexo node key)" 2> /dev/null
}

# link COMMAND: the proxy does that
link() {
	echo "$*" >&7
}

# small_disk DIRECTORY: a file system of 64 KiB there, until the test ends
small_disk() {
	mkdir -p "$1"
	mount -t tmpfs -o size=64k,mode=700 none "$1" || skip "cannot mount a tmpfs"
	small=$1
}

# small_disk_grows: it has room from now on
small_disk_grows() {
	mount -o remount,size=256m "$small"
}

# linked_node: the node "far", behind the proxy
linked_node() {
	accept_me
	proxy_start /dev/null
	hexo node add far "127.0.0.1:$proxy_port" --fingerprint "$key"
}

# slow_node RATE: the same, behind a link of so many bytes a second
slow_node() {
	linked_node
	link rate "$1"
}
