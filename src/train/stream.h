/* Sessions whose rows come from functions (ant_data). */
#ifndef ANT_TRAIN_STREAM_H
#define ANT_TRAIN_STREAM_H
#include "train/session.h"

struct ant_data {
    ant_graph *graph;
    ant_data_options options;
};

/* Sets the number of rows (-1: not known). 0 or the session's error. */
int ant__stream_open(ant_session *s);
int ant__stream_restart(ant_session *s);
/* Rows from `at` on, at most `batch`: read, gathered, run. The number of rows, 0 at the end, or a
 * negative code with the session's error. */
int64_t ant__stream_batch(ant_session *s, int64_t at, int64_t batch);
/* One pass in the given order, at most `steps` batches (-1: all). */
int ant__stream_pass(ant_session *s, int64_t batch, int64_t steps);
#endif
