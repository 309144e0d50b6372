#!/usr/bin/env bats
# foyer vault rekey: cut off anywhere, beside processes that hold the old key, and what each
# trouble with the key or a row says.

load helper
load agency
load oauth

setup_file() {
  start_agency
  start_oauth
}

teardown_file() {
  stop_agency
}

# Each test has a workspace and a key of its own: two clients, one by OAuth, a secret in two versions.
setup() {
  fresh
  start_oauth
  AGENCY=$BATS_TEST_TMPDIR/agency
  export FOYER_KEY_FILE=$BATS_TEST_TMPDIR/keys/key
  KEY=$FOYER_KEY_FILE
  "$FOYER" init "$AGENCY" 2>/dev/null
  cat >"$AGENCY/foyer.lua" <<'LUA'
return { apps = { front = { client_id = "mock-client", client_secret = secret "front.client_secret" } } }
LUA
  printf mock-secret | "$FOYER" -w "$AGENCY" secret set front.client_secret --from -
  printf older | "$FOYER" -w "$AGENCY" secret set acme.key --from -
  printf newer | "$FOYER" -w "$AGENCY" secret set acme.key --add --from -
  grant acme >/dev/null
}

# sql STATEMENT [VALUE...]: on the store, as a person with an editor would; prints rows as JSON
sql() {
  python3 - "$AGENCY/state/foyer.db" "$@" <<'PY'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA foreign_keys=OFF")
rows = db.execute(sys.argv[2], sys.argv[3:]).fetchall()
db.commit()
print(json.dumps(rows))
PY
}

# The ids of the keys that the store's values are sealed with.
sealed_with() {
  sql "SELECT DISTINCT lower(hex(substr(v, 2, 8))) FROM (SELECT token v FROM connection
    UNION ALL SELECT refresh FROM connection WHERE refresh IS NOT NULL UNION ALL SELECT value FROM secret_version)" |
    jq -r '[.[][]] | sort | join(" ")'
}

key_id() {
  cut -d' ' -f2 "${1:-$KEY}"
}

# The client's token, its refresh token and the secrets open.
works() {
  call front/list-inboxes
  done_well || return 1
  foyer refresh acme
  same "$status" 0 || { echo "$stderr"; return 1; }
}

# The store is whole with the key file alone: no kept key is needed.
works_without_old_keys() {
  rm -f "$KEY".????????????????
  works
  same "$(sealed_with)" "$(key_id)"
}

@test "rekey seals all values again; the old key does not open them" {
  cp "$KEY" "$BATS_TEST_TMPDIR/old"
  local old
  old=$(key_id)
  same "$(sealed_with)" "$old"
  foyer vault rekey --json
  done_well
  [ "$(key_id)" != "$old" ]
  same "$(jq -c '[.values, .sealed, .went_on]' <<<"$output")" '[6,6,false]'
  same "$(jq -r .key <<<"$output")" "$(key_id)"
  same "$(jq -r .old_key_file <<<"$output")" "$KEY.$old"
  same "$(stat -c %a "$KEY" "$KEY.$old" | sort -u)" 600
  same "$(wc -l <"$KEY")" 1
  same "$(ls -A "$(dirname "$KEY")" | sort | tr '\n' ' ')" "key key.$old "
  works_without_old_keys
  FOYER_KEY_FILE=$BATS_TEST_TMPDIR/old call front/list-inboxes
  failed 78 settings "sealed with the key $(key_id)" "the key in use is $old"
  foyer secret list --json
  same "$(jq -c '[.[] | [.name, .version]]' <<<"$output")" '[["acme.key",2],["acme.key",1],["front.client_secret",1]]'
  foyer vault rekey
  same "$status" 0
  holds "$output" '6 of 6 values'
  holds "$stderr" 'the old key is kept in'
  foyer vault
  same "$status" 64
  foyer vault open
  same "$status" 64
}

@test "rekey killed at any point: all goes on, and the next one finishes" {
  local points=("old key kept" "new key written" "one value re-sealed" "before the commit" "committed") point old killed
  same "$(grep -rhoE 'testhook_stop\("[a-z -]+"' "$ROOT"/src/{store/{vault,sealing},cli/vault}.c | cut -d'"' -f2 | sort)" "$(printf '%s\n' "${points[@]}" | sort)"
  for point in "${points[@]}"; do
    echo "$point"
    old=$(key_id)
    FOYER_TEST_STOP=$point foyer vault rekey
    same "$status" 137
    works
    # what is stored now is sealed with a key that opens, whichever process it is
    printf fresh | "$FOYER" -w "$AGENCY" secret set later --from -
    grant acme >/dev/null
    works
    foyer vault rekey --json
    done_well
    killed=$(jq -r .went_on <<<"$output")
    case $point in
      "old key kept" | committed) same "$killed" false ;;
      *) same "$killed" true ;;
    esac
    [ "$(key_id)" != "$old" ]
    works_without_old_keys
  done
}

@test "rekey killed, and killed again while it goes on" {
  local second
  for second in "one value re-sealed" "before the commit" "committed"; do
    FOYER_TEST_STOP="new key written" foyer vault rekey
    same "$status" 137
    FOYER_TEST_STOP=$second foyer vault rekey
    same "$status" 137
    call front/list-inboxes
    done_well
    foyer vault rekey
    same "$status" 0
    call front/list-inboxes
    done_well
  done
  works_without_old_keys
}

@test "a secret that was being typed when the key was renewed" {
  mkfifo "$BATS_TEST_TMPDIR/in"
  "$FOYER" -w "$AGENCY" secret set typed --from - <"$BATS_TEST_TMPDIR/in" 2>"$BATS_TEST_TMPDIR/set" 3>&- &
  local pid=$! typing i
  exec {typing}>"$BATS_TEST_TMPDIR/in"
  # it holds the key once it has the store open and waits for its standard input
  for i in $(seq 6000); do
    ls -l "/proc/$pid/fd" 2>/dev/null | grep -q foyer.db && [ "$(cut -d' ' -f1 "/proc/$pid/syscall" 2>/dev/null)" = 0 ] && break
    sleep 0.01
  done
  foyer vault rekey
  same "$status" 0
  printf value >&"$typing"
  exec {typing}>&-
  wait "$pid"
  rm "$KEY".????????????????
  same "$(sealed_with)" "$(key_id)"
  foyer secret list --json
  same "$(jq -c 'map(select(.name == "typed")) | length' <<<"$output")" 1
}

@test "a token that was being refreshed when the key was renewed" {
  fault '{"kind": "slow", "after": 2, "match": {"path": "/oauth/token"}}'
  local before pid i
  before=$(curl -sS "$MOCK/_mock/oauth" | jq -r .refreshes)
  "$FOYER" -w "$AGENCY" refresh acme >/dev/null 2>"$BATS_TEST_TMPDIR/refresh" 3>&- &
  pid=$!
  for i in $(seq 6000); do
    [ "$(curl -sS "$MOCK/_mock/oauth" | jq -r .refreshes)" = "$before" ] || break
    sleep 0.01
  done
  foyer vault rekey
  same "$status" 0
  wait "$pid"
  works_without_old_keys
}

@test "a consent that was waited for when the key was renewed" {
  mkdir "$BATS_TEST_TMPDIR/paste"
  mkfifo "$BATS_TEST_TMPDIR/paste/in"
  "$FOYER" -w "$AGENCY" connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK" \
    <"$BATS_TEST_TMPDIR/paste/in" >/dev/null 2>"$BATS_TEST_TMPDIR/paste/err" 3>&- &
  local pid=$! paste link
  exec {paste}>"$BATS_TEST_TMPDIR/paste/in"
  link=$(waits "$BATS_TEST_TMPDIR/paste/err" '^http')
  foyer vault rekey
  same "$status" 0
  curl -sS -o /dev/null -w '%{redirect_url}' "$link" >&"$paste"
  exec {paste}>&-
  wait "$pid"
  works_without_old_keys
}

@test "the key renewed between sealing and storing: what was sealed is sealed again" {
  local pid dir=$BATS_TEST_TMPDIR/paste
  printf value >"$BATS_TEST_TMPDIR/value"
  FOYER_TEST_PAUSE='secret sealed' "$FOYER" -w "$AGENCY" secret set late --from "$BATS_TEST_TMPDIR/value" 3>&- &
  pid=$!
  paused "$pid"
  foyer vault rekey
  same "$status" 0
  kill -CONT "$pid"
  wait "$pid"
  same "$(sealed_with)" "$(key_id)"

  FOYER_TEST_PAUSE='token sealed' "$FOYER" -w "$AGENCY" refresh acme 3>&- &
  pid=$!
  paused "$pid"
  foyer vault rekey
  same "$status" 0
  kill -CONT "$pid"
  wait "$pid"
  same "$(sealed_with)" "$(key_id)"

  FOYER_TEST_PAUSE='token sealed' "$FOYER" -w "$AGENCY" connect acme --token-file "$TOKEN" --api-url "$MOCK" 3>&- &
  pid=$!
  paused "$pid"
  foyer vault rekey
  same "$status" 0
  kill -CONT "$pid"
  wait "$pid"
  rm -f "$KEY".????????????????
  same "$(sealed_with)" "$(key_id)"
  call front/list-inboxes
  done_well
  foyer secret list --json
  holds "$output" '"late"'
}

@test "two workspaces of one key file" {
  local other=$BATS_TEST_TMPDIR/other
  "$FOYER" init "$other" 2>/dev/null
  "$FOYER" -w "$other" connect acme --token-file "$TOKEN" --api-url "$MOCK"
  foyer vault rekey
  same "$status" 0
  AGENCY=$other call front/list-inboxes
  done_well
  AGENCY=$other foyer vault rekey --json
  done_well
  # the key file was renewed already: this one only follows
  same "$(jq -c '[.sealed, .went_on]' <<<"$output")" '[1,true]'
  rm "$KEY".????????????????
  AGENCY=$other call front/list-inboxes
  done_well
  works
}

@test "one rekey at a time" {
  flock "$(dirname "$KEY")" "$FOYER" -w "$AGENCY" vault rekey --json >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out") stderr=$(cat "$BATS_TEST_TMPDIR/err")
  failed 65 conflict "another process is doing so"
  works
}

@test "a wrong, a missing, a readable and a broken key" {
  local id
  id=$(key_id)
  mv "$KEY" "$BATS_TEST_TMPDIR/right"
  call front/list-inboxes
  failed 78 settings "cannot find the sealing key $KEY" "foyer init" FOYER_KEY_FILE \
    'copy it to there from where the workspace was in use (~/.config/foyer/key there)'
  foyer vault rekey --json
  failed 78 settings "cannot find the sealing key $KEY"
  "$FOYER" init "$BATS_TEST_TMPDIR/new" 2>/dev/null
  call front/list-inboxes
  failed 78 settings "sealed with the key $id" "the key in use is $(key_id)" "set FOYER_KEY_FILE" "to $KEY.$id"
  foyer vault rekey --json
  failed 78 settings "sealed with the key $id"
  cp "$BATS_TEST_TMPDIR/right" "$KEY"
  chmod 644 "$KEY"
  call front/list-inboxes
  failed 78 settings "others can read it (mode 644)" "chmod 600 $KEY"
  chmod 600 "$KEY"
  sed -i 's/ .$/x/; s/^foyer-key-1/foyer-key-9/' "$KEY"
  call front/list-inboxes
  failed 78 settings "it is malformed"
  cp "$BATS_TEST_TMPDIR/right" "$KEY"
  works
  # the right one beside another, as the sentence says
  rm "$KEY"
  "$FOYER" init "$BATS_TEST_TMPDIR/newer" 2>/dev/null
  cp "$BATS_TEST_TMPDIR/right" "$KEY.$id"
  works
}

@test "after a rekey nothing is sealed with a wrong key" {
  foyer vault rekey
  same "$status" 0
  "$FOYER" init "$BATS_TEST_TMPDIR/new" 2>/dev/null
  local right
  right=$(key_id)
  FOYER_KEY_FILE=$BATS_TEST_TMPDIR/elsewhere "$FOYER" init "$BATS_TEST_TMPDIR/new2" 2>/dev/null
  FOYER_KEY_FILE=$BATS_TEST_TMPDIR/elsewhere foyer secret set x --from /dev/null --json
  [ "$status" != 0 ]
  printf v >"$BATS_TEST_TMPDIR/value"
  FOYER_KEY_FILE=$BATS_TEST_TMPDIR/elsewhere foyer secret set x --from "$BATS_TEST_TMPDIR/value" --json
  failed 78 settings "this workspace is sealed with the key $right" FOYER_KEY_FILE
}

@test "a row that was changed, and one that was copied to another client" {
  sql "UPDATE connection SET token = CAST(substr(token, 1, length(token) - 1) || iif(substr(token, -1) = x'00', x'01', x'00') AS BLOB)"
  call front/list-inboxes
  failed 70 store "its row was changed after it was sealed"
  local old
  old=$(key_id)
  foyer vault rekey --json
  failed 70 store "cmp_" "its row was changed after it was sealed"
  same "$(key_id)" "$old"
  grant acme >/dev/null
  works
  # beta gets a company of its own, with acme's sealed token
  mkdir -p "$AGENCY/clients/beta"
  echo 'return { name = "Beta" }' >"$AGENCY/clients/beta/client.lua"
  sql "INSERT INTO connection SELECT app, 'cmp_beta', 'Beta', api_url, token_version, token, created_ms, oauth_url, refresh, expires_ms,
    reconnect, refreshed_ms, last_error, made_with, base_url FROM connection"
  sql "INSERT INTO client_connection VALUES ('beta', 'front', 'cmp_beta')"
  foyer call front/list-inboxes --client beta --json
  failed 70 store "it was sealed for another owner" "its row was copied here"
  foyer vault rekey --json
  failed 70 store "cmp_beta" "its row was copied here"
  foyer disconnect beta
  same "$status" 0
  foyer vault rekey
  same "$status" 0
  works_without_old_keys
}

@test "secret list shows the day of each version's last use" {
  foyer secret list --json
  # the grant used the app's own; acme.key was never asked for
  same "$(jq -c 'map(has("last_used_at"))' <<<"$output")" '[false,false,true]'
  same "$(jq -c '.[2].last_used_at % 86400' <<<"$output")" 0
  day=$(jq -r '.[2].last_used_at | strftime("%F")' <<<"$output")
  foyer secret list
  [[ $(tail -1 <<<"$output") =~ " $day"$ ]]
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", options = { key = { "string" } }, run = function(ctx) ctx.http.get("https://127.0.0.1:1/", { headers = { A = ctx.options.key } }) end }' >"$AGENCY/recipes/tell.lua"
  echo 'return { name = "Acme", hosts = { "127.0.0.1:1" }, recipes = { tell = { key = secret "acme.key" } } }' >"$AGENCY/clients/acme/client.lua"
  foyer run tell --client acme
  same "$status" 75
  foyer secret list --json
  same "$(jq -c 'map([.name, .version, has("last_used_at")])' <<<"$output")" \
    '[["acme.key",2,true],["acme.key",1,false],["front.client_secret",1,true]]'
  foyer secret rm acme.key --version 1
  same "$status" 0
  foyer secret rm acme.key --version 1 --json
  failed 65 not_found 'cannot remove version 1 of the secret "acme.key": there is none'
  # without the file nothing is known, and nothing fails
  rm "$AGENCY"/state/live.db*
  foyer secret list --json
  same "$(jq -c 'map(has("last_used_at"))' <<<"$output")" '[false,false]'
}
