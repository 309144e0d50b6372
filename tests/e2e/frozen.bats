#!/usr/bin/env bats
# A worker that stands still (SIGSTOP) keeps the lock of its file, and not its runs: another worker goes on
# with them, and each write is sent once, wherever the first one stopped and whenever it goes on.

load helper
load agency
load store
load workers

setup_file() {
  start_agency
  COMPANY=$(sql "SELECT id FROM connection" | jq -r .id)
  export COMPANY
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  export FOYER_TEST_FROZEN=6000
  settings acme '["first-reply"] = true'
  WORKERS=()
}

teardown() {
  end_workers
  rm -rf "$AGENCY/recipes"
}

# freeze POINT: FROZEN is a worker that stopped itself there, with a delivery's run; another one works.
freeze() {
  FOYER_TEST_PAUSE=$1 start_worker
  FROZEN=$WORKER
  event "$CONVERSATION" | deliver - "$COMPANY"
  printf x >&"$WAKE"
  paused "$FROZEN"
  start_worker
}

# The worker that stood still goes on, finds that its runs are gone, and ends.
thaw() {
  local status=0
  kill -CONT "$FROZEN"
  wait "$FROZEN" || status=$?
  same "$status" 75
  holds "$(cat "$BATS_TEST_TMPDIR/work.err")" "this process stood still"
}

is_done() {
  sql_is "SELECT state FROM run" '{"state": 7}'
}

lines() {
  sql "SELECT what FROM history ORDER BY n" | jq -r .what | xargs
}

once() {
  same "$(mock_log '[.requests[] | select(.method == "POST")] | length')" 1
}

@test "between its intent and its request: the other one sends it, and it does not" {
  freeze "intent kept"
  until_true is_done
  thaw
  once
  holds "$(lines)" "attempt intent unsent attempt intent"
}

@test "right before the first byte" {
  freeze leaving
  until_true is_done
  thaw
  once
  holds "$(lines)" "attempt intent unsent attempt intent"
}

@test "while the first byte leaves: this run waits for it, what else it had does not" {
  recipe slow 'on = "front/conversation-created",' 'return ctx.http.get("/me", { connection = "front" }).id'
  settings acme '["first-reply"] = true, slow = true'
  fault '{"kind": "slow", "after": 60, "times": 1, "match": {"method": "GET", "path": "/me"}}'
  freeze sending
  until_true sql_is "SELECT state FROM run WHERE recipe = 'slow'" '{"state": 7}'
  same "$(sql "SELECT state FROM run WHERE recipe = 'first-reply'")" '{"state": 1}'
  same "$(mock_log '[.requests[] | select(.method == "POST")] | length')" 0
  thaw
  until_true sql_is "SELECT count(*) AS n FROM run WHERE state = 7" '{"n": 2}'
  once
}

@test "between its request and the outcome: the other one looks for it" {
  freeze "outcome known"
  until_true is_done
  holds "$(lines)" "found"
  thaw
  once
  same "$(lines | grep -o late | wc -l)" 0
}

@test "between its request and the outcome: the first outcome counts, also that of the old claim" {
  printf 'return { name = "acme", vars = { phone = "1" }, confirm = { "1h" }, recipes = { ["first-reply"] = true } }\n' \
    >"$AGENCY/clients/acme/client.lua"
  freeze "outcome known"
  until_true sql_is "SELECT state FROM run" '{"state": 4}'
  thaw
  until_true is_done
  once
  holds "$(lines)" "confirming outcome late attempt done"
}

@test "a cron takes over as well" {
  FOYER_TEST_PAUSE="intent kept" start_worker
  FROZEN=$WORKER
  event "$CONVERSATION" | deliver - "$COMPANY"
  printf x >&"$WAKE"
  paused "$FROZEN"
  by_cron() { foyer cron && is_done; }
  until_true by_cron
  thaw
  once
}

@test "stopped for a moment: it gets a new intent before it sends" {
  FOYER_TEST_FROZEN=1800 FOYER_TEST_PAUSE="intent kept" start_worker
  event "$CONVERSATION" | deliver - "$COMPANY"
  printf x >&"$WAKE"
  paused "$WORKER"
  sleep 0.5 # more than a sixth of 1800 ms
  kill -CONT "$WORKER"
  until_true is_done
  once
  holds "$(sql "SELECT text FROM history ORDER BY n" | jq -r .text)" "not sent in time, to be repeated"
}

@test "inside of a commit, with the store's lock: it is told to go on, and ends" {
  start_worker
  FOYER_TEST_PAUSE=committing start_worker
  FROZEN=$WORKER
  paused "$FROZEN"
  local status=0
  wait "$FROZEN" || status=$?
  same "$status" 75
  holds "$(cat "$BATS_TEST_TMPDIR/work.err")" "the process $FROZEN stands still, and the store is locked: it is told to go on"
  event "$CONVERSATION" | deliver - "$COMPANY"
  until_true is_done
  once
}
