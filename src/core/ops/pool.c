/* Max and average pooling over two spatial axes: x (N, H, W, C) -> y (N, I, J, C).
 *
 * Padding is no number: the largest and the mean are those of the real entries of a window. The
 * gradient of the largest goes to the first of equals, in row-major order, as TensorFlow's does.
 */
#include "core/ops/conv_pool.h"
#include "core/ops/ops.h"

static int infer(ant_op *o) {
    return ant__window_infer(o, o->in[0]->dims.rank == 4 ? o->in[0]->dims.dim[3] : -1);
}

/* A cell is an image. */
static int64_t numbers(ant_nums *n, const ant_op *o, const ant_dims *x, const ant_dims *y) {
    ant_window w = ant__window_of(o);
    ant__window_push(n, &w, x, y);
    return x->dim[0] > 0 ? x->dim[0] : 1;
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    return numbers(n, o, &o->in[0]->dims, &o->out[0]->dims);
}

static ant_value *write(ant_program *p, const ant_op_class *cls, const ant_window *w,
                        ant_value *x) {
    ant_attrs attrs = ant__window_attrs(w);
    return ant__emit(p, cls, &attrs, (ant_value *[]){x}, 1, 1);
}

/* --- max --- */

/* in: x, dy; and their second derivative: in: x, v, gives the entries of v where x is largest */
static int along_infer(ant_op *o) {
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = o->in[0]->dims;
    return 0;
}

static int64_t along_prep(const ant_op *o, ant_nums *n) {
    return numbers(n, o, &o->in[0]->dims, &o->in[1]->dims);
}

static const ant_op_class max_pool_pick;

static void max_grad_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (o->in[1]->needs)
        dx[1] = ant__emit(p, &max_pool_pick, &o->attrs, (ant_value *[]){o->in[0], dy[0]}, 2, 1);
}

const ant_op_class ant__max_pool_grad_class = {.name = "max_pool_grad",
                                               .infer = along_infer,
                                               .kernel = ANT__K_max_pool_grad,
                                               .prep = along_prep,
                                               .grad = max_grad_grad};

static void max_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] =
        ant__emit(p, &ant__max_pool_grad_class, &o->attrs, (ant_value *[]){o->in[0], dy[0]}, 2, 1);
}

static void pick_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (o->in[1]->needs)
        dx[1] = ant__emit(p, &ant__max_pool_grad_class, &o->attrs, (ant_value *[]){o->in[0], dy[0]},
                          2, 1);
}

static const ant_op_class max_pool_pick = {.name = "max_pool_pick",
                                           .infer = infer,
                                           .kernel = ANT__K_max_pool_pick,
                                           .prep = prep,
                                           .grad = pick_grad};

const ant_op_class ant__max_pool_class = {
    .name = "max_pool", .infer = infer, .kernel = ANT__K_max_pool, .prep = prep, .grad = max_grad};

ant_value *ant__op_max_pool(ant_program *p, ant_value *x, const ant_window *w) {
    return write(p, &ant__max_pool_class, w, x);
}

/* --- average --- */

enum { ROWS = ANT__WINDOW_ATTRS, COLUMNS };

static const ant_op_class average_pool;

static int average_grad_infer(ant_op *o) {
    const ant_dims *dy = &o->in[0]->dims;
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(dy->dim[0], o->attrs.i[ROWS], o->attrs.i[COLUMNS], dy->dim[3]);
    return 0;
}

static int64_t average_grad_prep(const ant_op *o, ant_nums *n) {
    return numbers(n, o, &o->out[0]->dims, &o->in[0]->dims);
}

static void average_grad_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_window w = ant__window_of(o);
    dx[0] = write(p, &average_pool, &w, dy[0]);
}

static const ant_op_class average_pool_grad = {.name = "average_pool_grad",
                                               .infer = average_grad_infer,
                                               .kernel = ANT__K_average_pool_grad,
                                               .prep = average_grad_prep,
                                               .grad = average_grad_grad};

static void average_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_attrs attrs = o->attrs;
    attrs.i[ROWS] = o->in[0]->dims.dim[1];
    attrs.i[COLUMNS] = o->in[0]->dims.dim[2];
    dx[0] = ant__emit(p, &average_pool_grad, &attrs, (ant_value *[]){dy[0]}, 1, 1);
}

static const ant_op_class average_pool = {.name = "average_pool",
                                          .infer = infer,
                                          .kernel = ANT__K_average_pool,
                                          .prep = prep,
                                          .grad = average_grad};

ant_value *ant__op_average_pool(ant_program *p, ant_value *x, const ant_window *w) {
    return write(p, &average_pool, w, x);
}
