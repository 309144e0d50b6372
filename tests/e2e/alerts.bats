#!/usr/bin/env bats
# Alerts by cause: an incident is told when it opens, once an hour while it lasts, and when it is over.

load helper
load agency
load store
load workers

NOON=1750075200000 MINUTE=60000 HOUR=3600000 # a Monday
COMPANIES=40

setup_file() {
  start_agency
  start_recorder
  COMPANY=$(sql "SELECT id FROM connection" | jq -r .id)
  export COMPANY
}

teardown_file() {
  stop_recorder
  stop_agency
}

setup() {
  fresh
  empty_store
  : >"$CHAT_LOG"
  WORKERS=()
  printf 'http://%s/chat' "$CHAT" | "$FOYER" -w "$AGENCY" secret set chat.url --from -
  agency 'alert = secret "chat.url"'
  settings acme ''
}

teardown() {
  end_workers
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/*/lua
  local dir
  for dir in "$AGENCY"/clients/*; do
    [ "${dir##*/}" = acme ] || { "$FOYER" -w "$AGENCY" disconnect "${dir##*/}" >/dev/null 2>&1; rm -rf "$dir"; }
  done
}

# foyer.lua: agency FIELDS
agency() {
  printf 'return { timezone = "UTC", poll = false, heal = false, %s }\n' "$1" >"$AGENCY/foyer.lua"
}

# client.lua with more fields than recipes: client NAME RECIPES FIELDS
client() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", recipes = { %s }, %s }\n' "${1^}" "$2" "${3:-}" >"$AGENCY/clients/$1/client.lua"
}

at() {
  FOYER_TEST_CLOCK=$1 foyer cron --json
}

lines() {
  chat_log '[.[].body | fromjson | .text]' | jq -r '.[]'
}

# told N: so many messages came to the chat
told() {
  same "$(chat_log length)" "$1" || { lines; return 1; }
}

# The last message.
said() {
  chat_log '.[-1].body | fromjson | .text' | jq -r .
}

@test "forty companies at 503 for an hour are at most four lines" {
  local i minute
  recipe greet 'on = "front/conversation-created",' 'return ctx.call("front/send-conversation-reply",
    { conversation_id = event.payload.conversation.id, body = "hello" }).message_uid'
  for i in $(seq 2 $COMPANIES); do
    client "c$i" 'greet = true'
    mock_post companies "{\"token\": \"token-$i\"}" >/dev/null
    printf 'token-%s' "$i" >"$BATS_TEST_TMPDIR/token"
    "$FOYER" -w "$AGENCY" connect "c$i" --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null 2>&1
  done
  settings acme 'greet = true'
  for client in acme $(seq -f 'c%g' 2 $COMPANIES); do
    event "cnv_1$client" | deliver "$client" - "$NOON" >/dev/null
  done
  fault '{"kind": "503", "times": 100000}'
  for minute in $(seq 0 60); do
    at $((NOON + minute * MINUTE))
  done
  [ "$(chat_log length)" -le 2 ] || { lines; return 1; }
  holds "$(lines)" "foyer: Front is down for 40 companies ("
  holds "$(lines)" ' 35 more), it says 503: '
  foyer alert --json
  same "$(jq -c 'map(select(.kind == "app")) | map([.key, .state, .n])' <<<"$output")" '[["front","open",40]]'
  curl -sf -X DELETE "$MOCK/_mock/faults"
  for minute in $(seq 61 130); do
    at $((NOON + minute * MINUTE))
  done
  [ "$(chat_log length)" -le 4 ] || { lines; return 1; }
  holds "$(lines)" 'Front answers again, after '
  foyer alert --json
  same "$(jq -c 'map(select(.kind == "app" or .kind == "company")) | length' <<<"$output")" 0
}

@test "one company is told by itself, and so is that it answers again" {
  local minute
  recipe greet 'on = "front/conversation-created",' 'return ctx.call("front/send-conversation-reply",
    { conversation_id = event.payload.conversation.id, body = "hello" }).message_uid'
  settings acme 'greet = true'
  event "$CONVERSATION" | deliver acme - "$NOON" >/dev/null
  fault '{"kind": "503", "times": 100000}'
  for minute in 0 1 2 3 4 5; do at $((NOON + minute * MINUTE)); done
  told 1
  holds "$(said)" "foyer: Front does not answer for acme, it says 503: "
  holds "$(said)" " requests failed since 12:00"
  curl -sf -X DELETE "$MOCK/_mock/faults"
  for minute in 60 61 72; do at $((NOON + minute * MINUTE)); done
  holds "$(lines)" "foyer: Front answers again for acme, after "
}

@test "a recipe that fails is told once, then once an hour, and when it works again" {
  local minute n
  recipe greet 'on = "front/conversation-created",' 'error("no such thing")'
  settings acme 'greet = true'
  for n in 0 1 2; do
    event "cnv_$n" | deliver acme - $((NOON + n * MINUTE)) >/dev/null
    at $((NOON + n * MINUTE))
  done
  told 1
  holds "$(said)" "foyer: acme, recipe greet: run 1 failed: "
  holds "$(said)" "no such thing"
  at $((NOON + 59 * MINUTE))
  told 1
  at $((NOON + 60 * MINUTE))
  told 2
  holds "$(said)" "foyer: still: acme, recipe greet: run 3 failed: "
  holds "$(said)" " (and 2 more like it)"
  recipe greet 'on = "front/conversation-created",' 'return 1'
  event cnv_3 | deliver acme - $((NOON + 61 * MINUTE)) >/dev/null
  at $((NOON + 61 * MINUTE))
  told 2
  foyer alert
  holds "$output" "acme, recipe greet: run 3 failed"
  for minute in 70; do at $((NOON + minute * MINUTE)); done
  told 3
  holds "$(said)" "foyer: acme, recipe greet: works again, after 1 h 10 min: 3 runs failed"
  foyer alert
  holds "$stderr" "no incident is open"
}

@test "each client has a target of its own, or none" {
  client acme 'greet = true' 'alert = secret "chat.url"'
  client zed 'greet = true' 'alert = false'
  agency ''
  recipe greet 'on = "front/conversation-created",' 'error("no such thing")'
  event cnv_1 | deliver acme - "$NOON" >/dev/null
  event cnv_2 | deliver zed - "$NOON" >/dev/null
  at "$NOON"
  told 1
  holds "$(said)" "foyer: Acme, recipe greet: "
  foyer alert --json --client zed
  same "$(jq -c 'map(.key)' <<<"$output")" '["zed/greet"]'
}

@test "the commands of a recipe's alert work; to cancel the last failed run ends it" {
  recipe greet 'on = "front/conversation-created",' 'error("no such thing")'
  settings acme 'greet = true'
  event cnv_1 | deliver acme - "$NOON" >/dev/null
  event cnv_2 | deliver acme - "$NOON" >/dev/null
  at "$NOON"
  told 1
  foyer alert
  holds "$output" "2025-06-16 12:00 UTC"
  local command
  command=$(said | sed -n 's/.*(foyer \(runs list [^)]*\)).*/\1/p')
  same "$command" "runs list --client acme --state failed"
  # shellcheck disable=SC2086 # words
  foyer $command --json
  same "$(jq -c 'map(.id) | sort' <<<"$output")" '[1,2]'
  foyer status --json
  same "$(jq -r '.problems[] | select(.what == "trouble").message' <<<"$output" | grep -c 'foyer runs list --client acme --state failed')" 1
  foyer runs cancel 2
  foyer alert
  holds "$output" "recipe greet"
  foyer runs cancel 1
  foyer alert
  holds "$stderr" "no incident is open"
  at $((NOON + MINUTE))
  told 2
  holds "$(said)" "foyer: acme, recipe greet: fails no more"
}

@test "quiet hours hold lines back, but for customers who wait" {
  local night=$((NOON + 10 * HOUR))
  agency 'alert = { to = secret "chat.url", quiet = "20:00-08:00" }'
  recipe greet 'on = "front/conversation-created",' 'error("no such thing")'
  recipe ask 'on = "front/conversation-created",' 'ctx.http.post("/tags", { name = "Maybe" }, { connection = "front" }) return 1'
  client acme 'greet = true' 'timezone = "UTC"'
  event cnv_1 | deliver acme - "$night" >/dev/null
  at "$night"
  at $((night + HOUR))
  told 0
  # a run that needs a person, of a customer's message
  client acme 'ask = { uncertain = "park" }' 'timezone = "UTC"'
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  event cnv_2 | deliver acme - $((night + HOUR)) >/dev/null
  at $((night + HOUR))
  told 1
  holds "$(said)" "foyer: Acme needs you: 1 run, 1 customer waits (foyer runs list --client acme --state needs-you); "
  # the night is over
  at $((NOON + 20 * HOUR))
  holds "$(lines)" "foyer: Acme, recipe greet: "
}

@test "a chat that hangs or refuses holds nothing up, and the line is sent again" {
  recipe greet 'on = "front/conversation-created",' 'error("no such thing")'
  settings acme 'greet = true'
  printf 'http://%s/status/500' "$CHAT" | "$FOYER" -w "$AGENCY" secret set chat.url --from -
  event cnv_1 | deliver acme - "$NOON" >/dev/null
  at "$NOON"
  told 1
  holds "$stderr" "cannot send an alert: the server answers 500"
  [[ $stderr != *status/500* ]]
  printf 'http://%s/chat' "$CHAT" | "$FOYER" -w "$AGENCY" secret set chat.url --from -
  at $((NOON + MINUTE))
  told 2
  at $((NOON + 2 * MINUTE))
  told 2
  holds "$(said)" "foyer: acme, recipe greet: run 1 failed: "
}

# history: three weeks of events of acme, on weekdays from 8 to 18 o'clock, ten an hour
history() {
  python3 - "$AGENCY/state/foyer.db" "$((NOON / HOUR))" <<'PY'
import sqlite3, sys
db, noon = sqlite3.connect(sys.argv[1]), int(sys.argv[2])
columns = [row[1] for row in db.execute("PRAGMA table_info(rollup)")]
for hour in range(noon - 23 * 24, noon - 3):  # the last event: this Monday at 8
    day, of_day = (hour // 24 + 3) % 7, hour % 24
    if day < 5 and 8 <= of_day < 18:
        row = dict.fromkeys(columns, 0) | {"hour": hour, "client": "acme", "events": 10}
        db.execute(f"INSERT INTO rollup VALUES ({','.join('?' * len(columns))})", [row[c] for c in columns])
db.commit()
PY
}

@test "no event for many times the usual gap is told; nights and weekends are not" {
  history
  settings acme ''
  at $((NOON - 3 * HOUR + 50 * MINUTE))
  told 0
  at $((NOON - 2 * HOUR))
  told 1
  holds "$(said)" "foyer: no event from acme since 09:00, 10 times its usual gap at these hours"
  # events come again
  python3 - "$AGENCY/state/foyer.db" "$((NOON / HOUR - 2))" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE rollup SET hour = ? WHERE hour = (SELECT max(hour) FROM rollup)", (int(sys.argv[2]),))
db.commit()
PY
  at $((NOON - 2 * HOUR + 20 * MINUTE))
  told 2
  holds "$(said)" "foyer: events from acme come again, after "
  # the evening, the night, and a setting
  sql empty
  : >"$CHAT_LOG"
  history
  at $((NOON - 4 * HOUR + 59 * MINUTE))
  told 0
  client acme '' 'alert = { silence = false }'
  at $((NOON + 3 * HOUR))
  told 0
}

@test "the heartbeat's address is called while foyer lives" {
  agency "heartbeat = { to = \"http://$CHAT/beat\", every = \"5m\" }"
  at "$NOON"
  at $((NOON + MINUTE))
  at $((NOON + 4 * MINUTE))
  same "$(chat_log 'map([.method, .path])')" '[["GET","/beat"]]'
  at $((NOON + 5 * MINUTE))
  same "$(chat_log length)" 2
  start_worker
  until_true eval '[ "$(chat_log length)" = 3 ]'
}

@test "foyer alert test sends a line, and says what the address answers" {
  foyer alert test
  same "$status" 0
  holds "$output" "the address answers 200"
  same "$(said)" "foyer: a test of alerts, sent by foyer alert test"
  foyer alert test --client acme --json
  same "$(jq -c . <<<"$output")" '{"status":200}'
  holds "$(said)" "a test of alerts about acme"
  printf 'http://%s/status/404/hush' "$CHAT" | "$FOYER" -w "$AGENCY" secret set chat.url --from -
  foyer alert test
  same "$status" 65
  holds "$stderr" "the alert's address answers 404"
  printf 'http://127.0.0.1:1/hush' | "$FOYER" -w "$AGENCY" secret set chat.url --from -
  foyer alert test
  same "$status" 75
  [[ $stderr != *hush* ]]
  agency ''
  foyer alert test
  same "$status" 78
  holds "$stderr" "set \`alert\` in foyer.lua"
}

@test "what settings name and the company has no more is told, with the recipes that will fail" {
  local tag channel
  tag=$(curl -sSf -H "Authorization: Bearer $COMPANY_TOKEN" -H 'Content-Type: application/json' \
    -d '{"name": "Leaving"}' "$MOCK/tags" | jq -r .id)
  teammate=$(company /teammates '.[0].id')
  recipe greet 'options = { author = { "teammate" }, tags = { list = "tag" } },' 'return 1'
  recipe other 'options = { author = { "teammate", default = "leela" } },' 'return "sig_0gone0"'
  client acme 'greet = { author = "leela", tags = { "vip" } }, other = true' \
    "front = { teammates = { leela = \"$teammate\", fry = \"tea_0gone0\" }, tags = { vip = \"$tag\" } }"
  foyer doctor --daily --json
  same "$(jq -c '[.findings[] | select(.check == "names") | [.status, .id]]' <<<"$output")" \
    '[["problem","sig_0gone0"],["problem","tea_0gone0"]]'
  holds "$(jq -r '.findings[].message' <<<"$output")" "client acme: the teammate fry (tea_0gone0) has left Front: named in client.lua"
  holds "$(jq -r '.findings[].message' <<<"$output")" "the signature sig_0gone0 is gone at Front: one recipe will fail (other)"
  told 1
  holds "$(said)" "foyer: Acme: the signature sig_0gone0 is gone at Front: one recipe will fail (other); the teammate fry"
  curl -sSf -X DELETE -H "Authorization: Bearer $COMPANY_TOKEN" "$MOCK/tags/$tag"
  sed -i 's/leela = "[^"]*"/leela = "tea_1gone1"/' "$AGENCY/clients/acme/client.lua"
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 2 * MINUTE)) foyer doctor --daily
  same "$status" 65
  holds "$output" "the teammate leela (tea_1gone1) has left Front: two recipes will fail (greet, other)"
  holds "$output" "the tag vip ($tag) is gone at Front: one recipe will fail (greet)"
  told 2
  recipe other '' 'return 1'
  client acme 'greet = true' ''
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 4 * MINUTE)) foyer doctor --daily --json
  same "$(jq -c '[.findings[] | select(.check == "names") | .status]' <<<"$output")" '["ok"]'
  told 3
  holds "$(said)" "foyer: Acme: what its settings name is there again"
}

@test "several workers tell a thing once, and a chat that never answers holds no run up" {
  local hang
  mkfifo "$BATS_TEST_TMPDIR/port"
  # accepts connections, and answers none
  python3 - "$BATS_TEST_TMPDIR/asked" >"$BATS_TEST_TMPDIR/port" 3>&- <<'PY' &
import socket, sys, threading
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
def hold(connection):
    while connection.recv(65536):
        open(sys.argv[1], "a").write("x\n")
while True:
    threading.Thread(target=hold, args=(server.accept()[0],), daemon=True).start()
PY
  hang=$!
  read -r port <"$BATS_TEST_TMPDIR/port"
  printf 'http://127.0.0.1:%s/chat' "$port" | "$FOYER" -w "$AGENCY" secret set chat.url --from -
  recipe greet 'on = "front/conversation-created",' 'error("no such thing")'
  settings acme 'greet = true'
  event cnv_1 | deliver acme - >/dev/null
  at "$(date +%s%3N)" # the run has failed, and is told
  sql "DELETE FROM incident" >/dev/null
  sql "DELETE FROM timer" >/dev/null
  sql "INSERT INTO incident VALUES ('recipe', 'acme/greet', 'acme', 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 'x')" >/dev/null
  sql "UPDATE incident SET first_ms = ?1, last_ms = ?1" "$(date +%s%3N)" >/dev/null
  : >"$BATS_TEST_TMPDIR/asked"
  recipe greet 'on = "front/conversation-created",' 'return "hello"'
  start_worker
  start_worker
  until_true eval '[ -s "$BATS_TEST_TMPDIR/asked" ]'
  event cnv_2 | deliver acme - >/dev/null
  printf x >&"$WAKE"
  until_true sql_is "SELECT count(*) AS n FROM run WHERE state = 7" '{"n": 1}'
  same "$(wc -l <"$BATS_TEST_TMPDIR/asked")" 1
  kill "$hang"
}

@test "a client that must be connected again is told, and when it is" {
  recipe greet 'on = "front/conversation-created",' 'return ctx.http.get("/me", { connection = "front" }).id'
  client late 'greet = true' ''
  event "$CONVERSATION" | deliver late - "$NOON" >/dev/null
  at "$NOON"
  told 1
  holds "$(said)" "foyer: Late needs reconnect (foyer connect late): 1 run waits; run 1 needs reconnect: "
  "$FOYER" -w "$AGENCY" connect late --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
  at $((NOON + 10 * MINUTE))
  told 2
  holds "$(said)" "foyer: Late is connected again, after 10 min"
}

@test "a refused deploy is told until one succeeds" {
  sql "INSERT INTO refused_deploy VALUES (1, ?, 'leela', 'clients/zed/client.lua:3: unknown key \"recipe\"')" "$NOON"
  at $((NOON + MINUTE))
  told 1
  holds "$(said)" 'foyer: a deploy was refused, what ran before goes on: leela: clients/zed/client.lua:3: unknown key'
  sql "DELETE FROM refused_deploy"
  at $((NOON + 5 * MINUTE))
  told 2
  holds "$(said)" "foyer: the refused deploy is made good, after 5 min"
}

@test "a message that does not arrive is told" {
  local uid
  recipe greet 'on = "front/conversation-created",' 'return ctx.call("front/send-conversation-reply",
    { conversation_id = event.payload.conversation.id, body = "hello" }).message_uid'
  settings acme 'greet = true'
  mock_post messages '{"never": true, "times": 1}' >/dev/null
  event "$CONVERSATION" | deliver acme - "$NOON" >/dev/null
  at "$NOON"
  told 0
  at $((NOON + 15 * MINUTE))
  told 1
  holds "$(said)" "foyer: acme: 1 message did not reach the customer; run 1, recipe greet, undelivered: "
}

@test "a worker looks once a day by itself" {
  client acme '' 'front = { teammates = { fry = "tea_0gone0" } }'
  start_worker # it looks half a minute later
  until_true eval '[ "$(chat_log length)" -gt 0 ]'
  holds "$(said)" "foyer: Acme: the teammate fry (tea_0gone0) has left Front: named in client.lua"
}
