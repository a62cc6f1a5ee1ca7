#!/bin/sh
# The whole minute: 200 reloads.
set -eu
RELOADS=200 exec sh tests/system/test_reload_load.sh "$1"
