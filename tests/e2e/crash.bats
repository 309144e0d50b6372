# Never lost, never doubled: what crash.py and crash_mix.py say at their tops, small enough for every day.
# `make torture` runs the whole.
load helper

@test "200 webhooks while server and workers are killed five times: one reply each" {
  local events=200 kills=5
  # a build with sanitizers is several times slower
  [ "${FOYER_TEST_ROUNDS:-20}" -ge 20 ] || events=100 kills=3
  mkdir "$BATS_TEST_TMPDIR/crash"
  python3 "$ROOT/tests/e2e/crash.py" "$FOYER" "$BATS_TEST_TMPDIR/crash" --events "$events" --kills "$kills" \
    --seed 11 3>&- || { tail -n 30 "$BATS_TEST_TMPDIR/crash/serve.log"; return 1; }
}

@test "recipes that write twice, create contacts, sleep, wait and walk pages, three clients of one company" {
  local events=40 kills=4
  [ "${FOYER_TEST_ROUNDS:-20}" -ge 20 ] || events=20 kills=3
  mkdir "$BATS_TEST_TMPDIR/mix"
  python3 "$ROOT/tests/e2e/crash_mix.py" "$FOYER" "$BATS_TEST_TMPDIR/mix" --events "$events" --kills "$kills" \
    --stops 1 --stop-seconds 2 --seed 11 3>&- || { tail -n 30 "$BATS_TEST_TMPDIR/mix/serve.log"; return 1; }
}
