/* npz and zip: what two readers could understand in two ways is refused. */
#include "hostile.h"
#include "io/array.h"
#include "io/npy.h"
#include "io/zip.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef ANT__ZLIB
#include <zlib.h>
#endif

/* --- an archive put together by hand, with every field open to lies --- */
typedef struct part {
    const char *name;
    const void *bytes;
    size_t packed, size;
    int method, flags;
    const char *central_name; /* NULL: the same */
    uint32_t crc;             /* 0: the right one */
    bool zip64;               /* sizes in the extra field of the local header */
    bool hidden;              /* not in the directory */
    const char *tail;         /* bytes behind it */
    size_t tail_size;
    unsigned mode; /* of a file on Unix; 0: it is from another system */
} part;

static void put_part(ant_buffer *b, const part *p, uint32_t crc) {
    ant__put_u32(b, 0x04034b50);
    ant__put_u16(b, 20);
    ant__put_u16(b, (unsigned)p->flags);
    ant__put_u16(b, (unsigned)p->method);
    ant__put_u32(b, 0);
    ant__put_u32(b, crc);
    ant__put_u32(b, p->zip64 ? 0xFFFFFFFF : p->packed);
    ant__put_u32(b, p->zip64 ? 0xFFFFFFFF : p->size);
    ant__put_u16(b, (unsigned)strlen(p->name));
    ant__put_u16(b, p->zip64 ? 20 : 0);
    ant__put(b, p->name);
    if (p->zip64) {
        ant__put_u16(b, 1);
        ant__put_u16(b, 16);
        ant__put_u64(b, p->size);
        ant__put_u64(b, p->packed);
    }
    ant__put_bytes(b, p->bytes, p->packed);
    ant__put_bytes(b, p->tail, p->tail_size);
}

static void put_record(ant_buffer *b, const part *p, uint32_t crc, size_t at) {
    const char *name = p->central_name ? p->central_name : p->name;
    ant__put_u32(b, 0x02014b50);
    ant__put_u16(b, p->mode ? 3 << 8 | 20 : 20);
    ant__put_u16(b, 20);
    ant__put_u16(b, (unsigned)p->flags);
    ant__put_u16(b, (unsigned)p->method);
    ant__put_u32(b, 0);
    ant__put_u32(b, crc);
    ant__put_u32(b, p->packed);
    ant__put_u32(b, p->size);
    ant__put_u16(b, (unsigned)strlen(name));
    ant__put_bytes(b, "\0\0\0\0\0\0\0\0", 8);
    ant__put_u32(b, (uint64_t)p->mode << 16);
    ant__put_u32(b, at);
    ant__put(b, name);
}

static ant_buffer archive(const part *parts, int n) {
    ant_buffer b = {0}, directory = {0};
    int members = 0;
    for (int k = 0; k < n; k++) {
        uint32_t crc = parts[k].crc ? parts[k].crc
                       : parts[k].size == parts[k].packed
                           ? ant__crc32(0, parts[k].bytes, parts[k].size)
                           : 0;
        if (!parts[k].hidden)
            put_record(&directory, &parts[k], crc, b.size);
        members += !parts[k].hidden;
        put_part(&b, &parts[k], crc);
    }
    size_t at = b.size;
    ant__put_bytes(&b, directory.at, directory.size);
    ant__put_u32(&b, 0x06054b50);
    ant__put_u32(&b, 0);
    ant__put_u16(&b, (unsigned)members);
    ant__put_u16(&b, (unsigned)members);
    ant__put_u32(&b, directory.size);
    ant__put_u32(&b, at);
    ant__put_u16(&b, 0);
    ant__buffer_free(&directory);
    return b;
}

static ant_buffer numbers(void) {
    static const float x[3] = {1, 2, 3};
    ant_array a = ant_array(x, 3);
    ant_buffer b = {0};
    ant__npy_header(&b, &a);
    ant__put_bytes(&b, x, sizeof x);
    return b;
}

static void expect_refused(part p, const char *because) {
    ant_buffer b = archive(&p, 1);
    hostile_refused(b.at, b.size, because);
    ant__buffer_free(&b);
}

static void expect_read(part p, const char *name) {
    ant_buffer b = archive(&p, 1);
    ant_arrays *d = ant_arrays_new();
    ant_bytes bytes = {ant__alloc(b.size + 1), b.size};
    memcpy(bytes.at, b.at, b.size);
    ck_assert_msg(!ant__arrays_parse(d, "f.npz", bytes), "%s", ant_arrays_error(d));
    ant_array a = ant_arrays_named(d, name);
    ck_assert_int_eq(a.axes, 1);
    ck_assert_float_eq(((float *)a.data)[2], 3);
    ant_arrays_free(d);
    ant__buffer_free(&b);
}

static part stored(const ant_buffer *npy, const char *name) {
    return (part){.name = name, .bytes = npy->at, .packed = npy->size, .size = npy->size};
}

START_TEST(reads_stored) {
    ant_buffer npy = numbers();
    expect_read(stored(&npy, "x.npy"), "x");
    expect_read(stored(&npy, "x/left:0.npy"), "x/left:0");
    part zip64 = stored(&npy, "x.npy");
    zip64.zip64 = true;
    expect_read(zip64, "x");
    ant__buffer_free(&npy);
}
END_TEST

static const char *const bad_names[] = {"../x.npy", "/x.npy",   "a/../x.npy", "a//x.npy", "./x.npy",
                                        "a\\x.npy", "C:/x.npy", "",           "\xFF.npy"};

/* Arrays may be called as tensors are in TensorFlow. */
START_TEST(takes_colons) {
    ant_buffer npy = numbers();
    expect_read(stored(&npy, "x:0.npy"), "x:0");
    ant__buffer_free(&npy);
}
END_TEST

START_TEST(refuses_names) {
    ant_buffer npy = numbers();
    expect_refused(stored(&npy, bad_names[_i]), "leaves its folder");
    ant__buffer_free(&npy);
}
END_TEST

START_TEST(refuses_lies) {
    ant_buffer npy = numbers();
    part p = stored(&npy, "x.txt");
    expect_refused(p, "is no .npy");
    p = stored(&npy, "x.npy"), p.central_name = "y.npy";
    expect_refused(p, "headers disagree");
    p = stored(&npy, "x.npy"), p.crc = 1;
    expect_refused(p, "checksum");
    p = stored(&npy, "x.npy"), p.size--;
    expect_refused(p, "two sizes differ");
    p = stored(&npy, "x.npy"), p.flags = 1;
    expect_refused(p, "encrypted");
    p = stored(&npy, "x.npy"), p.flags = 0x2000;
    expect_refused(p, "not known");
    p = stored(&npy, "x.npy"), p.method = 12;
    expect_refused(p, "compression 12");
    p = stored(&npy, "x.npy"), p.method = 8;
    expect_refused(p, "x.npy");
    ant__buffer_free(&npy);
}
END_TEST

START_TEST(refuses_twins_and_overlaps) {
    ant_buffer npy = numbers();
    part two[2] = {stored(&npy, "x.npy"), stored(&npy, "x.npy")};
    ant_buffer b = archive(two, 2);
    hostile_refused(b.at, b.size, "two of this name");
    ant__buffer_free(&b);
    two[1] = stored(&npy, "y.npy");
    b = archive(two, 2);
    /* The second record now points at the first member, whose name it takes. */
    size_t record = b.size - 22 - (46 + 5);
    memset(b.at + record + 42, 0, 4);
    hostile_refused(b.at, b.size, "headers disagree");
    memcpy(b.at + record + 46, "x.npy", 5);
    hostile_refused(b.at, b.size, "overlaps");
    ant__buffer_free(&b);
    ant__buffer_free(&npy);
}
END_TEST

START_TEST(refuses_what_surrounds_it) {
    ant_buffer npy = numbers(), more = {0};
    part p = stored(&npy, "x.npy");
    ant_buffer b = archive(&p, 1);
    ant__put(&more, "PK\3\4 some bytes before");
    ant__put_bytes(&more, b.at, b.size);
    hostile_refused(more.at, more.size, "directory is not where");
    ant__buffer_free(&more);
    ant__put_bytes(&more, b.at, b.size);
    ant__put(&more, "x");
    hostile_refused(more.at, more.size, "without a comment");
    b.at[b.size - 22 + 4] = 1;
    hostile_refused(b.at, b.size, "several disks");
    b.at[b.size - 22 + 4] = 0;
    b.at[b.size - 22 + 8] = b.at[b.size - 22 + 10] = (char)0xFF;
    hostile_refused(b.at, b.size, "directory is damaged");
    memset(b.at + b.size - 22 + 8, 0xFF, 4);
    hostile_refused(b.at, b.size, "at most 4096");
    ant__buffer_free(&b);
    ant__buffer_free(&more);
    ant__buffer_free(&npy);
}
END_TEST

/* Every byte before the directory belongs to a member. */
START_TEST(refuses_hidden_bytes) {
    ant_buffer npy = numbers();
    for (int k = 0; k < 3; k++) {
        part three[3] = {stored(&npy, "x.npy"), stored(&npy, "y.npy"), stored(&npy, "z.npy")};
        three[k].hidden = true;
        ant_buffer b = archive(three, 3);
        hostile_refused(b.at, b.size,
                        k ? "neither the next one nor its sizes" : "bytes before its first member");
        ant__buffer_free(&b);
    }
    part p = stored(&npy, "x.npy");
    p.tail = "x", p.tail_size = 1;
    expect_refused(p, "neither the next one nor its sizes");
    ant_buffer b = archive(&p, 0);
    ant__put_bytes(&b, b.at, b.size);
    hostile_refused(b.at, b.size, "directory is not where its end says");
    ant__buffer_free(&b);
    ant__buffer_free(&npy);
}
END_TEST

/* Sizes that stand behind a member must be its own, in each of the four forms. */
START_TEST(descriptors) {
    ant_buffer npy = numbers();
    uint32_t crc = ant__crc32(0, npy.at, npy.size);
    for (int form = 0; form < 4; form++) {
        ant_buffer tail = {0};
        if (form & 1)
            ant__put_u32(&tail, 0x08074b50);
        ant__put_u32(&tail, crc);
        for (int k = 0; k < 2; k++)
            if (form & 2)
                ant__put_u64(&tail, npy.size);
            else
                ant__put_u32(&tail, npy.size);
        part p = stored(&npy, "x.npy");
        p.flags = 8, p.tail = tail.at, p.tail_size = tail.size;
        expect_read(p, "x");
        for (size_t k = 0; k < tail.size; k++) {
            tail.at[k] ^= 1;
            expect_refused(p, "neither the next one nor its sizes");
            tail.at[k] ^= 1;
        }
        p.tail_size--;
        expect_refused(p, "neither the next one nor its sizes");
        p.flags = 0;
        expect_refused(p, "neither the next one nor its sizes");
        ant__buffer_free(&tail);
    }
    ant__buffer_free(&npy);
}
END_TEST

START_TEST(folders_and_links) {
    ant_buffer npy = numbers();
    expect_refused(stored(&npy, "x.npy/"), "it is a folder, yet it has bytes");
    part p = stored(&npy, "x.npy");
    p.mode = 0120777;
    expect_refused(p, "it is a symbolic link");
    p.mode = 0100644;
    expect_read(p, "x");
    part two[2] = {{.name = "folder/", .bytes = ""}, p};
    ant_buffer b = archive(two, 2);
    ck_assert(!hostile_read(b.at, b.size));
    ant__buffer_free(&b);
    ant__buffer_free(&npy);
}
END_TEST

START_TEST(cuts_and_flips) {
    ant_buffer npy = numbers();
    part two[2] = {stored(&npy, "x.npy"), stored(&npy, "y.npy")};
    ant_buffer b = archive(two, 2);
    hostile_cuts(b.at, 4, b.size);
    hostile_flips(b.at, b.size);
    ant__buffer_free(&b);
    ant__buffer_free(&npy);
}
END_TEST

#ifdef ANT__ZLIB
static size_t deflate_bytes(void *out, size_t room, const void *in, size_t size) {
    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)in, z.avail_in = (uInt)size;
    z.next_out = out, z.avail_out = (uInt)room;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = room - z.avail_out;
    deflateEnd(&z);
    return n;
}

START_TEST(reads_deflated) {
    ant_buffer npy = numbers();
    char packed[1024];
    uint32_t crc = ant__crc32(0, npy.at, npy.size);
    part p = {.name = "x.npy", .bytes = packed, .size = npy.size, .method = 8, .crc = crc};
    p.packed = deflate_bytes(packed, sizeof packed, npy.at, npy.size);
    expect_read(p, "x");
    p.size--;
    expect_refused(p, "sizes lie");
    p.size += 2;
    expect_refused(p, "sizes lie");
    p.size--, p.packed--;
    expect_refused(p, "sizes lie");
    p.packed++, packed[3] ^= 4;
    expect_refused(p, "damaged");
    ant__buffer_free(&npy);
}
END_TEST

START_TEST(bombs_are_limited) {
    enum { SIZE = 8 << 20 };
    char *zeros = calloc(1, SIZE), packed[16384];
    size_t n = deflate_bytes(packed, sizeof packed, zeros, SIZE);
    part p = {.name = "x.npy", .bytes = packed, .packed = n, .size = SIZE, .method = 8};
    p.crc = ant__crc32(0, zeros, SIZE);
    expect_refused(p, "does not begin as an npy");
    p.size = UINT32_C(0x70000000);
    expect_refused(p, "more than 1100 times");
    free(zeros);
}
END_TEST
#define DEFLATE_TESTS {reads_deflated, 0}, {bombs_are_limited, 0},
#else
#define DEFLATE_TESTS
#endif

START_TEST(round_trip) {
    static const double x[4] = {1, 2, 3, 4};
    static const int y[2] = {7, 8};
    scratch_begin();
    const char *path = scratch_path("r.npz");
    ant_arrays *out = ant_arrays_new(), *in = ant_arrays_new();
    ck_assert(!ant_arrays_add(out, "x/a", ant_array(x, 2, 2)));
    ck_assert(!ant_arrays_add(out, "y", ant_array(y, 2)));
    ck_assert_msg(!ant_arrays_write(out, path), "%s", ant_arrays_error(out));
    ck_assert_msg(!ant_arrays_read(in, path), "%s", ant_arrays_error(in));
    ck_assert_int_eq(ant_arrays_count(in), 2);
    ck_assert(!memcmp(ant_arrays_named(in, "x/a").data, x, sizeof x));
    ck_assert(!memcmp(ant_arrays_named(in, "y").data, y, sizeof y));
    ck_assert_int_eq(ant_arrays_named(in, "y").dtype, ANT_INT32);
    ant_arrays_free(out);
    ant_arrays_free(in);
    scratch_end();
}
END_TEST

static int read_once(void *path) {
    ant_arrays *d = ant_arrays_new();
    if (!d)
        return ANT_E_MEMORY;
    int code = ant_arrays_read(d, path);
    ant_arrays_free(d);
    return code;
}

static int write_once(void *path) {
    static const double x[4] = {1, 2, 3, 4};
    ant_arrays *d = ant_arrays_new();
    if (!d)
        return ANT_E_MEMORY;
    int code = ant_arrays_add(d, "x", ant_array(x, 2, 2));
    if (!code)
        code = ant_arrays_write(d, path);
    ant_arrays_free(d);
    return code;
}

START_TEST(memory_may_fail) {
    scratch_begin();
    void *path = (void *)(uintptr_t)scratch_path("m.npz");
    memory_fail_each(write_once, path);
    memory_fail_each(read_once, path);
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("zip", {reads_stored, 0}, {takes_colons, 0}, ANT_LOOP(refuses_names, 9),
              {refuses_lies, 0}, {refuses_twins_and_overlaps, 0}, {refuses_what_surrounds_it, 0},
              {refuses_hidden_bytes, 0}, {descriptors, 0}, {folders_and_links, 0},
              {cuts_and_flips, 0}, DEFLATE_TESTS{round_trip, 0}, {memory_may_fail, 0})
