# The manual pages against the program: what one knows, the other says.

setup() {
  cd "$BATS_TEST_DIRNAME/../.." || return 1
  FOYER=${FOYER:-build/foyer}
}

# Fails and names what stands in the first list and not in the second.
all_in() { # all_in WHAT LIST FILE
  local missing
  missing=$(comm -23 <(sort -u <<<"$2") <(sort -u <<<"$3"))
  [ -z "$missing" ] || { echo "$1: $missing"; return 1; }
}

words() { tr -cs 'A-Za-z0-9_-' '\n'; }

@test "manual: every command is in foyer(1), and no other" {
  commands=$("$FOYER" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
  [ "$(wc -l <<<"$commands")" -ge 17 ]
  documented=$(sed -n 's/^\.It Ic \([a-z]*\).*/\1/p' src/man/foyer.1)
  all_in "not in foyer.1" "$commands" "$documented"
  all_in "not a command" "$documented" "$commands"
}

@test "manual: every option is in foyer(1), under its command" {
  for file in src/cli/*.c; do
    command=$(basename "$file" .c)
    [ "$command" != cli ] || continue
    # a verb with a file of its own belongs to its command's: client_remove.c to client.c
    parent=${command%%_*}
    [ "$command" = "$parent" ] || [ ! -e "src/cli/$parent.c" ] || continue
    [ "$command" != which ] || command='\(which\|diff\)'
    options=$(cat "$file" "${file%.c}"_*.c 2>/dev/null | grep -oE '\{"[a-z-]+", CLI_[A-Z]+, &' | cut -d'"' -f2)
    if grep -q 'CLI_CLIENTS(' "$file"; then
      options=$(printf '%s\n' $options client group all-clients except)
    fi
    [ -n "$options" ] || continue
    entry=$(grep "^\.It Ic $command\( \|$\)" src/man/foyer.1 | grep -oE 'Fl (-[a-z-]+|[a-z] )' | sed 's/Fl -*//; s/ $//')
    all_in "$file: not in foyer.1" "$options" "$entry"
    all_in "foyer.1: not in $file" "$entry" "$options"
  done
}

@test "manual: every environment variable is in foyer(1)" {
  read=$(grep -rhoE '(getenv|set_env)\("[A-Z_]+"' src | grep -oE '[A-Z_]{3,}')
  [ "$(wc -l <<<"$read")" -ge 6 ]
  all_in "not in foyer.1" "$read" "$(grep '^\.It Ev' src/man/foyer.1 | words)"
}

@test "manual: every exit code is in foyer(1)" {
  codes=$(grep -oE '"[a-z_]+", [0-9]+' src/base/err.c | grep -oE '[0-9]+$')
  all_in "not in foyer.1" "$codes" "$(sed -n 's/^\.It \([0-9]*\)$/\1/p' src/man/foyer.1)"
  kinds=$(sed -n 's/^ *\[ERR_[A-Z_]*\] = {"\([a-z_]*\)".*/\1/p' src/base/err.c | grep -v none)
  all_in "not in lua/meta/error.lua" "$kinds" "$(grep '^---@alias foyer.Kind' lua/meta/error.lua | words)"
}

@test "manual: every key of a settings file is in foyer-workspace(5)" {
  keys=$(grep -oE '\{"[a-z_]+", \.' src/core/settings_check.c | cut -d'"' -f2)
  [ "$(wc -l <<<"$keys")" -ge 20 ]
  all_in "not in foyer-workspace.5" "$keys" "$(grep -E '^(\.It )?.*Va ' src/man/foyer-workspace.5 | words)"
}

@test "manual: every key of a connector is in foyer-connector(5)" {
  keys=$(grep -oE '\{"[a-z_]+", \.' src/core/connector_check.c | cut -d'"' -f2)
  [ "$(wc -l <<<"$keys")" -ge 40 ]
  all_in "not in foyer-connector.5" "$keys" "$(words <src/man/foyer-connector.5)"
}

@test "manual: every key of a connector's ids is in foyer-workspace(5)" {
  keys=$(sed -n 's/.*names = "\([a-z]*\)".*/\1/p' lua/front/connector.lua)
  all_in "not in foyer-workspace.5" "$keys" "$(words <src/man/foyer-workspace.5)"
}

@test "README: the conversations that it names are there" {
  load helper
  start_mock
  ids=$(grep -oE 'cnv_[0-9a-z]+' README.md src/man/foyer.1 | cut -d: -f2 | sort -u)
  [ -n "$ids" ]
  for id in $ids; do
    curl -sSf -H "Authorization: Bearer mock-token" "$MOCK/conversations/$id" >/dev/null || { stop_mock; false; }
  done
  stop_mock
}

@test "README: at most 150 lines" {
  [ "$(wc -l <README.md)" -le 150 ]
}

@test "lua/std/README.md: every primitive is listed, and every file" {
  bound=$(sed -n '/^static const luaL_Reg functions/,/NULL/s/.*{"\([a-z_]*\)", api_std_.*/\1/p' src/api/api_std.c)
  [ "$(wc -l <<<"$bound")" -ge 30 ]
  listed=$(sed -n 's/^\* \(`std\..*\)/\1/p' lua/std/README.md | sed 's/:.*//; s/→.*//' | grep -o 'std\.[a-z_]*(' | tr -d '(' | cut -d. -f2)
  all_in "not in lua/std/README.md" "$bound" "$listed"
  all_in "lua/std/README.md: not bound" "$listed" "$bound"
  files=$(cd lua/std && printf '%s\n' *.lua)
  all_in "not in lua/std/README.md" "$files" "$(sed -n 's/^| `\([a-z_]*\.lua\)` .*/\1/p' lua/std/README.md)"
  all_in "not in lua/std/README.md" "$(cd lua/std/tools && printf '%s\n' *.lua | sed 's/\.lua//')" "$(grep tools/NAME lua/std/README.md | words)"
}

@test "lua/mock: engine, faults, front, control use only those before them" {
  upward=$(grep -nE 'part\("(faults|front|control)/' lua/mock/engine/*.lua; grep -nE 'part\("(front|control)/' lua/mock/faults/*.lua
    grep -n 'part("control/' lua/mock/front/*.lua; true)
  [ -z "$upward" ] || { echo "$upward"; return 1; }
}

@test "manual: a quote ends before the next macro, which it would hold else" {
  # .Ql and .Pq go on to the end of their line: (failed is 'dead in JSON')
  nested=$(grep -nE '^\..*\b(Ql|Dq|Sq) .* (No|Ns|Ql|Dq|Sq|Va|Ic|Fl|Ar|Pa|Cm) ' src/man/* || true)
  [ -z "$nested" ] || { echo "$nested"; return 1; }
}
