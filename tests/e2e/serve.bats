# `foyer serve` as a process: what it answers besides webhooks, its workers, its signals.

load helper
load agency
load consents
load serve

setup() {
  serving_agency
}

teardown() {
  end_serve
  stop_mock
}

status_of() { # status_of CURL-ARGUMENT...
  curl -sS -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' --max-time 20 "$@"
}

# A worker that has begun: before, SIGTERM kills it, stopped or not.
catches_sigterm() {
  (((0x$(awk '/^SigCgt/ { print $2 }' "/proc/$1/status") & 0x4000) != 0))
}

@test "serve: what it answers, and what it does not" {
  start_serve
  same "$(curl -sSf "$URL/healthz")" ok
  same "$(status_of -I "$URL/healthz")" 200
  same "$(status_of -X POST "$URL/healthz")" 405
  same "$(status_of -X POST "$URL/metrics")" 405
  same "$(status_of -X POST "$URL/oauth/callback")" 405
  same "$(status_of "$URL/")" 404
  same "$(status_of "$URL/healthz/x")" 404
  same "$(post_hook)" 200
  stop_serve
  # it says which process started and ended, and nothing of what came
  ! grep -q cmp_none "$LOG"
}

@test "serve: wrong options" {
  foyer serve --workers two --json
  failed 64 usage --workers two
  foyer serve --workers 65 --json
  failed 64 usage 64
  foyer serve --listen nowhere --json
  holds "$stderr" nowhere
  [ "$status" != 0 ]
  settings 'tls_key = "x",'
  foyer serve --listen 127.0.0.1:0 --json
  failed 78 settings foyer.lua:2 tls_certificate
}

@test "metrics: every sample has its family, and says what happened" {
  start_serve
  post_hook >/dev/null
  curl -sSf -D "$BATS_TEST_TMPDIR/head" "$URL/metrics" >"$BATS_TEST_TMPDIR/metrics"
  grep -qi '^content-type: text/plain; version=0.0.4' "$BATS_TEST_TMPDIR/head"
  python3 - "$BATS_TEST_TMPDIR/metrics" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
assert text.endswith("\n")
kinds, helps, seen, buckets = {}, set(), set(), []
for line in text.splitlines():
    if line.startswith("# HELP "):
        name = line.split()[2]
        assert name not in helps, "two helps: " + name
        helps.add(name)
    elif line.startswith("# TYPE "):
        name, kind = line.split()[2:]
        assert kind in ("counter", "gauge", "histogram") and name in helps, line
        kinds[name] = kind
    else:
        m = re.fullmatch(r'([a-z_]+)(\{([a-z]+="[^"\\\n]*")(,[a-z]+="[^"\\\n]*")*\})? (-?[0-9.]+)', line)
        assert m, "no sample: " + line
        key = m[1] + (m[2] or "")
        assert key not in seen, "twice: " + line
        seen.add(key)
        family = m[1] if m[1] in kinds else re.sub("_(bucket|sum|count)$", "", m[1])
        assert family in kinds, "no family: " + line
        assert (kinds[family] == "counter") == m[1].endswith("_total"), line
        if m[1] == "foyer_commit_seconds_bucket":
            buckets.append(int(m[5]))
        if m[1] == "foyer_commit_seconds_count":
            assert buckets == sorted(buckets) and buckets[-1] == int(m[5]) > 0, buckets
assert len(seen) > 40, len(seen)
PY
  same "$(metric foyer_workers)" 1
  same "$(metric foyer_worker_starts_total)" 1
  same "$(metric foyer_worker_crashes_total)" 0
  same "$(metric 'foyer_runs{state="parked"}')" 0
  same "$(metric foyer_deliveries_waiting)" 0
  same "$(metric 'foyer_deliveries_total{outcome="unrouted"}')" 1
  foyer events list --state unrouted
  holds "$output" "no client is connected to the company cmp_none"
  holds "$output" "foyer events replay 1"
  # a refusal is counted as well
  SIGNING_KEY=another post_hook
  same "$(metric 'foyer_rejections_total{status="401"}')" 1
}

@test "metrics: for this machine alone" {
  LISTEN=0.0.0.0:0 start_serve
  URL=http://127.0.0.1:${URL##*:}
  same "$(status_of "$URL/metrics")" 200
  same "$(status_of -H 'X-Forwarded-For: 192.0.2.1' "$URL/metrics")" 404
  same "$(status_of -H 'Forwarded: for=192.0.2.1' "$URL/metrics")" 404
  local other
  other=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 -E '^[0-9.]+$') || skip "no other address"
  same "$(status_of "http://$other:${URL##*:}/healthz")" 200
  same "$(status_of "http://$other:${URL##*:}/metrics")" 404
}

@test "healthz: 503 and why when the store cannot be written, 200 when it can again" {
  start_serve --workers 0
  same "$(status_of "$URL/healthz")" 200
  prlimit --pid "$SERVE_PID" --fsize=4096:unlimited # as a full disk
  same "$(post_hook)" 503
  until_true eval '[ "$(status_of "$URL/healthz")" = 503 ]'
  grep -q 'cannot' "$BATS_TEST_TMPDIR/body"
  prlimit --pid "$SERVE_PID" --fsize=unlimited:unlimited
  until_true eval '[ "$(status_of "$URL/healthz")" = 200 ]'
  same "$(post_hook)" 200
}

@test "worker: killed, it is started anew, and webhooks are taken meanwhile" {
  start_serve
  local old
  old=$(workers)
  until_true catches_sigterm "$old"
  kill -STOP "$old" # it does nothing any more
  same "$(post_hook)" 200
  kill -9 "$old"
  same "$(post_hook)" 200
  logged "worker $old was killed by signal 9; the next one starts now"
  until_true eval '[ -n "$(workers)" ]'
  [ "$(workers)" != "$old" ]
  same "$(metric foyer_worker_crashes_total)" 1
  same "$(metric foyer_worker_starts_total)" 2
  # more nicely than the server, as far as that goes
  local nice
  nice=$(($(ps -o ni= -p "$SERVE_PID") + 5))
  same "$(($(ps -o ni= -p "$(workers)")))" $((nice < 19 ? nice : 19))
}

@test "worker: one that dies again and again is waited for, longer each time" {
  start_serve --dev
  settings 'recipe = {},' # a worker that starts now cannot
  kill -9 "$(workers)" || true # unless it was that slow
  # a worker that was that slow has died of the settings before the one that is killed
  logged 'the next one starts in 1 s'
  logged 'exit 78.*the next one starts in 2 s'
  same "$(post_hook)" 200
  same "$(status_of "$URL/healthz")" 200
  settings
  logged 'worker [0-9]* has started' 4
  until_true eval '[ -n "$(workers)" ]'
}

@test "worker: two of them, or none" {
  start_serve --workers 2
  same "$(workers | wc -w)" 2
  local first second
  read -r first second < <(workers)
  kill -9 "$first"
  until_true eval '[ "$(workers | wc -w)" = 2 ]'
  [[ " $(workers) " == *" $second "* ]]
  stop_serve
  gone "$second"
  start_serve --workers 0
  same "$(workers)" ""
  same "$(post_hook)" 200
  same "$(metric foyer_workers)" 0
  stop_serve
}

@test "worker: none stays when the server is killed" {
  start_serve --workers 2
  local first second
  read -r first second < <(workers)
  kill -9 "$SERVE_PID"
  wait_serve
  until_true gone "$first"
  until_true gone "$second"
}

@test "SIGTERM: what has come in is answered, then the workers have ended, then it ends with 0" {
  start_serve
  local worker body='{"type":"inbound","authorization":{"id":"cmp_none"},"payload":{"id":"evt_1"}}' stamp mac answer address
  worker=$(workers)
  address=${URL#http://}
  stamp=$(date +%s%3N)
  mac=$(printf '%s:%s' "$stamp" "$body" | openssl dgst -sha256 -hmac "$SIGNING_KEY" -binary | base64)
  exec {CONN}<>"/dev/tcp/${address%:*}/${address##*:}"
  printf 'POST /hooks/front HTTP/1.1\r\nHost: x\r\nX-Front-Request-Timestamp: %s\r\nX-Front-Signature: %s\r\nContent-Length: %d\r\n\r\n%s' \
    "$stamp" "$mac" "${#body}" "${body:0:20}" >&"$CONN"
  post_hook >/dev/null # what was sent before this one has been read by now
  kill -TERM "$SERVE_PID"
  logged 'ending'
  status_of "$URL/healthz" && return 1 # no new connections
  printf '%s' "${body:20}" >&"$CONN"
  read -r -t 120 answer <&"$CONN"
  same "${answer%$'\r'}" "HTTP/1.1 200 OK"
  exec {CONN}>&-
  wait_serve
  same "$CODE" 0
  gone "$worker"
  # it is in the store
  same "$(python3 -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("select count(*) from delivery").fetchone()[0])' "$AGENCY/state/foyer.db")" 2
}

@test "a second SIGTERM ends it at once" {
  start_serve
  local worker
  worker=$(workers)
  until_true catches_sigterm "$worker"
  kill -STOP "$worker" # it will not end by itself
  kill -TERM "$SERVE_PID"
  logged 'ending'
  kill -TERM "$SERVE_PID"
  wait_serve
  same "$CODE" 130 || { cat "$LOG"; return 1; }
  until_true gone "$worker"
}

@test "SIGHUP: new settings and new workers; the old ones end" {
  start_serve --workers 2
  local before first second
  before=$(workers)
  read -r first second <<<"$before"
  SIGNING_KEY=a-new-one
  same "$(post_hook)" 401
  settings
  kill -HUP "$SERVE_PID"
  logged 'reloaded: 1 client, before 1'
  same "$(post_hook)" 200
  until_true gone "$first"
  until_true gone "$second"
  same "$(workers | wc -w)" 2
  same "$(metric foyer_worker_crashes_total)" 0
  # and again: those that came with the first are the old ones now
  before=$(workers)
  read -r first second <<<"$before"
  kill -HUP "$SERVE_PID"
  until_true gone "$first"
  until_true gone "$second"
  same "$(workers | wc -w)" 2
  # several in a row are one or two
  kill -HUP "$SERVE_PID"
  kill -HUP "$SERVE_PID"
  kill -HUP "$SERVE_PID"
  logged 'reloaded: 1 client, before 1' 3
  stop_serve
}

@test "SIGHUP: a mistake in foyer.lua is named, and what was loaded before stays" {
  start_serve
  local before
  before=$(workers)
  settings 'recipe = {},'
  kill -HUP "$SERVE_PID"
  logged 'reload: .*foyer.lua:2: recipe: unknown key "recipe"; did you mean "recipes"'
  logged 'error: not reloaded'
  same "$(post_hook)" 200
  same "$(workers)" "$before"
  # the clients' files are not the server's: they come with a deploy
  echo 'return { hosts = { 5 } }' >"$AGENCY/clients/acme/client.lua"
  settings
  kill -HUP "$SERVE_PID"
  logged 'foyer: info: reloaded'
}

@test "--dev: a mistake in the settings is named, and the old ones stay" {
  start_serve --dev
  local before
  before=$(workers)
  # it has read the settings that hold now
  until_true eval 'ls "$AGENCY/state/owners" | grep -q "^$before-"'
  settings 'recipe = {},'
  kill -HUP "$SERVE_PID"
  logged 'not reloaded.*foyer.lua:2: recipe: unknown key "recipe"; did you mean "recipes"'
  same "$(post_hook)" 200
  echo 'return { hosts = { 5 } }' >"$AGENCY/clients/acme/client.lua"
  settings
  kill -HUP "$SERVE_PID"
  logged 'not reloaded.*clients/acme/client.lua:1: hosts'
  same "$(post_hook)" 200
  same "$(workers)" "$before"
  echo 'return {}' >"$AGENCY/clients/acme/client.lua"
  kill -HUP "$SERVE_PID"
  logged 'foyer: dev: info: reloaded'
  # without a signal, too
  mkdir "$AGENCY/clients/globex"
  echo 'return { name = "Globex" }' >"$AGENCY/clients/globex/client.lua"
  logged 'reloaded: 2 clients, before 1'
  # each line says so
  same "$(grep -v '^foyer: dev: ' "$LOG")" ''
}

@test "--dev: a mistake in a script is named, and the old workers stay" {
  start_serve --dev
  local before
  before=$(workers)
  mkdir -p "$AGENCY/recipes"
  printf 'return {\n  sumary = "x",\n  run = function(ctx) end,\n}\n' >"$AGENCY/recipes/odd.lua"
  kill -HUP "$SERVE_PID"
  logged 'check: recipes/odd.lua:2:.*sumary'
  logged 'not reloaded.*mistakes in the scripts'
  same "$(workers)" "$before"
  same "$(post_hook)" 200
  rm "$AGENCY/recipes/odd.lua"
  kill -HUP "$SERVE_PID"
  logged 'foyer: dev: info: reloaded'
}

@test "--dev: only what has changed is checked" {
  for n in $(seq 30); do
    mkdir -p "$AGENCY/clients/c$n"
    echo 'return { name = "One of many" }' >"$AGENCY/clients/c$n/client.lua"
  done
  echo 'Hello' >"$AGENCY/templates/hello.txt"
  echo 'return { summary = "x", run = function(ctx) return ctx.template("hello", {}) end }' >"$AGENCY/recipes/hello.lua"
  settings 'recipes = { hello = true },'
  # a script with a mistake from the start, which serve does not check
  mkdir -p "$AGENCY/clients/c7/recipes"
  printf 'return {\n  sumary = "x",\n  run = function(ctx) end,\n}\n' >"$AGENCY/clients/c7/recipes/odd.lua"
  start_serve --dev
  echo 'return { name = "Another" }' >"$AGENCY/clients/c20/client.lua"
  rm -r "$AGENCY/clients/c30"
  kill -HUP "$SERVE_PID"
  logged 'reloaded: 30 clients, before 3[01]'
  # what has changed is: a client's settings, its scripts, a directory that is not a client's
  echo 'return { name = "Another", recipes = { nope = true } }' >"$AGENCY/clients/c21/client.lua"
  kill -HUP "$SERVE_PID"
  logged 'check: clients/c21/client.lua:1: recipes.nope: unknown recipe "nope"'
  logged 'not reloaded.*mistakes in the scripts'
  echo 'return { name = "Another" }' >"$AGENCY/clients/c21/client.lua"
  mkdir "$AGENCY/clients/c31"
  kill -HUP "$SERVE_PID"
  logged 'check: .*there is no client "c31": clients/c31/client.lua is missing'
  local done_before
  done_before=$(grep -c 'reloaded: 30 clients, before 30' "$LOG" || true)
  rmdir "$AGENCY/clients/c31"
  kill -HUP "$SERVE_PID"
  logged 'reloaded: 30 clients, before 30' "$((done_before + 1))"
  touch "$AGENCY/clients/c7/recipes/odd.lua"
  kill -HUP "$SERVE_PID"
  logged 'check: clients/c7/recipes/odd.lua:2:.*sumary'
  # what all share: all are checked
  done_before=$(grep -c 'reloaded: 30 clients, before 30' "$LOG" || true)
  rm -r "$AGENCY/clients/c7/recipes"
  kill -HUP "$SERVE_PID"
  logged 'reloaded: 30 clients, before 30' "$((done_before + 1))"
  echo 'Hello {{vars.phone}}' >"$AGENCY/templates/hello.txt"
  kill -HUP "$SERVE_PID"
  logged 'check: templates/hello.txt:1: unknown variable .vars.phone'
  stop_serve
}

@test "SIGHUP: another address takes a restart, and the log says so" {
  settings 'listen = "127.0.0.1:0",'
  LOG=$BATS_TEST_TMPDIR/serve.log
  mkfifo "$BATS_TEST_TMPDIR/serving"
  "$FOYER" -w "$AGENCY" serve >"$BATS_TEST_TMPDIR/serving" 2>"$LOG" 3>&- &
  SERVE_PID=$!
  local line
  read -r -t 120 line <"$BATS_TEST_TMPDIR/serving"
  URL=${line#listening: }
  settings 'listen = "127.0.0.1:9",'
  kill -HUP "$SERVE_PID"
  logged 'listen = "127.0.0.1:9" now: this takes a restart'
  same "$(status_of "$URL/healthz")" 200
}

@test "logs: JSON, the workers' as well" {
  export FOYER_LOG_FORMAT=json
  start_serve
  kill -9 "$(workers)"
  logged 'killed by signal 9'
  settings 'recipe = {},'
  kill -HUP "$SERVE_PID"
  logged 'not reloaded'
  stop_serve
  same "$(jq -c 'select((.time | test("^[0-9-]+T[0-9:.]+Z$")) and (.level | test("^(error|warn|info)$")) and .pid and .message | not)' "$LOG")" ""
  jq -se 'map(select(.level == "error" and (.message | test("recipe: unknown key")))) | length >= 1' "$LOG"
  # a failure to start too
  "$FOYER" -w "$AGENCY" serve --dev --listen 127.0.0.1:0 2>"$LOG" && return 1
  jq -se 'length == 1 and (.[0].message | test("foyer.lua:2"))' "$LOG"
}

@test "a webhook becomes a run: it is counted, and logged without a word of its text" {
  local token=tok-4f1c0ffee-very-secret conversation line
  start_mock --token "$token"
  printf %s "$token" >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  echo 'return { name = "Acme", recipes = { ["first-reply"] = true, loud = true }, vars = { phone = "1" } }' >"$AGENCY/clients/acme/client.lua"
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", on = "front/conversation-created", run = function(ctx) ctx.log("aloud") end }\n' \
    >"$AGENCY/recipes/loud.lua"
  FOYER_LOG=debug FOYER_LOG_FORMAT=json start_serve
  mock_post webhook "{\"url\": \"$URL/hooks/front\", \"key\": \"$SIGNING_KEY\"}" | jq -e .challenge.echoed
  conversation=$(mock_post inbound '{"from": "ana@mail.example", "subject": "Boots", "body": "Where are my boots?"}' | jq -r .conversation.id)
  logged 'run [12] is done' 2
  # the script's own line, and the worker's, name the run and the client
  jq -se 'map(select(.message | test("aloud"))) | length == 1 and .[0].client == "acme" and (.[0].run | . == 1 or . == 2)' "$LOG"
  jq -se 'map(select(.message | test("is done")) | [.run, .client]) | sort == [[1, "acme"], [2, "acme"]]' "$LOG"
  [ "$(metric 'foyer_activations_total')" -ge 1 ]
  same "$(metric 'foyer_runs_ended_total{outcome="done"}')" 2
  same "$(metric 'foyer_attempts_total')" 2
  same "$(metric 'foyer_replays_total')" 0
  [ "$(metric 'foyer_steps_total')" -ge 2 ]
  [ "$(metric 'foyer_http_answers_total{status="2xx"}')" -ge 1 ]
  [ "$(metric 'foyer_deliveries_total{outcome="accepted"}')" -ge 1 ]
  [ "$(metric 'foyer_committed_writes_total')" -ge 3 ]
  same "$(metric 'foyer_connections{state="ok"}')" 1
  curl -sSf "$URL/metrics" | grep -q '^foyer_budget_left{app="front",company="cmp_'
  stop_serve
  stop_mock
  for line in "$token" "$SIGNING_KEY" ana@mail.example boots Boots; do
    ! grep -q -e "$line" "$LOG" || { echo "$line stands in the log: $(grep -m1 -e "$line" "$LOG")"; return 1; }
  done
}

@test "systemd: it hears of the start, a reload and the end" {
  python3 - "$BATS_TEST_TMPDIR/notify" >"$BATS_TEST_TMPDIR/heard" 3>&- <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(60)
print("bound", flush=True)
word = ""
while word != "STOPPING=1":
    word = s.recv(1000).decode()
    print(word, flush=True)
PY
  local listener=$!
  LOG=/dev/null
  until_true grep -q bound "$BATS_TEST_TMPDIR/heard"
  NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify start_serve
  kill -HUP "$SERVE_PID"
  logged 'info: reloaded'
  until_true eval '[ "$(wc -l <"$BATS_TEST_TMPDIR/heard")" = 4 ]'
  stop_serve
  wait "$listener"
  same "$(xargs <"$BATS_TEST_TMPDIR/heard")" "bound READY=1 RELOADING=1 READY=1 STOPPING=1"
}

# certificate NAME: a new one, and its key
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -addext 'subjectAltName=IP:127.0.0.1' -keyout "$AGENCY/tls/key.pem" -out "$AGENCY/tls/cert.pem" 2>/dev/null
}

# The name in the server's certificate.
subject() {
  curl -sS --cacert "$1" -o /dev/null -w '%{certs}' "$URL/healthz" 2>/dev/null | grep -m1 -i '^subject:' ||
    openssl s_client -connect "${URL#https://}" </dev/null 2>/dev/null | grep -m1 '^subject='
}

@test "TLS: webhooks over HTTPS; SIGHUP takes a renewed certificate, and refuses a broken one" {
  mkdir "$AGENCY/tls"
  certificate first
  settings 'tls_certificate = "tls/cert.pem", tls_key = "tls/key.pem",'
  start_serve
  holds "$URL" https://127.0.0.1:
  export CURL_CA_BUNDLE=$AGENCY/tls/cert.pem
  same "$(curl -sSf "$URL/healthz")" ok
  same "$(post_hook)" 200
  holds "$(subject "$AGENCY/tls/cert.pem")" first
  same "$(status_of "http://${URL#https://}/healthz" 2>/dev/null)" 000 || true # no HTTP there
  certificate second
  kill -HUP "$SERVE_PID"
  logged 'info: reloaded'
  same "$(curl -sSf "$URL/healthz")" ok
  holds "$(subject "$AGENCY/tls/cert.pem")" second
  cp "$AGENCY/tls/cert.pem" "$BATS_TEST_TMPDIR/second.pem"
  echo nonsense >"$AGENCY/tls/key.pem"
  kill -HUP "$SERVE_PID"
  logged 'not reloaded.*key.pem'
  CURL_CA_BUNDLE=$BATS_TEST_TMPDIR/second.pem
  same "$(post_hook)" 200
  settings
  kill -HUP "$SERVE_PID"
  logged 'speak HTTP now: this takes a restart'
  same "$(post_hook)" 200
  stop_serve
  # nor does it start with it
  settings 'tls_certificate = "tls/cert.pem", tls_key = "tls/key.pem",'
  foyer serve --dev --listen 127.0.0.1:0 --json
  failed 78 settings key.pem
}

@test "connections leave files for the store and the workers" {
  ulimit -Sn 100
  start_serve
  same "$(awk '/Max open files/ { print $4 }' "/proc/$SERVE_PID/limits")" 1280
  stop_serve
  ulimit -Hn 100
  start_serve
  logged 'at most 50 connections at once'
  python3 - "${URL#http://}" "$(workers)" "$LOG" <<'PY'
import os, socket, sys, time
host, port = sys.argv[1].split(":")
kept = [socket.create_connection((host, int(port)), timeout=20) for _ in range(60)]
os.kill(int(sys.argv[2]), 9)
for _ in range(400):
    if open(sys.argv[3]).read().count("has started") == 2:
        sys.exit()
    time.sleep(0.05)
sys.exit("no worker in its place")
PY
  until_true eval '[ "$(post_hook)" = 200 ]'
  same "$(grep -c cannot "$LOG")" 0
  stop_serve
}

# ---- a socket that is handed over ----

@test "a socket from systemd: no connection is refused or reset while it is started anew" {
  run -0 python3 - "$FOYER" "$AGENCY" <<'PY'
import os, signal, socket, subprocess, sys, threading, urllib.request
foyer, agency = sys.argv[1:]
held = socket.create_server(("127.0.0.1", 0), backlog=64)
url = "http://127.0.0.1:%d/healthz" % held.getsockname()[1]

def start():
    return subprocess.Popen(
        ["sh", "-c", 'exec env LISTEN_PID=$$ LISTEN_FDS=1 "$0" -w "$1" serve --workers 0 --listen 127.0.0.1:1', foyer, agency],
        preexec_fn=lambda: os.dup2(held.fileno(), 3), close_fds=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

answers, over = [], threading.Event()
def ask():
    while not over.is_set():
        with urllib.request.urlopen(url, timeout=60) as answer:
            answers.append(answer.status)

first = start()
assert first.stdout.readline().decode().split()[1] == url[:-len("/healthz")], "it says where it listens"
failed = []
threading.excepthook = lambda why: failed.append(repr(why.exc_value))
threads = [threading.Thread(target=ask) for _ in range(4)]
for thread in threads:
    thread.start()
server = first
for _ in range(3):
    n = len(answers)
    while len(answers) < n + 20 and not failed:
        pass
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0
    server = start()
over.set()
for thread in threads:
    thread.join(60)
server.terminate()
assert server.wait(60) == 0
assert not failed, failed
assert set(answers) == {200}
PY
}

@test "a socket from systemd: what is none is named" {
  local said
  said=$(sh -c 'exec env LISTEN_PID=$$ LISTEN_FDS=1 "$0" -w "$1" serve' "$FOYER" "$AGENCY" 3</dev/null 2>&1) && false
  holds "$said" 'not a TCP socket that listens'
  said=$(sh -c 'exec env LISTEN_PID=$$ LISTEN_FDS=2 "$0" -w "$1" serve' "$FOYER" "$AGENCY" 3</dev/null 2>&1) && false
  holds "$said" 'hands over 2 sockets'
}
