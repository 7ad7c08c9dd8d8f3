/* Attributes: a name, a type, a shape and the values, all in one message. */
#include "io/hdf5/parts.h"
#include "io/utf8.h"
#include <stdlib.h>
#include <string.h>

/* Where the parts of a message stand. */
typedef struct parts {
    ant_hdf5_span name, type, space, values;
} parts;

/* In version 1 each part is padded to eight bytes. */
static ant_hdf5_span take_part(ant_hdf5_cursor *k, uint64_t size, bool padded) {
    ant_hdf5_span part = {ant__hdf5_skip(k, size), (size_t)size};
    if (padded)
        ant__hdf5_skip(k, (8 - size % 8) % 8);
    return part;
}

static int find_parts(ant_hdf5_reader *r, ant_hdf5_span message, parts *p) {
    ant_hdf5_cursor k = ant__hdf5_cursor(message.at, message.size);
    uint64_t version = ant__hdf5_take(&k, 1), flags = ant__hdf5_take(&k, 1),
             name = ant__hdf5_take(&k, 2), type = ant__hdf5_take(&k, 2),
             space = ant__hdf5_take(&k, 2);
    if (k.failed || version < 1 || version > 3)
        return ant__hdf5_fail(r, message.at,
                              "an attribute is damaged, or of a version that is not "
                              "known");
    if (version > 1 && flags)
        return ant__hdf5_fail(r, message.at,
                              "an attribute has a committed datatype or dataspace, "
                              "which is not read here");
    if (version == 3)
        ant__hdf5_skip(&k, 1); /* the charset: names are checked to be UTF-8 */
    p->name = take_part(&k, name, version == 1);
    p->type = take_part(&k, type, version == 1);
    p->space = take_part(&k, space, version == 1);
    if (k.failed)
        return ant__hdf5_fail(r, message.at, "an attribute is too short");
    p->values = (ant_hdf5_span){k.at, (size_t)(k.end - k.at)};
    return 0;
}

/* Names end with a NUL in the file, so that they need no copy. */
static int check_name(ant_hdf5_reader *r, ant_hdf5_span name) {
    const char *s = (const char *)name.at;
    if (name.size < 2 || memchr(s, 0, name.size) != s + name.size - 1 ||
        ant__utf8_valid(s, name.size - 1) != name.size - 1)
        return ant__hdf5_fail(r, name.at,
                              "the name of an attribute is empty, no UTF-8, or does "
                              "not end");
    return 0;
}

static int read_values(ant_hdf5_reader *r, const parts *p, ant_hdf5_values *v) {
    if (ant__hdf5_type_read(r, p->type, v) || ant__hdf5_space_read(r, p->space, v, NULL))
        return r->c->error.code;
    if (p->values.size < ant__hdf5_count(v) * v->size)
        return ant__hdf5_fail(r, p->values.at, "its shape takes %zu bytes, it has %zu",
                              ant__hdf5_count(v) * v->size, p->values.size);
    if (v->form == ANT__HDF5_OPAQUE)
        return ant__hdf5_fail(r, p->type.at, "raw bytes (opaque) have no counterpart here");
    v->bytes = p->values.at;
    return v->form == ANT__HDF5_VARIABLE ? ant__hdf5_texts_resolve(r, v) : 0;
}

int ant__hdf5_attribute_read(ant_hdf5_reader *r, ant_hdf5_node *node, ant_hdf5_span message) {
    parts p = {0};
    if (find_parts(r, message, &p) || check_name(r, p.name))
        return r->c->error.code;
    ant_hdf5_attribute *a = ant__arena_alloc(&r->c->arena, sizeof *a);
    if (!a)
        return ant__fail_memory(&r->c->error);
    a->name = r->attribute = (const char *)p.name.at;
    int code = read_values(r, &p, &a->values);
    a->next = node->attributes;
    node->attributes = a;
    r->attribute = NULL;
    return code;
}

/* --- all of them --- */
static int by_name(const void *a, const void *b) {
    const ant_hdf5_attribute *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Sorts the list; no name may stand in it twice. */
static int sort_attributes(ant_hdf5_reader *r, ant_hdf5_node *node) {
    size_t n = 0, k = 0;
    for (const ant_hdf5_attribute *a = node->attributes; a; a = a->next)
        n++;
    ant_hdf5_attribute **sorted = n ? ant__alloc_array(n, sizeof *sorted) : NULL;
    if (n && !sorted)
        return ant__fail_memory(&r->c->error);
    for (ant_hdf5_attribute *a = node->attributes; a; a = a->next)
        sorted[k++] = a;
    if (n)
        qsort(sorted, n, sizeof *sorted, by_name);
    for (k = 1; k < n; k++)
        if (!by_name(&sorted[k - 1], &sorted[k]))
            ant__hdf5_fail(r, sorted[k]->name, "it has two attributes '%.200s'", sorted[k]->name);
    for (k = 0; k < n; k++)
        sorted[k]->next = k + 1 < n ? sorted[k + 1] : NULL;
    node->attributes = n ? sorted[0] : NULL;
    ant__free(sorted);
    return r->c->error.code;
}

int ant__hdf5_attributes_finish(ant_hdf5_reader *r, ant_hdf5_node *node, ant_hdf5_span info) {
    enum { ORDERED = 1, KNOWN = 3 };
    ant_hdf5_dense d = {.type = 8, .heap = ANT__HDF5_NOWHERE};
    if (info.at) {
        ant_hdf5_cursor k = ant__hdf5_cursor(info.at, info.size);
        uint64_t version = ant__hdf5_take(&k, 1), flags = ant__hdf5_take(&k, 1);
        ant__hdf5_skip(&k, flags & ORDERED ? 2 : 0);
        d.heap = ant__hdf5_take(&k, 8);
        d.index = ant__hdf5_take(&k, 8);
        if (k.failed || version || flags > KNOWN)
            return ant__hdf5_fail(r, info.at, "its attribute info is damaged");
    }
    if (d.heap != ANT__HDF5_NOWHERE && ant__hdf5_dense_read(r, node, &d, ant__hdf5_attribute_read))
        return r->c->error.code;
    return sort_attributes(r, node);
}
