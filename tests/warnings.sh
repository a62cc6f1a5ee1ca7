#!/bin/sh
# Lets clang look at the files of one build that it does not compile in another:  sh tests/warnings.sh BUILD OTHER-BUILD
set -eu
for build in "$1" "$2"; do
    [ -f "$build/compile_commands.json" ] || { echo "no $build/compile_commands.json" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# files BUILD: but what a build makes for itself, which is the same in all
files() {
    sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$1/compile_commands.json" | grep -v -F "$(cd "$1" && pwd)/" | sort -u
}
files "$1" >"$work/all"
files "$2" >"$work/elsewhere"
comm -23 "$work/all" "$work/elsewhere" >"$work/left"
[ -s "$work/left" ] || { echo "no file is left" >&2; exit 1; }

# A line each; in it JSON has escaped the quotes.
sed -n 's/^ *"command": "\(.*\)",\{0,1\}$/\1/p' "$1/compile_commands.json" | sed 's/\\\(.\)/\1/g' |
    grep -F -f "$work/left" | sed 's/ -o [^ ]* -c / -fsyntax-only /' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge "$(wc -l <"$work/left")" ] || { echo "not every file has a command" >&2; exit 1; }
tr '\n' '\0' <"$work/commands" | xargs -0 -P 2 -n 1 sh -c
echo "$(wc -l <"$work/left") files"
