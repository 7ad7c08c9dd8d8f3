#include "core/ops/conv_pool.h"
#include "core/kernels/conv_size.h"

/* Entries of maps that stay in a cache. */
enum { CACHED = 1 << 16 };

static ant_window pool_of(const ant_op *o) {
    ant_op pool = {.attrs = o->attrs};
    for (int k = 0; k < ANT__WINDOW_ATTRS; k++)
        pool.attrs.i[k] = o->attrs.i[ANT__CONV_POOL + k];
    return ant__window_of(&pool);
}

/* Entries of an axis of the map that some window sees. */
static int64_t seen(const ant_window *pool, int axis, int64_t windows, int64_t entries) {
    int64_t reach = (windows - 1) * pool->stride[axis] + pool->size[axis];
    return pool->padding == ANT__VALID && reach < entries ? reach : entries;
}

/* The convolution, of the part of its map that is pooled. */
ant_conv_shape ant__conv_pool_shape(const ant_op *o) {
    const ant_dims *x = &o->in[0]->dims, *y = &o->out[0]->dims;
    ant_conv_shape s = ant__conv_shape(o, y);
    ant_window pool = pool_of(o);
    for (int axis = 0; axis < 2; axis++)
        s.y.dim[axis + 1] = seen(&pool, axis, y->dim[axis + 1],
                                 ant__window_count(&s.window, axis, x->dim[axis + 1]));
    return s;
}

/* Images whose maps are made together, as Winograd's method is faster with many tiles at once. */
static int64_t together(const ant_conv_shape *s) {
    enum { MOST = 8 };
    const int64_t map = s->y.dim[1] * s->y.dim[2] * s->y.dim[3], fit = map ? CACHED / map : 1;
    if (!ant__conv_winograd(s) || fit < 1)
        return 1;
    return fit < MOST ? fit : MOST;
}

static int64_t map_entries(const ant_conv_shape *s) {
    return ant__conv_align(together(s) * s->y.dim[1] * s->y.dim[2] * s->y.dim[3]);
}

/* Below, a cell is no image but some rows: only where there are no maps. */
enum { FEW_IMAGES = 8 };

/* The maps lie at the end of a slot. */
static ant_conv_work work_of(const ant_conv_shape *s) {
    enum { MOST = 32 };
    ant_conv_work w = ant__conv_forward_work(s);
    w.piece = ant__conv_align(w.piece) + map_entries(s);
    if (s->x.dim[0] >= FEW_IMAGES)
        w.cells = s->x.dim[0] < MOST ? s->x.dim[0] : MOST;
    return w;
}

static int64_t prep(const ant_op *o, ant_nums *n) {
    ant_conv_shape s = ant__conv_pool_shape(o);
    ant_conv_work w = work_of(&s);
    ant_window pool = pool_of(o);
    ant__conv_push(n, &s, &w);
    ant__conv_push_own(n, o);
    ant__window_push(n, &pool, &s.y, &o->out[0]->dims);
    ant__num_int(n, ant__conv_slot(&w) - map_entries(&s));
    ant__num_int(n, o->n_out > 1);
    ant__num_int(n, together(&s));
    return w.cells;
}

static size_t workspace(const ant_op *o) {
    ant_conv_shape s = ant__conv_pool_shape(o);
    ant_conv_work w = work_of(&s);
    return ant__conv_bytes(&w, o->out[0]->dtype);
}

const ant_op_class ant__conv2d_pool_class = {
    .name = "conv2d_pool", .kernel = ANT__K_conv2d_pool, .prep = prep, .workspace = workspace};

/* --- the gradient from winners --- */

bool ant__pool_has_winners(const ant_op *pool) {
    enum { MOST = 255 };
    const ant_window w = ant__window_of(pool);
    return w.padding == ANT__VALID && w.size[0] == w.stride[0] && w.size[1] == w.stride[1] &&
           w.size[0] < MOST && w.size[1] < MOST && w.size[0] * w.size[1] < MOST;
}

ant_dims ant__pool_seen(const ant_op *pool) {
    const ant_window w = ant__window_of(pool);
    ant_dims dims = pool->out[0]->dims;
    dims.dim[1] *= w.size[0];
    dims.dim[2] *= w.size[1];
    return dims;
}

static int64_t spread_prep(const ant_op *o, ant_nums *n) {
    const ant_window w = ant__window_of(o);
    ant__window_push(n, &w, &o->out[0]->dims, &o->in[1]->dims);
    return o->out[0]->dims.dim[0];
}

const ant_op_class ant__pool_spread_class = {
    .name = "pool_spread", .kernel = ANT__K_pool_spread, .prep = spread_prep};

/* --- the kernel's gradient from winners: x, winners, dy -> (chunks, kernel…), (chunks, F) --- */

ant_dims ant__conv_pool_map(const ant_op *o) {
    const ant_window pool = pool_of(o);
    ant_dims map = o->in[2]->dims;
    for (int axis = 0; axis < 2; axis++)
        map.dim[axis + 1] *= pool.size[axis];
    return map;
}

/* An image's map lies at the end of a slot. */
static ant_conv_work kernel_work(const ant_op *o, const ant_conv_shape *s) {
    ant_conv_work w = ant__conv_kernel_work(s, o->attrs.i[ANT__CONV_CHUNKS], 1);
    w.piece = ant__conv_align(w.piece) + ant__conv_align(ant__dims_span(&s->y, 1, 4));
    return w;
}

static int64_t kernel_prep(const ant_op *o, ant_nums *n) {
    const ant_dims map = ant__conv_pool_map(o);
    const ant_conv_shape s = ant__conv_shape(o, &map);
    const ant_conv_work w = kernel_work(o, &s);
    const ant_window pool = pool_of(o);
    ant__conv_push(n, &s, &w);
    ant__num_int(n, o->attrs.i[ANT__CONV_CHUNKS]);
    ant__window_push(n, &pool, &map, &o->in[2]->dims);
    ant__num_int(n, ant__conv_slot(&w) - ant__conv_align(ant__dims_span(&map, 1, 4)));
    return w.cells;
}

static size_t kernel_workspace(const ant_op *o) {
    const ant_dims map = ant__conv_pool_map(o);
    const ant_conv_shape s = ant__conv_shape(o, &map);
    const ant_conv_work w = kernel_work(o, &s);
    return ant__conv_bytes(&w, o->out[0]->dtype);
}

const ant_op_class ant__conv2d_pool_kernel_class = {.name = "conv2d_pool_kernel",
                                                    .kernel = ANT__K_conv2d_pool_kernel,
                                                    .prep = kernel_prep,
                                                    .workspace = kernel_workspace};

/* Windows of 2 x 2 without a rest: most kernels pool these without a map. */
static bool is_even(const ant_op *conv, const ant_op *pool) {
    const ant_window w = ant__window_of(conv), p = ant__window_of(pool);
    const ant_dims *map = &conv->out[0]->dims, *y = &pool->out[0]->dims;
    bool even = conv->attrs.i[ANT__CONV_GROUPS] == 1 && w.dilation[1] == 1;
    for (int axis = 0; axis < 2; axis++)
        even &= p.size[axis] == 2 && p.stride[axis] == 2 && p.dilation[axis] == 1 &&
                2 * y->dim[axis + 1] <= map->dim[axis + 1];
    return even;
}

/* Images, or rows where there are no maps, are shared out among threads, and an image's map must
 * stay in a cache. */
bool ant__conv_takes_pool(const ant_op *conv, const ant_op *pool, ant_attrs *attrs) {
    const ant_dims *map = &conv->out[0]->dims;
    if (conv->cls != &ant__conv2d_class || pool->cls != &ant__max_pool_class ||
        conv->attrs.i[ANT__CONV_REST])
        return false;
    *attrs = conv->attrs;
    for (int k = 0; k < ANT__WINDOW_ATTRS; k++)
        attrs->i[ANT__CONV_POOL + k] = pool->attrs.i[k];
    return (map->dim[0] >= FEW_IMAGES || is_even(conv, pool)) &&
           ant__dims_span(map, 1, 4) <= CACHED && ant__dims_count(&pool->out[0]->dims) > 0;
}
