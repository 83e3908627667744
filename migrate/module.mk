# SPDX-License-Identifier: Apache-2.0
MIGRATE_SRC := migrate/hash.c migrate/channel.c migrate/pack.c \
               migrate/stream.c migrate/stream_write.c migrate/print.c

# All that is moved passes through it; -O2 leaves half of the speed there.
$(foreach i,$(ISAS),$(OBJ)/$(i)/migrate/hash.o): CFLAGS += -O3
