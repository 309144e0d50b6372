#!/usr/bin/env bats
# Actions that declare their request, through the binary against the mock: what is sent and received, dry runs,
# overrides, retries, and what is read right before a write that the company replaces as a whole.

bats_require_minimum_version 1.5.0
load helper
load agency
load runs

setup_file() {
  start_agency
  CONTACT=$(company '/contacts?limit=1' '.[0].id')
  export CONTACT
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  N=$BATS_TEST_NUMBER
  settings ''
  declare_action tag 'effect = "idempotent", request = { "POST", "/conversations/{conversation_id}/tags" },
    input = { conversation_id = { "conversation", required = true }, tags = { list = "tag", as = "tag_ids" } }'
  declare_action update 'effect = "idempotent", request = { "PATCH", "/contacts/{contact_id}" },
    input = { contact_id = { "contact", required = true }, custom_fields = { "object" }, name = { "string" } },
    merge = { field = "custom_fields", from = "GET /contacts/{contact_id}" }'
  recipe update 'return ctx.call("front/update", { contact_id = "'"$CONTACT"'", custom_fields = { A = "new " .. ctx.options.n, C = json.null } })'
}

teardown() {
  rm -rf "$AGENCY"/{lua,recipes} "$AGENCY"/clients/*/lua
}

# An action of the workspace: declare_action NAME KEYS
declare_action() {
  mkdir -p "$AGENCY/lua/front/actions"
  printf 'return { summary = "x", %s }\n' "$2" >"$AGENCY/lua/front/actions/$1.lua"
}

# Another program writes: elsewhere JSON (all custom fields)
elsewhere() {
  curl -sgf -X PATCH -H "Authorization: Bearer $COMPANY_TOKEN" -H 'Content-Type: application/json' \
    -d "{\"custom_fields\": $1}" "$MOCK/contacts/$CONTACT"
}

fields() {
  curl -sgf -H "Authorization: Bearer $COMPANY_TOKEN" "$MOCK/contacts/$CONTACT" | jq -cS .custom_fields
}

# By cron, until the run is over or waits for a person.
settle() {
  local i
  for i in 100 200 300; do
    FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron
    case $(state) in done | parked | dead) return ;; esac
  done
}

@test "the fields go into the path and the body; a 204 is {}" {
  local tag
  tag=$(company /tags 'map(select(.is_private | not))[0].id')
  forget
  call front/tag "conversation_id=$CONVERSATION" "tags=$tag"
  done_well
  same "$output" "{}"
  same "$(mock_log '.requests[0] | [.method, .path, .json.tag_ids[0]] | join(" ")')" \
    "\"POST /conversations/$CONVERSATION/tags $tag\""
}

@test "a dry run shows the request" {
  call front/tag --dry-run "conversation_id=$CONVERSATION" tags=tag_1
  done_well
  same "$(jq -cS .dry_run <<<"$output")" \
    "{\"body\":{\"tag_ids\":[\"tag_1\"]},\"method\":\"POST\",\"to\":\"/conversations/$CONVERSATION/tags\"}"
  nothing_sent
}

@test "an override changes the request, a field and the run" {
  mkdir -p "$AGENCY/clients/acme/lua/front/actions"
  cat >"$AGENCY/clients/acme/lua/front/actions/tag.lua" <<'LUA'
return super {
  request = { "DELETE", "/conversations/{conversation_id}/tags" },
  input   = { note = { "string", at = "header", as = "X-Note" } },
  run     = function(ctx, input, base)
    input.tags = { "tag_1", "tag_2" }
    return base(ctx, input)
  end,
}
LUA
  call front/tag --dry-run "conversation_id=$CONVERSATION" note=x
  done_well
  same "$(jq -cS '.dry_run | [.method, .body.tag_ids]' <<<"$output")" '["DELETE",["tag_1","tag_2"]]'
}

@test "mistakes are named with file, line and a near name" {
  declare_action tag 'effect = "idempotent", request = { "POST", "/conversations/{conversation_id}/tags" },
    input = { conversation = { "conversation", required = true } }'
  run --separate-stderr "$FOYER" -w "$AGENCY" check
  same "$status" 65
  holds "$output" 'lua/front/actions/tag.lua:1: request: the path /conversations/{conversation_id}/tags has {conversation_id}, but the input has no field "conversation_id"; did you mean {conversation}?'
  call front/tag "conversation=$CONVERSATION"
  failed 70 script 'tag.lua:1: request: the path'
  nothing_sent
}

@test "a lost answer is sent again, as the action is idempotent" {
  recipe tag 'return ctx.call("front/tag", { conversation_id = id, tags = { "'"$(company /tags '.[0].id')"'" } })'
  fault '{"kind": "drop-after", "times": 1, "match": {"method": "POST", "path": "/tags"}}'
  run_recipe tag
  settle
  same "$(state)" done
  same "$(posts)" 2
}

@test "merge: the other custom fields stay, null removes one" {
  elsewhere '{"A": "1", "B": [1, {"x": 19.99}], "C": "3"}'
  forget
  call front/update "contact_id=$CONTACT" 'custom_fields:={"A": "2", "C": null, "D": true}'
  done_well
  same "$(received)" "GET /contacts/$CONTACT,PATCH /contacts/$CONTACT"
  same "$(fields)" '{"A":"2","B":[1,{"x":19.99}],"D":true}'
}

@test "merge: replaced when that is asked for, and not read without the field" {
  elsewhere '{"A": "1", "B": "2"}'
  forget
  call front/update "contact_id=$CONTACT" 'custom_fields:={"B": "3"}' replace_custom_fields=true
  done_well
  same "$(fields)" '{"B":"3"}'
  forget
  call front/update "contact_id=$CONTACT" name=Ada
  done_well
  same "$(received)" "PATCH /contacts/$CONTACT"
  same "$(fields)" '{"B":"3"}'
}

@test "merge: a dry run reads, and shows what it would write" {
  elsewhere '{"A": "1", "B": "2"}'
  forget
  call front/update --dry-run "contact_id=$CONTACT" 'custom_fields:={"B": "3"}'
  done_well
  same "$(jq -cS .dry_run.body.custom_fields <<<"$output")" '{"A":"1","B":"3"}'
  same "$(received)" "GET /contacts/$CONTACT"
}

@test "merge: what is not there is an error, and nothing is written" {
  call front/update contact_id=crd_zzz 'custom_fields:={"B": "3"}'
  failed 65 not_found "GET /contacts/crd_zzz"
  same "$(received)" "GET /contacts/crd_zzz"
}

@test "merge: an answer without the object is an error, and nothing is erased" {
  declare_action update 'effect = "idempotent", request = { "PATCH", "/contacts/{contact_id}" },
    input = { contact_id = { "contact", required = true }, custom_fields = { "object" } },
    merge = { field = "custom_fields", from = "GET /contacts/{contact_id}/notes" }'
  call front/update "contact_id=$CONTACT" 'custom_fields:={"B": "3"}'
  failed 65 invalid "the answer to GET /contacts/$CONTACT/notes has no object at custom_fields" 'replace_ field'
  same "$(received)" "GET /contacts/$CONTACT/notes"
}

@test "merge: the answer is lost, and another field changes before it is written again" {
  elsewhere '{"A": "1", "B": "2", "C": "3"}'
  forget
  fault '{"kind": "drop-after", "times": 1, "match": {"method": "PATCH", "path": "/contacts/"}}'
  run_recipe update
  same "$(fields)" "{\"A\":\"new $N\",\"B\":\"2\"}"
  elsewhere '{"A": "mine", "B": "changed", "C": "again", "E": "5"}'
  settle
  same "$(state)" done
  same "$(fields)" "{\"A\":\"new $N\",\"B\":\"changed\",\"E\":\"5\"}"
}

@test "merge: refused at first, and another field changes before it is tried again" {
  local kind
  for kind in 503 429 drop; do
    elsewhere '{"A": "1", "B": "2"}'
    fault "{\"kind\": \"$kind\", \"times\": 1, \"match\": {\"method\": \"PATCH\", \"path\": \"/contacts/\"}}"
    forget
    run_recipe update
    elsewhere '{"A": "mine", "B": "changed '"$kind"'"}'
    settle
    # a 429 is asked again within the attempt, before the other program wrote
    [ "$kind" = 429 ] || same "$(fields)" "{\"A\":\"new $N\",\"B\":\"changed $kind\"}"
    same "$(mock_log '[.requests[] | select(.headers["user-agent"] // "" | test("curl") | not) | .method] | join(" ")')" \
      '"GET PATCH GET PATCH"'
    same "$(state)" done
    forget_limits
  done
}

@test "merge: the read fails, and the run is tried again" {
  elsewhere '{"A": "1", "B": "2"}'
  fault '{"kind": "503", "times": 1, "match": {"method": "GET", "path": "/contacts/"}}'
  forget
  run_recipe update
  same "$(mock_log '[.requests[].method] | join(" ")')" '"GET"'
  settle
  same "$(state)" done
  same "$(fields)" "{\"A\":\"new $N\",\"B\":\"2\"}"
}

@test "merge: the process is killed at each point, and another field changes meanwhile" {
  local point
  for point in 'intent kept' 'outcome known' leaving; do
    elsewhere '{"A": "1", "B": "2"}'
    FOYER_TEST_STOP=$point foyer run update --client acme --json "n=$N"
    elsewhere '{"A": "mine", "B": "changed at '"$point"'"}'
    RUN=$(row id '(select max(id) from run)')
    settle
    same "$(state)" done
    same "$(fields)" "{\"A\":\"new $N\",\"B\":\"changed at $point\"}"
  done
}

@test "merge: what was read is in the record of the run, and is no step of it" {
  elsewhere '{"A": "1"}'
  run_recipe update
  foyer runs show "$RUN" --json
  holds "$output" "GET"
  same "$(jq '[.. | objects | select(.method? == "GET" and .status == 200)] | length' <<<"$output")" 1
  same "$(row "(select count(*) from entry where kind = 'http' and name like 'GET %')")" 0
}

@test "DELETE: a lost answer, and a 404 to the second, is success" {
  declare_action untag 'effect = "idempotent", request = { "DELETE", "/conversations/{conversation_id}/tags" },
    input = { conversation_id = { "conversation", required = true }, tags = { list = "string", as = "tag_ids" } }'
  recipe untag 'return ctx.call("front/untag", { conversation_id = id, tags = { "tag_1" } })'
  fault '{"kind": "drop-after", "times": 1, "match": {"method": "DELETE", "path": "/tags"}}'
  fault '{"kind": "503", "times": 1, "match": {"method": "DELETE", "path": "/tags"}}'
  fault '{"kind": "html", "status": 404, "times": 1, "match": {"method": "DELETE", "path": "/tags"}}'
  run_recipe untag
  settle
  same "$(state)" done
  same "$(row result)" '{}'
  same "$(mock_log '[.requests[] | select(.method == "DELETE") | .json.tag_ids[0]] | join(" ")')" '"tag_1 tag_1 tag_1"'
  foyer runs show "$RUN"
  holds "$output" "404, done before"
}

@test "DELETE: a 404 to the first is an error" {
  declare_action untag 'effect = "idempotent", request = { "DELETE", "/conversations/{conversation_id}/tags" },
    input = { conversation_id = { "conversation", required = true }, tags = { list = "string", as = "tag_ids" } }'
  recipe untag 'return ctx.call("front/untag", { conversation_id = id, tags = { "tag_1" } })'
  fault '{"kind": "html", "status": 404, "times": 1, "match": {"method": "DELETE", "path": "/tags"}}'
  run_recipe untag
  same "$(state)" dead
}

@test "DELETE: killed before the answer is known, and the second gets 404" {
  declare_action untag 'effect = "idempotent", request = { "DELETE", "/conversations/{conversation_id}/tags" },
    input = { conversation_id = { "conversation", required = true } }'
  recipe untag 'return ctx.call("front/untag", { conversation_id = id })'
  fault '{"kind": "html", "status": 404, "skip": 1, "times": 1, "match": {"method": "DELETE", "path": "/tags"}}'
  FOYER_TEST_STOP='outcome known' foyer run untag --client acme --json
  RUN=$(row id '(select max(id) from run)')
  # and again: before the second one leaves
  for i in 100 110 120 130; do
    FOYER_TEST_STOP='intent kept' FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron
    [ "$status" != 137 ] || break
  done
  same "$status" 137
  for i in 200 300 400 500; do FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron; done
  same "$(state)" done
}

# A company with files, for the client beta.
depot() {
  python3 "$ROOT/tests/e2e/depot.py" 3>&- >"$BATS_TEST_TMPDIR/port" &
  DEPOT=$!
  until [ -s "$BATS_TEST_TMPDIR/port" ]; do sleep 0.05; done
  mkdir -p "$AGENCY/clients/beta"
  "$FOYER" -w "$AGENCY" connect beta --token-file "$TOKEN" --api-url "http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")"
  declare_action get 'effect = "read", request = { "GET", "/files/{name}" }, input = { name = { "string", required = true } }'
  declare_action put 'effect = "idempotent", request = { "POST", "/files" }, input = { file = { "file", required = true } }'
}

@test "files: an answer that is no JSON is a handle, which another call sends" {
  depot
  declare_action named 'effect = "read", request = { "GET", "/named" }'
  declare_action notes 'effect = "read", request = { "GET", "/notes" }, answer = "text"'
  declare_action asfile 'effect = "read", request = { "GET", "/notes" }, answer = "file"'
  recipe files 'local file = ctx.call("front/get", { name = "a" })
    return { tostring(file), ctx.call("front/put", { file = file }), tostring(ctx.call("front/named")), ctx.call("front/notes"),
      tostring(ctx.call("front/asfile")) }'
  foyer run files --client beta --json
  kill "$DEPOT"
  done_well
  same "$(jq -c '.result | [.[0], .[1].has, .[1].named, .[2], .[3], .[4]]' <<<"$output")" \
    '["file a.bin",true,true,"file wd.png","grüße","file notes"]'
}

@test "files: a handle outlives the process that got it" {
  depot
  recipe files 'local file = ctx.call("front/get", { name = "a" })
    ctx.store.set("x", ctx.options.n)
    ctx.sleep("1h")
    return ctx.call("front/put", { file = file })'
  local before
  before=$(curl -s "http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")/count" | jq .gets)
  foyer run files --client beta --json "n=$N"
  RUN=$(jq -r .run <<<"$output")
  for i in 3700 3800; do FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron; done
  same "$(curl -s "http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")/count" | jq .gets)" $((before + 1))
  kill "$DEPOT"
  same "$(state)" done
  same "$(row result | jq -c '[.has, .named]')" '[true,true]'
}

@test "retry, budget and confirm are as for any action" {
  declare_action make 'effect = "write", request = { "POST", "/tags" }, input = { name = { "string", required = true } },
    confirm = function(ctx, input, intent)
      for _, tag in ipairs(ctx.http.page("/tags").results) do
        if tag.name == intent.request.body.name then return tag end
      end
      return false
    end'
  recipe make 'return ctx.call("front/make", { name = "made " .. ctx.options.n }).id'
  fault '{"kind": "503", "times": 1, "match": {"method": "POST", "path": "/tags"}}'
  fault '{"kind": "429", "times": 1, "match": {"method": "POST", "path": "/tags"}}'
  fault '{"kind": "drop-after", "times": 1, "match": {"method": "POST", "path": "/tags"}}'
  run_recipe make
  settle
  same "$(state)" done
  same "$(posts)" 3
  same "$(company /tags "map(select(.name == \"made $N\")) | length")" 1
  same "$(row result)" "\"$(company /tags "map(select(.name == \"made $N\"))[0].id")\""
}

@test "a recorded answer is not asked for again" {
  declare_action list 'effect = "read", request = { "GET", "/tags" }, output = { results = { list = "object" }, next = { "string" } }'
  recipe twice 'local first = ctx.call("front/list").results[1].id
    ctx.store.set("x", ctx.options.n)
    ctx.sleep("1h")
    return { first, ctx.call("front/list", { limit = json.null }).total }'
  run_recipe twice
  forget
  for i in 3700 3800; do FOYER_TEST_CLOCK=$(($(date +%s%3N) + i * 1000)) foyer cron; done
  same "$(state)" dead # list has no field limit
  holds "$(row reason)" 'unknown key "limit"; it takes next'
  nothing_sent
}
