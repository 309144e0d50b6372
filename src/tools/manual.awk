# manual: foyer-lua.7 from the LuaCATS files of lua/meta, in the order in which they are given.
#
#   --# TITLE      a section; the `--` lines after it are its text
#   --= names      names that need no text of their own
#   --- text       about the declaration below; ---@ lines describe its parts
#   five spaces    after the dashes: an example, as it stands

# Text for a line of its own. `x` is set in bold.
function prose(s,    n, parts, i, out) {
    gsub(/\\/, "\\e", s)
    n = split(s, parts, "`")
    out = ""
    for (i = 1; i <= n; i++)
        out = out (i % 2 ? parts[i] : "\\fB" parts[i] "\\fR")
    gsub(/…/, "\\[u2026]", out)
    # mdoc wants each sentence on a line of its own
    while (match(out, /[.!?][)"]* [^ ]/))
        out = substr(out, 1, RSTART + RLENGTH - 3) "\n" substr(out, RSTART + RLENGTH - 1)
    gsub(/\n[.]/, "\n\\\&.", out)
    if (out ~ /^[.']/)
        out = "\\&" out
    return out
}

# One argument of a macro.
function arg(s) {
    gsub(/\\/, "\\e", s)
    gsub(/"/, "\\(dq", s)
    gsub(/…/, "\\[u2026]", s)
    return "\"\\&" s "\""
}

function fail(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why >"/dev/stderr"
    failed = 1
    exit 1
}

function end_code() {
    if (code)
        print ".Ed"
    code = 0
}

function end_list() {
    if (list)
        print ".El"
    list = 0
}

# A line of prose or of an example; KEPT says that the list goes on.
function emit(s) {
    if (s ~ /^     /) {
        if (!code)
            print ".Bd -literal -offset 2n"
        else if (blank)
            print ""
        code = 1
        blank = 0
        s = substr(s, 6)
        gsub(/\\/, "\\e", s)
        gsub(/…/, "\\[u2026]", s)
        print (s ~ /^[.']/ ? "\\&" s : s)
        return
    }
    if (code && s ~ /^ *$/) {
        blank = 1
        return
    }
    end_code()
    sub(/^ /, "", s)
    if (s ~ /^ *$/) {
        blank = 1
        return
    }
    if (blank)
        print ".Pp"
    blank = 0
    print prose(s)
}

# What is known of the declaration that comes next.
function forget() {
    ndocs = nparts = nreturns = 0
    class = alias = type = ""
}

# "name? type  about": the type ends where two spaces, or nothing, follow.
function split_part(s,    at) {
    part_name = s
    sub(/ .*/, "", part_name)
    s = substr(s, length(part_name) + 2)
    at = index(s, "  ")
    part_type = at ? substr(s, 1, at - 1) : s
    part_about = at ? substr(s, at + 2) : ""
}

function describe(head,    i) {
    blank = 0
    if (!list)
        print ".Bl -tag -width Ds"
    list = 1
    print ".It Ic " arg(head)
    for (i = 1; i <= ndocs; i++)
        emit(docs[i])
    end_code()
    blank = 0
    if (nparts) {
        print ".Bl -tag -width Ds -compact"
        for (i = 1; i <= nparts; i++) {
            split_part(parts[i])
            print ".It Fa " arg(part_name) " No " arg(part_type)
            if (part_about != "")
                print prose(part_about)
        }
        print ".El"
    }
    forget()
}

# "json.decode(text)" and what it returns
function signature(name, params,    i, out) {
    out = name "(" params ")"
    for (i = 1; i <= nreturns; i++)
        out = out (i == 1 ? " -> " : ", ") returns[i]
    return out
}

BEGIN {
    print ".\\\" made from lua/meta by src/tools/manual.awk: do not edit"
    print ".Dd $Mdocdate$"
    print ".Dt FOYER-LUA 7"
    print ".Os foyer"
    print ".Sh NAME"
    print ".Nm foyer-lua"
    print ".Nd what foyer's scripts are and what they can use"
    print ".Sh DESCRIPTION"
    print "Actions, triggers and recipes of"
    print ".Xr foyer 1"
    print "are scripts of Lua 5.4."
    print "This page lists all that they can reach."
    print "A type with a question mark may be left out or nil;"
    print ".Ql foyer.Name"
    print "is a table that this page describes."
    forget()
}

FNR == 1 { forget(); title = 0 }

/^--#/ {
    end_code(); end_list()
    print ".Sh " toupper(substr($0, 5))
    blank = 0
    title = 1
    next
}
/^--=/ { emit(substr($0, 4)); next }
/^---@(meta|generic|overload)/ { next }
/^---@class/ { class = $2; sub(/:$/, "", class); next }
/^---@alias/ { alias = $2; next }
/^---@type/ { sub(/^---@type +/, ""); type = $0; next }
/^---@(field|param)/ { sub(/^---@[a-z]+ +/, ""); parts[++nparts] = $0; next }
/^---@return/ {
    sub(/^---@return +/, "")
    sub(/  .*/, "")
    returns[++nreturns] = $0
    next
}
/^---@/ { fail("an annotation that this generator does not know: " $1) }
/^---/ { docs[++ndocs] = substr($0, 4); next }
/^--/ { if (!title || list) fail("text outside of a section"); emit(substr($0, 3)); next }
/^error\(/ { next }
/^function / {
    head = $0
    sub(/^function /, "", head); sub(/ end$/, "", head)
    name = head; sub(/\(.*/, "", name)
    params = head; sub(/^[^(]*\(/, "", params); sub(/\)$/, "", params)
    describe(signature(name, params))
    next
}
/^[a-z.]+ = / {
    if (ndocs || type != "")
        describe($1 (type != "" ? ": " type : ""))
    forget()
    next
}
/^$/ {
    if (class != "" && (ndocs || nparts))
        describe(class)
    else if (alias != "" && ndocs)
        describe(alias)
    else if (alias != "")
        forget()
    next
}
{ fail("a line that is no declaration: " $0) }

END {
    if (failed)
        exit 1
    if (class != "" && nparts)
        describe(class)
    end_code(); end_list()
    print ".Sh SEE ALSO"
    print ".Xr foyer 1 ,"
    print ".Xr foyer-workspace 5"
}
