/* Rows by index (index.h). */
#include "core/kernels/index.h"
#include "core/kernels/build.h"
#include "core/program/program.h"
#include <string.h>

static int64_t index_at(const void *index, int64_t dtype, int64_t i) {
    return dtype == ANT_INT64 ? ((const int64_t *)index)[i] : ((const int32_t *)index)[i];
}

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Reports the first index that is outside. */
static void check(const void *index, const ant_num *n, ant_report *report) {
    for (int64_t i = 0; i < n[ANT__INDEX_COUNT].i; i++) {
        int64_t k = index_at(index, n[ANT__INDEX_DTYPE].i, i);
        if (k >= 0 && k < n[ANT__INDEX_ROWS].i)
            continue;
        *report = (ant_report){ANT_E_DATA, k, n[ANT__INDEX_ROWS].i, "index"};
        return;
    }
}

/* Pointers: table, indices, rows, report. The first cell checks all indices, so that there is one
 * writer of the report; a row from outside is zero. */
void K(gather)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t cell = n[ANT__INDEX_CELL].i, width = n[ANT__INDEX_WIDTH].i;
    int64_t end = shorter(to * cell, n[ANT__INDEX_COUNT].i);
    if (from == 0)
        check(at[1], n, at[3]);
    for (int64_t i = from * cell; i < end; i++) {
        int64_t k = index_at(at[1], n[ANT__INDEX_DTYPE].i, i);
        char *row = (char *)at[2] + i * width;
        if (k >= 0 && k < n[ANT__INDEX_ROWS].i)
            memcpy(row, (const char *)at[0] + k * width, (size_t)width);
        else
            memset(row, 0, (size_t)width);
    }
}

/* Pointers: indices, values, table. A cell owns some rows of the table and looks through all
 * indices, so that every row is added up in the order of the indices. */
void K(scatter_add)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t cell = n[ANT__INDEX_CELL].i, width = n[ANT__INDEX_WIDTH].i;
    int64_t first = from * cell, end = shorter(to * cell, n[ANT__INDEX_ROWS].i);
    R *table = at[2];
    memset(table + first * width, 0, (size_t)(end - first) * (size_t)width * sizeof(R));
    for (int64_t i = 0; i < n[ANT__INDEX_COUNT].i; i++) {
        int64_t k = index_at(at[0], n[ANT__INDEX_DTYPE].i, i);
        if (k < first || k >= end)
            continue;
        const R *values = (const R *)at[1] + i * width;
        for (int64_t j = 0; j < width; j++)
            table[k * width + j] += values[j];
    }
}

/* Pointers: indices, rows. */
void K(one_hot)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t cell = n[ANT__INDEX_CELL].i, width = n[ANT__INDEX_WIDTH].i;
    int64_t end = shorter(to * cell, n[ANT__INDEX_COUNT].i);
    for (int64_t i = from * cell; i < end; i++) {
        int64_t k = index_at(at[0], n[ANT__INDEX_DTYPE].i, i);
        R *row = (R *)at[1] + i * width;
        memset(row, 0, (size_t)width * sizeof(R));
        if (k >= 0 && k < width)
            row[k] = 1;
    }
}
