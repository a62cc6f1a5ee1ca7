#!/bin/sh
# The secrets of the whole suite:
#   sh tests/secrets.sh list            every secret value that a test, its configuration or the demonstration writes down
#                                       is a line of tests/secrets.txt, or the test fails and names file and line
#   sh tests/secrets.sh search FILE...  none of them is in these outputs; $SECRETS_SEARCH names the program that looks
# Values of fewer than six bytes are not looked for: they occur by chance.
set -eu
cd "$(dirname "$0")/.."
list=tests/secrets.txt

# written: "FILE:LINE:VALUE" of each place where a secret is written down; what stands there for another value (a
# variable, %s) is none.
# (_credential, _env, _file name a place, and no secret stands there.)
key='(password|api_key([.][A-Z0-9]+)?|oauth2_client_secret|client_secret|bearer_token|header[.][A-Za-z0-9-]+|oauth2_param[.][A-Za-z0-9_]+|proxy)'
written() {
    files=$(find tests packaging -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.ini' -o -name '*.conf' \) ! -path '*/corpus/*' ! -path '*/node_modules/*')
    # In a configuration, also amid a text of C or sh.
    grep -noE "(^|\"|\\\\n)$key = [^\"\\\$@%(;]+" $files | sed -E "s/^([^:]*:[0-9]+:).*$key = (.*)/\1\4/"
    # In C.
    grep -noE '[.](password|api_key|client_secret|key) = "[^"%]+"' $files | sed -E 's/^([^:]*:[0-9]+:)[^"]*"(.*)"$/\1\2/'
    grep -noE 'simulator_set_(password|api_key)[(][^;]*, "[^"%]+"' $files | sed -E 's/^([^:]*:[0-9]+:).*"([^"]+)"$/\1\2/'
    grep -noE '(secret_new[(]|setenv[(]"[A-Z_]*(PASSWORD|SECRET|KEY)[A-Z_]*", )"[^"%]+"' $files | sed -E 's/^([^:]*:[0-9]+:).*"([^"]+)"$/\1\2/'
    # On a command line.
    flag="(--(password|api-key|client-secret)=|[A-Z_]*(PASSWORD|API_KEY|SECRET)=|client_secret=|-H [\"']?(password|x-api-key): ?|-u [\"']?[A-Za-z0-9_-]+:)"
    grep -noE "$flag[^ \"'\$&%\\]+" $files | sed -E "s/^([^:]*:[0-9]+:)$flag/\1/"
}

case ${1:-} in
list)
    written | sed -E 's/(\\[nr]|[])[:space:]])+$//' | awk -F: -v list="$list" '
        BEGIN { while ((getline line < list) > 0) { sub(/^~/, "", line); known[line] = 1 } }
        { value = $0; sub(/^[^:]*:[0-9]+:/, "", value) }
        length(value) < 6 || value == "environment" || value == "<secret>" || value ~ /:\/\/$/ || value ~ /->/ || value ~ /^(sim|random|memory|scene|secret)_[a-z_]+$/ { next }
        { places++ }
        !(value in known) { print $1 ":" $2 ": no line of " list ": " value; missing++ }
        END { if (places < 20) { print "only " places " secrets were found: the patterns have gone wrong"; missing++ }
              exit missing > 0 }'
    ;;
search)
    shift
    [ $# -gt 0 ] || { echo "nothing to search"; exit 1; }
    "${SECRETS_SEARCH:-build/release/tests/secrets_search}" "$list" "$@"
    ;;
*)
    echo "usage: sh tests/secrets.sh list | search FILE..." >&2
    exit 2
    ;;
esac
