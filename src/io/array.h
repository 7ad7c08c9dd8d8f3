/* Arrays at the border: sizes, plain copies, and the container that files are read into. */
#ifndef ANT_IO_ARRAY_H
#define ANT_IO_ARRAY_H
#include "antler/files.h"
#include "core/context.h"
#include "core/shape.h"
#include "io/file.h"

bool ant__big_endian(void); /* this machine */
/* Bytes of its numbers without gaps; they are known to fit. */
size_t ant__array_bytes(const ant_array *a);
/* Whether it is row-major without gaps and in this machine's byte order. */
bool ant__array_plain(const ant_array *a);
/* A plain copy of a view of numbers, of ant__array_bytes. */
void ant__array_copy(void *to, const ant_array *from);

struct ant_arrays {
    ant_context context; /* arena: names and numbers; error: of the last call */
    ant_limits limits;
    ANT__LIST(ant_array) list;
    ANT__LIST(void *) blocks; /* files as they were read */
};
/* Is a file arrays, and no table? Told by its first bytes; of what cannot be read twice, by its
 * name. */
bool ant__arrays_are(const char *path);
/* Adds what is in a file's bytes, which belong to `d` from now on; `path` is for messages. */
int ant__arrays_parse(ant_arrays *d, const char *path, ant_bytes bytes);
#endif
