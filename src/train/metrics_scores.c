/* Scores of every entry of the last axis, and their average: F-beta, R2. */
#include "train/metric.h"
#include <string.h>

/* Both as (batch, classes), and the weights as (batch, 1); false after an error. */
static bool columns(ant_metric_call *c, ant_value **t, ant_value **y, ant_value **w) {
    ant_program *p = c->program;
    *t = c->target;
    *y = c->output;
    if (!ant__align_equal(p, c->metric->part.cls->name, t, y))
        return false;
    *w = c->weight ? c->weight : ant_op_number(p, 1);
    if (c->weight && c->weight->dims.rank == 1)
        *w = ant_op_expand(p, c->weight, -1);
    return *w != NULL;
}

/* The sums over the batch of several values, side by side: (classes, n). */
static ant_value *column_sums(ant_program *p, ant_value *const *x, int n) {
    ant_value *sums[4];
    for (int k = 0; k < n; k++)
        sums[k] = ant_op_sum(p, x[k], ANT_AXIS(0), false);
    return ant_op_stack(p, sums, n, 1);
}

/* --- F-beta: weights of true positives, false positives and false negatives --- */
typedef struct score_options {
    const char *average;
    double beta, threshold;
} score_options;

static score_options score_of(const ant_metric *m) {
    if (strcmp(m->part.cls->name, "F1Score") == 0) {
        const ant_f1_score_options *o = m->part.options;
        return (score_options){o->average, 1, o->threshold};
    }
    const ant_fbeta_score_options *o = m->part.options;
    return (score_options){o->average, o->beta, o->threshold};
}

static void fbeta_totals(const void *options, int64_t classes, ant_dims dims[ANT__TOTALS]) {
    (void)options;
    dims[0] = ANT__DIMS(classes, 3);
}

/* What is called positive: above the threshold, or the largest of its row where it is not 0. */
static ant_value *called(ant_program *p, const score_options *o, ant_value *y) {
    if (o->threshold != ANT_NONE)
        return ant_op_real(p, ant_op_greater(p, y, ant_op_number(p, o->threshold)));
    ant_value *largest = ant_op_greater_equal(p, y, ant_op_max(p, y, ANT_LAST, true));
    ant_value *there = ant_op_greater(p, ant_op_abs(p, y), ant_op_number(p, 1e-9));
    return ant_op_real(p, ant_op_logical_and(p, largest, there));
}

static void fbeta_update(ant_metric_call *c) {
    ant_program *p = c->program;
    score_options o = score_of(c->metric);
    ant_value *t, *y, *w;
    if (!columns(c, &t, &y, &w))
        return;
    ant_value *yes = called(p, &o, y), *right = ant_op_mul(p, ant_op_mul(p, yes, t), w);
    ant_value *sums[] = {right, ant_op_sub(p, ant_op_mul(p, yes, w), right),
                         ant_op_sub(p, ant_op_mul(p, t, w), right)};
    c->total[0] = ant_op_add(p, c->total[0], column_sums(p, sums, 3));
}

static double fbeta(double beta, double tp, double fp, double fn) {
    double precision = tp / (tp + fp + ANT__EPSILON), recall = tp / (tp + fn + ANT__EPSILON);
    double both = beta * beta * precision + recall;
    return (1 + beta * beta) * precision * recall / (both + ANT__EPSILON);
}

static double fbeta_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    score_options o = score_of(m);
    int64_t n = m->dims[0].dim[0];
    double sum[3] = {0}, scores = 0, weighted = 0, support = 0;
    for (int64_t k = 0; k < n; k++) {
        const double *x = total[0] + 3 * k;
        double tp = (double)x[0], fp = (double)x[1], fn = (double)x[2];
        double score = fbeta(o.beta, tp, fp, fn);
        sum[0] += tp, sum[1] += fp, sum[2] += fn;
        scores += score;
        weighted += score * (tp + fn);
        support += tp + fn;
    }
    if (strcmp(o.average, "micro") == 0)
        return fbeta(o.beta, sum[0], sum[1], sum[2]);
    return strcmp(o.average, "weighted") == 0 ? weighted / (support + ANT__EPSILON)
                                              : scores / (double)n;
}

/* --- R2: weights, sums of t, of t^2 and of (t - y)^2 --- */
static void r2_totals(const void *options, int64_t classes, ant_dims dims[ANT__TOTALS]) {
    (void)options;
    dims[0] = ANT__DIMS(classes, 4);
}

static void r2_update(ant_metric_call *c) {
    ant_program *p = c->program;
    ant_value *t, *y, *w;
    if (!columns(c, &t, &y, &w))
        return;
    ant_value *all = ant__broadcast_to(p, w, &t->dims), *weighted = ant_op_mul(p, t, w);
    ant_value *error = ant_op_square(p, ant_op_sub(p, t, y));
    ant_value *sums[] = {all, weighted, ant_op_mul(p, weighted, t), ant_op_mul(p, error, w)};
    c->total[0] = ant_op_add(p, c->total[0], column_sums(p, sums, 4));
}

static double r2_result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    const ant_r2_score_options *o = m->part.options;
    bool uniform = strcmp(o->class_aggregation, "uniform_average") == 0;
    int64_t n = m->dims[0].dim[0];
    double scores = 0, weights = 0;
    for (int64_t k = 0; k < n; k++) {
        const double *x = total[0] + 4 * k;
        double count = (double)x[0], sum = (double)x[1];
        double spread = count > 0 ? (double)x[2] - sum * sum / count : 0;
        double score = spread == 0 ? 0 : 1 - (double)x[3] / spread;
        double weight = uniform ? 1 : spread;
        scores += weight * score;
        weights += weight;
    }
    return weights == 0 ? 0 : scores / weights;
}

/* --- the classes --- */
#define AVERAGE_ROW(T)                                                                             \
    ANT__ROW(T, average, "of the classes' scores", .words = "macro micro weighted")
#define THRESHOLD_ROW(T)                                                                           \
    ANT__ROW(T, threshold, "what is positive exceeds it; none: the largest of its row is")

static bool always(const void *options) {
    (void)options;
    return true;
}

static const ant_row f1_score_rows[] = {AVERAGE_ROW(f1_score), THRESHOLD_ROW(f1_score),
                                        ANT__PART_ROWS(f1_score)};
static const ant_row fbeta_score_rows[] = {
    AVERAGE_ROW(fbeta_score),
    ANT__ROW(fbeta_score, beta, "how much more recall counts than precision", ANT__ABOVE(0)),
    THRESHOLD_ROW(fbeta_score), ANT__PART_ROWS(fbeta_score)};
static const ant_row r2_score_rows[] = {
    ANT__ROW(r2_score, class_aggregation, "average of the entries' scores",
             .words = "uniform_average variance_weighted_average"),
    ANT__PART_ROWS(r2_score)};

#define SCORE(Name, T, U, words, what)                                                             \
    ANT__CLASS(Name, T, U, ANT_METRIC,                                                             \
               (&(const ant_metric_class){.update = what##_update,                                 \
                                          .totals = what##_totals,                                 \
                                          .by_output = always,                                     \
                                          .result = what##_result,                                 \
                                          .larger_is_better = true}),                              \
               .alias = words)
static const ant_class classes[] = {
    SCORE(F1Score, f1_score, F1_SCORE, "f1_score", fbeta),
    SCORE(FBetaScore, fbeta_score, FBETA_SCORE, "fbeta_score", fbeta),
    SCORE(R2Score, r2_score, R2_SCORE, "r2_score", r2),
};
const ant_family ant__score_family = ANT__FAMILY("scores", classes);
