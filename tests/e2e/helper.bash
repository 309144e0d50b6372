# For every file in tests/e2e: the binary, and a mock Front company that ends with the test.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
FOYER=${FOYER:-$ROOT/build/foyer}
DATA=$ROOT/tests/data

# start_mock [OPTION...]: sets MOCK (its URL) and MOCK_PID. Waits for its first line, not for a time.
start_mock() {
  local dir=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR} # the latter in setup_file
  local out=$dir/mock.out
  MOCK_LOG=$dir/mock.log
  rm -f "$out"
  mkfifo "$out"
  "$FOYER" mock --listen 127.0.0.1:0 --token mock-token "$@" >"$out" 2>>"$MOCK_LOG" 3>&- &
  MOCK_PID=$!
  local line
  # The fifo stays open for the mock's later output.
  exec {MOCK_OUT}<"$out"
  read -r -t 120 -u "$MOCK_OUT" line || { cat "$MOCK_LOG" >&2; return 1; }
  [[ $line == "mock Front: http://"* ]] || { echo "unexpected first line: $line" >&2; return 1; }
  MOCK=${line#mock Front: }
}

stop_mock() {
  [ -n "${MOCK_PID:-}" ] || return 0
  kill "$MOCK_PID" 2>/dev/null || true
  wait "$MOCK_PID" 2>/dev/null || true
  MOCK_PID=
  exec {MOCK_OUT}<&-
}

# mock_post PATH JSON: a control of the mock; fails where the mock refuses it.
mock_post() {
  curl -sS --fail-with-body -H 'Content-Type: application/json' -d "$2" "$MOCK/_mock/$1"
}

# mock_log [JQ]: what the mock received.
mock_log() {
  curl -sS --fail-with-body "$MOCK/_mock/log" | jq -c "${1:-.requests}"
}
