/* HDF5 files made to take time or memory: each must be read or refused within two seconds of
 * processor time per 10 MB, and within twice the file's size and 16 MB. */
#include "hdf5_make.h"
#include "hdf5_walk.h"
#include "hostile.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || defined __clang__
enum { SECONDS = 20 }; /* with a sanitizer, which clang does not tell in this way */
#else
enum { SECONDS = 2 };
#endif
enum { SIZE = 10 << 20, MORE = 16 << 20 };

/* Parses what was made; `because` NULL: it is read, else refused for this reason. Frees it. */
static void expect(maker *m, uint64_t root, const ant_limits *limits, const char *because) {
    ant_context c = {0};
    ant_hdf5_node *top;
    make_end(m, root);
    size_t size = m->file.size;
    memory_fail_at(0);
    clock_t start = clock();
    ant__hdf5_parse(&c, "file", (unsigned char *)m->file.at, size, limits, &top);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    int64_t peak = memory_peak();
    ck_assert_msg((because != NULL) == (c.error.code != 0), "%s", c.error.text);
    ck_assert_msg(!because || strstr(c.error.text, because), "'%s' does not say '%s'", c.error.text,
                  because);
    ck_assert_msg(seconds < SECONDS * ((double)size / SIZE + 1), "%g s for %zu bytes", seconds,
                  size);
    ck_assert_msg(peak <= 2 * (int64_t)size + MORE, "%lld bytes for a file of %zu", (long long)peak,
                  size);
    ant__arena_free(&c.arena);
    ant__buffer_free(&m->file);
}

/* --- many of the smallest --- */
/* Links to n members, whose headers have the same size and stand in a row from `first` on. */
static uint64_t root_of(maker *m, uint64_t first, uint64_t size, int n) {
    char name[16];
    make_group(m);
    for (int k = 0; k < n; k++) {
        snprintf(name, sizeof name, "%x", (unsigned)k);
        make_link(m, name, first + (uint64_t)k * size);
    }
    return make_object(m);
}

START_TEST(many_groups) {
    enum { N = 140000 };
    maker m;
    make_begin(&m);
    uint64_t first = m.file.size;
    for (int k = 0; k < N; k++) {
        make_group(&m);
        make_object(&m);
    }
    uint64_t size = (m.file.size - first) / N;
    expect(&m, root_of(&m, first, size, N), NULL, NULL);
}
END_TEST

static void make_compact(maker *m) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "\x10\x8\0\0\1\0\0\0\0\0\x8\0", 12);
    make_message(m, 0x03, 0, &b);
    make_space(m, 0, NULL);
    ant__put_bytes(&b, "\3\0\1\0x", 5);
    make_message(m, 0x08, 0, &b);
}

START_TEST(many_datasets) {
    enum { N = 120000 };
    static const ant_limits few = {ANT_LIMITS_DEFAULTS, .tensors = N - 1};
    maker m;
    make_begin(&m);
    uint64_t first = m.file.size;
    for (int k = 0; k < N; k++) {
        make_compact(&m);
        make_object(&m);
    }
    uint64_t size = (m.file.size - first) / N;
    expect(&m, root_of(&m, first, size, N), _i ? &few : NULL,
           _i ? "more than 119999 datasets" : NULL);
}
END_TEST

START_TEST(many_attributes) {
    enum { N = 1000000 };
    char name[16];
    maker m;
    make_begin(&m);
    for (int k = 0; k < N; k++) {
        snprintf(name, sizeof name, "%d", k);
        make_attribute(&m, name, "x", 1);
    }
    make_group(&m);
    expect(&m, make_object(&m), NULL, NULL);
}
END_TEST

START_TEST(million_members) {
    enum { N = 1000000 };
    maker m;
    make_begin(&m);
    make_group(&m);
    uint64_t member = make_object(&m);
    expect(&m, root_of(&m, member, (uint64_t)_i, N), NULL, "its member '1' is something else too");
}
END_TEST

/* --- what repeats itself --- */
START_TEST(deep_groups) {
    ant_context c = {0};
    maker m;
    make_begin(&m);
    make_group(&m);
    uint64_t at = make_object(&m);
    for (int k = 0; k < _i; k++) {
        make_group(&m);
        make_link(&m, "in", at);
        at = make_object(&m);
    }
    expect(&m, at, NULL, _i < 64 ? NULL : "groups in groups, more than 64 deep");
    ant__arena_free(&c.arena);
}
END_TEST

/* Members of a long name and an error in the last: the message has no more than a line. */
START_TEST(long_names) {
    enum { N = 10, LONG = 60000 };
    static char name[LONG + 1];
    maker m;
    make_begin(&m);
    make_group(&m);
    uint64_t at = make_object(&m);
    memset(name, 'x', LONG);
    name[0] = '\n';
    for (int k = 0; k < N; k++) {
        make_group(&m);
        make_link(&m, name, k ? at : 48 + 1);
        at = make_object(&m);
    }
    expect(&m, at, NULL, "'/?xxxx");
}
END_TEST

/* A hundred thousand texts: in one list, each in a heap of its own, or each of one heap's objects
 * named many times. */
static void put_reference(ant_buffer *b, uint64_t length, uint64_t heap, unsigned number) {
    ant__put_u32(b, length);
    ant__put_u64(b, heap);
    ant__put_u32(b, number);
}

static uint64_t make_heap(maker *m, int objects) {
    ant_buffer b = {0};
    uint64_t size = 16 + 24 * (uint64_t)objects;
    size = size < 4096 ? 4096 : size;
    ant__put_bytes(&b, "GCOL\1\0\0\0", 8);
    ant__put_u64(&b, size);
    for (int k = 1; k <= objects; k++) {
        ant__put_u32(&b, (unsigned)k);
        ant__put_u32(&b, 0);
        ant__put_u64(&b, 8);
        ant__put_bytes(&b, "xxxxxxxx", 8);
    }
    while (b.size < size)
        ant__put_u64(&b, 0);
    uint64_t at = make_bytes(m, b.at, b.size);
    ant__buffer_free(&b);
    return at;
}

START_TEST(many_texts) {
    enum { HEAPS = 6, EACH = 65535, LIST = 4000 };
    ant_buffer references = {0};
    char name[16];
    maker m;
    make_begin(&m);
    for (int k = 0; k < HEAPS; k++) {
        uint64_t at = make_heap(&m, EACH);
        for (int i = 1; i <= EACH; i++)
            put_reference(&references, 8, at, (unsigned)i);
    }
    for (int k = 0; k < HEAPS * EACH / LIST; k++) {
        ant_buffer part = {references.at + (size_t)k * LIST * 16, LIST * 16, 0, false};
        snprintf(name, sizeof name, "list%d", k);
        make_texts(&m, name, &part, LIST);
    }
    ant__buffer_free(&references);
    make_group(&m);
    expect(&m, make_object(&m), NULL, NULL);
}
END_TEST

START_TEST(many_heaps) {
    enum { HEAPS = 2500 };
    ant_buffer references = {0};
    maker m;
    make_begin(&m);
    for (int k = 0; k < HEAPS; k++)
        put_reference(&references, 8, make_heap(&m, 1), 1);
    make_texts(&m, "list", &references, HEAPS);
    ant__buffer_free(&references);
    make_group(&m);
    expect(&m, make_object(&m), NULL, NULL);
}
END_TEST

/* --- promises --- */
/* Datasets that were never written. */
START_TEST(nothing_stored) {
    enum { N = 1000 };
    maker m;
    make_begin(&m);
    uint64_t first = m.file.size, entries = _i ? 100000 : 100;
    for (int k = 0; k < N; k++) {
        make_float(&m);
        make_space(&m, 1, &entries);
        make_contiguous(&m, UINT64_MAX, 4 * entries);
        make_object(&m);
    }
    uint64_t size = (m.file.size - first) / N;
    expect(&m, root_of(&m, first, size, N), NULL,
           _i ? "datasets have 1200000 bytes that are not in the file" : NULL);
}
END_TEST

/* Datasets of one packed chunk each, which promise what deflate cannot hold; alone, each is
 * small. */
START_TEST(packed_promises) {
    enum { N = 3000 };
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    uint64_t first = m.file.size, entries = 262144;
    for (int k = 0; k < N; k++) {
        uint64_t at = make_bytes(&m, "12345678", 8);
        make_float(&m);
        make_space(&m, 1, &entries);
        ant__put_bytes(&b, "\2\1\1\0\0\0\0\0", 8);
        make_message(&m, 0x0B, 0, &b);
        ant__put_bytes(&b, "\4\2\2\2\4", 5);
        ant__put_u32(&b, entries);
        ant__put_u32(&b, 4);
        ant__put_bytes(&b, "\1\x8\0\0\0\0\0\0\0\0\0\0\0", 13);
        ant__put_u64(&b, at);
        make_message(&m, 0x08, 0, &b);
        make_object(&m);
    }
    uint64_t size = (m.file.size - first) / N;
    expect(&m, root_of(&m, first + 8, size, N), NULL, "more than 1100 times as many");
}
END_TEST

/* Paths of arrays repeat the names of groups. */
START_TEST(long_paths) {
    enum { N = 2000, LONG = 60000 };
    static char name[LONG + 1];
    maker m;
    make_begin(&m);
    uint64_t first = m.file.size;
    for (int k = 0; k < N; k++) {
        make_compact(&m);
        make_object(&m);
    }
    uint64_t size = (m.file.size - first) / N, group = root_of(&m, first, size, N);
    memset(name, 'x', LONG);
    make_group(&m);
    make_link(&m, name, group);
    make_end(&m, make_object(&m));
    ant_arrays *d = ant_arrays_new();
    scratch_begin();
    scratch_write(scratch_path("long.h5"), m.file.at, m.file.size);
    memory_fail_at(0);
    ck_assert(ant_arrays_read(d, scratch_path("long.h5")));
    ck_assert_msg(strstr(ant_arrays_error(d), "the paths of its datasets take more than") != NULL,
                  "%s", ant_arrays_error(d));
    ck_assert(memory_peak() <= 3 * (int64_t)m.file.size + MORE);
    ant_arrays_free(d);
    ant__buffer_free(&m.file);
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("hdf5_limits", {many_groups, 0}, ANT_LOOP(many_datasets, 2), {many_attributes, 0},
              ANT_LOOP(million_members, 2), ANT_LOOP(deep_groups, 67), {long_names, 0},
              {many_texts, 0}, {many_heaps, 0}, ANT_LOOP(nothing_stored, 2), {packed_promises, 0},
              {long_paths, 0})
