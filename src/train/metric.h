/* Metrics inside: classes that write how a batch changes their totals, and that make a number of
 * the totals. */
#ifndef ANT_TRAIN_METRIC_H
#define ANT_TRAIN_METRIC_H
#include "antler/metrics.h"
#include "train/loss.h"

enum { ANT__TOTALS = 2 };

typedef struct ant_metric ant_metric;

/* One use of a metric while its ops are written. */
typedef struct ant_metric_call {
    ant_program *program;
    const ant_metric *metric;
    ant_value *target, *output;
    ant_value *weight;             /* the mask multiplied in; NULL: all 1 */
    ant_value *total[ANT__TOTALS]; /* before; `update` replaces them */
} ant_metric_call;

/* `impl` of the kind ANT_METRIC: a mean of values, or totals of its own. */
typedef struct ant_metric_class {
    /* --- a mean --- */
    ant_loss_class mean;       /* its values, with the metric's options; values NULL: see loss */
    const char *loss;          /* the loss whose values are meant, with options of the same names */
    bool negate;               /* … the other way round */
    double (*shape)(double x); /* applied to the mean; NULL: nothing */
    /* --- totals --- */
    void (*update)(ant_metric_call *c); /* NULL: it is a mean */
    /* Their shapes, from the options, or where by_output says so also from the output's last axis
     * (NULL: never). */
    void (*totals)(const void *options, int64_t classes, ant_dims dims[ANT__TOTALS]);
    bool (*by_output)(const void *options);
    /* What the output's last axis must be for the options; 0 or an error in the context. */
    int (*fits)(ant_context *c, const void *options, int64_t classes);
    double (*result)(const ant_metric *m, const double *const total[ANT__TOTALS]);
    /* What rows cannot say of the options; NULL: nothing. 0 or an error in the context. */
    int (*check)(ant_context *c, const void *options);
    bool larger_is_better;
} ant_metric_class;

/* A metric said in compile. */
struct ant_metric {
    ant_part part;
    ant_part loss;                   /* with loss: that loss, with the metric's options */
    const char *name;                /* as logs show it, without the output's name */
    ant_dims dims[ANT__TOTALS];      /* of the totals; sum and count of a mean */
    ant_variable total[ANT__TOTALS]; /* data set by whoever owns the numbers */
    double *shown[ANT__TOTALS];      /* the same numbers, as `result` reads them */
};
/* Reads the text; texts and options live in the context. 0 or an error in it. */
int ant__metric_read(ant_context *c, const char *text, ant_metric *out);
/* The shapes of its totals for an output of these dims. 0 or an error in c. */
int ant__metric_shape(ant_context *c, ant_metric *m, const ant_dims *output);
/* Bytes of its totals, each begun at a multiple of 64; binding them to memory, as numbers of type
 * `real` (float32 or float64). */
size_t ant__metric_size(const ant_metric *m);
void ant__metric_bind(ant_metric *m, int real, void *numbers);

/* Writes the update for one batch. weight and mask (bool) may be NULL. */
void ant__metric_write(ant_program *p, ant_metric *m, ant_value *target, ant_value *output,
                       ant_value *weight, ant_value *mask);
double ant__metric_result(const ant_metric *m);
/* Whether a log of this name ("val_accuracy") is better when larger, as far as names tell. */
bool ant__larger_is_better(const ant_context *c, const char *log);
#endif
