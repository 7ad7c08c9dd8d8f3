/* Operations over axes: sums, extremes and their places, moments, norms. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"
#include <math.h>
#include <string.h>

static ant_value *number(ant_program *p, double x) {
    return ant_op_number(p, x);
}

static bool is_real(const ant_value *v) {
    return ant__dtype_real(ant_value_dtype(v));
}

/* --- plain --- */
static ant_value *deviation(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return ant_op_sqrt(p, ant_op_variance(p, a, axes, keep));
}

/* The largest entry is taken out first, so that nothing overflows. */
static ant_value *logsumexp(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    ant_value *top = ant_op_stop_gradient(p, ant_op_max(p, a, axes, true));
    top = ant_op_where(p, ant_op_is_finite(p, top), top, number(p, 0));
    ant_value *sum = ant_op_sum(p, ant_op_exp(p, ant_op_sub(p, a, top)), axes, keep);
    return ant_op_add(p, ant_op_log(p, sum), keep ? top : ant_op_sum(p, top, axes, false));
}

static ant_value *count_nonzero(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    ant_value *there = ant_op_cast(p, ant_op_cast(p, a, ANT_BOOL), ANT_INT32);
    return ant_op_sum(p, there, axes, keep);
}

static ant_value *range(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return ant_op_sub(p, ant_op_max(p, a, axes, keep), ant_op_min(p, a, axes, keep));
}

/* --- passing over what is not a number --- */
static ant_value *filled(ant_program *p, ant_value *a, double x) {
    return is_real(a) ? ant_op_where(p, ant_op_is_nan(p, a), number(p, x), a) : a;
}

static ant_value *valid(ant_program *p, ant_value *a) {
    return ant_op_real(p, ant_op_logical_not(p, ant_op_is_nan(p, a)));
}

static ant_value *nansum(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return ant_op_sum(p, filled(p, a, 0), axes, keep);
}

static ant_value *nanprod(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return ant_op_prod(p, filled(p, a, 1), axes, keep);
}

static ant_value *nanmean(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return ant_op_div(p, nansum(p, a, axes, keep), ant_op_sum(p, valid(p, a), axes, keep));
}

static ant_value *nanvar(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    ant_value *apart = filled(p, ant_op_sub(p, a, nanmean(p, a, axes, true)), 0);
    ant_value *count = ant_op_sum(p, valid(p, a), axes, keep);
    return ant_op_div(p, ant_op_sum(p, ant_op_square(p, apart), axes, keep), count);
}

static ant_value *nanstd(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return ant_op_sqrt(p, nanvar(p, a, axes, keep));
}

/* Not a number where all are none. */
static ant_value *unless_all(ant_program *p, ant_value *a, unsigned axes, bool keep,
                             ant_value *other, ant_value *y) {
    return is_real(a) ? ant_op_where(p, ant_op_all(p, ant_op_is_nan(p, a), axes, keep), other, y)
                      : y;
}

static ant_value *nanmax(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    ant_value *most = ant_op_max(p, filled(p, a, -INFINITY), axes, keep);
    return unless_all(p, a, axes, keep, number(p, NAN), most);
}

static ant_value *nanmin(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    ant_value *least = ant_op_min(p, filled(p, a, INFINITY), axes, keep);
    return unless_all(p, a, axes, keep, number(p, NAN), least);
}

/* --- extremes with a value to start from --- */
typedef ant_value *reduction(ant_program *p, ant_value *a, unsigned axes, bool keep);
typedef ant_value *joint(ant_program *p, ant_value *a, ant_value *b);

static ant_value *extreme(ant_operands *o, reduction *reduce, joint *join) {
    unsigned axes;
    ant_program *p = o->program;
    ant_value *x = o->in[0];
    if (!ant__axes_set(o, x, &axes))
        return NULL;
    ant_value *y = reduce(p, x, axes, o->options->keepdims);
    if (o->options->value == ANT_NONE)
        return y;
    ant_value *start = ant__number_like(p, o->options->value, x);
    return ant_op_cast(p, join(p, y, start), ant_value_dtype(x));
}

static ant_value *max_of(ant_operands *o) {
    return extreme(o, ant_op_max, ant_op_maximum);
}

static ant_value *min_of(ant_operands *o) {
    return extreme(o, ant_op_min, ant_op_minimum);
}

static ant_value *prod_of(ant_operands *o) {
    unsigned axes;
    if (!ant__axes_set(o, o->in[0], &axes))
        return NULL;
    return ant_op_prod(o->program, ant__to_type(o, o->in[0]), axes, o->options->keepdims);
}

/* --- places --- */
typedef ant_value *placing(ant_program *p, ant_value *a, int axis);

static ant_value *place(ant_operands *o, ant_value *x, placing *find) {
    if (!x)
        return NULL;
    ant_program *p = o->program;
    ant_dims kept = x->dims;
    int axis = o->options->axis.count ? ant__axis_said(o, x, 0) : 0;
    if (axis < 0)
        return NULL;
    for (int k = 0; k < kept.rank; k++)
        if (k == axis || !o->options->axis.count)
            kept.dim[k] = 1;
    ant_value *y = find(p, ant__flat_without_axis(o, x), axis);
    return o->options->keepdims && y ? ant__reshape_to(p, y, &kept) : y;
}

static ant_value *argmax(ant_operands *o) {
    return place(o, o->in[0], ant_op_argmax);
}

static ant_value *argmin(ant_operands *o) {
    return place(o, o->in[0], ant_op_argmin);
}

/* -1 where all are none. */
static ant_value *valid_place(ant_operands *o, double fill, placing *find) {
    unsigned axes;
    ant_program *p = o->program;
    ant_value *x = o->in[0], *y = place(o, filled(p, x, fill), find);
    if (!ant__axes_set(o, x, &axes))
        return NULL;
    ant_value *none = ant_op_cast(p, number(p, -1), ANT_INT32);
    return unless_all(p, x, axes, o->options->keepdims, none, y);
}

static ant_value *nanargmax(ant_operands *o) {
    return valid_place(o, -INFINITY, ant_op_argmax);
}

static ant_value *nanargmin(ant_operands *o) {
    return valid_place(o, INFINITY, ant_op_argmin);
}

/* --- running --- */
static ant_value *running(ant_operands *o, ant_value *x,
                          ant_value *(*run)(ant_program *p, ant_value *a, int axis)) {
    x = ant__flat_without_axis(o, ant__to_type(o, x));
    int axis = ant__axis_said(o, x, 0);
    if (ant_value_dtype(x) == ANT_BOOL)
        x = ant_op_cast(o->program, x, ANT_INT32);
    return axis < 0 ? NULL : run(o->program, x, axis);
}

/* Each entry times the one `step` before it, for steps 1, 2, 4 …: products of ever longer runs. */
static ant_value *cumprod_along(ant_program *p, ant_value *a, int axis) {
    int64_t n = ant_value_size(a, axis);
    for (int64_t step = 1; step < n && a; step *= 2) {
        ant_value *first = ant_op_slice(p, a, axis, 0, step, 1);
        ant_value *rest = ant_op_mul(p, ant_op_slice(p, a, axis, step, n - step, 1),
                                     ant_op_slice(p, a, axis, 0, n - step, 1));
        a = ant_op_concat(p, (ant_value *[]){first, rest}, 2, axis);
    }
    return a;
}

static ant_value *cumsum(ant_operands *o) {
    return running(o, o->in[0], ant_op_cumsum);
}

static ant_value *cumprod(ant_operands *o) {
    return running(o, o->in[0], cumprod_along);
}

static ant_value *nancumsum(ant_operands *o) {
    return running(o, filled(o->program, o->in[0], 0), ant_op_cumsum);
}

static ant_value *nancumprod(ant_operands *o) {
    return running(o, filled(o->program, o->in[0], 1), cumprod_along);
}

/* --- means --- */
/* Weights of one axis stand along it. */
static ant_value *average(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *x = o->in[0], *weights = o->in[1];
    unsigned axes;
    if (!ant__axes_set(o, x, &axes))
        return NULL;
    if (!weights)
        return ant_op_mean(p, x, axes, false);
    if (weights->dims.rank == 1 && x->dims.rank > 1 && o->options->axis.count == 1) {
        ant_dims line = {.rank = x->dims.rank};
        for (int k = 0; k < line.rank; k++)
            line.dim[k] = axes >> k & 1 ? weights->dims.dim[0] : 1;
        weights = ant__reshape_to(p, weights, &line);
    }
    weights = ant__broadcast_to(p, weights, &x->dims);
    return ant_op_div(p, ant_op_sum(p, ant_op_mul(p, x, weights), axes, false),
                      ant_op_sum(p, weights, axes, false));
}

static ant_value *moments(ant_operands *o) {
    unsigned axes;
    bool keep = o->options->keepdims;
    if (!ant__axes_set(o, o->in[0], &axes))
        return NULL;
    o->call->out[1] = ant_op_variance(o->program, o->in[0], axes, keep);
    return ant_op_mean(o->program, o->in[0], axes, keep);
}

static int two(const ant_operation_options *o) {
    (void)o;
    return 2;
}

/* --- the table --- */
#define OVER(title, kind, f)                                                                       \
    {                                                                                              \
        .name = title, .values = "x", .takes = "axis keepdims", .axes = -1, .types = kind,         \
        .reduce = f                                                                                \
    }
#define PLACE(title, f)                                                                            \
    { .name = title, .values = "x", .takes = "axis keepdims", .write = f }
#define RUNNING(title, f)                                                                          \
    { .name = title, .values = "x", .takes = "axis to", .write = f }

static const ant_operation rows[] = {
    OVER("sum", ANT__TO_NUMBERS, ant_op_sum),
    OVER("mean", ANT__TO_REAL, ant_op_mean),
    OVER("any", ANT__AS_THEY_ARE, ant_op_any),
    OVER("all", ANT__AS_THEY_ARE, ant_op_all),
    OVER("var", ANT__TO_REAL, ant_op_variance),
    OVER("std", ANT__TO_REAL, deviation),
    OVER("logsumexp", ANT__TO_REAL, logsumexp),
    OVER("ptp", ANT__TO_NUMBERS, range),
    OVER("nansum", ANT__TO_NUMBERS, nansum),
    OVER("nanprod", ANT__TO_NUMBERS, nanprod),
    OVER("nanmean", ANT__TO_REAL, nanmean),
    OVER("nanvar", ANT__TO_REAL, nanvar),
    OVER("nanstd", ANT__TO_REAL, nanstd),
    OVER("nanmax", ANT__AS_THEY_ARE, nanmax),
    OVER("nanmin", ANT__AS_THEY_ARE, nanmin),
    {.name = "count_nonzero", .values = "x", .takes = "axis", .axes = -1, .reduce = count_nonzero},
    {.name = "max", .values = "x", .takes = "axis keepdims value", .axes = -1, .write = max_of},
    {.name = "min", .values = "x", .takes = "axis keepdims value", .axes = -1, .write = min_of},
    {.name = "prod",
     .values = "x",
     .takes = "axis keepdims to",
     .axes = -1,
     .types = ANT__TO_NUMBERS,
     .write = prod_of},
    PLACE("argmax", argmax),
    PLACE("argmin", argmin),
    PLACE("nanargmax", nanargmax),
    PLACE("nanargmin", nanargmin),
    RUNNING("cumsum", cumsum),
    RUNNING("cumprod", cumprod),
    RUNNING("nancumsum", nancumsum),
    RUNNING("nancumprod", nancumprod),
    {.name = "average",
     .values = "x weights?",
     .takes = "axis",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = average},
    {.name = "moments",
     .values = "x",
     .takes = "axis keepdims",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = moments,
     .results = two},
};
ANT__OPERATIONS(ant__reducing_operations, rows);
