#!/usr/bin/env bats
# Runs that are cut off, refused or left in the dark, and what becomes of them under foyer cron.

load helper
load agency
load runs

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  settings 'confirm = { "15s", "60s", "5m" }'
  recipe one 'ctx.call("front/send-conversation-reply", { conversation_id = id, body = "<p>hello " .. ctx.options.n .. "</p>" })'
  recipe note 'ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })'
  N=$BATS_TEST_NUMBER
}

teardown() {
  rm -rf "$AGENCY"/{lua,recipes}
}

@test "a retryable failure: 75, queued, and it goes on by itself" {
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id }) ctx.call("front/send-conversation-reply",
    { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })'
  fault '{"kind": "503", "retry_after": 30, "match": {"method": "GET"}}'
  run_recipe read
  same "$status" 75
  same "$(jq -c '[.outcome, .state, .error.kind]' <<<"$output")" '["failed","queued","unavailable"]'
  holds "$stderr" "run $RUN goes on by itself under \`foyer serve\` or \`foyer cron\`; \`foyer runs cancel $RUN\` gives it up"
  same "$(row failures)" 1
  later 20 # Retry-After is the floor
  same "$(state)" queued
  later 40
  same "$(state)" done
  same "$(made comments)" 1
}

@test "what was done is not done again, and the code stays as it was" {
  recipe read 'local function note(text) ctx.call("front/send-conversation-reply",
      { conversation_id = id, type = "comment", body = text .. " " .. ctx.options.n }) end
    note("first") ctx.call("front/get-conversation", { conversation_id = id }) note("old")'
  fault '{"kind": "503", "match": {"method": "GET"}}'
  run_recipe read
  same "$status" 75
  sed -i 's/note("old")/note("new")/' "$AGENCY/recipes/read.lua"
  later 60
  same "$(state)" done
  same "$(posts)" 2
  same "$(mock_log '[.requests[] | select(.method == "POST").json.body]')" "[\"first $N\",\"old $N\"]"
}

@test "killed after the outcome was kept: the reply is not sent again" {
  FOYER_TEST_STOP="outcome kept" foyer run one --client acme "n=$N"
  same "$status" 137
  same "$(posts)" 1
  RUN=$(row 'max(id)' id)
  same "$(state)" running
  later 1
  same "$(state)" done
  same "$(posts)" 1
}

# What the run's history has, in order, without the texts.
history() {
  row "group_concat(what, ' ') from (select what, run as id from history where run = $RUN order by n) --"
}

@test "killed before its write left: it was not sent, which is known, and it goes on" {
  FOYER_TEST_STOP="intent kept" foyer run one --client acme "n=$N"
  same "$status" 137
  same "$(posts)" 0
  RUN=$(row 'max(id)' id)
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id })'
  foyer run read --client acme # sweeps up after the dead, but not this
  later 1
  same "$(state)" done
  same "$(posts)" 1
  same "$(history)" "attempt intent unsent attempt intent outcome done"
}

@test "killed before its write left, and then a power cut: looked for" {
  FOYER_TEST_STOP="intent kept" foyer run one --client acme "n=$N"
  same "$status" 137
  RUN=$(row 'max(id)' id)
  python3 - "$AGENCY/state/owners" "$(cat /proc/sys/kernel/random/boot_id)" <<'PY'
import pathlib, sys
for file in pathlib.Path(sys.argv[1]).iterdir():
    data = file.read_bytes()
    assert data.count(sys.argv[2].encode()) == 1
    with open(file, "r+b") as f:
        f.seek(data.index(sys.argv[2].encode()))
        f.write(b"another boot")
PY
  later 1
  same "$(state)" confirming
  same "$(posts)" 0
}

@test "killed when the answer was known, before it was kept: found" {
  FOYER_TEST_STOP="outcome known" foyer run one --client acme "n=$N"
  same "$status" 137
  same "$(posts)" 1
  RUN=$(row 'max(id)' id)
  later 1
  same "$(state)" confirming
  until [ "$(made messages)" = 1 ]; do sleep 0.1; done # the mock shows messages late
  later 20
  same "$(state)" done
  same "$(posts)" 1
  same "$(made messages)" 1
}

@test "killed when it was refused, before that was kept: sent again" {
  fault '{"kind": "429", "match": {"method": "POST"}}'
  FOYER_TEST_STOP="refused" foyer run one --client acme "n=$N"
  same "$status" 137
  same "$(posts)" 1
  RUN=$(row 'max(id)' id)
  later 5
  same "$(state)" done
  same "$(posts)" 2
  same "$(history)" "attempt intent unsent attempt intent outcome done"
}

@test "killed when its write leaves: looked for, and parked when foyer cannot tell" {
  FOYER_TEST_STOP="leaving" foyer run one --client acme "n=$N"
  same "$status" 137
  same "$(posts)" 0
  RUN=$(row 'max(id)' id)
  later 1
  same "$(state)" confirming
  same "$(posts)" 0
  later 20
  later 70
  same "$(state)" confirming
  later 400 69
  same "$(state)" parked
  holds "$(row reason)" "foyer cannot tell whether POST /conversations/$CONVERSATION/messages was done"
  holds "$(row reason)" "foyer runs resolve $RUN --sent, or --not-sent"
  same "$(posts)" 0
}

@test "the answer is lost: found, and the run goes on with it" {
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  run_recipe one
  same "$status" 69
  same "$(jq -c '[.outcome, .state, .error.kind]' <<<"$output")" '["failed","confirming","uncertain"]'
  same "$(posts)" 1
  until [ "$(made messages)" = 1 ]; do sleep 0.1; done # the mock shows messages late
  later 20
  same "$(state)" done
  same "$(posts)" 1
  same "$(made messages)" 1
}

@test "the answer is lost and nothing is found: uncertain = resend sends it again" {
  settings 'uncertain = "resend"'
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  run_recipe one
  same "$status" 69
  later 20
  later 70
  later 400
  same "$(state)" done
  same "$(posts)" 2
}

@test "a comment that is there, by a clock that is ten minutes ahead of the company's: not written again" {
  mock_post clock '{"offset": -600}' >/dev/null
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  run_recipe note
  local i
  for i in 20 70 400; do FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron; done
  mock_post clock '{"offset": 0}' >/dev/null
  same "$(state)" parked
  same "$(posts)/$(made comments)" 1/1
  foyer runs resolve "$RUN" --sent
}

# never_answered RECIPE KIND TYPE: each of its requests is lost; it is looked for until it waits for a person.
never_answered() {
  settings 'uncertain = "resend", confirm = { "1s" }'
  fault "{\"kind\": \"$2\", \"times\": 50, \"match\": {\"method\": \"POST\"}}"
  recipe "$1" 'return ctx.call("front/send-conversation-reply", { conversation_id = id, type = ctx.options.n > 0 and "'"$3"'", body = "hello" })' \
    'retry = { attempts = 3 },'
  run_recipe "$1"
  local i
  for i in 100 200 300 400 500; do FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron; done
  same "$(state)" parked
  same "$(posts)" 3
}

@test "each answer is lost and nothing is found: not sent again for ever" {
  never_answered lost drop message
}

@test "each request is lost, which is known: not sent again for ever" {
  never_answered lost drop comment
  holds "$(row reason)" "each of its requests was lost"
}

@test "failures before what was done count no more" {
  recipe steps 'for i = 1, 5 do ctx.call("front/get-conversation", { conversation_id = id }) ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "note " .. ctx.options.n .. " " .. i }) end' \
    'retry = { attempts = 2 },'
  local i
  for i in 1 2 3; do
    fault "{\"kind\": \"503\", \"skip\": $i, \"match\": {\"method\": \"GET\"}}"
  done
  run_recipe steps
  for i in 1 2 3; do
    same "$(state)" queued
    later $((i * 100))
  done
  same "$(state)" done
  same "$(posts)/$(made comments)" 5/5
}

@test "a comment that surely is not there is written again" {
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  run_recipe note
  same "$status" 69
  later 20
  same "$(state)" confirming
  later 70
  same "$(state)" done
  same "$(posts)" 2
  same "$(made comments)" 1
}

@test "an idempotent write of unknown fate is just sent again" {
  action assign 'ctx.http.patch("/conversations/" .. input.id, { status = "archived" })' idempotent
  sed -i 's/return { /return { input = { id = { "conversation" } }, /' "$AGENCY/lua/front/actions/assign.lua"
  recipe tidy 'ctx.call("front/assign", { id = id })'
  fault '{"kind": "drop-after", "match": {"method": "PATCH"}}'
  run_recipe tidy
  same "$status" 69
  same "$(state)" queued
  later 5
  same "$(state)" done
  same "$(mock_log '[.requests[] | select(.method == "PATCH")] | length')" 2
}

@test "a sleep beyond 90 days is refused; a result beyond 64 KiB is told, and not kept" {
  recipe nap 'ctx.sleep("91d")'
  run_recipe nap
  failed 70 limit "longer than 90 days"
  recipe nap 'ctx.sleep("90d")'
  run_recipe nap
  same "$(state)" sleeping
  recipe long 'return ("x"):rep(65 * 1024)'
  run_recipe long
  same "$status" 0
  same "$(row result)" None
  foyer runs show "$RUN"
  holds "$output" "not kept: it has 66562 bytes, and 65536 are kept"
  recipe long 'return ("x"):rep(60 * 1024)'
  run_recipe long
  same "$(row 'length(result)')" 61442
}

@test "attempts run out: dead, with the reason" {
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id })' 'retry = { attempts = 2 },'
  fault '{"kind": "503", "times": 10}'
  run_recipe read
  same "$status" 75
  later 100 69
  same "$(state)" dead
  holds "$(row reason)" "given up after 2 attempts"
  same "$(row kind)" unavailable
  # what foyer.lua says goes before the recipe
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  sed -i 's/recipes  = {}/recipes = { read = { retry = { attempts = 1 } } }/' "$AGENCY/foyer.lua"
  run_recipe read
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  same "$(state)" dead
  holds "$(row reason)" "given up after 1 attempt"
}

@test "a replay that asks for something else is parked, with the difference" {
  recipe odd 'ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })
    ctx.call("front/get-conversation", { conversation_id = id })'
  fault '{"kind": "503", "match": {"method": "GET"}}'
  run_recipe odd
  same "$status" 75
  # as though the code had not been pinned
  python3 - "$AGENCY/state/foyer.db" "$RUN" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("update entry set name = 'front/other' where id >> 24 = ? and name like 'front/%'", (int(sys.argv[2]),))
db.commit()
PY
  later 60 69
  same "$(state)" parked
  holds "$(row reason)" "cannot replay this run"
  same "$(posts)" 1
}

@test "a script that hangs: its process ends, the run is to blame, and is suspended" {
  recipe hang 'ctx.store.set("begun", true) return (("a"):rep(40)):find(("a*"):rep(40) .. "b")'
  for i in 1 2 3; do
    foyer run hang --client acme "n=$N"
    same "$status" 70
    holds "$stderr" watchdog
  done
  RUN=$(row 'max(id)' id)
  foyer cron
  holds "$(row "(select reason from pause where recipe = 'hang')")" "hang crashed 3 times for acme"
  same "$(row crashes)" 1
  same "$(state)" queued
}

@test "by hand, what has nothing to keep yet leaves nothing when its process ends" {
  recipe hang 'ctx.call("front/get-conversation", { conversation_id = id }) return (("a"):rep(40)):find(("a*"):rep(40) .. "b")'
  local before
  before=$(row 'max(id)' id)
  foyer run hang --client acme
  same "$status" 70
  holds "$stderr" watchdog
  same "$(row 'max(id)' id)" "$before"
  same "$(find "$AGENCY/state/owners" -type f | wc -l)" 0
}

@test "by hand, what only reads is recorded with its end" {
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id }) return "seen " .. ctx.options.n'
  run_recipe read
  same "$status" 0
  same "$(state)" done
  same "$(row result)" "\"seen $N\""
  same "$(row 'attempts || "/" || epoch || "/" || origin')" 1/1/hand
  same "$(history)" "attempt code done"
  recipe no 'ctx.skip("not today")'
  run_recipe no
  same "$(state)" skipped
  same "$(row reason)" "not today"
}

@test "by hand, a result is told though it cannot be recorded" {
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id }) return "seen " .. ctx.options.n'
  recipe note_after_read 'ctx.call("front/get-conversation", { conversation_id = id }) ctx.call("front/send-conversation-reply",
    { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })'
  lock_store
  foyer run read --client acme "n=$N"
  same "$status" 0
  same "$output" "seen $N"
  holds "$stderr" "this run is not recorded: cannot use"
  # what would write does not: nothing may leave that is not kept
  foyer run note_after_read --client acme "n=$N"
  same "$status" 75
  holds "$stderr" "another process has held its lock"
  same "$(posts)" 0
  unlock_store
}

@test "by hand, a write without an answer that is found at once: the rest is told to go on by itself" {
  settings 'confirm = { "1s", "60s", "5m" }'
  fault '{"kind": "drop-after", "after": 1.5, "match": {"method": "POST"}}'
  run_recipe note
  same "$status" 69
  same "$(jq -c '[.outcome, .state, .error.kind]' <<<"$output")" '["failed","queued","uncertain"]'
  holds "$stderr" "POST /conversations/$CONVERSATION/comments got no answer, but it was looked for and was done"
  later 1
  same "$(state)" done
  same "$(posts)" 1
}

@test "by hand, a write without an answer, and the token is refused when it is looked for: held" {
  settings 'confirm = { "1s", "60s", "5m" }'
  fault '{"kind": "drop-after", "after": 1.5, "match": {"method": "POST"}}'
  fault '{"kind": "html", "status": 401, "times": 9, "match": {"method": "GET"}}'
  run_recipe note
  same "$status" 77
  same "$(state)" held
  fresh
  later 70
  same "$(state)" done
  same "$(made comments)" 1
}

# What foyer.db says when it is copied without what lies beside it: copied SQL
copied() {
  cp "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/copy.db"
  python3 - "$BATS_TEST_TMPDIR/copy.db" "$1" <<'PY'
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])
PY
}

@test "by hand, what goes on by itself is on the disk, and in the file, before that is said" {
  recipe nap 'ctx.sleep("1m")'
  run_recipe nap
  same "$status" 0
  same "$(copied "select state from run where id = $RUN")" 2
  recipe retry 'error{ kind = "unavailable", message = "later" }'
  run_recipe retry
  same "$status" 75
  same "$(copied "select state from run where id = $RUN")" 0
}

@test "what one process had to keep is in the file though another one, that only reads, ends last" {
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id })'
  foyer run note --client acme "n=$N" # a log that is long is moved by anybody
  forget
  fault '{"kind": "slow", "after": 4, "match": {"method": "GET"}}'
  begin run read --client acme
  until [ "$(mock_log '.requests | length')" = 1 ]; do sleep 0.05; done
  kill -STOP "$PID" # so that it ends last however long the other one takes
  foyer run note --client acme --json "n=$N"
  kill -CONT "$PID"
  same "$status" 0
  RUN=$(jq -r .run <<<"$output")
  ended
  same "$status" 0
  [ "$(row 'max(id)' id)" -gt "$RUN" ] # which it was that ended last
  same "$(copied "select count(*) from run where id = $RUN and state = 7")" 1
}

# foyer in the background: its process in $PID, what it says as `foyer` has it after `ended`.
begin() {
  "$FOYER" -w "$AGENCY" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null 3>&- &
  PID=$!
}

ended() {
  status=0
  wait "$PID" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out")
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
}

@test "by hand, Ctrl-C after a write: what is left goes on by itself" {
  recipe two 'for _, text in ipairs({ "first ", "second " }) do ctx.call("front/send-conversation-reply",
    { conversation_id = id, type = "comment", body = text .. ctx.options.n }) end'
  fault '{"kind": "slow", "after": 6, "match": {"method": "POST"}}'
  begin run two --client acme --json "n=$N"
  until [ "$(posts)" = 1 ]; do sleep 0.05; done
  kill -INT "$PID"
  ended
  same "$status" 130
  same "$(jq -c '[.outcome, .state]' <<<"$output")" '["failed","queued"]'
  RUN=$(jq -r .run <<<"$output")
  same "$(posts)" 1
  later 1
  same "$(state)" done
  same "$(mock_log '[.requests[] | select(.method == "POST").json.body]')" "[\"first $N\",\"second $N\"]"
}

# Two clients, so that the store has a thread of its own, which another process keeps waiting
# when Ctrl-C comes: interrupted_while_storing RECIPE. FIRST is the first run.
interrupted_while_storing() {
  mkdir -p "$AGENCY/clients/globex"
  printf 'return { name = "Globex", recipes = { %s = {} } }\n' "$1" >"$AGENCY/clients/globex/client.lua"
  settings "recipes = { $1 = {} }"
  "$FOYER" -w "$AGENCY" connect globex --token-file "$TOKEN" --api-url "$MOCK"
  FIRST=$(($(row 'coalesce(max(id), 0)' id) + 1))
  lock_store
  begin run "$1" --all-clients --json "n=$N"
  until [ -n "$(ls "$AGENCY/state/owners")" ]; do sleep 0.05; done
  kill -INT "$PID"
  until grep -q interrupted "$BATS_TEST_TMPDIR/err"; do sleep 0.05; done
  unlock_store
  ended
  rm -r "$AGENCY/clients/globex"
  same "$status" 130
  same "$(posts)" 0
}

@test "by hand, Ctrl-C while an intent is stored: nothing leaves, no run stays claimed" {
  interrupted_while_storing note
  for RUN in "$FIRST" $((FIRST + 1)); do
    same "$(state)" queued
    jq -e "any(.run == $RUN)" <<<"$output"
    "$FOYER" -w "$AGENCY" runs cancel "$RUN"
  done
}

@test "by hand, Ctrl-C while a failure is stored: no run stays claimed" {
  recipe later 'error{ kind = "unavailable", message = "later" }'
  interrupted_while_storing later
  for RUN in "$FIRST" $((FIRST + 1)); do
    same "$(state)" cancelled
  done
}

@test "only reading costs no wait for the disk" {
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id })'
  command -v strace >/dev/null || skip "needs strace"
  # the log of the tests before may be so long that it is moved into the file
  python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("pragma wal_checkpoint(truncate)")' "$AGENCY/state/foyer.db"
  foyer run read --client acme # a new log is begun with one
  ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=fsync,fdatasync -o "$BATS_TEST_TMPDIR/trace" "$FOYER" -w "$AGENCY" run read --client acme >/dev/null
  ! grep -q "sync(" "$BATS_TEST_TMPDIR/trace"
}

@test "a run that sleeps: 0, and it wakes up by itself" {
  recipe nap 'ctx.sleep("2d") ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })'
  run_recipe nap
  same "$status" 0
  same "$(jq -r .outcome <<<"$output")" sleeping
  holds "$stderr" "run $RUN sleeps and goes on by itself"
  later 3600
  same "$(state)" sleeping
  later $((2 * 86400 + 60))
  same "$(state)" done
  same "$(posts)" 1
}

@test "a refused token: by hand 77 and over; else held until the client is connected again" {
  fault '{"kind": "status", "status": 401}'
  run_recipe one
  same "$status" 77
  same "$(state)" dead
  recipe read 'ctx.call("front/get-conversation", { conversation_id = id })'
  fault '{"kind": "503"}'
  run_recipe read
  same "$status" 75
  fault '{"kind": "status", "status": 401}'
  later 60
  same "$(state)" held
  same "$(row kind)" auth
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK"
  same "$(state)" queued
  later 1
  same "$(state)" done
}

@test "the company's API has another address now: what was done is not done again" {
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  # addresses for examples; the mock is the proxy that leads there
  sed -i "s|^return {|return { proxy = \"$MOCK\",|" "$AGENCY/foyer.lua"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url http://192.0.2.1
  recipe move 'local function note(text) ctx.http.post("/conversations/" .. id .. "/comments",
      { body = text .. " " .. ctx.options.n }, { connection = "front" }) end
    note("first") ctx.sleep("1h") note("second")'
  run_recipe move
  same "$(state)" sleeping
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url http://192.0.2.2
  later 3700
  same "$(state)" done
  same "$(mock_log '[.requests[] | select(.method == "POST").json.body]')" "[\"first $N\",\"second $N\"]"
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK"
}

@test "alert: one line to the chat when a run parks, and not for what is done by hand" {
  start_recorder
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  printf 'http://%s/services/T0/hush' "$CHAT" | "$FOYER" -w "$AGENCY" secret set alert.url --from -
  sed -i 's/^return {/return { alert = secret "alert.url",/' "$AGENCY/foyer.lua"
  settings 'confirm = { "1s" }'
  python3 - "$AGENCY/state/foyer.db" <<'PY' # what other tests left has been told
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("UPDATE run SET state = 10 WHERE state = 6")
db.execute("DELETE FROM incident")
PY
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  run_recipe one
  same "$(chat_log length)" 0
  later 5 69
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  stop_recorder
  same "$(state)" parked
  same "$(chat_log length)" 1
  local text
  text=$(chat_log '.[0].body | fromjson | .text')
  holds "$text" "foyer: Acme needs you: 1 run (foyer runs list --client acme --state needs-you); run $RUN, recipe one: foyer cannot tell whether POST"
  [[ $output$stderr != *hush* ]]
}

@test "a message that never appears makes its run undelivered" {
  mock_post messages '{"never": true, "times": 1}' >/dev/null
  run_recipe one
  same "$status" 0
  later 60
  same "$(row undelivered)" None
  later 601
  holds "$(row undelivered)" "there is no such message"
  same "$(state)" done
}

@test "the store cannot be written: the outcome is kept until it can, and nothing is done twice" {
  fault '{"kind": "slow", "after": 3, "match": {"method": "POST"}}'
  recipe twice 'for _, word in ipairs({ "first", "second" }) do ctx.call("front/send-conversation-reply",
    { conversation_id = id, type = "comment", body = word .. " " .. ctx.options.n }) end'
  # locks the store while the first POST is under way, until foyer says so: SQLite waits for a while
  python3 - "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/err" "$MOCK/_mock/log" <<'PY' 3>&- &
import json, sqlite3, sys, time, urllib.request
db = sqlite3.connect(sys.argv[1], isolation_level=None)
def posts():
    with urllib.request.urlopen(sys.argv[3]) as answer:
        return [r for r in json.load(answer)["requests"] if r["method"] == "POST"]
print("ready", file=open(sys.argv[2] + ".locker", "w"), flush=True)
while not posts():
    time.sleep(0.02)
db.execute("begin immediate")
end = time.monotonic() + 300
while "nothing is written until" not in open(sys.argv[2]).read() and time.monotonic() < end:
    time.sleep(0.1)
db.execute("rollback")
PY
  local locker=$!
  until [ -s "$BATS_TEST_TMPDIR/err.locker" ]; do sleep 0.05; done
  foyer run twice --client acme "n=$N"
  wait "$locker"
  holds "$(cat "$BATS_TEST_TMPDIR/err")" "nothing is written until this can be stored"
  RUN=$(row 'max(id)' id)
  same "$(state)" done
  same "$(posts)" 2
  same "$(made comments)" 2
}

@test "the loop guard: three automatic replies an hour, the fourth run is parked; a 429 costs none" {
  forget
  fault '{"kind": "429", "retry_after": 1, "match": {"method": "POST"}}'
  python3 - "$AGENCY/state/foyer.db" "$N" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for _ in range(4):
    db.execute("""insert into run (client, recipe, origin, args, policy, place, state, due_ms, created_ms)
      values ('acme', 'one', 'activation', '{"recipe":"one","words":[],"input":{"n":%s}}', '{}', 'p', 0, 1, 1)""" % sys.argv[2])
db.commit()
PY
  RUN=$(row 'max(id)' id)
  forget_limits
  for i in 1 2 3 4 5; do
    forget_limits
    FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 60000)) foyer cron
  done
  same "$(state)" parked
  holds "$(row reason)" "cannot reply to $CONVERSATION: it got 3 automatic replies in the last hour"
  same "$(row 'group_concat(state)' "$((RUN - 1)) or id = $((RUN - 2)) or id = $((RUN - 3))")" 7,7,7
  same "$(posts)" 4 # one was refused
  # the client's setting
  settings 'replies_per_hour = 4'
  foyer runs retry "$RUN"
  foyer cron
  same "$(state)" done
}
