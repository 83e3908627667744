# SPDX-License-Identifier: Apache-2.0
# GNU bc and dc print what Debian's do, also while they move.
export BATS_TEST_TIMEOUT=300
load ../lib

PACKAGE=$ROOT/build/tests/bc

# programs NAME...: the package's own test programs as one
programs() {
	local name
	for name in "$@"; do
		grep -vx quit "$PACKAGE/Test/$name.b"
	done
}

# as_debian BC-OPTION...: bc reads input
as_debian() {
	with_moves 3 "$PACKAGE/bc/bc" "$@"
	[ "$status" = 0 ]
	/usr/bin/bc "$@" < input > expected 2>&1
	[ -s expected ]
	diff expected stdout
}

@test "bc computes its test programs with three moves" {
	programs exp ln sine atan div sqrt sqrt1 sqrt2 array arrayp aryprm \
		testfn > input
	as_debian -l
}

@test "bc prints 150 digits of pi and of e, and 400!" {
	cat > input <<-'E'
		scale = 150
		4 * a(1)
		e(1)
		define f(n) { if (n < 2) return (1); return (n * f(n - 1)); }
		scale = 0
		f(400)
		obase = 16
		2 ^ 521 - 1
	E
	as_debian -l
}

@test "bc reports errors as Debian's does" {
	printf '1 / 0\nsqrt(-1)\n2 +\n3 + 4\n' > input
	hexo_run "$PACKAGE/bc/bc"
	/usr/bin/bc < input > expected 2> expected-stderr
	diff expected stdout
	diff expected-stderr stderr
	[ "$(cat stdout)" = 7 ]
}

@test "dc computes with moves what bc does" {
	echo '20k0sa[la1+dsavpcla600>y]sylyx' > input
	with_moves 2 "$PACKAGE/dc/dc"
	echo 'scale = 20; for (i = 1; i <= 600; i++) sqrt(i)' |
		/usr/bin/bc > expected
	[ "$(wc -l < expected)" = 600 ]
	diff expected stdout
}
