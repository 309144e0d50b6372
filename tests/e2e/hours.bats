#!/usr/bin/env bats
# Business hours: `hours` of client.lua and foyer.lua, as a script asks for them.

load helper
load agency

setup_file() { start_agency; }
teardown_file() { stop_agency; }
setup() { fresh; }

settings() { # settings HOURS: of acme, in New York
  printf 'return { name = "Acme", timezone = "America/New_York", vars = { phone = "1" }, hours = %s }\n' "$1" >"$AGENCY/clients/acme/client.lua"
}

script() {
  mkdir -p "$AGENCY/lua/front/actions"
  cat >"$AGENCY/lua/front/actions/hours.lua" <<'LUA'
return {
  summary = "Tell the hours.", effect = "read",
  run = function(ctx)
    local noon = text.parse_time("2026-12-24T17:00:00Z")
    local hours = ctx.hours
    return {
      open = hours.is_open(noon), opens = text.time(hours.opens_at(noon), "%F %R", ctx.client.timezone),
      closes = text.time(hours.closes_at(noon - 3600), "%F %R", "America/New_York"),
      after = text.time(hours.after("4h", noon), "%F %R", "America/New_York"),
      between = hours.between(noon - 86400, noon), away = { hours.is_away("leela", noon), hours.is_away("fry", noon) },
      now = type(hours.is_open()),
    }
  end,
}
LUA
}

@test "hours: a script asks when the client's people are there" {
  settings '{ ["mon-fri"] = "09:00-17:00", holidays = { "12-25", "2026-12-24 09:00-12:00" }, away = { leela = "2026-12-24..2027-01-02" } }'
  script
  call front/hours
  same "$(jq -c . <<<"$output")" \
    '{"after":"2026-12-28 13:00","away":[true,false],"between":28800,"closes":"2026-12-24 12:00","now":"boolean","open":false,"opens":"2026-12-28 09:00"}'
  rm -r "$AGENCY/lua"
}

@test "hours: those of foyer.lua hold for a client without its own" {
  printf 'return { name = "Acme", timezone = "America/New_York" }\n' >"$AGENCY/clients/acme/client.lua"
  cp "$AGENCY/foyer.lua" "$BATS_TEST_TMPDIR/foyer.lua"
  sed -i 's/^return {/return { hours = { sat = "10:00-14:00" },/' "$AGENCY/foyer.lua"
  script
  call front/hours
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  rm -r "$AGENCY/lua"
  same "$(jq -c '[.opens, .after]' <<<"$output")" '["2026-12-26 10:00","2026-12-26 14:00"]'
}

@test "hours: a mistake is named with its line" {
  settings '{
    montag = "09:00-17:00",
    mon = "9-17",
    holidays = { "12-25", "25.12." },
    away = { leela = "soon", fry = { "2026-01-01", 7 } },
  }'
  foyer check --json
  same "$status" 65
  same "$(jq -c '.mistakes | map([.line, (.sentence | split(":")[0])])' <<<"$output")" \
    '[[2,"hours.montag"],[3,"hours.mon"],[4,"hours.holidays[2]"],[5,"hours.away.fry[2]"],[5,"hours.away.leela"]]'
  settings '"always"'
  foyer check
  holds "$output" 'hours: must be a table such as'
}
