# SPDX-License-Identifier: Apache-2.0
# What serves a job's files: for its home, and for a node.
FILES_SRC := files/files.c files/data.c files/dir.c files/path.c \
             files/volume.c files/local.c files/state.c
