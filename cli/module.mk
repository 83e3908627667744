# SPDX-License-Identifier: Apache-2.0
CLI_SRC := $(addprefix cli/,main.c options.c words.c isa.c place.c plan.c \
             boot.c run.c restore.c job.c resume.c image.c image_command.c \
             stream_command.c ps.c migrate_command.c runtime.c control.c loop.c link.c vm.c \
             connect.c home.c home_table.c home_vm.c move.c move_later.c move_clock.c move_file.c \
             fault.c trace.c stats.c probe.c files.c files_data.c files_dir.c \
             files_path.c volume.c checkpoint.c checkpoint_stream.c record.c pack.c \
             checkpoint_command.c files_state.c files_restore.c save.c \
             home_save.c home_control.c nodes.c node_command.c keeper.c)

# Named here, as the fragments that name them too may be read later.
CLI_SRC += migrate/channel.c migrate/hash.c migrate/stream.c \
           migrate/print.c node/client.c node/address.c node/hash.c \
           node/key.c node/list.c node/identity.c node/tunnel.c node/pump.c \
           node/clients.c node/session.c

$(eval $(call program,$(BIN)/hexo,x86-64,$(CLI_SRC) $(BOARD_SRC) \
	$(BASE_SRC) $(SANDBOX_SRC),-lssl -lcrypto -lseccomp -ljansson -lzip -lzstd -lxxhash))
