#!/bin/sh
# Prints a folder that holds the programs prometheus, promtool and prometheus-alertmanager of Debian's packages. They are
# unpacked into build/tools, not installed, so that no system service is started or left behind.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
tools=$top/build/tools
mkdir -p "$top/build"
exec 9>"$top/build/lock-prometheus"
flock 9
if [ ! -x "$tools/usr/bin/promtool" ] || [ ! -x "$tools/usr/bin/prometheus-alertmanager" ]; then
    command -v apt-get >/dev/null 2>&1 || {
        echo "This is not a Debian system: the packages prometheus and prometheus-alertmanager cannot be fetched." >&2
        exit 1
    }
    echo "fetching prometheus and prometheus-alertmanager" >&2
    rm -rf "$tools.new"
    mkdir -p "$tools.new/packages"
    cd "$tools.new/packages"
    if ! apt-get download prometheus prometheus-alertmanager >log 2>&1; then
        # A fresh machine has no package lists yet.
        if [ "$(id -u)" = 0 ]; then apt-get update; else sudo apt-get update; fi >log 2>&1 || :
        apt-get download prometheus prometheus-alertmanager >log 2>&1 || { cat log >&2; exit 1; }
    fi
    for package in *.deb; do
        dpkg-deb -x "$package" "$tools.new"
    done
    cd "$top"
    rm -rf "$tools.new/packages" "$tools"
    mv "$tools.new" "$tools"
fi
# Debian's Alertmanager looks for its templates where the package would be installed; ours in the folder it is started in:
# share/prometheus/alertmanager beside the programs' folder.
alertmanager=$tools/usr/bin/prometheus-alertmanager
installed=/usr/share/prometheus/alertmanager
here=./././././././././././././././././
if LC_ALL=C grep -q "$installed" "$alertmanager"; then
    LC_ALL=C sed "s#$installed#$here#g" "$alertmanager" >"$alertmanager.new"
    chmod +x "$alertmanager.new"
    mv "$alertmanager.new" "$alertmanager"
fi
echo "$tools/usr/bin"
