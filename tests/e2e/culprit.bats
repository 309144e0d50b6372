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
  kill -HUP "$SERVE_PID"
  logged reloaded
  foyer runs retry --client globex --recipe first-reply --new-code
  same "$status" 0 || { echo "$stderr"; return 1; }
  foyer resume --client globex --recipe first-reply
  same "$status" 0
  until_true eval '[ "$(replies 2)" = "1 1 1 1 1 1" ]'
  stop_serve
}
