#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh PLUGIN BENCHMARK...: runs each with the plugin found.
set -eu
GST_PLUGIN_PATH=$(dirname "$1")
export GST_PLUGIN_PATH
shift
for benchmark in "$@"; do "$benchmark"; done
