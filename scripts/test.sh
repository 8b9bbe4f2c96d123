#!/bin/sh
# All tests of the project. Ends with one line: `N passed, N failed, N skipped`.
# The exit status is 0 only if nothing failed.
# A test that fails is run once more, alone; one that passes only then is named,
# and counted as passed.
set -u
cd "$(dirname "$0")/.."

passed=0 failed=0 skipped=0 again=0
most=10 # so many get a second try; more are no accident
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
target=${CARGO_TARGET_DIR:-target}
cargo=${CARGO:-cargo}

# A step without tests of its own: it only counts when it fails.
step() {
    echo "== $1"
    shift
    "$@" || { failed=$((failed + 1)); echo "!! failed: $*"; }
}

# The sum of the numbers before a word on cargo's `test result:` lines.
count() {
    sed -n "s/^test result: .* \([0-9][0-9]*\) $1;.*/\1/p" "$logs/cargo" | awk '{ n += $1 } END { print n + 0 }'
}

# The tests that failed on cargo's lines, each behind its binary.
failures() {
    awk '/^ *Running / { binary = substr($NF, 2, length($NF) - 2) }
        /^ *Doc-tests / { binary = "" }
        /^test .* \.\.\. FAILED$/ && binary { print binary, $2 }' "$logs/cargo"
}

# A small toolchain may lack these two; the code is the same without them.
if "$cargo" fmt --version >/dev/null 2>&1; then
    step "format" "$cargo" fmt --check
else
    echo "== format: skipped, this toolchain has no rustfmt"
    skipped=$((skipped + 1))
fi
if "$cargo" clippy --version >/dev/null 2>&1; then
    step "lints" "$cargo" clippy --quiet --locked --all-targets -- -D warnings
else
    echo "== lints: skipped, this toolchain has no clippy"
    skipped=$((skipped + 1))
fi

echo "== cargo test"
# Into a file, not a pipe: a process that a failing test leaves behind would hold
# that open, and the run would wait for it.
: >"$logs/cargo"
tail -f "$logs/cargo" &
follower=$!
"$cargo" test --locked --no-fail-fast >"$logs/cargo" 2>&1
status=$?
sleep 1
kill "$follower"
passed=$((passed + $(count passed)))
broken=$(count failed)
skipped=$((skipped + $(count ignored)))
# A test that does not compile, or a runner that dies, leaves no result line.
if [ "$status" != 0 ] && [ "$broken" = 0 ]; then broken=1; fi
failures | head -n "$most" >"$logs/failures"
while read -r binary name; do
    "$binary" --exact "$name" </dev/null >"$logs/second" 2>&1
    cat "$logs/second"
    if grep -q '^test result: ok\. 1 passed' "$logs/second"; then
        echo "passed at the second try: $name"
        again=$((again + 1)) passed=$((passed + 1)) broken=$((broken - 1))
    fi
done <"$logs/failures"
failed=$((failed + broken))

echo "== compatibility"
sh scripts/venv.sh
case $? in
0)
    step "build" "$cargo" build --quiet --locked --bins --examples
    case $target in /*) SUPERVISORD_BIN=$target/debug/supervisord ;; *) SUPERVISORD_BIN=$(pwd)/$target/debug/supervisord ;; esac
    export SUPERVISORD_BIN
    cases() {
        .venv/bin/python -m pytest -c compat-tests/pytest.ini compat-tests/cases -q -o cache_dir="$logs/cache" "$@"
    }
    cases -n "${WORKERS:-8}" --junitxml="$logs/compat.xml"
    status=$?
    if [ "$status" != 0 ]; then
        cases -n 0 --last-failed --last-failed-no-failures=none --maxfail="$most" --junitxml="$logs/second.xml"
    fi
    # shellcheck disable=SC2046 # four numbers
    set -- $(.venv/bin/python compat-tests/count.py "$logs/compat.xml" "$logs/second.xml")
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)) again=$((again + $4))
    # A run that breaks off has no failed case.
    if [ "$status" != 0 ] && [ "$2" = 0 ] && [ "$4" = 0 ]; then failed=$((failed + 1)); fi
    ;;
3)
    echo "skipped: the compatibility suite needs python3-venv"
    skipped=$((skipped + 1))
    ;;
*)
    echo "!! failed: the compatibility suite could not be set up"
    failed=$((failed + 1))
    ;;
esac

echo
if [ "$again" != 0 ]; then echo "$again passed only at the second try"; fi
if [ "$skipped" = 0 ]; then
    echo "$passed passed, $failed failed"
else
    echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
