#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: setup/source.sh PACKAGE VERSION FILE SHA256 DESTDIR
#
# Fetches the upstream archive FILE of a Debian source package, checks it and
# unpacks it to DESTDIR without its top directory. Works without root: apt
# gets a configuration of its own under build/ and /etc/apt stays as it is.
# Does nothing if DESTDIR already holds the sources with that checksum.
set -euo pipefail

die() {
	echo "setup/source.sh: $*" >&2
	exit 1
}

[ $# -eq 5 ] || die "usage: source.sh PACKAGE VERSION FILE SHA256 DESTDIR"
package=$1 version=$2 file=$3 sha256=$4 dest=$5
stamp=$dest/.source-sha256
[ "$(cat "$stamp" 2>/dev/null)" = "$sha256" ] && exit 0

root=$(cd "$(dirname "$0")/.." && pwd)
state=$root/build/apt
archive=$root/build/archives
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$archive"
# One at a time: they share apt's state.
exec 9> "$state/lock"
flock 9

# The Debian archive this machine already uses, for sources this time.
archive_uri() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets 'Created-By: Packages' --format \
		'$(RELEASE) $(CODENAME) $(COMPONENT) $(REPO_URI)' |
		awk '($1 == "bookworm" || $2 == "bookworm") && $3 == "main" {
			print $4; exit }'
}

apt_private() {
	apt-get -o Dir::Etc::SourceList="$state/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$state/lists" \
		-o Dir::Cache="$state/cache" \
		-o Acquire::Languages=none -o APT::Sandbox::User="" "$@"
}

fetch() {
	(cd "$archive" &&
		apt_private -qq --download-only --only-source \
			source "$package=$version")
}

has_sum() {
	[ -f "$archive/$file" ] &&
		echo "$sha256  $archive/$file" | sha256sum --check --status 2>/dev/null
}

if ! has_sum; then
	echo "fetching the source of $package $version" >&2
	uri=$(archive_uri)
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	options=
	[ -f "$keys" ] && options="[signed-by=$keys]"
	echo "deb-src $options ${uri:-http://deb.debian.org/debian} bookworm main" \
		> "$state/sources.list"
	# The index may be there from another package; get it when it does not
	# know this version.
	if ! fetch 2>/dev/null; then
		apt_private -qq update ||
			die "cannot read the source index of ${uri:-Debian}"
		fetch || die "the archive has no source of $package $version"
	fi
	has_sum || {
		rm -f "${archive:?}/$file"
		die "$file has not the pinned SHA-256 $sha256: removed"
	}
fi

rm -rf "$dest" "$dest.new"
mkdir -p "$dest.new"
tar -xf "$archive/$file" --strip-components=1 -C "$dest.new" ||
	die "cannot unpack $file"
echo "$sha256" > "$dest.new/${stamp##*/}"
mv "$dest.new" "$dest"
