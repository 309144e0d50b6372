#!/usr/bin/env bats
# No text from outside begins a line of what foyer shows, nor moves the cursor: whichever command
# shows it, and whatever breaks the line.

load helper
load agency
load store

FORGED='FORGED: all is well'

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LUA_DIR FOYER_LOG_FORMAT
  "$FOYER" init "$AGENCY" 2>/dev/null
}

# against BREAK: a company whose every text is "x" BREAK $FORGED; so is what the workspace says.
against() {
  TEXT=x$1$FORGED
  local quoted
  quoted=$(jq -nc --arg text "$TEXT" '$text' | sed 's/\\u\(....\)/\\u{\1}/g')
  mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/address"
  python3 "$ROOT/tests/e2e/forger.py" "$TEXT" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/address" 2>/dev/null 3>&- &
  exec {COMPANY_IN}>"$BATS_TEST_TMPDIR/in"
  read -r -t 120 COMPANY_URL <"$BATS_TEST_TMPDIR/address"
  printf token >"$BATS_TEST_TMPDIR/token"
  mkdir -p "$AGENCY"/{recipes,lua/front/actions,clients/acme/lua/front/actions}
  printf 'return { name = %s, vars = { phone = %s }, recipes = { ["first-reply"] = true, skips = true } }\n' \
    "$quoted" "$quoted" >"$AGENCY/clients/acme/client.lua"
  printf 'return { summary = %s, effect = "read", run = function(ctx) return { [%s] = %s } end }\n' \
    "$quoted" "$quoted" "$quoted" >"$AGENCY/lua/front/actions/say.lua"
  printf 'return super { summary = %s }\n' "$quoted" >"$AGENCY/clients/acme/lua/front/actions/say.lua"
  recipe says "return { [$quoted] = $quoted, list = { $quoted } }"
  recipe skips "return ctx.skip($quoted)"
  recipe fails "error($quoted)"
  recipe logs "ctx.log('warn', $quoted)"
  recipe writes 'return ctx.http.post("/conversations/cnv_1/comments", { body = "x" }, { connection = "front" })'
}

recipe() {
  printf 'return { summary = "x", on = "front/conversation-created", run = function(ctx, event)\n%s\nend }\n' \
    "$2" >"$AGENCY/recipes/$1.lua"
}

# shows ARGUMENT...: what it prints holds the forged text, within its lines, and no control.
shows() {
  foyer "$@"
  harmless "$@"
  [[ $output$stderr == *"$FORGED"* ]] || { echo "$*: not shown: $output $stderr"; return 1; }
}

# The same where standard output is a text as it is, which a terminal alone gets cleaned.
shows_error() {
  foyer "$@"
  : >"$BATS_TEST_TMPDIR/out"
  harmless "$@"
  holds "$stderr" "$FORGED"
}

harmless() {
  python3 - "$FORGED" "$BATS_TEST_TMPDIR"/{out,err} <<'PY' || { echo "foyer $*"; return 1; }
import re, sys
forged = sys.argv[1]
for path in sys.argv[2:]:
    text = open(path, newline="").read()
    bad = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]|^" + forged, text, re.M)
    if bad:
        sys.exit(f"{path}: {bad.group()!r} in {text!r}")
PY
}

everywhere() {
  shows connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$COMPANY_URL"
  shows connections
  shows ids --client acme
  shows call front/list-inboxes --client acme
  shows call front/list-conversations --client acme
  shows call front/get-conversation --client acme conversation_id=cnv_1
  shows call front/get-conversation --client acme conversation_id=cnv_2
  shows call front/send-conversation-reply --client acme conversation_id=cnv_1 body=x
  shows call front/send-conversation-reply --client acme conversation_id=cnv_1 "body=$TEXT" --dry-run
  shows call "$TEXT" --client acme
  shows call front/say --client acme
  shows actions --client acme
  shows actions front/say
  local name id
  for name in says skips fails logs writes first-reply; do
    shows run "$name" --client acme --conversation cnv_1
  done
  foyer run skips --all-clients
  harmless run skips --all-clients
  shows run first-reply --client acme --conversation cnv_1 --dry-run
  shows render first-reply --client acme --conversation cnv_1 --json
  shows_error render first-reply --client acme --conversation cnv_1
  shows render "$TEXT" --client acme
  shows recipes "$TEXT"
  shows which "$TEXT"
  shows diff "$TEXT"
  shows doctor
  foyer refresh acme
  harmless refresh acme
  shows hooks "$TEXT"
  shows runs list
  for id in $("$FOYER" -w "$AGENCY" runs list --json | jq '.[].id'); do
    foyer runs show "$id"
    harmless runs show "$id"
  done
  shows runs list --client "$TEXT"
  shows runs retry 3 --dry-run
  event cnv_1 | jq -c --arg text "$TEXT" '.payload.conversation |= (.subject = $text | .recipient.name = $text)' | deliver - cmp_1
  event "$TEXT" "$TEXT" | deliver - cmp_1
  foyer cron
  harmless cron
  shows events list
  shows events show 2
  foyer events show 1
  harmless events show 1
  shows trace "$TEXT" --client acme
  for id in cnv_1 1 2 "run 1" "run 3"; do
    foyer trace "$id" --client acme
    harmless trace "$id"
  done
  recipe "broken" "return ctx.template($(jq -nc --arg text "$TEXT" '$text' | sed 's/\\u\(....\)/\\u{\1}/g'))"
  printf '{{%s}}\n{{x.%s}}\n' "$TEXT" "$FORGED" >"$AGENCY/clients/acme/templates/first-reply.txt"
  : >"$AGENCY/recipes/$TEXT.lua"
  shows check
  foyer render first-reply --client acme
  harmless render
  foyer recipes
  harmless recipes
}

@test "no line is forged by: a newline" {
  against $'\n'
  everywhere
}

@test "no line is forged by: a carriage return" {
  against $'\r'
  everywhere
}

@test "no line is forged by: an escape sequence" {
  against $'\e[2J'
  everywhere
}

@test "no line is forged by: U+0085, U+2028, U+202E" {
  against $'\u0085\u2028\u202e'
  everywhere
}
