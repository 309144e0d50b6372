# Never lost, never doubled: what crash.py tells at its top, small enough for every day. The whole
# of it is `make torture`.
load helper

@test "200 webhooks while server and workers are killed five times: one reply each" {
  local events=200 kills=5
  # a build with sanitizers is several times slower
  [ "${FOYER_TEST_ROUNDS:-20}" -ge 20 ] || events=100 kills=3
  mkdir "$BATS_TEST_TMPDIR/crash"
  python3 "$ROOT/tests/e2e/crash.py" "$FOYER" "$BATS_TEST_TMPDIR/crash" --events "$events" --kills "$kills" \
    --seed 11 3>&- || { tail -n 30 "$BATS_TEST_TMPDIR/crash/serve.log"; return 1; }
}
