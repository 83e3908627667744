# SPDX-License-Identifier: Apache-2.0
# What an emulated board boots. `hexo board` itself is part of the hexo
# program: BOARD_SRC.
BOARD_SRC := board/board.c board/start.c board/state.c \
             board/qemu.c

BOARD         := $(B)/board
BOARD_ROOT    := $(BOARD)/root
BOARD_APPLETS := sh mount insmod ip cut mkdir tr poweroff
BOARD_PROGRAMS := $(BIN)/hexod-aarch64 $(BIN)/hexo-vm-aarch64

$(BOARD)/Image:
	setup/arm64-kernel.sh

# Nothing but the files' contents decides its bytes; the build ID would depend
# on the place of this tree.
$(BOARD)/initramfs.cpio.gz: board/init board/module.mk $(BOARD_PROGRAMS) \
		| $(BOARD)/Image
	@rm -rf $(BOARD_ROOT)
	@install -d -m 755 $(BOARD_ROOT) \
		$(addprefix $(BOARD_ROOT)/,bin lib proc sys dev)
	install -m 755 board/init $(BOARD_ROOT)/init
	install -m 755 $(BOARD)/busybox $(BOARD_ROOT)/bin/busybox
	install -m 644 $(BOARD)/modules/*.ko $(BOARD_ROOT)/lib/
	for applet in $(BOARD_APPLETS); do \
		ln -s busybox $(BOARD_ROOT)/bin/$$applet || exit 1; done
	for program in $(BOARD_PROGRAMS); do \
		aarch64-linux-gnu-strip -R .note.gnu.build-id \
			-o $(BOARD_ROOT)/bin/$${program##*/} \
			$$program || exit 1; done
	find $(BOARD_ROOT) -exec touch -h -d @0 {} +
	cd $(BOARD_ROOT) && find . | LC_ALL=C sort | \
		cpio --quiet -o -H newc --reproducible -R 0:0 | \
		gzip -9n > ../initramfs.new
	mv $(BOARD)/initramfs.new $@

# For `hexo board start --netem`: the kernel unpacks one archive after the other.
$(BOARD)/netem/tc: | $(BOARD)/Image
	setup/arm64-kernel.sh

$(BOARD)/initramfs-netem.cpio.gz: board/netem $(BOARD)/netem/tc \
		$(BOARD)/initramfs.cpio.gz
	@rm -rf $(BOARD)/netem-root
	@install -d -m 755 $(BOARD)/netem-root/netem
	install -m 755 $(BOARD)/netem/* $(BOARD)/netem-root/netem
	install -m 755 board/netem $(BOARD)/netem-root/netem/start
	find $(BOARD)/netem-root -exec touch -h -d @0 {} +
	cd $(BOARD)/netem-root && find netem | LC_ALL=C sort | \
		cpio --quiet -o -H newc --reproducible -R 0:0 | \
		gzip -9n | cat ../initramfs.cpio.gz - > ../initramfs-netem.new
	mv $(BOARD)/initramfs-netem.new $@

all: $(BOARD)/initramfs.cpio.gz $(BOARD)/initramfs-netem.cpio.gz \
	$(BOARD)/Image
