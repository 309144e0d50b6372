#!/usr/bin/env bats
# However many processes meet an expired token, it is refreshed once; also when the one that
# refreshes is killed, and when the token endpoint is slow.

load helper
load agency
load consents

N=20

setup() {
  oauth_agency
  connected acme
  expire
  # what is counted is what follows
  curl -sSf -X DELETE "$MOCK/_mock/oauth"
  forget
}

teardown() {
  end_agency
}

# N processes, started together.
start_all() {
  local i
  PIDS=()
  for i in $(seq "$N"); do
    "$FOYER" -w "$AGENCY" call front/list-inboxes --client acme --json --wait 60s \
      >"$BATS_TEST_TMPDIR/out.$i" 2>"$BATS_TEST_TMPDIR/err.$i" 3>&- </dev/null &
    PIDS+=("$!")
  done
  BEGUN+=("${PIDS[@]}")
}

# All but the one with process id $1 (0: all) succeed with the same document.
all_succeed() {
  local i code good=0
  for i in $(seq "$N"); do
    code=0
    wait "${PIDS[i - 1]}" || code=$?
    if [ "${PIDS[i - 1]}" = "$1" ]; then
      same "$code" 137
      continue
    fi
    same "$code" 0 || { cat "$BATS_TEST_TMPDIR/err.$i"; return 1; }
    jq -e '.results | length > 0' "$BATS_TEST_TMPDIR/out.$i" >/dev/null
    good=$((good + 1))
  done
  [ "$1" = 0 ] || same "$good" $((N - 1))
  # no process tried the old token
  same "$(mock_log '[.requests[] | select(.status == 401)] | length')" 0
}

token_requests() { mock_log '[.requests[] | select(.path == "/oauth/token")] | length'; }

@test "twenty processes on an expired token: one refresh, all succeed" {
  start_all
  all_succeed 0
  same "$(token_requests)" 1
  same "$(counts .refreshes)" 1
}

@test "the API refuses the token of twenty processes: one refresh, all succeed" {
  # here it still looks good
  sql foyer.db "UPDATE connection SET expires_ms = $((($(date +%s) + 3000) * 1000))"
  start_all
  local i
  for i in $(seq "$N"); do
    wait "${PIDS[i - 1]}" || { cat "$BATS_TEST_TMPDIR/err.$i"; return 1; }
  done
  same "$(token_requests)" 1
  same "$(mock_log '[.requests[] | select(.path == "/inboxes" and .status == 200)] | length')" "$N"
}

@test "the refresher is killed in mid-request: one more refresh, the others do not wait for it" {
  # its answer would come in five minutes, longer than any process waits
  fault '{"kind": "slow", "after": 300, "match": {"path": "/oauth/token"}}'
  start_all
  until_log "$token_asked"
  local holder i seen=0
  holder=$(sql live.db "SELECT owner FROM claim WHERE name = 'refresh/front/$COMPANY'")
  holder=${holder%%-*}
  for i in "${PIDS[@]}"; do [ "$i" != "$holder" ] || seen=1; done
  same "$seen" 1
  same "$(token_requests)" 1
  kill -9 "$holder"
  all_succeed "$holder"
  same "$(token_requests)" 2
}

@test "a token endpoint that takes twenty seconds: still one refresh, all succeed" {
  fault '{"kind": "slow", "after": 20, "match": {"path": "/oauth/token"}}'
  start_all
  all_succeed 0
  same "$(token_requests)" 1
  same "$(counts .refreshes)" 1
}

@test "one process with many runs refreshes once" {
  cat >"$AGENCY/clients/acme/client.lua" <<'LUA'
return { name = "Acme", recipes = { look = true } }
LUA
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function(ctx) return ctx.call("front/list-inboxes", {}) end }' >"$AGENCY/recipes/look.lua"
  local client
  for client in b c d e f; do
    mkdir "$AGENCY/clients/$client"
    cp "$AGENCY/clients/acme/client.lua" "$AGENCY/clients/$client/client.lua"
    sql foyer.db "INSERT INTO client_connection (client, app, id) VALUES ('$client', 'front', '$COMPANY')"
  done
  foyer run look --all-clients --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(token_requests)" 1
  same "$(mock_log '[.requests[] | select(.path == "/inboxes") | .status]')" '[200,200,200,200,200,200]'
}
