#!/bin/sh
# sh tests/npm.sh FOLDER: prints a folder that holds what FOLDER/package-lock.json names, installed by npm from the registry
# that it is set to. Kept in build/tools, under FOLDER's name, until the lock file changes.
set -eu
here=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/.." && pwd)
name=$(basename "$here")
installed=$top/build/tools/$name
mkdir -p "$top/build"
exec 9>"$top/build/lock-peers" # a build may go on meanwhile
flock 9
for program in node npm; do
    command -v $program >/dev/null 2>&1 || {
        echo "there is no $program: install Debian's packages nodejs and npm (sh packaging/packages.sh test)" >&2
        exit 1
    }
done
if ! cmp -s "$here/package-lock.json" "$installed/package-lock.json"; then
    rm -rf "$installed" "$installed.new"
    mkdir -p "$installed.new"
    cp "$here/package.json" "$here/package-lock.json" "$installed.new"
    cd "$installed.new"
    # Node.js brings its own list of trusted CAs; where a company's proxy looks into TLS, the system's list knows its CA.
    trusted=/etc/ssl/certs/ca-certificates.crt
    [ ! -f $trusted ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$trusted}"
    npm ci --cache="$installed.new/cache" --ignore-scripts --no-audit --no-fund --no-update-notifier >install.log 2>&1 </dev/null || {
        echo "npm could not install what $name needs:" >&2
        tail -n 20 install.log >&2
        exit 1
    }
    rm -rf cache
    mv "$installed.new" "$installed"
fi
echo "$installed"
