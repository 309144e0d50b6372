#!/usr/bin/env bats
# What is not sent: by a copy of the store, until it is promoted.

load helper
load agency
load consents
load serve

setup() {
  oauth_agency
  connected acme
  ORIGINAL=$AGENCY COPY=$BATS_TEST_TMPDIR/copy SERVE_PID=
  CONVERSATION=$(curl -sgf -H "Authorization: Bearer mock-token" "$MOCK/conversations?limit=1" | jq -r '._results[0].id')
  recipe say 'return ctx.call("front/send-conversation-reply", { conversation_id = "'"$CONVERSATION"'", body = "hello" })'
  recipe look 'return #ctx.call("front/list-inboxes", {}).results'
  recipe nap 'ctx.sleep("1h"); return ctx.call("front/send-conversation-reply", { conversation_id = "'"$CONVERSATION"'", body = "late" })'
  curl -sSf -X DELETE "$MOCK/_mock/oauth"
  forget
}

teardown() {
  end_serve
  end_agency
}

recipe() { # recipe NAME BODY
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", run = function(ctx)\n%s\nend }\n' "$2" >"$AGENCY/recipes/$1.lua"
}

# The workspace with its store; the key is where it was.
copy() {
  cp -a "$ORIGINAL" "$COPY"
  AGENCY=$COPY
}

writes() { mock_log '[.requests[] | select(.method != "GET" and .path != "/oauth/token" and .status < 300)] | length'; }

refreshes() { counts .refreshes; }

@test "a copy refreshes no token and connects no client, until it is promoted" {
  copy
  foyer refresh acme --json
  failed 75 unavailable 'cannot refresh a token' 'this store is a copy' '`foyer promote`'
  foyer doctor --json
  holds "$output" 'nothing is sent: this store is a copy'
  foyer connect acme --paste --api-url "$MOCK" --json
  failed 75 unavailable 'cannot connect a client' '`foyer promote`'
  foyer run look --client acme --json # its token is still good
  done_well
  expire
  foyer run look --client acme --json
  failed 77 auth 'cannot refresh a token' '`foyer promote`'
  same "$(refreshes)" 0
  foyer promote
  same "$status" 0
  holds "$output" 'this store is the original now'
  foyer run look --client acme --json
  done_well
  same "$(refreshes)" 1
  foyer promote --json
  same "$(jq -c .promoted <<<"$output")" false
}

@test "a store that was restored in its place is a copy; one that was renamed is not" {
  mv "$ORIGINAL" "$ORIGINAL.moved"
  AGENCY=$ORIGINAL.moved
  foyer refresh acme
  same "$status" 0
  cp "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/kept.db"
  rm "$AGENCY"/state/foyer.db*
  cp "$BATS_TEST_TMPDIR/kept.db" "$AGENCY/state/foyer.db"
  foyer refresh acme --json
  failed 75 unavailable '`foyer promote`'
}

@test "what was in flight: a copy leaves it alone; promote parks it, or goes on after a move" {
  foyer run nap --client acme
  same "$(jq length < <("$FOYER" -w "$AGENCY" runs list --state sleeping --json))" 1
  copy
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) foyer cron
  same "$(writes)" 0
  same "$("$FOYER" -w "$AGENCY" runs show 1 --json | jq -r .state)" sleeping
  cp -a "$COPY" "$COPY.2"
  foyer promote
  holds "$output" '1 run, 0 deliveries'
  same "$("$FOYER" -w "$AGENCY" runs show 1 --json | jq -r .state)" parked
  AGENCY=$COPY.2
  foyer promote --moved
  holds "$output" 'go on where they stopped'
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) foyer cron
  same "$("$FOYER" -w "$AGENCY" runs show 1 --json | jq -r .state)" done
  same "$(writes)" 1
}

@test "a run that the original was sending when it was copied: the copy sends nothing of it" {
  status=0
  FOYER_TEST_STOP='intent kept' "$FOYER" -w "$AGENCY" run say --client acme >/dev/null 2>&1 || status=$?
  same "$status" 137
  same "$(writes)" 0
  copy
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 600000)) foyer cron
  same "$(writes)" 0
  AGENCY=$ORIGINAL
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 600000)) foyer cron
  same "$(show 1 .state) $(writes)" '"done" 1'
  AGENCY=$COPY
  foyer promote
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 600000)) foyer cron
  same "$(show 1 .state) $(writes)" '"parked" 1'
  foyer runs resolve 1 --sent
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 600000)) foyer cron
  same "$(show 1 .state) $(writes)" '"done" 1'
}

# ---- dry ----

client() { # client LINE...: client.lua, with these lines as well
  printf 'return { name = "Acme", vars = { phone = "1" },\n%s\n}\n' "$*" >"$AGENCY/clients/acme/client.lua"
}

run() {
  foyer run "$1" --client acme --json "${@:2}"
}

show() { "$FOYER" -w "$AGENCY" runs show "$1" --json | jq -c "$2"; }

@test "a dry client runs everything and sends no write; what it would have sent is shown" {
  recipe two 'local tag = ctx.call("front/create-company-tag", { name = "VIP" })
    ctx.call("front/add-conversation-tag", { conversation_id = "'"$CONVERSATION"'", tag_ids = { tag.id } })
    ctx.http.post("/conversations/'"$CONVERSATION"'/comments", { body = "done " .. tag.name }, { connection = "front" })
    return { id = tag.id, name = tag.name, at = tag.created_at > 1e9, private = tag.is_private }'
  client 'mode = "dry"'
  run two
  done_well
  same "$(writes)" 0
  same "$(jq -c '.result | [.dry_run.to, (.writes | map(.method + " " + .to))]' <<<"$output")" \
    '["/company/tags",["POST /company/tags","POST /conversations/'"$CONVERSATION"'/tags","POST /conversations/'"$CONVERSATION"'/comments"]]'
  same "$(jq -c '.result.writes[1:] | map(.body)' <<<"$output")" '[{"tag_ids":["dry_2"]},{"body":"done VIP"}]'
  same "$(jq -cS .result.result <<<"$output")" '{"at":true,"id":"dry_2","name":"VIP","private":false}'
  holds "$stderr" 'client acme: nothing was sent: the client is dry'
  same "$(show 1 '[.state, .dry, (.exchanges | map(.dry)), (.exchanges | map(.path))]')" \
    '["done",true,[true,true,true],["/company/tags","/conversations/'"$CONVERSATION"'/tags","/conversations/'"$CONVERSATION"'/comments"]]'
  foyer runs show 1 --bodies
  holds "$output" 'done (dry: nothing was sent)'
  holds "$output" 'POST /company/tags: not sent, as the run is dry'
  foyer runs list
  holds "$output" 'done, dry'
  # it is no reply
  run say
  same "$("$FOYER" -w "$AGENCY" stats --client acme --json | jq -c '[.. | .replies? // empty] | add')" 0
  same "$(writes)" 0
}

@test "dry: call, api and a file's lines; the workspace; foyer.local.lua" {
  echo 'return { mode = "dry" }' >"$AGENCY/foyer.local.lua"
  call front/create-company-tag name=VIP
  done_well
  same "$(jq -c '[.dry_run.to, .result.name]' <<<"$output")" '["/company/tags","VIP"]'
  holds "$stderr" 'foyer.local.lua'
  foyer api DELETE /tags/tag_1 --client acme --json
  done_well
  same "$(jq -c .dry_run <<<"$output")" '{"method":"DELETE","to":"/tags/tag_1"}'
  printf 'name\nA\nB\n' >"$BATS_TEST_TMPDIR/tags.csv"
  foyer call front/create-company-tag --client acme --each "$BATS_TEST_TMPDIR/tags.csv" --csv --json
  same "$status" 0
  same "$(writes)" 0
  echo 'return { mode = "dri" }' >"$AGENCY/foyer.local.lua"
  foyer check --json
  holds "$output" 'foyer.local.lua'
  holds "$output" 'must be \"live\" or \"dry\"'
  call front/create-company-tag name=VIP
  failed 78 settings foyer.local.lua:1
  rm "$AGENCY/foyer.local.lua"
  call front/create-company-tag name=VIP
  done_well
  same "$(writes)" 1
  foyer call front/create-company-tag --client acme --each "$BATS_TEST_TMPDIR/tags.csv" --csv --json
  same "$status" 0
  same "$(writes)" 3
}

@test "a mistake in foyer.local.lua changes nothing that runs of a release" {
  echo 'return { mode = "dry" }' >"$AGENCY/foyer.local.lua"
  client 'recipes = {}'
  foyer deploy -m first
  same "$status" 0
  mv "$AGENCY/foyer.local.lua" "$BATS_TEST_TMPDIR/good"
  echo 'return {' >"$AGENCY/foyer.local.lua"
  run say # nothing was in force before
  failed 78 settings foyer.local.lua
  mv "$BATS_TEST_TMPDIR/good" "$AGENCY/foyer.local.lua"
  run say
  done_well
  echo 'return { mode = "live" ' >"$AGENCY/foyer.local.lua"
  run say
  done_well
  holds "$stderr" 'what foyer.local.lua said before stays in force'
  same "$(jq -r .result.dry_run.method <<<"$output")" POST
  foyer check --json
  [ "$status" != 0 ]
  holds "$output" foyer.local.lua
  echo 'return { mode = "live" }' >"$AGENCY/foyer.local.lua"
  run say
  done_well
  same "$(jq -r '.result.dry_run // "live"' <<<"$output")" live
  same "$(writes)" 1
}

@test "a run that was dry stays dry; one that has written waits for a person" {
  recipe slow 'ctx.call("front/create-company-tag", { name = "A" }); ctx.store.set("seen", 1)
    ctx.sleep("1h"); ctx.call("front/create-company-tag", { name = "B" }); return ctx.store.get("seen")'
  client 'mode = "dry"'
  run slow
  same "$(show 1 '[.state, .dry]')" '["sleeping",true]'
  client 'mode = "live"'
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) foyer cron
  same "$(show 1 '[.state, .result]')" '["done",1]'
  same "$(writes)" 0
  # its value of ctx.store was its own
  recipe seen 'return ctx.store.get("seen") or "none"'
  run seen
  same "$(jq -c .result <<<"$output")" '"none"'
  run slow
  same "$(writes)" 1
  client 'mode = "dry"'
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 14400000)) foyer cron
  local id
  id=$("$FOYER" -w "$AGENCY" runs list --state parked --json | jq '.[0].id')
  same "$(show "$id" '[.recipe, .dry]')" '["slow",null]'
  holds "$(show "$id" .reason)" 'is not sent: the client is dry'
  same "$(writes)" 1
  client 'mode = "live"'
  foyer runs retry "$id"
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 14400000)) foyer cron
  same "$(show "$id" .state)" '"done"'
  same "$(writes)" 2
}

@test "foyer reload puts foyer.local.lua in force in a server, which goes on when it is broken" {
  answering
  start_serve
  mock_post webhook '{"url": "'"$URL/hooks/front"'"}' >/dev/null
  echo 'return { mode = "dry" }' >"$AGENCY/foyer.local.lua"
  foyer reload
  same "$status" 0 || { echo "$stderr"; return 1; }
  logged 'nothing is sent: the workspace is dry'
  inbound 1
  ended "$AGENCY" done 1
  same "$(show 1 .dry) $(writes)" 'true 0'
  echo 'return { mode = "live", ' >"$AGENCY/foyer.local.lua"
  foyer reload
  [ "$status" != 0 ]
  holds "$stderr" foyer.local.lua
  kill -9 $(workers)
  inbound 2
  ended "$AGENCY" done 2
  same "$(show 2 .dry) $(writes)" 'true 0'
  rm "$AGENCY/foyer.local.lua"
  foyer reload
  same "$status" 0
  inbound 3
  ended "$AGENCY" done 3
  same "$(show 3 .dry) $(writes)" 'null 1'
}

inbound() {
  mock_post inbound '{"from": "ana@mail.example", "subject": "Boots '"$1"'", "body": "Where?"}' >/dev/null
}

# A recipe that answers, and a server that its webhooks may go to.
answering() {
  client 'recipes = { answer = true }'
  cat >"$AGENCY/recipes/answer.lua" <<'LUA'
return { summary = "x", on = "front/conversation-created", run = function(ctx, event)
  return ctx.call("front/send-conversation-reply", { conversation_id = event.payload.conversation.id, body = "hello" })
end }
LUA
  cat >"$AGENCY/foyer.lua" <<LUA
return { apps = { front = { client_id = "mock-client", client_secret = "mock-secret", redirect_url = "$BACK", signing_key = "mock-signing-key" } } }
LUA
}

@test "original and copy, served beside each other: the copy sends no write and refreshes no token" {
  local i
  answering
  expire
  foyer refresh acme # both have a token of an hour
  copy
  curl -sSf -X DELETE "$MOCK/_mock/oauth"
  forget
  start_serve
  COPY_PID=$SERVE_PID COPY_URL=$URL
  BEGUN+=("$COPY_PID")
  cp "$LOG" "$BATS_TEST_TMPDIR/copy.log"
  AGENCY=$ORIGINAL
  start_serve
  mock_post webhook '{"url": "'"$URL/hooks/front"'"}' >/dev/null
  mock_post webhook '{"url": "'"$COPY_URL/hooks/front"'"}' >/dev/null
  expire # in the original: both meet the expired token of the mock
  for i in 1 2 3; do
    inbound "$i"
  done
  ended "$ORIGINAL" done 3
  ended "$COPY" done 3
  same "$("$FOYER" -w "$COPY" runs list --json | jq -c 'map(.dry)')" '[true,true,true]'
  same "$(writes)" 3
  same "$(refreshes)" 1
  # what reads waits for promote, too
  AGENCY=$COPY
  foyer run look --client acme --json
  failed 77 auth 'cannot refresh a token' '`foyer promote`'
  same "$(refreshes)" 1
  same "$(mock_log '[.requests[] | select(.path == "/oauth/token")] | length')" 1
  same "$(writes)" 3
  # a served copy notices that it is promoted
  foyer promote
  logged 'this store is the original now'
  inbound 4
  ended "$ORIGINAL" done 4
  ended "$COPY" done 4
  same "$(writes)" 5 # the original was not stopped
}

ended() { # ended WORKSPACE STATE N
  local i
  for i in $(seq 150); do
    [ "$("$FOYER" -w "$1" runs list --state "$2" --json | jq length)" = "$3" ] && return 0
    sleep 0.2
  done
  "$FOYER" -w "$1" runs list
  cat "$BATS_TEST_TMPDIR"/*.log
  return 1
}
