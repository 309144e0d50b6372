/* person: which person runs this command, for what foyer notes of changes. */
#ifndef FOYER_PERSON_H
#define FOYER_PERSON_H

/* Returns the login name of the user, of the one behind sudo where there is one; "uid
 * 1000" for a user without a name. A new string. */
char *person_name(void);

#endif
