/* npy: one array of numpy's, versions 1.0, 2.0 and 3.0 (numpy/lib/format.py tells the format). */
#ifndef ANT_IO_NPY_H
#define ANT_IO_NPY_H
#include "core/error.h"
#include "core/text/buffer.h"

/* A view into `data`, which must outlive it: any numeric type, either byte order, Fortran's order
 * as strides. `name` is for messages. 0, ANT_E_FORMAT or ANT_E_LIMIT. */
int ant__npy_parse(ant_fault *e, const char *name, const unsigned char *data, size_t size,
                   ant_array *out);
bool ant__npy_is(const unsigned char *data, size_t size);
/* What stands before the numbers: version 1.0, aligned to 64 bytes as numpy writes it. The array is
 * row-major, without gaps, in this machine's byte order. */
void ant__npy_header(ant_buffer *b, const ant_array *a);
#endif
