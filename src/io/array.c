/* Plain copies of arrays. */
#include "io/array.h"
#include <string.h>

bool ant__big_endian(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return !first;
}

size_t ant__array_bytes(const ant_array *a) {
    size_t n = ant__dtype_size(a->dtype);
    for (int k = 0; k < a->axes; k++)
        n *= (size_t)a->shape[k];
    return n;
}

bool ant__array_plain(const ant_array *a) {
    int64_t step = (int64_t)ant__dtype_size(a->dtype);
    bool given = false;
    for (int k = 0; k < a->axes; k++)
        given |= a->strides[k] != 0;
    for (int k = a->axes - 1; given && k >= 0; k--) {
        if (a->shape[k] != 1 && a->strides[k] != step)
            return false;
        step *= a->shape[k];
    }
    return !a->swapped;
}

static void copy_number(char *to, const char *from, size_t size, bool swap) {
    if (!swap)
        memcpy(to, from, size);
    else
        for (size_t k = 0; k < size; k++)
            to[k] = from[size - 1 - k];
}

/* Axis k and those behind it. */
static char *copy_axis(char *to, const char *from, const ant_array *a, int k) {
    size_t size = ant__dtype_size(a->dtype);
    if (k == a->axes) {
        copy_number(to, from, size, a->swapped);
        return to + size;
    }
    for (int64_t i = 0; i < a->shape[k]; i++)
        to = copy_axis(to, from + i * a->strides[k], a, k + 1);
    return to;
}

void ant__array_copy(void *to, const ant_array *from) {
    size_t bytes = ant__array_bytes(from);
    if (!bytes)
        return;
    if (ant__array_plain(from)) {
        memcpy(to, from->data, bytes);
        return;
    }
    ant_array a = *from;
    int64_t step = (int64_t)ant__dtype_size(a.dtype);
    bool given = false;
    for (int k = 0; k < a.axes; k++)
        given |= a.strides[k] != 0;
    for (int k = a.axes - 1; !given && k >= 0; k--) {
        a.strides[k] = step;
        step *= a.shape[k];
    }
    copy_axis(to, a.data, &a, 0);
}
