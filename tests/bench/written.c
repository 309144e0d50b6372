/* written FILE COUNTER: moves the log of an SQLite file into it, as far as no reader
 * needs it, and prints how many bytes (by that counter of /proc/self/io) that wrote: a
 * server's part of these is not chance then, which it is while a log of up to 16 MB waits
 * for the server's own checkpoint. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* Returns a counter of this process, as proc(5) describes it; -1: there is none. */
static long long counter(const char *name)
{
    char line[100];
    long long n = -1;
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), ": %lld", &n);
    if (f)
        fclose(f);
    return n;
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    if (argc != 3)
        return 64;
    long long before = counter(argv[2]);
    int rc = sqlite3_open(argv[1], &db);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(db, 5000);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA wal_checkpoint(PASSIVE)", NULL, NULL, NULL);
    if (rc != SQLITE_OK || before < 0) {
        fprintf(stderr, "written: %s: %s\n", argv[1], sqlite3_errmsg(db));
        return 1;
    }
    printf("%lld\n", counter(argv[2]) - before);
    return 0; /* without sqlite3_close, which would remove the log */
}
