# SPDX-License-Identifier: Apache-2.0
# Nodes and clients that must know each other's keys.
# shellcheck disable=SC2154 # variables of nodes.bash
load ../lib
load ../nodes

# s_client OPTION...: what another TLS client gets from the node
s_client() {
	timeout 10 openssl s_client -ign_eof -connect "127.0.0.1:$port" "$@" \
		< /dev/null > client.out 2>&1
}

certificate() {
	openssl req -x509 -newkey "$@" -nodes -keyout own.pem -out own.crt \
		-subj /CN=x -days 10 2> openssl.err
}

@test "a client that is not known is refused, and then accepted" {
	hexo node add here "127.0.0.1:$port" --fingerprint "$key" 2> add.err
	grep -q "run .hexo node accept $(hexo node key). there" add.err
	refused 125 "run \`hexo node accept $(hexo node key)\` there" \
		--node here "$(image treerec)"
	run hexo node list --clients
	echo "$output"
	[[ "$output" == *"$(hexo node key) refused "*" 127.0.0.1:"* ]]
	hexo node accept "$(hexo node key)" --name me
	[ "$(hexo node list --clients)" = "$(hexo node key) accepted me" ]
	on "--node here" treerec
	on "--node 127.0.0.1:$port" treerec
	hexo node remove --clients me
	refused 125 "does not know your key" --node here "$(image treerec)"
}

@test "a job moves to the node and back" {
	accept_me
	hexo node add here "127.0.0.1:$port" --fingerprint "$key"
	on "--isa x86-64 --hop 2000:here --hop 4000:x86-64" treerec
	hops_done 2
}

@test "a node's key has to be known" {
	run hexo run --node "127.0.0.1:$port" "$(image treerec)"
	echo "$output"
	[ "$status" = 125 ]
	[[ "$output" == *"hexo node add NAME 127.0.0.1:$port"* ]]
	run hexo node add here "127.0.0.1:$port"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"--fingerprint $key"* ]]
	[ -z "$(hexo node list)" ]
	run hexo node add here "127.0.0.1:$port" --fingerprint \
		"$(hexo node key)"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"its key is $key, not $(hexo node key)"* ]]
	[ -z "$(hexo node list)" ]
}

@test "another node in a known one's place is refused" {
	accept_me
	hexo node add here "127.0.0.1:$port" --fingerprint "$key"
	node_stop
	local old=$key
	rm state/hexod/key.pem
	node_start "$port"
	[ "$key" != "$old" ]
	refused 125 "its key is $key, not $old" --node here "$(image treerec)"
	# Nothing of the client's was shown to it.
	grep -q "no TLS" hexod.err
	node_stop
	: > hexod.err
	node_start "$port"
	hexo node add here "127.0.0.1:$port" --fingerprint "$key"
	on "--node here" treerec
	hexo node remove here
	[ -z "$(hexo node list)" ]
}

@test "keys are exchanged through ssh" {
	mkdir bin
	cat > bin/ssh <<- 'END'
		#!/bin/sh
		[ "$1" = -- ] && [ "$2" = me@host ] && exec sh -c "$3"
	END
	chmod +x bin/ssh
	PATH=$PWD/bin:$PATH hexo node add here "127.0.0.1:$port" --ssh me@host
	on "--node here" treerec
	PATH=$PWD/bin:$PATH run hexo node add there "127.0.0.1:$port" \
		--ssh me@elsewhere
	echo "$output"
	[ "$status" = 1 ]
}

@test "without TLS nothing is answered" {
	exec 9<> "/dev/tcp/127.0.0.1/$port"
	printf 'HXM1\140\0\2\0\0\0\0\0' >&9
	timeout 10 cat <&9 > answer || true
	exec 9>&-
	no_line -a HXM1 answer
	grep -q "no TLS 1.3 handshake" hexod.err
}

@test "TLS 1.2 is refused" {
	certificate ed25519
	if s_client -tls1_2 -cert own.crt -key own.pem; then return 1; fi
	grep -qi "alert protocol version" client.out
	# The same client with TLS 1.3 is heard, and refused by its key.
	s_client -tls1_3 -cert own.crt -key own.pem || true
	grep -qa "hexo node accept" client.out
}

@test "a client without a certificate, or with another kind, is refused" {
	s_client -tls1_3 || true
	no_line -a HXM1 client.out
	certificate rsa:2048
	s_client -tls1_3 -cert own.crt -key own.pem || true
	no_line -a HXM1 client.out
	[ ! -e state/hexod/refused ]
	[ "$(grep -c "no TLS 1.3 handshake" hexod.err)" = 2 ]
}

@test "bytes sent again are useless" {
	accept_me
	proxy_start record
	hexo node add here "127.0.0.1:$proxy_port" --fingerprint "$key"
	: > record
	on "--node here" treerec
	[ "$(stat -c %s record)" -gt 10000 ]
	: > hexod.err
	exec 9<> "/dev/tcp/127.0.0.1/$port"
	cat record >&9 || true
	timeout 10 cat <&9 > answer || true
	exec 9>&-
	grep -q "no TLS 1.3 handshake" hexod.err
}

@test "clients who say nothing do not keep others out" {
	local i fd fds=()
	accept_me
	hexo node add here "127.0.0.1:$port" --fingerprint "$key"
	for ((i = 0; i < 80; i++)); do
		exec {fd}<> "/dev/tcp/127.0.0.1/$port"
		fds+=("$fd")
	done
	on "--node here" treerec
	for fd in "${fds[@]}"; do exec {fd}>&-; done
}

@test "files with keys must be the user's alone" {
	hexo node key
	chmod 644 config/hexo/key.pem
	run hexo node key
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"chmod 600"* ]]
	chmod 600 config/hexo/key.pem
	echo "nonsense" > config/hexo/nodes
	run hexo node list
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"config/hexo/nodes: line 1"* ]]
}

@test "hexod refuses addresses that are none" {
	local address
	for address in localhost:1 example.org:80 7411 '[::]' 1.2.3:4; do
		run timeout 5 hexod-x86-64 --listen "$address" --cache c
		echo "$address: $status $output"
		[ "$status" = 125 ]
		[[ "$output" == *"$address"* ]]
	done
}
