/* Writing the programs of a compiled model: a train step, an evaluation. */
#ifndef ANT_TRAIN_WRITE_H
#define ANT_TRAIN_WRITE_H
#include "train/feed.h"
#include "train/train.h"

/* What a step's program is for. Its inputs are the feed's ports; its outputs the whole loss, then
 * the losses of the outputs that have one in logs. */
typedef struct ant_step_wanted {
    ant_compiled *compiled;
    const ant_feed *feed;
    bool training; /* forward as in training, and the optimizer's update */
    int kind;      /* enum ant_step_kind */
} ant_step_wanted;

/* Tells such programs apart in a run's cache. */
uint64_t ant__step_id(const ant_step_wanted *w);
/* The writer for ant__run_program; data is the ant_step_wanted. */
int ant__step_write(ant_run *r, ant_program *p, ant_lowering *l, const void *data);
/* The id of prediction programs. */
enum { ANT__PREDICT_ID = 1 };
#endif
