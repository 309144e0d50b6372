#!/usr/bin/env bats
# Webhooks and channels as the mock company sends them, and `foyer serve` as it takes them. Its
# workers are kept off: what is stored is looked at, not what becomes of it.

load helper
load agency
load consents
load serve
load store

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
  SERVE_PID=
  start_mock
  mock_post limits '{"limit": 100000}' >/dev/null
  "$FOYER" init "$AGENCY" 2>/dev/null
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  COMPANY=$(curl -sSf "$MOCK/_mock/companies" | jq -r '.companies[0].id')
  secret front.signing_key mock-signing-key
  secret acme.rule_key mock-rule-key
  cat >"$AGENCY/foyer.lua" <<'LUA'
return {
  public_url = "https://hooks.agency.example",
  apps = { front = { signing_key = secret "front.signing_key" } },
}
LUA
  cat >"$AGENCY/clients/acme/client.lua" <<'LUA'
return { name = "Acme", front = { rule_key = secret "acme.rule_key" }, vars = { phone = "1" } }
LUA
}

teardown() {
  end_serve
  stop_mock
}

secret() { # secret NAME VALUE [OPTION...]
  printf %s "$2" >"$BATS_TEST_TMPDIR/secret"
  "$FOYER" -w "$AGENCY" secret set "$1" --from "$BATS_TEST_TMPDIR/secret" "${@:3}"
}

hook() {
  mock_post webhook "$1"
}

inbound() {
  mock_post inbound '{"from": "ana@mail.example", "subject": "Boots", "body": "Where are my boots? é☕"}'
}

deliveries() {
  curl -sS --fail-with-body "$MOCK/_mock/deliveries${2:-}" | jq -rc "$1"
}

settled() {
  until_true eval '[ "$(deliveries ".total == '"$1"' and .pending == 0 and .coming == 0" "?summary=1")" = true ]'
}

# rows COLUMNS: of the deliveries that are stored
rows() {
  sql "SELECT $1 FROM delivery ORDER BY id" | jq -cs 'map([.[]])'
}

# signed KEY BODY [AGE_MS]: curl's arguments for the application's scheme, in ARGS
signed() {
  local stamp mac
  stamp=$(($(date +%s%3N) - ${3:-0}))
  mac=$(printf '%s:%s' "$stamp" "$2" | openssl dgst -sha256 -hmac "$1" -binary | base64)
  ARGS=(-H "X-Front-Request-Timestamp: $stamp" -H "X-Front-Signature: $mac")
}

ask() { # ask CURL-ARGUMENT...: its status; the answer in $BATS_TEST_TMPDIR/answer
  curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' --max-time 20 "$@"
}

answer() {
  cat "$BATS_TEST_TMPDIR/answer"
}

@test "an application's webhook: challenge, delivery, repeats" {
  start_serve --workers 0
  same "$(hook "{\"url\": \"$URL/hooks/front\"}" | jq -c .challenge.echoed)" true
  same "$(rows id)" '[]'
  local conversation
  conversation=$(inbound | jq -r .conversation.id)
  settled 1
  same "$(deliveries '.deliveries[0] | [.tries, .statuses]')" '[1,[200]]'
  same "$(rows 'app, client, trigger, scheme, company, type, conversation, state')" \
    "[[\"front\",null,null,\"application\",\"$COMPANY\",\"inbound\",\"$conversation\",0]]"
  same "$("$FOYER" -w "$AGENCY" --json events show 1 | jq -r '.body | [.authorization.id, .payload.conversation.last_message.text] | join(" ")')" \
    "$COMPANY Where are my boots? é☕"
  stop_serve
}

@test "a rule's webhook, whole and as a preview; one signed over the body; one for a trigger" {
  start_serve --workers 0
  hook "{\"url\": \"$URL/hooks/acme/front\", \"scheme\": \"rule\", \"key\": \"mock-rule-key\"}" >/dev/null
  hook "{\"url\": \"$URL/hooks/acme/front\", \"scheme\": \"rule\", \"key\": \"mock-rule-key\", \"full\": false}" >/dev/null
  hook "{\"url\": \"$URL/hooks/acme/front\", \"scheme\": \"body\", \"key\": \"mock-signing-key\"}" >/dev/null
  hook "{\"url\": \"$URL/hooks/acme/front/conversation-created\", \"scheme\": \"rule\", \"key\": \"mock-rule-key\"}" >/dev/null
  local conversation
  conversation=$(inbound | jq -r .conversation.id)
  settled 4
  same "$(deliveries '[.deliveries[].statuses[]] | unique')" '[200]'
  same "$(rows 'client, trigger, scheme, type, conversation, state' | jq -c sort)" \
    "[[\"acme\",null,\"body\",\"inbound\",\"$conversation\",0],[\"acme\",null,\"rule\",\"inbound\",\"$conversation\",0],[\"acme\",null,\"rule\",\"inbound\",\"$conversation\",0],[\"acme\",\"conversation-created\",\"rule\",\"inbound\",\"$conversation\",0]]"
  same "$(rows event | jq -c 'flatten | unique | length')" 1
  stop_serve
}

@test "what Front does not sign like that is refused, and kept with its reason" {
  start_serve --workers 0
  same "$(hook "{\"url\": \"$URL/hooks/front\", \"key\": \"another\"}" | jq -c .challenge.echoed)" false
  hook "{\"url\": \"$URL/hooks/front\", \"scheme\": \"rule\", \"key\": \"mock-rule-key\"}" >/dev/null
  inbound >/dev/null
  settled 2
  signed mock-signing-key '{"type":"x"}' 400000
  same "$(ask "${ARGS[@]}" --data-binary '{"type":"x"}' "$URL/hooks/front")" 401
  same "$(answer)" '{"ok":false,"message":"unauthorized"}'
  signed mock-signing-key 'not json'
  same "$(ask "${ARGS[@]}" --data-binary 'not json' "$URL/hooks/front")" 400
  same "$(ask -d x "$URL/hooks/unknown/front")" 404
  same "$(ask "$URL/hooks/front")" 405
  head -c 1100000 /dev/zero >"$BATS_TEST_TMPDIR/big"
  same "$(ask --data-binary "@$BATS_TEST_TMPDIR/big" "$URL/hooks/front")" 413
  signed mock-signing-key '{"type":"x"}'
  same "$(ask "${ARGS[@]}" -H 'Content-Encoding: gzip' --data-binary '{"type":"x"}' "$URL/hooks/front")" 415
  stop_serve
  same "$(rows 'type, state')" '[["x",3]]'
  sql 'SELECT route, status, sentence FROM rejection' | jq -r '"\(.route) \(.status) \(.sentence)"' >"$BATS_TEST_TMPDIR/refused"
  holds "$(cat "$BATS_TEST_TMPDIR/refused")" '/hooks/front 401 no key in force made its signature' \
    '/hooks/front 401 signed with SHA-1: this is a rule webhook, whose URL names the client' \
    '/hooks/front 400 its body is not a JSON object' '/hooks/front 415 its body has a Content-Encoding' '/hooks/unknown/front 404 there is no client "unknown"'
  # each kind is a line of the log
  holds "$(cat "$LOG")" '/hooks/front: refused with 401, 1 time: no key in force made its signature' \
    '/hooks/front: refused with 400, 1 time: its body is not a JSON object' \
    '/hooks/unknown/front: refused with 404, 1 time: there is no client "unknown"' \
    'a request from 127.0.0.1 was refused with 413: its body is too large'
  # neither keys nor what came is in the log
  ! grep -q -e mock-signing-key -e ana@mail "$LOG"
}

@test "a new key is in force without a restart, and the old one goes when it is removed" {
  start_serve --workers 0
  signed mock-signing-key '{}'
  same "$(ask "${ARGS[@]}" -d '{}' "$URL/hooks/front")" 200
  secret front.signing_key next-key --add
  local old=("${ARGS[@]}")
  signed next-key '{}'
  same "$(ask "${ARGS[@]}" -d '{}' "$URL/hooks/front")" 200
  same "$(ask "${old[@]}" -d '{}' "$URL/hooks/front")" 200
  stop_serve
  # and it is seen which of them is used
  same "$("$FOYER" -w "$AGENCY" secret list --json | jq -c '[.. | objects | select(.name? == "front.signing_key") | has("last_used_at")] | unique')" '[true]'
}

@test "an unknown company's webhook is kept aside; another's than the client's is refused" {
  start_serve --workers 0
  local body='{"type":"inbound_received","authorization":{"id":"cmp_else"},"payload":{"id":"evt_1","type":"inbound"}}'
  signed mock-signing-key "$body"
  same "$(ask "${ARGS[@]}" --data-binary "$body" "$URL/hooks/front")" 200
  same "$(answer)" '{"ok":true}'
  same "$(ask "${ARGS[@]}" --data-binary "$body" "$URL/hooks/acme/front")" 403
  same "$(rows 'company, event, state')" '[["cmp_else","evt_1",2]]'
  stop_serve
  holds "$(sql 'SELECT sentence FROM rejection')" "company cmp_else, and client acme is connected to $COMPANY"
}

@test "an app channel: authorization, messages, its end" {
  local channel
  export FOYER_LOG=info
  start_serve --workers 0
  # the address that the answer names is the agency's public one, which is this one here
  sed -i "s,https://hooks.agency.example,$URL," "$AGENCY/foyer.lua"
  kill -HUP "$SERVE_PID"
  logged "reloaded: 1 client"
  secret front.signing_key mock-channel-key --add
  channel=$(mock_post channel "{\"url\": \"$URL/hooks/acme/front\"}")
  same "$(jq -c '[.ok, .status, .webhook_url]' <<<"$channel")" "[true,200,\"$URL/hooks/acme/front\"]"
  local told
  told=$(mock_post channel/message '{"body": "<p>Anything less</p>"}')
  same "$(jq -c '[.ok, .answer.type, .answer.external_id, .answer.external_conversation_id == .conversation]' <<<"$told")" \
    '[true,"success","foyer-2",true]'
  same "$(curl -sS -X DELETE "$MOCK/_mock/channel" | jq .ok)" true
  same "$(rows 'client, scheme, type, state')" \
    '[["acme","application","authorization",0],["acme","application","message",0],["acme","application","delete",0]]'
  stop_serve
}
