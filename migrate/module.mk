# SPDX-License-Identifier: Apache-2.0
MIGRATE_SRC := migrate/hash.c migrate/channel.c migrate/stream.c \
               migrate/print.c
