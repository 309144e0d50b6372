# Holds the includes of src/ against tests/lint/rooms. Arguments: that file, then the sources;
# src/tools/ are programs of the build, in no room.
function wrong(why) {
    printf "%s:%d: %s %s\n", FILENAME, FNR, header, why
    bad = 1
}
FNR == 1 { nfiles++ }
nfiles == 1 && /^(#|$)/ { next }
nfiles == 1 && $1 == "never" { never[$2, $3] = 1; next }
nfiles == 1 && $1 == "only" { only[$3] = "," $2 ","; next }
nfiles == 1 {
    for (i = 1; i <= NF; i++)
        line[$i] = FNR
    next
}
FNR == 1 {
    split(FILENAME, part, "/")
    own = part[2]
    if (own != "main.c" && !(own in line)) {
        header = ""
        wrong("a directory that tests/lint/rooms does not name")
    }
}
match($0, /^[ \t]*#[ \t]*include[ \t]*["<][^">]*/) {
    header = substr($0, RSTART, RLENGTH)
    is_ours = header ~ /"/
    sub(/^[^"<]*["<]/, "", header)
    split(header, part, "/")
    room = part[1]
    for (start in only)
        if (index(header, start) == 1 && own != "main.c" && own != room && index(only[start], "," own ",") == 0)
            wrong("belongs to" names(only[start]))
    if (!is_ours || own == "main.c" || room == own)
        next
    if (!(room in line))
        wrong("is not named from src/ on")
    else if (line[room] < line[own])
        wrong("is a room above")
    else if (line[room] == line[own])
        wrong("is a sibling")
    else if ((own, room) in never)
        wrong("is forbidden to " own)
}
function names(list) {
    gsub(/,/, " ", list)
    sub(/ $/, "", list)
    return list
}
END { exit bad }
