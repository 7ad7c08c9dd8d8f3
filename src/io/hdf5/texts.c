/* Texts: of fixed length where they stand, of variable length in global heaps. */
#include "io/hdf5/parts.h"
#include "io/utf8.h"
#include <stdlib.h>
#include <string.h>

/* --- global heaps: collections of numbered objects --- */
enum {
    COLLECTION_HEAD = 16,
    OBJECT_HEAD = 16,
    LEAST_COLLECTION = 4096, /* none is smaller, so that there cannot be many */
    REFERENCE = 16,          /* length 4, address of the collection 8, number 4 */
};

typedef struct object {
    uint32_t place; /* eighths of a byte count from the collection's beginning: of its header */
    uint16_t number;
    bool used; /* each belongs to one text */
} object;

typedef struct collection {
    const unsigned char *at; /* NULL: a free place in the table */
    uint64_t address;
    object *objects; /* by number */
    size_t n;
} collection;

/* Open addressing; never more than half full. */
typedef struct ant_hdf5_heaps {
    collection *at;
    size_t n, room; /* room: a power of two */
} ant_hdf5_heaps;

void ant__hdf5_heaps_free(ant_hdf5_reader *r) {
    ant_hdf5_heaps *h = r->heaps;
    for (size_t k = 0; h && k < h->room; k++)
        ant__free(h->at[k].objects);
    if (h)
        ant__free(h->at);
    ant__free(h);
    r->heaps = NULL;
}

static collection *place_of(const ant_hdf5_heaps *h, uint64_t address) {
    uint64_t k = address * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    while (h->at[k & (h->room - 1)].at && h->at[k & (h->room - 1)].address != address)
        k++;
    return &h->at[k & (h->room - 1)];
}

static bool heaps_grow(ant_hdf5_reader *r) {
    if (!r->heaps && !(r->heaps = ant__alloc(sizeof *r->heaps)))
        return false;
    ant_hdf5_heaps *h = r->heaps, more = {.n = h->n, .room = h->room ? 2 * h->room : 16};
    if (h->n < h->room / 2)
        return true;
    more.at = ant__alloc_array(more.room, sizeof *more.at);
    if (!more.at)
        return false;
    for (size_t k = 0; k < h->room; k++)
        if (h->at[k].at)
            *place_of(&more, h->at[k].address) = h->at[k];
    ant__free(h->at);
    *h = more;
    return true;
}

static int by_number(const void *a, const void *b) {
    return (int)((const object *)a)->number - (int)((const object *)b)->number;
}

/* The objects from `at` on, counted (out NULL) or listed. An object 0 is what is free at the
 * end. */
static int list_objects(ant_hdf5_reader *r, const unsigned char *start, size_t size, object *out,
                        size_t *n) {
    *n = 0;
    for (size_t at = COLLECTION_HEAD; size - at >= OBJECT_HEAD;) {
        uint64_t number = ant__hdf5_little(start + at, 2),
                 bytes = ant__hdf5_little(start + at + 8, 8), room = size - at - OBJECT_HEAD;
        if (!number)
            return 0;
        if (bytes > room)
            return ant__hdf5_fail(r, start + at, "an object of a global heap does not fit into it");
        if (out)
            out[*n] = (object){.place = (uint32_t)(at / 8), .number = (uint16_t)number};
        ++*n;
        uint64_t padded = (bytes + 7) / 8 * 8;
        at += OBJECT_HEAD + (size_t)(padded < room ? padded : room);
    }
    return 0;
}

static int list_collection(ant_hdf5_reader *r, collection *x, size_t size) {
    if (list_objects(r, x->at, size, NULL, &x->n))
        return r->c->error.code;
    x->objects = ant__alloc_array(x->n, sizeof *x->objects);
    if (!x->objects)
        return ant__fail_memory(&r->c->error);
    list_objects(r, x->at, size, x->objects, &x->n);
    qsort(x->objects, x->n, sizeof *x->objects, by_number);
    for (size_t k = 1; k < x->n; k++)
        if (x->objects[k].number == x->objects[k - 1].number)
            return ant__hdf5_fail(r, x->at, "a global heap has two objects of number %d",
                                  (int)x->objects[k].number);
    return 0;
}

static int read_collection(ant_hdf5_reader *r, uint64_t address, collection *x) {
    static const char what[] = "a global heap";
    const uint64_t largest = (uint64_t)UINT32_MAX * 8;
    const unsigned char *at = ant__hdf5_claim_signed(r, address, COLLECTION_HEAD, "GCOL", what);
    if (!at)
        return r->c->error.code;
    uint64_t size = ant__hdf5_little(at + 8, 8);
    if (at[4] != 1 || size < LEAST_COLLECTION || size % 8 || size > largest)
        return ant__hdf5_fail(r, at, "a global heap is damaged");
    if (!ant__hdf5_claim(r, address + COLLECTION_HEAD, size - COLLECTION_HEAD, what))
        return r->c->error.code;
    x->at = at;
    x->address = address;
    r->heaps->n++;
    return list_collection(r, x, (size_t)size);
}

static int find_object(ant_hdf5_reader *r, const unsigned char *reference, ant_hdf5_text *out) {
    uint64_t length = ant__hdf5_little(reference, 4), address = ant__hdf5_little(reference + 4, 8),
             number = ant__hdf5_little(reference + 12, 4);
    if (!heaps_grow(r))
        return ant__fail_memory(&r->c->error);
    collection *x = place_of(r->heaps, address);
    if (!x->at && read_collection(r, address, x))
        return r->c->error.code;
    object key = {.number = (uint16_t)number};
    object *o = number > UINT16_MAX || !x->n
                    ? NULL
                    : bsearch(&key, x->objects, x->n, sizeof key, by_number);
    if (!o)
        return ant__hdf5_fail(r, reference, "a text is not in the global heap");
    const unsigned char *at = x->at + (size_t)o->place * 8;
    if (length > ant__hdf5_little(at + 8, 8))
        return ant__hdf5_fail(r, reference, "a text is longer than its object in the global heap");
    if (o->used)
        return ant__hdf5_fail(r, reference, "two texts share an object of the global heap");
    o->used = true;
    *out = (ant_hdf5_text){at + OBJECT_HEAD, (size_t)length};
    return 0;
}

int ant__hdf5_texts_resolve(ant_hdf5_reader *r, ant_hdf5_values *v) {
    size_t n = ant__hdf5_count(v);
    const unsigned char *reference = v->bytes;
    ant_hdf5_text *texts = n ? ant__arena_array(&r->c->arena, n, sizeof *texts) : NULL;
    if (n && !texts)
        return ant__fail_memory(&r->c->error);
    for (size_t k = 0; k < n; k++, reference += REFERENCE) {
        bool empty = !ant__hdf5_little(reference, 4) && !ant__hdf5_little(reference + 4, 8);
        if (!empty && find_object(r, reference, &texts[k]))
            return r->c->error.code;
    }
    v->bytes = texts;
    return 0;
}

/* --- out of the tree --- */
/* Entry k without its padding. */
static ant_hdf5_text text_at(const ant_hdf5_values *v, size_t k) {
    if (v->form == ANT__HDF5_VARIABLE)
        return ((const ant_hdf5_text *)v->bytes)[k];
    const unsigned char *at = (const unsigned char *)v->bytes + k * v->size;
    const unsigned char *end = v->form == ANT__HDF5_ENDED ? memchr(at, 0, v->size) : NULL;
    size_t n = end ? (size_t)(end - at) : v->size;
    unsigned char padding = v->form == ANT__HDF5_BLANKS ? ' ' : 0;
    while (v->form != ANT__HDF5_ENDED && n && at[n - 1] == padding)
        n--;
    return (ant_hdf5_text){at, n};
}

/* Copies all texts of one array, in one block, to out[0 …]. */
static int copy_texts(ant_hdf5_reader *r, const ant_hdf5_values *v, const char **out) {
    size_t n = ant__hdf5_count(v), bytes = 0;
    for (size_t k = 0; k < n; k++) {
        ant_hdf5_text t = text_at(v, k);
        const char *s = (const char *)t.at;
        if (t.size && (memchr(s, 0, t.size) || ant__utf8_valid(s, t.size) != t.size))
            return ant__hdf5_fail(r, s, "a text holds a NUL, or is no UTF-8");
        bytes += t.size + 1;
    }
    char *to = bytes ? ant__arena_alloc(&r->c->arena, bytes) : NULL;
    if (bytes && !to)
        return ant__fail_memory(&r->c->error);
    for (size_t k = 0; k < n; k++) {
        ant_hdf5_text t = text_at(v, k);
        if (t.size)
            memcpy(to, t.at, t.size);
        out[k] = to;
        to += t.size + 1;
    }
    return 0;
}

/* The number of a part: 12 of "layer_names12"; -1 when it is none. */
static int part_number(const char *name, const char *attribute) {
    size_t n = strlen(attribute),
           digits = strspn(name + (strncmp(name, attribute, n) ? 0 : n), "0123456789");
    if (strncmp(name, attribute, n) || !digits || digits > 9 || name[n + digits] ||
        (digits > 1 && name[n] == '0'))
        return -1;
    int number = 0;
    for (size_t k = 0; k < digits; k++)
        number = 10 * number + (name[n + k] - '0');
    return number;
}

typedef ANT__LIST(const ant_hdf5_values *) arrays;

/* name0, name1 … in their order, all of them. */
static int find_parts(ant_hdf5_reader *r, arrays *out) {
    int n = 0;
    for (const ant_hdf5_attribute *a = r->node->attributes; a; a = a->next)
        n += part_number(a->name, r->attribute) >= 0;
    if (!n)
        return ant__hdf5_fail(r, NULL, "it is not there");
    out->at = ant__alloc_array((size_t)n, sizeof *out->at);
    if (!out->at)
        return ant__fail_memory(&r->c->error);
    out->n = n;
    for (const ant_hdf5_attribute *a = r->node->attributes; a; a = a->next) {
        int k = part_number(a->name, r->attribute);
        if (k >= n)
            return ant__hdf5_fail(r, NULL, "of its parts, '%s' is there, but one before it is not",
                                  a->name);
        if (k >= 0)
            out->at[k] = &a->values;
    }
    return 0;
}

static int find_arrays(ant_hdf5_reader *r, arrays *out) {
    const ant_hdf5_node *n = r->node;
    const ant_hdf5_attribute *a = r->attribute ? ant__hdf5_attribute(n, r->attribute) : NULL;
    const ant_hdf5_values *v = a ? &a->values : r->attribute ? NULL : &n->values;
    if (!r->attribute && n->group)
        return ant__hdf5_fail(r, NULL, "it is a group; expected a dataset of texts");
    if (!v)
        return find_parts(r, out);
    return ANT__PUSH(out, v) ? 0 : ant__fail_memory(&r->c->error);
}

static int join(ant_hdf5_reader *r, const arrays *from, ant_texts *out) {
    size_t n = 0;
    for (int k = 0; k < from->n; k++) {
        size_t more = ant__hdf5_count(from->at[k]);
        if (more && from->at[k]->dtype != ANT_TEXT)
            return ant__hdf5_fail(r, NULL, "it holds numbers; expected texts");
        n += more;
        if (n > (size_t)r->file->limits.nodes)
            return ant__hdf5_limit(r, NULL, "more than %d texts", r->file->limits.nodes);
    }
    const char **texts = ant__arena_array(&r->c->arena, n + 1, sizeof *texts);
    if (!texts)
        return ant__fail_memory(&r->c->error);
    *out = (ant_texts){(int)n, texts};
    for (int k = 0; k < from->n; k++) {
        if (ant__hdf5_count(from->at[k]) && copy_texts(r, from->at[k], texts))
            return r->c->error.code;
        texts += ant__hdf5_count(from->at[k]);
    }
    return 0;
}

int ant__hdf5_texts(ant_context *c, const ant_hdf5_node *node, const char *attribute,
                    ant_texts *out) {
    ant_hdf5_reader r = {.c = c, .file = node->file, .node = node, .attribute = attribute};
    arrays from = {0};
    *out = (ant_texts){0};
    if (!find_arrays(&r, &from))
        join(&r, &from, out);
    ant__free(from.at);
    return c->error.code;
}

bool ant__hdf5_has(const ant_hdf5_node *node, const char *attribute) {
    if (ant__hdf5_attribute(node, attribute))
        return true;
    for (const ant_hdf5_attribute *a = node->attributes; a; a = a->next)
        if (part_number(a->name, attribute) >= 0)
            return true;
    return false;
}
