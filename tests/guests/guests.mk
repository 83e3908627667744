# SPDX-License-Identifier: Apache-2.0
# A guest that attacks: an image of machine code that hexo-cc would not make.

HOSTILE     := $(B)/tests/guests/hostile
HOSTILE_OBJ := $(OBJ)/guests
HOSTILE_EMULATION_x86-64  := elf_x86_64
HOSTILE_EMULATION_aarch64 := aarch64linux

$(HOSTILE_OBJ)/pack: tests/guests/pack.c toolchain/image.c $(BASE_SRC)
	mkdir -p $(@D)
	$(call say,CC,$@)
	gcc -std=gnu17 -D_GNU_SOURCE -O1 $(WARN) -Iinclude -I. -o $@ $^ \
		-lzip -ljansson -lxxhash

$(HOSTILE_OBJ)/guest.ld: tests/guests/guest.ld include/hexo/layout.h
	mkdir -p $(@D)
	gcc -E -P -x c -DHEXO_LINKER_SCRIPT -Iinclude $< -o $@

# $(call hostile,ISA): nothing in it may become a call of memset() or the like.
define hostile
$(HOSTILE_OBJ)/$(1)/%.o: tests/guests/%.c
	mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(NATIVE_CC) --target=$(TARGET_$(1)) -fno-builtin -O1 -c $$< -o $$@

$(HOSTILE_OBJ)/$(1).elf: $(addprefix $(HOSTILE_OBJ)/$(1)/,hostile.o \
		arch/$(1)/attacks.o) $(HOSTILE_OBJ)/guest.ld \
		$(GUEST_LIB)/$(1)/native.a
	$$(call say,LINK,$$@)
	ld.lld-19 -m $(HOSTILE_EMULATION_$(1)) -static -z \
		max-page-size=4096 -T $(HOSTILE_OBJ)/guest.ld -o $$@ \
		$$(filter %.o %.a,$$^)
endef
$(foreach isa,$(ISAS),$(eval $(call hostile,$(isa))))

$(HOSTILE): $(HOSTILE_OBJ)/pack $(foreach isa,$(ISAS),$(HOSTILE_OBJ)/$(isa).elf)
	mkdir -p $(@D)
	$(call say,IMAGE,$@)
	$< $@ $(foreach isa,$(ISAS),$(isa)=$(HOSTILE_OBJ)/$(isa).elf)
	chmod +x $@
