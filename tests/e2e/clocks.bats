#!/usr/bin/env bats
# A clock that was ahead or behind, by an hour and by four years, and is right again.

load helper
load agency
load store
load oauth

MINUTE=60000 HOUR=3600000
DAY=$((24 * HOUR)) YEARS=$((4 * 365 * 24 * HOUR))
NOON=1750075200000 # 2025-06-16 12:00 UTC
STEPS="$HOUR $YEARS -$HOUR -$YEARS"

setup_file() {
  start_agency
  COMPANY=$(sql "SELECT id FROM connection" | jq -r .id)
  export COMPANY
  rm -rf "$AGENCY/clients/acme/recipes"
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  settings ''
}

teardown() {
  rm -rf "$AGENCY"/recipes
}

settings() {
  printf 'return { name = "Acme", timezone = "UTC", recipes = { %s } }\n' "$1" >"$AGENCY/clients/acme/client.lua"
}

# recipe NAME FIELDS BODY
recipe() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", %s run = function(ctx, event)\n%s\nend }\n' "$2" "$3" >"$AGENCY/recipes/$1.lua"
}

# at MS: foyer cron then; the results of what ended
at() {
  FOYER_TEST_CLOCK=$1 foyer cron --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  output=$(jq -c '[.[] | .result // .state]' <<<"$output")
}

@test "a delivery that came while the clock was wrong is dealt with at once" {
  recipe greet 'on = "front/conversation-created",' 'return event.payload.conversation.id'
  settings 'greet = true'
  local step
  for step in $STEPS; do
    event "cnv_$step" | deliver - "$COMPANY" $((NOON + step)) >/dev/null
    at $NOON
    same "$output" "[\"cnv_$step\"]"
  done
}

@test "a run that was queued while the clock was wrong begins at once" {
  recipe tick 'cron = "0 * * * *",' 'return 1'
  local step
  for step in $STEPS; do
    empty_store
    settings 'tick = true'
    at $((NOON + step))
    settings ''
    sql "UPDATE run SET state = 0, attempts = 0" # as though its process had ended before it
    at $((NOON + MINUTE))
    same "$output" '[1]'
  done
}

@test "a retry waits two hours at most, whatever the clock was" {
  recipe fetch 'cron = "0 12 * * *",' 'return ctx.http.get("/me", { connection = "front" }).id'
  settings 'fetch = true'
  local step
  for step in $YEARS -$YEARS; do
    empty_store
    fault '{"kind": "503", "match": {"path": "/me"}}'
    at $((NOON + step))
    same "$output" '[]'
    same "$(sql "SELECT failures FROM run" | jq .failures)" 1
    settings ''
    at $((NOON + MINUTE))
    same "$(jq length <<<"$output")" 1
    settings 'fetch = true'
  done
}

@test "a sleep of two days: two days by a right clock; a time that no sleep can reach is over" {
  recipe nap 'cron = "0 12 * * *",' 'ctx.sleep("2d") return "rested"'
  settings 'nap = true'
  at $NOON
  settings ''
  at $((NOON + 2 * DAY - 1))
  same "$output" '[]'
  at $((NOON + 2 * DAY))
  same "$output" '["rested"]'
  empty_store
  settings 'nap = true'
  at $((NOON + YEARS)) # until four years and two days from now
  settings ''
  at $((NOON + MINUTE))
  same "$output" '["rested"]'
  empty_store
  settings 'nap = true'
  at $((NOON + HOUR - 30 * MINUTE)) # a step of an hour makes it longer by no more
  same "$output" '[]'
}

@test "a wait that was begun in the future ends" {
  recipe hold 'cron = "0 12 * * *",' 'return ctx.wait_for("front/conversation-created", {}, "1h") == nil'
  settings 'hold = true'
  at $((NOON + YEARS))
  settings ''
  at $((NOON + MINUTE))
  same "$output" '[true]'
}

@test "cron: fixed times go on after a clock that was four years ahead, and none comes twice" {
  recipe tick 'cron = "0 12 * * *",' 'return event.payload.at'
  settings 'tick = true'
  at $((NOON - HOUR))
  at $((NOON + YEARS))
  same "$(jq length <<<"$output")" 1
  at $NOON
  same "$output" "[$((NOON / 1000))]"
  at $((NOON + MINUTE))
  same "$output" '[]'
  at $((NOON + DAY))
  same "$output" "[$(((NOON + DAY) / 1000))]"
  # an hour ahead: today's has run, by the clock that was
  at $((NOON + 2 * DAY))
  same "$(jq length <<<"$output")" 1
  at $((NOON + 2 * DAY - HOUR))
  same "$output" '[]'
  at $((NOON + 2 * DAY))
  same "$output" '[]'
  at $((NOON + 3 * DAY))
  same "$(jq length <<<"$output")" 1
}

@test "cron: times with * follow the clock, and a step of a second repeats none" {
  recipe tick 'cron = "*/15 * * * *",' 'return event.payload.at'
  settings 'tick = true'
  at $((NOON + HOUR))
  same "$output" "[$(((NOON + HOUR) / 1000))]"
  at $((NOON + 15 * MINUTE))
  same "$output" "[$(((NOON + 15 * MINUTE) / 1000))]"
  at $((NOON + 15 * MINUTE - 1000))
  same "$output" '[]'
  at $((NOON + 15 * MINUTE))
  same "$output" '[]'
  at $((NOON + 30 * MINUTE))
  same "$(jq length <<<"$output")" 1
  at $((NOON + YEARS))
  at $((NOON + 45 * MINUTE))
  same "$output" "[$(((NOON + 45 * MINUTE) / 1000))]"
  # four years behind: nothing of the past is caught up, and it goes on when the clock is right
  at $((NOON - YEARS))
  same "$(jq length <<<"$output")" 1
  at $((NOON + HOUR))
  same "$output" "[$(((NOON + HOUR) / 1000))]"
}

@test "doctor names what has times of the future" {
  foyer doctor --json
  same "$(jq -c '[.findings[] | select(.what)]' <<<"$output")" '[]'
  recipe tick 'cron = "* * * * *",' 'return 1'
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings 'tick = true, greet = true'
  event cnv_1 | deliver - "$COMPANY" $(($(date +%s%3N) + YEARS)) >/dev/null
  at $(($(date +%s%3N) + YEARS))
  foyer doctor --json
  same "$(jq -c '[.findings[] | select(.what) | select(.check == "clock" and .status == "warning") | .what]' <<<"$output")" \
    '["deliveries","activations","activation keys","runs","times of cron"]'
  holds "$(jq -r '.findings[] | select(.what == "runs") | .message' <<<"$output")" "this machine's clock was ahead"
}

@test "a link to consent: not for longer than its week, whatever the clock was" {
  start_oauth
  AGENCY=$BATS_TEST_TMPDIR/agency
  export FOYER_KEY_FILE=$BATS_TEST_TMPDIR/key
  "$FOYER" init "$AGENCY" 2>/dev/null
  printf 'return { apps = { front = { client_id = "mock-client", client_secret = "mock-secret" } } }\n' >"$AGENCY/foyer.lua"
  local now step want
  now=$(date +%s%3N)
  for step in $YEARS $HOUR -$HOUR -$YEARS; do
    FOYER_TEST_CLOCK=$((now + step)) foyer connect acme --link --json
    sql "SELECT max(expires_ms) - $((now + step)) AS ms FROM consent" | jq -e ".ms == 7 * $DAY"
    sql "DELETE FROM consent"
  done
}

@test "a token that was obtained while the clock was ahead is refreshed, once" {
  start_oauth
  AGENCY=$BATS_TEST_TMPDIR/agency
  export FOYER_KEY_FILE=$BATS_TEST_TMPDIR/key
  local step
  for step in $HOUR $YEARS; do
    rm -rf "$AGENCY" "$FOYER_KEY_FILE"
    "$FOYER" init "$AGENCY" 2>/dev/null
    printf 'return { apps = { front = { client_id = "mock-client", client_secret = "mock-secret" } } }\n' >"$AGENCY/foyer.lua"
    grant acme >/dev/null
    sql "UPDATE connection SET created_ms = created_ms + $step, expires_ms = expires_ms + $step"
    forget
    call front/list-inboxes
    done_well
    holds "$(received)" "POST /oauth/token"
    forget
    call front/list-inboxes
    done_well
    [[ $(received) != *"POST /oauth/token"* ]]
  done
}
