/* Metrics of yes and no: counts, precision, recall. */
#include "train/confusion.h"
#include <string.h>

ant_counts ant__counts_at(const double *const total[ANT__TOTALS], int k) {
    ant_counts c = {.tp = total[0][2 * k], .fp = total[0][2 * k + 1]};
    c.fn = fmax(total[1][0] - c.tp, 0);
    c.tn = fmax(total[1][1] - c.fp, 0);
    return c;
}

void ant__count_totals(int thresholds, ant_dims dims[ANT__TOTALS]) {
    dims[0] = ANT__DIMS(thresholds, 2);
    dims[1] = ANT__DIMS(2);
}

double ant__share(double x, double y) {
    return y == 0 ? 0 : x / y;
}

/* --- counting --- */
static ant_value *as_row(ant_program *p, ant_value *x) {
    return ant_op_reshape(p, x, (const int64_t[]){1, -1}, 2);
}

ant_value *ant__full_weight(ant_metric_call *c, const ant_dims *dims) {
    ant_program *p = c->program;
    ant_value *w = c->weight ? c->weight : ant_op_number(p, 1);
    while (c->weight && w && w->dims.rank < dims->rank)
        w = ant_op_expand(p, w, -1);
    return ant__broadcast_to(p, w, dims);
}

void ant__count_weighted(ant_metric_call *c, ant_value *t, ant_value *y, ant_value *thresholds,
                         ant_value *weight) {
    ant_program *p = c->program;
    ant_value *w = as_row(p, weight), *yes = ant_op_not_equal(p, t, ant_op_number(p, 0));
    ant_value *positive = ant_op_mul(p, as_row(p, ant_op_real(p, yes)), w);
    ant_value *both[] = {positive, ant_op_sub(p, w, positive)};
    ant_value *weights = ant_op_concat(p, both, 2, 0);
    ant_value *called = ant_op_real(p, ant_op_greater(p, as_row(p, y), thresholds));
    ant_value *above = ant_op_matmul(p, called, weights, false, true);
    c->total[0] = ant_op_add(p, c->total[0], above);
    c->total[1] = ant_op_add(p, c->total[1], ant_op_sum(p, weights, ANT_LAST, false));
}

void ant__count_above(ant_metric_call *c, ant_value *t, ant_value *y, ant_value *thresholds) {
    if (t && y)
        ant__count_weighted(c, t, y, thresholds, ant__full_weight(c, &y->dims));
}

ant_value *ant__threshold_column(ant_program *p, const double *x, int n) {
    return ant_op_constant(p, x, (const int64_t[]){n, 1}, 2);
}

/* The thresholds said, or the usual one. */
static ant_value *said_or(ant_program *p, ant_floats said, double usual) {
    return said.count > 0 ? ant__threshold_column(p, said.data, said.count)
                          : ant__threshold_column(p, &usual, 1);
}

/* --- counts alone --- */
_Static_assert(offsetof(ant_confusion_options, thresholds) ==
                   offsetof(ant_precision_options, thresholds),
               "count_totals reads the options of both");
static void count_totals(const void *options, int64_t classes, ant_dims dims[ANT__TOTALS]) {
    const ant_confusion_options *o = options;
    (void)classes;
    ant__count_totals(o->thresholds.count > 0 ? o->thresholds.count : 1, dims);
}

static void count_update(ant_metric_call *c) {
    const ant_confusion_options *o = c->metric->part.options;
    ant_value *t = c->target, *y = c->output;
    if (ant__align_equal(c->program, c->metric->part.cls->name, &t, &y))
        ant__count_above(c, t, y, said_or(c->program, o->thresholds, 0.5));
}

static double mean_of(const ant_metric *m, const double *const total[ANT__TOTALS],
                      double (*of)(ant_counts c)) {
    int n = (int)m->dims[0].dim[0];
    double sum = 0;
    for (int k = 0; k < n; k++)
        sum += of(ant__counts_at(total, k));
    return sum / n;
}

static double tp_of(ant_counts c) {
    return c.tp;
}
static double tn_of(ant_counts c) {
    return c.tn;
}
static double fp_of(ant_counts c) {
    return c.fp;
}
static double fn_of(ant_counts c) {
    return c.fn;
}
static double precision_of(ant_counts c) {
    return ant__share(c.tp, c.tp + c.fp);
}
static double recall_of(ant_counts c) {
    return ant__share(c.tp, c.tp + c.fn);
}

static double tp_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return mean_of(m, total, tp_of);
}
static double tn_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return mean_of(m, total, tn_of);
}
static double fp_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return mean_of(m, total, fp_of);
}
static double fn_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return mean_of(m, total, fn_of);
}
static double precision_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return mean_of(m, total, precision_of);
}
static double recall_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    return mean_of(m, total, recall_of);
}

/* --- precision and recall --- */
/* What is not among the k largest of its row becomes too small for any threshold; of equals the
 * first count. */
static ant_value *only_top_k(ant_program *p, ant_value *y, int k) {
    int64_t n = y->dims.dim[y->dims.rank - 1];
    ant_value *index = ant_op_cumsum(p, ant_op_fill(p, &n, 1, 1), 0);
    ant_value *mine = ant_op_expand(p, y, -1), *other = ant_op_expand(p, y, -2);
    ant_value *earlier = ant_op_less(p, ant_op_expand(p, index, 0), ant_op_expand(p, index, 1));
    ant_value *tie = ant_op_logical_and(p, ant_op_equal(p, other, mine), earlier);
    ant_value *before = ant_op_logical_or(p, ant_op_greater(p, other, mine), tie);
    ant_value *rank = ant_op_sum(p, ant_op_real(p, before), ANT_LAST, false);
    ant_value *top = ant_op_less(p, rank, ant_op_number(p, k));
    return ant_op_where(p, top, y, ant_op_number(p, -1e10));
}

ant_value *ant__class_column(ant_metric_call *c, ant_value *x, int id) {
    int64_t classes = x->dims.dim[x->dims.rank - 1];
    if (id >= classes && classes >= 0) {
        ant__fail(ant__program_error(c->program), ANT_E_OPTION,
                  "%s: class_id %d, but the output has %lld classes", c->metric->part.cls->name, id,
                  (long long)classes);
        return NULL;
    }
    return ant_op_slice(c->program, x, x->dims.rank - 1, id, 1, 1);
}

static void precision_update(ant_metric_call *c) {
    const ant_precision_options *o = c->metric->part.options;
    ant_program *p = c->program;
    ant_value *t = c->target, *y = c->output;
    if (!ant__align_equal(p, c->metric->part.cls->name, &t, &y))
        return;
    if (o->top_k != ANT_NONE)
        y = only_top_k(p, y, o->top_k);
    if (o->class_id != ANT_NONE && y) {
        t = ant__class_column(c, t, o->class_id);
        y = ant__class_column(c, y, o->class_id);
    }
    ant__count_above(c, t, y, said_or(p, o->thresholds, o->top_k != ANT_NONE ? -1e10 : 0.5));
}

/* --- the classes --- */
static const ant_row confusion_rows[] = {
    ANT__ROW(confusion, thresholds, "what outputs must exceed to be called positive"),
    ANT__PART_ROWS(confusion)};
static const ant_row precision_rows[] = {
    ANT__ROW(precision, thresholds, "what outputs must exceed to be called positive"),
    ANT__ROW(precision, top_k, "how many of a sample's largest entries may be positive",
             ANT__AT_LEAST(1)),
    ANT__ROW(precision, class_id, "the only class that counts", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(precision)};

#define COUNTS(Name, T, U, Update, Result, better)                                                 \
    ANT__CLASS(Name, T, U, ANT_METRIC,                                                             \
               (&(const ant_metric_class){.update = Update,                                        \
                                          .totals = count_totals,                                  \
                                          .result = Result,                                        \
                                          .larger_is_better = better}))
static const ant_class classes[] = {
    COUNTS(FalseNegatives, confusion, CONFUSION, count_update, fn_result, false),
    COUNTS(FalsePositives, confusion, CONFUSION, count_update, fp_result, false),
    COUNTS(Precision, precision, PRECISION, precision_update, precision_result, true),
    COUNTS(Recall, precision, PRECISION, precision_update, recall_result, true),
    COUNTS(TrueNegatives, confusion, CONFUSION, count_update, tn_result, true),
    COUNTS(TruePositives, confusion, CONFUSION, count_update, tp_result, true),
};
const ant_family ant__confusion_family = ANT__FAMILY("metrics of yes and no", classes);
