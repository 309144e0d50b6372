/* disk DIRECTORY: how long fdatasync takes there after 4 KiB were appended, as a store's
 * log is written. Prints "P50-US P99-US". */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"

int main(int argc, char **argv)
{
    static struct samples samples;
    static char page[4096];
    char path[4096];
    if (argc != 2)
        return 64;
    snprintf(path, sizeof path, "%s/fdatasync", argv[1]);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    memset(page, 'x', sizeof page);
    for (int i = 0; i < 1000 && fd >= 0; i++) {
        double start = now_us();
        if (write(fd, page, sizeof page) != sizeof page || fdatasync(fd) != 0)
            break;
        samples_add(&samples, now_us() - start);
    }
    if (samples.n < 1000) {
        perror(path);
        return 1;
    }
    close(fd);
    unlink(path);
    double median = samples_median(&samples); /* sorts */
    printf("%.0f %.0f\n", median, samples.list[samples.n * 99 / 100]);
    return 0;
}
