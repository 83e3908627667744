# SPDX-License-Identifier: Apache-2.0
# Packages of the archive, unmodified, built as packages are: their list is
# packages.list.

PACKAGES_DIR := tests/packages
packages_for  = $(shell awk '$$2 == "$(1)" { print $$1 }' \
	$(PACKAGES_DIR)/packages.list)
package_files = $(patsubst %,$(B)/tests/%/.built,$(1))

PACKAGES_CHECK   := $(call packages_for,check)
PACKAGES_TORTURE := $(call packages_for,torture)
PACKAGES         := $(PACKAGES_CHECK) $(PACKAGES_TORTURE)

# Does nothing where the right source is there.
$(PACKAGES:%=$(B)/src/%/.source-sha256): $(B)/src/%/.source-sha256: \
		$(PACKAGES_DIR)/packages.list
	$(PACKAGES_DIR)/fetch.sh $*

$(call package_files,$(PACKAGES)): $(B)/tests/%/.built: \
		$(B)/src/%/.source-sha256 $(PACKAGES_DIR)/%.build \
		$(PACKAGES_DIR)/build.sh $(IMAGE_PARTS) $(BIN)/hexo \
		$(BIN)/hexo-vm-x86-64 $(BIN)/hexo-vm-aarch64
	$(call say,PACKAGE,$(@D))
	$(PACKAGES_DIR)/build.sh $*

# All packages, with the tests that take long.
.PHONY: packages torture-packages
packages: $(call package_files,$(PACKAGES_CHECK))
torture-packages: all $(call package_files,$(PACKAGES))
	tests/run.sh $(PACKAGES:%=$(PACKAGES_DIR)/%.bats) \
		$(wildcard $(PACKAGES_DIR)/torture/*.bats)
