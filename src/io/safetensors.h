/* safetensors: 8 bytes with the length of a JSON header, the header, then all numbers, row-major
 * and little-endian (https://github.com/huggingface/safetensors tells the format). Checked before
 * use: no name twice, no byte of the numbers in two tensors or in none, sizes that fit the
 * shapes. */
#ifndef ANT_IO_SAFETENSORS_H
#define ANT_IO_SAFETENSORS_H
#include "core/context.h"
#include "core/shape.h"
#include "io/file.h"

typedef struct ant_tensor {
    const char *name, *type; /* "dense/kernel", "F32" */
    int dtype;               /* 0: a type without a counterpart here */
    ant_dims dims;
    uint64_t begin, end; /* bytes of `numbers` */
} ant_tensor;

typedef struct ant_note {
    const char *key, *value;
} ant_note;

typedef struct ant_safetensors {
    ant_tensor *tensors; /* in the order of their bytes */
    int n;
    ant_note *notes; /* the __metadata__ */
    int notes_n;
    const unsigned char *numbers;
} ant_safetensors;

bool ant__safetensors_is(const unsigned char *bytes, size_t size);
/* A view into `bytes`; names and notes are in the context's arena. 0, ANT_E_FORMAT, ANT_E_LIMIT or
 * ANT_E_MEMORY. */
int ant__safetensors_parse(ant_context *c, const char *path, const unsigned char *bytes,
                           size_t size, const ant_limits *limits, ant_safetensors *out);
/* NULL when there is none. */
const ant_tensor *ant__safetensors_find(const ant_safetensors *s, const char *name);
const char *ant__safetensors_note(const ant_safetensors *s, const char *key);
/* A row-major view of a tensor's numbers; an error for a type without a counterpart. */
int ant__tensor_array(ant_context *c, const char *path, const ant_safetensors *s,
                      const ant_tensor *t, ant_array *out);

/* Writes arrays (row-major without gaps, this machine's byte order, with names) and notes. Wide
 * types come first, so that every tensor is aligned. */
int ant__safetensors_write(ant_fault *e, const char *path, const ant_array *arrays, int n,
                           const ant_note *notes, int notes_n);
#endif
