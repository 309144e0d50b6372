#!/usr/bin/env bats
# foyer deploy, releases, rollback and diff --live, on a workspace without an API.

bats_require_minimum_version 1.5.0
load helper

setup() {
  AGENCY=$BATS_TEST_TMPDIR/agency
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
  unset FOYER_KEY_FILE SUDO_USER
  "$FOYER" init "$AGENCY" >/dev/null 2>&1
  rm -rf "$AGENCY"/clients/* "$AGENCY"/recipes/*
  put foyer.lua <<<'return { recipes = { hello = true }, groups = { retail = {} } }'
  hello one
  client acme ''
  client beta 'groups = { "retail" }'
  client carl ''
}

put() { # put FILE: standard input into the workspace's FILE
  mkdir -p "$(dirname "$AGENCY/$1")"
  cat >"$AGENCY/$1"
}

client() { # client NAME SETTINGS
  put "clients/$1/client.lua" <<<"return { name = \"$1\", $2 }"
}

hello() { # the recipe that all have says WORD
  put recipes/hello.lua <<<"return { summary = \"Says a word.\", run = function(ctx) return \"$1\" end }"
}

foyer() {
  run --separate-stderr "$FOYER" -w "$AGENCY" "$@"
}

same() {
  [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

has() { # has TEXT PART
  [[ "$1" == *"$2"* ]] || { printf 'no %s in\n%s\n' "$2" "$1"; return 1; }
}

# What each client says: "acme:one beta:one".
says() {
  "$FOYER" -w "$AGENCY" run hello --all-clients --json 2>/dev/null |
    jq -r 'map(.client + ":" + (.result // .outcome)) | join(" ")'
}

# Which release each client runs: "acme:1 beta:1".
live() {
  "$FOYER" -w "$AGENCY" releases --json |
    jq -r '[.[] | .id as $id | .clients[] | . + ":" + ($id | tostring)] | sort | join(" ")'
}

@test "deploy: what runs is the release, and no longer the files" {
  foyer deploy -m "the first"
  same "$status" 0
  same "$output" "release 1: 3 clients run it, 3 of them as their first"
  hello two
  same "$(says)" "acme:one beta:one carl:one"
  foyer deploy
  same "$status" 0
  has "$output" "changed  recipes/hello.lua (all 3 clients)"
  has "$output" "release 2: 3 clients run it, 3 of them with other files"
  same "$(says)" "acme:two beta:two carl:two"
  foyer releases --json
  same "$(jq -c 'map([.id, .note, .server, (.by | length > 0), (.at > 0)])' <<<"$output")" \
    '[[2,null,true,true,true],[1,"the first",false,true,true]]'
}

@test "deploy: when nothing differs it says so and makes no release" {
  foyer deploy
  foyer deploy
  same "$status" 0
  same "$output" ""
  has "$stderr" "nothing to deploy: 3 clients run what the files say"
  same "$(live)" "acme:1 beta:1 carl:1"
  # a file of no release
  put notes.txt <<<x
  put clients/acme/notes.txt <<<x
  foyer deploy --json
  same "$(jq -c '[.release, .differs]' <<<"$output")" '[null,false]'
}

@test "deploys at the same moment: one makes the release, and a rollback takes it back" {
  local i
  foyer deploy
  hello two
  for i in 1 2 3 4; do "$FOYER" -w "$AGENCY" deploy >"$BATS_TEST_TMPDIR/out.$i" 2>&1 3>&- & done
  wait
  same "$(cat "$BATS_TEST_TMPDIR"/out.* | grep -c '^release 2: 3 clients run it')" 1
  same "$(cat "$BATS_TEST_TMPDIR"/out.* | grep -c 'nothing to deploy')" 3
  same "$(live)" "acme:2 beta:2 carl:2"
  foyer rollback
  same "$(says)" "acme:one beta:one carl:one"
}

@test "deploy --dry-run: shows it and stores nothing" {
  foyer deploy --dry-run --json
  same "$(jq -c '[.release, .differs, (.clients | map(.state))]' <<<"$output")" \
    '[null,true,["deployed","deployed","deployed"]]'
  foyer deploy
  hello two
  foyer deploy --dry-run --diff
  same "$status" 0
  has "$output" "--- recipes/hello.lua (live)"
  has "$output" '+return { summary = "Says a word.", run = function(ctx) return "two" end }'
  has "$output" "3 clients would run a new release"
  same "$(says)" "acme:one beta:one carl:one"
  client acme 'recipse = {}'
  foyer deploy --dry-run
  same "$status" 65
  foyer releases
  same "$stderr" ""
}

@test "deploy: a client with a mistake keeps its release, and the others go on" {
  foyer deploy
  hello two
  client beta 'recipse = {}'
  foyer deploy
  same "$status" 65
  has "$stderr" 'clients/beta/client.lua:1: recipse: unknown key "recipse"; did you mean "recipes"?'
  has "$stderr" "client beta keeps release 1: 1 mistake"
  has "$output" "release 2: 2 clients run it"
  same "$(says)" "acme:two beta:one carl:two"
  # the store remembers it, until a deploy refuses nothing
  foyer releases
  has "$stderr" "the last deploy was refused"
  has "$stderr" "recipse"
  # release 2 does not have beta, whose files nothing checked
  foyer rollback 2 --client beta
  same "$status" 65
  has "$stderr" "left as it is, since release 2 does not have it: beta"
  client beta 'groups = { "retail" }'
  foyer deploy
  same "$status" 0
  same "$(says)" "acme:two beta:two carl:two"
  foyer releases
  same "$stderr" ""
}

@test "deploy: a mistake of one that never ran leaves it out" {
  client beta 'recipse = {}'
  foyer deploy
  same "$status" 65
  has "$stderr" "client beta has no release yet: 1 mistake"
  same "$(live)" "acme:1 carl:1"
}

@test "deploy: a mistake in what all share stops it" {
  foyer deploy
  client acme 'vars = { phone = "1" }'
  for mistake in foyer.lua recipes/hello.lua lua/front/connector.lua; do
    put "$mistake" <<<'return {'
    foyer deploy
    same "$status" 65
    has "$stderr" "$mistake:2: "
    has "$stderr" "nothing is deployed"
    same "$(live)" "acme:1 beta:1 carl:1"
    same "$(says)" "acme:one beta:one carl:one"
    foyer releases
    has "$stderr" "$mistake:2: "
    rm -rf "${AGENCY:?}/lua/front"
    put foyer.lua <<<'return { recipes = { hello = true }, groups = { retail = {} } }'
    hello one
  done
  # the mistake of foyer.lua alone, here and in status
  client beta 'groups = { "retail" }, recipse = {}'
  put foyer.lua <<<'return {'
  foyer deploy
  same "$status" 65
  same "$(wc -l <<<"$stderr")" 2
  has "$stderr" "foyer.lua:2: syntax error"
  foyer status --json
  has "$(jq -r '.refused.text' <<<"$output")" "foyer.lua:2: syntax error"
  same "$(jq -r '.refused.text' <<<"$output" | wc -l)" 1
  # where it can be read, the mistake that stops all comes first
  put foyer.lua <<<'return { group = {}, recipes = { hello = true } }'
  foyer deploy
  has "$stderr" 'clients/beta/client.lua:1: recipse'
  [[ $stderr != *keeps* ]]
  foyer status --json
  has "$(jq -r '.refused.text' <<<"$output" | head -1)" 'foyer.lua:1: group'
  client beta 'groups = { "retail" }'
  # a file that is no text
  printf '\xff' | put foyer.lua
  foyer deploy
  same "$status" 78
  has "$stderr" "foyer.lua"
  put foyer.lua <<<'return { recipes = { hello = true } }'
  printf '\xff' | put clients/carl/client.lua
  foyer deploy
  same "$status" 65
  has "$stderr" "client carl keeps release 1"
  has "$(live)" "acme:2 "
}

@test "deploy: a merge that git could not end is a mistake" {
  foyer deploy
  printf 'Hello,\n<<<<<<< HEAD\nwe\n=======\nI\n>>>>>>> theirs\nanswer.\n' | put clients/beta/templates/note.txt
  foyer deploy
  same "$status" 65
  has "$stderr" "clients/beta/templates/note.txt:2: a conflict that git could not merge"
  has "$stderr" "client beta keeps release 1"
  printf '<<<<<<< this is how we quote\n=======\n' | put clients/beta/templates/note.txt
  foyer deploy
  same "$status" 0
}

@test "deploy: an option that is wrong for some is theirs alone" {
  put recipes/hello.lua <<'LUA'
return {
  summary = "Says a word.",
  options = { word = { "string", default = "one" }, n = { "integer", default = 1 } },
  run = function(ctx) return ctx.options.word end,
}
LUA
  client beta 'recipes = { hello = { n = "many" } }'
  foyer deploy
  same "$status" 65
  same "$(live)" "acme:1 carl:1"
}

@test "deploy --only, --except, --group: the others stay" {
  foyer deploy
  hello two
  foyer deploy --only acme
  same "$status" 0
  has "$output" "changed  recipes/hello.lua (client acme)"
  same "$(says)" "acme:two beta:one carl:one"
  foyer releases --json
  same "$(jq -c 'map(.server)' <<<"$output")" '[false,true]'
  foyer deploy --group retail
  same "$(says)" "acme:two beta:two carl:one"
  foyer deploy --except carl
  same "$(says)" "acme:two beta:two carl:one"
  hello three
  foyer deploy --except beta,carl
  same "$(says)" "acme:three beta:two carl:one"
  foyer releases --json
  same "$(jq -c '.[0] | [.server, .clients]' <<<"$output")" '[true,["acme"]]'
  foyer deploy --only acmee
  same "$status" 65
  has "$stderr" 'did you mean "acme"?'
  # a mistake of one that stays does not count
  client carl 'recipse = {}'
  foyer deploy --except carl
  same "$status" 0
}

@test "deploy: a client whose directory is gone keeps what it runs" {
  foyer deploy
  rm -rf "$AGENCY/clients/carl"
  hello two
  foyer deploy
  same "$status" 0
  has "$stderr" "client carl keeps release 1: its directory is not there"
  same "$(says)" "acme:two beta:two carl:one"
  # half of it is there, as when rsync was cut off
  put clients/carl/recipes/x.lua <<<'return {'
  foyer deploy
  same "$status" 65
  has "$stderr" "clients/carl/client.lua:1: is missing"
  same "$(says)" "acme:two beta:two carl:one"
}

@test "rollback: the release before, at once, and never to what it took away" {
  for word in one two three; do
    hello "$word"
    foyer deploy
  done
  rm -rf "$AGENCY/recipes" "$AGENCY/clients/acme" # it takes nothing from the directory
  printf 'return {' >"$AGENCY/foyer.lua"
  foyer rollback -m "a bad word"
  same "$status" 0
  same "$output" "release 2, before it 3: the server itself, acme, beta, carl
now 3 clients run release 2"
  same "$(says)" "acme:two beta:two carl:two"
  foyer rollback --json
  same "$(jq -c 'map([.client, .old, .new])' <<<"$output")" '[["",2,1],["acme",2,1],["beta",2,1],["carl",2,1]]'
  foyer rollback
  same "$status" 65
  has "$stderr" "left as it is, since release 1 is the first one: the server itself, acme, beta, carl"
  foyer rollback 3
  same "$(says)" "acme:three beta:three carl:three"
  foyer rollback
  same "$(says)" "acme:two beta:two carl:two"
}

@test "deploy: what a rollback took back is named when it comes back" {
  foyer deploy
  hello bad
  foyer deploy
  foyer rollback -m "a bad word"
  client acme 'vars = { phone = "1" }'
  foyer deploy --dry-run
  has "$stderr" "warning: recipes/hello.lua is as it was in release 2, which "
  has "$stderr" "took back (rollback: a bad word)"
  [[ "$stderr" != *clients/acme/client.lua* ]]
  hello good
  foyer deploy
  same "$stderr" ""
  same "$(says)" "acme:good beta:good carl:good"
}

@test "rollback of some clients, and of a deploy for some" {
  foyer deploy
  hello two
  foyer deploy
  foyer rollback --client acme,beta
  same "$(says)" "acme:one beta:one carl:two"
  foyer rollback 1 --group retail
  same "$status" 65
  has "$stderr" "release 1 runs already: beta"
  foyer rollback 2 --except carl
  same "$(says)" "acme:two beta:two carl:two"
  # only those that run the newest release go back
  hello three
  foyer deploy --only acme
  foyer rollback
  has "$stderr" "left as it is, since release 3 does not run: the server itself, beta, carl"
  same "$(says)" "acme:two beta:two carl:two"
  foyer rollback 9
  same "$status" 65
  has "$stderr" "9"
  foyer rollback nine
  same "$status" 64
}

@test "rollback after a narrower deploy: it names who still runs the bad release, and the command" {
  foyer deploy
  hello bad
  foyer deploy -m "bad 2"
  client beta 'vars = { phone = "1" }'
  foyer deploy --only beta
  foyer rollback -m "a bad word"
  same "$status" 0
  same "$(live)" "acme:2 beta:2 carl:2"
  has "$output" "now 3 clients run release 2 (bad 2)"
  has "$stderr" "3 clients still run release 2 (bad 2), which an earlier deploy brought: if that is the bad one, \`foyer rollback 1\`"
  has "$stderr" "another \`foyer rollback\` would take release 2 (bad 2) from 1 client as well"
  has "$stderr" "1 file differs from what runs, and the next \`foyer deploy\` makes it live"
  # a nervous second one moves those of the first one alone, and says what it takes away
  foyer rollback
  same "$(live)" "acme:2 beta:1 carl:2"
  has "$stderr" "another rollback in a row: $(id -un) took release 3 back at "
  has "$stderr" "(rollback: a bad word), and this one takes release 2 back as well"
  has "$output" "now 2 clients run release 2 (bad 2), 1 client runs release 1"
  has "$stderr" "2 clients still run release 2 (bad 2)"
  foyer rollback 1
  same "$(live)" "acme:1 beta:1 carl:1"
  has "$output" "now 3 clients run release 1"
  [[ "$stderr" != *"in a row"* && "$stderr" != *"still run"* ]]
}

@test "a second rollback leaves the clients that the deploy had left out" {
  foyer deploy
  hello two
  foyer deploy
  hello bad
  foyer deploy --except carl
  foyer rollback
  same "$(live)" "acme:2 beta:2 carl:2"
  [[ "$stderr" != *"still run"* ]]
  has "$stderr" "another \`foyer rollback\` would take release 2 from 2 clients as well"
  foyer rollback
  same "$(live)" "acme:1 beta:1 carl:2"
  has "$stderr" "left as it is, since the rollback before did not move it: carl"
}

@test "rollback, deploy: a name that is not there refuses the whole command; --only and --client are one" {
  foyer deploy
  hello two
  foyer deploy --client acme,carl
  same "$(live)" "acme:2 beta:1 carl:2"
  foyer rollback --client acmee,carl
  same "$status" 65
  has "$stderr" 'there is no client "acmee"'
  has "$stderr" 'did you mean "acme"?'
  foyer rollback 1 --only zed
  same "$status" 65
  foyer deploy --only acmee,beta
  same "$status" 65
  has "$stderr" 'did you mean "acme"?'
  same "$(live)" "acme:2 beta:1 carl:2"
  foyer rollback --only acme
  same "$(live)" "acme:1 beta:1 carl:2"
}

@test "runs list --release: the runs that began with it" {
  foyer deploy
  foyer run hello --client acme
  hello two
  foyer deploy
  foyer run hello --client beta
  foyer run hello --client carl
  put recipes/nap.lua <<<'return { summary = "x", run = function(ctx) ctx.sleep("1h") end }'
  foyer deploy
  foyer run nap --client acme
  foyer run nap --client beta
  foyer runs list --release 3 --json
  same "$(jq -c 'map([.client, .release])' <<<"$output")" '[["beta",3],["acme",3]]'
  foyer runs list --release 3 --client acme --json
  same "$(jq -c 'map(.client)' <<<"$output")" '["acme"]'
  foyer runs list --release 1 --json
  same "$(jq -c 'map(.release) | unique - [1]' <<<"$output")" '[]'
  foyer runs list --release three
  same "$status" 64
  has "$stderr" "is not a release's number"
}

@test "releases: none, all, and what one of them changed" {
  foyer releases
  same "$status" 0
  has "$stderr" "there is no release yet"
  foyer rollback
  same "$status" 65
  has "$stderr" "there is no release yet"
  foyer deploy
  hello two
  client beta 'vars = {}'
  foyer deploy
  foyer releases 2 --json
  same "$(jq -c '[.has, (.files | map([.change, .path]))]' <<<"$output")" \
    '[["acme","beta","carl"],[["changed","clients/beta/client.lua"],["changed","recipes/hello.lua"]]]'
  foyer releases 2
  has "$output" "clients: acme, beta, carl"
  foyer releases 7
  same "$status" 65
  foyer releases --limit 1
  has "$output" "2   "
  [[ "$output" != *$'\n1   '* ]]
  has "$stderr" "1 more release: --limit shows more"
  foyer releases --limit none
  same "$status" 64
}

@test "releases: a rollback's reason, time and author; a client that was left out is not removed" {
  foyer deploy
  hello bad
  client carl 'vars = { phone = "2" }'
  foyer deploy --except acme
  foyer rollback -m "17:55 was bad"
  foyer releases
  has "$output" "rolled back:"
  has "$output" " by $(id -un): beta, carl and the server itself from release 2 to 1 (rollback: 17:55 was bad)"
  foyer releases 2
  has "$output" "from release 2 to 1 (rollback: 17:55 was bad)"
  has "$output" "beta, carl and the server itself from release 1 to 2 (deploy)"
  [[ "$output" != *clients/acme/client.lua* ]]
  foyer releases 2 --json
  same "$(jq -c '.files | map([.change, .path])' <<<"$output")" \
    '[["changed","clients/carl/client.lua"],["changed","recipes/hello.lua"]]'
  same "$(jq -c '.moves | map([.old, .new, .why, .clients, .server, .at > 0, (.by | length > 0)])' <<<"$output")" \
    '[[2,1,"rollback: 17:55 was bad",["beta","carl"],true,true,true],[1,2,"deploy",["beta","carl"],true,true,true]]'
  # the next one has acme again: nothing of it is new
  hello good
  foyer deploy
  foyer releases 3 --json
  same "$(jq -c '.files | map([.change, .path])' <<<"$output")" \
    '[["changed","clients/carl/client.lua"],["changed","recipes/hello.lua"]]'
  # of a new client its own files are
  client dora ''
  foyer deploy
  foyer releases 4 --json
  same "$(jq -c '.files | map([.change, .path])' <<<"$output")" '[["added","clients/dora/client.lua"]]'
}

@test "a release notes the commit, and whether files have changed since" {
  git -C "$AGENCY" init -q
  git -C "$AGENCY" add -A
  git -C "$AGENCY" -c user.name=x -c user.email=x@mail.example commit -qm x
  id=$(git -C "$AGENCY" rev-parse HEAD)
  put state/unrelated <<<x
  foyer deploy --json
  same "$(jq -r .revision <<<"$output")" "$id"
  client acme 'vars = {}'
  foyer deploy --json
  same "$(jq -r .revision <<<"$output")" "$id-dirty"
  foyer releases
  has "$output" "${id:0:12}-dirty"
}

@test "runs that are under way go on with what they began with" {
  put recipes/nap.lua <<<'return { summary = "x", run = function(ctx) local a = "one" ctx.sleep("1h") return a end }'
  foyer deploy
  foyer run nap --client acme
  foyer run nap --client beta
  sed -i 's/"one"/"two"/' "$AGENCY/recipes/nap.lua"
  foyer deploy --dry-run
  has "$output" "2 runs of 2 clients under way: they go on with the code that they began with"
  foyer deploy --only acme
  has "$output" "1 run of 1 client under way: it goes on with the code that it began with"
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) run --separate-stderr "$FOYER" -w "$AGENCY" cron --json
  same "$(jq -c 'map(.result) | unique' <<<"$output")" '["one"]'
}

@test "diff --live: what runs beside the files" {
  foyer diff --live
  same "$status" 65
  has "$stderr" "there is no release yet"
  foyer deploy
  foyer diff --live
  same "$status" 0
  has "$stderr" "what runs is what the files say"
  hello two
  client beta 'vars = {}'
  client dora ''
  foyer diff --live
  same "$status" 1
  has "$output" "changed  recipes/hello.lua (clients acme, beta, carl)"
  has "$output" "changed  clients/beta/client.lua"
  has "$output" '-return { summary = "Says a word.", run = function(ctx) return "one" end }'
  has "$stderr" "client dora is in no release yet"
  foyer diff --live --client acme clients/beta/client.lua
  same "$status" 0
  foyer diff --live --client beta clients/beta/client.lua --json
  same "$status" 1
  same "$(jq -c '.files | map([.path, .change, .clients])' <<<"$output")" \
    '[["clients/beta/client.lua","changed",["beta"]]]'
  # with a mistake, too
  printf 'return {' >"$AGENCY/foyer.lua"
  foyer diff --live foyer.lua
  same "$status" 1
  foyer diff
  same "$status" 64
  # with --only the server itself stays behind
  put foyer.lua <<<'return { recipes = { hello = true }, groups = { retail = {} }, timezone = "Europe/Paris" }'
  foyer deploy --only acme,beta,carl,dora
  foyer diff --live
  has "$output" "changed  foyer.lua (the server itself)"
}

@test "which, trace and runs show name the release" {
  foyer which hello
  [[ "$output" != *release* ]]
  foyer deploy
  foyer which hello
  has "$output" "release 1"
  hello two
  put clients/acme/recipes/hello.lua <<<'return { summary = "x", run = function() return "own" end }'
  foyer which hello --client acme --json
  same "$(jq -c '.matches[0].layers | map([.path, .live, .release])' <<<"$output")" \
    '[["clients/acme/recipes/hello.lua","none",1],["recipes/hello.lua","other",1]]'
  foyer which hello --client acme
  has "$output" "not in release 1"
  has "$output" "another in release 1"
  put recipes/nap.lua <<<'return { summary = "x", run = function(ctx) ctx.sleep("1h") return "one" end }'
  foyer deploy
  foyer run nap --client acme
  foyer rollback
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) foyer cron
  foyer runs list --json
  same "$(jq -c 'map([.id, .recipe, .state, .release])' <<<"$output")" '[[1,"nap","done",2]]'
  foyer runs show 1
  has "$output" "release: 2"
  foyer trace 1 2>/dev/null || foyer trace run 1
  has "$output" "release 2"
}

@test "commands that read the files say when what runs differs" {
  foyer check
  [[ "$stderr" != *differ* ]]
  foyer deploy
  foyer check
  [[ "$stderr" != *differ* ]]
  hello two
  client beta 'vars = {}'
  foyer check
  has "$stderr" "2 files differ from what runs: "
  foyer check --client acme
  has "$stderr" "1 file differs from what client acme runs: "
  foyer recipes hello
  has "$stderr" "2 files differ from what runs"
  foyer recipes hello --client beta --json
  [[ "$stderr" != *differ* ]]
}

@test "deploy --only of the first release: the server has it, too" {
  foyer deploy --only acme
  same "$status" 0
  foyer releases --json
  same "$(jq -c 'map([.id, .server, .clients])' <<<"$output")" '[[1,true,["acme"]]]'
  same "$(says)" "acme:one"
  foyer run hello --client beta
  has "$stderr" "in no release yet"
  foyer deploy
  same "$(says)" "acme:one beta:one carl:one"
}
