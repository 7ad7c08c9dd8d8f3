/* npy: the header is a Python dictionary, of which exactly the three entries that numpy writes are
 * read. */
#include "io/npy.h"
#include "core/shape.h"
#include "io/array.h"
#include <stdio.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6, LONGEST_HEADER = 10000, ALIGNMENT = 64 };

typedef struct reader {
    ant_fault *e;
    const char *name;
    const char *at, *end; /* of the header */
    ant_array *out;
    bool fortran;
    bool has_descr, has_order, has_shape;
} reader;

static const struct type {
    const char *code; /* kind and bytes */
    int dtype;
} types[] = {
    {"b1", ANT_BOOL},   {"i1", ANT_INT8},    {"u1", ANT_UINT8},   {"i2", ANT_INT16},
    {"u2", ANT_UINT16}, {"i4", ANT_INT32},   {"u4", ANT_UINT32},  {"i8", ANT_INT64},
    {"u8", ANT_UINT64}, {"f2", ANT_FLOAT16}, {"f4", ANT_FLOAT32}, {"f8", ANT_FLOAT64},
};
enum { TYPES = sizeof types / sizeof *types };

static int fail(reader *r, const char *what) {
    return ant__fail(r->e, ANT_E_FORMAT, "%s: npy: %s", r->name, what);
}

/* --- the dictionary --- */
static void blanks(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n'))
        r->at++;
}

static bool sign(reader *r, char wanted) {
    blanks(r);
    if (r->at == r->end || *r->at != wanted)
        return false;
    r->at++;
    return true;
}

static bool word(reader *r, const char *wanted) {
    size_t n = strlen(wanted);
    blanks(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, wanted, n))
        return false;
    r->at += n;
    return true;
}

/* A text in quotes without escapes. */
static int quoted(reader *r, char *out, size_t room) {
    blanks(r);
    char quote = r->at < r->end ? *r->at : 0;
    if (quote != '\'' && quote != '"')
        return fail(r, "expected a text in quotes in the header");
    const char *from = ++r->at;
    while (r->at < r->end && *r->at != quote)
        if (*r->at++ == '\\')
            return fail(r, "an escape in the header");
    size_t n = (size_t)(r->at - from);
    if (r->at == r->end || n >= room)
        return fail(r, "a text in the header does not end");
    memcpy(out, from, n);
    out[n] = 0;
    r->at++;
    return 0;
}

static int refuse_type(reader *r, const char *said) {
    const char *kind = said + (said[0] && strchr("<>=|", said[0]) ? 1 : 0);
    const char *what = *kind == 'O'                   ? "Python objects (they run code when read)"
                       : *kind == 'U' || *kind == 'S' ? "text; write it as csv"
                       : *kind == 'c'                 ? "complex numbers"
                       : *kind == 'M' || *kind == 'm' ? "dates and times"
                       : *kind == 'V'                 ? "raw bytes"
                                                      : "a type without a counterpart";
    return ant__fail(r->e, ANT_E_FORMAT, "%s: npy: type '%s' is not read: %s", r->name, said, what);
}

static int descr(reader *r) {
    char said[32] = "";
    blanks(r);
    if (r->at < r->end && *r->at == '[')
        return fail(r, "a structured type is not read; expected one type for all numbers");
    if (quoted(r, said, sizeof said))
        return r->e->code;
    char order = said[0];
    if (!order || !strchr("<>=|", order))
        return refuse_type(r, said);
    for (int k = 0; k < TYPES; k++)
        if (!strcmp(said + 1, types[k].code))
            r->out->dtype = types[k].dtype;
    if (!r->out->dtype)
        return refuse_type(r, said);
    size_t bytes = ant__dtype_size(r->out->dtype);
    if (order == '|' && bytes > 1)
        return refuse_type(r, said);
    r->out->swapped = bytes > 1 && order == (ant__big_endian() ? '<' : '>');
    return 0;
}

static int order(reader *r) {
    r->fortran = word(r, "True");
    return r->fortran || word(r, "False") ? 0 : fail(r, "fortran_order is neither True nor False");
}

static int dimension(reader *r, int64_t *out) {
    blanks(r);
    const char *from = r->at;
    int64_t x = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (x > (INT64_MAX - 9) / 10)
            return fail(r, "a size is larger than any memory");
        x = 10 * x + (*r->at - '0');
    }
    if (r->at == from)
        return fail(r, "expected whole numbers that are not negative in the shape");
    *out = x;
    return 0;
}

static int shape(reader *r) {
    if (!sign(r, '('))
        return fail(r, "the shape is no tuple");
    while (!sign(r, ')')) {
        if (r->out->axes == ANT_MAX_AXES)
            return ant__fail(r->e, ANT_E_LIMIT, "%s: npy: more than %d axes", r->name,
                             ANT_MAX_AXES);
        if (dimension(r, &r->out->shape[r->out->axes++]))
            return r->e->code;
        if (sign(r, ','))
            continue;
        if (!sign(r, ')') || r->out->axes == 1)
            return fail(r, "the shape is no tuple");
        break;
    }
    return r->out->axes ? 0 : fail(r, "a single number without axes; expected rows");
}

static int entry(reader *r) {
    char key[32];
    if (quoted(r, key, sizeof key))
        return r->e->code;
    bool *seen = !strcmp(key, "descr")           ? &r->has_descr
                 : !strcmp(key, "fortran_order") ? &r->has_order
                 : !strcmp(key, "shape")         ? &r->has_shape
                                                 : NULL;
    if (!seen)
        return ant__fail(r->e, ANT_E_FORMAT, "%s: npy: '%s' in the header is not known", r->name,
                         key);
    if (*seen)
        return ant__fail(r->e, ANT_E_FORMAT, "%s: npy: '%s' stands twice in the header", r->name,
                         key);
    *seen = true;
    if (!sign(r, ':'))
        return fail(r, "expected ':' in the header");
    return seen == &r->has_descr ? descr(r) : seen == &r->has_order ? order(r) : shape(r);
}

static int dictionary(reader *r) {
    if (!sign(r, '{'))
        return fail(r, "the header is no dictionary");
    while (!sign(r, '}')) {
        if (entry(r))
            return r->e->code;
        if (sign(r, ','))
            continue;
        if (!sign(r, '}'))
            return fail(r, "expected ',' or '}' in the header");
        break;
    }
    blanks(r);
    if (r->at != r->end || r->end[-1] != '\n')
        return fail(r, "the header does not end where it should");
    if (!r->has_descr || !r->has_order || !r->has_shape)
        return fail(r, "the header lacks 'descr', 'fortran_order' or 'shape'");
    return 0;
}

/* --- around it --- */
bool ant__npy_is(const unsigned char *data, size_t size) {
    return size >= MAGIC && !memcmp(data, magic, MAGIC);
}

static int find_header(reader *r, const unsigned char *data, size_t size, size_t *numbers) {
    if (!ant__npy_is(data, size) || size < MAGIC + 4)
        return fail(r, "it does not begin as an npy file does");
    int version = data[MAGIC];
    if (version < 1 || version > 3 || data[MAGIC + 1])
        return ant__fail(r->e, ANT_E_FORMAT, "%s: npy: version %d.%d; 1.0, 2.0 and 3.0 are known",
                         r->name, version, data[MAGIC + 1]);
    size_t field = version == 1 ? 2 : 4, from = MAGIC + 2 + field, length = 0;
    if (size < from)
        return fail(r, "it ends in its header");
    for (size_t k = field; k--;)
        length = length << 8 | data[MAGIC + 2 + k];
    if (length > LONGEST_HEADER)
        return ant__fail(r->e, ANT_E_LIMIT, "%s: npy: a header of %zu bytes; at most %d", r->name,
                         length, LONGEST_HEADER);
    if (!length || size - from < length)
        return fail(r, "it ends in its header");
    r->at = (const char *)data + from;
    r->end = r->at + length;
    *numbers = from + length;
    return 0;
}

static void fortran_strides(ant_array *a) {
    int64_t step = (int64_t)ant__dtype_size(a->dtype);
    for (int k = 0; k < a->axes; k++) {
        a->strides[k] = step;
        step *= a->shape[k];
    }
}

/* Any byte but 0 and 1 is no bool of C. */
static bool are_bools(const unsigned char *s, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (s[k] > 1)
            return false;
    return true;
}

int ant__npy_parse(ant_fault *e, const char *name, const unsigned char *data, size_t size,
                   ant_array *out) {
    *out = (ant_array){0};
    reader r = {.e = e, .name = name, .out = out};
    size_t numbers = 0, bytes = 0;
    if (find_header(&r, data, size, &numbers) || dictionary(&r))
        return e->code;
    ant_dims dims = {.rank = out->axes};
    memcpy(dims.dim, out->shape, sizeof dims.dim);
    if (!ant__dims_bytes(&dims, out->dtype, &bytes) || bytes > PTRDIFF_MAX)
        return fail(&r, "the shape is larger than any memory");
    if (size - numbers != bytes)
        return ant__fail(e, ANT_E_FORMAT, "%s: npy: %zu bytes of numbers, its shape takes %zu",
                         name, size - numbers, bytes);
    if (out->dtype == ANT_BOOL && !are_bools(data + numbers, bytes))
        return fail(&r, "a bool is neither 0 nor 1");
    out->data = (void *)(uintptr_t)(data + numbers);
    if (r.fortran && out->axes > 1 && bytes)
        fortran_strides(out);
    return 0;
}

/* --- out --- */
static char byte_order(int dtype) {
    return ant__dtype_size(dtype) == 1 ? '|' : ant__big_endian() ? '>' : '<';
}

void ant__npy_header(ant_buffer *b, const ant_array *a) {
    char header[ALIGNMENT + 32 * ANT_MAX_AXES];
    const char *code = "";
    for (int k = 0; k < TYPES; k++)
        if (types[k].dtype == a->dtype)
            code = types[k].code;
    int n = snprintf(header, sizeof header, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     byte_order(a->dtype), code);
    for (int k = 0; k < a->axes; k++)
        n += snprintf(header + n, sizeof header - (size_t)n, "%s%lld%s", k ? " " : "",
                      (long long)a->shape[k], k + 1 < a->axes || !k ? "," : "");
    n += snprintf(header + n, sizeof header - (size_t)n, "), }");
    int whole = (MAGIC + 4 + n + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    ant__put_bytes(b, magic, MAGIC);
    ant__put_bytes(b, "\1\0", 2);
    ant__put_u16(b, (unsigned)(whole - MAGIC - 4));
    ant__put_format(b, "%s%*s\n", header, whole - MAGIC - 5 - n, "");
}
