/* Depthwise convolution over two spatial axes and its two transposes, closed under differentiation:
 *
 *     y  = depthwise(x, w)          y[n, i, j, c m + k] = sum over taps of x[n, …, c] w[a, b, c, k]
 *     dx = depthwise_input(dy, w)   the transpose in x
 *     dw = depthwise_kernel(x, dy)  the transpose in w, one sum per chunk of the batch
 *
 * x: (N, H, W, C), w: (rows, columns, C, m), y: (N, I, J, C m). It is ops/conv.c's convolution in
 * as many groups as there are channels, by kernels with a channel per lane.
 */
#include "core/kernels/depthwise_size.h"
#include "core/ops/conv_pool.h"
#include "core/ops/ops.h"
#include <math.h>

enum { RELU = ANT__WINDOW_ATTRS, CHUNKS, ROWS, COLUMNS };
enum { LIMIT }; /* attrs.f */

static const ant_op_class depthwise_input, depthwise_kernel;

static int check_kernel(const ant_op *o, const ant_dims *w) {
    char text[ANT__DIMS_TEXT];
    ant_window window = ant__window_of(o);
    if (w->rank == 4 && w->dim[0] == window.size[0] && w->dim[1] == window.size[1])
        return 0;
    return ant__op_fail(o, "the kernel is %s, must be (%lld, %lld, C, m)", ant__dims_text(w, text),
                        (long long)window.size[0], (long long)window.size[1]);
}

/* --- the work --- */

static int64_t product(int64_t a, int64_t b, int64_t c) {
    enum { TOO_MANY = 1 << 28 };
    double entries = (double)a * (double)b * (double)c;
    return entries < TOO_MANY ? a * b * c : TOO_MANY;
}

/* Entries of a cell's own memory: taps, a row of the map, rows of a source. */
static int64_t slot_size(const ant_window *w, const ant_dims *x, const ant_dims *y) {
    const int64_t group = ant__depthwise_group(y->dim[3]) * ANT__DEPTHWISE_BLOCK;
    int64_t reach[2], columns = x->dim[2] > y->dim[2] ? x->dim[2] : y->dim[2];
    for (int axis = 0; axis < 2; axis++)
        reach[axis] = (w->size[axis] - 1) * w->dilation[axis] + 1;
    columns = columns < 1 ? 1 : columns < ANT__DEPTHWISE_COLUMNS ? columns : ANT__DEPTHWISE_COLUMNS;
    return product(w->size[0], w->size[1], group) + group +
           ANT__DEPTHWISE_COLUMNS * ANT__DEPTHWISE_BLOCK +
           product(reach[0], (columns - 1) * w->stride[1] + reach[1], group);
}

/* Parts of the rows of all images of the result: enough for many threads. Each begins with a few
 * rows of the source for itself. */
static int64_t row_cells(const ant_dims *result, int64_t slot) {
    enum { MOST = 32, LEAST = 8, ROWS_AT_LEAST = 7, TOGETHER = 1 << 21 };
    int64_t cells = result->dim[0] * ((result->dim[1] + ROWS_AT_LEAST - 1) / ROWS_AT_LEAST);
    int64_t fit = TOGETHER / slot, most = fit < LEAST ? LEAST : fit < MOST ? fit : MOST;
    return cells < 1 ? 1 : cells < most ? cells : most;
}

/* The work of one of the three ops, with images x and the map y. */
typedef struct work {
    const ant_dims *x, *y;
    ant_window window;
    int64_t slot, cells;
} work;

static work work_of(const ant_op *o) {
    const bool back = o->cls == &depthwise_input, kernel = o->cls == &depthwise_kernel;
    work k = {.window = ant__window_of(o)};
    k.x = back ? &o->out[0]->dims : &o->in[0]->dims;
    k.y = back ? &o->in[0]->dims : kernel ? &o->in[1]->dims : &o->out[0]->dims;
    k.slot = slot_size(&k.window, k.x, k.y);
    k.cells = kernel ? o->attrs.i[CHUNKS] : row_cells(&o->out[0]->dims, k.slot);
    return k;
}

static int64_t push_work(const ant_op *o, ant_nums *n) {
    const work k = work_of(o);
    ant__window_push(n, &k.window, k.x, k.y);
    ant__num_int(n, k.x->dim[3] > 0 ? k.y->dim[3] / k.x->dim[3] : 1);
    ant__num_int(n, k.cells);
    ant__num_int(n, k.slot);
    return k.cells;
}

static size_t workspace(const ant_op *o) {
    const work k = work_of(o);
    return (size_t)(k.cells * k.slot) * ant__dtype_size(o->out[0]->dtype);
}

/* --- y = depthwise(x, w, bias or nothing) --- */

static int infer(ant_op *o) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *x = &o->in[0]->dims, *w = &o->in[1]->dims;
    if (check_kernel(o, w) != 0)
        return ANT_E_SHAPE;
    if (x->rank == 4 && x->dim[3] >= 0 && x->dim[3] != w->dim[2])
        return ant__op_fail(o, "the kernel %s does not fit the input %s", ant__dims_text(w, a),
                            ant__dims_text(x, b));
    const ant_dims *bias = o->n_in > 2 ? &o->in[2]->dims : NULL;
    if (bias && (bias->rank != 1 || bias->dim[0] != w->dim[2] * w->dim[3]))
        return ant__op_fail(o, "the bias is %s, the kernel %s", ant__dims_text(bias, a),
                            ant__dims_text(w, b));
    return ant__window_infer(o, w->dim[2] * w->dim[3]);
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    int64_t cells = push_work(o, n);
    ant__num_int(n, o->n_in > 2);
    ant__num_int(n, o->attrs.i[RELU]);
    ant__num_real(n, o->attrs.f[LIMIT]);
    return cells;
}

static void grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_window w = ant__window_of(o);
    if (o->in[0]->needs)
        dx[0] = ant__op_depthwise_input(p, dy[0], o->in[1], &w, &o->in[0]->dims);
    if (o->in[1]->needs)
        dx[1] = ant__op_depthwise_kernel(p, o->in[0], dy[0], &w);
    if (o->n_in > 2 && o->in[2]->needs)
        dx[2] = ant_op_sum(p, dy[0], ANT_AXIS(0) | ANT_AXIS(1) | ANT_AXIS(2), false);
}

const ant_op_class ant__depthwise_class = {.name = "depthwise",
                                           .relu = RELU + 1,
                                           .limit = LIMIT + 1,
                                           .infer = infer,
                                           .kernel = ANT__K_depthwise,
                                           .prep = prep,
                                           .grad = grad,
                                           .workspace = workspace};

ant_value *ant__op_depthwise(ant_program *p, ant_value *x, ant_value *w, ant_value *bias,
                             const ant_window *window) {
    ant_attrs attrs = ant__window_attrs(window);
    attrs.f[LIMIT] = INFINITY;
    return ant__emit(p, &ant__depthwise_class, &attrs, (ant_value *[]){x, w, bias}, bias ? 3 : 2,
                     1);
}

/* --- dx = depthwise_input(dy, w) --- */

static int input_infer(ant_op *o) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *dy = &o->in[0]->dims, *w = &o->in[1]->dims;
    if (check_kernel(o, w) != 0)
        return ANT_E_SHAPE;
    if (dy->rank != 4 || (dy->dim[3] >= 0 && dy->dim[3] != w->dim[2] * w->dim[3]))
        return ant__op_fail(o, "the kernel %s does not fit the map %s", ant__dims_text(w, a),
                            ant__dims_text(dy, b));
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(dy->dim[0], o->attrs.i[ROWS], o->attrs.i[COLUMNS], w->dim[2]);
    return 0;
}

static void input_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_window w = ant__window_of(o);
    if (o->in[0]->needs)
        dx[0] = ant__op_depthwise(p, dy[0], o->in[1], NULL, &w);
    if (o->in[1]->needs)
        dx[1] = ant__op_depthwise_kernel(p, dy[0], o->in[0], &w);
}

static const ant_op_class depthwise_input = {.name = "depthwise_input",
                                             .infer = input_infer,
                                             .kernel = ANT__K_depthwise_input,
                                             .prep = push_work,
                                             .grad = input_grad,
                                             .workspace = workspace};

ant_value *ant__op_depthwise_input(ant_program *p, ant_value *dy, ant_value *w,
                                   const ant_window *window, const ant_dims *x) {
    ant_attrs attrs = ant__window_attrs(window);
    attrs.i[ROWS] = x->dim[1];
    attrs.i[COLUMNS] = x->dim[2];
    return ant__emit(p, &depthwise_input, &attrs, (ant_value *[]){dy, w}, 2, 1);
}

/* --- dw = depthwise_kernel(x, dy) --- */

static int kernel_infer(ant_op *o) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *x = &o->in[0]->dims, *dy = &o->in[1]->dims;
    if (x->rank != 4 || dy->rank != 4 ||
        (x->dim[0] >= 0 && dy->dim[0] >= 0 && x->dim[0] != dy->dim[0]))
        return ant__op_fail(o, "the map %s does not fit the input %s", ant__dims_text(dy, a),
                            ant__dims_text(x, b));
    ant_window w = ant__window_of(o);
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(o->attrs.i[CHUNKS], w.size[0], w.size[1], x->dim[3],
                                x->dim[3] > 0 ? dy->dim[3] / x->dim[3] : 1);
    return 0;
}

/* The images of chunk k of `chunks`: as the kernel cuts them. */
static ant_value *chunk_of(ant_program *p, ant_value *v, int64_t k, int64_t chunks) {
    int64_t images = ant_value_size(v, 0);
    int64_t from = images * k / chunks, to = images * (k + 1) / chunks;
    return ant_op_slice(p, v, 0, from, to - from, 1);
}

static ant_value *joined(ant_program *p, ant_value *all, ant_value *part) {
    return all ? ant_op_concat(p, (ant_value *[]){all, part}, 2, 0) : part;
}

/* Each chunk's images meet that chunk's kernel. */
static void kernel_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_window w = ant__window_of(o);
    int64_t chunks = o->attrs.i[CHUNKS];
    for (int64_t k = 0; k < chunks; k++) {
        ant_value *kernel = ant_op_squeeze(p, ant_op_slice(p, dy[0], 0, k, 1, 1), 0);
        if (o->in[0]->needs) {
            ant_value *map = chunk_of(p, o->in[1], k, chunks);
            dx[0] = joined(p, dx[0], ant__op_depthwise_input(p, map, kernel, &w, &o->in[0]->dims));
        }
        if (o->in[1]->needs) {
            ant_value *x = chunk_of(p, o->in[0], k, chunks);
            dx[1] = joined(p, dx[1], ant__op_depthwise(p, x, kernel, NULL, &w));
        }
    }
}

static const ant_op_class depthwise_kernel = {.name = "depthwise_kernel",
                                              .infer = kernel_infer,
                                              .kernel = ANT__K_depthwise_kernel,
                                              .prep = push_work,
                                              .grad = kernel_grad,
                                              .workspace = workspace};

ant_value *ant__op_depthwise_kernel(ant_program *p, ant_value *x, ant_value *dy,
                                    const ant_window *window) {
    enum { MOST = 16 };
    ant_attrs attrs = ant__window_attrs(window);
    int64_t images = ant_value_size(x, 0);
    attrs.i[CHUNKS] = images < 1 ? 1 : images < MOST ? images : MOST;
    ant_value *sums = ant__emit(p, &depthwise_kernel, &attrs, (ant_value *[]){x, dy}, 2, 1);
    return ant_op_sum(p, sums, ANT_AXIS(0), false);
}
