/* The bodies get strips by value: stores cannot change what is their own, so nothing is read again
 * after each of them. */
#include "core/kernels/depthwise3.h"

/* Column t of the source is counted from the one that the first tap of the map's first column
 * meets: it meets columns t, t - 1 and t - 2 of the map, of which the last is done by then. */
ALWAYS_INLINE bool has_column(const strip3 *s, int64_t t) {
    return t + s->column >= 0 && t + s->column < s->columns;
}

ALWAYS_INLINE vec entry(const strip3 *s, int i, int64_t at) {
    vec x = vec_load(s->x[i] + at);
    vec_keep(&x);
    return x;
}

/* Asks for what the next strip needs of the column. */
ALWAYS_INLINE void ask_ahead(const strip3 *s, int64_t at, const int rows) {
    UNROLL
    for (int i = TAPS - 1; i < rows + TAPS - 1; i++)
        if (s->x[i])
            __builtin_prefetch(s->x[i] + at + s->ahead, 0, 2);
}

/* --- the map --- */

/* A strip at a vector of channels. */
typedef struct maker {
    strip3 strip;
    vec bias, tap[TAPS][TAPS];
    bool cut;
    vec limit;
    R *y;
    int64_t y_row;
} maker;

/* An entry of the source's row i meets all taps that it has. */
ALWAYS_INLINE void meet(vec (*sum)[TAPS], const maker *k, vec x, const int i, const int rows,
                        const int place) {
    UNROLL
    for (int a = 0; a < TAPS; a++) {
        if (i < a || i - a >= rows)
            continue;
        UNROLL
        for (int b = 0; b < TAPS; b++) {
            const int at = (place + TAPS - b) % TAPS;
            sum[i - a][at] = vec_fma(x, k->tap[a][b], sum[i - a][at]);
        }
    }
}

ALWAYS_INLINE void make_column(vec (*sum)[TAPS], const maker *k, int64_t t, const int rows,
                               const int place) {
    const strip3 *s = &k->strip;
    const int64_t at = (t + s->column) * s->channels;
    const int done = (place + 1) % TAPS;
    UNROLL
    for (int r = 0; r < rows; r++)
        sum[r][place] = k->bias;
    if (has_column(s, t)) {
        UNROLL
        for (int i = 0; i < rows + TAPS - 1; i++)
            if (s->x[i])
                meet(sum, k, entry(s, i, at), i, rows, place);
        if (s->ahead)
            ask_ahead(s, at, rows);
    }
    t -= TAPS - 1;
    if (t < 0 || t >= s->map_columns)
        return;
    UNROLL
    for (int r = 0; r < rows; r++) {
        vec y = k->cut ? vec_bound(sum[r][done], k->limit) : sum[r][done];
        vec_store(k->y + r * k->y_row + t * s->channels, y);
    }
}

ALWAYS_INLINE void make_strip(const maker *k, const int rows) {
    vec sum[STRIP_ROWS][TAPS] = {{{0}}};
    for (int64_t t = 0; t < k->strip.map_columns + TAPS - 1; t += TAPS) {
        make_column(sum, k, t, rows, 0);
        make_column(sum, k, t + 1, rows, 1);
        make_column(sum, k, t + 2, rows, 2);
    }
}

static void make_rows(const depthwise3_map *m, strip3 s, int64_t channel, R *y, int64_t rows) {
    maker k = {.strip = s, .cut = m->cut, .limit = vec_all(m->limit), .y = y};
    k.y_row = s.map_columns * s.channels;
    k.bias = m->bias ? vec_load(m->bias + channel) : (vec){0};
    for (int a = 0; a < TAPS; a++)
        for (int b = 0; b < TAPS; b++)
            k.tap[a][b] = vec_load(m->tap[a * TAPS + b] + channel);
    switch (rows) {
    case 1:
        make_strip(&k, 1);
        break;
    case 2:
        make_strip(&k, 2);
        break;
    case 3:
        make_strip(&k, 3);
        break;
    default:
        make_strip(&k, STRIP_ROWS);
    }
}

/* Rows of a strip that begins at row i of an image, and stays within it and before `to`. */
static int64_t strip_rows(const depthwise3 *d, int64_t i, int64_t to) {
    int64_t rows = to < d->map_rows ? to - i : d->map_rows - i;
    return rows < STRIP_ROWS ? rows : STRIP_ROWS;
}

void K(depthwise3)(const depthwise3 *d, const depthwise3_map *m, int64_t from, int64_t to) {
    for (int64_t row = from, rows; row < to; row += rows) {
        const int64_t image = row / d->map_rows, i = row % d->map_rows;
        R *y = m->y + row * d->map_columns * d->channels;
        rows = strip_rows(d, i, to - image * d->map_rows);
        for (int64_t c = 0; c < d->channels; c += LANES) {
            const int64_t channel = vector3(d, c);
            make_rows(m, strip3_at(d, image, i, channel), channel, y + channel, rows);
        }
    }
}

/* --- the kernel's gradient --- */

/* What the taps get from column t of the source's row i. */
ALWAYS_INLINE void add_entry(vec (*sum)[TAPS], vec (*dy)[TAPS], vec x, const int i, const int rows,
                             const int place) {
    UNROLL
    for (int a = 0; a < TAPS; a++) {
        if (i < a || i - a >= rows)
            continue;
        UNROLL
        for (int b = 0; b < TAPS; b++)
            sum[a][b] = vec_fma(x, dy[i - a][(place + TAPS - b) % TAPS], sum[a][b]);
    }
}

ALWAYS_INLINE void add_column(vec (*sum)[TAPS], vec (*dy)[TAPS], const strip3 *s, const R *map,
                              int64_t t, const int rows, const int place) {
    const int64_t row = s->map_columns * s->channels, at = (t + s->column) * s->channels;
    map += t * s->channels;
    UNROLL
    for (int r = 0; r < rows; r++) {
        dy[r][place] = t < s->map_columns ? vec_load(map + r * row) : (vec){0};
    }
    if (!has_column(s, t))
        return;
    UNROLL
    for (int i = 0; i < rows + TAPS - 1; i++)
        if (s->x[i])
            add_entry(sum, dy, entry(s, i, at), i, rows, place);
    if (!s->ahead)
        return;
    ask_ahead(s, at, rows);
    UNROLL
    for (int r = 0; r < rows; r++)
        __builtin_prefetch(map + (STRIP_ROWS + r) * row, 0, 2);
}

/* total: a vector for each tap. */
ALWAYS_INLINE void add_strip(R *total, const strip3 *s, const R *map, const int rows) {
    vec sum[TAPS][TAPS] = {{{0}}}, dy[STRIP_ROWS][TAPS] = {{{0}}};
    for (int64_t t = 0; t < s->map_columns + TAPS - 1; t += TAPS) {
        add_column(sum, dy, s, map, t, rows, 0);
        add_column(sum, dy, s, map, t + 1, rows, 1);
        add_column(sum, dy, s, map, t + 2, rows, 2);
    }
    UNROLL
    for (int a = 0; a < TAPS; a++) {
        UNROLL
        for (int b = 0; b < TAPS; b++, total += LANES)
            vec_store(total, vec_load(total) + sum[a][b]);
    }
}

static void add_rows(R *total, const strip3 s, const R *map, int64_t rows) {
    switch (rows) {
    case 1:
        add_strip(total, &s, map, 1);
        break;
    case 2:
        add_strip(total, &s, map, 2);
        break;
    case 3:
        add_strip(total, &s, map, 3);
        break;
    default:
        add_strip(total, &s, map, STRIP_ROWS);
    }
}

/* Channels [first, end) of all strips of the images. */
static void add_images(R *total, const depthwise3 *d, const R *dy, int64_t first, int64_t end,
                       int64_t from, int64_t to) {
    for (int64_t row = from * d->map_rows, rows; row < to * d->map_rows; row += rows) {
        const int64_t image = row / d->map_rows, i = row % d->map_rows;
        const R *map = dy + row * d->map_columns * d->channels;
        R *sums = total;
        rows = strip_rows(d, i, d->map_rows);
        for (int64_t c = first; c < end; c += LANES, sums += TAPS * TAPS * LANES) {
            const int64_t channel = vector3(d, c);
            add_rows(sums, strip3_at(d, image, i, channel), map + channel, rows);
        }
    }
}

void K(depthwise3_kernel)(const depthwise3 *d, const R *dy, R *dw, R *total, int64_t from,
                          int64_t to) {
    const int64_t group = ant__depthwise_group(d->channels) * BLOCK;
    for (int64_t first = 0; first < d->channels; first += group) {
        const int64_t end = first + group < d->channels ? first + group : d->channels;
        memset(total, 0, (size_t)(TAPS * TAPS * group) * sizeof *total);
        add_images(total, d, dy, first, end, from, to);
        const R *sums = total;
        for (int64_t c = first; c < end; c += LANES)
            for (int t = 0; t < TAPS * TAPS; t++, sums += LANES)
                vec_store(dw + t * d->channels + vector3(d, c), vec_load(sums));
    }
}
