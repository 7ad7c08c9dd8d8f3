/* Arrays with an entry per chunk: of fixed length, and with one axis that grows. */
#include "io/hdf5/chunks.h"

enum {
    BLOCK_HEAD = 14, /* signature, version, whether there are filters, address of the header */
    HASH = 4
};

typedef struct array {
    ant_hdf5_chunks *x;
    const char *what;       /* for messages */
    uint64_t header;        /* its address */
    unsigned filtered;      /* 1: entries have sizes, and filters that were not used */
    int entry;              /* bytes of an entry */
    int axes[ANT_MAX_AXES]; /* from the slowest to the fastest */
    uint64_t page;          /* entries of a page; blocks with more are split into pages */
} array;

static int damaged(const array *a, const void *at) {
    return ant__hdf5_fail(a->x->r, at, "%s is damaged", a->what);
}

/* Entry `index`: the address; with filters, bytes as stored and those not used. */
static int read_entry(const array *a, uint64_t index, const unsigned char *entry) {
    ant_hdf5_chunks *x = a->x;
    ant_hdf5_cursor k = ant__hdf5_cursor(entry, (size_t)a->entry);
    ant_hdf5_chunk chunk = {0};
    uint64_t address = ant__hdf5_take(&k, 8), size = x->bytes;
    if (a->filtered) {
        size = ant__hdf5_take(&k, a->entry - 8 - 4);
        chunk.skipped = (uint32_t)ant__hdf5_take(&k, 4);
    }
    for (int i = x->rank; i-- > 0;) {
        int axis = a->axes[i];
        chunk.at[axis] = i ? index % x->most[axis] : index;
        index = i ? index / x->most[axis] : 0;
    }
    return ant__hdf5_chunk_found(x, &chunk, address, size);
}

static int read_entries(const array *a, uint64_t index, const unsigned char *at, uint64_t n) {
    for (uint64_t k = 0; k < n; k++)
        if (read_entry(a, index + k, at + k * (uint64_t)a->entry))
            return a->x->r->c->error.code;
    return 0;
}

/* Bit k, counted from the highest of each byte. */
static bool bit(const unsigned char *bits, uint64_t k) {
    return bits[k / 8] >> (7 - k % 8) & 1;
}

/* n entries in pages from an address on, each with a checksum; those whose bit from `first` on is
 * not set were never written. */
static int read_pages(const array *a, uint64_t address, uint64_t index, uint64_t n,
                      const unsigned char *bits, uint64_t first) {
    for (uint64_t k = 0; n; k++) {
        uint64_t here = n < a->page ? n : a->page, size = here * (uint64_t)a->entry;
        const unsigned char *at = ant__hdf5_claim(a->x->r, address, size + HASH, a->what);
        if (!at)
            return a->x->r->c->error.code;
        if (bit(bits, first + k) && (ant__hdf5_check_hash(a->x->r, at, (size_t)size, a->what) ||
                                     read_entries(a, index, at, here)))
            return a->x->r->c->error.code;
        address += size + HASH;
        index += here;
        n -= here;
    }
    return 0;
}

/* Takes a header or block of `size` bytes and a checksum. */
static const unsigned char *take(const array *a, uint64_t address, uint64_t size,
                                 const char *sign) {
    ant_hdf5_reader *r = a->x->r;
    const unsigned char *at = ant__hdf5_claim_signed(r, address, size + HASH, sign, a->what);
    if (!at || ant__hdf5_check_hash(r, at, (size_t)size, a->what))
        return NULL;
    if (!at[4] && at[5] == a->filtered)
        return at;
    damaged(a, at);
    return NULL;
}

/* The same of a block, which knows its header. */
static const unsigned char *take_block(const array *a, uint64_t address, uint64_t size,
                                       const char *sign) {
    const unsigned char *at = take(a, address, size, sign);
    if (!at || ant__hdf5_little(at + 6, 8) == a->header)
        return at;
    damaged(a, at);
    return NULL;
}

/* Entries are addresses, or with filters 5 to 12 bytes more. */
static bool entry_is_good(const array *a) {
    return a->filtered ? a->entry > 8 + 4 && a->entry <= 8 + 4 + 8 : a->entry == 8;
}

/* --- of fixed length --- */
static int read_fixed(const array *a, uint64_t address, uint64_t n) {
    uint64_t pages = 0, bits, size;
    if (n > a->page)
        pages = n / a->page + (n % a->page != 0); /* NOLINT: a power of two, never 0 */
    bits = (pages + 7) / 8;
    size = BLOCK_HEAD + (pages ? bits : n * (uint64_t)a->entry);
    const unsigned char *at = take_block(a, address, size, "FADB");
    if (!at)
        return a->x->r->c->error.code;
    return pages ? read_pages(a, address + size + HASH, 0, n, at + BLOCK_HEAD, 0)
                 : read_entries(a, 0, at + BLOCK_HEAD, n);
}

int ant__hdf5_fixed_array(ant_hdf5_chunks *x) {
    enum { HEADER = 24, MOST_BITS = 31 };
    array a = {.x = x, .what = "an array of chunks", .filtered = x->filters_n > 0};
    uint64_t chunks = 1;
    for (int k = 0; k < x->rank; k++) {
        a.axes[k] = k;
        if (x->most[k] > x->r->file->size || chunks > x->r->file->size)
            return ant__hdf5_fail(x->r, x->start, "more chunks than the file has bytes");
        chunks *= x->most[k];
    }
    ant__hdf5_skip(&x->options, 1);
    a.header = ant__hdf5_take(&x->options, 8);
    if (x->options.failed)
        return ant__hdf5_fail(x->r, x->start, "its data layout is too short");
    if (a.header == ANT__HDF5_NOWHERE)
        return 0;
    const unsigned char *at = take(&a, a.header, HEADER, "FAHD");
    if (!at)
        return x->r->c->error.code;
    uint64_t n = ant__hdf5_little(at + 8, 8), block = ant__hdf5_little(at + 16, 8);
    a.entry = at[6];
    a.page = UINT64_C(1) << (at[7] < MOST_BITS ? at[7] : MOST_BITS);
    if (!entry_is_good(&a) || at[7] > MOST_BITS || n != chunks || n > x->r->file->size)
        return damaged(&a, at);
    return block == ANT__HDF5_NOWHERE ? 0 : read_fixed(&a, block, n);
}

/* --- with an axis that grows ---
 * The index block holds the first entries, then addresses of data blocks, then of super blocks,
 * which hold addresses of data blocks. Super block u (the first few are part of the index block)
 * has 2^(u/2) data blocks of `least` * 2^((u+1)/2) entries. */
typedef struct growing {
    array a;
    int offset;           /* bytes of the number that blocks begin with */
    uint64_t first;       /* entries of the index block */
    uint64_t least;       /* entries of the smallest data block */
    int supers, in_index; /* super blocks; those that are part of the index block */
} growing;

/* Data block k of those whose pages' bits begin at `bits`; index: of its first entry. */
static int read_data(const growing *g, uint64_t address, uint64_t index, uint64_t n,
                     const unsigned char *bits, uint64_t k) {
    const array *a = &g->a;
    bool paged = n > a->page;
    uint64_t head = BLOCK_HEAD + (uint64_t)g->offset,
             size = head + (paged ? 0 : n * (uint64_t)a->entry);
    if (address == ANT__HDF5_NOWHERE)
        return 0;
    if (n > a->x->r->file->size || (paged && !bits))
        return damaged(a, a->x->start);
    const unsigned char *at = take_block(a, address, size, "EADB");
    if (!at)
        return a->x->r->c->error.code;
    /* The offset in its head is not checked: what libhdf5 writes there is not always one. */
    return paged ? read_pages(a, address + size + HASH, index, n, bits, k * (n / a->page))
                 : read_entries(a, index, at + head, n);
}

static int read_super(const growing *g, uint64_t address, uint64_t index, uint64_t blocks,
                      uint64_t n) {
    const array *a = &g->a;
    uint64_t head = BLOCK_HEAD + (uint64_t)g->offset, most = a->x->r->file->size,
             pages = n > a->page ? n / a->page : 0, bits = blocks * ((pages + 7) / 8);
    if (address == ANT__HDF5_NOWHERE)
        return 0;
    if (blocks > most || pages > most)
        return damaged(a, a->x->start);
    const unsigned char *at = take_block(a, address, head + bits + 8 * blocks, "EASB");
    if (!at)
        return a->x->r->c->error.code;
    if (ant__hdf5_little(at + BLOCK_HEAD, g->offset) != index - g->first)
        return damaged(a, at);
    for (uint64_t k = 0; k < blocks; k++)
        if (read_data(g, ant__hdf5_little(at + head + bits + 8 * k, 8), index + k * n, n, at + head,
                      k))
            return a->x->r->c->error.code;
    return 0;
}

static int read_index(const growing *g, uint64_t address) {
    const array *a = &g->a;
    uint64_t data = 2 * ((UINT64_C(1) << g->in_index / 2) - 1), index = g->first;
    uint64_t size = BLOCK_HEAD + g->first * (uint64_t)a->entry +
                    8 * (data + (uint64_t)(g->supers - g->in_index));
    const unsigned char *at = take_block(a, address, size, "EAIB");
    if (!at || read_entries(a, 0, at + BLOCK_HEAD, g->first))
        return a->x->r->c->error.code;
    at += BLOCK_HEAD + g->first * (uint64_t)a->entry;
    for (int u = 0; u < g->supers; u++) {
        uint64_t blocks = UINT64_C(1) << u / 2, n = g->least << (u + 1) / 2;
        for (uint64_t k = 0; u < g->in_index && k < blocks; k++, at += 8)
            if (read_data(g, ant__hdf5_little(at, 8), index + k * n, n, NULL, 0))
                return a->x->r->c->error.code;
        if (u >= g->in_index) {
            if (read_super(g, ant__hdf5_little(at, 8), index, blocks, n))
                return a->x->r->c->error.code;
            at += 8;
        }
        index += blocks * n;
    }
    return 0;
}

/* The axis that grows is the slowest. */
static int order_axes(array *a) {
    ant_hdf5_chunks *x = a->x;
    int grows = -1, n = 1;
    for (int k = 0; k < x->rank; k++)
        if (x->most[k] == ANT__HDF5_NOWHERE && grows < 0)
            grows = k;
        else if (!x->most[k] || x->most[k] == ANT__HDF5_NOWHERE)
            return damaged(a, x->start);
    if (grows < 0)
        return damaged(a, x->start);
    a->axes[0] = grows;
    for (int k = 0; k < x->rank; k++)
        if (k != grows)
            a->axes[n++] = k;
    return 0;
}

static int read_growing_header(growing *g, uint64_t *index) {
    enum { HEADER = 68, MOST_BITS = 56, MOST_PAGE_BITS = 31, LEAST_LOG = 16, INDEX_AT = 60 };
    array *a = &g->a;
    const unsigned char *at = take(a, a->header, HEADER, "EAHD");
    if (!at)
        return a->x->r->c->error.code;
    int bits = at[7], log_least = ant__hdf5_log2(at[9]), log_data = ant__hdf5_log2(at[10]);
    a->entry = at[6];
    g->first = at[8];
    g->least = at[9];
    a->page = UINT64_C(1) << (at[11] < MOST_PAGE_BITS ? at[11] : MOST_PAGE_BITS);
    *index = ant__hdf5_little(at + INDEX_AT, 8);
    g->offset = (bits + 7) / 8;
    g->supers = 1 + bits - log_least;
    g->in_index = 2 * log_data;
    if (!entry_is_good(a) || bits > MOST_BITS || log_least < 0 || log_data < 0 ||
        g->supers < g->in_index || at[11] > MOST_PAGE_BITS)
        return damaged(a, at);
    return 0;
}

int ant__hdf5_extensible_array(ant_hdf5_chunks *x) {
    enum { OPTIONS = 5 };
    growing g = {.a = {.x = x, .what = "a growing array of chunks", .filtered = x->filters_n > 0}};
    uint64_t index = 0;
    ant__hdf5_skip(&x->options, OPTIONS);
    g.a.header = ant__hdf5_take(&x->options, 8);
    if (x->options.failed)
        return ant__hdf5_fail(x->r, x->start, "its data layout is too short");
    if (g.a.header == ANT__HDF5_NOWHERE)
        return 0;
    if (order_axes(&g.a) || read_growing_header(&g, &index))
        return x->r->c->error.code;
    return index == ANT__HDF5_NOWHERE ? 0 : read_index(&g, index);
}
