#!/usr/bin/env bats
# A run that was in flight when foyer was upgraded continues with the parts of lua/std that it has used, and finds the
# others under their older names.

load helper
load agency
load runs

setup_file() {
  start_agency
  mock_post messages '{"late": 0}' >/dev/null
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  N=$BATS_TEST_NUMBER
  settings ''
}

# The built-in layer of an older foyer: this one's, with the parts of tests/data/older/std.
older_foyer() {
  OLDER=$BATS_TEST_TMPDIR/older
  mkdir "$OLDER"
  cp -R "$ROOT/lua" "$ROOT/recipes" "$OLDER/"
  cp "$DATA"/older/std/*.lua "$OLDER/lua/std/"
}

# begin_older BODY: a run of the older foyer that sleeps for an hour before BODY
begin_older() {
  recipe nap "ctx.sleep(\"1h\")
$1"
  older_foyer
  FOYER_LUA_DIR=$OLDER run_recipe nap
  same "$status" 0
  same "$(state)" sleeping
}

result() {
  row result | jq -c .
}

@test "an error that a script catches is described, an input is checked: value, list and name" {
  begin_older '
    local seen = {}
    local function try(input)
      local ok, why = pcall(ctx.call, "front/list-conversations", input)
      seen[#seen + 1] = ok or why.message
    end
    try({ limit = "many" })
    try({ limti = 1 })
    try({ inbox_id = "suport" })
    try({ statuses = { "assigned" }, limit = 1 })
    try({ statuses = "assigned" })
    local ok, why = pcall(ctx.call, "front/get-conversation", { conversation_id = "cnv_none" })
    seen[#seen + 1] = ok or why.kind
    return seen'
  later 3700
  same "$(state)" done
  result
  same "$(result | jq -r '.[0]')" 'cannot call front/list-conversations: input.limit: "many" is no whole number'
  holds "$(result | jq -r '.[1]')" 'unknown key "limti"; did you mean "limit"?'
  holds "$(result | jq -r '.[2]')" '"suport" is not an inbox: neither an id'
  same "$(result | jq -c '.[3]')" true
  holds "$(result | jq -r '.[4]')" '"assigned" is not a list'
  same "$(result | jq -r '.[5]')" not_found
}

@test "a run that fails is dead with its own sentence" {
  begin_older 'error({ kind = "invalid", message = "not like this" })'
  later 3700 65
  same "$(state)" dead
  foyer runs show "$RUN"
  holds "$output" "not like this"
}

@test "super without a layer below is explained" {
  mkdir -p "$AGENCY/lua/front/actions"
  printf 'return super { summary = "x" }\n' >"$AGENCY/lua/front/actions/list-inboxs.lua"
  begin_older 'local ok, why = pcall(ctx.call, "front/list-inboxs", {})
    return why.message'
  later 3700
  same "$(state)" done
  holds "$(result)" "super has nothing to change: no layer below has lua/front/actions/list-inboxs.lua"
  rm -r "$AGENCY/lua"
}
