#!/usr/bin/env bats
# foyer heal: events whose webhooks did not come are taken, once each, and counted.

load helper
load agency
load store

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  export COMPANY_TOKEN=mock-token
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
  start_mock
  mock_post limits '{"limit": 1000000}' >/dev/null
  "$FOYER" init "$AGENCY" 2>/dev/null
  printf %s mock-token >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null
  echo 'return { apps = { front = { signing_key = "mock-signing-key" } } }' >"$AGENCY/foyer.lua"
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", on = "front/any-event", run = function(_, event) return event.payload.id end }' \
    >"$AGENCY/recipes/any.lua"
  settings 'any = true'
  HOOK=()
}

teardown() {
  [ -z "${SERVER:-}" ] || { kill -9 "$SERVER"; wait "$SERVER" || true; } 2>/dev/null
  stop_mock
}

# settings RECIPES [MORE]
settings() {
  printf 'return { name = "Acme", %s recipes = { %s } }\n' "${2:-}" "$1" >"$AGENCY/clients/acme/client.lua"
}

# The server without workers: what it takes is tried by `foyer cron`.
serve() {
  mkfifo "$BATS_TEST_TMPDIR/serving"
  "$FOYER" -w "$AGENCY" serve --dev --listen 127.0.0.1:0 --workers "${1:-0}" >"$BATS_TEST_TMPDIR/serving" 2>"$BATS_TEST_TMPDIR/serve.log" 3>&- &
  SERVER=$!
  local line
  read -r -t 120 line <"$BATS_TEST_TMPDIR/serving"
  URL=${line#listening: }
}

# webhooks EVENTS...: the company sends these by webhook, and no others
webhooks() {
  curl -sf -X DELETE "$MOCK/_mock/webhook"
  mock_post webhook "$(jq -nc --arg url "$URL/hooks/front" '{url: $url, events: $ARGS.positional}' --args "$@")" >/dev/null
}

no_webhooks() {
  curl -sf -X DELETE "$MOCK/_mock/webhook"
}

# write N: so many customers write in; waits until all webhooks are there
write() {
  mock_post burst "{\"count\": $1}" >/dev/null
  until_true settled
}

settled() {
  curl -sf "$MOCK/_mock/deliveries?summary=1" | jq -e '.pending == 0 and .coming == 0' >/dev/null
}

happens() {
  local type
  for type in "$@"; do mock_post event "{\"type\": \"$type\"}" >/dev/null; done
  until_true settled
}

heal() {
  foyer heal --json "$@"
  same "$status" 0 || { echo "$output $stderr"; return 1; }
}

# healed JQ: of the only company
healed() {
  jq -c ".[0] | $1" <<<"$output"
}

# each_once N: N events in the company, each activated once, and run once
each_once() {
  local url="$MOCK/events?limit=15" page
  : >"$BATS_TEST_TMPDIR/ids"
  while [ "$url" != null ]; do
    page=$(curl -sgf -H 'Authorization: Bearer mock-token' "$url")
    jq -r '._results[].id' <<<"$page" >>"$BATS_TEST_TMPDIR/ids"
    url=$(jq -r ._pagination.next <<<"$page")
  done
  foyer cron
  foyer cron
  same "$(wc -l <"$BATS_TEST_TMPDIR/ids")" "$1"
  sql "SELECT key FROM activation WHERE trigger = 'front/any-event'" | jq -r .key | sort >"$BATS_TEST_TMPDIR/keys"
  diff <(sort "$BATS_TEST_TMPDIR/ids") "$BATS_TEST_TMPDIR/keys"
  diff <(sort "$BATS_TEST_TMPDIR/ids") <(sql "SELECT result FROM run" | jq -r '.result | fromjson' | sort)
}

@test "no webhook is missed: none is counted, and types without one are taken" {
  serve
  heal
  holds "$(healed .note)" "the store has no mark of an earlier look"
  webhooks '*'
  write 20
  happens tag mention out_reply
  heal
  same "$(healed '[.events, .missed, .taken]')" '[23,0,2]'
  heal
  same "$(healed '[.missed, .taken]')" '[0,0]'
  foyer heal
  holds "$stderr" "cannot be found: conversation_snoozed"
  each_once 23
}

@test "some missed, some twice, in another order; and webhooks after heal" {
  serve
  heal
  webhooks '*'
  mock_post webhooks-faults '{"lose": 0.4, "repeats": 0.5, "times": 3, "reorder": 0.3}' >/dev/null
  write 120
  happens archive reopen assign unassign tag untag comment
  lost=$(curl -sf "$MOCK/_mock/deliveries?summary=1" | jq .lost)
  [ "$lost" -gt 20 ]
  heal
  same "$(healed '[.events, .missed, .taken]')" "[127,$lost,$lost]"
  same "$(healed '.missed_by_type | add')" "$lost"
  # one of them comes all the same, long after
  event=$(sql "SELECT event FROM delivery WHERE scheme = 'heal' LIMIT 1" | jq -r .event)
  curl -sgf -H 'Authorization: Bearer mock-token' "$MOCK/events/$event" |
    jq -c '{type: "x", authorization: {id: "cmp_4thp0"}, payload: .}' | deliver - cmp_4thp0 >/dev/null
  heal
  same "$(healed '[.missed, .taken, .came_late, .missed_in_all]')" "[0,0,1,$((lost - 1))]"
  heal
  same "$(healed '[.came_late, .missed_in_all]')" "[0,$((lost - 1))]"
  each_once 127
}

@test "webhooks are off for a while; heal is killed in the middle, again and again" {
  serve
  heal
  webhooks '*'
  write 40
  no_webhooks
  write 140
  webhooks '*'
  write 20
  for _ in 1 2 3 4 5; do
    FOYER_TEST_STOP='look stored' foyer heal
    same "$status" 137
  done
  heal
  same "$(healed .missed_in_all)" 140
  each_once 200
  heal
  same "$(healed '[.missed, .missed_in_all]')" '[0,140]'
}

@test "what retention removed, and a trigger without a key" {
  mkdir -p "$AGENCY/lua/front/triggers"
  echo 'return { summary = "x", on = { "inbound" } }' >"$AGENCY/lua/front/triggers/plain.lua"
  echo 'return { summary = "x", on = "front/plain", run = function(_, event) return event.payload.id end }' \
    >"$AGENCY/recipes/plain.lua"
  settings 'any = true, plain = true'
  serve
  heal
  webhooks inbound
  write 5
  foyer cron
  # as retention does, which keeps the newest
  sql "DELETE FROM delivery WHERE id < (SELECT max(id) FROM delivery)"
  sql "DELETE FROM delivery_body WHERE id < (SELECT max(id) FROM delivery)"
  heal
  same "$(healed '[.events, .missed, .taken]')" '[5,0,0]'
  no_webhooks
  write 2
  heal --since 2020-01-01
  same "$(healed '[.missed, .taken]')" '[2,2]'
  # the webhooks come, after all
  sql "SELECT event FROM delivery WHERE scheme = 'heal'" | jq -r .event | while read -r event; do
    curl -sgf -H 'Authorization: Bearer mock-token' "$MOCK/events/$event" |
      jq -c '{type: "inbound_received", authorization: {id: "cmp_4thp0"}, payload: .}'
  done | deliver - cmp_4thp0 >/dev/null
  foyer cron
  same "$(sql "SELECT trigger, count(*) AS n FROM activation GROUP BY trigger ORDER BY trigger" | jq -c '[.trigger, .n]' | xargs)" \
    '[front/any-event,7] [front/plain,7]'
}

@test "a mark that is lost; a company that cannot be asked; a client that is not connected" {
  write 3
  heal
  write 2
  sql "DELETE FROM mark"
  heal
  holds "$(healed .note)" "what happens from now on is found; --since TIME"
  heal --since 2020-01-01
  same "$(healed '[.missed, .taken]')" '[5,5]'
  write 1
  fault '{"kind": "status", "status": 403, "match": {"path": "/events"}}'
  foyer heal --json
  same "$status" 65
  same "$(healed .error.kind)" '"forbidden"'
  heal
  same "$(healed .missed)" 1
  foyer disconnect acme
  foyer heal --json
  same "$status" 77
  holds "$(healed .note)" "client acme is not connected to front"
  settings ''
  foyer heal
  same "$status|$output" "0|"
  holds "$stderr" "no recipe that is switched on listens to an app's events"
}

missed() {
  sql "SELECT found FROM mark WHERE kind = 'heal'" | grep -q "\"found\": $1}"
}

@test "a worker heals on its own" {
  heal
  write 4
  # the events are older than what a webhook may take, and an hour is over
  python3 - "$AGENCY/clock" <<'PY'
import sys, time
open(sys.argv[1], "w").write(str(int(time.time() * 1000) + 2 * 3600 * 1000))
PY
  FOYER_TEST_CLOCK=$AGENCY/clock serve 1
  until_true missed 4
  until_true eval '[ "$(sql "SELECT count(*) AS n FROM run WHERE state = 7" | jq .n)" = 4 ]'
  holds "$(cat "$BATS_TEST_TMPDIR/serve.log")" "4 webhooks did not come and are taken now: inbound 4"
}

@test "doctor says when the last look was, and what came of it" {
  serve
  heal
  write 2
  heal
  foyer doctor --json
  same "$(jq -c '.findings[] | select(.check == "looks") | [.status, .company, .missed]' <<<"$output")" '["ok","cmp_4thp0",2]'
  fault '{"kind": "status", "status": 403, "match": {"path": "/events"}}'
  foyer heal
  foyer doctor
  holds "$output" "the events of cmp_4thp0 (front): last looked at"
  holds "$output" "the last look failed: "
}

@test "answers that are too large are listed in smaller pages" {
  heal
  python3 -c 'import json; print(json.dumps({"from": "a@x.example", "body": "<p>w</p>" * 150000}))' >"$BATS_TEST_TMPDIR/letter"
  for _ in 1 2 3 4 5 6; do curl -sf -d "@$BATS_TEST_TMPDIR/letter" "$MOCK/_mock/inbound" >/dev/null; done
  write 3
  heal
  same "$(healed '[.missed, .taken]')" '[9,9]'
  each_once 9
}

@test "a company of two clients is swept once; one that is connected again, from then on" {
  mkdir -p "$AGENCY/clients/zed"
  cp "$AGENCY/clients/acme/client.lua" "$AGENCY/clients/zed/client.lua"
  "$FOYER" -w "$AGENCY" connect zed --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null
  heal
  write 2
  heal
  same "$(jq -c 'map([.clients, .missed])' <<<"$output")" '[[["acme","zed"],2]]'
  foyer cron
  same "$(sql "SELECT client, count(*) AS n FROM activation GROUP BY client" | jq -c '[.client, .n]' | xargs)" '[acme,2] [zed,2]'
  foyer disconnect acme
  foyer disconnect zed
  write 2
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null
  write 1
  heal --client acme
  same "$(healed '[.missed, .missed_in_all]')" '[1,3]'
}

# A trigger that is asked later would take it otherwise: nothing has fired for the event.
@test "what was erased by foyer forget is not taken again" {
  settings ''
  serve
  heal
  webhooks '*'
  write 3
  local event handle
  event=$(sql "SELECT event FROM delivery ORDER BY id LIMIT 1" | jq -r .event)
  handle=$(curl -sgf -H 'Authorization: Bearer mock-token' "$MOCK/events/$event" | jq -r .conversation.recipient.handle)
  foyer cron
  foyer forget "$handle" --client acme --json
  same "$(jq .found.deliveries <<<"$output")" 1
  same "$(sql "SELECT count(*) AS n FROM delivery WHERE event IS NOT NULL")" '{"n": 2}'
  settings 'any = true'
  heal --since 1d
  same "$(healed '[.missed, .taken]')" '[0,0]'
  same "$(sql "SELECT count(*) AS n FROM delivery")" '{"n": 3}'
  same "$(python3 "$ROOT/tests/e2e/below_state.py" "$AGENCY/state" "$event" "$handle")" ""
}

# What happened before the erasing and was never stored has no hash of its own.
@test "a conversation that foyer forget erased: older events stay out, a new message is taken" {
  settings ''
  serve
  heal
  webhooks inbound
  local conversation
  conversation=$(mock_post inbound '{"from": "gone@mail.example", "name": "Gone", "subject": "x", "body": "first", "new": true}' |
    jq -r .conversation.id)
  until_true settled
  mock_post do "$(jq -nc --arg path "/conversations/$conversation/messages" '{$path, body: {body: "an answer"}}')" >/dev/null
  until_true settled
  foyer cron
  foyer forget gone@mail.example --client acme
  same "$status" 0 || { echo "$stderr"; return 1; }
  settings 'any = true'
  heal --since 1d
  same "$(healed '[.missed, .taken]')" '[0,0]'
  same "$(python3 "$ROOT/tests/e2e/below_state.py" "$AGENCY/state" "$conversation" gone@mail.example)" ""
  # the customer writes again, in the same conversation
  no_webhooks
  mock_post inbound "$(jq -nc --arg conversation "$conversation" \
    '{from: "gone@mail.example", name: "Gone", subject: "x", body: "again", $conversation}')" >/dev/null
  until_true settled
  heal --since 1d
  holds "$(healed .taken)" 1
  foyer cron
  same "$(sql "SELECT count(*) AS n FROM run WHERE state = 7 AND conversation = '$conversation'")" '{"n": 1}'
}
