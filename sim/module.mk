# SPDX-License-Identifier: Apache-2.0
SIM_SRC := $(addprefix sim/,main.c input.c world.c report.c)

$(eval $(call program,$(BIN)/hexo-sim,x86-64,$(SIM_SRC) $(POLICY_SRC) \
	$(BASE_SRC),-ljansson -lm))
