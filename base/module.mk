# SPDX-License-Identifier: Apache-2.0
BASE_SRC := base/error.c base/base.c base/thread.c
# Of programs with libseccomp.
SANDBOX_SRC := base/sandbox.c
