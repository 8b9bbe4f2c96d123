#!/bin/sh
# All tests of the project. Ends with one line: `N passed, N failed, N skipped`.
# The exit status is 0 only if nothing failed.
set -u
cd "$(dirname "$0")/.."

passed=0 failed=0 skipped=0
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
failed=$((failed + broken))

echo "== compatibility"
sh scripts/venv.sh
case $? in
0)
    step "build" "$cargo" build --quiet --locked --bins --examples
    case $target in /*) SUPERVISORD_BIN=$target/debug/supervisord ;; *) SUPERVISORD_BIN=$(pwd)/$target/debug/supervisord ;; esac
    export SUPERVISORD_BIN
    .venv/bin/python -m pytest -c compat-tests/pytest.ini compat-tests/cases -q -n "${WORKERS:-8}" --junitxml="$logs/compat.xml"
    status=$?
    # shellcheck disable=SC2046 # three numbers
    set -- $(.venv/bin/python compat-tests/count.py "$logs/compat.xml")
    passed=$((passed + $1)) skipped=$((skipped + $3))
    if [ "$status" != 0 ] && [ "$2" = 0 ]; then failed=$((failed + 1)); else failed=$((failed + $2)); fi
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
if [ "$skipped" = 0 ]; then
    echo "$passed passed, $failed failed"
else
    echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
