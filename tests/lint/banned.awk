# Functions that nothing here calls, and why. Comments and strings are not looked at.
function ban(why, list,    n, i, word) {
    n = split(list, word, " ")
    for (i = 1; i <= n; i++)
        reason[word[i]] = why
}
BEGIN {
    ban("has no bound: buf_*, snprintf or memcpy", "strcpy strcat stpcpy sprintf vsprintf gets")
    ban("may leave a text without its end: snprintf", "strncpy strncat")
    ban("keeps hidden state: strtok_r, gmtime_r", "strtok localtime gmtime ctime asctime")
    ban("cannot say that it failed: str_parse_int, strtol, strtod", "atoi atol atoll atof")
    ban("takes any amount of stack", "alloca")
    ban("runs a shell", "system popen")
    ban("races with others: path_create", "tmpnam tempnam mktemp")
    ban("can be guessed: crypto_random", "rand srand random srandom drand48")
    ban("jumps over what must be freed; only Lua does that", "setjmp longjmp")
    # out of memory aborts, in one place; the others are Lua's allocators, which may answer NULL
    ban("may fail: xmalloc, xcalloc, xrealloc, xstrdup, xasprintf", \
        "malloc calloc realloc strdup strndup asprintf vasprintf")
    allowed["src/base/str.c"] = " malloc calloc realloc strdup vasprintf "
    allowed["src/vm/arena.c"] = allowed["src/vm/data.c"] = " malloc realloc "
    # crypto_equal is the one comparison of what an attacker must not learn byte by byte
    ban("secrets are compared by crypto_equal alone", "CRYPTO_memcmp timingsafe_bcmp")
    allowed["src/base/crypto.c"] = " CRYPTO_memcmp "
    secret = "(^|[^a-z])(hmac|mac|signature|token|password|secret)([^a-z]|$)"
}
FNR == 1 { comment = 0 }
{
    line = $0
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    if (comment && !sub(/^.*\*\//, "", line))
        next
    comment = 0
    gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", line)
    if (sub(/\/\*.*/, "", line))
        comment = 1
    sub(/\/\/.*/, "", line)
    rest = line
    while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ ]*\(/)) {
        name = substr(rest, RSTART, RLENGTH)
        sub(/ *\($/, "", name)
        before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
        rest = substr(rest, RSTART + RLENGTH)
        if (before ~ /[.>]/) # a member of that name
            continue
        if ((name in reason) && index(allowed[FILENAME], " " name " ") == 0) {
            printf "%s:%d: %s: %s\n", FILENAME, FNR, name, reason[name]
            bad = 1
        }
        args = rest
        sub(/\).*/, "", args)
        is_secret = args ~ secret
        if (FILENAME == "src/core/sign.c") # there they have other names as well
            is_secret = is_secret || name !~ /^str/ || args ~ /(^|[^a-z_])(given|made)([^a-z_]|$)/
        if (name ~ /^(memcmp|strcmp|strncmp|strcasecmp|strncasecmp|bcmp|str_eq|str_ieq)$/ && is_secret) {
            printf "%s:%d: %s of a secret tells where it differs: crypto_equal\n", FILENAME, FNR, name
            bad = 1
        }
    }
}
END { exit bad }
