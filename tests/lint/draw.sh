#!/usr/bin/env bash
# Draws the rooms of src/ and which includes which, as text: the picture in src/README.md. Ends
# with 1, and names the files, when files include each other in a circle.
#   tests/lint/draw.sh [OBJECTS]   (build/release)
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
objects=${1:-build/release}
rooms=$(sed -nE '/^(#|never |only )/!p' tests/lint/rooms)

# includes: "ROOM ROOM" for each room of which a file includes a header of another's.
includes() {
  git ls-files 'src/*/*.[ch]' | grep -v '^src/tools/' | xargs grep -HoE '^#include "[^/"]+' |
    sed -E 's#^src/([^/]*)/[^:]*:.include "#\1 #' | awk '$1 != $2' | sort -u
}

# calls: "FILE FILE" for each source that uses a name which another one defines, by the object
# files of the last build.
calls() {
  # shellcheck disable=SC2086 # words
  (cd "$objects" && nm -A --format=posix $(printf '%s/*.o ' $rooms)) | sed -E 's#^([^:]*)\.o: #\1 #' | awk '
    $3 ~ /^[TDBRC]$/ { defines[$2] = $1 }
    $3 == "U" { uses[$1, $2] = 1 }
    END { for (u in uses) { split(u, k, SUBSEP); if (k[2] in defines) print k[1], defines[k[2]] } }' | sort
}

circle=$(calls | tsort 2>&1 >/dev/null)
if [ -n "$circle" ]; then
  echo "files that call each other in a circle:"
  sed -n 's/^tsort: \([a-z]*\/\)/  \1/p' <<<"$circle"
  exit 1
fi

includes | awk '
  NR == FNR { if (/^[a-z]/ && $1 != "never" && $1 != "only") { line[++n] = $0; for (i = 1; i <= NF; i++) room[++rooms] = $i } next }
  { includes[$1, $2] = 1 }
  function rule(   i, s) { s = "+"; for (i = 0; i < width; i++) s = s "-"; print s "+" }
  END {
    width = 35
    for (l = 1; l <= n; l++) {
      rule()
      m = split(line[l], name, " ")
      if (m == 1) printf "| %-33s |\n", name[1]
      else printf "| %-14s | %-16s |\n", name[1], name[2]
    }
    rule()
    printf "\n%-11s", "includes"
    for (r = 2; r <= rooms; r++) printf " %s", room[r]
    print ""
    for (a = 1; a < rooms; a++) {
      row = sprintf("%-11s", room[a])
      for (b = 2; b <= rooms; b++) {
        mark = includes[room[a], room[b]] ? "x" : a == b ? "\\" : "."
        row = row sprintf(" %-" length(room[b]) "s", mark)
      }
      sub(/ +$/, "", row)
      print row
    }
  }' tests/lint/rooms -
