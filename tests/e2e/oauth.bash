# For files whose client is connected by OAuth. After start_agency.

# The mock grants to every app that asks, and consents by itself.
start_oauth() { # start_oauth [JSON of /_mock/oauth]
  curl -sSf -X DELETE "$MOCK/_mock/oauth" >/dev/null
  mock_post oauth "$(jq -c '{auto: "allow"} + .' <<<"${1:-{\}}")" >/dev/null
}

# waits FILE PATTERN: until the file holds it; prints the first such line.
waits() {
  local i
  for i in $(seq 6000); do
    grep -m1 -e "$2" "$1" 2>/dev/null && return 0
    sleep 0.01
  done
  echo "no line with $2: $(cat "$1")" >&2
  return 1
}

# grant CLIENT [OPTION...]: connects it by the whole flow.
grant() {
  local dir in link back pid status=0
  dir=$(mktemp -d "$BATS_FILE_TMPDIR/grant.XXXXXX")
  mkfifo "$dir/in"
  "$FOYER" -w "$AGENCY" connect "$1" --paste --api-url "$MOCK" --oauth-url "$MOCK" "${@:2}" \
    <"$dir/in" >"$dir/out" 2>"$dir/err" 3>&- &
  pid=$!
  exec {in}>"$dir/in"
  link=$(waits "$dir/err" '^http') || { cat "$dir/err"; kill "$pid"; return 1; }
  back=$(curl -sS -o /dev/null -w '%{redirect_url}' "$link")
  printf '%s' "$back" >&"$in"
  exec {in}>&-
  wait "$pid" || status=$?
  [ "$status" = 0 ] || cat "$dir/err"
  return "$status"
}
