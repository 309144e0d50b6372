#!/usr/bin/env bats
# A client with an app of its own, beside the agency's; one company under both; and the address
# that the API gives a company. OWN is the same company at a server that knows the client's app.

load helper
load agency
load consents

setup() {
  start_mock --client-id own-client --client-secret own-secret
  OWN=$MOCK OWN_PID=$MOCK_PID
  oauth_agency
  at_own set_oauth '{"auto": "allow"}'
  at_own mock_post limits '{"limit": 100000}' >/dev/null
}

teardown() {
  kill "$OWN_PID" 2>/dev/null || true
  end_agency
}

# at_own COMMAND...: where MOCK is OWN.
at_own() {
  local MOCK=$OWN
  "$@"
}

# client NAME [FIELDS of its app]: its client.lua.
client() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", vars = { phone = "1" }, front = { %s } }\n' "$1" "${2:-}" >"$AGENCY/clients/$1/client.lua"
}

own='client_id = "own-client", client_secret = "own-secret"'

calls() { # calls CLIENT
  foyer call front/list-inboxes --client "$1" --json
  done_well
}

expire() {
  set_oauth '{"expire": true}'
  at_own set_oauth '{"expire": true}'
  sql foyer.db 'UPDATE connection SET expires_ms = 1000'
}

# finds STATUS WORDS...: a finding of doctor about apps.
finds() {
  local status=$1 messages word
  shift
  messages=$(jq -r --arg s "$status" '.findings[] | select(.status == $s and .check == "app") | .message' <<<"$output")
  for word in "$@"; do
    messages=$(grep -F -e "$word" <<<"$messages") || { echo "no $status with: $word"; jq -r '.findings[].message' <<<"$output"; return 1; }
  done
}

# ---- an app of the client's own ----

@test "a client's own app: link, code, refresh, by whichever process" {
  client acme 'client_id = secret "acme.client_id", client_secret = secret "acme.client_secret"'
  printf own-client | "$FOYER" -w "$AGENCY" secret set acme.client_id --from -
  foyer connect acme --oauth-url "$OWN" --json
  failed 65 not_found 'front.client_secret in clients/acme/client.lua' 'foyer secret set acme.client_secret'
  printf own-secret | "$FOYER" -w "$AGENCY" secret set acme.client_secret --from -
  at_own connected acme
  holds "$LINK" "$OWN/oauth/authorize?response_type=code&client_id=own-client&"
  expire
  calls acme
  expire
  foyer refresh acme
  same "$status" 0 || { echo "$stderr"; return 1; }
  expire
  foyer refresh --all
  same "$status" 0
  same "$(at_own counts '[.authorizations, .code_exchanges, .refreshes, .refused]')" '[1,1,3,0]'
  same "$(counts .token_requests)" 0
  # the next client is the agency's app's
  mock_post companies '{"name": "Globex"}' >/dev/null
  set_oauth '{"company": "Globex"}'
  connected globex
  holds "$LINK" client_id=mock-client
  expire
  foyer refresh --all
  same "$status" 0
  same "$(at_own counts .refreshes),$(counts .refreshes)" 4,1
  foyer doctor --json
  same "$status" 0 || { echo "$output"; return 1; }
  finds ok 'the app front has its client_id'
  finds ok 'the app front of client acme has its client_id' "$BACK"
  [[ $output$(cat "$AGENCY"/state/foyer.db*) != *own-client* ]]
}

@test "a client's own app: --paste, and --link at its own redirect_url" {
  client acme "$own"
  begin connect acme --paste --api-url "$OWN" --oauth-url "$OWN" --json
  holds "$LINK" client_id=own-client
  end "$(consented "$LINK")"
  done_well
  calls acme
  foyer disconnect acme
  client acme "$own, redirect_url = \"http://127.0.0.1:$PORT/acme/callback\""
  foyer connect acme --link --api-url "$OWN" --oauth-url "$OWN"
  same "$status" 0
  holds "$stderr" "http://127.0.0.1:$PORT/acme/callback"
  LINK=$output
  serve --workers 0
  browse "http://127.0.0.1:$PORT/oauth/callback?code=x&state=x"
  same "$CODE" 400
  browse "$LINK"
  same "$CODE" 200
  calls acme
  expire
  calls acme
  same "$(at_own counts '[.code_exchanges, .refreshes, .refused]')" '[2,1,0]'
}

@test "a client's own app that is half there, or wrong, is named by file and field" {
  client acme 'client_secret = "own-secret"'
  at_own foyer connect acme --oauth-url "$OWN" --json
  failed 78 settings 'clients/acme/client.lua has no front.client_id'
  foyer doctor --json
  finds problem 'clients/acme/client.lua has no front.client_id'
  client acme 'client_id = "own-client"'
  foyer connect acme --link --oauth-url "$OWN" --json
  failed 78 settings 'clients/acme/client.lua has no front.client_secret'
  client acme 'client_id = "own-client", client_secret = "wrong"'
  at_own connect acme
  failed 77 auth 'the app is refused' 'front.client_id and front.client_secret in clients/acme/client.lua' invalid_client
  [[ $stderr$PAGE != *wrong* ]]
  client acme "$own"
  at_own connected acme
  client acme 'client_id = "own-client", client_secret = "wrong"'
  expire
  # the one that the API took last is still used, and the refusal is named
  call front/list-inboxes
  done_well
  holds "$stderr" 'refuses front.client_id and front.client_secret in clients/acme/client.lua'
  expire
  sql foyer.db 'DELETE FROM oauth_app'
  foyer call front/list-inboxes --client acme --json
  failed 77 auth 'the app is refused' 'front.client_id and front.client_secret in clients/acme/client.lua'
  same "$(connection .state)" expired # the grant holds
  # a secret that can be set: what runs by itself waits for that
  client acme 'client_id = "own-client", client_secret = secret "acme.client_secret"'
  foyer call front/list-inboxes --client acme --json
  failed 78 settings "cannot refresh the token of $COMPANY" 'front.client_secret in clients/acme/client.lua' \
    'foyer secret set acme.client_secret'
  # the same app in another file, whole, will do
  client zed "$own"
  calls acme
  rm -r "$AGENCY/clients/zed"
  client acme "$own"
  calls acme
}

@test "a link is for the app that it names" {
  foyer connect acme --link --api-url "$MOCK" --oauth-url "$MOCK"
  LINK=$output
  client acme "$own"
  serve --workers 0
  browse "$LINK"
  same "$CODE" 502
  [[ $PAGE != *client.lua* ]]
  holds "$(waited "$BATS_TEST_TMPDIR/serve.err" 'another app')" 'front.client_id and front.client_secret in clients/acme/client.lua'
  same "$(counts .token_requests),$(at_own counts .token_requests)" 0,0
  foyer connections --json
  same "$output" '[]'
}

@test "serve knows an app that came into the settings after it began" {
  serve --workers 0
  client acme "$own"
  foyer connect acme --link --api-url "$OWN" --oauth-url "$OWN"
  browse "$output"
  same "$CODE" 200 || { cat "$BATS_TEST_TMPDIR/serve.err"; return 1; }
  same "$(at_own counts .code_exchanges)" 1
  # the page of the person that consents does not say what is wrong here
  client bolt 'client_id = "own-client", client_secret = secret "bolt.secret"'
  printf own-secret | "$FOYER" -w "$AGENCY" secret set bolt.secret --from -
  foyer connect bolt --link --api-url "$OWN" --oauth-url "$OWN"
  LINK=$output
  foyer secret rm bolt.secret
  browse "$LINK"
  same "$CODE" 502
  [[ $PAGE != *bolt* ]]
}

# waited FILE PATTERN: the first such line, which may still have to come.
waited() {
  local i
  for i in $(seq 3000); do
    grep -m1 -e "$2" "$1" && return 0
    sleep 0.02
  done
  cat "$1"
  return 1
}

# ---- one company, two apps ----

@test "a grant is refreshed by the app that it was given to, wherever its credentials stand" {
  client acme "$own"
  at_own connected acme
  # out of the settings: foyer goes on with what it has kept of the app
  client acme
  expire
  calls acme
  same "$(at_own counts .refreshes)" 1
  foyer clients --json
  same "$(jq -r '.[0].connected' <<<"$output")" 'former app'
  foyer doctor --json
  finds warning "$COMPANY" 'foyer connect acme'
  # without that, the API is not asked, and the grant is not taken for gone
  sql foyer.db 'DELETE FROM oauth_app'
  expire
  foyer call front/list-inboxes --client acme --json
  failed 78 settings "$COMPANY" apps.front.client_id front.client_id 'connect again'
  foyer doctor --json
  same "$status" 65
  finds problem "$COMPANY" apps.front.client_id
  same "$(at_own counts .refused),$(counts .token_requests)" 0,0
  same "$(connection .state)" expired
  # put elsewhere: into foyer.lua, or another client's file
  sed -i 's/mock-client/own-client/; s/mock-secret/own-secret/' "$AGENCY/foyer.lua"
  calls acme
  app_settings "$AGENCY"
  client zed "$own"
  expire
  calls acme
  # the agency's app is exchanged for another: the same
  mock_post companies '{"name": "Globex"}' >/dev/null
  set_oauth '{"company": "Globex"}'
  connected globex
  expire
  sed -i 's/mock-client/a-new-one/' "$AGENCY/foyer.lua"
  calls globex
  same "$(counts .refused)" 0
  expire
  app_settings "$AGENCY"
  calls globex
  same "$(counts .refreshes),$(at_own counts .refreshes)" 2,3
}

@test "a new app: each client goes on by the former one until its consent by the new" {
  mock_post companies '{"name": "Globex"}' >/dev/null
  connected acme
  set_oauth '{"company": "Globex"}'
  connected globex
  # the settings change, and the new app's secret takes the old one's place
  sed -i 's/mock-client/own-client/; s/mock-secret/own-secret/' "$AGENCY/foyer.lua"
  expire
  calls acme
  calls globex
  same "$(counts '[.refreshes, .refused]')" '[2,0]'
  foyer connect --all-clients --json
  same "$(jq -rc 'map([.client, .connected])' <<<"$output")" '[["acme","former app"],["globex","former app"]]'
  foyer connect --all-clients --link --oauth-url "$OWN" --api-url "$OWN" --json
  same "$(jq -rc 'map([.client, .link != null])' <<<"$output")" '[["acme",true],["globex",true]]'
  holds "$(jq -r '.[0].link' <<<"$output")" 'client_id=own-client'
  at_own connected acme --replace
  expire
  calls acme
  calls globex
  same "$(at_own counts .refreshes),$(counts .refreshes)" 1,3
  foyer connect --all-clients --json
  same "$(jq -rc 'map([.client, .connected])' <<<"$output")" '[["acme","yes"],["globex","former app"]]'
  # what no grant was made with is not kept
  same "$(sql foyer.db 'SELECT count(*) FROM oauth_app')" 2
  foyer disconnect globex
  same "$(sql foyer.db 'SELECT count(*) FROM oauth_app')" 1
}

# ---- a new client_secret ----

# The secret of the app in foyer.lua: set_secret VALUE [OPTION...]
set_secret() {
  printf %s "$1" >"$BATS_TEST_TMPDIR/secret"
  foyer secret set front.client_secret --from "$BATS_TEST_TMPDIR/secret" "${@:2}" --json
}

secret_agency() {
  sed -i 's/client_secret = "mock-secret"/client_secret = secret "front.client_secret"/' "$AGENCY/foyer.lua"
  set_secret mock-secret
  same "$status" 0
}

@test "a new client_secret is tried with one connection before it is in force" {
  secret_agency
  same "$(counts .token_requests)" 0 # nothing to try it with
  connected acme
  set_secret wrong
  failed 77 auth 'front.client_secret is refused' 'stays' 'client_id first'
  same "$(connection '[.state, .last_error]|@text')" '["ok",null]' # nothing of it is recorded
  expire
  calls acme
  same "$(counts '[.refreshes, .refused]')" '[1,1]'
  # rotated by the trial itself, and nothing is lost
  set_oauth '{"rotate": "always", "client_secret": "second-secret"}'
  set_secret second-secret
  same "$status" 0 || { echo "$stderr"; return 1; }
  holds "$stderr" 'it was taken: the token of Acme Dry Goods is refreshed'
  expire
  calls acme
  same "$(counts '[.refreshes, .refused]')" '[3,1]'
  set_oauth '{"client_secret": "third-secret"}'
  set_secret fourth-secret
  failed 77 auth refused
  set_secret third-secret
  same "$status" 0
}

@test "a new client_secret that cannot be tried is not in force, and the error says how" {
  secret_agency
  connected acme
  fault '{"kind": "503", "match": {"path": "/oauth/token"}, "times": 9}'
  set_secret other
  same "$status" 75
  holds "$stderr" 'cannot try the new value of front.client_secret'
  holds "$stderr" 'foyer secret set front.client_secret --untried'
  curl -sSf -X DELETE "$MOCK/_mock/faults"
  foyer secret list --json
  same "$(jq -c 'map(.version)' <<<"$output")" '[1]'
  # a grant that is gone tells nothing; the next one is asked
  set_oauth '{"revoke": true}'
  set_secret other
  same "$status" 77
  set_secret mock-secret
  same "$status" 65
  holds "$stderr" --untried
  same "$(connection .state)" ok
  # untried, and wrong: what was taken last goes on
  connected acme
  set_secret other --untried
  same "$status" 0
  expire
  call front/list-inboxes
  done_well
  holds "$stderr" 'goes on with the client_secret that it took last'
}

@test "a connection from before the app was kept is foyer.lua's, and is known from its refresh on" {
  connected acme
  sql foyer.db 'UPDATE connection SET made_with = NULL'
  client acme "$own"
  foyer doctor --json
  finds warning 'client acme' 'with another' 'foyer connect acme'
  expire
  calls acme
  same "$(counts .refreshes)" 1
  sed -i 's/mock-client/a-new-one/' "$AGENCY/foyer.lua"
  expire
  calls acme # from its refresh on, it is kept too
  expire
  sql foyer.db 'DELETE FROM oauth_app'
  foyer call front/list-inboxes --client acme --json
  failed 78 settings "$COMPANY"
}

@test "two apps under one company: the second asks first, and names the clients that it concerns" {
  client acme "$own"
  at_own connected acme
  connect bolt
  failed 65 conflict "$COMPANY" 'shared with acme' 'another app' --replace
  same "$CODE" 400
  calls acme
  expire
  calls acme
  same "$(at_own counts .refreshes)" 1
  # the same app in both files is no other app
  client bolt "$own"
  at_own connected bolt
  holds "$stderr" 'client acme is of the same company'
  # and still serves bolt when acme is gone and bolt's file has it no more
  client bolt
  foyer disconnect acme
  expire
  calls bolt
  same "$(at_own counts .refreshes)" 2
  # with --replace one grant serves both, and doctor says whose app is idle
  at_own connected acme
  client bolt
  connected bolt --replace
  expire
  calls acme
  calls bolt
  same "$(counts .refreshes),$(at_own counts .refreshes)" 1,2
  foyer doctor --json
  finds warning 'client acme has an app of its own' 'foyer connect acme'
}

# ---- what is replaced ----

@test "a static token in place of a grant that others use asks first" {
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  connected acme
  connected bolt
  foyer connect coil --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 65 conflict 'cannot connect coil' "$COMPANY" 'shared with acme, bolt' 'an API token' --replace
  same "$(connection .state)" ok
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 65 conflict 'shared with bolt;'
  expire
  calls bolt
  foyer connect coil --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --replace --json
  done_well
  same "$(connection .state)" token
  calls acme
  # no other client uses it: there is nothing to ask
  foyer disconnect acme
  foyer disconnect coil
  connected bolt
  foyer connect bolt --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  done_well
}

# meanwhile COMMAND...: foyer connects acme; between its look and its writing, COMMAND.
meanwhile() {
  local code=0
  FOYER_TEST_PAUSE='token sealed' "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" \
    --api-url "$MOCK" --json >"$BATS_TEST_TMPDIR/first" 2>"$BATS_TEST_TMPDIR/first.err" 3>&- &
  local pid=$!
  BEGUN+=("$pid")
  paused "$pid"
  "$@"
  kill -CONT "$pid"
  wait "$pid" || code=$?
  status=$code output=$(cat "$BATS_TEST_TMPDIR/first") stderr=$(cat "$BATS_TEST_TMPDIR/first.err")
}

@test "what came meanwhile is not replaced unasked" {
  local other
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  printf mock-token-2 >"$BATS_TEST_TMPDIR/other"
  mock_post companies '{"name": "Globex"}' >/dev/null
  other=$(curl -sSf "$MOCK/_mock/companies" | jq -r '.companies[1].id')
  # another company for the client
  meanwhile foyer connect acme --token-file "$BATS_TEST_TMPDIR/other" --api-url "$MOCK"
  failed 65 conflict "connected to $other (Globex)" "belongs to $COMPANY" --replace
  same "$(connection .id)" "$other"
  foyer disconnect acme
  # a grant of the company, used by another client
  meanwhile connected bolt
  failed 65 conflict 'shared with bolt' --replace
  same "$(connection '[.client, .state] | join(" ")')" 'bolt ok'
  foyer disconnect bolt
  # a new token of the same company is no reason to begin again
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  meanwhile foyer connect bolt --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  same "$status" 0 || { echo "$stderr"; return 1; }
  calls bolt
}

# ---- the company's own address ----

# A connector whose API is at the mock and, for the company, at OWN: connector HOST...
connector() {
  local hosts
  hosts=$(printf '"%s", ' "$@")
  mkdir -p "$AGENCY/lua/front"
  sed -e "s|base = \"https://api2.frontapp.com\", hosts = .* },|base = \"$MOCK\", hosts = { $hosts} },|" \
    "$ROOT/lua/front/connector.lua" >"$AGENCY/lua/front/connector.lua"
}

@test "the address that the API gives the company is used, and goes with the connection" {
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  local me
  me=$(jq -nc --arg own "$OWN/me" --arg id "$COMPANY" '{kind: "status", status: 200, match: {path: "/me"},
    body: {_links: {self: $own}, id: $id, name: "Acme Dry Goods"}}')
  connector "${MOCK#http://}" "${OWN#http://}"
  fault "$me"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --json
  done_well
  same "$(connection .api_url)" "$OWN"
  forget
  calls acme
  nothing_sent
  same "$(at_own received)" 'GET /inboxes'
  # no host of the connector's any more: the token stays where it may go
  connector "${MOCK#http://}"
  calls acme
  same "$(received),$(at_own received)" 'GET /inboxes,GET /inboxes'
  # nor is it sent there in the first place
  at_own forget
  fault "$me"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --json
  done_well
  holds "$stderr" "none of the connector's hosts"
  same "$(connection .api_url)" null
  calls acme
  same "$(at_own received)" ''
  # what the person says goes before
  connector "${MOCK#http://}" "${OWN#http://}"
  fault "$me"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  done_well
  same "$(connection .api_url)" "$MOCK"
  calls acme
  same "$(at_own received)" ''
}
