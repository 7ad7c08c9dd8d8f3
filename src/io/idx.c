#include "io/idx.h"
#include "core/shape.h"
#include "io/array.h"
#include <string.h>

enum { HEAD = 4, SIZE = 4 };

bool ant__idx_is(const unsigned char *data, size_t size) {
    return size >= 2 && !data[0] && !data[1];
}

bool ant__idx_named(const char *path) {
    return ant__file_ends(path, "-ubyte") || ant__file_ends(path, "-ubyte.gz") ||
           ant__file_ends(path, ".idx") || ant__file_ends(path, ".idx.gz");
}

/* 0: there is no such type. */
static int type_of(unsigned char code) {
    static const struct {
        unsigned char code;
        int dtype;
    } types[] = {{0x08, ANT_UINT8}, {0x09, ANT_INT8},    {0x0B, ANT_INT16},
                 {0x0C, ANT_INT32}, {0x0D, ANT_FLOAT32}, {0x0E, ANT_FLOAT64}};
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (types[k].code == code)
            return types[k].dtype;
    return 0;
}

static int read_head(ant_fault *e, const char *name, const unsigned char *data, size_t size,
                     ant_array *out) {
    if (!ant__idx_is(data, size) || size < HEAD)
        return ant__fail(e, ANT_E_FORMAT, "%s: idx: it does not begin as an idx file does", name);
    out->dtype = type_of(data[2]);
    out->axes = data[3];
    if (!out->dtype)
        return ant__fail(e, ANT_E_FORMAT,
                         "%s: idx: type 0x%02X is not known; expected 08, 09, 0B "
                         "to 0E",
                         name, data[2]);
    if (out->axes < 1 || out->axes > ANT_MAX_AXES)
        return ant__fail(e, ANT_E_FORMAT, "%s: idx: %d axes, must be 1 to %d", name, out->axes,
                         ANT_MAX_AXES);
    if (size < HEAD + SIZE * (size_t)out->axes)
        return ant__fail(e, ANT_E_FORMAT, "%s: idx: it ends among the sizes of its axes", name);
    for (int k = 0; k < out->axes; k++) {
        const unsigned char *s = data + HEAD + SIZE * k;
        out->shape[k] = (int64_t)s[0] << 24 | s[1] << 16 | s[2] << 8 | s[3];
    }
    return 0;
}

int ant__idx_parse(ant_fault *e, const char *name, const unsigned char *data, size_t size,
                   ant_array *out) {
    size_t bytes;
    *out = (ant_array){0};
    if (read_head(e, name, data, size, out))
        return e->code;
    ant_dims dims = {.rank = out->axes};
    memcpy(dims.dim, out->shape, sizeof dims.dim);
    if (!ant__dims_bytes(&dims, out->dtype, &bytes) || bytes > PTRDIFF_MAX)
        return ant__fail(e, ANT_E_FORMAT, "%s: idx: the shape is larger than any memory", name);
    size_t numbers = HEAD + SIZE * (size_t)out->axes;
    if (size - numbers != bytes)
        return ant__fail(e, ANT_E_FORMAT, "%s: idx: %zu bytes of numbers, its shape takes %zu",
                         name, size - numbers, bytes);
    out->data = (void *)(uintptr_t)(data + numbers);
    out->swapped = ant__dtype_size(out->dtype) > 1 && !ant__big_endian();
    return 0;
}
