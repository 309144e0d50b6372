#!/usr/bin/env bats
# foyer call --output and foyer api --output: an answer becomes a file, whole or not at all.

load helper
load agency

setup_file() {
  export HOME=$BATS_FILE_TMPDIR XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config AGENCY=$BATS_FILE_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LUA_DIR
  mkfifo "$BATS_FILE_TMPDIR/port"
  python3 "$ROOT/tests/e2e/downloads.py" >"$BATS_FILE_TMPDIR/port" 2>/dev/null 3>&- &
  export SERVER_PID=$!
  read -r -t 120 PORT <"$BATS_FILE_TMPDIR/port"
  printf token >"$BATS_FILE_TMPDIR/token"
  "$FOYER" init "$AGENCY" 2>/dev/null
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_FILE_TMPDIR/token" --api-url "http://127.0.0.1:$PORT"
  mkdir -p "$AGENCY/lua/front/actions"
  cat >"$AGENCY/lua/front/actions/get-file.lua" <<'LUA'
return {
  summary = "Get a file.", effect = "read", request = { "GET", "/{name}" },
  input = { name = { "string", required = true, at = "path" } }, answer = "file",
}
LUA
  cat >"$AGENCY/lua/front/actions/get-data.lua" <<'LUA'
return { summary = "Get no file.", effect = "read", request = { "GET", "/json" } }
LUA
}

teardown_file() {
  kill "$SERVER_PID" 2>/dev/null || true
}

setup() {
  forget_limits
  FILE=$BATS_TEST_TMPDIR/got.bin
}

api() {
  foyer api GET "$1" --client acme "${@:2}"
}

nothing_left() {
  same "$(cd "$BATS_TEST_TMPDIR" && ls got* 2>/dev/null)" "${1:-}"
}

# The most memory that `foyer api` held, in KB, for an answer of so many MiB: peak MIB
peak() {
  python3 - "$FOYER" -w "$AGENCY" api GET /files/$(($1 << 20)) --client acme --output "$FILE" --force 3>&- <<'PY'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
}

@test "a large answer is streamed into the file" {
  local small large
  small=$(peak 1)
  large=$(peak 40 2>"$BATS_TEST_TMPDIR/err")
  same "$(stat -c %s "$FILE")" $((40 << 20))
  same "$(head -c 1024 "$FILE" | sha256sum)" "$(python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 4)' | sha256sum)"
  holds "$(cat "$BATS_TEST_TMPDIR/err")" "got.bin: 41,943,040 bytes"
  [ $((large - small)) -lt $((20 << 10)) ]
  nothing_left got.bin
}

@test "an action whose answer is a file" {
  foyer call front/get-file --client acme name=json --output "$FILE" --json
  same "$status" 0
  same "$(cat "$FILE")" '{"a":1}'
  same "$(jq -c '[.bytes, .type]' <<<"$output")" '[7,"application/json"]'
  foyer call front/get-file --client acme name=json --json
  failed 65 invalid "json, of 7 bytes: --output FILE"
}

@test "a file that is there is not replaced without --force" {
  echo mine >"$FILE"
  api /files/9 --output "$FILE" --json
  failed 65 conflict got.bin --force
  same "$(cat "$FILE")" mine
  api /files/9 --output "$FILE" --force
  same "$status" 0
  same "$(stat -c %s "$FILE")" 9
  nothing_left got.bin
}

@test "what is no regular file is not replaced, with --force neither" {
  mkfifo "$FILE"
  api /files/9 --output "$FILE" --force --json
  failed 65 invalid got.bin 'not a regular file'
  [ -p "$FILE" ]
}

@test "an answer that ends early leaves nothing" {
  local path
  for path in short chunked; do
    api "/$path" --output "$FILE" --json
    failed 75 network "/$path"
    nothing_left
    foyer call front/get-file --client acme name=$path --output "$FILE" --json
    failed 75 network "/$path"
    nothing_left
  done
  echo mine >"$FILE"
  api /short --output "$FILE" --force
  same "$status" 75
  same "$(cat "$FILE")" mine
  nothing_left got.bin
}

@test "no answer, an answer that is no file, a place that is not there" {
  api /gone --output "$FILE" --json
  failed 65 not_found /gone
  nothing_left
  foyer call front/get-data --client acme --output "$FILE" --json
  failed 65 invalid "not a file"
  nothing_left
  api /files/3 --output "$BATS_TEST_TMPDIR/none/got" --json
  failed 65 invalid none/got.part
  api /files/3 --output "" --json
  same "$status" 65
}

@test "interrupted, it leaves nothing" {
  "$FOYER" -w "$AGENCY" api GET /stop --client acme --output "$FILE" 2>/dev/null 3>&- </dev/null &
  local pid=$!
  until [ -s "$FILE.part" ]; do kill -0 "$pid" && sleep 0.02; done
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  same "$status" 130
  nothing_left
}

@test "without --output, binary is not printed" {
  api /files/300 --json
  failed 65 invalid octet-stream "--output FILE"
  foyer call front/get-file --client acme name=json --force --json
  failed 64 usage "--output"
  foyer call front/get-file --client acme name=json --output "$FILE" --all --json
  failed 64 usage "--all"
}
