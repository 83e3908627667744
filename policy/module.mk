# SPDX-License-Identifier: Apache-2.0
POLICY_SRC := $(addprefix policy/,policy.c paper.c hexo.c heap.c room.c)
