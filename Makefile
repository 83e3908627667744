# SPDX-License-Identifier: Apache-2.0
# One make for the whole tree: each directory adds its rules in module.mk.
#
#   make          build everything            make demo   run the main job
#   make check    all tests                   make bench  print the figures
#   make lint     style and house rules       make clean  remove build/
#   make torture  random programs and inputs  make V=1    show the commands
#   make fuzz     random inputs, six minutes  make model  that of a move
#
# Everything built lies under build/; programs under build/bin/.

# One job for each CPU, unless -j says otherwise.
MAKEFLAGS += --no-builtin-rules --no-builtin-variables -j$(shell nproc)
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/bash -o pipefail

# Rules say what they make; `make V=1` shows the commands.
ifndef V
.SILENT:
endif
say = printf '%-8s%s\n' $(1) $(2)

B     := build
BIN   := $(B)/bin
OBJ   := $(B)/obj
ISAS  := x86-64 aarch64

# Host compilers, one per ISA a node can have.
CC_x86-64  := gcc
CC_aarch64 := aarch64-linux-gnu-gcc
LINK_x86-64  := -pie
LINK_aarch64 := -static-pie

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
          -Wwrite-strings -Wno-unused-parameter -Werror
CFLAGS := -std=gnu17 -D_GNU_SOURCE -O2 -g -fPIE $(WARN) -Iinclude -I. -MMD -MP

.PHONY: all
all:

$(OBJ)/x86-64/%.o: %.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	$(CC_x86-64) $(CFLAGS) -c $< -o $@

$(OBJ)/aarch64/%.o: %.c
	mkdir -p $(@D)
	$(call say,CC,$@)
	$(CC_aarch64) $(CFLAGS) -c $< -o $@

# $(call objects,ISA,SOURCES): the objects of C sources for a node's ISA.
objects = $(patsubst %.c,$(OBJ)/$(1)/%.o,$(2))

# $(call linked,FILE,ISA,SOURCES,LIBS): a program of a node; the libraries
# are linked after the objects.
define linked
$(1): $(call objects,$(2),$(3))
	mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(CC_$(2)) $$(LINK_$(2)) -o $$@ $$^ $(4)
endef

# The same, and adds it to `all`.
define program
$(call linked,$(1),$(2),$(3),$(4))
all: $(1)
endef

# The others may ask programs for flags that only set-up installs.
include setup/module.mk
ifneq ($(wildcard $(SETUP)),)
include base/module.mk
-include $(filter-out setup/module.mk base/module.mk,\
	$(sort $(wildcard */module.mk)))
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
endif

.PHONY: clean
clean:
	rm -rf $(B)
