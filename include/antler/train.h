/* Compiling, training, evaluating and predicting.
 *
 *     ant_compile(m, .optimizer = "adam", .loss = "mse", .metrics = {"mae"});
 *     ant_fit(m, x, y, .epochs = 20, .validation_split = 0.1,
 *             .callbacks = {ant_progress(g, stderr)});
 *     ant_evaluate(m, x_test, y_test);
 *     printf("%g\n", ant_log(ant_results(m), "mae"));
 *     ant_predict(m, x_new, ant_array(out, 100, 1));
 *
 * Actions return 0 or a negative ANT_E…; ant_model_error(m) tells what was wrong. Nothing is
 * printed but by callbacks that were given a file.
 *
 * Data are ant_array views with the samples along the first axis, of any numeric type, byte order
 * and strides; they are converted batch by batch and only borrowed for the call. Several are given
 * in the order of the model's inputs and outputs, or by name: ant_named("left", p, 100, 40). An
 * axis of 1 at the end may be left out or added. Integer targets are what losses of classes want;
 * all others take any numbers.
 *
 * Threads: one action at a time on a model, but ant_predict with an ant_run of its own per thread
 * (and without one, at some cost) may run at once on as many threads as one likes, while nobody
 * trains the model. The number of threads that a run itself uses is the graph's; it never changes a
 * bit of any result.
 */
#ifndef ANTLER_TRAIN_H
#define ANTLER_TRAIN_H
#include "antler/callbacks.h"
#include "antler/data.h"
#include "antler/graph.h"
#include "antler/losses.h"
#include "antler/metrics.h"
#include "antler/optimizers.h"
#include "antler/schedules.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- compile --- */
/* What is wanted of one output, by its name:
 *     .outputs = {ANT_OUTPUT("kind", "mse", .loss_weight = 0.5), ANT_OUTPUT("same", "bce")} */
typedef struct ant_output_options {
    const char *name;
    const char *loss;   /* NULL: none */
    double loss_weight; /* factor of its loss in the sum */
    const char *metrics[ANT_MAX_LIST], *weighted_metrics[ANT_MAX_LIST];
    char ant_end;
} ant_output_options;
#define ANT_OUTPUT_DEFAULTS .loss_weight = 1
#define ANT_OUTPUT(...) ((ant_output_options){ANT_OUTPUT_DEFAULTS, .name = __VA_ARGS__})

typedef struct ant_compile_options {
    ant_model *model;
    const char *optimizer;              /* NULL: the model can be evaluated, not trained */
    const char *loss[ANT_MAX_PORTS];    /* one per output; a single one goes to every output */
    double loss_weights[ANT_MAX_PORTS]; /* one per output; none said: 1 each */
    /* {"mae", "accuracy"}; with several outputs one list for each: {{"mae"}, {"accuracy"}} */
    const char *metrics[ANT_MAX_PORTS][ANT_MAX_PARTS];
    const char *weighted_metrics[ANT_MAX_PORTS][ANT_MAX_PARTS];
    ant_output_options outputs[ANT_MAX_PORTS]; /* in place of the four before */
    char ant_end;
} ant_compile_options;
#define ANT_COMPILE_DEFAULTS .optimizer = "rmsprop", .loss_weights = {ANT_NONE}
/* Says how the model is trained and measured. Forgets the state of a former optimizer. What is
 * trainable is decided now. */
#define ant_compile(...)                                                                           \
    ant_compile_(&(ant_compile_options){ANT_COMPILE_DEFAULTS, .model = __VA_ARGS__},               \
                 offsetof(ant_compile_options, ant_end), __FILE__, __LINE__)
ANT_API int ant_compile_(const ant_compile_options *o, size_t size, const char *file, int line);

/* --- fit --- */
typedef struct ant_fit_options {
    ant_model *model;
    ant_array x[ANT_MAX_LIST], y[ANT_MAX_LIST];
    int batch_size;                      /* rows per step; ANT_NONE: 32, or rows / steps */
    int epochs;                          /* the epoch to end before; at least initial_epoch */
    int verbose;                         /* 0 nothing, 1 a bar, 2 one line an epoch, on stderr */
    const char *callbacks[ANT_MAX_LIST]; /* called in this order */
    double validation_split;             /* share of rows, from the end, in [0, 1) */
    ant_array validation_x[ANT_MAX_LIST], validation_y[ANT_MAX_LIST],
        validation_sample_weight[ANT_MAX_LIST];
    bool shuffle;                          /* a new order of the rows in every epoch */
    ant_floats class_weight;               /* the k-th number for class k; classes beyond weigh 1 */
    ant_array sample_weight[ANT_MAX_LIST]; /* (n) or the shape of the loss's values; one for all */
    int initial_epoch;                     /* numbers of epochs go on from here */
    int steps_per_epoch;                   /* ANT_NONE: until the rows end */
    int validation_steps;                  /* ANT_NONE: until the rows end */
    int validation_batch_size;             /* ANT_NONE: batch_size */
    int validation_freq;                   /* epochs between validations */
    ant_data *data, *validation_data;      /* rows from functions, in place of the arrays */
    char ant_end;
} ant_fit_options;
#define ANT_FIT_DEFAULTS                                                                           \
    .batch_size = ANT_NONE, .epochs = 1, .shuffle = true, .steps_per_epoch = ANT_NONE,             \
    .validation_steps = ANT_NONE, .validation_batch_size = ANT_NONE, .validation_freq = 1
/* Trains. ant_fit(m, x, y, …); several: ant_fit(m, ANT_LIST(a, b), {y, z}, …). The rows' order and
 * all random numbers come from the graph's seed and the steps made so far: trained in one go or in
 * two, saved and loaded in between, the numbers are the same. A model without a loss of its own may
 * be trained on its layers' penalties alone. ant_history_of(m) has the logs of every epoch. */
#define ant_fit(M, X, ...)                                                                         \
    ant_fit_(&(ant_fit_options){ANT_FIT_DEFAULTS, .model = (M), .x = X, .y = __VA_ARGS__},         \
             offsetof(ant_fit_options, ant_end))
#define ant_fit_data(M, ...)                                                                       \
    ant_fit_(&(ant_fit_options){ANT_FIT_DEFAULTS, .model = (M), .data = __VA_ARGS__},              \
             offsetof(ant_fit_options, ant_end))
ANT_API int ant_fit_(const ant_fit_options *o, size_t size);

/* --- evaluate --- */
typedef struct ant_evaluate_options {
    ant_model *model;
    ant_array x[ANT_MAX_LIST], y[ANT_MAX_LIST];
    int batch_size; /* ANT_NONE: 32, or rows / steps */
    ant_array sample_weight[ANT_MAX_LIST];
    int steps;      /* ANT_NONE: until the rows end */
    ant_data *data; /* in place of the arrays */
    char ant_end;
} ant_evaluate_options;
#define ANT_EVALUATE_DEFAULTS .batch_size = ANT_NONE, .steps = ANT_NONE
/* Loss and metrics over all rows, as in prediction; ant_results(m) has them. */
#define ant_evaluate(M, X, ...)                                                                    \
    ant_evaluate_(                                                                                 \
        &(ant_evaluate_options){ANT_EVALUATE_DEFAULTS, .model = (M), .x = X, .y = __VA_ARGS__},    \
        offsetof(ant_evaluate_options, ant_end))
ANT_API int ant_evaluate_(const ant_evaluate_options *o, size_t size);

/* --- single batches --- */
typedef struct ant_batch_options {
    ant_model *model;
    ant_array x[ANT_MAX_LIST], y[ANT_MAX_LIST], sample_weight[ANT_MAX_LIST];
    ant_floats class_weight;
    char ant_end;
} ant_batch_options;
/* One step on all rows given (or their loss and metrics); ant_results(m) has the numbers of this
 * batch alone. */
#define ant_train_on_batch(M, X, ...)                                                              \
    ant_train_on_batch_(&(ant_batch_options){.model = (M), .x = X, .y = __VA_ARGS__},              \
                        offsetof(ant_batch_options, ant_end))
#define ant_test_on_batch(M, X, ...)                                                               \
    ant_test_on_batch_(&(ant_batch_options){.model = (M), .x = X, .y = __VA_ARGS__},               \
                       offsetof(ant_batch_options, ant_end))
ANT_API int ant_train_on_batch_(const ant_batch_options *o, size_t size);
ANT_API int ant_test_on_batch_(const ant_batch_options *o, size_t size);

/* --- predict --- */
typedef struct ant_predict_options {
    ant_model *model;
    ant_array x[ANT_MAX_LIST], out[ANT_MAX_LIST];
    int batch_size; /* ANT_NONE: 32 */
    ant_run *run;   /* NULL: one of the model's own */
    char ant_end;
} ant_predict_options;
#define ANT_PREDICT_DEFAULTS .batch_size = ANT_NONE
/* Writes the outputs into the caller's arrays, (rows, …) of float32 or float64 (an output that is
 * int or bool: of its type, or any wider), row-major or strided; they may be given by name, and an
 * output that is not given is not kept. Needs no compile. */
#define ant_predict(M, X, ...)                                                                     \
    ant_predict_(                                                                                  \
        &(ant_predict_options){ANT_PREDICT_DEFAULTS, .model = (M), .x = X, .out = __VA_ARGS__},    \
        offsetof(ant_predict_options, ant_end))
ANT_API int ant_predict_(const ant_predict_options *o, size_t size);

/* A thread's own working memory, program cache and states for a model. NULL when out of memory or
 * the model is dead. The model must outlive it. */
ANT_API ant_run *ant_run_new(ant_model *m);
ANT_API void ant_run_free(ant_run *r);
/* The text of the last failed action on this run, "" when it went well. */
ANT_API const char *ant_run_error(const ant_run *r);
/* One sample, the shortest way: in[k] points at input k's numbers (of the input's type and aligned
 * so, row-major, without a batch axis), out[k] takes those of output k (NULL: not wanted). All axes
 * of the inputs but the batch must be known. 0 or the run's error. */
ANT_API int ant_predict_one(ant_run *r, const void *const *in, void *const *out);

/* --- what came out --- */
/* The numbers of the last evaluate, train_on_batch or test_on_batch, or of the last epoch of a fit:
 * in the order of their names. Valid until the next action on the model. Never NULL. */
ANT_API const ant_logs *ant_results(ant_model *m);
/* A number by name, NAN when there is none. */
ANT_API double ant_log(const ant_logs *l, const char *name);
ANT_API int ant_log_count(const ant_logs *l);
ANT_API const char *ant_log_name(const ant_logs *l, int k);
ANT_API double ant_log_at(const ant_logs *l, int k);

/* The logs of the last fit; never NULL, without epochs before the first. */
ANT_API const ant_history *ant_history_of(ant_model *m);
ANT_API int ant_history_epochs(const ant_history *h);
/* The number of the k-th epoch kept (initial_epoch and up), -1 outside. */
ANT_API int ant_history_epoch(const ant_history *h, int k);
/* Its logs; never NULL, empty outside. */
ANT_API const ant_logs *ant_history_logs(const ant_history *h, int k);
/* ant_log of those: NAN when there is none. */
ANT_API double ant_history_value(const ant_history *h, int k, const char *name);

/* --- while training --- */
/* Ends fit after the batch or epoch that is under way; for callbacks. */
ANT_API void ant_stop_training(ant_model *m);
/* The rate of the next step; NAN when the model is not compiled with an optimizer. */
ANT_API double ant_learning_rate(ant_model *m);
/* Refused (ANT_E_STATE) where a schedule rules. */
ANT_API int ant_set_learning_rate(ant_model *m, double rate);
/* Updates made so far. */
ANT_API int64_t ant_iterations(ant_model *m);

#ifdef __cplusplus
}
#endif
#endif
