#!/usr/bin/env bats
# foyer client remove: nothing of the client is in a file below state/ afterwards; another client of the same
# company goes on.

load helper
load agency
load store
load workers
load serve

setup() {
  # each test has a workspace of its own
  export BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
  start_agency
  COMPANY=$(sql "SELECT id FROM connection" | jq -r .id)
  rm -rf "$AGENCY/clients/acme"
  WORKERS=() SERVE_PID= SIGNING_KEY=key-of-the-app
  settings '' >"$AGENCY/foyer.lua"
  client quartz
  client zed
  foyer connect quartz --token-file "$TOKEN" --api-url "$MOCK"
  foyer connect zed --token-file "$TOKEN" --api-url "$MOCK"
  foyer disconnect acme
  printf 'hush-quartz-secret' | "$FOYER" -w "$AGENCY" secret set quartz.key --from /dev/stdin
  mkdir -p "$AGENCY/recipes"
  cat >"$AGENCY/recipes/hello.lua" <<'LUA'
return { summary = "x", on = "front/conversation-created", run = function(ctx, event)
  ctx.store.set("seen/" .. event.payload.conversation.id, ctx.vars.word)
  ctx.http.post("/conversations/" .. ctx.vars.conversation .. "/comments", { body = ctx.vars.word }, { connection = "front" })
  return ctx.vars.word
end }
LUA
}

teardown() {
  end_serve
  end_workers
  stop_mock
}

settings() {
  echo 'return { apps = { front = { client_id = "a", client_secret = "b", signing_key = "key-of-the-app" } } }'
}

# client NAME: it says a word that no other one says
client() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", vars = { word = "word-of-%s", conversation = "%s" }, recipes = { hello = true } }\n' \
    "$1" "$1" "$CONVERSATION" >"$AGENCY/clients/$1/client.lua"
}

# below WORD...: nothing below state/ has these
below() {
  python3 "$ROOT/tests/e2e/below_state.py" "$AGENCY/state" "$@"
}

@test "client remove: rows, secrets, scripts of releases and directory; the other client goes on" {
  event cnv_1 | deliver - "$COMPANY"
  event cnv_2 | deliver quartz "$COMPANY"
  foyer cron
  same "$status" 0
  same "$(sql "SELECT count(*) AS n FROM run WHERE state = 7" | jq .n)" 3
  ! below word-of-quartz quartz || return 1
  local replies
  foyer stats --json
  replies=$output

  foyer client remove quartz
  same "$status" 64
  holds "$stderr" "--yes is needed"
  foyer client remove quarz --yes
  same "$status" 65
  holds "$stderr" 'there is no client "quarz"'

  foyer client remove quartz --export "$BATS_TEST_TMPDIR/quartz.jsonl" --files --yes
  same "$status|$stderr" "0|" || { echo "$stderr"; return 1; }
  holds "$output" "2 rows of run"
  holds "$output" "1 rows of secret_version"
  holds "$output" "stays: zed uses it"
  holds "$output" "quartz is removed"
  [ ! -e "$AGENCY/clients/quartz" ]
  below word-of-quartz quartz hush-quartz-secret
  # the export has what was there, and no sealed value
  same "$(stat -c %a "$BATS_TEST_TMPDIR/quartz.jsonl")" 600
  same "$(jq -sc '[.[] | select(.table == "run") | .row.result] | unique' "$BATS_TEST_TMPDIR/quartz.jsonl")" \
    '["\"word-of-quartz\""]'
  same "$(jq -sc '[.[] | select(.table == "activation") | .row.event.payload? // (.row.event | fromjson | .payload) | .conversation.id] | sort' \
    "$BATS_TEST_TMPDIR/quartz.jsonl")" '["cnv_1","cnv_2"]'
  same "$(jq -sc '[.[] | select(.table == "secret_version") | .row | keys] | .[0]' "$BATS_TEST_TMPDIR/quartz.jsonl")" \
    '["created_ms","name","version"]'

  # zed goes on, with the delivery that both had
  foyer trace cnv_1 --client zed
  same "$status" 0
  holds "$output" "hello: done"
  event cnv_3 | deliver - "$COMPANY"
  foyer cron
  same "$(sql "SELECT count(*) AS n FROM run WHERE client = 'zed' AND state = 7" | jq .n)" 2
  foyer runs list --json
  same "$(jq -c '[.[].client] | unique' <<<"$output")" '["zed"]'
  foyer client remove quartz --yes
  same "$status" 65
}

@test "client remove: the last client of a company, with runs that are not over and a write in doubt" {
  foyer disconnect zed
  cat >"$AGENCY/recipes/hello.lua" <<'LUA'
return { summary = "x", on = "front/conversation-created", run = function(ctx, event)
  if event.payload.conversation.id == "cnv_1" then ctx.sleep("2d") end
  ctx.http.post("/conversations/" .. ctx.vars.conversation .. "/comments", { body = ctx.vars.word }, { connection = "front" })
end }
LUA
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  { event cnv_1; event cnv_2; } | deliver - "$COMPANY"
  foyer cron
  foyer client remove quartz --yes
  same "$status" 0 || { echo "$stderr"; return 1; }
  holds "$output" "cancelled: run 1 of hello (sleeping)"
  holds "$output" "cancelled: run 2 of hello (parked): its write POST"
  holds "$output" "is deleted here and stays valid there"
  holds "$stderr" "git rm -r clients/quartz"
  below word-of-quartz hush-quartz-secret cnv_1 cnv_2 "$COMPANY"
  same "$(sql "SELECT count(*) AS n FROM connection" | jq .n)" 0
  # what is kept for its id alone shows nothing, and hinders nothing
  for command in "runs list" "events list" stats clients hooks connections; do
    foyer $command --json
    same "$status" 0 || { echo "$command: $stderr"; return 1; }
    [[ $output != *quartz* ]] || [ "$command" = clients ] || [ "$command" = hooks ] || { echo "$command: $output"; return 1; }
  done
  foyer runs show 2
  holds "$output" "its client was removed"
  foyer doctor
  [[ $output$stderr != *"cmp_"* ]]
}

@test "client remove: while the server runs; what comes for it then is not taken" {
  start_serve
  COMPANY=$COMPANY event cnv_1 | { read -r body; same "$(post_hook "$body")" 200; }
  until_true eval '[ "$(sql "SELECT count(*) AS n FROM run WHERE state = 7" | jq .n)" = 2 ]'
  sql "SELECT client FROM live" >&2
  foyer client remove quartz --files --yes
  same "$status" 0 || { echo "$stderr"; return 1; }
  below word-of-quartz hush-quartz-secret quartz
  COMPANY=$COMPANY event cnv_2 | { read -r body; same "$(post_hook "$body")" 200; }
  until_true eval '[ "$(sql "SELECT count(*) AS n FROM run WHERE state = 7 AND client = '"'zed'"'" | jq .n)" = 2 ]'
  same "$(sql "SELECT count(*) AS n FROM run WHERE client = 'quartz'" | jq .n)" 0
  stop_serve
  below word-of-quartz hush-quartz-secret quartz
}

# A copy of Front's connector with an address that revokes: on the mock's host, by --oauth-url.
@test "client remove: a grant is revoked where the API has an address for it" {
  load oauth
  start_oauth
  foyer disconnect quartz
  foyer disconnect zed
  mkdir -p "$AGENCY/lua/front"
  sed 's|token  *= "https|revoke = "https://app.frontapp.com/oauth/revoke", &|' "$ROOT/lua/front/connector.lua" \
    >"$AGENCY/lua/front/connector.lua"
  echo 'return { apps = { front = { client_id = "mock-client", client_secret = "mock-secret" } } }' >"$AGENCY/foyer.lua"
  grant quartz
  fault '{"kind": "status", "status": 200, "match": {"path": "/oauth/revoke"}}'
  foyer client remove quartz --files --yes
  same "$status" 0 || { echo "$stderr"; return 1; }
  holds "$output" "the grant of Acme Dry Goods at front is revoked"
  same "$(mock_log '[.requests[] | select(.path == "/oauth/revoke") | [.method, .headers.authorization]]')" \
    '[["POST","Basic (client)"]]'
  # it fails: said, and no hindrance
  client quartz
  grant quartz
  foyer client remove quartz --files --yes
  same "$status" 0 || { echo "$stderr"; return 1; }
  holds "$output" "could not be revoked (the API answers 404)"
  same "$(sql "SELECT count(*) AS n FROM connection" | jq .n)" 0
}
