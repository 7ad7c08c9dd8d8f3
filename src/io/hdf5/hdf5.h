/* HDF5: a strict reader of the subset that Keras and h5py write, and a writer of what all of them
 * read. (The HDF5 File Format Specification of The HDF Group tells the format.)
 *
 * The reader takes superblocks 0 to 3, groups of either kind, datasets of numbers and texts
 * (compact, contiguous, chunked; deflate, shuffle, fletcher32) and attributes. It refuses, by name
 * and place, what leads out of the file, into it twice, or nowhere: soft and external links, second
 * hard links, external and virtual data, foreign filters, committed types, types without a
 * counterpart, structures that overlap, sums that do not add up. No structure is read twice, so
 * that time is linear in the size of the file; beside the file's bytes a tree takes at most twice
 * their size and 16 MB.
 *
 *     ant_hdf5_node *root;
 *     ant_array kernel;
 *     if (ant__hdf5_parse(c, path, bytes, size, limits, &root))
 *         return c->error.code;
 *     const ant_hdf5_node *n = ant__hdf5_find(root, "layers/dense/vars/0");
 *     if (n && !n->group && ant__hdf5_numbers(c, n, &kernel)) …
 */
#ifndef ANT_IO_HDF5_H
#define ANT_IO_HDF5_H
#include "antler/files.h"
#include "core/context.h"
#include "core/shape.h"
#include "core/text/buffer.h"

typedef struct ant_hdf5_node ant_hdf5_node;
typedef struct ant_hdf5_attribute ant_hdf5_attribute;

/* What a dataset or an attribute holds. */
typedef struct ant_hdf5_values {
    int8_t rank;          /* 0: a scalar; -1: a null dataspace, without entries */
    int8_t dtype;         /* enum ant_dtype; ANT_TEXT: texts */
    uint8_t form;         /* private: how texts are padded, which byte order */
    uint32_t size;        /* bytes of an entry */
    const int64_t *shape; /* of `rank` axes */
    const void *bytes;    /* private: all of it in a row; NULL: none, or it must be put together */
    const struct ant_hdf5_place *place; /* private: what it is put together from */
} ant_hdf5_values;

/* A group or a dataset. */
struct ant_hdf5_node {
    const char *name; /* its last level, which never holds '/'; "" for the root */
    ant_hdf5_node *next;
    ant_hdf5_attribute *attributes;   /* a list */
    const struct ant_hdf5_file *file; /* private: where it was read; NULL: to be written */
    bool group;
    union {
        struct {
            ant_hdf5_node *first, *last; /* the members; sorted by name when they were read */
            ant_hdf5_node **sorted;      /* private: the same, for searches */
            int count;
        };
        ant_hdf5_values values; /* of a dataset */
    };
};

struct ant_hdf5_attribute {
    const char *name;
    ant_hdf5_attribute *next;
    ant_hdf5_values values;
};

/* --- in --- */
bool ant__hdf5_is(const unsigned char *bytes, size_t size);
/* Reads and checks the whole structure (not yet what is compressed). Everything is in the context's
 * arena; `bytes` must outlive it. 0, ANT_E_FORMAT, ANT_E_LIMIT or ANT_E_MEMORY. */
int ant__hdf5_parse(ant_context *c, const char *path, const unsigned char *bytes, size_t size,
                    const ant_limits *limits, ant_hdf5_node **root);
/* "layers/dense/vars/0" from a group; NULL when there is none. */
const ant_hdf5_node *ant__hdf5_find(const ant_hdf5_node *group, const char *path);
/* NULL when there is none. */
const ant_hdf5_attribute *ant__hdf5_attribute(const ant_hdf5_node *node, const char *name);
/* The shape of a dataset, known before anything is unpacked: a scalar has no axes, a null dataspace
 * one of no entries. */
ant_dims ant__hdf5_dims(const ant_hdf5_node *dataset);
/* A dataset's numbers: a view where they stand in a row in the file (perhaps `swapped`, perhaps at
 * an odd address, never to be written to), else a copy in the context's arena, unpacked, which
 * comes out of no budget: somebody asked for these numbers. A scalar has
 * one axis of one entry here, a null dataspace one of none (`values.rank` tells); bfloat16 becomes
 * float32. The name is the node's. Texts are refused. */
int ant__hdf5_numbers(ant_context *c, const ant_hdf5_node *dataset, ant_array *out);
/* The same of an attribute; one that is not there is refused. */
int ant__hdf5_attribute_numbers(ant_context *c, const ant_hdf5_node *node, const char *name,
                                ant_array *out);
/* The texts of an attribute, or of a dataset where `attribute` is NULL: one or a list, of fixed
 * length or variable. Any array without entries is an empty list. Where there is no such attribute
 * but name0, name1 … (Keras splits lists of more than 64 KB), these are joined. An attribute that
 * is not there, numbers, text that is no UTF-8 or holds a NUL, and gaps are refused. */
int ant__hdf5_texts(ant_context *c, const ant_hdf5_node *node, const char *attribute,
                    ant_texts *out);
/* Whether ant__hdf5_texts would find it. */
bool ant__hdf5_has(const ant_hdf5_node *node, const char *attribute);

/* --- out ---
 * A tree in the context's arena: names and texts are copied, numbers are not and must outlive the
 * write. The first error is kept in the context; NULL and codes after it. */
/* `parent` NULL: the root, whose name is not used. A group that is there already is given back, so
 * that paths can be walked; a dataset of that name is an error. */
ant_hdf5_node *ant__hdf5_group(ant_context *c, ant_hdf5_node *parent, const char *name);
/* Any array of numbers; axes 0: a scalar, `data` points at it. A name twice in a group is an
 * error. */
int ant__hdf5_dataset(ant_context *c, ant_hdf5_node *group, const char *name, ant_array values);
/* A text of variable length, UTF-8: how Keras writes `name`, `model_config` and such. */
int ant__hdf5_put_text(ant_context *c, ant_hdf5_node *node, const char *name, const char *text);
/* A list of texts of one fixed length, padded with NULs: how Keras writes `layer_names`. An empty
 * one is no float64 at all, one of more than 64,512 bytes is split into name0, name1 … */
int ant__hdf5_put_texts(ant_context *c, ant_hdf5_node *node, const char *name, ant_texts texts);
/* Puts the whole file at the end of `out`, which must be empty. */
int ant__hdf5_write(ant_context *c, const ant_hdf5_node *root, ant_buffer *out);
#endif
