# Counts what passed and failed. Sourced by ./test, which sets `logs`, the folder for full output.

passed=0
failed=0

child=

# Runs a long command in a process group of its own, so that stop_child ends all of it.
supervised() {
    setsid "$@" </dev/null &
    child=$!
    wait "$child"
    local code=$?
    child=
    return "$code"
}
stop_child() {
    [ -n "$child" ] || return 0
    kill -TERM -- "-$child" 2>/dev/null
    wait "$child" 2>/dev/null
    child=
}

# check NAME COMMAND...: one check; its output is shown only when it fails. Runs in this shell, so
# that a command may export what it found.
check() {
    local name=$1 log started=$SECONDS
    shift
    log=$logs/$(tr -cs 'a-zA-Z0-9\n' '-' <<<"$name").log
    if "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "ok      $name ($((SECONDS - started)) s)"
    else
        failed=$((failed + 1))
        tail -n 100 "$log"
        echo "FAILED  $name ($((SECONDS - started)) s)"
    fi
}

# add NAME PASSED FAILED SECONDS
add() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    if [ "$3" -eq 0 ]; then
        echo "ok      $1: $2 passed ($4 s)"
    else
        echo "FAILED  $1: $2 passed, $3 failed ($4 s)"
    fi
}

# check_unit NAME BUILD OPTIONS...: every test that ctest knows there, counted one by one
# (tests/unit_tests.py). Running none is a failure: it means that the selection is wrong.
check_unit() {
    local name=$1 build=$2 started=$SECONDS counts=() code
    shift 2
    supervised tests/unit_tests.py "$build" "$@" >"$logs/$name.log" 2>&1
    code=$?
    read -ra counts < <(tail -n 1 "$logs/$name.log" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
    if [ "${counts[0]:-0}" -eq 0 ] || { [ "$code" -ne 0 ] && [ "${counts[1]}" -eq 0 ]; }; then
        tail -n 40 "$logs/$name.log"
        add "$name (it did not run to its end)" 0 1 $((SECONDS - started))
        return
    fi
    grep -v ' passed, ' "$logs/$name.log" | tail -n 200
    add "$name" "${counts[0]}" "${counts[1]}" $((SECONDS - started))
}

# check_node NAME FILES...: every test of Node's own test runner, counted one by one. By itself it
# leaves one processor alone, but half of a file is waiting; Node before 18.19 has no say in it.
# A file whose failed test left something open would never end: Node is told to end it, from 20.14 on,
# and the whole has $node_minutes minutes. Node ends without waiting for its reporters then, but what
# goes to a file by stdout is there.
node_minutes=15
check_node() {
    local name=$1 started=$SECONDS tap=$logs/$1.tap good bad cancelled knows options=()
    shift
    knows=$(node --help)
    if [[ $knows == *--test-concurrency* ]]; then options+=(--test-concurrency="$(nproc)"); fi
    if [[ $knows == *--test-force-exit* ]]; then options+=(--test-force-exit); fi
    supervised timeout --kill-after=30 "${node_minutes}m" node --test "${options[@]}" --test-reporter=tap "$@" \
        >"$tap" 2>&1
    local code=$?
    good=$(sed -n 's/^# pass \([0-9]*\)$/\1/p' "$tap" | tail -n 1)
    bad=$(sed -n 's/^# fail \([0-9]*\)$/\1/p' "$tap" | tail -n 1)
    cancelled=$(sed -n 's/^# cancelled \([0-9]*\)$/\1/p' "$tap" | tail -n 1)
    bad=$((${bad:-0} + ${cancelled:-0}))
    # Ending badly without a failed test is a failure, and so is running nothing.
    if [ "$bad" -eq 0 ] && { [ "$code" -ne 0 ] || [ "${good:-0}" -eq 0 ]; }; then
        bad=1
        tail -n 60 "$tap"
    elif [ "$bad" -ne 0 ]; then
        grep -A 30 '^ *not ok' "$tap" | tail -n 200
    fi
    [ "$code" -ne 124 ] || echo "$name was ended after $node_minutes minutes"
    add "$name" "${good:-0}" "$bad" $((SECONDS - started))
}

# The last line, and the exit code that agrees with it.
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
