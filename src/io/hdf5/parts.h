/* The parts of the HDF5 reader; private to these files.
 *
 * What is read is claimed first: a map holds a bit for every byte of the file, and no byte belongs
 * to two structures. So nothing is read twice, no chain of addresses ends in a circle, and the work
 * is linear in the file's size whatever it says. Addresses count from the base address. */
#ifndef ANT_IO_HDF5_PARTS_H
#define ANT_IO_HDF5_PARTS_H
#include "core/shape.h"
#include "io/hdf5/hdf5.h"
#include "io/zip.h"

#define ANT__HDF5_NOWHERE UINT64_MAX

typedef struct ant_hdf5_file {
    const char *path;
    const unsigned char *bytes; /* from the base address on */
    size_t size;
    size_t base; /* bytes before the base address */
    unsigned leaf, inner,
        chunk; /* half of the entries that symbol nodes and B-trees have room for */
    ant_limits limits;
    const ant_hdf5_node *root;
} ant_hdf5_file;

/* Bytes of a structure within the file; at NULL: there is none. */
typedef struct ant_hdf5_span {
    const unsigned char *at;
    size_t size;
} ant_hdf5_span;

/* Who reads: the tree while it is parsed, later a single dataset. */
typedef struct ant_hdf5_reader {
    ant_context *c;
    const ant_hdf5_file *file;
    const ant_hdf5_node *node;    /* for messages: what is being read */
    const char *attribute;        /* and which of its attributes; NULL: none */
    unsigned char *claimed;       /* the map; NULL: it was claimed when the file was parsed */
    struct ant_hdf5_heaps *heaps; /* global heaps met so far */
    int depth, datasets;          /* groups open; datasets met */
    uint64_t filled, unpacked;    /* bytes that datasets promise without storing, by unpacking */
} ant_hdf5_reader;

/* --- bytes: bytes.c --- */
/* "file: hdf5: '/dense/0', attribute 'a', at byte 96: what" where `at` is in the file. */
int ant__hdf5_fail(ant_hdf5_reader *r, const void *at, const char *format, ...) ANT__FORMAT(3, 4);
/* The same as ANT_E_LIMIT. */
int ant__hdf5_limit(ant_hdf5_reader *r, const void *at, const char *format, ...) ANT__FORMAT(3, 4);
/* Takes bytes for a structure ("a local heap"); NULL and an error when they are not all in the
 * file, or belong to another one. */
const unsigned char *ant__hdf5_claim(ant_hdf5_reader *r, uint64_t address, uint64_t size,
                                     const char *what);
/* The same, and they must begin with a signature of four letters. */
const unsigned char *ant__hdf5_claim_signed(ant_hdf5_reader *r, uint64_t address, uint64_t size,
                                            const char *sign, const char *what);
/* Claims bytes of the file, without a message: false where one was claimed before. */
bool ant__hdf5_map_take(ant_hdf5_reader *r, const unsigned char *at, size_t size);
/* Marks bytes as claimed or free again. */
void ant__hdf5_map(ant_hdf5_reader *r, const unsigned char *at, size_t size, bool claimed);
/* Jenkins's lookup3 of n bytes; four of them, from `hole` on, count as zeros. */
#define ANT__HDF5_NO_HOLE (SIZE_MAX / 2)
uint32_t ant__hdf5_hash(const unsigned char *s, size_t n, size_t hole);
/* An error when a hash is not what is stored. */
int ant__hdf5_compare_hash(ant_hdf5_reader *r, const unsigned char *s, uint32_t hash,
                           uint64_t stored, const char *what);
/* The hash of n bytes must stand behind them. */
int ant__hdf5_check_hash(ant_hdf5_reader *r, const unsigned char *s, size_t n, const char *what);
/* Bytes that hold any number up to `most`. */
int ant__hdf5_width(uint64_t most);
/* The logarithm of a power of two; -1 of anything else. */
int ant__hdf5_log2(uint64_t x);

static inline uint64_t ant__hdf5_little(const unsigned char *s, int bytes) {
    uint64_t x = 0;
    while (bytes--)
        x = x << 8 | s[bytes];
    return x;
}

/* A reader of little-endian numbers that remembers when there were too few bytes: one check at the
 * end is enough. */
typedef struct ant_hdf5_cursor {
    const unsigned char *at, *end;
    bool failed;
} ant_hdf5_cursor;

static inline ant_hdf5_cursor ant__hdf5_cursor(const unsigned char *at, size_t size) {
    return (ant_hdf5_cursor){at, size ? at + size : at, false};
}

/* Where it stood; NULL when there are too few. */
static inline const unsigned char *ant__hdf5_skip(ant_hdf5_cursor *k, uint64_t n) {
    const unsigned char *at = k->at;
    if (k->failed || n > (uint64_t)(k->end - k->at)) {
        k->failed = true;
        return NULL;
    }
    k->at += n;
    return at;
}

static inline uint64_t ant__hdf5_take(ant_hdf5_cursor *k, int bytes) {
    const unsigned char *at = ant__hdf5_skip(k, (uint64_t)bytes);
    return at ? ant__hdf5_little(at, bytes) : 0;
}

/* --- objects: header.c --- */
/* The messages of an object's header that stand once. */
typedef struct ant_hdf5_object {
    ant_hdf5_span space, type, layout, filters, fill, old_fill;
    ant_hdf5_span symbols, links, attributes;
} ant_hdf5_object;
/* No header is shorter. So many bytes of a member's are claimed when its link is met, so that there
 * cannot be many members in few bytes; they are free again when it is read. */
enum { ANT__HDF5_HEADER = 32 };
/* Reads the object at an address into a node, and all below it. */
int ant__hdf5_object_read(ant_hdf5_reader *r, ant_hdf5_node *node, uint64_t address);
/* The extension of the superblock. */
int ant__hdf5_extension_read(ant_hdf5_reader *r, ant_hdf5_file *file, uint64_t address);

/* --- groups: group.c, dense.c --- */
int ant__hdf5_group_read(ant_hdf5_reader *r, ant_hdf5_node *group, const ant_hdf5_object *o);
/* A link message in a group's header or heap. */
int ant__hdf5_link_read(ant_hdf5_reader *r, ant_hdf5_node *group, ant_hdf5_span message);
/* What stands in a fractal heap: `visit` gets each object that the index names. */
typedef int ant_hdf5_visit(ant_hdf5_reader *r, ant_hdf5_node *node, ant_hdf5_span object);
typedef struct ant_hdf5_dense {
    uint64_t heap, index; /* addresses */
    int type;             /* of the B-tree's records */
    int id;               /* where a record has the heap's ID */
} ant_hdf5_dense;
int ant__hdf5_dense_read(ant_hdf5_reader *r, ant_hdf5_node *node, const ant_hdf5_dense *d,
                         ant_hdf5_visit *visit);

/* --- B-trees of version 2: tree.c --- */
typedef struct ant_hdf5_tree {
    ant_hdf5_reader *r;
    uint64_t address;
    int type;  /* of its records, which must be this */
    int least; /* bytes of a record, at least */
    int (*visit)(struct ant_hdf5_tree *t, const unsigned char *record);
    void *data;
    /* filled by the walk */
    int record; /* bytes of a record */
} ant_hdf5_tree;
/* Visits every record in order. */
int ant__hdf5_tree_walk(ant_hdf5_tree *t);

/* --- types and shapes: type.c --- */
/* How entries stand in the file. */
enum {
    ANT__HDF5_NATIVE, /* numbers */
    ANT__HDF5_SWAPPED,
    ANT__HDF5_BFLOAT,
    ANT__HDF5_BFLOAT_SWAPPED,
    ANT__HDF5_OPAQUE,   /* two bytes: bfloat16 if the attribute `dtype` says so */
    ANT__HDF5_ENDED,    /* texts: up to a NUL, */
    ANT__HDF5_PADDED,   /* padded with NULs, */
    ANT__HDF5_BLANKS,   /* padded with blanks, */
    ANT__HDF5_VARIABLE, /* of variable length */
};
int ant__hdf5_type_read(ant_hdf5_reader *r, ant_hdf5_span message, ant_hdf5_values *out);
/* most (NULL: not wanted): the largest sizes, ANT__HDF5_NOWHERE: unlimited. */
int ant__hdf5_space_read(ant_hdf5_reader *r, ant_hdf5_span message, ant_hdf5_values *out,
                         uint64_t most[ANT_MAX_AXES]);
/* Entries; type and space were read, so that this times the size is known to fit. */
size_t ant__hdf5_count(const ant_hdf5_values *v);

/* --- attributes and texts: attribute.c, texts.c --- */
int ant__hdf5_attribute_read(ant_hdf5_reader *r, ant_hdf5_node *node, ant_hdf5_span message);
/* Those in a heap, and no name twice. */
int ant__hdf5_attributes_finish(ant_hdf5_reader *r, ant_hdf5_node *node, ant_hdf5_span info);
/* A text of variable length, where it stands in a global heap. */
typedef struct ant_hdf5_text {
    const unsigned char *at;
    size_t size;
} ant_hdf5_text;
/* Finds the texts that n references name. */
int ant__hdf5_texts_resolve(ant_hdf5_reader *r, ant_hdf5_values *v);
void ant__hdf5_heaps_free(ant_hdf5_reader *r);

/* --- datasets: dataset.c, chunks.c, numbers.c --- */
int ant__hdf5_dataset_read(ant_hdf5_reader *r, ant_hdf5_node *node, const ant_hdf5_object *o);
#endif
