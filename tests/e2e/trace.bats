#!/usr/bin/env bats
# foyer trace, runs show, events show, hooks: what is told of what happened.

load helper
load agency
load store

NOON=1750075200000 # 2025-06-16 12:00 UTC; 08:00 in New York
HOUR=3600000

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
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/zed
}

# settings CLIENT RECIPES [FRONT]: what it has on
settings() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", timezone = "America/New_York", front = { %s }, recipes = { %s } }\n' \
    "$1" "${3:-}" "$2" >"$AGENCY/clients/$1/client.lua"
}

# recipe NAME FIELDS BODY
recipe() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", %s run = function(ctx, event)\n%s\nend }\n' "$2" "$3" >"$AGENCY/recipes/$1.lua"
}

# at MS: what is due then is done
at() {
  FOYER_TEST_CLOCK=$1 foyer cron --json
}

# see MS ARGUMENT...: foyer then
see() {
  FOYER_TEST_CLOCK=$1 foyer "${@:2}"
}

# What a person reads, without what differs from build to build.
told() {
  sed -E 's/\.lua [0-9a-f]{8}$/.lua HASH/; s/, [0-9]+ ms$/, N ms/; s/ +$//' <<<"$output"
}

CREATED='on = "front/conversation-created",'

@test "trace: the delivery, its triggers, a run with its write, its sleep and its end" {
  recipe hello "$CREATED" 'local id = event.payload.conversation.id
    ctx.http.post("/conversations/" .. id .. "/comments", { body = "seen" }, { connection = "front" })
    ctx.sleep("1h")
    return "slept"'
  recipe off "$CREATED" 'return 1'
  settings acme 'hello = true'
  event "$CONVERSATION" | deliver - "$COMPANY" $((NOON - 1500))
  at $NOON
  at $((NOON + HOUR))
  see $((NOON + 2 * HOUR)) trace "$CONVERSATION" --client acme
  same "$status|$stderr" "0|"
  same "$(told)" "$CONVERSATION of acme (times in America/New_York)

2025-06-16 07:59:58.500              delivery 1: inbound evt_$CONVERSATION ($CONVERSATION), signed as application: accepted
           08:00:00.000 +1.5 s         front/conversation-created fired (activation 1)
           08:00:00.000                  run 1 of hello: done
           08:00:00.000                    attempt 1
           08:00:00.000                    sends POST /conversations/$CONVERSATION/comments
           08:00:00.000                    answered: POST /conversations/$CONVERSATION/comments 201
           08:00:00.000                    its code: recipes/hello.lua HASH
           08:00:00.000                    sleeps for 1 h at most
           09:00:00.000 +1 h               attempt 2
           09:00:00.000                    done in attempt 2
           08:00:00.000                    POST /conversations/$CONVERSATION/comments: 201, N ms
                                         recipe first-reply listens to it, but is not switched on
                                         recipe off listens to it, but is not switched on
                                       front/message-received did not fire: no recipe that is switched on listens to it
                                       the other triggers did not fire: their \`on\` has neither \"inbound_received\" nor \"inbound\""
}

@test "trace: by event, by run, by address; as JSON" {
  recipe hello "$CREATED" 'return event.payload.conversation.id'
  settings acme 'hello = true'
  event cnv_see1 evt_see1 | deliver - "$COMPANY" $NOON
  event cnv_see2 evt_see2 | deliver - "$COMPANY" $NOON
  at $NOON
  see $NOON trace evt_see2 --json
  same "$(jq -c '[.what, .timezone, [.deliveries[] | .id, .event, .clients[0].client,
    .clients[0].triggers[0].trigger, .clients[0].triggers[0].key, .clients[0].triggers[0].runs[0].result]]' <<<"$output")" \
    '["evt_see2","UTC",[2,"evt_see2","acme","front/conversation-created","cnv_see2","cnv_see2"]]'
  for word in "2" "run 2"; do
    see $NOON trace "$word" --json
    same "$(jq -c '[.client, .timezone, .runs, [.deliveries[].clients[].triggers[] | [.trigger, [.runs[].id]]]]' <<<"$output")" \
      '["acme","America/New_York",[],[["front/conversation-created",[2]]]]'
  done
  see $NOON trace run 2 --json
  same "$(jq -c '[.deliveries[].id]' <<<"$output")" '[2]'
  see $NOON trace ADA@x.example --client acme --json
  same "$(jq -c '[.deliveries[].id]' <<<"$output")" '[1,2]'
  see $NOON trace da@x.example --client acme --json
  failed 65 not_found da@x.example "foyer hooks acme"
  see $NOON trace ada@x.exampl --client acme --json
  failed 65 not_found
  see $NOON trace ada@x.example --json
  failed 64 usage --client
  see $NOON trace 2 --client zed --json
  failed 65 not_found zed
  settings zed ''
  see $NOON trace 2 --client zed --json
  failed 65 not_found "run 2 is of client acme"
  see $NOON trace 99 --json
  failed 65 not_found 99
}

@test "trace: handles by value, whole, and phone numbers" {
  settings acme ''
  local n=0 handle
  for handle in '"j\u00f6rg@x.example"' '"k\/l@x.example"' '"\"a b\"@x.example"' "\"o'brien@x.example\"" '"+15550100"' '"99"'; do
    n=$((n + 1))
    event "cnv_who$n" "evt_who$n" | jq -c '.payload.handle = "HANDLE"' | sed "s|\"HANDLE\"|${handle//\\/\\\\}|" | deliver - "$COMPANY" $NOON
  done
  finds() { # finds WORD IDS
    see $NOON trace "$1" --client acme --json
    same "$(jq -c '[.deliveries[].id]' <<<"$output")" "$2"
  }
  finds JÖRG@x.example '[1]'
  finds k/l@x.example '[2]'
  finds '"a b"@x.example' '[3]'
  finds "O'Brien@x.example" '[4]'
  finds +15550100 '[5]'
  finds 15550100 '[5]'
  finds 99 '[6]' # there is no such run
  for handle in l@x.example brien@x.example 5550100; do
    see $NOON trace "$handle" --client acme --json
    failed 65 not_found "$handle"
  done
  foyer runs show +1 --json
  failed 64 usage "+1"
}

@test "trace: what was refused is counted, for its body is not kept" {
  sql "INSERT INTO rejection (at_ms, route, client, app, status, times, sentence) VALUES
    ($NOON - 2 * $HOUR, '/hooks/acme/front', 'acme', 'front', 401, 3, 'x'), ($NOON - 25 * $HOUR, '/hooks/acme/front', 'acme', 'front', 401, 9, 'y')"
  see $NOON trace ada@nowhere.example --client acme --json
  failed 65 not_found "in the last 24 h 3 requests were refused" "foyer hooks acme"
  sql "DELETE FROM rejection"
  see $NOON trace ada@nowhere.example --client acme --json
  failed 65 not_found
  [[ $output != *"were refused"* ]]
}

@test "trace: a run by hand and its conversation; nothing by that name" {
  recipe hello "$CREATED" 'return 1'
  foyer run hello --client acme --conversation "$CONVERSATION"
  same "$status" 0
  foyer trace "$CONVERSATION" --client acme --json
  same "$(jq -c '[(.deliveries | length), [.runs[] | .origin, .recipe, .state]]' <<<"$output")" '[0,["hand","hello","done"]]'
  foyer trace "$CONVERSATION" --client acme
  holds "$output" "run 1 of hello, started by hand: done"
  foyer trace cnv_none --client acme --json
  failed 65 not_found cnv_none "foyer hooks acme" "foyer connections" "state unrouted"
  event cnv_else | jq -c '.authorization.id = "cmp_else"' | deliver - cmp_else $NOON
  foyer trace cnv_else --client acme --json
  failed 65 not_found "delivery 1 names it" "cmp_else"
}

@test "trace: several clients of one company, one of them asked for; what is broken" {
  settings zed 'hello = true'
  "$FOYER" -w "$AGENCY" connect zed --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
  recipe hello "$CREATED" 'return 1'
  recipe bad "$CREATED" 'syntax error('
  settings acme 'bad = true'
  event cnv_two | deliver - "$COMPANY" $NOON
  at $NOON
  foyer trace cnv_two
  holds "$output" "client acme"
  holds "$output" "client zed"
  holds "$output" "recipe bad cannot be loaded:"
  foyer trace cnv_two --client zed
  [[ $output != *"recipe bad cannot"* ]]
  holds "$output" "run 1 of hello: done"
  "$FOYER" -w "$AGENCY" disconnect zed 2>/dev/null
}

@test "runs show: a parked run's write, its link, and what may be done" {
  recipe hello "$CREATED" 'ctx.http.post("/conversations/" .. event.payload.conversation.id .. "/comments",
    { body = "seen" }, { connection = "front" })'
  settings acme 'hello = true'
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  event "$CONVERSATION" | deliver - "$COMPANY" $NOON
  at $NOON
  foyer runs show 1 --json
  done_well
  same "$(jq -c '[.state, .write.method, .write.path, .write.body, (.write.at | floor), .link, .trigger, .delivery, .commands]' <<<"$output")" \
    "[\"parked\",\"POST\",\"/conversations/$CONVERSATION/comments\",{\"body\":\"seen\"},1750075200,\"https://app.frontapp.com/open/$CONVERSATION\",\"front/conversation-created\",1,[\"foyer runs resolve 1 --sent\",\"foyer runs resolve 1 --not-sent\",\"foyer runs retry 1\",\"foyer runs cancel 1\"]]"
  foyer runs show 1
  holds "$output" "state: needs you (parked)"
  holds "$output" "foyer cannot tell whether this was done: POST /conversations/$CONVERSATION/comments"
  holds "$output" '"body": "seen"'
  holds "$output" "history (times in America/New_York):
2025-06-16 08:00:00.000"
  holds "$output" "foyer runs resolve 1 --not-sent"
  foyer trace 1
  holds "$output" "you may: foyer runs resolve 1 --sent"
  foyer runs show
  same "$status" 64
  foyer runs show 7 --json
  failed 65 not_found 7
}

@test "runs list: states, filters, near names" {
  recipe good "$CREATED" 'return 1'
  recipe gone "$CREATED" 'error("oh")'
  settings acme 'good = true, gone = true'
  foyer runs list
  same "$status|$output|$stderr" "0||foyer: no run matches"
  foyer runs list --json
  same "$output" "[]"
  event cnv_l1 | deliver - "$COMPANY" $NOON
  at $NOON
  event cnv_l2 | deliver - "$COMPANY" $((NOON + HOUR))
  at $((NOON + HOUR))
  foyer runs list
  same "$(head -1 <<<"$output" | tr -s ' ')" "ID CLIENT RECIPE STATE CREATED_AT DUE_OR_ENDED_AT ATTEMPTS REASON"
  same "$(sed -n 2p <<<"$output" | tr -s ' ' | cut -d' ' -f1-11)" "4 acme good done 2025-06-16 13:00 UTC 2025-06-16 13:00 UTC 1"
  ids() { foyer runs list --json "$@"; same "$status" 0; jq -c 'map(.id)' <<<"$output"; }
  same "$(ids)" "[4,3,2,1]"
  same "$(ids --limit 2)" "[4,3]"
  same "$(ids --recipe gone)" "[3,1]"
  same "$(ids --state done)" "[4,2]"
  same "$(ids --state done,dead --client acme)" "[4,3,2,1]"
  same "$(ids --state parked)" "[]"
  same "$(ids --since 2025-06-16T12:30:00Z)" "[4,3]"
  same "$(FOYER_TEST_CLOCK=$((NOON + 2 * HOUR)) ids --since 90m)" "[4,3]"
  sql "UPDATE run SET undelivered = 'it bounced' WHERE id = 2"
  same "$(ids --state undelivered)" "[2]"
  same "$(ids --state undelivered,dead)" "[3,2,1]"
  # the words that are shown may be typed as well
  same "$(ids --state "needs you")$(ids --state needs-you)$(ids --state failed)" "[2][2][3,1]"
  foyer runs list --json
  same "$(jq -c 'map([.state, .word])' <<<"$output")" \
    '[["done","done"],["dead","failed"],["done","needs you"],["dead","failed"]]'
  foyer runs list
  same "$(sed -n 4p <<<"$output" | tr -s ' ' | cut -d' ' -f1-5)" "2 acme good needs you"
  foyer runs show 1
  holds "$output" "state: failed (dead)"
  sql "UPDATE run SET state = CASE id WHEN 1 THEN 0 WHEN 2 THEN 6 ELSE 3 END, undelivered = NULL"
  same "$(ids --state waiting)$(ids --state queued)$(ids --state "needs you")" "[4,3,1][1][2]"
  foyer pause --recipe gone
  same "$(ids --state waiting)$(ids --state paused)$(ids --state queued)" "[4][3,1][1]"
  foyer runs list --state paked --json
  failed 64 usage "parked"
  foyer runs list --client amce --json
  failed 65 not_found "acme"
  foyer runs list --since 20250616 --json
  same "$(jq -r .error.kind <<<"$output")" usage
  foyer runs list --since tomorrow --json
  failed 64 usage "tomorrow"
  foyer runs list --dry-run
  same "$status" 64
  foyer runs lst --json
  failed 64 usage "list"
}

@test "events: list and show, with why nothing fired" {
  settings acme ''
  event cnv_e1 | deliver - "$COMPANY" $NOON
  event cnv_e2 | jq -c '.authorization.id = "cmp_else"' | deliver - cmp_else $NOON
  at $NOON
  event cnv_e3 | deliver acme "$COMPANY" $NOON
  foyer events list --json
  same "$(jq -c 'map([.id, .state, .clients, .conversation, .scheme])' <<<"$output")" \
    '[[3,"waiting",["acme"],"cnv_e3","application"],[2,"unrouted",[],"cnv_e2","application"],[1,"done",["acme"],"cnv_e1","application"]]'
  foyer events list
  holds "$output" "no client is connected to the company cmp_else"
  foyer events list --state unrouted
  holds "$output" "no client is connected to the company"
  foyer events list --state unrouted --json
  same "$(jq -c 'map(.id)' <<<"$output")" '[2]'
  foyer events list --client acme --json
  same "$(jq -c 'map(.id)' <<<"$output")" '[3,1]'
  foyer events list --state unroted --json
  failed 64 usage unrouted
  foyer events show 1 --json
  same "$(jq -c '[.body.payload.conversation.id, [.clients[0].triggers[] | [.trigger, .fired]]]' <<<"$output")" \
    '["cnv_e1",[["front/conversation-created",false],["front/message-received",false]]]'
  foyer events show 1
  holds "$output" "the other triggers did not fire: their \`on\` has neither"
  holds "$output" "no recipe that is switched on listens to it; not switched on: first-reply"
  holds "$output" '"subject": "Wool"'
  foyer events show 9 --json
  failed 65 not_found 9
}

@test "hooks: URL, where, key, last delivery, refusals" {
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  foyer hooks acme --json
  same "$(jq -c '.addresses | map([.app, .client, .path, .url, (.keys | map([.setting, .set]))])' <<<"$output")" \
    '[["front",null,"/hooks/front",null,[["signing_key",false]]],["front","acme","/hooks/acme/front",null,[["rule_key",false]]]]'
  holds "$(jq -r '.addresses[0].keys[0].todo' <<<"$output")" "foyer secret set front.signing_key"
  holds "$(jq -r '.addresses[1].keys[0].todo' <<<"$output")" "clients/acme/client.lua"
  cat >"$AGENCY/foyer.lua" <<'END'
return { public_url = "https://hooks.agency.example/", apps = { front = { client_id = "x", signing_key = secret "front.signing_key" } }, recipes = {} }
END
  foyer hooks acme
  holds "$output" "URL       https://hooks.agency.example/hooks/front"
  holds "$output" "signing_key: MISSING; the secret has no value: foyer secret set front.signing_key"
  printf k | "$FOYER" -w "$AGENCY" secret set front.signing_key 2>/dev/null
  printf k | "$FOYER" -w "$AGENCY" secret set acme.rule_key 2>/dev/null
  settings acme '' 'rule_key = secret "acme.rule_key"'
  event cnv_h1 | deliver - "$COMPANY" $NOON
  event cnv_h2 | deliver acme "$COMPANY" $((NOON + 1000))
  local add="INSERT INTO rejection (at_ms, route, client, app, scheme, status, times, sentence) VALUES (?, ?, ?, ?, ?, 401, 3, ?)"
  sql "$add" $NOON /hooks/acme/front acme front rule "no key in force made its signature"
  sql "INSERT INTO rejection (at_ms, route, status, times, sentence) VALUES (?, ?, 404, 1, ?)" $NOON /hooks/amce/front 'there is no client "amce"'
  see $((NOON + 61000)) hooks acme
  same "$status" 0
  holds "$output" "signing_key: set"
  holds "$output" "rule_key: set"
  holds "$output" "Application webhooks"
  holds "$output" "Send to a Webhook"
  holds "$output" "2025-06-16 08:00:01 -04:00 (1 min ago)"
  holds "$output" ": delivery 2, inbound, waiting"
  holds "$output" "401, 3 times: no key in force made its signature"
  holds "$output" "404 /hooks/amce/front, 1 time: there is no client \"amce\""
  foyer hooks
  [[ $output != *"Send to a Webhook"* ]]
  foyer hooks amce --json
  failed 65 not_found acme
  sql "DELETE FROM rejection"
  "$FOYER" -w "$AGENCY" secret rm front.signing_key 2>/dev/null
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
}
