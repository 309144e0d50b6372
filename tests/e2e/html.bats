#!/usr/bin/env bats
# text.from_html and the names of the HTML Standard, which Python has as a table.

load helper

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  "$FOYER" init "$AGENCY" 2>/dev/null
  mkdir -p "$AGENCY/clients/acme" "$AGENCY/recipes"
  echo 'return { name = "Acme" }' >"$AGENCY/clients/acme/client.lua"
}

@test "every named character reference of the standard" {
  python3 - >"$AGENCY/recipes/names.lua" <<'PY'
from html.entities import html5
def quoted(text):
    return '"' + "".join("\\%03d" % byte for byte in text.encode()) + '"'
print('return { summary = "x", run = function()\nlocal wrong = {}\nfor name, want in pairs {')
for name, text in html5.items():
    print("[%s]=%s," % (quoted(name), quoted("[%s]" % (" " if text.isspace() else text))))
print('} do if text.from_html("[&" .. name .. "]") ~= want then wrong[#wrong + 1] = name end end')
print('return table.concat(wrong, " ")\nend }')
PY
  run "$FOYER" -w "$AGENCY" run names --client acme --json
  echo "$output"
  [ "$status" = 0 ]
  [ "$(jq -r .result <<<"$output")" = '' ]
}
