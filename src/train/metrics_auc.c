/* Areas under curves that are drawn through thresholds. */
#include "train/confusion.h"
#include <string.h>

static int thresholds_n(const ant_auc_options *o) {
    return o->thresholds.count > 0 ? o->thresholds.count + 2 : o->num_thresholds;
}

/* --- what is said --- */
static int check(ant_context *c, const void *options) {
    const ant_auc_options *o = options;
    for (int k = 0; k < o->thresholds.count; k++)
        if (!(o->thresholds.data[k] >= 0 && o->thresholds.data[k] <= 1))
            return ant__fail(&c->error, ANT_E_OPTION, "AUC: threshold %g, must be between 0 and 1",
                             o->thresholds.data[k]);
    for (int k = 0; k < o->label_weights.count; k++)
        if (!(o->label_weights.data[k] >= 0))
            return ant__fail(&c->error, ANT_E_OPTION, "AUC: label weight %g, must be at least 0",
                             o->label_weights.data[k]);
    if (o->num_labels != ANT_NONE && !o->multi_label)
        return ant__fail(&c->error, ANT_E_OPTION,
                         "AUC: num_labels is %d, which only multi_label takes", o->num_labels);
    return 0;
}

static bool by_output(const void *options) {
    const ant_auc_options *o = options;
    return o->multi_label;
}

static int fits(ant_context *c, const void *options, int64_t labels) {
    const ant_auc_options *o = options;
    int weights = o->label_weights.count;
    if (o->num_labels != ANT_NONE && o->num_labels != labels)
        return ant__fail(&c->error, ANT_E_SHAPE,
                         "AUC: num_labels is %d, but the output has %lld labels", o->num_labels,
                         (long long)labels);
    if (weights && weights != labels)
        return ant__fail(&c->error, ANT_E_SHAPE,
                         "AUC: %d label weights, but the output has %lld labels", weights,
                         (long long)labels);
    return 0;
}

static void totals(const void *options, int64_t labels, ant_dims dims[ANT__TOTALS]) {
    const ant_auc_options *o = options;
    ant__count_totals(thresholds_n(o), dims);
    if (!o->multi_label)
        return;
    dims[0] = ANT__DIMS(thresholds_n(o), labels, 2);
    dims[1] = ANT__DIMS(labels, 2);
}

/* --- thresholds --- */
/* Threshold k of n: just below 0, those between in rising order, just above 1. */
static double threshold(const ant_auc_options *o, int k, int n) {
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

static ant_value *threshold_column(ant_program *p, const ant_auc_options *o) {
    int n = thresholds_n(o);
    double *x = ant__alloc_array((size_t)n, sizeof *x);
    if (x == NULL) {
        ant__fail_memory(ant__program_error(p));
        return NULL;
    }
    for (int k = 0; k < n; k++)
        x[k] = threshold(o, k, n);
    ant_value *v = ant__threshold_column(p, x, n);
    ant__free(x);
    return v;
}

/* --- counting --- */
/* The call's weights times those of the labels; NULL after an error. */
static ant_value *entry_weights(ant_metric_call *c, const ant_auc_options *o,
                                const ant_dims *dims) {
    ant_program *p = c->program;
    ant_value *w = ant__full_weight(c, dims);
    int64_t n = o->label_weights.count, last = dims->rank ? dims->dim[dims->rank - 1] : 1;
    if (!n)
        return w;
    if (n != last && last >= 0) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE,
                  "AUC: %lld label weights, but the output's last axis is %lld", (long long)n,
                  (long long)last);
        return NULL;
    }
    return ant_op_mul(p, w, ant_op_constant(p, o->label_weights.data, &n, 1));
}

/* Every label on its own: (thresholds, labels, 2) counts of true and false positives. */
static void count_labels(ant_metric_call *c, ant_value *t, ant_value *y, ant_value *thresholds) {
    ant_program *p = c->program;
    ant_value *w = ant__full_weight(c, &y->dims),
              *yes = ant_op_not_equal(p, t, ant_op_number(p, 0));
    ant_value *positive = ant_op_mul(p, ant_op_real(p, yes), w);
    ant_value *both[] = {positive, ant_op_sub(p, w, positive)};
    ant_value *weights = ant_op_stack(p, both, 2, -1);
    ant_value *called = ant_op_greater(p, ant_op_expand(p, y, 0), ant_op_expand(p, thresholds, -1));
    ant_value *each = ant_op_mul(p, ant_op_expand(p, ant_op_real(p, called), -1), weights);
    c->total[0] = ant_op_add(p, c->total[0], ant_op_sum(p, each, ANT_AXIS(1), false));
    c->total[1] = ant_op_add(p, c->total[1], ant_op_sum(p, weights, ANT_AXIS(0), false));
}

static void update(ant_metric_call *c) {
    const ant_auc_options *o = c->metric->part.options;
    ant_program *p = c->program;
    ant_value *t = c->target, *y = c->output;
    if (!ant__align_equal(p, c->metric->part.cls->name, &t, &y))
        return;
    if (o->from_logits)
        y = ant_op_sigmoid(p, y);
    ant_value *thresholds = threshold_column(p, o);
    if (!thresholds || !t || !y)
        return;
    if (o->multi_label) {
        count_labels(c, t, y, thresholds);
        return;
    }
    ant_value *w = entry_weights(c, o, &y->dims);
    if (w)
        ant__count_weighted(c, t, y, thresholds, w);
}

/* --- areas --- */
/* What the totals hold of one label. */
typedef struct label {
    const double *above, *all;
    int64_t step; /* from one threshold to the next */
} label;

static ant_counts counts_at(const label *l, int k) {
    const double *above[] = {l->above + k * l->step, l->all};
    return ant__counts_at(above, 0);
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

static point roc_point(ant_counts c) {
    return (point){ant__share(c.fp, c.fp + c.tn), ant__share(c.tp, c.tp + c.fn)};
}

static point pr_point(ant_counts c) {
    return (point){ant__share(c.tp, c.tp + c.fn), ant__share(c.tp, c.tp + c.fp)};
}

/* Without true positives the gains have no value: 0 and 1 stand in, and no recall gain is below
 * 0. */
static point gain_point(ant_counts c) {
    double scale = ant__share(c.tp + c.fn, c.tn + c.fp);
    if (c.tp == 0)
        return (point){0, 1};
    return (point){fmax(1 - scale * c.fn / c.tp, 0), 1 - scale * c.fp / c.tp};
}

static double area(const ant_auc_options *o, const label *l) {
    bool trapezoids = strcmp(o->summation_method, "interpolation") == 0;
    bool least = strcmp(o->summation_method, "minoring") == 0, pr = strcmp(o->curve, "PR") == 0;
    point (*at)(ant_counts c) = pr ? pr_point : strcmp(o->curve, "ROC") ? gain_point : roc_point;
    double sum = 0;
    for (int k = 0; k + 1 < thresholds_n(o); k++) {
        ant_counts a = counts_at(l, k), b = counts_at(l, k + 1);
        point p = at(a), q = at(b);
        double height = trapezoids ? (p.y + q.y) / 2 : least ? fmin(p.y, q.y) : fmax(p.y, q.y);
        sum += pr && trapezoids ? pr_area(a, b) : (p.x - q.x) * height;
    }
    return sum;
}

static double result(const ant_metric *m, const double *const total[ANT__TOTALS]) {
    const ant_auc_options *o = m->part.options;
    int64_t labels = o->multi_label ? m->dims[1].dim[0] : 1;
    bool weighted = o->multi_label && o->label_weights.count;
    double sum = 0, weights = 0;
    for (int64_t k = 0; k < labels; k++) {
        label l = {.above = total[0] + 2 * k, .all = total[1] + 2 * k, .step = 2 * labels};
        double weight = weighted ? o->label_weights.data[k] : 1;
        sum += weight * area(o, &l);
        weights += weight;
    }
    return ant__share(sum, weights);
}

/* --- the class --- */
static const ant_row auc_rows[] = {
    ANT__ROW(auc, num_thresholds, "points of the curve", ANT__AT_LEAST(2)),
    ANT__ROW(auc, curve, "rates, precision and recall, or their gains", .words = "ROC PR PRGAIN"),
    ANT__ROW(auc, summation_method, "height between two points",
             .words = "interpolation minoring majoring"),
    ANT__PART_ROWS(auc),
    ANT__ROW(auc, thresholds, "points of the curve, in place of num_thresholds"),
    ANT__ROW(auc, multi_label, "whether every label has an area of its own"),
    ANT__ROW(auc, num_labels, "what the output's last axis must be", ANT__AT_LEAST(1)),
    ANT__ROW(auc, label_weights, "what every label counts"),
    ANT__ROW(auc, from_logits, "whether outputs are logits")};
static const ant_metric_class auc = {.update = update,
                                     .totals = totals,
                                     .by_output = by_output,
                                     .fits = fits,
                                     .result = result,
                                     .check = check,
                                     .larger_is_better = true};
static const ant_class classes[] = {ANT__CLASS(AUC, auc, AUC, ANT_METRIC, &auc)};
const ant_family ant__auc_family = ANT__FAMILY("areas under curves", classes);
