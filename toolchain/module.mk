# SPDX-License-Identifier: Apache-2.0
# hexo-cc. It runs where people compile, which is the server for now.
TOOLCHAIN_SRC := $(filter-out toolchain/pass/%,$(wildcard toolchain/*.c))

$(eval $(call program,$(BIN)/hexo-cc,x86-64,$(TOOLCHAIN_SRC) $(BASE_SRC)))
