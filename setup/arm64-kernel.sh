#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: setup/arm64-kernel.sh
#
# Fetches what the emulated board boots, to build/board/: Debian's arm64
# kernel (Image), those of its drivers that the board needs (modules/), a
# static arm64 busybox, and what makes its network a bad one for tests (netem/:
# tc, its libraries and drivers). Works without root and without a foreign
# architecture on this machine: apt gets a configuration of its own under
# build/. Does nothing if it is all there: Image comes last.
set -euo pipefail

die() {
	echo "setup/arm64-kernel.sh: $*" >&2
	exit 1
}

cd "$(dirname "$0")/.."
root=$PWD
state=$root/build/apt-arm64
scratch=$root/build/src/board
board=$root/build/board
# What this kernel does not have built in.
modules="virtio_mmio failover net_failover virtio_net"
netem_modules="sch_netem ifb sch_ingress cls_matchall act_mirred"
# The libraries that tc is linked with, and theirs.
netem_packages="iproute2 libbpf1 libelf1 zlib1g libmnl0 libbsd0 libmd0 libcap2
	libxtables12 libc6"
# tc comes last: that it is there says that all is.
netem_files="ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libbpf.so.1
	libelf.so.1 libz.so.1 libmnl.so.0 libbsd.so.0 libmd.so.0 libcap.so.2
	libxtables.so.12 sbin/tc"
[ -e "$board/Image" ] && [ -e "$board/netem/tc" ] && exit 0

# The Debian archive this machine already uses.
archive_uri() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' \
		'Created-By: Packages' |
		awk '$1 == "bookworm" && $2 == "main" && !n++ { print $3 }'
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
		awk '$1 == "Depends:" && !n++ { print $2 }'
}

# unpack PACKAGE: downloads PACKAGE and unpacks it to $scratch/PACKAGE
unpack() {
	local package=$1
	echo "fetching $package for the emulated board" >&2
	(cd "$scratch" && apt_arm64 apt-get -qq download "$package") ||
		die "cannot download $package"
	dpkg-deb -x "$scratch/$package"_*_arm64.deb "$scratch/$package" ||
		die "cannot unpack $package"
}

# take_modules KERNEL DIRECTORY MODULE...
take_modules() {
	local kernel=$1 to=$2 module file
	shift 2
	for module in "$@"; do
		file=$(find "$scratch/$kernel" -name "$module.ko")
		[ -n "$file" ] || die "$kernel has no driver $module"
		cp "$file" "$to/"
	done
}

# Libraries are links to a file with the whole version.
take_netem() {
	local package name file
	for package in $netem_packages; do
		unpack "$package"
	done
	for name in $netem_files; do
		file=$(find "$scratch" -path "*/$name" -print -quit)
		[ -n "$file" ] || die "no package has $name"
		cp -L "$file" "$board/netem/"
	done
}

rm -rf "$scratch" "$board/netem"
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" \
	"$scratch" "$board/modules" "$board/netem"
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

unpack busybox-static
cp "$scratch/busybox-static/bin/busybox" "$board/busybox" ||
	die "busybox-static has no busybox"

unpack "$kernel"
# shellcheck disable=SC2086 # lists of words
take_modules "$kernel" "$board/modules" $modules
# shellcheck disable=SC2086
take_modules "$kernel" "$board/netem" $netem_modules
take_netem
cp "$scratch/$kernel/boot/vmlinuz-${kernel#linux-image-}" \
	"$board/Image.new" || die "$kernel has no kernel image"
mv "$board/Image.new" "$board/Image"
rm -rf "$scratch"
