/* All that is in an HDF5 file, as text: what tests compare. */
#ifndef ANT_TESTS_HDF5_WALK_H
#define ANT_TESTS_HDF5_WALK_H
#include "io/hdf5/hdf5.h"

/* A line per group, dataset and attribute:
 *     /dense group 2
 *     /dense@name text "hidden"
 *     /dense/0 float32 (2, 3): 1 2 3 4 5 6
 * 0 or the context's error. */
int hdf5_put(ant_context *c, const ant_hdf5_node *root, ant_buffer *out);
/* As hostile_read, but for the attributes too. */
const char *hdf5_read(const void *bytes, size_t size);
/* The text of a file, the caller's to free with ant__free; the test fails when it is not read. */
char *hdf5_text(const void *bytes, size_t size);
#endif
