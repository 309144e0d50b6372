#include "cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"

/* LINE_BYTES is what Linux keeps of a line, its line end included. What a terminal pastes
 * comes within PASTE_MS of its first line. */
enum { LINE_BYTES = 4096, PASTE_MS = 100 };

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { NWATCHED = sizeof watched / sizeof *watched };

static volatile sig_atomic_t caught; /* the signal that interrupts the prompt, or 0 */

static void on_signal(int signo)
{
    caught = signo;
}

struct guard { /* what prompt_line changes, to be restored */
    struct termios terminal;
    sigset_t mask;
    struct sigaction actions[NWATCHED];
};

/* Turns echo off. The watched signals are blocked but for the wait in read_line, so that
 * none comes between a check and a read. */
static void begin(struct guard *g)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t block;
    sigemptyset(&block);
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < NWATCHED; i++)
        sigaddset(&block, watched[i]);
    caught = 0;
    sigprocmask(SIG_BLOCK, &block, &g->mask);
    for (int i = 0; i < NWATCHED; i++)
        sigaction(watched[i], &action, &g->actions[i]);
    struct termios quiet = g->terminal;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

/* Restores the terminal; input that was not read is dropped. */
static void end(const struct guard *g)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &g->terminal);
    fputc('\n', stderr);
    for (int i = 0; i < NWATCHED; i++)
        sigaction(watched[i], &g->actions[i], NULL);
    sigprocmask(SIG_SETMASK, &g->mask, NULL);
}

/* Returns the line's length, -1 with errno; EINTR for a watched signal. */
static ssize_t read_line(char *line, size_t size, const struct guard *g)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t open = g->mask;
    for (int i = 0; i < NWATCHED; i++)
        sigdelset(&open, watched[i]);
    if (ppoll(&in, 1, NULL, &open) < 0)
        return -1;
    return read(STDIN_FILENO, line, size);
}

/* 1: the terminal holds more input, or gets it within PASTE_MS; also a line that has no
 * end yet, which ICANON hides. */
static int has_more(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    struct termios raw;
    tcgetattr(STDIN_FILENO, &raw);
    raw.c_lflag &= ~(tcflag_t)ICANON;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    return poll(&in, 1, PASTE_MS) > 0 && (in.revents & POLLIN);
}

static int take_line(char *line, ssize_t len, struct buf *out, struct err *e)
{
    if (len >= LINE_BYTES - 1)
        return err_set(e, ERR_INVALID,
                       "cannot take what was typed: a terminal keeps %d characters of a "
                       "line and drops the rest; give it as a file",
                       LINE_BYTES - 1);
    int ended = len > 0 && line[len - 1] == '\n';
    if (ended && has_more())
        return err_set(e, ERR_INVALID,
                       "cannot take what was typed: more text came with its first line, "
                       "and all of it is dropped; paste one line, or give a value of "
                       "several lines as a file");
    return buf_add(out, line, (size_t)len - (size_t)ended);
}

/* Ends the process by SIGNO as if it had not been caught; returns after SIGTSTP, when the
 * shell continues the process. */
static void pass_on(int signo)
{
    if (signo != SIGTSTP)
        signal(signo, SIG_DFL);
    raise(signo);
}

int prompt_line(const char *prompt, struct buf *out, struct err *e)
{
    char line[LINE_BYTES + 1];
    struct guard g;
    int rc = 0, again = 1;
    while (again) {
        if (tcgetattr(STDIN_FILENO, &g.terminal) != 0 ||
            sigprocmask(SIG_SETMASK, NULL, &g.mask) != 0)
            return err_set(e, ERR_INVALID, "cannot read the terminal: %s",
                           strerror(errno));
        begin(&g);
        fputs(prompt, stderr);
        ssize_t len = read_line(line, sizeof line, &g);
        int why = errno;
        again = len < 0 && why == EINTR;
        if (len >= 0)
            rc = take_line(line, len, out, e);
        else if (!again)
            rc = err_set(e, ERR_INVALID, "cannot read the terminal: %s", strerror(why));
        end(&g);
        if (again && caught)
            pass_on(caught);
    }
    crypto_wipe(line, sizeof line);
    return rc;
}
