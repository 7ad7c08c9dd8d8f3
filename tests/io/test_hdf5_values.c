/* HDF5 as an enemy would write it: where values stand, how they are packed, attributes and
 * texts. */
#include "hdf5_make.h"
#include "hdf5_walk.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

/* --- layouts --- */
static void refuse_layout(const char *bytes, size_t n, const char *because) {
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    make_float(&m);
    make_space(&m, 1, (uint64_t[]){2});
    ant__put_bytes(&b, bytes, n);
    make_message(&m, 0x08, 0, &b);
    make_refused(&m, make_root(&m), because);
}

START_TEST(layouts) {
    static const char zeros[32];
    refuse_layout("\2\1", 2, "a data layout of version 2; 3 and 4 are known");
    refuse_layout("\5\1", 2, "a data layout of version 5; 3 and 4 are known");
    refuse_layout("\3", 1, "a data layout of version 3");
    refuse_layout("\4\3", 2, "a virtual dataset, whose data is in other files");
    refuse_layout("\3\4", 2, "its data layout is damaged");
    refuse_layout("\3\1\0\0", 4, "its data layout is too short");
    refuse_layout("\3\1\0\0\0\0\0\0\0\1\x8\0\0\0\0\0\0\0", 18, "lies outside the file");
    refuse_layout("\3\1\0\0\0\0\0\0\0\0\x8\0\0\0\0\0\0\0", 18, "its data overlaps something else");
    refuse_layout("\3\0\x8\0\0\0\0\0", 8, "its data layout is too short");
    refuse_layout("\3\0\4\0\0\0\0\0", 8, "its shape takes 8 bytes, it has 4");
    refuse_layout("\3\2\3\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0", 19, "its chunks have 2 axes, it has 1");
    refuse_layout("\3\2\2\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0", 19, "an axis of no entries");
    refuse_layout("\3\2\2\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0", 19, "entries of 2 bytes, its type 4");
    refuse_layout("\3\2\2\0\0\0\0\0\0\0\0\xFF\xFF\xFF\xFF\4\0\0\0", 19, "larger than 4 GB");
    refuse_layout("\3\2\2\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0", 19, "a B-tree");
    refuse_layout("\4\2\0\2\1\1\4\6", 8, "its data layout is damaged");
    refuse_layout("\4\2\0\2\x9\1\4\1", 8, "its data layout is damaged");
    refuse_layout("\4\2\1\2\1\1\4\1", 8, "chunks at the edge");
    refuse_layout("\4\2\2\2\1\2\4\1", 8, "its data layout and its filters disagree");
    refuse_layout("\4\2\0\2\1\1\4\1\0\0\0\0\0\0\0\0", 16, "a single chunk that is not the whole");
    refuse_layout(zeros, 32, "a data layout of version 0");
}
END_TEST

START_TEST(overlaps) {
    maker m;
    make_begin(&m);
    uint64_t at = make_bytes(&m, "12345678", 8);
    make_float(&m);
    make_space(&m, 1, (uint64_t[]){2});
    make_contiguous(&m, at, 8);
    uint64_t a = make_object(&m);
    make_float(&m);
    make_space(&m, 1, (uint64_t[]){1});
    make_contiguous(&m, at + 4, 4);
    uint64_t b = make_object(&m);
    make_group(&m);
    make_link(&m, "a", a);
    make_link(&m, "b", b);
    make_refused(&m, make_object(&m), "'/b', at byte 52: its data overlaps something else");
}
END_TEST

/* --- one chunk through filters --- */
typedef struct packed {
    const char *filters; /* of the message behind version and count */
    size_t filters_n;
    int count;
    const char *bytes; /* as stored */
    size_t size;
    uint64_t entries;
} packed;

static void make_packed(maker *m, const packed *p) {
    ant_buffer b = {0};
    make_begin(m);
    uint64_t at = make_bytes(m, p->bytes, p->size);
    make_float(m);
    make_space(m, 1, &p->entries);
    put_byte(&b, 2);
    put_byte(&b, p->count);
    ant__put_bytes(&b, p->filters, p->filters_n);
    make_message(m, 0x0B, 0, &b);
    ant__put_bytes(&b, "\4\2\2\2\4", 5);
    ant__put_u32(&b, p->entries);
    ant__put_u32(&b, 4);
    put_byte(&b, 1);
    ant__put_u64(&b, p->size);
    ant__put_u32(&b, 0);
    ant__put_u64(&b, at);
    make_message(m, 0x08, 0, &b);
}

static void refuse_packed(const packed *p, const char *because) {
    maker m;
    make_packed(&m, p);
    make_refused(&m, make_root(&m), because);
}

#define DEFLATE "\1\0\0\0\0\0"
#define SHUFFLE "\2\0\0\0\0\0"
#define FLETCHER "\3\0\0\0\0\0"

START_TEST(filters) {
    refuse_packed(&(packed){"\4\0\0\0\0\0", 6, 1, "1234", 4, 1}, "filter 4 (szip)");
    refuse_packed(&(packed){"\5\0\0\0\0\0", 6, 1, "1234", 4, 1}, "filter 5 (nbit)");
    refuse_packed(&(packed){"\6\0\0\0\0\0", 6, 1, "1234", 4, 1}, "filter 6 (scale-offset)");
    refuse_packed(&(packed){"\1\x7d\0\0\0\0\0\0", 8, 1, "1234", 4, 1},
                  "filter 32001 (a filter that needs a plugin)");
    refuse_packed(&(packed){DEFLATE DEFLATE, 12, 2, "1234", 4, 1}, "deflate is used twice");
    refuse_packed(&(packed){DEFLATE, 6, 2, "1234", 4, 1}, "its filters are damaged");
    refuse_packed(&(packed){"\1\0\0\0\xFF\xFF", 6, 1, "1234", 4, 1}, "its filters are damaged");
    refuse_packed(&(packed){FLETCHER, 6, 1, "1234\0\0\0\0", 8, 1},
                  "the checksum of a chunk is wrong");
    refuse_packed(&(packed){FLETCHER, 6, 1, "12", 2, 1}, "a chunk is shorter than its checksum");
    refuse_packed(&(packed){SHUFFLE, 6, 1, "12345", 5, 1}, "a chunk of 5 bytes, not 4");
    refuse_packed(&(packed){SHUFFLE, 6, 1, "1234567890", 10, 1}, "a chunk of 10 bytes, not 4");
    refuse_packed(&(packed){DEFLATE, 6, 1, "1234", 4, UINT64_C(1) << 24},
                  "a chunk of 67108864 bytes out of 4, more than 1100 times as many");
    maker m;
    make_packed(&m, &(packed){SHUFFLE, 6, 1, "1234", 4, 1});
    make_accepted(&m, make_root(&m));
}
END_TEST

#ifdef ANT__ZLIB
/* Four zeros, as zlib packs them. */
#define ZEROS "\x78\x9c\x63\x60\x60\x60\x00\x00\x00\x04\x00\x01"

START_TEST(deflate) {
    maker m;
    make_packed(&m, &(packed){DEFLATE, 6, 1, ZEROS, 12, 1});
    make_accepted(&m, make_root(&m));
    make_packed(&m, &(packed){SHUFFLE DEFLATE, 12, 2, ZEROS, 12, 1});
    make_accepted(&m, make_root(&m));
    refuse_packed(&(packed){DEFLATE, 6, 1, ZEROS, 12, 2}, "damaged, or its sizes lie");
    refuse_packed(&(packed){DEFLATE, 6, 1, ZEROS "x", 13, 1}, "damaged, or its sizes lie");
    refuse_packed(&(packed){DEFLATE, 6, 1, ZEROS, 11, 1}, "damaged, or its sizes lie");
    refuse_packed(&(packed){DEFLATE, 6, 1, ZEROS, 0, 1}, "damaged, or its sizes lie");
    refuse_packed(&(packed){DEFLATE, 6, 1, "\x78\x9c\xFF\xFF", 4, 1}, "damaged, or its sizes lie");
}
END_TEST
#define DEFLATE_TESTS {deflate, 0},
#else
#define DEFLATE_TESTS
#endif

/* --- attributes --- */
START_TEST(attributes) {
    maker m;
    make_begin(&m);
    make_attribute(&m, "same", "1", 1);
    make_attribute(&m, "same", "2", 1);
    make_group(&m);
    make_refused(&m, make_object(&m), "it has two attributes 'same'");

    static const struct {
        const char *bytes;
        size_t n;
        const char *because;
    } lies[] = {
        {"\3\0", 2, "an attribute is damaged"},
        {"\4\0\2\0\0\0\0\0\0", 9, "an attribute is damaged, or of a version"},
        {"\3\1\2\0\0\0\0\0\0", 9, "an attribute has a committed datatype"},
        {"\3\0\xFF\xFF\0\0\0\0\0", 9, "an attribute is too short"},
        {"\3\0\2\0\0\0\0\0\0ab", 11,
         "the name of an attribute is empty, no UTF-8, or does not end"},
        {"\3\0\2\0\0\0\0\0\0\0\0", 11, "the name of an attribute is empty"},
        {"\3\0\1\0\0\0\0\0\0\0", 10, "the name of an attribute is empty"},
        {"\3\0\3\0\0\0\0\0\0\xFF\xFF\0", 12, "the name of an attribute is empty, no UTF-8"},
        {"\3\0\2\0\0\0\0\0\0a\0", 11, "attribute 'a', at byte"},
        {"\3\0\2\0\xC\0\4\0\0a\0\x10\x8\0\0\1\0\0\0\0\0\x8\0\2\0\0\0", 27,
         "attribute 'a', at byte 89: its shape takes 1 bytes, it has 0"},
    };
    for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
        ant_buffer b = {0};
        make_begin(&m);
        ant__put_bytes(&b, lies[k].bytes, lies[k].n);
        make_message(&m, 0x0C, 0, &b);
        make_group(&m);
        make_refused(&m, make_object(&m), lies[k].because);
    }
}
END_TEST

/* What may stand in the file but is no text, or not all of them. */
START_TEST(texts) {
    ant_context c = {0};
    ant_hdf5_node *root;
    ant_texts got;
    maker m;
    make_begin(&m);
    make_attribute(&m, "model_config", "123", 3);
    make_attribute(&m, "gap0", "", 0);
    make_attribute(&m, "gap2", "", 0);
    make_attribute(&m, "late1", "", 0);
    make_attribute(&m, "zero00", "", 0);
    make_attribute(&m, "none0", "", 0);
    make_attribute(&m, "none1", "", 0);
    make_group(&m);
    make_end(&m, make_object(&m));
    ck_assert(!ant__hdf5_parse(&c, "f", (unsigned char *)m.file.at, m.file.size, NULL, &root));
    static const struct {
        const char *name, *because;
    } lies[] = {{"model_config", "it holds numbers; expected texts"},
                {"gap", "of its parts, 'gap2' is there, but one before it is not"},
                {"late", "of its parts, 'late1' is there, but one before it is not"},
                {"zero", "it is not there"},
                {"", "it is not there"}};
    for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
        ck_assert(ant__hdf5_texts(&c, root, lies[k].name, &got));
        ck_assert_msg(strstr(c.error.text, lies[k].because) != NULL, "%s", c.error.text);
        ant__error_clear(&c.error);
    }
    ck_assert(!ant__hdf5_texts(&c, root, "none", &got) && got.count == 0);
    ant__arena_free(&c.arena);
    ant__buffer_free(&m.file);
}
END_TEST

/* --- global heaps --- */
/* A heap of 4096 bytes whose objects are "one" (1) and "two" (number), the rest free. */
static uint64_t make_heap(maker *m, unsigned number, uint64_t length, uint64_t size) {
    ant_buffer b = {0};
    ant__put_bytes(&b, "GCOL\1\0\0\0", 8);
    ant__put_u64(&b, size);
    ant__put_u32(&b, 1);
    ant__put_u32(&b, 0);
    ant__put_u64(&b, 3);
    ant__put_bytes(&b, "one\0\0\0\0\0", 8);
    ant__put_u32(&b, number);
    ant__put_u32(&b, 0);
    ant__put_u64(&b, length);
    ant__put_bytes(&b, "two\0\0\0\0\0", 8);
    while (b.size < 4096)
        put_byte(&b, 0);
    uint64_t at = make_bytes(m, b.at, b.size);
    ant__buffer_free(&b);
    return at;
}

static void put_reference(ant_buffer *b, uint64_t length, uint64_t heap, uint64_t number) {
    ant__put_u32(b, length);
    ant__put_u64(b, heap);
    ant__put_u32(b, number);
}

static void refuse_texts(maker *m, ant_buffer *references, uint64_t n, const char *because) {
    make_texts(m, "t", references, n);
    ant__buffer_free(references);
    make_group(m);
    uint64_t root = make_object(m);
    if (because)
        make_refused(m, root, because);
    else
        make_accepted(m, root);
}

static const struct reference_lie {
    uint64_t length, number, second; /* second: the number of the second reference */
    const char *because;
} reference_lies[] = {
    {3, 1, 2, NULL},
    {0, 1, 2, NULL},
    {3, 1, 1, "two texts share an object of the global heap"},
    {3, 1, 3, "a text is not in the global heap"},
    {3, 65537, 2, "a text is not in the global heap"},
    {3, 0, 2, "a text is not in the global heap"},
    {4, 1, 2, "a text is longer than its object in the global heap"},
    {UINT32_MAX, 1, 2, "a text is longer than its object"},
};

START_TEST(references) {
    const struct reference_lie *lie = &reference_lies[_i];
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    uint64_t heap = make_heap(&m, 2, 3, 4096);
    put_reference(&b, lie->length, heap, lie->number);
    put_reference(&b, 3, heap, lie->second);
    refuse_texts(&m, &b, 2, lie->because);
}
END_TEST

static const struct heap_lie {
    unsigned number;
    uint64_t length, size;
    const char *because;
} heap_lies[] = {
    {1, 3, 4096, "a global heap has two objects of number 1"},
    {2, 4097, 4096, "an object of a global heap does not fit into it"},
    {2, UINT64_MAX, 4096, "an object of a global heap does not fit into it"},
    {2, 3, 4088, "a global heap is damaged"},
    {2, 3, 16, "a global heap is damaged"},
    {2, 3, 4097, "a global heap is damaged"},
    {2, 3, 1 << 20, "lies outside the file"},
    {2, 3, UINT64_MAX - 7, "a global heap is damaged"},
};

START_TEST(heaps) {
    const struct heap_lie *lie = &heap_lies[_i];
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    put_reference(&b, 3, make_heap(&m, lie->number, lie->length, lie->size), 1);
    refuse_texts(&m, &b, 1, lie->because);
}
END_TEST

START_TEST(heaps_elsewhere) {
    ant_buffer b = {0};
    maker m;
    make_begin(&m);
    put_reference(&b, 3, UINT64_MAX, 1);
    refuse_texts(&m, &b, 1,
                 "a global heap of 16 bytes at address 18446744073709551615 lies outside");
    make_begin(&m);
    put_reference(&b, 3, 0, 1);
    refuse_texts(&m, &b, 1, "a global heap overlaps something else");
    make_begin(&m);
    put_reference(&b, 0, 0, 0);
    refuse_texts(&m, &b, 1, NULL);
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))
ANT_TEST_MAIN("hdf5_values", {layouts, 0}, {overlaps, 0}, {filters, 0},
              DEFLATE_TESTS{attributes, 0}, {texts, 0}, ANT_LOOP(references, COUNT(reference_lies)),
              ANT_LOOP(heaps, COUNT(heap_lies)), {heaps_elsewhere, 0})
