/* Rows by index. */
#include "core/kernels/index.h"
#include "core/ops/fine.h"
#include "core/program/inside.h"

/* In the order of enum ant_index_number. */
static void push(ant_nums *n, int64_t rows, int64_t width, const ant_value *index, int64_t cell) {
    ant__num_int(n, rows);
    ant__num_int(n, width);
    ant__num_int(n, ant__dims_count(&index->dims));
    ant__num_int(n, index->dtype);
    ant__num_int(n, cell);
}

/* Cells of about this many bytes. */
static int64_t cells_of(int64_t count, int64_t bytes, int64_t *cell) {
    enum { CELL_BYTES = 1 << 16 };
    *cell = bytes > 0 && bytes < CELL_BYTES ? CELL_BYTES / bytes : 1;
    return count > *cell ? (count + *cell - 1) / *cell : 1;
}

static int check_index(const ant_op *o, const ant_value *index) {
    if (index->dtype == ANT_INT32 || index->dtype == ANT_INT64)
        return 0;
    return ant__op_fail(o, "indices are %s, must be int32 or int64", ant__dtype_name(index->dtype));
}

/* The index's axes, then some of another value's. */
static int join_dims(ant_op *o, const ant_dims *index, const ant_dims *rest, int from) {
    ant_dims *dims = &o->out[0]->dims;
    *dims = *index;
    if (index->rank + rest->rank - from > ANT_MAX_AXES)
        return ant__op_fail(o, "the result has more than %d axes", ANT_MAX_AXES);
    for (int k = from; k < rest->rank; k++)
        dims->dim[dims->rank++] = rest->dim[k];
    return 0;
}

/* --- gather: table, index --- */
static int infer_gather(ant_op *o) {
    const ant_value *table = o->in[0], *index = o->in[1];
    if (check_index(o, index))
        return ANT_E_SHAPE;
    if (!table->dims.rank)
        return ant__op_fail(o, "the table is one number, must have rows");
    o->out[0]->dtype = table->dtype;
    return join_dims(o, &index->dims, &table->dims, 1);
}

static int64_t prep_gather(const ant_op *o, ant_nums *n) {
    const ant_value *table = o->in[0], *index = o->in[1];
    int64_t bytes =
        ant__dims_span(&table->dims, 1, table->dims.rank) * (int64_t)ant__dtype_size(table->dtype);
    int64_t cell, cells = cells_of(ant__dims_count(&index->dims), bytes, &cell);
    push(n, table->dims.dim[0], bytes, index, cell);
    return cells;
}

static void gather_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] = ant__scatter_add(p, o->in[1], dy[0], o->in[0]->dims.dim[0]);
}

static const ant_op_class gather_class = {.name = "gather",
                                          .infer = infer_gather,
                                          .kernel = ANT__K_gather,
                                          .prep = prep_gather,
                                          .grad = gather_gradient,
                                          .reports = true};

ant_value *ant_op_gather(ant_program *p, ant_value *table, ant_value *index) {
    return ant__emit2(p, &gather_class, NULL, table, index);
}

/* --- scatter_add: index, values; attrs: rows --- */
static int infer_scatter(ant_op *o) {
    const ant_dims *index = &o->in[0]->dims, *values = &o->in[1]->dims;
    ant_dims *dims = &o->out[0]->dims;
    if (check_index(o, o->in[0]))
        return ANT_E_SHAPE;
    for (int k = 0; k < index->rank; k++)
        if (k >= values->rank ||
            (index->dim[k] != values->dim[k] && index->dim[k] >= 0 && values->dim[k] >= 0))
            return ant__misfit(o, "values do not begin with the indices' axes", o->in[0], o->in[1]);
    if (values->rank - index->rank + 1 > ANT_MAX_AXES)
        return ant__op_fail(o, "the result has more than %d axes", ANT_MAX_AXES);
    o->out[0]->dtype = o->in[1]->dtype;
    *dims = ANT__DIMS(o->attrs.i[0]);
    for (int k = index->rank; k < values->rank; k++)
        dims->dim[dims->rank++] = values->dim[k];
    return 0;
}

static int64_t prep_scatter(const ant_op *o, ant_nums *n) {
    enum { MOST_CELLS = 16 };
    const ant_dims *table = &o->out[0]->dims;
    int64_t rows = table->dim[0], width = ant__dims_span(table, 1, table->rank);
    int64_t cell, cells = cells_of(rows, width * (int64_t)sizeof(double), &cell);
    if (cells > MOST_CELLS)
        cell = (rows + MOST_CELLS - 1) / MOST_CELLS;
    push(n, rows, width, o->in[0], cell);
    return rows > cell ? (rows + cell - 1) / cell : 1;
}

static void scatter_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[1] = ant_op_gather(p, dy[0], o->in[0]);
}

static const ant_op_class scatter_class = {.name = "scatter_add",
                                           .infer = infer_scatter,
                                           .kernel = ANT__K_scatter_add,
                                           .prep = prep_scatter,
                                           .grad = scatter_gradient};

ant_value *ant__scatter_add(ant_program *p, ant_value *index, ant_value *values, int64_t rows) {
    ant_attrs attrs = {.i = {rows}};
    return ant__emit2(p, &scatter_class, &attrs, index, values);
}

/* --- one_hot: index; attrs: depth --- */
static int infer_one_hot(ant_op *o) {
    ant_dims depth = ANT__DIMS(o->attrs.i[0]);
    if (check_index(o, o->in[0]))
        return ANT_E_SHAPE;
    if (o->attrs.i[0] < 0)
        return ant__op_fail(o, "depth is %lld, must be at least 0", (long long)o->attrs.i[0]);
    return join_dims(o, &o->in[0]->dims, &depth, 0);
}

static int64_t prep_one_hot(const ant_op *o, ant_nums *n) {
    int64_t depth = o->attrs.i[0], cell;
    int64_t cells = cells_of(ant__dims_count(&o->in[0]->dims), depth * 8, &cell);
    push(n, 0, depth, o->in[0], cell);
    return cells;
}

static const ant_op_class one_hot_class = {.name = "one_hot",
                                           .infer = infer_one_hot,
                                           .kernel = ANT__K_one_hot,
                                           .prep = prep_one_hot,
                                           .constant = true};

ant_value *ant_op_one_hot(ant_program *p, ant_value *index, int64_t depth) {
    ant_attrs attrs = {.i = {depth}};
    return ant__emit1(p, &one_hot_class, &attrs, index);
}

/* --- along an axis: rows of one entry each, found by their places in the whole --- */
/* 0, step, 2 step … along an axis of some dims; of unknown length in scratch programs. */
static ant_value *places(ant_program *p, const ant_dims *dims, int axis, int64_t step) {
    ant_dims line = {.rank = dims->rank};
    for (int k = 0; k < dims->rank; k++)
        line.dim[k] = k == axis ? dims->dim[k] : 1;
    return ant__reshape_to(p, ant__counting(p, dims->dim[axis], step), &line);
}

/* a's other axes, index's own along the axis; false where they do not fit. */
static bool along_dims(const ant_value *a, const ant_value *index, int axis, ant_dims *dims) {
    ant_dims others = a->dims;
    others.dim[axis] = 1;
    *dims = index->dims;
    int64_t length = index->dims.dim[axis];
    dims->dim[axis] = 1;
    bool fits = index->dims.rank == a->dims.rank && ant__dims_broadcast(dims, &others) &&
                (ant__dims_equal(dims, &others) || !ant__dims_known(&others));
    dims->dim[axis] = length;
    return fits;
}

/* The index as a place along its axis; -1, which gather reports, where it is outside. */
static ant_value *stride_on(ant_program *p, ant_value *index, int64_t length, int64_t stride) {
    if (length < 0)
        return index;
    ant_value *above = ant_op_less(p, index, ant__int_number(p, 0));
    ant_value *below = ant_op_greater_equal(p, index, ant__int_number(p, length));
    ant_value *outside = ant_op_logical_or(p, above, below);
    ant_value *lost = ant__int_number(p, -((int64_t)1 << 52));
    return ant_op_where(p, outside, lost, ant_op_scale(p, index, (double)stride));
}

ant_value *ant_op_take_along(ant_program *p, ant_value *a, ant_value *index, int axis) {
    int at = ant__program_dead(p) || !a || !index ? -1 : ant__op_axis(p, "take_along", a, axis);
    if (at < 0)
        return NULL;
    ant_dims dims;
    char x[ANT__DIMS_TEXT], i[ANT__DIMS_TEXT];
    if (!along_dims(a, index, at, &dims)) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "take_along: indices %s do not fit %s",
                  ant__dims_text(&index->dims, i), ant__dims_text(&a->dims, x));
        return NULL;
    }
    int64_t stride[ANT_MAX_AXES];
    ant__dims_strides(&a->dims, stride);
    if (index->dtype == ANT_INT32)
        index = ant_op_cast(p, index, ANT_INT64);
    ant_value *place = stride_on(p, index, a->dims.dim[at], stride[at]);
    for (int k = 0; k < dims.rank; k++)
        if (k != at)
            place = ant_op_add(p, place, places(p, &a->dims, k, stride[k]));
    ant_value *flat = ant__reshape_to(p, a, &ANT__DIMS(ant__dims_count(&a->dims)));
    return ant_op_gather(p, flat, place);
}
