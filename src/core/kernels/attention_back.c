/* Attention's gradient, with the weights computed again tile by tile from the scores.
 *
 * With p the weights, f what dropout multiplied them by, and g = dy value^T:
 * dvalue = (p f)^T dy; ds = p (g f - dy y), the slope of the scores; dquery = scale ds key,
 * dkey = scale ds^T query. Source: Dao et al., "FlashAttention", 2022. */
#include "core/kernels/attention_tile.h"

typedef struct backward {
    attention a;
    const R *y, *top, *sum, *dy;
    R *dquery, *dkey, *dvalue; /* NULL: not wanted */
    R *weights, *slopes;       /* tiles */
    R *scored, *valued, *keys; /* packed: key^T and value^T, key */
    R *panel;
} backward;

static R dot(const R *a, const R *b, int64_t n) {
    vec all = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        all = vec_fma(vec_load(a + i), vec_load(b + i), all);
    R sum = vec_sum(all);
    for (; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static int64_t row_of(const backward *b, const attention_tile *t, int64_t r) {
    return (t->batch * b->a.queries + t->row + r) * b->a.heads + t->head;
}

/* How a row's scores become weights: exp(scale x - top) part, and what has to be taken off g. */
typedef struct softened {
    R scale, top, part, all;
} softened;

/* x: the weights, g = x (g - all) times the scores' scale. The last vector may reach into the
 * pitch. */
static void weigh(R *x, R *g, softened s, R scale, int64_t n) {
    const vec factor = vec_all(s.scale), less = vec_all(-s.top), part = vec_all(s.part);
    const vec all = vec_all(-s.all * scale), by = vec_all(scale);
    for (int64_t j = 0; j < n; j += LANES) {
        vec w = attention_power(vec_fma(vec_load(x + j), factor, less)) * part;
        vec_store(x + j, w);
        vec_store(g + j, w * vec_fma(vec_load(g + j), by, all));
    }
}

/* What is known of row r before its scores. */
static softened begin_row(const backward *b, const attention_tile *t, int64_t r) {
    const attention *a = t->task;
    const int64_t e = a->value_size, at = row_of(b, t, r) * e;
    const int64_t line = (t->batch * a->heads + t->head) * a->queries + t->row + r;
    return (softened){
        .top = b->top[line], .part = 1 / b->sum[line], .all = dot(b->dy + at, b->y + at, e)};
}

/* Row r: scores become weights, and what came back to the weights becomes slopes of the scores. */
static void slope(const backward *b, const attention_tile *t, int64_t r, softened s) {
    const attention *a = t->task;
    const int64_t n = t->columns;
    uint8_t buffer[ANT__ATTENTION_COLUMNS];
    R *x = t->scores + r * a->pitch, *g = b->slopes + r * a->pitch, f[ANT__ATTENTION_COLUMNS];
    const uint8_t *open = K(attention_mask)(t, r, buffer);
    s.scale = open ? 1 : a->scale;
    if (a->counter) {
        K(attention_drop)(t, r, f);
        attention_times(g, f, n);
    }
    weigh(x, g, s, (R)a->n[ANT__ATTENTION_SCALE].f, n);
    if (a->counter)
        attention_times(x, f, n);
    if (open)
        attention_close(g, open, n);
    if (open && a->n[ANT__ATTENTION_NONE_ZERO].i)
        attention_close(x, open, n);
}

/* Several rows at a time, so that their numbers come from far together. */
static void slopes(const backward *b, const attention_tile *t) {
    enum { TOGETHER = 8 };
    softened s[TOGETHER];
    for (int64_t r = 0, n; r < t->rows; r += n) {
        n = ant__attention_shorter(TOGETHER, t->rows - r);
        for (int64_t i = 0; i < n; i++)
            s[i] = begin_row(b, t, r + i);
        for (int64_t i = 0; i < n; i++)
            slope(b, t, r + i, s[i]);
    }
}

/* The first tile of its keys that is asked for: sums of rows of the query begin here. */
static bool begins_keys(const attention_tile *t) {
    const int64_t shared = t->task->heads / t->task->groups;
    return t->row == 0 && t->head % shared == 0;
}

/* dvalue or dkey (`to`, of `size` numbers a row) += tile^T times rows of dy or of the query. */
static void add_to_keys(const backward *b, const attention_tile *t, R *to, const R *tile,
                        const R *of_rows, int64_t size) {
    const attention *a = t->task;
    const int64_t group = t->head / (a->heads / a->groups);
    if (!to)
        return;
    const gemm g = {.m = t->columns,
                    .n = size,
                    .k = t->rows,
                    .few = true,
                    .add = !begins_keys(t),
                    .a = {tile, 1, a->pitch},
                    .b = {of_rows + row_of(b, t, 0) * size, a->heads * size, 1},
                    .c = to + ((t->batch * a->keys + t->column) * a->groups + group) * size,
                    .c_row = a->groups * size,
                    .workspace = b->panel};
    K(gemm)(&g);
}

static void add_to_query(const backward *b, const attention_tile *t) {
    const attention *a = t->task;
    const gemm g = {.m = t->rows,
                    .n = a->size,
                    .k = t->columns,
                    .few = true,
                    .add = t->column > 0,
                    .a = {b->slopes, a->pitch, 1},
                    .packed = b->keys,
                    .c = b->dquery + row_of(b, t, 0) * a->size,
                    .c_row = a->heads * a->size};
    K(gemm)(&g);
}

/* `count` rows of x from position `from` on become 0, of one head. */
static void clear(R *x, int64_t batch, int64_t positions, int64_t heads, int64_t head, int64_t from,
                  int64_t count, int64_t size) {
    for (int64_t i = from; x && i < from + count; i++)
        memset(x + ((batch * positions + i) * heads + head) * size, 0, (size_t)size * sizeof *x);
}

/* Sums that would begin with a tile of nothing but 0. */
static void begin_by_nothing(const backward *b, const attention_tile *t) {
    const attention *a = t->task;
    const int64_t group = t->head / (a->heads / a->groups);
    if (t->column == 0)
        clear(b->dquery, t->batch, a->queries, a->heads, t->head, t->row, t->rows, a->size);
    if (!begins_keys(t))
        return;
    clear(b->dkey, t->batch, a->keys, a->groups, group, t->column, t->columns, a->size);
    clear(b->dvalue, t->batch, a->keys, a->groups, group, t->column, t->columns, a->value_size);
}

static void add_tile(const backward *b, const attention_tile *t) {
    const attention *a = t->task;
    if (K(attention_closed)(t)) {
        begin_by_nothing(b, t);
        return;
    }
    K(attention_multiply)(t, b->scored);
    const gemm g = {.m = t->rows,
                    .n = t->columns,
                    .k = a->value_size,
                    .few = true,
                    .a = {b->dy + row_of(b, t, 0) * a->value_size, a->heads * a->value_size, 1},
                    .packed = b->valued,
                    .c = b->slopes,
                    .c_row = a->pitch};
    K(gemm)(&g);
    slopes(b, t);
    add_to_keys(b, t, b->dvalue, b->weights, b->dy, a->value_size);
    add_to_keys(b, t, b->dkey, b->slopes, a->query, a->size);
    if (b->dquery)
        add_to_query(b, t);
}

/* --- an item: one head of keys, and the heads of the query that share it --- */

static void pack(const backward *b, const attention_tile *t, int64_t group) {
    const attention *a = t->task;
    const R *key = attention_row(a->key, a->keys, a->groups, a->size, t->batch, t->column, group);
    const R *value =
        attention_row(a->value, a->keys, a->groups, a->value_size, t->batch, t->column, group);
    K(attention_pack_keys)(b->scored, a, t->batch, group, t->column, t->columns);
    K(gemm_pack)
    (b->valued, (gemm_matrix){value, 1, a->groups * a->value_size}, a->value_size, t->columns);
    K(gemm_pack)(b->keys, (gemm_matrix){key, a->groups * a->size, 1}, t->columns, a->size);
}

static void backward_item(const backward *b, int64_t batch, int64_t group) {
    const attention *a = &b->a;
    const int64_t shared = a->heads / a->groups;
    attention_tile t = {.task = a, .batch = batch, .scores = b->weights};
    for (int64_t h = 0; a->keys == 0 && h < shared; h++)
        clear(b->dquery, batch, a->queries, a->heads, group * shared + h, 0, a->queries, a->size);
    if (a->queries == 0) {
        clear(b->dkey, batch, a->keys, a->groups, group, 0, a->keys, a->size);
        clear(b->dvalue, batch, a->keys, a->groups, group, 0, a->keys, a->value_size);
    }
    for (; t.column < a->keys; t.column += ANT__ATTENTION_COLUMNS) {
        t.columns = ant__attention_shorter(ANT__ATTENTION_COLUMNS, a->keys - t.column);
        pack(b, &t, group);
        for (t.head = group * shared; t.head < (group + 1) * shared; t.head++)
            for (t.row = 0; t.row < a->queries; t.row += ANT__ATTENTION_ROWS) {
                t.rows = ant__attention_shorter(ANT__ATTENTION_ROWS, a->queries - t.row);
                add_tile(b, &t);
            }
    }
}

static void take_memory(backward *b, R *at) {
    const attention *a = &b->a;
    b->weights = at;
    b->slopes = b->weights + ant__attention_scores(a->keys);
    b->scored = b->slopes + ant__attention_scores(a->keys);
    b->valued = b->scored + ant__attention_packed(a->size, a->pitch);
    b->keys = b->valued + ant__attention_packed(a->value_size, a->pitch);
    b->panel = b->keys + ant__attention_packed(a->pitch, a->size);
}

/* query, key, value, masks, counter, y, top, sum, dy -> dquery, dkey, dvalue; workspace */
void K(attention_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    backward b;
    at += K(attention_read)(&b.a, at, n);
    b.y = at[0];
    b.top = at[1];
    b.sum = at[2];
    b.dy = at[3];
    b.dquery = at[4];
    b.dkey = at[5];
    b.dvalue = at[6];
    take_memory(&b, (R *)at[7] + from * n[ANT__ATTENTION_SLOT].i);
    const int64_t items = b.a.batch * b.a.groups, cells = n[ANT__ATTENTION_NUMBER_OF_CELLS].i;
    for (int64_t i = items * from / cells; i < items * to / cells; i++)
        backward_item(&b, i / b.a.groups, i % b.a.groups);
}
