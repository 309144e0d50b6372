#!/usr/bin/env bash
# Debian's cron daemon runs the README's kind of crontab line: up to 75 s, as root, with the
# package cron installed. Writes /etc/cron.d/foyer-test, starts a daemon of its own, waits for the
# company to get the digest, takes both away. TAP, one test.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
FOYER=${FOYER:-$ROOT/build/foyer}
NAME="cron: a line in /etc/cron.d runs foyer"
TABLE=/etc/cron.d/foyer-test
DIR=$(mktemp -d)
MOCK_PID='' CRON_PID=''

finish() {
  rm -f "$TABLE"
  [ -z "$CRON_PID" ] || kill "$CRON_PID"
  [ -z "$MOCK_PID" ] || kill "$MOCK_PID"
  rm -rf "$DIR"
}
trap finish EXIT

bail() {
  echo "not ok 1 $NAME"
  sed 's/^/# /' "$DIR"/*.err 2>/dev/null
  echo "# $1"
  exit 1
}

skip() {
  echo "ok 1 $NAME # skip $1"
  exit 0
}

echo 1..1
[ "$(id -u)" = 0 ] || skip "needs root"
command -v cron >/dev/null || [ -x /usr/sbin/cron ] || skip "the package cron is not installed"
[ ! -e "$TABLE" ] || bail "$TABLE is there already"

mkfifo "$DIR/mock"
"$FOYER" mock --listen 127.0.0.1:0 --token mock-token >"$DIR/mock" 2>"$DIR/mock.err" &
MOCK_PID=$!
read -r -t 120 line <"$DIR/mock" || bail "the mock does not start"
MOCK=${line#mock Front: }

# cron gives HOME of the user and nothing else; the key is where this line says
export FOYER_KEY_FILE=$DIR/key
"$FOYER" init "$DIR/agency" 2>"$DIR/init.err" || bail "init"
printf mock-token >"$DIR/token"
"$FOYER" -w "$DIR/agency" connect acme --token-file "$DIR/token" --api-url "$MOCK" >"$DIR/connect.err" 2>&1 || bail "connect"
CONVERSATION=$(curl -sgf -H 'Authorization: Bearer mock-token' "$MOCK/conversations?limit=1" | jq -r '._results[0].id')
cat >"$DIR/agency/clients/acme/client.lua" <<LUA
return { name = "Acme", recipes = { digest = { cron = "* * * * *", conversation = "$CONVERSATION", limit = 1 } } }
LUA

received() {
  curl -sf "$MOCK/_mock/log" |
    jq -e --arg path "/conversations/$CONVERSATION/comments" 'any(.requests[]; .method == "POST" and .path == $path)' >/dev/null
}

printf 'FOYER_KEY_FILE=%s\n* * * * * root cd %s && %s cron 2>%s\n' \
  "$DIR/key" "$DIR/agency" "$FOYER" "$DIR/cron.err" >"$TABLE"
chmod 644 "$TABLE"

# A daemon that runs already holds its pid file, reads the table too, and will do.
PATH=$PATH:/usr/sbin cron -f >"$DIR/daemon.err" 2>&1 &
CRON_PID=$!
for _ in $(seq 150); do
  if received; then
    kill -0 "$CRON_PID" 2>/dev/null || CRON_PID=''
    echo "ok 1 $NAME"
    exit 0
  fi
  sleep 0.5
done
kill -0 "$CRON_PID" 2>/dev/null || CRON_PID=''
bail "nothing arrived within 75 s"
