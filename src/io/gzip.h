/* gzip: one compressed file (RFC 1952). */
#ifndef ANT_IO_GZIP_H
#define ANT_IO_GZIP_H
#include "io/file.h"

bool ant__gzip_is(const unsigned char *bytes, size_t size);
/* What is inside, followed by a zero; freed with ant__free(at). Refused are several files one
 * behind the other, 4 GB or more, and far more than the packed bytes can hold (limits->ratio).
 * `path` is for messages. 0, ANT_E_FORMAT, ANT_E_LIMIT or ANT_E_MEMORY. */
int ant__gzip_unpack(ant_fault *e, const char *path, ant_bytes packed, const ant_limits *limits,
                     ant_bytes *out);
#endif
