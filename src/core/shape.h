/* Types and shapes of values; a dimension of -1 is unknown (in scratch programs only). */
#ifndef ANT_CORE_SHAPE_H
#define ANT_CORE_SHAPE_H
#include "antler/types.h"

typedef struct ant_dims {
    int rank;
    int64_t dim[ANT_MAX_AXES];
} ant_dims;

#define ANT__DIMS(...) ((ant_dims){ANT__AXES(__VA_ARGS__), {__VA_ARGS__}})
#define ANT__SCALAR ((ant_dims){0, {0}})

size_t ant__dtype_size(int dtype);      /* bytes of one number; 0 for text and unknown */
const char *ant__dtype_name(int dtype); /* "float32" */
int ant__dtype_named(const char *name); /* 0 when there is none */
bool ant__dtype_real(int dtype);        /* float32 or float64 */

bool ant__dims_equal(const ant_dims *a, const ant_dims *b);
bool ant__dims_known(const ant_dims *a);
/* The product of sizes; -1 when one is negative or it does not fit. */
int64_t ant__entries(const int64_t *size, int axes);
/* Entries; -1 when a dimension is unknown or the count does not fit. */
int64_t ant__dims_count(const ant_dims *a);
/* Entries of the axes [from, to). */
int64_t ant__dims_span(const ant_dims *a, int from, int to);
/* Bytes with overflow check; false when no object can be so large (PTRDIFF_MAX). */
bool ant__dims_bytes(const ant_dims *a, int dtype, size_t *out);
/* Row-major strides in entries. */
void ant__dims_strides(const ant_dims *a, int64_t *stride);
/* numpy's broadcasting of b into *a; false when they do not fit. */
bool ant__dims_broadcast(ant_dims *a, const ant_dims *b);
/* An axis counted from the end when negative; -1 when it is outside. */
int ant__axis(int axis, int rank);
/* From the public form, the batch before it: {60, 3} -> (-1, 60, 3). */
ant_dims ant__dims_of_shape(const int *shape, int64_t batch);
enum { ANT__DIMS_TEXT = 192 };
/* "(None, 60, 3)" into out; returns out. */
const char *ant__dims_text(const ant_dims *a, char out[ANT__DIMS_TEXT]);
#endif
