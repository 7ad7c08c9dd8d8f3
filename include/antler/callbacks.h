/* Callbacks: what happens between the epochs and batches of a fit.
 *
 *     ant_fit(m, x, y, .epochs = 100, .validation_split = 0.2,
 *             .callbacks = {ant_early_stopping(g, .patience = 5, .restore_best_weights = true),
 *                           ant_callback(g, .on_epoch_end = say, .data = &mine)});
 *
 * `monitor` names a number of the logs: "loss", "val_loss", "val_accuracy" … `mode` says which way
 * is better: "min", "max", or "auto": max where the name ends in acc, accuracy, auc, precision or
 * recall (or another metric that is better when larger), else min. A monitored number that the logs
 * lack is warned of and left alone. Each constructor gives a text owned by the graph; every fit has
 * its own state. After Keras's keras.callbacks. Callbacks that write files: files.h.
 */
#ifndef ANTLER_CALLBACKS_H
#define ANTLER_CALLBACKS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#include <stdio.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Functions of the user's own; any may be NULL. Epochs and batches count from 0. A non-zero return
 * ends the fit with ANT_E_STOPPED; ant_stop_training ends it well. `logs` live for the call only;
 * those of batches are totals of the epoch so far. */
typedef struct ant_callback_options {
    ant_graph *graph;
    int (*on_train_begin)(void *data, ant_model *m);
    int (*on_epoch_begin)(void *data, ant_model *m, int epoch);
    int (*on_train_batch_end)(void *data, ant_model *m, int batch, const ant_logs *logs);
    int (*on_epoch_end)(void *data, ant_model *m, int epoch, const ant_logs *logs);
    int (*on_train_end)(void *data, ant_model *m, const ant_logs *logs);
    void *data;       /* must live as long as the graph */
    const char *name; /* by which files may say it; NULL: none */
    char ant_end;
} ant_callback_options;
#define ant_callback(...)                                                                          \
    ant_callback_(&(ant_callback_options){.graph = __VA_ARGS__},                                   \
                  offsetof(ant_callback_options, ant_end), __FILE__, __LINE__)
ANT_API const char *ant_callback_(const ant_callback_options *o, size_t size, const char *file,
                                  int line);

/* Ends training when the monitored number has not got better by more than min_delta (and beaten
 * baseline, where one is said) for `patience` epochs. */
typedef struct ant_early_stopping_options {
    ANT_PART_OPTIONS;
    const char *monitor;
    double min_delta; /* at least 0 */
    int patience;     /* epochs; at least 0 */
    const char *mode; /* "auto", "min" or "max" */
    double baseline;  /* ANT_NONE */
    bool restore_best_weights;
    int start_from_epoch; /* earlier ones are not looked at */
    char ant_end;
} ant_early_stopping_options;
#define ANT_EARLY_STOPPING_DEFAULTS                                                                \
    ANT_PART_DEFAULTS, .monitor = "val_loss", .mode = "auto", .baseline = ANT_NONE
#define ant_early_stopping(...)                                                                    \
    ANT__PART(ANT_CALLBACK, "EarlyStopping", ant_early_stopping_options,                           \
              ANT_EARLY_STOPPING_DEFAULTS, .graph = __VA_ARGS__)

/* Multiplies the learning rate by `factor` when the monitored number has not got better for
 * `patience` epochs. Adds "learning_rate" to the logs. */
typedef struct ant_reduce_lr_on_plateau_options {
    ANT_PART_OPTIONS;
    const char *monitor;
    double factor; /* in (0, 1) */
    int patience;  /* epochs; at least 0 */
    const char *mode;
    double min_delta; /* at least 0 */
    int cooldown;     /* epochs of rest after a change */
    double min_lr;    /* at least 0 */
    char ant_end;
} ant_reduce_lr_on_plateau_options;
#define ANT_REDUCE_LR_ON_PLATEAU_DEFAULTS                                                          \
    ANT_PART_DEFAULTS, .monitor = "val_loss", .factor = 0.1, .patience = 10, .mode = "auto",       \
                       .min_delta = 1e-4
#define ant_reduce_lr_on_plateau(...)                                                              \
    ANT__PART(ANT_CALLBACK, "ReduceLROnPlateau", ant_reduce_lr_on_plateau_options,                 \
              ANT_REDUCE_LR_ON_PLATEAU_DEFAULTS, .graph = __VA_ARGS__)

/* Ends training at a batch whose loss is not finite; with raise_error, as an error (ANT_E_DATA). */
typedef struct ant_terminate_on_nan_options {
    ANT_PART_OPTIONS;
    bool raise_error;
    char ant_end;
} ant_terminate_on_nan_options;
#define ANT_TERMINATE_ON_NAN_DEFAULTS ANT_PART_DEFAULTS
#define ant_terminate_on_nan(...)                                                                  \
    ANT__PART(ANT_CALLBACK, "TerminateOnNaN", ant_terminate_on_nan_options,                        \
              ANT_TERMINATE_ON_NAN_DEFAULTS, .graph = __VA_ARGS__)

/* Sets the learning rate at the start of every epoch to what `rate` gives for its number and the
 * present rate; adds "learning_rate" to the logs. `name` as in ant_callback. */
ANT_API const char *ant_learning_rate_scheduler(ant_graph *g,
                                                double (*rate)(void *data, int epoch, double now),
                                                void *data);

/* Shows progress on a file: on a terminal a bar as Keras's, else (or with plain) a line an
 * epoch. */
typedef struct ant_progress_options {
    ant_graph *graph;
    FILE *file;                                  /* of the caller's; or the function: */
    void (*write)(void *data, const char *text); /* gets every piece of text */
    void *data;
    int plain; /* 1: lines only, 0: a bar; ANT_NONE: as the file is no terminal or is one */
    char ant_end;
} ant_progress_options;
#define ant_progress(...)                                                                          \
    ant_progress_(&(ant_progress_options){.plain = ANT_NONE, .graph = __VA_ARGS__},                \
                  offsetof(ant_progress_options, ant_end), __FILE__, __LINE__)
ANT_API const char *ant_progress_(const ant_progress_options *o, size_t size, const char *file,
                                  int line);

/* The same on stderr, as files and .verbose say it. */
typedef struct ant_progbar_logger_options {
    ANT_PART_OPTIONS;
    bool plain; /* lines, even on a terminal */
    char ant_end;
} ant_progbar_logger_options;
#define ANT_PROGBAR_LOGGER_DEFAULTS ANT_PART_DEFAULTS
#define ant_progbar_logger(...)                                                                    \
    ANT__PART(ANT_CALLBACK, "ProgbarLogger", ant_progbar_logger_options,                           \
              ANT_PROGBAR_LOGGER_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
