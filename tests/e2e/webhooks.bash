# For tests of the mock's own requests: a receiver with a log, and questions to both sides.
# Loaded after helper.

RECEIVED=
RECEIVER_PID=

# start_receiver [KEY]: sets RECEIVER (its URL) and RECEIVED (its log).
start_receiver() {
  local out=$BATS_TEST_TMPDIR/receiver.out port
  RECEIVED=$BATS_TEST_TMPDIR/received
  : >"$RECEIVED"
  rm -f "$out"
  mkfifo "$out"
  python3 "$ROOT/tests/e2e/receiver.py" "$RECEIVED" "${1-mock-signing-key}" >"$out" 3>&- &
  RECEIVER_PID=$!
  read -r -t 120 port <"$out" || return 1
  RECEIVER=http://127.0.0.1:$port
}

stop_receiver() {
  [ -n "$RECEIVER_PID" ] || return 0
  kill "$RECEIVER_PID" 2>/dev/null || true
  wait "$RECEIVER_PID" 2>/dev/null || true
  RECEIVER_PID=
}

# received [JQ]: what arrived without the challenge, a list, each body decoded to .json.
received() {
  jq -rsc "map(select(.headers[\"x-front-challenge\"] == null) | .json = (.body | fromjson? // null)) | ${1:-.}" "$RECEIVED"
}

deliveries() {
  curl -sS --fail-with-body "$MOCK/_mock/deliveries${2:-}" | jq -rc "$1"
}

# settled N: N deliveries were made and each has ended; waits for that.
settled() {
  local n
  for ((n = 0; n < 2400; n++)); do
    [ "$(deliveries ".total == $1 and .pending == 0 and .coming == 0" '?summary=1')" != true ] || return 0
    sleep 0.05
  done
  deliveries . '?summary=1'
  return 1
}

# until_delivery JQ: JQ is true of the deliveries at last.
until_delivery() {
  local n
  for ((n = 0; n < 2400; n++)); do
    [ "$(deliveries "$1")" != true ] || return 0
    sleep 0.05
  done
  deliveries .
  return 1
}

same() {
  [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

BODY=$BATS_TEST_TMPDIR/api.body

# api METHOD PATH [JSON]: prints the status; the body is in $BODY.
api() {
  : >"$BODY"
  curl -sS -g --max-time 20 -X "$1" -H "Authorization: Bearer ${TOKEN:-mock-token}" -H 'Content-Type: application/json' \
    ${3:+-d "$3"} -o "$BODY" -w '%{http_code}\n' "$MOCK$2"
}
