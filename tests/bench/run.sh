#!/bin/bash
# The benchmarks: foyer against named alternatives in the same run, as ratios. `make bench`
# builds what it needs and starts it: run.sh FOYER PROGRAMS, with PROGRAMS the directory of
# oneshot, load, attempts, plain_multi, start, disk and stored. A target that is missed does not fail the
# run; the profile that shows why is printed. ROUNDS=7 is quicker; BENCH="oneshot attempts start
# clients webhooks store" chooses, and "million" is there as well.
set -euo pipefail

foyer=$1 programs=$2
here=$(cd "$(dirname "$0")" && pwd)
oneshot_rounds=${ROUNDS:-101}
attempts_rounds=${ROUNDS:-7}
start_rounds=${ROUNDS:-101}
attempts=1000 gets=40

dir=$(mktemp -d "${TMPDIR:-/tmp}/foyer-bench.XXXXXX")
nginx_pid=
cleanup() {
  [ "$?" = 0 ] || tail -n 5 "$dir/stderr" >&3
  stop_store
  stop_webhooks
  [ -z "$nginx_pid" ] || { kill "$nginx_pid" && wait "$nginx_pid" || true; }
  rm -rf "$dir"
}
trap cleanup EXIT
chmod 755 "$dir" # nginx's worker is another user when this is root
export FOYER_KEY_FILE=$dir/key
exec 3>&2 2>"$dir/stderr" # commands warn on each of their many runs; shown when one fails
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

# ---- the server: static JSON over HTTP and HTTPS, a certificate of a private CA ----

make_certificates() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  openssl req -x509 "${key[@]}" -days 2 -subj "/CN=foyer bench CA" \
    -keyout "$dir/ca.key" -out "$dir/ca.pem"
  openssl req "${key[@]}" -subj "/CN=127.0.0.1" -keyout "$dir/server.key" -out "$dir/server.csr"
  openssl x509 -req -days 2 -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
    -CAcreateserial -out "$dir/server.pem" -extfile <(echo "subjectAltName=IP:127.0.0.1")
  mkdir "$dir/ca"
  cp "$dir/ca.pem" "$dir/ca/"
  openssl rehash "$dir/ca"
  cat /etc/ssl/certs/ca-certificates.crt "$dir/ca.pem" >"$dir/bundle.pem"
}

# A free port; nginx cannot choose one itself. Below those that the kernel
# gives to connections, of which one may still be there.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

start_nginx() {
  local nginx tries
  nginx=$(PATH=$PATH:/usr/sbin command -v nginx)
  mkdir -p "$dir/www/http" "$dir/www/https"
  echo '{"id":"cmp_1","name":"Plain"}' >"$dir/www/http/me"
  echo '{"id":"cmp_2","name":"TLS"}' >"$dir/www/https/me"
  # 222 bytes
  printf '{"id":"cnv_yo1kg5q","number":7,"subject":"%s","status":"assigned","is_private":false,%s}' \
    "How to prank Dwight Schrute, part two of many: the stapler returns" \
    '"tags":["a","b","c"],"created_at":1701292649.333,"assignee":{"id":"tea_6r55a","name":"Jim"}' \
    | tee "$dir/www/http/item" >"$dir/www/https/item"
  http=$(free_port) https=$(free_port)
  sed "s|@DIR@|$dir|g; s|@HTTP@|$http|; s|@HTTPS@|$https|" "$here/nginx.conf" >"$dir/nginx.conf"
  "$nginx" -e "$dir/nginx.log" -c "$dir/nginx.conf" 2>>"$dir/nginx.log" &
  nginx_pid=$!
  for ((tries = 0; tries < 100; tries++)); do
    curl -s -o /dev/null "http://127.0.0.1:$http/me" && return
    sleep 0.05
  done
  cat "$dir/nginx.log" >&2
  return 1
}

# ---- a workspace with two connected clients ----

make_workspace() {
  cp -r "$here/workspace" "$dir/w"
  echo "return { ca_dir = \"$dir/ca\" }" >"$dir/w/foyer.lua"
  "$foyer" init "$dir/made" # makes the sealing key
  echo bench-token | "$foyer" -w "$dir/w" connect plain --token-file - \
    --api-url "http://127.0.0.1:$http" >/dev/null
  echo bench-token | "$foyer" -w "$dir/w" connect tls --token-file - \
    --api-url "https://127.0.0.1:$https" >/dev/null
}

# ---- verdicts ----

missed=
# verdict NAME VALUE at-most|at-least TARGET
verdict() {
  local line
  line=$(awk -v name="$1" -v value="$2" -v how="$3" -v target="$4" 'BEGIN {
    met = how == "at-most" ? value <= target : value >= target
    printf "%-4s  %-58s %8.2f  (%s %s)\n", met ? "PASS" : "MISS", name, value, how, target
  }')
  echo "$line"
  [[ $line == PASS* ]] || missed=1
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f", a / b }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# field FILE NAME N: what oneshot printed
field() { awk -v name="$2" -v n="$3" '$1 == name && $2 != "/" { print $n }' "$1"; }

# paired FILE NAME OTHER: oneshot's median of the rounds' ratios
paired() { awk -v a="$2" -v b="$3" '$1 == a && $2 == "/" && $3 == b { print $4 }' "$1" | grep .; }

bench_oneshot() {
  local out=$dir/oneshot.out curl
  curl=$(command -v curl)
  "$programs/oneshot" "$oneshot_rounds" \
    foyer "$foyer" -w "$dir/w" run one-get --client plain -- \
    curl "$curl" -s "http://127.0.0.1:$http/item" -- \
    foyer-tls "$foyer" -w "$dir/w" run one-get --client tls -- \
    curl-one "$curl" -s --cacert "$dir/ca.pem" "https://127.0.0.1:$https/item" -- \
    curl-bundle "$curl" -s --cacert "$dir/bundle.pem" "https://127.0.0.1:$https/item" -- \
    libcurl-only "$programs/load" >"$out"
  echo "one GET, a process each ($oneshot_rounds rounds): median ms, least ms, peak MB"
  awk '$2 != "/" { printf "      %-12s %7.2f %7.2f %7.1f\n", $1, $2 / 1e3, $3 / 1e3, $4 / 1024 }' "$out"
  verdict "foyer run / curl -s, HTTP" "$(paired "$out" foyer curl)" at-most 1.6
  verdict "foyer run, peak MB" "$(ratio "$(field "$out" foyer 4)" 1024)" at-most 20
  verdict "foyer run / curl -s --cacert ONE, HTTPS" "$(paired "$out" foyer-tls curl-one)" at-most 1.6
  verdict "foyer run / curl -s --cacert BUNDLE (Debian's and that CA)" \
    "$(paired "$out" foyer-tls curl-bundle)" at-most 0.5
}

bench_attempts() {
  local i s kb peak
  for ((i = 0; i < attempts_rounds; i++)); do
    "$programs/plain_multi" "http://127.0.0.1:$http/item" "$attempts" "$gets" >>"$dir/plain"
    read -r s kb peak < <("$programs/attempts" "$dir/w" plain forty-gets "$attempts")
    echo "$s" >>"$dir/seconds"
    echo "$kb" >>"$dir/kb"
    echo "$peak" >>"$dir/peak"
  done
  local plain ours
  plain=$(median <"$dir/plain")
  ours=$(awk -v n=$((attempts * gets)) -v s="$(median <"$dir/seconds")" 'BEGIN { printf "%.0f", n / s }')
  echo "$attempts attempts, $gets GETs each ($attempts_rounds rounds): requests/s"
  printf '      %-12s %7d\n      %-12s %7d\n' foyer "$ours" "curl multi" "$plain"
  verdict "foyer / curl multi in C, 64 live handles, requests/s" "$(ratio "$ours" "$plain")" at-least 0.6
  printf '      %-12s %7.1f KB for each attempt\n' 'at its peak' "$(median <"$dir/peak")"
  verdict "KB that the process has grown by for a waiting attempt" "$(median <"$dir/kb")" at-most 60
}

bench_start() {
  local attempt bare arena
  read -r attempt bare arena < <("$programs/start" "$dir/w" plain front/nothing "$start_rounds")
  echo "an attempt from start to end ($start_rounds rounds of 50): us"
  printf '      %-12s %7.1f\n      %-12s %7.1f\n      %-12s %7.1f\n' foyer "$attempt" "bare state" "$bare" \
    "in an arena" "$arena"
  verdict "an attempt / luaL_newstate, luaL_openlibs, lua_close" "$(ratio "$attempt" "$bare")" at-most 4
  verdict "a bare state in an arena / by malloc (src/vm/arena.h)" "$(ratio "$arena" "$bare")" at-most 0.97
}

# ---- workspaces with many clients ----

# make_clients N: $dir/cN with N clients that have no scripts of their own
make_clients() {
  local n name
  "$foyer" init "$dir/c$1" >/dev/null
  rm -r "$dir/c$1"/clients/*
  for ((n = 1; n <= $1; n++)); do echo "$dir/c$1/clients/client-$n"; done | xargs mkdir
  for name in "$dir/c$1"/clients/*; do
    cat >"$name/client.lua" <<LUA
return {
  name = "${name##*/}",
  front = { inboxes = { support = "inb_1" }, teammates = { leela = "tea_1" } },
  recipes = { ["first-reply"] = { author = "leela" } },
  vars = { phone = "+1 555 0100" },
  hosts = { "hooks.example" },
}
LUA
  done
}

# check_cpu N: seconds of CPU time that foyer check takes, the least of three
check_cpu() {
  local TIMEFORMAT='%U %S' i
  for i in 1 2 3; do
    { time "$foyer" -w "$dir/c$1" check >/dev/null 2>&3; } 3>&2 2>&1
  done | awk '{ s = $1 + $2; if (NR == 1 || s < least) least = s } END { print least }'
}

# ready_cpu N: seconds of CPU time until foyer serve listens
ready_cpu() {
  local pid line
  rm -f "$dir/listens"
  mkfifo "$dir/listens"
  "$foyer" -w "$dir/c$1" serve --listen 127.0.0.1:0 --workers 0 >"$dir/listens" 3>&- &
  pid=$!
  read -r line <"$dir/listens"
  awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$pid/stat"
  kill "$pid"
  wait "$pid"
}

bench_clients() {
  local n one few many ready
  for n in 1 1000 10000; do make_clients "$n"; done
  one=$(check_cpu 1) few=$(check_cpu 1000) many=$(check_cpu 10000) ready=$(ready_cpu 10000)
  echo "clients without scripts of their own: seconds of CPU time"
  printf '      %-24s %7.2f\n' "check, one client" "$one" "check, 1000 clients" "$few" \
    "check, 10000 clients" "$many" "serve, ready with 10000" "$ready"
  verdict "check of 1000 clients / of one client" "$(ratio "$few" "$one")" at-most 40
  verdict "check of 1000 clients, s" "$few" at-most 2
  verdict "check of 10000 clients, s" "$many" at-most 15
  verdict "serve ready with 10000 clients, s" "$ready" at-most 2
}

# shellcheck source=tests/bench/webhooks.sh
. "$here/webhooks.sh"
# shellcheck source=tests/bench/store.sh
. "$here/store.sh"
chosen=${BENCH:-oneshot attempts start clients webhooks store}
if [[ $chosen =~ oneshot|attempts|start ]]; then
  make_certificates
  start_nginx
  make_workspace
fi
echo "machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) cores," \
  "Linux $(uname -r), load $(cut -d' ' -f1 /proc/loadavg); client and server share the cores"
for what in $chosen; do
  missed=
  "bench_$what"
  if [ -n "$missed" ] && [ -f "$here/profile-$what.txt" ]; then cat "$here/profile-$what.txt"; fi
done
