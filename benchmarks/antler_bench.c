/* antler-bench --worker [--threads N]: the worker that benchmark drivers talk to.
 *
 * It reads lines `ID MODE STEPS` (ID W1 … W10, MODE train, infer or infer1), runs that many steps
 * and answers `ID MODE STEPS NANOSECONDS`, or `ID MODE - reason`. The first request for a network
 * builds it and warms it up. */
#include "workloads.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MODES = 3, MOST = 16, WARM_UP = 3 };
static const char *const modes[MODES] = {"train", "infer", "infer1"};

typedef struct job {
    char id[8];
    int batch;
    ant_graph *graph;
    ant_model *model;
    ant_run *run;
    workload_data data[MODES];
} job;

static int mode_number(const char *mode) {
    for (int k = 0; k < MODES; k++)
        if (!strcmp(mode, modes[k]))
            return k;
    return -1;
}

static int step(job *j, int mode) {
    workload_data *d = &j->data[mode];
    if (mode == 2)
        return ant_predict_one(j->run, (const void *[]){d->x[0].data, d->x[1].data},
                               (void *[]){d->out[0].data, d->out[1].data});
    if (mode == 0)
        return ant_train_on_batch(j->model, ANT_LIST(d->x[0], d->x[1]), ANT_LIST(d->y[0], d->y[1]));
    return ant_predict(j->model, ANT_LIST(d->x[0], d->x[1]), ANT_LIST(d->out[0], d->out[1]),
                       .batch_size = j->batch, .run = j->run);
}

static const char *fault(const job *j) {
    if (ant_status(j->graph))
        return ant_error(j->graph);
    const char *text = ant_model_error(j->model);
    return *text ? text : ant_run_error(j->run);
}

static void open_job(job *j, const workload *w, int threads) {
    snprintf(j->id, sizeof j->id, "%s", w->id);
    j->batch = w->batch;
    j->graph = ant_graph_new(.seed = 1, .threads = threads);
    j->model = w->build(j->graph);
    j->run = ant_run_new(j->model);
    for (int mode = 0; mode < MODES; mode++)
        j->data[mode] = workload_make(w, mode == 2 ? 1 : w->batch);
}

static job *job_named(job *jobs, const workload *w, int threads) {
    for (int k = 0; k < MOST; k++) {
        if (!strcmp(jobs[k].id, w->id))
            return &jobs[k];
        if (!*jobs[k].id) {
            open_job(&jobs[k], w, threads);
            return &jobs[k];
        }
    }
    return NULL;
}

static void close_jobs(job *jobs) {
    for (int k = 0; k < MOST && *jobs[k].id; k++) {
        for (int mode = 0; mode < MODES; mode++)
            workload_free(&jobs[k].data[mode]);
        ant_run_free(jobs[k].run);
        ant_graph_free(jobs[k].graph);
    }
}

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int run_steps(job *j, int mode, long steps) {
    for (long i = 0; i < steps; i++)
        if (step(j, mode))
            return -1;
    return 0;
}

static void answer(job *jobs, const char *id, const char *mode, long steps, int threads) {
    const workload *w = workload_named(id);
    int m = mode_number(mode);
    if (!w || m < 0) {
        printf("%s %s - no such workload or mode\n", id, mode);
        return;
    }
    job *j = job_named(jobs, w, threads);
    if (run_steps(j, m, WARM_UP)) {
        printf("%s %s - %s\n", id, mode, fault(j));
        return;
    }
    long long start = now();
    run_steps(j, m, steps);
    printf("%s %s %ld %lld\n", id, mode, steps, now() - start);
}

static int usage(void) {
    fprintf(stderr, "usage: antler-bench --worker [--threads N]\n");
    return 2;
}

int main(int argc, char **argv) {
    int threads = 1;
    bool worker = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--worker"))
            worker = true;
        else if (!strcmp(argv[i], "--threads") && i + 1 < argc)
            threads = atoi(argv[++i]);
        else
            return usage();
    }
    if (!worker)
        return usage();
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
    close_jobs(jobs);
    return 0;
}
