#!/usr/bin/env bats
# APIs that are not Front: each way of authorisation, from `foyer connect` to the API.

load helper
load agency
load shop

setup_file() {
  start_shop
  start_recorder
}

teardown_file() {
  stop_shop
  stop_recorder
}

setup() {
  rm -rf "$AGENCY/lua" "$AGENCY/recipes" "$AGENCY/state" "$AGENCY/clients/acme" "$AGENCY/clients/beta"
  forget_shop
  curl -sf -d "$SHOP_KEY" "$SHOP/control/key" >/dev/null
}

# connector WAY AUTH [MORE]: the app "shop", and an action that asks it.
connector() {
  mkdir -p "$AGENCY/lua/shop/actions"
  printf 'return { name = "Shop", api = { base = "%s/%s", hosts = { "%s" } }, auth = %s, %s }\n' \
    "$SHOP" "$1" "${SHOP#http://}" "$2" "${3:-}" >"$AGENCY/lua/shop/connector.lua"
  printf 'return { summary = "x", effect = "%s", input = { path = { "string" } },
    run = function(ctx, input) return ctx.http.request({ method = "%s", url = input.path or "/orders?page=2",
      headers = input.path and { ["X-Echo"] = "1" } or nil }).body end }\n' read GET >"$AGENCY/lua/shop/actions/get.lua"
  printf 'return { summary = "x", effect = "write", run = function(ctx) return ctx.http.post("/orders", { n = 1 }) end }\n' \
    >"$AGENCY/lua/shop/actions/order.lua"
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", run = function(ctx) return ctx.call("shop/order") end }\n' >"$AGENCY/recipes/order.lua"
}

# connect KEY [OPTION...]: as `echo KEY | foyer connect acme --app shop`
connect() {
  status=0
  printf '%s\n' "$1" | "$FOYER" -w "$AGENCY" connect acme --app shop --api-url "$SHOP/$WAY" --oauth-url "$SHOP" "${@:2}" \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out")
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
}

# The key reached the API, and stands in no file of the workspace, no output and no log line.
works() {
  local file
  export FOYER_LOG=debug
  forget_shop
  call shop/get
  done_well || { echo "$output$stderr"; return 1; }
  same "$(jq -r .way <<<"$output")" "$WAY"
  same "$(shop_log '.[0] | [.path, .query.page]')" "[\"/$WAY/orders\",[\"2\"]]"
  keyless "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  foyer run order --client acme --json
  done_well
  keyless "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  foyer runs show "$(jq .run <<<"$output")" --bodies --json
  holds "$output" '/orders'
  keyless "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  for file in "$AGENCY"/state/*.*; do keyless "$file"; done
  # an API that repeats its key in an error, and the 401's way out
  call shop/get path=/status/400
  keyless "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  grep -qF "$SHOP_KEY" "$SHOP_LOG" || grep -qF of-the-shop "$SHOP_LOG" ||
    grep -qF "$(printf 'ana:%s' "$SHOP_KEY" | base64 -w0)" "$SHOP_LOG" # the test can fail
  unset FOYER_LOG
}

refused() {
  curl -sf -d another-key-1234567 "$SHOP/control/key" >/dev/null
  call shop/get
  failed 77 auth 401 'connect the client again: foyer connect acme --app shop'
  keyless "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
}

@test "a key in a header; no script sets that header" {
  WAY=header
  connector header '{ header = "X-Shop-Key" }'
  connect "$SHOP_KEY"
  same "$status" 0
  same "$output" 'client acme is connected to Shop; the first request tries its key, as the connector has no `identity`'
  same "$(sed -n '/shop/p' "$AGENCY/clients/acme/client.lua")" '  shop = {},'
  works
  same "$(shop_log '.[0].headers | [.["x-shop-key"], .authorization]')" "[\"$SHOP_KEY\",null]"
  sed -i 's/X-Echo/x-shop-key/' "$AGENCY/lua/shop/actions/get.lua"
  call shop/get path=/orders
  failed 65 forbidden 'added by foyer, as the header X-Shop-Key'
  sed -i 's/x-shop-key/Authorization/' "$AGENCY/lua/shop/actions/get.lua"
  call shop/get path=/orders
  done_well
  refused
}

@test "an action without a result, and a connection whose app is gone" {
  WAY=header
  connector header '{ header = "X-Shop-Key" }'
  connect "$SHOP_KEY"
  echo 'return { summary = "x", effect = "read", run = function() end }' >"$AGENCY/lua/shop/actions/get.lua"
  same "$("$FOYER" -w "$AGENCY" call shop/get --client acme 2>&1)" 'no result'
  rm -r "$AGENCY/lua/shop"
  holds "$("$FOYER" -w "$AGENCY" doctor || true)" 'lua/shop/connector.lua is missing; `foyer disconnect acme --app shop` forgets the connection'
}

@test "text before a key in a header" {
  WAY=bearer
  connector bearer '{ header = "Authorization", before = "Bearer " }'
  connect "$SHOP_KEY"
  works
}

@test "a key in the query is in no log, journal or error, and takes the place of another" {
  WAY=query
  connector query '{ query = "shop_key" }'
  connect "$SHOP_KEY"
  same "$status" 0
  works
  same "$(shop_log '.[0] | [.query, .headers.authorization]')" "[{\"page\":[\"2\"],\"shop_key\":[\"$SHOP_KEY\"]},null]"
  forget_shop
  call shop/get 'path=/orders?shop%5Fkey=mine&a=1'
  same "$(shop_log '.[0].query')" "{\"a\":[\"1\"],\"shop_key\":[\"$SHOP_KEY\"]}"
  # nor when nothing listens there
  sed -i 's/name = "Shop"/&/' "$AGENCY/lua/shop/connector.lua"
  WAY=../nothing
  "$FOYER" -w "$AGENCY" connect acme --app shop --token-file <(printf %s "$SHOP_KEY") --api-url http://127.0.0.1:1 >/dev/null
  call shop/get
  failed 75 network
  keyless "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  WAY=query
  connect "$SHOP_KEY"
  refused
}

@test "a user and a password" {
  WAY=basic
  connector basic '"basic"'
  connect "$SHOP_KEY"
  same "$status" 65
  holds "$stderr" 'Shop takes a user and a password, in one line with a colon between them'
  keyless "$BATS_TEST_TMPDIR/err"
  connect "ana:$SHOP_KEY"
  same "$status" 0
  works
  refused
}

@test "at a terminal each part is asked for, unseen" {
  local told
  WAY=basic
  connector basic '"basic"'
  told=$(python3 "$ROOT/tests/e2e/terminal.py" 'user of acme, then Enter: ' 'ana\n' \
    'password of acme, then Enter: ' "$SHOP_KEY\n" -- "$FOYER" -w "$AGENCY" connect acme --app shop 3>&-)
  same "$(jq .status <<<"$told")" 0
  holds "$(jq -r .shown <<<"$told")" 'is connected to Shop'
  [[ $told != *very-secret* ]]
  works
  connector client "{ oauth = \"client_credentials\", token = \"$SHOP/token\" }"
  told=$(python3 "$ROOT/tests/e2e/terminal.py" 'client id of acme, then Enter: ' 'shop\n' \
    'client secret of acme, then Enter: ' "$SHOP_KEY\n" -- "$FOYER" -w "$AGENCY" connect acme --app shop --replace \
    --oauth-url "$SHOP" 3>&-)
  WAY=client
  same "$(jq .status <<<"$told")" 0
  works
}

@test "a bearer token, and whose it is" {
  WAY=bearer
  connector bearer '"bearer"' 'identity = { get = "/me", id = "account.number", name = "account.title" }'
  connect wrong-key-00000
  same "$status" 77
  holds "$stderr" 'cannot connect acme: the API refuses the token (401); is it whole, and still valid?'
  connect "$SHOP_KEY"
  same "$status" 0
  same "$output" 'client acme is connected to Shop of Ana (7)'
  works
  foyer doctor --json
  holds "$output" 'the API answers, and the company is the same'
  [[ $output != *'requests a minute'* ]]
  refused
}

@test "no key at all" {
  WAY=open
  connector open '"none"'
  foyer connect acme --app shop --token-file /dev/null
  same "$status" 64
  holds "$stderr" '--token-file is of no use for Shop, which needs no key: run `foyer connect acme --app shop`'
  foyer connect acme --app shop --api-url "$SHOP/open"
  same "$status" 0
  call shop/get
  done_well
  same "$(shop_log '.[0].headers.authorization')" null
}

@test "client_credentials: renewed by themselves, and after a 401" {
  local way
  for way in basic body; do
    WAY=client
    connector client "{ oauth = \"client_credentials\", token = \"$SHOP/token\", client_auth = \"$way\", scope = \"orders:read\" }"
    foyer connect acme --app shop --link
    same "$status" 64
    holds "$stderr" '--link is of no use for Shop, which needs a client id and a client secret'
    connect "shop:nothing" --replace
    same "$status" 77 || { echo "$stderr"; return 1; }
    holds "$stderr" 'cannot connect acme: the client id or the client secret is refused: '
    connect "shop:$SHOP_KEY" --replace
    same "$status" 0
    works
    holds "$(shop_log 'map(.path)')" /client/orders
    # the API does not know the token any more
    curl -sf -d '' "$SHOP/control/forget" >/dev/null
    forget_shop
    call shop/get
    done_well
    same "$(shop_log 'map(.path)')" '["/client/orders","/token","/client/orders"]'
    if [ "$way" = basic ]; then
      same "$(shop_log '.[1].body')" '"grant_type=client_credentials&scope=orders%3Aread"'
    else
      same "$(shop_log '.[1] | [.headers.authorization, (.body | test("&client_id=shop&client_secret="))]')" '[null,true]'
    fi
    # the clock says that it is due
    forget_shop
    FOYER_TEST_CLOCK=+7200 call shop/get
    done_well
    same "$(shop_log 'map(.path)')" '["/token","/client/orders"]'
    foyer refresh acme --app shop
    same "$status" 0
  done
  foyer doctor --json
  [[ $output != *'apps.shop'* ]]
  # the secret is withdrawn: a person connects again
  curl -sf -d another-key-1234567 "$SHOP/control/key" >/dev/null
  curl -sf -d '' "$SHOP/control/forget" >/dev/null
  call shop/get
  failed 77 auth 'its client secret is not accepted any more' 'foyer connect CLIENT --app shop'
  foyer doctor --json
  holds "$output" 'its client secret is not accepted any more; run `foyer connect acme --app shop`'
  curl -sf -d "$SHOP_KEY" "$SHOP/control/key" >/dev/null
  connect "shop:$SHOP_KEY"
  call shop/get
  done_well
}

@test "the key goes to no other host, and two clients keep their own" {
  WAY=header
  connector header '{ header = "X-Shop-Key" }'
  connect "$SHOP_KEY"
  call shop/get path="http://$CHAT/echo"
  failed 65 forbidden 'the host is neither the connection'
  sed -i 's/recipes = {/hosts = { "'"$CHAT"'" },\n  &/' "$AGENCY/clients/acme/client.lua"
  call shop/get path="http://$CHAT/echo/"
  same "$(chat_log 'map(.headers | [.["x-shop-key"], .["x-echo"]])')" '[[null,"1"]]'
  printf 'beta-key-00000000' | "$FOYER" -w "$AGENCY" connect beta --app shop --token-file - --api-url "$SHOP/open" >/dev/null
  forget_shop
  foyer call shop/get --client beta
  call shop/get
  same "$(shop_log 'map(.headers["x-shop-key"])')" "[\"beta-key-00000000\",\"$SHOP_KEY\"]"
  foyer connections --json
  same "$(jq -c '[.[] | [.client, .id]]' <<<"$output")" '[["acme","acme"],["beta","beta"]]'
  # one company by their settings: one connection, and so one key
  sed -i 's/shop = {}/shop = { company = "ana" }/' "$AGENCY"/clients/{acme,beta}/client.lua
  call shop/get
  failed 78 settings 'clients/acme/client.lua says shop.company = "ana"'
  connect "$SHOP_KEY" --replace
  printf 'beta-key-00000000' | "$FOYER" -w "$AGENCY" connect beta --app shop --token-file - --api-url "$SHOP/open" \
    --replace 2>"$BATS_TEST_TMPDIR/err"
  holds "$(cat "$BATS_TEST_TMPDIR/err")" 'client acme is of the same company and uses this connection too'
  foyer connections --json
  same "$(jq -c '[.[] | [.client, .id]]' <<<"$output")" '[["acme","ana"],["beta","ana"]]'
  foyer disconnect beta --app shop
  same "$stderr" "forgot beta's connection to shop; acme still uses the same connection, and would be cut off with it: revoke nothing at the company"
  foyer disconnect acme --app shop
  same "$stderr" "forgot acme's connection to shop; its key is valid until it is withdrawn at the API"
}

@test "foyer check explains auth" {
  local at='lua/shop/connector.lua:1: auth'
  connector header '"token"'
  foyer check
  holds "$output" "$at: must be \"bearer\", \"basic\" or \"none\", not \"token\""
  connector header '{ cookie = "a" }'
  foyer check
  holds "$output" "$at: must be \"bearer\", \"basic\", \"none\", { header ="
  connector header '{ header = "X Key" }'
  foyer check
  holds "$output" "$at.header: must be a header's name"
  connector header '{ oauth = "password" }'
  foyer check
  holds "$output" "$at.oauth: must be \"authorization_code\" or \"client_credentials\", not \"password\""
  connector header '"bearer"' 'oauth = {}'
  foyer check
  holds "$output" 'oauth: is written auth = { oauth = "authorization_code", … } now'
}

# Writes the files of foyer-connector(5), each named by its first line, into the workspace.
write_example() {
  mkdir -p "$AGENCY/lua/shop/actions" "$AGENCY/recipes"
  awk -v dir="$AGENCY/" '/^\.Ed/ { file = "" } /^-- [a-z\/-]*\.lua$/ { file = dir $2 } file { print > file }' \
    "$ROOT/src/man/foyer-connector.5"
}

@test "foyer-connector(5): the whole example works" {
  WAY=header
  write_example
  foyer check
  same "$status" 0 || { echo "$output"; return 1; }
  connect "$SHOP_KEY"
  same "$output" 'client acme is connected to Shop of Ana (7)'
  call shop/find-orders email=ana@mail.example
  done_well
  same "$(shop_log '.[-1] | [.method, .path, .query, .headers["x-shop-key"]]')" \
    "[\"GET\",\"/header/orders\",{\"email\":[\"ana@mail.example\"],\"limit\":[\"20\"]},\"$SHOP_KEY\"]"
  echo '{"payload": {"conversation": {"recipient": {"handle": "ana@mail.example"}}}}' >"$BATS_TEST_TMPDIR/event"
  foyer run order-note --client acme --event "$BATS_TEST_TMPDIR/event" --json
  done_well
  same "$(jq -r .result.found.way <<<"$output")" header
}
