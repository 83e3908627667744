# SPDX-License-Identifier: Apache-2.0
BASE_SRC := base/error.c base/base.c
