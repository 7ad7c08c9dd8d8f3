/* Operations that give entries other places: shapes, order of axes, joining. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"

/* --- shapes --- */
static bool take_shape(ant_operands *o, int64_t sizes[ANT_MAX_AXES], int *n) {
    const ant_ints *shape = &o->options->shape;
    *n = shape->count;
    if (*n > ANT_MAX_AXES) {
        ant__operation_fail(o, ANT_E_SHAPE, "shape has %d entries, at most %d", *n, ANT_MAX_AXES);
        return false;
    }
    for (int k = 0; k < *n; k++)
        sizes[k] = shape->data[k];
    return true;
}

static ant_value *reshape(ant_operands *o) {
    int64_t sizes[ANT_MAX_AXES];
    int n;
    return take_shape(o, sizes, &n) ? ant_op_reshape(o->program, o->in[0], sizes, n) : NULL;
}

static ant_value *ravel(ant_operands *o) {
    return ant__flat(o->program, o->in[0]);
}

/* -1 keeps an axis as it is. */
static ant_value *broadcast_to(ant_operands *o) {
    int64_t sizes[ANT_MAX_AXES];
    int n;
    if (!take_shape(o, sizes, &n))
        return NULL;
    const ant_dims *dims = &o->in[0]->dims;
    for (int k = 0; k < n; k++)
        if (sizes[k] < 0 && k >= n - dims->rank)
            sizes[k] = dims->dim[k - (n - dims->rank)];
    return ant_op_broadcast(o->program, o->in[0], sizes, n);
}

static ant_value *full(ant_operands *o) {
    o->in[0] = ant__to_type(o, o->in[0]);
    return o->in[0] ? broadcast_to(o) : NULL;
}

static ant_value *expand_dims(ant_operands *o) {
    const ant_ints *axis = &o->options->axis;
    ant_value *v = o->in[0];
    char text[ANT__DIMS_TEXT];
    int rank = ant_value_rank(v) + axis->count;
    unsigned axes = 0;
    for (int k = 0; k < axis->count; k++) {
        int at = rank <= ANT_MAX_AXES ? ant__axis(axis->data[k], rank) : -1;
        if (at < 0)
            return ant__operation_fail(o, ANT_E_SHAPE, "axis %d does not fit shape %s",
                                       axis->data[k], ant__dims_text(&v->dims, text));
        axes |= ANT_AXIS(at);
    }
    for (int k = 0; k < rank; k++)
        if (axes >> k & 1)
            v = ant_op_expand(o->program, v, k);
    return v;
}

/* No axis: all of size 1. */
static ant_value *squeeze(ant_operands *o) {
    ant_value *v = o->in[0];
    unsigned axes;
    if (!ant__axes_set(o, v, &axes))
        return NULL;
    for (int k = ant_value_rank(v) - 1; k >= 0; k--)
        if (axes >> k & 1 && (o->options->axis.count || ant_value_size(v, k) == 1))
            v = ant_op_squeeze(o->program, v, k);
    return v;
}

/* --- order of axes --- */
static ant_value *transpose(ant_operands *o) {
    const ant_ints *axis = &o->options->axis;
    int rank = ant_value_rank(o->in[0]), order[ANT_MAX_AXES];
    if (axis->count && axis->count != rank)
        return ant__operation_fail(o, ANT_E_SHAPE, "axis has %d entries for %d axes", axis->count,
                                   rank);
    for (int k = 0; k < rank; k++)
        order[k] = axis->count ? ant__axis(axis->data[k], rank) : rank - 1 - k;
    return ant_op_transpose(o->program, o->in[0], order);
}

/* The two entries of the option axis; false after an error. */
static bool two_axes(ant_operands *o, int *a, int *b) {
    const ant_ints *axis = &o->options->axis;
    *a = ant__axis_of(o, o->in[0], axis->count ? axis->data[0] : 0);
    *b = *a < 0 ? -1 : ant__axis_of(o, o->in[0], axis->count ? axis->data[1] : 1);
    if (*b >= 0 && *a == *b)
        ant__operation_fail(o, ANT_E_SHAPE, "axis %d is said twice", *a);
    return *b >= 0 && *a != *b;
}

static ant_value *swap(ant_program *p, ant_value *v, int a, int b) {
    int order[ANT_MAX_AXES];
    for (int k = 0; k < ant_value_rank(v); k++)
        order[k] = k == a ? b : k == b ? a : k;
    return ant_op_transpose(p, v, order);
}

static ant_value *swapaxes(ant_operands *o) {
    const ant_ints *axis = &o->options->axis;
    int a = ant__axis_of(o, o->in[0], axis->data[0]);
    int b = a < 0 ? -1 : ant__axis_of(o, o->in[0], axis->data[1]);
    return b < 0 ? NULL : swap(o->program, o->in[0], a, b);
}

static ant_value *moveaxis(ant_operands *o) {
    const ant_ints *from = &o->options->axis, *to = &o->options->axis_2;
    int order[ANT_MAX_AXES], rank = ant_value_rank(o->in[0]);
    unsigned moved = 0, taken = 0;
    if (from->count != to->count || from->count > rank)
        return ant__operation_fail(o, ANT_E_SHAPE, "%d axes go to %d places", from->count,
                                   to->count);
    for (int k = 0; k < from->count; k++) {
        int a = ant__axis_of(o, o->in[0], from->data[k]);
        int b = a < 0 ? -1 : ant__axis_of(o, o->in[0], to->data[k]);
        if (b < 0)
            return NULL;
        if (moved >> a & 1 || taken >> b & 1)
            return ant__operation_fail(o, ANT_E_SHAPE, "axes must be different");
        moved |= ANT_AXIS(a);
        taken |= ANT_AXIS(b);
        order[b] = a;
    }
    for (int k = 0, next = 0; k < rank; k++) {
        while (moved >> next & 1)
            next++;
        if (!(taken >> k & 1))
            order[k] = next++;
    }
    return ant_op_transpose(o->program, o->in[0], order);
}

static ant_value *flip_axes(ant_program *p, ant_value *v, unsigned axes) {
    for (int k = 0; k < ant_value_rank(v); k++)
        if (axes >> k & 1)
            v = ant_op_reverse(p, v, k);
    return v;
}

static ant_value *flip(ant_operands *o) {
    unsigned axes;
    return ant__axes_set(o, o->in[0], &axes) ? flip_axes(o->program, o->in[0], axes) : NULL;
}

static ant_value *flip_axis(ant_operands *o, int axis) {
    int k = ant__axis_of(o, o->in[0], axis);
    return k < 0 ? NULL : ant_op_reverse(o->program, o->in[0], k);
}

static ant_value *fliplr(ant_operands *o) {
    return flip_axis(o, 1);
}

static ant_value *flipud(ant_operands *o) {
    return flip_axis(o, 0);
}

/* A quarter turn from the first of two axes towards the second, `count` times. */
static ant_value *rot90(ant_operands *o) {
    int a, b, turns = ant__int_or(o->options->count, 1) % 4;
    ant_program *p = o->program;
    ant_value *v = o->in[0];
    if (!two_axes(o, &a, &b))
        return NULL;
    for (turns = turns < 0 ? turns + 4 : turns; turns > 0; turns--)
        v = swap(p, ant_op_reverse(p, v, b), a, b);
    return v;
}

/* --- joining --- */
static ant_value *concatenate(ant_operands *o) {
    return ant_op_concat(o->program, o->in, o->n,
                         o->options->axis.count ? o->options->axis.data[0] : -1);
}

static ant_value *append(ant_operands *o) {
    for (int k = 0; k < o->n; k++)
        o->in[k] = ant__flat_without_axis(o, o->in[k]);
    int axis = ant__axis_said(o, o->in[0], 0);
    return axis < 0 ? NULL : ant_op_concat(o->program, o->in, o->n, axis);
}

static ant_value *stack(ant_operands *o) {
    return ant_op_stack(o->program, o->in, o->n,
                        o->options->axis.count ? o->options->axis.data[0] : 0);
}

static ant_value *hstack(ant_operands *o) {
    return ant_op_concat(o->program, o->in, o->n, ant_value_rank(o->in[0]) > 1);
}

static ant_value *vstack(ant_operands *o) {
    return ant_op_concat(o->program, o->in, o->n, 0);
}

/* Along a third axis, which values of fewer axes get. */
static ant_value *dstack(ant_operands *o) {
    for (int k = 0; k < o->n; k++) {
        if (ant_value_rank(o->in[k]) < 2)
            o->in[k] = ant_op_expand(o->program, o->in[k], 0);
        if (ant_value_rank(o->in[k]) < 2)
            o->in[k] = ant_op_expand(o->program, o->in[k], 0);
        if (ant_value_rank(o->in[k]) < 3)
            o->in[k] = ant_op_expand(o->program, o->in[k], 2);
    }
    return ant_op_concat(o->program, o->in, o->n, 2);
}

/* --- space and depth: (N, H, W, C); blocks of count x count entries --- */
static ant_value *channels_to(ant_operands *o, ant_value *v, bool last) {
    static const int to_last[] = {0, 2, 3, 1}, to_first[] = {0, 3, 1, 2};
    bool first = ant__mode_or(o, "channels_last")[9] == 'f';
    return first ? ant_op_transpose(o->program, v, last ? to_last : to_first) : v;
}

static bool check_image(ant_operands *o) {
    if (ant_value_rank(o->in[0]) == 4 && o->options->count >= 1)
        return true;
    ant__operation_fail(o, ANT_E_SHAPE, "%d axes, must be 4; count is %d", ant_value_rank(o->in[0]),
                        o->options->count);
    return false;
}

/* The size over b, which must divide it. */
static bool divide(ant_operands *o, int64_t *size, int64_t b) {
    bool divides = *size < 0 || *size % b == 0;
    if (!divides)
        ant__operation_fail(o, ANT_E_SHAPE, "%lld is no multiple of %lld", (long long)*size,
                            (long long)b);
    *size = *size < 0 ? -1 : *size / b;
    return divides;
}

static ant_value *depth_to_space(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *v = check_image(o) ? channels_to(o, o->in[0], true) : NULL;
    if (!v)
        return NULL;
    int64_t b = o->options->count, *d = v->dims.dim, depth = d[3];
    if (!divide(o, &depth, b * b))
        return NULL;
    ant_dims apart = ANT__DIMS(d[0], d[1], d[2], b, b, depth);
    ant_dims whole = ANT__DIMS(d[0], ant__times(d[1], b), ant__times(d[2], b), depth);
    v = ant_op_transpose(p, ant__reshape_to(p, v, &apart), (const int[]){0, 1, 3, 2, 4, 5});
    return channels_to(o, ant__reshape_to(p, v, &whole), false);
}

static ant_value *space_to_depth(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *v = check_image(o) ? channels_to(o, o->in[0], true) : NULL;
    if (!v)
        return NULL;
    int64_t b = o->options->count, *d = v->dims.dim, rows = d[1], columns = d[2];
    if (!divide(o, &rows, b) || !divide(o, &columns, b))
        return NULL;
    ant_dims apart = ANT__DIMS(d[0], rows, b, columns, b, d[3]);
    ant_dims whole = ANT__DIMS(d[0], rows, columns, ant__times(d[3], b * b));
    v = ant_op_transpose(p, ant__reshape_to(p, v, &apart), (const int[]){0, 1, 3, 2, 4, 5});
    return channels_to(o, ant__reshape_to(p, v, &whole), false);
}

/* --- diagonals --- */
static ant_value *diagonal(ant_operands *o) {
    int a, b;
    if (!two_axes(o, &a, &b))
        return NULL;
    return ant__diagonal(o->program, o->in[0], a, b, ant__int_or(o->options->offset, 0));
}

static ant_value *trace(ant_operands *o) {
    return ant_op_sum(o->program, diagonal(o), ANT_LAST, false);
}

/* How far to the right of the main diagonal each entry of a matrix stands. */
static ant_value *distance(ant_program *p, int64_t rows, int64_t columns) {
    ant_value *row = ant__reshape_to(p, ant__counting(p, rows, 1), &ANT__DIMS(rows, 1));
    return ant_op_sub(p, ant__counting(p, columns, 1), row);
}

typedef ant_value *comparison(ant_program *p, ant_value *a, ant_value *b);

static ant_value *triangle(ant_operands *o, comparison *keeps) {
    ant_program *p = o->program;
    ant_value *v = o->in[0];
    if (ant_value_rank(v) < 2)
        return ant__operation_fail(o, ANT_E_SHAPE, "%d axes, at least 2", ant_value_rank(v));
    ant_value *at = distance(p, ant_value_size(v, -2), ant_value_size(v, -1));
    ant_value *kept = keeps(p, at, ant__int_number(p, ant__int_or(o->options->offset, 0)));
    return ant_op_where(p, kept, v, ant__number_like(p, 0, v));
}

static ant_value *tril(ant_operands *o) {
    return triangle(o, ant_op_less_equal);
}

static ant_value *triu(ant_operands *o) {
    return triangle(o, ant_op_greater_equal);
}

/* A matrix of zeros but for one diagonal. */
static ant_value *matrix_of(ant_operands *o, ant_value *v) {
    ant_program *p = o->program;
    int64_t offset = ant__int_or(o->options->offset, 0), away = offset < 0 ? -offset : offset;
    int64_t n = ant_value_size(v, 0), size = n < 0 ? -1 : n + away;
    ant_value *line = ant_op_pad(p, v, 0, 0, away, 0);
    if (offset >= 0)
        line = ant_op_expand(p, line, 1);
    ant_value *on = ant_op_equal(p, distance(p, size, size), ant__int_number(p, offset));
    return ant_op_where(p, on, line, ant__number_like(p, 0, v));
}

static ant_value *diag(ant_operands *o) {
    int rank = ant_value_rank(o->in[0]);
    if (rank == 2)
        return diagonal(o);
    if (rank == 1)
        return matrix_of(o, o->in[0]);
    return ant__operation_fail(o, ANT_E_SHAPE, "%d axes, must be 1 or 2", rank);
}

static ant_value *diagflat(ant_operands *o) {
    return matrix_of(o, ant__flat(o->program, o->in[0]));
}

/* --- the table --- */
#define JOIN(title, more, f)                                                                       \
    { .name = title, .values = "xs*", .takes = more, .types = ANT__TO_ONE, .write = f }
#define OPTION(title, more, f)                                                                     \
    { .name = title, .values = "x", .takes = more, .write = f }

static const ant_operation rows[] = {
    {.name = "reshape", .values = "x", .must = "shape", .write = reshape},
    {.name = "broadcast_to", .values = "x", .must = "shape", .write = broadcast_to},
    {.name = "full", .values = "x", .takes = "to", .must = "shape", .write = full},
    {.name = "expand_dims", .values = "x", .must = "axis", .axes = -1, .write = expand_dims},
    {.name = "squeeze", .values = "x", .takes = "axis", .axes = -1, .write = squeeze},
    {.name = "transpose", .values = "x", .takes = "axis", .axes = -1, .write = transpose},
    {.name = "swapaxes", .values = "x", .must = "axis", .axes = 2, .write = swapaxes},
    {.name = "moveaxis", .values = "x", .must = "axis axis_2", .axes = -1, .write = moveaxis},
    {.name = "flip", .values = "x", .takes = "axis", .axes = -1, .write = flip},
    {.name = "rot90", .values = "x", .takes = "axis count", .axes = 2, .write = rot90},
    {.name = "diagonal", .values = "x", .takes = "axis offset", .axes = 2, .write = diagonal},
    {.name = "trace",
     .values = "x",
     .takes = "axis offset",
     .axes = 2,
     .types = ANT__TO_NUMBERS,
     .write = trace},
    {.name = "append", .values = "x1 x2", .takes = "axis", .types = ANT__TO_ONE, .write = append},
    {.name = "depth_to_space",
     .values = "x",
     .takes = "mode",
     .must = "count",
     .modes = "channels_last channels_first",
     .write = depth_to_space},
    {.name = "space_to_depth",
     .values = "x",
     .takes = "mode",
     .must = "count",
     .modes = "channels_last channels_first",
     .write = space_to_depth},
    JOIN("concatenate", "axis", concatenate),
    JOIN("stack", "axis", stack),
    JOIN("hstack", NULL, hstack),
    JOIN("vstack", NULL, vstack),
    JOIN("dstack", NULL, dstack),
    OPTION("ravel", NULL, ravel),
    OPTION("fliplr", NULL, fliplr),
    OPTION("flipud", NULL, flipud),
    OPTION("tril", "offset", tril),
    OPTION("triu", "offset", triu),
    OPTION("diag", "offset", diag),
    OPTION("diagflat", "offset", diagflat),
};
ANT__OPERATIONS(ant__shape_operations, rows);
