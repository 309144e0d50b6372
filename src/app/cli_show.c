#include "app/cli.h"
int cmd_ids(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
