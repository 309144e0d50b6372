#!/usr/bin/env bats
# foyer work: deliveries become activations and runs; what goes wrong on the way; how it ends.

load helper
load agency
load oauth
load store
load workers

NOON=1750075200000 MINUTE=60000

setup_file() {
  start_agency
  COMPANY=$(sql "SELECT id FROM connection" | jq -r .id)
  export COMPANY
  "$FOYER" -w "$AGENCY" connect zed --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  settings acme ''
  settings zed ''
  WORKERS=()
}

teardown() {
  end_workers
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/*/{lua,recipes}
}

# trigger NAME FIELDS [DIR]: of the workspace, or of a client
trigger() {
  mkdir -p "$AGENCY/${3:-}/lua/front/triggers"
  printf 'return { summary = "x", %s }\n' "$2" >"$AGENCY/${3:-}/lua/front/triggers/$1.lua"
}

at() {
  FOYER_TEST_CLOCK=$1 foyer cron --json
}

is_state() {
  same "$(state "$1")" "$2" >/dev/null
}

@test "a delivery becomes a reply; a byte wakes the worker" {
  settings acme '["first-reply"] = true'
  start_worker
  event "$CONVERSATION" | deliver - "$COMPANY"
  printf x >&"$WAKE"
  until_true replied 1
  same "$(mock_log '[.requests[] | select(.method == "POST") | .path]')" "[\"/conversations/$CONVERSATION/messages\"]"
  same "$(sql "SELECT client, trigger, key, conversation FROM activation WHERE client = 'acme'")" \
    "{\"client\": \"acme\", \"trigger\": \"front/conversation-created\", \"key\": \"$CONVERSATION\", \"conversation\": \"$CONVERSATION\"}"
  # zed has the same company, and nothing listens there
  same "$(sql "SELECT id FROM activation WHERE client = 'zed'")" ''
  same "$(sql "SELECT note FROM delivery" | jq -r '.note | fromjson | .zed["front/conversation-created"]')" \
    'no recipe that is switched on listens to it; not switched on: first-reply'
}

@test "what another process made due is seen without a byte" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings acme 'greet = true'
  start_worker
  id=$(event cnv_1 | deliver acme -)
  until_true is_state "$id" 1
}

# whose_is N: what the newest run, the Nth, found out about whose token it had.
whose_is() {
  local id
  id=$(event "cnv_whose$1" | deliver acme -)
  until_true is_state "$id" 1 || return 1
  until_true sql_is "SELECT count(*) AS n FROM run WHERE state IN (5, 7, 8, 9)" "{\"n\": $1}" || return 1
  sql "SELECT kind, result FROM run ORDER BY id DESC LIMIT 1" | jq -r '.kind // (.result | fromjson)'
}

@test "a client that was connected anew, elsewhere or not at all: a worker knows at once" {
  local other
  mock_post companies '{"name": "Globex"}' >/dev/null
  other=$(curl -sSf "$MOCK/_mock/companies" | jq -r '.companies[-1].id')
  action whose 'return ctx.http.get("/me").id'
  recipe tell 'on = "front/conversation-created",' 'return ctx.call("front/whose", {})'
  settings acme 'tell = true'
  start_worker
  same "$(whose_is 1)" "$COMPANY"
  printf mock-token-2 | "$FOYER" -w "$AGENCY" connect acme --token-file - --api-url "$MOCK" --replace
  same "$(whose_is 2)" "$other"
  "$FOYER" -w "$AGENCY" disconnect acme 2>/dev/null
  same "$(whose_is 3)" auth
  # what was held goes on, by the new connection
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK"
  until_true sql_is "SELECT count(*) AS n FROM run WHERE result LIKE '%$COMPANY%'" '{"n": 2}'
  # a grant in place of the API token
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR"
  echo 'return { apps = { front = { client_id = "mock-client", client_secret = "mock-secret" } } }' >"$AGENCY/foyer.lua"
  start_oauth
  grant acme --replace # zed uses the token, too
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY"
  forget
  same "$(whose_is 4)" "$COMPANY"
  holds "$(mock_log '[.requests[].headers.authorization]')" '"Bearer (OAuth token '
  # as others found it
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK" --replace
}

@test "it ends with its parent, and when it is asked to; SIGHUP is not for it" {
  start_worker
  id=$(event cnv_0 | deliver acme -)
  until_true is_state "$id" 1
  kill -HUP "$WORKER"
  id=$(event cnv_1 | deliver acme -)
  until_true is_state "$id" 1
  exec {WAKE}>&-
  WAKE=
  status=0
  wait "$WORKER" || status=$?
  same "$status" 0
  start_worker
  id=$(event cnv_2 | deliver acme -)
  until_true is_state "$id" 1
  kill -TERM "$WORKER"
  wait "$WORKER" || status=$?
  same "$status" 0
  same "$(cat "$BATS_TEST_TMPDIR/work.out")" ""
}

@test "in a conversation in order, each once, with several workers" {
  local i
  trigger any 'on = { "inbound" }, key = function(event) return event.payload.id end'
  recipe note 'on = "front/any",' 'return event.payload.id'
  settings acme 'note = true'
  for i in $(seq 40); do event "cnv_$((i % 4))" "evt_$i"; done | deliver acme -
  start_worker
  start_worker
  start_worker
  printf xyz >&"$WAKE"
  until_true sql_is "SELECT count(*) AS n FROM delivery WHERE state = 1" '{"n": 40}'
  same "$(sql "SELECT count(*) AS n, count(DISTINCT key) AS k FROM activation WHERE trigger = 'front/any'")" '{"n": 40, "k": 40}'
  same "$(sql "SELECT a.id FROM activation a JOIN activation b ON a.conversation = b.conversation AND a.trigger = b.trigger
    AND a.id < b.id AND a.delivery > b.delivery")" ""
  same "$(sql "SELECT count(*) AS n FROM run WHERE recipe = 'note'" | jq .n)" 40
}

@test "the same happening twice fires once, and says so" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings acme 'greet = true'
  event cnv_1 evt_1 | deliver acme - "$NOON"
  second=$(event cnv_1 evt_2 | deliver acme - "$NOON")
  at $NOON
  same "$(sql "SELECT count(*) AS n FROM run" | jq .n)" 1
  holds "$(note "$second" '.acme["front/conversation-created"]')" 'fired for the same'
}

@test "one client's broken trigger is its own" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings acme 'greet = true'
  settings zed 'greet = true'
  trigger conversation-created 'on = { "inbound" }, fires = function() error("oh") end' clients/zed
  id=$(event cnv_1 | deliver - "$COMPANY" "$NOON")
  at $NOON
  same "$(sql "SELECT client FROM run" | jq -r .client)" acme
  holds "$(note "$id" '.zed["front/conversation-created"]')" oh
  same "$(state "$id")" 1
}

@test "settings that do not load lose nothing" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings zed 'greet = true'
  echo 'return { name = "Acme", ' >"$AGENCY/clients/acme/client.lua"
  id=$(event cnv_1 | deliver - "$COMPANY" "$NOON")
  at $NOON
  same "$(state "$id")" 0
  holds "$(note "$id" '.[""].why')" 'clients/acme/client.lua'
  settings acme 'greet = true'
  at $((NOON + 10 * MINUTE))
  same "$(state "$id")" 1
  same "$(sql "SELECT client FROM run ORDER BY client" | jq -r .client | xargs)" 'acme zed'
}

@test "a recipe that does not load is dead, and goes on when it is mended" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  recipe other 'on = "front/message-received",' 'return "front/conversation-created"'
  echo oops >>"$AGENCY/recipes/greet.lua"
  echo oops >>"$AGENCY/recipes/other.lua"
  settings acme 'greet = true, other = true'
  id=$(event cnv_1 | deliver acme - "$NOON")
  at $NOON
  same "$(state "$id")" 1
  holds "$(note "$id" '.acme["recipe greet"]')" 'recipes/greet.lua'
  same "$(sql "SELECT recipe, state FROM run ORDER BY recipe" | jq -r '"\(.recipe) \(.state)"' | xargs)" 'greet 9 other 9'
  recipe greet 'on = "front/conversation-created",' 'return event.payload.conversation.id'
  recipe other 'on = "front/message-received",' 'return "front/conversation-created"'
  FOYER_TEST_CLOCK=$NOON foyer runs retry --state dead --new-code
  at $((NOON + MINUTE))
  # the other one names the trigger, but listens to another
  same "$(sql "SELECT state, result, reason FROM run ORDER BY recipe" | jq -r '"\(.state) \(.result) \(.reason)"' | xargs)" \
    '7 cnv_1 null 8 null other does not listen to front/conversation-created'
}

@test "a client that is gone, a company without a client, what is not an event" {
  gone=$(event cnv_1 | deliver unknown - "$NOON")
  alone=$(event cnv_1 | deliver - cmp_none "$NOON")
  odd=$(echo '[1]' | deliver acme - "$NOON")
  cut=$(printf '{"type": "inb' | deliver acme - "$NOON")
  at $NOON
  same "$status" 0
  same "$(state "$gone") $(state "$alone") $(state "$odd") $(state "$cut")" "1 2 1 1"
  holds "$(note "$gone" .unknown.error)" 'no client'
  holds "$(note "$alone" '.[""].why')" cmp_none
  holds "$(note "$odd" .acme.error)" 'the event is neither'
  holds "$(note "$cut" '.[""].why')" 'column'
}

@test "a message that was cut within an emoji is a message" {
  settings acme 'greet = true'
  recipe greet 'on = "front/conversation-created",' 'return event.payload.conversation.subject'
  id=$(event cnv_1 | sed 's/Wool/Wool \\ud83d\\ud83d\\ude00/' | deliver acme - "$NOON")
  at $NOON
  same "$status" 0
  same "$(state "$id")" 1
  same "$(sql "SELECT result FROM run" | jq -r .result)" '"Wool �😀"'
}

@test "a delivery that is saved to a file runs by hand with the same result" {
  settings acme 'greet = true'
  recipe greet 'on = "front/conversation-created",' 'return { event.payload.conversation, event.payload.n }'
  local what id
  for what in '1' '12345678901234567890' '-1e3' '"a\u0000b"' '{"x\u0000":{"\u0000":1}}' '"cut \ud83d"' '{"\ude00":[]}'; do
    empty_store
    event cnv_1 | sed "s/\"emitted_at\"/\"n\":${what//\\/\\\\},&/" >"$BATS_TEST_TMPDIR/event.json"
    id=$(deliver acme - "$NOON" <"$BATS_TEST_TMPDIR/event.json")
    at $NOON
    same "$(state "$id")" 1
    sql "SELECT result FROM run" | jq -r .result | jq -cS . >"$BATS_TEST_TMPDIR/delivered"
    foyer run greet --client acme --event "$BATS_TEST_TMPDIR/event.json" --json
    done_well
    jq -cS .result <<<"$output" | diff - "$BATS_TEST_TMPDIR/delivered"
  done
}

@test "run --event takes the number of a delivery, for the clients that it came for" {
  recipe greet 'on = "front/conversation-created",' 'return event.payload.conversation.id .. event.actor.kind'
  local id other
  id=$(event cnv_1 | deliver acme - "$NOON")
  other=$(event cnv_2 | deliver - "$COMPANY" "$NOON")
  foyer run greet --client acme --event "$id" --json
  done_well
  same "$(jq -r .result <<<"$output")" cnv_1contact
  foyer run greet --client zed --event "$other" --json
  same "$(jq -r .result <<<"$output")" cnv_2contact
  foyer run greet --client zed --event "$id" --json
  failed 65 invalid "delivery $id did not come for zed" "foyer events show $id"
  settings acme 'greet = true'
  settings zed 'greet = true'
  foyer run greet --all-clients --event "$id" --json
  same "$(jq -c 'map([.client, .result])' <<<"$output")" '[["acme","cnv_1contact"]]'
  foyer run greet --client acme --event 99999 --json
  failed 65 not_found 'there is no delivery 99999' 'foyer events list'
  foyer run greet --client acme --event 99999999999999999999 --json
  failed 64 usage
  foyer run greet --client acme --event ./99999 --json
  failed 65 not_found ./99999
  sql "DELETE FROM delivery_body WHERE id = ?" "$id"
  foyer run greet --client acme --event "$id" --json
  failed 65 not_found "its body was removed"
}

# answers KIND: an event that an action of that KIND of source caused
answers() {
  local n
  for n in $(seq "$2"); do
    jq -nc --arg kind "$1" --arg n "$n" --arg id "$CONVERSATION" '{type: "new_comment_added", payload: {type: "comment",
      id: "evt_\($kind)\($n)", emitted_at: 1700000001, conversation: {id: $id, subject: "Wool", status: "archived"},
      source: {_meta: {type: $kind}, data: {id: "x_1"}}, target: {_meta: {type: "comment"}, data: {id: "com_\($n)",
      body: "x"}}}}'
  done
}

@test "a recipe that answers itself is parked; what a person does is not counted" {
  settings acme 'echo = true'
  recipe echo 'on = "front/comment-added",' 'return ctx.http.post("/conversations/" .. event.payload.conversation.id .. "/comments", { body = "again" }, { connection = "front" })'
  answers teammate 12 | deliver acme - "$NOON"
  for i in 1 2 3; do at $((NOON + i * MINUTE)); done
  same "$(sql "SELECT DISTINCT state FROM run")" '{"state": 7}'
  answers api 12 | deliver acme - "$NOON"
  for i in 1 2 3; do at $((NOON + i * MINUTE)); done
  sql_is "SELECT count(*) AS n FROM run WHERE state = 7" '{"n": 22}'
  sql_is "SELECT count(*) AS n FROM run WHERE state = 6" '{"n": 2}'
  holds "$(sql "SELECT reason FROM run WHERE state = 6 LIMIT 1")" \
    "echo may be answering itself: in the last hour it has written for 10 events of $CONVERSATION that no person caused"
  # an hour later it goes on
  FOYER_TEST_CLOCK=$((NOON + 70 * MINUTE)) foyer runs retry "$(sql "SELECT max(id) AS id FROM run WHERE state = 6" | jq .id)"
  at $((NOON + 71 * MINUTE))
  sql_is "SELECT count(*) AS n FROM run WHERE state = 7" '{"n": 23}'
}

@test "any-event: each event once, of any type" {
  settings acme 'all = true'
  recipe all 'on = "front/any-event",' 'return event.payload.type'
  answers api 2 | deliver acme - "$NOON"
  answers api 2 | deliver acme - "$NOON"
  event cnv_1 | deliver acme - "$NOON"
  printf '%s\n' '{"type": "brand_new", "payload": {"id": "evt_new", "type": "brand_new", "emitted_at": 1}}' \
    '{"type": "sync", "authorization": {"id": "cmp_1"}}' | deliver acme - "$NOON"
  for i in 1 2 3; do at $((NOON + i * MINUTE)); done
  same "$(sql "SELECT key FROM activation ORDER BY key" | jq -r .key | paste -sd' ')" "evt_api1 evt_api2 evt_cnv_1 evt_new"
  same "$(sql "SELECT result FROM run ORDER BY result" | jq -r '.result | fromjson' | paste -sd' ')" \
    "brand_new comment comment inbound"
}

@test "an event that came before a script waits for it counts" {
  settings acme 'ask = true'
  recipe ask 'on = "front/conversation-created",' 'ctx.sleep("1h")
    return ctx.wait_for("front/comment-added", { ["payload.conversation.id"] = event.payload.conversation.id }, "1h").type'
  event "$CONVERSATION" | deliver acme - "$NOON"
  at "$NOON"
  answers teammate 1 | deliver acme - $((NOON + MINUTE))
  at $((NOON + MINUTE))
  same "$(sql "SELECT trigger FROM activation ORDER BY id" | jq -r .trigger | paste -sd' ')" "front/conversation-created front/comment-added"
  at $((NOON + 61 * MINUTE))
  at $((NOON + 62 * MINUTE))
  same "$(sql "SELECT result FROM run" | jq -r .result)" '"new_comment_added"'
}

# an event whose conversation must be fetched
preview() {
  event "$1" "$2" | jq -c '.payload.conversation |= {id}'
}

@test "what may pass is tried again, and holds up its conversation alone" {
  recipe greet 'on = "front/conversation-created",' 'return event.payload.conversation.status'
  settings acme 'greet = true'
  fault '{"kind": "503", "match": {"method": "GET"}}'
  first=$(preview "$CONVERSATION" evt_1 | deliver acme - "$NOON")
  second=$(event "$CONVERSATION" evt_2 | deliver acme - "$((NOON + 1))")
  other=$(event cnv_9 evt_3 | deliver acme - "$((NOON + 2))")
  at $((NOON + 10))
  same "$status" 0
  same "$(state "$first") $(state "$second") $(state "$other")" "0 0 1"
  same "$(note "$first" '.[""].failures')" 1
  holds "$(note "$first" '.[""].why')" 503
  at $((NOON + 10 * MINUTE))
  same "$(state "$first") $(state "$second")" "1 1"
  # its own conversation was created long ago: only the one that says otherwise fired
  same "$(sql "SELECT attempts FROM delivery ORDER BY id" | jq -sc 'map(.attempts)')" "[2,1,1]"
}

@test "given up after two hours, with the reason" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings acme 'greet = true'
  fault '{"kind": "503", "times": 1000, "match": {"method": "GET"}}'
  id=$(preview "$CONVERSATION" evt_1 | deliver acme - "$NOON")
  for i in $(seq 0 12); do
    at $((NOON + i * 20 * MINUTE))
    [ "$(state "$id")" = 0 ] || break
  done
  same "$(state "$id")" 4
  holds "$(note "$id" '.[""].why')" 'given up'
  holds "$stderr" "delivery $id is dead"
}

@test "a client that must be connected is waited for, and that counts for nothing" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  mkdir -p "$AGENCY/clients/late"
  settings late 'greet = true'
  start_recorder
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  printf 'http://%s/services/T0/hush' "$CHAT" | "$FOYER" -w "$AGENCY" secret set alert.url --from -
  sed -i 's/^return {/return { alert = secret "alert.url",/' "$AGENCY/foyer.lua"
  id=$(preview "$CONVERSATION" evt_1 | deliver late - "$NOON")
  for i in $(seq 0 9); do
    at $((NOON + i * MINUTE))
    same "$(state "$id")" 0
  done
  same "$(note "$id" '.[""].failures // 0')" 0
  holds "$(note "$id" '.[""].why')" 'foyer connect late'
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  stop_recorder
  same "$(chat_log length)" 1
  holds "$(chat_log '.[0].body | fromjson | .text')" "late needs reconnect (foyer connect late): delivery $id waits: "
  same "$(sql "SELECT due_ms FROM delivery" | jq .due_ms)" $((NOON + 10 * MINUTE))
  "$FOYER" -w "$AGENCY" connect late --token-file "$TOKEN" --api-url "$MOCK"
  at $((NOON + 10 * MINUTE))
  same "$(state "$id")" 1
  "$FOYER" -w "$AGENCY" disconnect late
  rm -rf "$AGENCY/clients/late"
}

@test "an event says that a message failed: its run is undelivered" {
  recipe greet 'on = "front/conversation-created",' 'return ctx.call("front/send-conversation-reply",
    { conversation_id = event.payload.conversation.id, body = "hello" }).message_uid'
  settings acme 'greet = true'
  event "$CONVERSATION" | deliver acme - "$NOON"
  at "$NOON"
  uid=$(sql "SELECT result FROM run" | jq -r '.result | fromjson')
  same "$(sql "SELECT state, undelivered FROM run" | jq -c .)" '{"state":7,"undelivered":null}'
  failed() {
    jq -nc --arg uid "$1" --arg company "$COMPANY" '{type: "message_delivery_failed", authorization: {id: $company},
      payload: {id: "evt_failed", type: "message_delivery_failed", target: {data: {message_uid: $uid}}}}'
  }
  failed other-companys | deliver - "$COMPANY" $((NOON + MINUTE))
  at $((NOON + MINUTE))
  same "$(sql "SELECT undelivered FROM run" | jq .undelivered)" null
  failed "$uid" | deliver - "$COMPANY" $((NOON + 2 * MINUTE))
  at $((NOON + 2 * MINUTE))
  holds "$(sql "SELECT undelivered FROM run" | jq -r .undelivered)" "did not get it: message_delivery_failed"
}

@test "a client has eight runs in flight in a worker at most" {
  recipe slow 'on = "front/conversation-created",' 'ctx.http.get("/me", { connection = "front" })'
  settings acme 'slow = true'
  fault '{"kind": "slow", "after": 2, "times": 12, "match": {"method": "GET"}}'
  for i in $(seq 12); do event "cnv_slow_$i"; done | deliver acme - >/dev/null
  start_worker
  until_true sql_is "SELECT sum(state = 1) AS runs, sum(state = 0) AS queued FROM run" '{"runs": 8, "queued": 4}'
  until_true sql_is "SELECT count(*) AS n FROM run WHERE state = 7" '{"n": 12}'
}

@test "what a dead process held is free" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings acme 'greet = true'
  id=$(event cnv_1 | deliver acme - "$NOON")
  claim "$id"
  at $NOON
  same "$(state "$id")" 1
  same "$(jq -c '[.[].state]' <<<"$output")" '["done"]'
}

@test "killed before its write left: the next worker sends it, once, without looking for it" {
  settings acme '["first-reply"] = true'
  FOYER_TEST_PAUSE="intent kept" start_worker
  local first=$WORKER
  event "$CONVERSATION" | deliver - "$COMPANY"
  printf x >&"$WAKE"
  paused "$first"
  start_worker
  same "$(mock_log '[.requests[] | select(.method == "POST")] | length')" 0
  kill -9 "$first"
  until_true replied 1
  until_true sql_is "SELECT state FROM run" '{"state": 7}'
  same "$(sql "SELECT what FROM history ORDER BY n" | jq -r .what | xargs)" \
    "attempt intent unsent attempt intent outcome done"
}

@test "a trigger that ends its process three times is dead, and named" {
  recipe greet 'on = "front/any",' 'return 1'
  settings acme 'greet = true'
  trigger any 'on = { "inbound" }, key = function() return tostring(("a"):rep(40):find(("a*"):rep(20) .. "b")) end'
  id=$(event cnv_1 | deliver acme - "$NOON")
  for i in 1 2 3; do
    same "$(state "$id")" 0
    at $NOON
    [ "$status" -ge 70 ]
  done
  at $NOON
  same "$(state "$id")" 4
  holds "$(note "$id" '.[""].why')" 'watchdog'
}

@test "edits do not reach a worker that runs" {
  recipe greet 'on = "front/conversation-created",' 'return "old"'
  settings acme 'greet = true'
  start_worker
  id=$(event cnv_1 | deliver zed -) # it has begun
  until_true is_state "$id" 1
  recipe greet 'on = "front/conversation-created",' 'return "new"'
  recipe more 'on = "front/conversation-created",' 'return "more"'
  settings acme 'greet = true, more = true'
  trigger conversation-created 'on = { "nothing" }'
  id=$(event cnv_2 | deliver acme -)
  until_true is_state "$id" 1
  until_true sql_is "SELECT group_concat(recipe || coalesce(result, '-')) AS x FROM run" '{"x": "greet\"old\""}'
}

@test "wrong descriptors are said" {
  foyer work --wake-fd x
  same "$status" 64
  foyer work --wake-fd 99
  same "$status" 64
  holds "$stderr" '--wake-fd 99'
}
