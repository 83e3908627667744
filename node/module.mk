# SPDX-License-Identifier: Apache-2.0
NODE_CLIENT_SRC := node/client.c node/address.c node/hash.c
NODE_SRC := node/hexod.c node/serve.c node/jobs.c node/cache.c node/host.c \
            node/address.c node/hash.c migrate/channel.c migrate/hash.c \
            $(BASE_SRC)

$(foreach isa,$(ISAS),$(eval $(call \
	program,$(BIN)/hexod-$(isa),$(isa),$(NODE_SRC),-ljansson -lxxhash)))
