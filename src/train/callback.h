/* Callbacks inside: classes of hooks, and one fit's use of them. */
#ifndef ANT_TRAIN_CALLBACK_H
#define ANT_TRAIN_CALLBACK_H
#include "core/options/option.h"
#include "train/train.h"

/* What callbacks may know of the fit they are in. */
typedef struct ant_fit_view {
    ant_model *model;
    ant_compiled *compiled;
    int first_epoch, epochs; /* from first_epoch to before epochs */
    int64_t steps;           /* of an epoch; -1: not known */
    int verbose;
    ant_fault *error; /* where hooks say what went wrong */
} ant_fit_view;

/* One callback in one fit. */
typedef struct ant_callback_use {
    ant_part part;
    const ant_fit_view *fit;
    void *state; /* the class's own, zeroed at first */
} ant_callback_use;

/* `impl` of the kind ANT_CALLBACK. Hooks may be NULL; they return 0 or a code, with fit->error set.
 * Epochs and batches count from 0. */
typedef struct ant_callback_class {
    size_t state; /* bytes */
    int (*train_begin)(ant_callback_use *u);
    int (*epoch_begin)(ant_callback_use *u, int epoch);
    int (*batch_end)(ant_callback_use *u, int64_t batch, const ant_logs *logs);
    int (*epoch_end)(ant_callback_use *u, int epoch, ant_logs *logs); /* may add to the logs */
    int (*train_end)(ant_callback_use *u, const ant_logs *logs);
    void (*free)(ant_callback_use *u); /* always called at the end, after errors too */
    bool (*wants_metrics)(const ant_callback_use *u); /* batches' logs need more than the loss */
    const void *data;
} ant_callback_class;

typedef struct ant_callbacks {
    ant_fit_view fit;
    ant_context context; /* of their options */
    ant_callback_use use[ANT_MAX_LIST + 1];
    int n;
    bool batches, metrics; /* somebody wants batches' logs; and more of them than the loss */
} ant_callbacks;

/* Reads the texts (NULL ends them; a bar or lines on stderr are added where fit->verbose says so)
 * and calls train_begin. 0 or fit->error. */
int ant__callbacks_open(ant_callbacks *c, const ant_fit_view *fit, const char *const *texts);
void ant__callbacks_close(ant_callbacks *c);
int ant__callbacks_epoch_begin(ant_callbacks *c, int epoch);
int ant__callbacks_batch_end(ant_callbacks *c, int64_t batch, const ant_logs *logs);
int ant__callbacks_epoch_end(ant_callbacks *c, int epoch, ant_logs *logs);
int ant__callbacks_train_end(ant_callbacks *c, const ant_logs *logs);

/* Registers a callback of a class made at run time under a name (NULL: a new one); gives its text,
 * or "!" after an error, which begins with file:line. */
const char *ant__callback_register(ant_graph *g, const char *name, const ant_callback_class *cls,
                                   size_t size, const char *file, int line);

/* --- what monitoring callbacks share --- */
typedef struct ant_monitor {
    const char *name;
    bool larger; /* is better */
    double best, min_delta;
    bool warned;
} ant_monitor;
/* mode: "auto", "min", "max". */
void ant__monitor_start(ant_monitor *m, const ant_callback_use *u, const char *name,
                        const char *mode, double min_delta);
/* The monitored number; false, and a warning, when the logs lack it. */
bool ant__monitor_read(ant_monitor *m, const ant_callback_use *u, const ant_logs *logs, double *x);
/* Whether x is better than `than` by more than min_delta. */
bool ant__monitor_better(const ant_monitor *m, double x, double than);
#endif
