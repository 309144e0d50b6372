# For tests of the mock: requests to it, and parts of its answers. Loaded after helper.

# front METHOD PATH [JSON]: body to $BODY, status to $STATUS, headers to $HEADERS.
front() {
  BODY=$BATS_TEST_TMPDIR/body HEADERS=$BATS_TEST_TMPDIR/headers
  local args=(-sS -g --max-time 20 -X "$1" -H 'Authorization: Bearer mock-token' -o "$BODY" -D "$HEADERS" -w '%{http_code}')
  [ $# -lt 3 ] || args+=(-H 'Content-Type: application/json' -d "$3")
  : >"$BODY"
  STATUS=$(curl "${args[@]}" "$MOCK$2") || return $?
}

# get JQ: a value of the last answer.
get() {
  jq -r "$1" "$BODY"
}

header() {
  tr -d '\r' <"$HEADERS" | sed -n "s/^$1: //Ip"
}

# answers STATUS METHOD PATH [JSON]: the request has that status.
answers() {
  local wanted=$1
  shift
  front "$@"
  [ "$STATUS" = "$wanted" ] || { echo "$*: $STATUS instead of $wanted: $(cat "$BODY")"; return 1; }
}

# shows JQ VALUE: the last answer has that value there.
shows() {
  local found
  found=$(jq -rc "$1" "$BODY")
  [ "$found" = "$2" ] || { printf '%s\ngot  %s\nwant %s\n' "$1" "$found" "$2"; return 1; }
}

# refuses METHOD PATH JSON SENTENCE: 400, and the sentence is among its details.
refuses() {
  answers 400 "$1" "$2" "$3" || return 1
  jq -e --arg why "$4" '._error.details | index($why) != null' "$BODY" >/dev/null || { echo "$1 $2 $3: $(cat "$BODY")"; return 1; }
}

# The first conversation that JQ selects among all open ones.
conversation() {
  front GET "/conversations?q[statuses][]=assigned&q[statuses][]=unassigned&limit=100"
  get "[._results[] | select($1)][0].id"
}

EMAIL='.type == "conversation" and .last_message.type == "email" and .is_private == false'
