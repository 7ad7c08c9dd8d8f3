/* Ops that change shapes and move nothing else: reshape, transpose, slice, pad, concat and what is
 * made of them. */
#include "core/kernels/move.h"
#include "core/ops/fine.h"
#include "core/program/inside.h"
#include <string.h>

/* --- reshape: a view --- */
static int infer_reshape(ant_op *o) {
    ant_value *y = o->out[0];
    y->dtype = o->in[0]->dtype;
    y->dims = ant__get_dims(&o->attrs, 0);
    int64_t before = ant__dims_count(&o->in[0]->dims), after = ant__dims_count(&y->dims);
    if (before < 0 || after < 0 || before == after)
        return 0;
    return ant__misfit(o, "sizes differ", o->in[0], y);
}

static ant_value *simplify_reshape(ant_op *o) {
    while (o->in[0]->from && o->in[0]->from->cls == &ant__reshape_class)
        o->in[0] = o->in[0]->from->in[0];
    return ant__dims_equal(&o->in[0]->dims, &o->out[0]->dims) ? o->in[0] : NULL;
}

static void reshape_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] = ant__reshape_to(p, dy[0], &o->in[0]->dims);
}

const ant_op_class ant__reshape_class = {.name = "reshape",
                                         .infer = infer_reshape,
                                         .simplify = simplify_reshape,
                                         .grad = reshape_gradient,
                                         .view = true};

ant_value *ant__reshape_to(ant_program *p, ant_value *v, const ant_dims *dims) {
    ant_attrs attrs = {.i = {0}};
    if (v && ant__dims_equal(&v->dims, dims))
        return ant__local(p, v);
    ant__put_dims(&attrs, 0, dims);
    return ant__emit1(p, &ant__reshape_class, &attrs, v);
}

/* Sets the one size that is -1 to what is left; with an unknown input it stays unknown. */
static void fill_in(const ant_dims *from, ant_dims *to) {
    ant_dims said = *to;
    int open = -1, opens = 0;
    for (int k = 0; k < to->rank; k++)
        if (to->dim[k] < 0) {
            said.dim[k] = 1;
            open = k;
            opens++;
        }
    int64_t total = ant__dims_count(from), known = ant__dims_count(&said);
    if (opens == 1 && total >= 0 && known > 0 && total % known == 0)
        to->dim[open] = total / known;
}

ant_value *ant_op_reshape(ant_program *p, ant_value *a, const int64_t *shape, int rank) {
    if (ant__program_dead(p) || !a)
        return ant__emit1(p, &ant__reshape_class, NULL, a);
    if (rank < 0 || rank > ANT_MAX_AXES) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "reshape: %d axes, at most %d", rank,
                  ANT_MAX_AXES);
        return NULL;
    }
    ant_dims dims = {.rank = rank};
    for (int k = 0; k < rank; k++)
        dims.dim[k] = shape[k];
    fill_in(&a->dims, &dims);
    char from[ANT__DIMS_TEXT], to[ANT__DIMS_TEXT];
    if (ant__dims_known(&a->dims) && !ant__dims_known(&dims)) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "reshape: %s does not fit into %s",
                  ant__dims_text(&a->dims, from), ant__dims_text(&dims, to));
        return NULL;
    }
    return ant__reshape_to(p, a, &dims);
}

ant_value *ant_op_expand(ant_program *p, ant_value *a, int axis) {
    if (ant__program_dead(p) || !a)
        return ant__emit1(p, &ant__reshape_class, NULL, a);
    ant_dims dims = {.rank = a->dims.rank + 1};
    int at = ant__axis(axis, dims.rank);
    if (dims.rank > ANT_MAX_AXES || at < 0) {
        ant__op_axis(p, "expand", a, dims.rank > ANT_MAX_AXES ? ANT_MAX_AXES : axis);
        return NULL;
    }
    for (int k = 0; k < dims.rank; k++)
        dims.dim[k] = k < at ? a->dims.dim[k] : k == at ? 1 : a->dims.dim[k - 1];
    return ant__reshape_to(p, a, &dims);
}

ant_value *ant_op_squeeze(ant_program *p, ant_value *a, int axis) {
    if (ant__program_dead(p) || !a)
        return ant__emit1(p, &ant__reshape_class, NULL, a);
    int at = ant__op_axis(p, "squeeze", a, axis);
    if (at < 0)
        return NULL;
    char text[ANT__DIMS_TEXT];
    if (a->dims.dim[at] > 1 || a->dims.dim[at] == 0) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "squeeze: axis %d of %s is not 1", at,
                  ant__dims_text(&a->dims, text));
        return NULL;
    }
    ant_dims dims = {.rank = a->dims.rank - 1};
    for (int k = 0; k < dims.rank; k++)
        dims.dim[k] = a->dims.dim[k < at ? k : k + 1];
    return ant__reshape_to(p, a, &dims);
}

/* --- boxes for the move kernel --- */
typedef struct box {
    ant_dims dims;
    int64_t in[ANT_MAX_AXES], out[ANT_MAX_AXES]; /* strides */
    int64_t from, to;                            /* first entries */
} box;

/* A box over the smaller of input and output, both walked as they lie. */
static box box_of(const ant_value *in, const ant_value *out, const ant_dims *dims) {
    box b = {.dims = *dims};
    ant__dims_strides(&in->dims, b.in);
    ant__dims_strides(&out->dims, b.out);
    return b;
}

/* Drops axes of size 1 and joins those that both sides walk as one. */
static int tidy(box *b) {
    int n = 0;
    for (int k = 0; k < b->dims.rank; k++) {
        int64_t size = b->dims.dim[k];
        if (size == 1)
            continue;
        bool joins = n > 0 && b->in[n - 1] == b->in[k] * size && b->out[n - 1] == b->out[k] * size;
        n -= joins;
        b->dims.dim[n] = joins ? b->dims.dim[n] * size : size;
        b->in[n] = b->in[k];
        b->out[n++] = b->out[k];
    }
    if (n == 0) {
        b->dims.dim[0] = 1;
        b->in[0] = b->out[0] = 1;
        n = 1;
    }
    return b->dims.rank = n;
}

static int64_t push_box(ant_nums *n, box *b, int dtype) {
    enum { CELL_ENTRIES = 16384 };
    int axes = tidy(b);
    int64_t line = ant__dims_span(&b->dims, 1, axes), lines = b->dims.dim[0];
    int64_t cell = line > 0 && line < CELL_ENTRIES ? CELL_ENTRIES / line : 1;
    ant__num_int(n, (int64_t)ant__dtype_size(dtype));
    ant__num_int(n, b->from);
    ant__num_int(n, b->to);
    ant__num_int(n, cell);
    ant__num_int(n, axes);
    for (int k = 0; k < axes; k++) {
        ant__num_int(n, b->dims.dim[k]);
        ant__num_int(n, b->in[k]);
        ant__num_int(n, b->out[k]);
    }
    return lines > cell ? (lines + cell - 1) / cell : 1;
}

/* --- transpose: attrs: order --- */
static int infer_transpose(ant_op *o) {
    const ant_value *a = o->in[0];
    ant_value *y = o->out[0];
    unsigned seen = 0;
    y->dtype = a->dtype;
    y->dims.rank = a->dims.rank;
    for (int k = 0; k < a->dims.rank; k++) {
        int64_t from = o->attrs.i[k];
        if (from < 0 || from >= a->dims.rank || seen >> from & 1)
            return ant__op_fail(o, "the order of axes is no permutation: entry %d is %d", k,
                                (int)from);
        seen |= 1u << from;
        y->dims.dim[k] = a->dims.dim[from];
    }
    return 0;
}

static ant_value *simplify_transpose(ant_op *o) {
    int rank = o->out[0]->dims.rank;
    while (o->in[0]->from && o->in[0]->from->cls == &ant__transpose_class) {
        const ant_op *before = o->in[0]->from;
        for (int k = 0; k < rank; k++)
            o->attrs.i[k] = before->attrs.i[o->attrs.i[k]];
        o->in[0] = before->in[0];
    }
    for (int k = 0; k < rank; k++)
        if (o->attrs.i[k] != k)
            return NULL;
    return o->in[0];
}

static int64_t prep_transpose(const ant_op *o, ant_nums *n) {
    int64_t stride[ANT_MAX_AXES];
    box b = box_of(o->in[0], o->out[0], &o->out[0]->dims);
    memcpy(stride, b.in, sizeof stride);
    for (int k = 0; k < b.dims.rank; k++)
        b.in[k] = stride[o->attrs.i[k]];
    return push_box(n, &b, o->in[0]->dtype);
}

static void transpose_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    int back[ANT_MAX_AXES] = {0};
    for (int k = 0; k < o->out[0]->dims.rank; k++)
        back[o->attrs.i[k]] = k;
    dx[0] = ant_op_transpose(p, dy[0], back);
}

const ant_op_class ant__transpose_class = {.name = "transpose",
                                           .infer = infer_transpose,
                                           .simplify = simplify_transpose,
                                           .kernel = ANT__K_move,
                                           .prep = prep_transpose,
                                           .grad = transpose_gradient};

ant_value *ant_op_transpose(ant_program *p, ant_value *a, const int *order) {
    ant_attrs attrs = {.i = {0}};
    for (int k = 0; a && k < a->dims.rank; k++)
        attrs.i[k] = order[k];
    return ant__emit1(p, &ant__transpose_class, &attrs, a);
}

/* --- slice: attrs: axis, start, count, step --- */
enum { AXIS, START, COUNT, STEP, FULL };

static int infer_slice(ant_op *o) {
    const int64_t *i = o->attrs.i;
    const ant_value *a = o->in[0];
    int64_t size = a->dims.dim[i[AXIS]], last = i[START] + (i[COUNT] - 1) * i[STEP];
    char text[ANT__DIMS_TEXT];
    ant__infer_like(o);
    o->out[0]->dims.dim[i[AXIS]] = i[COUNT];
    bool inside = i[START] >= 0 && last >= 0 && i[START] < size && last < size;
    if (size < 0 || i[COUNT] <= 0 || inside)
        return 0;
    return ant__op_fail(o, "entries %lld to %lld of axis %d are outside of %s", (long long)i[START],
                        (long long)last, (int)i[AXIS], ant__dims_text(&a->dims, text));
}

/* The box of a part of `whole` along the axis. */
static box part(const ant_op *o, const ant_value *whole, bool whole_is_input) {
    const int64_t *i = o->attrs.i;
    box b = box_of(o->in[0], o->out[0], whole_is_input ? &o->out[0]->dims : &o->in[0]->dims);
    int64_t *stride = whole_is_input ? b.in : b.out, full[ANT_MAX_AXES];
    ant__dims_strides(&whole->dims, full);
    *(whole_is_input ? &b.from : &b.to) = i[START] * full[i[AXIS]];
    stride[i[AXIS]] = full[i[AXIS]] * i[STEP];
    return b;
}

static int64_t prep_slice(const ant_op *o, ant_nums *n) {
    box b = part(o, o->in[0], true);
    return push_box(n, &b, o->in[0]->dtype);
}

static ant_value *spread(ant_program *p, ant_value *a, int axis, int64_t start, int64_t step,
                         int64_t full, double fill);

static void slice_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    const int64_t *i = o->attrs.i;
    dx[0] = spread(p, dy[0], (int)i[AXIS], i[START], i[STEP], o->in[0]->dims.dim[i[AXIS]], 0);
}

static const ant_op_class slice_class = {.name = "slice",
                                         .infer = infer_slice,
                                         .kernel = ANT__K_move,
                                         .prep = prep_slice,
                                         .grad = slice_gradient};

ant_value *ant_op_slice(ant_program *p, ant_value *a, int axis, int64_t start, int64_t count,
                        int64_t step) {
    int at = ant__program_dead(p) || !a ? 0 : ant__op_axis(p, "slice", a, axis);
    if (a && at >= 0 && start < 0 && a->dims.dim[at] > 0)
        start += a->dims.dim[at];
    ant_attrs attrs = {.i = {at, start, count, step}};
    if (a && at >= 0 && start == 0 && step == 1 && count >= 0 && count == a->dims.dim[at])
        return ant__local(p, a);
    return ant__emit1(p, &slice_class, &attrs, a);
}

ant_value *ant_op_reverse(ant_program *p, ant_value *a, int axis) {
    int64_t size = ant_value_size(a, axis);
    return ant_op_slice(p, a, axis, size < 0 ? 0 : size - 1, size, -1);
}

/* --- pad: a part of a larger whole, the rest filled; attrs as slice's, and the whole's size --- */
static int infer_pad(ant_op *o) {
    ant__infer_like(o);
    o->out[0]->dims.dim[o->attrs.i[AXIS]] = o->attrs.i[FULL];
    return 0;
}

/* The fill as the bytes of one entry. */
static int64_t fill_bytes(int dtype, double x) {
    int64_t bytes = 0;
    float f = (float)x;
    if (dtype == ANT_FLOAT32)
        memcpy(&bytes, &f, sizeof f);
    else if (dtype == ANT_FLOAT64)
        memcpy(&bytes, &x, sizeof x);
    else if (dtype == ANT_INT32)
        memcpy(&bytes, &(int32_t){(int32_t)x}, sizeof(int32_t));
    else if (dtype == ANT_INT64)
        bytes = (int64_t)x;
    else
        memcpy(&bytes, &(uint8_t){x != 0}, sizeof(uint8_t));
    return bytes;
}

static int64_t prep_pad(const ant_op *o, ant_nums *n) {
    box b = part(o, o->out[0], false);
    ant__num_int(n, ant__dims_count(&o->out[0]->dims));
    ant__num_int(n, fill_bytes(o->in[0]->dtype, o->attrs.f[0]));
    push_box(n, &b, o->in[0]->dtype);
    return 1;
}

static void pad_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    const int64_t *i = o->attrs.i;
    dx[0] = ant_op_slice(p, dy[0], (int)i[AXIS], i[START], o->in[0]->dims.dim[i[AXIS]], i[STEP]);
}

static const ant_op_class pad_class = {.name = "pad",
                                       .infer = infer_pad,
                                       .kernel = ANT__K_pad,
                                       .prep = prep_pad,
                                       .grad = pad_gradient};

static ant_value *spread(ant_program *p, ant_value *a, int axis, int64_t start, int64_t step,
                         int64_t full, double fill) {
    ant_attrs attrs = {.i = {axis, start, 0, step, full}, .f = {fill}};
    return ant__emit1(p, &pad_class, &attrs, a);
}

ant_value *ant_op_pad(ant_program *p, ant_value *a, int axis, int64_t before, int64_t after,
                      double fill) {
    int at = ant__program_dead(p) || !a ? 0 : ant__op_axis(p, "pad", a, axis);
    if (at < 0)
        return NULL;
    if ((before < 0 || after < 0) && !ant__program_dead(p)) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE,
                  "pad: %lld before and %lld after, not below 0", (long long)before,
                  (long long)after);
        return NULL;
    }
    int64_t size = a ? a->dims.dim[at] : 0;
    return spread(p, a, at, before, 1, size < 0 ? -1 : before + size + after, fill);
}

/* --- concat: attrs: axis --- */
static bool same_but_axis(const ant_dims *a, const ant_dims *b, int axis) {
    if (a->rank != b->rank)
        return false;
    for (int k = 0; k < a->rank; k++)
        if (k != axis && a->dim[k] != b->dim[k] && a->dim[k] >= 0 && b->dim[k] >= 0)
            return false;
    return true;
}

static int infer_concat(ant_op *o) {
    int axis = (int)o->attrs.i[0];
    ant_value *y = o->out[0];
    ant__infer_like(o);
    for (int k = 1; k < o->n_in; k++) {
        const ant_value *a = o->in[k];
        if (!same_but_axis(&y->dims, &a->dims, axis))
            return ant__misfit(o, "values differ beside the joined axis", o->in[0], a);
        if (a->dtype != y->dtype)
            return ant__op_fail(o, "types %s and %s", ant__dtype_name(y->dtype),
                                ant__dtype_name(a->dtype));
        for (int r = 0; r < y->dims.rank; r++)
            if (r != axis && y->dims.dim[r] < 0)
                y->dims.dim[r] = a->dims.dim[r];
        int64_t *size = &y->dims.dim[axis];
        *size = *size < 0 || a->dims.dim[axis] < 0 ? -1 : *size + a->dims.dim[axis];
    }
    return 0;
}

static int64_t prep_concat(const ant_op *o, ant_nums *n) {
    enum { CELL_BYTES = 1 << 16 };
    const ant_value *y = o->out[0];
    int axis = (int)o->attrs.i[0], rank = y->dims.rank;
    int64_t size = (int64_t)ant__dtype_size(y->dtype);
    int64_t lines = ant__dims_span(&y->dims, 0, axis);
    int64_t line = ant__dims_span(&y->dims, axis, rank) * size;
    int64_t cell = line > 0 && line < CELL_BYTES ? CELL_BYTES / line : 1;
    ant__num_int(n, o->n_in);
    ant__num_int(n, lines);
    ant__num_int(n, cell);
    for (int k = 0; k < o->n_in; k++)
        ant__num_int(n, ant__dims_span(&o->in[k]->dims, axis, rank) * size);
    return lines > cell ? (lines + cell - 1) / cell : 1;
}

static void concat_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    int axis = (int)o->attrs.i[0];
    int64_t start = 0;
    for (int k = 0; k < o->n_in; k++) {
        int64_t size = o->in[k]->dims.dim[axis];
        if (o->in[k]->needs)
            dx[k] = ant_op_slice(p, dy[0], axis, start, size, 1);
        start += size;
    }
}

static const ant_op_class concat_class = {.name = "concat",
                                          .infer = infer_concat,
                                          .kernel = ANT__K_concat,
                                          .prep = prep_concat,
                                          .grad = concat_gradient};

ant_value *ant_op_concat(ant_program *p, ant_value *const *in, int n, int axis) {
    if (ant__program_dead(p))
        return NULL;
    if (n < 1) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "concat: no values");
        return NULL;
    }
    int at = in[0] ? ant__op_axis(p, "concat", in[0], axis) : 0;
    ant_attrs attrs = {.i = {at}};
    return at < 0 ? NULL : ant__emit(p, &concat_class, &attrs, in, n, 1);
}

ant_value *ant_op_stack(ant_program *p, ant_value *const *in, int n, int axis) {
    if (ant__program_dead(p) || n < 1)
        return ant_op_concat(p, in, n, axis);
    ant_value **expanded = ant__program_alloc(p, (size_t)n, sizeof *expanded);
    for (int k = 0; expanded && k < n; k++)
        expanded[k] = ant_op_expand(p, in[k], axis);
    return expanded ? ant_op_concat(p, expanded, n, axis) : NULL;
}

/* Each entry of the axis `times` times in a row: a new axis, broadcast and joined. */
ant_value *ant_op_repeat(ant_program *p, ant_value *a, int axis, int64_t times) {
    if (ant__program_dead(p) || !a)
        return ant__emit1(p, &ant__reshape_class, NULL, a);
    int at = ant__op_axis(p, "repeat", a, axis);
    ant_value *b = at < 0 ? NULL : ant_op_expand(p, a, at + 1);
    if (!b)
        return NULL;
    ant_dims wide = b->dims, joint = a->dims;
    wide.dim[at + 1] = times;
    joint.dim[at] = ant__times(joint.dim[at], times);
    return ant__reshape_to(p, ant__broadcast_to(p, b, &wide), &joint);
}
