/* The superblock, and searches in the tree. */
#include "io/hdf5/parts.h"
#include <string.h>

static const unsigned char sign[] = "\x89HDF\r\n\x1a\n";
enum {
    SIGN = 8,
    FIRST_USER_BLOCK = 512,
    OLD_SIZE = 96, /* of superblock 0; one more field of four bytes in 1 */
    NEW_SIZE = 48, /* of superblocks 2 and 3, with the checksum */
    WIDTH = 8,     /* of addresses and lengths: what all write on machines of 64 bits */
    LEAF = 4,      /* what holds where the file does not say otherwise */
    INNER = 16,
    CHUNK = 32,
};

/* The superblock stands at 0, 512, 1024, 2048 …; SIZE_MAX: nowhere. */
static size_t find_superblock(const unsigned char *bytes, size_t size) {
    for (size_t at = 0; at < size && size - at >= SIGN; at = at ? 2 * at : FIRST_USER_BLOCK)
        if (!memcmp(bytes + at, sign, SIGN))
            return at;
    return SIZE_MAX;
}

bool ant__hdf5_is(const unsigned char *bytes, size_t size) {
    return find_superblock(bytes, size) != SIZE_MAX;
}

/* --- the superblock --- */
typedef struct superblock {
    uint64_t base, extension, end, root;
    bool cached; /* the root's entry repeats where its B-tree and heap stand */
    uint64_t cached_tree, cached_heap;
} superblock;

static int check_superblock(ant_hdf5_reader *r, const superblock *s) {
    const ant_hdf5_file *f = r->file;
    if (s->base != f->base)
        return ant__hdf5_fail(r, f->bytes, "its base address is %llu, but it begins at byte %zu",
                              (unsigned long long)s->base, f->base);
    if (s->end != f->base + f->size)
        return ant__hdf5_fail(r, f->bytes, "it should have %llu bytes, it has %zu",
                              (unsigned long long)s->end, f->base + f->size);
    return 0;
}

static int check_widths(ant_hdf5_reader *r, uint64_t addresses, uint64_t lengths) {
    if (addresses == WIDTH && lengths == WIDTH)
        return 0;
    return ant__hdf5_fail(r, r->file->bytes,
                          "addresses of %d bytes and lengths of %d; both must have 8",
                          (int)addresses, (int)lengths);
}

/* Versions 0 and 1. */
static int read_old(ant_hdf5_reader *r, ant_hdf5_file *f, superblock *s) {
    bool first = f->size > SIGN && f->bytes[SIGN] == 0;
    size_t size = first ? OLD_SIZE : OLD_SIZE + 4;
    const unsigned char *at = ant__hdf5_claim(r, 0, size, "the superblock");
    if (!at)
        return r->c->error.code;
    ant_hdf5_cursor k = ant__hdf5_cursor(at + SIGN + 1, size - SIGN - 1);
    uint64_t versions = ant__hdf5_take(&k, 4), addresses = ant__hdf5_take(&k, 1),
             lengths = ant__hdf5_take(&k, 1);
    if (versions)
        return ant__hdf5_fail(r, at, "a version in the superblock is not known");
    if (check_widths(r, addresses, lengths))
        return r->c->error.code;
    ant__hdf5_skip(&k, 1);
    f->leaf = (unsigned)ant__hdf5_take(&k, 2);
    f->inner = (unsigned)ant__hdf5_take(&k, 2);
    ant__hdf5_skip(&k, 4);
    if (!first) {
        f->chunk = (unsigned)ant__hdf5_take(&k, 2);
        ant__hdf5_skip(&k, 2);
    }
    s->base = ant__hdf5_take(&k, WIDTH);
    ant__hdf5_skip(&k, WIDTH); /* free space: for writers only */
    s->end = ant__hdf5_take(&k, WIDTH);
    if (ant__hdf5_take(&k, WIDTH) != ANT__HDF5_NOWHERE)
        return ant__hdf5_fail(r, at, "it needs a driver, so that it may be spread over files");
    ant__hdf5_skip(&k, WIDTH); /* the root's name */
    s->root = ant__hdf5_take(&k, WIDTH);
    s->extension = ANT__HDF5_NOWHERE;
    if (!f->leaf || !f->inner || !f->chunk)
        return ant__hdf5_fail(r, at, "its symbol nodes or B-trees would have no room");
    return 0;
}

/* Versions 2 and 3. */
static int read_new(ant_hdf5_reader *r, superblock *s) {
    const unsigned char *at = ant__hdf5_claim(r, 0, NEW_SIZE, "the superblock");
    if (!at || ant__hdf5_check_hash(r, at, NEW_SIZE - 4, "the superblock"))
        return r->c->error.code;
    ant_hdf5_cursor k = ant__hdf5_cursor(at + SIGN, NEW_SIZE - SIGN);
    ant__hdf5_skip(&k, 1);
    uint64_t addresses = ant__hdf5_take(&k, 1), lengths = ant__hdf5_take(&k, 1);
    if (check_widths(r, addresses, lengths))
        return r->c->error.code;
    if (ant__hdf5_take(&k, 1))
        return ant__hdf5_fail(r, at, "whoever wrote it has not closed it");
    s->base = ant__hdf5_take(&k, WIDTH);
    s->extension = ant__hdf5_take(&k, WIDTH);
    s->end = ant__hdf5_take(&k, WIDTH);
    s->root = ant__hdf5_take(&k, WIDTH);
    return 0;
}

static int read_superblock(ant_hdf5_reader *r, ant_hdf5_file *f, superblock *s) {
    int version = f->size > SIGN ? f->bytes[SIGN] : 0;
    if (version > 3)
        return ant__hdf5_fail(r, f->bytes, "superblock %d; 0 to 3 are known", version);
    if (version < 2 ? read_old(r, f, s) : read_new(r, s))
        return r->c->error.code;
    if (check_superblock(r, s))
        return r->c->error.code;
    return s->extension == ANT__HDF5_NOWHERE ? 0 : ant__hdf5_extension_read(r, f, s->extension);
}

static int parse(ant_hdf5_reader *r, ant_hdf5_file *f, ant_hdf5_node *root) {
    superblock s = {0};
    if (read_superblock(r, f, &s))
        return r->c->error.code;
    f->root = r->node = root;
    if (ant__hdf5_object_read(r, root, s.root))
        return r->c->error.code;
    return root->group ? 0 : ant__hdf5_fail(r, NULL, "the root is no group");
}

static int find_file(ant_context *c, ant_hdf5_file *f, const unsigned char *bytes, size_t size) {
    size_t at = find_superblock(bytes, size);
    if (at == SIZE_MAX)
        return ant__fail(&c->error, ANT_E_FORMAT, "%s: hdf5: there is no superblock", f->path);
    f->bytes = bytes + at;
    f->size = size - at;
    f->base = at;
    return 0;
}

int ant__hdf5_parse(ant_context *c, const char *path, const unsigned char *bytes, size_t size,
                    const ant_limits *limits, ant_hdf5_node **root) {
    *root = NULL;
    ant_hdf5_file *f = ant__arena_alloc(&c->arena, sizeof *f);
    ant_hdf5_node *top = ant__arena_alloc(&c->arena, sizeof *top);
    char *name = f && top ? ant__arena_text(&c->arena, path) : NULL;
    if (!name)
        return ant__fail_memory(&c->error);
    *f = (ant_hdf5_file){.path = name, .leaf = LEAF, .inner = INNER, .chunk = CHUNK};
    f->limits = *ant__limits(limits);
    f->limits.ratio = f->limits.ratio > 0 ? f->limits.ratio : 1;
    *top = (ant_hdf5_node){.name = "", .file = f};
    if (find_file(c, f, bytes, size))
        return c->error.code;
    ant_hdf5_reader r = {.c = c, .file = f, .claimed = ant__alloc(f->size / 8 + 1)};
    int code = r.claimed ? parse(&r, f, top) : ant__fail_memory(&c->error);
    ant__hdf5_heaps_free(&r);
    ant__free(r.claimed);
    if (!code)
        *root = top;
    return code;
}

/* --- searches --- */
/* How a name of n bytes compares with a node's. */
static int compare_name(const char *name, size_t n, const ant_hdf5_node *node) {
    int order = strncmp(name, node->name, n);
    return order ? order : node->name[n] ? -1 : 0;
}

static const ant_hdf5_node *find_member(const ant_hdf5_node *g, const char *name, size_t n) {
    for (const ant_hdf5_node *m = g->sorted ? NULL : g->first; m; m = m->next)
        if (!compare_name(name, n, m))
            return m;
    for (int low = 0, high = g->sorted ? g->count : 0; low < high;) {
        int middle = low + (high - low) / 2, order = compare_name(name, n, g->sorted[middle]);
        if (!order)
            return g->sorted[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const ant_hdf5_node *ant__hdf5_find(const ant_hdf5_node *group, const char *path) {
    while (group && *path) {
        size_t n = strcspn(path, "/");
        group = group->group ? find_member(group, path, n) : NULL;
        path += n + (path[n] == '/');
    }
    return group;
}

const ant_hdf5_attribute *ant__hdf5_attribute(const ant_hdf5_node *node, const char *name) {
    for (const ant_hdf5_attribute *a = node->attributes; a; a = a->next)
        if (!strcmp(a->name, name))
            return a;
    return NULL;
}
