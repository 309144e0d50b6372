#!/usr/bin/env bats
# Tokens and secrets: sealed in the store, in no log, no environment, no command line, no memory
# that another process may read; and they reach the one host that they are for.

load helper
load agency
load consents

TOKEN_WORD=tok-4f1c0ffee-very-secret
SECRET_WORD=sec-0ddba11-very-secret

setup_file() {
  export COMPANY_TOKEN=$TOKEN_WORD
  start_agency
  start_recorder
  printf %s "$SECRET_WORD" | "$FOYER" -w "$AGENCY" secret set acme.key --from -
  printf 'http://%s/services/%s' "$CHAT" "$SECRET_WORD" | "$FOYER" -w "$AGENCY" secret set acme.url --from -
  cat >"$AGENCY/clients/acme/client.lua" <<LUA
return {
  name = "Acme", hosts = { "$CHAT" },
  recipes = { tell = { key = secret "acme.key", url = secret "acme.url" } },
}
LUA
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
  rm -rf "$AGENCY"/{lua,recipes}
  [ -z "${BEGUN+own}" ] || end_agency # the test had a mock of its own
}

# Neither of the two words: clean FILE...
clean() {
  local file
  for file in "$@"; do
    [ -e "$file" ] || { echo "$file is missing"; return 1; }
    ! grep -aq -e "$TOKEN_WORD" -e "$SECRET_WORD" "$file" || { echo "a secret stands in $file"; return 1; }
    # base64 and hex of it neither
    ! grep -aq -e "$(printf %s "$TOKEN_WORD" | base64 | cut -c1-30)" -e "$(printf %s "$SECRET_WORD" | base64 | cut -c1-28)" "$file" ||
      { echo "a secret stands encoded in $file"; return 1; }
  done
}

# A recipe with both secrets among its options: tell BODY
tell() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", options = { key = { "string" }, url = { "string" } }, run = function(ctx)\n%s\nend }\n' \
    "$1" >"$AGENCY/recipes/tell.lua"
  foyer run tell --client acme --json
}

@test "the store holds neither token nor secrets; its files are the user's own" {
  local file
  for file in "$AGENCY"/state/*; do
    clean "$file"
    same "$(stat -c %a "$file")" 600
  done
  same "$(stat -c %a "$AGENCY/state")" 700
  same "$(stat -c %a "$KEY")" 600
  clean "$KEY"
  # the words are where they should be: the test can fail
  grep -q "$TOKEN_WORD" "$TOKEN"
  foyer secret list --json
  same "$(jq -c '[.[].name]' <<<"$output")" '["acme.key","acme.url"]'
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
}

@test "a secret as a URL and in a header arrives, and stands nowhere else" {
  export FOYER_LOG=debug
  tell 'ctx.log(tostring(ctx.options.key)) ctx.log(tostring(ctx.options.url))
    ctx.http.post(ctx.options.url, { text = "hi" }, { headers = { ["X-Api-Key"] = ctx.options.key } })
    return { key = tostring(ctx.options.key) }'
  done_well
  same "$(chat_log 'map([.path, .headers["x-api-key"], .headers.authorization])')" "[[\"/services/$SECRET_WORD\",\"$SECRET_WORD\",null]]"
  holds "$stderr" debug
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
}

@test "a host that repeats what it was sent shows no secret, and nothing of it is stored" {
  local file end
  printf 'http://%s/echo/%s?k=%s' "$CHAT" "$SECRET_WORD" "$SECRET_WORD" >"$BATS_TEST_TMPDIR/url"
  foyer secret set acme.echo --from "$BATS_TEST_TMPDIR/url"
  sed -i 's/acme.url/acme.echo/' "$AGENCY/clients/acme/client.lua"
  for end in 'return seen' 'error(json.encode(seen))'; do
    tell 'local seen = ctx.http.post(ctx.options.url, { a = 1 }, { headers = { ["X-Api-Key"] = ctx.options.key,
        Authorization = "Bearer " .. ctx.options.key } })
      '"$end"
    holds "$(cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err")" 'Bearer ********************' 'x-api-key'
    clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    for file in "$AGENCY"/state/*.*; do clean "$file"; done
    # nor in what is kept, compressed, of what the run sent and got
    foyer runs list --limit 1 --json
    foyer runs show "$(jq '.[0].id' <<<"$output")" --bodies --json
    holds "$output" 'Bearer ********************' '"exchanges"'
    clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  done
  sed -i 's/acme.echo/acme.url/' "$AGENCY/clients/acme/client.lua"
  # it was sent: the test can fail
  same "$(chat_log 'map(.headers | [.["x-api-key"], .authorization]) | unique')" "[[\"$SECRET_WORD\",\"Bearer $SECRET_WORD\"]]"
}

@test "a secret in a JSON body arrives; the journal and the record have its name" {
  tell 'ctx.http.post("http://'"$CHAT"'/x", { credentials = { token = ctx.options.key, ["$type"] = "key", n = { 1, ctx.options.key } } })'
  done_well
  same "$(chat_log 'map(.body | fromjson)')" "[{\"credentials\":{\"\$type\":\"key\",\"n\":[1,\"$SECRET_WORD\"],\"token\":\"$SECRET_WORD\"}}]"
  foyer runs show "$(jq .run <<<"$output")" --bodies --json
  same "$(jq -c '.exchanges[0].body.credentials.token' <<<"$output")" '{"$secret":"acme.key"}'
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  for file in "$AGENCY"/state/*.*; do clean "$file"; done
  # what only looks like one does not become one
  tell 'ctx.http.post("http://'"$CHAT"'/x", { a = { ["$secret"] = "acme.key" }, b = ctx.options.key })'
  same "$(chat_log '.[-1].body | fromjson | .a')" '{"$secret":"acme.key"}'
}

@test "text around a secret: by settings and by a script" {
  local text
  sed -i 's/secret "acme.key"/"Token ${secret:acme.key};v=1"/' "$AGENCY/clients/acme/client.lua"
  tell 'ctx.http.get("http://'"$CHAT"'/x", { headers = { Authorization = ctx.options.key } })'
  done_well
  foyer check
  [[ $output$stderr != *client.lua* ]] || { echo "$output$stderr"; return 1; }
  foyer recipes tell
  holds "$output" 'Token ${secret:acme.key};v=1'
  same "$(chat_log 'map(.headers.authorization)')" "[\"Token $SECRET_WORD;v=1\"]"
  # what an API or a customer wrote is no secret's name
  tell 'ctx.http.post("http://'"$CHAT"'/x", { a = "${secret:acme.key}", b = "<" .. ctx.options.key })'
  same "$(chat_log '.[-1].body | fromjson')" "{\"a\":\"\${secret:acme.key}\",\"b\":\"<Token $SECRET_WORD;v=1\"}"
  foyer runs show "$(jq .run <<<"$output")" --bodies --json
  same "$(jq -c '.exchanges[0].body.b' <<<"$output")" '{"$secret":["acme.key","<Token ",";v=1"]}'
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  for text in '${secret:acme.key' '${secret:no such}' '${secret:acme.key}${secret:acme.url}'; do
    sed -i "s/key = \"[^\"]*\"/key = \"$text\"/" "$AGENCY/clients/acme/client.lua"
    foyer check
    [ "$status" != 0 ]
    holds "$output$stderr" 'recipes.tell.key: '
  done
  sed -i 's/key = "[^"]*"/key = "Bearer " .. secret "acme.key"/' "$AGENCY/clients/acme/client.lua"
  foyer check
  [ "$status" != 0 ]
  holds "$output$stderr" 'write it within the text, as in "Bearer ${secret:NAME}"'
  sed -i 's/"Bearer " .. //' "$AGENCY/clients/acme/client.lua"
}

@test "a 401 of a host that gets no token is not about the connection" {
  tell 'return ctx.http.get("http://'"$CHAT"'/status/401", { headers = { ["X-Api-Key"] = ctx.options.key } })'
  failed 65 forbidden "$CHAT/status/401" 'check the headers and secrets'
  [[ $stderr != *'foyer connect'* ]]
}

@test "a script cannot look into a secret, nor let it out" {
  local try n=0
  for try in 'return ctx.options.key .. ""' 'return "a" .. ctx.options.key' 'ctx.log("a" .. ctx.options.key)' 'return #ctx.options.key' 'return ctx.options.key[1]' 'return ctx.options.key' \
    'return { a = ctx.options.key }' 'error(ctx.options.key)' 'return json.encode(ctx.options.key)' 'ctx.log(ctx.options.key)' \
    'return ("%s"):format(ctx.options.key)' 'for k, v in pairs(ctx.options.key) do return v end' 'ctx.skip(ctx.options.key)' \
    'ctx.skip(tostring(ctx.options.key))' 'return url.segment(ctx.options.key)' 'return text.escape_html(ctx.options.key)' \
    'return table.concat({ ctx.options.key })' 'return ctx.template("first-reply", { conversation = ctx.options.key })' \
    "return ctx.http.post(\"http://$CHAT/x\", ctx.options.key)" \
    "return ctx.http.get(\"http://$CHAT/x\", { query = { a = ctx.options.key } })" 'return hmac.sha256(ctx.options.key, "x")' \
    'return rawlen(ctx.options.key)' 'return getmetatable(ctx.options.key)'; do
    tell "$try"
    clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" || { echo "$try"; return 1; }
    n=$((n + 1))
  done
  same "$n" 23
  clean "$CHAT_LOG"
}

@test "errors and debug lines hold no token and no secret URL" {
  export FOYER_LOG=debug
  local kind
  for kind in 500 429 drop html truncated 301 error-no-fields; do
    fault "{\"kind\": \"$kind\"}"
    call front/get-conversation conversation_id="$CONVERSATION"
    clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  done
  fault '{"kind": "status", "status": 401}'
  call front/list-inboxes
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  foyer connect acme --token-file "$TOKEN" --api-url "$MOCK" --json
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  # a chat that is away, and one whose host is not allowed
  printf 'http://127.0.0.1:1/services/%s' "$SECRET_WORD" | "$FOYER" -w "$AGENCY" secret set acme.url --from - 2>/dev/null
  tell 'ctx.http.post(ctx.options.url, { text = "hi" })'
  failed 65 forbidden 127.0.0.1:1
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  sed -i "s/hosts = { /&\"127.0.0.1:1\", /" "$AGENCY/clients/acme/client.lua"
  tell 'ctx.http.post(ctx.options.url, { text = "hi" })'
  failed 75 network
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
  printf 'no url at all %s' "$SECRET_WORD" | "$FOYER" -w "$AGENCY" secret set acme.url --from - 2>/dev/null
  tell 'ctx.http.post(ctx.options.url, { text = "hi" })'
  [ "$status" != 0 ]
  clean "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
}

@test "a running foyer: no token in its environment or command line, no core file" {
  fault '{"kind": "slow", "after": 20}'
  "$FOYER" -w "$AGENCY" call front/list-inboxes --client acme >/dev/null 2>&1 3>&- </dev/null &
  local pid=$! i
  for i in $(seq 6000); do
    [ "$(mock_log '.requests | length')" = 0 ] || break
    sleep 0.01
  done
  tr '\0' '\n' <"/proc/$pid/environ" | sed '/^COMPANY_TOKEN=/d' >"$BATS_TEST_TMPDIR/environ"
  cat "/proc/$pid/cmdline" >"$BATS_TEST_TMPDIR/cmdline"
  local limits
  limits=$(grep '^Max core file size' "/proc/$pid/limits")
  kill "$pid"
  wait "$pid" || true
  clean "$BATS_TEST_TMPDIR/environ" "$BATS_TEST_TMPDIR/cmdline"
  same "$(tr -s ' ' <<<"$limits" | cut -d' ' -f5,6)" '0 0'
}

@test "another process of the same user cannot look into it" {
  # What a process that may not be dumped has below /proc is root's, for each user that runs it (proc(5)).
  local dir run=() out
  dir=$(mktemp -d)
  if [ "$(id -u)" = 0 ]; then
    command -v setpriv >/dev/null || skip "needs setpriv"
    run=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  fi
  cp "$FOYER" "$dir/foyer"
  chmod 755 "$dir" "$dir/foyer"
  mkfifo "$dir/out"
  HOME=/nonexistent "${run[@]}" "$dir/foyer" mock --listen 127.0.0.1:0 >"$dir/out" 2>/dev/null 3>&- &
  local pid=$! line
  read -r -t 120 line <"$dir/out"
  same "$(stat -c %u "/proc/$pid/environ")" 0
  out=$("${run[@]}" cat "/proc/$pid/environ" 2>&1) && { echo "it can be read"; return 1; }
  holds "$out" 'Permission denied'
  kill "$pid"
  rm -r "$dir"
}

# No token, code or client_secret of OAuth: no_grant FILE...
no_grant() {
  local file
  for file in "$@"; do
    [ -e "$file" ] || { echo "$file is missing"; return 1; }
    ! grep -aqE -e 'mock(at|rt|code)_' -e "$SECRET_WORD" -e "$(printf 'mock-client:%s' "$SECRET_WORD" | base64 -w0 | cut -c1-40)" "$file" ||
      { echo "a secret stands in $file:"; grep -aE 'mock(at|rt|code)_|very-secret' "$file"; return 1; }
  done
}

# What others may see of process $1. Its environment is root's alone.
no_grant_around() {
  if [ "$(id -u)" = 0 ]; then
    tr '\0' '\n' <"/proc/$1/environ" >"$BATS_TEST_TMPDIR/environ"
    grep -q FOYER_LOG "$BATS_TEST_TMPDIR/environ"
  else
    ! cat "/proc/$1/environ" >"$BATS_TEST_TMPDIR/environ" 2>/dev/null
  fi
  cat "/proc/$1/cmdline" >"$BATS_TEST_TMPDIR/cmdline"
  grep -aq foyer "$BATS_TEST_TMPDIR/cmdline"
  no_grant "$BATS_TEST_TMPDIR"/{environ,cmdline}
}

@test "OAuth: tokens, codes and the app's secret stand nowhere" {
  oauth_agency --client-secret "$SECRET_WORD"
  sed -i 's/"mock-secret"/secret "front.client_secret"/' "$AGENCY/foyer.lua"
  printf %s "$SECRET_WORD" | "$FOYER" -w "$AGENCY" secret set front.client_secret --from - 2>/dev/null
  export FOYER_LOG=debug

  # the three ways to connect
  begin connect acme --api-url "$MOCK" --oauth-url "$MOCK"
  no_grant_around "$PID"
  browse "$LINK"
  end
  same "$status" 0 || { echo "$stderr"; return 1; }
  no_grant "$BATS_TEST_TMPDIR"/{out,err,page}
  begin connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK"
  local back
  back=$(consented "$LINK")
  printf %s "$back" >"$BATS_TEST_TMPDIR/control"
  end "$back"
  same "$status" 0 || { echo "$stderr"; return 1; }
  no_grant "$BATS_TEST_TMPDIR"/{out,err}
  foyer connect acme --link --api-url "$MOCK" --oauth-url "$MOCK"
  LINK=$output
  "$FOYER" -w "$AGENCY" serve --listen "127.0.0.1:$PORT" >"$BATS_TEST_TMPDIR/serve.out" 2>"$BATS_TEST_TMPDIR/serve.err" 3>&- &
  local pid=$! i
  BEGUN+=("$pid")
  for i in $(seq 6000); do
    [ ! -s "$BATS_TEST_TMPDIR/serve.out" ] || break
    sleep 0.01
  done
  browse "$LINK"
  same "$CODE" 200
  no_grant_around "$pid"
  kill "$pid"
  wait "$pid"
  no_grant "$BATS_TEST_TMPDIR"/{page,serve.out,serve.err}

  # a refresh, looked at while it goes on
  expire
  forget
  fault '{"kind": "slow", "after": 1, "match": {"path": "/oauth/token"}}'
  "$FOYER" -w "$AGENCY" call front/list-inboxes --client acme >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- </dev/null &
  pid=$!
  until_log "$token_asked"
  no_grant_around "$pid"
  wait "$pid"
  holds "$(cat "$BATS_TEST_TMPDIR/err")" 'refreshed the token'
  no_grant "$BATS_TEST_TMPDIR"/{out,err}

  # answers with tokens in them that cannot be read
  local kind
  for kind in truncated drop-after html; do
    expire
    fault "{\"kind\": \"$kind\", \"match\": {\"path\": \"/oauth/token\"}}"
    foyer refresh acme --json
    same "$status" 75 || { echo "$kind $stderr"; return 1; }
    no_grant "$BATS_TEST_TMPDIR"/{out,err}
  done
  set_oauth '{"revoke": true}'
  foyer refresh acme --json
  same "$status" 77
  no_grant "$BATS_TEST_TMPDIR"/{out,err}
  foyer connections --json
  no_grant "$BATS_TEST_TMPDIR"/{out,err}
  no_grant "$AGENCY"/foyer.lua "$AGENCY"/state/*.*
  same "$(grep -rlaE 'mock(at|rt|code)_|very-secret' "$AGENCY" "$XDG_CONFIG_HOME" || true)" ""
  same "$(find "$AGENCY/state" -type f ! -perm 600)" ""
  # the check can fail
  ! no_grant "$BATS_TEST_TMPDIR/control"
}
