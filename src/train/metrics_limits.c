/* The best of one rate where another is at least a limit, over thresholds. */
#include "train/confusion.h"

/* Threshold k of n, evenly from 0 to 1. */
static double threshold_at(int k, int n) {
    return n == 1 ? 0.5 : (double)k / (n - 1);
}

static void limit_totals(const void *options, int64_t classes, ant_dims dims[ANT__TOTALS]) {
    (void)classes;
    ant__count_totals(((const ant_limit_options *)options)->num_thresholds, dims);
}

static ant_value *thresholds_of(ant_program *p, int n) {
    double *x = ant__alloc_array((size_t)n, sizeof *x);
    if (x == NULL) {
        ant__fail_memory(ant__program_error(p));
        return NULL;
    }
    for (int k = 0; k < n; k++)
        x[k] = threshold_at(k, n);
    ant_value *v = ant__threshold_column(p, x, n);
    ant__free(x);
    return v;
}

static void limit_update(ant_metric_call *c) {
    const ant_limit_options *o = c->metric->part.options;
    ant_value *t = c->target, *y = c->output;
    if (!ant__align_equal(c->program, c->metric->part.cls->name, &t, &y))
        return;
    if (o->class_id != ANT_NONE) {
        t = ant__class_column(c, t, o->class_id);
        y = ant__class_column(c, y, o->class_id);
    }
    ant_value *thresholds = thresholds_of(c->program, o->num_thresholds);
    if (thresholds)
        ant__count_above(c, t, y, thresholds);
}

typedef double rate(ant_counts c);

static double sensitivity(ant_counts c) {
    return ant__share(c.tp, c.tp + c.fn);
}

static double specificity(ant_counts c) {
    return ant__share(c.tn, c.tn + c.fp);
}

static double precision(ant_counts c) {
    return ant__share(c.tp, c.tp + c.fp);
}

static double best(const ant_metric *m, const double *const total[ANT__TOTALS], rate *wanted,
                   rate *limited) {
    const ant_limit_options *o = m->part.options;
    double most = 0;
    for (int k = 0; k < o->num_thresholds; k++) {
        ant_counts c = ant__counts_at(total, k);
        if (limited(c) >= o->value)
            most = fmax(most, wanted(c));
    }
    return most;
}

static double sensitivity_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return best(m, total, sensitivity, specificity);
}

static double specificity_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return best(m, total, specificity, sensitivity);
}

static double precision_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return best(m, total, precision, sensitivity);
}

static double recall_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return best(m, total, sensitivity, precision);
}

/* Keras names the value by the other rate. */
#define LIMIT_ROWS(other)                                                                          \
    {                                                                                              \
        ANT__ROW(limit, value, "what the other rate must be at least", ANT__BETWEEN(0, 1),         \
                 .keras = (other)),                                                                \
            ANT__ROW(limit, num_thresholds, "thresholds tried", ANT__AT_LEAST(1)),                 \
            ANT__ROW(limit, class_id, "the only class that counts", ANT__AT_LEAST(0)),             \
            ANT__PART_ROWS(limit)                                                                  \
    }
static const ant_row at_precision_rows[] = LIMIT_ROWS("precision");
static const ant_row at_recall_rows[] = LIMIT_ROWS("recall");
static const ant_row at_sensitivity_rows[] = LIMIT_ROWS("sensitivity");
static const ant_row at_specificity_rows[] = LIMIT_ROWS("specificity");

typedef ant_limit_options ant_at_precision_options;
typedef ant_limit_options ant_at_recall_options;
typedef ant_limit_options ant_at_sensitivity_options;
typedef ant_limit_options ant_at_specificity_options;

#define LIMIT(Name, other, Result)                                                                 \
    ANT__CLASS(Name, other, LIMIT, ANT_METRIC,                                                     \
               (&(const ant_metric_class){.update = limit_update,                                  \
                                          .totals = limit_totals,                                  \
                                          .result = Result,                                        \
                                          .larger_is_better = true}))
static const ant_class classes[] = {
    LIMIT(PrecisionAtRecall, at_recall, precision_result),
    LIMIT(RecallAtPrecision, at_precision, recall_result),
    LIMIT(SensitivityAtSpecificity, at_specificity, sensitivity_result),
    LIMIT(SpecificityAtSensitivity, at_sensitivity, specificity_result),
};
const ant_family ant__limit_family = ANT__FAMILY("metrics of rates at limits", classes);
