/* Operations with indices and with order: entries by index, classes, sorting, quantiles. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"
#include <math.h>
#include <string.h>

static ant_value *whole(ant_program *p, ant_value *index) {
    bool ints = ant_value_dtype(index) == ANT_INT32 || ant_value_dtype(index) == ANT_INT64;
    return ints ? index : ant_op_cast(p, index, ANT_INT32);
}

/* Below 0: counted from the end of an axis of this size. */
static ant_value *from_front(ant_program *p, ant_value *index, int64_t size) {
    index = whole(p, index);
    ant_value *below = ant_op_less(p, index, ant__number_like(p, 0, index));
    return ant_op_where(p, below, ant_op_shift(p, index, (double)size), index);
}

/* --- entries by index --- */
/* Axes [0, n) go to begin at axis `to`. */
static ant_value *first_axes_to(ant_program *p, ant_value *v, int n, int to) {
    int order[ANT_MAX_AXES];
    for (int k = 0; k < ant_value_rank(v); k++)
        order[k] = k < to ? n + k : k < to + n ? k - to : k;
    return n && to ? ant_op_transpose(p, v, order) : v;
}

ant_value *ant__take_axis(ant_program *p, ant_value *v, ant_value *index, int axis) {
    ant_value *rows = axis ? ant__move_axis(p, v, axis, 0) : v;
    return first_axes_to(p, ant_op_gather(p, rows, index), ant_value_rank(index), axis);
}

static ant_value *take(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *v = ant__flat_without_axis(o, o->in[0]);
    int axis = ant__axis_said(o, v, 0);
    if (axis < 0)
        return NULL;
    return ant__take_axis(p, v, from_front(p, o->in[1], ant_value_size(v, axis)), axis);
}

/* The other axes of both as one shape; -1 along the axis. */
static bool other_axes(ant_operands *o, const ant_value *v, const ant_value *index, int axis,
                       ant_dims *dims) {
    ant_dims b = index->dims;
    *dims = v->dims;
    b.dim[axis] = dims->dim[axis] = 1;
    char x[ANT__DIMS_TEXT], y[ANT__DIMS_TEXT];
    if (v->dims.rank == index->dims.rank && ant__dims_broadcast(dims, &b))
        return true;
    ant__operation_fail(o, ANT_E_SHAPE, "indices of shape %s do not fit %s",
                        ant__dims_text(&index->dims, x), ant__dims_text(&v->dims, y));
    return false;
}

static ant_value *take_along_axis(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *v = ant__flat_without_axis(o, o->in[0]), *index = o->in[1];
    int axis = ant__axis_said(o, v, 0);
    ant_dims dims;
    if (axis < 0 || !other_axes(o, v, index, axis, &dims))
        return NULL;
    dims.dim[axis] = v->dims.dim[axis];
    v = ant__broadcast_to(p, v, &dims);
    return ant_op_take_along(p, v, from_front(p, index, dims.dim[axis]), axis);
}

/* --- classes --- */
/* The new axis is the last, or the one that is said. */
static ant_value *hot(ant_operands *o, ant_value *index) {
    ant_program *p = o->program;
    int axis = o->options->axis.count ? o->options->axis.data[0] : -1;
    ant_value *y = ant_op_one_hot(p, whole(p, index), o->options->count);
    int last = ant_value_rank(y) - 1;
    if (axis != -1)
        axis = ant__axis_of(o, y, axis);
    return ant__to_type(o, axis == -1 || axis == last ? y : ant__move_axis(p, y, last, axis));
}

static ant_value *one_hot(ant_operands *o) {
    return hot(o, o->in[0]);
}

static ant_value *multi_hot(ant_operands *o) {
    ant_value *y = hot(o, o->in[0]);
    return ant_op_max(o->program, y, ANT_AXIS(ant_value_rank(o->in[0]) > 1), false);
}

/* How many of the sorted numbers are below each value, or not above it (`right`). */
static ant_value *searchsorted(ant_operands *o) {
    ant_program *p = o->program;
    if (ant_value_rank(o->in[0]) != 1)
        return ant__operation_fail(o, ANT_E_SHAPE, "sorted numbers have %d axes, must have 1",
                                   ant_value_rank(o->in[0]));
    bool right = ant__mode_or(o, "left")[0] == 'r';
    ant_value *value = ant_op_expand(p, o->in[1], -1);
    ant_value *before =
        right ? ant_op_less_equal(p, o->in[0], value) : ant_op_less(p, o->in[0], value);
    return ant_op_sum(p, ant_op_cast(p, before, ANT_INT32), ANT_LAST, false);
}

static ant_value *digitize(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *value = ant_op_expand(p, o->in[0], -1);
    ant_value *before = ant_op_less_equal(p, ant__flat(p, o->in[1]), value);
    return ant_op_sum(p, ant_op_cast(p, before, ANT_INT32), ANT_LAST, false);
}

/* --- order --- */
static ant_value *sorted(ant_program *p, ant_value *v, int axis) {
    return ant_op_take_along(p, v, ant_op_argsort(p, v, axis, false), axis);
}

static ant_value *sort(ant_operands *o) {
    int axis = ant__axis_said(o, o->in[0], -1);
    return axis < 0 ? NULL : sorted(o->program, o->in[0], axis);
}

static ant_value *argsort(ant_operands *o) {
    int axis = ant__axis_said(o, o->in[0], -1);
    return axis < 0 ? NULL : ant_op_argsort(o->program, o->in[0], axis, false);
}

/* Along the last axis; their places as a second result. */
static ant_value *top_k(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *v = o->in[0];
    int64_t size = ant_value_size(v, -1), k = o->options->count;
    if (k < 0 || (size >= 0 && k > size))
        return ant__operation_fail(o, ANT_E_SHAPE, "the %lld largest of %lld entries", (long long)k,
                                   (long long)size);
    ant_value *place = ant_op_slice(p, ant_op_argsort(p, v, -1, true), -1, 0, k, 1);
    o->call->out[1] = place;
    return ant_op_take_along(p, v, place, -1);
}

/* Fewer than k predictions are larger than the target's. */
static ant_value *in_top_k(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *target = ant_op_expand(p, whole(p, o->in[0]), -1), *all = ant_op_real(p, o->in[1]);
    if (ant_value_rank(all) != 2 || ant_value_rank(target) != 2)
        return ant__operation_fail(o, ANT_E_SHAPE, "targets of shape (N,), predictions of (N, C)");
    ant_value *own = ant_op_take_along(p, all, target, -1);
    ant_value *larger = ant_op_cast(p, ant_op_greater(p, all, own), ANT_INT32);
    ant_value *count = ant_op_sum(p, larger, ANT_LAST, false);
    return ant_op_less(p, count, ant__int_number(p, o->options->count));
}

static int two(const ant_operation_options *o) {
    (void)o;
    return 2;
}

/* --- quantiles --- */
/* Entry q (n - 1) of n sorted ones, and how it is made of its neighbours. */
static ant_value *at_quantile(ant_operands *o, ant_value *v, double q) {
    const char *mode = ant__mode_or(o, "linear");
    ant_program *p = o->program;
    int64_t n = ant_value_size(v, -1);
    double exact = n > 0 ? (double)(n - 1) * q : 0, low = floor(exact), high = ceil(exact);
    if (!strcmp(mode, "lower"))
        high = low;
    if (!strcmp(mode, "higher"))
        low = high;
    if (!strcmp(mode, "nearest"))
        low = high = rint(exact);
    double part = !strcmp(mode, "midpoint") ? 0.5 : exact - low;
    ant_value *a = ant_op_squeeze(p, ant_op_slice(p, v, -1, (int64_t)low, 1, 1), -1);
    if (low == high)
        return a;
    ant_value *b = ant_op_squeeze(p, ant_op_slice(p, v, -1, (int64_t)high, 1, 1), -1);
    return ant_op_add(p, ant_op_scale(p, a, 1 - part), ant_op_scale(p, b, part));
}

/* For each q; not a number where one is among the entries. q's axes come first. */
static ant_value *quantiles(ant_operands *o, const double *q, const ant_dims *dims, double unit) {
    ant_program *p = o->program;
    ant_value *v = o->in[0], *all[ANT_MAX_PORTS];
    int64_t n = ant__dims_count(dims);
    unsigned axes;
    if (!ant__axes_set(o, v, &axes))
        return NULL;
    if (n < 1 || n >= ANT_MAX_PORTS || dims->rank > 1)
        return ant__operation_fail(o, ANT_E_SHAPE, "q is a number or a list of 1 to %d",
                                   ANT_MAX_PORTS - 1);
    ant_dims kept = v->dims;
    for (int k = 0; k < kept.rank; k++)
        kept.dim[k] = axes >> k & 1 ? 1 : kept.dim[k];
    ant_value *line = ant__axes_last(p, v, axes), *order = sorted(p, line, -1);
    ant_value *lost = ant_op_any(p, ant_op_is_nan(p, line), ANT_LAST, false);
    for (int64_t k = 0; k < n; k++) {
        if (!(q[k] >= 0 && q[k] * unit <= 1))
            return ant__operation_fail(o, ANT_E_OPTION, "q is outside of its range");
        all[k] = ant_op_where(p, lost, ant_op_number(p, NAN), at_quantile(o, order, q[k] * unit));
        if (o->options->keepdims && all[k])
            all[k] = ant__reshape_to(p, all[k], &kept);
    }
    return dims->rank ? ant_op_stack(p, all, (int)n, 0) : all[0];
}

static ant_value *median(ant_operands *o) {
    return quantiles(o, &(double){0.5}, &ANT__SCALAR, 1);
}

static ant_value *quantile_of(ant_operands *o, double unit) {
    const ant_constant *q = o->constant[1];
    if (!q || q->none)
        return ant__operation_fail(o, ANT_E_OPTION, "q must be said in constants");
    return quantiles(o, q->numbers, &q->dims, unit);
}

static ant_value *quantile(ant_operands *o) {
    return quantile_of(o, 1);
}

static ant_value *percentile(ant_operands *o) {
    return quantile_of(o, 0.01);
}

/* --- the table --- */
#define QUANTILE(title, f)                                                                         \
    {                                                                                              \
        .name = title, .values = "x q", .takes = "axis keepdims mode", .axes = -1,                 \
        .types = ANT__TO_REAL, .modes = "linear lower higher nearest midpoint", .write = f         \
    }

static const ant_operation rows[] = {
    {.name = "take", .values = "x indices", .takes = "axis", .write = take},
    {.name = "take_along_axis", .values = "x indices", .takes = "axis", .write = take_along_axis},
    {.name = "one_hot", .values = "x", .takes = "axis to", .must = "count", .write = one_hot},
    {.name = "multi_hot", .values = "x", .takes = "axis to", .must = "count", .write = multi_hot},
    {.name = "searchsorted",
     .values = "sorted_sequence values",
     .takes = "mode",
     .types = ANT__TO_ONE_NUMBER,
     .modes = "left right",
     .write = searchsorted},
    {.name = "digitize", .values = "x bins", .types = ANT__TO_REAL, .write = digitize},
    {.name = "sort", .values = "x", .takes = "axis", .write = sort},
    {.name = "argsort", .values = "x", .takes = "axis", .write = argsort},
    {.name = "top_k", .values = "x", .must = "count", .write = top_k, .results = two},
    {.name = "in_top_k", .values = "targets predictions", .must = "count", .write = in_top_k},
    {.name = "median",
     .values = "x",
     .takes = "axis keepdims",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = median},
    QUANTILE("quantile", quantile),
    QUANTILE("percentile", percentile),
};
ANT__OPERATIONS(ant__index_operations, rows);
