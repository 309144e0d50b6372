#!/usr/bin/env bats
# Connections by OAuth: the three ways to connect, what may go wrong with each, and refreshing.

load helper
load agency
load consents

setup() {
  oauth_agency
}

teardown() {
  end_agency
}

# One client calls; its answer does not matter.
calls() {
  call front/list-inboxes "$@"
  done_well
}

# ---- connecting ----

@test "connect: listens, a browser consents, the company is named" {
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK"
  holds "$LINK" "$MOCK/oauth/authorize?response_type=code&client_id=mock-client&redirect_uri="
  [[ $LINK != *scope* ]]
  browse "$LINK"
  same "$CODE" 200
  holds "$PAGE" "($COMPANY) is connected"
  end
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$output" "client acme is connected to Acme Dry Goods ($COMPANY)"
  same "$(mock_log '[.requests[] | select(.path == "/oauth/token") | .headers.authorization] | join(",")')" '"Basic (client)"'
  calls
  same "$(mock_log '.requests[-1].headers.authorization | startswith("Bearer (OAuth token")')" true
  same "$(counts '[.authorizations, .code_exchanges, .refreshes, .refused]')" '[1,1,0,0]'
}

@test "connect: a stray request does not end it" {
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK" --json
  browse "$BACK"
  same "$CODE" 400
  holds "$PAGE" 'expects a code and a state'
  browse "$BACK?code=x&state=wrong"
  same "$CODE" 400
  browse "http://127.0.0.1:$PORT/favicon.ico"
  same "$CODE" 404
  browse "$LINK"
  same "$CODE" 200
  end
  done_well
  same "$(counts .token_requests)" 1
}

@test "connect: the redirect port is taken" {
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK"
  foyer connect globex --api-url "$MOCK" --oauth-url "$MOCK" --json
  failed 65 conflict "$PORT" --link --paste 'foyer serve'
  browse "$LINK"
  end
  same "$status" 0
}

@test "connect: interrupted while it waits" {
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK"
  kill -INT "$PID"
  end
  same "$status" 130
}

@test "connect: interrupted while the token endpoint is asked" {
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK" --json
  fault '{"kind": "slow", "after": 300, "match": {"path": "/oauth/token"}}'
  curl -sSL -o /dev/null --max-time 60 "$LINK" 2>/dev/null 3>&- {SHOWN}<&- {TYPED}>&- &
  until_log "$token_asked"
  kill -INT "$PID"
  end
  same "$status" 130
  same "$output" ""
  foyer connections --json
  same "$output" '[]'
}

@test "connect: no client_id in the settings, or a redirect_url that cannot be listened at" {
  echo 'return {}' >"$AGENCY/foyer.lua"
  foyer connect acme --api-url "$MOCK" --oauth-url "$MOCK" --json
  failed 78 settings apps.front.client_id --token-file
  echo 'return { apps = { front = { client_id = "a", client_secret = secret "none" } } }' >"$AGENCY/foyer.lua"
  foyer connect acme --link --api-url "$MOCK" --oauth-url "$MOCK" --json
  holds "$stderr" 'foyer secret set'
  [ "$status" != 0 ]
  echo 'return { apps = { front = { client_id = "a", client_secret = "b", redirect_url = "https://hooks.agency.example/cb" } } }' \
    >"$AGENCY/foyer.lua"
  foyer connect acme --api-url "$MOCK" --oauth-url "$MOCK" --json
  failed 64 usage --link --paste hooks.agency.example
}

@test "connect --link: a link that leads back to the reader's own machine is warned of" {
  foyer connect acme --link --api-url "$MOCK" --oauth-url "$MOCK" --json
  done_well
  holds "$stderr" "warning: the link leads back to $BACK"
  holds "$stderr" 'set redirect_url'
  sed -i 's#redirect_url = "[^"]*"#redirect_url = "https://hooks.agency.example/oauth/callback"#' "$AGENCY/foyer.lua"
  foyer connect acme --link --api-url "$MOCK" --oauth-url "$MOCK" --json
  done_well
  [[ $stderr != *warning* ]]
}

@test "half an app is named by connect, which asks for the other half, and by check" {
  echo 'return { apps = { front = { client_id = "a" } } }' >"$AGENCY/foyer.lua"
  foyer connect acme --paste --json
  failed 78 settings 'foyer.lua has no apps.front.client_secret'
  foyer check
  same "$status" 65
  holds "$output" 'foyer.lua:1: apps.front.client_id: is half an app: client_secret is missing'
  echo 'return {}' >"$AGENCY/foyer.lua"
  echo 'return { name = "Acme", front = { client_id = "a" } }' >"$AGENCY/clients/acme/client.lua"
  foyer check
  same "$status" 65
  holds "$output" 'clients/acme/client.lua:1: front.client_id: is half an app'
  echo 'return { name = "Acme", front = { client_id = "a", client_secret = "b" } }' >"$AGENCY/clients/acme/client.lua"
  foyer check
  [[ $output != *client_id* ]]
}

@test "a call to an app that the client is not connected to names the command" {
  mkdir -p "$AGENCY/lua/shop/actions"
  cp "$ROOT/lua/front/connector.lua" "$AGENCY/lua/shop/"
  echo 'return { summary = "x", effect = "read", run = function(ctx) return ctx.http.get("/me").id end }' \
    >"$AGENCY/lua/shop/actions/whose.lua"
  connected acme
  call shop/whose
  failed 77 auth 'client acme is not connected to shop: run `foyer connect acme --app shop`'
  printf mock-token | "$FOYER" -w "$AGENCY" connect acme --app shop --token-file - --api-url "$MOCK"
  call shop/whose
  done_well
  same "$output" "\"$COMPANY\""
  # its 401 and its lost grant name that app too
  fault '{"kind": "status", "status": 401}'
  call shop/whose
  failed 77 auth 401 '; connect the client again: foyer connect acme --app shop'
  sed -i 's/front = \({[^}]*}\)/\0, shop = \1/' "$AGENCY/foyer.lua"
  connected acme --app shop --replace
  expire
  set_oauth '{"revoke": true}'
  call shop/whose
  failed 77 auth 'needs to be connected again' 'run `foyer connect CLIENT --app shop` for its client'
}

@test "a callback without values uses up no link" {
  local query
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK" --json
  for query in "code=&state=" "code=&state=$(parameter "$LINK" state)" "error=&state=$(parameter "$LINK" state)" \
    "code&state=$(parameter "$LINK" state)"; do
    browse "$BACK?$query"
    same "$CODE" 400
    holds "$PAGE" 'expects a code and a state'
  done
  browse "$LINK"
  same "$CODE" 200
  end
  done_well
  same "$(counts .token_requests)" 1
}

@test "connect: consent denied, and a teammate without the right" {
  set_oauth '{"auto": "deny"}'
  connect acme
  failed 65 forbidden 'the consent was denied' administrator
  same "$CODE" 400
  holds "$PAGE" administrator

  # Front itself says so and leads nowhere; the same link still serves the administrator
  set_oauth '{"auto": "not_admin"}'
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK" --json
  browse "$LINK"
  same "$CODE" 403
  set_oauth '{"auto": "allow"}'
  browse "$LINK"
  end
  done_well
  foyer connections --json
  same "$(jq length <<<"$output")" 1
}

stop_serving() {
  local code=0
  kill -TERM "$SERVE_PID"
  wait "$SERVE_PID" || code=$?
  same "$code" 0 || { cat "$BATS_TEST_TMPDIR/serve.err"; return 1; }
}

link() {
  foyer connect "$@" --link --api-url "$MOCK" --oauth-url "$MOCK"
  same "$status" 0 || { echo "$stderr"; return 1; }
  LINK=$output
}

@test "connect --link: serve completes it, once" {
  link acme
  holds "$stderr" 'seven days'
  same "$(wc -l <<<"$LINK")" 1
  same "$(counts .authorizations)" 0
  serve
  same "$(curl -sSf "http://127.0.0.1:$PORT/healthz")" ok
  local back
  back=$(consented "$LINK")
  browse "$back"
  same "$CODE" 200
  holds "$PAGE" "($COMPANY) is connected"
  calls
  # used twice
  browse "$back"
  same "$CODE" 400
  holds "$PAGE" used
  # the same link again, with a new code
  browse "$LINK"
  same "$CODE" 400
  same "$(counts '[.token_requests, .code_exchanges]')" '[1,1]'
  stop_serving
  holds "$(cat "$BATS_TEST_TMPDIR/serve.err")" "client acme is connected to Acme Dry Goods ($COMPANY)"
}

@test "serve: wrong state, no state, denied, not admin, wrong method, other paths" {
  serve
  browse "$BACK?code=abc&state=0123456789abcdef"
  same "$CODE" 400
  holds "$PAGE" 'Not connected'
  browse "$BACK?code=abc"
  same "$CODE" 400
  browse "$BACK?state=%zz&code=a"
  same "$CODE" 400
  browse "$BACK?error=%3Cscript%3E&state=x"
  same "$CODE" 400
  [[ $PAGE != *'<script>'* ]]
  same "$(curl -s -o /dev/null -w '%{http_code}' -d code=a "$BACK")" 405
  same "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "http://127.0.0.1:$PORT/healthz")" 405
  same "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT/else")" 404
  set_oauth '{"auto": "deny"}'
  link acme
  browse "$LINK"
  same "$CODE" 400
  holds "$PAGE" administrator
  link acme
  browse "${LINK%%state=*}state=x" # a denial for an unknown state changes nothing
  same "$CODE" 400
  # an error may carry markup: nothing of it becomes a part of the page
  local state
  state=$(parameter "$LINK" state)
  browse "$BACK?error=x&error_description=%3Cimg+src%3Dx%3E&state=$state"
  same "$CODE" 400
  holds "$PAGE" '&lt;img src=x&gt;'
  same "$(counts .token_requests)" 0
  stop_serving
}

@test "serve: a link holds for seven days" {
  local now
  now=$(date +%s)
  link acme
  local early=$LINK
  link globex
  FOYER_TEST_CLOCK=$(((now + 7 * 86400 + 60) * 1000)) serve
  browse "$early"
  same "$CODE" 400
  holds "$PAGE" expired
  same "$(counts .token_requests)" 0
  stop_serving
  FOYER_TEST_CLOCK=$(((now + 7 * 86400 - 60) * 1000)) serve
  browse "$LINK"
  same "$CODE" 200
  stop_serving
  foyer connections --json
  same "$(jq -r '[.[].client] | join(",")' <<<"$output")" globex
}

@test "serve: the token endpoint fails: the page says so, and the link is spent" {
  serve
  link acme
  fault '{"kind": "500", "match": {"path": "/oauth/token"}}'
  browse "$LINK"
  same "$CODE" 502
  # the person who consents is not of the agency: the reason is in its log
  holds "$PAGE" 'in its log'
  [[ $PAGE != *endpoint* ]]
  holds "$(cat "$BATS_TEST_TMPDIR/serve.err")" 'answers 500'
  browse "$LINK"
  same "$CODE" 400
  holds "$PAGE" 'was used already'
  [[ $PAGE != *acme* ]]
  # nor are addresses, files and settings
  local kind
  for kind in '"drop"' '"429"' '"status", "status": 401, "body": {"error": "invalid_client"}' \
    '"status", "status": 400, "body": {"error": "invalid_grant"}'; do
    link acme
    fault "{\"kind\": $kind, \"match\": {\"path\": \"/oauth/token\"}}"
    browse "$LINK"
    same "$CODE" 502
    holds "$PAGE" 'in its log'
    [[ $PAGE != *token* && $PAGE != *foyer.lua* && $PAGE != *acme* ]]
  done
  holds "$(cat "$BATS_TEST_TMPDIR/serve.err")" 'client_secret in foyer.lua'
  forget
  link acme
  fault '{"kind": "slow", "after": 30, "match": {"path": "/oauth/token"}}'
  # a browser that goes away, and a server that is told to go while it asks
  curl -sSL -o /dev/null --max-time 60 "$LINK" 2>/dev/null 3>&- &
  local browser=$!
  until_log "$token_asked"
  kill "$browser"
  stop_serving
}

@test "connect --paste: the code, or the whole address" {
  local back
  begin connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  back=$(consented "$LINK")
  end "$(parameter "$back" code)"
  done_well
  same "$(jq -r .id <<<"$output")" "$COMPANY"
  calls
  begin connect globex --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  end "$(consented "$LINK")"
  done_well
  same "$(counts .code_exchanges)" 2
}

@test "connect --paste: another link's address, no code, a code used twice, a wrong one, nothing" {
  begin connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  local back code
  back=$(consented "$LINK")
  end "${back%%state=*}state=0123456789abcdef"
  failed 65 invalid 'belongs to another link'
  begin connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  end "$BACK?error=access_denied&state=$(parameter "$LINK" state)"
  [ "$status" = 65 ]
  same "$(counts .token_requests)" 0

  begin connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  code=$(parameter "$(consented "$LINK")" code)
  end "$code"
  done_well
  begin connect globex --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  end "$code"
  failed 77 auth 'the code is refused' invalid_grant
  [[ $stderr != *"$code"* ]]
  begin connect globex --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  end "no such code"
  failed 77 auth 'the code is refused'
  begin connect globex --paste --api-url "$MOCK" --oauth-url "$MOCK" --json
  end
  [ "$status" != 0 ]
  foyer connections --json
  same "$(jq -r '[.[].client] | join(",")' <<<"$output")" acme
}

@test "connect: what the token endpoint may answer" {
  local kind want
  for kind in html:200 500:500 empty:200 drop: ; do
    want=${kind#*:} kind=${kind%:*}
    fault "{\"kind\": \"$kind\", \"match\": {\"path\": \"/oauth/token\"}}"
    connect acme
    [ "$status" = 75 ] || { echo "$kind: $status $stderr"; return 1; }
    holds "$stderr" 'cannot connect acme'
    holds "$stderr" "$want"
    same "$CODE" 502
  done
  fault '{"kind": "no-refresh-token", "match": {"path": "/oauth/token"}}'
  connect acme
  failed 65 invalid 'gave no refresh token'
  foyer connections --json
  same "$output" '[]'
  # what else a server may say
  fault '{"kind": "form", "match": {"path": "/oauth/token"}}'
  connected acme
  same "$(connection '.expires_in > 3000 and .expires_in <= 3600')" true
  for kind in text in; do
    set_oauth "{\"expires\": \"$kind\"}"
    connected acme
    same "$(connection '.expires_in > 3000 and .expires_in <= 3600')" true
  done
  calls
}

@test "connect: the client's secret is wrong" {
  sed -i 's/mock-secret/other/' "$AGENCY/foyer.lua"
  connect acme
  failed 77 auth invalid_client
  [[ $stderr$PAGE != *other* ]]
}

@test "a token without an expiry: used until the API refuses it" {
  set_oauth '{"expires": "none"}'
  connected acme
  same "$(connection '[.state, .expires_in] | @json')" '["ok",null]'
  calls
  same "$(counts .refreshes)" 0
  set_oauth '{"expire": true}'
  calls
  same "$(counts .refreshes)" 1
  calls
  same "$(counts .refreshes)" 1
  foyer refresh acme
  same "$output" 'client acme: Acme Dry Goods has a new token; it does not say when it expires'
}

@test "another company asks first" {
  mock_post companies '{"name": "Globex"}' >/dev/null
  connected acme
  local other
  other=$(curl -sSf "$MOCK/_mock/companies" | jq -r '.companies[1].id')
  set_oauth '{"company": "Globex"}'
  connect acme
  failed 65 conflict "$COMPANY" "$other" --replace
  same "$CODE" 400
  holds "$PAGE" --replace
  same "$(connection .id)" "$COMPANY"
  calls
  connected acme --replace
  same "$(connection .id)" "$other"
  foyer connections --json
  same "$(jq length <<<"$output")" 1
  calls
  # what the client's settings name is no question of asking
  printf 'return { name = "Acme", front = { company = "%s" } }\n' "$COMPANY" >"$AGENCY/clients/acme/client.lua"
  connect acme --replace
  failed 65 conflict client.lua
}

@test "serve: another company's administrator learns nothing of the client's" {
  mock_post companies '{"name": "Globex"}' >/dev/null
  connected acme
  set_oauth '{"company": "Globex"}'
  serve
  link acme
  browse "$LINK"
  same "$CODE" 400
  holds "$PAGE" 'in its log'
  [[ $PAGE != *$COMPANY* && $PAGE != *Acme* ]]
  holds "$(cat "$BATS_TEST_TMPDIR/serve.err")" "it is connected to $COMPANY"
  stop_serving
}

@test "several clients share a company: one refresh serves both" {
  connected acme
  connected globex
  holds "$stderr" 'client acme is of the same company and uses this connection too'
  foyer connections --json
  same "$(jq -c '[.[].id] | unique | length' <<<"$output")" 1
  expire
  calls
  foyer call front/list-inboxes --client globex --json
  done_well
  same "$(counts .refreshes)" 1
  foyer disconnect acme
  same "$status" 0
  foyer call front/list-inboxes --client globex --json
  done_well
  call front/list-inboxes
  failed 77 auth 'foyer connect acme'
}

@test "connections: states, and never a token" {
  foyer connections
  same "$status" 0
  holds "$stderr" 'foyer connect CLIENT'
  connected acme
  same "$(connection '[.client, .app, .id, .company, .state] | join(",")')" "acme,front,$COMPANY,Acme Dry Goods,ok"
  same "$(connection '.expires_in > 3000 and .expires_in <= 3600')" true
  same "$(connection .refreshed_at)" null
  expire
  same "$(connection .state)" expired
  fault '{"kind": "500", "match": {"path": "/oauth/token"}}'
  foyer refresh acme
  same "$status" 75
  holds "$(connection .last_error)" 'answers 500'
  foyer refresh acme
  same "$status" 0
  holds "$output" 'is valid for'
  same "$(connection '[.state, .last_error, (.refreshed_at > 1e9)] | @json')" '["ok",null,true]'
  foyer connections
  holds "$output" "$COMPANY"
  [[ $output$stderr != *mock??_* ]]
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  foyer connect globex --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --replace
  foyer refresh globex
  same "$status" 0
}

@test "refresh --all with a client.lua that cannot be read: it is named, the others are refreshed" {
  mock_post companies '{"name": "Globex"}' >/dev/null
  connected acme
  connected beta # of the same company
  set_oauth '{"company": "Globex"}'
  connected globex
  echo 'return {' >"$AGENCY/clients/acme/client.lua"
  foyer refresh --all
  same "$status" 78
  holds "$stderr" 'client acme: cannot read clients/acme/client.lua'
  same "$(grep -c 'client acme' <<<"$stderr")" 1
  holds "$output" 'client beta: the token of Acme Dry Goods'
  holds "$output" 'client globex: the token of Globex'
  same "$(counts .refreshes)" 2
  foyer refresh --all --json
  same "$status" 78
  same "$(jq -c 'map([.client, .refreshed, .error.kind])' <<<"$output")" \
    '[["acme",false,"settings"],["beta",true,null],["globex",true,null]]'
}

@test "disconnect: forgets, and says how to revoke" {
  connected acme
  foyer disconnect acme
  same "$status" 0
  holds "$stderr" revoke
  same "$(sql foyer.db 'SELECT count(*) FROM connection')" 0
  call front/list-inboxes
  failed 77 auth 'foyer connect acme'
  foyer disconnect acme --json
  failed 65 not_found acme
  foyer refresh acme --json
  failed 77 auth 'foyer connect acme'
  connected acme
  calls
}

@test "disconnect while runs wait: it says so, and they go on when the client is connected again" {
  connected acme
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function(ctx) ctx.sleep("1s") return ctx.call("front/list-inboxes", {}).results[1].id end }' \
    >"$AGENCY/recipes/nap.lua"
  foyer run nap --client acme
  foyer disconnect acme
  same "$status" 0
  holds "$stderr" '1 run of acme is not over: a run that needs front is held, and goes on after `foyer connect acme`'
  # its time comes: it is held, not lost
  FOYER_TEST_CLOCK=$((($(date +%s) + 60) * 1000)) foyer cron
  same "$("$FOYER" -w "$AGENCY" runs list --json | jq -c 'map(.state)')" '["held"]'
  connected acme
  FOYER_TEST_CLOCK=$((($(date +%s) + 120) * 1000)) foyer cron
  same "$("$FOYER" -w "$AGENCY" runs list --json | jq -c 'map(.state)')" '["done"]'
  foyer disconnect acme
  [[ $stderr != *'not over'* ]]
}

# ---- refreshing ----

@test "refresh CLIENT and --all" {
  mock_post companies '{"name": "Globex"}' >/dev/null
  connected acme
  connected initech
  set_oauth '{"company": "Globex"}'
  connected globex
  foyer refresh
  same "$status" 64
  foyer refresh acme --all
  same "$status" 64
  foyer refresh unknown --json
  [ "$status" != 0 ]
  foyer refresh acme
  same "$status" 0
  same "$(counts .refreshes)" 1
  foyer refresh --all
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(counts .refreshes)" 3 # two companies
  # one that fails does not keep the others from it
  set_oauth "{\"revoke\": \"$COMPANY\"}"
  foyer refresh --all
  same "$status" 77
  holds "$stderr" 'foyer connect'
  same "$(counts .refreshes)" 4
  same "$(counts '.companies[1].refreshes')" 2
}

@test "invalid_grant: every command says connect again, and connecting heals" {
  connected acme
  expire
  set_oauth '{"revoke": true}'
  call front/list-inboxes
  failed 77 auth 'needs to be connected again' 'foyer connect'
  same "$(connection .state)" reconnect
  holds "$(connection .last_error)" invalid_grant
  same "$(counts .token_requests)" 2
  # the API is not asked again
  call front/list-inboxes
  failed 77 auth 'foyer connect'
  foyer run digest --client acme post_to="$MOCK/x" --json
  same "$status" 77 || { echo "$stderr"; return 1; }
  holds "$stderr" 'foyer connect'
  foyer run first-reply --client acme --conversation cnv_1 --json
  failed 77 auth 'foyer connect'
  foyer ids --client acme --json
  failed 77 auth 'foyer connect'
  foyer refresh acme --json
  failed 77 auth 'foyer connect'
  foyer render first-reply --client acme --conversation cnv_1 --json
  failed 77 auth 'foyer connect'
  same "$(counts .token_requests)" 2
  connected acme
  same "$(connection '[.state, .last_error] | @json')" '["ok",null]'
  calls
}

@test "invalid_grant as 401; the grant revoked in mid-life, told by a 401 of the API" {
  connected acme
  set_oauth '{"revoke": true, "grant_status": 401}'
  call front/list-inboxes
  failed 77 auth 'needs to be connected again'
  same "$(connection .state)" reconnect
}

@test "a wrong client_secret does not end the grant" {
  connected acme
  expire
  sed -i 's/mock-secret/other/' "$AGENCY/foyer.lua"
  calls # the one that was taken last is still used
  expire
  sql foyer.db 'DELETE FROM oauth_app'
  call front/list-inboxes
  failed 77 auth invalid_client
  same "$(connection .state)" expired
  app_settings "$AGENCY"
  calls
}

@test "the token endpoint fails: the call fails and the next one heals" {
  connected acme
  local kind
  for kind in html 500 empty drop; do
    expire
    fault "{\"kind\": \"$kind\", \"match\": {\"path\": \"/oauth/token\"}}"
    call front/list-inboxes
    same "$status" 75 || { echo "$kind: $status $stderr"; return 1; }
    holds "$stderr" 'cannot refresh the token'
    same "$(connection .state)" expired
    calls
    same "$(connection .state)" ok
  done
}

@test "a token that is due but holds is used when its refresh fails" {
  connected acme
  # four minutes before its end
  sql foyer.db "UPDATE connection SET expires_ms = $((($(date +%s) + 240) * 1000)), created_ms = 1000"
  fault '{"kind": "500", "match": {"path": "/oauth/token"}}'
  calls
  same "$(mock_log '[.requests[] | select(.path == "/oauth/token") | .status]')" '[200,500]'
  holds "$(connection .last_error)" 500
  calls
  same "$(counts .refreshes)" 1
  same "$(connection '.expires_in > 3000')" true
}

@test "an answer without a refresh token keeps the old one; a new one is stored" {
  connected acme
  expire
  fault '{"kind": "no-refresh-token", "match": {"path": "/oauth/token"}}'
  calls
  expire
  calls
  same "$(counts .refreshes)" 2
  set_oauth '{"last_day": true}'
  expire
  calls
  # the old one is worth nothing any more
  expire
  calls
  same "$(counts '[.refreshes, .refresh_tokens_alive]')" '[4,1]'
  set_oauth '{"rotate": "always"}'
  local i
  for i in 1 2 3; do
    expire
    calls
  done
  same "$(counts '[.refreshes, .refused]')" '[7,0]'
}

@test "401 in the middle: refreshed, and the request sent once more" {
  connected acme
  forget
  set_oauth '{"expire": true}'
  calls
  same "$(received)" 'GET /inboxes,POST /oauth/token,GET /inboxes'
  forget
  # a write as well: the company refused it, so it was not done
  set_oauth '{"expire": true}'
  local conversation
  call front/list-conversations limit=1
  conversation=$(jq -r '.results[0].id' <<<"$output")
  forget
  set_oauth '{"expire": true}'
  call front/send-conversation-reply conversation_id="$conversation" body=hello
  done_well
  same "$(mock_log '[.requests[] | select(.path == "/oauth/token")] | length')" 1
  same "$(mock_log '[.requests[] | select(.method == "POST" and .path != "/oauth/token") | .status] | sort')" '[202,401]'
  # an API that refuses every token is not asked for ever
  fault '{"kind": "status", "status": 401, "times": 50}'
  forget
  call front/list-inboxes
  failed 77 auth
  same "$(received)" 'GET /inboxes,POST /oauth/token,GET /inboxes'
}

@test "a clock that is off by an hour or two, either way: no refresh storm" {
  local now off i
  now=$(date +%s)
  for off in 3600 -3600 7200 -7200; do
    # our own clock
    export FOYER_TEST_CLOCK=$(((now + off) * 1000))
    connected acme
    same "$(connection '.expires_in > 3000 and .expires_in < 3900')" true || { connection .expires_in; return 1; }
    for i in 1 2 3; do calls; done
    same "$off: $(counts .refreshes)" "$off: 0"
    foyer refresh acme
    same "$(connection '.expires_in > 3000 and .expires_in < 3900')" true
    for i in 1 2 3; do calls; done
    same "$off: $(counts .refreshes)" "$off: 1"
    unset FOYER_TEST_CLOCK
    # the company's
    mock_post clock "{\"offset\": $off}" >/dev/null
    connected acme
    same "$(connection '.expires_in > 3000 and .expires_in < 3900')" true || { connection .expires_in; return 1; }
    for i in 1 2 3; do calls; done
    same "$off: $(counts .refreshes)" "$off: 1"
    mock_post clock '{}' >/dev/null
    curl -sSf -X DELETE "$MOCK/_mock/oauth"
  done
}

@test "a clock that was set right after connecting" {
  connected acme
  # it jumps ahead: what was stored looks expired; one refresh, and the new one fits the clock
  export FOYER_TEST_CLOCK=$((($(date +%s) + 7200) * 1000))
  calls
  calls
  same "$(counts .refreshes)" 1
  # and back again: what was stored seems to live for three hours; one refresh says how long it does
  unset FOYER_TEST_CLOCK
  calls
  calls
  same "$(counts .refreshes)" 2
  set_oauth '{"expire": true}'
  calls
  calls
  same "$(counts .refreshes)" 3
}

@test "Ctrl-C in the middle of a refresh: its answer is waited for and kept" {
  connected acme
  expire
  set_oauth '{"rotate": "always"}' # it may be the only one that still holds
  fault '{"kind": "slow", "after": 2, "match": {"path": "/oauth/token"}}'
  forget
  "$FOYER" -w "$AGENCY" refresh acme >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- </dev/null &
  local pid=$! code=0
  until_log "$token_asked"
  kill -INT "$pid"
  wait "$pid" || code=$?
  same "$code" 130 || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
  same "$(connection '[.state, .last_error, .refreshed_at != null] | @json')" '["ok",null,true]'
  calls
  same "$(counts '[.refreshes, .refused]')" '[1,0]'
}

@test "connecting in the middle of a refresh that fails: the new grant stays, and is used" {
  connected acme
  expire
  set_oauth '{"revoke": true}'
  fault '{"kind": "slow", "after": 5, "match": {"path": "/oauth/token"}}'
  forget
  "$FOYER" -w "$AGENCY" call front/list-inboxes --client acme >"$BATS_TEST_TMPDIR/called" 2>&1 3>&- </dev/null &
  local pid=$!
  until_log "$token_asked"
  connected acme
  wait "$pid" || { cat "$BATS_TEST_TMPDIR/called"; return 1; }
  same "$(connection '[.state, .last_error] | @json')" '["ok",null]'
  same "$(counts '[.code_exchanges, .refreshes, .refused]')" '[2,0,1]'
  # and one that succeeds
  expire
  fault '{"kind": "slow", "after": 5, "match": {"path": "/oauth/token"}}'
  forget
  "$FOYER" -w "$AGENCY" call front/list-inboxes --client acme >"$BATS_TEST_TMPDIR/called" 2>&1 3>&- </dev/null &
  pid=$!
  until_log "$token_asked"
  connected acme
  wait "$pid" || { cat "$BATS_TEST_TMPDIR/called"; return 1; }
  same "$(connection '[.state, .last_error] | @json')" '["ok",null]'
  calls
  same "$(counts '[.code_exchanges, .refreshes]')" '[3,1]'
}

@test "disconnecting and connecting anew in the middle of a refresh: what was made stays" {
  connected acme
  expire
  fault '{"kind": "slow", "after": 3, "match": {"path": "/oauth/token"}}'
  forget
  "$FOYER" -w "$AGENCY" refresh acme >"$BATS_TEST_TMPDIR/refreshed" 2>&1 3>&- </dev/null &
  local pid=$!
  until_log "$token_asked"
  foyer disconnect acme
  printf mock-token | "$FOYER" -w "$AGENCY" connect acme --token-file - --api-url "$MOCK"
  wait "$pid" || { cat "$BATS_TEST_TMPDIR/refreshed"; return 1; }
  same "$(cat "$BATS_TEST_TMPDIR/refreshed")" 'client acme: an API token, which does not expire'
  same "$(connection .state)" token
  calls
}

# ---- the store ----

@test "the store is locked for a while: the refresh waits and is kept" {
  connected acme
  expire
  lock_store
  forget
  "$FOYER" -w "$AGENCY" refresh acme >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  local pid=$!
  until_log "$token_asked"
  unlock_store
  wait "$pid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
  same "$(counts .refreshes)" 1
  calls
  same "$(counts .refreshes)" 1
}

@test "the store is locked for longer than SQLite waits: a new refresh token is kept" {
  connected acme
  mock_post oauth '{"rotate": "always"}' >/dev/null
  expire
  lock_store
  FOYER_LOG=warn "$FOYER" -w "$AGENCY" refresh acme >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  local pid=$!
  until grep -q 'waits to be stored' "$BATS_TEST_TMPDIR/out"; do
    kill -0 "$pid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    read -r -t 0.1 <> <(:) || true
  done
  unlock_store
  wait "$pid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
  expire
  calls # with the new refresh token: the old one is dead
  same "$(counts '[.refreshes, .refused]')" '[2,0]'
}

@test "the store stays locked: a sentence, and the next one refreshes" {
  connected acme
  expire
  lock_store
  foyer refresh acme --json
  failed 75 unavailable 'another process has held its lock'
  unlock_store
  calls
  same "$(connection .state)" ok
}

@test "two workspaces on one store: one refresh" {
  connected acme
  expire
  cp -r "$AGENCY" "$BATS_TEST_TMPDIR/other"
  rm -rf "$BATS_TEST_TMPDIR/other/state"
  ln -s "$AGENCY/state" "$BATS_TEST_TMPDIR/other/state"
  fault '{"kind": "slow", "after": 2, "match": {"path": "/oauth/token"}}'
  forget
  "$FOYER" -w "$AGENCY" call front/list-inboxes --client acme >"$BATS_TEST_TMPDIR/one" 2>&1 3>&- </dev/null &
  local pid=$!
  until_log "$token_asked"
  "$FOYER" -w "$BATS_TEST_TMPDIR/other" call front/list-inboxes --client acme 3>&- </dev/null
  wait "$pid" || { cat "$BATS_TEST_TMPDIR/one"; return 1; }
  same "$(counts .refreshes)" 1
}
