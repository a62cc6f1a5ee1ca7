#!/bin/sh
# Plays the rehearsal (rehearsal.py):  sh tests/system/rehearsal/rehearse.sh BUILD [--only=NAME,...] [--keep]
set -eu
cd "$(dirname "$0")/../../.."
build=$1
shift
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh
python3 tests/system/rehearsal/rehearsal.py "$build" "$tools" "$work" "$@"
