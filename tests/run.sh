#!/usr/bin/env bash
# Runs the test suite against one build: tests/run.sh [release|asan] [PATTERN].
# Everything speaks TAP; failing tests are shown whole, and the last line counts them.
set -u
cd "$(dirname "$0")/.." || exit 1
mode=${1:-release}
pattern=${2:-}
out=build/$mode
if [ "$mode" = release ]; then export FOYER=$PWD/build/foyer; else export FOYER=$PWD/$out/foyer; fi
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:handle_segv=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
unset FOYER_LUA_DIR FOYER_LOG FOYER_KEY_FILE FOYER_TEST_CLOCK FOYER_TEST_RUN_ID
log=$out/test.log
: >"$log"
passed=0 failed=0 skipped=0

# suite NAME COMMAND...: its TAP goes to the log; what is not ok to the terminal as well.
suite() {
  local name=$1 tap status good bad skip
  shift
  [[ -z $pattern || $name == *"$pattern"* ]] || return 0
  tap=$(timeout 600 "$@" 2>&1 </dev/null)
  status=$?
  printf '=== %s\n%s\n' "$name" "$tap" >>"$log"
  skip=$(grep -ciE '^ok .*# skip' <<<"$tap")
  good=$(($(grep -cE '^ok ' <<<"$tap") - skip))
  bad=$(grep -cE '^not ok ' <<<"$tap")
  # a crash, a leak, or a program that ran nothing is a failure too
  if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$((good + skip))" = 0 ]; }; then bad=1; fi
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
  printf '%-36s %4d passed' "$name" "$good"
  if [ "$bad" = 0 ]; then
    echo
  else
    printf ', %d FAILED (exit %d)\n' "$bad" "$status"
    grep -A40 -E '^not ok |ERROR: AddressSanitizer|runtime error|LeakSanitizer' <<<"$tap" | head -120
    [ -n "$tap" ] || echo "(no output)"
  fi
}

for binary in "$out"/tests/test_*; do
  [[ $binary == *.d ]] || suite "unit/$(basename "$binary")" "$binary"
done
for file in tests/sandbox/*.bats tests/e2e/*.bats; do
  [ -e "$file" ] && suite "${file#tests/}" bats --tap "$file"
done

printf '%d\n%d\n%d\n' "$passed" "$failed" "$skipped" >"$out/test.counts"
echo "log: $log"
echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]
