/* revision: what git says of a workspace's files. */
#ifndef FOYER_REVISION_H
#define FOYER_REVISION_H

/* Returns the commit that DIR's working tree is at, in hex, and "-dirty" behind it when
 * files of a release (foyer.lua, lua/, recipes/, templates/, clients/) are changed or not
 * in git. A new string; NULL without git, or where DIR is no working tree. */
char *revision_read(const char *dir);

#endif
