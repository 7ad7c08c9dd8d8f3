/* softmax and log_softmax over any axis. */
#include "core/kernels/softmax.h"
#include "core/ops/ops.h"
#include "core/program/program.h"

enum { AXIS, LOG }; /* attrs.i */

static int infer(ant_op *o) {
    const ant_value *x = o->in[0];
    if (!ant__dtype_real(x->dtype))
        return ant__op_fail(o, "a value of type %s, must be real", ant__dtype_name(x->dtype));
    o->out[0]->dtype = x->dtype;
    o->out[0]->dims = x->dims;
    return 0;
}

/* In the order of enum ant_softmax_number. */
static int64_t prep(const ant_op *o, ant_nums *n) {
    const ant_dims *dims = &o->in[0]->dims;
    const int axis = (int)o->attrs.i[AXIS];
    int64_t outer = ant__dims_span(dims, 0, axis);
    int64_t inner = ant__dims_span(dims, axis + 1, dims->rank);
    int64_t block = ant__softmax_block(dims->dim[axis] * inner);
    ant__num_int(n, outer);
    ant__num_int(n, dims->dim[axis]);
    ant__num_int(n, inner);
    ant__num_int(n, block);
    ant__num_int(n, o->attrs.i[LOG]);
    return outer > block ? (outer + block - 1) / block : 1;
}

/* Logarithms along another axis than the last read their input a second time. */
static bool inplace(const ant_op *o, int out, int in) {
    (void)out;
    return in == 0 && (!o->attrs.i[LOG] || o->attrs.i[AXIS] == o->in[0]->dims.rank - 1);
}

/* y (dy - sum of dy y); of the logarithm: dy - e^y sum of dy. */
static void gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (!dy[0])
        return;
    ant_value *y = o->out[0];
    const unsigned axis = ANT_AXIS((unsigned)o->attrs.i[AXIS]);
    if (o->attrs.i[LOG])
        dx[0] =
            ant_op_sub(p, dy[0], ant_op_mul(p, ant_op_exp(p, y), ant_op_sum(p, dy[0], axis, true)));
    else
        dx[0] = ant__softmax_gradient(p, y, dy[0], axis);
}

ant_value *ant__softmax_gradient(ant_program *p, ant_value *y, ant_value *dy, unsigned axis) {
    ant_value *sum = ant_op_sum(p, ant_op_mul(p, dy, y), axis, true);
    return ant_op_mul(p, y, ant_op_sub(p, dy, sum));
}

int64_t ant__softmax_block(int64_t length) {
    enum { CELL = 8192, GROUP = 16 };
    int64_t rows = CELL / (length > 0 ? length : 1) / GROUP * GROUP;
    return rows > 0 ? rows : length > CELL ? 1 : GROUP;
}

static const ant_op_class softmax_class = {.name = "softmax",
                                           .infer = infer,
                                           .kernel = ANT__K_softmax,
                                           .prep = prep,
                                           .inplace = inplace,
                                           .grad = gradient};

static const ant_op_class log_softmax_class = {.name = "log_softmax",
                                               .infer = infer,
                                               .kernel = ANT__K_softmax,
                                               .prep = prep,
                                               .inplace = inplace,
                                               .grad = gradient};

static ant_value *emit(ant_program *p, ant_value *a, int axis, const ant_op_class *cls) {
    char text[ANT__DIMS_TEXT];
    int k = a ? ant__axis(axis, a->dims.rank) : 0;
    if (k < 0) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "%s: no axis %d in shape %s", cls->name, axis,
                  ant__dims_text(&a->dims, text));
        return NULL;
    }
    const ant_attrs attrs = {.i = {[AXIS] = k, [LOG] = cls == &log_softmax_class}};
    return ant__emit(p, cls, &attrs, &a, 1, 1);
}

ant_value *ant_op_softmax(ant_program *p, ant_value *a, int axis) {
    return emit(p, a, axis, &softmax_class);
}

ant_value *ant_op_log_softmax(ant_program *p, ant_value *a, int axis) {
    return emit(p, a, axis, &log_softmax_class);
}
