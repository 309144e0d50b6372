/* oneshot ROUNDS NAME COMMAND... [-- NAME COMMAND...]...: runs the commands in turn,
 * ROUNDS times, and prints for each "NAME MEDIAN-US MIN-US PEAK-KB": wall time from fork
 * to exit, and the median of the peak resident memory; then for each two of them
 * "NAME / OTHER RATIO", the median of the rounds' ratios: a machine may be half as fast a
 * second later, but not within a round. Their output is discarded; one that fails ends
 * the benchmark. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

enum { COMMANDS_MAX = 16 };

struct command {
    const char *name;
    char **argv;
    struct samples us, kb;
};

static void run_child(char **argv)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    execv(argv[0], argv);
    fprintf(stderr, "oneshot: cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static void measure(struct command *c)
{
    int status;
    struct rusage used;
    double start = now_us();
    pid_t pid = fork();
    if (pid == 0)
        run_child(c->argv);
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status != 0) {
        fprintf(stderr, "oneshot: %s failed\n", c->name);
        exit(1);
    }
    samples_add(&c->us, now_us() - start);
    samples_add(&c->kb, (double)used.ru_maxrss);
}

static double paired(const struct samples *a, const struct samples *b)
{
    static struct samples ratios;
    ratios.n = 0;
    for (int i = 0; i < a->n; i++)
        samples_add(&ratios, a->list[i] / b->list[i]);
    return samples_median(&ratios);
}

int main(int argc, char **argv)
{
    struct command commands[COMMANDS_MAX] = {0};
    int n = 0, rounds = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 2; i + 1 < argc && n < COMMANDS_MAX; n++) {
        commands[n].name = argv[i];
        commands[n].argv = &argv[i + 1];
        while (i < argc && strcmp(argv[i], "--") != 0)
            i++;
        if (i < argc)
            argv[i++] = NULL;
    }
    if (n == 0 || rounds < 1) {
        fprintf(stderr, "usage: oneshot ROUNDS NAME COMMAND... [-- NAME COMMAND...]\n");
        return 64;
    }
    /* each round begins with another one, so that none always follows the same one */
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < n; i++)
            measure(&commands[(i + round) % n]);
    double ratios[COMMANDS_MAX][COMMANDS_MAX]; /* before the medians sort the rounds */
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            ratios[i][k] = paired(&commands[i].us, &commands[k].us);
    for (int i = 0; i < n; i++)
        printf("%s %.0f %.0f %.0f\n", commands[i].name, samples_median(&commands[i].us),
               samples_min(&commands[i].us), samples_median(&commands[i].kb));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            printf("%s / %s %.4f\n", commands[i].name, commands[k].name, ratios[i][k]);
    return 0;
}
