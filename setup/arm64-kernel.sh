#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: setup/arm64-kernel.sh
#
# Fetches what the emulated board boots: Debian's arm64 kernel and a static
# busybox for arm64. Unpacks them to build/src/board/{kernel,busybox} and puts
# the kernel image at build/board/Image. Works without root and without a
# foreign architecture on this machine: apt gets a configuration of its own
# under build/. Does nothing if it is all there.
set -euo pipefail

die() {
	echo "setup/arm64-kernel.sh: $*" >&2
	exit 1
}

cd "$(dirname "$0")/.."
root=$PWD
state=$root/build/apt-arm64
archive=$root/build/archives
tree=$root/build/src/board
image=$root/build/board/Image
[ -e "$image" ] && [ -e "$tree/kernel" ] && [ -e "$tree/busybox" ] && exit 0

# The Debian archive this machine already uses.
archive_uri() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' \
		'Created-By: Packages' |
		awk '$1 == "bookworm" && $2 == "main" { print $3; exit }'
}

apt_arm64() {
	local tool=$1
	shift
	"$tool" -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
		-o Dir::Etc::SourceList="$state/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$state" -o Dir::State::Lists="$state/lists" \
		-o Dir::State::status="$state/status" \
		-o Dir::Cache="$state/cache" \
		-o Acquire::Languages=none -o APT::Sandbox::User="" "$@"
}

# The meta package depends on the package of the current kernel.
kernel_package() {
	apt_arm64 apt-cache depends --important linux-image-arm64 2>/dev/null |
		awk '$1 == "Depends:" { print $2; exit }'
}

# unpack PACKAGE NAME: downloads PACKAGE and unpacks it to $tree/NAME
unpack() {
	local package=$1 name=$2 deb
	echo "fetching $package for the emulated board" >&2
	rm -f "$archive/${package}"_*_arm64.deb
	(cd "$archive" && apt_arm64 apt-get -qq download "$package") ||
		die "cannot download $package"
	deb=$(echo "$archive/${package}"_*_arm64.deb)
	rm -rf "${tree:?}/$name" "$tree/$name.new"
	dpkg-deb -x "$deb" "$tree/$name.new" || die "cannot unpack $deb"
	mv "$tree/$name.new" "$tree/$name"
}

mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$archive" \
	"$tree" "${image%/*}"
: > "$state/status"
uri=$(archive_uri)
keys=/usr/share/keyrings/debian-archive-keyring.gpg
options="[arch=arm64]"
[ -f "$keys" ] && options="[arch=arm64 signed-by=$keys]"
echo "deb $options ${uri:-http://deb.debian.org/debian} bookworm main" \
	> "$state/sources.list"

echo "reading the arm64 index of ${uri:-Debian}" >&2
apt_arm64 apt-get -qq update || die "cannot read the arm64 package index"
kernel=$(kernel_package)
[ -n "$kernel" ] || die "the archive has no linux-image-arm64"

[ -e "$tree/busybox" ] || unpack busybox-static busybox
[ -e "$tree/kernel" ] || unpack "$kernel" kernel
cp "$tree/kernel/boot/vmlinuz-${kernel#linux-image-}" "$image.new" ||
	die "$kernel has no kernel image"
mv "$image.new" "$image"
