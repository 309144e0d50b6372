#!/usr/bin/env bats
# One client's script that loops, eats memory or hangs is that client's trouble: webhooks are
# acknowledged, others are served, it is named, and in the end it is suspended.

load helper
load agency
load consents
load store
load serve

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
  SERVE_PID=
  start_mock --companies 2
  for company in 1 2; do mock_post "limits?company=$company" '{"limit": 100000}' >/dev/null; done
  "$FOYER" init "$AGENCY" 2>/dev/null
  connect acme mock-token
  connect globex mock-token-2
  printf mock-signing-key >"$BATS_TEST_TMPDIR/secret"
  foyer secret set front.signing_key --from "$BATS_TEST_TMPDIR/secret"
  echo 'return { apps = { front = { signing_key = secret "front.signing_key" } } }' >"$AGENCY/foyer.lua"
  for client in acme globex; do
    mkdir -p "$AGENCY/clients/$client"
    echo 'return { name = "X", recipes = { ["first-reply"] = true }, vars = { phone = "1" } }' \
      >"$AGENCY/clients/$client/client.lua"
  done
  mkdir -p "$AGENCY/clients/globex/recipes"
  cat >"$AGENCY/clients/globex/recipes/first-reply.lua" <<'LUA'
return super {
  run = function(ctx, event, base)
    local subject = event.payload.conversation.subject
    if subject == "loop" then while true do end end
    if subject == "memory" then
      local text = "x"
      while true do text = text .. text end
    end
    if subject == "much" then
      local mib, kept = ("0123456789abcdef"):rep(65536), {}
      for i = 1, 20 do kept[i] = mib .. i end
      ctx.http.get("/teams", { connection = "front" })
      return #kept
    end
    if subject == "hang" then return (("a"):rep(40)):find(("a*"):rep(40) .. "b") end
    return base(ctx, event)
  end,
}
LUA
}

teardown() {
  end_serve
  stop_mock
}

connect() {
  printf %s "$2" >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect "$1" --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
}

# inbound COMPANY SUBJECT
inbound() {
  mock_post "inbound?company=$1" '{"from": "ana@mail.example", "subject": "'"$2"'", "body": "Hello"}' >/dev/null
}

# delivered N: all have been acknowledged
delivered() {
  until_true eval '[ "$(curl -sSf "$MOCK/_mock/deliveries?summary=1" | jq -c "[.acknowledged, .pending, .failed, .coming]")" = "['"$1"',0,0,0]" ]'
}

# How many replies each of COMPANY's conversations has, sorted: "1 1 1"
replies() {
  curl -sSf "$MOCK/_mock/replies?count=1&company=$1" | jq -r '[.replies[]] | map(select(. > 0)) | sort | join(" ")'
}

runs() { # runs CLIENT CONDITION: how many
  sql "SELECT count(*) FROM run WHERE client = '$1' AND $2" | jq '.[] // .'
}

@test "a script that loops, eats memory or hangs is its client's alone" {
  start_serve
  mock_post webhook "{\"url\": \"$URL/hooks/front\", \"scheme\": \"application\", \"events\": [\"inbound\"]}" >/dev/null
  inbound 2 loop
  inbound 2 memory
  for i in 1 2 3; do inbound 2 hang; done
  mock_post burst '{"count": 20}' >/dev/null
  delivered 25
  # its workers die three times meanwhile
  until_true eval '[ "$(replies 1)" = "$(yes 1 | head -n 20 | xargs)" ]'
  logged 'client globex, recipe first-reply: suspended'
  same "$(grep -c 'watchdog: client globex, recipe first-reply hangs' "$LOG")" 3
  until_true eval '[ "$(runs globex "state = 9")" = 3 ]'
  holds "$(sql "SELECT reason FROM run WHERE client = 'globex' AND state = 9 AND reason LIKE '%memory%'")" "32 MiB"
  holds "$(sql "SELECT reason FROM run WHERE client = 'globex' AND state = 9 AND reason LIKE '%loop%'")" "endless loop"
  # it is suspended: what comes in is taken and held, and the others go on
  inbound 2 "a harmless one"
  inbound 1 "another one"
  delivered 27
  until_true eval '[ "$(replies 1)" = "$(yes 1 | head -n 21 | xargs)" ]'
  until_true eval '[ "$(runs globex "state = 0")" = 3 ]'
  same "$(replies 2)" ""
  # put right, it is resumed, and nothing that came in is lost
  rm -r "$AGENCY/clients/globex/recipes"
  foyer deploy
  same "$status" 0 || { echo "$stderr"; return 1; }
  logged 'client globex: release 2'
  logged reloaded
  foyer runs retry --client globex --recipe first-reply --new-code
  same "$status" 0 || { echo "$stderr"; return 1; }
  foyer resume --client globex --recipe first-reply
  same "$status" 0
  until_true eval '[ "$(replies 2)" = "1 1 1 1 1 1" ]'
  stop_serve
}

@test "a worker that is killed has a culprit: the run that held most memory each time" {
  local i
  mkdir -p "$AGENCY/clients/acme/recipes"
  cat >"$AGENCY/clients/acme/recipes/first-reply.lua" <<'LUA'
return super { run = function(ctx, event, base) ctx.http.get("/teams", { connection = "front" }) return "waited" end }
LUA
  start_serve
  mock_post webhook "{\"url\": \"$URL/hooks/front\", \"scheme\": \"application\", \"events\": [\"inbound\"]}" >/dev/null
  mock_post faults '{"kind": "slow", "after": 60, "times": 100, "match": {"path": "/teams"}}' >/dev/null
  inbound 2 much
  inbound 1 "beside it"
  delivered 2
  for i in 1 2 3; do
    # both wait for an answer
    until_true eval '[ "$(mock_log ".requests | map(select(.path == \"/teams\")) | length")" -ge '"$([ "$i" = 1 ] && echo 2 || echo $((2 * i)))"' ]'
    kill -9 "$(workers)"
    logged 'a process died at run' "$i"
  done
  logged 'client globex, recipe first-reply: suspended'
  same "$(runs globex "state = 9 AND kind = 'limit' AND crashes = 3")" 1
  holds "$(sql "SELECT reason FROM run WHERE client = 'globex'")" 'killed while this run held 2'
  foyer pause
  holds "$output" 'globex' 'first-reply' 'in each attempt' 'foyer resume --client globex --recipe first-reply'
  # the one that was merely in flight beside it is not blamed, and goes on
  same "$(runs acme "crashes = 0 AND state < 7")" 1
  curl -sSf -X DELETE "$MOCK/_mock/faults" >/dev/null
  kill -9 "$(workers)"
  until_true eval '[ "$(runs acme "state = 7")" = 1 ]'
  same "$(runs acme "crashes = 0")" 1
  foyer pause
  [[ $output != *acme* ]]
  stop_serve
}
