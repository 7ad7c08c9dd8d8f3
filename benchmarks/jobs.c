#include "jobs.h"
#include <string.h>
#include <time.h>

const char *const mode_names[MODES] = {"train", "infer", "infer1"};

enum mode mode_named(const char *name) {
    int k = 0;
    while (k < MODES && strcmp(name, mode_names[k]) != 0)
        k++;
    return (enum mode)k;
}

void job_open(job *j, const workload *w, int threads) {
    j->what = w;
    j->graph = ant_graph_new(.seed = 1, .threads = threads, .fast = w->fast);
    j->model = w->build(j->graph);
    j->run = ant_run_new(j->model);
    for (int mode = 0; mode < MODES; mode++)
        j->data[mode] = workload_make(w, mode == INFER1 ? 1 : w->batch);
}

void job_close(job *j) {
    for (int mode = 0; mode < MODES; mode++)
        workload_free(&j->data[mode]);
    ant_run_free(j->run);
    ant_graph_free(j->graph);
}

int job_step(job *j, enum mode mode) {
    workload_data *d = &j->data[mode];
    if (mode == INFER1)
        return ant_predict_one(j->run, (const void *[]){d->x[0].data, d->x[1].data},
                               (void *[]){d->out[0].data, d->out[1].data});
    if (mode == TRAIN)
        return ant_train_on_batch(j->model, ANT_LIST(d->x[0], d->x[1]), ANT_LIST(d->y[0], d->y[1]));
    return ant_predict(j->model, ANT_LIST(d->x[0], d->x[1]), ANT_LIST(d->out[0], d->out[1]),
                       .batch_size = j->what->batch, .run = j->run);
}

int job_steps(job *j, enum mode mode, long steps) {
    for (long i = 0; i < steps; i++)
        if (job_step(j, mode))
            return -1;
    return 0;
}

const char *job_fault(const job *j) {
    if (ant_status(j->graph))
        return ant_error(j->graph);
    const char *text = ant_model_error(j->model);
    return *text ? text : ant_run_error(j->run);
}

long long nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}
