/* What all actions with data share. */
#ifndef ANT_TRAIN_ACTION_H
#define ANT_TRAIN_ACTION_H
#include "train/session.h"

/* The options of an action, as this library knows them. */
typedef struct ant_action_struct {
    const char *what;
    const void *defaults;
    size_t size; /* up to its ant_end */
} ant_action_struct;
/* The caller's struct, which has `size` bytes up to its ant_end. Where the program is older and its
 * struct shorter, it is laid over the defaults in `room`. NULL: the model's error. */
const void *ant__take_struct(ant_model *m, const ant_action_struct *known, void *room,
                             const void *said, size_t size);
/* A Sequential without a shape gets that of its first data. 0 or the model's error. */
int ant__build_for(ant_model *m, const ant_array *list);
/* batch as said, or what `steps` steps make of the rows, or 32. */
int64_t ant__batch_size(int said, int steps, int64_t rows);
/* Begins a session on arrays; 0 or the session's error. */
int ant__session_arrays(ant_session *s, const ant_feed_arrays *a, ant_floats class_weight);
#endif
