/* Runs models without the train floor: one batch in, numbers out. */
#ifndef ANT_TESTS_GRAPH_HARNESS_H
#define ANT_TESTS_GRAPH_HARNESS_H
#include "antler/antler.h"
#include "graph/graph.h"
#include "support.h"

enum { HARNESS_ROOM = 512 };

/* One batch of float32 rows: `x[k]` for input k. Results go into `out[k]` (room for HARNESS_ROOM
 * numbers each). 0 or the run's error, whose text goes into `error` when that is not NULL. */
typedef struct batch {
    const float *x[ANT_MAX_PORTS];
    int64_t rows;
    bool training;
    float out[4][HARNESS_ROOM];
    float loss; /* activity penalties */
    char error[ANT__ERROR_SIZE];
} batch;
int batch_run(ant_model *m, batch *b);
/* The same in a run of the caller's. */
int batch_run_in(ant_run *r, ant_model *m, batch *b);
/* A weight's numbers, to be written to. */
float *weight_data(ant_layer *l, const char *name);
/* Fills every weight of a model with a fixed pattern that tells entries apart. */
void weights_pattern(ant_model *m);
#endif
