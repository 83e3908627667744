# SPDX-License-Identifier: Apache-2.0
CLI_SRC := $(addprefix cli/,main.c options.c words.c isa.c place.c plan.c \
             boot.c run.c restore.c job.c resume.c image.c image_command.c \
             stream_command.c ps.c migrate_command.c migrate_print.c \
             runtime.c control.c loop.c vm.c connect.c home.c home_table.c \
             home_vm.c home_check.c move.c move_later.c move_clock.c \
             move_file.c move_choose.c move_mode.c speeds.c report.c \
             figures.c bar.c home_doubt.c trace.c stats.c probe.c \
             checkpoint.c checkpoint_stream.c record.c pack.c \
             checkpoint_command.c files_state.c files_restore.c save.c \
             home_save.c home_control.c home_local.c nodes.c node_command.c \
             keeper.c)

# Named here, as the fragments that name them too may be read later.
CLI_SRC += files/files.c files/data.c files/dir.c files/path.c files/volume.c \
           files/local.c files/state.c
CLI_SRC += migrate/channel.c migrate/link.c migrate/hash.c migrate/pack.c \
           migrate/stream.c migrate/stream_write.c migrate/print.c \
           node/client.c node/address.c node/hash.c node/key.c node/list.c \
           node/identity.c node/tunnel.c node/pump.c node/clients.c \
           node/session.c

HEXO_SRC  := $(CLI_SRC) $(BOARD_SRC) $(BASE_SRC) $(SANDBOX_SRC)
HEXO_LIBS := -lssl -lcrypto -lseccomp -ljansson -lzip -lxxhash -llz4 -lzstd

$(eval $(call program,$(BIN)/hexo,x86-64,$(HEXO_SRC),$(HEXO_LIBS)))
