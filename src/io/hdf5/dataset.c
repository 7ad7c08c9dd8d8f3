/* Datasets: where their values stand, and whether what they promise can be. */
#include "io/hdf5/chunks.h"
#include <string.h>

static const uint64_t free_size = 1 << 20; /* below this nothing is too much */

/* --- fill values --- */
/* The value in a message; *size 0: none. */
static int read_new_fill(ant_hdf5_reader *r, ant_hdf5_span message, ant_hdf5_span *out) {
    enum { DEFINED = 0x20 };
    ant_hdf5_cursor k = ant__hdf5_cursor(message.at, message.size);
    uint64_t version = ant__hdf5_take(&k, 1);
    if (version == 3)
        version = ant__hdf5_take(&k, 1) & DEFINED;
    else {
        if (version < 1 || version > 2)
            return ant__hdf5_fail(r, message.at, "a fill value of version %d is not known",
                                  (int)version);
        ant__hdf5_skip(&k, 2);
        version = ant__hdf5_take(&k, 1) || version == 1;
    }
    uint64_t size = version ? ant__hdf5_take(&k, 4) : 0;
    if (size == UINT32_MAX)
        size = 0;
    out->at = ant__hdf5_skip(&k, size);
    out->size = (size_t)size;
    return k.failed ? ant__hdf5_fail(r, message.at, "its fill value is too short") : 0;
}

static int read_old_fill(ant_hdf5_reader *r, ant_hdf5_span message, ant_hdf5_span *out) {
    ant_hdf5_cursor k = ant__hdf5_cursor(message.at, message.size);
    uint64_t size = ant__hdf5_take(&k, 4);
    out->at = ant__hdf5_skip(&k, size);
    out->size = (size_t)size;
    return k.failed ? ant__hdf5_fail(r, message.at, "its fill value is too short") : 0;
}

static int read_fill(ant_hdf5_reader *r, const ant_hdf5_object *o, const ant_hdf5_values *v,
                     const unsigned char **fill) {
    ant_hdf5_span a = {0}, b = {0};
    if (o->fill.at && read_new_fill(r, o->fill, &a))
        return r->c->error.code;
    if (o->old_fill.at && read_old_fill(r, o->old_fill, &b))
        return r->c->error.code;
    ant_hdf5_span value = a.size ? a : b;
    if (a.size && b.size && (a.size != b.size || memcmp(a.at, b.at, a.size)))
        return ant__hdf5_fail(r, b.at, "it has two fill values that differ");
    if (value.size && value.size != v->size)
        return ant__hdf5_fail(r, value.at, "its fill value has %zu bytes, its entries have %u",
                              value.size, (unsigned)v->size);
    *fill = value.size ? value.at : NULL;
    return 0;
}

/* --- promises --- */
/* Values that are stored nowhere. */
static int promise_filled(ant_hdf5_reader *r, uint64_t bytes) {
    r->filled += bytes;
    if (r->filled <= free_size + r->file->size)
        return 0;
    return ant__hdf5_limit(r, NULL,
                           "datasets have %llu bytes that are not in the file, which has "
                           "%zu",
                           (unsigned long long)r->filled, r->file->size);
}

/* Values that deflate packed into `stored` bytes. */
static int promise_unpacked(ant_hdf5_reader *r, uint64_t bytes, uint64_t stored) {
    uint64_t ratio = (uint64_t)r->file->limits.ratio;
    r->unpacked += bytes;
    if ((bytes <= free_size || bytes / ratio <= stored) &&
        (r->unpacked <= free_size || r->unpacked / ratio <= r->file->size))
        return 0;
    return ant__hdf5_limit(r, NULL, "%llu bytes out of %llu, more than %d times as many",
                           (unsigned long long)bytes, (unsigned long long)stored,
                           r->file->limits.ratio);
}

/* --- chunks --- */
typedef struct tally {
    uint64_t chunks, stored;
} tally;

static int count_chunk(ant_hdf5_chunks *x, const ant_hdf5_chunk *chunk) {
    tally *t = x->data;
    uint64_t ratio = (uint64_t)x->r->file->limits.ratio;
    t->chunks++;
    t->stored += chunk->size;
    if (x->bytes <= free_size || x->bytes / ratio <= chunk->size)
        return 0;
    return ant__hdf5_limit(x->r, chunk->bytes,
                           "a chunk of %zu bytes out of %zu, more than %d times "
                           "as many",
                           x->bytes, chunk->size, (int)ratio);
}

static int check_chunks(ant_hdf5_reader *r, const ant_hdf5_values *v) {
    tally t = {0};
    ant_hdf5_chunks x;
    if (v->dtype == ANT_TEXT)
        return ant__hdf5_fail(r, v->place->layout.at, "texts in chunks are not read here");
    if (ant__hdf5_chunks_open(r, v, &x))
        return r->c->error.code;
    x.visit = count_chunk;
    x.data = &t;
    if (ant__hdf5_chunks_walk(&x))
        return r->c->error.code;
    uint64_t chunks = 1, bytes = ant__hdf5_count(v) * v->size;
    for (int k = 0; k < x.rank; k++)
        chunks *= x.grid[k];
    /* Less than a missing chunk may be missing, at the edge. */
    uint64_t missing = chunks - t.chunks,
             filled = missing > bytes / x.bytes ? bytes : missing * x.bytes;
    if (promise_filled(r, filled))
        return r->c->error.code;
    return x.filters_n ? promise_unpacked(r, bytes - filled, t.stored) : 0;
}

/* --- layouts --- */
enum { COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL };

static int check_size(ant_hdf5_reader *r, const ant_hdf5_values *v, const void *at, uint64_t size) {
    uint64_t bytes = ant__hdf5_count(v) * v->size;
    if (size == bytes)
        return 0;
    return ant__hdf5_fail(r, at, "its shape takes %llu bytes, it has %llu",
                          (unsigned long long)bytes, (unsigned long long)size);
}

static int read_contiguous(ant_hdf5_reader *r, ant_hdf5_cursor *k, ant_hdf5_values *v) {
    const void *at = k->at;
    uint64_t address = ant__hdf5_take(k, 8), size = ant__hdf5_take(k, 8);
    if (k->failed)
        return ant__hdf5_fail(r, at, "its data layout is too short");
    if (check_size(r, v, at, size))
        return r->c->error.code;
    if (address == ANT__HDF5_NOWHERE) {
        if (size && v->dtype == ANT_TEXT)
            return ant__hdf5_fail(r, at, "its texts were never written");
        return promise_filled(r, size);
    }
    v->bytes = ant__hdf5_claim(r, address, size, "its data");
    return r->c->error.code;
}

static int read_compact(ant_hdf5_reader *r, ant_hdf5_cursor *k, ant_hdf5_values *v) {
    const void *at = k->at;
    uint64_t size = ant__hdf5_take(k, 2);
    v->bytes = ant__hdf5_skip(k, size);
    if (k->failed)
        return ant__hdf5_fail(r, at, "its data layout is too short");
    return check_size(r, v, at, size);
}

static int read_layout(ant_hdf5_reader *r, const ant_hdf5_object *o, ant_hdf5_values *v) {
    ant_hdf5_cursor k = ant__hdf5_cursor(o->layout.at, o->layout.size);
    uint64_t version = ant__hdf5_take(&k, 1), kind = ant__hdf5_take(&k, 1);
    if (k.failed || version < 3 || version > 4)
        return ant__hdf5_fail(r, o->layout.at, "a data layout of version %d; 3 and 4 are known",
                              (int)version);
    if (kind == VIRTUAL)
        return ant__hdf5_fail(r, o->layout.at, "a virtual dataset, whose data is in other files");
    if (kind > VIRTUAL || (o->filters.at && kind != CHUNKED))
        return ant__hdf5_fail(r, o->layout.at, "its data layout is damaged");
    return kind == COMPACT      ? read_compact(r, &k, v)
           : kind == CONTIGUOUS ? read_contiguous(r, &k, v)
                                : check_chunks(r, v);
}

/* Raw bytes are bfloat16 where an attribute says so. */
static int check_opaque(ant_hdf5_reader *r, const ant_hdf5_node *node, ant_hdf5_values *v) {
    const ant_hdf5_attribute *a = ant__hdf5_attribute(node, "dtype");
    ant_texts said = {0};
    if (v->form != ANT__HDF5_OPAQUE)
        return 0;
    if (a && ant__hdf5_texts(r->c, node, "dtype", &said))
        return r->c->error.code;
    if (said.count != 1 || strcmp(said.data[0], "bfloat16"))
        return ant__hdf5_fail(r, NULL, "raw bytes (opaque) have no counterpart here");
    v->form = ANT__HDF5_BFLOAT;
    return 0;
}

/* Where the values are to be put together later. */
static int keep_place(ant_hdf5_reader *r, ant_hdf5_values *v, const ant_hdf5_place *place) {
    ant_hdf5_place *kept = ant__arena_alloc(&r->c->arena, sizeof *kept);
    if (!kept)
        return ant__fail_memory(&r->c->error);
    *kept = *place;
    v->place = kept;
    return 0;
}

static int read_values(ant_hdf5_reader *r, ant_hdf5_node *node, const ant_hdf5_object *o) {
    ant_hdf5_values *v = &node->values;
    ant_hdf5_place place = {.layout = o->layout, .space = o->space, .filters = o->filters};
    v->place = &place;
    if (ant__hdf5_type_read(r, o->type, v) || ant__hdf5_space_read(r, o->space, v, NULL) ||
        check_opaque(r, node, v) || read_fill(r, o, v, &place.fill) || read_layout(r, o, v))
        return r->c->error.code;
    v->place = NULL;
    if (v->form == ANT__HDF5_VARIABLE)
        return ant__hdf5_texts_resolve(r, v);
    return v->bytes || !ant__hdf5_count(v) ? 0 : keep_place(r, v, &place);
}

int ant__hdf5_dataset_read(ant_hdf5_reader *r, ant_hdf5_node *node, const ant_hdf5_object *o) {
    if (o->type.at && !o->space.at && !o->layout.at)
        return ant__hdf5_fail(r, o->type.at, "a committed datatype is not read here");
    if (!o->type.at || !o->space.at || !o->layout.at)
        return ant__hdf5_fail(r, NULL, "it is neither a group nor a dataset");
    if (++r->datasets > r->file->limits.tensors)
        return ant__hdf5_limit(r, NULL, "more than %d datasets", r->file->limits.tensors);
    return read_values(r, node, o);
}
