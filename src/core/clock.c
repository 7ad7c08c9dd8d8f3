#include "core/clock.h"
#include <stdlib.h>
#include <time.h>

double ant__seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double ant__median(double *seconds, int n) {
    qsort(seconds, (size_t)n, sizeof *seconds, by_size);
    return seconds[n / 2];
}
