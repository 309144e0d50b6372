#!/usr/bin/env bats
# Each action of Front's sends every field once, against Front's description; and what all of them cost.

load helper

@test "operations: every field of every action, as Front describes it" {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LUA_DIR
  python3 -B "$ROOT/tests/e2e/operations.py" "$FOYER" "$BATS_TEST_TMPDIR"
}

@test "operations: the program with all of them has at most 8 MB" {
  local most=8000000
  [[ $FOYER != */asan/* ]] || most=24000000 # with what ASan adds
  size=$(stat -c %s "$FOYER")
  [ "$size" -le "$most" ] || { echo "$size"; return 1; }
}
