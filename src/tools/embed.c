/* embed: writes the built-in layer into C, as text, so that messages keep file and line.
 * Usage: embed FILE... >builtin.c; the names stay as given. */
#include <stdio.h>
#include <stdlib.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    puts("#include \"core/builtin.h\"\n");
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (!f)
            die(argv[i]);
        printf("static const char file_%d[] = {", i);
        int c;
        for (unsigned n = 0; (c = getc(f)) != EOF; n++)
            printf("%s%d,", n % 24 ? "" : "\n", (signed char)c);
        if (ferror(f))
            die(argv[i]);
        fclose(f);
        puts("0};");
    }
    puts("\nconst struct builtin_file builtin_files[] = {");
    for (int i = 1; i < argc; i++)
        printf("    {\"%s\", file_%d, sizeof file_%d - 1},\n", argv[i], i, i);
    puts("    {0, 0, 0}};");
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
