/* Datasets in chunks; private to the HDF5 reader. */
#ifndef ANT_IO_HDF5_CHUNKS_H
#define ANT_IO_HDF5_CHUNKS_H
#include "io/hdf5/parts.h"

/* What a dataset that does not stand in a row is put together from. */
typedef struct ant_hdf5_place {
    ant_hdf5_span layout, space, filters; /* messages */
    const unsigned char *fill;            /* the value of what is not stored; NULL: 0 */
} ant_hdf5_place;

/* Filters in the order of writing, each at most once. */
enum {
    ANT__HDF5_DEFLATE = 1,
    ANT__HDF5_SHUFFLE = 2,
    ANT__HDF5_FLETCHER = 3,
    ANT__HDF5_FILTERS = 3
};
enum { ANT__HDF5_FLETCHER_SIZE = 4 };

typedef struct ant_hdf5_chunk {
    uint64_t at[ANT_MAX_AXES]; /* in the grid of chunks */
    const unsigned char *bytes;
    size_t size;      /* as stored */
    uint32_t skipped; /* bit k: filter k was not used */
} ant_hdf5_chunk;

typedef struct ant_hdf5_chunks ant_hdf5_chunks;
struct ant_hdf5_chunks {
    ant_hdf5_reader *r;
    const ant_hdf5_values *v;
    int rank;
    uint64_t chunk[ANT_MAX_AXES]; /* the shape of a chunk, in entries */
    uint64_t grid[ANT_MAX_AXES];  /* chunks along each axis */
    uint64_t most[ANT_MAX_AXES];  /* the same when it has grown to its limit; NOWHERE: none */
    size_t bytes;                 /* of a chunk, unpacked */
    int filters[ANT__HDF5_FILTERS], filters_n;
    /* the index */
    int kind;
    const unsigned char *start; /* of the layout message, for errors */
    ant_hdf5_cursor options;    /* of the index: the end of that message */
    int (*visit)(ant_hdf5_chunks *x, const ant_hdf5_chunk *chunk);
    void *data;
};

enum { /* kinds of indexes: a B-tree of version 1, and those of layout messages of version 4 */
       ANT__HDF5_OLD_TREE,
       ANT__HDF5_SINGLE,
       ANT__HDF5_IMPLICIT,
       ANT__HDF5_FIXED,
       ANT__HDF5_EXTENSIBLE,
       ANT__HDF5_TREE,
};

/* Reads the messages. */
int ant__hdf5_chunks_open(ant_hdf5_reader *r, const ant_hdf5_values *v, ant_hdf5_chunks *out);
/* Visits every chunk that is stored, none twice. */
int ant__hdf5_chunks_walk(ant_hdf5_chunks *x);
/* A chunk that an index names; address NOWHERE: it is not stored. */
int ant__hdf5_chunk_found(ant_hdf5_chunks *x, ant_hdf5_chunk *chunk, uint64_t address,
                          uint64_t size);
/* Indexes that are arrays with an entry per chunk: chunk_arrays.c. */
int ant__hdf5_fixed_array(ant_hdf5_chunks *x);
int ant__hdf5_extensible_array(ant_hdf5_chunks *x);
#endif
