# SPDX-License-Identifier: Apache-2.0
# The C library of the guest: musl, fetched, compiled to portable bitcode.
# README.md here says what is ported and how.

MUSL         := $(B)/src/musl
LIBC_DIR     := guest/libc
LIBC_ARCH    := $(LIBC_DIR)/arch/hexo
LIBC_PORT    := $(LIBC_DIR)/port
LIBC_OBJ     := $(OBJ)/libc
LIBC_LIB     := $(B)/lib/hexo
LIBC_INCLUDE := $(LIBC_LIB)/include
LIBC_HEADERS := $(LIBC_OBJ)/headers.stamp
LIBC_ARCHIVE := $(LIBC_LIB)/libc.a
LIBC_EMPTY   := $(patsubst %,$(LIBC_LIB)/lib%.a,m pthread rt dl crypt util \
                  resolv xnet)

# -disable-llvm-passes: programs are optimised when they are linked. No
# strict aliasing: libc and kernel end up in one module with the program, and
# pass structures of different names to each other.
LIBC_CC  = clang-19 --target=le64-unknown-unknown $(LIBC_FREE) \
           -nostdinc $(LIBC_LEVEL) -Xclang -disable-llvm-passes -fomit-frame-pointer \
           -fexceptions -ffp-contract=off -fno-math-errno \
           -fno-strict-aliasing -emit-llvm -D_XOPEN_SOURCE=700 \
           -I$(LIBC_ARCH) -I$(MUSL)/arch/generic -I$(LIBC_OBJ)/internal \
           -I$(MUSL)/src/include -I$(MUSL)/src/internal -I$(LIBC_INCLUDE)

# The list of files needs the sources: make fetches them, writes the list and
# starts again. Not for goals that build nothing.
ifneq ($(filter-out clean lint,$(or $(MAKECMDGOALS),all)),)
include $(LIBC_OBJ)/sources.mk
endif

$(MUSL)/.source-sha256: setup/musl.sh
	setup/musl.sh
	@touch $@

$(LIBC_OBJ)/sources.mk: $(MUSL)/.source-sha256 $(LIBC_DIR)/list.sh \
		$(LIBC_DIR)/exclude.list $(LIBC_DIR)/nopoll.files
	@mkdir -p $(@D)
	@$(LIBC_DIR)/list.sh $(MUSL) $(LIBC_OBJ)/src > $@

LIBC_MUSL_OBJ   := $(LIBC_FILES:%.c=$(LIBC_OBJ)/src/%.o)
LIBC_NOPOLL_OBJ := $(LIBC_NOPOLL:%.c=$(LIBC_OBJ)/src/%.o)
LIBC_PORT_OBJ   := $(patsubst $(LIBC_PORT)/%.c,$(LIBC_OBJ)/port/%.o,\
                     $(filter-out %/nopoll.c,$(wildcard $(LIBC_PORT)/*.c)))

# Installed headers: musl's, then the generic part of an architecture, then
# ours; two are made from lists, as musl's own Makefile does.
$(LIBC_HEADERS): $(MUSL)/.source-sha256 $(wildcard $(LIBC_ARCH)/bits/*)
	@mkdir -p $(@D)/internal
	@rm -rf $(LIBC_INCLUDE)
	@mkdir -p $(LIBC_INCLUDE)/bits
	@cp -R $(MUSL)/include/. $(LIBC_INCLUDE)
	@cp $(MUSL)/arch/generic/bits/*.h $(LIBC_INCLUDE)/bits
	@cp $(LIBC_ARCH)/bits/*.h $(LIBC_INCLUDE)/bits
	@rm $(LIBC_INCLUDE)/alltypes.h.in
	@sed -f $(MUSL)/tools/mkalltypes.sed $(LIBC_ARCH)/bits/alltypes.h.in \
		$(MUSL)/include/alltypes.h.in > $(LIBC_INCLUDE)/bits/alltypes.h
	@sed -n 'p;s/__NR_/SYS_/p' $(LIBC_ARCH)/bits/syscall.h.in \
		> $(LIBC_INCLUDE)/bits/syscall.h
	@printf '#define VERSION "%s"\n' "$$(cat $(MUSL)/VERSION)" \
		> $(@D)/internal/version.h
	@touch $@

# For size, as musl's own Makefile does, but for what computes: programs wait
# for that.
LIBC_FAST  := $(addprefix $(LIBC_OBJ)/src/,complex/% math/% string/% malloc/% \
                stdlib/qsort% prng/% internal/%)
LIBC_LEVEL := -Os
$(filter $(LIBC_FAST),$(LIBC_MUSL_OBJ)) $(LIBC_OBJ)/port/math.o \
$(LIBC_OBJ)/port/complex.o: LIBC_LEVEL := -O2

# What may poll is captured and resumed at each call: twice its size, or more.
# Inlining every function that is called once makes printf() a megabyte.
LIBC_INLINE := -finline-hint-functions
$(LIBC_NOPOLL_OBJ): LIBC_INLINE :=

LIBC_INPUT = $<
$(LIBC_NOPOLL_OBJ): LIBC_INPUT = -DLIBC_FILE='"../../../$<"' \
                                 $(LIBC_PORT)/nopoll.c
$(LIBC_NOPOLL_OBJ): $(LIBC_PORT)/nopoll.c
$(LIBC_OBJ)/src/stdio/vfprintf.o: LIBC_INPUT = -include \
                                  $(LIBC_PORT)/nan_sign.h $<
$(LIBC_OBJ)/src/stdio/vfprintf.o: $(LIBC_PORT)/nan_sign.h

$(LIBC_MUSL_OBJ): $(LIBC_OBJ)/src/%.o: $(MUSL)/src/%.c $(LIBC_HEADERS) \
		$(wildcard $(LIBC_ARCH)/*.h) $(LIBC_DIR)/libc.mk
	@mkdir -p $(@D)
	@$(LIBC_CC) $(LIBC_INLINE) -std=c99 -w -c $(LIBC_INPUT) -o $@
	@$(if $(PROGRESS),echo "$(PROGRESS)")

# Freestanding code is not inlined into hosted; these one instruction functions
# should be.
LIBC_FREE := -ffreestanding
$(LIBC_OBJ)/port/math.o: LIBC_FREE :=

$(LIBC_PORT_OBJ): $(LIBC_OBJ)/port/%.o: $(LIBC_PORT)/%.c $(LIBC_HEADERS) \
		$(wildcard $(LIBC_ARCH)/*.h) $(LIBC_DIR)/libc.mk
	@mkdir -p $(@D)
	@$(LIBC_CC) -std=gnu17 -Wall -Werror -c $< -o $@

# Members of one base name come from several directories: append, not replace.
$(LIBC_ARCHIVE): $(LIBC_MUSL_OBJ) $(LIBC_PORT_OBJ) $(LIBC_OBJ)/sources.mk
	@mkdir -p $(@D)
	@rm -f $@
	@llvm-ar-19 qcs $@ $(filter %.o,$^)
	@echo "libc: $@"

$(LIBC_EMPTY): $(LIBC_DIR)/libc.mk
	@mkdir -p $(@D)
	@rm -f $@
	@llvm-ar-19 qcs $@

.PHONY: libc
libc: $(LIBC_ARCHIVE) $(LIBC_EMPTY) $(LIBC_HEADERS)
all: libc
