/* Sequences of ints to a common length, and windows over a series. */
#include "antler/data.h"
#include "core/array.h"
#include <string.h>

/* --- padding --- */
int64_t ant_longest(const int64_t *counts, int64_t n) {
    int64_t most = 0;
    for (int64_t i = 0; i < n; i++)
        if (counts[i] > most)
            most = counts[i];
    return most;
}

static void put(const ant_array *out, int64_t at, double x) {
    if (out->dtype == ANT_INT32)
        ((int32_t *)out->data)[at] = (int32_t)x;
    else
        ((float *)out->data)[at] = (float)x;
}

/* One row of the output from a sequence of `count` ints. */
static void pad(const ant_array *out, int64_t row, const int *sequence, int64_t count,
                const ant_pad_options *o) {
    int64_t length = o->length, kept = count < length ? count : length;
    const int *from = sequence + (o->truncate_post ? 0 : count - kept);
    int64_t start = row * length, at = start + (o->post ? 0 : length - kept);
    for (int64_t k = 0; k < length; k++)
        put(out, start + k, o->value);
    for (int64_t k = 0; k < kept; k++)
        put(out, at + k, from[k]);
}

int ant_pad_sequences_(ant_array out, const int *const *sequences, const int64_t *counts, int64_t n,
                       const ant_pad_options *o) {
    bool typed = out.dtype == ANT_INT32 || out.dtype == ANT_FLOAT32;
    if (o->length < 1 || n < 0)
        return ANT_E_OPTION;
    if (out.axes != 2 || out.shape[0] != n || out.shape[1] != o->length)
        return ANT_E_SHAPE;
    if (!typed || out.swapped || out.strides[0] != 0 || out.strides[1] != 0)
        return ANT_E_DATA;
    if (out.dtype == ANT_INT32 && !(o->value >= INT32_MIN && o->value <= INT32_MAX))
        return ANT_E_OPTION;
    for (int64_t i = 0; i < n; i++)
        pad(&out, i, sequences[i], counts[i], o);
    return 0;
}

/* --- windows --- */
typedef struct windows {
    int64_t length, stride, rate, start, end;
} windows;

/* The options with their defaults, for a series of this many rows; false when they make no
 * sense. */
static bool windows_of(windows *w, int64_t rows, const ant_window_options *o) {
    *w = (windows){o->length, o->stride ? o->stride : 1, o->rate ? o->rate : 1, o->start,
                   o->end ? o->end : rows};
    return w->length >= 1 && w->stride >= 1 && w->rate >= 1 && w->start >= 0 && w->end <= rows &&
           w->start <= w->end && w->rate <= INT64_MAX / w->length;
}

static int64_t count_windows(const windows *w) {
    int64_t span = (w->length - 1) * w->rate + 1, rows = w->end - w->start;
    return rows < span ? 0 : (rows - span) / w->stride + 1;
}

int64_t ant_window_count(int64_t rows, const ant_window_options *o) {
    windows w;
    return windows_of(&w, rows, o) ? count_windows(&w) : ANT_E_OPTION;
}

static bool takes_windows(const ant_array *out, const ant_array *series, const windows *w) {
    bool fits = out->dtype == series->dtype && out->axes == series->axes + 1 && !out->swapped &&
                out->shape[0] == count_windows(w) && out->shape[1] == w->length;
    for (int k = 1; fits && k < series->axes; k++)
        fits = out->shape[k + 1] == series->shape[k];
    for (int k = 0; fits && k < out->axes; k++)
        fits = out->strides[k] == 0;
    return fits;
}

int ant_windows(ant_array out, ant_array series, const ant_window_options *o) {
    ant_fault e = {0};
    windows w;
    int code = ant__array_check(&series, "series", &e);
    if (code)
        return code;
    if (!windows_of(&w, series.shape[0], o))
        return ANT_E_OPTION;
    if (!takes_windows(&out, &series, &w))
        return ANT_E_SHAPE;
    size_t row = (size_t)ant__array_row(&series) * ant__dtype_size(series.dtype);
    char *y = out.data;
    for (int64_t k = 0; k < count_windows(&w) && code == 0; k++)
        for (int64_t i = 0; i < w.length && code == 0; i++, y += row) {
            ant_rows_wanted one = {.first = w.start + k * w.stride + i * w.rate, .count = 1};
            code = ant__array_read(&series, &one, series.dtype, y, "series", &e);
        }
    return code;
}
