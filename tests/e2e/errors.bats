#!/usr/bin/env bats
# Bad input, each with a clear error and nothing lost: exit code, kind and sentence, and what the
# company received.

load helper
load agency

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
}

teardown() {
  ! mountpoint -q "$BATS_FILE_TMPDIR/disk" || umount "$BATS_FILE_TMPDIR/disk"
  rm -rf "$AGENCY/lua/front"
}

read_one() { call front/get-conversation conversation_id="$CONVERSATION"; }
GET="GET /conversations/"
# Comments: they are there at once, and no setting of the mock delays them.
write_one() { call front/send-conversation-reply conversation_id="$CONVERSATION" type=comment body="$1"; }
comments() { curl -sf "$MOCK/_mock/conversations/$CONVERSATION" | jq -c '[.comments[].body]'; }

# ---- the workspace ----

@test "FOYER_WORKSPACE names the workspace; -w is stronger, and an error names the variable" {
  cd "$BATS_TEST_TMPDIR"
  FOYER_WORKSPACE=$AGENCY run "$FOYER" connections --json
  same "$status" 0
  FOYER_WORKSPACE=$BATS_TEST_TMPDIR/none run --separate-stderr "$FOYER" connections --json
  failed 64 usage "FOYER_WORKSPACE is set: cannot open the workspace $BATS_TEST_TMPDIR/none"
  FOYER_WORKSPACE=$BATS_TEST_TMPDIR/none run "$FOYER" -w "$AGENCY" connections --json
  same "$status" 0
  FOYER_WORKSPACE='' run --separate-stderr "$FOYER" connections --json
  failed 64 usage 'cannot find a workspace'
}

# ---- names and inputs ----

@test "unknown: client, action, recipe, key, option, command" {
  foyer call front/list-inboxes --client acm --json
  failed 65 not_found 'no client "acm"' 'did you mean "acme"?'
  foyer call front/list-inboxes --client ../acme --json
  failed 64 usage '"../acme" is not a client'
  call front/list-inbox
  failed 65 not_found 'no action "front/list-inbox"' 'did you mean "front/list-inboxes"?' 'foyer actions'
  call ../../etc/passwd
  failed 65 not_found 'no action'
  foyer run first-repl --client acme --conversation cnv_1 --json
  failed 65 not_found 'no recipe "first-repl"' 'did you mean "first-reply"?' 'foyer recipes'
  foyer runs list --json
  same "$output" "[]" # a slip leaves no dead run behind
  call front/list-conversations limt=3
  failed 65 invalid 'unknown key "limt"' 'did you mean "limit"?'
  call front/assign-conversation conversation_id="$CONVERSATION" assignee_id=leela
  failed 65 invalid '"leela" is not a teammate' '`foyer ids C --write` takes the names over'
  # capital letters do not make a name another one
  call front/list-contacts LIMIT=1
  failed 65 invalid 'unknown key "LIMIT"' 'did you mean "limit"?'
  foyer run first-reply --client acme --conversation cnv_1 --json templat=x
  failed 65 invalid 'first-reply' 'unknown key "templat"' 'did you mean "template"?'
  call front/list-inboxes --dryrun
  failed 64 usage 'unknown option --dryrun' '--dry-run' 'usage: foyer call'
  foyer call front/list-inboxes --json
  failed 64 usage 'which client' '--client'
  foyer cal
  same "$status" 64
  holds "$stderr" 'did you mean "call"?'
  nothing_sent
}

@test "a recipe with \"on\" needs its event; one file or one id" {
  foyer run first-reply --client acme --json
  failed 64 usage first-reply --conversation --event
  foyer run first-reply --client acme --conversation cnv_1 --event x.json --json
  failed 64 usage exclude
  foyer run first-reply --json
  failed 64 usage --client --all-clients
  printf '{"type": ' >"$BATS_TEST_TMPDIR/event.json"
  foyer run first-reply --client acme --event "$BATS_TEST_TMPDIR/event.json" --json
  failed 65 invalid event.json 'line 1'
  nothing_sent
}

@test "wrong type, missing field, wrong id prefix, unknown name, unreadable file" {
  call front/list-conversations limit=many
  failed 65 invalid input.limit '"many" is not a whole number'
  call front/list-conversations limit=1000
  failed 65 invalid input.limit 1000
  call front/list-conversations statuses=opne
  failed 65 invalid input.statuses opne
  call front/get-conversation
  failed 65 invalid '"conversation_id" is missing'
  call front/get-conversation .=x
  failed 64 usage 'cannot read .' 'names no field'
  call front/send-conversation-reply conversation_id=cnv_1 body=x 'to:="a@b.example"' to=b --dry-run
  same "$status" 0
  same "$(jq -c .dry_run.body.to <<<"$output")" '["a@b.example","b"]'
  call front/get-conversation conversation_id=inb_12
  failed 65 invalid '"inb_12" is an inbox id' '"cnv_"'
  call front/send-conversation-reply conversation_id=cnv_1 body=x author_id=zoidberg
  failed 65 invalid author_id '"zoidberg" is not a teammate' front.teammates
  call front/send-conversation-reply conversation_id=cnv_1 body=x to:=3
  failed 65 invalid input.to 'not a list'
  call front/send-conversation-reply conversation_id=cnv_1 body=x to:='{'
  failed 64 usage 'to:=' 'line 1, column 2'
  call front/send-conversation-reply conversation_id=cnv_1 body=@/nowhere
  failed 65 not_found /nowhere 'No such file'
  call front/send-conversation-reply conversation_id=cnv_1 body
  failed 64 usage '"body"' 'key=value'
  nothing_sent
}

# ---- scripts ----

@test "a script with a syntax error, no table, compiled code, too large" {
  action bad 'local x = = 1'
  call front/bad
  failed 70 script 'lua/front/actions/bad.lua:2:' "near '='"
  echo 'return 3' >"$AGENCY/lua/front/actions/bad.lua"
  call front/bad
  failed 70 script bad.lua 'returns a number'
  printf '\033Lua' >"$AGENCY/lua/front/actions/bad.lua"
  call front/bad
  failed 70 script bad.lua 'compiled Lua'
  head -c 300000 /dev/zero | tr '\0' ' ' >"$AGENCY/lua/front/actions/bad.lua"
  call front/bad
  failed 70 limit bad.lua 262144
  ln -sf /etc/passwd "$AGENCY/lua/front/actions/bad.lua"
  call front/bad
  failed 65 forbidden 'leads out of'
  nothing_sent
}

@test "loops: plain, in pcall, in sort, in gsub; the runaway is named" {
  action runaway 'while true do end'
  call front/runaway
  failed 70 limit front/runaway '200 ms'
  action runaway 'while true do pcall(function() while true do end end) end'
  call front/runaway
  failed 70 limit front/runaway '200 ms'
  action runaway 'table.sort({3, 2, 1}, function() while true do end end)'
  call front/runaway
  failed 70 limit front/runaway '200 ms'
  action runaway 'return (("abc"):gsub(".", function() while true do end end))'
  call front/runaway
  failed 70 limit front/runaway '200 ms'
  nothing_sent
}

@test "a memory bomb, also one that catches it" {
  # a wait after each piece: it is the memory that ends it, not the time, on any machine
  action bomb 'local t, k = {}, ("x"):rep(1024 * 1024)
    for i = 1, 1000 do t[i] = k .. i ctx.http.get("/me") end'
  call front/bomb
  failed 70 limit front/bomb '32 MiB'
  action bomb 'local s = ("x"):rep(1024) while true do s = s .. s ctx.http.get("/me") end'
  call front/bomb
  failed 70 limit front/bomb '32 MiB'
  # caught, the run goes on; its calls still end in order
  action after 'local ok, err = pcall(ctx.call, "front/bomb", {})
    return { kind = err.kind, n = #ctx.call("front/list-inboxes", {}).results }'
  call front/after
  done_well
  same "$(jq -c '[.kind, .n > 0]' <<<"$output")" '["limit",true]'
}

@test "a pattern that hangs: the watchdog ends it and names the client" {
  action hang 'return (("a"):rep(40000)):find((".-"):rep(40) .. "b")'
  call front/hang
  same "$status" 70
  same "$(jq -s length <<<"$output")" 1
  same "$(error_field .kind)" '"limit"'
  holds "$(error_field .message)" 'client acme, action front/hang'
  holds "$stderr" 'client acme, action front/hang'
}

@test "a call too deep, results that are no data, errors without words" {
  action deep 'return ctx.call("front/deep", {})'
  call front/deep
  failed 70 limit 'deeper than 16'
  action odd 'return { f = function() end }'
  call front/odd
  failed 70 script front/odd result.f function
  action odd 'error(nil)'
  call front/odd
  failed 70 script front/odd
  action odd 'error({ kind = "conflict", message = "it is there already" })'
  call front/odd
  failed 65 conflict 'it is there already'
  nothing_sent
}

@test "escape attempts" {
  local n=0 try
  for try in 'os.execute("touch escaped")' 'return io.open("/etc/passwd"):read("a")' 'return load("return 1")()' \
    'return require("os")' 'return debug.getregistry()' 'return dofile("/etc/passwd")' 'return package.loaded' \
    'return collectgarbage("count")' 'return coroutine.wrap(print)' 'print("x")' 'leak = 1' 'string.format = nil' \
    '_G.x = 1' 'getmetatable("").__index.x = 1' 'setmetatable({}, { __gc = function() end })' \
    'return string.dump(function() end)' 'ctx.template("../../foyer", {})' 'rawset(string, "x", 1)'; do
    action escape "$try"
    call front/escape
    [ "$status" = 70 ] || [ "$status" = 65 ] || { echo "$try: exit $status $output"; return 1; }
    same "$(jq -s length <<<"$output")" 1
    n=$((n + 1))
  done
  same "$n" 18
  [ ! -e escaped ]
  for try in 'file:///etc/passwd' 'http://127.0.0.1:1/' 'https://169.254.169.254/' 'https://api2.frontapp.com.evil.example/' \
    'https://api2.frontapp.com@evil.example/' "http://localhost:${MOCK##*:}/me" 'https://[::1]/'; do
    action escape "return ctx.http.get(\"$try\")"
    call front/escape
    [ "$status" = 65 ] || { echo "$try: exit $status $output"; return 1; }
  done
  action escape 'return ctx.http.post("/contacts", { name = "x" })' read
  call front/escape
  failed 65 forbidden front/escape 'effect = "read"'
  nothing_sent
}

# ---- settings, keys, the store ----

@test "settings: malformed, unknown keys, no table, code, links, a directory" {
  local file=$AGENCY/clients/acme/client.lua keep=$BATS_TEST_TMPDIR/client.lua
  cp "$file" "$keep"
  settings() { # TEXT WORDS...
    printf '%s' "$1" >"$file"
    call front/list-inboxes
    failed 78 settings clients/acme/client.lua "${@:2}"
  }
  settings 'return {' ':1:' '<eof>'
  settings '' 'returns a nil'
  settings 'return { nam = "x" }' ':1:' 'did you mean "name"?'
  settings 'return { name = 3 }' 'name: must be text'
  settings 'return { name = "x", front = { inboxes = { a = "cha_1" } } }' front.inboxes.a '"inb_"'
  settings 'while true do end' 'computes for too long'
  settings 'return { name = os.getenv("HOME") }' 'unknown name "os"'
  settings $'\033Lua'
  rm "$file"
  ln -s /etc/passwd "$file"
  call front/list-inboxes
  failed 78 settings client.lua 'leads out of'
  # root reads a file of mode 000, but no user reads a directory
  rm "$file"
  mkdir "$file"
  call front/list-inboxes
  failed 78 settings client.lua 'not a file'
  rmdir "$file"
  cp "$keep" "$file"

  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  echo 'return { timezon = "UTC" }' >"$AGENCY/foyer.lua"
  call front/list-inboxes
  failed 78 settings foyer.lua:1 'did you mean "timezone"?'
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  nothing_sent
  foyer -w /nowhere call front/list-inboxes --client acme --json
  failed 64 usage /nowhere
}

@test "the key: missing, readable by others, malformed, another one" {
  cp -p "$KEY" "$BATS_TEST_TMPDIR/key"
  rm "$KEY"
  call front/list-inboxes
  failed 78 settings "$KEY" 'foyer init' FOYER_KEY_FILE
  install -m 644 "$BATS_TEST_TMPDIR/key" "$KEY"
  call front/list-inboxes
  failed 78 settings "$KEY" 'chmod 600'
  chmod 600 "$KEY"
  echo nonsense >"$KEY"
  call front/list-inboxes
  failed 78 settings "$KEY" malformed
  rm "$KEY"
  "$FOYER" init "$BATS_TEST_TMPDIR/other" 2>/dev/null # makes a new key
  call front/list-inboxes
  same "$status" 78
  holds "$stderr" key
  cp -p "$BATS_TEST_TMPDIR/key" "$KEY"
  nothing_sent
  # init never overwrites one
  "$FOYER" init "$BATS_TEST_TMPDIR/third" 2>/dev/null
  cmp "$BATS_TEST_TMPDIR/key" "$KEY"
  call front/list-inboxes
  done_well
}

@test "a row of the store that was tampered with" {
  cp "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/db"
  python3 - "$AGENCY/state/foyer.db" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
token = bytearray(db.execute("select token from connection").fetchone()[0])
token[-1] ^= 1
db.execute("update connection set token = ?", (bytes(token),))
db.commit()
PYTHON
  call front/list-inboxes
  [ "$status" = 78 ] || [ "$status" = 70 ]
  same "$(jq -s length <<<"$output")" 1
  printf 'not a database, not at all' >"$AGENCY/state/foyer.db"
  call front/list-inboxes
  failed 70 store foyer.db
  cp "$BATS_TEST_TMPDIR/db" "$AGENCY/state/foyer.db"
  nothing_sent
  call front/list-inboxes
  done_well
}

@test "connect: a teammate's token, a wrong one, another company; company in client.lua" {
  printf mock-teammate >"$BATS_TEST_TMPDIR/token"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 65 invalid tea_ 'not a company' "teammate's own"
  printf wrong >"$BATS_TEST_TMPDIR/token"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 77 auth acme 'refuses the token'
  : >"$BATS_TEST_TMPDIR/token"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 65 invalid "$BATS_TEST_TMPDIR/token" empty
  printf 'mock-\ttoken\r\n' >"$BATS_TEST_TMPDIR/token"
  foyer connect fresh --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 65 invalid "$BATS_TEST_TMPDIR/token" 'control character (a tab, byte 6)'
  [ ! -e "$AGENCY/clients/fresh" ]
  fault '{"kind": "status", "status": 200, "body": {"id": "cmp_../x", "name": "x"}}'
  foyer connect acme --token-file "$TOKEN" --api-url "$MOCK" --json
  failed 65 invalid cmp_../x 'not a company'
  foyer connect fresh2 --token-file "$BATS_TEST_TMPDIR/none" --api-url "$MOCK"
  same "$status" 65
  [ ! -e "$AGENCY/clients/fresh2" ] # no client for a token that is not there
  foyer connect acme --token-file "$TOKEN" --api-url http://front.example --json
  failed 65 invalid http://front.example 'plain http'
  foyer connect acme --token-file "$TOKEN" --api-url http://127.0.0.1:1 --json
  failed 75 network refused
  foyer connect acme --token-file "$TOKEN" --api-url "https${MOCK#http}" --json
  failed 75 network 'no TLS connection' 'wrong version number' # in OpenSSL's words
  call front/list-inboxes
  done_well # the connection there was is as it was

  cp "$AGENCY/clients/acme/client.lua" "$BATS_TEST_TMPDIR/client.lua"
  echo 'return { name = "Acme", front = { company = "cmp_other" } }' >"$AGENCY/clients/acme/client.lua"
  forget
  call front/list-inboxes
  failed 78 settings 'acme' cmp_other
  nothing_sent
  foyer connect acme --token-file "$TOKEN" --api-url "$MOCK" --json
  failed 65 conflict cmp_other
  cp "$BATS_TEST_TMPDIR/client.lua" "$AGENCY/clients/acme/client.lua"
}

@test "two clients share one company; a client without a connection says how to get one" {
  foyer connect acme-two --token-file "$TOKEN" --api-url "$MOCK" --json
  done_well
  forget
  call front/list-inboxes
  local first=$output
  foyer call front/list-inboxes --client acme-two --json
  same "$output" "$first"
  same "$(received)" "GET /inboxes,GET /inboxes"
  same "$(foyer connections --json; jq -r '[.[] | .id] | unique | length' <<<"$output")" 1
  mkdir -p "$AGENCY/clients/lone"
  echo 'return { name = "Lone" }' >"$AGENCY/clients/lone/client.lua"
  foyer call front/list-inboxes --client lone --json
  failed 77 auth lone 'foyer connect'
  foyer disconnect acme-two
  same "$status" 0
  rm -r "$AGENCY/clients/lone" "$AGENCY/clients/acme-two"
}

@test "a full disk: connect and secret say it, and lose nothing" {
  echo one | "$FOYER" -w "$AGENCY" secret set disk --from -
  local before
  before=$("$FOYER" -w "$AGENCY" connections --json)
  limited() { (ulimit -f 8; exec "$FOYER" -w "$AGENCY" "$@" --json >"$BATS_TEST_TMPDIR/pipe.out" 2>"$BATS_TEST_TMPDIR/pipe.err"); }
  status=0
  echo two | limited secret set disk --from - || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/pipe.out") stderr=$(cat "$BATS_TEST_TMPDIR/pipe.err")
  failed 70 store foyer.db 'File too large'
  status=0
  limited connect acme --token-file "$TOKEN" --api-url "$MOCK" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/pipe.out") stderr=$(cat "$BATS_TEST_TMPDIR/pipe.err")
  failed 70 store foyer.db 'File too large'
  same "$("$FOYER" -w "$AGENCY" connections --json)" "$before"
  same "$("$FOYER" -w "$AGENCY" secret list --json | jq -c '[.[] | [.name, .version]]')" '[["disk",1]]'
  call front/list-inboxes
  done_well
  "$FOYER" -w "$AGENCY" secret rm disk

  status=0
  "$FOYER" -w "$AGENCY" call front/list-inboxes --client acme --json >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
  same "$status" 70
  holds "$(cat "$BATS_TEST_TMPDIR/err")" 'cannot write to standard output'
}

@test "a full file system" {
  local disk=$BATS_FILE_TMPDIR/disk
  mkdir "$disk"
  mount -t tmpfs -o size=4m none "$disk" 2>/dev/null || skip "no right to mount here"
  AGENCY=$disk/agency
  "$FOYER" init "$AGENCY" 2>/dev/null
  "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK"
  head -c 5000000 /dev/zero >"$disk/filler" 2>/dev/null || true
  foyer secret set a --from "$TOKEN" --json
  failed 75 unavailable foyer.db 'the disk is full' 'make room'
  rm "$disk/filler"
  foyer connections --json
  same "$(jq -r '.[0].client' <<<"$output")" acme
  foyer secret set a --from "$TOKEN" --json
  same "$status" 0
}

# ---- what the API answers ----

@test "a read answered by HTML, truncated JSON, 200 MB, nothing" {
  fault '{"kind": "html"}'
  read_one
  failed 75 unavailable "$GET" 'text/html, not JSON'
  fault '{"kind": "html", "status": 502}'
  read_one
  failed 75 unavailable "$GET" 502
  fault '{"kind": "truncated"}'
  read_one
  failed 75 unavailable "$GET" 'line 1, column'
  fault '{"kind": "huge"}'
  read_one
  failed 70 limit GET /conversations/ '16 MiB'
  fault '{"kind": "empty"}'
  read_one
  failed 75 unavailable "$GET" 'the answer 200 is empty'
  fault '{"kind": "empty", "status": 404}'
  read_one
  failed 65 not_found "$GET" 404
  same "$(mock_log '.requests | length')" 6
}

@test "a write answered by HTML, truncated JSON, 200 MB, nothing: uncertain, and sent once" {
  local kind
  for kind in html truncated huge empty; do
    forget
    fault "{\"kind\": \"$kind\"}"
    write_one "answered $kind"
    failed 69 uncertain 'cannot tell whether it was done' 'look before you send it again' POST /comments
    same "$(received)" "POST /conversations/$CONVERSATION/comments"
  done
}

@test "a write answered by more JSON than is read: uncertain; a read: a limit" {
  local deep
  deep="$(printf '[%.0s' {1..70})$(printf ']%.0s' {1..70})"
  fault "{\"kind\": \"html\", \"status\": 202, \"body\": \"$deep\"}"
  write_one "answered deep"
  failed 69 uncertain 'cannot tell whether it was done' POST 'deeper than 64 levels'
  same "$(received)" "POST /conversations/$CONVERSATION/comments"
  forget
  fault "{\"kind\": \"html\", \"body\": \"$deep\"}"
  read_one
  failed 70 limit 'deeper than 64 levels'
}

@test "a result that holds NUL characters is shown" {
  fault '{"kind": "status", "status": 200, "body": {"id": "a\u0000b"}}'
  read_one
  same "$status" 0
  same "$(jq -c .id <<<"$output")" '"a\u0000b"'
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function() return "a\0b" end }' >"$AGENCY/recipes/nul.lua"
  foyer run nul --client acme --json
  rm "$AGENCY/recipes/nul.lua"
  same "$status" 0
  same "$(jq -c .result <<<"$output")" '"a\u0000b"'
}

@test "_error with fields missing, or another shape" {
  local body
  for body in '{"_error":{}}' '{"_error":null}' '{"_error":"no"}' '{"_error":{"title":7,"message":[]}}' '[]' '"x"' '{}'; do
    fault "{\"kind\": \"error-no-fields\", \"body\": $body}"
    read_one
    failed 65 invalid "$GET" '400 bad request'
  done
  fault '{"kind": "error-no-fields", "status": 403}'
  call front/send-conversation-reply conversation_id="$CONVERSATION" body=x
  failed 65 forbidden 403 'access to the conversation'
}

@test "a next on a foreign host is not followed; the page before it is shown" {
  fault '{"kind": "foreign-next"}'
  call front/list-contacts
  same "$status" 0
  same "$(jq -c '[(.results | length > 0), .next]' <<<"$output")" '[true,"https://front.attacker.example/contacts?page_token=0"]'
  same "$(received)" "GET /contacts"
  forget
  fault '{"kind": "foreign-next", "skip": 1}'
  call front/list-contacts --all
  [ "$(wc -l <<<"$output")" -gt 1 ] # the items of the page before
  output=$(tail -1 <<<"$output")
  failed 65 forbidden front.attacker.example clients/acme/client.lua
  same "$(received)" "GET /contacts,GET /contacts"
  forget
  call front/list-contacts next=https://front.attacker.example/contacts?page_token=0
  same "$status" 65
  holds "$stderr" front.attacker.example
  nothing_sent
}

@test "a token that the API repeats is masked, for scripts too" {
  local body="{\"_error\": {\"message\": \"bad token $COMPANY_TOKEN\"}}"
  fault "[{\"kind\": \"status\", \"status\": 400, \"body\": $body}, {\"kind\": \"status\", \"status\": 500, \"body\": $body},
    {\"kind\": \"status\", \"status\": 200, \"body\": $body}, {\"kind\": \"status\", \"status\": 403, \"body\": $body}]"
  read_one
  failed 65 invalid 'bad token ***'
  [[ $output$stderr != *"$COMPANY_TOKEN"* ]]
  read_one
  failed 75 unavailable 'bad token ***'
  [[ $output$stderr != *"$COMPANY_TOKEN"* ]]
  read_one
  same "$status" 0
  holds "$output" 'bad token ***'
  [[ $output$stderr != *"$COMPANY_TOKEN"* ]]
  foyer connect acme --token-file "$TOKEN" --api-url "$MOCK" --json
  failed 65 forbidden 'bad token ***'
  [[ $output$stderr != *"$COMPANY_TOKEN"* ]]
}

@test "a next of null or of empty text is the last page" {
  local next
  for next in '{"next": null}' '{"next": ""}' '{}' null; do
    fault "{\"kind\": \"status\", \"status\": 200, \"body\": {\"_results\": [{\"id\": \"crd_1\"}], \"_pagination\": $next}}"
    call front/list-contacts --all
    same "$status" 0
    same "$output" '{"id":"crd_1"}'
    holds "$stderr" "1 item"
  done
}

@test "a next that is no text does not pass for the last page" {
  fault '{"kind": "status", "status": 200, "body": {"_results": [], "_pagination": {"next": {"page": 2}}}}'
  call front/list-contacts --all
  failed 75 unavailable '/contacts' 'next page is not an address'
}

@test "call --all prints each item as a line, page by page" {
  call front/list-contacts --all limit=7
  same "$status" 0
  same "$(jq -rs '.[:100] | map(.id) | join(",")' <<<"$output")" "$(company '/contacts?limit=100' 'map(.id) | join(",")')"
  holds "$stderr" "$(wc -l <<<"$output") items"
  # what came before a failure is printed
  fault '{"kind": "status", "status": 404, "skip": 1}'
  call front/list-contacts --all limit=7
  same "$status" 65
  same "$(jq -c '.error.kind // "item"' <<<"$output" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" '7 "item",1 "not_found"'
}

@test "429, both kinds: 75, retry_after, not sent again" {
  fault '[{"kind": "429", "retry_after": 20}, {"kind": "429-burst"}]'
  read_one
  failed 75 rate_limited "$GET" 'Rate limit exceeded'
  same "$(error_field '[.status, .retryable, .retry_after]')" '[429,true,20]'
  holds "$stderr" 'try again in 20 s'
  # the budget remembers: nothing leaves until then
  read_one
  failed 75 rate_limited "rate limit is used up"
  same "$(received)" "GET /conversations/$CONVERSATION"
  forget_limits
  write_one limited
  failed 75 rate_limited POST tier-2
  same "$(error_field '[.status, .retryable, .retry_after]')" '[429,true,1]'
  same "$(received)" "GET /conversations/$CONVERSATION,POST /conversations/$CONVERSATION/comments"
  [[ $(comments) != *limited* ]]
}

@test "a run that ends after a write goes on with the rest" {
  mkdir -p "$AGENCY/recipes"
  cat >"$AGENCY/recipes/twice.lua" <<'EOF'
return { summary = "x", run = function(ctx)
  for _, body in ipairs({ "one", "two", "three" }) do
    ctx.call("front/send-conversation-reply", { conversation_id = ctx.vars.conversation, type = "comment", body = body })
  end
end }
EOF
  sed -i "s/ctx.vars.conversation/\"$CONVERSATION\"/" "$AGENCY/recipes/twice.lua"
  fault '{"kind": "500", "skip": 2}'
  foyer run twice --client acme --json
  rm "$AGENCY/recipes/twice.lua"
  same "$status" 69
  same "$(jq -c '[.state, .error.kind]' <<<"$output")" '["confirming","uncertain"]'
  holds "$stderr" 'goes on by itself under `foyer serve` or `foyer cron`'
}

@test "5xx: a read may be tried again, a write is uncertain; sent once" {
  fault '[{"kind": "500"}, {"kind": "503", "retry_after": 7}, {"kind": "503", "accept": true}]'
  read_one
  failed 75 unavailable "$GET" 500
  read_one
  failed 75 unavailable 503
  same "$(error_field .retry_after)" 7
  write_one 'done all the same'
  failed 69 uncertain POST 503
  same "$(mock_log '.requests | length')" 3
  same "$(comments | grep -o 'done all the same' | wc -l)" 1
}

@test "a write that is answered neither done nor refused is uncertain; sent once" {
  local code
  for code in 303 304 499; do
    forget
    fault "{\"kind\": \"status\", \"status\": $code, \"match\": {\"method\": \"POST\"}}"
    write_one "answered $code"
    failed 69 uncertain POST "$code"
    same "$(received)" "POST /conversations/$CONVERSATION/comments"
  done
}

@test "a FIFO without a writer does not hang; a shell's pipe is read" {
  mkfifo "$BATS_TEST_TMPDIR/fifo"
  call front/send-conversation-reply conversation_id="$CONVERSATION" type=comment body=@"$BATS_TEST_TMPDIR/fifo"
  failed 65 invalid body
  call front/send-conversation-reply conversation_id="$CONVERSATION" type=comment body=@<(sleep 0.1; echo "from a pipe")
  done_well
  same "$(jq -r .body <<<"$output")" "from a pipe"
}

@test "the connection drops before and after the work: uncertain for a write, sent once" {
  fault '[{"kind": "drop"}, {"kind": "drop"}, {"kind": "drop-after"}]'
  read_one
  failed 75 network "$GET" 'closed without an answer'
  write_one 'dropped before'
  failed 69 uncertain POST 'closed without an answer'
  write_one 'dropped after'
  failed 69 uncertain POST 'closed without an answer'
  same "$(mock_log '[.requests[].method]')" '["GET","POST","POST"]'
  same "$(comments | grep -o 'dropped [a-z]*')" 'dropped after'
}

@test "a port without a listener: 75, for a write too, since nothing can have left" {
  local port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  cp "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/db"
  python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("update connection set api_url = ?", (sys.argv[2],)); db.commit()' \
    "$AGENCY/state/foyer.db" "http://127.0.0.1:$port"
  read_one
  local read_code=$status read=$output
  write_one x
  cp "$BATS_TEST_TMPDIR/db" "$AGENCY/state/foyer.db"
  failed 75 network POST 'no connection to 127.0.0.1' 'Connection refused'
  output=$read
  same "$read_code $(error_field .kind)" '75 "network"'
}

@test "401 says to connect again, 403 what can cause it, 404, 409" {
  fault '{"kind": "status", "status": 401, "times": 2}'
  read_one
  failed 77 auth "$GET" 401 'foyer connect acme'
  curl -sf -X DELETE "$MOCK/_mock/faults"
  fault '[{"kind": "status", "status": 403}, {"kind": "status", "status": 404}, {"kind": "status", "status": 409}]'
  call front/send-conversation-reply conversation_id="$CONVERSATION" body=x
  failed 65 forbidden 403 "access to the conversation's inbox" messages:send signature_id
  read_one
  failed 65 not_found "$GET" 404
  call front/create-contact handles:='[{"handle":"a@b.example","source":"email"}]'
  failed 65 conflict 409 'taken already'
}

@test "a merged conversation: 301, the same method and body again" {
  local old new
  old=$(curl -sf "$MOCK/_mock" | jq -r '.merged | keys[0]')
  new=$(curl -sf "$MOCK/_mock" | jq -r '.merged | to_entries[0].value')
  call front/get-conversation conversation_id="$old"
  done_well
  same "$(jq -r .id <<<"$output")" "$new"
  call front/send-conversation-reply conversation_id="$old" body='to the merged one'
  done_well
  same "$(received)" "GET /conversations/$old,GET /conversations/$new,POST /conversations/$old/messages,POST /conversations/$new/messages"
  same "$(mock_log '[.requests[2:][].body] | unique | length')" 1
  same "$(mock_log '.requests[3].json.body')" '"to the merged one"'
  same "$(mock_log '[.requests[].headers.authorization] | unique')" '["Bearer (token)"]'
  # where the Location names the conversation only, the path below it is kept
  forget
  fault "{\"kind\": \"301\", \"times\": 1, \"location\": \"/conversations/$new\", \"match\": {\"method\": \"POST\"}}"
  call front/send-conversation-reply conversation_id="$CONVERSATION" body='moved again'
  done_well
  same "$(received)" "POST /conversations/$CONVERSATION/messages,POST /conversations/$new/messages"
}

@test "a 301 to a foreign host is refused, and one in a circle ends" {
  fault '{"kind": "301", "location": "https://front.attacker.example/conversations", "times": 2}'
  read_one
  failed 65 forbidden 301 "$GET" front.attacker.example clients/acme/client.lua
  write_one x
  failed 65 forbidden 301 POST front.attacker.example
  same "$(mock_log '.requests | length')" 2
  forget
  fault '{"kind": "301", "times": 9}'
  read_one
  failed 65 invalid "$GET" 'more than 3 times'
  same "$(mock_log '.requests | length')" 4
}

# ---- Ctrl-C ----

# Starts foyer in the background, and waits until the company has its request.
in_flight() {
  "$FOYER" -w "$AGENCY" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- </dev/null &
  PID=$!
  local i
  for i in $(seq 6000); do
    [ "$(mock_log '.requests | length')" = 0 ] || return 0
    sleep 0.01
  done
  return 1
}

interrupt() {
  kill "-$1" "$PID"
  status=0
  wait "$PID" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out")
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
}

@test "Ctrl-C during a read: 130 at once" {
  fault '{"kind": "slow", "after": 3600}'
  in_flight call front/get-conversation --client acme --json conversation_id="$CONVERSATION"
  interrupt INT # the company does not answer before an hour has passed
  same "$status" 130
  same "$(jq -s length <<<"$output")" 1
  same "$(error_field .message)" '"interrupted"'
  holds "$stderr" interrupted
}

@test "Ctrl-C during a write: its answer is waited for and shown, then 130" {
  fault '{"kind": "slow", "after": 1.5}'
  in_flight call front/send-conversation-reply --client acme --json type=comment body='while interrupted' \
    conversation_id="$CONVERSATION"
  interrupt INT
  same "$status" 130
  holds "$stderr" "waiting for the answer to: client acme, action front/send-conversation-reply: POST"
  same "$(jq -r .body <<<"$output")" 'while interrupted'
  same "$(received)" "POST /conversations/$CONVERSATION/comments"
}

@test "Ctrl-C between two writes: the second never leaves; SIGTERM is the same" {
  action twice 'for _, body in ipairs({"first", "second"}) do
    ctx.call("front/send-conversation-reply", { conversation_id = input.conversation_id, type = "comment", body = body })
  end' write
  sed -i 's/effect/input = { conversation_id = { "conversation" } }, effect/' "$AGENCY/lua/front/actions/twice.lua"
  fault '{"kind": "slow", "after": 1.5}'
  in_flight call front/twice --client acme --json conversation_id="$CONVERSATION"
  interrupt TERM
  same "$status" 130
  same "$(jq -s length <<<"$output")" 1
  same "$(received)" "POST /conversations/$CONVERSATION/comments"
  same "$(comments | grep -o '"first"\|"second"')" '"first"'
  write_one 'and again'
  done_well
}

@test "help: fits a terminal; --json gives one document there too" {
  foyer help
  same "$status" 0
  [ -z "$(awk 'length > 80' <<<"$output")" ]
  foyer help --json
  same "$status" 0
  jq -e 'length > 20 and all(.name and .about)' <<<"$output"
  foyer help runs --json
  same "$(jq -r .name <<<"$output")" runs
  foyer frobnicate --json
  failed 64 usage frobnicate 'foyer help'
  foyer help refrsh --json
  failed 64 usage 'did you mean "refresh"?'
  foyer refresh --all --json
  same "$status" 0
  jq -e 'type == "array"' <<<"$output"
}
