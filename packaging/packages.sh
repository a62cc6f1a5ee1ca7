#!/bin/sh
# Installs what is missing of Debian's packages:  sh packaging/packages.sh GROUP...
# Groups: build (compile), demo (run the demonstration), test (the whole test command).
# As root, or through sudo; on a system without apt-get it names the packages and stops.
set -eu

packages_of() {
    case $1 in
    build) echo "gcc libc6-dev cmake ninja-build pkg-config libcurl4-openssl-dev libcjson-dev libmicrohttpd-dev" \
        "libinih-dev libcmocka-dev libexpat1-dev libssl-dev zlib1g-dev libdeflate-dev libkrb5-dev libgnutls28-dev" \
        "libcrypt-dev" ;;
    demo) echo "ca-certificates tzdata curl" ;;
    test) echo "systemd clang lld clang-tidy clang-format cppcheck valgrind libclang-rt-14-dev git openssl libyajl-dev" \
        "krb5-kdc krb5-admin-server krb5-user apache2-bin libapache2-mod-auth-gssapi gss-ntlmssp nghttp2-server nodejs npm" \
        "jsonnet python3 python3-prometheus-client protobuf-compiler chromium fonts-dejavu-core" ;;
    *) echo "$0: unknown group $1" >&2; exit 2 ;;
    esac
}

wanted=
for group in "$@"; do
    wanted="$wanted $(packages_of "$group")"
done

missing=
for package in $wanted; do
    # A Node.js from elsewhere brings its own, and does not live beside Debian's.
    [ "$package" != npm ] || ! command -v npm >/dev/null 2>&1 || continue
    if ! command -v dpkg-query >/dev/null 2>&1 ||
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This is not a Debian system. Please install what these Debian packages hold, then try again:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "Not root, and there is no sudo. Please have these packages installed:$missing" >&2
    exit 1
fi
echo "installing (this takes minutes):$missing" >&2
log=$(mktemp)
# One broken repository of many fails the update, and need not matter. Another apt at work, as on a machine's first
# start, ends by itself.
$as_root apt-get update >"$log" 2>&1 </dev/null || :
if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 $missing >>"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "The packages could not be installed:$missing" >&2
    exit 1
fi
rm -f "$log"
