# Runs by hand of a client's recipes, what the store says of them, and `foyer cron` later on. Beside
# agency.bash; N, in setup, is a number that each test has for itself.

settings() {
  printf 'return { name = "Acme", %s }\n' "$1" >"$AGENCY/clients/acme/client.lua"
}

# A recipe whose body has `id`, the conversation's: recipe NAME BODY [MORE]
recipe() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", options = { n = { "integer", default = 0 } }, %s run = function(ctx)\nlocal id = "%s"\n%s\nend }\n' \
    "${3:-}" "$CONVERSATION" "$2" >"$AGENCY/recipes/$1.lua"
}

run_recipe() {
  foyer run "$1" --client acme --json "n=$N" "${@:2}"
  RUN=$(jq -r .run <<<"$output")
}

# What the store says of the run: row COLUMN
row() {
  python3 - "$AGENCY/state/foyer.db" "select $1 from run where id = ${2:-$RUN}" <<'PY'
import sqlite3, sys
print(sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]).fetchone()[0])
PY
}

STATES=(queued running sleeping waiting confirming held parked done skipped dead cancelled)

state() {
  echo "${STATES[$(row state)]}"
}

# foyer cron so many seconds from now: later SECONDS [EXIT]
later() {
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + $1 * 1000)) foyer cron
  same "$status" "${2:-0}"
}

posts() {
  mock_log '[.requests[] | select(.method == "POST")] | length'
}

# How many messages or comments with this test's number the conversation has.
made() {
  curl -sgf -H "Authorization: Bearer $COMPANY_TOKEN" "$MOCK/conversations/$CONVERSATION/$1?limit=100" |
    jq "[._results[].body | select(test(\"(hello|note|old|new|first|second) $N\\\\b\"))] | length"
}
