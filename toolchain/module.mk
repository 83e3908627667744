# SPDX-License-Identifier: Apache-2.0
# hexo-cc. It runs where people compile, which is the server for now.
TOOLCHAIN_SRC := $(wildcard toolchain/*.c toolchain/pass/*.c)
TOOLCHAIN_OBJ := $(call objects,x86-64,$(TOOLCHAIN_SRC))
TOOLCHAIN_INC := $(OBJ)/toolchain

# Asked when something is built: set-up may have to install LLVM first.
LLVM_HEADERS = $(shell llvm-config-19 --includedir)
LLVM_LIBS    = $(shell llvm-config-19 --libdir)
$(TOOLCHAIN_OBJ): CFLAGS += -isystem $(LLVM_HEADERS) -I$(TOOLCHAIN_INC)

# The functions that never hold a poll, as C strings.
$(TOOLCHAIN_INC)/nopoll.inc: guest/libc/nopoll.list
	@mkdir -p $(@D)
	@sed 's/.*/"&",/' $< > $@
$(call objects,x86-64,toolchain/pass/lower_marks.c): $(TOOLCHAIN_INC)/nopoll.inc

$(eval $(call program,$(BIN)/hexo-cc,x86-64,$(TOOLCHAIN_SRC) $(BASE_SRC),\
	-L$$(LLVM_LIBS) -lLLVM-19 -lzip -ljansson \
	-lxxhash))

# The linker script, with the address map's numbers filled in.
$(B)/lib/hexo/image.ld: guest/image.ld include/hexo/layout.h
	@mkdir -p $(@D)
	@gcc -E -P -undef -x c -Iinclude -DHEXO_LINKER_SCRIPT $< -o $@
all: $(B)/lib/hexo/image.ld
