#!/usr/bin/env bats
# Scripts that loop, take memory or are malformed, in the built program: it ends with the right exit code and names the
# script.

load ../e2e/helper

setup_file() {
  export HOME=$BATS_FILE_TMPDIR XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config AGENCY=$BATS_FILE_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LUA_DIR FOYER_TEST_RUN_ID FOYER_TEST_CLOCK
  "$FOYER" init "$AGENCY" 2>/dev/null
  mkdir -p "$AGENCY/clients/acme" "$AGENCY/recipes"
  plain_settings
}

plain_settings() {
  printf 'return { name = "Acme", vars = { phone = "1" } }\n' >"$AGENCY/clients/acme/client.lua"
}

teardown() {
  plain_settings
}

# probe BODY: runs it as a recipe's function(ctx).
probe() {
  printf 'return { summary = "x", run = function(ctx) %s end }\n' "$1" >"$AGENCY/recipes/probe.lua"
  run_probe
}

run_probe() {
  status=0
  output=$(timeout 60 "$FOYER" -w "$AGENCY" run probe --client acme --json 2>"$BATS_TEST_TMPDIR/err") || status=$?
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
  echo "exit $status: $output: $stderr"
}

ends() { # STATUS PART
  [ "$status" = "$1" ]
  [[ $stderr == *"$2"* ]]
}

@test "the watchdog ends a loop inside of a C function, and names client and recipe" {
  probe 'return (("a"):rep(5000):find(".-.-.-.-.-.-b"))'
  ends 70 "watchdog: client acme, recipe probe hangs"
}

@test "the watchdog is not fooled by pcall" {
  probe 'while true do pcall(string.find, ("a"):rep(5000), ".-.-.-.-.-.-b") end'
  ends 70 "watchdog: client acme, recipe probe hangs"
}

@test "an endless loop" {
  probe 'while true do end'
  ends 70 "recipe probe ran 200 ms without waiting"
}

@test "an endless loop while the script is loaded" {
  printf 'while true do end\n' >"$AGENCY/recipes/probe.lua"
  run_probe
  ends 70 "200 ms without waiting"
}

@test "a pcall loop in a comparison, in gsub, in __tostring" {
  probe 'table.sort({3, 1, 2}, function() while true do pcall(error) end end)'
  ends 70 "200 ms without waiting"
  probe '("x"):gsub(".", function() while true do pcall(error) end end)'
  ends 70 "200 ms without waiting"
  probe 'tostring(setmetatable({}, {__tostring = function() while true do pcall(error) end end}))'
  ends 70 "200 ms without waiting"
}

@test "a memory bomb" {
  probe 'local s = ("x"):rep(1 << 24) return s .. s .. s'
  # a build with sanitizers may take too long before it takes too much
  ends 70 "32 MiB of memory" || ends 70 "200 ms without waiting"
}

@test "a log shows no addresses" {
  FOYER_LOG=info probe 'ctx.log({}) ctx.log("warn", pcall) ctx.log("info", function() end)'
  [ "$status" = 0 ]
  [[ $stderr != *0x* ]]
  [[ $stderr == *table*function*function* ]]
}

@test "a deep recursion while the script is parsed" {
  printf 'return %s1%s' "$(printf '(%.0s' {1..5000})" "$(printf ')%.0s' {1..5000})" >"$AGENCY/recipes/probe.lua"
  run_probe
  ends 70 "cannot load recipes/probe.lua: C stack overflow"
}

@test "bytecode is refused" {
  printf '\033Lua\124\000\031\223\r\n\032\n' >"$AGENCY/recipes/probe.lua"
  run_probe
  ends 70 "recipes/probe.lua: it is compiled Lua"
}

@test "a script that is too long" {
  { printf 'return { summary = "x", run = function() end } --'; head -c 300000 /dev/zero | tr '\0' x; } >"$AGENCY/recipes/probe.lua"
  run_probe
  ends 70 "recipes/probe.lua"
}

@test "a script outside of its layer" {
  printf 'return { summary = "x", run = function() return 1 end }\n' >"$BATS_TEST_TMPDIR/outside.lua"
  ln -sf "$BATS_TEST_TMPDIR/outside.lua" "$AGENCY/recipes/probe.lua"
  run_probe
  rm "$AGENCY/recipes/probe.lua"
  ends 65 "leads out of"
}

@test "math.random, pairs and tostring are the same in every process of one run, other in another" {
  local body='local t, s = {}, "" for i = 1, 50 do t["k" .. i * 7919 % 1000] = i end
    for k in pairs(t) do s = s .. k .. " " end
    return s .. math.random(1 << 40) .. tostring({}) .. tostring(print == nil and 1 or pcall)'
  body=${body/print == nil and 1 or /}
  local first='' result
  for _ in 1 2 3 4 5; do
    FOYER_TEST_RUN_ID=same probe "$body"
    [ "$status" = 0 ]
    result=$(grep '"result"' <<<"$output") # not the run's number
    first=${first:-$result}
    [ "$result" = "$first" ]
  done
  FOYER_TEST_RUN_ID=another probe "$body"
  [ "$status" = 0 ]
  [ "$(grep '"result"' <<<"$output")" != "$first" ]
}

# ---- settings ----

settings() {
  printf '%s\n' "$1" >"$AGENCY/clients/acme/client.lua"
  probe 'return 1'
}

@test "settings that loop, or take too much memory" {
  settings 'while true do end'
  ends 78 "computes for too long"
  settings 'local s = "x" while true do s = s .. s end'
  ends 78 "of memory"
  settings 'local t = {} while true do t[#t + 1] = {} end'
  ends 78 "of memory"
  settings 'return setmetatable({}, {})'
  ends 78 'unknown name "setmetatable"'
  settings 'return os.execute("id")'
  ends 78 'unknown name "os"'
  settings 'return { name = ("x"):rep(10) }'
  ends 78 "clients/acme/client.lua"
}

@test "settings that contain themselves, or one table many times" {
  settings 'local t = {} t.vars = t return t'
  ends 78 "nested too deeply"
  settings 'local t = { 1 } for _ = 1, 10 do t = { t, t, t, t, t, t, t, t } end return { name = "x", vars = { t = t } }'
  ends 78 "more values than a settings file can hold"
}

@test "settings with keys that are not text" {
  settings 'return { name = "x", vars = { ["\xff"] = { a = { b = 1 } } } }'
  ends 78 "UTF-8"
  settings 'return { name = "x", vars = { ["a\0b"] = { a = 1 } } }'
  ends 78 "clients/acme/client.lua"
}
