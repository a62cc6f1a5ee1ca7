#!/bin/sh
# Prints a folder that holds what package-lock.json names, with provider.js beside it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
installed=$(sh "$here/../../npm.sh" "$here")
cp "$here/provider.js" "$installed/provider.js.$$"
mv "$installed/provider.js.$$" "$installed/provider.js"
echo "$installed"
