#!/usr/bin/env bats
# OAuth and the rate limits of the mock Front, by themselves: curl is the client.

load helper

BACK=http://127.0.0.1:8976/oauth/callback

setup() {
  BODY=$BATS_TEST_TMPDIR/body HEADERS=$BATS_TEST_TMPDIR/headers
}

teardown() {
  stop_mock
}

# ask CURL_OPTION... PATH: body to $BODY, status to $STATUS, headers to $HEADERS.
ask() {
  : >"$BODY"
  STATUS=$(curl -sS -g --max-time 20 -o "$BODY" -D "$HEADERS" -w '%{http_code}' "${@:1:$#-1}" "$MOCK${!#}")
}

get() { jq -r "$1" "$BODY"; }

header() { tr -d '\r' <"$HEADERS" | sed -n "s/^$1: //Ip"; }

same() {
  [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

# authorize [QUERY]: the admin's answer, per /_mock/oauth.
authorize() {
  ask "/oauth/authorize?${1-response_type=code&client_id=mock-client&redirect_uri=$BACK&state=s%201}"
}

set_oauth() { mock_post oauth "$1" >/dev/null; }

counts() { curl -sS --fail-with-body "$MOCK/_mock/oauth" | jq -rc "$1"; }

# new_code: $CODE, as an admin's consent gives it.
new_code() {
  authorize
  same "$STATUS" 302
  CODE=$(header location | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
  [ -n "$CODE" ]
}

# token NAME=VALUE...: a token request with a form, as the client.
token() {
  local args=(-u mock-client:mock-secret) pair
  for pair in "$@"; do args+=(--data-urlencode "$pair"); done
  ask "${args[@]}" /oauth/token
}

exchange() { token grant_type=authorization_code "code=$1" "redirect_uri=${2-$BACK}"; }

refresh() { token grant_type=refresh_token "refresh_token=$1"; }

# connect: $ACCESS and $REFRESH of a new grant.
connect() {
  set_oauth '{"auto": "allow"}'
  new_code
  exchange "$CODE"
  same "$STATUS" 200
  ACCESS=$(get .access_token) REFRESH=$(get .refresh_token)
}

api() { ask -H "Authorization: Bearer $1" "$2"; }

@test "authorize: a page that a browser can fill in" {
  start_mock
  ask -G --data-urlencode 'state="><b>' "/oauth/authorize?response_type=code&client_id=mock-client&redirect_uri=$BACK"
  same "$STATUS" 200
  [[ $(header content-type) == text/html* ]]
  same "$(grep -o '<form method="post" action="/oauth/authorize">' "$BODY" | wc -l)" 2
  grep -q 'name="decision" value="allow">Allow<' "$BODY"
  grep -q 'name="decision" value="deny">Deny<' "$BODY"
  grep -qF 'name="state" value="&quot;&gt;&lt;b&gt;"' "$BODY"
  run grep -F '"><b>' "$BODY"
  same "$status" 1
  same "$(counts .authorizations)" 0

  local form=(-d response_type=code -d client_id=mock-client --data-urlencode "redirect_uri=$BACK?a=1" --data-urlencode 'state=a&b c')
  ask "${form[@]}" -d decision=allow /oauth/authorize
  same "$STATUS" 302
  [[ $(header location) =~ ^http://127.0.0.1:8976/oauth/callback\?a=1\&code=[^\&]+\&state=a%26b%20c$ ]]
  ask "${form[@]}" -d decision=deny /oauth/authorize
  same "$STATUS $(header location)" "302 $BACK?a=1&error=access_denied&state=a%26b%20c"
  ask "${form[@]}" -d decision=maybe /oauth/authorize
  same "$STATUS" 400
  same "$(counts '[.authorizations, .denials]')" '[1,1]'
}

@test "authorize: the admin's answer without a browser" {
  start_mock
  set_oauth '{"auto": "allow"}'
  authorize
  [[ "$STATUS $(header location)" =~ ^302\ $BACK\?code=[^\&]+\&state=s%201$ ]]
  authorize "response_type=code&client_id=mock-client&redirect_uri=$BACK"
  [[ $(header location) != *state* ]]
  set_oauth '{"auto": "deny"}'
  authorize
  same "$STATUS $(header location)" "302 $BACK?error=access_denied&state=s%201"
  set_oauth '{"auto": "not_admin"}'
  authorize
  same "$STATUS" 403
  same "$(header location)" ""
  grep -q 'You need to be an administrator of your Front instance to authorize this request\.' "$BODY"
  same "$(counts '[.authorizations, .denials]')" '[2,2]'
}

@test "authorize: what is wrong is a page, not a redirect" {
  start_mock --redirect-uri "$BACK" --client-id app-7
  set_oauth '{"auto": "allow"}'
  local good="response_type=code&client_id=app-7&redirect_uri=$BACK" bad
  authorize "$good"
  same "$STATUS" 302
  for bad in "client_id=app-7&redirect_uri=$BACK" "response_type=code&redirect_uri=$BACK" "response_type=code&client_id=app-7" \
    "response_type=token&client_id=app-7&redirect_uri=$BACK" "response_type=code&client_id=mock-client&redirect_uri=$BACK" \
    "response_type=code&client_id=app-7&redirect_uri=$BACK/other" "$good&scope=all" ""; do
    authorize "$bad"
    same "$bad: $STATUS $(header location)" "$bad: 400 "
    [[ $(header content-type) == text/html* ]]
  done
  same "$(counts .authorizations)" 1
}

@test "code exchange: form and JSON; the token opens the API and /me names the company" {
  start_mock
  local before after
  before=$(date +%s)
  connect
  after=$(date +%s)
  same "$(get 'keys | join(" ")')" "access_token expires_at refresh_token token_type"
  same "$(get '.token_type, (.expires_at | type)' | xargs)" "Bearer number"
  [ "$(get .expires_at)" -ge "$((before + 3600))" ]
  [ "$(get .expires_at)" -le "$((after + 3600))" ]
  api "$ACCESS" /me
  same "$STATUS $(get .id)" "200 $(curl -sS "$MOCK/_mock" | jq -r .company.id)"
  api "$REFRESH" /me
  same "$STATUS" 401

  new_code
  ask -u mock-client:mock-secret --json "$(jq -nc --arg c "$CODE" --arg r "$BACK" \
    '{grant_type: "authorization_code", code: $c, redirect_uri: $r}')" /oauth/token
  same "$STATUS" 200
  same "$(counts '[.authorizations, .code_exchanges, .refreshes, .tokens_alive, .refresh_tokens_alive]')" '[2,2,0,2,2]'
}

@test "code exchange: used twice, too late, another redirect_uri, unknown" {
  start_mock
  connect
  exchange "$CODE"
  same "$STATUS $(jq -c . "$BODY")" '400 {"error":"invalid_grant"}'
  new_code
  exchange "$CODE" "$BACK/"
  same "$STATUS $(get .error)" "400 invalid_grant"
  exchange "$CODE"
  same "$STATUS" 200
  exchange mockcode_none
  same "$STATUS $(get .error)" "400 invalid_grant"

  mock_post clock '{"now": 1900000000}'
  new_code
  mock_post clock '{"now": 1900000599}'
  exchange "$CODE"
  same "$STATUS" 200
  new_code
  mock_post clock '{"now": 1900001199}'
  exchange "$CODE"
  same "$STATUS $(get .error)" "400 invalid_grant"
  set_oauth '{"grant_status": 401}'
  exchange "$CODE"
  same "$STATUS $(get .error) $(header www-authenticate)" "401 invalid_grant "
  same "$(counts '[.code_exchanges, .refused, .token_requests]')" '[3,5,8]'
}

@test "token endpoint: the client by HTTP Basic, and nothing that is not in the documentation" {
  start_mock --client-secret 'p:ä%20' --client-id me
  set_oauth '{"auto": "allow"}'
  authorize "response_type=code&client_id=me&redirect_uri=$BACK"
  CODE=$(header location | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
  local form=(-d grant_type=authorization_code -d "code=$CODE" -d "redirect_uri=$BACK") who
  ask "${form[@]}" /oauth/token
  same "$STATUS $(get .error)" "401 invalid_client"
  [[ $(header www-authenticate) == Basic* ]]
  ask "${form[@]}" -d client_id=me -d 'client_secret=p:ä%20' /oauth/token
  same "$STATUS" 401
  for who in me:wrong you:p:ä%20 me: mock-client:mock-secret; do
    ask "${form[@]}" -u "$who" /oauth/token
    same "$who $STATUS" "$who 401"
  done
  ask "${form[@]}" -H 'Authorization: Basic !!!' /oauth/token
  same "$STATUS" 401

  local me=(-u 'me:p:ä%20') bad
  for bad in '' code=x grant_type=authorization_code "grant_type=authorization_code&code=$CODE" 'grant_type=refresh_token&refresh_token=' \
    "grant_type=authorization_code&code=$CODE&redirect_uri=$BACK&scope=all"; do
    ask "${me[@]}" -d "$bad" /oauth/token
    same "$bad $STATUS $(get .error)" "$bad 400 invalid_request"
  done
  ask "${me[@]}" -d grant_type=password /oauth/token
  same "$STATUS $(get .error)" "400 unsupported_grant_type"
  ask "${me[@]}" --json '[1' /oauth/token
  same "$STATUS $(get .error)" "400 invalid_request"
  ask "${me[@]}" --json '{"grant_type": "refresh_token", "refresh_token": 7}' /oauth/token
  same "$STATUS $(get .error)" "400 invalid_request"
  ask "${me[@]}" /oauth/token
  same "$STATUS" 404
  ask "${form[@]}" "${me[@]}" /oauth/token
  same "$STATUS" 200
}

@test "access tokens live an hour; a refresh gives a new one and the same refresh token" {
  start_mock
  mock_post clock '{"now": 1900000000}'
  connect
  same "$(get .expires_at)" 1900003600
  mock_post clock '{"now": 1900003599}'
  api "$ACCESS" /me
  same "$STATUS" 200
  mock_post clock '{"now": 1900003600}'
  api "$ACCESS" /me
  same "$STATUS" 401
  diff <(jq -S . "$BODY") <(jq -S . "$DATA/front/errors/401-invalid-token.json")
  same "$(counts .tokens_alive)" 0
  refresh "$REFRESH"
  same "$STATUS $(get .refresh_token)" "200 $REFRESH"
  same "$(get .expires_at)" 1900007200
  [ "$(get .access_token)" != "$ACCESS" ]
  api "$(get .access_token)" /me
  same "$STATUS" 200
  same "$(counts '[.code_exchanges, .refreshes, .tokens_alive]')" '[1,1,1]'
  curl -sS -X DELETE "$MOCK/_mock/oauth"
  same "$(counts '[.code_exchanges, .refreshes, .tokens_alive]')" '[0,0,1]'
  set_oauth '{"access_life": 5}'
  refresh "$REFRESH"
  same "$(get .expires_at)" 1900003605
}

@test "the refresh token: another one on its last day, none after it" {
  start_mock
  mock_post clock '{"now": 1900000000}'
  connect
  local day=86400 life=$((182 * 86400)) first=$REFRESH second
  mock_post clock "{\"now\": $((1900000000 + life - day - 1))}"
  refresh "$first"
  same "$(get .refresh_token)" "$first"
  mock_post clock "{\"now\": $((1900000000 + life - day))}"
  refresh "$first"
  second=$(get .refresh_token)
  [[ $second == mockrt_* && $second != "$first" ]]
  refresh "$first"
  same "$STATUS $(get .error)" "400 invalid_grant"
  mock_post clock "{\"now\": $((1900000000 + 2 * life - 2 * day - 1))}" # its six months start over
  refresh "$second"
  same "$STATUS $(get .refresh_token)" "200 $second"
  mock_post clock "{\"now\": $((1900000000 + 2 * life - day))}"
  refresh "$second"
  same "$STATUS $(get .error)" "400 invalid_grant"

  connect
  set_oauth '{"last_day": true, "keep_old": true}'
  refresh "$REFRESH"
  [ "$(get .refresh_token)" != "$REFRESH" ]
  refresh "$REFRESH"
  same "$STATUS" 200
  connect
  set_oauth '{"rotate": "always", "keep_old": false}'
  refresh "$REFRESH"
  [ "$(get .refresh_token)" != "$REFRESH" ]
}

@test "revoked and expired by control" {
  start_mock
  connect
  set_oauth '{"expire": true}'
  api "$ACCESS" /me
  same "$STATUS" 401
  refresh "$REFRESH"
  same "$STATUS" 200
  set_oauth '{"expire_refresh": true}'
  refresh "$REFRESH"
  same "$STATUS $(get .error)" "400 invalid_grant"
  connect
  set_oauth '{"revoke": true}'
  api "$ACCESS" /me
  same "$STATUS" 401
  refresh "$REFRESH"
  same "$STATUS $(get .error)" "400 invalid_grant"
  new_code
  set_oauth '{"expire_codes": true}'
  exchange "$CODE"
  same "$STATUS" 400
  same "$(counts '[.tokens_alive, .refresh_tokens_alive]')" '[0,0]'
}

@test "bad settings change nothing" {
  start_mock
  connect
  local bad before
  before=$(counts .)
  for bad in '{"revoke": true, "auto": "perhaps"}' '{"revoke": true, "atuo": "allow"}' '{"revoke": 7}' '{"access_life": "1h"}' \
    '{"company": "Nobody"}' '{"expires": 1}' '[]x' '"x"'; do
    run mock_post oauth "$bad"
    [ "$status" -ne 0 ] || { echo "accepted: $bad"; return 1; }
  done
  same "$(counts .)" "$before"
}

@test "answers: the expiry in every form, a form instead of JSON" {
  start_mock
  mock_post clock '{"now": 1900000000}'
  connect
  set_oauth '{"expires": "text"}'
  refresh "$REFRESH"
  same "$(get .expires_at) $(get '.expires_at | type')" "1900003600 string"
  set_oauth '{"expires": "in"}'
  refresh "$REFRESH"
  same "$(get .expires_in) $(get 'has("expires_at")')" "3600 false"
  set_oauth '{"expires": "none"}'
  refresh "$REFRESH"
  same "$(get 'keys | join(" ")')" "access_token refresh_token token_type"
  set_oauth '{"expires": "at", "format": "form"}'
  refresh "$REFRESH"
  same "$(header content-type)" application/x-www-form-urlencoded
  same "$(tr '&' '\n' <"$BODY" | sed 's/\(access_token\)=.*/\1/' | sort | xargs)" \
    "access_token expires_at=1900003600 refresh_token=$REFRESH token_type=Bearer"
}

@test "faults of the token endpoint; those without a path leave it alone" {
  start_mock
  connect
  fault() { mock_post faults "$(jq -c '.match.path = "/oauth/token"' <<<"$1")" >/dev/null; }
  mock_post faults '{"kind": "500"}'
  refresh "$REFRESH"
  same "$STATUS" 200
  api "$ACCESS" /me
  same "$STATUS" 500

  fault '{"kind": "500"}'
  refresh "$REFRESH"
  same "$STATUS" 500
  fault '{"kind": "html"}'
  refresh "$REFRESH"
  same "$STATUS $(header content-type)" "200 text/html"
  fault '{"kind": "empty"}'
  refresh "$REFRESH"
  same "$STATUS $(wc -c <"$BODY")" "200 0"
  fault '{"kind": "drop"}'
  run refresh "$REFRESH"
  [ "$status" -ne 0 ]
  same "$(counts '[.refreshes, .token_requests]')" '[1,2]' # none of these reached the endpoint
  fault '{"kind": "drop-after"}'
  run refresh "$REFRESH"
  [ "$status" -ne 0 ]
  same "$(counts '[.refreshes, .token_requests]')" '[2,3]'
  fault '{"kind": "no-expiry"}'
  refresh "$REFRESH"
  same "$(get 'keys | join(" ")')" "access_token refresh_token token_type"
  fault '{"kind": "no-refresh-token"}'
  refresh "$REFRESH"
  same "$(get 'keys | join(" ")')" "access_token expires_at token_type"
  fault '{"kind": "form"}'
  refresh "$REFRESH"
  [[ $(cat "$BODY") == *"&token_type=Bearer" ]]
  refresh "$REFRESH"
  same "$STATUS $(get 'keys | length')" "200 4"

  fault '{"kind": "slow", "after": 30}'
  run refresh_within_a_second
  [ "$status" -eq 28 ] # curl's own time limit
  same "$(counts .refreshes)" 7
  api "$ACCESS" /me # others are served meanwhile
  same "$STATUS" 200
}

refresh_within_a_second() {
  curl -sS --max-time 1 -u mock-client:mock-secret -d grant_type=refresh_token -d "refresh_token=$REFRESH" "$MOCK/oauth/token"
}

@test "the log: token requests without their secrets" {
  start_mock
  connect
  refresh "$REFRESH"
  ask -u mock-client:mock-secret --json "{\"grant_type\": \"refresh_token\", \"refresh_token\": \"$REFRESH\"}" /oauth/token
  ask -u mock-client:guess -d "refresh_token=$REFRESH" /oauth/token
  ask -u mock-client:mock-secret --json "{\"refresh_token\": \"$REFRESH\"" /oauth/token
  api "$ACCESS" /me
  set_oauth '{"expire": true}'
  api "$ACCESS" /me
  same "$(mock_log '[.requests[] | "\(.method) \(.path) \(.status)"]')" \
    '["GET /oauth/authorize 302","POST /oauth/token 200","POST /oauth/token 200","POST /oauth/token 200","POST /oauth/token 401","POST /oauth/token 400","GET /me 200","GET /me 401"]'
  run grep -iE "$ACCESS|$REFRESH|$CODE|mock-secret|guess|$(printf %s mock-client:mock-secret | base64)" <(curl -sS "$MOCK/_mock/log")
  same "$status" 1
  # the same secret has the same hash
  local hash
  hash=hash:$(printf %s "$REFRESH" | openssl dgst -sha256 -hmac "" -r | cut -c1-12)
  same "$(mock_log '.requests[3].json.refresh_token' | jq -r .)" "$hash"
  mock_log '.requests[2].body' | jq -r . | grep -qF "refresh_token=${hash/:/%3A}"
  same "$(mock_log '[.requests[3:][].headers.authorization | sub("OAuth token [0-9a-f]{12}"; "OAuth token …")]')" \
    '["Basic (client)","Basic (unknown client)","Basic (client)","Bearer (OAuth token …)","Bearer (expired token)"]'
}

@test "several companies: a world, a token and a consent each" {
  start_mock --companies 2 --teammate-token mate
  local first second third
  first=$(counts '.companies[0].id') second=$(counts '.companies[1].id')
  [ "$first" != "$second" ]
  api mock-token /me
  same "$(get .id)" "$first"
  api mock-token-2 /me
  same "$(get .id)" "$second"
  api mate-2 /me
  [[ $(get .id) == tea_* ]]
  third=$(mock_post companies '{"name": "Third & Co", "token": "t3"}' | jq -r .id)
  api t3 /me
  same "$(get '.id + " " + .name')" "$third Third & Co"

  # what one has, another has not
  api mock-token "/conversations?limit=1"
  local conversation
  conversation=$(get '._results[0].id')
  api mock-token-2 "/conversations/$conversation"
  same "$STATUS" 404
  curl -sSf -o "$BODY" --json '{"from": "a@b.example", "subject": "Only here", "body": "x"}' "$MOCK/_mock/inbound?company=2"
  api mock-token-2 "/conversations?limit=1"
  same "$(get '._results[0].subject')" "Only here"
  api mock-token "/conversations?limit=1"
  same "$(get '._results[0].id')" "$conversation"

  connect
  local access1=$ACCESS refresh1=$REFRESH
  api "$ACCESS" /me
  same "$(get .id)" "$first"
  set_oauth '{"company": "Third & Co"}'
  connect
  api "$ACCESS" /me
  same "$(get .id)" "$third"
  refresh "$refresh1"
  api "$(get .access_token)" /me
  same "$(get .id)" "$first"
  same "$(counts '[.companies[] | [.authorizations, .code_exchanges, .refreshes, .tokens_alive]]')" '[[1,1,1,2],[0,0,0,0],[1,1,0,1]]'
  set_oauth '{"revoke": 1}'
  api "$access1" /me
  same "$STATUS" 401
  api "$ACCESS" /me
  same "$STATUS" 200
  # on the page, the admin's own company is chosen
  set_oauth '{"auto": "ask"}'
  authorize
  same "$(grep -o "<option value=\"$second\">" "$BODY" | wc -l)" 2
  ask -d response_type=code -d client_id=mock-client -d "redirect_uri=$BACK" -d decision=allow -d "company=$second" /oauth/authorize
  exchange "$(header location | sed 's/.*code=//')"
  api "$(get .access_token)" /me
  same "$(get .id)" "$second"
}

@test "a second grant of the company leaves the first alone" {
  start_mock
  connect
  local access=$ACCESS
  connect
  api "$access" /me
  same "$STATUS" 200
  same "$(counts '.companies[0] | [.authorizations, .tokens_alive]')" '[2,2]'
}

@test "the window counts all tokens of a company, and none of another's" {
  start_mock --companies 2
  mock_post clock '{"now": 1900000010}'
  connect
  mock_post limits '{"limit": 3, "window": 60, "enforce": true}'
  curl -sSf -o "$BODY" --json '{"limit": 3, "enforce": true}' "$MOCK/_mock/limits?company=2"
  api mock-token /me
  same "$STATUS $(header x-ratelimit-limit) $(header x-ratelimit-remaining) $(header x-ratelimit-reset)" "200 3 2 1900000020"
  api wrong /me
  same "$STATUS" 401
  api "$ACCESS" /me
  same "$STATUS $(header x-ratelimit-remaining)" "200 1"
  api "$ACCESS" /me
  api "$ACCESS" /me
  same "$STATUS $(header x-ratelimit-remaining) $(header retry-after) $(header x-front-tier)" "429 0 10 "
  api mock-token /me
  same "$STATUS" 429
  refresh "$REFRESH" # the token endpoint is not the API
  same "$STATUS" 200
  api mock-token-2 /me
  same "$STATUS $(header x-ratelimit-remaining)" "200 2"
  mock_post clock '{"now": 1900000020}'
  api mock-token /me
  same "$STATUS $(header x-ratelimit-remaining) $(header x-ratelimit-reset)" "200 2 1900000080"
  same "$(curl -sS "$MOCK/_mock/limits" | jq -c '[.total_429, .refused.company, .windows.company.used]')" '[2,2,1]'
  same "$(curl -sS "$MOCK/_mock/limits?company=2" | jq -c '[.total_429, .refused.company]')" '[0,0]'
}

@test "OAuth's own limit does not touch the company's" {
  start_mock
  mock_post clock '{"now": 1900000010}'
  connect
  mock_post limits '{"limit": 2, "oauth_limit": 3, "enforce": true}'
  local i
  for i in 2 1 0; do
    api "$ACCESS" /me
    same "$STATUS $(header x-ratelimit-limit) $(header x-ratelimit-remaining)" "200 3 $i"
  done
  api "$ACCESS" /me
  same "$STATUS $(header x-ratelimit-limit)" "429 3"
  api mock-token /me
  same "$STATUS $(header x-ratelimit-limit) $(header x-ratelimit-remaining)" "200 2 1"
  same "$(curl -sS "$MOCK/_mock/limits" | jq -c '[.refused.oauth, .refused.company, .windows.oauth.used, .windows.company.used]')" '[1,0,3,1]'
}

@test "bursts: five a second on one resource, with most of the window left" {
  start_mock
  mock_post clock '{"now": 1900000000}'
  mock_post limits '{"enforce": true}'
  api mock-token "/conversations?limit=2"
  local a b i
  a=$(get '._results[0].id') b=$(get '._results[1].id')
  for i in 1 2 3 4 5; do
    [ "$i" != 5 ] || mock_post clock '{"now": 1900000000.5}'
    api mock-token "/conversations/$a"
    same "$STATUS" 200
  done
  api mock-token "/conversations/$a"
  same "$STATUS $(header x-front-tier) $(header x-ratelimit-remaining) $(header retry-after)" "429 2 194 1"
  same "$(get ._error.message)" "Rate limit exceeded for tier-2 route. Please retry in 500 milliseconds."
  api mock-token "/conversations/$b"
  same "$STATUS" 200
  api mock-token "/conversations/$a/messages"
  same "$STATUS" 200
  for i in 1 2 3 4 5 6 7; do
    api mock-token /inboxes # a list is no resource
    same "$STATUS" 200
  done
  mock_post clock '{"now": 1900000001}' # four of the five are a second old
  for i in 1 2 3 4; do
    api mock-token "/conversations/$a"
    same "$STATUS" 200
  done
  api mock-token "/conversations/$a"
  same "$STATUS" 429
  mock_post clock '{"now": 1900000002}'
  # changes and the assignee share one, tags have another
  local bearer=(-H 'Authorization: Bearer mock-token')
  for i in 1 2 3; do
    ask "${bearer[@]}" -X PATCH --json '{"status": "open"}' "/conversations/$a"
    same "$STATUS" 204
  done
  for i in 1 2; do
    ask "${bearer[@]}" -X PUT --json '{"assignee_id": null}' "/conversations/$a/assignee"
    same "$STATUS" 204
  done
  ask "${bearer[@]}" -X PATCH --json '{"status": "open"}' "/conversations/$a"
  same "$STATUS" 429
  ask "${bearer[@]}" -X POST --json '{"tag_ids": []}' "/conversations/$a/tags"
  [ "$STATUS" != 429 ]
  same "$(curl -sS "$MOCK/_mock/limits" | jq -c '[.refused.burst, .total_429]')" '[3,3]'
  mock_post limits '{"burst": 0}'
  for i in 1 2 3 4 5 6; do api mock-token "/conversations/$a"; done
  same "$STATUS" 200
}

@test "search gets 40 % of the window" {
  start_mock
  mock_post clock '{"now": 1900000000}'
  mock_post limits '{"limit": 10, "enforce": true}'
  local i
  for i in 1 2 3 4; do
    api mock-token /conversations/search/order
    same "$STATUS" 200
  done
  api mock-token /conversations/search/order
  same "$STATUS $(header x-ratelimit-remaining) $(header x-front-tier)" "429 6 "
  api mock-token /me
  same "$STATUS $(header x-ratelimit-remaining)" "200 5"
  same "$(curl -sS "$MOCK/_mock/limits" | jq -c '[.refused.search, .total_429, .windows.company.searches]')" '[1,1,4]'
  # a fault's 429 is counted apart
  mock_post faults '{"kind": "429"}'
  api mock-token /me
  same "$(curl -sS "$MOCK/_mock/limits" | jq -c '[.refused.fault, .total_429]')" '[1,2]'
}

@test "a clock an hour off shows in Date and in expiry" {
  start_mock
  connect
  local real shown
  real=$(get .expires_at)
  mock_post clock '{"offset": -3600}'
  refresh "$REFRESH"
  [ "$(get .expires_at)" -lt "$((real - 3000))" ]
  shown=$(date -d "$(header date)" +%s)
  [ "$shown" -le "$(($(date +%s) - 3500))" ]
  mock_post clock '{}'
  refresh "$REFRESH"
  [ "$(get .expires_at)" -ge "$real" ]
  shown=$(date -d "$(header date)" +%s)
  [ "$shown" -ge "$(($(date +%s) - 100))" ]
}
