#!/bin/sh
# A whole healthy day in compressed time, 24 minutes: nothing of it may raise an alert.
set -eu
exec sh tests/system/rehearsal/rehearse.sh "$1" --only=healthy --hours=24
