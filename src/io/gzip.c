#include "io/gzip.h"
#include "core/memory.h"
#include "io/zip.h"
#include <string.h>

enum { HEAD = 10, TAIL = 8, DEFLATE = 8 };
enum { HEADER_CRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16, RESERVED = 0xE0 };

bool ant__gzip_is(const unsigned char *bytes, size_t size) {
    return size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

static uint32_t u32(const unsigned char *s) {
    return s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 | (uint32_t)s[3] << 24;
}

/* Behind a text and its zero; past the end where there is none. */
static size_t skip_text(const ant_bytes *b, size_t at) {
    while (at < b->size && b->at[at])
        at++;
    return at + 1;
}

/* Where the compressed bytes begin; 0: the head is damaged. */
static size_t skip_head(const ant_bytes *b) {
    if (b->size < HEAD + TAIL || b->at[2] != DEFLATE || b->at[3] & RESERVED)
        return 0;
    int flags = b->at[3];
    size_t at = HEAD;
    if (flags & EXTRA)
        at += 2 + (size_t)(b->at[HEAD] | b->at[HEAD + 1] << 8);
    if (flags & NAME)
        at = skip_text(b, at);
    if (flags & COMMENT)
        at = skip_text(b, at);
    if (flags & HEADER_CRC)
        at += 2;
    return at <= b->size - TAIL ? at : 0;
}

static int fail(ant_fault *e, const char *path, const char *what) {
    bool memory = !strcmp(what, ant_code_text(ANT_E_MEMORY));
    return memory ? ant__fail_memory(e) : ant__fail(e, ANT_E_FORMAT, "%s: gzip: %s", path, what);
}

int ant__gzip_unpack(ant_fault *e, const char *path, ant_bytes packed, const ant_limits *limits,
                     ant_bytes *out) {
    const size_t free_size = (size_t)1 << 20;
    *out = (ant_bytes){0};
    size_t from = skip_head(&packed);
    if (!from)
        return fail(e, path, "its head is damaged");
    const unsigned char *tail = packed.at + packed.size - TAIL;
    size_t size = u32(tail + 4), n = packed.size - TAIL - from;
    if (size > free_size && size / (size_t)ant__limits(limits)->ratio > n)
        return ant__fail(e, ANT_E_LIMIT,
                         "%s: gzip: %zu bytes out of %zu, more than %d times as many", path, size,
                         n, ant__limits(limits)->ratio);
    unsigned char *at = ant__alloc(size + 1);
    if (!at)
        return ant__fail_memory(e);
    const char *wrong = ant__inflate(at, size, packed.at + from, n);
    if (!wrong && ant__crc32(0, at, size) != u32(tail))
        wrong = "its checksum is wrong";
    if (wrong) {
        ant__free(at);
        return fail(e, path, wrong);
    }
    at[size] = 0;
    *out = (ant_bytes){at, size};
    return 0;
}
