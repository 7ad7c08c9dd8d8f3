/* Names and numbers of an epoch or batch, and the history of a fit. */
#ifndef ANT_TRAIN_LOGS_H
#define ANT_TRAIN_LOGS_H
#include "antler/train.h"
#include "core/memory.h"

typedef struct ant_log_entry {
    const char *name; /* borrowed: of the compiled state */
    double value;
} ant_log_entry;

struct ant_logs {
    ANT__LIST(ant_log_entry) entries;
};

typedef struct ant_epoch {
    int epoch;
    ant_logs logs;
} ant_epoch;

struct ant_history {
    ANT__LIST(ant_epoch) epochs;
};

/* Sets a number, at the end when it is new; false when out of memory. */
bool ant__logs_set(ant_logs *l, const char *name, double value);
const ant_log_entry *ant__logs_find(const ant_logs *l, const char *name);
void ant__logs_clear(ant_logs *l); /* keeps the memory */
void ant__logs_free(ant_logs *l);
bool ant__history_add(ant_history *h, int epoch, const ant_logs *logs);
void ant__history_free(ant_history *h);
#endif
