/* Order along an axis. */
#include "core/ops/fine.h"
#include "core/program/inside.h"

enum { AXIS, FALLING };

static int infer_argsort(ant_op *o) {
    ant__infer_like(o);
    o->out[0]->dtype = ANT_INT32;
    if (o->out[0]->dims.dim[o->attrs.i[AXIS]] <= INT32_MAX)
        return 0;
    return ant__op_fail(o, "an axis of more than %d entries", INT32_MAX);
}

/* Lines are cut into cells of some thousand entries. */
static int64_t lines_of(const ant_op *o, int64_t length[3]) {
    enum { CELL_ENTRIES = 4096 };
    const ant_dims *dims = &o->in[0]->dims;
    int axis = (int)o->attrs.i[AXIS];
    length[0] = ant__dims_span(dims, 0, axis);
    length[1] = dims->dim[axis];
    length[2] = ant__dims_span(dims, axis + 1, dims->rank);
    int64_t line = length[1] * length[2];
    return line > 0 && line < CELL_ENTRIES ? CELL_ENTRIES / line : 1;
}

static int64_t cells_of(const ant_op *o) {
    int64_t length[3], cell = lines_of(o, length);
    return length[0] > cell ? (length[0] + cell - 1) / cell : 1;
}

static int64_t prep_argsort(const ant_op *o, ant_nums *n) {
    int64_t length[3], cell = lines_of(o, length);
    for (int k = 0; k < 3; k++)
        ant__num_int(n, length[k]);
    ant__num_int(n, cell);
    ant__num_int(n, o->in[0]->dtype);
    ant__num_int(n, o->attrs.i[FALLING]);
    return cells_of(o);
}

static size_t workspace(const ant_op *o) {
    int64_t length[3];
    lines_of(o, length);
    return (size_t)cells_of(o) * 2 * (size_t)length[1] * sizeof(int32_t);
}

static const ant_op_class argsort_class = {.name = "argsort",
                                           .infer = infer_argsort,
                                           .kernel = ANT__K_argsort,
                                           .prep = prep_argsort,
                                           .workspace = workspace,
                                           .constant = true};

ant_value *ant_op_argsort(ant_program *p, ant_value *a, int axis, bool falling) {
    int at = ant__program_dead(p) || !a ? 0 : ant__op_axis(p, "argsort", a, axis);
    ant_attrs attrs = {.i = {at, falling}};
    return at < 0 ? NULL : ant__emit1(p, &argsort_class, &attrs, a);
}
