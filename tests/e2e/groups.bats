#!/usr/bin/env bats
# Groups of clients: --client a,b, --group, --all-clients, --except, and recipes that are on for a group.

bats_require_minimum_version 1.5.0
load helper

setup() {
  AGENCY=$BATS_TEST_TMPDIR/agency
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
  unset FOYER_KEY_FILE
  "$FOYER" init "$AGENCY" >/dev/null
  rm -rf "$AGENCY"/clients/* "$AGENCY"/recipes/*
  cat >"$AGENCY/recipes/hello.lua" <<'LUA'
return {
  summary = "Says a word.",
  options = { word = { "string", default = "hello" } },
  run = function(ctx) return ctx.options.word end,
}
LUA
  cat >"$AGENCY/foyer.lua" <<'LUA'
return {
  recipes = { hello = true },
  groups = {
    retail = { recipes = { hello = { word = "shops" } } },
    quiet = { recipes = { hello = false } },
    german = {},
  },
}
LUA
  client acme 'groups = { "retail" }'
  client beta 'groups = { "retail", "german" }, recipes = { hello = { word = "own" } }'
  client carl 'groups = { "quiet" }'
  client dora ''
}

client() { # client NAME SETTINGS
  mkdir -p "$AGENCY/clients/$1"
  printf 'return { name = "%s", %s }\n' "$1" "$2" >"$AGENCY/clients/$1/client.lua"
}

foyer() {
  run --separate-stderr "$FOYER" -w "$AGENCY" "$@"
}

# Which clients `run` takes, and with which word: taken OPTION...
taken() {
  foyer run hello "$@" --json
  jq -r 'map(.client + ":" + (.result // .outcome | tostring)) | join(" ")' <<<"$output"
}

same() {
  [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

@test "a recipe is on by the client, its groups, and foyer.lua, in this order" {
  same "$(taken --all-clients)" "acme:shops beta:own dora:hello"
  foyer check
  [ "$status" -eq 0 ]
  # the group that is named last wins
  client acme 'groups = { "quiet", "retail" }'
  client carl 'groups = { "retail", "quiet" }'
  same "$(taken --all-clients)" "acme:shops beta:own dora:hello"
}

@test "clients by name, by group, and without some" {
  same "$(taken --client acme,beta)" "acme:shops beta:own"
  same "$(taken --client beta --client acme --client acme)" "acme:shops beta:own"
  same "$(taken --group retail)" "acme:shops beta:own"
  same "$(taken --group german --client dora)" "beta:own dora:hello"
  same "$(taken --group retail --except acme)" "beta:own"
  same "$(taken --except acme,dora)" "beta:own"
  # one name alone runs where it is off, and prints its result alone
  foyer run hello --client carl --json
  same "$(jq -r .result <<<"$output")" hello
}

@test "names that are not there, and options that do not go together" {
  foyer run hello --client acme,bta
  [ "$status" -eq 65 ]
  [[ "$stderr" == *'there is no client "bta"'*'did you mean "beta"?'* ]]
  foyer run hello --group retial
  [[ "$stderr" == *'there is no group "retial"; did you mean "retail"?'* ]]
  foyer run hello --except acmee
  [[ "$stderr" == *'there is no client "acmee"'* ]]
  foyer run hello --all-clients --group retail
  [ "$status" -eq 64 ]
  [[ "$stderr" == *"--all-clients goes without"* ]]
  foyer run hello --client acme,
  [ "$status" -eq 64 ]
  foyer run hello --client acme --except acme
  [[ "$stderr" == *"no client is left"* ]]
}

@test "check names a group that foyer.lua does not have" {
  client dora 'groups = {
  "retial" }'
  foyer check
  [ "$status" -eq 65 ]
  same "$output" 'clients/dora/client.lua:2: groups[1]: foyer.lua has no group "retial"; did you mean "retail"?'
  client carl 'groups = { "new" }'
  foyer check
  [[ "$output" == *'foyer.lua has no group "new"; groups = { ["new"] = {} } there makes one'* ]]
  client carl ''
  foyer check --group retail
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"of 2 clients"* ]]
  foyer check --except dora
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"of 3 clients"* ]]
  client dora 'groups = "retail"'
  foyer check
  [[ "$output" == *'groups: must be a list of groups such as { "retail" }, not '* ]]
}

@test "check names the line of a group's recipe" {
  cat >"$AGENCY/foyer.lua" <<'LUA'
return {
  groups = {
    retail = {
      recipes = { hello = { wrod = "x" } } },
    german = { recipes = {
      hullo = true,
    } },
  },
}
LUA
  client carl ''
  foyer check
  [ "$status" -eq 65 ]
  [[ "$output" == *'foyer.lua:4: recipes.hello.wrod: unknown option "wrod"'*'did you mean "word"?'*'(clients acme, beta)'* ]]
  [[ "$output" == *'foyer.lua:6: groups.german.recipes.hullo: '*'did you mean "hello"?'*'(client beta)'* ]]
}

@test "a client whose file cannot be read is in no group, and is named" {
  printf 'return {' >"$AGENCY/clients/dora/client.lua"
  same "$(taken --group retail)" "acme:shops beta:own"
  [[ "$stderr" == *"warning: client dora is in no group: "* ]] || {
    foyer run hello --group retail
    [[ "$stderr" == *"warning: client dora is in no group: "* ]]
  }
}

@test "pause and resume, runs list, stats and events take several clients" {
  taken --all-clients >/dev/null
  foyer pause --group retail --reason holiday
  [ "$status" -eq 0 ]
  foyer pause --json
  same "$(jq -c 'map([.client, .recipe, .reason])' <<<"$output")" '[["acme","(all)","holiday"],["beta","(all)","holiday"]]'
  foyer resume --group retail --except beta --json
  same "$(jq -c .lifted <<<"$output")" 1
  foyer pause --json
  same "$(jq -c 'map(.client)' <<<"$output")" '["beta"]'
  foyer resume --client acme,beta --json
  same "$(jq -c .lifted <<<"$output")" 1
  foyer resume --client gone
  [[ "$stderr" == *'there is no client "gone"'* ]]
  foyer hooks --group retail --json
  same "$(jq -c '.addresses | map(.client) | unique' <<<"$output")" '[null,"acme","beta"]'
  for command in "runs list" "events list" "poll" "heal" "stats" "connections" "hooks"; do
    # shellcheck disable=SC2086 # two words
    foyer $command --group retail --json
    [ "$status" -eq 0 ] || { echo "$command: $stderr"; false; }
    # shellcheck disable=SC2086
    foyer $command --group nosuch
    [[ "$stderr" == *'there is no group "nosuch"'* ]]
  done
}

@test "pause --group: a client that runs is in the groups that it has there" {
  "$FOYER" -w "$AGENCY" deploy >/dev/null
  printf 'return {' >"$AGENCY/clients/acme/client.lua" # a typo
  client beta 'groups = { "german" }'                  # not deployed
  client carl ''
  client erna 'groups = { "retail" }' # in no release: its file says it
  foyer pause --group retail
  [ "$status" -eq 0 ]
  [[ "$stderr" != *"is in no group"* ]]
  foyer pause --json
  same "$(jq -c 'map(.client)' <<<"$output")" '["acme","beta","erna"]'
  printf 'return {' >"$AGENCY/foyer.lua"
  foyer resume --group retail --json
  same "$(jq -c .lifted <<<"$output")" 3
}
