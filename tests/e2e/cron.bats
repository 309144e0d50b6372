#!/usr/bin/env bats
# foyer cron: what is due is done, once.

load helper
load agency
load store

NOON=1750075200000 # 2025-06-16 12:00 UTC, a Monday; 08:00 in New York
MINUTE=60000 HOUR=3600000

setup_file() {
  start_agency
  COMPANY=$(sql "SELECT id FROM connection" | jq -r .id)
  export COMPANY
  rm -rf "$AGENCY/clients/acme/recipes"
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  settings acme ''
}

teardown() {
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/{zed,odd}
}

# settings CLIENT LUA: what it has on
settings() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", timezone = "America/New_York", recipes = { %s } }\n' "$1" "$2" >"$AGENCY/clients/$1/client.lua"
}

# recipe NAME FIELDS BODY
recipe() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", %s run = function(ctx, event)\n%s\nend }\n' "$2" "$3" >"$AGENCY/recipes/$1.lua"
}

# at MS [OPTION...]: foyer cron then
at() {
  FOYER_TEST_CLOCK=$1 foyer cron --json "${@:2}"
}

# What ran, by time: the recipes' results
results() {
  sql "SELECT result FROM run ORDER BY id" | jq -c '.result' | jq -r . | jq -sc .
}

@test "nothing is due: nothing is said" {
  foyer cron
  same "$status|$output|$stderr" "0||"
  foyer cron --json
  same "$status|$output" "0|[]"
  foyer cron x
  same "$status" 64
}

@test "a time of cron, in the client's zone, once; the event says which" {
  recipe tick 'cron = "0 8 * * 1-5",' 'return { type = event.type, at = event.payload.at, inner = event.payload.type }'
  settings acme 'tick = true'
  at $((NOON - 1))
  same "$status|$output" "0|[]"
  at $((NOON + 5000))
  same "$status" 0
  same "$(jq -c '[.[] | [.client, .recipe, .state, .result]]' <<<"$output")" \
    "[[\"acme\",\"tick\",\"done\",{\"at\":1750075200,\"inner\":\"cron\",\"type\":\"cron\"}]]"
  at $((NOON + 6000))
  same "$output" "[]"
  at $((NOON + 24 * HOUR))
  same "$(jq length <<<"$output")" 1
  same "$(sql "SELECT slot_ms, origin FROM run" | jq -sc 'map([.slot_ms, .origin])')" \
    "[[$NOON,\"cron\"],[$((NOON + 24 * HOUR)),\"cron\"]]"
}

@test "a recipe with a trigger, too; and the client's own times" {
  recipe both 'on = "front/conversation-created", cron = "0 0 1 1 *",' 'return event.type'
  settings acme 'both = { cron = "0 8 * * *", retry = { attempts = 2, give_up = "5m" }, uncertain = "resend" }'
  at $NOON
  same "$(jq -c '[.[] | .result // .reason]' <<<"$output")" '["cron"]'
  same "$(sql "SELECT policy FROM run" | jq -c '.policy | fromjson')" '{"attempts":2,"give_up":300,"uncertain":"resend"}'
}

@test "what is new starts from now; what is off does not run" {
  recipe tick 'cron = "0 * * * *",' 'return 1'
  recipe off 'cron = "* * * * *",' 'return 2'
  settings acme 'tick = true, off = false'
  at $((NOON + MINUTE))
  same "$output" "[]"
  at $((NOON + HOUR))
  same "$(jq -c '[.[].recipe]' <<<"$output")" '["tick"]'
}

@test "missed times: the latest, all of them, or none" {
  for word in latest all none; do
    recipe "$word" "cron = \"0 * * * *\", catch_up = \"$word\"," 'return event.payload.at'
  done
  settings acme 'latest = true, all = true, none = true'
  at $((NOON + MINUTE))
  at $((NOON + 3 * HOUR + 2 * MINUTE))
  same "$(jq -c '[.[] | [.recipe, .result - 1750075200]] | sort' <<<"$output")" \
    '[["all",3600],["all",7200],["all",10800],["latest",10800]]'
  # in order
  same "$(sql "SELECT result FROM run WHERE recipe = 'all' ORDER BY began_ms, id" | jq -sc 'map(.result | tonumber - 1750075200)')" '[3600,7200,10800]'
  at $((NOON + 4 * HOUR))
  same "$(jq -c '[.[].recipe] | sort' <<<"$output")" '["all","latest","none"]'
}

@test "two at once: one run" {
  recipe tick 'cron = "0 8 * * *",' 'return 1'
  settings acme 'tick = true'
  local i pids=()
  for i in 1 2 3 4; do
    FOYER_TEST_CLOCK=$NOON "$FOYER" -w "$AGENCY" cron --json >"$BATS_TEST_TMPDIR/$i" 3>&- &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  same "$(cat "$BATS_TEST_TMPDIR"/[1-4] | jq -s 'add | length')" 1
  same "$(sql "SELECT count(*) AS n FROM run" | jq .n)" 1
}

@test "one client's mistakes are its own; the worst run's exit code" {
  recipe tick 'cron = "0 8 * * *",' 'return 1'
  recipe broken 'cron = "0 8 * * *",' 'error("oh")'
  settings acme 'tick = true, broken = true, missing = true'
  settings zed 'tick = true'
  mkdir -p "$AGENCY/clients/odd"
  echo 'return {' >"$AGENCY/clients/odd/client.lua"
  at $NOON
  same "$status" 70
  same "$(jq -c '[.[] | [.client, .recipe, .state, .kind // ""]] | sort' <<<"$output")" \
    '[["acme","broken","dead","script"],["acme","tick","done",""],["zed","tick","done",""]]'
  holds "$stderr" 'client odd'
  holds "$stderr" missing
}

@test "retries: put off without a word, and ended later" {
  recipe fetch 'cron = "0 8 * * *", retry = { attempts = 3 },' 'return ctx.http.get("/me", { connection = "front" }).id'
  settings acme 'fetch = true'
  fault '{"kind": "503", "match": {"path": "/me"}}'
  at $NOON
  same "$status|$output" "0|[]"
  same "$(sql "SELECT failures FROM run" | jq .failures)" 1
  at $((NOON + MINUTE))
  same "$status|$(jq -c '[.[].state]' <<<"$output")" '0|["done"]'
}

@test "sleepers are woken" {
  recipe nap 'cron = "0 8 * * *",' 'ctx.sleep("1h") return "rested"'
  settings acme 'nap = true'
  at $NOON
  same "$output" "[]"
  at $((NOON + HOUR - 1))
  same "$output" "[]"
  at $((NOON + HOUR))
  same "$(jq -c '[.[].result]' <<<"$output")" '["rested"]'
}

@test "deliveries that wait are looked at, and their runs are run" {
  recipe greet 'on = "front/conversation-created",' 'return event.payload.conversation.id'
  settings acme 'greet = true'
  id=$(event cnv_1 | deliver - "$COMPANY" "$NOON")
  at $NOON
  same "$status|$(jq -c '[.[] | [.recipe, .conversation, .result]]' <<<"$output")" '0|[["greet","cnv_1","cnv_1"]]'
  same "$(state "$id")" 1
}

@test "what is old is removed" {
  recipe greet 'on = "front/conversation-created",' 'return 1'
  settings acme 'greet = true'
  id=$(event cnv_1 | deliver - "$COMPANY" "$NOON")
  at $NOON
  at $((NOON + 29 * 24 * HOUR))
  same "$(sql "SELECT count(*) AS n FROM delivery" | jq .n)" 1
  at $((NOON + 89 * 24 * HOUR))
  same "$(sql "SELECT count(*) AS n FROM delivery_body" | jq .n)" 0
  same "$(sql "SELECT count(*) AS n FROM run" | jq .n)" 1
  # the newest delivery and the newest run stay, so that no number is used twice
  event cnv_2 | deliver - "$COMPANY" "$((NOON + 89 * 24 * HOUR))"
  at $((NOON + 91 * 24 * HOUR))
  same "$(sql "SELECT id FROM run" | jq .id)" 2
  # the key outlives them
  same "$(sql "SELECT count(*) AS n FROM seen" | jq .n)" 2
  at $((NOON + 401 * 24 * HOUR))
  same "$(sql "SELECT count(*) AS n FROM seen" | jq .n)" 1
  same "$(sql "SELECT id FROM run" | jq .id)" 2
}

@test "schedule: the next times on the client's clocks, the last run, what was missed; run --at" {
  recipe daily 'cron = "0 8 * * *",' 'return event.payload.at'
  recipe other 'cron = "0 0 31 2 *",' 'return 1'
  settings acme 'daily = true'
  FOYER_TEST_CLOCK=$((NOON - HOUR)) foyer schedule --json
  same "$(jq -c '.[0] | [.client, .recipe, .timezone, .next[0], .last, .missed]' <<<"$output")" \
    "[\"acme\",\"daily\",\"America/New_York\",$((NOON / 1000)),null,[]]"
  at $((NOON - HOUR))
  at $NOON
  same "$(results)" "[$((NOON / 1000))]"
  # three days without foyer; cron takes the latest of them only
  at $((NOON + 72 * HOUR))
  FOYER_TEST_CLOCK=$((NOON + 73 * HOUR)) foyer schedule
  same "$status" 0
  holds "$output" "Fri 2025-06-20 08:00  Sat 2025-06-21 08:00  Thu 2025-06-19 08:00  done  2"
  FOYER_TEST_CLOCK=$((NOON + 73 * HOUR)) foyer schedule --json
  same "$(jq -c '.[0].missed' <<<"$output")" "[$(((NOON + 24 * HOUR) / 1000)),$(((NOON + 48 * HOUR) / 1000))]"

  foyer run daily --client acme --at "2025-06-17 08:00" --json
  same "$(jq .result <<<"$output")" "$(((NOON + 24 * HOUR) / 1000))"
  foyer run daily --client acme --at "2025-12-17 08:00" --json
  same "$(jq .result <<<"$output")" "$(date -u -d 2025-12-17T13:00:00Z +%s)"
  foyer run daily --client acme --at noon --json
  same "$status" 64
  holds "$stderr" '--at is a time of the client'"'"'s clocks such as "2026-12-01 08:00", not "noon"'
  foyer run daily --client acme --at "2025-06-17 08:00" --sample --json
  same "$status" 64

  settings acme 'daily = true, other = true'
  foyer schedule --client acme
  holds "$stderr" "foyer: acme, other: " "0 0 31 2 *"
  settings acme ''
  foyer schedule
  holds "$stderr" "no recipe with cron times is on"
}
