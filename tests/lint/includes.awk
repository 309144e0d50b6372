# Includes go down only: src/base < io < core < vm < app < main.c; and each library's header stays
# on its floor. Files under src/ are the arguments; src/tools/ are programs of the build, on no floor.
BEGIN {
    split("base io core vm app", names, " ")
    for (i in names)
        floor[names[i]] = i
    # pattern of headers, and the floors that may name them
    only["^(event2/|curl/|sqlite3\\.h|openssl/)"] = "io"
    only["^(lua\\.h|lauxlib\\.h|lualib\\.h|lua5\\.4/)"] = "vm"
    only["^jansson\\.h"] = "io core vm app"
}
FNR == 1 {
    split(FILENAME, part, "/")
    own = part[2] == "main.c" ? 6 : floor[part[2]]
    if (!own) {
        printf "%s: a directory that is no floor\n", FILENAME
        bad = 1
    }
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    split(quoted[2], part, "/")
    if (!(part[1] in floor)) {
        printf "%s:%d: \"%s\" is not named from src/ on\n", FILENAME, FNR, quoted[2]
        bad = 1
    } else if (floor[part[1]] > own) {
        printf "%s:%d: \"%s\" lies on a floor above\n", FILENAME, FNR, quoted[2]
        bad = 1
    }
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*</, "", header)
    sub(/>.*/, "", header)
    for (pattern in only) {
        split(FILENAME, part, "/")
        if (header ~ pattern && index(" " only[pattern] " ", " " part[2] " ") == 0) {
            printf "%s:%d: <%s> belongs to src/%s\n", FILENAME, FNR, header, only[pattern]
            bad = 1
        }
    }
}
END { exit bad }
