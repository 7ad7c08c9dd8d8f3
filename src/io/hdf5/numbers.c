/* Numbers out of the tree: views, or what is unpacked and put together. */
#include "io/array.h"
#include "io/hdf5/chunks.h"
#include <string.h>

/* --- filters, from the last to the first --- */
typedef struct filling {
    unsigned char *to;      /* the whole dataset */
    unsigned char *room[2]; /* a chunk and its checksum each */
    ant_inflater *inflater;
} filling;

/* The sums of 16-bit words, high byte first; both modulo 65535. */
static uint32_t fletcher32(const unsigned char *s, size_t n) {
    enum { WORDS = 360 }; /* the sums of so many fit before they are folded */
    uint32_t a = 0, b = 0;
    for (size_t at = 0; at + 1 < n;) {
        for (int k = 0; k < WORDS && at + 1 < n; k++, at += 2)
            b += a += (uint32_t)s[at] << 8 | s[at + 1];
        a = (a & 0xFFFF) + (a >> 16);
        b = (b & 0xFFFF) + (b >> 16);
    }
    if (n % 2) {
        b += a += (uint32_t)s[n - 1] << 8;
        a = (a & 0xFFFF) + (a >> 16);
        b = (b & 0xFFFF) + (b >> 16);
    }
    a = (a & 0xFFFF) + (a >> 16);
    b = (b & 0xFFFF) + (b >> 16);
    return b << 16 | a;
}

/* All first bytes of entries stand first, then all second ones …; what is no whole entry, last. */
static void unshuffle(unsigned char *to, const unsigned char *from, size_t n, size_t entry) {
    size_t count = n / entry;
    for (size_t b = 0; b < entry; b++)
        for (size_t k = 0; k < count; k++)
            to[k * entry + b] = *from++;
    memcpy(to + count * entry, from, n % entry);
}

static bool uses(const ant_hdf5_chunk *chunk, int k) {
    return !(chunk->skipped >> k & 1);
}

/* Undoes filter k; *bytes and *size are what it made and become what it was given, in `to`. */
static int undo(ant_hdf5_chunks *x, const ant_hdf5_chunk *chunk, int k, unsigned char *to,
                const unsigned char **bytes, size_t *size) {
    filling *f = x->data;
    size_t before = x->bytes;
    for (int i = 0; i < k; i++)
        if (x->filters[i] == ANT__HDF5_FLETCHER && uses(chunk, i))
            before += ANT__HDF5_FLETCHER_SIZE;
    if (x->filters[k] == ANT__HDF5_FLETCHER) {
        if (*size < ANT__HDF5_FLETCHER_SIZE)
            return ant__hdf5_fail(x->r, chunk->bytes, "a chunk is shorter than its checksum");
        *size -= ANT__HDF5_FLETCHER_SIZE;
        return ant__hdf5_compare_hash(x->r, chunk->bytes, fletcher32(*bytes, *size),
                                      ant__hdf5_little(*bytes + *size, ANT__HDF5_FLETCHER_SIZE),
                                      "a chunk");
    }
    if (x->filters[k] == ANT__HDF5_SHUFFLE) {
        if (*size > x->bytes + ANT__HDF5_FLETCHER_SIZE)
            return ant__hdf5_fail(x->r, chunk->bytes, "a chunk of %zu bytes, not %zu", *size,
                                  x->bytes);
        unshuffle(to, *bytes, *size, x->v->size);
    } else {
        const char *wrong = ant__inflate_next(f->inflater, to, before, *bytes, *size);
        if (wrong)
            return ant__hdf5_fail(x->r, chunk->bytes, "a chunk: %s", wrong);
        *size = before;
    }
    *bytes = to;
    return 0;
}

static int unpack(ant_hdf5_chunks *x, const ant_hdf5_chunk *chunk, const unsigned char **out) {
    filling *f = x->data;
    const unsigned char *bytes = chunk->bytes;
    size_t size = chunk->size;
    for (int k = x->filters_n; k-- > 0;)
        if (uses(chunk, k) && undo(x, chunk, k, f->room[bytes == f->room[0]], &bytes, &size))
            return x->r->c->error.code;
    *out = bytes;
    if (size == x->bytes)
        return 0;
    return ant__hdf5_fail(x->r, chunk->bytes, "a chunk of %zu bytes, not %zu", size, x->bytes);
}

/* --- chunks --- */
/* Copies what of the chunk is inside the dataset: axis k and those behind it. */
static void place(const ant_hdf5_chunks *x, const ant_hdf5_chunk *chunk, int k, unsigned char *to,
                  const unsigned char *from) {
    size_t to_step = x->v->size, from_step = x->v->size;
    for (int i = k + 1; i < x->rank; i++) {
        to_step *= (size_t)x->v->shape[i];
        from_step *= (size_t)x->chunk[i];
    }
    uint64_t begin = chunk->at[k] * x->chunk[k], left = (uint64_t)x->v->shape[k] - begin,
             n = left < x->chunk[k] ? left : x->chunk[k];
    to += begin * to_step;
    if (k + 1 == x->rank) {
        memcpy(to, from, n * to_step);
        return;
    }
    for (uint64_t i = 0; i < n; i++)
        place(x, chunk, k + 1, to + i * to_step, from + i * from_step);
}

static int place_chunk(ant_hdf5_chunks *x, const ant_hdf5_chunk *chunk) {
    filling *f = x->data;
    const unsigned char *bytes = NULL;
    if (unpack(x, chunk, &bytes))
        return x->r->c->error.code;
    place(x, chunk, 0, f->to, bytes);
    return 0;
}

static bool make_room(ant_hdf5_chunks *x, filling *f) {
    for (int k = 0; k < x->filters_n; k++)
        if (x->filters[k] == ANT__HDF5_DEFLATE && !(f->inflater = ant__inflater_new()))
            return false;
    for (int k = 0; k < 2 && x->filters_n; k++)
        if (!(f->room[k] = ant__alloc(x->bytes + ANT__HDF5_FLETCHER_SIZE)))
            return false;
    return true;
}

static int place_chunks(ant_hdf5_reader *r, const ant_hdf5_values *v, unsigned char *to) {
    ant_hdf5_chunks x;
    filling f = {.to = to};
    if (ant__hdf5_chunks_open(r, v, &x))
        return r->c->error.code;
    x.visit = place_chunk;
    x.data = &f;
    int code = make_room(&x, &f) ? ant__hdf5_chunks_walk(&x) : ant__fail_memory(&r->c->error);
    ant__inflater_free(f.inflater);
    ant__free(f.room[0]);
    ant__free(f.room[1]);
    return code;
}

static int assemble(ant_hdf5_reader *r, const ant_hdf5_values *v, void **out) {
    enum { CHUNKED = 2 };
    size_t n = ant__hdf5_count(v), size = v->size;
    const ant_hdf5_place *p = v->place;
    unsigned char *to = ant__arena_array(&r->c->arena, n, size);
    if (!to)
        return ant__fail_memory(&r->c->error);
    for (size_t k = 0; p->fill && k < n; k++)
        memcpy(to + k * size, p->fill, size);
    *out = to;
    return p->layout.at[1] == CHUNKED ? place_chunks(r, v, to) : 0;
}

/* --- what comes out --- */
static int widen_bfloats(ant_hdf5_reader *r, bool swapped, const void *from, ant_array *out) {
    size_t n = ant__array_bytes(out) / sizeof(float);
    const unsigned char *s = from;
    float *to = ant__arena_array(&r->c->arena, n, sizeof *to);
    if (!to)
        return ant__fail_memory(&r->c->error);
    for (size_t k = 0; k < n; k++, s += 2) {
        uint16_t half;
        memcpy(&half, s, sizeof half);
        if (swapped)
            half = (uint16_t)(half << 8 | half >> 8);
        uint32_t bits = (uint32_t)half << 16;
        memcpy(&to[k], &bits, sizeof bits);
    }
    out->data = to;
    return 0;
}

/* Any byte but 0 and 1 is no bool of C. */
static int check_bools(ant_hdf5_reader *r, const unsigned char *s, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (s[k] > 1)
            return ant__hdf5_fail(r, NULL, "a bool is neither 0 nor 1");
    return 0;
}

static int read_numbers(ant_hdf5_reader *r, const char *name, const ant_hdf5_values *v,
                        ant_array *out) {
    size_t n = ant__hdf5_count(v);
    void *data = (void *)(uintptr_t)v->bytes;
    if (v->dtype == ANT_TEXT)
        return ant__hdf5_fail(r, NULL, "it holds texts; expected numbers");
    *out = (ant_array){.dtype = v->dtype, .name = name, .axes = v->rank > 0 ? v->rank : 1};
    out->shape[0] = v->rank == 0;
    for (int k = 0; k < v->rank; k++)
        out->shape[k] = v->shape[k];
    if (!n)
        return 0;
    if (!data && assemble(r, v, &data))
        return r->c->error.code;
    if (v->form == ANT__HDF5_BFLOAT || v->form == ANT__HDF5_BFLOAT_SWAPPED)
        return widen_bfloats(r, v->form == ANT__HDF5_BFLOAT_SWAPPED, data, out);
    out->data = data;
    out->swapped = v->form == ANT__HDF5_SWAPPED;
    return v->dtype == ANT_BOOL ? check_bools(r, data, n) : 0;
}

int ant__hdf5_numbers(ant_context *c, const ant_hdf5_node *dataset, ant_array *out) {
    ant_hdf5_reader r = {.c = c, .file = dataset->file, .node = dataset};
    *out = (ant_array){0};
    if (dataset->group)
        return ant__hdf5_fail(&r, NULL, "it is a group; expected a dataset");
    ant_budget *budget = c->arena.budget;
    c->arena.budget = NULL;
    int code = read_numbers(&r, dataset->name, &dataset->values, out);
    c->arena.budget = budget;
    return code;
}

ant_dims ant__hdf5_dims(const ant_hdf5_node *dataset) {
    const ant_hdf5_values *v = &dataset->values;
    ant_dims dims = {.rank = v->rank < 0 ? 1 : v->rank};
    for (int k = 0; k < v->rank; k++)
        dims.dim[k] = v->shape[k];
    return dims;
}

int ant__hdf5_attribute_numbers(ant_context *c, const ant_hdf5_node *node, const char *name,
                                ant_array *out) {
    ant_hdf5_reader r = {.c = c, .file = node->file, .node = node, .attribute = name};
    const ant_hdf5_attribute *a = ant__hdf5_attribute(node, name);
    *out = (ant_array){0};
    return a ? read_numbers(&r, a->name, &a->values, out)
             : ant__hdf5_fail(&r, NULL, "it is not there");
}
