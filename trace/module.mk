# SPDX-License-Identifier: Apache-2.0
# hexo-trace, which hexo runs when a job has failed.
TRACE_SRC := $(addprefix trace/,main.c sandbox.c unwind.c symbols.c \
	select.c)

$(eval $(call program,$(BIN)/hexo-trace,x86-64,$(TRACE_SRC) $(BASE_SRC) $(SANDBOX_SRC),\
	-ldw -lseccomp))
