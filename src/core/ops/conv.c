/* Convolution over two spatial axes and its two transposes, closed under differentiation:
 *
 *     y  = conv2d(x, w)             y[n, i, j, f] = sum over taps and c of x[…] w[a, b, c, f]
 *     dx = conv2d_input(dy, w)      the transpose in x: gradients, and Conv2DTranspose forward
 *     dw = conv2d_kernel(x, dy)     the transpose in w, one sum per chunk of the batch
 *
 * x: (N, H, W, C), w: (rows, columns, C / groups, F), y: (N, I, J, F). Group g of the F filters
 * reads group g of the C channels. It is a cross-correlation: w is not flipped.
 */
#include "core/kernels/conv_size.h"
#include "core/ops/ops.h"

enum { GROUPS = ANT__WINDOW_ATTRS, RELU, CHUNKS, ROWS, COLUMNS };

static const ant_op_class conv2d, conv2d_input, conv2d_kernel;

static ant_attrs conv_attrs(const ant_window *w, int64_t groups) {
    ant_attrs attrs = ant__window_attrs(w);
    attrs.i[GROUPS] = groups;
    return attrs;
}

static int check_kernel(const ant_op *o, const ant_dims *w) {
    char text[ANT__DIMS_TEXT];
    ant_window window = ant__window_of(o);
    if (w->rank != 4 || w->dim[0] != window.size[0] || w->dim[1] != window.size[1])
        return ant__op_fail(o, "the kernel is %s, must be (%lld, %lld, C / groups, F)",
                            ant__dims_text(w, text), (long long)window.size[0],
                            (long long)window.size[1]);
    if (w->dim[3] % o->attrs.i[GROUPS] != 0)
        return ant__op_fail(o, "%lld filters cannot be cut into %lld groups", (long long)w->dim[3],
                            (long long)o->attrs.i[GROUPS]);
    return 0;
}

/* --- the work and its memory: from shapes only, so that any number of threads gives the same bits --- */

/* Products of a kernel: their right sides (k, n), pieces of rows x columns pixels, cells. */
typedef struct work {
    int64_t groups, k, n, runs;
    int64_t rows, columns, channels;
    int64_t cells;
} work;

static int64_t reach(const ant_window *w, int axis) {
    return (w->size[axis] - 1) * w->dilation[axis];
}

/* Pixels under `count` positions of the window. */
static int64_t covered(const ant_window *w, int axis, int64_t count) {
    return (count - 1) * w->stride[axis] + reach(w, axis) + 1;
}

static bool inside(const ant_window *w, const ant_dims *x, const ant_dims *y) {
    bool all = true;
    for (int axis = 0; axis < 2; axis++)
        all &= ant__window_before(w, axis, x->dim[axis + 1]) == 0 &&
               covered(w, axis, y->dim[axis + 1]) <= x->dim[axis + 1];
    return all;
}

static ant_conv_slot slot_of(const work *k) {
    ant_conv_slot s;
    s.runs = k->groups * ant__gemm_packed(k->k, k->n);
    s.piece = s.runs + ant__conv_align(2 * k->runs);
    s.size = ant__conv_align(s.piece + k->rows * ant__conv_pitch(k->columns, k->channels));
    return s;
}

/* Strips of the rows of all images: enough for many threads, and so few that what each prepares
 * for itself stays small. */
static int64_t strip_cells(const work *k, int64_t images, int64_t rows) {
    enum { MOST = 32, LEAST = 8, ROWS_AT_LEAST = 4, TOGETHER = 1 << 21 };
    int64_t strips = images * ((rows + ROWS_AT_LEAST - 1) / ROWS_AT_LEAST);
    int64_t fit = TOGETHER / (slot_of(k).size + 1);
    int64_t most = fit < LEAST ? LEAST : fit < MOST ? fit : MOST;
    return strips < 1 ? 1 : strips < most ? strips : most;
}

static void push_work(ant_nums *n, const ant_op *o, const work *k, const ant_dims *x,
                      const ant_dims *y) {
    ant_window w = ant__window_of(o);
    ant_conv_slot slot = slot_of(k);
    ant__window_push(n, &w, x, y);
    ant__num_int(n, k->groups);
    ant__num_int(n, k->cells);
    ant__num_int(n, slot.runs);
    ant__num_int(n, slot.piece);
    ant__num_int(n, slot.size);
}

/* SIZE_MAX, which no allocation gives, where the count does not fit. */
static size_t work_bytes(const ant_op *o, const work *k) {
    double entries = (double)k->rows * (double)k->columns * (double)k->channels +
                     (double)k->groups * (double)k->k * (double)(k->n + ANT__GEMM_WIDEST);
    if (entries * (double)k->cells > 0x1p58)
        return SIZE_MAX;
    return (size_t)(k->cells * slot_of(k).size) * ant__dtype_size(o->out[0]->dtype);
}

/* --- y = conv2d(x, w, bias or nothing) --- */

static int infer(ant_op *o) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *x = &o->in[0]->dims, *w = &o->in[1]->dims;
    if (check_kernel(o, w) != 0)
        return ANT_E_SHAPE;
    if (x->rank == 4 && x->dim[3] >= 0 && x->dim[3] != w->dim[2] * o->attrs.i[GROUPS])
        return ant__op_fail(o, "the kernel %s in %lld groups does not fit the input %s",
                            ant__dims_text(w, a), (long long)o->attrs.i[GROUPS],
                            ant__dims_text(x, b));
    const ant_dims *bias = o->n_in > 2 ? &o->in[2]->dims : NULL;
    if (bias && (bias->rank != 1 || bias->dim[0] != w->dim[3]))
        return ant__op_fail(o, "the bias is %s, the kernel %s", ant__dims_text(bias, a),
                            ant__dims_text(w, b));
    return ant__window_infer(o, w->dim[3]);
}

static work forward_work(const ant_op *o) {
    const ant_dims *x = &o->in[0]->dims, *w = &o->in[1]->dims, *y = &o->out[0]->dims;
    ant_window window = ant__window_of(o);
    int64_t groups = o->attrs.i[GROUPS], taps = w->dim[0] * w->dim[1];
    work k = {.groups = groups, .k = taps * w->dim[2], .n = w->dim[3] / groups, .runs = taps};
    if (!inside(&window, x, y)) {
        k.rows = covered(&window, 0, ANT__CONV_ROWS);
        k.columns = covered(&window, 1, y->dim[2]);
        k.channels = x->dim[3];
    }
    k.cells = strip_cells(&k, y->dim[0], y->dim[1]);
    return k;
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    work k = forward_work(o);
    push_work(n, o, &k, &o->in[0]->dims, &o->out[0]->dims);
    ant__num_int(n, o->n_in > 2);
    ant__num_int(n, o->attrs.i[RELU]);
    return k.cells;
}

static size_t workspace(const ant_op *o) {
    work k = forward_work(o);
    return work_bytes(o, &k);
}

static void grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_window w = ant__window_of(o);
    int64_t groups = o->attrs.i[GROUPS];
    if (o->in[0]->needs)
        dx[0] = ant__op_conv2d_input(p, dy[0], o->in[1], &w, groups, &o->in[0]->dims);
    if (o->in[1]->needs)
        dx[1] = ant__op_conv2d_kernel(p, o->in[0], dy[0], &w, groups);
    if (o->n_in > 2 && o->in[2]->needs)
        dx[2] = ant_op_sum(p, dy[0], ANT_AXIS(0) | ANT_AXIS(1) | ANT_AXIS(2), false);
}

static const ant_op_class conv2d = {.name = "conv2d",
                                    .infer = infer,
                                    .kernel = ANT__K_conv2d,
                                    .prep = prep,
                                    .grad = grad,
                                    .workspace = workspace};

ant_value *ant__op_conv2d(ant_program *p, ant_value *x, ant_value *w, ant_value *bias,
                          const ant_window *window, int64_t groups) {
    ant_attrs attrs = conv_attrs(window, groups);
    return ant__emit(p, &conv2d, &attrs, (ant_value *[]){x, w, bias}, bias ? 3 : 2, 1);
}

/* --- dx = conv2d_input(dy, w) --- */

static int input_infer(ant_op *o) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *dy = &o->in[0]->dims, *w = &o->in[1]->dims;
    if (check_kernel(o, w) != 0)
        return ANT_E_SHAPE;
    if (dy->rank != 4 || (dy->dim[3] >= 0 && dy->dim[3] != w->dim[3]))
        return ant__op_fail(o, "the kernel %s does not fit the map %s", ant__dims_text(w, a),
                            ant__dims_text(dy, b));
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(dy->dim[0], o->attrs.i[ROWS], o->attrs.i[COLUMNS],
                                w->dim[2] * o->attrs.i[GROUPS]);
    return 0;
}

static work input_work(const ant_op *o) {
    const ant_dims *dx = &o->out[0]->dims, *w = &o->in[1]->dims;
    ant_window window = ant__window_of(o);
    int64_t groups = o->attrs.i[GROUPS], taps = w->dim[0] * w->dim[1];
    work k = {.groups = groups, .k = taps * (w->dim[3] / groups), .n = w->dim[2], .runs = taps};
    k.rows = ANT__CONV_ROWS + reach(&window, 0) / window.stride[0];
    k.columns = dx->dim[2] / window.stride[1] + 1 + reach(&window, 1) / window.stride[1];
    k.channels = w->dim[3];
    k.cells = strip_cells(&k, dx->dim[0], dx->dim[1]);
    return k;
}

static int64_t input_prep(const ant_op *o, ant_nums *n) {
    work k = input_work(o);
    push_work(n, o, &k, &o->out[0]->dims, &o->in[0]->dims);
    return k.cells;
}

static size_t input_workspace(const ant_op *o) {
    work k = input_work(o);
    return work_bytes(o, &k);
}

static void input_grad(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_window w = ant__window_of(o);
    int64_t groups = o->attrs.i[GROUPS];
    if (o->in[0]->needs)
        dx[0] = ant__op_conv2d(p, dy[0], o->in[1], NULL, &w, groups);
    if (o->in[1]->needs)
        dx[1] = ant__op_conv2d_kernel(p, dy[0], o->in[0], &w, groups);
}

static const ant_op_class conv2d_input = {.name = "conv2d_input",
                                          .infer = input_infer,
                                          .kernel = ANT__K_conv2d_input,
                                          .prep = input_prep,
                                          .grad = input_grad,
                                          .workspace = input_workspace};

ant_value *ant__op_conv2d_input(ant_program *p, ant_value *dy, ant_value *w,
                                const ant_window *window, int64_t groups, const ant_dims *x) {
    ant_attrs attrs = conv_attrs(window, groups);
    attrs.i[ROWS] = x->dim[1];
    attrs.i[COLUMNS] = x->dim[2];
    return ant__emit(p, &conv2d_input, &attrs, (ant_value *[]){dy, w}, 2, 1);
}

/* --- dw = conv2d_kernel(x, dy) --- */

static int kernel_infer(ant_op *o) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    const ant_dims *x = &o->in[0]->dims, *dy = &o->in[1]->dims;
    if (x->rank != 4 || dy->rank != 4 ||
        (x->dim[0] >= 0 && dy->dim[0] >= 0 && x->dim[0] != dy->dim[0]))
        return ant__op_fail(o, "the map %s does not fit the input %s", ant__dims_text(dy, a),
                            ant__dims_text(x, b));
    ant_window w = ant__window_of(o);
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(o->attrs.i[CHUNKS], w.size[0], w.size[1],
                                x->dim[3] / o->attrs.i[GROUPS], dy->dim[3]);
    return 0;
}

/* A cell is a chunk of the batch, and one row of the kernel where such a row is work enough. */
static int64_t kernel_parts(const ant_dims *dw) {
    enum { ROW_AT_LEAST = 32 };
    return dw->dim[2] * dw->dim[3] >= ROW_AT_LEAST ? dw->dim[1] : 1;
}

static work kernel_work(const ant_op *o) {
    const ant_dims *x = &o->in[0]->dims, *dy = &o->in[1]->dims, *dw = &o->out[0]->dims;
    ant_window window = ant__window_of(o);
    int64_t groups = o->attrs.i[GROUPS], piece = ant__conv_piece(dy->dim[1], dy->dim[2]);
    work k = {.groups = groups, .k = piece * dy->dim[2], .n = dy->dim[3] / groups, .runs = piece};
    if (!inside(&window, x, dy)) {
        k.rows = covered(&window, 0, piece);
        k.columns = covered(&window, 1, dy->dim[2]);
        k.channels = x->dim[3];
    }
    k.cells = dw->dim[0] * kernel_parts(dw);
    return k;
}

static int64_t kernel_prep(const ant_op *o, ant_nums *n) {
    const ant_dims *dw = &o->out[0]->dims;
    work k = kernel_work(o);
    push_work(n, o, &k, &o->in[0]->dims, &o->in[1]->dims);
    ant__num_int(n, dw->dim[0]);
    ant__num_int(n, kernel_parts(dw));
    return k.cells;
}

static size_t kernel_workspace(const ant_op *o) {
    work k = kernel_work(o);
    return work_bytes(o, &k);
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
    int64_t groups = o->attrs.i[GROUPS], chunks = o->attrs.i[CHUNKS];
    for (int64_t k = 0; k < chunks; k++) {
        ant_value *kernel = ant_op_squeeze(p, ant_op_slice(p, dy[0], 0, k, 1, 1), 0);
        if (o->in[0]->needs) {
            ant_value *map = chunk_of(p, o->in[1], k, chunks);
            dx[0] =
                joined(p, dx[0], ant__op_conv2d_input(p, map, kernel, &w, groups, &o->in[0]->dims));
        }
        if (o->in[1]->needs) {
            ant_value *x = chunk_of(p, o->in[0], k, chunks);
            dx[1] = joined(p, dx[1], ant__op_conv2d(p, x, kernel, NULL, &w, groups));
        }
    }
}

static const ant_op_class conv2d_kernel = {.name = "conv2d_kernel",
                                           .infer = kernel_infer,
                                           .kernel = ANT__K_conv2d_kernel,
                                           .prep = kernel_prep,
                                           .grad = kernel_grad,
                                           .workspace = kernel_workspace};

/* Chunks of the batch that are summed apart: enough for many threads, but the sums of all of them
 * together stay in a cache. From shapes only, so that any number of threads gives the same bits. */
static int64_t batch_chunks(int64_t images, int64_t kernel) {
    enum { MOST = 8, TOGETHER = 1 << 20 };
    int64_t fit = kernel > 0 ? TOGETHER / kernel : MOST;
    int64_t chunks = fit < images ? fit : images;
    return chunks < 1 ? 1 : chunks < MOST ? chunks : MOST;
}

ant_value *ant__op_conv2d_kernel(ant_program *p, ant_value *x, ant_value *dy,
                                 const ant_window *window, int64_t groups) {
    if (!x || !dy)
        return NULL;
    ant_attrs attrs = conv_attrs(window, groups);
    int64_t kernel =
        window->size[0] * window->size[1] * ant_value_size(x, 3) / groups * ant_value_size(dy, 3);
    attrs.i[CHUNKS] = batch_chunks(ant_value_size(x, 0), kernel);
    ant_value *sums = ant__emit(p, &conv2d_kernel, &attrs, (ant_value *[]){x, dy}, 2, 1);
    return ant_op_sum(p, sums, ANT_AXIS(0), false);
}
