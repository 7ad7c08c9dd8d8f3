/* The worker that benchmark drivers talk to: reads lines `ID MODE STEPS`, runs that many steps and
 * answers `ID MODE STEPS NANOSECONDS`, or `ID MODE - reason`. The first request for a network
 * builds it; every request warms it up. */
#include "bench.h"
#include <stdio.h>
#include <string.h>

enum { MOST = 16, WARM_UP = 3 };

static job *job_of(job *jobs, const workload *w, int threads) {
    for (int k = 0; k < MOST; k++) {
        if (!jobs[k].what)
            job_open(&jobs[k], w, threads);
        if (jobs[k].what == w)
            return &jobs[k];
    }
    return NULL;
}

static void answer(job *jobs, const char *id, const char *mode, long steps, int threads) {
    const workload *w = workload_named(id);
    const enum mode m = mode_named(mode);
    if (!w || m == MODES) {
        printf("%s %s - no such workload or mode\n", id, mode);
        return;
    }
    job *j = job_of(jobs, w, threads);
    if (job_steps(j, m, WARM_UP)) {
        printf("%s %s - %s\n", id, mode, job_fault(j));
        return;
    }
    const long long start = nanoseconds();
    job_steps(j, m, steps);
    printf("%s %s %ld %lld\n", id, mode, steps, nanoseconds() - start);
}

int bench_worker(int threads) {
    static job jobs[MOST];
    char line[128], id[16], mode[16];
    long steps;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%15s %15s %ld", id, mode, &steps) != 3 || steps < 1)
            continue;
        answer(jobs, id, mode, steps, threads);
        if (fflush(stdout))
            break;
    }
    for (int k = 0; k < MOST && jobs[k].what; k++)
        job_close(&jobs[k]);
    return 0;
}
