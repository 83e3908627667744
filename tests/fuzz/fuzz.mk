# SPDX-License-Identifier: Apache-2.0
# Fuzz harnesses: each tests/fuzz/NAME.c is a program of its own. Its comment
# lines "LINK: sources; libraries" and "OPTIONS: for libFuzzer" say the rest.

FUZZ_NAMES  := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
FUZZ_BIN    := $(B)/fuzz/bin
FUZZ_OBJ    := $(OBJ)/fuzz
FUZZERS     := $(addprefix $(FUZZ_BIN)/,$(FUZZ_NAMES))
FUZZ_SEEDS  := $(B)/fuzz/seeds/.made
FUZZ_CC     := clang-19
FUZZ_SAN    := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CFLAGS := -std=gnu17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
               -fsanitize=fuzzer-no-link $(FUZZ_SAN) $(FUZZ_FLAGS) \
               $(WARN) -Wno-bitwise-instead-of-logical -Iinclude -I. -MMD -MP
# Programs whose images, streams and checkpoints are seeds.
FUZZ_IMAGES := $(addprefix $(B)/tests/programs/,null exitcode saved treerec)

$(FUZZ_OBJ)/%.o: %.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -c $< -o $@

fuzz_sources = $(shell sed -n 's|^// LINK: *||; T; s|;.*||p; t; p' \
                 tests/fuzz/$(1).c)
fuzz_libs    = $(shell sed -n 's|^// LINK: *[^;]*;||p' tests/fuzz/$(1).c)

# $(call fuzzer,NAME)
define fuzzer
$(FUZZ_BIN)/$(1): $(patsubst %.c,$(FUZZ_OBJ)/%.o,tests/fuzz/$(1).c \
		tests/fuzz/shared/fuzz.c $(call fuzz_sources,$(1)))
	mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$(FUZZ_CC) -fsanitize=fuzzer $(FUZZ_SAN) $(FUZZ_FLAGS) -o $$@ $$^ \
		$(call fuzz_libs,$(1))
endef
$(foreach name,$(FUZZ_NAMES),$(eval $(call fuzzer,$(name))))

# Seeds that no program of ours leaves in files.
FUZZ_MESSAGES := $(B)/fuzz/messages
$(FUZZ_MESSAGES): tests/fuzz/shared/messages.c migrate/channel.c \
		migrate/hash.c node/hash.c base/base.c base/error.c \
		$(wildcard include/hexo/*.h)
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc -std=gnu17 -D_GNU_SOURCE -O1 $(WARN) -Iinclude -I. -o $@ $(filter %.c,$^) \
		-lxxhash

$(FUZZ_SEEDS): tests/fuzz/seeds.sh $(FUZZ_MESSAGES) $(FUZZ_IMAGES) \
		$(BIN)/hexo $(BIN)/hexo-vm-x86-64 $(BIN)/hexo-vm-aarch64 \
		$(BIN)/hexod-x86-64
	$(call say,SEEDS,$(@D))
	tests/fuzz/seeds.sh
	touch $@

# All harnesses, FUZZ_TIME seconds each (60), FUZZ_JOBS at a time (2); and what
# of the code their inputs have reached, by harnesses that count that.
.PHONY: fuzz fuzzers fuzz-coverage
fuzzers: $(FUZZERS) $(FUZZ_SEEDS)
fuzz: fuzzers
	tests/fuzz/fuzz.sh
fuzz-coverage:
	$(MAKE) fuzzers FUZZ_OBJ=$(OBJ)/fuzz-coverage \
		FUZZ_BIN=$(B)/fuzz/coverage \
		FUZZ_FLAGS='-fprofile-instr-generate -fcoverage-mapping'
	tests/fuzz/coverage.sh
