# SPDX-License-Identifier: Apache-2.0
# Included before all other fragments: they ask installed programs (such as
# llvm-config) for flags while they are read. make remakes what it includes
# and then starts anew, so a bare machine is set up first, whatever the goal.

SETUP := $(B)/setup.mk

$(SETUP): setup/packages setup/setup.sh
	mkdir -p $(@D)
	setup/setup.sh
	echo '# Set up: the packages of setup/packages are installed.' > $@

ifneq ($(filter-out clean,$(or $(MAKECMDGOALS),all)),)
include $(SETUP)
endif
