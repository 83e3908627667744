# SPDX-License-Identifier: Apache-2.0
# $(call monitor,ISA): hexo-vm for nodes of that ISA.
MONITOR_SRC := $(addprefix monitor/, main.c state.c link.c probe.c memory.c elf.c \
               hypercall.c fault.c usage.c move.c ship.c dirty.c guard.c known.c \
               copy.c push.c fetch.c fetch_guest.c sandbox.c jail.c tables.c cpu.c \
               backend_kvm.c backend_process.c)

MONITOR_ARCH := isa.c cpu.c decode.c traps.c kvm.c process.c

# liblz4 is not shared: each move starts a hexo-vm, and loading takes time.
define monitor
$(call program,$(BIN)/hexo-vm-$(1),$(1),$(MONITOR_SRC) \
	$(addprefix monitor/arch/$(1)/,$(MONITOR_ARCH)) \
	$(MIGRATE_SRC) $(BASE_SRC) $(SANDBOX_SRC),-lseccomp -l:liblz4.a -lpthread)
endef

$(foreach isa,$(ISAS),$(eval $(call monitor,$(isa))))

# The user mode of QEMU 7.2 enters x86-64 signal handlers with a stack that is
# off by 8 bytes; this one aligns it itself.
$(OBJ)/x86-64/monitor/backend_process.o: CFLAGS += -mstackrealign
