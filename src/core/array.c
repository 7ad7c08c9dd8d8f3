#include "core/array.h"
#include "core/convert.h"
#include "core/memory.h"
#include <string.h>

int64_t ant__array_row(const ant_array *a) {
    return ant__entries(a->shape + 1, a->axes - 1);
}

void ant__array_strides(const ant_array *a, int64_t strides[ANT_MAX_AXES]) {
    int64_t size = (int64_t)ant__dtype_size(a->dtype);
    bool said = false;
    for (int k = 0; k < a->axes; k++)
        said |= a->strides[k] != 0;
    memcpy(strides, a->strides, sizeof a->strides);
    for (int k = a->axes - 1; !said && k >= 0; k--) {
        strides[k] = size;
        size *= a->shape[k];
    }
}

static bool count_bytes(const ant_array *a, size_t *bytes) {
    const int64_t n = ant__entries(a->shape, a->axes);
    return n >= 0 && (uint64_t)n <= SIZE_MAX &&
           ant__mul((size_t)n, ant__dtype_size(a->dtype), bytes) && *bytes <= PTRDIFF_MAX;
}

static int too_large(const ant_array *a, const char *what, ant_fault *e) {
    char shape[ANT__DIMS_TEXT];
    const ant_dims d = ant__array_dims(a);
    return ant__fail(e, ANT_E_LIMIT, "%s: shape %s is too large", what, ant__dims_text(&d, shape));
}

int ant__array_check(const ant_array *a, const char *what, ant_fault *e) {
    if (a->axes < 1 || a->axes > ANT_MAX_AXES)
        return ant__fail(e, ANT_E_SHAPE, "%s: has %d axes, must have 1 to %d, the rows first", what,
                         a->axes, ANT_MAX_AXES);
    if (a->dtype == ANT_TEXT)
        return ant__fail(e, ANT_E_DATA, "%s: is text, must be numbers", what);
    if (ant__dtype_size(a->dtype) == 0)
        return ant__fail(e, ANT_E_DATA, "%s: unknown type %d", what, a->dtype);
    for (int k = 0; k < a->axes; k++)
        if (a->shape[k] < 0)
            return ant__fail(e, ANT_E_SHAPE, "%s: axis %d has size %lld", what, k,
                             (long long)a->shape[k]);
    size_t bytes;
    if (!count_bytes(a, &bytes))
        return too_large(a, what, e);
    if (bytes > 0 && a->data == NULL)
        return ant__fail(e, ANT_E_DATA, "%s: its data pointer is NULL", what);
    return 0;
}

/* Do all entries lie one behind the other, row after row, each of so many bytes? Told number by
 * number, as a walk or a copy of strides just written would wait, which a step of a tiny network
 * feels. */
static bool is_packed(const ant_array *a, int64_t *row) {
    bool said = false, fits = true;
    *row = (int64_t)ant__dtype_size(a->dtype);
    for (int k = a->axes - 1; k >= 0; k--) {
        said |= a->strides[k] != 0;
        fits &= a->strides[k] == *row;
        if (said && !fits)
            return false;
        *row *= k ? a->shape[k] : 1;
    }
    return true;
}

/* Walks the entries of one row in order, `run` equally spaced ones at a time along the last
 * axis. */
typedef struct row_walk {
    int axes; /* of a row, the last left out */
    int64_t shape[ANT_MAX_AXES], strides[ANT_MAX_AXES], at[ANT_MAX_AXES];
    int64_t run, step; /* entries and bytes between them */
} row_walk;

/* Axes that lie one behind the other in memory become one. */
static row_walk walk_of(const ant_array *a) {
    int64_t strides[ANT_MAX_AXES];
    ant__array_strides(a, strides);
    row_walk w = {.run = 1, .step = (int64_t)ant__dtype_size(a->dtype)};
    int k = a->axes - 1;
    if (k >= 1)
        w.run = a->shape[k], w.step = strides[k];
    for (k--; k >= 1 && strides[k] == w.run * w.step; k--)
        w.run *= a->shape[k];
    for (int j = 1; j <= k; j++) {
        w.shape[w.axes] = a->shape[j];
        w.strides[w.axes++] = strides[j];
    }
    return w;
}

/* To the next run; gives how many bytes further it is, and false at the end of the row. */
static bool walk_on(row_walk *w, int64_t *offset) {
    for (int k = w->axes - 1; k >= 0; k--) {
        *offset += w->strides[k];
        if (++w->at[k] < w->shape[k])
            return true;
        *offset -= w->strides[k] * w->shape[k];
        w->at[k] = 0;
    }
    return false;
}

/* Rows in their order and without gaps: read as one long row. false where that is not so, and
 * where a number fails, which is then looked for row by row. */
static bool read_together(const ant_array *a, const ant_rows_wanted *rows, int dtype, void *out,
                          const row_walk *w, int64_t row_stride) {
    if (rows->order || w->axes > 0 || row_stride != w->run * w->step)
        return false;
    const char *x = (const char *)a->data + rows->first * row_stride;
    return ant__convert(out, dtype, x, w->step, a->dtype, a->swapped, w->run * rows->count);
}

/* Packed rows of the type wanted, in any order: copied. */
static bool copy_rows(const ant_array *a, const ant_rows_wanted *rows, int dtype, void *out,
                      const row_walk *w, int64_t row_stride) {
    size_t width = ant__dtype_size(dtype), size = (size_t)w->run * width;
    if (a->dtype != dtype || a->swapped || w->axes > 0 || w->step != (int64_t)width ||
        dtype == ANT_BOOL || !rows->order)
        return false;
    char *y = out;
    for (int64_t i = 0; i < rows->count; i++, y += size) {
        const char *x = (const char *)a->data + rows->order[i] * row_stride;
        if (size == 4) /* a label, a target: one move */
            memcpy(y, x, 4);
        else
            memcpy(y, x, size);
    }
    return true;
}

/* Bools are read: in an array, any byte but 0 is true. */
const void *ant__array_view(const ant_array *a, const ant_rows_wanted *rows, int dtype) {
    int64_t row;
    if (a->dtype != dtype || a->swapped || dtype == ANT_BOOL || rows->order || !is_packed(a, &row))
        return NULL;
    const char *x = (const char *)a->data + rows->first * row;
    return (uintptr_t)x % ant__dtype_size(dtype) == 0 ? x : NULL;
}

static int no_int(const char *what, int dtype, int64_t row, ant_fault *e) {
    return ant__fail(e, ANT_E_DATA, "%s: row %lld has a number that is no %s", what, (long long)row,
                     ant__dtype_name(dtype));
}

int ant__array_read(const ant_array *a, const ant_rows_wanted *rows, int dtype, void *out,
                    const char *what, ant_fault *e) {
    int64_t strides[ANT_MAX_AXES], width = (int64_t)ant__dtype_size(dtype);
    char *y = out;
    ant__array_strides(a, strides);
    const row_walk start = walk_of(a);
    if (ant__array_row(a) == 0 || copy_rows(a, rows, dtype, out, &start, strides[0]) ||
        read_together(a, rows, dtype, out, &start, strides[0]))
        return 0;
    for (int64_t i = 0; i < rows->count; i++) {
        int64_t row = rows->order ? rows->order[i] : rows->first + i;
        const char *x = (const char *)a->data + row * strides[0];
        row_walk w = start;
        int64_t offset = 0;
        do {
            if (!ant__convert(y, dtype, x + offset, w.step, a->dtype, a->swapped, w.run))
                return no_int(what, dtype, row, e);
            y += w.run * width;
        } while (walk_on(&w, &offset));
    }
    return 0;
}

static bool write_packed(const ant_array *a, int64_t first, int64_t count, int dtype,
                         const void *in) {
    int64_t row, size = (int64_t)ant__dtype_size(a->dtype);
    return is_packed(a, &row) && ant__spread((char *)a->data + first * row, size, a->dtype, in,
                                             dtype, row / size * count);
}

static bool write_together(const ant_array *a, int64_t first, int64_t count, int dtype,
                           const void *in, const row_walk *w, int64_t row_stride) {
    if (w->axes > 0 || row_stride != w->run * w->step)
        return false;
    char *y = (char *)a->data + first * row_stride;
    return ant__spread(y, w->step, a->dtype, in, dtype, w->run * count);
}

int ant__array_write(const ant_array *a, int64_t first, int64_t count, int dtype, const void *in,
                     const char *what, ant_fault *e) {
    int64_t strides[ANT_MAX_AXES], width = (int64_t)ant__dtype_size(dtype);
    const char *x = in;
    if (ant__array_row(a) == 0 || write_packed(a, first, count, dtype, in))
        return 0;
    ant__array_strides(a, strides);
    const row_walk start = walk_of(a);
    if (write_together(a, first, count, dtype, in, &start, strides[0]))
        return 0;
    for (int64_t i = 0; i < count; i++) {
        char *y = (char *)a->data + (first + i) * strides[0];
        row_walk w = start;
        int64_t offset = 0;
        do {
            if (!ant__spread(y + offset, w.step, a->dtype, x, dtype, w.run))
                return no_int(what, a->dtype, first + i, e);
            x += w.run * width;
        } while (walk_on(&w, &offset));
    }
    return 0;
}

/* --- lists --- */
static int count_of(const ant_array *list, int most) {
    int n = 0;
    while (n < most && list[n].axes != 0)
        n++;
    return n;
}

const ant_array *ant__arrays_of(const ant_array *list, int *n) {
    bool several = list && list[0].dtype == ANT_ARRAYS;
    *n = several ? (int)list[0].shape[0] : list ? count_of(list, ANT_MAX_LIST) : 0;
    return several ? list[0].data : list;
}

ant_array ant__arrays_all(const ant_array *list) {
    int n = count_of(list, ANT_MAX_PORTS);
    return n ? ant_several(list, n) : (ant_array){0};
}
