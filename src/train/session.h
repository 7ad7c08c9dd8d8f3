/* A session: one action on a compiled model, from its first batch to its last. */
#ifndef ANT_TRAIN_SESSION_H
#define ANT_TRAIN_SESSION_H
#include "train/feed.h"
#include "train/train.h"

typedef struct ant_session {
    ant_model *model;
    ant_compiled *compiled;
    ant_run *run;
    ant_feed feed;
    int64_t *order; /* its own, of rows from functions */
    bool training;  /* steps change the weights; else they only measure */
    double loss;    /* of the last batch */
    ant_sums sums;  /* since the last reset */
    ant_fault error;
} ant_session;

/* Begins, without data yet. The run is shared: a session of validation works on the run of its
 * fit. */
void ant__session_open(ant_session *s, ant_compiled *c, ant_run *run, bool training);
void ant__session_close(ant_session *s);
/* Sums and metrics start anew. */
void ant__session_reset(ant_session *s);
/* Rows [at, at + count) of the feed: gathered and run. 0 or s->error. */
int ant__session_batch(ant_session *s, int64_t at, int64_t count);
/* All batches of one pass, at most `steps` of them; nothing is shuffled. 0 or s->error. */
int ant__session_pass(ant_session *s, int64_t batch, int64_t steps);
#endif
