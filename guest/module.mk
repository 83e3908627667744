# SPDX-License-Identifier: Apache-2.0
# What runs in the VM besides the program: kernel and C library as portable
# bitcode, entry and unwinder for each ISA.

GUEST_LIB := $(B)/lib/hexo
GUEST_OBJ := $(OBJ)/guest

include guest/libc/libc.mk

# Portable: optimised with the program, when it is linked. No strict aliasing:
# programs hand over structures under names of their own.
KERNEL_CC := clang-19 --target=le64-unknown-unknown -std=gnu17 -ffreestanding \
             -nostdlibinc -Os -Xclang -disable-llvm-passes \
             -fomit-frame-pointer -fexceptions -ffp-contract=off \
             -fno-strict-aliasing -emit-llvm -Iinclude -I. -MMD -MP $(WARN)

KERNEL_BC := $(patsubst guest/kernel/%.c,$(GUEST_OBJ)/kernel/%.o,\
               $(wildcard guest/kernel/*.c))

$(KERNEL_BC): $(GUEST_OBJ)/kernel/%.o: guest/kernel/%.c
	@mkdir -p $(@D)
	$(KERNEL_CC) -c $< -o $@

# One object that shows only what programs, libc, compiler and native code
# call: a program may use any other name itself.
KERNEL_API := hexo_syscall,kernel_start,kernel_park,hexo_poll_due,$\
              hexo_poll_park,hexo_poll_wait,hexo_frame_save,$\
              hexo_frame_pop,hexo_frame_next,hexo_jump_set,$\
              hexo_jump,hexo_jump_here,hexo_pstack

$(GUEST_OBJ)/kernel.o: $(KERNEL_BC)
	llvm-link-19 $^ -o $@.linked
	@# It warns that it has no back end for the generic target.
	opt-19 -passes=internalize -internalize-public-api-list=$(KERNEL_API) \
		$@.linked -o $@ 2> $@.log || { cat $@.log >&2; exit 1; }

$(GUEST_LIB)/libkernel.a: $(GUEST_OBJ)/kernel.o
	@mkdir -p $(@D)
	@rm -f $@
	llvm-ar-19 rcs $@ $^

all: $(GUEST_LIB)/libkernel.a

# libc and kernel, compiled once for all programs.
RUNTIME := $(GUEST_LIB)/runtime.index
$(RUNTIME): $(BIN)/hexo-cc $(GUEST_LIB)/libkernel.a $(LIBC_ARCHIVE) \
		$(foreach isa,$(ISAS),$(GUEST_LIB)/$(isa)/native.a)
	$(call say,RUNTIME,$@)
	$< $(if $(V),-v) -fhexo-build-runtime=$(@D)

all: $(RUNTIME)

# Native: compiled for fixed addresses below 2 GiB; every function can be
# unwound through.
TARGET_x86-64  := x86_64-linux-gnu
TARGET_aarch64 := aarch64-linux-gnu

NATIVE_CC := clang-19 -std=gnu17 -ffreestanding -nostdlibinc -O2 \
             -fno-pic -fno-stack-protector -fexceptions \
             -fasynchronous-unwind-tables -Iinclude -I. -MMD -MP $(WARN) \
             -Wno-unused-command-line-argument

# $(call native,ISA)
define native
NATIVE_OBJ_$(1) := $(addprefix $(GUEST_OBJ)/$(1)/,$(addsuffix .o,$(basename \
	$(notdir $(wildcard guest/native/*.c guest/arch/$(1)/*.[cS])))))

$(GUEST_OBJ)/$(1)/%.o: guest/native/%.c
	@mkdir -p $$(@D)
	$$(NATIVE_CC) --target=$(TARGET_$(1)) -c $$< -o $$@

$(GUEST_OBJ)/$(1)/%.o: guest/arch/$(1)/%.c
	@mkdir -p $$(@D)
	$$(NATIVE_CC) --target=$(TARGET_$(1)) -c $$< -o $$@

$(GUEST_OBJ)/$(1)/%.o: guest/arch/$(1)/%.S
	@mkdir -p $$(@D)
	$$(NATIVE_CC) --target=$(TARGET_$(1)) -c $$< -o $$@

$(GUEST_LIB)/$(1)/native.a: $$(NATIVE_OBJ_$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	llvm-ar-19 rcs $$@ $$^

$(GUEST_LIB)/$(1)/libgcc_eh.a: guest/native/libgcc.syms
	@mkdir -p $$(@D)
	llvm-objcopy-19 --redefine-syms=$$< \
		"$$$$($$(CC_$(1)) -print-file-name=libgcc_eh.a)" $$@

$(GUEST_LIB)/$(1)/libgcc.a: guest/module.mk
	@mkdir -p $$(@D)
	cp "$$$$($$(CC_$(1)) -print-file-name=libgcc.a)" $$@

all: $(addprefix $(GUEST_LIB)/$(1)/,native.a libgcc_eh.a libgcc.a)
endef

$(foreach isa,$(ISAS),$(eval $(call native,$(isa))))
