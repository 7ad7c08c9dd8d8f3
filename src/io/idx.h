/* idx: one array of bytes or numbers, big-endian, as MNIST and its kin are given out
 * (yann.lecun.com/exdb/mnist tells the format): two zeros, a type, the number of axes, their
 * sizes. */
#ifndef ANT_IO_IDX_H
#define ANT_IO_IDX_H
#include "core/error.h"

/* A view into `data`, which must outlive it. `name` is for messages. 0 or ANT_E_FORMAT. */
int ant__idx_parse(ant_fault *e, const char *name, const unsigned char *data, size_t size,
                   ant_array *out);
/* "train-images-idx3-ubyte", "x.idx", and packed ones: what is no idx is then told so. */
bool ant__idx_named(const char *path);
/* No text and no other format begins with two zeros. */
bool ant__idx_is(const unsigned char *data, size_t size);
#endif
