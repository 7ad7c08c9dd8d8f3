/* Messages, the map of claimed bytes, checksums. */
#include "io/hdf5/parts.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- messages --- */
enum { PATH_ROOM = 256, WHAT_ROOM = 480 };

/* The path of a node below `at`; what is too long ends early. */
static bool put_path(char out[PATH_ROOM], size_t used, const ant_hdf5_node *at,
                     const ant_hdf5_node *wanted) {
    if (at == wanted)
        return true;
    for (const ant_hdf5_node *n = at->group ? at->first : NULL; n; n = n->next) {
        if (used < PATH_ROOM - 2)
            snprintf(out + used, PATH_ROOM - used, "/%s", n->name);
        if (put_path(out, strlen(out), n, wanted))
            return true;
        out[used] = 0;
    }
    return false;
}

static void put_place(char *out, size_t room, const ant_hdf5_reader *r, const void *at) {
    const ant_hdf5_file *f = r->file;
    char path[PATH_ROOM] = "";
    size_t n = 0;
    out[0] = 0;
    if (r->node && f->root && put_path(path, 0, f->root, r->node))
        n += (size_t)snprintf(out, room, " '%s'", path[0] ? path : "/");
    if (r->attribute)
        n += (size_t)snprintf(out + n, room - n, ", attribute '%.200s'", r->attribute);
    if (at)
        snprintf(out + n, room - n, "%s at byte %zu", n ? "," : "",
                 (size_t)((const unsigned char *)at - f->bytes) + f->base);
}

static int fail(ant_hdf5_reader *r, int code, const void *at, const char *format, va_list args) {
    char what[WHAT_ROOM], place[2 * PATH_ROOM + 64];
    if (r->c->error.code)
        return r->c->error.code;
    vsnprintf(what, sizeof what, format, args);
    put_place(place, sizeof place, r, at);
    return ant__fail(&r->c->error, code, "%s: hdf5:%s%s %s", r->file->path, place,
                     place[0] ? ":" : "", what);
}

int ant__hdf5_fail(ant_hdf5_reader *r, const void *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int code = fail(r, ANT_E_FORMAT, at, format, args);
    va_end(args);
    return code;
}

int ant__hdf5_limit(ant_hdf5_reader *r, const void *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int code = fail(r, ANT_E_LIMIT, at, format, args);
    va_end(args);
    return code;
}

/* --- the map --- */
static unsigned char mask(size_t from, size_t to) {
    return (unsigned char)((0xFF << from) & (0xFF >> (8 - to)));
}

/* Whether bits [from, to) are all clear. */
static bool map_is_clear(const unsigned char *map, size_t from, size_t to) {
    size_t a = from / 8, b = to / 8;
    if (a == b)
        return !(map[a] & mask(from % 8, to % 8));
    unsigned char seen = map[a] & mask(from % 8, 8);
    for (size_t k = a + 1; k < b; k++)
        seen |= map[k];
    return !seen && !(map[b] & mask(0, to % 8));
}

static void map_set(unsigned char *map, size_t from, size_t to, bool bit) {
    size_t a = from / 8, b = to / 8;
    unsigned char first = a == b ? mask(from % 8, to % 8) : mask(from % 8, 8),
                  last = a == b ? 0 : mask(0, to % 8);
    map[a] = bit ? map[a] | first : map[a] & (unsigned char)~first;
    map[b] = bit ? map[b] | last : map[b] & (unsigned char)~last;
    if (b > a + 1)
        memset(map + a + 1, bit ? 0xFF : 0, b - a - 1);
}

bool ant__hdf5_map_take(ant_hdf5_reader *r, const unsigned char *at, size_t size) {
    size_t from = (size_t)(at - r->file->bytes), to = from + size;
    if (!size)
        return true;
    if (!map_is_clear(r->claimed, from, to))
        return false;
    map_set(r->claimed, from, to, true);
    return true;
}

const unsigned char *ant__hdf5_claim(ant_hdf5_reader *r, uint64_t address, uint64_t size,
                                     const char *what) {
    const ant_hdf5_file *f = r->file;
    if (address > f->size || size > f->size - address) {
        ant__hdf5_fail(r, NULL, "%s of %llu bytes at address %llu lies outside the file", what,
                       (unsigned long long)size, (unsigned long long)address);
        return NULL;
    }
    const unsigned char *at = f->bytes + address;
    if (!r->claimed || ant__hdf5_map_take(r, at, (size_t)size))
        return at;
    ant__hdf5_fail(r, at, "%s overlaps something else in the file, or is met twice", what);
    return NULL;
}

const unsigned char *ant__hdf5_claim_signed(ant_hdf5_reader *r, uint64_t address, uint64_t size,
                                            const char *sign, const char *what) {
    const unsigned char *at = ant__hdf5_claim(r, address, size, what);
    if (!at || !memcmp(at, sign, 4))
        return at;
    ant__hdf5_fail(r, at, "expected %s, which begins with '%s'", what, sign);
    return NULL;
}

void ant__hdf5_map(ant_hdf5_reader *r, const unsigned char *at, size_t size, bool claimed) {
    size_t from = (size_t)(at - r->file->bytes);
    if (r->claimed)
        map_set(r->claimed, from, from + size, claimed);
}

/* --- lookup3, of Bob Jenkins, which is in the public domain --- */
typedef struct triple {
    uint32_t a, b, c;
} triple;

static uint32_t turn(uint32_t x, int by) {
    return x << by | x >> (32 - by);
}

static void mix(triple *t) {
    uint32_t a = t->a, b = t->b, c = t->c;
    a = (a - c) ^ turn(c, 4), c += b;
    b = (b - a) ^ turn(a, 6), a += c;
    c = (c - b) ^ turn(b, 8), b += a;
    a = (a - c) ^ turn(c, 16), c += b;
    b = (b - a) ^ turn(a, 19), a += c;
    c = (c - b) ^ turn(b, 4), b += a;
    *t = (triple){a, b, c};
}

static uint32_t finish(const triple *t) {
    uint32_t a = t->a, b = t->b, c = t->c;
    c = (c ^ b) - turn(b, 14);
    a = (a ^ c) - turn(c, 11);
    b = (b ^ a) - turn(a, 25);
    c = (c ^ b) - turn(b, 16);
    a = (a ^ c) - turn(c, 4);
    b = (b ^ a) - turn(a, 14);
    return (c ^ b) - turn(b, 24);
}

/* Adds up to twelve bytes; those of the hole are zeros. */
static void add(triple *t, const unsigned char *s, size_t from, size_t n, size_t hole) {
    uint32_t words[3] = {0};
    for (size_t k = 0; k < n; k++)
        if (from + k - hole >= 4)
            words[k / 4] |= (uint32_t)s[from + k] << 8 * (k % 4);
    t->a += words[0];
    t->b += words[1];
    t->c += words[2];
}

uint32_t ant__hdf5_hash(const unsigned char *s, size_t n, size_t hole) {
    uint32_t start = UINT32_C(0xDEADBEEF) + (uint32_t)n;
    triple t = {start, start, start};
    size_t at = 0;
    for (; n - at > 12; at += 12) {
        add(&t, s, at, 12, hole);
        mix(&t);
    }
    if (n == at)
        return t.c;
    add(&t, s, at, n - at, hole);
    return finish(&t);
}

int ant__hdf5_compare_hash(ant_hdf5_reader *r, const unsigned char *s, uint32_t hash,
                           uint64_t stored, const char *what) {
#ifdef ANT__FUZZ
    /* Mutations must get past it. */
    hash = (uint32_t)stored;
#endif
    if (hash == stored)
        return 0;
    return ant__hdf5_fail(r, s, "the checksum of %s is wrong: the file is damaged", what);
}

int ant__hdf5_check_hash(ant_hdf5_reader *r, const unsigned char *s, size_t n, const char *what) {
    return ant__hdf5_compare_hash(r, s, ant__hdf5_hash(s, n, ANT__HDF5_NO_HOLE),
                                  ant__hdf5_little(s + n, 4), what);
}

/* --- numbers --- */
int ant__hdf5_width(uint64_t most) {
    int bytes = 1;
    while (most >>= 8)
        bytes++;
    return bytes;
}

int ant__hdf5_log2(uint64_t x) {
    int n = 0;
    if (!x || x & (x - 1))
        return -1;
    while (x >>= 1)
        n++;
    return n;
}
