#!/usr/bin/env bats
# A replay must ask for the same: each shipped recipe in 20 processes, with the run's id and the
# clock fixed, against companies in the same state, sends the same bytes in the same order.

load helper
load agency

setup_file() {
  export FOYER_TEST_RUN_ID=run-1 FOYER_TEST_CLOCK=1800000000000
  start_agency --seed 7
}

teardown_file() {
  stop_agency
}

setup() {
  MOCK_PID= # that one made the workspace; each run has a company of its own
}

teardown() {
  stop_mock
}

# What the company got, whole, but for the place it listens on and what it counts itself.
requests() {
  mock_log '.requests' | jq -cS 'map(del(.at, .time, .n, .id) | del(.headers.host))' | sed "s|$MOCK|MOCK|g"
}

# same_each_time RECIPE ARGUMENT...: 20 runs, each with a company of its own.
same_each_time() {
  local first= now
  for i in $(seq "${FOYER_TEST_ROUNDS:-20}"); do
    restart
    foyer run "$@" --client acme --json
    [ "$status" = 0 ] || { echo "run $i: exit $status: $stderr"; return 1; }
    now=$(requests)
    [ "$(jq length <<<"$now")" -gt 1 ] || { echo "run $i sent nothing: $now"; return 1; }
    first=${first:-$now}
    [ "$now" = "$first" ] || { diff <(jq . <<<"$first") <(jq . <<<"$now"); return 1; }
  done
}

# A new company from the same seed, and a store that knows nothing of the one before, whose ids
# were the same.
restart() {
  stop_mock
  rm -rf "$AGENCY/state"
  start_mock --seed 7 --token "$COMPANY_TOKEN"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK"
  forget
}

@test "first-reply" {
  same_each_time first-reply --conversation "$CONVERSATION"
}

@test "digest" {
  same_each_time digest hours=0 limit=5 conversation="$CONVERSATION"
}

@test "contacts-from-csv" {
  {
    echo "email,name,description,phone"
    for i in $(seq 15); do echo "p$i@x.example,Person $i,\"No. $i, new\",+1555010$i"; done
    echo ",Nobody,,"
  } >"$BATS_TEST_TMPDIR/people.csv"
  same_each_time contacts-from-csv file=@"$BATS_TEST_TMPDIR/people.csv"
}
