/* Training inside: what compile keeps in a model, and how the floors above save and restore it. */
#ifndef ANT_TRAIN_TRAIN_H
#define ANT_TRAIN_TRAIN_H
#include "antler/train.h"
#include "graph/graph.h"
#include "train/logs.h"
#include "train/metric.h"
#include "train/optimizer.h"

/* A metric of one output. */
typedef struct ant_metric_use {
    ant_metric metric;
    int output;
    bool weighted;   /* sees sample weights */
    const char *log; /* its key in logs: "kind_accuracy" */
} ant_metric_use;

/* What is wanted of one output. */
typedef struct ant_output_use {
    const ant_output_options *options; /* NULL: nothing; owned by the compiled state */
    ant_loss loss;                     /* part.cls NULL: none */
    bool logged;                       /* its own loss is in the logs: there are several */
    bool wanted;                       /* it has a loss or metrics, and needs a target */
    bool labels;                       /* the target is classes: int32 */
} ant_output_use;

/* A number of the logs: where it comes from. */
enum ant_log_source { ANT__LOG_LOSS, ANT__LOG_OUTPUT, ANT__LOG_METRIC };
typedef struct ant_log_name_entry {
    const char *name, *val_name; /* "kind_accuracy", "val_kind_accuracy" */
    enum ant_log_source source;
    int index; /* of the output or the metric */
} ant_log_name_entry;

/* The compiled state of a model: ant_model_body.train. */
typedef struct ant_compiled {
    ant_model *model;
    ant_context context;        /* all texts and options */
    uint64_t generation;        /* tells its programs from those of a former compile */
    const char *optimizer_text; /* canonical; NULL: none */
    ant_optimizer optimizer;    /* cls NULL: none */
    /* what was said: by place, or by name */
    const ant_output_options *said[ANT_MAX_PORTS];
    int n_said;
    bool one_for_all; /* a single loss, said for every output */
    /* what became of it, once the model is built */
    bool prepared;
    int changes; /* of the model's layers, then */
    ant_output_use out[ANT_MAX_PORTS];
    int n_out, n_losses;
    ANT__LIST(ant_metric_use) metrics;
    ANT__LIST(ant_log_name_entry) logs; /* by name */
    ANT__LIST(ant_trained) trained;     /* weights that training changes */
    void *totals;                       /* the numbers of all metrics */
    size_t totals_size;
    /* of the last actions */
    ant_logs results;
    ant_history history;
    bool stop;
    bool fitting; /* a fit is under way: a callback cannot begin another, nor compile */
} ant_compiled;

/* The compiled state, NULL when there is none. */
ant_compiled *ant__compiled(const ant_model *m);
/* The same for an action that needs one, prepared; NULL: the model's error. Settles the model. */
ant_compiled *ant__compiled_ready(ant_model *m);
/* All metrics' totals to zero. */
void ant__compiled_reset(ant_compiled *c);
/* Names of logs in Keras's order (those of validation with `val`), with their results now: losses
 * are given as sums over samples. false when out of memory. */
typedef struct ant_sums {
    double loss, output[ANT_MAX_PORTS];
    int64_t samples;
} ant_sums;
bool ant__compiled_logs(const ant_compiled *c, const ant_sums *sums, bool val, ant_logs *out);

/* --- for files (floor io) --- */
/* compile: as a map {optimizer, loss, loss_weights, metrics, weighted_metrics}, with what differs
 * from nothing said; maps by output name where there are several outputs. The model is settled.
 * NULL when it is not compiled, or after an error in c. */
ant_tree *ant__compile_tree(ant_context *c, const ant_model *m);
/* Compiles by such a map; loss, metrics … may also be lists by place, or single ones. 0 or the
 * model's error, which begins with the place in the file. */
int ant__compile_read(ant_model *m, const ant_tree *t);
/* The optimizer's scalars that go on after loading. */
typedef struct ant_progress_state {
    int64_t calls;
    double learning_rate, memory;
} ant_progress_state;
/* false: not compiled with an optimizer. */
bool ant__train_state_get(const ant_model *m, ant_progress_state *out);
bool ant__train_state_set(ant_model *m, const ant_progress_state *s);
/* The optimizer's variables, float32, by name ("momentum/dense/kernel"): the number of them, or the
 * model's error as a negative code; the k-th, whose numbers may be read and written. */
int ant__train_variables(ant_model *m);
ant_variable *ant__train_variable(ant_model *m, int k);
/* The sizes of all outputs that predict would write for these inputs: a model of sequences may have
 * an output as long as its input. Axes that no rows can tell stay unknown. 0 or the model's
 * error. */
int ant__predict_dims(const ant_predict_options *o, ant_dims dims[ANT_MAX_PORTS]);
#endif
