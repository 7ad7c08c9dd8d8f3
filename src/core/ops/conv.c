/* Convolution over two spatial axes and its two transposes, closed under differentiation:
 *
 *     y  = conv2d(x, w)             y[n, i, j, f] = sum over taps and c of x[…] w[a, b, c, f]
 *     dx = conv2d_input(dy, w)      the transpose in x: gradients, and Conv2DTranspose forward
 *     dw = conv2d_kernel(x, dy)     the transpose in w, one sum per chunk of the batch
 *
 * x: (N, H, W, C), w: (rows, columns, C / groups, F), y: (N, I, J, F). Group g of the F filters
 * reads group g of the C channels. It is a cross-correlation: w is not flipped.
 */
#include "core/kernels/gemm_size.h"
#include "core/ops/conv_pool.h"
#include "core/ops/conv_work.h"
#include "core/ops/ops.h"

enum {
    GROUPS = ANT__CONV_GROUPS,
    RELU = ANT__CONV_RELU,
    REST = ANT__CONV_REST,
    PACKED = ANT__CONV_PACKED
};
enum { CHUNKS = ANT__CONV_CHUNKS, ROWS, COLUMNS }; /* of the transposes */

static const ant_op_class conv2d_input;

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

static ant_conv_shape shape_of(const ant_op *o, const ant_value *x, const ant_value *y) {
    return (ant_conv_shape){.window = ant__window_of(o),
                            .groups = o->attrs.i[GROUPS],
                            .x = x->dims,
                            .y = y->dims,
                            .fast = ant__program_fast(o->program)};
}

/* --- y = conv2d(x, w, bias or nothing, what is added or nothing) --- */

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

ant_conv_shape ant__conv_shape(const ant_op *conv, const ant_dims *y) {
    ant_conv_shape s = shape_of(conv, conv->in[0], conv->out[0]);
    s.y = *y;
    s.packed = conv->attrs.i[PACKED];
    return s;
}

void ant__conv_push_own(ant_nums *n, const ant_op *o) {
    const bool rest = o->attrs.i[REST];
    const double limit = o->attrs.f[ANT__CONV_LIMIT];
    ant__num_int(n, o->attrs.i[PACKED]);
    ant__num_int(n, o->n_in - rest > 2);
    ant__num_int(n, ant__gemm_activation(o->attrs.i[RELU], limit));
    ant__num_int(n, rest);
    ant__num_real(n, limit);
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    ant_conv_shape s = ant__conv_shape(o, &o->out[0]->dims);
    ant_conv_work w = ant__conv_forward_work(&s);
    ant__conv_push(n, &s, &w);
    ant__conv_push_own(n, o);
    return w.cells;
}

/* Each entry of what is added is read right before that of the result is written. */
static bool over_rest(const ant_op *o, int out, int in) {
    return out == 0 && o->attrs.i[REST] && in == o->n_in - 1;
}

static size_t workspace(const ant_op *o) {
    ant_conv_shape s = ant__conv_shape(o, &o->out[0]->dims);
    ant_conv_work w = ant__conv_forward_work(&s);
    return ant__conv_bytes(&w, o->out[0]->dtype);
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

const ant_op_class ant__conv2d_class = {.name = "conv2d",
                                        .relu = RELU + 1,
                                        .limit = ANT__CONV_LIMIT + 1,
                                        .infer = infer,
                                        .kernel = ANT__K_conv2d,
                                        .prep = prep,
                                        .inplace = over_rest,
                                        .grad = grad,
                                        .workspace = workspace};

ant_value *ant__op_conv2d(ant_program *p, ant_value *x, ant_value *w, ant_value *bias,
                          const ant_window *window, int64_t groups) {
    ant_attrs attrs = conv_attrs(window, groups);
    return ant__emit(p, &ant__conv2d_class, &attrs, (ant_value *[]){x, w, bias}, bias ? 3 : 2, 1);
}

/* --- conv2d_pack(w): attributes as conv2d's, then the side of Winograd's tiles and the channels
 * --- */
enum { SIDE = PACKED + 1, CHANNELS };

ant_attrs ant__conv_pack_attrs(const ant_op *conv) {
    ant_attrs attrs = conv->attrs;
    ant_conv_shape s = conv->cls == &ant__conv2d_pool_class
                           ? ant__conv_pool_shape(conv)
                           : ant__conv_shape(conv, &conv->out[0]->dims);
    attrs.i[SIDE] = ant__conv_side(&s);
    attrs.i[CHANNELS] = s.x.dim[3];
    return attrs;
}

/* Of the maps only the channels count. */
static ant_conv_work pack_work(const ant_op *o, ant_conv_shape *s, int64_t *entries) {
    *s = (ant_conv_shape){.window = ant__window_of(o), .groups = o->attrs.i[GROUPS]};
    s->x = ANT__DIMS(1, 1, 1, o->attrs.i[CHANNELS]);
    s->y = ANT__DIMS(1, 1, 1, o->in[0]->dims.dim[3]);
    return ant__conv_pack_work(s, o->attrs.i[SIDE], entries);
}

static int pack_infer(ant_op *o) {
    ant_conv_shape s;
    int64_t entries;
    pack_work(o, &s, &entries);
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = ANT__DIMS(entries);
    return 0;
}

static int64_t pack_prep(const ant_op *o, ant_nums *n) {
    ant_conv_shape s;
    int64_t entries;
    ant_conv_work w = pack_work(o, &s, &entries);
    ant__conv_push(n, &s, &w);
    return 1;
}

static size_t pack_workspace(const ant_op *o) {
    ant_conv_shape s;
    int64_t entries;
    ant_conv_work w = pack_work(o, &s, &entries);
    return ant__conv_bytes(&w, o->out[0]->dtype);
}

const ant_op_class ant__conv2d_pack_class = {.name = "conv2d_pack",
                                             .infer = pack_infer,
                                             .kernel = ANT__K_conv2d_pack,
                                             .prep = pack_prep,
                                             .workspace = pack_workspace,
                                             .constant = true};

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

static int64_t input_prep(const ant_op *o, ant_nums *n) {
    ant_conv_shape s = shape_of(o, o->out[0], o->in[0]);
    ant_conv_work w = ant__conv_input_work(&s);
    ant__conv_push(n, &s, &w);
    return w.cells;
}

static size_t input_workspace(const ant_op *o) {
    ant_conv_shape s = shape_of(o, o->out[0], o->in[0]);
    ant_conv_work w = ant__conv_input_work(&s);
    return ant__conv_bytes(&w, o->out[0]->dtype);
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
static int64_t kernel_parts(const ant_op *o, const ant_conv_shape *s) {
    enum { ROW_AT_LEAST = 32 };
    const ant_dims *dw = &o->out[0]->dims;
    bool rows = dw->dim[2] * dw->dim[3] >= ROW_AT_LEAST && !ant__conv_winograd(s);
    return rows ? dw->dim[1] : 1;
}

static int64_t kernel_prep(const ant_op *o, ant_nums *n) {
    ant_conv_shape s = shape_of(o, o->in[0], o->in[1]);
    int64_t chunks = o->out[0]->dims.dim[0], parts = kernel_parts(o, &s);
    ant_conv_work w = ant__conv_kernel_work(&s, chunks, parts);
    ant__conv_push(n, &s, &w);
    ant__num_int(n, chunks);
    ant__num_int(n, parts);
    return w.cells;
}

static size_t kernel_workspace(const ant_op *o) {
    ant_conv_shape s = shape_of(o, o->in[0], o->in[1]);
    ant_conv_work w = ant__conv_kernel_work(&s, o->out[0]->dims.dim[0], kernel_parts(o, &s));
    return ant__conv_bytes(&w, o->out[0]->dtype);
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

const ant_op_class ant__conv2d_kernel_class = {.name = "conv2d_kernel",
                                               .infer = kernel_infer,
                                               .kernel = ANT__K_conv2d_kernel,
                                               .prep = kernel_prep,
                                               .grad = kernel_grad,
                                               .workspace = kernel_workspace};

bool ant__conv_reads_map(const ant_op *o, const ant_value *v) {
    if (o->cls == &conv2d_input)
        return o->in[0] == v && o->in[1] != v;
    return o->cls == &ant__conv2d_kernel_class && o->in[1] == v && o->in[0] != v;
}

bool ant__conv_kernel_is_direct(const ant_op *o) {
    const ant_conv_shape s = shape_of(o, o->in[0], o->in[1]);
    return o->cls == &ant__conv2d_kernel_class && !ant__conv_winograd(&s);
}

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
    ant_value *sums = ant__emit(p, &ant__conv2d_kernel_class, &attrs, (ant_value *[]){x, dy}, 2, 1);
    return ant_op_sum(p, sums, ANT_AXIS(0), false);
}
