# For files with a `foyer serve` of their own. After agency.bash and consents.bash.

# A workspace without a company: KEY signs its webhooks.
serving_agency() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
  "$FOYER" init "$AGENCY" 2>/dev/null
  SIGNING_KEY=key-of-the-app SERVE_PID=
  settings
}

# settings [LINE...]: foyer.lua, with these lines as well
settings() {
  {
    echo 'return { apps = { front = { client_id = "a", client_secret = "b", signing_key = "'"$SIGNING_KEY"'" } },'
    printf '%s\n' "$@"
    echo '}'
  } >"$AGENCY/foyer.lua"
}

# start_serve [OPTION...]: sets SERVE_PID, URL and LOG.
start_serve() {
  LOG=$BATS_TEST_TMPDIR/serve.log
  rm -f "$BATS_TEST_TMPDIR/serving"
  mkfifo "$BATS_TEST_TMPDIR/serving"
  : >"$LOG"
  "$FOYER" -w "$AGENCY" serve --listen "${LISTEN:-127.0.0.1:0}" "$@" >"$BATS_TEST_TMPDIR/serving" 2>>"$LOG" 3>&- &
  SERVE_PID=$!
  local line
  read -r -t 120 line <"$BATS_TEST_TMPDIR/serving" || { cat "$LOG"; return 1; }
  [[ $line == "listening: http"* ]] || { echo "unexpected first line: $line"; return 1; }
  URL=${line#listening: }
  local n=1
  [ "${1:-}" != --workers ] || n=$2
  until_true eval "[ \$(workers | wc -w) = $n ]" # exec comes a moment after fork
}

# Its exit code in CODE.
wait_serve() {
  CODE=0
  wait "$SERVE_PID" || CODE=$?
  SERVE_PID=
}

stop_serve() {
  kill -TERM "$SERVE_PID"
  wait_serve
  same "$CODE" 0 || { cat "$LOG"; return 1; }
}

# In teardown: nothing of it stays.
end_serve() {
  [ -n "${SERVE_PID:-}" ] || return 0
  kill -9 "$SERVE_PID" 2>/dev/null || true
  wait "$SERVE_PID" 2>/dev/null || true
}

# The pids of its workers, sorted.
workers() {
  pgrep -P "$SERVE_PID" -f ' work ' | sort -n | xargs
}

# until_true COMMAND...: waits for it.
until_true() {
  local i
  for i in $(seq 6000); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.02
  done
  echo "never: $*"
  cat "$LOG"
  return 1
}

logged() { # logged PATTERN [TIMES]: waits until that many lines (1) of the log have it
  until_true eval '[ "$(grep -c -e '"'$1'"' "$LOG")" -ge '"${2:-1}"' ]'
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# A sample of /metrics: metric 'foyer_workers'
metric() {
  curl -sSf "$URL/metrics" | awk -v name="$1" '$1 == name { print $2 }'
}

# A webhook of the application's scheme, for a company without a client. Prints its status.
# post_hook [BODY]
post_hook() {
  local body=${1:-$(printf '{"type":"inbound","authorization":{"id":"cmp_none"},"payload":{"id":"evt_%s"}}' "$RANDOM")}
  local stamp mac
  stamp=$(date +%s%3N)
  mac=$(printf '%s:%s' "$stamp" "$body" | openssl dgst -sha256 -hmac "$SIGNING_KEY" -binary | base64)
  curl -sS -o /dev/null -w '%{http_code}' --max-time 20 -H "X-Front-Request-Timestamp: $stamp" \
    -H "X-Front-Signature: $mac" -H 'Content-Type: application/json' --data-binary "$body" "$URL/hooks/front"
}
