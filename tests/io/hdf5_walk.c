/* HDF5 trees as text. */
#include "hdf5_walk.h"
#include "core/convert.h"
#include "core/shape.h"
#include "io/array.h"
#include "support.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_number(ant_buffer *b, const char *at, const ant_array *a) {
    double real;
    int64_t whole;
    bool is_real = a->dtype == ANT_FLOAT16 || a->dtype == ANT_FLOAT32 || a->dtype == ANT_FLOAT64;
    if (a->dtype == ANT_UINT64) {
        uint64_t x;
        ant__convert(&whole, ANT_INT64, at, 8, ANT_INT64, a->swapped, 1);
        memcpy(&x, &whole, sizeof x);
        ant__put_format(b, " %" PRIu64, x);
    } else if (is_real) {
        ant__convert(&real, ANT_FLOAT64, at, 0, a->dtype, a->swapped, 1);
        ant__put_format(b, " %.9g", real);
    } else {
        ant__convert(&whole, ANT_INT64, at, 0, a->dtype, a->swapped, 1);
        ant__put_format(b, " %" PRId64, whole);
    }
}

static void put_shape(ant_buffer *b, const ant_hdf5_values *v) {
    for (int k = 0; k < v->rank; k++)
        ant__put_format(b, "%s%" PRId64, k ? ", " : " (", v->shape[k]);
    ant__put(b, v->rank > 0 ? ")" : v->rank ? " none" : "");
}

static void put_numbers(ant_buffer *b, const ant_hdf5_values *v, const ant_array *a) {
    size_t n = ant__array_bytes(a), size = ant__dtype_size(a->dtype);
    ant__put_format(b, " %s", ant__dtype_name(a->dtype));
    put_shape(b, v);
    ant__put(b, ":");
    for (size_t at = 0; at < n; at += size)
        put_number(b, (const char *)a->data + at, a);
    ant__put(b, "\n");
}

static void put_texts(ant_buffer *b, const ant_hdf5_values *v, const ant_texts *texts) {
    ant__put(b, " text");
    put_shape(b, v);
    ant__put(b, ":");
    for (int k = 0; k < texts->count; k++) {
        ant__put(b, " ");
        ant__put_json(b, texts->data[k]);
    }
    ant__put(b, "\n");
}

static int put_attributes(ant_context *c, const ant_hdf5_node *n, const char *path,
                          ant_buffer *out) {
    for (const ant_hdf5_attribute *a = n->attributes; a; a = a->next) {
        ant_texts texts;
        ant_array numbers;
        bool is_text = a->values.dtype == ANT_TEXT;
        if (is_text ? ant__hdf5_texts(c, n, a->name, &texts)
                    : ant__hdf5_attribute_numbers(c, n, a->name, &numbers))
            return c->error.code;
        ant__put_format(out, "%s@%s", path, a->name);
        if (is_text)
            put_texts(out, &a->values, &texts);
        else
            put_numbers(out, &a->values, &numbers);
    }
    return 0;
}

static int put_dataset(ant_context *c, const ant_hdf5_node *n, const char *path, ant_buffer *out) {
    ant_texts texts;
    ant_array numbers;
    bool is_text = n->values.dtype == ANT_TEXT;
    if (is_text ? ant__hdf5_texts(c, n, NULL, &texts) : ant__hdf5_numbers(c, n, &numbers))
        return c->error.code;
    ant__put(out, path);
    if (is_text)
        put_texts(out, &n->values, &texts);
    else
        put_numbers(out, &n->values, &numbers);
    return put_attributes(c, n, path, out);
}

static int put_group(ant_context *c, const ant_hdf5_node *g, const char *path, ant_buffer *out) {
    ant__put_format(out, "%s group %d\n", *path ? path : "/", g->count);
    if (put_attributes(c, g, path, out))
        return c->error.code;
    for (const ant_hdf5_node *n = g->first; n; n = n->next) {
        const char *below = ant__print(c, "%s/%s", path, n->name);
        if (!below || (n->group ? put_group(c, n, below, out) : put_dataset(c, n, below, out)))
            return c->error.code;
    }
    return 0;
}

int hdf5_put(ant_context *c, const ant_hdf5_node *root, ant_buffer *out) {
    return put_group(c, root, "", out);
}

/* The bytes stand in a block of exactly their size, so that a sanitizer sees every byte too
 * many. */
static int read_all(ant_context *c, const void *bytes, size_t size, ant_buffer *out) {
    ant_hdf5_node *root;
    unsigned char *copy = malloc(size);
    ck_assert(copy || !size);
    if (size)
        memcpy(copy, bytes, size);
    int code = ant__hdf5_parse(c, "file", copy, size, NULL, &root);
    if (!code)
        code = hdf5_put(c, root, out);
    free(copy);
    return code;
}

const char *hdf5_read(const void *bytes, size_t size) {
    static char text[ANT__ERROR_SIZE];
    ant_context c = {0};
    ant_buffer out = {0};
    int code = read_all(&c, bytes, size, &out);
    snprintf(text, sizeof text, "%s", c.error.text);
    ck_assert_msg((code != 0) == (text[0] != 0), "code %d, text '%s'", code, text);
    ant__buffer_free(&out);
    ant__arena_free(&c.arena);
    return code ? text : NULL;
}

char *hdf5_text(const void *bytes, size_t size) {
    ant_context c = {0};
    ant_buffer out = {0};
    ck_assert_msg(!read_all(&c, bytes, size, &out), "%s", c.error.text);
    ant__arena_free(&c.arena);
    return ant__buffer_take(&out);
}
