/* idx, plain and packed by gzip: every type, big-endian; and lies. */
#include "hostile.h"
#include "io/array.h"
#include "io/gzip.h"
#include "io/idx.h"
#include "io/zip.h"
#include "support.h"
#include <string.h>

static unsigned char file[4096], packed[8192];

/* A file of this type with these sizes and so many bytes 1, 2, 3 … behind them. */
static size_t make(int type, int axes, const uint32_t *sizes, size_t bytes) {
    size_t at = 4;
    memcpy(file, (unsigned char[]){0, 0, (unsigned char)type, (unsigned char)axes}, 4);
    for (int k = 0; k < axes; k++)
        for (int shift = 24; shift >= 0; shift -= 8)
            file[at++] = (unsigned char)(sizes[k] >> shift);
    for (size_t k = 0; k < bytes; k++)
        file[at++] = (unsigned char)(k + 1);
    return at;
}

static void put_u32(unsigned char *to, uint32_t x) {
    for (int k = 0; k < 4; k++)
        to[k] = (unsigned char)(x >> 8 * k);
}

/* The first n bytes of `file` as one stored block; flags: those of the head, each with its part. */
static size_t pack(size_t n, int flags) {
    unsigned char *to = packed;
    memcpy(to, (unsigned char[]){0x1F, 0x8B, 8, (unsigned char)flags, 0, 0, 0, 0, 0, 3}, 10);
    to += 10;
    if (flags & 4)
        memcpy(to, "\3\0abc", 5), to += 5;
    if (flags & 8)
        memcpy(to, "name", 5), to += 5;
    if (flags & 16)
        memcpy(to, "remark", 7), to += 7;
    if (flags & 2)
        memcpy(to, "\0\0", 2), to += 2;
    to[0] = 1;
    to[1] = (unsigned char)n;
    to[2] = (unsigned char)(n >> 8);
    to[3] = (unsigned char)~to[1];
    to[4] = (unsigned char)~to[2];
    memcpy(to + 5, file, n);
    to += 5 + n;
    put_u32(to, ant__crc32(0, file, n));
    put_u32(to + 4, (uint32_t)n);
    return (size_t)(to + 8 - packed);
}

static ant_array read_bytes(ant_arrays *d, const unsigned char *bytes, size_t size) {
    ant_bytes b = {ant__alloc(size + 1), size};
    memcpy(b.at, bytes, size);
    ck_assert_msg(!ant__arrays_parse(d, "x-ubyte", b), "%s", ant_arrays_error(d));
    ck_assert_int_eq(ant_arrays_count(d), 1);
    return ant_arrays_at(d, 0);
}

START_TEST(types) {
    static const struct {
        int code, dtype;
        size_t size;
    } all[] = {{0x08, ANT_UINT8, 1}, {0x09, ANT_INT8, 1},    {0x0B, ANT_INT16, 2},
               {0x0C, ANT_INT32, 4}, {0x0D, ANT_FLOAT32, 4}, {0x0E, ANT_FLOAT64, 8}};
    unsigned char got[48];
    for (size_t t = 0; t < sizeof all / sizeof *all; t++) {
        ant_arrays *d = ant_arrays_new();
        size_t bytes = 6 * all[t].size;
        ant_array a = read_bytes(d, file, make(all[t].code, 2, (uint32_t[]){2, 3}, bytes));
        ck_assert(a.dtype == all[t].dtype && a.axes == 2 && a.shape[0] == 2 && a.shape[1] == 3);
        ant__array_copy(got, &a);
        for (size_t k = 0; k < bytes; k++) {
            size_t inside = k % all[t].size;
            size_t from = ant__big_endian() ? k : k - inside + (all[t].size - 1 - inside);
            ck_assert_uint_eq(got[k], from + 1);
        }
        ant_arrays_free(d);
    }
}
END_TEST

START_TEST(packed_by_gzip) {
    static const int flags[] = {0, 2, 4, 8, 16, 2 | 4 | 8 | 16};
    size_t n = make(0x08, 3, (uint32_t[]){2, 2, 2}, 8);
    ant_arrays *d = ant_arrays_new();
    ant_array a = read_bytes(d, packed, pack(n, flags[_i]));
    ck_assert(a.axes == 3 && a.shape[2] == 2 && ((unsigned char *)a.data)[7] == 8);
    ant_arrays_free(d);
}
END_TEST

START_TEST(lies) {
    hostile_refused(file, make(0x08, 1, (uint32_t[]){4}, 3),
                    "3 bytes of numbers, its shape takes 4");
    hostile_refused(file, make(0x08, 1, (uint32_t[]){4}, 5),
                    "5 bytes of numbers, its shape takes 4");
    hostile_refused(file, make(0x0A, 1, (uint32_t[]){4}, 4), "type 0x0A is not known");
    hostile_refused(file, make(0x08, 0, NULL, 1), "0 axes");
    hostile_refused(file, make(0x08, 255, (uint32_t[255]){1}, 1), "255 axes");
    const uint32_t most = UINT32_MAX;
    hostile_refused(file, make(0x0E, 3, (uint32_t[]){most, most, most}, 8),
                    "larger than any memory");
    hostile_refused(file, make(0x0E, 2, (uint32_t[]){most, most}, 8), "idx");
    hostile_refused(file, make(0x0E, 3, (uint32_t[]){most, most, 0}, 8), "idx");
    ck_assert(ant__idx_named("a/train-images-idx3-ubyte.gz") && ant__idx_named("x.IDX") &&
              !ant__idx_named("x.csv"));
    ant_fault e = {0};
    ant_array a;
    ck_assert_int_eq(ant__idx_parse(&e, "x.idx", (const unsigned char *)"\1\0\10\1", 4, &a),
                     ANT_E_FORMAT);
    ck_assert_str_eq(e.text, "x.idx: idx: it does not begin as an idx file does");
}
END_TEST

START_TEST(lies_of_gzip) {
    size_t n = make(0x08, 1, (uint32_t[]){8}, 8), size = pack(n, 0);
    packed[2] = 7;
    hostile_refused(packed, size, "gzip: its head is damaged");
    size = pack(n, 0x40);
    hostile_refused(packed, size, "gzip: its head is damaged");
    size = pack(n, 0);
    packed[size - 8] ^= 1;
    hostile_refused(packed, size, "gzip: its checksum is wrong");
    size = pack(n, 0);
    put_u32(packed + size - 4, 64);
    hostile_refused(packed, size, "gzip: its compressed bytes are damaged");
    put_u32(packed + size - 4, UINT32_MAX);
    hostile_refused(packed, size, "more than 1100 times as many");
    size = pack(n, 0);
    memcpy(packed + size, packed, size); /* a second file behind the first */
    hostile_refused(packed, 2 * size, "gzip: its compressed bytes are damaged");
    size = pack(n, 0);
    memcpy(file, packed, size);
    hostile_refused(packed, pack(size, 0), "file");
    hostile_refused(packed, 11, "gzip: its head is damaged");
}
END_TEST

START_TEST(damage) {
    size_t n = make(0x0C, 2, (uint32_t[]){2, 3}, 24);
    hostile_cuts(file, 1, n);
    hostile_flips(file, n);
    size_t size = pack(n, 2 | 4 | 8 | 16);
    hostile_cuts(packed, 2, size);
    hostile_flips(packed, size);
}
END_TEST

static int read_scarce(void *data) {
    ant_fault e = {0};
    ant_bytes out, in = {packed, *(size_t *)data};
    int code = ant__gzip_unpack(&e, "x.gz", in, NULL, &out);
    ant__free(out.at);
    return code;
}

START_TEST(memory_may_fail) {
    size_t size = pack(make(0x08, 1, (uint32_t[]){8}, 8), 0);
    memory_fail_each(read_scarce, &size);
}
END_TEST

ANT_TEST_MAIN("idx", {types}, ANT_LOOP(packed_by_gzip, 6), {lies}, {lies_of_gzip}, {damage},
              {memory_may_fail})
