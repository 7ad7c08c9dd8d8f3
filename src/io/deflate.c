/* Checksums and deflate, through zlib where the build has it. */
#include "core/memory.h"
#include "io/zip.h"

#ifdef ANT__ZLIB
#include <zlib.h>

enum { PIECE = 1 << 30 };

uint32_t ant__crc32(uint32_t crc, const void *data, size_t size) {
    const unsigned char *at = data;
    while (size) {
        size_t n = size < PIECE ? size : PIECE;
        crc = (uint32_t)crc32(crc, at, (uInt)n);
        at += n;
        size -= n;
    }
    return crc;
}

static void *take(void *unused, uInt n, uInt size) {
    (void)unused;
    return ant__alloc_array(n, size);
}

static void give(void *unused, void *block) {
    (void)unused;
    ant__free(block);
}

/* zlib counts in unsigned int: pieces of both sides, until one of them ends. */
static int inflate_pieces(z_stream *z, size_t size, size_t packed) {
    int code = Z_OK;
    while (code == Z_OK) {
        uInt in = (uInt)(packed < PIECE ? packed : PIECE),
             out = (uInt)(size < PIECE ? size : PIECE);
        z->avail_in = in;
        z->avail_out = out;
        code = inflate(z, Z_NO_FLUSH);
        packed -= in - z->avail_in;
        size -= out - z->avail_out;
        if (code == Z_OK && in == z->avail_in && out == z->avail_out)
            return Z_BUF_ERROR;
    }
    return code == Z_STREAM_END && (packed || size) ? Z_DATA_ERROR : code;
}

static const char *inflate_all(z_stream *z, unsigned char *out, size_t size,
                               const unsigned char *in, size_t packed) {
    unsigned char nothing;
    z->next_in = (unsigned char *)(uintptr_t)in;
    z->next_out = size ? out : &nothing;
    int code = inflate_pieces(z, size, packed);
    if (code == Z_MEM_ERROR)
        return ant_code_text(ANT_E_MEMORY);
    return code == Z_STREAM_END ? NULL : "its compressed bytes are damaged, or its sizes lie";
}

const char *ant__inflate(unsigned char *out, size_t size, const unsigned char *in, size_t packed) {
    z_stream z = {.zalloc = take, .zfree = give};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return ant_code_text(ANT_E_MEMORY);
    const char *wrong = inflate_all(&z, out, size, in, packed);
    inflateEnd(&z);
    return wrong;
}

struct ant_inflater {
    z_stream z;
};

ant_inflater *ant__inflater_new(void) {
    ant_inflater *i = ant__alloc(sizeof *i);
    if (!i)
        return NULL;
    i->z = (z_stream){.zalloc = take, .zfree = give};
    if (inflateInit(&i->z) == Z_OK)
        return i;
    ant__free(i);
    return NULL;
}

const char *ant__inflate_next(ant_inflater *i, unsigned char *out, size_t size,
                              const unsigned char *in, size_t packed) {
    inflateReset(&i->z);
#ifdef ANT__FUZZ
    inflateValidate(&i->z, 0);
#endif
    return inflate_all(&i->z, out, size, in, packed);
}

void ant__inflater_free(ant_inflater *i) {
    if (!i)
        return;
    inflateEnd(&i->z);
    ant__free(i);
}

#else

/* The polynomial of zip, four bits at a time. */
uint32_t ant__crc32(uint32_t crc, const void *data, size_t size) {
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    const unsigned char *at = data;
    crc = ~crc;
    for (size_t k = 0; k < size; k++) {
        crc ^= at[k];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static const char refused[] = "it is compressed, and this build has no zlib";

const char *ant__inflate(unsigned char *out, size_t size, const unsigned char *in, size_t packed) {
    (void)out, (void)size, (void)in, (void)packed;
    return refused;
}

struct ant_inflater {
    char unused;
};

ant_inflater *ant__inflater_new(void) {
    return ant__alloc(sizeof(ant_inflater));
}

const char *ant__inflate_next(ant_inflater *i, unsigned char *out, size_t size,
                              const unsigned char *in, size_t packed) {
    (void)i;
    return ant__inflate(out, size, in, packed);
}

void ant__inflater_free(ant_inflater *i) {
    ant__free(i);
}

#endif
