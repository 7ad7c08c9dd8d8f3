/* Writes HDF5 as the first versions of the format were: what every reader knows. Children come
 * before their parents, so that every address is known when it is written; only the superblock
 * waits. */
#include "io/array.h"
#include "io/hdf5/parts.h"
#include <stdlib.h>
#include <string.h>

enum {
    SUPERBLOCK = 96,
    LEAF = 4,   /* half of the entries of a symbol node */
    INNER = 16, /* and half of the children of a B-tree's node */
    ENTRY = 40,
    TREE_NODE = 24 + 8 + 2 * INNER * 16,
    HEAP_HEAD = 32,
    OBJECT_HEAD = 16,
    COLLECTION = 4096, /* bytes of a global heap, unless a text needs more */
};

typedef struct writer {
    ant_context *c;
    ant_buffer *out;
    size_t heap, used, room; /* the open global heap: where it stands (0: none), its bytes */
    unsigned texts;          /* in it */
} writer;

static uint64_t put_node(writer *w, const ant_hdf5_node *node);

/* --- bytes --- */
static void put_zeros(ant_buffer *b, size_t n) {
    static const char zeros[64];
    for (; n > sizeof zeros; n -= sizeof zeros)
        ant__put_bytes(b, zeros, sizeof zeros);
    ant__put_bytes(b, zeros, n);
}

/* The place of what comes next: a multiple of eight. */
static size_t align(ant_buffer *b) {
    put_zeros(b, -b->size % 8);
    return b->size;
}

static void put_u8(ant_buffer *b, unsigned x) {
    const unsigned char byte = (unsigned char)x;
    ant__put_bytes(b, &byte, 1);
}

static void set(ant_buffer *b, size_t at, uint64_t x, int bytes) {
    for (int k = 0; k < bytes && !b->failed; k++)
        b->at[at + (size_t)k] = (char)(x >> 8 * k & 0xFF);
}

/* --- messages of object headers --- */
typedef struct header {
    ant_buffer messages;
    unsigned n;
    size_t start; /* of the last message's body */
} header;

static ant_buffer *begin(header *h, unsigned type, unsigned flags) {
    ant__put_u32(&h->messages, type);
    ant__put_u32(&h->messages, flags);
    h->start = h->messages.size;
    h->n++;
    return &h->messages;
}

static void end(header *h) {
    set(&h->messages, h->start - 6, align(&h->messages) - h->start, 2);
}

static void put_integer_type(ant_buffer *b, unsigned size, bool is_signed) {
    ant__put_u32(b, 0x10 | (is_signed ? 0x800 : 0));
    ant__put_u32(b, size);
    ant__put_u32(b, (uint64_t)(8 * size) << 16);
}

static void put_float_type(ant_buffer *b, unsigned size) {
    unsigned exponent = size == 2 ? 5 : size == 4 ? 8 : 11, mantissa = 8 * size - 1 - exponent;
    ant__put_u32(b, 0x2011 | (8 * size - 1) << 16); /* an implied bit; where the sign is */
    ant__put_u32(b, size);
    ant__put_u32(b, (uint64_t)(8 * size) << 16);
    ant__put_u32(b, mantissa | exponent << 8 | mantissa << 24);
    ant__put_u32(b, (UINT64_C(1) << (exponent - 1)) - 1);
}

static void put_type(ant_buffer *b, const ant_hdf5_values *v) {
    bool variable = v->form == ANT__HDF5_VARIABLE;
    int dtype = v->dtype;
    if (dtype == ANT_TEXT) { /* padded with NULs; or references of 16 bytes, in UTF-8 */
        ant__put_u32(b, variable ? 0x010119 : 0x0113);
        ant__put_u32(b, variable ? 16 : v->size);
        if (variable)
            put_integer_type(b, 1, false);
    } else if (dtype == ANT_BOOL) { /* an enumeration of two members */
        ant__put_u32(b, 0x0218);
        ant__put_u32(b, 1);
        put_integer_type(b, 1, true);
        ant__put_bytes(b, "FALSE\0\0\0TRUE\0\0\0\0\0\1", 18);
    } else if (dtype == ANT_FLOAT16 || dtype == ANT_FLOAT32 || dtype == ANT_FLOAT64)
        put_float_type(b, v->size);
    else
        put_integer_type(b, v->size,
                         dtype == ANT_INT8 || dtype == ANT_INT16 || dtype == ANT_INT32 ||
                             dtype == ANT_INT64);
}

static void put_space(ant_buffer *b, const ant_hdf5_values *v) {
    put_u8(b, 1);
    put_u8(b, (unsigned)v->rank);
    put_zeros(b, 6);
    for (int k = 0; k < v->rank; k++)
        ant__put_u64(b, (uint64_t)v->shape[k]);
}

/* --- attributes --- */
/* A new global heap; what is left of one is its object 0. */
static void open_heap(writer *w, size_t text) {
    w->heap = align(w->out);
    w->used = OBJECT_HEAD;
    w->room = text > COLLECTION - 3 * OBJECT_HEAD ? text + 3 * OBJECT_HEAD : COLLECTION;
    w->texts = 0;
    ant__put_bytes(w->out, "GCOL\1\0\0\0", 8);
    ant__put_u64(w->out, w->room);
    put_zeros(w->out, w->room - w->used);
}

/* Puts a text into a global heap, and a reference to it into a message. */
static void put_reference(writer *w, ant_buffer *b, const char *text) {
    size_t n = strlen(text), padded = (n + 7) / 8 * 8;
    if (!w->heap || w->room - w->used < padded + 2 * OBJECT_HEAD)
        open_heap(w, padded);
    size_t at = w->heap + w->used;
    w->used += OBJECT_HEAD + padded;
    set(w->out, at, ++w->texts | UINT32_C(1) << 16, 4); /* its number, and one reference */
    set(w->out, at + 8, n, 8);
    if (!w->out->failed)
        memcpy(w->out->at + at + OBJECT_HEAD, text, n);
    set(w->out, w->heap + w->used + 8, w->room - w->used, 8);
    ant__put_u32(b, n);
    ant__put_u64(b, w->heap);
    ant__put_u32(b, w->texts);
}

static void put_attribute(writer *w, header *h, const ant_hdf5_attribute *a) {
    const ant_hdf5_values *v = &a->values;
    ant_buffer *b = begin(h, 0x0C, 0);
    ant__put_u64(b, 1); /* the version; sizes come later */
    ant__put_bytes(b, a->name, strlen(a->name) + 1);
    set(b, h->start + 2, b->size - h->start - 8, 2);
    size_t type = align(b);
    put_type(b, v);
    set(b, h->start + 4, b->size - type, 2);
    size_t space = align(b);
    put_space(b, v);
    set(b, h->start + 6, b->size - space, 2);
    align(b);
    if (v->form == ANT__HDF5_VARIABLE)
        put_reference(w, b, v->bytes);
    else
        ant__put_bytes(b, v->bytes, ant__hdf5_count(v) * v->size);
    end(h);
}

/* Adds the attributes to a header and writes it; gives its address. */
static uint64_t put_object(writer *w, const ant_hdf5_node *node, header *h) {
    for (const ant_hdf5_attribute *a = node->attributes; a; a = a->next)
        put_attribute(w, h, a);
    uint64_t address = align(w->out);
    if (h->n > UINT16_MAX || h->messages.size > UINT32_MAX)
        ant__fail(&w->c->error, ANT_E_LIMIT, "hdf5: '%s' has too many attributes", node->name);
    ant__put_u32(w->out, 1 | (uint64_t)h->n << 16);
    ant__put_u32(w->out, 1);
    ant__put_u64(w->out, h->messages.size);
    ant__put_bytes(w->out, h->messages.at, h->messages.size);
    w->out->failed |= h->messages.failed;
    ant__buffer_free(&h->messages);
    return address;
}

/* --- datasets --- */
/* Numbers, little-endian; gives their address. */
static uint64_t put_numbers(writer *w, const ant_array *a, size_t bytes) {
    const uint16_t one = 1;
    ant_array view = *a;
    view.swapped ^= !*(const unsigned char *)&one; /* set on a big-endian machine */
    uint64_t address = bytes ? align(w->out) : ANT__HDF5_NOWHERE;
    if (ant__array_plain(&view)) {
        ant__put_bytes(w->out, a->data, bytes);
        return address;
    }
    put_zeros(w->out, bytes);
    if (!w->out->failed)
        ant__array_copy(w->out->at + w->out->size - bytes, &view);
    return address;
}

static uint64_t put_dataset(writer *w, const ant_hdf5_node *node) {
    const ant_hdf5_values *v = &node->values;
    header h = {0};
    size_t bytes = ant__hdf5_count(v) * v->size;
    uint64_t address = put_numbers(w, v->bytes, bytes);
    put_space(begin(&h, 0x01, 0), v);
    end(&h);
    put_type(begin(&h, 0x03, 1), v);
    end(&h);
    ant__put_u64(begin(&h, 0x05, 1), 0x01020202); /* no value of its own fills it */
    end(&h);
    ant_buffer *layout = begin(&h, 0x08, 0);
    ant__put_u16(layout, 0x0103); /* contiguous */
    ant__put_u64(layout, address);
    ant__put_u64(layout, bytes);
    end(&h);
    return put_object(w, node, &h);
}

/* --- groups --- */
/* A member on the way into a symbol node, then such a node or one of a B-tree on the way into the
 * level above: where it is, and where the heap has its (largest) name. */
typedef struct child {
    const ant_hdf5_node *node;
    uint64_t address, name;
} child;

static int by_name(const void *a, const void *b) {
    return strcmp(((const child *)a)->node->name, ((const child *)b)->node->name);
}

static uint64_t put_heap(writer *w, child *members, size_t n) {
    ant_buffer *b = w->out;
    uint64_t address = align(b);
    ant__put_bytes(b, "HEAP\0\0\0\0", 8);
    ant__put_u64(b, 0); /* its size comes later */
    ant__put_u64(b, 1); /* nothing is free */
    ant__put_u64(b, address + HEAP_HEAD);
    ant__put_u64(b, 0); /* the empty name, which is before all others */
    for (size_t k = 0; k < n; k++) {
        members[k].name = b->size - address - HEAP_HEAD;
        ant__put_bytes(b, members[k].node->name, strlen(members[k].node->name) + 1);
        align(b);
    }
    set(b, address + 8, b->size - address - HEAP_HEAD, 8);
    return address;
}

static void put_symbols(writer *w, const child *members, size_t n) {
    ant__put_u32(w->out, 0x444F4E53); /* "SNOD" */
    ant__put_u32(w->out, 1 | (uint64_t)n << 16);
    for (size_t k = 0; k < n; k++) {
        ant__put_u64(w->out, members[k].name);
        ant__put_u64(w->out, members[k].address);
        put_zeros(w->out, ENTRY - 16);
    }
    put_zeros(w->out, (2 * LEAF - n) * ENTRY);
}

/* A node; left, right: those beside it; before: the name before its first child. */
static void put_tree(writer *w, const child *children, size_t n, int level, uint64_t left,
                     uint64_t right, uint64_t before) {
    ant__put_u32(w->out, 0x45455254); /* "TREE" */
    ant__put_u32(w->out, (uint64_t)level << 8 | (uint64_t)n << 16);
    ant__put_u64(w->out, left);
    ant__put_u64(w->out, right);
    ant__put_u64(w->out, before);
    for (size_t k = 0; k < n; k++) {
        ant__put_u64(w->out, children[k].address);
        ant__put_u64(w->out, children[k].name);
    }
    put_zeros(w->out, (2 * INNER - n) * 16);
}

/* The nodes above n children (level -1: symbol nodes), which take their place; gives how many. */
static size_t put_level(writer *w, child *children, size_t n, int level) {
    size_t most = level < 0 ? 2 * LEAF : 2 * INNER, nodes = n ? (n + most - 1) / most : 1;
    uint64_t before = 0;
    for (size_t k = 0; k < nodes; k++) {
        size_t first = k * most, here = n - first < most ? n - first : most;
        uint64_t address = align(w->out), last = here ? children[first + here - 1].name : 0;
        if (level < 0)
            put_symbols(w, children + first, here);
        else
            put_tree(w, children + first, here, level, k ? address - TREE_NODE : ANT__HDF5_NOWHERE,
                     k + 1 < nodes ? address + TREE_NODE : ANT__HDF5_NOWHERE, before);
        children[k] = (child){.address = address, .name = before = last};
    }
    return nodes;
}

static uint64_t put_group(writer *w, const ant_hdf5_node *group) {
    size_t n = (size_t)group->count, k = 0;
    child *children = ant__alloc_array(n + 1, sizeof *children);
    header h = {0};
    if (!children) {
        w->out->failed = true;
        return 0;
    }
    for (const ant_hdf5_node *m = group->first; m; m = m->next, k++)
        children[k] = (child){.node = m, .address = put_node(w, m)};
    qsort(children, n, sizeof *children, by_name);
    for (k = 1; k < n; k++)
        if (!by_name(&children[k - 1], &children[k]))
            ant__fail(&w->c->error, ANT_E_FORMAT, "hdf5: '%.200s' stands twice in '%.200s'",
                      children[k].node->name, group->name);
    uint64_t heap = put_heap(w, children, n);
    if (n)
        n = put_level(w, children, n, -1);
    int level = 0;
    do
        n = put_level(w, children, n, level++);
    while (n > 1);
    ant_buffer *table = begin(&h, 0x11, 0);
    ant__put_u64(table, children[0].address);
    ant__put_u64(table, heap);
    end(&h);
    ant__free(children);
    return put_object(w, group, &h);
}

static uint64_t put_node(writer *w, const ant_hdf5_node *node) {
    return node->group ? put_group(w, node) : put_dataset(w, node);
}

/* --- the file --- */
static void set_superblock(ant_buffer *b, uint64_t root) {
    static const char head[] = "\x89HDF\r\n\x1a\n\0\0\0\0\0\x8\x8";
    for (size_t k = 0; k < sizeof head - 1; k++)
        set(b, k, (unsigned char)head[k], 1);
    set(b, 16, LEAF, 2);
    set(b, 18, INNER, 2);
    set(b, 32, ANT__HDF5_NOWHERE, 8); /* free space */
    set(b, 40, b->size, 8);
    set(b, 48, ANT__HDF5_NOWHERE, 8); /* a driver */
    set(b, 64, root, 8);
}

int ant__hdf5_write(ant_context *c, const ant_hdf5_node *root, ant_buffer *out) {
    writer w = {.c = c, .out = out};
    if (c->error.code)
        return c->error.code;
    put_zeros(out, SUPERBLOCK);
    uint64_t address = put_node(&w, root);
    align(out);
    set_superblock(out, address);
    return out->failed ? ant__fail_memory(&c->error) : c->error.code;
}
