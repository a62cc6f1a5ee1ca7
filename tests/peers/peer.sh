# Real counterparts of the agent, for the tests of the whole system. Sourced after packaging/process.sh, before the files
# of the peers. All that a peer writes lies in $work; it listens on 127.0.0.1 only, on a port that was free.
# shellcheck shell=sh

# need PROGRAM PACKAGE: the path of a program, also where /usr/sbin is not searched
need() {
    need_path=$(PATH=$PATH:/usr/sbin:/sbin command -v "$1") ||
        fail "there is no $1: install Debian's package $2 (sh packaging/packages.sh test)"
    printf '%s\n' "$need_path"
}

# port_guess: a port that nothing uses, below those that the kernel hands out, so that a peer that was stopped gets
# the same port back
port_guess() {
    od -An -N64 -v -tu2 -w2 /dev/urandom | awk '{ print 20000 + $1 % 12000 }' | while read -r guess; do
        guess_hex=$(printf ':%04X' "$guess")
        if ! cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null |
            awk -v port="$guess_hex" 'index($2, port) { found = 1 } END { exit !found }'; then
            echo "$guess"
            break
        fi
    done
}

# peer_listens PROCESS PORT: somebody listens there, and it is that process (the dearer question)
peer_listens() {
    awk -v port="$(printf ':%04X' "$2")" '$4 == "0A" && index($2, port) { found = 1 } END { exit !found }' /proc/net/tcp &&
        [ "$(port_of "$1")" = "$2" ]
}
peer_listens_or_ended() {
    peer_listens "$1" "$2" || ! kill -0 "$1"
}

# peer_on_port PORT NAME COMMAND...: launches it; false when it ended in place of listening. Its process is $launched.
peer_on_port() {
    peer_port=$1
    shift
    launch "$@"
    await peer_listens_or_ended "$launched" "$peer_port" || return 1
    kill -0 "$launched" 2>/dev/null
}

# peer_start PORT NAME FUNCTION: FUNCTION PORT launches it (by peer_on_port). With an empty PORT, on one that is free; one
# that another program took meanwhile is replaced. Sets $peer_port, and $launched.
peer_start() {
    if [ -n "$1" ]; then
        "$3" "$1" || fail "$2 did not start again on port $1"
        return
    fi
    for peer_try in 1 2 3 4 5; do
        ! "$3" "$(port_guess)" || return 0
    done
    fail "$2 did not start in $peer_try tries"
}

# peer_stop PROCESS: to its end; nothing answers at its port any more
peer_stop() {
    stop "$1" || fail "process $1 did not end"
}

# peer_silence PROCESS: the kernel goes on to accept connections and datagrams for it, and nothing answers
peer_silence() {
    kill -STOP "$1"
    await stopped "$1" || fail "process $1 does not stop"
}
peer_speak() {
    kill -CONT "$1"
}
