/* Fractal heaps, where groups keep many links and objects many attributes: blocks whose sizes
 * double from row to row, numbered as if they stood in a row. A B-tree names what stands in
 * them. */
#include "io/hdf5/parts.h"
#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 146,    /* with the checksum */
    BLOCK_HEAD = 13, /* signature, version, address of the header */
    HASH = 4,
    MOST_ROWS = 64,
    CHECKED = 2, /* flag: direct blocks have checksums */
    MANAGED = 0,
    HUGE_KIND = 1,
    HUGE_RECORD = 24,
};

/* A direct block: bytes [offset, offset + size) of the heap. */
typedef struct block {
    uint64_t offset;
    const unsigned char *at;
    size_t size;
} block;

/* An object too large for blocks. */
typedef struct huge {
    uint64_t id, address, size;
} huge;

typedef struct heap {
    ant_hdf5_reader *r;
    ant_hdf5_node *node;
    ant_hdf5_visit *visit;
    int id_at;        /* where records have IDs */
    uint64_t address; /* of its header */
    unsigned flags;
    int id, offset, length; /* bytes of an ID, and of what is in it */
    uint64_t width, start,
        max;         /* blocks in a row; sizes of the first and the largest direct block */
    int rows_direct; /* so many rows can hold direct blocks */
    uint64_t huge_tree;
    uint64_t managed; /* bytes from the first block to the end of the last */
    ANT__LIST(block) blocks;
    ANT__LIST(huge) huges;
} heap;

/* --- blocks --- */
static uint64_t row_size(const heap *h, uint64_t row) {
    return row < 2 ? h->start : h->start << (row - 1);
}

static const unsigned char *claim_block(heap *h, uint64_t address, uint64_t size, uint64_t offset,
                                        const char *sign) {
    static const char what[] = "a block of a fractal heap";
    const unsigned char *at = ant__hdf5_claim_signed(h->r, address, size, sign, what);
    if (!at)
        return NULL;
    if (!at[4] && ant__hdf5_little(at + 5, 8) == h->address &&
        ant__hdf5_little(at + BLOCK_HEAD, h->offset) == offset)
        return at;
    ant__hdf5_fail(h->r, at, "%s belongs elsewhere", what);
    return NULL;
}

static int read_direct(heap *h, uint64_t address, uint64_t size, uint64_t offset) {
    size_t head = BLOCK_HEAD + (size_t)h->offset + (h->flags & CHECKED ? HASH : 0);
    if (size < head)
        return ant__hdf5_fail(h->r, NULL, "a fractal heap has blocks without room");
    const unsigned char *at = claim_block(h, address, size, offset, "FHDB");
    if (!at)
        return h->r->c->error.code;
    size_t hash = head - HASH;
    if (h->flags & CHECKED &&
        ant__hdf5_compare_hash(h->r, at, ant__hdf5_hash(at, (size_t)size, hash),
                               ant__hdf5_little(at + hash, HASH), "a block of a fractal heap"))
        return h->r->c->error.code;
    block b = {offset, at, (size_t)size};
    return ANT__PUSH(&h->blocks, b) ? 0 : ant__fail_memory(&h->r->c->error);
}

static int read_indirect(heap *h, uint64_t address, uint64_t rows, uint64_t offset);

static int read_child(heap *h, uint64_t address, uint64_t row, uint64_t offset) {
    uint64_t size = row_size(h, row);
    if (address == ANT__HDF5_NOWHERE)
        return 0;
    if (row < (uint64_t)h->rows_direct)
        return read_direct(h, address, size, offset);
    int rows = ant__hdf5_log2(size) - ant__hdf5_log2(h->start) - ant__hdf5_log2(h->width) + 1;
    if (rows < 1)
        return ant__hdf5_fail(h->r, NULL, "the rows of a fractal heap make no sense");
    return read_indirect(h, address, (uint64_t)rows, offset);
}

/* A table of addresses, row by row. */
static int read_indirect(heap *h, uint64_t address, uint64_t rows, uint64_t offset) {
    size_t head = BLOCK_HEAD + (size_t)h->offset;
    if (rows > MOST_ROWS || h->width > h->r->file->size / 8 / MOST_ROWS)
        return ant__hdf5_fail(h->r, NULL, "a fractal heap is larger than the file");
    size_t size = head + (size_t)(rows * h->width * 8);
    const unsigned char *at = claim_block(h, address, size + HASH, offset, "FHIB");
    if (!at || ant__hdf5_check_hash(h->r, at, size, "a block of a fractal heap"))
        return h->r->c->error.code;
    for (uint64_t row = 0; row < rows; row++)
        for (uint64_t k = 0; k < h->width; k++) {
            uint64_t child = ant__hdf5_little(at + head + 8 * (row * h->width + k), 8);
            if (read_child(h, child, row, offset))
                return h->r->c->error.code;
            offset += row_size(h, row);
        }
    return 0;
}

/* --- the header --- */
static bool is_sensible(const heap *h, int bits, uint64_t rows) {
    int start = ant__hdf5_log2(h->start), max = ant__hdf5_log2(h->max),
        width = ant__hdf5_log2(h->width);
    return start >= 0 && max >= start && width >= 0 && bits >= 8 && bits < 64 && max < 32 &&
           start + width <= bits && (rows < 2 || start + (int)rows - 1 + width <= bits);
}

static int read_heap(heap *h) {
    ant_hdf5_reader *r = h->r;
    const unsigned char *at =
        ant__hdf5_claim_signed(r, h->address, HEADER, "FRHP", "a fractal heap");
    if (!at)
        return r->c->error.code;
    ant_hdf5_cursor k = ant__hdf5_cursor(at + 4, HEADER - 4);
    uint64_t version = ant__hdf5_take(&k, 1);
    h->id = (int)ant__hdf5_take(&k, 2);
    if (ant__hdf5_take(&k, 2))
        return ant__hdf5_fail(r, at, "a fractal heap is compressed, which is not read here");
    if (ant__hdf5_check_hash(r, at, HEADER - HASH, "a fractal heap"))
        return r->c->error.code;
    h->flags = (unsigned)ant__hdf5_take(&k, 1);
    uint64_t largest = ant__hdf5_take(&k, 4);
    ant__hdf5_skip(&k, 8); /* the next ID of a huge object */
    h->huge_tree = ant__hdf5_take(&k, 8);
    ant__hdf5_skip(&k, 10 * 8); /* free space, and counts that only writers need */
    h->width = ant__hdf5_take(&k, 2);
    h->start = ant__hdf5_take(&k, 8);
    h->max = ant__hdf5_take(&k, 8);
    int bits = (int)ant__hdf5_take(&k, 2);
    ant__hdf5_skip(&k, 2);
    uint64_t root = ant__hdf5_take(&k, 8), rows = ant__hdf5_take(&k, 2);
    if (version || !is_sensible(h, bits, rows))
        return ant__hdf5_fail(r, at, "a fractal heap is of a kind that is not known");
    h->rows_direct = ant__hdf5_log2(h->max) - ant__hdf5_log2(h->start) + 2;
    h->offset = (bits + 7) / 8;
    int by_block = (ant__hdf5_log2(h->max) + 7) / 8, by_size = ant__hdf5_width(largest);
    h->length = by_block < by_size ? by_block : by_size;
    if (root == ANT__HDF5_NOWHERE)
        return 0;
    return rows ? read_indirect(h, root, rows, 0) : read_direct(h, root, h->start, 0);
}

/* --- huge objects: a B-tree of their own tells where they are --- */
static int visit_huge(ant_hdf5_tree *t, const unsigned char *record) {
    heap *h = t->data;
    huge x = {.address = ant__hdf5_little(record, 8),
              .size = ant__hdf5_little(record + 8, 8),
              .id = ant__hdf5_little(record + 16, 8)};
    if (h->huges.n && h->huges.at[h->huges.n - 1].id >= x.id)
        return ant__hdf5_fail(h->r, record, "the huge objects of a heap are not in order");
    return ANT__PUSH(&h->huges, x) ? 0 : ant__fail_memory(&h->r->c->error);
}

static int read_huges(heap *h) {
    ant_hdf5_tree t = {.r = h->r,
                       .address = h->huge_tree,
                       .type = 1,
                       .least = HUGE_RECORD,
                       .visit = visit_huge,
                       .data = h};
    return h->huge_tree == ANT__HDF5_NOWHERE ? 0 : ant__hdf5_tree_walk(&t);
}

static int by_id(const void *key, const void *entry) {
    uint64_t a = *(const uint64_t *)key, b = ((const huge *)entry)->id;
    return a < b ? -1 : a > b;
}

static int visit_huge_id(heap *h, const unsigned char *id) {
    int bytes = h->id - 1 < 8 ? h->id - 1 : 8;
    uint64_t number = ant__hdf5_little(id + 1, bytes);
    const huge *x =
        h->huges.n ? bsearch(&number, h->huges.at, (size_t)h->huges.n, sizeof *x, by_id) : NULL;
    if (!x)
        return ant__hdf5_fail(h->r, id, "an object of a heap is not there");
    const unsigned char *at = ant__hdf5_claim(h->r, x->address, x->size, "an object of a heap");
    return at ? h->visit(h->r, h->node, (ant_hdf5_span){at, (size_t)x->size}) : h->r->c->error.code;
}

/* --- objects --- */
static int by_offset(const void *key, const void *entry) {
    uint64_t a = *(const uint64_t *)key;
    const block *b = entry;
    return a < b->offset ? -1 : a - b->offset >= b->size;
}

static int visit_managed(heap *h, const unsigned char *id) {
    uint64_t offset = ant__hdf5_little(id + 1, h->offset),
             size = ant__hdf5_little(id + 1 + h->offset, h->length);
    const block *b = h->blocks.n
                         ? bsearch(&offset, h->blocks.at, (size_t)h->blocks.n, sizeof *b, by_offset)
                         : NULL;
    if (!b || size > b->size - (offset - b->offset))
        return ant__hdf5_fail(h->r, id, "an object of a heap is not there");
    uint64_t address = (uint64_t)(b->at - h->r->file->bytes) + (offset - b->offset);
    const unsigned char *at = ant__hdf5_claim(h->r, address, size, "an object of a heap");
    return at ? h->visit(h->r, h->node, (ant_hdf5_span){at, (size_t)size}) : h->r->c->error.code;
}

static int visit_record(ant_hdf5_tree *t, const unsigned char *record) {
    heap *h = t->data;
    const unsigned char *id = record + h->id_at;
    int kind = id[0] >> 4;
    if (kind == MANAGED && 1 + h->offset + h->length <= h->id)
        return visit_managed(h, id);
    if (kind == HUGE_KIND && h->id > 1 && h->id <= 2 * 8)
        return visit_huge_id(h, id);
    return ant__hdf5_fail(h->r, id, "an object of a heap is kept in a way that is not known");
}

/* The blocks are claimed as a whole, opened so that each object in them is claimed once, and closed
 * again. */
static void mark_blocks(heap *h, bool claimed) {
    size_t head = BLOCK_HEAD + (size_t)h->offset + (h->flags & CHECKED ? HASH : 0);
    for (int k = 0; k < h->blocks.n; k++)
        ant__hdf5_map(h->r, h->blocks.at[k].at + head, h->blocks.at[k].size - head, claimed);
}

int ant__hdf5_dense_read(ant_hdf5_reader *r, ant_hdf5_node *node, const ant_hdf5_dense *d,
                         ant_hdf5_visit *visit) {
    heap h = {.r = r, .node = node, .visit = visit, .address = d->heap, .id_at = d->id};
    ant_hdf5_tree t = {
        .r = r, .address = d->index, .type = d->type, .visit = visit_record, .data = &h};
    if (!read_heap(&h) && !read_huges(&h)) {
        t.least = d->id + h.id;
        mark_blocks(&h, false);
        ant__hdf5_tree_walk(&t);
        mark_blocks(&h, true);
    }
    ant__free(h.blocks.at);
    ant__free(h.huges.at);
    return r->c->error.code;
}
