/* The ten networks that benchmarks compare: layers, shapes, batch, loss; Adam with its defaults. */
#ifndef ANT_BENCH_WORKLOADS_H
#define ANT_BENCH_WORKLOADS_H
#include <antler/antler.h>

typedef struct workload {
    const char *id;
    int batch;
    int x_shape[4]; /* of one sample, ended by 0 */
    int inputs;     /* all of the same shape */
    int ids;        /* above 0: int32 inputs below this, else normal floats */
    int classes[2]; /* of each target; 0: none, 1: a bit, -n: n floats */
    ant_model *(*build)(ant_graph *g);
    bool fast; /* the graph's option */
} workload;

const workload *workload_named(const char *id);
const workload *workload_at(int k); /* NULL behind the last */
/* Random arrays for `rows` samples; freed with workload_free. */
typedef struct workload_data {
    ant_array x[2], y[2], out[2];
} workload_data;
workload_data workload_make(const workload *w, int rows);
void workload_free(workload_data *d);
#endif
