/* names: what people type that is called otherwise here, and names that have changed, in
 * one place. A changed name is taken for a year, with a warning that names the day. */
#ifndef FOYER_NAMES_H
#define FOYER_NAMES_H

struct names_changed {
    const char *command, *was, *now; /* options of a command, without "--" */
    const char *until;               /* the last day on which `was` is taken */
};
/* Returns the row of COMMAND's option WAS, or NULL. */
const struct names_changed *names_changed(const char *command, const char *was);

/* Returns the commands, from "foyer" on, that do what TYPED says, which is no command;
 * the N-th of them, from 0 on. NULL: there are no more. */
const char *names_instead(const char *typed, int n);
/* Returns what COMMAND has instead of the option TYPED, without its dashes; or NULL. */
const char *names_option(const char *command, const char *typed);

#endif
