/* Reading safetensors. */
#include "io/safetensors.h"
#include "io/array.h"
#include "io/json.h"
#include <stdlib.h>
#include <string.h>

enum { LENGTH_SIZE = 8, SPEC_HEADER = 100000000 };

typedef struct reader {
    ant_context *c;
    const ant_limits *limits;
    const char *path;
    ant_safetensors *out;
    uint64_t bytes; /* of all numbers */
    int tensors;
} reader;

/* All types of the format, with their bits; those that Antler has none for are known by size. */
static const struct type {
    const char *name;
    int bits, dtype;
} types[] = {
    {"F32", 32, ANT_FLOAT32},
    {"F64", 64, ANT_FLOAT64},
    {"F16", 16, ANT_FLOAT16},
    {"I64", 64, ANT_INT64},
    {"I32", 32, ANT_INT32},
    {"I16", 16, ANT_INT16},
    {"I8", 8, ANT_INT8},
    {"U64", 64, ANT_UINT64},
    {"U32", 32, ANT_UINT32},
    {"U16", 16, ANT_UINT16},
    {"U8", 8, ANT_UINT8},
    {"BOOL", 8, ANT_BOOL},
    {"BF16", 16, 0},
    {"F8_E4M3", 8, 0},
    {"F8_E5M2", 8, 0},
    {"F8_E8M0", 8, 0},
    {"F6_E2M3", 6, 0},
    {"F6_E3M2", 6, 0},
    {"F4", 4, 0},
    {"C64", 64, 0},
};

static int fail(reader *r, const char *what) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: safetensors: %s", r->path, what);
}

static int fail_tensor(reader *r, const char *name, const char *what) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: tensor '%.200s': %s", r->path, name, what);
}

/* --- one tensor --- */
static int bits_of(reader *r, ant_tensor *t, const ant_tree *type, int *bits) {
    if (!type || type->kind != ANT__QUOTED)
        return fail_tensor(r, t->name, "expected \"dtype\" as text");
    const char *said = type->text;
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (!strcmp(types[k].name, said)) {
            t->type = types[k].name;
            t->dtype = types[k].dtype;
            *bits = types[k].bits;
            return 0;
        }
    return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: tensor '%.200s': no type '%.40s'", r->path,
                     t->name, said);
}

/* A whole number from 0 up; -1 where it is something else. */
static int64_t whole(const ant_tree *x) {
    int64_t n;
    return x && x->kind == ANT__WORD && ant__whole_read(x->text, &n) && n >= 0 ? n : -1;
}

static int shape_of(reader *r, ant_tensor *t, const ant_tree *shape, uint64_t *count) {
    if (!shape || shape->kind != ANT__ITEMS)
        return fail_tensor(r, t->name, "expected \"shape\" as a list");
    const int rank = ant__tree_count(shape);
    if (rank > ANT_MAX_AXES)
        return ant__fail(&r->c->error, ANT_E_LIMIT, "%s: tensor '%.200s': %d axes; at most %d",
                         r->path, t->name, rank, ANT_MAX_AXES);
    *count = 1;
    for (const ant_tree *x = shape->first; x; x = x->next) {
        const int64_t n = whole(x);
        if (n < 0)
            return fail_tensor(r, t->name, "a size is no whole number from 0 up");
        if (n && *count > (uint64_t)INT64_MAX / 64 / (uint64_t)n)
            return fail_tensor(r, t->name, "its shape is larger than any memory");
        *count *= (uint64_t)n;
        t->dims.dim[t->dims.rank++] = n;
    }
    return 0;
}

static int offsets_of(reader *r, ant_tensor *t, const ant_tree *offsets) {
    const bool two = offsets && offsets->kind == ANT__ITEMS && ant__tree_count(offsets) == 2;
    const int64_t begin = two ? whole(offsets->first) : -1, end = two ? whole(offsets->last) : -1;
    if (begin < 0 || end < begin)
        return fail_tensor(r, t->name, "expected \"data_offsets\" as [begin, end]");
    t->begin = (uint64_t)begin;
    t->end = (uint64_t)end;
    return t->end > r->bytes ? fail_tensor(r, t->name, "it ends behind the end of the file") : 0;
}

/* Any byte but 0 and 1 is no bool of C. */
static int check_bools(reader *r, const ant_tensor *t) {
    for (uint64_t k = t->begin; k < t->end; k++)
        if (r->out->numbers[k] > 1)
            return fail_tensor(r, t->name, "a bool is neither 0 nor 1");
    return 0;
}

static int read_tensor(reader *r, const ant_tree *x, ant_tensor *t) {
    const char *name = x->key;
    uint64_t count = 0;
    int bits = 0;
    *t = (ant_tensor){.name = name};
    if (!*name || strlen(name) > (size_t)r->limits->string_bytes)
        return fail_tensor(r, name, "its name is empty or longer than the limit");
    if (x->kind != ANT__MAP || ant__tree_count(x) != 3)
        return fail_tensor(r, name, "expected {\"dtype\", \"shape\", \"data_offsets\"}");
    if (bits_of(r, t, ant__tree_get(x, "dtype"), &bits) ||
        shape_of(r, t, ant__tree_get(x, "shape"), &count) ||
        offsets_of(r, t, ant__tree_get(x, "data_offsets")))
        return r->c->error.code;
    if (count * (uint64_t)bits % 8 || t->end - t->begin != count * (uint64_t)bits / 8)
        return fail_tensor(r, name, "its bytes are not those that its shape takes");
    return t->dtype == ANT_BOOL ? check_bools(r, t) : 0;
}

/* --- all of them --- */
static int read_notes(reader *r, const ant_tree *notes) {
    if (notes->kind != ANT__MAP)
        return fail(r, "__metadata__ is no object");
    const size_t n = (size_t)ant__tree_count(notes);
    r->out->notes = ant__arena_array(&r->c->arena, n + 1, sizeof(ant_note));
    if (!r->out->notes)
        return ant__fail_memory(&r->c->error);
    for (const ant_tree *x = notes->first; x; x = x->next) {
        if (x->kind != ANT__QUOTED)
            return fail(r, "__metadata__ holds something else than text");
        r->out->notes[r->out->notes_n++] = (ant_note){x->key, x->text};
    }
    return 0;
}

static int by_place(const void *a, const void *b) {
    const ant_tensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Every byte belongs to exactly one tensor. */
static int check_cover(reader *r) {
    uint64_t at = 0;
    if (r->out->n)
        qsort(r->out->tensors, (size_t)r->out->n, sizeof *r->out->tensors, by_place);
    for (int k = 0; k < r->out->n; k++) {
        const ant_tensor *t = &r->out->tensors[k];
        if (t->begin != at)
            return fail_tensor(r, t->name,
                               t->begin < at ? "its bytes belong to another one too"
                                             : "the bytes before it belong to none");
        at = t->end;
    }
    return at == r->bytes ? 0 : fail(r, "there are bytes behind the last tensor");
}

static bool is_notes(const ant_tree *entry) {
    return !strcmp(entry->key, "__metadata__");
}

static int count_entry(void *data, const ant_tree *entry) {
    reader *r = data;
    r->tensors += !is_notes(entry);
    if (r->tensors <= r->limits->tensors)
        return 0;
    return ant__fail(&r->c->error, ANT_E_LIMIT, "%s: safetensors: more than %d tensors", r->path,
                     r->limits->tensors);
}

static int read_entry(void *data, const ant_tree *entry) {
    reader *r = data;
    if (is_notes(entry))
        return read_notes(r, entry);
    return read_tensor(r, entry, &r->out->tensors[r->out->n++]);
}

/* Twice: how many there are is known before any is kept. */
static int read_header(reader *r, const char *where, const unsigned char *text, size_t size) {
    ant_context *c = r->c;
    ant_context_mark before = ant__context_mark(c);
    int code = ant__json_each(c, where, text, size, r->limits, count_entry, r);
    ant__context_release(c, &before);
    if (code)
        return code;
    r->out->tensors = ant__arena_array(&c->arena, (size_t)r->tensors + 1, sizeof *r->out->tensors);
    if (!r->out->tensors)
        return ant__fail_memory(&c->error);
    code = ant__json_each(c, where, text, size, r->limits, read_entry, r);
    return code ? code : check_cover(r);
}

static uint64_t little64(const unsigned char *s) {
    uint64_t x = 0;
    for (int k = LENGTH_SIZE; k--;)
        x = x << 8 | s[k];
    return x;
}

bool ant__safetensors_is(const unsigned char *bytes, size_t size) {
    return size > LENGTH_SIZE && bytes[LENGTH_SIZE] == '{' && little64(bytes) <= SPEC_HEADER;
}

static int check_length(reader *r, const unsigned char *bytes, size_t size, uint64_t *length) {
    if (size < LENGTH_SIZE)
        return fail(r, "the file is too short");
    *length = little64(bytes);
    if (*length > SPEC_HEADER || *length > (uint64_t)r->limits->text_bytes)
        return ant__fail(&r->c->error, ANT_E_LIMIT,
                         "%s: safetensors: a header of %llu bytes is longer than the limit",
                         r->path, (unsigned long long)*length);
    if (*length < 2 || *length > size - LENGTH_SIZE)
        return fail(r, "the file ends in its header");
    if (bytes[LENGTH_SIZE] != '{')
        return fail(r, "the header does not begin with '{'");
    return 0;
}

int ant__safetensors_parse(ant_context *c, const char *path, const unsigned char *bytes,
                           size_t size, const ant_limits *limits, ant_safetensors *out) {
    *out = (ant_safetensors){0};
    reader r = {.c = c, .limits = ant__limits(limits), .path = path, .out = out};
    uint64_t length = 0;
    if (check_length(&r, bytes, size, &length))
        return c->error.code;
    out->numbers = bytes + LENGTH_SIZE + length;
    r.bytes = size - LENGTH_SIZE - length;
    const char *where = ant__print(c, "%s: safetensors: header", path);
    return where ? read_header(&r, where, bytes + LENGTH_SIZE, (size_t)length) : c->error.code;
}

/* --- using them --- */
const ant_tensor *ant__safetensors_find(const ant_safetensors *s, const char *name) {
    for (int k = 0; k < s->n; k++)
        if (!strcmp(s->tensors[k].name, name))
            return &s->tensors[k];
    return NULL;
}

const char *ant__safetensors_note(const ant_safetensors *s, const char *key) {
    for (int k = 0; k < s->notes_n; k++)
        if (!strcmp(s->notes[k].key, key))
            return s->notes[k].value;
    return NULL;
}

int ant__tensor_array(ant_context *c, const char *path, const ant_safetensors *s,
                      const ant_tensor *t, ant_array *out) {
    if (!t->dtype)
        return ant__fail(&c->error, ANT_E_FORMAT, "%s: tensor '%.200s': type %s is not read", path,
                         t->name, t->type);
    *out = (ant_array){.data = (void *)(uintptr_t)(s->numbers + t->begin),
                       .dtype = t->dtype,
                       .axes = t->dims.rank,
                       .name = t->name,
                       .swapped = ant__big_endian() && ant__dtype_size(t->dtype) > 1};
    memcpy(out->shape, t->dims.dim, sizeof out->shape);
    if (!out->axes) {
        out->axes = 1;
        out->shape[0] = 1;
    }
    return 0;
}
