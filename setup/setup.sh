#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: setup/setup.sh
#
# Installs the packages of setup/packages that this machine lacks: Debian 12,
# as root or with sudo. Where nothing is missing it needs neither and changes
# nothing.
set -euo pipefail

say() {
	echo "setup: $*" >&2
}

die() {
	say "$*"
	exit 1
}

cd "$(dirname "$0")/.."
foreign=arm64
log=build/setup.log

wanted() {
	awk '/^[^#]/ { print $1 }' setup/packages
}

# dpkg knows a package of this machine's own architecture with and without
# the architecture's name.
installed() {
	local native
	native=$(dpkg --print-architecture)
	dpkg-query -W -f '${Package} ${Architecture} ${Status}\n' |
		awk -v native="$native" '
			$5 != "installed" { next }
			$2 == native || $2 == "all" { print $1 }
			{ print $1 ":" $2 }'
}

missing() {
	comm -23 <(wanted | sort -u) <(installed | sort -u)
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
	else
		sudo DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
	fi
}

# Says how far apt-get is, in steps of 10 %, from what it prints; all of that
# goes to the log.
progress() {
	awk -v log_file="$log" '
		function step(what, done) {
			percent = int(10 * done / total) * 10
			if (percent > last[what] && percent <= 100) {
				printf "setup: %s %d %%\n", what, percent
				fflush()
				last[what] = percent
			}
		}
		{ print > log_file }
		/ newly installed, / { total = $1 + $3 }
		total && /^Get:/ { step("fetched", ++fetched) }
		total && /^Setting up / { step("installed", ++installed) }
	' >&2
}

install_all() {
	if ! dpkg --print-foreign-architectures | grep -qx "$foreign"; then
		say "step 1 of 3: adding the architecture $foreign"
		as_root dpkg --add-architecture "$foreign"
	fi
	say "step 2 of 3: reading the package index"
	as_root apt-get -qq update ||
		say "apt-get update reported errors; trying to go on"
	say "step 3 of 3: installing $count packages; log: $log"
	# shellcheck disable=SC2086 # a list of words
	as_root apt-get -y -q -o Dpkg::Use-Pty=0 \
		-o Acquire::Retries=3 install \
		--no-install-recommends $list < /dev/null | progress ||
		die "apt-get could not install: $list"
}

[ -e /etc/debian_version ] || die "needs Debian 12 (there is no /etc/debian_version)"
list=$(missing | tr '\n' ' ')
count=$(wc -w <<< "$list")
if [ "$count" = 0 ]; then
	say "all $(wanted | wc -l) packages are installed"
	exit 0
fi

say "$count of $(wanted | wc -l) packages are missing: $list"
if [ "$(id -u)" != 0 ] && ! command -v sudo > /dev/null; then
	die "needs root, or sudo, to install them. As root:" \
		"dpkg --add-architecture $foreign && apt-get update &&" \
		"apt-get install --no-install-recommends $list"
fi
mkdir -p build
install_all
list=$(missing | tr '\n' ' ')
[ -z "$list" ] || die "still missing after the installation: $list"
say "done"
