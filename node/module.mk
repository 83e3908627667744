# SPDX-License-Identifier: Apache-2.0
NODE_TLS_SRC := node/key.c node/list.c node/identity.c node/tunnel.c \
                node/pump.c node/clients.c node/session.c
NODE_CLIENT_SRC := node/client.c node/address.c node/hash.c $(NODE_TLS_SRC)
NODE_SRC := node/hexod.c node/serve.c node/relay.c node/jobs.c node/cache.c node/host.c \
            node/storage.c node/storage_serve.c node/storage_jail.c \
            node/address.c node/hash.c $(NODE_TLS_SRC) migrate/channel.c \
            migrate/link.c \
            migrate/hash.c $(FILES_SRC) $(BASE_SRC) $(SANDBOX_SRC)

# libssl must come before libcrypto where both are static.
NODE_LIBS := -lssl -lcrypto -lseccomp
# Parts of libcrypto that nothing here calls would need shared libraries, and
# the linker warns of them.
NODE_LIBS_aarch64 := -Wl,--no-warnings

$(foreach isa,$(ISAS),$(eval $(call \
	program,$(BIN)/hexod-$(isa),$(isa),$(NODE_SRC),$(NODE_LIBS) $(NODE_LIBS_$(isa)) -ljansson \
	-lxxhash)))
