#include "app/cli.h"
int cmd_actions(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
int cmd_diff(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
int cmd_ids(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
int cmd_recipes(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
int cmd_triggers(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
int cmd_which(struct cli *c, int n, char **v)
{
    (void)c;
    (void)n;
    (void)v;
    return 0;
}
