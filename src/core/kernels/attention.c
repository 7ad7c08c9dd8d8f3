/* Attention forward: softmax(scale query key^T) value, tile by tile with a running softmax.
 *
 * A row's weights are taken relative to the largest score so far; when a later tile has a larger
 * one, what was summed up shrinks accordingly. Source: Milakov and Gimelshein, "Online normalizer
 * calculation for softmax", 2018; Dao et al., "FlashAttention", 2022. */
#include "core/kernels/attention_tile.h"

/* --- shared with the gradient --- */

int K(attention_read)(attention *a, void *const *at, const ant_num *n) {
    *a = (attention){.n = n,
                     .query = at[0],
                     .key = at[1],
                     .value = at[2],
                     .batch = n[ANT__ATTENTION_BATCH].i,
                     .queries = n[ANT__ATTENTION_QUERIES].i,
                     .keys = n[ANT__ATTENTION_KEYS].i,
                     .heads = n[ANT__ATTENTION_HEADS].i,
                     .groups = n[ANT__ATTENTION_GROUPS].i,
                     .size = n[ANT__ATTENTION_SIZE].i,
                     .value_size = n[ANT__ATTENTION_VALUE_SIZE].i,
                     .pitch = ant__attention_pitch(n[ANT__ATTENTION_KEYS].i),
                     .scale = (R)(n[ANT__ATTENTION_SCALE].f * ATTENTION_UNIT)};
    int used = 3;
    for (int k = 0; k < n[ANT__ATTENTION_HIDES].i; k++)
        a->mask[k] = at[used++];
    if (n[ANT__ATTENTION_DROPS].i)
        a->counter = at[used++];
    return used;
}

/* Keys [from, to) that the distances from query `row` allow. */
typedef struct span {
    int64_t from, to;
} span;

static span near_to(const attention *a, int64_t row) {
    const int64_t window = a->n[ANT__ATTENTION_WINDOW].i;
    const bool causal = a->n[ANT__ATTENTION_CAUSAL].i;
    return (span){window ? row - window + 1 : 0, causal   ? row + 1
                                                 : window ? row + window
                                                          : a->keys};
}

/* Only where every query may look at something: else it looks at all alike. */
bool K(attention_closed)(const attention_tile *t) {
    const attention *a = t->task;
    const int64_t window = a->n[ANT__ATTENTION_WINDOW].i;
    if (a->n[ANT__ATTENTION_HIDES].i || (window && a->queries >= a->keys + window))
        return false;
    return near_to(a, t->row).from >= t->column + t->columns ||
           near_to(a, t->row + t->rows - 1).to <= t->column;
}

void K(attention_multiply)(const attention_tile *t, const R *packed_keys) {
    const attention *a = t->task;
    const gemm g = {
        .m = t->rows,
        .n = t->columns,
        .k = a->size,
        .few = true,
        .c = t->scores,
        .c_row = a->pitch,
        .packed = packed_keys,
        .a = {attention_row(a->query, a->queries, a->heads, a->size, t->batch, t->row, t->head),
              a->heads * a->size, 1}};
    K(gemm)(&g);
}

static void hide(uint8_t *open, const attention_tile *t, int64_t row, int k) {
    const ant_num *stride = t->task->n + ANT__ATTENTION_STRIDES + 4 * k;
    const int64_t step = stride[3].i;
    const uint8_t *mask = t->task->mask[k] + t->batch * stride[0].i + t->head * stride[1].i +
                          row * stride[2].i + t->column * step;
    for (int64_t j = 0; j < t->columns; j++)
        open[j] &= mask[j * step] != 0;
}

const uint8_t *K(attention_mask)(const attention_tile *t, int64_t r, uint8_t *open) {
    const attention *a = t->task;
    const R closed = a->n[ANT__ATTENTION_NONE_ZERO].i ? (R)-1e9 : (R)(-0.7 * 3.38953e38);
    R *x = t->scores + r * a->pitch;
    span allowed = near_to(a, t->row + r);
    allowed.from -= t->column;
    allowed.to -= t->column;
    if (!a->n[ANT__ATTENTION_HIDES].i && allowed.from <= 0 && allowed.to >= t->columns)
        return NULL;
    for (int64_t j = 0; j < t->columns; j++)
        open[j] = j >= allowed.from && j < allowed.to;
    for (int k = 0; k < a->n[ANT__ATTENTION_HIDES].i; k++)
        hide(open, t, t->row + r, k);
    for (int64_t j = 0; j < t->columns; j++)
        x[j] = open[j] ? x[j] * a->scale : closed;
    return open;
}

void K(attention_drop)(const attention_tile *t, int64_t r, R *factor) {
    const attention *a = t->task;
    const double rate = a->n[ANT__ATTENTION_RATE].f;
    const R kept = rate < 1 ? (R)(1 / (1 - rate)) : 0, least = (R)rate;
    const int64_t line = (t->batch * a->heads + t->head) * a->queries + t->row + r;
    K(uniform_n)
    (factor, (uint64_t)a->n[ANT__ATTENTION_KEY].i, (uint64_t)*a->counter,
     (uint64_t)(line * a->keys + t->column), t->columns);
    for (int64_t j = 0; j < t->columns; j++)
        factor[j] = factor[j] >= least ? kept : 0;
}

void K(attention_pack_keys)(R *packed, const attention *a, int64_t batch, int64_t group,
                            int64_t column, int64_t columns) {
    const R *at = attention_row(a->key, a->keys, a->groups, a->size, batch, column, group);
    K(gemm_pack)(packed, (gemm_matrix){at, 1, a->groups * a->size}, a->size, columns);
}

/* --- an item: queries of one head --- */

/* What is known of each of its rows by now: the largest score, and the sum of exp(score - top). */
typedef struct rows {
    R top[ANT__ATTENTION_BLOCK], sum[ANT__ATTENTION_BLOCK];
} rows;

static void times(R *x, R factor, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        x[i] *= factor;
}

/* Rows are made whole vectors by what adds nothing. */
static int64_t fill_up(R *x, int64_t n) {
    const int64_t whole = (n + LANES - 1) / LANES * LANES;
    for (int64_t j = n; j < whole; j++)
        x[j] = -INFINITY;
    return whole;
}

/* What is not a number is lost here, but the sum of the exponentials has it. */
static R largest(const R *x, int64_t n) {
    vec high = vec_load(x);
    for (int64_t j = LANES; j < n; j += LANES)
        high = vec_max(vec_load(x + j), high);
    return vec_largest(high);
}

/* x becomes weights, exp(scale x - top) in their units; returns their sum. */
static R exponentials(R *x, R scale, R top, int64_t n) {
    const vec factor = vec_all(scale), less = vec_all(-top);
    vec sum = {0};
    for (int64_t j = 0; j < n; j += LANES) {
        vec e = attention_power(vec_fma(vec_load(x + j), factor, less));
        vec_store(x + j, e);
        sum += e;
    }
    return vec_sum(sum);
}

/* What masks forbid and dropout leaves out of the weights x, once they are summed up. */
static void cut(const attention_tile *t, int64_t r, R *x, const uint8_t *open) {
    const attention *a = t->task;
    R factor[ANT__ATTENTION_COLUMNS];
    if (open && a->n[ANT__ATTENTION_NONE_ZERO].i)
        attention_close(x, open, t->columns);
    if (!a->counter)
        return;
    K(attention_drop)(t, r, factor);
    attention_times(x, factor, t->columns);
}

/* Where a forward item's results go, and its memory. */
typedef struct forward {
    attention a;
    R *y, *top, *sum; /* top and sum may be NULL */
    R *scores, *keys, *values;
} forward;

static R *result_row(const forward *f, const attention_tile *t, int64_t row) {
    return f->y + ((t->batch * f->a.queries + row) * f->a.heads + t->head) * f->a.value_size;
}

/* A row of scores on its way to weights. */
typedef struct soft_row {
    R *x, *top, *sum;
    const uint8_t *open; /* NULL: all are allowed, and not scaled */
    uint8_t buffer[ANT__ATTENTION_COLUMNS];
} soft_row;

static R scale_of(const attention *a, const soft_row *row) {
    return row->open ? 1 : a->scale;
}

/* Finds the largest score so far; y is the row's result so far. */
static void raise(const attention_tile *t, soft_row *row, int64_t r, R *y) {
    const attention *a = t->task;
    row->x = t->scores + r * a->pitch;
    row->open = K(attention_mask)(t, r, row->buffer);
    const R high = largest(row->x, fill_up(row->x, t->columns)) * scale_of(a, row);
    if (!(high > *row->top))
        return;
    if (*row->sum > 0) {
        const R shrunk = attention_power_1(*row->top - high);
        times(y, shrunk, a->value_size);
        *row->sum *= shrunk;
    }
    *row->top = high;
}

static void soften(const attention_tile *t, soft_row *row, int64_t r) {
    const attention *a = t->task;
    const int64_t whole = (t->columns + LANES - 1) / LANES * LANES;
    *row->sum += exponentials(row->x, scale_of(a, row), *row->top, whole);
    cut(t, r, row->x, row->open);
}

/* Scores become weights, several rows at a time: one row's steps wait for each other. */
static void soften_rows(const forward *f, const attention_tile *t, R *top, R *sum) {
    enum { TOGETHER = 8 };
    soft_row row[TOGETHER];
    for (int64_t r = 0, n; r < t->rows; r += n) {
        n = ant__attention_shorter(TOGETHER, t->rows - r);
        for (int64_t i = 0; i < n; i++) {
            row[i].top = top + r + i;
            row[i].sum = sum + r + i;
            raise(t, &row[i], r + i, result_row(f, t, t->row + r + i));
        }
        for (int64_t i = 0; i < n; i++)
            soften(t, &row[i], r + i);
    }
}

static void clear_rows(const forward *f, const attention_tile *t, int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++)
        memset(result_row(f, t, r), 0, (size_t)f->a.value_size * sizeof(R));
}

static void add_tile(const forward *f, const attention_tile *t, R *top, R *sum) {
    const attention *a = &f->a;
    const int64_t y_row = a->heads * a->value_size;
    R *y = result_row(f, t, t->row);
    if (K(attention_closed)(t)) {
        if (t->column == 0)
            clear_rows(f, t, t->row, t->row + t->rows);
        return;
    }
    K(attention_multiply)(t, f->keys);
    soften_rows(f, t, top, sum);
    const gemm g = {.m = t->rows,
                    .n = a->value_size,
                    .k = t->columns,
                    .few = true,
                    .add = t->column > 0,
                    .a = {t->scores, a->pitch, 1},
                    .packed = f->values,
                    .c = y,
                    .c_row = y_row};
    K(gemm)(&g);
}

static void begin_rows(const forward *f, const attention_tile *t, rows *of, int64_t from,
                       int64_t to) {
    for (int64_t r = from; r < to; r++) {
        of->top[r - from] = -INFINITY;
        of->sum[r - from] = 0;
    }
    if (f->a.keys == 0)
        clear_rows(f, t, from, to);
}

static void end_rows(const forward *f, const attention_tile *t, const rows *of, int64_t from,
                     int64_t to) {
    const int64_t line = (t->batch * f->a.heads + t->head) * f->a.queries;
    for (int64_t r = from; r < to && f->a.keys > 0; r++)
        times(result_row(f, t, r), 1 / of->sum[r - from], f->a.value_size);
    if (f->top)
        memcpy(f->top + line + from, of->top, (size_t)(to - from) * sizeof(R));
    if (f->sum)
        memcpy(f->sum + line + from, of->sum, (size_t)(to - from) * sizeof(R));
}

static void pack(const forward *f, const attention_tile *t) {
    const attention *a = &f->a;
    const int64_t group = t->head / (a->heads / a->groups);
    K(attention_pack_keys)(f->keys, a, t->batch, group, t->column, t->columns);
    const R *value =
        attention_row(a->value, a->keys, a->groups, a->value_size, t->batch, t->column, group);
    K(gemm_pack)
    (f->values, (gemm_matrix){value, a->groups * a->value_size, 1}, t->columns, a->value_size);
}

static void forward_item(const forward *f, int64_t batch, int64_t head, int64_t from) {
    const attention *a = &f->a;
    const int64_t to = ant__attention_shorter(a->queries, from + ANT__ATTENTION_BLOCK);
    rows of;
    attention_tile t = {.task = a, .batch = batch, .head = head, .scores = f->scores};
    begin_rows(f, &t, &of, from, to);
    for (; t.column < a->keys; t.column += ANT__ATTENTION_COLUMNS) {
        t.columns = ant__attention_shorter(ANT__ATTENTION_COLUMNS, a->keys - t.column);
        pack(f, &t);
        for (t.row = from; t.row < to; t.row += ANT__ATTENTION_ROWS) {
            t.rows = ant__attention_shorter(ANT__ATTENTION_ROWS, to - t.row);
            add_tile(f, &t, of.top + (t.row - from), of.sum + (t.row - from));
        }
    }
    end_rows(f, &t, &of, from, to);
}

/* query, key, value, masks, counter -> y, top, sum; workspace */
void K(attention)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    forward f;
    at += K(attention_read)(&f.a, at, n);
    f.y = at[0];
    f.top = at[1];
    f.sum = at[2];
    f.scores = (R *)at[3] + from * n[ANT__ATTENTION_SLOT].i;
    f.keys = f.scores + ant__attention_scores(f.a.keys);
    f.values = f.keys + ant__attention_packed(f.a.size, f.a.pitch);
    const int64_t blocks = ant__attention_blocks(f.a.queries), heads = f.a.heads;
    const int64_t items = f.a.batch * heads * blocks, cells = n[ANT__ATTENTION_NUMBER_OF_CELLS].i;
    for (int64_t i = items * from / cells; i < items * to / cells; i++)
        forward_item(&f, i / (blocks * heads), i / blocks % heads,
                     i % blocks * ANT__ATTENTION_BLOCK);
}
