/* Classes, splits and rows. */
#include "antler/data.h"
#include "core/array.h"
#include "core/memory.h"
#include "core/random.h"
#include <math.h>
#include <string.h>

/* --- classes --- */
int ant_one_hot(float *out, const int *labels, int64_t n, int classes, int64_t *bad) {
    if (n < 0 || classes < 1)
        return ANT_E_OPTION;
    for (int64_t i = 0; i < n; i++) {
        if (labels[i] < 0 || labels[i] >= classes) {
            if (bad)
                *bad = i;
            return ANT_E_DATA;
        }
        memset(out + i * classes, 0, (size_t)classes * sizeof *out);
        out[i * classes + labels[i]] = 1;
    }
    return 0;
}

int ant_class_count(const int *labels, int64_t n) {
    int most = -1;
    for (int64_t i = 0; i < n; i++)
        if (labels[i] > most)
            most = labels[i];
    return most + 1;
}

/* --- splits --- */
/* Rows marked go to the test. */
static void deal(int64_t *train, int64_t *test, int64_t counts[2], const bool *tested, int64_t n) {
    counts[0] = counts[1] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (tested[i])
            test[counts[1]++] = i;
        else
            train[counts[0]++] = i;
    }
}

int ant_split_every(int64_t *train, int64_t *test, int64_t counts[2], int64_t n, int64_t every,
                    int64_t from) {
    if (n < 0 || every < 1 || from < 0 || from >= every)
        return ANT_E_OPTION;
    counts[0] = counts[1] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i % every == from)
            test[counts[1]++] = i;
        else
            train[counts[0]++] = i;
    }
    return 0;
}

int ant_split_tail(int64_t *train, int64_t *test, int64_t counts[2], int64_t n, double share) {
    if (n < 0 || !(share >= 0 && share <= 1))
        return ANT_E_OPTION;
    counts[0] = (int64_t)floor((double)n * (1 - share));
    counts[1] = n - counts[0];
    for (int64_t i = 0; i < n; i++) {
        if (i < counts[0])
            train[i] = i;
        else
            test[i - counts[0]] = i;
    }
    return 0;
}

/* How many of a class's rows are tested on. */
static int64_t tested_of(int64_t rows, double share) {
    int64_t k = (int64_t)nearbyint(share * (double)rows);
    bool both = rows > 1 && share > 0 && share < 1;
    return both && k < 1 ? 1 : both && k > rows - 1 ? rows - 1 : k;
}

/* Marks the tested rows of one class: `rows` lists them, `order` is room for as many. */
static void draw(bool *tested, const int64_t *rows, int64_t *order, int64_t n, double share,
                 uint64_t key) {
    ant__random_shuffle(key, 0, order, n);
    for (int64_t k = 0; k < tested_of(n, share); k++)
        tested[rows[order[k]]] = true;
}

static void draw_classes(bool *tested, int64_t *rows, const int *labels, int64_t n, double share,
                         uint64_t key) {
    int classes = ant_class_count(labels, n);
    for (int c = 0; c < classes; c++) {
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++)
            if (labels[i] == c)
                rows[count++] = i;
        draw(tested, rows, rows + n, count, share, ant__random_mix(key, (uint64_t)c));
    }
}

int ant_split_stratified(int64_t *train, int64_t *test, int64_t counts[2], const int *labels,
                         int64_t n, double share, int64_t seed) {
    if (n < 0 || !(share >= 0 && share <= 1))
        return ANT_E_OPTION;
    for (int64_t i = 0; i < n; i++)
        if (labels[i] < 0)
            return ANT_E_DATA;
    bool *tested = ant__alloc_array((size_t)n + 1, sizeof *tested);
    int64_t *rows = ant__alloc_array((size_t)n * 2 + 1, sizeof *rows);
    if (tested && rows) {
        draw_classes(tested, rows, labels, n, share, ant__random_key((uint64_t)seed, "split"));
        deal(train, test, counts, tested, n);
    }
    int code = tested && rows ? 0 : ANT_E_MEMORY;
    ant__free(tested);
    ant__free(rows);
    return code;
}

/* --- rows --- */
/* Whether out is n rows of the array's type and row shape, row-major. */
static bool takes(const ant_array *out, const ant_array *rows, int64_t n) {
    bool fits = out->dtype == rows->dtype && out->axes == rows->axes && out->shape[0] == n;
    for (int k = 1; fits && k < rows->axes; k++)
        fits = out->shape[k] == rows->shape[k];
    for (int k = 0; fits && k < out->axes; k++)
        fits = out->strides[k] == 0;
    return fits && !out->swapped;
}

int ant_take(ant_array out, ant_array rows, const int64_t *index, int64_t n) {
    ant_fault e = {0};
    int code = ant__array_check(&rows, "rows", &e);
    if (code)
        return code;
    if (!takes(&out, &rows, n))
        return ANT_E_SHAPE;
    for (int64_t i = 0; i < n; i++)
        if (index[i] < 0 || index[i] >= rows.shape[0])
            return ANT_E_DATA;
    ant_rows_wanted wanted = {.order = index, .count = n};
    return ant__array_read(&rows, &wanted, rows.dtype, out.data, "rows", &e);
}
