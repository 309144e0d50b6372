#!/usr/bin/env bats
# One rate budget for a company, for all that ask it: processes, kills, restarts, both kinds of 429.
# The mock's limits are real here; its windows are short where a test waits for their end.

load helper
load agency

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  # One GET of /inboxes for each page, as bulk; the same without pages, as an activation.
  mkdir -p "$AGENCY/lua/front/actions"
  cat >"$AGENCY/lua/front/actions/page.lua" <<'LUA'
return { summary = "x", effect = "read", input = { next = { "integer", required = true } }, run = function(ctx, input)
  ctx.http.get("/inboxes", { query = { page = input.next } })
  return { results = { 1 }, next = input.next > 1 and input.next - 1 or nil }
end }
LUA
  cat >"$AGENCY/lua/front/actions/walk.lua" <<'LUA'
return { summary = "x", effect = "read", input = { n = { "integer", required = true } }, run = function(ctx, input)
  return ctx.each("front/page", { next = input.n }, { n = 0 }, function(_, state) state.n = state.n + 1 end)
end }
LUA
  cat >"$AGENCY/lua/front/actions/gets.lua" <<'LUA'
return { summary = "x", effect = "read", input = { n = { "integer", required = true }, path = { "string" } },
  run = function(ctx, input)
    for _ = 1, input.n do ctx.http.get(input.path or "/inboxes") end
    return { n = input.n }
  end }
LUA
}

teardown() {
  rm -rf "$AGENCY"/lua
  mock_post clock '{}' >/dev/null
  mock_post limits '{"limit": 100000, "window": 60, "enforce": false, "burst": 5}' >/dev/null
}

limits() {
  mock_post limits "$1" >/dev/null
}

# The company's window begins now, by moving its clock: it ends in a minute at the earliest.
new_minute() {
  local now
  now=$(date +%s)
  mock_post clock "{\"offset\": $((60 - now % 60))}" >/dev/null
}

refusals() {
  curl -sS "$MOCK/_mock/limits" | jq .total_429
}

asked() {
  mock_log '[.requests[] | select(.path == "/inboxes")] | length'
}

# Until the company was asked for the inboxes N times, for some minutes at most.
until_asked() {
  local i
  for ((i = 0; i < 4000; i++)); do
    [ "$(asked)" -lt "$1" ] || return 0
    sleep 0.05
  done
  echo "asked $(asked) times only, wanted $1"
  return 1
}

@test "eight processes, 100 a window, 300 calls: at most three 429, and a reply goes first" {
  local i pids=() pid before now
  # a window that does not end while the reply is under way, however slow this machine is
  now=$(date +%s)
  mock_post clock "{\"offset\": $((3600 - now % 3600))}" >/dev/null
  limits '{"limit": 100, "window": 3600, "enforce": true}'
  for i in 38 38 38 38 37 37 37 37; do
    "$FOYER" -w "$AGENCY" call front/walk --client acme n=$i --wait 2h >>"$BATS_TEST_TMPDIR/walks" 2>&1 &
    pids+=($!)
  done
  # the window's bulk is used up: all eight stand in line when the reply comes
  until_asked 90
  before=$(asked)
  foyer call front/send-conversation-reply --client acme conversation_id="$CONVERSATION" body=first
  same "$status" 0 || { echo "$stderr"; return 1; }
  # by the company's own log: what was on its way at most went by between the two
  local between
  between=$(mock_log "[.requests[] | .method + \" \" + .path] | rindex(\"POST /conversations/$CONVERSATION/messages\")
    as \$reply | .[:\$reply] | map(select(. == \"GET /inboxes\")) | length")
  echo "$((between - before)) pages between the reply's start and its end"
  # from now on windows are short: the answer to another reply tells all processes
  limits '{"limit": 100, "window": 12, "enforce": true}'
  foyer call front/send-conversation-reply --client acme conversation_id="$CONVERSATION" body=second
  same "$status" 0 || { echo "$stderr"; return 1; }
  for pid in "${pids[@]}"; do wait "$pid" || { cat "$BATS_TEST_TMPDIR/walks"; return 1; }; done
  same "$(asked)" 300
  echo "$(refusals) answers of 429"
  [ "$(refusals)" -le 3 ]
  [ "$((between - before))" -le 8 ]
}

@test "single calls of several processes leave something for a reply" {
  new_minute
  limits '{"limit": 100, "enforce": true}'
  local i pids=() before
  before=$(refusals)
  for i in 1 2 3 4; do
    "$FOYER" -w "$AGENCY" call front/gets --client acme n=40 --wait 5m >/dev/null 2>&1 3>&- </dev/null &
    pids+=($!)
  done
  until_asked 95
  foyer call front/send-conversation-reply --client acme conversation_id="$CONVERSATION" body=now
  kill -9 "${pids[@]}"
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(asked)" 95
  same "$(refusals)" "$before"
}

@test "a denied call ends at once or waits, as it says; the API is not asked meanwhile" {
  new_minute
  limits '{"limit": 10, "enforce": true}'
  local i
  SECONDS=0
  for ((i = 0; i < 10; i++)); do # a process each: what they have used outlives them
    call front/gets n=1
    done_well
  done
  call front/gets n=1 --wait 1s
  failed 75 rate_limited 'rate limit is used up'
  [ "$(error_field ".retry_after | floor")" -ge $((58 - SECONDS)) ]
  holds "$stderr" 'try again in'
  same "$(asked)/$(refusals)" 10/0
}

@test "a 429 of the company stops all of its clients' processes, until it said to come back" {
  mkdir -p "$AGENCY/clients/zed"
  echo 'return { name = "Zed" }' >"$AGENCY/clients/zed/client.lua"
  "$FOYER" -w "$AGENCY" connect zed --token-file "$TOKEN" --api-url "$MOCK" --replace 2>/dev/null
  forget
  fault '{"kind": "429", "retry_after": 600}'
  call front/gets n=1
  failed 75 rate_limited 429
  same "$(error_field .retry_after)" 600
  # at once, also for a call that could wait a little; and for the other client of the same company
  call front/gets n=1 --wait 20s
  failed 75 rate_limited 'used up'
  [ "$(error_field ".retry_after | floor")" -ge 300 ]
  foyer call front/gets --client zed --json n=1
  failed 75 rate_limited 'used up'
  same "$(asked)" 1
  rm -rf "$AGENCY/clients/zed"
}

@test "a call that may wait stays in line through a 429: call --wait, a recipe" {
  fault '{"kind": "429", "retry_after": 1}'
  call front/gets n=1 --wait 10s
  done_well
  same "$(asked)" 2
  fault '{"kind": "429-burst", "retry_after": 1}'
  call front/gets n=1 --wait 10s
  done_well
  same "$(asked)" 4
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function(ctx) return ctx.call("front/gets", { n = 1 }) end }' \
    >"$AGENCY/recipes/one.lua"
  fault '{"kind": "429", "retry_after": 1}'
  foyer run one --client acme --json
  rm -r "$AGENCY/recipes"
  done_well
  same "$(asked)" 6
  # a company that refuses for ever is not asked for ever
  fault '{"kind": "429", "retry_after": 1, "times": 100}'
  call front/gets n=1 --wait 3s
  failed 75 rate_limited
  [ "$(asked)" -le 10 ]
}

@test "kill -9 in the middle: what it has used stays used" {
  new_minute
  limits '{"limit": 40, "enforce": true}'
  fault '{"kind": "slow", "after": 20, "skip": 12}'
  "$FOYER" -w "$AGENCY" call front/walk --client acme n=40 --wait 5m &
  until_asked 13
  kill -9 $!
  wait $! || true
  curl -sf -X DELETE "$MOCK/_mock/faults"
  # a tenth is not for pages, and the block that died with it is lost until the window's end
  call front/walk n=40 --wait 1s
  failed 75 rate_limited 'used up'
  same "$(refusals)" 0
  local n
  n=$(asked)
  [ "$n" -ge 33 ] && [ "$n" -le 36 ] || { echo "asked $n times"; return 1; }
  # and those after it still know: the last tenth is for others, then there is none
  call front/walk n=1 --wait 1s
  failed 75 rate_limited 'used up'
  call front/gets n=$((40 - n)) --wait 1s
  [ "$(refusals)" = 0 ]
  [ "$(asked)" -le 40 ]
}

@test "a burst's 429 is the resource's alone" {
  fault '{"kind": "429-burst", "retry_after": 300}'
  call front/get-conversation conversation_id="$CONVERSATION"
  failed 75 rate_limited tier-2
  same "$(error_field .retry_after)" 300
  call front/gets n=3
  done_well
  call front/get-conversation conversation_id="$CONVERSATION" --wait 1s
  failed 75 rate_limited
  same "$(received)" "GET /conversations/$CONVERSATION,GET /inboxes,GET /inboxes,GET /inboxes"
  # another process waits for its end
  forget_limits
  forget
  fault '{"kind": "429-burst", "retry_after": 2}'
  call front/get-conversation conversation_id="$CONVERSATION"
  failed 75 rate_limited tier-2
  call front/get-conversation conversation_id="$CONVERSATION" --wait 5m
  done_well
  same "$(received)" "GET /conversations/$CONVERSATION,GET /conversations/$CONVERSATION"
}

# From now on live.db keeps each permit for one resource. When a request arrives says little: on
# a busy machine one may overtake those before it.
keep_permits() {
  python3 - "$AGENCY/state/live.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
db.execute("CREATE TABLE kept (sent BLOB)")
db.execute("CREATE TRIGGER keep AFTER INSERT ON resource BEGIN INSERT INTO kept VALUES (new.sent); END")
PY
}

# How many permits were kept, and the shortest time in ms in which six of them were given.
permits() {
  python3 - "$AGENCY/state/live.db" <<'PY'
import collections, sqlite3, struct, sys
times, before = [], collections.Counter()
for (sent,) in sqlite3.connect(sys.argv[1], timeout=60).execute("SELECT sent FROM kept ORDER BY rowid"):
    last_five = collections.Counter(filter(None, struct.unpack("5q", sent)))
    times += (last_five - before).elements()
    before = last_five
times.sort()
print(len(times), min(b - a for a, b in zip(times, times[5:])))
PY
}

@test "four processes ask for one conversation: five times a second" {
  local i pids=() pid given shortest
  limits '{"limit": 1000, "enforce": true, "burst": 0}'
  call front/gets n=1
  done_well
  forget
  keep_permits
  for i in 1 2 3 4; do
    "$FOYER" -w "$AGENCY" call front/gets --client acme n=4 path="/conversations/$CONVERSATION" --wait 1m &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  same "$(mock_log '.requests | length')" 16
  read -r given shortest <<<"$(permits)"
  same "$given" 16
  [ "$shortest" -ge 1000 ] || { echo "six in $shortest ms"; return 1; }
}

@test "searches have 40 % of the limit, the rest goes on" {
  new_minute
  limits '{"limit": 10, "enforce": true}'
  local i
  for i in 1 2 3 4; do
    call front/list-conversations q=pretzel
    done_well
  done
  call front/list-conversations q=pretzel --wait 1s
  failed 75 rate_limited
  call front/gets n=6
  done_well
  same "$(refusals)" 0
}

@test "a 429 for the searches' share is theirs alone" {
  fault '{"kind": "429-burst", "retry_after": 30}'
  call front/list-conversations q=pretzel
  failed 75 rate_limited
  call front/list-conversations q=other --wait 1s
  failed 75 rate_limited
  same "$(mock_log '.requests | length')" 1
  call front/gets n=3
  done_well
}

@test "an API without limits is not paced, a connector without rate has no budget" {
  sed 's/"x-ratelimit-/"x-nothing-/g' "$ROOT/lua/front/connector.lua" >"$AGENCY/lua/front/connector.lua"
  # the default would end at 50, and unheard of at five a second
  call front/gets n=100 --wait 1s
  done_well
  call front/gets n=20 path="/conversations/$CONVERSATION" --wait 1s
  done_well
  forget_limits
  sed '/^  rate = {/,/^  },/d' "$ROOT/lua/front/connector.lua" >"$AGENCY/lua/front/connector.lua"
  call front/gets n=60
  done_well
  [ ! -e "$AGENCY/state/live.db" ]
}

@test "a live.db that cannot be used stops no call, nor lets a 429 be answered at once" {
  mkdir "$AGENCY/state/live.db"
  call front/gets n=3
  done_well
  holds "$stderr" live.db
  fault '{"kind": "429", "retry_after": 1, "times": 100}'
  call front/gets n=1 --wait 5s
  rmdir "$AGENCY/state/live.db"
  failed 75 rate_limited 429
  same "$(asked)" 4
}
