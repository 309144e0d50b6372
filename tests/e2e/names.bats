# What people type that is called otherwise, and names that have changed.

load helper
load agency

setup() { FOYER=${FOYER:-$BATS_TEST_DIRNAME/../../build/foyer}; }

says() { # says WORD SENTENCE
  run --separate-stderr "$FOYER" "$1"
  same "$status|$stderr" "64|foyer: there is no command \"$1\"; $2; \`foyer help\` lists them"
}

@test "a command that people type, and that is called otherwise, names the one that does it" {
  says secrets 'what you look for may be `foyer secret list` or `foyer secret set NAME`'
  says replay 'what you look for may be `foyer events replay ID`'
  says retry 'what you look for may be `foyer runs retry ID`'
  says start 'what you look for may be `foyer serve`'
  says serv 'did you mean "serve"?'
  says stauts 'did you mean "status"?'
  says stast 'did you mean "stats"?'
  run --separate-stderr "$FOYER" secrets --json
  holds "$(jq -r .error.message <<<"$output")" 'foyer secret list'
}

@test "what is typed instead is no command; each command named is one, with its verb" {
  local all typed line command verb usage
  all=$("$FOYER" help --json)
  while IFS= read -r typed; do
    same "$(jq --arg c "$typed" 'map(select(.name == $c)) | length' <<<"$all")" 0
  done < <(sed -n 's/^    {"\([a-z]*\)", {"foyer .*/\1/p' "$BATS_TEST_DIRNAME/../../src/cli/names.c")
  while IFS= read -r line; do
    read -r _ command verb _ <<<"$line"
    usage=$(jq -r --arg c "$command" '.[] | select(.name == $c) | .usage + " "' <<<"$all")
    [ -n "$usage" ] || { echo "no such command: $line"; false; }
    [[ ! $verb =~ ^[a-z] || $usage =~ (^|[ |])$verb[\ |] ]] || { echo "no such verb: $line"; false; }
  done < <(grep -o '"foyer [^"]*"' "$BATS_TEST_DIRNAME/../../src/cli/names.c" | tr -d '"')
}

@test "an option that people type, and that is called otherwise; client list" {
  AGENCY=$BATS_TEST_TMPDIR/agency
  export HOME=$BATS_TEST_TMPDIR
  "$FOYER" init "$AGENCY" 2>/dev/null
  for typed in -f --tail -n; do
    run --separate-stderr "$FOYER" -w "$AGENCY" logs $typed
    same "$status" 64
    holds "$stderr" "unknown option $typed; what you look for may be --"
  done
  run --separate-stderr "$FOYER" -w "$AGENCY" client list
  same "$status" 64
  holds "$stderr" '`foyer clients` lists the clients'
}
