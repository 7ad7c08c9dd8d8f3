#include "core/kernels/strip_back.h"
#include "core/kernels/gemm.h"

/* Pointers, in their order. Those that may be missing stand between them. */
enum { SAVED, FROM_H, FROM_X, X, Y, START, INPUTS };
enum { DZ, DINNER, DX, DW, DU, DBIAS, DBIAS_H, DH, DC, OUTPUTS };

/* --- a product with packed weights (units or features in tiles of one gate) --- */
typedef struct product {
    R *to; /* (rows, lanes) */
    const R *packed;
    const int *of; /* the block of each gate */
    int64_t rows;
    bool add;
} product;

/* Asks the caches for a part of what the next step reads: they bring it while products keep the
 * processor busy. */
static inline void fetch_ahead(const strip_back *b, int64_t tile, int64_t tiles) {
    enum { LINE = 64 / sizeof(R) };
    const int64_t from = b->ahead_size * tile / tiles, to = b->ahead_size * (tile + 1) / tiles;
    for (int v = 0; v < STRIP_VECS; v++)
        for (int64_t i = from; b->ahead[v] && i < to; i += LINE)
            __builtin_prefetch(b->ahead[v] + i, 0, 2);
}

ALWAYS_INLINE void add_tile(const strip_back *b, const product *q, int64_t at, const int units,
                            const int vecs) {
    enum { WIDE = ANT__STRIP_WIDE };
    const strip_part p = {1, WIDE, units, vecs, 0};
    const int64_t each = b->s.w.units, block = strip_block(b);
    const R *w = strip_tile(q->packed, at / WIDE, b->kind->gates * each, 1, WIDE) + at % WIDE;
    R *to = q->to + at * b->s.lanes;
    strip_sums sum;
    if (q->add)
        fetch_ahead(b, at / WIDE, (each + WIDE - 1) / WIDE);
    UNROLL
    for (int u = 0; u < units; u++) {
        UNROLL
        for (int v = 0; v < vecs; v++)
            sum[0][u][v] = q->add ? vec_load(to + (u * vecs + v) * LANES) : (vec){0};
    }
    for (int g = 0; g < b->kind->gates; g++) {
        strip_numbers dz = {b->now[0] + q->of[g] * block, ANT__WALK_ROWS, b->now[1] - b->now[0]};
        strip_multiply(sum, w + (1 + g * each) * WIDE, dz, each, p);
    }
    UNROLL
    for (int u = 0; u < units; u++) {
        UNROLL
        for (int v = 0; v < vecs; v++)
            vec_store(to + (u * vecs + v) * LANES, sum[0][u][v]);
    }
}

/* The last tile is as small as it may be. */
ALWAYS_INLINE void multiply_vecs(const strip_back *b, const product *q, const int vecs) {
    enum { MOST = STRIP_SUMS / STRIP_VECS };
    int64_t at = 0;
    for (; q->rows - at > MOST / 2; at += MOST)
        add_tile(b, q, at, MOST, vecs);
    if (q->rows - at > MOST / 4)
        add_tile(b, q, at, MOST / 2, vecs);
    else if (q->rows > at)
        add_tile(b, q, at, MOST / 4, vecs);
}

static void multiply_one(const strip_back *b, const product *q) {
    multiply_vecs(b, q, 1);
}

static void multiply_two(const strip_back *b, const product *q) {
    multiply_vecs(b, q, 2);
}

static void multiply(const strip_back *b, const product *q) {
    if (b->s.lanes > LANES)
        multiply_two(b, q);
    else
        multiply_one(b, q);
}

/* --- the sums of a chunk --- */
/* Samples of a cell that are in the strip, and lanes for them. */
static int64_t lanes_of(const strip_back *b) {
    return b->s.lanes < ANT__WALK_ROWS ? b->s.lanes : ANT__WALK_ROWS;
}

static int64_t cells_of(const strip_back *b) {
    return b->s.lanes / lanes_of(b);
}

static int64_t rows_of(const strip_back *b) {
    return b->kind->blocks * b->s.w.units;
}

/* Some blocks times some columns of what the weights met. The last columns, its tail, are apart. */
typedef struct term {
    int block, blocks;
    int64_t column, columns, tail;
} term;

static term term_of(int block, int blocks, int64_t column, int64_t columns) {
    enum { FEW = LANES / 4 < ANT__STRIP_TAIL ? LANES / 4 : ANT__STRIP_TAIL };
    const int64_t left = columns % LANES;
    return (term){block, blocks, column, columns, left <= FEW ? left : 0};
}

/* Where the gradients of h U differ from those of x W, both sums are apart. */
static int terms_of(const strip_kind *kind, int64_t features, int64_t units, term *t) {
    if (kind->blocks == kind->gates) {
        t[0] = term_of(0, kind->gates, 0, features + units);
        return 1;
    }
    t[0] = term_of(0, kind->gates, 0, features);
    t[1] = term_of(kind->blocks - kind->gates, kind->gates, features, units);
    return 2;
}

/* The tail of one row, for lane l of step c. */
static void collect_tail(const term *t, R *tail, const R *row, int64_t c, int64_t l) {
    row += t->column + t->columns - t->tail;
    for (int64_t j = 0; j < t->tail; j++)
        tail[(c * t->tail + j) * ANT__WALK_ROWS + l] = row[j];
}

/* x and h of a sample, side by side. */
static void collect_row(const strip_back *b, R *to, int64_t sample, int64_t number) {
    const walk *w = &b->s.w;
    const int64_t features = b->s.features, units = w->units, time = walk_time(w, number);
    const R *h =
        number > 0 ? b->y + (sample * w->steps + number - 1) * units : b->h + sample * units;
    memcpy(to, b->x + (sample * w->steps + time) * features, (size_t)features * sizeof *to);
    memcpy(to + features, h, (size_t)units * sizeof *to);
}

/* Those of the samples of cell `cell` of the strip, and the tails of the terms. */
static void collect(const strip_back *b, int64_t cell, const term *t, int terms) {
    const int64_t wide = b->s.features + b->s.w.units, lanes = lanes_of(b), first = cell * lanes;
    R *to = b->met;
    for (int64_t c = 0; c < b->steps; c++)
        for (int64_t l = 0; l < lanes; l++, to += wide) {
            if (first + l < b->s.w.rows)
                collect_row(b, to, first + l, b->number[c]);
            else
                memset(to, 0, (size_t)wide * sizeof *to);
            for (int k = 0; k < terms; k++)
                collect_tail(&t[k], b->tails[k], to, c, l);
        }
}

/* Adds the chunk's term without its tail. */
static void add_term(const strip_back *b, R *sums, const R *chunk, const term *t) {
    const int64_t units = b->s.w.units, wide = b->s.features + units, lanes = lanes_of(b);
    int64_t runs[ANT__STRIP_CHUNK];
    for (int64_t c = 0; c < b->steps; c++)
        runs[c] = c * rows_of(b) * ANT__WALK_ROWS;
    gemm g = {.m = t->blocks * units, .n = t->columns - t->tail, .k = b->steps * lanes};
    g.add = true;
    g.a = (gemm_matrix){chunk + t->block * strip_block(b), ANT__WALK_ROWS, 1};
    g.b = (gemm_matrix){b->met + t->column, wide, 1};
    g.runs = b->steps;
    g.a_runs = runs;
    g.c = sums;
    g.c_row = t->columns;
    g.workspace = b->room;
    if (g.n > 0)
        K(gemm)(&g);
}

/* Some rows of a chunk times the columns of a tail, lane by lane: sums (rows, columns, samples). */
typedef struct tail {
    const R *chunk, *met;
    int64_t chunk_step, steps;
    R *sums;
} tail;

ALWAYS_INLINE void add_tail_rows(const tail *t, const int rows, const int columns) {
    enum { ROWS = 4 };
    vec sum[ROWS][ANT__STRIP_TAIL];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int j = 0; j < columns; j++)
            sum[r][j] = vec_load(t->sums + (r * columns + j) * ANT__WALK_ROWS);
    }
    for (int64_t c = 0; c < t->steps; c++) {
        UNROLL
        for (int j = 0; j < columns; j++) {
            vec met = vec_load(t->met + (c * columns + j) * ANT__WALK_ROWS);
            UNROLL
            for (int r = 0; r < rows; r++)
                sum[r][j] = vec_fma(
                    met, vec_load(t->chunk + c * t->chunk_step + r * ANT__WALK_ROWS), sum[r][j]);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int j = 0; j < columns; j++)
            vec_store(t->sums + (r * columns + j) * ANT__WALK_ROWS, sum[r][j]);
    }
}

/* Two or four rows at a time have sums enough to hide the latency of products. */
ALWAYS_INLINE void add_tail_columns(tail t, int64_t rows, const int columns) {
    const int together = columns > 2 ? 2 : 4;
    for (; rows >= together; rows -= together) {
        add_tail_rows(&t, together, columns);
        t.chunk += together * ANT__WALK_ROWS;
        t.sums += together * columns * ANT__WALK_ROWS;
    }
    for (; rows > 0; rows--) {
        add_tail_rows(&t, 1, columns);
        t.chunk += ANT__WALK_ROWS;
        t.sums += columns * ANT__WALK_ROWS;
    }
}

static void add_tail(const tail *t, int64_t rows, int64_t columns) {
    if (columns == 1)
        add_tail_columns(*t, rows, 1);
    else if (columns == 2)
        add_tail_columns(*t, rows, 2);
    else if (columns == 3)
        add_tail_columns(*t, rows, 3);
    else if (columns == 4)
        add_tail_columns(*t, rows, 4);
}

static void add_tails(const strip_back *b, R *sums, const R *chunk, const term *t, const R *met) {
    for (int64_t l = 0; l < lanes_of(b); l += LANES) {
        const tail part = {chunk + t->block * strip_block(b) + l, met + l,
                           rows_of(b) * ANT__WALK_ROWS, b->steps, sums + l};
        add_tail(&part, t->blocks * b->s.w.units, t->tail);
    }
}

static void add_biases(const strip_back *b, R *sums, const R *chunk) {
    const int64_t rows = rows_of(b), size = rows * ANT__WALK_ROWS;
    for (int64_t i = 0; i < size; i += LANES) {
        vec sum = vec_load(sums + i);
        for (int64_t c = 0; c < b->steps; c++)
            sum += vec_load(chunk + c * size + i);
        vec_store(sums + i, sum);
    }
}

static void add_chunk(strip_back *b) {
    term t[ANT__STRIP_TERMS];
    const int64_t vecs = lanes_of(b) / LANES, columns = b->kind->gates * b->s.w.units;
    const int terms = terms_of(b->kind, b->s.features, b->s.w.units, t);
    for (int64_t cell = 0; b->sums[0] && b->steps > 0 && cell < cells_of(b); cell++) {
        R *sums = b->sums[cell * vecs];
        const R *chunk = b->chunk[cell * vecs];
        collect(b, cell, t, terms);
        for (int k = 0; k < terms; sums += columns * t[k++].columns)
            add_term(b, sums, chunk, &t[k]);
        add_biases(b, sums, chunk);
        sums += rows_of(b) * ANT__WALK_ROWS;
        for (int k = 0; k < terms; sums += columns * t[k++].tail * ANT__WALK_ROWS)
            add_tails(b, sums, chunk, &t[k], b->tails[k]);
    }
    b->steps = 0;
}

/* --- steps --- */
/* The gradients of the gates, row by row of samples. */
static void give(const strip_back *b, R *to, const int *of, int64_t time) {
    const walk *w = &b->s.w;
    const int64_t gates = b->kind->gates, row = w->steps * gates * w->units;
    const int64_t lanes = lanes_of(b), cells = cells_of(b);
    for (int64_t cell = 0; to && cell < cells; cell++) {
        const int64_t left = w->rows - cell * lanes, count = left < lanes ? left : lanes;
        R *at = to + cell * lanes * row + time * gates * w->units;
        for (int g = 0; g < gates; g++)
            K(turn)
        (at + g * w->units, row, b->now[cell * lanes / LANES] + of[g] * strip_block(b),
         ANT__WALK_ROWS, w->units, count);
    }
}

static void step(strip_back *b, int64_t number, strip_gates *gates) {
    const strip_kind *kind = b->kind;
    const int64_t time = walk_time(&b->s.w, number), units = b->s.w.units, steps = b->s.w.steps;
    const int64_t size = ant__strip_units(units, kind->gates) * kind->saved * ANT__WALK_ROWS;
    R *saved[STRIP_VECS];
    strip_saved_at(saved, b->saved, number, size / ANT__WALK_ROWS);
    for (int v = 0; v < STRIP_VECS; v++)
        b->ahead[v] = number > 0 && v * LANES < b->s.lanes && v * LANES % ANT__WALK_ROWS == 0
                          ? saved[v] - size
                          : NULL;
    b->ahead_size = size;
    strip_look(&b->s, time);
    strip_take(&b->s, b->dy_now, b->dy ? b->dy + number * units : NULL, steps * units, units);
    for (int v = 0; v < STRIP_VECS; v++)
        b->now[v] = b->chunk[v] + b->steps * rows_of(b) * ANT__WALK_ROWS;
    b->number[b->steps++] = number;
    gates(b, saved);
    multiply(b, &(product){b->dh, b->from_h, kind->of_h, units, true});
    if (b->dx)
        multiply(b, &(product){b->dx_now, b->from_x, kind->of_x, b->s.features, false});
    strip_give(&b->s, b->dx ? b->dx + time * b->s.features : NULL, steps * b->s.features, b->dx_now,
               b->s.features);
    give(b, b->dz, kind->of_x, time);
    give(b, b->dinner, kind->of_h, time);
    if (b->steps == b->most)
        add_chunk(b);
}

/* --- strips --- */
static void *const *take_optional(strip_back *b, void *const *at, const ant_num *n) {
    const int64_t units = b->s.w.units;
    walk_mask(&b->s.w, walk_next(&at, n, ANT__WALK_MASK));
    b->dy = walk_sample(&b->s.w, walk_next(&at, n, ANT__WALK_DY), b->s.w.steps * units);
    strip_take(&b->s, b->dh, walk_sample(&b->s.w, walk_next(&at, n, ANT__WALK_DH), units), units,
               units);
    strip_take(&b->s, b->dc, walk_sample(&b->s.w, walk_next(&at, n, ANT__WALK_DC), units), units,
               units);
    return at;
}

static void make_room(strip_back *b) {
    const strip *s = &b->s;
    const int64_t units = ant__strip_units(s->w.units, 1), rows = rows_of(b);
    const int64_t size = b->most * rows * ANT__WALK_ROWS;
    R *room = s->memory;
    for (int v = 0; v < STRIP_VECS; v++)
        b->chunk[v] = room + v * LANES / ANT__WALK_ROWS * size + v * LANES % ANT__WALK_ROWS;
    if (s->lanes < ANT__WALK_ROWS) /* else every step writes all lanes */
        memset(room, 0, (size_t)size * sizeof *room);
    room += cells_of(b) * size;
    b->met = room;
    room += b->most * ANT__WALK_ROWS * (s->features + s->w.units);
    for (int k = 0; k < ANT__STRIP_TERMS; k++, room += b->most * ANT__STRIP_TAIL * ANT__WALK_ROWS)
        b->tails[k] = room;
    b->room = room;
    room += ant__gemm_workspace(b->most * ANT__WALK_ROWS);
    b->dh = strip_array(s, &room, units);
    b->dc = strip_array(s, &room, units);
    b->dy_now = strip_array(s, &room, units);
    b->dx_now = strip_array(s, &room, ant__strip_units(s->features, 1));
}

/* --- groups --- */
typedef struct groups {
    const strip_kind *kind;
    int64_t features, units, size, cells; /* size: cells of a group */
    R *memory, *sums;
} groups;

static int64_t columns_of(const groups *g) {
    return g->kind->gates * g->units;
}

static int64_t sums_size(const groups *g) {
    return ant__strip_sums(g->features, g->units, columns_of(g), g->kind->blocks * g->units);
}

static groups groups_of(const ant_num *n, const strip_kind *kind, R *workspace) {
    groups g = {.kind = kind, .features = n[ANT__WALK_FEATURES].i, .units = n[ANT__WALK_UNITS].i};
    g.size = n[ANT__WALK_GROUP].i;
    g.cells = (n[ANT__WALK_BATCH].i + ANT__WALK_ROWS - 1) / ANT__WALK_ROWS;
    g.memory = workspace;
    const int64_t count = (g.cells + g.size - 1) / g.size;
    g.sums = workspace + count * ant__strip_slots(g.size) *
                             ant__strip_back_workspace(g.features, g.units, kind->blocks * g.units);
    return g;
}

static R *slot_of(const groups *g, int64_t cell) {
    const int64_t slot = cell / g->size * ant__strip_slots(g->size) + cell % g->size % 2;
    return g->memory +
           slot * ant__strip_back_workspace(g->features, g->units, g->kind->blocks * g->units);
}

/* Are any sums wanted? */
static bool wants_sums(void *const *out) {
    return out[DW] || out[DU] || out[DBIAS] || out[DBIAS_H];
}

static void walk_back(void *const *at, const ant_num *n, strip s, const groups *g,
                      strip_gates *gates) {
    strip_back b = {.s = s, .kind = g->kind, .from_h = at[FROM_H], .from_x = at[FROM_X]};
    const int64_t sequence = s.w.steps * g->units, columns = s.w.steps * columns_of(g);
    b.most = ant__strip_steps(rows_of(&b));
    b.x = walk_sample(&s.w, at[X], s.w.steps * s.features);
    b.y = walk_sample(&s.w, at[Y], sequence);
    b.h = walk_sample(&s.w, at[START], g->units);
    make_room(&b);
    void *const *out = take_optional(&b, at + INPUTS, n);
    strip_saved(&s, b.saved, at[SAVED],
                ant__strip_units(g->units, g->kind->gates) * g->kind->saved);
    b.dz = walk_sample(&s.w, out[DZ], columns);
    b.dinner = walk_sample(&s.w, out[DINNER], columns);
    b.dx = walk_sample(&s.w, out[DX], s.w.steps * s.features);
    for (int v = 0; v < STRIP_VECS && wants_sums(out); v++)
        b.sums[v] = g->sums + (s.w.first + v * LANES) / ANT__WALK_ROWS / g->size * sums_size(g);
    for (int64_t k = s.w.steps - 1; k >= 0; k--)
        step(&b, k, gates);
    add_chunk(&b);
    strip_give(&s, walk_sample(&s.w, out[DH], g->units), g->units, b.dh, g->units);
    strip_give(&s, walk_sample(&s.w, out[DC], g->units), g->units, b.dc, g->units);
}

static R sum_lanes(const R *lane) {
    R sum = 0;
    for (int l = 0; l < ANT__WALK_ROWS; l++)
        sum += lane[l];
    return sum;
}

static void give_biases(const groups *g, R *to, const int *of, const R *sums) {
    for (int k = 0; to && k < g->kind->gates; k++)
        for (int64_t u = 0; u < g->units; u++)
            to[k * g->units + u] = sum_lanes(sums + (of[k] * g->units + u) * ANT__WALK_ROWS);
}

/* Sums (blocks, units, columns of the term), from `column` on, as weights (rows, gates, units). */
static void give_weights(const groups *g, R *to, const int *of, const R *sums, const term *t,
                         int64_t column, int64_t rows) {
    for (int k = 0; to && k < g->kind->gates; k++)
        K(turn)
    (to + k * g->units, columns_of(g), sums + (of[k] - t->block) * g->units * t->columns + column,
     t->columns, g->units, rows);
}

static R *part(void *all, int64_t index, int64_t size) {
    return all ? (R *)all + index * size : NULL;
}

/* A term's tail, once all chunks are added, goes where it would be without being apart. */
static void fold_tail(const groups *g, R *sums, const R *lane, const term *t) {
    for (int64_t row = 0; row < columns_of(g); row++) {
        R *to = sums + row * t->columns + t->columns - t->tail;
        for (int64_t j = 0; j < t->tail; j++, lane += ANT__WALK_ROWS)
            to[j] = sum_lanes(lane);
    }
}

static void give_sums(const groups *g, void *const *out, int64_t group) {
    const int64_t columns = columns_of(g);
    R *x = g->sums + group * sums_size(g);
    term t[ANT__STRIP_TERMS];
    const int last = terms_of(g->kind, g->features, g->units, t) - 1;
    R *h = last > 0 ? x + columns * g->features : x;
    const R *biases = x + columns * (g->features + g->units),
            *lane = biases + g->kind->blocks * g->units * ANT__WALK_ROWS;
    fold_tail(g, x, lane, &t[0]);
    if (last > 0)
        fold_tail(g, h, lane + columns * t[0].tail * ANT__WALK_ROWS, &t[last]);
    give_weights(g, part(out[DW], group, g->features * columns), g->kind->of_x, x, &t[0], 0,
                 g->features);
    give_weights(g, part(out[DU], group, g->units * columns), g->kind->of_h, h, &t[last],
                 last > 0 ? 0 : g->features, g->units);
    give_biases(g, part(out[DBIAS], group, columns), g->kind->of_x, biases);
    give_biases(g, part(out[DBIAS_H], group, columns), g->kind->of_h, biases);
}

void K(strip_back)(void *const *at, const ant_num *n, int64_t from, int64_t to,
                   const strip_kind *kind, strip_gates *gates) {
    void *const *out = at + INPUTS + strip_optional(n);
    const groups g = groups_of(n, kind, out[OUTPUTS]);
    const int64_t batch = n[ANT__WALK_BATCH].i, all = to * g.size * ANT__WALK_ROWS;
    const int64_t end = all < batch ? all : batch, size = sums_size(&g);
    if (wants_sums(out))
        memset(g.sums + from * size, 0, (size_t)((to - from) * size) * sizeof *g.sums);
    for (int64_t first = from * g.size * ANT__WALK_ROWS; first < end;) {
        strip s = strip_at(n, first, end, slot_of(&g, first / ANT__WALK_ROWS));
        walk_back(at, n, s, &g, gates);
        first += s.w.rows;
    }
    for (int64_t k = from; k < to && wants_sums(out); k++)
        give_sums(&g, out, k);
}
