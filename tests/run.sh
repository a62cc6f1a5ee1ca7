#!/bin/sh
# Installs what is missing, builds every flavour, runs every test; ends with one line "N passed, M failed".
#   sh tests/run.sh                     everything, at most 9 minutes on 2 cores once the packages are there
#   sh tests/run.sh --only=unit         stages by name, several by commas; --list names them
#   sh tests/run.sh --long              long fuzzing and the deep analysis of clang-tidy as well
# One test by hand:  cmake --preset asan && cmake --build --preset asan && ctest --preset asan -R unit_json
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1

stages="format unit integration system asan tsan valgrind clang cppcheck tidy rehearsal secrets"
long_stages="fuzz soak"
only=
long=no
for argument in "$@"; do
    case $argument in
    --only=?*) only=$(echo "${argument#--only=}" | tr ',' ' ') ;;
    --long) long=yes ;;
    --list) echo "$stages; with --long also: $long_stages"; exit 0 ;;
    --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "usage: sh tests/run.sh [--only=STAGE,...] [--long] [--list]" >&2; exit 2 ;;
    esac
done
for stage in $only; do
    case " $stages $long_stages " in
    *" $stage "*) ;;
    *) echo "tests/run.sh: no stage '$stage'; there are: $stages $long_stages" >&2; exit 2 ;;
    esac
done
[ $long = no ] || stages="$stages $long_stages"
[ -n "$only" ] || only=$stages

passed=0
failed=0
failures=
logs=$top/build/logs
mkdir -p "$logs/agents"
rm -f "$logs"/agents/*.log
export AGENT_LOGS="$logs/agents"

# count NAME STATUS: one check that is no ctest test
count() {
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        failures="$failures $1"
    fi
}

# quietly NAME COMMAND...: its output goes to a log, which is shown when it fails; counts as one check
quietly() {
    check=$1
    shift
    "$@" >"$logs/$check.log" 2>&1 </dev/null
    status=$?
    [ $status = 0 ] || {
        echo "--- $check failed:"
        # First what names a place: clang-tidy's findings stand far above the end.
        grep -iE '(error|warning|fatal|fault): |LLVM ERROR|Stack dump|terminated by signal' "$logs/$check.log" | head -n 30
        grep -v ' warnings generated' "$logs/$check.log" | tail -n 60
    }
    count "$check" $status
    return $status
}

# ---- work for later stages, done while tests wait for time-outs on purpose

# Before each of its commands: it gets the processor time that tests leave over.
behind=
chrt --idle 0 true 2>/dev/null && idle="chrt --idle 0" || idle="nice -n 19"

# work_NAME: for quietly
make_preset() {
    flock build/lock cmake --preset "$1" && flock build/lock $behind cmake --build --preset "$1"
}
work_release() { make_preset release; }
work_asan() { make_preset asan; }
work_tsan() { make_preset tsan; }
work_cppcheck() {
    $behind cppcheck --quiet -j 2 --std=c11 --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem --error-exitcode=1 -D_GNU_SOURCE -Isrc src
}
# What clang says of the files that it does not compile for ThreadSanitizer.
work_clang() {
    flock build/lock cmake --preset clang && flock build/lock cmake --preset tsan &&
        $behind sh tests/warnings.sh build/clang build/tsan
}
work_tidy() {
    # The analyzer that looks deep takes 15 s for some files; the one that looks shallow takes 1 s. --long looks deep.
    analyzer="--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang"
    depth="$analyzer --extra-arg=mode=shallow $analyzer --extra-arg=max-nodes=20000"
    [ $long = no ] || depth=
    flock build/lock cmake --preset clang && find src -name '*.c' | sort |
        $behind xargs -P 2 -n 4 clang-tidy --quiet $depth -p build/clang
}

# begin_ahead NAME...: one after the other
ahead=
begin_ahead() {
    ahead=$*
    [ -n "$ahead" ] || return 0
    rm -f "$logs"/ahead-*
    (
        behind=$idle
        for work in $ahead; do
            "work_$work" >"$logs/ahead-$work.log" 2>&1 </dev/null
            echo $? >"$logs/ahead-$work.status"
        done
    ) &
    ahead_process=$!
}
# descendants PROCESS
descendants() {
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        echo "$child"
        descendants "$child"
    done
}
# What is waited for stands behind nothing any more.
done_ahead() {
    while [ ! -s "$logs/ahead-$1.status" ]; do
        for process in $(descendants $ahead_process); do
            chrt --other --pid 0 "$process" 2>/dev/null
        done
        sleep 0.5
    done
    cat "$logs/ahead-$1.log"
    return "$(cat "$logs/ahead-$1.status")"
}
# done_or_now CHECK NAME: counts as one check
done_or_now() {
    case " $ahead " in
    *" $2 "*) quietly "$1" done_ahead "$2" ;;
    *) quietly "$1" "work_$2" ;;
    esac
}

# The rehearsal waits for four minutes and works little: it goes beside all that comes after the first build.
rehearsal_process=
begin_rehearsal() {
    sh tests/system/rehearsal/rehearse.sh build/release >"$logs/rehearsal.log" 2>&1 </dev/null &
    rehearsal_process=$!
}

# build PRESET: once a run, whichever stages want it
built=
build() {
    case " $built " in *" $1 "*) return 0 ;; esac
    built="$built $1"
    echo "building $1"
    done_or_now "build-$1" "$1"
}

# run_tests NAME PRESET CTEST-FLAGS...: counts each test of ctest; a build that failed has been counted
run_tests() {
    name=$1
    preset=$2
    shift 2
    build "$preset" || return
    # More than the two cores: much of the time is waiting for time-outs on purpose. Sanitizers take more of the processor.
    [ "$preset" = release ] && at_once=8 || at_once=5
    ctest --preset "$preset" -j "$at_once" "$@" >"$logs/$name.log" 2>&1 </dev/null
    status=$?
    cp "build/$preset/Testing/Temporary/LastTest.log" "$logs/$name-tests.log"
    line=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$logs/$name.log")
    if [ -z "$line" ]; then
        tail -n 40 "$logs/$name.log"
        count "$name" 1
        return
    fi
    bad=$(echo "$line" | sed 's/.*passed, \([0-9]*\) tests failed.*/\1/')
    all=$(echo "$line" | sed 's/.*out of //')
    passed=$((passed + all - bad))
    failed=$((failed + bad))
    echo "$name: $line"
    if [ "$status" != 0 ]; then
        failures="$failures $name"
        grep -vE '^ *[0-9]+/[0-9]+ Test +#|^ +Start ' "$logs/$name.log" | tail -n 150
        [ "$bad" != 0 ] || count "$name" 1
    fi
}

stage_format() {
    quietly format sh -c "find src tests -name '*.[ch]' | xargs clang-format --dry-run --Werror"
}
stage_unit() {
    build release || return
    begin_ahead $later
    case " $only " in *" rehearsal "*) begin_rehearsal ;; esac
    run_tests unit release -L 'unit|fuzz'
}
# The tests of both wait most of the time: where both are wanted they run side by side.
stage_integration() {
    case " $only " in
    *" system "*) run_tests integration release -L 'integration|story|system' ;;
    *) run_tests integration release -L 'integration|story' ;;
    esac
}
stage_system() {
    case " $only " in
    *" integration "*) echo "system: ran with integration" ;;
    *) run_tests system release -L system ;;
    esac
}
stage_clang() { done_or_now clang clang; }
# Left out are simulated days and millions of rows, which go the same way again and again, the peers and files by themselves,
# and where threads are looked at what does not make them meet in another way.
stage_asan() { run_tests asan asan -LE 'soak|rehearsal' -E 'story_agent_(lockout|lockout_edges|renewal|sessions)|system_(peers|status_page|rules|dashboards|capacity|alertmanager|big_)'; }
stage_tsan() {
    run_tests tsan tsan -L 'unit|integration|system' -E 'system_(hostile_|ways_in|peers|status_page|rules|dashboards|capacity|alertmanager|metrics|formats|big_|configuration|descriptors|kinetic_)'
}
stage_valgrind() {
    build release && ctest --test-dir build/release -L unit -N >/dev/null &&
        quietly valgrind sh tests/system/valgrind.sh build/release
}
stage_rehearsal() {
    build release || return
    [ -n "$rehearsal_process" ] || begin_rehearsal
    wait $rehearsal_process
    count rehearsal $?
    cat "$logs/rehearsal.log"
}
stage_cppcheck() { done_or_now cppcheck cppcheck; }
stage_tidy() { done_or_now tidy tidy; }
make_fuzzers() {
    flock build/lock cmake --preset clang && flock build/lock cmake --build --preset clang --target fuzzers
}
stage_fuzz() {
    quietly build-fuzzers make_fuzzers || return
    for target in build/clang/fuzz/fuzz_*; do
        found=$(mktemp -d)
        quietly "long-$(basename "$target")" "$target" -max_total_time=60 -timeout=10 -artifact_prefix="$logs/" \
            "$found" "tests/fuzz/corpus/$(basename "$target")"
        rm -rf "$found"
    done
}

# What all stages have put out, those of this run and the last one of others, holds no secret of any test.
stage_secrets() {
    build release && quietly secrets sh tests/secrets.sh search "$logs"/*-tests.log $(find "$logs/agents" -name '*.log')
}

stage_soak() { run_tests soak release -L soak; }

if ! sh packaging/packages.sh build demo test || ! sh packaging/prometheus.sh >/dev/null; then
    echo "0 passed, 1 failed"
    exit 1
fi
later=
for stage in asan tsan clang cppcheck tidy; do
    case " $only " in *" $stage "*) later="$later $stage" ;; esac
done
start=$(date +%s)
for stage in $only; do
    before=$(date +%s)
    "stage_$stage"
    echo "== $stage: $(($(date +%s) - before)) s"
done
[ -z "$failures" ] || echo "failed:$failures"
echo "took $(($(date +%s) - start)) s; logs are in build/logs"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
