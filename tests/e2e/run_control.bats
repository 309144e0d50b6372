#!/usr/bin/env bats
# foyer runs retry, resolve, cancel; events replay; pause and resume.

load helper
load agency
load store

NOON=1750075200000 # 2025-06-16 12:00 UTC; 08:00 in New York
HOUR=3600000

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
  settings acme ''
  export FOYER_TEST_CLOCK=$NOON
}

teardown() {
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/zed
}

# settings CLIENT RECIPES [FRONT]: what it has on
settings() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", timezone = "America/New_York", front = { %s }, recipes = { %s } }\n' \
    "$1" "${3:-}" "$2" >"$AGENCY/clients/$1/client.lua"
}

# recipe NAME FIELDS BODY
recipe() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", %s run = function(ctx, event)\n%s\nend }\n' "$2" "$3" >"$AGENCY/recipes/$1.lua"
}

# at MS: what is due then is done
at() {
  FOYER_TEST_CLOCK=$1 foyer cron --json
}

CREATED='on = "front/conversation-created",'

# The recipe hello writes one comment.
hello() {
  recipe hello "$CREATED" 'ctx.http.post("/conversations/" .. event.payload.conversation.id .. "/comments",
    { body = "seen" }, { connection = "front" })
    return "done"'
  settings acme 'hello = true'
}

# parked: run 1 of hello is, its comment being there
parked() {
  hello
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  event "$CONVERSATION" | deliver - "$COMPANY" $NOON >/dev/null
  at $NOON
  same "$(states)" '["parked"]'
  forget
}

states() {
  sql "SELECT id FROM run ORDER BY id" | jq -r .id >"$BATS_TEST_TMPDIR/ids"
  "$FOYER" -w "$AGENCY" runs list --limit 1000 --json 2>/dev/null | jq -c 'sort_by(.id) | map(.state)'
}

@test "resolve --sent: the run goes on behind its write" {
  parked
  foyer runs resolve 1 --sent --json
  same "$(jq -c 'map([.id, .state, .now])' <<<"$output")" '[[1,"parked","queued"]]'
  at $((NOON + 1000))
  same "$(states)" '["done"]'
  nothing_sent
  foyer runs resolve 1 --sent --json
  failed 65 conflict "cannot resolve run 1: it is done"
}

@test "resolve --not-sent: it is sent again; what resolve refuses" {
  parked
  foyer runs resolve 1 --json
  failed 64 usage "--not-sent"
  foyer runs resolve 1 --sent --not-sent --json
  failed 64 usage
  foyer runs resolve --sent --json
  failed 64 usage
  foyer runs resolve 1 --sent --result '{' --json
  failed 64 usage "--result takes JSON"
  foyer runs resolve 1 --not-sent --result 1 --json
  failed 64 usage
  foyer runs resolve 1 --not-sent --client acme --json
  failed 64 usage "no --client"
  same "$(states)" '["parked"]'
  foyer runs resolve 1 --not-sent
  same "$status" 0
  at $((NOON + 1000))
  same "$(states)" '["done"]'
  same "$(received)" "POST /conversations/$CONVERSATION/comments"
}

@test "resolve: the names of before are taken, with a warning; what was undelivered needs no person any more" {
  parked
  foyer runs resolve 1 --happened
  same "$status|$stderr" "0|foyer: --happened is called --sent now; the old name is taken until 2027-12-01"
  at $((NOON + 1000))
  sql "UPDATE run SET undelivered = 'it bounced'"
  foyer runs show 1 --json
  same "$(jq -c '[.state, .word, .commands]' <<<"$output")" '["done","needs you",["foyer runs resolve 1 --sent"]]'
  foyer runs resolve 1 --not-sent --json
  failed 65 conflict "answer the customer in the app"
  foyer runs resolve 1 --sent --json
  same "$(jq -c 'map([.word, .now])' <<<"$output")" '[["needs you","done"]]'
  foyer runs list --state needs-you --json
  same "$output" "[]"
  foyer trace 1
  holds "$output" "resolved by hand: the customer has the message"
}

@test "retry --dry-run shows what would be sent, and nothing leaves" {
  hello
  recipe hello "$CREATED" 'ctx.http.post("/conversations/" .. event.payload.conversation.id .. "/comments", { body = "one" }, { connection = "front" })
    error("oh")'
  event "$CONVERSATION" | deliver - "$COMPANY" $NOON
  at $NOON
  same "$(states)" '["dead"]'
  same "$(received)" "POST /conversations/$CONVERSATION/comments"
  forget
  recipe hello "$CREATED" 'ctx.http.post("/conversations/" .. event.payload.conversation.id .. "/comments", { body = "one" }, { connection = "front" })
    ctx.http.post("/conversations/" .. event.payload.conversation.id .. "/comments", { body = "two" }, { connection = "front" })
    return "done"'
  # its own code fails again behind what was sent; today's would send one more
  foyer runs retry 1 --dry-run --json
  holds "$(jq -r '.[0].would_fail' <<<"$output")" oh
  same "$(jq -c '.[0].changed' <<<"$output")" '["recipes/hello.lua"]'
  foyer runs retry 1 --dry-run --new-code --json
  same "$(jq -c '.[0] | [.state, .would_send]' <<<"$output")" \
    "[\"dead\",{\"body\":{\"body\":\"two\"},\"method\":\"POST\",\"to\":\"/conversations/$CONVERSATION/comments\"}]"
  foyer runs retry 1 --dry-run --new-code
  holds "$output" "run 1 of hello, client acme, failed: would send POST /conversations/$CONVERSATION/comments"
  holds "$output" '"body": "two"'
  [[ $stderr != *'changed since'* ]]
  nothing_sent
  same "$(states)" '["dead"]'
  # without it, what changed is named
  foyer runs retry 1
  same "$status" 0
  holds "$stderr" 'run 1 goes on with the code that it began with, but recipes/hello.lua changed since: `foyer runs retry 1 --new-code`'
  at $((NOON + 500))
  same "$(states)" '["dead"]'
  foyer runs retry 1 --new-code
  same "$(tr -s ' ' <<<"$output" | tail -1)" "1 acme hello failed waiting"
  at $((NOON + 1000))
  same "$(states)" '["done"]'
  same "$(received)" "POST /conversations/$CONVERSATION/comments"
}

# act BODY: an action that the recipe hello calls for its event's conversation
act() {
  mkdir -p "$AGENCY/lua/front/actions"
  printf 'return { summary = "x", effect = "write", input = { id = { "conversation" } }, run = function(ctx, input)\n%s\nend }\n' \
    "$1" >"$AGENCY/lua/front/actions/act.lua"
  recipe hello "$CREATED" 'ctx.call("front/act", { id = event.payload.conversation.id }) return "done"'
  settings acme 'hello = true'
}

@test "retry of what was refused asks again, when the cause is mended" {
  act 'ctx.http.post("/conversations/cnv_none/comments", { body = "seen" })'
  event "$CONVERSATION" | deliver - "$COMPANY" $NOON
  at $NOON
  same "$(states)" '["dead"]'
  forget
  foyer runs retry 1 --dry-run --json
  same "$(jq -c '.[0].would_send.to' <<<"$output")" '"/conversations/cnv_none/comments"'
  same "$(jq -c '.[0].changed' <<<"$output")" null
  act 'ctx.http.post("/conversations/" .. input.id .. "/comments", { body = "seen" })'
  foyer runs retry 1 --dry-run --new-code --json
  same "$(jq -c '.[0].would_send.to' <<<"$output")" "\"/conversations/$CONVERSATION/comments\""
  nothing_sent
  same "$(states)" '["dead"]'
  foyer runs retry 1 --new-code
  at $((NOON + 1000))
  same "$(states)" '["done"]'
  same "$(received)" "POST /conversations/$CONVERSATION/comments"
  foyer runs retry 1 --dry-run --json
  failed 65 conflict "cannot retry run 1: it is done"
}

@test "retry of an action that wrote and failed then does not write again" {
  act 'ctx.http.post("/conversations/" .. input.id .. "/comments", { body = "seen" })
    error("oh")'
  event "$CONVERSATION" | deliver - "$COMPANY" $NOON
  at $NOON
  same "$(states)" '["dead"]'
  forget
  foyer runs retry 1
  at $((NOON + 1000))
  same "$(states)" '["dead"]'
  nothing_sent
}

@test "a dry run of a parked run says that it would look for its write" {
  parked
  foyer runs retry 1 --dry-run --json
  same "$(jq -c '.[0].would_look_for.path' <<<"$output")" "\"/conversations/$CONVERSATION/comments\""
  nothing_sent
}

@test "in bulk: by filters, saying how many; each by itself" {
  recipe gone "$CREATED" 'error("oh")'
  recipe good "$CREATED" 'return 1'
  settings acme 'gone = true, good = true'
  for i in 1 2 3; do event cnv_b$i | deliver - "$COMPANY" $((NOON + i)); done
  at $((NOON + 10))
  same "$(states | jq -c sort)" '["dead","dead","dead","done","done","done"]'
  foyer runs retry --json
  failed 64 usage "--client"
  foyer runs retry --client acme --dry-run --json
  same "$(jq -c 'map(.recipe) | unique' <<<"$output")" '["gone"]'
  same "$stderr" "foyer: 3 runs match"
  recipe gone "$CREATED" 'return 2'
  foyer runs retry --recipe gone --limit 1 --new-code
  holds "$stderr" "foyer: 1 run matches"
  at $((NOON + 20))
  same "$(states | jq -c sort)" '["dead","dead","done","done","done","done"]'
  foyer runs cancel --state dead --dry-run --json
  same "$(jq -c 'map(.would_be)' <<<"$output")" '["cancelled","cancelled"]'
  same "$(states | jq -c 'sort | .[0]')" '"dead"'
  foyer runs cancel --state dead --reason "of no use"
  same "$(states | jq -c sort)" '["cancelled","cancelled","done","done","done","done"]'
  holds "$(sql "SELECT reason FROM run WHERE state = 10 LIMIT 1")" "of no use"
  # some may, some may not: what may is done, the rest is said
  sql "UPDATE run SET state = 9 WHERE id = 1"
  foyer runs retry 1 2 --json
  same "$status" 65
  same "$(jq -c 'map([.id, .now // .error])' <<<"$output")" '[[1,"queued"],[2,"cannot retry run 2: it is done"]]'
  foyer runs cancel --state parked
  same "$status|$output|$stderr" "0||foyer: 0 runs match"
  foyer runs cancel 1 --client acme --json
  failed 64 usage "either ids"
  foyer runs cancel one --json
  failed 64 usage "runs list"
}

@test "replay: nothing fires twice; what was unrouted fires when its client has come" {
  recipe good "$CREATED" 'return 1'
  settings acme 'good = true'
  event cnv_r1 | deliver - "$COMPANY" $NOON
  event cnv_r2 | jq -c '.authorization.id = "cmp_later"' | deliver - cmp_later $NOON
  at $NOON
  same "$(states)" '["done"]'
  foyer events replay 1 --json
  same "$(jq -c 'map([.id, .state, .now])' <<<"$output")" '[[1,"done","waiting"]]'
  at $((NOON + 1000))
  same "$(states)" '["done"]'
  foyer events replay --state unrouted --dry-run
  same "$stderr" "foyer: 1 delivery matches"
  holds "$output" "no client is connected to its company yet"
  foyer events list --state unrouted --json
  same "$(jq -c 'map(.id)' <<<"$output")" '[2]'
  sql "UPDATE delivery SET company = ? WHERE id = 2" "$COMPANY" # its client is connected now
  foyer events replay --client acme --state unrouted
  same "$status" 0
  at $((NOON + 2000))
  same "$(states)" '["done","done"]'
  same "$(sql "SELECT conversation FROM run WHERE id = 2" | jq -r .conversation)" cnv_r2
  foyer events replay --json
  failed 64 usage
  foyer events replay 77 --json
  failed 65 not_found 77
  sql "UPDATE delivery SET state = 0 WHERE id = 1"
  claim 1
  foyer events replay 1 --json
  failed 65 conflict "a worker is handling it"
  unclaim
  sql "UPDATE delivery SET state = 1 WHERE id = 1"
}

@test "pause holds runs and accepts deliveries; resume lets them go on" {
  recipe good "$CREATED" 'return 1'
  settings acme 'good = true'
  foyer pause
  same "$status|$output|$stderr" "0||foyer: nothing is paused"
  FOYER_TEST_CLOCK=$NOON foyer pause --client acme --reason "their holidays"
  same "$status|$output" "0|"
  event cnv_p1 | deliver - "$COMPANY" $NOON
  at $NOON
  same "$(states)" '["queued"]'
  recipe plain "" 'return 1'
  foyer run plain --client acme # by hand it runs all the same
  same "$status|$output" "0|1"
  same "$(states)" '["queued","done"]'
  sql "DELETE FROM run WHERE id = 2"
  FOYER_TEST_CLOCK=$NOON foyer pause --json
  # jq 1.7 keeps 1750075200.0 as it is written
  same "$(jq -c 'map(.paused_at |= floor)' <<<"$output")" \
    '[{"by":"hand","client":"acme","paused_at":1750075200,"reason":"their holidays","recipe":"(all)","runs_waiting":1}]'
  foyer runs list
  same "$stderr" "foyer: runs are paused: \`foyer pause\` shows which"
  # the run says itself what holds it, and what lifts that
  foyer trace run 1
  holds "$output" "PAUSED: client acme is paused since 2025-06-16 08:00:00 -04:00: their holidays"
  holds "$output" "you may: foyer resume --client acme"
  foyer runs show 1
  holds "$output" "PAUSED: client acme is paused"
  foyer runs show 1 --json
  same "$(jq -c '[.paused[0].client, .commands[0]]' <<<"$output")" '["acme","foyer resume --client acme"]'
  FOYER_TEST_CLOCK=$NOON foyer pause --recipe good
  foyer trace run 1
  holds "$output" "PAUSED: recipe good is paused since"
  holds "$output" "foyer resume --recipe good"
  foyer resume --client acme
  same "$status" 0
  holds "$stderr" "still paused: all clients, recipe good"
  at $NOON
  same "$(states)" '["queued"]'
  foyer resume --all --json
  same "$(jq -c . <<<"$output")" '{"lifted":1}'
  at $NOON
  same "$(states)" '["done"]'
  foyer runs show 1 --json
  same "$(jq -c '[.paused, .commands]' <<<"$output")" '[null,null]'
}

@test "resume lifts what a crash has suspended; slips are told" {
  settings acme ''
  sql "INSERT INTO pause VALUES ('acme', 'digest', ?, 'crash', 'signal 11')" $NOON
  foyer pause
  holds "$output" "crash"
  holds "$output" "signal 11"
  foyer resume --client acme --recipe digest
  same "$status|$stderr" "0|"
  foyer resume --client acme --recipe digest
  same "$status" 0
  holds "$stderr" "that was not paused"
  foyer resume --client amce --json
  failed 65 not_found acme
  foyer resume --json
  failed 64 usage --all
  foyer pause --client amce --json
  failed 65 not_found acme
  foyer pause --recipe diges --json
  failed 65 not_found digest
  foyer pause --reason x --json
  failed 64 usage --client
  foyer runs retri --json
  failed 64 usage "\`foyer runs\` cannot retri; did you mean retry?"
  foyer events plan --json
  failed 64 usage "\`foyer events\` cannot plan" "usage: foyer events list|show|replay"
  foyer pause --all --client acme --json
  failed 64 usage
  foyer pause --all
  foyer pause --json
  same "$(jq -c 'map([.client, .recipe])' <<<"$output")" '[["(all)","(all)"]]'
  foyer resume --all
}
