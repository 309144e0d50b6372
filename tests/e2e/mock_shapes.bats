#!/usr/bin/env bats
# Each operation of Front's description, called once: the mock's status and answer are the described ones.

load helper

teardown() {
  stop_mock
}

@test "each operation answers with the described status and shape" {
  start_mock
  run python3 "$ROOT/tests/e2e/mock_shapes.py" "$MOCK" "$DATA/front/core-api.facts.json"
  [ "$output" = 240 ] || { echo "$output"; false; } # all but the downloads of messages, comments and templates
  mock_log '[.requests[] | select(.described)] | length > 30' | grep -Fx true
}
