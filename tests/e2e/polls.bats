#!/usr/bin/env bats
# foyer poll, and polls on timers: what an app sends no webhooks about fires once each, from a stored mark.

load helper
load agency
load store
load workers

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  WORKERS=()
  recipe created 'on = "front/contact-created",' 'return event.payload.contact.name'
  recipe updated 'on = "front/contact-updated",' 'return event.payload.contact.name'
  settings acme 'created = true, updated = true'
}

teardown() {
  end_workers
  rm -rf "$AGENCY"/{lua,recipes}
}

# contact NAME: it is created
contact() {
  mock_post contact "{\"name\": \"$1\", \"handles\": [{\"handle\": \"$BATS_TEST_NUMBER-$1@x.example\", \"source\": \"email\"}]}" >/dev/null
}

# poll [OPTION...]: what each trigger listed is in $output
poll() {
  foyer poll --json "$@"
  same "$status" 0 || { echo "$stderr"; return 1; }
  output=$(jq 'sort_by(.trigger)' <<<"$output")
}

# fired: how many activations each trigger has
fired() {
  sql "SELECT trigger, count(*) AS n FROM activation GROUP BY trigger ORDER BY trigger" | jq -c '[.trigger[6:], .n]' | jq -sc .
}

names() {
  sql "SELECT result FROM run WHERE recipe = ? ORDER BY id" "$1" | jq -r '.result | fromjson' | xargs
}

@test "the first look fires nothing, what happens then fires once" {
  contact early
  poll
  same "$(jq -c 'map([.trigger, .fired, .note != null])' <<<"$output")" \
    '[["front/contact-created",null,true],["front/contact-updated",null,true]]'
  poll
  same "$(fired)" '[]'
  contact ada
  contact bob
  poll
  same "$(jq -c 'map([.trigger, .fired])' <<<"$output")" '[["front/contact-created",2],["front/contact-updated",2]]'
  poll
  same "$(fired)" '[["contact-created",2],["contact-updated",2]]'
  foyer cron
  same "$(names created)" "ada bob"
  same "$(names updated)" "ada bob"
}

@test "with --since the first look fires what was changed since then" {
  local before
  sleep 1 # the contacts of other tests are older than this second
  before=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  contact ada
  poll --since "$before"
  same "$(sql "SELECT key FROM activation WHERE trigger = 'front/contact-created'" | wc -l)" 1
  contact bob
  poll
  same "$(fired)" '[["contact-created",2],["contact-updated",2]]'
  # again from then on: what fired does not fire again
  poll --since "$before"
  same "$(fired)" '[["contact-created",2],["contact-updated",2]]'
}

@test "a contact that changes is changed, not new; one that goes makes no other new" {
  contact last
  local newest oldest
  newest=$(company '/contacts?sort_by=created_at&sort_order=desc&limit=1' '.[0].id')
  oldest=$(company '/contacts?sort_by=created_at&sort_order=asc&limit=1' '.[0].id')
  poll
  mock_post "contacts/$newest" '{"description": "x"}' >/dev/null
  mock_post "contacts/$oldest" '{"description": "x"}' >/dev/null
  poll
  same "$(fired)" '[["contact-updated",2]]'
  curl -sf -X DELETE -H "Authorization: Bearer $COMPANY_TOKEN" "$MOCK/contacts/$newest"
  contact ada
  mock_post "contacts/$oldest" '{"description": "y"}' >/dev/null
  poll
  same "$(fired)" '[["contact-created",1],["contact-updated",4]]'
  same "$(sql "SELECT conversation, event FROM activation WHERE trigger = 'front/contact-created'" | jq -c .conversation)" null
  foyer cron
  same "$(names created)" ada
}

@test "more than a page, in pages that are short, killed five times in between" {
  poll
  mock_post paging '{"cap": 7}' >/dev/null
  local i
  for i in $(seq 40); do contact "c$i"; done
  for i in 1 2 3 4 5; do
    FOYER_TEST_STOP='look stored' foyer poll
    same "$status" 137
  done
  poll
  mock_post paging '{}' >/dev/null
  same "$(fired)" '[["contact-created",40],["contact-updated",40]]'
  same "$(sql "SELECT count(*) AS n, count(DISTINCT key) AS keys FROM activation WHERE trigger = 'front/contact-created'")" \
    '{"n": 40, "keys": 40}'
  poll
  same "$(fired)" '[["contact-created",40],["contact-updated",40]]'
}

@test "a mark that is lost is set anew, and foyer says so" {
  poll
  sql "DELETE FROM mark"
  contact ada
  poll
  holds "$(jq -r '.[0].note' <<<"$output")" "the store has no mark of an earlier look: what happens from now on is found"
  contact bob
  poll
  same "$(fired)" '[["contact-created",1],["contact-updated",1]]'
  foyer poll
  holds "$output" front/contact-created
}

@test "a look that fails moves no mark; a changed script moves none" {
  poll
  contact ada
  fault '{"kind": "status", "status": 400, "times": 2, "match": {"path": "/contacts"}}'
  foyer poll --json
  same "$status" 65
  same "$(jq -c 'map(.error.kind)' <<<"$output")" '["invalid","invalid"]'
  mkdir -p "$AGENCY/lua/front/triggers"
  echo 'return super { key = function(event) return event.payload.contact.name end }' >"$AGENCY/lua/front/triggers/contact-created.lua"
  recipe created 'on = "front/contact-created",' 'return 1'
  poll
  same "$(sql "SELECT key FROM activation WHERE trigger = 'front/contact-created'")" '{"key": "ada"}'
}

@test "only what a switched-on recipe listens to, or a run waits for" {
  settings acme 'updated = true'
  poll
  same "$(jq -c 'map(.trigger)' <<<"$output")" '["front/contact-updated"]'
  recipe waits '' 'local event = ctx.wait_for("front/contact-created", {}, "1d") return event and event.payload.contact.name'
  settings acme 'waits = true'
  foyer run waits --client acme
  poll
  same "$(jq -c 'map(.trigger)' <<<"$output")" '["front/contact-created"]'
  contact ada
  poll
  foyer cron
  same "$(names waits)" ada
  settings acme ''
  foyer poll
  same "$status|$output" "0|"
  holds "$stderr" "no recipe that is switched on listens to a trigger that is polled"
  foyer poll --client nope
  same "$status" 65
  # a recipe that cannot be loaded listens to the triggers that its text names
  echo 'return { summary = "x", on = "front/contact-created", run = function(' >"$AGENCY/recipes/broken.lua"
  settings acme 'broken = true'
  contact bob
  poll
  same "$(jq -c 'map([.trigger, .fired])' <<<"$output")" '[["front/contact-created",1]]'
}

# looked N: the mock was asked for contacts so often
looked() {
  mock_log '[.requests[] | select(.path == "/contacts")] | length' | grep -qx "$1"
}

@test "a trigger's manual says that it is polled" {
  foyer triggers front/contact-updated
  holds "$output" 'polled    by front/list-contacts, on a timer or by `foyer poll`'
}

@test "cron polls when it is time, as the setting says" {
  local now=1796000000000
  printf 'return { name = "acme", poll = "10m", recipes = { created = true } }\n' >"$AGENCY/clients/acme/client.lua"
  FOYER_TEST_CLOCK=$now foyer cron
  looked 1
  FOYER_TEST_CLOCK=$((now + 60000)) foyer cron # from the first mark on
  looked 2
  FOYER_TEST_CLOCK=$((now + 10 * 60000)) foyer cron
  looked 2
  FOYER_TEST_CLOCK=$((now + 11 * 60000)) foyer cron
  looked 3
  printf 'return { name = "acme", poll = false, recipes = { created = true } }\n' >"$AGENCY/clients/acme/client.lua"
  FOYER_TEST_CLOCK=$((now + 60 * 60000)) foyer cron
  looked 3
}

is_done() { [ "$(names created)" = "$1" ]; }

@test "a worker polls on its own" {
  poll
  sql "UPDATE mark SET looked_ms = 0"
  contact ada
  start_worker
  until_true is_done ada
}

@test "one process at a time looks" {
  poll
  contact ada
  sql "UPDATE mark SET owner = '1-dead'" # a process that is gone
  poll
  same "$(fired)" '[["contact-created",1],["contact-updated",1]]'
  start_worker
  until_true eval "ls \"$AGENCY/state/owners\" | grep -q $WORKER-"
  sql "UPDATE mark SET owner = ?" "$(basename "$(ls -d "$AGENCY/state/owners/$WORKER-"*)")"
  foyer poll
  same "$status" 0
  holds "$output" "another process is looking"
}

@test "another app's trigger can poll" {
  mkdir -p "$AGENCY/lua/front/triggers" "$AGENCY/lua/front/actions"
  cat >"$AGENCY/lua/front/triggers/tag-made.lua" <<'LUA'
return {
  summary = "x", on = { "tag_made" }, key = function(event) return event.payload.tag.id end,
  poll = { action = "front/tags", as = "tag" },
}
LUA
  echo 'return { summary = "x", effect = "read", scopes = {}, run = function(ctx) return ctx.http.page("/tags") end }' \
    >"$AGENCY/lua/front/actions/tags.lua"
  recipe tagged 'on = "front/tag-made",' 'return event.payload.tag.name'
  settings acme 'tagged = true'
  foyer check
  same "$status" 0 || { echo "$output $stderr"; return 1; }
  poll
  same "$(jq -c 'map([.trigger, .fired])' <<<"$output")" '[["front/tag-made",null]]'
  # the newest is not known any more
  sql "UPDATE mark SET known = json_remove(known, '\$[0]')"
  poll
  same "$(jq -c 'map([.trigger, .fired])' <<<"$output")" '[["front/tag-made",1]]'
  sed -i 's/as = "tag"/as = "tag", after = "x", overlap = "soon"/; s/key = .* end,//' "$AGENCY/lua/front/triggers/tag-made.lua"
  foyer check
  same "$status" 65
  holds "$output$stderr" 'has `after` without `time`'
  holds "$output$stderr" 'key: is missing'
  holds "$output$stderr" '"soon" is not a duration'
  sed -i 's/poll = .*/key = tostring, poll = { action = "front\/tag", as = "tag", input = {} },/' "$AGENCY/lua/front/triggers/tag-made.lua"
  foyer check
  same "$status" 65
  holds "$output$stderr" 'poll.action: unknown action "front/tag"; did you mean "front/tags"?'
  sed -i 's/front.tag"/front\/list-contacts"/; s/input = {}/input = { colour = 1 }, after = "since", time = "at"/' "$AGENCY/lua/front/triggers/tag-made.lua"
  foyer check
  holds "$output$stderr" 'front/list-contacts has no input colour'
  holds "$output$stderr" 'front/list-contacts has no input since'
}

@test "settings that cannot be read: the client is named, the others are looked at" {
  mkdir -p "$AGENCY/clients/odd"
  echo 'return { name = "Odd", recipes = { created = true }, poll = "soon" }' >"$AGENCY/clients/odd/client.lua"
  foyer poll --json
  same "$status" 78
  same "$(jq -c 'map([.client, .error != null]) | unique' <<<"$output")" '[["acme",false],["odd",true]]'
  holds "$(jq -r '.[] | select(.client == "odd").note' <<<"$output")" "client odd: nothing is looked for:"
  rm -r "$AGENCY/clients/odd"
}
