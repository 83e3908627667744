# SPDX-License-Identifier: Apache-2.0
# The benchmark programs: as images, and natively as the yardstick.

BENCH_NAMES  := $(basename $(notdir $(wildcard bench/programs/*.c)))
BENCH_IMAGES := $(addprefix $(B)/bench/,$(BENCH_NAMES))
BENCH_NATIVE := $(addprefix $(B)/bench/native/,$(BENCH_NAMES))
BENCH_HEADERS := $(wildcard bench/programs/*.h bench/programs/*/*.h)

# What an image is made with and of, besides the program.
HEXO_CC := $(BIN)/hexo-cc
IMAGE_PARTS := $(HEXO_CC) \
               $(addprefix $(B)/lib/hexo/,image.ld runtime.index) \
               $(foreach isa,$(ISAS),$(addprefix $(B)/lib/hexo/$(isa)/,\
                 native.a libgcc.a libgcc_eh.a))

# The yardstick: the same compiler, plain, and musl as Debian packs it.
MUSL_LIB := /usr/lib/x86_64-linux-musl
NATIVE_PROGRAM = clang-19 -O2 -ffp-contract=off $(NATIVE_FLAGS) -nostdinc \
                 -isystem /usr/include/x86_64-linux-musl -static -nostdlib \
                 -o $@ $(MUSL_LIB)/crt1.o $(MUSL_LIB)/crti.o \
                 $(filter %.c,$^) \
                 -L$(MUSL_LIB) -lc $(shell gcc -print-libgcc-file-name) \
                 $(MUSL_LIB)/crtn.o

# A program is NAME.c and, for these, what they share.
$(foreach name,bt sp lu,$(addsuffix /$(name),$(B)/bench $(B)/bench/native \
	$(B)/bench/native-aarch64)): $(wildcard bench/programs/cfd/*.c)

$(BENCH_IMAGES): $(B)/bench/%: bench/programs/%.c $(BENCH_HEADERS) \
		$(IMAGE_PARTS)
	mkdir -p $(@D)
	$(call say,IMAGE,$@)
	$(HEXO_CC) -O2 -o $@ $(filter %.c,$^)

$(BENCH_NATIVE): $(B)/bench/native/%: bench/programs/%.c $(BENCH_HEADERS)
	mkdir -p $(@D)
	$(call say,NATIVE,$@)
	$(NATIVE_PROGRAM)

$(B)/bench/measure: bench/measure.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc -std=gnu17 -O2 $(WARN) -o $@ $<

# The same for aarch64. Debian's libm there was compiled with contraction to
# fused multiply-adds, which is another computation with other results: the
# yardstick takes musl's from the sources.
MUSL_LIB_aarch64 := /usr/lib/aarch64-linux-musl
MATH_AARCH64     := $(B)/bench/libm-aarch64.a

$(MATH_AARCH64): bench/libm.sh $(B)/src/musl/.source-sha256
	mkdir -p $(@D)
	$(call say,NATIVE,$@)
	bench/libm.sh $(B)/src/musl $@

BENCH_NATIVE_aarch64 := $(addprefix $(B)/bench/native-aarch64/,$(BENCH_NAMES))

$(BENCH_NATIVE_aarch64): $(B)/bench/native-aarch64/%: bench/programs/%.c \
		$(BENCH_HEADERS) $(MATH_AARCH64)
	mkdir -p $(@D)
	$(call say,NATIVE,$@)
	clang-19 --target=aarch64-linux-musl -O2 -ffp-contract=off -nostdinc \
		-isystem /usr/include/aarch64-linux-musl -static -nostdlib \
		-fuse-ld=lld-19 -o $@ \
		$(addprefix $(MUSL_LIB_aarch64)/,crt1.o crti.o) \
		$(filter %.c,$^) $(MATH_AARCH64) -L$(MUSL_LIB_aarch64) -lc \
		$(shell aarch64-linux-gnu-gcc -print-libgcc-file-name) \
		$(MUSL_LIB_aarch64)/crtn.o

# Counting instructions: a plugin of QEMU's, and a hexo that runs every
# hexo-vm under QEMU, its own ISA's too. (hexo looks for hexo-vm beside
# itself.)
COUNTED := $(addprefix $(B)/bench/counted/,hexo hexo-vm-aarch64 \
             hexo-vm-x86-64)

$(B)/bench/count.so: bench/plugin/count.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc -std=gnu17 -D_GNU_SOURCE -O2 -fPIC -shared -fvisibility=hidden \
		$(WARN) -o $@ $<

$(B)/bench/counted/hexo $(B)/bench/counted/hexo-vm-aarch64: \
		$(B)/bench/counted/%: $(BIN)/%
	mkdir -p $(@D)
	cp $< $@

$(B)/bench/counted/hexo-vm-x86-64: bench/emulate-vm.sh $(BIN)/hexo-vm-x86-64
	mkdir -p $(@D)
	cp $< $@

# The yardstick of moves over TLS.
$(B)/bench/tlscopy: bench/tlscopy.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc -std=gnu17 -D_GNU_SOURCE -O2 $(WARN) -o $@ $< -lssl -lcrypto

.PHONY: bench bench-programs demo
bench-programs: all $(BENCH_IMAGES) $(BENCH_NATIVE) $(BENCH_NATIVE_aarch64) \
		$(B)/bench/measure $(B)/bench/tlscopy $(B)/bench/count.so $(COUNTED) \
		$(B)/tests/programs/dirty $(B)/tests/proxy
bench: bench-programs
	bench/bench.sh

DEMO := ep cg is
demo: all $(addprefix $(B)/bench/,$(DEMO)) $(addprefix $(B)/bench/native/,$(DEMO))
	bench/demo.sh
