#!/usr/bin/env bats
# foyer forget: a person who asks for deletion is in no file below state/ afterwards, and what is counted stays.

load helper
load agency
load store
load workers
load serve

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
  WORKERS=() SERVE_PID=
  empty_store
  sql "DELETE FROM forgotten"
  sql "DELETE FROM value"
  settings acme 'hello = true'
  recipe hello "$CREATED" "$HELLO"
}

teardown() {
  end_workers
  end_serve
  # what a server deployed
  for table in live release_move release; do sql "DELETE FROM $table"; done
  rm -rf "$AGENCY"/recipes "$AGENCY"/clients/zed "$AGENCY"/state/foyer.db.* "$AGENCY"/state/log
}

CREATED='on = "front/conversation-created",'
HELLO='local c = event.payload.conversation
  ctx.store.set("met/" .. c.recipient.handle, { name = c.recipient.name, conversation = c.id })
  ctx.http.post("/conversations/'"\" .. ctx.vars.conversation .. \""'/comments",
    { body = "written to " .. c.recipient.handle }, { connection = "front" })
  return "greeted " .. c.recipient.name'

# settings CLIENT RECIPES: its comments go to the mock's conversation
settings() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", vars = { conversation = "%s", phone = "1" }, recipes = { %s } }\n' "$1" "$CONVERSATION" "$2" \
    >"$AGENCY/clients/$1/client.lua"
}

# letter CONVERSATION HANDLE NAME TEXT [EVENT]: a new conversation's first message
letter() {
  jq -nc --arg id "$1" --arg handle "$2" --arg name "$3" --arg text "$4" --arg event "${5:-evt_$1}" \
    --arg company "$COMPANY" '{type: "inbound_received", authorization: {id: $company}, payload: {id: $event,
    type: "inbound", emitted_at: 1700000001.25, target: {data: {text: $text}},
    conversation: {id: $id, subject: $text, status: "unassigned", created_at: 1700000000.5,
    recipient: {handle: $handle, name: $name}}}}'
}

# Who wrote: Ana twice, the second letter without her address, and Bob.
letters() {
  letter cnv_ana1 Ana@Mail.example "Ana Kowalska" "my number is 4711-0815" | deliver - "$COMPANY"
  letter cnv_ana1 "" "" "it was Ana Kowalska of Harbour Street" evt_second | deliver - "$COMPANY"
  letter cnv_bob1 bob@mail.example "Bob" "about wool" | deliver - "$COMPANY"
}

# below WORD...: nothing below state/ has these
below() {
  python3 "$ROOT/tests/e2e/below_state.py" "$AGENCY/state" "$@"
}

HERS=(ana@mail.example "Ana Kowalska" 4711-0815 "Harbour Street" cnv_ana1 evt_second)

counted() {
  foyer stats --json
  jq -c . <<<"$output"
}

@test "forget: all that belongs to an address and its conversations, in no file afterwards" {
  letters
  foyer cron
  same "$status" 0
  same "$(sql "SELECT count(*) AS n FROM run WHERE state = 7" | jq .n)" 2
  ! below "${HERS[@]}" || return 1
  local before
  before=$(counted)

  foyer forget ana@mail.example --client acme --dry-run --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(jq -c '.found | [.conversations, .deliveries, .bodies, .activations, .runs, .values]' <<<"$output")" \
    '[1,2,2,1,1,1]'
  ! below "${HERS[@]}" || return 1
  foyer forget ana@mail.example --client acme --dry-run
  holds "$output" "this is what would be erased: nothing was changed"

  foyer forget ana@mail.example --client acme
  same "$status|$stderr" "0|"
  holds "$output" "       2 deliveries"
  holds "$output" "erased, also from the log and the free pages of the store"
  below "${HERS[@]}"

  # what is another person's stays, and so do the counts
  ! below bob@mail.example "about wool" || return 1
  same "$(counted)" "$before"
  same "$(sql "SELECT count(*) AS n FROM run" | jq .n)" 2
  foyer runs list --json
  same "$(jq -c 'map(.state)' <<<"$output")" '["done","done"]'
  foyer trace 1 --client acme
  same "$status" 0 || { echo "$stderr"; return 1; }
  foyer forget ana@mail.example --client acme
  same "$status|$output" "0|nothing contains it"
}

@test "forget: the same webhook again starts nothing, and is not stored; a new letter is" {
  letters
  foyer cron
  foyer forget ana@mail.example --client acme
  same "$status" 0
  forget
  SIGNING_KEY=key-of-the-app
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  echo 'return { apps = { front = { client_id = "a", client_secret = "b", signing_key = "key-of-the-app" } } }' \
    >"$AGENCY/foyer.lua"
  start_serve
  same "$(post_hook "$(letter cnv_ana1 Ana@Mail.example "Ana Kowalska" "my number is 4711-0815")")" 200
  same "$(post_hook "$(letter cnv_ana1 "" "" "it was Ana Kowalska of Harbour Street" evt_second)")" 200
  same "$(sql "SELECT count(*) AS n FROM delivery" | jq .n)" 3
  nothing_sent
  below "${HERS[@]}"
  same "$(post_hook "$(letter cnv_new ana@mail.example "Ana Kowalska" "again" evt_new)")" 200
  until_true eval 'sql_is "SELECT state FROM run WHERE id = 3" "{\"state\": 7}"'
  # while the server runs
  foyer forget ANA@mail.example --client acme
  same "$status" 0 || { echo "$stderr"; return 1; }
  below "${HERS[@]}" cnv_new
  same "$(post_hook "$(letter cnv_bob2 bob@mail.example "Bob" "more wool")")" 200
  until_true eval 'sql_is "SELECT state FROM run WHERE id = 4" "{\"state\": 7}"'
  stop_serve
  below "${HERS[@]}" cnv_new
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
}

@test "forget: a run that is not over is refused by name, or cancelled" {
  recipe hello "$CREATED" 'ctx.sleep("1h") return event.payload.conversation.recipient.name'
  letters
  foyer cron
  foyer forget ana@mail.example --client acme --json
  failed 65 conflict "nothing was erased" "run 1 (hello, sleeping)" "--cancel"
  ! below "${HERS[@]}" || return 1
  foyer forget ana@mail.example --client acme --cancel --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(jq -c '.open[0] | [.run, .state]' <<<"$output")" '[1,"sleeping"]'
  below "${HERS[@]}"
  foyer runs list --json
  same "$(jq -c 'map(.state)' <<<"$output")" '["sleeping","cancelled"]'
}

@test "forget: a write that may have been sent is named; escapes, log lines and copies" {
  recipe hello "$CREATED" 'ctx.http.post("/conversations/" .. ctx.vars.conversation .. "/comments",
    { body = event.payload.conversation.recipient.handle }, { connection = "front" })'
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  mkdir -p "$AGENCY/state/log"
  printf 'one of ana@mail.example\ntwo\n' >"$AGENCY/state/log/foyer.log"
  echo 'a copy, of Ana@mail.example' >"$AGENCY/state/foyer.db.version-1"
  sql "INSERT INTO value VALUES ('acme', 'a', '\"q=ana%40mail.example\"', 1), ('acme', 'b', '\"ana\\u0040mail.example\"', 1),
    ('acme', 'c', '\"diana@mail.example\"', 1), ('zed', 'd', '\"ana@mail.example\"', 1)"
  letters
  foyer cron
  foyer forget ana@mail.example --client acme --cancel
  same "$status" 0 || { echo "$stderr"; return 1; }
  holds "$output" "cancelled: run 1 of hello (parked): its write POST"
  holds "$output" "was sent, and may have been done"
  holds "$output" "1 lines of the log"
  holds "$stderr" "1 row of value still contains it: of other clients"
  holds "$stderr" "foyer.db.version-1 is a copy of the store that an upgrade left"
  same "$(sql "SELECT group_concat(key) AS k FROM value" | jq -r .k)" "c,d"
  same "$(cat "$AGENCY/state/log/foyer.log")" ".......................
two"
  sql "DELETE FROM value"
  foyer forget ana@mail.example --client acme --copies
  same "$status" 0
  [ ! -e "$AGENCY/state/foyer.db.version-1" ]
  rm -r "$AGENCY/state/log"
  below "${HERS[@]}"
}

@test "forget: the ids of conversations in live.db, which has bursts, go too" {
  recipe hello "$CREATED" 'ctx.http.get("/teams", { connection = "front" })
    pcall(ctx.http.post, "/conversations/" .. event.payload.conversation.id .. "/comments", { body = "x" },
      { connection = "front" })'
  letters
  foyer cron
  grep -qF cnv_ana1 "$AGENCY"/state/live.db*
  foyer forget ana@mail.example --client acme --cancel
  same "$status" 0 || { echo "$stderr"; return 1; }
  below "${HERS[@]}"
}

@test "forget: what a script wrote to the log, without the address" {
  recipe hello "$CREATED" 'ctx.log("warn", "a letter: " .. event.payload.conversation.subject)'
  letters
  foyer cron
  grep -q 'a letter: my number is 4711-0815' "$AGENCY"/state/log/*
  foyer forget ana@mail.example --client acme
  same "$status" 0 || { echo "$stderr"; return 1; }
  below "${HERS[@]}"
  grep -q 'a letter: about wool' "$AGENCY"/state/log/* # Bob's
}

@test "forget: a company that clients share: the other one's runs stay, and the file says so" {
  mkdir -p "$AGENCY/clients/zed"
  settings zed 'hello = true'
  foyer connect zed --token-file "$TOKEN" --api-url "$MOCK"
  letters
  foyer cron
  same "$(sql "SELECT count(*) AS n FROM run" | jq .n)" 4
  foyer forget ana@mail.example --client acme
  same "$status" 0
  holds "$stderr" "still contain"
  same "$(sql "SELECT count(*) AS n FROM run WHERE client = 'zed' AND conversation IS NOT NULL" | jq .n)" 2
  foyer forget ana@mail.example --client zed
  same "$status|$stderr" "0|"
  below "${HERS[@]}"
  # of several clients, one whose run is not over hinders only itself
  empty_store
  sql "DELETE FROM forgotten"
  recipe hello "$CREATED" 'if ctx.client.name == "zed" then ctx.sleep("1d") end return event.payload.conversation.recipient.name'
  letters
  foyer cron
  foyer forget ana@mail.example --all-clients --json
  same "$status" 65
  same "$(jq -c '[.clients[] | [.client, .found.runs, .error != null]]' <<<"$output")" '[["acme",1,false],["zed",1,true]]'
  foyer forget ana@mail.example --all-clients --cancel
  same "$status|$stderr" "0|"
  holds "$output" "zed:"
  below "${HERS[@]}"
  # a client without anything has no line
  foyer forget ana@mail.example --all-clients
  same "$output" "nothing contains it"
  foyer disconnect zed
}

@test "forget: a run that is being worked on is waited for" {
  fault '{"kind": "slow", "after": 2, "match": {"method": "POST"}}'
  letters
  start_worker
  until_true eval '[ "$(mock_log "[.requests[] | select(.method == \"POST\")] | length")" -ge 1 ]'
  foyer forget ana@mail.example --client acme --cancel --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  # the run that was waited for may end between the last look and the erasing
  same "$(jq -c '[.open[] | select(.state != "running")]' <<<"$output")" "[]"
  below "${HERS[@]}"
  until_true sql_is "SELECT count(*) AS n FROM run WHERE state = 7" '{"n": 2}'
  end_workers
  below "${HERS[@]}"
}

@test "forget: a delivery whose triggers were not asked yet; it never starts anything" {
  letters
  foyer forget ana@mail.example --client acme --cancel --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(jq -c '.found | [.deliveries, .activations, .runs]' <<<"$output")" '[2,0,0]'
  below "${HERS[@]}"
  foyer cron
  same "$(sql "SELECT client, state FROM run")" '{"client": "acme", "state": 7}'
  holds "$(sql "SELECT result FROM run")" Bob
}

# Pages that no longer hold a row keep what stood there, until the file is written anew.
@test "forget: nothing in pages that were in use before, and in the log, with long texts" {
  recipe hello "$CREATED" 'local c = event.payload.conversation
    if not c.recipient.handle:find("ana") then return "other" end
    local text = ("filler " .. c.id .. " "):rep(300) .. c.recipient.handle
    ctx.store.set("long/" .. c.id, text:rep(3))
    return text'
  local n
  for n in $(seq 24); do
    letter "cnv_ana$n" ana@mail.example "Ana Kowalska" "$(head -c 3000 /dev/urandom | base64 -w0) 4711-0815"
    letter "cnv_bob$n" bob@mail.example "Bob" "$(head -c 1500 /dev/urandom | base64 -w0)"
  done | deliver - "$COMPANY" >/dev/null
  foyer cron
  # a part of it was deleted before, by a SQLite that does not overwrite what it deletes
  python3 - "$AGENCY/state/foyer.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in ("PRAGMA secure_delete = OFF", "UPDATE run SET result = NULL WHERE id % 3 = 1",
                  "DELETE FROM value WHERE key LIKE 'long/cnv_ana1%'"):
    db.execute(statement).fetchall()
PY
  ! below "ana@mail.example" "filler cnv_ana1 " || return 1
  foyer forget ana@mail.example --client acme
  same "$status|$stderr" "0|"
  same "$(jq -rn --arg text "$output" '$text | capture("(?<n>[0-9]+) runs").n')" 24
  below "${HERS[@]}" "filler cnv_ana"
  same "$(sql "SELECT count(*) AS n FROM run WHERE result = '\"other\"'" | jq .n)" 16
}

@test "forget: while events come, none is lost and none is doubled" {
  local n
  letters
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  SIGNING_KEY=key-of-the-app
  echo 'return { apps = { front = { client_id = "a", client_secret = "b", signing_key = "key-of-the-app" } } }' \
    >"$AGENCY/foyer.lua"
  start_serve --workers 2
  for n in $(seq 40); do
    post_hook "$(letter "cnv_new$n" "carl$n@mail.example" Carl "wool $n")"
    echo
  done >"$BATS_TEST_TMPDIR/statuses" 3>&- &
  local posting=$!
  for n in ana bob carl1 carl2 carl3; do
    foyer forget "$n@mail.example" --client acme --cancel
    same "$status" 0 || { echo "$stderr"; return 1; }
  done
  wait "$posting"
  same "$(sort "$BATS_TEST_TMPDIR/statuses" | uniq -c | xargs)" "40 200"
  until_true sql_is "SELECT (SELECT count(*) FROM run WHERE state < 7) + (SELECT count(*) FROM delivery WHERE state = 0) AS n" '{"n": 0}'
  # those that came after their erasure are new
  for n in carl1 carl2 carl3; do foyer forget "$n@mail.example" --client acme; done
  stop_serve
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  below "${HERS[@]}" bob@mail.example carl1@mail.example carl2@mail.example carl3@mail.example
  same "$(sql "SELECT count(*) AS n, count(DISTINCT conversation) AS k, min(state) AS least, max(state) AS most FROM run
    WHERE conversation IS NOT NULL")" '{"n": 37, "k": 37, "least": 7, "most": 7}'
}

@test "forget: bad input" {
  foyer forget ab --client acme
  same "$status" 64
  holds "$stderr" "too short"
  foyer forget ana@mail.example
  same "$status" 64
}
