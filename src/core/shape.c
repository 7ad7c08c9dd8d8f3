/* Types and shapes. */
#include "core/shape.h"
#include "core/memory.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [ANT_FLOAT32] = {"float32", 4}, [ANT_FLOAT64] = {"float64", 8}, [ANT_INT32] = {"int32", 4},
    [ANT_INT64] = {"int64", 8},     [ANT_BOOL] = {"bool", 1},       [ANT_INT8] = {"int8", 1},
    [ANT_UINT8] = {"uint8", 1},     [ANT_INT16] = {"int16", 2},     [ANT_UINT16] = {"uint16", 2},
    [ANT_UINT32] = {"uint32", 4},   [ANT_UINT64] = {"uint64", 8},   [ANT_FLOAT16] = {"float16", 2},
    [ANT_TEXT] = {"text", 0},       [ANT_ARRAYS] = {"arrays", 0},
};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

size_t ant__dtype_size(int dtype) {
    return dtype > 0 && dtype < DTYPES ? dtypes[dtype].size : 0;
}

const char *ant__dtype_name(int dtype) {
    return dtype > 0 && dtype < DTYPES ? dtypes[dtype].name : "unknown";
}

int ant__dtype_named(const char *name) {
    for (int k = 1; k < DTYPES; k++)
        if (!strcmp(dtypes[k].name, name))
            return k;
    return 0;
}

bool ant__dtype_real(int dtype) {
    return dtype == ANT_FLOAT32 || dtype == ANT_FLOAT64;
}

bool ant__dims_equal(const ant_dims *a, const ant_dims *b) {
    if (a->rank != b->rank)
        return false;
    for (int k = 0; k < a->rank; k++)
        if (a->dim[k] != b->dim[k])
            return false;
    return true;
}

bool ant__dims_known(const ant_dims *a) {
    for (int k = 0; k < a->rank; k++)
        if (a->dim[k] < 0)
            return false;
    return true;
}

int64_t ant__entries(const int64_t *size, int axes) {
    int64_t n = 1;
    for (int k = 0; k < axes; k++)
        if (size[k] < 0 || __builtin_mul_overflow(n, size[k], &n))
            return -1;
    return n;
}

int64_t ant__dims_span(const ant_dims *a, int from, int to) {
    return ant__entries(a->dim + from, to - from);
}

int64_t ant__dims_count(const ant_dims *a) {
    return ant__dims_span(a, 0, a->rank);
}

bool ant__dims_bytes(const ant_dims *a, int dtype, size_t *out) {
    int64_t n = ant__dims_count(a);
    return n >= 0 && (uint64_t)n <= SIZE_MAX && ant__mul((size_t)n, ant__dtype_size(dtype), out) &&
           *out <= PTRDIFF_MAX;
}

void ant__dims_strides(const ant_dims *a, int64_t *stride) {
    uint64_t n = 1; /* may wrap: what is too large for any memory is refused where it is wanted */
    for (int k = a->rank - 1; k >= 0; k--) {
        stride[k] = (int64_t)n;
        n *= (uint64_t)a->dim[k];
    }
}

/* One axis of a broadcast: an unknown size gives way to a known one that is not 1. */
static bool broadcast_axis(int64_t *a, int64_t b) {
    if (*a == b || b == 1)
        return true;
    if (*a == 1 || *a < 0) {
        *a = b;
        return true;
    }
    return b < 0;
}

bool ant__dims_broadcast(ant_dims *a, const ant_dims *b) {
    ant_dims out = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int k = 1; k <= out.rank; k++) {
        int64_t *axis = &out.dim[out.rank - k];
        *axis = k <= a->rank ? a->dim[a->rank - k] : 1;
        if (k <= b->rank && !broadcast_axis(axis, b->dim[b->rank - k]))
            return false;
    }
    *a = out;
    return true;
}

int ant__axis(int axis, int rank) {
    if (axis < 0)
        axis += rank;
    return axis >= 0 && axis < rank ? axis : -1;
}

ant_dims ant__dims_of_shape(const int *shape, int64_t batch) {
    ant_dims d = {.rank = 1, .dim = {batch}};
    for (int k = 0; d.rank < ANT_MAX_AXES && shape[k]; k++)
        d.dim[d.rank++] = shape[k];
    return d;
}

const char *ant__dims_text(const ant_dims *a, char out[ANT__DIMS_TEXT]) {
    int n = snprintf(out, ANT__DIMS_TEXT, "(");
    for (int k = 0; k < a->rank && n < ANT__DIMS_TEXT; k++) {
        const char *comma = k + 1 < a->rank ? ", " : a->rank == 1 ? "," : "";
        size_t room = (size_t)(ANT__DIMS_TEXT - n);
        n += a->dim[k] < 0 ? snprintf(out + n, room, "None%s", comma)
                           : snprintf(out + n, room, "%lld%s", (long long)a->dim[k], comma);
    }
    if (n < ANT__DIMS_TEXT)
        snprintf(out + n, (size_t)(ANT__DIMS_TEXT - n), ")");
    return out;
}
