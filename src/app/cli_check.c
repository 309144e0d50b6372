#include "app/cli.h"
int cmd_check(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
int cmd_render(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
