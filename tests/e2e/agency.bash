# For files whose tests share one mock and one workspace: what a test changes it undoes, or
# setup does (`fresh`).

# In setup_file: start_agency [OPTION of the mock...]. COMPANY_TOKEN is the company's.
start_agency() {
  export COMPANY_TOKEN=${COMPANY_TOKEN:-mock-token}
  export HOME=$BATS_FILE_TMPDIR XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config AGENCY=$BATS_FILE_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LUA_DIR
  start_mock --token "$COMPANY_TOKEN" --teammate-token mock-teammate "$@"
  export MOCK MOCK_PID
  # a file's tests are one burst: what the company allows is not what they are about
  mock_post limits '{"limit": 100000}' >/dev/null
  KEY=$XDG_CONFIG_HOME/foyer/key TOKEN=$BATS_FILE_TMPDIR/token
  printf %s "$COMPANY_TOKEN" >"$TOKEN"
  "$FOYER" init "$AGENCY" 2>/dev/null
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK"
  # the newest conversation is an untouched letter to Support
  CONVERSATION=$(company '/conversations?limit=1' '.[0].id')
  export KEY TOKEN CONVERSATION
}

# In teardown_file. The mock is a child of setup_file's shell: it is only told to go.
stop_agency() {
  kill "$MOCK_PID" 2>/dev/null || true
}

# What the company itself says: company PATH JQ
company() {
  curl -sgf -H "Authorization: Bearer $COMPANY_TOKEN" "$MOCK$1" | jq -r "._results | $2"
}

# In setup: nothing is wrong, nothing was received, and no 429 is remembered.
fresh() {
  forget_limits
  curl -sf -X DELETE "$MOCK/_mock/faults"
  forget
}

forget() {
  curl -sf -X DELETE "$MOCK/_mock/log"
}

# live.db may be deleted at any time: what is lost is the count of the current minute.
forget_limits() {
  rm -f "$AGENCY"/state/live.db*
}

fault() {
  mock_post faults "$1" >/dev/null
}

# Another process begins to write and does not end, until unlock_store.
lock_store() {
  python3 - "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/go" 3>&- <<'PY' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]):
    time.sleep(0.05)
db.execute("rollback")
PY
  HOLDER=$!
  until [ -e "$BATS_TEST_TMPDIR/go" ]; do sleep 0.05; done
}

unlock_store() {
  rm "$BATS_TEST_TMPDIR/go"
  wait "$HOLDER"
}

# paused PID: waits until it stopped itself, where FOYER_TEST_PAUSE says.
paused() {
  local i
  for i in $(seq 6000); do
    grep -q '^State:.T' "/proc/$1/status" && return 0
    sleep 0.01
  done
  echo "it does not stop" >&2
  return 1
}

# foyer ARGUMENT...: its exit code in $status, what it printed in $output and $stderr.
foyer() {
  status=0
  "$FOYER" -w "$AGENCY" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out")
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
}

call() {
  foyer call "$1" --client acme --json "${@:2}"
}

same() {
  [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

holds() {
  [[ $1 == *"$2"* ]] || { printf 'no   %s\nin   %s\n' "$2" "$1"; return 1; }
}

# The last `foyer --json` ended well, with one document.
done_well() {
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(jq -s length <<<"$output")" 1
}

# It failed: failed EXIT KIND WORDS...: one JSON document of that kind, whose sentence, which
# also stands on standard error, has these words.
failed() {
  local exit=$1 kind=$2 message word
  shift 2
  same "$status" "$exit" || { echo "$output $stderr"; return 1; }
  same "$(jq -s length <<<"$output")" 1
  same "$(jq -r .error.kind <<<"$output")" "$kind"
  message=$(jq -r .error.message <<<"$output")
  for word in "$@"; do holds "$message" "$word"; done
  holds "$stderr" "${message%%$'\n'*}"
}

error_field() {
  jq -c ".error | $1" <<<"$output"
}

# What the company received since `forget`: "GET /a,POST /b"
received() {
  mock_log '[.requests[] | .method + " " + .path] | join(",")' | jq -r .
}

nothing_sent() {
  same "$(received)" ""
}

# An action of the workspace: action NAME BODY [EFFECT]
action() {
  mkdir -p "$AGENCY/lua/front/actions"
  printf 'return { summary = "x", effect = "%s", run = function(ctx, input)\n%s\nend }\n' \
    "${3:-read}" "$2" >"$AGENCY/lua/front/actions/$1.lua"
}

# In setup_file: a chat, or any server that is not the company: start_recorder sets CHAT (its
# address and port) and CHAT_LOG; chat_log JQ shows what it got.
start_recorder() {
  CHAT_LOG=$BATS_FILE_TMPDIR/chat.log
  : >"$CHAT_LOG"
  mkfifo "$BATS_FILE_TMPDIR/chat.port"
  python3 "$ROOT/tests/e2e/recorder.py" "$CHAT_LOG" >"$BATS_FILE_TMPDIR/chat.port" 2>/dev/null 3>&- &
  CHAT_PID=$!
  read -r -t 120 CHAT <"$BATS_FILE_TMPDIR/chat.port"
  CHAT=127.0.0.1:$CHAT
  export CHAT CHAT_PID CHAT_LOG
}

stop_recorder() {
  kill "$CHAT_PID" 2>/dev/null || true
}

chat_log() {
  jq -cs "$1" "$CHAT_LOG"
}
