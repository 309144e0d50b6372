#!/usr/bin/env bats
# The commands that show what is there: actions, triggers, recipes, which, diff, ids, version.

load helper

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
  unset FOYER_KEY_FILE
  AGENCY=$BATS_TEST_TMPDIR/agency
  ACME=$AGENCY/clients/acme
  cd "$BATS_TEST_TMPDIR" # no workspace here
  "$FOYER" init "$AGENCY"
}

teardown() {
  stop_mock
  if [ -n "${AWKWARD_IN:-}" ]; then exec {AWKWARD_IN}>&-; fi
}

# Runs foyer in the workspace: $status, $output (standard output), $stderr.
foyer() {
  status=0
  output=$("$FOYER" -w "$AGENCY" "$@" 2>"$BATS_TEST_TMPDIR/err") || status=$?
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
}

# The same without a workspace.
alone() {
  status=0
  output=$("$FOYER" "$@" 2>"$BATS_TEST_TMPDIR/err") || status=$?
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
}

same() {
  [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

has() {
  [[ $1 == *"$2"* ]] || { printf 'no "%s" in:\n%s\n' "$2" "$1"; return 1; }
}

lacks() {
  [[ $1 != *"$2"* ]] || { printf '"%s" in:\n%s\n' "$2" "$1"; return 1; }
}

# Exactly one JSON document: of --json, whatever happened.
one_document() {
  same "$(jq -s length <<<"$output")" 1
}

# fails STATUS WHY COMMAND...: with its sentence, and with --json as one document.
fails() {
  local code=$1 why=$2
  shift 2
  foyer "$@"
  same "$status" "$code"
  has "$stderr" "$why"
  same "$output" ""
  foyer "$@" --json
  same "$status" "$code"
  one_document
  same "$(jq -r '.error | has("kind") and has("message")' <<<"$output")" true
}

connect_mock() {
  start_mock
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
}

# A company of awkward names: sets AWKWARD. connect_awkward [NUMBER OF TAGS]
connect_awkward() {
  mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
  python3 "$ROOT/tests/e2e/company.py" "$@" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- &
  exec {AWKWARD_IN}>"$BATS_TEST_TMPDIR/in"
  read -r -t 120 AWKWARD <"$BATS_TEST_TMPDIR/out"
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$AWKWARD"
  same "$status" 0
}

# No byte that moves the cursor or turns the line.
harmless() {
  # \u009b is CSI, \u202e turns the direction of writing
  ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' <<<"$1" ||
    { cat -v <<<"$1"; return 1; }
}

override() {
  mkdir -p "$ACME/lua/front/actions"
  printf '%s\n' "$1" >"$ACME/lua/front/actions/send-conversation-reply.lua"
}

@test "actions: by group, without a workspace; the rare ones with --all" {
  alone actions
  same "$status" 0
  same "$(awk '/^drafts$/ {on = 1} on && NF == 0 {exit} on {print $1, $2}' <<<"$output")" "drafts 
front/create-draft write
front/create-draft-reply write
front/delete-draft idempotent
front/edit-draft write
front/list-conversation-drafts read"
  lacks "$output" LAYER
  lacks "$output" front/create-child-tag
  local rare
  rare=$(grep -o '^[0-9]* more with --all' <<<"$stderr" | cut -d ' ' -f 1)
  same "$(grep -c ^front/ <<<"$output")" "$(($(ls "$ROOT/lua/front/actions" | wc -l) - rare))"
  alone actions --all
  has "$output" front/create-child-tag
  same "$stderr" ""
  alone actions --all --json
  one_document
  same "$(jq -c 'map(.layer) | unique' <<<"$output")" '["built-in"]'
  same "$(jq -c '.[] | select(.name == "front/get-tag") | [.group, .request, .rare, .input[0].type]' <<<"$output")" \
    '["tags","GET /tags/{tag_id}",null,"tag"]'
}

@test "actions, triggers: all are in foyer-front(7), and their classes where .luarc.json of init says" {
  local name class meta
  meta=$(jq -r '."workspace.library"[0]' "$AGENCY/.luarc.json")
  [ -e "$meta/ctx.lua" ]
  for name in $("$FOYER" actions --all --json | jq -r '.[].name'); do
    grep -qx ".It Ic $name" "$ROOT/build/man/foyer-front.7" || { echo "no $name"; return 1; }
    class=${name//-/_}
    grep -qx -- "---@class ${class/\//.}.Input" "$meta/front.lua" || { echo "no class of $name"; return 1; }
  done
  for name in $("$FOYER" triggers --json | jq -r '.[].name'); do
    grep -qx ".It Ic $name" "$ROOT/build/man/foyer-front.7" || { echo "no $name"; return 1; }
  done
  grep -q '^---@field tag_ids string\[\]  The tags to add' "$meta/front.lua"
}

@test "actions: words search names, summaries and fields" {
  names() { jq -c 'map(.name[6:])' <<<"$output"; }
  alone actions snooze --json
  same "$(names)" '["snooze-conversation","unsnooze-conversation"]'
  alone actions HANDLE remove --json
  has "$(names)" '"remove-contact-handle"'
  lacks "$(names)" '"add-contact-handle"'
  alone actions undo_send_time --json # a field of rare ones
  same "$(names)" '["create-channel","update-channel"]'
  alone actions snooze
  has "$output" $'\nconversations\nfront/snooze-conversation'
  alone actions snooze-conversation # the name without the app
  has "$output" "request   PATCH /conversations/{conversation_id}/reminders"
  fails 65 'no action has "tag" and "elephant"' actions tag elephant
}

@test "actions: a client's layers" {
  override 'return super { summary = "Acme replies." }'
  foyer actions --client acme
  has "$(grep send-conversation-reply <<<"$output")" "client over built-in"
  has "$output" "Acme replies."
  foyer actions
  lacks "$output" "Acme replies."
}

@test "actions: a broken one does not hide the others" {
  override 'return {'
  foyer actions --client acme
  same "$status" 0
  has "$output" front/list-inboxes
  has "$(grep send-conversation-reply <<<"$output")" "broken: "
  foyer actions --client acme --json
  has "$(jq -r '.[] | select(.error).error' <<<"$output")" "send-conversation-reply.lua:"
  # saved as Latin-1
  override $'return super { summary = "Gr\xfc\xdfe" }'
  foyer actions --client acme --json
  same "$status" 0
  one_document
  has "$(jq -r '.[] | select(.error).error' <<<"$output")" "not UTF-8"
}

@test "actions: one's manual" {
  alone actions front/send-conversation-reply
  same "$status" 0
  has "$output" "effect    write"
  has "$output" "scopes    messages:send, comments:write"
  has "$output" "built-in:lua/front/actions/send-conversation-reply.lua"
  has "$output" "conversation_id: conversation, required"
  has "$output" "type: one of message, comment, default message"
  has "$output" "foyer call front/send-conversation-reply --client C"
  has "$output" "message_uid: string"
  alone actions front/update-contact # all but the id is optional
  has "$output" $'example\n  foyer call front/update-contact --client C contact_id=alt:email:ada@customer.example custom_fields:='
  alone actions front/list-conversations --json
  one_document
  same "$(jq -c '.input[] | select(.name == "limit") | [.type, .min, .max, .words]' <<<"$output")" \
    '["integer",1,100,"limit=50"]'
  same "$(jq -c '[.output[].name] | index("results[].id") != null' <<<"$output")" true
}

@test "actions: every example is a command line that foyer takes" {
  connect_mock
  cat >"$ACME/client.lua" <<'LUA'
return { name = "Acme", front = {
  inboxes = { support = "inb_1ix6" }, channels = { support = "cha_1gv4" },
  teammates = { leela = "alt:email:leela@acme.example", fry = "tea_6rrv" }, signatures = { support = "sig_6rrv" },
  tags = { vip = "tag_2oxhvy", customers = "tag_3oxhvy", spam = "tag_4oxhvy" },
} }
LUA
  printf x >price-list.pdf
  printf x >ada.png
  local commands=() line action
  for action in $("$FOYER" actions --json | jq -r '.[].name'); do
    mapfile -t -O "${#commands[@]}" commands < <(
      "$FOYER" -w "$AGENCY" actions "$action" --client acme --json |
        jq -r '.command, (.input[] | select(.name | IN("limit", "sort_by", "sort_order", "next") | not).command // empty)')
  done
  [ "${#commands[@]}" -gt 40 ]
  foyer() { "$FOYER" -w "$AGENCY" "$@" --dry-run; }
  for line in "${commands[@]}"; do
    line=${line% --output FILE} # which does not go with --dry-run
    has "$line" "--client acme"
    # Only what the company then says of the example's ids may go wrong.
    status=0
    eval "$line" >"$BATS_TEST_TMPDIR/out" 2>&1 || status=$?
    if [ "$status" != 0 ] && ! grep -qE ': 404 Not found|need ticketing|is for type=|neither the connection' "$BATS_TEST_TMPDIR/out"; then
      echo "exit $status: $line"
      cat "$BATS_TEST_TMPDIR/out"
      return 1
    fi
  done
}

@test "actions, triggers, recipes: unknown names, clients and options" {
  fails 65 'did you mean "front/list-inboxes"' actions front/list-inboxs
  fails 65 'did you mean "front/conversation-created"' triggers front/conversation-create
  fails 65 'did you mean "digest"' recipes digst
  fails 65 'did you mean "acme"' actions --client acm
  fails 64 'did you mean --client' recipes --clint acme
  fails 64 'one word too many: b' triggers a b
  fails 65 'there is no action' actions ../../etc/passwd
}

@test "triggers: list and manual" {
  alone triggers
  same "$status" 0
  has "$output" "front/contact-created"
  same "$(grep -xE '[a-z]+' <<<"$output" | paste -sd' ')" "all calls comments contacts conversations links messages tags"
  alone triggers front/conversation-created
  has "$output" "on        inbound, outbound"
  has "$output" "needs     payload.conversation"
  has "$output" "recipes   first-reply"
  alone triggers --json
  one_document
  same "$(jq -r '.[0].name' <<<"$output")" front/any-event
}

@test "recipes: which clients have them on" {
  mkdir -p "$AGENCY/clients/globex" "$AGENCY/clients/broken"
  cat >"$AGENCY/clients/globex/client.lua" <<'LUA'
return { name = "Globex", timezone = "Europe/Zurich", recipes = {
  ["first-reply"] = { author = "leela" },
  digest = { cron = "30 7 * * 1-5", hours = 4, post_to = secret "globex.slack" },
} }
LUA
  echo 'return { nme = "x" }' >"$AGENCY/clients/broken/client.lua"
  foyer recipes
  same "$status" 0
  has "$(grep first-reply <<<"$output")" "acme, globex"
  has "$(grep first-reply <<<"$output")" "front/conversation-created"
  lacks "$(grep contacts-from-csv <<<"$output")" globex
  has "$stderr" "clients/broken/client.lua"
  foyer recipes digest
  has "$output" "limit: integer, default 20, 1 to 100"
  has "$output" "30 7 * * 1-5"
  has "$output" "hours = 4, post_to = secret globex.slack"
  foyer recipes digest --client globex --json
  one_document
  same "$(jq -c '.clients | map([.client, .cron, .options.hours])' <<<"$output")" '[["globex","30 7 * * 1-5",4]]'
  foyer recipes contacts-from-csv
  has "$output" "on for no client"
}

@test "which: layers, hashes and super" {
  override 'return super { input = { archive = { default = true } } }'
  local sum
  sum=$(sha256sum "$ACME/lua/front/actions/send-conversation-reply.lua" | cut -d' ' -f1)
  foyer which front/send-conversation-reply --client acme --json
  one_document
  same "$(jq -c '.matches[0].layers | map([.layer, .in_force, .super])' <<<"$output")" \
    '[["client",true,true],["built-in",true,false]]'
  same "$(jq -r '.matches[0].layers[0].sha256' <<<"$output")" "$sum"
  same "$(jq -r '.matches[0].layers[1].sha256' <<<"$output")" \
    "$(sha256sum "$ROOT/lua/front/actions/send-conversation-reply.lua" | cut -d' ' -f1)"
  override 'return { summary = "Mine.", effect = "write", run = function() end }'
  foyer which front/send-conversation-reply --client acme
  same "$(awk 'NR > 1 {print $2, $3}' <<<"$output")" "client in
built-in hidden"
  has "$output" "$(sha256sum "$ACME/lua/front/actions/send-conversation-reply.lua" | cut -c1-12)"
}

@test "which: a name of several kinds, a template's extensions, paths" {
  alone which digest
  same "$(awk 'NR > 1 {print $1, $NF}' <<<"$output")" "recipe built-in:recipes/digest.lua
template built-in:lua/templates/digest.md"
  echo hello >"$ACME/templates/digest.html"
  foyer which templates/digest.md --client acme
  has "$output" "in force"
  foyer which digest --client acme --json
  same "$(jq -c '.matches[] | select(.kind == "template").layers | map([.path, .use])' <<<"$output")" \
    '[["clients/acme/templates/digest.html","in force"],["built-in:lua/templates/digest.md","hidden"]]'
  foyer which clients/acme/templates/first-reply.txt --client acme
  has "$output" "client    in force"
  # a connector of a client's own says nothing about where tokens go
  mkdir -p "$ACME/lua/front"
  echo 'return {}' >"$ACME/lua/front/connector.lua"
  foyer which lua/front/connector.lua --client acme
  lacks "$output" "clients/acme"
}

@test "which: a broken script, and what is not there" {
  override 'return super {'
  foyer which front/send-conversation-reply --client acme
  same "$status" 0
  has "$output" "in force, but broken"
  has "$stderr" "send-conversation-reply.lua:"
  fails 65 'did you mean "recipes/digest.lua"' which recipes/digst.lua --client acme
  fails 65 'did you mean "front/list-inboxes"' which list-inboxes
  fails 65 'it leads out of its layer' which recipes/../../foyer.lua --client acme
  fails 65 'did you mean "acme"' which digest --client acm
  fails 64 'add --client acme' which clients/acme/recipes/x.lua
  fails 64 'something is missing' which
  fails 64 'unknown option --cient' which digest --cient acme
}

@test "show: the text in force, as it is; what super includes with headings" {
  alone show recipes/digest.lua
  same "$output" "$(cat "$ROOT/recipes/digest.lua")"
  foyer show front/list-inboxes --client acme --json
  same "$(jq -r '.[0].text' <<<"$output")" "$(cat "$ROOT/lua/front/actions/list-inboxes.lua")"
  override 'return super { input = { archive = { default = true } } }'
  foyer show front/send-conversation-reply --client acme
  same "$(head -2 <<<"$output")" "==> clients/acme/lua/front/actions/send-conversation-reply.lua (in force, with super) <==
return super { input = { archive = { default = true } } }"
  has "$output" "==> built-in:lua/front/actions/send-conversation-reply.lua (inherited) <=="
  override 'return { summary = "Mine.", effect = "write", run = function() end }'
  foyer show front/send-conversation-reply --client acme
  same "$output" 'return { summary = "Mine.", effect = "write", run = function() end }'
  has "$stderr" "this is clients/acme/lua/front/actions/send-conversation-reply.lua"
  fails 65 'did you mean "front/list-inboxes"' show list-inboxes
}

@test "diff: the nearest file and the one below" {
  foyer diff first-reply --client acme
  same "$status" 1
  same "$(head -2 <<<"$output")" "--- built-in:lua/templates/first-reply.txt (built-in)
+++ clients/acme/templates/first-reply.txt (client)"
  has "$stderr" "recipes/first-reply.lua overrides nothing"
  # what it prints is a patch
  cp "$ROOT/lua/templates/first-reply.txt" patched
  patch -s patched <<<"$output" 2>/dev/null || skip "no patch(1)"
  cmp patched "$ACME/templates/first-reply.txt"
}

@test "diff: same, nothing below, and --json" {
  cp "$ROOT/lua/templates/first-reply.txt" "$ACME/templates/first-reply.txt"
  foyer diff templates/first-reply.txt --client acme
  same "$status" 0
  same "$output" ""
  has "$stderr" "are the same"
  foyer diff recipes/digest.lua --client acme
  same "$status" 0
  same "$output" ""
  has "$stderr" "overrides nothing"
  echo more >>"$ACME/templates/first-reply.txt"
  foyer diff first-reply --client acme --json
  same "$status" 1
  one_document
  same "$(jq -c 'map([.kind, .differs])' <<<"$output")" '[["recipe",false],["template",true]]'
  has "$(jq -r '.[1].diff' <<<"$output")" "+more"
  fails 65 'did you mean "first-reply"' diff first-replay --client acme
  fails 65 'did you mean "acme"' diff first-reply --client acm
  fails 64 'one word too many' diff a b
}

@test "diff: without diff(1), and nothing is left behind" {
  echo more >>"$ACME/templates/first-reply.txt"
  mkdir tmp
  TMPDIR=$PWD/tmp "$FOYER" -w "$AGENCY" diff templates/first-reply.txt --client acme >/dev/null || same $? 1
  same "$(ls -A tmp)" ""
  status=0
  stderr=$(PATH=$PWD/tmp "$FOYER" -w "$AGENCY" diff templates/first-reply.txt --client acme 2>&1) || status=$?
  same "$status" 70
  has "$stderr" "diffutils"
}

@test "ids: what the company has, and ids.lua" {
  connect_mock
  foyer ids --client acme
  same "$status" 0
  same "$(head -1 <<<"$output" | tr -s ' ')" "KIND NAME ID WORD NAMED"
  has "$output" "web-shop-chat"
  local kind
  for kind in inbox channel teammate tag signature; do
    foyer ids --client acme --json
    [ "$(jq --arg kind "$kind" '.rows | map(select(.kind == $kind)) | length' <<<"$output")" -gt 0 ]
  done
  [ ! -e "$ACME/ids.lua" ]
  foyer ids --client acme --write
  same "$status" 0
  has "$stderr" "wrote clients/acme/ids.lua"
  has "$(cat "$ACME/ids.lua")" '["support"] = "inb_1ix6"'
  foyer ids --client acme --write
  has "$stderr" "nothing to change"
  # by its name alone; and kinds that not every company has
  foyer ids acme --json
  same "$(jq -c '[.rows[].kind] | unique | map(select(. == "team" or . == "message_template" or . == "account"))' <<<"$output")" \
    '["account","message_template","team"]'
  same "$(jq -c '[.failed[].kind]' <<<"$output")" '["status"]' # no ticketing
  foyer ids --client acme,acme --write
  has "$stderr" "nothing to change"
  mkdir "$AGENCY/clients/beta"
  cp "$AGENCY/clients/acme/client.lua" "$AGENCY/clients/beta/client.lua"
  printf %s mock-token >"$BATS_TEST_TMPDIR/token"
  foyer connect beta --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  foyer ids --client acme,beta --write
  has "$stderr" "foyer: clients acme, beta: not listed, "
  rm -r "$AGENCY/clients/beta"
  # what was written is used
  foyer call front/list-conversations --client acme inbox_id=support limit=10 --json
  same "$status" 0
  foyer call front/list-conversations --client acme inbox_id=suport
  has "$stderr" 'did you mean "support"'
}

@test "ids: awkward names, words, pages and what may not be listed" {
  connect_awkward
  harmless "$output$stderr"
  foyer ids --client acme
  same "$status" 65 # tags are refused, the rest is shown
  harmless "$output$stderr"
  has "$stderr" "cannot list every tag"
  lacks "$output" Skipped
  # columns stand below each other: 東京 is two characters, four columns
  same "$(python3 - "$output" <<'PY'
import sys, unicodedata
at = set()
for line in sys.argv[1].split("\n"):
    at.add(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line[:line.index("inb_" if "inb_" in line else "ID ")]) if "inb_" in line or "ID " in line else None)
print(len(at - {None}))
PY
)" 1
  foyer ids --client acme --json
  same "$status" 65
  one_document
  same "$(jq -c '[.rows[] | select(.kind == "inbox") | [.word, .id]]' <<<"$output")" \
    '[["2j-0-owned-grusse","inb_3"],["a-b-cd","inb_6"],["inbox-5","inb_5"],["support-1","inb_1"],["support-2","inb_2"],["vip-customers","inb_7"],["東京","inb_4"]]'
  same "$(jq -c '[.rows[] | select(.kind == "channel").word]' <<<"$output")" '["help-acme-example","phone"]'
  same "$(jq -c '[.rows[] | select(.kind == "signature") | [.word, .id]]' <<<"$output")" \
    '[["office","sig_1"],["shop","sig_2"]]'
  foyer call front/list-inboxes --client acme
  same "$status" 0
  harmless "$output$stderr"
  foyer call front/list-inboxes --client acme --json
  one_document
  foyer connections
  harmless "$output$stderr"
}

@test "ids: what client.lua says wins, and what could not be listed stays" {
  connect_awkward
  cat >"$ACME/client.lua" <<'LUA'
return { name = "Acme", front = {
  inboxes = { ["vip-customers"] = "inb_1", gone = "inb_99" }, teammates = { boss = "alt:email:leela@acme.example" },
} }
LUA
  cat >"$ACME/ids.lua" <<'LUA'
return { front = { tags = { vip = "tag_1" }, inboxes = { old = "inb_9" } } }
LUA
  foyer ids --client acme --write
  same "$status" 65
  has "$stderr" 'inboxes["vip-customers"] = "inb_1", which is used instead of the company'"'"'s inb_7'
  has "$stderr" 'inboxes["gone"] = "inb_99", which the company does not list'
  local written
  written=$(cat "$ACME/ids.lua")
  has "$written" '["vip"] = "tag_1"'
  lacks "$written" '"old"'
  lacks "$written" os.exit
  foyer ids --client acme --json
  same "$(jq -c '[.rows[] | select(.named != []) | [.id, .named[0]]]' <<<"$output")" \
    '[["inb_1","vip-customers"],["tea_1","boss"]]'
}

@test "ids: more names than a settings file may hold" {
  connect_awkward 8000
  fails 70 'put those that you need into client.lua' ids --client acme --write
  [ ! -e "$ACME/ids.lua" ]
  foyer ids --client acme --json
  same "$status" 0
  same "$(jq -c '[.rows[] | select(.kind == "tag")] | length' <<<"$output")" 8000
}

@test "ids: errors" {
  fails 64 'for which client' ids
  fails 65 'did you mean "acme"' ids --client acm
  fails 65 'there is no app "frnt"' ids --client acme --app frnt
  fails 64 'did you mean --write' ids --client acme --wrote
  fails 64 'either a name' ids acme --client acme
  fails 64 'one word too many' ids acme support
  fails 77 'foyer connect acme' ids --client acme
  connect_mock
  mock_post faults '{"match": {"path": "/tags"}, "kind": "503", "times": 9}'
  foyer ids --client acme --write
  same "$status" 75
  [ ! -e "$ACME/ids.lua" ]
}

@test "version" {
  alone version
  same "$status" 0
  same "$(awk '{print $1}' <<<"$output" | paste -sd ' ')" "foyer lua libcurl openssl libevent sqlite jansson libyaml"
  alone version --json
  one_document
  local lua
  lua=$(jq -r .lua <<<"$output")
  [[ $lua =~ ^5\.4\.[0-9]+$ ]]
  if [ "${lua##*.}" -lt 8 ]; then
    has "$(jq -r '.warnings[0]' <<<"$output")" "older than 5.4.8"
    alone version
    has "$stderr" "Lua $lua"
  else
    same "$(jq -c .warnings <<<"$output")" '[]'
  fi
  alone --version
  same "$status" 0
  fails 64 'one word too many' version x
  fails 64 'unknown option' version --all
}

@test "a reader that has seen enough is no error; a full disk is" {
  local err=$BATS_TEST_TMPDIR/pipe.err codes
  # more than a pipe holds, so that foyer is still writing when the reader is gone
  codes=$( { for i in $(seq 40); do "$FOYER" actions --json || echo "exit $?" >&2; done; } 2>"$err" | head -c 1 | wc -c)
  same "$codes" 1
  same "$(cat "$err")" ""
  status=0
  "$FOYER" help >/dev/full 2>"$err" || status=$?
  same "$status" 70
  has "$(cat "$err")" "cannot write to standard output"
}
