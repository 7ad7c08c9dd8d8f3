/* Writing safetensors: the header is short and simple enough to be put together by hand. */
#include "core/text/buffer.h"
#include "io/array.h"
#include "io/safetensors.h"
#include <stdlib.h>

static const char *type_name(int dtype) {
    static const char *const names[] = {
        [ANT_FLOAT32] = "F32", [ANT_FLOAT64] = "F64", [ANT_INT32] = "I32",  [ANT_INT64] = "I64",
        [ANT_BOOL] = "BOOL",   [ANT_INT8] = "I8",     [ANT_UINT8] = "U8",   [ANT_INT16] = "I16",
        [ANT_UINT16] = "U16",  [ANT_UINT32] = "U32",  [ANT_UINT64] = "U64", [ANT_FLOAT16] = "F16",
    };
    return dtype > 0 && dtype < ANT_TEXT ? names[dtype] : NULL;
}

static void put_notes(ant_buffer *b, const ant_note *notes, int n) {
    if (!n)
        return;
    ant__put(b, "\"__metadata__\":{");
    for (int k = 0; k < n; k++) {
        ant__put(b, k ? "," : "");
        ant__put_json(b, notes[k].key);
        ant__put(b, ":");
        ant__put_json(b, notes[k].value);
    }
    ant__put(b, "}");
}

static void put_tensor(ant_buffer *b, const ant_array *a, size_t *at) {
    size_t size = ant__array_bytes(a);
    ant__put_json(b, a->name);
    ant__put_format(b, ":{\"dtype\":\"%s\",\"shape\":[", type_name(a->dtype));
    for (int k = 0; k < a->axes; k++)
        ant__put_format(b, "%s%lld", k ? "," : "", (long long)a->shape[k]);
    ant__put_format(b, "],\"data_offsets\":[%zu,%zu]}", *at, *at + size);
    *at += size;
}

/* Wide types first; among equals the given order. */
typedef struct place {
    const ant_array *array;
    int k;
} place;

static int by_width(const void *a, const void *b) {
    const place *x = a, *y = b;
    size_t m = ant__dtype_size(x->array->dtype), n = ant__dtype_size(y->array->dtype);
    return m != n ? (m > n ? -1 : 1) : x->k - y->k;
}

static place *sorted(const ant_array *arrays, int n) {
    place *order = ant__alloc_array((size_t)n + 1, sizeof *order);
    for (int k = 0; order && k < n; k++)
        order[k] = (place){&arrays[k], k};
    if (order)
        qsort(order, (size_t)n, sizeof *order, by_width);
    return order;
}

static void put_header(ant_buffer *b, const place *order, int n, const ant_note *notes,
                       int notes_n) {
    size_t at = 0;
    ant__put(b, "{");
    put_notes(b, notes, notes_n);
    for (int k = 0; k < n; k++) {
        ant__put(b, k || notes_n ? "," : "");
        put_tensor(b, order[k].array, &at);
    }
    ant__put(b, "}");
    while (b->size % 8 && !b->failed)
        ant__put(b, " ");
}

static int write_all(ant_fault *e, ant_replacement *r, const ant_buffer *header, const place *order,
                     int n) {
    ant_buffer length = {0};
    ant__put_u64(&length, header->size);
    int code = length.failed || header->failed ? ant__fail_memory(e)
                                               : ant__replace_write(e, r, length.at, length.size);
    ant__buffer_free(&length);
    if (code || ant__replace_write(e, r, header->at, header->size))
        return e->code;
    for (int k = 0; k < n; k++)
        if (ant__replace_write(e, r, order[k].array->data, ant__array_bytes(order[k].array)))
            return e->code;
    return 0;
}

int ant__safetensors_write(ant_fault *e, const char *path, const ant_array *arrays, int n,
                           const ant_note *notes, int notes_n) {
    ant_replacement r;
    ant_buffer header = {0};
    for (int k = 0; k < n; k++)
        if (!type_name(arrays[k].dtype) || !arrays[k].name)
            return ant__fail(e, ANT_E_DATA, "%s: array %d has no name or no type of safetensors",
                             path, k);
    place *order = sorted(arrays, n);
    if (!order)
        return ant__fail_memory(e);
    put_header(&header, order, n, notes, notes_n);
    if (!ant__replace_begin(e, &r, path)) {
        if (write_all(e, &r, &header, order, n))
            ant__replace_cancel(&r);
        else
            ant__replace_commit(e, &r);
    }
    ant__buffer_free(&header);
    ant__free(order);
    return e->code;
}
