/* npy: every numeric type, both byte orders, Fortran's order, three versions; and lies. */
#include "hostile.h"
#include "io/array.h"
#include "io/npy.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char file[8192];

/* A file of this version with this header text (a newline is added) and numbers. */
static size_t make(int version, const char *header, const void *numbers, size_t bytes) {
    size_t n = strlen(header) + 1, field = version == 1 ? 2 : 4, at = 8 + field;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (unsigned char)version;
    file[7] = 0;
    for (size_t k = 0; k < field; k++)
        file[8 + k] = (unsigned char)(n >> 8 * k);
    memcpy(file + at, header, n - 1);
    file[at + n - 1] = '\n';
    if (bytes)
        memcpy(file + at + n, numbers, bytes);
    return at + n + bytes;
}

#define SMALL "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
static const float six[6] = {1, 2, 3, 4, 5, 6};

static ant_arrays *read_file(size_t size) {
    ant_arrays *d = ant_arrays_new();
    ant_bytes b = {ant__alloc(size + 1), size};
    memcpy(b.at, file, size);
    ck_assert_msg(!ant__arrays_parse(d, "f.npy", b), "%s", ant_arrays_error(d));
    return d;
}

START_TEST(versions) {
    ant_arrays *d = read_file(make(1 + _i, SMALL, six, sizeof six));
    ant_array a = ant_arrays_at(d, 0);
    ck_assert_int_eq(a.dtype, ANT_FLOAT32);
    ck_assert_int_eq(a.axes, 2);
    ck_assert_int_eq(a.shape[0], 2);
    ck_assert_int_eq(a.shape[1], 3);
    ck_assert(!memcmp(a.data, six, sizeof six));
    ant_arrays_free(d);
}
END_TEST

static const struct {
    const char *code;
    int dtype, bytes;
} types[] = {{"b1", ANT_BOOL, 1},    {"i1", ANT_INT8, 1},    {"u1", ANT_UINT8, 1},
             {"i2", ANT_INT16, 2},   {"u2", ANT_UINT16, 2},  {"i4", ANT_INT32, 4},
             {"u4", ANT_UINT32, 4},  {"i8", ANT_INT64, 8},   {"u8", ANT_UINT64, 8},
             {"f2", ANT_FLOAT16, 2}, {"f4", ANT_FLOAT32, 4}, {"f8", ANT_FLOAT64, 8}};

/* The number 1 as an integer in the byte order said, back as the bytes of 1 here. */
START_TEST(types_and_byte_orders) {
    int t = _i / 2, n = types[t].bytes;
    bool big = _i % 2;
    char header[128];
    unsigned char one[8] = {0}, got[8], here[8];
    uint64_t native = 1;
    memcpy(here, &native, 8);
    one[big ? n - 1 : 0] = 1;
    snprintf(header, sizeof header,
             "{\"shape\": (1,), \"fortran_order\": False, \"descr\": \"%c%s\"}", big ? '>' : '<',
             types[t].code);
    ant_arrays *d = read_file(make(1, header, one, (size_t)n));
    ant_array a = ant_arrays_at(d, 0);
    ck_assert_int_eq(a.dtype, types[t].dtype);
    ant__array_copy(got, &a);
    ck_assert(!memcmp(got, here, (size_t)n));
    ant_arrays_free(d);
}
END_TEST

START_TEST(fortran_order) {
    static const float columns[6] = {1, 4, 2, 5, 3, 6};
    float got[6];
    ant_arrays *d = read_file(make(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}",
                                   columns, sizeof columns));
    ant_array a = ant_arrays_at(d, 0);
    ant__array_copy(got, &a);
    ck_assert(!memcmp(got, six, sizeof six));
    ant_arrays_free(d);
}
END_TEST

START_TEST(no_rows) {
    ant_arrays *d =
        read_file(make(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (0, 3)}", NULL, 0));
    ck_assert_int_eq(ant_arrays_at(d, 0).shape[0], 0);
    ant_arrays_free(d);
}
END_TEST

static const struct {
    const char *header, *because;
} refused[] = {
#define SHAPE(s) "{'descr': '<f4', 'fortran_order': False, 'shape': " s ", }"
#define TYPE(t) "{'descr': " t ", 'fortran_order': False, 'shape': (6,), }"
    {SHAPE("()"), "without axes"},
    {SHAPE("(6)"), "no tuple"},
    {SHAPE("6"), "no tuple"},
    {SHAPE("(-6,)"), "not negative"},
    {SHAPE("(6.0,)"), "no tuple"},
    {SHAPE("(True,)"), "not negative"},
    {SHAPE("(5,)"), "24 bytes of numbers, its shape takes 20"},
    {SHAPE("(7,)"), "24 bytes of numbers, its shape takes 28"},
    {SHAPE("(9223372036854775807,)"), "larger than any memory"},
    {SHAPE("(99999999999999999999,)"), "larger than any memory"},
    {SHAPE("(4294967296, 4294967296)"), "larger than any memory"},
    {SHAPE("(0, 4611686018427387904, 4611686018427387904)"), "bytes of numbers"},
    {SHAPE("(1,1,1,1,1,1,1,1,6)"), "more than 8 axes"},
    {SHAPE("(6,,)"), "not negative"},
    {TYPE("'|O'"), "Python objects"},
    {TYPE("'O'"), "Python objects"},
    {TYPE("'<U4'"), "text"},
    {TYPE("'|S4'"), "text"},
    {TYPE("'<c8'"), "complex"},
    {TYPE("'<M8[ns]'"), "dates"},
    {TYPE("'|V4'"), "raw"},
    {TYPE("'<f16'"), "not read"},
    {TYPE("'|f4'"), "not read"},
    {TYPE("'f4'"), "not read"},
    {TYPE("''"), "not read"},
    {TYPE("[('a', '<f4')]"), "structured"},
    {TYPE("'<f\\x34'"), "escape"},
    {TYPE("'<f4"), "not read"},
    {"{'descr", "does not end"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}", "twice"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}", "not known"},
    {"{'descr': '<f4', 'shape': (6,)}", "lacks"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (6,)}", "neither True nor False"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} x", "does not end"},
    {"[]", "no dictionary"},
    {"", "no dictionary"},
    {"{{{{{{{{", "in quotes"},
};

START_TEST(refuses) {
    hostile_refused(file, make(1, refused[_i].header, six, sizeof six), refused[_i].because);
}
END_TEST

START_TEST(refuses_what_surrounds_it) {
    size_t n = make(1, SMALL, six, sizeof six);
    file[6] = 4;
    hostile_refused(file, n, "version 4.0");
    file[6] = 0;
    hostile_refused(file, n, "version 0.0");
    file[6] = file[7] = 255;
    hostile_refused(file, n, "version 255.255");
    n = make(1, SMALL, six, sizeof six);
    file[8] = file[9] = 0;
    hostile_refused(file, n, "ends in its header");
    file[8] = file[9] = 0xFF;
    hostile_refused(file, n, "a header of 65535 bytes");
    n = make(2, SMALL, six, sizeof six);
    memset(file + 8, 0xFF, 4);
    hostile_refused(file, n, "a header of 4294967295 bytes");
    unsigned char two = 2;
    n = make(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", &two, 1);
    hostile_refused(file, n, "neither 0 nor 1");
}
END_TEST

START_TEST(cuts_and_flips) {
    static unsigned char copy[512];
    size_t n = make(1 + _i, SMALL, six, sizeof six);
    memcpy(copy, file, n);
    hostile_cuts(copy, 6, n);
    hostile_flips(copy, n);
}
END_TEST

static ant_array some(int dtype, void *data, int64_t rows, int64_t columns) {
    return (ant_array){.data = data, .dtype = dtype, .axes = 2, .shape = {rows, columns}};
}

START_TEST(round_trip) {
    scratch_begin();
    const char *path = scratch_path("r.npy");
    ant_arrays *out = ant_arrays_new(), *in = ant_arrays_new();
    ck_assert(!ant_arrays_add(out, NULL, some(ANT_FLOAT32, (void *)(uintptr_t)six, 2, 3)));
    ck_assert_msg(!ant_arrays_write(out, path), "%s", ant_arrays_error(out));
    ck_assert_msg(!ant_arrays_read(in, path), "%s", ant_arrays_error(in));
    ant_array a = ant_arrays_at(in, 0);
    ck_assert_int_eq(a.shape[1], 3);
    ck_assert(!memcmp(a.data, six, sizeof six));
    size_t n;
    char *bytes = scratch_read(path, &n);
    ck_assert_uint_eq(n, 128 + sizeof six);
    free(bytes);
    ck_assert(!ant_arrays_add(out, "second", a));
    ck_assert_int_eq(ant_arrays_write(out, path), ANT_E_DATA);
    ck_assert_int_eq(ant_arrays_write(out, "x.txt"), ANT_E_FORMAT);
    ant_arrays_free(out);
    ant_arrays_free(in);
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("npy", ANT_LOOP(versions, 3), ANT_LOOP(types_and_byte_orders, 24), {fortran_order, 0},
              {no_rows, 0}, ANT_LOOP(refuses, (int)(sizeof refused / sizeof *refused)),
              {refuses_what_surrounds_it, 0}, ANT_LOOP(cuts_and_flips, 3), {round_trip, 0})
