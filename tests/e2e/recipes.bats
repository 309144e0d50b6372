#!/usr/bin/env bats
# The three shipped recipes by hand and from a crontab line, and what they send.

load helper
load agency

setup_file() {
  start_agency
  start_recorder
  cp "$AGENCY/clients/acme/client.lua" "$BATS_FILE_TMPDIR/client.lua"
}

teardown_file() {
  stop_recorder
  stop_agency
}

setup() {
  fresh
  : >"$CHAT_LOG"
}

teardown() {
  cp "$BATS_FILE_TMPDIR/client.lua" "$AGENCY/clients/acme/client.lua"
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY/clients/zed"
}

run_recipe() {
  foyer run "$1" --client acme --json "${@:2}"
}

result() { jq -c ".result | $1" <<<"$output"; }

# The client's settings: settings CLIENT LUA, from `front` on
settings() {
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s Ltd", %s }\n' "$1" "$2" >"$AGENCY/clients/$1/client.lua"
}

# How many conversations are unassigned, page by page.
unassigned() {
  local url="$MOCK/conversations?q[statuses][]=unassigned&limit=100" page n=0
  while [ "$url" != null ]; do
    page=$(curl -sgf -H 'Authorization: Bearer mock-token' "$url")
    n=$((n + $(jq '._results | length' <<<"$page")))
    url=$(jq -r ._pagination.next <<<"$page")
  done
  echo "$n"
}

# ---- first-reply ----

@test "first-reply with --conversation, on a teammate's behalf" {
  settings acme 'front = { teammates = { leela = "alt:email:leela@acme.example" } }, vars = { phone = "+1 555 0100" }'
  run_recipe first-reply conversation=x
  failed 65 invalid 'unknown key "conversation"'
  run_recipe first-reply --conversation "$CONVERSATION" author=leela
  done_well
  same "$(jq -c '[.client, .outcome, (.result.message_uid | type)]' <<<"$output")" '["acme","done","string"]'
  same "$(received)" "GET /conversations/$CONVERSATION,POST /conversations/$CONVERSATION/messages"
  same "$(mock_log '.requests[1].json | [.author_id, .options.archive]')" '["alt:email:leela@acme.example",false]'
  holds "$(mock_log '.requests[1].json.body')" 'acme Ltd'
  holds "$(mock_log '.requests[1].json.body')" '+1 555 0100'
}

@test "first-reply with --event: what it says is used, nothing is fetched; we wrote first: skipped" {
  local event=$BATS_TEST_TMPDIR/event.json
  jq -n --arg id "$CONVERSATION" '{type: "conversation_created", payload: {id: "evt_1", type: "inbound",
    conversation: {id: $id, subject: "Wool", recipient: {name: "Ada <Example>"}}}}' >"$event"
  run_recipe first-reply --event "$event"
  done_well
  same "$(received)" "POST /conversations/$CONVERSATION/messages"
  holds "$(mock_log '.requests[0].json.body')" 'Hello Ada &lt;Example&gt;'
  forget
  jq '.payload.type = "outbound"' "$event" >"$event.out"
  run_recipe first-reply --event "$event.out"
  same "$(jq -c '[.outcome, .reason]' <<<"$output")" '["skipped","we wrote first"]'
  same "$status" 0
  nothing_sent
}

@test "first-reply, dry: the request is shown, not sent" {
  run_recipe first-reply --conversation "$CONVERSATION" --dry-run
  done_well
  same "$(result '[.dry_run.method, .dry_run.to, .dry_run.body.options.archive]')" \
    "[\"POST\",\"/conversations/$CONVERSATION/messages\",false]"
  same "$(received)" "GET /conversations/$CONVERSATION"
}

# ---- digest ----

@test "digest to a chat: the URL is a secret, its host in the client's hosts" {
  printf 'http://%s/services/T0/hush-hush' "$CHAT" | "$FOYER" -w "$AGENCY" secret set acme.chat --from -
  settings acme "hosts = { \"$CHAT\" }, recipes = { digest = { post_to = secret \"acme.chat\" } }"
  run_recipe digest limit=3
  done_well
  same "$(result '[.count, .shown]')" "[$(unassigned),3]"
  same "$(chat_log 'map(.method + " " + .path + " " + .headers["content-type"])')" \
    '["POST /services/T0/hush-hush application/json"]'
  same "$(chat_log '.[0].headers.authorization')" null
  same "$(chat_log '.[0].body | fromjson | keys')" '["text"]'
  same "$(chat_log '.[0].body | fromjson | .text | [scan("open/cnv_")] | length')" 3
  holds "$(chat_log '.[0].body | fromjson | .text')" "acme Ltd: $(unassigned) unassigned"
  holds "$(chat_log '.[0].body | fromjson | .text')" "and $(($(unassigned) - 3)) more"
  same "$(mock_log '[.requests[].method] | unique')" '["GET"]'
  [[ $output$stderr != *hush* ]]

  # nowhere else
  settings acme 'recipes = { digest = { post_to = secret "acme.chat" } }'
  run_recipe digest
  failed 65 forbidden 127.0.0.1 clients/acme/client.lua
  [[ $output$stderr != *hush* ]]
  same "$(chat_log length)" 1
  settings acme "hosts = { \"$CHAT\" }, recipes = { digest = { post_to = secret \"acme.chta\" } }"
  run_recipe digest
  failed 78 settings acme.chta 'foyer secret set' || failed 65 not_found acme.chta 'foyer secret set'
  "$FOYER" -w "$AGENCY" secret rm acme.chat
}

@test "digest: a chat that refuses, fails, or is away" {
  settings acme "hosts = { \"$CHAT\" }"
  run_recipe digest post_to="http://$CHAT/status/404/x"
  failed 65 not_found "$CHAT" 404
  run_recipe digest post_to="http://$CHAT/status/500/x"
  failed 69 uncertain "$CHAT" 500
  run_recipe digest post_to="http://$CHAT/status/429/x"
  failed 75 rate_limited 429
  same "$(chat_log length)" 3
}

@test "digest as a comment; either or; nothing to say is skipped" {
  run_recipe digest conversation="$CONVERSATION" limit=1
  done_well
  same "$(mock_log '.requests[-1] | [.method, .path]')" "[\"POST\",\"/conversations/$CONVERSATION/comments\"]"
  holds "$(mock_log '.requests[-1].json.body')" '**Acme Dry Goods: '
  forget
  run_recipe digest
  failed 65 invalid 'either post_to or conversation'
  nothing_sent
  run_recipe digest conversation="$CONVERSATION" hours=9000000
  same "$(jq -c .outcome <<<"$output") $status" '"skipped" 0'
  same "$(mock_log '[.requests[] | select(.method == "POST")] | length')" 0
}

# ---- contacts-from-csv ----

@test "contacts-from-csv: good lines done, bad ones reported, those that exist counted" {
  local known csv=$BATS_TEST_TMPDIR/contacts.csv
  known=$(company '/contacts?limit=1' '[.[0].handles[] | select(.source == "email")][0].handle')
  printf 'E-mail;Full name;City\r\n"ada@csv.example";"Ada; Example";"Zürich"\r\nnot-an-address;Bad;\r\n;Nobody;\r\n%s;Known;\r\nbob@csv.example;Bob;"New\nYork"\r\n"open' \
    "$known" >"$csv"
  forget
  run_recipe contacts-from-csv file=@"$csv" columns.email=e-mail columns.name='full NAME' custom_fields=City list_names=Customers
  done_well
  same "$(result '[.created, .exists, .failed]')" '[2,1,3]'
  same "$(result '[.problems[].line]')" '[3,4,8]'
  holds "$stderr" 'line 4: no e-mail address'
  same "$(mock_log '[.requests[] | .method + " " + .path] | unique')" '["POST /contacts"]'
  same "$(mock_log '.requests[0].json')" \
    '{"custom_fields":{"City":"Zürich"},"handles":[{"handle":"ada@csv.example","source":"email"}],"list_names":["Customers"],"name":"Ada; Example"}'
  same "$(company /contacts/alt:email:bob%40csv.example 'null')" null
  # once more: nothing twice
  run_recipe contacts-from-csv file=@"$csv" columns.email=e-mail columns.name='full name' custom_fields=City
  same "$(result '[.created, .exists, .failed]')" '[0,3,3]'
}

@test "an event of another shape is refused; a rule's bare event is wrapped" {
  local event=$BATS_TEST_TMPDIR/event.json bad
  for bad in '{"type":"x"}' '[]' '"x"' '{"payload":"x"}'; do
    echo "$bad" >"$event"
    run_recipe first-reply --event "$event"
    failed 65 invalid 'neither {type, payload'
  done
  same "$(received)" ""
  curl -sf -H "Authorization: Bearer $COMPANY_TOKEN" "$MOCK/conversations/$CONVERSATION" |
    jq '{type: "inbound", emitted_at: 1701292649.333, conversation: .}' >"$event"
  forget
  run_recipe first-reply --event "$event"
  done_well
  same "$(received)" "POST /conversations/$CONVERSATION/messages"
}

@test "a preview is completed; what is gone, or named by nothing, is not" {
  local event=$BATS_TEST_TMPDIR/event.json
  forget
  jq -n --arg id "$CONVERSATION" '{id: "evt_1", type: "inbound", emitted_at: 1701292649.333, conversation: {id: $id,
    _links: {self: "https://api2.frontapp.com/conversations/x"}}}' >"$event"
  run_recipe first-reply --event "$event"
  done_well
  same "$(received)" "GET /conversations/$CONVERSATION,POST /conversations/$CONVERSATION/messages"
  forget
  echo '{"type": "inbound", "payload": {"conversation": {"id": "cnv_gone"}}}' >"$event"
  run_recipe first-reply --event "$event"
  failed 65 not_found cnv_gone
  echo '{"type": "inbound", "payload": {"type": "inbound"}}' >"$event"
  run_recipe first-reply --event "$event"
  failed 65 invalid 'the event has no payload.conversation, which front/conversation-created needs'
  same "$(received)" "GET /conversations/cnv_gone"
}

@test "contacts-from-csv: a limit in the middle ends it; no headings; no file" {
  local csv=$BATS_TEST_TMPDIR/contacts.csv
  printf 'email\na1@csv.example\na2@csv.example\na3@csv.example\n' >"$csv"
  fault '{"kind": "429", "retry_after": 3600, "match": {"method": "POST"}, "skip": 1}'
  run_recipe contacts-from-csv file=@"$csv"
  failed 75 rate_limited 429
  same "$(received)" "POST /contacts,POST /contacts"
  run_recipe contacts-from-csv file=@"$csv"
  failed 75 rate_limited 'rate limit is used up' # the company's, so no process asks again
  same "$(received)" "POST /contacts,POST /contacts"
  forget_limits
  run_recipe contacts-from-csv file=@"$csv"
  same "$(result '[.created, .exists, .failed]')" '[2,1,0]'
  printf 'line,email\n1,x@y.example\n' >"$csv"
  run_recipe contacts-from-csv file=@"$csv"
  same "$status" 65
  printf 'a,b\n1,2\n' >"$csv"
  run_recipe contacts-from-csv file=@"$csv"
  failed 65 invalid 'no column holds e-mail'
  run_recipe contacts-from-csv file=@/nowhere.csv
  failed 65 not_found /nowhere.csv
  run_recipe contacts-from-csv
  failed 65 invalid '"file" is missing'
}

@test "--conversation for a recipe without a trigger of its own" {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", run = function(_, event) return event.payload.conversation.id end }\n' \
    >"$AGENCY/recipes/plain.lua"
  foyer run plain --client acme --conversation "$CONVERSATION"
  same "$status $output" "0 $CONVERSATION"
  rm -r "$AGENCY/recipes/plain.lua"
}

# ---- all clients, cron ----

@test "--all-clients takes those where it is on; one failure is not the others'" {
  settings acme 'recipes = { digest = { conversation = "'"$CONVERSATION"'", limit = 1 } }'
  settings zed 'recipes = { digest = { conversation = "'"$CONVERSATION"'", limit = 1 } }'
  settings off 'recipes = {}'
  foyer run digest --all-clients --json
  same "$status" 77 # zed is not connected
  same "$(jq -c 'map([.client, .outcome, .error.kind])' <<<"$output")" '[["acme","done",null],["zed","failed","auth"]]'
  same "$(mock_log '[.requests[] | select(.method == "POST") | .path]')" "[\"/conversations/$CONVERSATION/comments\"]"
  "$FOYER" -w "$AGENCY" connect zed --token-file "$TOKEN" --api-url "$MOCK"
  forget
  foyer run digest --all-clients --json
  done_well
  same "$(mock_log '[.requests[] | select(.method == "POST") | .json.body | scan("(?:acme|zed) Ltd")] | sort')" '["acme Ltd","zed Ltd"]'
  settings slip 'recipies = {}'
  foyer run digest --all-clients --json
  same "$status" 78
  same "$(jq -c 'map([.client, .outcome, .error.kind])' <<<"$output")" '[["acme","done",null],["slip","failed","settings"],["zed","done",null]]'
  rm -r "$AGENCY/clients/slip"
  foyer run contacts-from-csv --all-clients --json
  same "$status $(jq -c . <<<"$output")" '0 []'
  holds "$stderr" 'none of 3 clients has the recipe contacts-from-csv switched on'
  rm -r "$AGENCY/clients/off"
}

@test "--all-clients for people: a table, failures first, and a line that counts" {
  mkdir -p "$AGENCY/recipes"
  cat >"$AGENCY/recipes/odd.lua" <<'LUA'
return { summary = "x", options = { word = { "string" } }, run = function(ctx)
  local word = ctx.options.word
  if word == "skip" then ctx.skip("nothing to do") end
  if word == "nap" then ctx.sleep("1h") end
  if word == "fail" then error({ kind = "invalid", message = "no such\nthing" }) end
  return { word = word }
end }
LUA
  local client
  for client in "b fail" "c skip" "d nap" "e fine"; do
    settings "${client% *}" 'recipes = { odd = { word = "'"${client#* }"'" } }'
  done
  foyer run odd --all-clients
  same "$status" 65
  same "$(sed -E 's/ +/ /g; s/ $//; /^[b-e] /s/ [0-9]+/ N/' <<<"$output")" 'CLIENT OUTCOME RUN DETAIL
b failed N no such thing
d waiting N
c skipped N nothing to do
e done N {"word":"fine"}
4 clients: 1 failed, 1 waiting, 1 skipped, 1 done'
}

@test "recipes NAME: its example works as printed, whatever its trigger needs" {
  local on line
  mkdir -p "$AGENCY/recipes"
  for on in contact-created conversation-assigned message-received conversation-created; do
    printf 'return { summary = "x", on = "front/%s", run = function(ctx, event) return event.payload.type end }' "$on" \
      >"$AGENCY/recipes/listens.lua"
    foyer recipes listens --client acme
    line=$(sed -n '/^example/{n;s/^ *//p}' <<<"$output")
    line=${line/--conversation ID/--conversation "$CONVERSATION"}
    status=0
    output=$(cd "$AGENCY" && PATH=${FOYER%/*}:$PATH bash -o pipefail -c "$line" 2>"$BATS_TEST_TMPDIR/err") || status=$?
    same "$status" 0 || { echo "$line: $(cat "$BATS_TEST_TMPDIR/err")"; return 1; }
    [ -n "$output" ]
  done
  foyer triggers --sample
  same "$status" 64
  rm "$AGENCY/recipes/listens.lua"
}

@test "run --sample: the example event of the recipe's trigger" {
  mkdir -p "$AGENCY/recipes"
  local trigger
  for trigger in tag-added conversation-archived call-missed any-event; do
    printf 'return { summary = "x", on = "front/%s", run = function(ctx, event) return { event, event.actor.kind } end }' \
      "$trigger" >"$AGENCY/recipes/listens.lua"
    run_recipe listens --sample
    done_well
    foyer triggers "front/$trigger" --sample
    same "$(jq -cS '.payload' <<<"$output")" "$(run_recipe listens --sample && jq -cS '.result[0].payload' <<<"$output")"
  done
  run_recipe listens --sample --dry-run
  same "$status" 0
  run_recipe digest --sample
  failed 64 usage 'cannot run digest with --sample' 'no `on`'
  run_recipe listens --sample --event x.json
  failed 64 usage '--event and --sample exclude each other'
  run_recipe listens --sample --conversation cnv_1
  failed 64 usage '--conversation and --sample exclude each other'
  mkdir -p "$AGENCY/lua/front/triggers"
  printf 'return { summary = "x", on = { "none" } }' >"$AGENCY/lua/front/triggers/none.lua"
  printf 'return { summary = "x", on = "front/none", run = function() end }' >"$AGENCY/recipes/listens.lua"
  run_recipe listens --sample
  failed 65 not_found 'front/none has no sample event'
  printf 'return { summary = "x", on = "front/tag-add", run = function() end }' >"$AGENCY/recipes/listens.lua"
  run_recipe listens --sample
  failed 65 not_found 'there is no trigger "front/tag-add"; did you mean "front/tag-added"?'
  foyer triggers front/tags-added --sample --json
  failed 65 not_found 'did you mean "front/tag-added"?'
  rm -r "$AGENCY/recipes/listens.lua" "$AGENCY/lua"
  nothing_sent
}

@test "the README's crontab line, as cron runs it: bare PATH, no XDG, no terminal" {
  settings acme 'recipes = { digest = { conversation = "'"$CONVERSATION"'", limit = 1 } }'
  local line home=$BATS_TEST_TMPDIR/home
  mkdir -p "$home/.config/foyer"
  cp -p "$KEY" "$home/.config/foyer/key"
  line=$(grep -oE '[0-9*/,-]+( [0-9*/,-]+){4} cd .*foyer run .*' "$ROOT/README.md" 2>/dev/null | head -1)
  line=${line:-'* * * * * cd /srv/agency && /usr/local/bin/foyer run digest --all-clients'}
  line=$(sed -E 's/^([^ ]+ ){5}//' <<<"$line" | sed -E "s|cd [^ ]+|cd $AGENCY|; s|[^ ]*foyer run [^ ]+|$FOYER run digest|; s|[ \`]+\$||")
  holds "$line" "cd $AGENCY && $FOYER run digest"
  status=0
  (cd / && env -i HOME="$home" LOGNAME=agency SHELL=/bin/sh PATH=/usr/bin:/bin /bin/sh -c "$line" \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null) || status=$?
  same "$status" 0
  same "$(mock_log '.requests[-1] | [.method, .path]')" "[\"POST\",\"/conversations/$CONVERSATION/comments\"]"
  same "$(cat "$BATS_TEST_TMPDIR/err")" "" # cron mails what is said there
}

@test "a recipe that computes gets the numbers of libm" {
  mkdir -p "$AGENCY/recipes"
  cat >"$AGENCY/recipes/compute.lua" <<'LUA'
return {
  summary = "Computes",
  run = function()
    local out = {}
    for _, x in ipairs { math.acos(0.3), math.asin(0.3), math.atan(0.3), math.atan(1, -2), math.cos(1), math.sin(1),
      math.tan(1), math.exp(1.5), math.log(7), math.log(7, 2), math.log(7, 10), math.log(7, 3), math.sqrt(7), 7 ^ 0.3,
      math.fmod(7.5, -2), -7.5 % 2, math.floor(-2.5), math.ceil(-2.5), -7.5 // 2 } do
      out[#out + 1] = ("%.12g"):format(x)
    end
    return { values = table.concat(out, " ") }
  end,
}
LUA
  run_recipe compute
  same "$status" 0
  same "$(result .values)" "\"$(python3 -c '
from math import *
print(*("%.12g" % x for x in (acos(.3), asin(.3), atan(.3), atan2(1, -2), cos(1), sin(1), tan(1), exp(1.5), log(7),
  log2(7), log10(7), log(7) / log(3), sqrt(7), 7 ** .3, fmod(7.5, -2), -7.5 % 2, floor(-2.5), ceil(-2.5), -7.5 // 2)))')\""
}
