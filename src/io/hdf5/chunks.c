/* Datasets in chunks: messages, and the indexes that are no arrays. */
#include "io/hdf5/chunks.h"
#include <string.h>

enum { SHAPE_AXES = ANT_MAX_AXES + 1 }; /* the size of an entry stands behind the axes */

/* --- filters --- */
static const char *filter_name(uint64_t id) {
    static const char *const names[] = {"nothing", "deflate", "shuffle",     "fletcher32",
                                        "szip",    "nbit",    "scale-offset"};
    return id < sizeof names / sizeof *names ? names[id] : "a filter that needs a plugin";
}

static int add_filter(ant_hdf5_chunks *x, const void *at, uint64_t id) {
    bool twice = false;
    if (id != ANT__HDF5_DEFLATE && id != ANT__HDF5_SHUFFLE && id != ANT__HDF5_FLETCHER)
        return ant__hdf5_fail(x->r, at,
                              "filter %llu (%s); only deflate, shuffle and fletcher32 "
                              "are read",
                              (unsigned long long)id, filter_name(id));
    for (int k = 0; k < x->filters_n; k++)
        twice |= x->filters[k] == (int)id;
    if (twice)
        return ant__hdf5_fail(x->r, at, "%s is used twice", filter_name(id));
    x->filters[x->filters_n++] = (int)id;
    return 0;
}

/* An id, the length of its name, flags, the number of values; the name; the values. */
static int read_filters(ant_hdf5_chunks *x, ant_hdf5_span message) {
    enum { FIRST_FOREIGN = 256 };
    ant_hdf5_cursor k = ant__hdf5_cursor(message.at, message.size);
    uint64_t version = ant__hdf5_take(&k, 1), n = ant__hdf5_take(&k, 1);
    if (!message.at)
        return 0;
    ant__hdf5_skip(&k, version == 1 ? 6 : 0);
    if (k.failed || version < 1 || version > 2)
        return ant__hdf5_fail(x->r, message.at, "its filters are damaged");
    for (uint64_t i = 0; i < n; i++) {
        const void *at = k.at;
        uint64_t id = ant__hdf5_take(&k, 2),
                 name = version == 1 || id >= FIRST_FOREIGN ? ant__hdf5_take(&k, 2) : 0;
        ant__hdf5_skip(&k, 2);
        uint64_t values = ant__hdf5_take(&k, 2);
        ant__hdf5_skip(&k, version == 1 ? (name + 7) / 8 * 8 : name);
        ant__hdf5_skip(&k, 4 * (values + (version == 1 && values % 2)));
        if (k.failed)
            return ant__hdf5_fail(x->r, message.at, "its filters are damaged");
        if (add_filter(x, at, id))
            return x->r->c->error.code;
    }
    return 0;
}

/* --- layouts --- */
static int size_chunk(ant_hdf5_chunks *x, const uint64_t *shape) {
    size_t bytes = x->v->size;
    if (shape[x->rank] != bytes)
        return ant__hdf5_fail(x->r, x->start, "its chunks have entries of %llu bytes, its type %u",
                              (unsigned long long)shape[x->rank], (unsigned)x->v->size);
    for (int k = 0; k < x->rank; k++) {
        uint64_t size = (uint64_t)x->v->shape[k];
        x->chunk[k] = shape[k];
        if (!shape[k])
            return ant__hdf5_fail(x->r, x->start, "its chunks have an axis of no entries");
        x->grid[k] = size / shape[k] + (size % shape[k] != 0);
        if (x->most[k] != ANT__HDF5_NOWHERE)
            x->most[k] = x->most[k] / shape[k] + (x->most[k] % shape[k] != 0);
        if (!ant__mul(bytes, (size_t)shape[k], &bytes) || bytes > UINT32_MAX)
            return ant__hdf5_limit(x->r, x->start, "its chunks are larger than 4 GB");
    }
    x->bytes = bytes;
    return 0;
}

/* Version 3: axes, the address of a B-tree, the shape. */
static int read_old_layout(ant_hdf5_chunks *x, ant_hdf5_cursor *k) {
    uint64_t shape[SHAPE_AXES] = {0}, axes = ant__hdf5_take(k, 1);
    x->kind = ANT__HDF5_OLD_TREE;
    x->options = *k;
    ant__hdf5_skip(k, 8);
    if (axes != (uint64_t)x->rank + 1)
        return ant__hdf5_fail(x->r, x->start, "its chunks have %d axes, it has %d", (int)axes - 1,
                              x->rank);
    for (int i = 0; i <= x->rank; i++)
        shape[i] = ant__hdf5_take(k, 4);
    if (k->failed)
        return ant__hdf5_fail(x->r, x->start, "its data layout is too short");
    return size_chunk(x, shape);
}

/* Version 4: flags, axes, the shape in numbers of some bytes, the kind of index and its options. */
static int read_new_layout(ant_hdf5_chunks *x, ant_hdf5_cursor *k) {
    enum { WHOLE_EDGES = 1, FILTERED = 2 };
    uint64_t shape[SHAPE_AXES] = {0}, flags = ant__hdf5_take(k, 1), axes = ant__hdf5_take(k, 1),
             width = ant__hdf5_take(k, 1);
    if (axes != (uint64_t)x->rank + 1 || width < 1 || width > 8)
        return ant__hdf5_fail(x->r, x->start, "its data layout is damaged");
    for (int i = 0; i <= x->rank; i++)
        shape[i] = ant__hdf5_take(k, (int)width);
    x->kind = (int)ant__hdf5_take(k, 1);
    x->options = *k;
    if (k->failed || x->kind < ANT__HDF5_SINGLE || x->kind > ANT__HDF5_TREE)
        return ant__hdf5_fail(x->r, x->start, "its data layout is damaged");
    if (flags & ~(uint64_t)FILTERED)
        return ant__hdf5_fail(x->r, x->start,
                              "chunks at the edge that are not filtered are not "
                              "read here");
    bool single = x->kind == ANT__HDF5_SINGLE && x->filters_n;
    if (single != !!(flags & FILTERED))
        return ant__hdf5_fail(x->r, x->start, "its data layout and its filters disagree");
    return size_chunk(x, shape);
}

int ant__hdf5_chunks_open(ant_hdf5_reader *r, const ant_hdf5_values *v, ant_hdf5_chunks *out) {
    const ant_hdf5_place *p = v->place;
    ant_hdf5_values again = {.size = v->size};
    *out = (ant_hdf5_chunks){.r = r, .v = v, .rank = v->rank, .start = p->layout.at};
    if (v->rank < 1)
        return ant__hdf5_fail(r, p->layout.at, "a scalar in chunks");
    if (ant__hdf5_space_read(r, p->space, &again, out->most) || read_filters(out, p->filters))
        return r->c->error.code;
    ant_hdf5_cursor k = ant__hdf5_cursor(p->layout.at, p->layout.size);
    uint64_t version = ant__hdf5_take(&k, 1);
    ant__hdf5_skip(&k, 1);
    return version == 3 ? read_old_layout(out, &k) : read_new_layout(out, &k);
}

/* --- what indexes find --- */
int ant__hdf5_chunk_found(ant_hdf5_chunks *x, ant_hdf5_chunk *chunk, uint64_t address,
                          uint64_t size) {
    if (address == ANT__HDF5_NOWHERE)
        return 0;
    for (int k = 0; k < x->rank; k++)
        if (chunk->at[k] >= x->grid[k])
            return ant__hdf5_fail(x->r, x->start, "a chunk lies outside its shape");
    if (!x->filters_n && size != x->bytes)
        return ant__hdf5_fail(x->r, x->start, "a chunk of %llu bytes, not %zu",
                              (unsigned long long)size, x->bytes);
    chunk->bytes = ant__hdf5_claim(x->r, address, size, "a chunk");
    chunk->size = (size_t)size;
    return chunk->bytes ? x->visit(x, chunk) : x->r->c->error.code;
}

/* In trees, every chunk comes behind the one before it; *last is where that was. */
static bool comes_later(const ant_hdf5_chunks *x, const ant_hdf5_chunk *chunk, uint64_t *last,
                        bool *first) {
    int order = *first ? 1 : 0;
    for (int k = 0; k < x->rank && !order; k++)
        order = chunk->at[k] < last[k] ? -1 : chunk->at[k] > last[k];
    memcpy(last, chunk->at, sizeof chunk->at);
    *first = false;
    return order > 0;
}

/* --- B-trees of version 1 --- */
enum { NODE_HEAD = 24, DEEPEST = 32 };

typedef struct old_tree {
    ant_hdf5_chunks *x;
    uint64_t last[ANT_MAX_AXES];
    bool first;
} old_tree;

/* A key: bytes as stored, filters that were not used, where it begins in entries. */
static int read_key(old_tree *t, const unsigned char *key, uint64_t address) {
    ant_hdf5_chunks *x = t->x;
    ant_hdf5_chunk chunk = {.skipped = (uint32_t)ant__hdf5_little(key + 4, 4)};
    for (int k = 0; k < x->rank; k++) {
        uint64_t at = ant__hdf5_little(key + 8 + 8 * k, 8);
        if (at % x->chunk[k])
            return ant__hdf5_fail(x->r, key, "a chunk begins between two of them");
        chunk.at[k] = at / x->chunk[k];
    }
    if (ant__hdf5_little(key + 8 + 8 * x->rank, 8))
        return ant__hdf5_fail(x->r, key, "a chunk begins within an entry");
    if (!comes_later(x, &chunk, t->last, &t->first))
        return ant__hdf5_fail(x->r, key, "its chunks are not in order");
    if (address == ANT__HDF5_NOWHERE)
        return ant__hdf5_fail(x->r, key, "a chunk is nowhere");
    return ant__hdf5_chunk_found(x, &chunk, address, ant__hdf5_little(key, 4));
}

static int read_old_tree(old_tree *t, uint64_t address, int level) {
    ant_hdf5_reader *r = t->x->r;
    uint64_t most = 2 * r->file->chunk, key = 8 + 8 * ((uint64_t)t->x->rank + 1);
    const unsigned char *at =
        ant__hdf5_claim_signed(r, address, NODE_HEAD + most * (key + 8) + key, "TREE", "a B-tree");
    if (!at)
        return r->c->error.code;
    uint64_t n = ant__hdf5_little(at + 6, 2);
    if (at[4] != 1 || n > most || at[5] > DEEPEST || (level >= 0 && at[5] != level))
        return ant__hdf5_fail(r, at, "a B-tree of chunks is damaged");
    for (uint64_t k = 0; k < n; k++) {
        const unsigned char *entry = at + NODE_HEAD + k * (key + 8);
        uint64_t child = ant__hdf5_little(entry + key, 8);
        if (at[5] ? read_old_tree(t, child, at[5] - 1) : read_key(t, entry, child))
            return r->c->error.code;
    }
    return 0;
}

static int walk_old_tree(ant_hdf5_chunks *x) {
    old_tree t = {.x = x, .first = true};
    uint64_t address = ant__hdf5_take(&x->options, 8);
    return address == ANT__HDF5_NOWHERE ? 0 : read_old_tree(&t, address, -1);
}

/* --- B-trees of version 2 --- */
typedef struct new_tree {
    ant_hdf5_chunks *x;
    uint64_t last[ANT_MAX_AXES];
    bool first;
} new_tree;

/* A record: the address; with filters, bytes as stored and those not used; the place in the
 * grid. */
static int read_record(ant_hdf5_tree *tree, const unsigned char *record) {
    new_tree *t = tree->data;
    ant_hdf5_chunks *x = t->x;
    ant_hdf5_cursor k = ant__hdf5_cursor(record, (size_t)tree->record);
    ant_hdf5_chunk chunk = {0};
    uint64_t address = ant__hdf5_take(&k, 8), size = x->bytes;
    if (x->filters_n) {
        int width = tree->record - 8 - 4 - 8 * x->rank;
        size = ant__hdf5_take(&k, width < 8 ? width : 8);
        chunk.skipped = (uint32_t)ant__hdf5_take(&k, 4);
    }
    for (int i = 0; i < x->rank; i++)
        chunk.at[i] = ant__hdf5_take(&k, 8);
    if (k.failed || k.at < k.end || !comes_later(x, &chunk, t->last, &t->first) ||
        address == ANT__HDF5_NOWHERE)
        return ant__hdf5_fail(x->r, record, "its chunks are not in order");
    return ant__hdf5_chunk_found(x, &chunk, address, size);
}

static int walk_new_tree(ant_hdf5_chunks *x) {
    enum { WRITER = 6 }; /* the size of nodes, when they are split and merged */
    new_tree t = {.x = x, .first = true};
    ant_hdf5_tree tree = {.r = x->r, .visit = read_record, .data = &t};
    ant__hdf5_skip(&x->options, WRITER);
    tree.address = ant__hdf5_take(&x->options, 8);
    tree.type = x->filters_n ? 11 : 10;
    tree.least = 8 + (x->filters_n ? 5 : 0) + 8 * x->rank;
    if (x->options.failed)
        return ant__hdf5_fail(x->r, x->start, "its data layout is too short");
    return tree.address == ANT__HDF5_NOWHERE ? 0 : ant__hdf5_tree_walk(&tree);
}

/* --- one chunk; all chunks in a row --- */
static int walk_single(ant_hdf5_chunks *x) {
    ant_hdf5_chunk chunk = {0};
    uint64_t size = x->bytes;
    if (x->filters_n) {
        size = ant__hdf5_take(&x->options, 8);
        chunk.skipped = (uint32_t)ant__hdf5_take(&x->options, 4);
    }
    uint64_t address = ant__hdf5_take(&x->options, 8);
    for (int k = 0; k < x->rank; k++)
        if (x->most[k] != 1)
            return ant__hdf5_fail(x->r, x->start, "a single chunk that is not the whole");
    return ant__hdf5_chunk_found(x, &chunk, address, size);
}

static int walk_implicit(ant_hdf5_chunks *x) {
    uint64_t address = ant__hdf5_take(&x->options, 8), chunks = 1;
    if (x->options.failed || x->filters_n)
        return ant__hdf5_fail(x->r, x->start, "its data layout is damaged");
    if (address == ANT__HDF5_NOWHERE)
        return 0;
    for (int k = 0; k < x->rank; k++) {
        if (x->most[k] != x->grid[k])
            return ant__hdf5_fail(x->r, x->start, "chunks without an index must be all there");
        chunks *= x->grid[k];
    }
    for (uint64_t k = 0; k < chunks; k++) {
        ant_hdf5_chunk chunk = {0};
        uint64_t rest = k;
        for (int i = x->rank; i-- > 0; rest /= x->grid[i])
            chunk.at[i] = rest % x->grid[i];
        if (ant__hdf5_chunk_found(x, &chunk, address + k * x->bytes, x->bytes))
            return x->r->c->error.code;
    }
    return 0;
}

int ant__hdf5_chunks_walk(ant_hdf5_chunks *x) {
    static int (*const walks[])(ant_hdf5_chunks *) = {
        [ANT__HDF5_OLD_TREE] = walk_old_tree,
        [ANT__HDF5_SINGLE] = walk_single,
        [ANT__HDF5_IMPLICIT] = walk_implicit,
        [ANT__HDF5_FIXED] = ant__hdf5_fixed_array,
        [ANT__HDF5_EXTENSIBLE] = ant__hdf5_extensible_array,
        [ANT__HDF5_TREE] = walk_new_tree,
    };
    return walks[x->kind](x);
}
