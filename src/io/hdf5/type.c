/* Datatypes and dataspaces. */
#include "io/array.h"
#include "io/hdf5/parts.h"
#include <string.h>

enum { FIXED, FLOATING, TIME, STRING, BITS, OPAQUE, COMPOUND, REFERENCE, ENUM, VARIABLE, ARRAY };
static const char *const class_names[] = {
    [FIXED] = "an integer",    [FLOATING] = "a float",
    [TIME] = "a time",         [STRING] = "a text",
    [BITS] = "bits",           [OPAQUE] = "raw bytes (opaque)",
    [COMPOUND] = "a compound", [REFERENCE] = "a reference",
    [ENUM] = "an enumeration", [VARIABLE] = "a list of variable length",
    [ARRAY] = "an array",
};
enum { CLASSES = sizeof class_names / sizeof *class_names, NEWEST = 4, MOST_AXES = 32 };

typedef struct type {
    ant_hdf5_reader *r;
    const unsigned char *start;
    int version, cls;
    unsigned bits; /* of the class */
    uint32_t size; /* bytes of an entry */
} type;

static int refuse(const type *t, const char *why) {
    return ant__hdf5_fail(t->r, t->start, "%s of %u byte%s: %s",
                          t->cls < CLASSES ? class_names[t->cls] : "a type that is not known",
                          (unsigned)t->size, t->size == 1 ? "" : "s", why);
}

/* The parts that all types begin with. */
static int read_head(type *t, ant_hdf5_cursor *k) {
    t->start = k->at;
    unsigned head = (unsigned)ant__hdf5_take(k, 1);
    t->version = (int)(head >> 4);
    t->cls = (int)(head & 15);
    t->bits = (unsigned)ant__hdf5_take(k, 3);
    t->size = (uint32_t)ant__hdf5_take(k, 4);
    if (k->failed || t->version < 1 || t->version > NEWEST)
        return ant__hdf5_fail(t->r, t->start,
                              "a datatype is damaged, or of a version that is not "
                              "known");
    return t->size ? 0 : refuse(t, "no type has none");
}

/* --- numbers --- */
static int read_fixed(const type *t, ant_hdf5_cursor *k, ant_hdf5_values *out) {
    static const int8_t types[2][4] = {{ANT_UINT8, ANT_UINT16, ANT_UINT32, ANT_UINT64},
                                       {ANT_INT8, ANT_INT16, ANT_INT32, ANT_INT64}};
    enum { BIG = 1, SIGNED = 8, KNOWN = 15 };
    int power = ant__hdf5_log2(t->size);
    uint64_t offset = ant__hdf5_take(k, 2), precision = ant__hdf5_take(k, 2);
    if (k->failed || power < 0 || power > 3 || offset || precision != 8 * (uint64_t)t->size ||
        t->bits & ~(unsigned)KNOWN)
        return refuse(t, "not one of C's");
    out->dtype = types[!!(t->bits & SIGNED)][power];
    bool swapped = t->size > 1 && (t->bits & BIG ? !ant__big_endian() : ant__big_endian());
    out->form = swapped ? ANT__HDF5_SWAPPED : ANT__HDF5_NATIVE;
    return 0;
}

static const struct floating {
    int dtype; /* 0: bfloat16 */
    unsigned size, exponent_at, exponent, mantissa, bias;
} floats[] = {
    {ANT_FLOAT16, 2, 10, 5, 10, 15},
    {ANT_FLOAT32, 4, 23, 8, 23, 127},
    {ANT_FLOAT64, 8, 52, 11, 52, 1023},
    {0, 2, 7, 8, 7, 127},
};

static int read_floating(const type *t, ant_hdf5_cursor *k, ant_hdf5_values *out) {
    enum { BIG = 1, VAX = 64, IMPLIED = 2 };
    uint64_t offset = ant__hdf5_take(k, 2), precision = ant__hdf5_take(k, 2),
             exponent_at = ant__hdf5_take(k, 1), exponent = ant__hdf5_take(k, 1),
             mantissa_at = ant__hdf5_take(k, 1), mantissa = ant__hdf5_take(k, 1),
             bias = ant__hdf5_take(k, 4);
    bool plain = !k->failed && !offset && !mantissa_at && precision == 8 * (uint64_t)t->size &&
                 t->bits >> 8 == precision - 1 && (t->bits >> 4 & 3) == IMPLIED && !(t->bits & VAX);
    for (size_t i = 0; plain && i < sizeof floats / sizeof *floats; i++) {
        const struct floating *f = &floats[i];
        if (f->size != t->size || f->exponent_at != exponent_at || f->exponent != exponent ||
            f->mantissa != mantissa || f->bias != bias)
            continue;
        bool swapped = t->bits & BIG ? !ant__big_endian() : ant__big_endian();
        out->dtype = (int8_t)(f->dtype ? f->dtype : ANT_FLOAT32);
        out->form = (uint8_t)((f->dtype ? ANT__HDF5_NATIVE : ANT__HDF5_BFLOAT) + swapped);
        return 0;
    }
    return refuse(t, "not one of IEEE's, nor bfloat16");
}

/* h5py writes bool as an enumeration of FALSE and TRUE. */
static int read_bool(const type *t, ant_hdf5_cursor *k, ant_hdf5_values *out) {
    static const char padded[] = "FALSE\0\0\0TRUE\0\0\0\0\0\1", packed[] = "FALSE\0TRUE\0\0\1";
    bool old = t->version < 3;
    type base = {.r = t->r};
    if (read_head(&base, k))
        return t->r->c->error.code;
    size_t size = (old ? sizeof padded : sizeof packed) - 1;
    bool is_byte = base.cls == FIXED && base.size == 1 && !read_fixed(&base, k, out);
    const unsigned char *rest = ant__hdf5_skip(k, size);
    if (!is_byte || !rest || t->bits != 2 || t->size != 1 ||
        memcmp(rest, old ? padded : packed, size))
        return refuse(t, "not the bool of h5py");
    out->dtype = ANT_BOOL;
    return 0;
}

/* --- texts --- */
static int read_string(const type *t, ant_hdf5_values *out) {
    static const uint8_t forms[] = {ANT__HDF5_ENDED, ANT__HDF5_PADDED, ANT__HDF5_BLANKS};
    unsigned padding = t->bits & 15, charset = t->bits >> 4;
    if (padding > 2 || charset > 1)
        return refuse(t, "padded or coded in a way that is not known");
    out->dtype = ANT_TEXT;
    out->form = forms[padding];
    return 0;
}

static int read_variable(const type *t, ant_hdf5_cursor *k, ant_hdf5_values *out) {
    enum { KIND = 15, TEXT = 1, REFERENCE_SIZE = 16 };
    type base = {.r = t->r};
    if (read_head(&base, k))
        return t->r->c->error.code;
    if ((t->bits & KIND) != TEXT || t->size != REFERENCE_SIZE || base.size != 1 ||
        (base.cls != FIXED && base.cls != STRING))
        return refuse(t, "not a text");
    out->dtype = ANT_TEXT;
    out->form = ANT__HDF5_VARIABLE;
    return 0;
}

int ant__hdf5_type_read(ant_hdf5_reader *r, ant_hdf5_span message, ant_hdf5_values *out) {
    ant_hdf5_cursor k = ant__hdf5_cursor(message.at, message.size);
    type t = {.r = r};
    if (read_head(&t, &k))
        return r->c->error.code;
    out->size = t.size;
    switch (t.cls) {
    case FIXED:
        return read_fixed(&t, &k, out);
    case FLOATING:
        return read_floating(&t, &k, out);
    case STRING:
        return read_string(&t, out);
    case ENUM:
        return read_bool(&t, &k, out);
    case VARIABLE:
        return read_variable(&t, &k, out);
    case OPAQUE:
        if (t.size != 2)
            break;
        /* h5py has no other way to write bfloat16: an attribute tells. */
        out->dtype = ANT_FLOAT32;
        out->form = ANT__HDF5_OPAQUE;
        return 0;
    default:
        break;
    }
    return refuse(&t, "there is no counterpart here");
}

/* --- dataspaces --- */
size_t ant__hdf5_count(const ant_hdf5_values *v) {
    size_t n = v->rank >= 0;
    for (int k = 0; k < v->rank; k++)
        n *= (size_t)v->shape[k];
    return n;
}

static int check_bytes(ant_hdf5_reader *r, const void *at, const ant_hdf5_values *v) {
    size_t bytes = v->size;
    for (int k = 0; k < v->rank; k++)
        if (!v->shape[k])
            return 0;
    for (int k = 0; k < v->rank; k++)
        if (!ant__mul(bytes, (size_t)v->shape[k], &bytes) || bytes > PTRDIFF_MAX)
            return ant__hdf5_limit(r, at, "its shape is larger than any memory");
    return 0;
}

static int read_sizes(ant_hdf5_reader *r, ant_hdf5_cursor *k, int64_t *shape, int rank,
                      uint64_t *most, bool has_most) {
    const void *at = k->at;
    for (int i = 0; i < rank; i++) {
        uint64_t size = ant__hdf5_take(k, 8);
        if (size > INT64_MAX)
            return ant__hdf5_limit(r, at, "its shape is larger than any memory");
        shape[i] = (int64_t)size;
    }
    for (int i = 0; i < rank; i++) {
        uint64_t size = has_most ? ant__hdf5_take(k, 8) : (uint64_t)shape[i];
        if (!k->failed && size < (uint64_t)shape[i])
            return ant__hdf5_fail(r, at, "its shape is larger than it can ever be");
        if (most)
            most[i] = size;
    }
    return k->failed ? ant__hdf5_fail(r, at, "its dataspace is too short") : 0;
}

int ant__hdf5_space_read(ant_hdf5_reader *r, ant_hdf5_span message, ant_hdf5_values *out,
                         uint64_t most[ANT_MAX_AXES]) {
    enum { HAS_MOST = 1, SCALAR = 0, SIMPLE = 1, EMPTY = 2 };
    ant_hdf5_cursor k = ant__hdf5_cursor(message.at, message.size);
    uint64_t version = ant__hdf5_take(&k, 1), rank = ant__hdf5_take(&k, 1),
             flags = ant__hdf5_take(&k, 1),
             kind = version == 1 ? (rank ? SIMPLE : SCALAR) : ant__hdf5_take(&k, 1);
    if (version == 1)
        ant__hdf5_skip(&k, 5);
    if (k.failed || version < 1 || version > 2 || flags > HAS_MOST || kind > EMPTY ||
        (kind != SIMPLE && rank) || rank > MOST_AXES)
        return ant__hdf5_fail(r, message.at, "its dataspace is damaged");
    if (rank > ANT_MAX_AXES)
        return ant__hdf5_limit(r, message.at, "it has %d axes; at most %d are read", (int)rank,
                               ANT_MAX_AXES);
    int64_t *shape = rank ? ant__arena_array(&r->c->arena, (size_t)rank, sizeof *shape) : NULL;
    if (rank && !shape)
        return ant__fail_memory(&r->c->error);
    out->rank = (int8_t)(kind == EMPTY ? -1 : (int)rank);
    out->shape = shape;
    if (read_sizes(r, &k, shape, (int)rank, most, flags & HAS_MOST))
        return r->c->error.code;
    return check_bytes(r, message.at, out);
}
