/* The strict reader of zip archives. */
#include "io/zip.h"
#include "io/utf8.h"
#include <stdlib.h>
#include <string.h>

enum {
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    FLAG_DESCRIPTOR = 8,  /* sizes and checksum stand behind the bytes */
    FLAGS_KNOWN = 0x080E, /* besides it: hints about deflate, names in UTF-8 */
    STORED = 0,
    DEFLATED = 8,
};
#define END_SIGN UINT32_C(0x06054b50)
#define END64_SIGN UINT32_C(0x06064b50)
#define LOCATOR_SIGN UINT32_C(0x07064b50)
#define CENTRAL_SIGN UINT32_C(0x02014b50)
#define LOCAL_SIGN UINT32_C(0x04034b50)
#define DESCRIPTOR_SIGN UINT32_C(0x08074b50)
#define FULL32 UINT32_C(0xFFFFFFFF)

typedef struct reader {
    ant_context *c;
    const ant_limits *limits;
    ant_zip *z;
    uint64_t directory, directory_size, count;
    uint64_t end; /* of the directory: where the end records begin */
} reader;

static uint64_t little(const unsigned char *s, int bytes) {
    uint64_t x = 0;
    while (bytes--)
        x = x << 8 | s[bytes];
    return x;
}

static uint32_t u16(const unsigned char *s) {
    return (uint32_t)little(s, 2);
}

static uint32_t u32(const unsigned char *s) {
    return (uint32_t)little(s, 4);
}

static int fail(reader *r, const char *what) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: zip: %s", r->z->path, what);
}

static int fail_member(reader *r, const ant_member *m, const char *what) {
    return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: member '%.200s': %s", r->z->path, m->name,
                     what);
}

/* --- the end records --- */
static int read_end64(reader *r, const unsigned char *end) {
    const unsigned char *bytes = r->z->bytes, *locator = end - LOCATOR_SIZE;
    uint64_t at = little(locator + 8, 8);
    if (u32(locator + 4) || u32(locator + 16) != 1)
        return fail(r, "it is spread over several disks");
    if (at > r->z->size || (size_t)(locator - bytes) != at + END64_SIZE)
        return fail(r, "its zip64 records do not fit together");
    const unsigned char *s = bytes + at;
    if (u32(s) != END64_SIGN || little(s + 4, 8) != END64_SIZE - 12)
        return fail(r, "its zip64 records do not fit together");
    if (u32(s + 16) || u32(s + 20) || little(s + 24, 8) != little(s + 32, 8))
        return fail(r, "it is spread over several disks");
    r->count = little(s + 32, 8);
    r->directory_size = little(s + 40, 8);
    r->directory = little(s + 48, 8);
    r->end = at;
    return 0;
}

static int read_end(reader *r) {
    const unsigned char *bytes = r->z->bytes;
    size_t size = r->z->size;
    if (size < END_SIZE)
        return fail(r, "it is too short");
    const unsigned char *end = bytes + size - END_SIZE;
    if (u32(end) != END_SIGN || u16(end + 20))
        return fail(r, "it does not end as an archive without a comment does");
    if (u16(end + 4) || u16(end + 6) || u16(end + 8) != u16(end + 10))
        return fail(r, "it is spread over several disks");
    r->count = u16(end + 10);
    r->directory_size = u32(end + 12);
    r->directory = u32(end + 16);
    r->end = size - END_SIZE;
    if (size >= END_SIZE + LOCATOR_SIZE + END64_SIZE && u32(end - LOCATOR_SIZE) == LOCATOR_SIGN &&
        read_end64(r, end))
        return r->c->error.code;
    if (r->directory > r->end || r->end - r->directory != r->directory_size)
        return fail(r, "its directory is not where its end says");
    if (r->count > (uint64_t)r->limits->members)
        return ant__fail(&r->c->error, ANT_E_LIMIT, "%s: zip: %llu members; at most %d are read",
                         r->z->path, (unsigned long long)r->count, r->limits->members);
    return 0;
}

/* --- extra fields --- */
/* The zip64 field (id 1) holds, in this order, those of the numbers whose 32 bits are all ones. */
static int zip64_fields(reader *r, const ant_member *m, const unsigned char *s, size_t n,
                        uint64_t *const *numbers, int k) {
    for (size_t at = 0; at + 4 <= n; at += 4 + u16(s + at + 2)) {
        size_t size = u16(s + at + 2), used = 0;
        if (size > n - at - 4)
            return fail_member(r, m, "its extra fields do not fit");
        if (u16(s + at) != 1)
            continue;
        for (int i = 0; i < k; i++) {
            if (*numbers[i] != FULL32)
                continue;
            if (size - used < 8)
                return fail_member(r, m, "its zip64 field is too short");
            *numbers[i] = little(s + at + 4 + used, 8);
            used += 8;
        }
        return 0;
    }
    return 0;
}

/* --- the directory --- */
/* A name is never a path that leaves its folder. A drive's letter begins one; "x:0" is a name of
 * TensorFlow's. */
static bool name_is_safe(const char *s, size_t n) {
    if (!n || *s == '/' || memchr(s, 0, n) || memchr(s, '\\', n) ||
        (n > 2 && !memcmp(s + 1, ":/", 2)))
        return false;
    if (ant__utf8_valid(s, n) < n)
        return false;
    for (const char *part = s, *end = s + n; part < end;) {
        const char *slash = memchr(part, '/', (size_t)(end - part));
        size_t k = (size_t)((slash ? slash : end) - part);
        if (!k || (k == 1 && part[0] == '.') || (k == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += slash ? k + 1 : k;
    }
    return true;
}

static bool is_folder(const ant_member *m) {
    return m->name[strlen(m->name) - 1] == '/';
}

static int check_member(reader *r, const ant_member *m) {
    static const uint64_t free_size = 1 << 20;
    if (m->flags & 1)
        return fail_member(r, m, "it is encrypted");
    if (m->flags & ~FLAGS_KNOWN)
        return fail_member(r, m, "it uses what is not known here");
    if (m->method != STORED && m->method != DEFLATED)
        return ant__fail(&r->c->error, ANT_E_FORMAT,
                         "%s: member '%.200s': compression %d; only stored and deflate are read",
                         r->z->path, m->name, m->method);
    if (is_folder(m) && m->size)
        return fail_member(r, m, "it is a folder, yet it has bytes");
    if (m->method == STORED && m->packed != m->size)
        return fail_member(r, m, "it is stored, yet its two sizes differ");
    if (m->packed > r->z->size)
        return fail_member(r, m, "it is longer than the file");
    if (m->size > free_size && m->size / (uint64_t)r->limits->ratio > m->packed)
        return ant__fail(&r->c->error, ANT_E_LIMIT,
                         "%s: member '%.200s': %llu bytes out of %llu, more than %d times as many",
                         r->z->path, m->name, (unsigned long long)m->size,
                         (unsigned long long)m->packed, r->limits->ratio);
    return 0;
}

static int read_name(reader *r, ant_member *m, const unsigned char *s, size_t n) {
    if (n > (size_t)r->limits->string_bytes || !name_is_safe((const char *)s, n)) {
        m->name = "?";
        return ant__fail(&r->c->error, ANT_E_FORMAT,
                         "%s: zip: a member's name is empty, no UTF-8, or leaves its folder",
                         r->z->path);
    }
    m->name = ant__arena_bytes(&r->c->arena, (const char *)s, n);
    return m->name ? 0 : ant__fail_memory(&r->c->error);
}

/* One record of the directory; *at moves behind it. */
static int read_record(reader *r, uint64_t *at, ant_member *m) {
    enum { UNIX = 3, KIND = 0170000, LINK = 0120000 }; /* of a file, in Unix's mode bits */
    const unsigned char *s = r->z->bytes + *at;
    if (r->end - *at < CENTRAL_SIZE || u32(s) != CENTRAL_SIGN)
        return fail(r, "its directory is damaged");
    size_t name = u16(s + 28), extra = u16(s + 30), comment = u16(s + 32);
    if (r->end - *at - CENTRAL_SIZE < name + extra + comment)
        return fail(r, "its directory is damaged");
    *m = (ant_member){.flags = (int)u16(s + 8),
                      .method = (int)u16(s + 10),
                      .crc = u32(s + 16),
                      .packed = u32(s + 20),
                      .size = u32(s + 24),
                      .header = u32(s + 42)};
    if (read_name(r, m, s + CENTRAL_SIZE, name))
        return r->c->error.code;
    uint64_t *const numbers[] = {&m->size, &m->packed, &m->header};
    if (zip64_fields(r, m, s + CENTRAL_SIZE + name, extra, numbers, 3))
        return r->c->error.code;
    *at += CENTRAL_SIZE + name + extra + comment;
    if (s[5] == UNIX && (u32(s + 38) >> 16 & KIND) == LINK)
        return fail_member(r, m, "it is a symbolic link");
    return check_member(r, m);
}

/* The local header must say the same as the directory; finds where the bytes begin. */
static int read_local(reader *r, ant_member *m) {
    if (m->header > r->directory || r->directory - m->header < LOCAL_SIZE)
        return fail_member(r, m, "it lies outside the archive");
    const unsigned char *s = r->z->bytes + m->header;
    size_t name = u16(s + 26), extra = u16(s + 28);
    uint64_t packed = u32(s + 18), size = u32(s + 22), room = r->directory - m->header - LOCAL_SIZE;
    if (u32(s) != LOCAL_SIGN || room < name + extra || room - name - extra < m->packed)
        return fail_member(r, m, "it lies outside the archive");
    uint64_t *const numbers[] = {&size, &packed};
    if (zip64_fields(r, m, s + LOCAL_SIZE + name, extra, numbers, 2))
        return r->c->error.code;
    bool later = m->flags & FLAG_DESCRIPTOR && !packed && !size && !u32(s + 14);
    if (name != strlen(m->name) || memcmp(s + LOCAL_SIZE, m->name, name) ||
        (int)u16(s + 6) != m->flags || (int)u16(s + 8) != m->method ||
        (!later && (packed != m->packed || size != m->size || u32(s + 14) != m->crc)))
        return fail_member(r, m, "its two headers disagree");
    m->data = m->header + LOCAL_SIZE + name + extra;
    return 0;
}

static int by_place(const void *a, const void *b) {
    const ant_member *const *x = a, *const *y = b;
    return (*x)->header < (*y)->header ? -1 : (*x)->header > (*y)->header;
}

static int by_name(const void *a, const void *b) {
    const ant_member *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Whether `n` bytes behind a member say its checksum and sizes once more, as writers do who learn
 * them late: perhaps after a signature, in numbers of 32 or 64 bits. */
static bool is_descriptor(const ant_member *m, const unsigned char *s, uint64_t n) {
    int bytes = n >= 20 ? 8 : 4;
    if (n != 12 && n != 16 && n != 20 && n != 24)
        return false;
    if (n % 8 == 0) {
        if (u32(s) != DESCRIPTOR_SIGN)
            return false;
        s += 4;
    }
    return u32(s) == m->crc && little(s + 4, bytes) == m->packed &&
           little(s + 4 + bytes, bytes) == m->size;
}

/* Members stand one behind the other: all bytes before the directory belong to one. */
static int check_places(reader *r, const ant_member **sorted, int n) {
    uint64_t end = n ? sorted[0]->header : r->directory;
    if (end)
        return fail(r, "there are bytes before its first member");
    for (int k = 0; k < n; k++) {
        const ant_member *m = sorted[k];
        uint64_t next = k + 1 < n ? sorted[k + 1]->header : r->directory;
        end = m->data + m->packed;
        if (next < end)
            return k + 1 < n ? fail_member(r, sorted[k + 1], "it overlaps another one")
                             : fail_member(r, m, "it lies outside the archive");
        if (m->flags & FLAG_DESCRIPTOR ? !is_descriptor(m, r->z->bytes + end, next - end)
                                       : next != end)
            return fail_member(r, m, "what stands behind it is neither the next one nor its sizes");
    }
    return 0;
}

/* No bytes belong to two members or to none, no name to two. */
static int check_all(reader *r) {
    int n = r->z->n;
    const ant_member **sorted = ant__alloc_array((size_t)n, sizeof *sorted);
    if (!sorted)
        return ant__fail_memory(&r->c->error);
    for (int k = 0; k < n; k++)
        sorted[k] = &r->z->members[k];
    qsort(sorted, (size_t)n, sizeof *sorted, by_place);
    check_places(r, sorted, n);
    qsort(sorted, (size_t)n, sizeof *sorted, by_name);
    for (int k = 1; k < n; k++)
        if (!strcmp(sorted[k]->name, sorted[k - 1]->name))
            fail_member(r, sorted[k], "there are two of this name");
    ant__free(sorted);
    return r->c->error.code;
}

static void drop_folders(ant_zip *z) {
    int n = 0;
    for (int k = 0; k < z->n; k++)
        if (!is_folder(&z->members[k]))
            z->members[n++] = z->members[k];
    z->n = n;
}

bool ant__zip_is(const unsigned char *bytes, size_t size) {
    return size >= 4 && (u32(bytes) == LOCAL_SIGN || u32(bytes) == END_SIGN);
}

int ant__zip_open(ant_context *c, const char *path, const unsigned char *bytes, size_t size,
                  const ant_limits *limits, ant_zip *out) {
    *out = (ant_zip){.path = path, .bytes = bytes, .size = size};
    reader r = {.c = c, .limits = ant__limits(limits), .z = out};
    if (read_end(&r))
        return c->error.code;
    out->members = ant__arena_array(&c->arena, (size_t)r.count + 1, sizeof *out->members);
    if (!out->members)
        return ant__fail_memory(&c->error);
    uint64_t at = r.directory;
    for (uint64_t k = 0; k < r.count; k++) {
        ant_member *m = &out->members[out->n];
        if (read_record(&r, &at, m) || read_local(&r, m))
            return c->error.code;
        out->n++;
    }
    if (at != r.end)
        return fail(&r, "its directory is longer than its members");
    if (check_all(&r))
        return c->error.code;
    drop_folders(out);
    return 0;
}

static int check_sum(reader *r, const ant_member *m, const unsigned char *bytes) {
#ifdef ANT__FUZZ
    (void)r, (void)m, (void)bytes; /* mutations must get past it */
    return 0;
#else
    if (ant__crc32(0, bytes, (size_t)m->size) == m->crc)
        return 0;
    return fail_member(r, m, "its checksum is wrong: the file is damaged");
#endif
}

int ant__zip_extract(ant_context *c, const ant_zip *z, const ant_member *m, unsigned char **out) {
    reader r = {.c = c, .z = (ant_zip *)(uintptr_t)z};
    const unsigned char *bytes = z->bytes + m->data;
    const char *wrong = NULL;
    *out = NULL;
    unsigned char *to =
        m->size < SIZE_MAX ? ant__arena_alloc(&c->arena, (size_t)m->size + 1) : NULL;
    if (!to)
        return ant__fail_memory(&c->error);
    if (m->method == DEFLATED)
        wrong = ant__inflate(to, (size_t)m->size, bytes, (size_t)m->packed);
    else
        memcpy(to, bytes, (size_t)m->size);
    if (wrong && !strcmp(wrong, ant_code_text(ANT_E_MEMORY)))
        return ant__fail_memory(&c->error);
    if (wrong)
        return fail_member(&r, m, wrong);
    int code = check_sum(&r, m, to);
    *out = code ? NULL : to;
    return code;
}

int ant__zip_view(ant_context *c, const ant_zip *z, const ant_member *m,
                  const unsigned char **out) {
    reader r = {.c = c, .z = (ant_zip *)(uintptr_t)z};
    unsigned char *copy;
    *out = z->bytes + m->data;
    if (m->method != DEFLATED)
        return check_sum(&r, m, *out);
    int code = ant__zip_extract(c, z, m, &copy);
    *out = copy;
    return code;
}

bool ant__zip_packed(const ant_member *m) {
    return m->method == DEFLATED;
}

const ant_member *ant__zip_find(const ant_zip *z, const char *name) {
    for (int k = 0; k < z->n; k++)
        if (!strcmp(z->members[k].name, name))
            return &z->members[k];
    return NULL;
}
