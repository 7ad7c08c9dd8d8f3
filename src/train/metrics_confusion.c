/* Metrics of yes and no: counts, precision, recall, areas under curves. */
#include "train/confusion.h"
#include <string.h>

ant_counts ant__counts_at(const float *const total[ANT__TOTALS], int k) {
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

/* Axes of 1 behind the weight, then as large as the outputs, in a row; ones when there is none. */
static ant_value *weight_row(ant_metric_call *c, const ant_dims *dims) {
    ant_program *p = c->program;
    ant_value *w = c->weight ? c->weight : ant_op_number(p, 1);
    while (c->weight && w && w->dims.rank < dims->rank)
        w = ant_op_expand(p, w, -1);
    return as_row(p, ant__broadcast_to(p, w, dims));
}

/* Adds the counts of this batch for outputs above each threshold. */
void ant__count_above(ant_metric_call *c, ant_value *t, ant_value *y, ant_value *thresholds) {
    ant_program *p = c->program;
    if (t == NULL || y == NULL)
        return;
    ant_value *w = weight_row(c, &y->dims), *yes = ant_op_not_equal(p, t, ant_op_number(p, 0));
    ant_value *positive = ant_op_mul(p, as_row(p, ant_op_real(p, yes)), w);
    ant_value *both[] = {positive, ant_op_sub(p, w, positive)};
    ant_value *weights = ant_op_concat(p, both, 2, 0);
    ant_value *called = ant_op_real(p, ant_op_greater(p, as_row(p, y), thresholds));
    ant_value *above = ant_op_matmul(p, called, weights, false, true);
    c->total[0] = ant_op_add(p, c->total[0], above);
    c->total[1] = ant_op_add(p, c->total[1], ant_op_sum(p, weights, ANT_LAST, false));
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

static double mean_of(const ant_metric *m, const float *const total[ANT__TOTALS],
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

static double tp_result(const ant_metric *m, const float *const total[ANT__TOTALS]) {
    return mean_of(m, total, tp_of);
}
static double tn_result(const ant_metric *m, const float *const total[ANT__TOTALS]) {
    return mean_of(m, total, tn_of);
}
static double fp_result(const ant_metric *m, const float *const total[ANT__TOTALS]) {
    return mean_of(m, total, fp_of);
}
static double fn_result(const ant_metric *m, const float *const total[ANT__TOTALS]) {
    return mean_of(m, total, fn_of);
}
static double precision_result(const ant_metric *m, const float *const total[ANT__TOTALS]) {
    return mean_of(m, total, precision_of);
}
static double recall_result(const ant_metric *m, const float *const total[ANT__TOTALS]) {
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

/* --- AUC --- */
static int auc_thresholds(const ant_auc_options *o) {
    return o->thresholds.count > 0 ? o->thresholds.count + 2 : o->num_thresholds;
}

static void auc_totals(const void *options, int64_t classes, ant_dims dims[ANT__TOTALS]) {
    (void)classes;
    ant__count_totals(auc_thresholds(options), dims);
}

static int auc_check(ant_context *c, const void *options) {
    const ant_auc_options *o = options;
    for (int k = 0; k < o->thresholds.count; k++)
        if (!(o->thresholds.data[k] >= 0 && o->thresholds.data[k] <= 1))
            return ant__fail(&c->error, ANT_E_OPTION, "AUC: threshold %g, must be between 0 and 1",
                             o->thresholds.data[k]);
    return 0;
}

/* Threshold k of n: just below 0, those between in rising order, just above 1. */
static double auc_threshold(const ant_auc_options *o, int k, int n) {
    if (k == 0 || k == n - 1)
        return k == 0 ? -ANT__EPSILON : 1 + ANT__EPSILON;
    if (o->thresholds.count == 0)
        return (double)k / (n - 1);
    const double *x = o->thresholds.data;
    int i = 0, before = -1;
    for (; before != k - 1; i++) { /* the one that has k - 1 before it */
        before = 0;
        for (int j = 0; j < n - 2; j++)
            before += x[j] < x[i] || (x[j] == x[i] && j < i);
    }
    return x[i - 1];
}

static ant_value *auc_column(ant_program *p, const ant_auc_options *o) {
    int n = auc_thresholds(o);
    double *x = ant__alloc_array((size_t)n, sizeof *x);
    if (x == NULL) {
        ant__fail_memory(ant__program_error(p));
        return NULL;
    }
    for (int k = 0; k < n; k++)
        x[k] = auc_threshold(o, k, n);
    ant_value *v = ant__threshold_column(p, x, n);
    ant__free(x);
    return v;
}

static void auc_update(ant_metric_call *c) {
    const ant_auc_options *o = c->metric->part.options;
    ant_program *p = c->program;
    ant_value *t = c->target, *y = c->output;
    if (!ant__align_equal(p, c->metric->part.cls->name, &t, &y))
        return;
    if (o->from_logits)
        y = ant_op_sigmoid(p, y);
    ant_value *thresholds = auc_column(p, o);
    if (thresholds)
        ant__count_above(c, t, y, thresholds);
}

/* The area under precision over recall between two thresholds, a above b. Davis and Goadrich. */
static double pr_area(ant_counts a, ant_counts b) {
    double pa = a.tp + a.fp, pb = b.tp + b.fp, dtp = a.tp - b.tp;
    double slope = ant__share(dtp, fmax(pa - pb, 0)), intercept = b.tp - slope * pb;
    double ratio = pa > 0 && pb > 0 ? pa / pb : 1;
    return ant__share(slope * (dtp + intercept * log(ratio)), fmax(b.tp + b.fn, 0));
}

typedef struct point {
    double x, y;
} point;

static point curve_point(bool roc, ant_counts c) {
    return roc ? (point){ant__share(c.fp, c.fp + c.tn), recall_of(c)}
               : (point){recall_of(c), precision_of(c)};
}

static double auc_result(const ant_metric *m, const float *const total[ANT__TOTALS]) {
    const ant_auc_options *o = m->part.options;
    bool roc = strcmp(o->curve, "ROC") == 0;
    bool trapezoids = strcmp(o->summation_method, "interpolation") == 0;
    bool least = strcmp(o->summation_method, "minoring") == 0;
    double area = 0;
    for (int k = 0; k + 1 < auc_thresholds(o); k++) {
        ant_counts a = ant__counts_at(total, k), b = ant__counts_at(total, k + 1);
        point p = curve_point(roc, a), q = curve_point(roc, b);
        double height = trapezoids ? (p.y + q.y) / 2 : least ? fmin(p.y, q.y) : fmax(p.y, q.y);
        area += !roc && trapezoids ? pr_area(a, b) : (p.x - q.x) * height;
    }
    return area;
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
static const ant_row auc_rows[] = {
    ANT__ROW(auc, num_thresholds, "points of the curve", ANT__AT_LEAST(2)),
    ANT__ROW(auc, curve, "rates or precision and recall", .words = "ROC PR"),
    ANT__ROW(auc, summation_method, "height between two points",
             .words = "interpolation minoring majoring"),
    ANT__PART_ROWS(auc),
    ANT__ROW(auc, thresholds, "points of the curve, in place of num_thresholds"),
    ANT__ROW(auc, from_logits, "whether outputs are logits")};

#define COUNTS(Name, T, U, Update, Result, better)                                                 \
    ANT__CLASS(Name, T, U, ANT_METRIC,                                                             \
               (&(const ant_metric_class){.update = Update,                                        \
                                          .totals = count_totals,                                  \
                                          .result = Result,                                        \
                                          .larger_is_better = better}))
static const ant_class classes[] = {
    ANT__CLASS(AUC, auc, AUC, ANT_METRIC,
               (&(const ant_metric_class){.update = auc_update,
                                          .totals = auc_totals,
                                          .result = auc_result,
                                          .check = auc_check,
                                          .larger_is_better = true})),
    COUNTS(FalseNegatives, confusion, CONFUSION, count_update, fn_result, false),
    COUNTS(FalsePositives, confusion, CONFUSION, count_update, fp_result, false),
    COUNTS(Precision, precision, PRECISION, precision_update, precision_result, true),
    COUNTS(Recall, precision, PRECISION, precision_update, recall_result, true),
    COUNTS(TrueNegatives, confusion, CONFUSION, count_update, tn_result, true),
    COUNTS(TruePositives, confusion, CONFUSION, count_update, tp_result, true),
};
const ant_family ant__confusion_family = ANT__FAMILY("metrics of yes and no", classes);
