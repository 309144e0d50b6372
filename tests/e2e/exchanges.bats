#!/usr/bin/env bats
# What a run sent and got, after it has ended: foyer runs show --bodies, trace --bodies.

load helper
load agency
load runs

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  settings ''
  N=$BATS_TEST_NUMBER
  mkdir -p "$AGENCY/clients/acme/templates"
}

teardown() {
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/acme/templates
}

SEND='ctx.call("front/send-conversation-reply", { conversation_id = id, body = body })'

# The record of the run: record JQ
record() {
  foyer runs show "${2:-$RUN}" --json
  same "$status" 0
  jq -c "$1" <<<"$output"
}

@test "the text that a customer got stays, when the run has ended and the template has changed" {
  local file=$AGENCY/clients/acme/templates/hello.md hash
  echo 'Dear {{name}}, your order 17 has left us.' >"$file"
  hash=$(sha256sum "$file" | cut -c -8)
  recipe tell 'local body = ctx.template("hello", { name = "Ada" }) '"$SEND"
  run_recipe tell
  same "$status" 0
  echo 'Dear {{name}}, it is still here.' >"$file"
  for verb in "runs show $RUN" "trace run $RUN"; do
    foyer $verb --bodies
    same "$status" 0
    holds "$output" "POST /conversations/$CONVERSATION/messages: 202, " 'Dear Ada, your order 17 has left us.' \
      "template clients/acme/templates/hello.md (client) $hash" '"status": "accepted"'
    foyer $verb
    same "$status" 0
    holds "$output" "POST /conversations/$CONVERSATION/messages: 202, " "hello.md (client) $hash"
    [[ $output != *'order 17'* ]]
  done
  same "$(record '[.exchanges[] | [.method, .path, .status, .answer.status, (.body.body | contains("order 17"))]]')" \
    "[[\"POST\",\"/conversations/$CONVERSATION/messages\",202,\"accepted\",true]]"
  same "$(record '[.exchanges[] | .ms > 0 and .at > 1700000000] | all')" true
  # one row of the store; nothing of it is left elsewhere
  same "$(row 'count(*) from exchange where run = '"$RUN"' --')" 1
  same "$(row "count(*) from entry where kind in ('http', 'exchange') and id >> 24 = $RUN --")" 0
}

@test "each write names the templates that it was made of, also after a sleep and a crash" {
  echo 'Hello {{> sign}} '"$N" >"$AGENCY/clients/acme/templates/hello.txt"
  echo 'Acme' >"$AGENCY/clients/acme/templates/sign.txt"
  echo 'A note' >"$AGENCY/clients/acme/templates/note.md"
  recipe tell 'local body = ctx.template("note.md", {})
    ctx.http.post("/conversations/" .. id .. "/comments", { body = body .. ctx.options.n }, { connection = "front" })
    body = ctx.template("hello", {}) '"$SEND"'
    ctx.sleep("1h")
    ctx.http.post("/conversations/" .. id .. "/comments", { body = "plain" }, { connection = "front" })
    body = ctx.template("note") .. "!" '"$SEND"
  run_recipe tell
  same "$(state)" sleeping
  rm "$AGENCY/clients/acme/templates/sign.txt"
  echo 'Another note' >"$AGENCY/clients/acme/templates/note.md"
  later $((7 * 86400))
  same "$(state)" done
  local of='[.exchanges[] | select(.method == "POST" and (.path | endswith("/KIND"))) | .templates]'
  same "$(record "${of/KIND/comments}")" '[["note.md"],["hello.txt","sign.txt"]]'
  same "$(record "${of/KIND/messages}")" '[["hello.txt","sign.txt"],["note.md"]]'
  same "$(record '[.templates[] | [.name, .layer]]')" '[["hello.txt","client"],["note.md","client"],["sign.txt","client"]]'
  foyer trace run "$RUN" --bodies
  holds "$output" "made of the template hello.txt"
  holds "$output" "A note"
  holds "$output" "template clients/acme/templates/sign.txt (client) $(printf 'Acme\n' | sha256sum | cut -c -8)"
}

@test "all attempts: reads, a write inside of an action, one before a crash, one after a sleep" {
  recipe steps 'ctx.call("front/get-conversation", { conversation_id = id })
    local function send(body) '"$SEND"' end
    send("first " .. ctx.options.n)
    ctx.sleep("1m")
    send("second " .. ctx.options.n)
    ctx.store.set("k", 1)
    send("hello " .. ctx.options.n)'
  run_recipe steps
  same "$(state)" sleeping
  same "$(record '[.exchanges[] | .method]')" '["GET","POST"]'
  FOYER_TEST_STOP="outcome kept" FOYER_TEST_CLOCK=$(($(date +%s%3N) + 90000)) foyer cron
  same "$status" 137
  later 120
  same "$(state)" done
  same "$(posts)" 3
  same "$(record '[.exchanges[] | select(.method == "POST") | .body.body]')" "[\"first $N\",\"second $N\",\"hello $N\"]"
  same "$(record '[.exchanges[] | select(.method == "GET") | [.status, .answer.id]]')" "[[200,\"$CONVERSATION\"]]"
}

@test "a refused read and its repetition are both there, with the reason" {
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id }) local body = "hello " .. ctx.options.n '"$SEND"
  fault '{"kind": "503", "match": {"method": "GET"}}'
  run_recipe read
  same "$(state)" queued
  later 600
  same "$(state)" done
  same "$(record '[.exchanges[] | [.method, .status]]')" '[["GET",null],["GET",200],["POST",202]]'
  same "$(record '.exchanges[0].error | contains("503")')" true
}

@test "a write whose answer was lost, before and after a person decides" {
  recipe lose 'local body = "hello " .. ctx.options.n '"$SEND"
  settings 'uncertain = "park", confirm = { "1s" }'
  FOYER_TEST_STOP="leaving" foyer run lose --client acme "n=$N"
  same "$status" 137
  RUN=$(row 'max(id)' id)
  same "$(record '[.exchanges[] | [.method, .unknown, .body.body]]')" "[[\"POST\",true,\"hello $N\"]]"
  foyer runs show "$RUN"
  holds "$output" "POST /conversations/$CONVERSATION/messages: its answer was lost"
  local i
  for i in 10 100 1000 10000; do
    FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron
  done
  same "$(state)" parked
  foyer runs resolve "$RUN" --sent --result '{"message_uid": "by hand"}'
  same "$status" 0
  later 11000
  same "$(state)" done
  same "$(record '[.exchanges[] | select(.method == "POST") | [.body.body, .status, .answer.message_uid, .unknown]]')" \
    "[[\"hello $N\",200,\"by hand\",null]]"
}

@test "a run that is cancelled keeps what it did" {
  recipe half 'local body = "hello " .. ctx.options.n '"$SEND"' ctx.sleep("1h")'
  run_recipe half
  same "$(state)" sleeping
  foyer runs cancel "$RUN"
  same "$(state)" cancelled
  same "$(record '[.exchanges[].body.body]')" "[\"hello $N\"]"
}

@test "what is too large is left out and named" {
  recipe large 'local body = ("a"):rep(20000) '"$SEND"' body = "hello " .. ctx.options.n '"$SEND"
  run_recipe large
  same "$status" 0
  same "$(record '[.exchanges[] | [.status, .body.body, .left_out.body > 20000]]')" "[[202,null,true],[202,\"hello $N\",false]]"
  foyer runs show "$RUN"
  holds "$output" 'sent left out: 20.'
  # many reads: those of writes find room
  settings "hosts = { \"${MOCK#http://}\" }" # the company's budget is not what this is about
  recipe many 'for i = 1, 250 do ctx.http.request{ url = "'"$MOCK"'/nothing" } end
    local body = "hello " .. ctx.options.n '"$SEND"
  run_recipe many
  same "$status" 0
  same "$(record '[(.exchanges | length), .exchanges_left_out.requests, [.exchanges[].body.body | strings]]')" "[201,50,[\"hello $N\"]]"
  foyer runs show "$RUN"
  holds "$output" '50 more left out: '
  [ "$(row 'length(body) from exchange where run = '"$RUN"' --')" -lt 16384 ]
}

@test "a run without requests has none; a retry of a dead one goes on with them" {
  recipe none 'ctx.store.set("n", ctx.options.n)'
  run_recipe none
  same "$(record '[has("exchanges"), has("templates")]')" '[false,false]'
  recipe dies 'local body = "hello " .. ctx.options.n '"$SEND"' error("no")'
  run_recipe dies
  RUN=$(row 'max(id)' id)
  same "$(state)" dead
  same "$(record '[.exchanges[].body.body]')" "[\"hello $N\"]"
  recipe dies 'local body = "hello " .. ctx.options.n '"$SEND"
  foyer runs retry "$RUN" --new-code
  later 1
  same "$(state)" done
  same "$(posts)" 1
  same "$(record '[.exchanges[].body.body]')" "[\"hello $N\"]"
}

@test "keep.exchanges: they go, the run stays; one that waits keeps its own" {
  recipe gone 'local body = "hello " .. ctx.options.n '"$SEND"
  recipe waits 'local body = "hello " .. ctx.options.n '"$SEND"' ctx.sleep("20d")'
  run_recipe gone
  local gone=$RUN hash
  hash=$(record .exchanges[0].body | jq -jcS . | sha256sum | cut -d' ' -f1)
  run_recipe waits
  later 1100000 # 12.7 days
  same "$(record '.exchanges | length' "$gone")" 1
  sed -i 's/^return {/&  keep = { exchanges = "12d" },/' "$AGENCY/foyer.lua"
  later 1100000
  sed -i 's/  keep = { exchanges = "12d" },//' "$AGENCY/foyer.lua"
  # the text is gone; where it went, and its hash, are not
  same "$(record '.state, (.exchanges[] | [.path, .status, has("body"), has("answer"), .body_hash])' "$gone" | xargs)" \
    "done [/conversations/$CONVERSATION/messages,202,false,false,$hash]"
  foyer runs show "$gone" --bodies
  holds "$output" "its body is not kept; its SHA-256: $hash"
  [[ $output != *"hello $N"* ]]
  same "$(row 'count(*) from exchange where run = '"$gone"' --')" 0
  same "$(record '[.state, (.exchanges | length)]')" '["sleeping",1]'
  later 1800000
  same "$(record '[.state, (.exchanges | length)]')" '["done",1]'
}
