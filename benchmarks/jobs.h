/* A workload, built and ready to run steps of it. */
#ifndef ANT_BENCH_JOBS_H
#define ANT_BENCH_JOBS_H
#include "workloads.h"

enum mode { TRAIN, INFER, INFER1, MODES };
extern const char *const mode_names[MODES];
/* MODES when there is none of this name. */
enum mode mode_named(const char *name);

typedef struct job {
    const workload *what;
    ant_graph *graph;
    ant_model *model;
    ant_run *run; /* of predictions */
    workload_data data[MODES];
} job;

void job_open(job *j, const workload *w, int threads);
void job_close(job *j);
/* A training step, a prediction of a batch, or of one sample. 0 or an error. */
int job_step(job *j, enum mode mode);
int job_steps(job *j, enum mode mode, long steps);
const char *job_fault(const job *j);

long long nanoseconds(void);
#endif
