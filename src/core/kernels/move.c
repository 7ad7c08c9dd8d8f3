/* Moving numbers: transposes, slices, repeats, concatenation (move.h). */
#include "core/kernels/move.h"
#include "core/kernels/simd.h"
#include <string.h>

/* Numbers: bytes. */
void K(copy)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    (void)from, (void)to;
    if (n[0].i && at[1] != at[0])
        memcpy(at[1], at[0], (size_t)n[0].i);
}

typedef struct axis {
    int64_t size, in, out;
} axis;

typedef struct box {
    int64_t bytes;
    int axes;
    axis axis[8];
} box;

/* --- the last axis: a line --- */
ALWAYS_INLINE void line_of(char *y, const char *x, axis a, size_t bytes) {
    for (int64_t i = 0; i < a.size; i++)
        memcpy(y + i * a.out * (int64_t)bytes, x + i * a.in * (int64_t)bytes, bytes);
}

static void move_line(char *y, const char *x, axis a, int64_t bytes) {
    if (a.in == 1 && a.out == 1)
        memcpy(y, x, (size_t)(a.size * bytes));
    else if (bytes == 4)
        line_of(y, x, a, 4);
    else if (bytes == 8)
        line_of(y, x, a, 8);
    else
        line_of(y, x, a, 1);
}

/* --- the last two axes where the input runs along the first of them: transposed in blocks --- */
enum { BLOCK = 16 };

ALWAYS_INLINE void block_of(char *y, const char *x, axis a, axis b, size_t bytes) {
    for (int64_t i = 0; i < a.size; i++)
        line_of(y + i * a.out * (int64_t)bytes, x + i * a.in * (int64_t)bytes, b, bytes);
}

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void move_plane(char *y, const char *x, axis a, axis b, int64_t bytes) {
    for (int64_t i = 0; i < a.size; i += BLOCK)
        for (int64_t k = 0; k < b.size; k += BLOCK) {
            axis rows = {shorter(BLOCK, a.size - i), a.in, a.out};
            axis columns = {shorter(BLOCK, b.size - k), b.in, b.out};
            char *to = y + (i * a.out + k * b.out) * bytes;
            const char *from = x + (i * a.in + k * b.in) * bytes;
            if (bytes == 4)
                block_of(to, from, rows, columns, 4);
            else if (bytes == 8)
                block_of(to, from, rows, columns, 8);
            else
                block_of(to, from, rows, columns, 1);
        }
}

static void move_box(const box *m, int k, char *y, const char *x) {
    const axis *a = &m->axis[k];
    if (k == m->axes - 1) {
        move_line(y, x, *a, m->bytes);
    } else if (k == m->axes - 2 && a->in == 1 && a[1].in != 1) {
        move_plane(y, x, a[0], a[1], m->bytes);
    } else {
        for (int64_t i = 0; i < a->size; i++)
            move_box(m, k + 1, y + i * a->out * m->bytes, x + i * a->in * m->bytes);
    }
}

static box read_box(const ant_num *n) {
    box m = {.bytes = n[ANT__MOVE_BYTES].i, .axes = (int)n[ANT__MOVE_AXES].i};
    for (int k = 0; k < m.axes; k++) {
        const ant_num *a = n + ANT__MOVE_AXIS + 3 * k;
        m.axis[k] = (axis){a[0].i, a[1].i, a[2].i};
    }
    return m;
}

void K(move)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    box m = read_box(n);
    int64_t first = from * n[ANT__MOVE_CELL].i, end = to * n[ANT__MOVE_CELL].i;
    axis *lines = &m.axis[0];
    lines->size = shorter(lines->size, end) - first;
    const char *x = (const char *)at[0] + (n[ANT__MOVE_FROM].i + first * lines->in) * m.bytes;
    char *y = (char *)at[1] + (n[ANT__MOVE_TO].i + first * lines->out) * m.bytes;
    if (lines->size > 0)
        move_box(&m, 0, y, x);
}

/* --- padding: the output is filled, then the box is moved in. Numbers: entries of the output, the
 * fill as its bytes, then as for move; one cell --- */
static void fill(char *y, int64_t count, const ant_num *value, int64_t bytes) {
    for (int64_t i = 0; i < count; i++)
        memcpy(y + i * bytes, value, (size_t)bytes);
}

void K(pad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    (void)from, (void)to;
    const ant_num *numbers = n + 2;
    box m = read_box(numbers);
    if (n[1].i == 0)
        memset(at[1], 0, (size_t)(n[0].i * m.bytes));
    else
        fill(at[1], n[0].i, &n[1], m.bytes);
    move_box(&m, 0, (char *)at[1] + numbers[ANT__MOVE_TO].i * m.bytes,
             (const char *)at[0] + numbers[ANT__MOVE_FROM].i * m.bytes);
}

/* --- joining: numbers: inputs, lines, lines in a cell, then the bytes of a line of each input
 * --- */
void K(concat)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t inputs = n[0].i, width = 0, column = 0;
    int64_t first = from * n[2].i, end = shorter(to * n[2].i, n[1].i);
    const ant_num *bytes = n + 3;
    for (int64_t k = 0; k < inputs; k++)
        width += bytes[k].i;
    for (int64_t k = 0; k < inputs; column += bytes[k].i, k++)
        for (int64_t i = first; i < end && bytes[k].i; i++)
            memcpy((char *)at[inputs] + i * width + column, (const char *)at[k] + i * bytes[k].i,
                   (size_t)bytes[k].i);
}
