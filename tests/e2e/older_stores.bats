#!/usr/bin/env bats
# The stores of older foyers, as tests/data/older/store/make.sh made them: each opens, and what it holds goes on.

load helper
load agency
load store

OLDER=$DATA/older/store
NOON=1770033600000 # 2026-02-02 12:00 UTC, when they were made

setup() {
  export HOME=$BATS_TEST_TMPDIR AGENCY=$BATS_TEST_TMPDIR/agency FOYER_KEY_FILE=$BATS_TEST_TMPDIR/key
  export FOYER_TEST_CLOCK=$((NOON + 1000))
  unset FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
  start_mock --companies 2
  mock_post limits '{"limit": 100000}' >/dev/null
  mock_post messages '{"late": 0}' >/dev/null
}

teardown() {
  stop_mock
}

# place_store N: the workspace as the foyer of version N left it, with this foyer's mock as the company.
place_store() {
  VERSION=$1
  cp -R "$OLDER/agency" "$AGENCY"
  mkdir "$AGENCY/state"
  sed -i "s|http://MOCK|$MOCK|" "$AGENCY/foyer.lua"
  cp "$OLDER/key" "$FOYER_KEY_FILE"
  chmod 600 "$FOYER_KEY_FILE"
  python3 "$OLDER/load.py" "$OLDER/version-$1.sql.gz" "$AGENCY/state/foyer.db"
  same "$(sql "PRAGMA user_version")" "{\"user_version\": $1}"
}

# open_store N: the same, after this foyer has opened it
open_store() {
  place_store "$1"
  FOYER_LOG=info foyer secret list --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  holds "$stderr" "what it was is kept in $AGENCY/state/foyer.db.version-$1"
  same "$(jq -c 'map([.name, .version])' <<<"$output")" '[["chat.key",1],["front.signing_key",1]]'
  same "$(stat -c %a "$AGENCY/state/foyer.db.version-$1")" 600
  same "$(sql "SELECT count(*) AS n FROM pragma_user_version WHERE user_version > $1")" '{"n": 1}'
  foyer connections --json
  holds "$output" cmp_4thp0
  same "$stderr" ""
}

# The copy for the way back, which is as the store was: kept SQL
kept() {
  python3 "$ROOT/tests/e2e/store.py" "$AGENCY/state/foyer.db.version-$VERSION" "$@"
}

# at SECONDS [EXIT]: foyer cron so long after noon
at() {
  FOYER_TEST_CLOCK=$((NOON + $1 * 1000)) foyer cron
  same "$status" "${2:-0}" || { echo "$output $stderr"; return 1; }
}

states() { # of the runs: "RECIPE STATE"
  "$FOYER" -w "$AGENCY" runs list --limit 1000 --json 2>/dev/null | jq -c 'sort_by(.id) | map(.recipe + " " + .state)'
}

result() {
  "$FOYER" -w "$AGENCY" runs show "$1" --json | jq -c .result
}

mac() { # of "wool", by the secret chat.key
  printf wool | openssl dgst -sha256 -hmac key-of-the-chat -hex | sed 's/.* //'
}

# letter CONVERSATION EVENT: an application webhook
letter() {
  jq -nc --arg id "$1" --arg event "$2" '{type: "inbound_received", authorization: {id: "cmp_4thp0"}, payload: {id: $event,
    type: "inbound", emitted_at: 1767221240.5, conversation: {id: $id, subject: "Wool", status: "unassigned",
    created_at: 1767221232.991, recipient: {handle: "ada@x.example", name: "Ada"}},
    target: {data: {id: "msg_\($event)", is_inbound: true, body: "Wool?"}}}}'
}

goes_on() {
  open_store "$1"
  local was='["held held","tick done","greet sleeping","ordered retrying","ordered queued","done done","skipped skipped",
    "sleeping sleeping","waiting waiting","cancelled cancelled","paused sleeping","dead dead","queued retrying",
    "parked parked","found confirming","lost confirming","killed-behind running","killed-before running"]'
  same "$(states)" "$(jq -c . <<<"$was")"
  same "$("$FOYER" -w "$AGENCY" events list --json | jq -c 'sort_by(.id) | map(.state)')" \
    '["dead","done","done","unrouted","waiting"]'
  same "$(kept "SELECT count(*) AS n FROM run" | jq .n)" 18
  same "$(kept "PRAGMA user_version")" "{\"user_version\": $1}"
  same "$(result 6)" '"blue"'
  foyer trace 2 --json
  same "$status" 0

  # The second comment of `found` was made, and ids that the older foyer's company gave are not given again.
  api "conversations/cnv_yo1kitz/comments?n=[1-40]" '{"body": "-"}'
  api conversations/cnv_yo1kiv7/comments '{"body": "found, second"}'
  forget

  # The token of `held` is refused once more; then its client is connected again.
  fault '{"kind": "status", "status": 401, "match": {"path": "/teammates"}}'
  letter cnv_yo1kiua evt_5 | deliver - cmp_4thp0 $((NOON + 1500)) >/dev/null
  at 2
  holds "$(states)" '"held held"'
  printf mock-token-2 >"$BATS_TEST_TMPDIR/token"
  foyer connect beta --token-file "$BATS_TEST_TMPDIR/token" --api-url http://192.0.2.1
  same "$status" 0
  holds "$(states)" '"held queued"'
  at 20
  at 61 69
  holds "$(states)" '"lost parked"'

  # What waits for a person.
  foyer runs retry 12
  same "$status" 0
  foyer runs resolve 14 --not-sent
  foyer runs resolve 16 --sent
  foyer events replay --state dead
  same "$status" 0
  at 70
  at 3700
  holds "$(states)" '"paused sleeping"'
  FOYER_TEST_CLOCK=$((NOON + 3701000)) foyer resume --client acme --recipe paused
  at 3702
  at 7400

  # 19 to 21 are what the waiting delivery, the letter that `waiting` got and the dead delivery began
  same "$("$FOYER" -w "$AGENCY" runs list --limit 1000 --json 2>/dev/null | jq -c 'map(select(.state != "done") | .recipe + " " + .state)')" \
    '["cancelled cancelled","skipped skipped"]'
  same "$("$FOYER" -w "$AGENCY" events list --json | jq -c 'sort_by(.id) | map(.state)')" \
    '["done","done","done","unrouted","done","done"]'
  same "$(result 8)" "[\"blue\",\"$(mac)\"]"
  same "$(result 9)" '"cnv_yo1kiua"'
  same "$(result 3)" '"cnv_yo1kiuw"'
  sent
}

# What left since: the first comments did so before, and nothing leaves twice.
sent() {
  local want='dead, second
found, third
greet, first: Wool
greet, first: Wool
greet, first: Wrong size
greet, second: Wool
greet, second: Wool
greet, second: Wool
greet, second: Wrong size
held, second
killed-before, first
killed-behind, second
lost, third
ordered, first: msg_evt_2
ordered, first: msg_evt_4
ordered, first: msg_evt_5
ordered, first: msg_evt_dead
ordered, second: msg_evt_1
ordered, second: msg_evt_2
ordered, second: msg_evt_4
ordered, second: msg_evt_5
ordered, second: msg_evt_dead
parked, second
parked, third
paused, second
queued, second
sleeping, second
waiting, second'
  same "$(mock_log '.requests[] | select(.method == "POST").json.body' | jq -r . | LC_ALL=C sort)" "$want"
}

api() { # of the company: api PATH BODY
  curl -sSf -o "$BATS_TEST_TMPDIR/api" -H 'Authorization: Bearer mock-token' --json "$2" "$MOCK/$1"
}

# Which had no runs: what they kept is used.
opens() {
  open_store "$1"
  printf 'return { summary = "x", run = function(ctx) return { ctx.http.get("/me", { connection = "front" }).id, %s } end }\n' \
    'hmac.sha256(ctx.vars.key, "wool")' >"$AGENCY/recipes/new.lua"
  foyer run new --client acme --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(jq -c .result <<<"$output")" "[\"cmp_4thp0\",\"$(mac)\"]"
  same "$(kept "PRAGMA user_version")" "{\"user_version\": $1}"
  same "$(kept "SELECT count(*) AS n FROM connection" | jq .n)" 1
}

@test "version 1: its connection and its secrets are used" {
  opens 1
}

@test "version 2: its connection and its secrets are used" {
  opens 2
}

@test "version 3: its connection and its secrets are used" {
  opens 3
}

@test "version 4: runs in every state go on" {
  goes_on 4
}

@test "version 5: runs in every state go on" {
  goes_on 5
}

@test "version 6: runs in every state go on" {
  goes_on 6
}

@test "version 7: runs in every state go on" {
  goes_on 7
}

@test "version 8: runs in every state go on" {
  goes_on 8
}

@test "version 9: runs in every state go on" {
  goes_on 9
}

# An older foyer removed also the newest rows, when they were old enough.
@test "an older store without its newest rows: their ids are not used again" {
  place_store 9
  sql "DELETE FROM run" >/dev/null
  sql "DELETE FROM step" >/dev/null
  sql "DELETE FROM activation" >/dev/null
  sql "DELETE FROM delivery WHERE id > 2" >/dev/null
  letter cnv_yo1kiua evt_9 >"$BATS_TEST_TMPDIR/letter"
  foyer secret list
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(deliver - cmp_4thp0 $((NOON + 500)) <"$BATS_TEST_TMPDIR/letter")" 6
  at 1
  same "$(sql "SELECT min(id) AS id FROM run" | jq .id)" 19
  same "$(sql "SELECT min(id) AS id FROM activation" | jq .id)" 4
}

# ---- what stands in the way: a sentence, and the store is as it was ----

# Nothing of it has changed, and nothing lies beside it: as_it_was BYTES
as_it_was() {
  same "$(sha256sum <"$AGENCY/state/foyer.db")" "$1"
  same "$(cd "$AGENCY/state" && echo foyer.db.*)" 'foyer.db.*'
  same "$(sql "PRAGMA user_version")" '{"user_version": 9}'
}

@test "an older store, and a process of its foyer that still works with it" {
  place_store 9
  local bytes
  bytes=$(sha256sum <"$AGENCY/state/foyer.db")
  mkdir "$AGENCY/state/owners"
  python3 - "$AGENCY/state/owners/4711-ae5a8ef0bafcc999" "$BATS_TEST_TMPDIR/go" 3>&- <<'PY' &
import fcntl, os, struct, sys, time
file = open(sys.argv[1], "w+")
F_OFD_SETLK = 37
fcntl.fcntl(file, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]):
    time.sleep(0.05)
PY
  local pid=$!
  until [ -e "$BATS_TEST_TMPDIR/go" ]; do sleep 0.05; done
  foyer cron --json
  failed 75 unavailable 'process 4711 of an older foyer works with it as version 9' 'end that first'
  foyer runs list --json
  failed 75 unavailable 'process 4711 of an older foyer works with it as version 9'
  as_it_was "$bytes"
  rm "$BATS_TEST_TMPDIR/go"
  wait "$pid"
  foyer runs list --json
  same "$status" 0
  nothing_sent
}

@test "an older store with damaged pages" {
  place_store 9
  python3 - "$AGENCY/state/foyer.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'step'").fetchone()[0]
db.close()
with open(sys.argv[1], "r+b") as f:
    f.seek((root - 1) * 16384)
    f.write(b"\xff" * 64)
PY
  local bytes
  bytes=$(sha256sum <"$AGENCY/state/foyer.db")
  foyer cron --json
  failed 70 store 'cannot keep a copy of' 'the file is damaged; restore it from a backup'
  as_it_was "$bytes"
  nothing_sent
}

@test "an older store on a disk without room for its copy, and then with room" {
  place_store 9
  local bytes
  bytes=$(sha256sum <"$AGENCY/state/foyer.db")
  status=0
  prlimit --fsize=131072 "$FOYER" -w "$AGENCY" cron --json >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out") stderr=$(cat "$BATS_TEST_TMPDIR/err")
  failed 70 store 'cannot keep a copy of' 'File too large'
  as_it_was "$bytes"
  nothing_sent
  foyer runs list --json
  same "$status" 0
  same "$(jq length <<<"$output")" 18
}

@test "an older store in a directory that is read-only" {
  place_store 9
  local bytes as=()
  bytes=$(sha256sum <"$AGENCY/state/foyer.db")
  if [ "$(id -u)" = 0 ]; then # which may write everywhere
    # another user may not reach the directory that foyer was built in
    cp "$FOYER" "$BATS_TEST_TMPDIR/foyer"
    FOYER=$BATS_TEST_TMPDIR/foyer
    chown -R 65534 "$BATS_TEST_TMPDIR"
    chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  fi
  chmod 400 "$AGENCY/state/foyer.db"
  chmod 500 "$AGENCY/state"
  status=0
  "${as[@]}" "$FOYER" -w "$AGENCY" cron --json >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out") stderr=$(cat "$BATS_TEST_TMPDIR/err")
  chmod 700 "$AGENCY/state"
  failed 70 store foyer.db 'the file or its directory is read-only'
  as_it_was "$bytes"
  nothing_sent
}

@test "the store of a newer foyer" {
  place_store 9
  sql "PRAGMA user_version = 99"
  local bytes
  bytes=$(sha256sum <"$AGENCY/state/foyer.db")
  foyer cron --json
  failed 70 store 'a newer foyer wrote it (version 99'
  same "$(sha256sum <"$AGENCY/state/foyer.db")" "$bytes"
  same "$(cd "$AGENCY/state" && echo foyer.db.*)" 'foyer.db.*'
  nothing_sent
}

sums() { (cd "$AGENCY" && find . -type f ! -name '*-shm' ! -name '*-wal' -exec sha256sum {} + | sort); }

@test "upgrade --check: tells what would come, and changes nothing" {
  place_store 9
  sql "PRAGMA journal_mode = WAL" >/dev/null # as foyer left it; the copy in the tests has no log
  local before="$(sums)"
  TMPDIR=$BATS_TEST_TMPDIR foyer upgrade --check
  same "$status" 0 || { echo "$output $stderr"; return 1; }
  holds "$output" "the store has version 9" "keeps what it was as state/foyer.db.version-9" "bringing a copy of it to version" \
    "14 runs are under way, and go on where they are" "0 problems, 0 warnings; nothing was changed"
  same "$(sums)" "$before"
  same "$(ls -d "$BATS_TEST_TMPDIR"/foyer-upgrade-* 2>/dev/null)" ""

  # A recorded step that this program would not ask for: the second one of `greet`.
  sql "UPDATE step SET hash = zeroblob(32) WHERE run = 3 AND seq = 1" >/dev/null
  before=$(sums)
  TMPDIR=$BATS_TEST_TMPDIR foyer upgrade --check --json
  same "$status" 65
  same "$(jq -c '.findings | map(select(.status == "problem") | [.check, .run])' <<<"$output")" '[["runs",3]]'
  same "$(sums)" "$before"

  # What it says of the files: a mistake, and a base that has changed since the deploy.
  foyer upgrade
  holds "$output" "the store had version 9, and has version"
  mkdir -p "$AGENCY/clients/acme/lua/front/actions"
  echo 'return super { summary = "Mine." }' >"$AGENCY/clients/acme/lua/front/actions/list-inboxes.lua"
  foyer deploy
  same "$status" 0 || { echo "$output $stderr"; return 1; }
  foyer upgrade --check --json
  same "$(jq -c '.findings | map(select(.check == "overrides" or .check == "check") | .status)' <<<"$output")" '["ok","ok"]'
  cp -R "$ROOT/lua" "$ROOT/recipes" "$BATS_TEST_TMPDIR/"
  echo '-- newer' >>"$BATS_TEST_TMPDIR/lua/front/actions/list-inboxes.lua"
  FOYER_LUA_DIR=$BATS_TEST_TMPDIR foyer upgrade --check
  same "$status" 65 # run 3, see above
  holds "$output" "clients/acme/lua/front/actions/list-inboxes.lua overrides a built-in file that is another one in this foyer" \
    "\`foyer diff clients/acme/lua/front/actions/list-inboxes.lua --client acme\`"
  foyer upgrade --json
  same "$(jq '.from == .version' <<<"$output")" true
}
