#!/usr/bin/env bats
# foyer api: any request, with the company's budget; one that changes something is a run of the store.

load helper
load agency
load store

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
}

api() {
  foyer api "$1" "$2" --client acme "${@:3}"
}

# The one request that the company received: sent JQ
sent() {
  mock_log '.requests' | jq -cS ".[-1] | $1"
}

runs() {
  "$FOYER" -w "$AGENCY" runs list --json 2>/dev/null | jq -c "$1"
}

@test "GET: what is given goes into the query, and the body is printed" {
  api get '/contacts?sort_order=asc' limit=2 'q[updated_after]=5' a=1 a:=2 --json
  same "$status" 0
  same "$(jq '._results | length' <<<"$output")" 2
  same "$(sent '[.method, .path]')" '["GET","/contacts"]'
  same "$(sent .query | sed 's/%5[Bb]/[/g; s/%5[Dd]/]/g')" '"sort_order=asc&a=1&a=2&limit=2&q[updated_after]=5"'
  same "$(runs length)" 0
  api GET /contacts limit=1
  same "$(jq '._results | length' <<<"$output")" 1
  api GET '/contacts#first?' limit=1 # what follows a # is never sent
  same "$(sent .query)" '"limit=1"'
}

@test "--include prints status and headers" {
  api GET /contacts limit=1 --include
  same "$(head -1 <<<"$output")" "HTTP 200"
  holds "$output" "content-type: application/json"
  api GET /contacts limit=1 --include --json
  same "$(jq -c '[.status, .headers["content-type"], (.body._results | length)]' <<<"$output")" '[200,"application/json",1]'
  api GET /contacts/crd_none --include
  same "$status" 65
  same "$(head -1 <<<"$output")" "HTTP 404"
  holds "$stderr" "cannot GET /contacts/crd_none: 404"
}

@test "a write is a run, with what was sent" {
  api POST /contacts name=Zed handles.1.handle=zed@api.example handles.1.source=email 'links:=["https://x.example"]' --json
  same "$status" 0
  same "$(jq -r .name <<<"$output")" Zed
  same "$(sent '.body | fromjson')" '{"handles":[{"handle":"zed@api.example","source":"email"}],"links":["https://x.example"],"name":"Zed"}'
  same "$(runs 'map([.recipe, .state])')" '[["POST /contacts","done"]]'
  # the same exit codes as an action, and nothing sent again by itself
  api POST /contacts name=Zed handles.1.handle=zed@api.example handles.1.source=email --json
  failed 65 conflict "POST /contacts" 409
  same "$(runs 'map(.state)')" '["dead","done"]'
  fault '{"kind": "drop", "times": 9, "match": {"method": "POST"}}'
  api POST /contacts name=Lost --json
  failed 69 uncertain "POST /contacts"
  same "$(runs '.[0].state')" '"parked"'
  holds "$stderr" "foyer runs show"
}

@test "a body from a file, a text from a file, a form" {
  echo '{"handles": [{"handle": "ann@api.example", "source": "email"}], "name": "x"}' >"$BATS_TEST_TMPDIR/body.json"
  echo Ann >"$BATS_TEST_TMPDIR/name"
  api POST /contacts --input "$BATS_TEST_TMPDIR/body.json" name=@"$BATS_TEST_TMPDIR/name" --json
  same "$status" 0
  same "$(sent '.body | fromjson | .name')" '"Ann\n"'
  printf picture >"$BATS_TEST_TMPDIR/ann.png"
  api POST /contacts --form 'handles[0][handle]=bea@api.example' 'handles[0][source]=email' \
    avatar=@"$BATS_TEST_TMPDIR/ann.png" --json
  same "$status" 0
  holds "$(sent '.headers["content-type"]')" multipart/form-data
}

@test "--dry-run sends nothing that changes something" {
  api POST /contacts name=Zed --dry-run --json
  same "$status" 0
  same "$(jq -c .dry_run <<<"$output")" "$(jq -cn '{body: {name: "Zed"}, method: "POST", to: "/contacts"}')"
  nothing_sent
  same "$(runs length)" 0
}

@test "the command line is checked before anything is sent" {
  api FETCH /contacts --json
  failed 64 usage FETCH PATCH
  api GET contacts --json
  failed 64 usage "begins with /"
  api GET /contacts --form --json
  failed 64 usage --form
  api GET /contacts 'limit:={' --json
  failed 64 usage limit
  api GET /contacts --app nothing --json
  [ "$status" != 0 ]
  api GET https://attacker.example/contacts --json
  failed 65 forbidden attacker.example
  nothing_sent
}
