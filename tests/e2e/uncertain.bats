#!/usr/bin/env bats
# Writes whose answer is lost: each is looked for by what left, its answer becomes the request's own, and
# the run goes on behind it. Nothing is lost, and nothing is sent twice.

load helper
load agency
load runs

setup_file() {
  start_agency --companies 2
  mock_post messages '{"late": 0}' >/dev/null
  mkdir -p "$AGENCY/clients/beta"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  N=$BATS_TEST_NUMBER
  settings ''
  printf 'return { name = "Beta" }\n' >"$AGENCY/clients/beta/client.lua"
  recipe reply 'return ctx.call("front/send-conversation-reply", { conversation_id = id, body = "<p>hello " .. ctx.options.n .. "</p>" })'
  recipe note 'return ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })'
}

teardown() {
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/*/lua
}

# The client's own run of the action: override BODY
override() {
  mkdir -p "$AGENCY/clients/acme/lua/front/actions"
  printf 'return super { run = function(ctx, input, base)\n%s\nend }\n' "$1" \
    >"$AGENCY/clients/acme/lua/front/actions/send-conversation-reply.lua"
}

# The answers of TIMES writes are lost, after SKIP of them: lose TIMES [SKIP [PATH]]
lose() {
  fault "$(jq -nc --argjson times "$1" --argjson skip "${2:-0}" --arg path "${3:-/}" \
    '{kind: "drop-after", times: $times, skip: $skip, match: {method: "POST", path: $path}}')"
}

# By cron, until the run is over or waits for a person.
settle() {
  local i
  for i in 20 90 400 800 1200; do
    FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron
    case $(state) in done | parked | dead) return ;; esac
  done
}

# The same at once, for what is sent anew on the way and shall have the company's time.
settle_soon() {
  local i
  for i in $(seq 100); do
    foyer cron
    case $(state) in done | parked | dead) return ;; esac
    sleep 0.2
  done
}

LOOKS='confirm = { "1s", "3s", "8s", "20s" }'

result() {
  row "coalesce(result, 'null')" | jq -c "$1"
}

bodies() {
  mock_log '[.requests[] | select(.method == "POST").json.body]'
}

@test "an override that writes twice: the first, the second, both answers lost" {
  settings "$LOOKS"
  override 'local first = base(ctx, input)
    input.body = input.body:gsub("note", "second")
    return { first.id, base(ctx, input).id }'
  local lost
  for lost in "1 0" "1 1" "2 0"; do
    forget
    N=$((N * 100 + ${lost/ /}))
    # shellcheck disable=SC2086
    lose $lost
    run_recipe note
    same "$status" 69
    settle_soon
    same "$(state)" done
    same "$(bodies)" "[\"note $N\",\"second $N\"]"
    same "$(made comments)" 2
    same "$(result 'map(startswith("com_")) | [length, all]')" '[2,true]'
  done
}

@test "two replies to the customer, both answers lost: what each returned is as it was" {
  settings "$LOOKS"
  override 'local first = base(ctx, input)
    input.body = input.body:gsub("hello", "second")
    return { first, base(ctx, input) }'
  lose 2
  run_recipe reply
  same "$status" 69
  settle_soon
  same "$(state)" done
  same "$(posts)" 2
  same "$(made messages)" 2
  same "$(result 'map(keys)')" '[["message_uid","status"],["message_uid","status"]]'
}

@test "a comment after base(): looked for among the comments" {
  override 'local reply = base(ctx, input)
    local note = ctx.http.post("/conversations/" .. input.conversation_id .. "/comments", { body = "note " .. input.body:match("%d+") })
    return { reply.status, note.id }'
  lose 1 0 /comments
  lose 1 0 "/conversations/[^/]+/comments"
  run_recipe reply
  same "$status" 69
  settle
  same "$(state)" done
  same "$(posts)" 2
  same "$(made messages)/$(made comments)" 1/1
  same "$(result '[.[0], (.[1] | startswith("com_"))]')" '["accepted",true]'
}

@test "request{}: status 200 without headers; and the answer as confirm says" {
  recipe direct 'return ctx.call("front/direct", { n = ctx.options.n })'
  direct() {
    action direct "local a = ctx.http.request{ method = 'POST', url = '/conversations/$CONVERSATION/comments',
      body = { body = 'note ' .. input.n } } return { s = a.status, x = a.headers.x, k = a.body and a.body.k }" write
    sed -i "1s|return { |return { input = { n = { 'integer' } }, confirm = function() $1 end, |" \
      "$AGENCY/lua/front/actions/direct.lua"
    lose 1
    run_recipe direct
    same "$status" 69
    settle
    result .
  }
  same "$(direct 'return { k = 1 }')" '{"k":1,"s":200}'
  same "$(direct 'return true')" '{"s":204}'
  same "$(direct 'return { status = 201, headers = { X = "y" }, body = { k = 2 } }')" '{"k":2,"s":201,"x":"y"}'
  same "$(direct 'return { status = 202, k = 3 }')" '{"k":3,"s":200}'
  same "$(direct 'return { status = 404 }')" null # parked: that is no success
}

@test "type and conversation changed by an override: looked for where it went" {
  local other
  other=$(company '/conversations?limit=2' '.[1].id')
  override 'input.type = "message" input.body = input.body:gsub("note", "hello") return base(ctx, input)'
  lose 1
  run_recipe note
  same "$status" 69
  settle
  same "$(state)" done
  same "$(posts)" 1
  same "$(made messages)" 1
  forget
  override "input.conversation_id = '$other' return base(ctx, input)"
  lose 1
  run_recipe note
  same "$status" 69
  settle
  same "$(state)" done
  same "$(received)" "POST /conversations/$other/comments,GET /conversations/$other/comments"
}

@test "a reply with a file: looked for by the form's text; its history names the file by its size" {
  printf 'content' >"$BATS_TEST_TMPDIR/price.txt"
  recipe file 'return ctx.call("front/send-conversation-reply", { conversation_id = id, body = "<p>hello " .. ctx.options.n .. "</p>",
    attachments = { ctx.options.file } })'
  sed -i 's/options = {/options = { file = { "file" },/' "$AGENCY/recipes/file.lua"
  fault '{"kind": "drop-after", "match": {"method": "POST"}}'
  run_recipe file "file=@$BATS_TEST_TMPDIR/price.txt"
  same "$status" 69
  foyer runs show "$RUN" --json
  same "$(jq -c '.write | [.to.app, .method, .body.attachments, .body.options]' <<<"$output")" \
    '["front","POST",[{"file":"price.txt","size":7}],{"archive":false}]'
  settle
  same "$(state)" done
  same "$(posts)" 1
  same "$(made messages)" 1
}

@test "a contact whose answer is lost: found by its handles, and the run goes on with it" {
  recipe contact 'local contact = ctx.call("front/create-contact", { name = "Ada", handles = { { handle = "ada" .. ctx.options.n .. "@x.example", source = "email" } } })
    ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })
    return contact.handles[1].handle'
  lose 1
  run_recipe contact
  same "$status" 69
  settle
  same "$(state)" done
  same "$(received | tr ',' '\n' | grep -c '^POST /contacts$')" 1
  same "$(result .)" "\"ada$N@x.example\""
  same "$(made comments)" 1
}

@test "a contact that another run has made meanwhile is not taken: ours is refused" {
  recipe contact 'return ctx.call("front/create-contact", { handles = { { handle = "eve" .. ctx.options.n .. "@x.example", source = "email" } } }).id'
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  run_recipe contact
  same "$status" 69
  local first=$RUN
  run_recipe contact
  same "$status" 0
  RUN=$first
  settle
  same "$(state)" dead
  holds "$(row reason)" "taken already"
}

@test "a request to another host whose answer is lost is parked, with what was done before" {
  start_recorder
  settings "hosts = { \"$CHAT\" }"
  override "local note = base(ctx, input)
    ctx.http.post('http://$CHAT/status/500/audit', { id = note.id })
    return note"
  run_recipe note
  same "$status" 69
  settle
  same "$(state)" parked
  holds "$(row reason)" "front/send-conversation-reply covers only requests on the connection to front"
  same "$(posts)/$(chat_log length)" 1/1
  # a person has looked
  sed -i 's/500/200/' "$AGENCY/clients/acme/lua/front/actions/send-conversation-reply.lua"
  foyer runs resolve "$RUN" --sent
  settle
  stop_recorder
  same "$(state)" done
  same "$(posts)/$(chat_log length)" 1/1
}

@test "confirms says which requests an action speaks for; an idempotent one repeats no others" {
  recipe tidy 'ctx.call("front/tidy", { id = id, n = ctx.options.n }) return "tidied"'
  action tidy 'local to = "/conversations/" .. input.id
    ctx.http.patch(to, { status = "archived" })
    ctx.http.post(to .. "/comments", { body = "note " .. input.n })' idempotent
  sed -i 's/return { /return { confirms = { "PATCH \/conversations\/*" }, input = { id = { "conversation" }, n = { "integer" } }, /' \
    "$AGENCY/lua/front/actions/tidy.lua"
  fault '{"kind": "drop-after", "match": {"method": "PATCH"}}'
  run_recipe tidy
  later 20
  same "$(state)" done
  same "$(mock_log '[.requests[].method]')" '["PATCH","PATCH","POST"]'
  forget
  lose 1
  run_recipe tidy
  same "$(state)" parked
  holds "$(row reason)" "the confirms of front/tidy do not name it"
  same "$(mock_log '[.requests[].method]')" '["PATCH","POST"]'
}

# beta is a client of the same company: beta COMPANY'S TOKEN
beta() {
  printf %s "$1" | "$FOYER" -w "$AGENCY" connect beta --replace --token-file - --api-url "$MOCK" 2>/dev/null
}

@test "two clients of one company, the same text: what one made is not the other's" {
  beta "$COMPANY_TOKEN"
  fault '{"kind": "drop", "match": {"method": "POST"}}' # acme's never arrives
  run_recipe note
  same "$status" 69
  foyer run note --client beta "n=$N"
  same "$status" 0
  settle
  same "$(state)" done # surely absent, and sent again
  same "$(made comments)" 2
  same "$(posts)" 3
  # of a message it cannot be said that it is absent: a person is asked
  forget
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  run_recipe reply
  foyer run reply --client beta "n=$N"
  settle
  same "$(state)" parked
  same "$(posts)/$(made messages)" 2/1
}

@test "two clients of one company, the same text, both answers lost: each finds one" {
  settings "$LOOKS"
  printf 'return { name = "Beta", %s }\n' "$LOOKS" >"$AGENCY/clients/beta/client.lua"
  beta "$COMPANY_TOKEN"
  lose 2
  run_recipe note
  foyer run note --client beta "n=$N"
  same "$status" 69
  settle_soon
  same "$(state)" done
  RUN=$((RUN + 1))
  settle_soon
  same "$(state)" done
  same "$(posts)/$(made comments)" 2/2
}

@test "a message is not taken while another client's request to the same place has no answer" {
  beta "$COMPANY_TOKEN"
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  run_recipe note
  same "$status" 69
  fault '{"kind": "slow", "after": 4, "match": {"method": "POST"}}'
  "$FOYER" -w "$AGENCY" run note --client beta "n=$N" >/dev/null 2>&1 </dev/null 3>&- &
  local beta=$!
  until [ "$(posts)" = 2 ]; do sleep 0.05; done
  later 20
  same "$(state)" confirming
  holds "$(row "(select text from history where run = $RUN order by n desc limit 1)")" "another run sends to the same place"
  wait "$beta"
  settle
  same "$(state)" done
  same "$(posts)/$(made comments)" 3/2
}

@test "the client is connected to another company meanwhile: looked for where it went" {
  beta "$COMPANY_TOKEN" # keeps the first company's connection
  lose 1
  run_recipe note
  same "$status" 69
  local gone
  recipe more 'ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "first " .. ctx.options.n })
    return ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "second " .. ctx.options.n })'
  lose 1
  gone=$RUN
  run_recipe more
  local more=$RUN
  printf '%s-2' "$COMPANY_TOKEN" | "$FOYER" -w "$AGENCY" connect acme --replace --token-file - --api-url "$MOCK" 2>/dev/null
  RUN=$gone
  settle
  same "$(state)" done
  same "$(posts)/$(made comments)" 2/2
  RUN=$more # found, too; but what comes next is not for that company any more
  same "$(state)" parked
  holds "$(row reason)" "client acme is connected to another company now"
  same "$(posts)" 2
  "$FOYER" -w "$AGENCY" connect acme --replace --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
}

@test "absent there, the client being connected elsewhere: not sent to the other company" {
  beta "$COMPANY_TOKEN"
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  run_recipe note
  printf '%s-2' "$COMPANY_TOKEN" | "$FOYER" -w "$AGENCY" connect acme --replace --token-file - --api-url "$MOCK" 2>/dev/null
  settle
  same "$(state)" parked
  holds "$(row reason)" "it surely was not done, but it was sent to cmp_"
  same "$(posts)" 1
  # and no client is left there to look with
  "$FOYER" -w "$AGENCY" connect acme --replace --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
  lose 1
  run_recipe note
  beta "$COMPANY_TOKEN-2"
  printf '%s-2' "$COMPANY_TOKEN" | "$FOYER" -w "$AGENCY" connect acme --replace --token-file - --api-url "$MOCK" 2>/dev/null
  settle
  same "$(state)" parked
  holds "$(row reason)" "to which no client is connected any more"
  same "$(posts)" 2
  "$FOYER" -w "$AGENCY" connect acme --replace --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
}

@test "resolve --sent: the answer's body is {} or what --result says" {
  settings 'confirm = { "1s" }'
  recipe two 'local a = ctx.call("front/send-conversation-reply", { conversation_id = id, body = "<p>first " .. ctx.options.n .. "</p>" })
    ctx.call("front/send-conversation-reply", { conversation_id = id, type = "comment", body = "note " .. ctx.options.n })
    return { a, json.encode(a) }'
  local more want
  for more in "" '{"message_uid":"abc","status":"accepted"}'; do
    fault '{"kind": "drop", "match": {"method": "POST"}}'
    run_recipe two
    later 20 69
    same "$(state)" parked
    foyer runs resolve "$RUN" --sent ${more:+--result "$more"}
    settle
    same "$(state)" done
    want=${more:-"{}"}
    same "$(result .)" "$(jq -nc --argjson body "$want" '[$body, ($body | tojson)]')"
  done
  same "$(made comments)" 2
}

@test "a replay after it was found asks for the same" {
  override 'local note = base(ctx, input)
    local now = ctx.http.get("/conversations/" .. input.conversation_id)
    input.body = input.body:gsub("note", "second")
    base(ctx, input)
    return { note.id, now.id }'
  lose 1
  fault '{"kind": "503", "times": 2, "match": {"method": "GET", "path": "/conversations/[^/]+$"}}'
  run_recipe note
  same "$status" 69
  settle
  same "$(state)" done
  same "$(bodies)" "[\"note $N\",\"second $N\"]"
  same "$(result '[(.[0] | startswith("com_")), .[1]]')" "[true,\"$CONVERSATION\"]"
}

# The action as an older foyer had it, until the run has begun: older NAME
older() {
  mkdir -p "$AGENCY/lua/front/actions"
  cp "$DATA/older/$1.lua" "$AGENCY/lua/front/actions/"
}

@test "a run that began with an older confirm, which returns what the action does: a message" {
  settings "$LOOKS"
  older send-conversation-reply
  override 'local reply = base(ctx, input)
    input.body = input.body:gsub("hello", "second")
    return { reply, base(ctx, input) }'
  lose 2
  run_recipe reply
  same "$status" 69
  rm -r "$AGENCY/lua" "$AGENCY/clients/acme/lua"
  settle_soon
  same "$(state)" done
  same "$(posts)/$(made messages)" 2/2
  same "$(result 'map(.status)')" '["accepted","accepted"]'
}

@test "... a comment, found and absent" {
  older send-conversation-reply
  lose 1
  run_recipe note
  same "$status" 69
  rm -r "$AGENCY/lua"
  settle
  same "$(state)" done
  same "$(result '.id[:4]')" '"com_"'
  same "$(posts)/$(made comments)" 1/1
  older send-conversation-reply
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  N=${N}00
  run_recipe note
  rm -r "$AGENCY/lua"
  settle
  same "$(state)" done
  same "$(posts)/$(made comments)" 3/1
}

@test "... a contact" {
  older create-contact
  recipe contact 'return ctx.call("front/create-contact", { handles = { { handle = "old" .. ctx.options.n .. "@x.example", source = "email" } } }).handles[1].handle'
  lose 1
  run_recipe contact
  same "$status" 69
  rm -r "$AGENCY/lua"
  settle
  same "$(state)" done
  same "$(posts)" 1
  same "$(result .)" "\"old$N@x.example\""
}

@test "what the other actions make is found by name, domain, address, author and text" {
  settings "$LOOKS"
  local contact channel action input
  contact=$(company '/contacts?limit=1' '.[0].id')
  channel=$(company /channels 'map(select(.type == "smtp"))[0].id')
  while read -r action input; do
    forget
    N=$((N * 10 + 1))
    recipe make "return ctx.call(\"front/$action\", $input)"
    lose 1
    run_recipe make
    same "$status" 69 || { echo "$action: $output"; return 1; }
    settle_soon
    same "$(state)" done || { echo "$action: $(row error)"; return 1; }
    same "$(posts)" 1 || { echo "$action"; return 1; }
  done <<LUA
create-company-tag { name = "T$N" }
create-template-folder { name = "F$N" }
create-account { name = "A$N", domains = { "d$N.example" } }
create-link { external_url = "https://shop.example/$N" }
add-contact-handle { contact_id = "$contact", handle = "h$N@x.example", source = "email" }
add-contact-note { contact_id = "$contact", author_id = "alt:email:leela@acme.example", body = "note $N" }
create-draft-reply { conversation_id = id, channel_id = "$channel", body = "draft $N", mode = "shared" }
create-contact-list { name = "L$N" }
LUA
}

@test "whether a message appeared is asked where it was sent, also when the client is elsewhere by then" {
  local elsewhere
  elsewhere() {
    printf '%s-2' "$COMPANY_TOKEN" | "$FOYER" -w "$AGENCY" connect acme --replace --token-file - --api-url "$MOCK" 2>/dev/null
  }
  python3 - "$AGENCY/state/foyer.db" <<'PY' # one cron looks for few, and other tests left some
import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20).execute("DELETE FROM receipt")
PY
  beta "$COMPANY_TOKEN"
  run_recipe reply
  same "$status" 0
  elsewhere
  later 601
  same "$(row undelivered)" None
  same "$(row "(select count(*) from history where run = $RUN and what = 'delivered')")" 1
  # no client is left there: it is not known yet
  "$FOYER" -w "$AGENCY" connect acme --replace --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
  run_recipe reply
  same "$status" 0
  beta "$COMPANY_TOKEN-2"
  elsewhere
  later 601
  same "$(row undelivered)" None
  same "$(row "(select count(*) from receipt where run = $RUN)")" 1
  "$FOYER" -w "$AGENCY" connect acme --replace --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
  later 1300
  same "$(row undelivered)" None
  same "$(row "(select count(*) from history where run = $RUN and what = 'delivered')")" 1
}
