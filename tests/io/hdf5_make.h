/* HDF5 files made by hand, with every field open to lies: superblock 2, headers of version 2, and
 * checksums that are right. */
#ifndef ANT_TESTS_HDF5_MAKE_H
#define ANT_TESTS_HDF5_MAKE_H
#include "core/text/buffer.h"
#include "io/hdf5/parts.h"

typedef struct maker {
    ant_buffer file;
    ant_buffer messages; /* of the next header */
} maker;

void make_begin(maker *m);
/* The superblock; the file is then m->file, which the caller frees. */
void make_end(maker *m, uint64_t root);
/* The file must be refused for this reason; ends it and frees it. */
void make_refused(maker *m, uint64_t root, const char *because);
/* The file must be read; the same. */
void make_accepted(maker *m, uint64_t root);

/* Bytes at the end of the file; their address. */
uint64_t make_bytes(maker *m, const void *bytes, size_t size);
/* A header of all messages so far; its address. */
uint64_t make_object(maker *m);
/* Adds a message; `body` is emptied. */
void make_message(maker *m, int type, int flags, ant_buffer *body);
/* The checksum of the bytes so far. */
void make_seal(ant_buffer *b);

/* Messages: a link; a group without links yet; type, space and layout of a dataset. */
void make_link(maker *m, const char *name, uint64_t address);
void make_group(maker *m);
void make_float(maker *m);
void make_space(maker *m, int rank, const uint64_t *shape);
void make_contiguous(maker *m, uint64_t address, uint64_t size);
/* An attribute: of int8, or of texts of variable length. */
void make_attribute(maker *m, const char *name, const void *bytes, size_t n);
void make_texts(maker *m, const char *name, const ant_buffer *references, uint64_t n);
/* A root with one member "x", which the messages so far make. */
uint64_t make_root(maker *m);

void put_byte(ant_buffer *b, int x);
#endif
