# BENCH=webhooks and BENCH=million: what `foyer serve` acknowledges, and how soon it replies.
# Sourced by run.sh. ROUNDS is how often each load is repeated, the variants in turn;
# SECONDS_EACH how long one lasts. Node.js: $NODE, or the one in PATH.

webhook_rounds=${ROUNDS:-5}
load_seconds=${SECONDS_EACH:-5}
replies=2000 reply_rate=200
stored=${MILLION:-1000000}
signing_key=mock-signing-key
mock_pid='' serve_pid='' peer_pid=''

stop_process() {
  [ -z "$1" ] || { kill "$1" && wait "$1" || true; }
}

stop_webhooks() {
  stop_process "$serve_pid"
  stop_process "$peer_pid"
  stop_process "$mock_pid"
  serve_pid='' peer_pid='' mock_pid=''
}

# first_line PIPE: what a program that was just started says first.
first_line() {
  local line
  read -r -t 20 line <"$1"
  echo "$line"
}

start_mock() {
  mkfifo "$dir/mock.out"
  "$foyer" mock --listen 127.0.0.1:0 >"$dir/mock.out" &
  mock_pid=$!
  mock=$(first_line "$dir/mock.out")
  mock=${mock#mock Front: }
  tell limits '{"limit": 10000000}'
  company=$(curl -sf "$mock/_mock" | jq -r .company.id)
}

# tell WHAT JSON: POST /_mock/WHAT
tell() {
  curl -sf -H 'Content-Type: application/json' -d "$2" "$mock/_mock/$1" >/dev/null
}

# A workspace whose client acme answers each new conversation: make_hooks_workspace NAME
make_hooks_workspace() {
  agency=$dir/$1
  "$foyer" init "$agency"
  cat >"$agency/foyer.lua" <<LUA
return { timezone = "UTC", recipes = {},
  apps = { front = { client_id = "mock-client", client_secret = secret "front.client_secret",
                     signing_key = secret "front.signing_key" } } }
LUA
  echo mock-secret | "$foyer" -w "$agency" secret set front.client_secret --from -
  echo "$signing_key" | "$foyer" -w "$agency" secret set front.signing_key --from -
  echo mock-token | "$foyer" -w "$agency" connect acme --token-file - --api-url "$mock" >/dev/null
}

# start_serve WORKERS [NAME=VALUE]: sets $hooks.
start_serve() {
  rm -f "$dir/serve.out"
  mkfifo "$dir/serve.out"
  env FOYER_LOG=error "${@:2}" "$foyer" -w "$agency" serve --listen 127.0.0.1:0 --workers "$1" >"$dir/serve.out" &
  serve_pid=$!
  hooks=$(first_line "$dir/serve.out")
  hooks=${hooks#listening: }
}

stop_serve() {
  stop_process "$serve_pid"
  serve_pid=
}

# No process waits for these runs any more.
forget_deliveries() {
  sqlite3 "$agency/state/foyer.db" "UPDATE delivery SET state = 1 WHERE state = 0"
}

# load NAME URL CONNECTIONS EVENTS: adds "RATE P50 P99" to $dir/NAME-CONNECTIONS
load() {
  local rate p50 p99 refused
  read -r _ rate p50 p99 refused < <(wrk -t1 -c"$3" -d"$load_seconds"s --timeout 10s -s "$here/webhooks.lua" "$2" -- \
    "$signing_key" "$company" "$4" | grep '^result')
  [ "$refused" = 0 ] || { echo "$1: $refused requests failed" >&3; return 1; }
  echo "$rate $p50 $p99" >>"$dir/$1-$3"
}

# of NAME COLUMN: the median of what load has written
of() { awk -v c="$2" '{ print $c }' "$dir/$1" | median; }

has_peer() {
  node=${NODE:-$(command -v node || true)}
  [ -n "$node" ] && "$node" -e 'require("node:sqlite")'
}

start_peer() {
  rm -f "$dir/peer.out"
  mkfifo "$dir/peer.out"
  "$node" --no-warnings "$here/peer.js" "$dir/peer.db" "$signing_key" >"$dir/peer.out" &
  peer_pid=$!
  peer=http://127.0.0.1:$(first_line "$dir/peer.out")
}

show_load() {
  printf '      %-28s %7.0f/s  p50 %6.1f ms  p99 %6.1f ms\n' "$1, $3 connections" "$(of "$2-$3" 1)" "$(of "$2-$3" 2)" \
    "$(of "$2-$3" 3)"
}

bench_acknowledgements() {
  local i c with_peer=
  ! has_peer || with_peer=1
  "$foyer" -w "$agency" call front/list-conversations --client acme --all --json |
    jq -r '.. | .id? // empty | select(startswith("cnv_"))' | sort -u >"$dir/conversations"
  for ((i = 0; i < webhook_rounds; i++)); do
    start_serve 0
    for c in 64 256; do load idle "$hooks" $c 4000; done
    stop_serve
    if [ -n "$with_peer" ]; then
      start_peer
      for c in 64 256; do load peer "$peer" $c 4000; done
      stop_process "$peer_pid"
      peer_pid=
    fi
    start_serve 0 FOYER_TEST_BATCH=1
    load single "$hooks" 64 4000
    stop_serve
    forget_deliveries
    start_serve 1
    load busy "$hooks" 64 "$dir/conversations"
    stop_serve
    forget_deliveries
  done
  echo "acknowledgements, verified and durable, bodies of 2 KB ($webhook_rounds rounds of $load_seconds s)"
  for c in 64 256; do
    show_load foyer idle $c
    [ -z "$with_peer" ] || show_load "node $("$node" -v)" peer $c
  done
  show_load "one fsync each" single 64
  show_load "a recipe for every event" busy 64
  if [ -n "$with_peer" ]; then
    verdict "foyer / Node.js with group commit, 64 connections" "$(ratio "$(of idle-64 1)" "$(of peer-64 1)")" at-least 1.0
    verdict "its p99 / Node's" "$(ratio "$(of idle-64 3)" "$(of peer-64 3)")" at-most 1.0
    verdict "foyer / Node.js with group commit, 256 connections" "$(ratio "$(of idle-256 1)" "$(of peer-256 1)")" at-least 1.3
    verdict "its p99 / Node's" "$(ratio "$(of idle-256 3)" "$(of peer-256 3)")" at-most 1.0
  else
    echo "      no comparison with Node.js: set NODE to one that has node:sqlite (22.5 or newer)"
  fi
  verdict "foyer / foyer with one fsync for each request, 64" "$(ratio "$(of idle-64 1)" "$(of single-64 1)")" at-least 5
  verdict "while a recipe runs for every event / idle, 64" "$(ratio "$(of busy-64 1)" "$(of idle-64 1)")" at-least 0.5
}

# Milliseconds from the mock's sending an event to its accepting the reply, one on each line.
reply_times() {
  jq -n -r --slurpfile sent <(curl -sf "$mock/_mock/deliveries") --slurpfile got <(curl -sf "$mock/_mock/replies") '
    $sent[0].deliveries[] | select(.type | startswith("inbound")) | . as $d
    | $got[0].replies[$d.conversation][]? | (.accepted_mono - $d.sent_mono) * 1000'
}

count_replies() { curl -sf "$mock/_mock/replies?count=1" | jq .total; }

# until_replies N: the mock has accepted N more than $before; waits a minute for it.
until_replies() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    [ $(($(count_replies) - before)) -lt "$1" ] || return 0
    sleep 0.2
  done
  echo "only $(($(count_replies) - before)) of $1 replies came" >&3
  return 1
}

bench_replies() {
  local before p50 p99 disk disk99
  read -r disk disk99 < <("$programs/disk" "$dir")
  start_serve 1
  tell webhook "{\"url\": \"$hooks/hooks/front\", \"scheme\": \"application\", \"events\": [\"inbound\"]}"
  before=$(count_replies)
  tell burst '{"count": 100, "rate": 100}' # what starts is warm
  until_replies 100
  curl -sf -X DELETE "$mock/_mock/deliveries" >/dev/null
  tell burst "{\"count\": $replies, \"rate\": $reply_rate}"
  until_replies $((replies + 100))
  reply_times | sort -n >"$dir/replies"
  p50=$(awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }' "$dir/replies")
  p99=$(awk '{ v[NR] = $1 } END { print v[int(NR * 0.99)] }' "$dir/replies")
  echo "from the webhook to the reply at the mock, $reply_rate events/s, $(wc -l <"$dir/replies") of $replies answered"
  printf '      p50 %.1f ms, p99 %.1f ms; fdatasync of this disk: p50 %.2f ms, p99 %.2f ms\n' "$p50" "$p99" \
    "$(ratio "$disk" 1000)" "$(ratio "$disk99" 1000)"
  verdict "p50 / (4 fdatasync + 3 ms)" "$(awk -v p="$p50" -v d="$disk" 'BEGIN { print p / (4 * d / 1000 + 3) }')" at-most 1.0
  stop_serve
}

# The worker's resident memory in KB.
worker_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(pgrep -P "$serve_pid")/status"; }

# Eight clients of one company, each with the eight runs that it may have: 64 wait for their answers.
bench_memory() {
  local before i few many
  for i in 1 2 3 4 5 6 7; do
    cp -r "$agency/clients/acme" "$agency/clients/acme$i"
    echo mock-token | "$foyer" -w "$agency" connect "acme$i" --token-file - --api-url "$mock" >/dev/null
  done
  start_serve 1
  tell webhook "{\"url\": \"$hooks/hooks/front\", \"scheme\": \"application\", \"events\": [\"inbound\"]}"
  before=$(count_replies)
  tell burst '{"count": 20}'
  until_replies 160
  sleep 4 # what that took is given back
  few=$(worker_kb)
  tell faults '{"kind": "slow", "after": 25, "times": 64, "match": {"method": "POST", "path": "/conversations"}}'
  tell burst '{"count": 8}'
  until_replies 224
  sleep 2
  many=$(worker_kb)
  stop_serve
  echo "memory of a worker: $few KB idle, $many KB with 64 runs in flight"
  verdict "KB for a run in flight" "$(ratio $((many - few)) 64)" at-most 60
}

bench_webhooks() {
  start_mock
  make_hooks_workspace agency
  bench_replies # first: the others leave runs behind, and a disk that is still writing
  curl -sf -X DELETE "$mock/_mock/webhook" >/dev/null
  tell burst '{"count": 3000}'
  bench_acknowledgements
  bench_memory
  stop_webhooks
}

# ---- a million stored deliveries ----

# dispatched N: how many waiting deliveries a worker is done with in a second; the recipe is off.
dispatched() {
  local began ended left=1
  "$programs/stored" "$agency" 1500 "$company" waiting
  began=$(date +%s%N)
  start_serve 1
  while [ "$left" != 0 ]; do
    sleep 0.05
    left=$(sqlite3 "file:$agency/state/foyer.db?mode=ro" "SELECT count(*) FROM delivery WHERE state = 0")
  done
  ended=$(date +%s%N)
  stop_serve
  awk -v ns=$((ended - began)) 'BEGIN { print 1500 / ns * 1e9 }'
}

# stored_round NAME: acknowledgements with 64 connections, and dispatch, of that workspace
stored_round() {
  agency=$dir/$1
  start_serve 0
  load "$1" "$hooks" 64 4000
  stop_serve
  forget_deliveries
  dispatched >>"$dir/$1-dispatched"
}

bench_million() {
  local name i
  start_mock
  for name in full empty; do
    make_hooks_workspace $name
    echo 'return { name = "Acme Dry Goods", front = {}, recipes = {}, vars = { phone = "1" } }' >"$agency/clients/acme/client.lua"
  done
  "$programs/stored" "$dir/full" "$stored" "$company" done
  sync # what writing that much has left to do is not measured
  for ((i = 0; i < webhook_rounds; i++)); do
    stored_round empty
    stored_round full
  done
  echo "$stored deliveries in the store, $(du -m "$dir/full/state/foyer.db" | cut -f1) MB ($webhook_rounds rounds)"
  show_load "an empty store" empty 64
  show_load "that one" full 64
  printf '      dispatch: %.0f/s and %.0f/s\n' "$(of empty-dispatched 1)" "$(of full-dispatched 1)"
  verdict "acknowledgements, full / empty" "$(ratio "$(of full-64 1)" "$(of empty-64 1)")" at-least 0.8
  verdict "dispatch, full / empty" "$(ratio "$(of full-dispatched 1)" "$(of empty-dispatched 1)")" at-least 0.8
  stop_webhooks
}
