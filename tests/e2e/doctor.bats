#!/usr/bin/env bats
# foyer doctor: one workspace in order, and then one thing broken at a time.

load helper
load agency
load oauth

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  start_oauth
  AGENCY=$BATS_TEST_TMPDIR/agency
  export FOYER_KEY_FILE=$BATS_TEST_TMPDIR/key
  KEY=$FOYER_KEY_FILE
  "$FOYER" init "$AGENCY" 2>/dev/null
  cat >"$AGENCY/foyer.lua" <<'LUA'
return { apps = { front = { client_id = "mock-client", client_secret = secret "front.client_secret" } } }
LUA
  printf mock-secret | "$FOYER" -w "$AGENCY" secret set front.client_secret --from -
}

# A connection that needs no network to be made: a token of the mock's.
static() {
  "$FOYER" -w "$AGENCY" connect "$1" --token-file "$TOKEN" --api-url "${2:-$MOCK}" >/dev/null
}

# sql STATEMENT: on the store
sql() {
  python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()' "$AGENCY/state/foyer.db" "$1"
}

lacks() {
  [[ $1 != *"$2"* ]] || { echo "it holds $2"; return 1; }
}

# doctor: with --json into $output; as text into $text. Both end alike.
doctor() {
  foyer doctor
  text=$output
  local code=$status
  foyer doctor --json
  same "$status" "$code"
  same "$(jq -s length <<<"$output")" 1
  same "$(jq -r '.problems, .warnings' <<<"$output" | paste -sd' ')" \
    "$(jq -r '[.findings[].status] | "\(map(select(. == "problem")) | length) \(map(select(. == "warning")) | length)"' <<<"$output")"
  ! grep -q -e "mock-token" -e mock-secret <<<"$text$output$stderr"
}

# What differs between two runs, which may be a second apart: "1 second", "2 seconds".
numbers_aside() {
  tr -s 0-9 0 | sed 's/0 seconds/0 second/g'
}

# finds STATUS CHECK WORDS...: one finding of that kind has all the words.
finds() {
  local status=$1 check=$2 messages word
  shift 2
  messages=$(jq -r --arg s "$status" --arg c "$check" '.findings[] | select(.status == $s and .check == $c) | .message' <<<"$output")
  for word in "$@"; do
    messages=$(grep -F -e "$word" <<<"$messages") || { echo "no $status of $check with: $word"; jq -r '.findings[] | "\(.status) \(.check) \(.message)"' <<<"$output"; return 1; }
  done
  holds "$(numbers_aside <<<"$text")" "$(printf '%-8s %s' "$status" "${messages%%$'\n'*}" | numbers_aside)"
}

problems() {
  same "$(jq -c '[.findings[] | select(.status == "problem") | .check] | unique' <<<"$output")" "$1" || { echo "$text"; return 1; }
}

store_version() {
  python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version").fetchone()[0])' \
    "$AGENCY/state/foyer.db"
}

@test "a workspace in order: 0, and a line for each thing looked at" {
  grant acme >/dev/null
  doctor
  same "$status" 0
  problems '[]'
  same "$(jq -c '[.findings[].check] | unique' <<<"$output")" \
    '["app","budget","clock","connection","files","key","scopes","settings","size","space","store","token","values"]'
  finds ok key "$KEY" "$(cut -d' ' -f2 "$KEY")"
  finds ok store 'is sound' "version $(store_version)"
  finds ok values '4 sealed values, all with that key'
  finds ok connection 'the API answers, and the company is the same' acme
  finds ok token 'expires in 59 min' 'not refreshed yet'
  finds ok budget 'requests a minute are left'
  finds ok clock 'agrees'
  finds ok app 'http://127.0.0.1:8976/oauth/callback (the default)'
  finds ok scopes 'client acme' 'the app front: comments:write, messages:send (for first-reply)'
  same "$(jq -c '.findings[] | select(.check == "scopes") | [.client, .app, .scopes, .recipes]' <<<"$output")" \
    '["acme","front",["comments:write","messages:send"],["first-reply"]]'
  holds "$text" '0 problems, 0 warnings'
  same "$stderr" ""
  foyer refresh acme
  doctor
  finds ok token 'last refreshed'
  foyer doctor extra
  same "$status" 64
}

@test "scopes: through actions, overrides and ctx.each, per client" {
  static acme
  mkdir -p "$AGENCY"/{recipes,lua/front/actions} "$AGENCY"/clients/{acme,beta}/lua/front/actions "$AGENCY"/clients/beta/recipes
  cat >"$AGENCY/recipes/one.lua" <<'LUA'
return { summary = "x", run = function(ctx)
  ctx.each("front/list-contacts", {}, {}, function(contact) ctx.call("front/outer", {}) end)
end }
LUA
  cat >"$AGENCY/lua/front/actions/outer.lua" <<'LUA'
return { summary = "x", effect = "write", scopes = { "outer:write" },
  run = function(ctx) return ctx.call("front/inner", {}) end }
LUA
  echo 'return { summary = "x", effect = "read", scopes = { "inner:read" }, run = function() end }' >"$AGENCY/lua/front/actions/inner.lua"
  echo 'return super { scopes = { "inner:beta" }, run = function(ctx, input, base) ctx.call("front/list-inboxes", {}) return base(ctx, input) end }' \
    >"$AGENCY/clients/beta/lua/front/actions/inner.lua"
  echo 'return { summary = "x", run = function(ctx) local name = "front/list-inboxes" ctx.call(name, {}) ctx.call("front/list-inboxs", {}) end }' \
    >"$AGENCY/clients/beta/recipes/odd.lua"
  echo 'return { name = "Acme", recipes = { one = true, ["first-reply"] = false } }' >"$AGENCY/clients/acme/client.lua"
  echo 'return { name = "Beta", recipes = { one = true, odd = true } }' >"$AGENCY/clients/beta/client.lua"
  static beta
  doctor
  same "$status" 65
  problems '["recipes"]'
  finds problem recipes 'client beta, recipe odd' 'front/list-inboxs' 'did you mean "front/list-inboxes"?'
  finds warning scopes 'client beta' 'clients/beta/recipes/odd.lua:1' 'not written down'
  same "$(jq -c '[.findings[] | select(.check == "scopes" and .status == "ok") | [.client, .scopes]]' <<<"$output")" \
    '[["acme",["contacts:read","inner:read","outer:write"]],["beta",["contacts:read","inboxes:read","inner:beta","outer:write"]]]'
}

@test "the key: missing, readable, another one; an older key in use" {
  static acme
  chmod 640 "$KEY"
  doctor
  same "$status" 65
  problems '["connection","key"]'
  finds problem key 'others can read it (mode 640)' "chmod 600 $KEY"
  finds problem connection 'without the key no API can be asked'
  chmod 600 "$KEY"
  mv "$KEY" "$KEY.away"
  doctor
  same "$status" 65
  finds problem key "cannot find the sealing key $KEY"
  "$FOYER" init "$BATS_TEST_TMPDIR/other" 2>/dev/null
  doctor
  same "$status" 65
  finds problem values 'the secret "front.client_secret"' 'sealed with the key'
  finds problem connection 'sealed with the key' 'set FOYER_KEY_FILE'
  mv "$KEY.away" "$KEY"
  FOYER_TEST_STOP='new key written' foyer vault rekey
  same "$status" 137
  doctor
  same "$status" 0
  finds warning values '2 of 2 sealed values' 'run `foyer vault rekey`'
  finds ok key '1 old key lies beside it'
  foyer vault rekey
  doctor
  same "$status" 0
  finds ok values '2 sealed values, all with that key'
}

@test "files: one that others may write or read, and one that belongs to another user" {
  foyer pause # makes live.db and the rest
  doctor
  finds ok files 'belong to its owner'
  chmod 666 "$AGENCY/state/foyer.db"
  doctor
  finds problem files "other users may write $AGENCY/state/foyer.db (mode 0666)" "chmod 600 $AGENCY/state/foyer.db"
  chmod 644 "$AGENCY/state/foyer.db"
  doctor
  finds warning files "other users may read $AGENCY/state/foyer.db (mode 0644)"
  chmod 600 "$AGENCY/state/foyer.db"
  if [ "$(id -u)" = 0 ]; then # only root can give a file away
    touch "$AGENCY/state/extra"
    chmod 600 "$AGENCY/state/extra"
    chown nobody "$AGENCY/state/extra"
    doctor
    finds problem files "$AGENCY/state/extra belongs to nobody" "$AGENCY/state to root" 'chown --reference='
    rm "$AGENCY/state/extra"
  fi
  doctor
  finds ok files 'belong to its owner'
}

@test "the store: no database, and a broken one" {
  static acme
  local db=$AGENCY/state/foyer.db
  cp "$db" "$BATS_TEST_TMPDIR/db"
  python3 - "$db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
page = db.execute("PRAGMA page_size").fetchone()[0]
root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'consent'").fetchone()[0]
db.close()
with open(sys.argv[1], "r+b") as f:
    f.seek((root - 1) * page)
    f.write(b"\xff" * 64)
PY
  doctor
  same "$status" 65
  finds problem store 'damaged'
  rm -f "$db"*
  head -c 100000 /dev/zero | tr '\0' x >"$db"
  doctor
  same "$status" 65
  finds problem store
  rm -f "$db"*
  doctor
  same "$status" 65
  finds problem secrets 'foyer.lua names the secret "front.client_secret", which is not set' 'foyer secret set front.client_secret'
  finds warning connection 'no client is connected'
  finds problem connection 'client acme is not connected to front, and first-reply needs it' 'foyer connect acme'
}

@test "settings with mistakes, and a company that is not the connection's" {
  static acme
  printf 'return {\n  name = "Acme",\n  nmae = 1,\n  recipes = { ["first-reply"] = { key = secret "acme.none" } },\n}\n' >"$AGENCY/clients/acme/client.lua"
  doctor
  same "$status" 65
  finds problem settings 'clients/acme/client.lua:3:' nmae
  finds problem secrets 'clients/acme/client.lua names the secret "acme.none"'
  finds ok connection 'the API answers'
  echo 'return {' >"$AGENCY/clients/acme/client.lua"
  doctor
  same "$status" 65
  finds problem settings 'clients/acme/client.lua'
  echo 'return { name = "Acme", front = { company = "cmp_other" } }' >"$AGENCY/clients/acme/client.lua"
  doctor
  same "$status" 65
  problems '["connection"]'
  finds problem connection 'clients/acme/client.lua says front.company = "cmp_other"'
}

@test "the clock: a minute is said, five are a problem" {
  static acme
  local now
  now=$(date +%s)
  FOYER_TEST_CLOCK=$(((now - 3600) * 1000)) doctor
  same "$status" 65
  problems '["clock"]'
  finds problem clock ' slow: set it'
  FOYER_TEST_CLOCK=$(((now + 150) * 1000)) doctor
  same "$status" 0
  finds warning clock ' fast: set it'
}

@test "connections: offline, another company, strange answers" {
  static acme
  fault '[{"kind": "status", "status": 200, "body": {"id": "cmp_other"}, "times": 2, "match": {"path": "/me"}}]'
  doctor
  same "$status" 77
  finds problem connection 'its token belongs to another company now' 'foyer connect acme'
  fault '[{"kind": "status", "status": 404, "times": 2, "match": {"path": "/me"}}]'
  doctor
  same "$status" 65
  finds problem connection 'does not say whose token it is (404)'
  fault '[{"kind": "drop", "times": 2}]'
  doctor
  same "$status" 65
  finds problem connection 'GET /me'
  finds warning clock 'no API answered'
  # away altogether: the rest is still looked at
  sql "UPDATE connection SET api_url = 'http://127.0.0.1:1'"
  doctor
  same "$status" 65
  problems '["connection"]'
  finds problem connection 'no connection to 127.0.0.1'
  finds ok scopes comments:write
  finds ok token 'an API token'
}

@test "connections: a refused token, and a grant that is gone, are 77" {
  static acme
  fault '{"kind": "status", "status": 401, "times": 2}'
  doctor
  same "$status" 77
  problems '["connection"]'
  finds problem connection '401' 'foyer connect acme'
  grant acme --replace >/dev/null
  mock_post oauth '{"revoke": true}' >/dev/null
  foyer doctor --json
  same "$status" 77
  doctor # now the store knows
  same "$status" 77
  finds problem connection 'not accepted any more' 'foyer connect acme'
  same "$(mock_log '[.requests[] | select(.path == "/me")] | length')" 5
  start_oauth
  grant acme >/dev/null
  doctor
  same "$status" 0
}

@test "a token that is due is refreshed on the way, once for clients that share it" {
  grant acme >/dev/null
  grant beta >/dev/null
  sql "UPDATE connection SET expires_ms = 1, last_error = 'the endpoint was away'"
  local before
  before=$(curl -sS "$MOCK/_mock/oauth" | jq .refreshes)
  foyer doctor --json
  same "$status" 0
  same "$(jq -r '[.findings[] | select(.check == "connection")] | length' <<<"$output")" 1
  holds "$output" 'acme, beta'
  same "$(curl -sS "$MOCK/_mock/oauth" | jq .refreshes)" "$((before + 1))"
  holds "$output" 'last refreshed'
  lacks "$output" 'endpoint was away'
  sql "UPDATE connection SET last_error = 'the endpoint was away'"
  doctor
  same "$status" 0
  finds warning token 'its last refresh failed: the endpoint was away'
}

@test "the budget: a company whose limit is used up" {
  static acme
  fault '{"kind": "429", "retry_after": 300, "times": 1}'
  call front/list-inboxes
  foyer doctor --json
  text=$(foyer doctor; echo "$output")
  finds warning budget 'its rate limit is used up' 'wait for'
  same "$(jq -r '.findings[] | select(.check == "connection") | .status' <<<"$output")" problem
}

@test "the app: what OAuth lacks" {
  grant acme >/dev/null
  echo 'return {}' >"$AGENCY/foyer.lua"
  # what foyer has kept of the app, which the API took, does as well
  sql 'DELETE FROM oauth_app'
  doctor
  same "$status" 65
  problems '["app"]'
  finds problem app 'apps.front.client_id'
  echo 'return { apps = { front = { client_id = "a", redirect_url = "https://hooks.agency.example/oauth/callback" } } }' >"$AGENCY/foyer.lua"
  doctor
  same "$status" 65
  finds problem app 'apps.front.client_secret'
  echo 'return { apps = { front = { client_id = "a", client_secret = "b", redirect_url = "https://hooks.agency.example/oauth/callback" } } }' >"$AGENCY/foyer.lua"
  doctor
  finds ok app 'https://hooks.agency.example/oauth/callback'
}
