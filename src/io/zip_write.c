/* Writing zip archives of stored members. Sizes and offsets above 32 bits go into zip64 fields. */
#include "io/zip.h"
#include <string.h>

enum { VERSION = 20, VERSION64 = 45, UTF8_NAMES = 0x0800, FIRST_OF_1980 = 0x21 };
#define FULL32 UINT32_C(0xFFFFFFFF)

static uint64_t low32(uint64_t x) {
    return x < FULL32 ? x : FULL32;
}

/* What local and central headers share. */
static void put_common(ant_buffer *b, bool large, uint32_t crc, uint64_t size, const char *name) {
    ant__put_u16(b, large ? VERSION64 : VERSION);
    ant__put_u16(b, UTF8_NAMES);
    ant__put_u16(b, 0);
    ant__put_u16(b, 0);
    ant__put_u16(b, FIRST_OF_1980);
    ant__put_u32(b, crc);
    ant__put_u32(b, low32(size));
    ant__put_u32(b, low32(size));
    ant__put_u16(b, (unsigned)strlen(name));
}

static void put_local(ant_buffer *b, uint32_t crc, uint64_t size, const char *name) {
    bool large = size >= FULL32;
    ant__put_u32(b, 0x04034b50);
    put_common(b, large, crc, size, name);
    ant__put_u16(b, large ? 20 : 0);
    ant__put(b, name);
    if (large) {
        ant__put_u16(b, 1);
        ant__put_u16(b, 16);
        ant__put_u64(b, size);
        ant__put_u64(b, size);
    }
}

static void put_central(ant_buffer *b, uint32_t crc, uint64_t size, uint64_t at, const char *name) {
    bool large = size >= FULL32, far = at >= FULL32;
    unsigned field = (large ? 16u : 0u) + (far ? 8u : 0u);
    ant__put_u32(b, 0x02014b50);
    ant__put_u16(b, VERSION64);
    put_common(b, large || far, crc, size, name);
    ant__put_u16(b, field ? field + 4 : 0);
    ant__put_bytes(b, "\0\0\0\0\0\0\0\0\0\0", 10); /* comment, disk, attributes */
    ant__put_u32(b, low32(at));
    ant__put(b, name);
    if (!field)
        return;
    ant__put_u16(b, 1);
    ant__put_u16(b, field);
    if (large) {
        ant__put_u64(b, size);
        ant__put_u64(b, size);
    }
    if (far)
        ant__put_u64(b, at);
}

static int write_part(ant_zip_writer *w, const void *data, size_t size) {
    w->at += size;
    return ant__replace_write(w->error, w->file, data, size);
}

static int write_buffer(ant_zip_writer *w, ant_buffer *b) {
    int code = b->failed ? ant__fail_memory(w->error) : write_part(w, b->at, b->size);
    ant__buffer_free(b);
    return code;
}

int ant__zip_add(ant_zip_writer *w, const char *name, const void *head, size_t head_size,
                 const void *data, size_t size) {
    ant_buffer b = {0};
    uint32_t crc = ant__crc32(ant__crc32(0, head, head_size), data, size);
    uint64_t whole = (uint64_t)head_size + size;
    if (strlen(name) > UINT16_MAX)
        return ant__fail(w->error, ANT_E_LIMIT, "%s: a name is longer than a zip file can hold",
                         w->file->path);
    put_central(&w->directory, crc, whole, w->at, name);
    put_local(&b, crc, whole, name);
    w->n++;
    if (write_buffer(w, &b) || write_part(w, head, head_size))
        return w->error->code;
    return write_part(w, data, size);
}

static void put_end64(ant_buffer *b, int n, uint64_t size, uint64_t at) {
    ant__put_u32(b, 0x06064b50);
    ant__put_u64(b, 44);
    ant__put_u16(b, VERSION64);
    ant__put_u16(b, VERSION64);
    ant__put_u64(b, 0); /* two disk numbers */
    ant__put_u64(b, (uint64_t)n);
    ant__put_u64(b, (uint64_t)n);
    ant__put_u64(b, size);
    ant__put_u64(b, at);
    ant__put_u32(b, 0x07064b50);
    ant__put_u32(b, 0);
    ant__put_u64(b, at + size);
    ant__put_u32(b, 1);
}

int ant__zip_end(ant_zip_writer *w) {
    ant_buffer *b = &w->directory;
    uint64_t size = b->size, at = w->at;
    unsigned count = w->n < UINT16_MAX ? (unsigned)w->n : UINT16_MAX;
    if (at >= FULL32 || size >= FULL32 || w->n >= UINT16_MAX)
        put_end64(b, w->n, size, at);
    ant__put_u32(b, 0x06054b50);
    ant__put_u32(b, 0); /* two disk numbers */
    ant__put_u16(b, count);
    ant__put_u16(b, count);
    ant__put_u32(b, low32(size));
    ant__put_u32(b, low32(at));
    ant__put_u16(b, 0);
    if (!w->error->code)
        return write_buffer(w, b);
    ant__buffer_free(b);
    return w->error->code;
}
