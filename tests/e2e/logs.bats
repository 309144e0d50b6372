#!/usr/bin/env bats
# foyer logs: what serve, work and cron keep of what they say.

load helper
load agency
load consents
load serve

setup() {
  serving_agency
  mkdir -p "$AGENCY/clients/zed"
  echo 'return {}' >"$AGENCY/clients/zed/client.lua"
}

teardown() { [ -z "${SERVE_PID:-}" ] || kill -9 "$SERVE_PID" 2>/dev/null || true; }

logs() { foyer logs "$@"; same "$status" 0; }
kept() { cat "$AGENCY"/state/log/foyer-*.log; }

# line TIME LEVEL CLIENT MESSAGE: one that a worker has written
line() { jq -cn --arg t "$1" --arg l "$2" --arg c "$3" --arg m "$4" '{time: $t, level: $l, pid: 7, process: "work", client: $c, message: $m}'; }

@test "serve and its workers keep what they say, also what standard error leaves out" {
  logs
  same "$output|$stderr" "|foyer: no line matches; serve, work and cron write them"
  FOYER_LOG=error start_serve --workers 1
  until_true eval 'grep -q "has started" "$AGENCY"/state/log/foyer-*.log'
  kill "$SERVE_PID"
  wait_serve
  same "$(cat "$LOG")" ""
  kept | jq -se 'map(select(.process == "serve" and .level == "info") | .time and .pid and .message) | any' >/dev/null
  logs
  [[ $(head -1 <<<"$output") =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}\ [0-9:]{8}\ (info|warn)\ +serve/[0-9]+:\  ]]
  same "$(stat -c %a "$AGENCY/state/log" "$AGENCY"/state/log/* | xargs)" "700 600"
}

@test "a server that refuses to start, and cron, say so there as well" {
  settings 'colour = 1,'
  foyer serve --listen 127.0.0.1:0
  same "$status" 78
  holds "$(kept | jq -r 'select(.process == "serve" and .level == "error") | .message')" colour
}

@test "by client, level and time; the newest; one line of JSON each" {
  mkdir -p "$AGENCY/state/log"
  {
    line 2026-11-30T10:00:00.000Z info acme "run 1 is done"
    line 2026-11-30T11:00:00.000Z warn "" "client zed, recipe a: run 2 needs you (uncertain)"
  } >"$AGENCY/state/log/foyer-2026-11-30.log"
  line 2026-12-01T10:00:00.000Z error "" "worker 7 died" >"$AGENCY/state/log/foyer-2026-12-01.log"
  line 2026-12-01T10:00:01.000Z info acme "run 3 is done" >"$AGENCY/state/log/foyer-2026-12-01.2.log"
  echo "not one of foyer's" >"$AGENCY/state/log/other.log"
  logs
  same "$(cut -c1-19 <<<"$output" | xargs)" "2026-11-30 10:00:00 2026-11-30 11:00:00 2026-12-01 10:00:00 2026-12-01 10:00:01"
  same "$(head -1 <<<"$output")" "2026-11-30 10:00:00 info  work/7: client acme: run 1 is done"
  messages() { logs "$@" --json; jq -c .message <<<"$output" | xargs -d '\n'; }
  same "$(messages --client acme)" '"run 1 is done" "run 3 is done"'
  same "$(messages --client zed)" '"client zed, recipe a: run 2 needs you (uncertain)"'
  same "$(messages --client zed,acme --limit 2)" '"client zed, recipe a: run 2 needs you (uncertain)" "run 3 is done"'
  same "$(messages --level warn)" '"client zed, recipe a: run 2 needs you (uncertain)" "worker 7 died"'
  same "$(messages --since 2026-12-01)" '"worker 7 died" "run 3 is done"'
  same "$(messages --limit 1)" '"run 3 is done"'
  foyer logs --level loud
  same "$status" 64
  holds "$stderr" "--level is error, warn, info or debug, not loud"
  foyer logs --client amce
  holds "$stderr" 'did you mean "acme"'
}

@test "--follow: each line once, over the end of a file, and no half ones" {
  mkdir -p "$AGENCY/state/log"
  local one=$AGENCY/state/log/foyer-2026-12-01.log two=$AGENCY/state/log/foyer-2026-12-01.2.log out=$BATS_TEST_TMPDIR/out
  line 2026-12-01T10:00:00.000Z info "" one >"$one"
  "$FOYER" -w "$AGENCY" logs --follow >"$out" 3>&- &
  local pid=$!
  until_true eval "grep -q one '$out'"
  printf '{"time":"2026-12-01T10:00:01.000Z","level":"info","mess' >>"$one"
  sleep 0.3
  same "$(wc -l <"$out")" 1
  printf 'age":"two"}\n' >>"$one"
  until_true eval "grep -q two '$out'"
  line 2026-12-01T10:00:02.000Z info "" three >"$two"
  until_true eval "grep -q three '$out'"
  kill "$pid"
  same "$(grep -o '[a-z]*$' "$out" | xargs)" "one two three"
}

@test "--follow ends when nothing reads it any more" {
  mkdir -p "$AGENCY/state/log"
  line 2026-12-01T10:00:00.000Z info "" one >"$AGENCY/state/log/foyer-2026-12-01.log"
  timeout 60 "$FOYER" -w "$AGENCY" logs --follow | head -1 >/dev/null
  same "${PIPESTATUS[0]}" 0
}
