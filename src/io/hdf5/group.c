/* Groups: symbol tables (B-tree of version 1, symbol nodes, local heap), links, and their
 * members. */
#include "io/hdf5/parts.h"
#include "io/utf8.h"
#include <stdlib.h>
#include <string.h>

enum {
    HEAP_SIZE = 32,
    NODE_HEAD = 24,  /* of a B-tree's node */
    SYMBOL_HEAD = 8, /* of a symbol node */
    ENTRY = 40,
    DEEPEST = 32, /* levels of a B-tree; more than 2^32 nodes would be below */
};

/* --- members --- */
static bool name_is_good(const char *name, size_t n) {
    bool dots = (n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.');
    return n && !dots && !memchr(name, '/', n) && !memchr(name, 0, n) &&
           ant__utf8_valid(name, n) == n;
}

/* A member whose header is at an address; its name is in the arena or ends with a NUL in the
 * file. */
static int add_member(ant_hdf5_reader *r, ant_hdf5_node *group, const char *name,
                      uint64_t address) {
    const ant_hdf5_file *f = r->file;
    if (address > f->size || f->size - address < ANT__HDF5_HEADER)
        return ant__hdf5_fail(r, NULL, "its member '%.200s' at address %llu lies outside the file",
                              name, (unsigned long long)address);
    if (!ant__hdf5_map_take(r, f->bytes + address, ANT__HDF5_HEADER))
        return ant__hdf5_fail(r, f->bytes + address,
                              "its member '%.200s' is something else too (a hard link?)", name);
    ant_hdf5_node *m = ant__arena_alloc(&r->c->arena, sizeof *m);
    if (!m)
        return ant__fail_memory(&r->c->error);
    m->name = name;
    m->file = f;
    m->values.bytes = f->bytes + address;
    group->group = true;
    *(group->first ? &group->last->next : &group->first) = m;
    group->last = m;
    if (group->count == INT_MAX)
        return ant__hdf5_limit(r, NULL, "it has too many members");
    group->count++;
    return 0;
}

static int by_name(const void *a, const void *b) {
    const ant_hdf5_node *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Members in the order of their names, none of which may stand twice. */
static int sort_members(ant_hdf5_reader *r, ant_hdf5_node *group) {
    size_t n = (size_t)group->count, k = 0;
    if (!n)
        return 0;
    group->sorted = ant__arena_array(&r->c->arena, n, sizeof *group->sorted);
    if (!group->sorted)
        return ant__fail_memory(&r->c->error);
    for (ant_hdf5_node *m = group->first; m; m = m->next)
        group->sorted[k++] = m;
    qsort(group->sorted, n, sizeof *group->sorted, by_name);
    for (k = 1; k < n; k++)
        if (!by_name(&group->sorted[k - 1], &group->sorted[k]))
            return ant__hdf5_fail(r, NULL, "it has two members '%.200s'", group->sorted[k]->name);
    for (k = 0; k < n; k++)
        group->sorted[k]->next = k + 1 < n ? group->sorted[k + 1] : NULL;
    group->first = group->sorted[0];
    group->last = group->sorted[n - 1];
    return 0;
}

/* --- links --- */
static int refuse_link(ant_hdf5_reader *r, const void *at, const char *kind, const char *name,
                       size_t n) {
    int shown = n < 200 ? (int)n : 200;
    return ant__hdf5_fail(r, at, "its member '%.*s' is %s; only what stands in this file is read",
                          name_is_good(name, n) ? shown : 0, name, kind);
}

int ant__hdf5_link_read(ant_hdf5_reader *r, ant_hdf5_node *group, ant_hdf5_span message) {
    enum { WIDTH = 3, ORDERED = 4, TYPED = 8, CHARSET = 16, KNOWN = 31, SOFT = 1, EXTERNAL = 64 };
    ant_hdf5_cursor k = ant__hdf5_cursor(message.at, message.size);
    uint64_t version = ant__hdf5_take(&k, 1), flags = ant__hdf5_take(&k, 1);
    uint64_t type = flags & TYPED ? ant__hdf5_take(&k, 1) : 0;
    ant__hdf5_skip(&k, (flags & ORDERED ? 8 : 0) + (flags & CHARSET ? 1 : 0));
    uint64_t n = ant__hdf5_take(&k, 1 << (flags & WIDTH));
    const char *name = (const char *)ant__hdf5_skip(&k, n);
    if (k.failed || version != 1 || flags & ~(uint64_t)KNOWN)
        return ant__hdf5_fail(r, message.at, "a link in it is damaged");
    if (type)
        return refuse_link(r, message.at,
                           type == SOFT       ? "a soft link"
                           : type == EXTERNAL ? "an external link"
                                              : "a link of a kind that is not known",
                           name, (size_t)n);
    uint64_t address = ant__hdf5_take(&k, 8);
    if (k.failed)
        return ant__hdf5_fail(r, message.at, "a link in it is damaged");
    if (!name_is_good(name, (size_t)n) || n > (uint64_t)r->file->limits.string_bytes)
        return ant__hdf5_fail(r, message.at,
                              "the name of a member is empty, no UTF-8, too long, "
                              "or a path");
    char *copy = ant__arena_bytes(&r->c->arena, name, (size_t)n);
    return copy ? add_member(r, group, copy, address) : ant__fail_memory(&r->c->error);
}

static int read_links(ant_hdf5_reader *r, ant_hdf5_node *group, ant_hdf5_span info) {
    ant_hdf5_cursor k = ant__hdf5_cursor(info.at, info.size);
    uint64_t version = ant__hdf5_take(&k, 1), flags = ant__hdf5_take(&k, 1);
    ant__hdf5_skip(&k, flags & 1 ? 8 : 0);
    ant_hdf5_dense d = {.type = 5, .id = 4};
    d.heap = ant__hdf5_take(&k, 8);
    d.index = ant__hdf5_take(&k, 8);
    if (k.failed || version || flags > 3)
        return ant__hdf5_fail(r, info.at, "its link info is damaged");
    if (d.heap == ANT__HDF5_NOWHERE)
        return 0;
    if (group->count)
        return ant__hdf5_fail(r, info.at, "it has links both in its header and in a heap");
    return ant__hdf5_dense_read(r, group, &d, ant__hdf5_link_read);
}

/* --- symbol tables --- */
typedef struct table {
    ant_hdf5_reader *r;
    ant_hdf5_node *group;
    const char *names; /* the data of the local heap */
    size_t size, used; /* used: bytes of all names so far; more than there are: they overlap */
} table;

static int read_heap(table *t, uint64_t address) {
    ant_hdf5_reader *r = t->r;
    const unsigned char *at = ant__hdf5_claim_signed(r, address, HEAP_SIZE, "HEAP", "a local heap");
    if (!at)
        return r->c->error.code;
    ant_hdf5_cursor k = ant__hdf5_cursor(at + 4, HEAP_SIZE - 4);
    uint64_t version = ant__hdf5_take(&k, 1);
    ant__hdf5_skip(&k, 3);
    uint64_t size = ant__hdf5_take(&k, 8);
    ant__hdf5_skip(&k, 8); /* what is free in it: for writers only */
    if (version)
        return ant__hdf5_fail(r, at, "a local heap of version %d; 0 is known", (int)version);
    t->names = (const char *)ant__hdf5_claim(r, ant__hdf5_take(&k, 8), size, "a local heap");
    t->size = (size_t)size;
    return r->c->error.code;
}

static int read_name(table *t, const unsigned char *entry, uint64_t place, const char **name) {
    const char *end = place < t->size ? memchr(t->names + place, 0, t->size - place) : NULL;
    if (!end)
        return ant__hdf5_fail(t->r, entry, "the name of a member does not end in its heap");
    *name = t->names + place;
    size_t n = (size_t)(end - *name);
    t->used += n + 1;
    if (t->used > t->size)
        return ant__hdf5_fail(t->r, entry, "the names of its members overlap");
    if (!name_is_good(*name, n) || n > (size_t)t->r->file->limits.string_bytes)
        return ant__hdf5_fail(t->r, entry,
                              "the name of a member is empty, no UTF-8, too long, "
                              "or a path");
    return 0;
}

static int read_entry(table *t, const unsigned char *entry) {
    ant_hdf5_cursor k = ant__hdf5_cursor(entry, ENTRY);
    uint64_t place = ant__hdf5_take(&k, 8), address = ant__hdf5_take(&k, 8),
             kind = ant__hdf5_take(&k, 4);
    const char *name = NULL;
    if (read_name(t, entry, place, &name))
        return t->r->c->error.code;
    if (kind > 1)
        return refuse_link(t->r, entry,
                           kind == 2 ? "a soft link" : "a link of a kind that is not known", name,
                           strlen(name));
    if (t->group->count && strcmp(t->group->last->name, name) >= 0)
        return ant__hdf5_fail(t->r, entry, "its members '%.200s' and '%.200s' are not in order",
                              t->group->last->name, name);
    return add_member(t->r, t->group, name, address);
}

static int read_symbols(table *t, uint64_t address) {
    ant_hdf5_reader *r = t->r;
    uint64_t most = 2 * r->file->leaf;
    const unsigned char *at =
        ant__hdf5_claim_signed(r, address, SYMBOL_HEAD + most * ENTRY, "SNOD", "a node of symbols");
    if (!at)
        return r->c->error.code;
    uint64_t n = ant__hdf5_little(at + 6, 2);
    if (at[4] != 1 || n > most)
        return ant__hdf5_fail(r, at, "a node of symbols is damaged");
    for (uint64_t k = 0; k < n; k++)
        if (read_entry(t, at + SYMBOL_HEAD + k * ENTRY))
            return r->c->error.code;
    return 0;
}

/* Keys and children take turns; a key more than children. */
static int read_tree(table *t, uint64_t address, int level) {
    ant_hdf5_reader *r = t->r;
    uint64_t most = 2 * r->file->inner;
    const unsigned char *at =
        ant__hdf5_claim_signed(r, address, NODE_HEAD + 8 * (2 * most + 1), "TREE", "a B-tree");
    if (!at)
        return r->c->error.code;
    uint64_t n = ant__hdf5_little(at + 6, 2);
    if (at[4] || n > most || at[5] > DEEPEST || (level >= 0 && at[5] != level))
        return ant__hdf5_fail(r, at, "a B-tree of a group is damaged");
    for (uint64_t k = 0; k < n; k++) {
        uint64_t child = ant__hdf5_little(at + NODE_HEAD + 8 * (2 * k + 1), 8);
        if (at[5] ? read_tree(t, child, at[5] - 1) : read_symbols(t, child))
            return r->c->error.code;
    }
    return 0;
}

static int read_table(ant_hdf5_reader *r, ant_hdf5_node *group, ant_hdf5_span symbols) {
    ant_hdf5_cursor k = ant__hdf5_cursor(symbols.at, symbols.size);
    uint64_t tree = ant__hdf5_take(&k, 8), heap = ant__hdf5_take(&k, 8);
    table t = {.r = r, .group = group};
    if (k.failed)
        return ant__hdf5_fail(r, symbols.at, "its symbol table is damaged");
    return read_heap(&t, heap) ? r->c->error.code : read_tree(&t, tree, -1);
}

/* --- both --- */
static int read_members(ant_hdf5_reader *r, ant_hdf5_node *group) {
    if (r->depth == r->file->limits.depth)
        return ant__hdf5_limit(r, NULL, "groups in groups, more than %d deep", r->depth);
    r->depth++;
    for (int k = 0; k < group->count; k++) {
        ant_hdf5_node *m = group->sorted[k];
        uint64_t address = (uint64_t)((const unsigned char *)m->values.bytes - r->file->bytes);
        ant__hdf5_map(r, m->values.bytes, ANT__HDF5_HEADER, false);
        if (ant__hdf5_object_read(r, m, address))
            return r->c->error.code;
    }
    r->depth--;
    return 0;
}

int ant__hdf5_group_read(ant_hdf5_reader *r, ant_hdf5_node *group, const ant_hdf5_object *o) {
    if (o->symbols.at && (o->links.at || group->count))
        return ant__hdf5_fail(r, NULL, "it is a group in two ways");
    if (!o->symbols.at && !o->links.at)
        return ant__hdf5_fail(r, NULL, "it has links, yet no link info");
    if (o->symbols.at ? read_table(r, group, o->symbols) : read_links(r, group, o->links))
        return r->c->error.code;
    return sort_members(r, group) ? r->c->error.code : read_members(r, group);
}
