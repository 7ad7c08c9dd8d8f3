/* Reading safetensors. */
#include "io/safetensors.h"
#include "io/array.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_SIZE = 8, SPEC_HEADER = 100000000 };

typedef struct reader {
    ant_context *c;
    const ant_limits *limits;
    const char *path;
    ant_safetensors *out;
    uint64_t bytes; /* of all numbers */
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

static const char *keep(reader *r, const char *text) {
    const char *kept = ant__arena_text(&r->c->arena, text);
    if (!kept)
        ant__fail_memory(&r->c->error);
    return kept;
}

/* --- one tensor --- */
static int bits_of(reader *r, ant_tensor *t, const json_t *type, int *bits) {
    if (!json_is_string(type))
        return fail_tensor(r, t->name, "expected \"dtype\" as text");
    const char *said = json_string_value(type);
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

static int shape_of(reader *r, ant_tensor *t, const json_t *shape, uint64_t *count) {
    if (!json_is_array(shape))
        return fail_tensor(r, t->name, "expected \"shape\" as a list");
    size_t rank = json_array_size(shape);
    if (rank > ANT_MAX_AXES)
        return ant__fail(&r->c->error, ANT_E_LIMIT, "%s: tensor '%.200s': %zu axes; at most %d",
                         r->path, t->name, rank, ANT_MAX_AXES);
    *count = 1;
    for (size_t k = 0; k < rank; k++) {
        const json_t *x = json_array_get(shape, k);
        json_int_t n = json_is_integer(x) ? json_integer_value(x) : -1;
        if (n < 0)
            return fail_tensor(r, t->name, "a size is no whole number from 0 up");
        if (n && *count > (uint64_t)INT64_MAX / 64 / (uint64_t)n)
            return fail_tensor(r, t->name, "its shape is larger than any memory");
        *count *= (uint64_t)n;
        t->dims.dim[t->dims.rank++] = n;
    }
    return 0;
}

static int offsets_of(reader *r, ant_tensor *t, const json_t *offsets) {
    const json_t *a = json_array_get(offsets, 0), *b = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(a) || !json_is_integer(b) ||
        json_integer_value(a) < 0 || json_integer_value(b) < json_integer_value(a))
        return fail_tensor(r, t->name, "expected \"data_offsets\" as [begin, end]");
    t->begin = (uint64_t)json_integer_value(a);
    t->end = (uint64_t)json_integer_value(b);
    return t->end > r->bytes ? fail_tensor(r, t->name, "it ends behind the end of the file") : 0;
}

/* Any byte but 0 and 1 is no bool of C. */
static int check_bools(reader *r, const ant_tensor *t) {
    for (uint64_t k = t->begin; k < t->end; k++)
        if (r->out->numbers[k] > 1)
            return fail_tensor(r, t->name, "a bool is neither 0 nor 1");
    return 0;
}

static int read_tensor(reader *r, const char *name, const json_t *x, ant_tensor *t) {
    uint64_t count = 0;
    int bits = 0;
    *t = (ant_tensor){.name = keep(r, name)};
    if (!t->name)
        return r->c->error.code;
    if (!*name || strlen(name) > (size_t)r->limits->string_bytes)
        return fail_tensor(r, name, "its name is empty or longer than the limit");
    if (!json_is_object(x) || json_object_size(x) != 3)
        return fail_tensor(r, name, "expected {\"dtype\", \"shape\", \"data_offsets\"}");
    if (bits_of(r, t, json_object_get(x, "dtype"), &bits) ||
        shape_of(r, t, json_object_get(x, "shape"), &count) ||
        offsets_of(r, t, json_object_get(x, "data_offsets")))
        return r->c->error.code;
    if (count * (uint64_t)bits % 8 || t->end - t->begin != count * (uint64_t)bits / 8)
        return fail_tensor(r, name, "its bytes are not those that its shape takes");
    return t->dtype == ANT_BOOL ? check_bools(r, t) : 0;
}

/* --- all of them --- */
static int read_notes(reader *r, json_t *notes) {
    const char *key;
    json_t *x;
    if (!json_is_object(notes))
        return fail(r, "__metadata__ is no object");
    r->out->notes = ant__arena_array(&r->c->arena, json_object_size(notes) + 1, sizeof(ant_note));
    if (!r->out->notes)
        return ant__fail_memory(&r->c->error);
    json_object_foreach(notes, key, x) {
        if (!json_is_string(x))
            return fail(r, "__metadata__ holds something else than text");
        ant_note note = {keep(r, key), keep(r, json_string_value(x))};
        if (!note.key || !note.value)
            return r->c->error.code;
        r->out->notes[r->out->notes_n++] = note;
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

static int read_object(reader *r, json_t *root) {
    const char *key;
    json_t *x;
    if (!json_is_object(root))
        return fail(r, "the header is no object");
    size_t n = json_object_size(root);
    if (n > (size_t)r->limits->tensors)
        return ant__fail(&r->c->error, ANT_E_LIMIT, "%s: safetensors: %zu tensors; at most %d",
                         r->path, n, r->limits->tensors);
    r->out->tensors = ant__arena_array(&r->c->arena, n + 1, sizeof *r->out->tensors);
    if (!r->out->tensors)
        return ant__fail_memory(&r->c->error);
    json_object_foreach(root, key, x) {
        bool notes = !strcmp(key, "__metadata__");
        if (notes ? read_notes(r, x) : read_tensor(r, key, x, &r->out->tensors[r->out->n]))
            return r->c->error.code;
        r->out->n += !notes;
    }
    return check_cover(r);
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
    json_error_t wrong;
    if (check_length(&r, bytes, size, &length))
        return c->error.code;
    out->numbers = bytes + LENGTH_SIZE + length;
    r.bytes = size - LENGTH_SIZE - length;
    json_t *root = json_loadb((const char *)bytes + LENGTH_SIZE, (size_t)length,
                              JSON_REJECT_DUPLICATES, &wrong);
    if (!root)
        return json_error_code(&wrong) == json_error_out_of_memory
                   ? ant__fail_memory(&c->error)
                   : ant__fail(&c->error, ANT_E_FORMAT, "%s: safetensors: header: %s at byte %d",
                               path, wrong.text, wrong.position);
    int code = read_object(&r, root);
    json_decref(root);
    return code;
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
