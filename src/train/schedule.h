/* Schedules inside: the learning rate as a function of the steps made so far. */
#ifndef ANT_TRAIN_SCHEDULE_H
#define ANT_TRAIN_SCHEDULE_H
#include "antler/schedules.h"
#include "core/options/option.h"

/* `impl` of the kind ANT_SCHEDULE. */
typedef struct ant_schedule_class {
    double (*rate)(const void *options, double step);
    /* What rows cannot say of the options; NULL: nothing. 0 or an error in the context. */
    int (*check)(ant_context *c, const void *options);
} ant_schedule_class;

/* Reads a schedule's text into the context's memory. 0 or an error in the context. */
int ant__schedule_read(ant_context *c, const char *text, ant_part *out);
/* The rate of the step that follows `step` updates. */
double ant__schedule_rate(const ant_part *schedule, int64_t step);
#endif
