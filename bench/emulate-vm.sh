#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands for hexo-vm-x86-64 beside a hexo whose VMs are to be emulated:
# build/bench/counted/.
exec qemu-x86_64 "${0%/*}/../../bin/hexo-vm-x86-64" "$@"
