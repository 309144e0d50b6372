#!/usr/bin/env bats
# What runs is a release, not the files: what happens to files, processes and machines changes nothing that runs.

load helper
load agency
load serve

setup() {
  serving_agency
  start_mock
  mock_post limits '{"limit": 100000}' >/dev/null
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  mkdir -p "$AGENCY/recipes" "$AGENCY/templates"
  echo 'Words of the workspace' >"$AGENCY/templates/words.txt"
  cat >"$AGENCY/recipes/reply.lua" <<'LUA'
return {
  summary = "x",
  on = "front/message-received",
  run = function(ctx, event)
    ctx.call("front/send-conversation-reply", { conversation_id = event.payload.conversation.id, body = ctx.template("words", {}) })
  end,
}
LUA
  client acme
}

teardown() {
  [ -z "${WORKER:-}" ] || kill -9 "$WORKER" 2>/dev/null || true
  end_serve
  stop_mock
}

# client NAME: one that replies
client() {
  mkdir -p "$AGENCY/clients/$1"
  echo 'return { name = "'"$1"'", recipes = { reply = true }, vars = { phone = "1" } }' >"$AGENCY/clients/$1/client.lua"
}

hear() {
  mock_post webhook "{\"url\": \"$URL/hooks/front\", \"key\": \"$SIGNING_KEY\"}" >/dev/null
}

letter() {
  mock_post inbound '{"from": "ana@mail.example", "subject": "Boots", "body": "Where are my boots?"}' >/dev/null
}

# The bodies of all replies, one a line.
replies() {
  mock_log '[.requests[] | select(.method == "POST" and (.path | endswith("/messages"))) | .json.body] | .[]' | jq -r . | sed 's/<[^>]*>//g'
}

replied() { # replied N
  same "$(replies | wc -l)" "$1" >/dev/null
}

sql() {
  python3 - "$AGENCY/state/foyer.db" "$1" <<'PY'
import sqlite3, sys
for row in sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]):
    print(*row, sep="|")
PY
}

@test "the first serve makes a release of the files, without the clients that have mistakes" {
  client zed
  echo 'return { name = "Zed", recipes = { reply = true }, nonsense = 1 }' >"$AGENCY/clients/zed/client.lua"
  start_serve
  logged 'the files are release 1'
  logged 'client zed is left out until it is deployed: clients/zed/client.lua:1: nonsense'
  same "$(sql "SELECT client, release FROM live")" "|1
acme|1"
  hear
  letter
  until_true replied 1
  same "$(replies)" 'Words of the workspace'
  # what is in no release says so
  foyer run reply --client zed --json
  failed 65 not_found 'in no release yet' 'foyer deploy' '--dev'
  cp "$AGENCY/recipes/reply.lua" "$AGENCY/recipes/other.lua"
  foyer run other --client acme --json
  failed 65 not_found 'recipes/other.lua' 'only on the disk' 'foyer deploy' '--dev'
  mkdir -p "$AGENCY/lua/front/actions"
  echo 'return { summary = "x", effect = "read", run = function(ctx) return { answer = 42 } end }' >"$AGENCY/lua/front/actions/own.lua"
  foyer call front/own --client acme --json
  failed 65 not_found 'lua/front/actions/own.lua' 'only on the disk'
  foyer call front/own --client acme --json --dev
  same "$(jq -c . <<<"$output")" '{"answer":42}'
}

@test "the first serve refuses mistakes that all share, and begins again when it could not start" {
  cp "$AGENCY/recipes/reply.lua" "$BATS_TEST_TMPDIR/good.lua"
  echo 'return { sumary = "x", run = function(ctx) end }' >"$AGENCY/recipes/reply.lua"
  foyer serve --listen 127.0.0.1:0 --json
  failed 78 settings 'recipes/reply.lua:1' sumary
  settings 'listen = "192.0.2.1:80",' # no address of this machine
  cp "$BATS_TEST_TMPDIR/good.lua" "$AGENCY/recipes/reply.lua"
  foyer serve --json
  [ "$status" != 0 ]
  same "$(sql "SELECT count(*) FROM release")" 0
  settings 'listen = "127.0.0.1:0",'
  LISTEN=127.0.0.1:0 start_serve
  same "$(sql "SELECT id FROM release")" 1
}

@test "a typo in one of forty clients is its own: at the start, and later" {
  local n
  for n in $(seq 39); do client "c$n"; done
  echo 'return { nam = "C7" }' >"$AGENCY/clients/c7/client.lua"
  start_serve
  logged 'client c7 is left out'
  same "$(sql "SELECT count(*) FROM live")" 40 # 39 clients, and the server
  hear
  letter
  until_true replied 1
  # one that runs keeps what it runs
  echo 'return { name = "Acme", recipes = { reply = true, nope = true } }' >"$AGENCY/clients/acme/client.lua"
  client c7
  foyer deploy
  holds "$stderr" 'client acme keeps release 1'
  logged 'clients more have another release'
  same "$(sql "SELECT release FROM live WHERE client = 'acme'")" 1
  until_true eval '[ "$(workers | wc -w)" = 1 ]'
  letter
  until_true replied 2
  same "$(sql "SELECT count(*) FROM live")" 41
}

@test "kill -9 after a refused deploy, a reboot with a mistake on the disk: what ran runs on" {
  start_serve
  hear
  letter
  until_true replied 1
  # a change that is refused
  echo 'Words of the workspace {{nobody.knows}}' >"$AGENCY/templates/words.txt"
  foyer deploy
  [ "$status" != 0 ]
  kill -9 "$(workers)"
  logged 'was killed by signal 9'
  letter
  until_true replied 2
  # the machine dies, too; more is broken by then
  echo 'return {' >"$AGENCY/foyer.lua"
  echo 'return {' >"$AGENCY/clients/acme/client.lua"
  end_serve
  start_serve
  hear
  letter
  until_true replied 3
  # by hand as well
  foyer run reply --client acme --sample --json
  same "$(replies | sort -u)" 'Words of the workspace'
}

@test "an rsync that is cut off halfway changes nothing that runs" {
  start_serve
  hear
  letter
  until_true replied 1
  # half a file, a file that is gone, a directory that is empty
  printf 'return { summary = "x", on = "front/mess' >"$AGENCY/recipes/reply.lua"
  rm "$AGENCY/templates/words.txt"
  rm -r "$AGENCY/clients/acme"
  letter
  until_true replied 2
  kill -9 "$(workers)"
  logged 'was killed by signal 9'
  letter
  until_true replied 3
  stop_serve
  start_serve
  hear
  letter
  until_true replied 4
  same "$(replies | sort -u)" 'Words of the workspace'
  # nor does what looks after it end
  foyer cron
  same "$status" 0
}

@test "reload: the server alone; a mistake is named, and what was loaded before stays" {
  foyer reload --json
  failed 65 conflict 'there is no release yet'
  start_serve
  echo 'Other words' >"$AGENCY/templates/words.txt"
  SIGNING_KEY=another
  settings
  foyer reload --json
  done_well
  same "$(jq -c '[.release, .changed, (.servers | length), .servers[0].pid == '"$SERVE_PID"']' <<<"$output")" '[2,["foyer.lua"],1,true]'
  same "$(post_hook)" 200
  same "$(sql "SELECT client, release FROM live")" "|2
acme|1"
  settings 'recipe = {},'
  foyer reload --json
  failed 78 settings 'foyer.lua:2: recipe: unknown key'
  same "$(post_hook)" 200
  # nothing has changed: the servers read again what is outside of releases
  settings
  foyer reload
  same "$status" 0
  holds "$output" 'release 2: nothing in it has changed'
  holds "$output" 'has taken it'
  stop_serve
  foyer reload
  holds "$output" 'no server runs'
}

@test "a work that stands alone goes on with another release by itself" {
  start_serve --workers 0
  hear
  LOG=$BATS_TEST_TMPDIR/work.log FOYER_LOG=info
  FOYER_LOG=info "$FOYER" -w "$AGENCY" work >/dev/null 2>"$LOG" 3>&- &
  WORKER=$!
  letter
  until_true replied 1
  echo 'Other words' >"$AGENCY/templates/words.txt"
  foyer deploy
  logged 'another release is live'
  letter
  until_true replied 2
  same "$(replies | sort | xargs -d '\n' | sed 's/ *$//')" 'Other words Words of the workspace'
  # one that cannot be opened is named, and what was loaded stays
  python3 - "$AGENCY/state/foyer.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO release (id, at_ms, by, bases, manifest) VALUES (9, 1, 'x', '', 'nonsense')")
db.execute("UPDATE live SET release = 9 WHERE client = 'acme'")
db.execute("INSERT INTO release_move (at_ms, by, client, old, new) VALUES (1, 'x', 'acme', 2, 9)")
db.commit()
PY
  logged 'what was loaded before stays in force.*cannot open release 9'
  letter
  until_true replied 3
  kill "$WORKER"
  wait "$WORKER"
}

@test "a release that cannot be opened: serve says so and goes on with what it had" {
  start_serve
  hear
  python3 - "$AGENCY/state/foyer.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
line = "recipes/reply.lua\t" + 64 * "a" + "\n"
db.execute("INSERT INTO release (id, at_ms, by, bases, manifest) VALUES (9, 1, 'x', '', ?)", (line,))
db.execute("UPDATE live SET release = 9 WHERE client = 'acme'")
db.execute("INSERT INTO release_move (at_ms, by, client, old, new) VALUES (1, 'x', 'acme', 1, 9)")
db.commit()
PY
  logged 'not reloaded, what was loaded before stays in force: recipes/reply.lua of release 9'
  letter
  until_true replied 1
  # at a start, too, it is that client's alone
  stop_serve
  start_serve
  hear
  logged 'recipes/reply.lua of release 9'
  same "$(post_hook)" 200
  foyer rollback 1 --client acmee
  same "$status" 65
  holds "$stderr" 'no client "acmee" that runs a release; did you mean "acme"?'
  foyer rollback 1 --client acme
  same "$status" 0
  logged 'info: reloaded'
  letter
  until_true replied 2
}

# sent CLIENT: the texts of what it sent, of which there must be one for each of its runs
sent() {
  sql "SELECT r.id FROM run r WHERE r.client = '$1' AND r.state = 7" | wc -l
}

@test "a rollback during 500 events: none is lost, none doubled, each run has the code that it began with" {
  printf 'return { summary = "x", on = "front/message-received", run = function(ctx, event)
    local before = ctx.template("words", {})
    ctx.http.get("/teams", { connection = "front" })
    ctx.call("front/send-conversation-reply", { conversation_id = event.payload.conversation.id, body = before .. ctx.template("words", {}) })
  end }\n' >"$AGENCY/recipes/reply.lua"
  printf 'one' >"$AGENCY/templates/words.txt"
  start_serve --workers 2
  mock_post webhook "{\"url\": \"$URL/hooks/front\", \"key\": \"$SIGNING_KEY\", \"events\": [\"inbound\"]}" >/dev/null
  mock_post burst '{"count": 170}' >/dev/null
  printf 'two' >"$AGENCY/templates/words.txt"
  foyer deploy
  same "$status" 0 || { echo "$stderr"; return 1; }
  mock_post burst '{"count": 170}' >/dev/null
  logged 'client acme: release 2'
  foyer rollback
  same "$status" 0 || { echo "$stderr"; return 1; }
  mock_post burst '{"count": 160}' >/dev/null
  logged 'client acme: release 1, before 2'
  until_true eval '[ "$(sql "SELECT count(*) FROM run WHERE state = 7")" = 500 ]'
  # one reply each, and no mixture
  same "$(curl -sSf "$MOCK/_mock/replies?count=1" | jq -c '[.replies[]] | map(select(. > 0)) | unique')" '[1]'
  same "$(replies | wc -l)" 500
  same "$(replies | grep -vc -e '^oneone$' -e '^twotwo$')" 0
  same "$(sql "SELECT count(*) FROM run")" 500
}

@test "a run that slept goes on with files of its release that it had not used before" {
  printf 'return { summary = "x", run = function(ctx)
    local before = ctx.template("words", {})
    ctx.sleep("1h")
    return before .. ctx.template("later", {}) .. ctx.call("front/later", {}).from .. (ctx.vars.from or "none")
  end }\n' >"$AGENCY/recipes/nap.lua"
  files() { # files VERSION
    mkdir -p "$AGENCY/lua/front/actions"
    printf "$1" | tee "$AGENCY/templates/words.txt" >"$AGENCY/templates/later.txt"
    printf 'return { summary = "x", effect = "read", run = function() return { from = "%s" } end }\n' "$1" \
      >"$AGENCY/lua/front/actions/later.lua"
    sed -i 's/vars = {[^}]*}/vars = { phone = "1", from = "'"$1"'" }/' "$AGENCY/clients/acme/client.lua"
  }
  files one
  foyer deploy
  same "$status" 0 || { echo "$stderr"; return 1; }
  foyer run nap --client acme
  files two
  foyer deploy
  same "$status" 0 || { echo "$stderr"; return 1; }
  rm "$AGENCY/templates/later.txt" "$AGENCY/lua/front/actions/later.lua"
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) foyer cron --json
  same "$(jq -c 'map(.result)' <<<"$output")" '["<p>one</p><p>one</p>oneone"]'
}

@test "clients that --except leaves out send the same bytes before and after" {
  "$FOYER" -w "$AGENCY" connect zed --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" 2>/dev/null
  "$FOYER" -w "$AGENCY" connect bob --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" 2>/dev/null
  client zed
  client bob
  start_serve
  hear
  letter
  until_true replied 3
  printf 'New words, and more\n' >"$AGENCY/templates/words.txt"
  foyer deploy --except zed,bob
  same "$status" 0 || { echo "$stderr"; return 1; }
  logged 'client acme: release 2'
  until_true eval '[ "$(workers | wc -w)" = 1 ]'
  letter
  until_true replied 6
  same "$(replies | sort | uniq -c | awk '{ print $1, $2, $3 }' | xargs -d '\n')" '1 New words, 5 Words of'
  same "$(sql "SELECT client, release FROM live WHERE client <> ''" | xargs)" 'acme|2 bob|1 zed|1'
}
