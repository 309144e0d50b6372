# For files about OAuth: a mock and a workspace for each test, whose app is registered there.

# In setup: oauth_agency [OPTION of the mock...]. BACK is the app's redirect_url.
oauth_agency() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LUA_DIR FOYER_TEST_CLOCK
  BEGUN=()
  start_mock "$@"
  # what the company allows is not what these tests are about
  mock_post limits '{"limit": 100000}' >/dev/null
  set_oauth '{"auto": "allow"}'
  PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  BACK=http://127.0.0.1:$PORT/oauth/callback
  "$FOYER" init "$AGENCY" 2>/dev/null
  app_settings "$AGENCY"
  COMPANY=$(curl -sSf "$MOCK/_mock/companies" | jq -r '.companies[0].id')
}

app_settings() {
  cat >"$1/foyer.lua" <<LUA
return { apps = { front = { client_id = "mock-client", client_secret = "mock-secret", redirect_url = "$BACK" } } }
LUA
}

# In teardown.
end_agency() {
  local pid
  for pid in "${BEGUN[@]}"; do kill "$pid" 2>/dev/null || true; done
  stop_mock
}

set_oauth() { mock_post oauth "$1" >/dev/null; }

# What the mock counted: counts JQ
counts() { curl -sS --fail-with-body "$MOCK/_mock/oauth" | jq -rc "$1"; }

# begin COMMAND...: foyer in the background until it shows a link: $LINK. What it is to read
# goes to &$TYPED.
begin() {
  rm -f "$BATS_TEST_TMPDIR"/{typed,shown}
  mkfifo "$BATS_TEST_TMPDIR"/{typed,shown}
  "$FOYER" -w "$AGENCY" "$@" <"$BATS_TEST_TMPDIR/typed" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/shown" 3>&- &
  PID=$!
  BEGUN+=("$PID")
  exec {TYPED}>"$BATS_TEST_TMPDIR/typed" {SHOWN}<"$BATS_TEST_TMPDIR/shown"
  LINK=
  : >"$BATS_TEST_TMPDIR/err"
  local line
  while read -r -t 120 -u "$SHOWN" line; do
    echo "$line" >>"$BATS_TEST_TMPDIR/err"
    if [[ $line == http* ]]; then
      LINK=$line
      return 0
    fi
  done
  cat "$BATS_TEST_TMPDIR/err"
  return 1
}

# end [TEXT]: types TEXT, and waits for what `begin` began, as `foyer` does.
end() {
  [ $# = 0 ] || printf '%s\n' "$1" >&"$TYPED"
  exec {TYPED}>&-
  cat <&"$SHOWN" >>"$BATS_TEST_TMPDIR/err"
  exec {SHOWN}<&-
  status=0
  wait "$PID" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out")
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
}

# serve [OPTION...]: the server, at the port of the callback; $SERVE_PID.
serve() {
  rm -f "$BATS_TEST_TMPDIR/serving"
  mkfifo "$BATS_TEST_TMPDIR/serving"
  "$FOYER" -w "$AGENCY" serve --listen "127.0.0.1:$PORT" "$@" >"$BATS_TEST_TMPDIR/serving" 2>"$BATS_TEST_TMPDIR/serve.err" 3>&- &
  SERVE_PID=$!
  BEGUN+=("$SERVE_PID")
  local line
  read -r -t 120 line <"$BATS_TEST_TMPDIR/serving"
  same "$line" "listening: http://127.0.0.1:$PORT"
}

# The page at the end of a link, in $PAGE, and its status in $CODE.
browse() {
  CODE=$(curl -sSL --max-time 30 -o "$BATS_TEST_TMPDIR/page" -w '%{http_code}' "$1")
  PAGE=$(cat "$BATS_TEST_TMPDIR/page")
}

# Where a link leads after consent, without going there.
consented() {
  curl -sS -o /dev/null -w '%{redirect_url}' "$1"
}

parameter() { sed -n "s/.*[?&]$2=\([^&]*\).*/\1/p" <<<"$1"; }

# connect CLIENT [OPTION...]: by listening; a browser that says yes.
connect() {
  begin connect "$@" --api-url "$MOCK" --oauth-url "$MOCK" --json
  browse "$LINK"
  end
}

connected() {
  connect "$@"
  same "$status" 0 || { echo "$stderr $PAGE"; return 1; }
}

# What the store says: sql DATABASE STATEMENT
sql() {
  python3 - "$AGENCY/state/$1" "$2" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20)
for row in db.execute(sys.argv[2]):
    print(*row, sep="|")
db.commit()
PY
}

# The access token is old, here and at the company.
expire() {
  set_oauth '{"expire": true}'
  sql foyer.db 'UPDATE connection SET expires_ms = 1000'
}

# A field of the one connection: connection JQ
connection() {
  "$FOYER" -w "$AGENCY" connections --json | jq -r ".[0] | $1"
}

# until_log JQ: waits for what the mock is to receive.
until_log() {
  local i
  for i in $(seq 3000); do
    [ "$(mock_log "$1")" = true ] && return 0
    sleep 0.02
  done
  echo "never: $1"
  return 1
}

token_asked='[.requests[] | select(.path == "/oauth/token")] | length > 0'
