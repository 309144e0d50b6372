#!/usr/bin/env bats
# foyer stats: what came, what became of it, how fast the replies were; and /metrics, which says the same.

load helper
load agency
load store
load serve

NOON=1750075200000 # 2025-06-16 12:00 UTC
HOUR=3600000

setup_file() {
  start_agency
  COMPANY=$(sql "SELECT id FROM connection" | jq -r .id)
  export COMPANY
  SIGNING_KEY=key-of-the-app
  export SIGNING_KEY
  printf 'return { apps = { front = { client_id = "a", client_secret = "b", signing_key = "%s" } } }\n' \
    "$SIGNING_KEY" >"$AGENCY/foyer.lua"
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  recipes '["first-reply"] = true'
}

teardown() {
  end_serve
  rm -rf "$AGENCY/recipes"
}

recipes() {
  printf 'return { name = "Acme", vars = { phone = "1" }, recipes = { %s } }\n' "$1" >"$AGENCY/clients/acme/client.lua"
}

# recipe NAME BODY
recipe() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", on = "front/conversation-created", run = function(ctx, event)\n%s\nend }\n' "$2" >"$AGENCY/recipes/$1.lua"
}

# at MS ARGUMENT...: foyer then
at() {
  FOYER_TEST_CLOCK=$1 foyer "${@:2}"
}

# counts JQ, of the rows of acme
counts() {
  at $((NOON + 2 * HOUR)) stats --client acme --json
  jq -c ".clients[0] | $1" <<<"$output"
}

@test "stats: events in, replies out, each once" {
  local id
  id=$(event "$CONVERSATION" | deliver - "$COMPANY" $((NOON - 4000)))
  at $NOON cron
  at $NOON stats
  same "$status|$stderr" "0|"
  same "$(head -1 <<<"$output" | xargs)" \
    "CLIENT EVENTS FIRED REPLIES DONE SKIPPED FAILED CANCELLED NEEDS_YOU WAITS MEDIAN P99"
  same "$(sed -n 2p <<<"$output" | xargs)" "acme 1 1 1 1 0 0 0 0 0 ≤ 5 s ≤ 5 s"
  same "$(wc -l <<<"$output")" 2
  # nothing of it is counted again
  at $NOON events replay "$id"
  at $NOON cron
  same "$(counts '[.events, .fired, .replies, .runs.done, .first_reply.runs]')" '[1,1,1,1,1]'
  same "$(counts '.first_reply | [.median, .p99, .within[3]]')" '[5,5,{"runs":1,"seconds":5}]'
  at $((NOON + 2 * HOUR)) stats --since 30m
  same "$status|$output" "0|"
  holds "$stderr" "nothing was counted in this time"
}

@test "stats: a reply is counted before its run is over; each end of a run counts" {
  recipe slow 'ctx.http.post("/conversations/" .. event.payload.conversation.id .. "/messages",
    { body = "hello" }, { connection = "front" })
    ctx.sleep("1h")
    error("gone wrong")'
  recipes 'slow = true'
  event "$CONVERSATION" | deliver - "$COMPANY" $((NOON - 50000))
  at $NOON cron
  same "$(counts '[.replies, .runs.dead, .first_reply.median]')" '[1,0,120]'
  at $((NOON + HOUR)) cron
  same "$(counts '[.replies, .runs.dead]')" '[1,1]'
  at $((NOON + HOUR)) runs retry "$(sql 'SELECT max(id) AS id FROM run' | jq .id)"
  at $((NOON + HOUR)) cron
  same "$(counts '[.replies, .runs.dead]')" '[1,2]'
  at $((NOON + 2 * HOUR)) stats --hours --json
  same "$(jq -c '[.hours[] | [.hour_at, .client, .events, .replies, .runs.dead]]' <<<"$output")" \
    "[[1750071600,\"acme\",1,0,0],[1750075200,\"acme\",0,1,0],[1750078800,\"acme\",0,0,2]]"
}

@test "stats: what retention removes is counted before, and its counts go after 400 days" {
  local day=$((24 * HOUR))
  event "$CONVERSATION" | deliver - "$COMPANY" $((NOON - 4000))
  at $NOON cron
  # as though no process had counted
  sql "DELETE FROM rollup"
  sql "UPDATE rollup_mark SET delivery = delivery - 1, activation = activation - 1, run = run - 1"
  # the newest delivery stays, and the newest run
  event cnv_none | deliver - cmp_none $((NOON + 99 * day))
  at $((NOON + 100 * day)) cron
  same "$(sql 'SELECT count(*) AS n FROM run')$(sql 'SELECT id FROM delivery')" '{"n": 1}{"id": 2}'
  at $((NOON + 100 * day)) stats --since 2025-06-01 --json
  same "$(jq -c '.all | [.events, .fired, .replies, .runs.done, .first_reply.runs]' <<<"$output")" '[2,1,1,1,1]'
  at $((NOON + 500 * day)) cron
  at $((NOON + 500 * day)) stats --since 2025-06-01 --json
  same "$(jq -c .clients <<<"$output")" '[]'
}

@test "stats: deliveries of no client; a client that is not there; a time that is none" {
  event cnv_none | deliver - cmp_none $NOON
  at $NOON cron
  at $NOON stats
  holds "$output" "(no client)  1"
  at $NOON stats --json
  same "$(jq -c '[.clients[0].client, .clients[0].events, .all.events]' <<<"$output")" '[null,1,1]'
  foyer stats --client acne --json
  failed 65 not_found acme
  foyer stats --since yesterday
  same "$status" 64
  holds "$stderr" 'cannot read "yesterday" as a time'
}

@test "stats: a store that cannot be written says what it had counted" {
  event "$CONVERSATION" | deliver - "$COMPANY" $((NOON - 4000))
  at $NOON cron
  at $NOON stats
  local before=$output
  event cnv_2 | deliver - "$COMPANY" $NOON
  python3 - "$AGENCY/state/foyer.db" "$FOYER" "$AGENCY" <<'PY' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
import os, sqlite3, subprocess, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
env = dict(os.environ, FOYER_TEST_CLOCK="1750075200000")
sys.exit(subprocess.run([sys.argv[2], "-w", sys.argv[3], "stats"], env=env).returncode)
PY
  same "$(cat "$BATS_TEST_TMPDIR/out")" "$before"
  holds "$(cat "$BATS_TEST_TMPDIR/err")" "what came last is not counted yet"
}

@test "metrics: the same counts, for all clients" {
  start_serve
  event "$CONVERSATION" >"$BATS_TEST_TMPDIR/hook"
  same "$(post_hook "$(cat "$BATS_TEST_TMPDIR/hook")")" 200
  until_true eval '[ "$(foyer stats --json; jq .all.replies <<<"$output")" = 1 ]'
  until_true eval '[ "$(metric foyer_replies_total)" = 1 ]'
  same "$(metric foyer_events_total)" 1
  same "$(metric 'foyer_first_reply_seconds_bucket{le="3600"}')" 1
  same "$(metric 'foyer_first_reply_seconds_bucket{le="+Inf"}')" 1
  same "$(metric foyer_first_reply_seconds_count)" 1
}
