/* safetensors: the headers that its specification forbids, one by one. */
#include "hostile.h"
#include "io/array.h"
#include "io/safetensors.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char file[4096];

/* A file with this header and `bytes` of zeros behind it. */
static size_t make(const char *header, size_t bytes) {
    size_t n = strlen(header);
    memset(file, 0, sizeof file);
    for (size_t k = 0; k < 8; k++)
        file[k] = (unsigned char)(n >> 8 * k);
    memcpy(file + 8, header, n);
    return 8 + n + bytes;
}

#define T(type, shape, from, to)                                                                   \
    "{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]}"

static const struct {
    const char *header;
    size_t bytes;
} accepted[] = {
    {"{}", 0},
    {"{\"a\":" T("F32", "[2,3]", 0, 24) "}", 24},
    {"{\"a\":" T("F32", "[2,3]", 0, 24) "}     ", 24},
    {"{\"b\":" T("U8", "[3]", 24, 27) ",\"a\":" T("F32", "[2,3]", 0, 24) "}", 27},
    {"{\"a\":" T("F32", "[]", 0, 4) "}", 4},
    {"{\"a\":" T("F32", "[0,3]", 0, 0) "}", 0},
    {"{\"__metadata__\":{\"k\":\"v\"},\"a/b:0\":" T("I64", "[1]", 0, 8) "}", 8},
    {"{\"a\\u00e4\":" T("BOOL", "[2]", 0, 2) "}", 2},
};

START_TEST(reads) {
    size_t n = make(accepted[_i].header, accepted[_i].bytes);
    const char *error = hostile_read(file, n);
    ck_assert_msg(!error, "%s", error);
}
END_TEST

static const struct {
    const char *header;
    size_t bytes;
    const char *because;
} refused[] = {
    {"{\"a\":" T("F32", "[2,3]", 0, 24) "}", 23, "behind the end"},
    {"{\"a\":" T("F32", "[2,3]", 0, 24) "}", 25, "behind the last tensor"},
    {"{\"a\":" T("F32", "[2,3]", 0, 24) "}x", 24, "nothing after the value"},
    {"{\"a\":" T("F32", "[2,3]", 0, 24) ",}", 24, "header"},
    {"{\"a\":" T("F32", "[2,3]", 0, 24) ",\"a\":" T("F32", "[1]", 24, 28) "}", 28, "stands twice"},
    {"{\"a\":" T("F32", "[2]", 0, 8) ",\"\\u0061\":" T("F32", "[1]", 8, 12) "}", 12,
     "stands twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
     "stands twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "stands twice"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "something else than text"},
    {"{\"__metadata__\":[]}", 0, "no object"},
    {"{\"a\":" T("F32", "[2]", 0, 8) ",\"b\":" T("F32", "[2]", 4, 12) "}", 12, "another one too"},
    {"{\"a\":" T("F32", "[2]", 0, 8) ",\"b\":" T("F32", "[2]", 12, 20) "}", 20, "belong to none"},
    {"{\"a\":" T("F32", "[2]", 8, 0) "}", 8, "data_offsets"},
    {"{\"a\":" T("F32", "[2]", -8, 0) "}", 8, "data_offsets"},
    {"{\"a\":" T("F32", "[2]", 0.0, 8) "}", 8, "data_offsets"},
    {"{\"a\":" T("F32", "[2]", 0, 18446744073709551616) "}", 8, "data_offsets"},
    {"{\"a\":" T("F32", "[3]", 0, 8) "}", 8, "its shape takes"},
    {"{\"a\":" T("F32", "[-1]", 0, 8) "}", 8, "whole number"},
    {"{\"a\":" T("F32", "[2.0]", 0, 8) "}", 8, "whole number"},
    {"{\"a\":" T("F32", "[\"2\"]", 0, 8) "}", 8, "whole number"},
    {"{\"a\":" T("F32", "[4294967296,4294967296]", 0, 8) "}", 8, "larger than any memory"},
    {"{\"a\":" T("F32", "[4611686018427387904,4]", 0, 0) "}", 0, "larger than any memory"},
    {"{\"a\":" T("F32", "[1,1,1,1,1,1,1,1,2]", 0, 8) "}", 8, "9 axes"},
    {"{\"a\":" T("F32", "2", 0, 8) "}", 8, "as a list"},
    {"{\"a\":" T("F4", "[1]", 0, 0) "}", 0, "its shape takes"},
    {"{\"a\":" T("f32", "[2]", 0, 8) "}", 8, "no type 'f32'"},
    {"{\"a\":" T("BF16", "[2]", 0, 4) "}", 4, "BF16 is not read"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "expected {"},
    {"{\"a\":{\"dtype\":3,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "as text"},
    {"{\"\":" T("F32", "[2]", 0, 8) "}", 8, "name is empty"},
    {"{\"a\\u0000b\":" T("F32", "[2]", 0, 8) "}", 8, "header"},
    {"{\"\\ud800\":" T("F32", "[2]", 0, 8) "}", 8, "header"},
    {"{\"\xFF\":" T("F32", "[2]", 0, 8) "}", 8, "header"},
    {"{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}", 0, "expected {"},
};

START_TEST(refuses) {
    size_t n = make(refused[_i].header, refused[_i].bytes);
    hostile_refused(file, n, refused[_i].because);
}
END_TEST

/* Lengths of the header are told by the parser itself: such files are no safetensors by content. */
START_TEST(refuses_lengths) {
    static const uint64_t lengths[] = {
        0, 1, 1000, 100000000, 100000001, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 7};
    ant_context c = {0};
    ant_safetensors s;
    size_t n = make("{}", 0);
    for (int k = 0; k < 8; k++)
        file[k] = (unsigned char)(lengths[_i] >> 8 * k);
    ck_assert_int_ne(ant__safetensors_parse(&c, "f", file, n, NULL, &s), 0);
    for (size_t k = 0; k < 8; k++) {
        ant__error_clear(&c.error);
        ck_assert_int_eq(ant__safetensors_parse(&c, "f", file, k, NULL, &s), ANT_E_FORMAT);
    }
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(deep_headers_end) {
    enum { DEPTH = 100000 };
    char *header = malloc(DEPTH + 1);
    ant_context c = {0};
    ant_safetensors s;
    memset(header, '[', DEPTH);
    memcpy(header, "\0\0\0\0\0\0\0\0{\"a\":", 13);
    for (int k = 0; k < 8; k++)
        header[k] = (char)((uint64_t)(DEPTH - 8) >> 8 * k & 0xFF);
    ck_assert_int_eq(ant__safetensors_parse(&c, "f", (unsigned char *)header, DEPTH, NULL, &s),
                     ANT_E_LIMIT);
    free(header);
    ant__arena_free(&c.arena);
}
END_TEST

START_TEST(cuts_and_flips) {
    static unsigned char copy[512];
    size_t n = make("{\"__metadata__\":{\"k\":\"v\"},\"a\":" T("BOOL", "[2]", 8, 10) ",\"b\":" T(
                        "F64", "[1]", 0, 8) "}",
                    10);
    memcpy(copy, file, n);
    hostile_cuts(copy, 9, n);
    hostile_flips(copy, n);
}
END_TEST

START_TEST(round_trip) {
    static const float x[4] = {1, 2, 3, 4};
    static const int64_t y[2] = {7, 8};
    static const bool flags[3] = {true, false, true};
    ant_fault error = {0};
    scratch_begin();
    const char *path = scratch_path("r.safetensors"), *odd = "we\"ird\\/\n:0";
    ant_array arrays[] = {ant_named("flags", flags, 3), ant_named(odd, x, 2, 2),
                          ant_named("y", y, 2)};
    ant_note note = {"config", "line one\nline \"two\"\t\xC3\xA4"};
    ck_assert_msg(!ant__safetensors_write(&error, path, arrays, 3, &note, 1), "%s", error.text);
    size_t n;
    char *bytes = scratch_read(path, &n);
    ant_context c = {0};
    ant_safetensors s;
    ck_assert_msg(!ant__safetensors_parse(&c, path, (unsigned char *)bytes, n, NULL, &s), "%s",
                  c.error.text);
    ck_assert_int_eq((s.numbers - (unsigned char *)bytes) % 8, 0);
    ck_assert_str_eq(s.tensors[0].name, "y");
    ck_assert_str_eq(ant__safetensors_note(&s, "config"), note.value);
    const ant_tensor *t = ant__safetensors_find(&s, odd);
    ck_assert_ptr_nonnull(t);
    ck_assert_int_eq(t->dims.rank, 2);
    ck_assert(!memcmp(s.numbers + t->begin, x, sizeof x));
    ant__arena_free(&c.arena);
    free(bytes);
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("safetensors", ANT_LOOP(reads, (int)(sizeof accepted / sizeof *accepted)),
              ANT_LOOP(refuses, (int)(sizeof refused / sizeof *refused)),
              ANT_LOOP(refuses_lengths, 8), {deep_headers_end, 0}, {cuts_and_flips, 0},
              {round_trip, 0})
