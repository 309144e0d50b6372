#!/usr/bin/env bash
# Runs the test suite against one build: tests/run.sh [release|asan] [PATTERN].
# Everything speaks TAP; failing tests are shown whole, and the last line counts them. Four times
# as many files run at once as there are processors, for most of them wait most of the
# time: each has its own directory, its own mock and ports that the kernel chose.
set -u
cd "$(dirname "$0")/.." || exit 1
mode=${1:-release}
pattern=${2:-}
out=build/$mode
if [ "$mode" = release ]; then
  export FOYER=$PWD/build/foyer
else
  export FOYER=$PWD/$out/foyer
  export FOYER_TEST_ROUNDS=3 # what release repeats to compare is only run here
fi
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:handle_segv=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export FOYER_TEST_LOOP=1 # a statement on the thread of a loop ends the process
unset FOYER_WORKSPACE FOYER_LUA_DIR FOYER_LOG FOYER_LOG_FORMAT FOYER_KEY_FILE FOYER_TEST_CLOCK FOYER_TEST_RUN_ID
log=$out/test.log
: >"$log"
passed=0 failed=0 skipped=0
taps=$(mktemp -d)
trap 'rm -rf "$taps"' EXIT

# The slowest first, so that none is left alone at the end.
names=() commands=()
for name in e2e/oauth e2e/work e2e/interrupted_runs e2e/forget e2e/own_app e2e/alerts e2e/check e2e/uncertain \
  e2e/serve e2e/clients e2e/heal e2e/mock_chaos e2e/printed_lines e2e/errors e2e/selftest e2e/deploy e2e/budget \
  e2e/crash e2e/runaway_script e2e/determinism e2e/declared e2e/http_attacks e2e/releases e2e/actions; do
  [ -e "tests/$name.bats" ] && names+=("$name.bats") && commands+=("bats --tap tests/$name.bats")
done
for file in tests/sandbox/*.bats tests/e2e/*.bats; do
  [[ " ${names[*]} " == *" ${file#tests/} "* ]] || { names+=("${file#tests/}") && commands+=("bats --tap $file"); }
done
for binary in "$out"/tests/test_*; do
  [[ $binary == *.d ]] || { names+=("unit/$(basename "$binary")") && commands+=("$binary"); }
done

# report NAME: its TAP goes to the log; what is not ok to the terminal as well.
report() {
  local name=$1 tap status good bad skip
  tap=$(cat "$taps/${name//\//-}")
  status=$(cat "$taps/${name//\//-}.status")
  printf '=== %s\n%s\n' "$name" "$tap" >>"$log"
  skip=$(grep -ciE '^ok .*# skip' <<<"$tap")
  good=$(($(grep -cE '^ok ' <<<"$tap") - skip))
  bad=$(grep -cE '^not ok ' <<<"$tap")
  # a crash, a leak, or a program that ran nothing is a failure too
  if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$((good + skip))" = 0 ]; }; then bad=1; fi
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
  reported=$((reported + 1))
  printf '%*d/%d  %-32s %4d passed  %4d s' ${#total} "$reported" "$total" "$name" "$good" "$(cat "$taps/${name//\//-}.seconds")"
  if [ "$bad" = 0 ]; then
    echo
  else
    printf ', %d FAILED (exit %d)\n' "$bad" "$status"
    grep -A40 -E '^not ok |ERROR: AddressSanitizer|runtime error|LeakSanitizer' <<<"$tap" | head -120
    [ -n "$tap" ] || echo "(no output)"
  fi
}

start() { # start NAME COMMAND
  local file=$taps/${1//\//-}
  (
    # shellcheck disable=SC2086 # a command and its arguments
    began=$SECONDS
    timeout 3600 $2 >"$file" 2>&1 </dev/null
    echo $? >"$file.status"
    echo $((SECONDS - began)) >"$file.seconds"
    echo "$1" >>"$taps/done"
  ) &
}

for i in "${!names[@]}"; do
  [[ -z $pattern || ${names[i]} == *"$pattern"* ]] || unset "names[i]"
done
total=${#names[@]} reported=0

touch "$taps/done"
shown=0 running=0
for i in "${!names[@]}"; do
  if [ "$running" -ge $((4 * $(nproc))) ]; then
    wait -n
    running=$((running - 1))
  fi
  start "${names[i]}" "${commands[i]}"
  running=$((running + 1))
  while read -r name; do report "$name" && shown=$((shown + 1)); done < <(tail -n "+$((shown + 1))" "$taps/done")
done
wait
while read -r name; do report "$name"; done < <(tail -n "+$((shown + 1))" "$taps/done")

printf '%d\n%d\n%d\n' "$passed" "$failed" "$skipped" >"$out/test.counts"
echo "log: $log"
echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]
