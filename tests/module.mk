# SPDX-License-Identifier: Apache-2.0
# Programs that tests run and move, unit tests, and `make check`.

# --- Programs: as images, and natively for what they ought to print. --------

TEST_NAMES  := $(basename $(notdir $(wildcard tests/programs/*.c)))
TEST_IMAGES := $(addprefix $(B)/tests/programs/,$(TEST_NAMES))
TEST_NATIVE := $(addprefix $(B)/tests/native/,\
                 $(filter-out efault,$(TEST_NAMES)))

$(TEST_IMAGES): $(B)/tests/programs/%: tests/programs/%.c \
		$(IMAGE_PARTS)
	mkdir -p $(@D)
	$(call say,IMAGE,$@)
	$(HEXO_CC) -O2 -Iinclude -o $@ $<

$(TEST_NATIVE): $(B)/tests/native/%: tests/programs/%.c
	mkdir -p $(@D)
	$(call say,NATIVE,$@)
	$(NATIVE_PROGRAM)

# without a library for atomic operations on 16 bytes
$(B)/tests/native/numbers: NATIVE_FLAGS := -mcx16
$(B)/tests/native/vast: NATIVE_FLAGS := -mcmodel=large

include tests/packages/packages.mk
include tests/guests/guests.mk

# --- Units: the comment lines "LINK: sources; libraries" say what each needs.

UNIT_NAMES  := $(basename $(notdir $(wildcard tests/unit/test_*.c)))
UNIT_TESTS  := $(addprefix $(B)/tests/unit/,$(UNIT_NAMES))
UNIT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
               -fsanitize=address,undefined -fno-sanitize-recover=undefined \
               $(WARN) -Iinclude -I. -MMD -MP

$(OBJ)/unit/%.o: %.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc $(UNIT_CFLAGS) -c $< -o $@

$(OBJ)/unit/toolchain/%.o $(OBJ)/unit/tests/unit/test_pass%.o: \
	UNIT_CFLAGS += -isystem $(LLVM_HEADERS) -I$(TOOLCHAIN_INC)

unit_sources = $(shell sed -n 's|^// LINK: *||; T; s|;.*||p; t; p' \
                 tests/unit/$(1).c)
unit_libs    = $(shell sed -n 's|^// LINK: *[^;]*;||p' tests/unit/$(1).c)

# $(call unit,NAME)
define unit
$(B)/tests/unit/$(1): $(patsubst %.c,$(OBJ)/unit/%.o,tests/unit/$(1).c \
		$(call unit_sources,$(1)))
	mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	gcc -fsanitize=address,undefined -o $$@ $$^ -lcmocka \
		$(call unit_libs,$(1))
endef
$(foreach name,$(UNIT_NAMES),$(eval $(call unit,$(name))))

# --- Commands ---------------------------------------------------------------

# A hexo whose moves fail where a test says so, with what it looks for beside
# itself. The one in build/bin has no such thing in it.
FAULTY := $(B)/tests/faulty
$(eval $(call linked,$(FAULTY)/bin/hexo,x86-64,$(HEXO_SRC) cli/fault.c,\
	$(HEXO_LIBS)))

FAULTY_LINKS := $(addprefix bin/,hexo-trace $(foreach isa,$(ISAS),\
                  hexo-vm-$(isa) hexod-$(isa))) board

.PHONY: faulty
faulty: $(FAULTY)/bin/hexo
	for name in $(FAULTY_LINKS); do \
		ln -sfnr $(B)/$$name $(FAULTY)/$$name || exit 1; done

# One bats file for each place a program can run, from one list of programs.
MATRIX := $(addprefix $(B)/tests/commands/matrix-,\
            $(addsuffix .bats,kvm process qemu-user board hops))

$(MATRIX): $(B)/tests/commands/matrix-%.bats: tests/matrix.sh tests/matrix.list
	mkdir -p $(@D)
	tests/matrix.sh $* > $@

# Moves that something happens to; all of them take an hour.
FAULTS := $(addprefix $(B)/tests/commands/faults-,spread.bats all.bats)

$(FAULTS): $(B)/tests/commands/faults-%.bats: tests/faults.sh
	mkdir -p $(@D)
	tests/faults.sh $* > $@

# --- Fuzzing: random inputs; see docs/fuzzing.md.

include tests/fuzz/fuzz.mk

# --- Torture: random programs, and GCC's tests. Those of `make check` are few
# enough to take a minute or two; `make torture` runs them all.

CAPTURE_GEN := $(B)/tests/capture_gen
PROXY       := $(B)/tests/proxy
CTORTURE    := $(B)/src/gcc-ctorture/.source-sha256

$(CAPTURE_GEN): tests/torture/capture_gen.c tests/torture/capture_body.c \
		tests/torture/capture_gen.h
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc -std=gnu17 -O1 $(WARN) -I. -o $@ $(filter %.c,$^)

$(CTORTURE): setup/ctorture.sh
	setup/ctorture.sh
	touch $@

$(PROXY): tests/proxy.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc -std=gnu17 -D_GNU_SOURCE -O1 $(WARN) -o $@ $<

.PHONY: torture
torture: all $(CAPTURE_GEN) $(CTORTURE) fuzzers
	tests/torture/torture.sh; failed=$$?; \
		FUZZ_TIME=$${FUZZ_TIME:-300} tests/fuzz/fuzz.sh && exit $$failed

.PHONY: torture-faults
torture-faults: all faulty $(PROXY) $(B)/tests/programs/dirty \
		$(B)/tests/commands/faults-all.bats
	tests/run.sh $(B)/tests/commands/faults-all.bats

# One job that moves a thousand times; see tests/torture/README.md.
.PHONY: torture-moves
torture-moves: all $(B)/tests/programs/wander $(B)/tests/native/wander
	tests/torture/moves.sh

# --- Everything -------------------------------------------------------------

.PHONY: check check-programs check-unit
check-programs: all faulty $(HOSTILE) $(TEST_IMAGES) $(TEST_NATIVE) $(BENCH_IMAGES) \
		$(BENCH_NATIVE) $(MATRIX) packages $(B)/bench/count.so \
		$(COUNTED) $(CAPTURE_GEN) $(CTORTURE) $(PROXY) \
		$(B)/tests/commands/faults-spread.bats
check: export CTORTURE_EVERY ?= 10
check: export TORTURE_HOPS ?= 4
check: export TORTURE_MOVES ?= 30
check: export TORTURE_MIB ?= 8
check: export FUZZ_TIME ?= 10
check: check-programs $(UNIT_TESTS) fuzzers
	tests/run.sh

# Without programs and boards: seconds.
check-unit: $(UNIT_TESTS)
	tests/run.sh $(UNIT_TESTS)

# The protocol of a move, see docs/protocol.md.
.PHONY: model
model:
	tests/model/model.sh all

.PHONY: lint
lint:
	tests/lint.sh
