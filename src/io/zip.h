/* Zip archives: a strict reader of what is in memory, and a writer of stored members.
 * (APPNOTE.TXT of PKWARE tells the format.)
 *
 * The reader takes stored and deflated members and zip64. It refuses what two readers could
 * understand in two ways: comments, bytes that belong to no member, headers that disagree, members
 * that overlap, names twice; and encryption, other methods, names that climb out of a folder,
 * symbolic links, sizes that lie, and members far larger than their stored bytes can hold. */
#ifndef ANT_IO_ZIP_H
#define ANT_IO_ZIP_H
#include "core/context.h"
#include "core/text/buffer.h"
#include "io/file.h"

typedef struct ant_member {
    const char *name;
    uint64_t packed, size; /* bytes in the archive; bytes of what it holds */
    uint64_t header;       /* where its local header stands */
    uint64_t data;         /* where its bytes stand */
    uint32_t crc;
    int method; /* 0: stored, 8: deflated */
    int flags;
} ant_member;

typedef struct ant_zip {
    const char *path; /* for messages */
    const unsigned char *bytes;
    size_t size;
    ant_member *members; /* as the directory has them, folders left out */
    int n;
} ant_zip;

bool ant__zip_is(const unsigned char *bytes, size_t size);
/* Reads the directory and checks all of it. The bytes must outlive the archive. */
int ant__zip_open(ant_context *c, const char *path, const unsigned char *bytes, size_t size,
                  const ant_limits *limits, ant_zip *out);
/* Is it deflated? Else it is stored as it is. */
bool ant__zip_packed(const ant_member *m);
/* A member by its name; NULL when there is none. */
const ant_member *ant__zip_find(const ant_zip *z, const char *name);
/* A member's content, in the context's arena, its checksum tested, a zero behind it; *out is NULL
 * after an error. */
int ant__zip_extract(ant_context *c, const ant_zip *z, const ant_member *m, unsigned char **out);
/* The same without a copy where it is stored: nothing is known of the byte behind it. */
int ant__zip_view(ant_context *c, const ant_zip *z, const ant_member *m, const unsigned char **out);

/* --- checksums and deflate (deflate.c; the only file that knows zlib) --- */
uint32_t ant__crc32(uint32_t crc, const void *data, size_t size); /* crc 0 at first */
/* Fills exactly `size` bytes from exactly `packed` ones. NULL, or what is wrong: "out of memory" as
 * ant_code_text has it, or what is wrong with the bytes. */
const char *ant__inflate(unsigned char *out, size_t size, const unsigned char *in, size_t packed);
/* The same for many pieces of data, each with the head and the checksum of the zlib format. */
typedef struct ant_inflater ant_inflater;
ant_inflater *ant__inflater_new(void); /* NULL when out of memory */
const char *ant__inflate_next(ant_inflater *i, unsigned char *out, size_t size,
                              const unsigned char *in, size_t packed);
void ant__inflater_free(ant_inflater *i); /* NULL is fine */

/* --- out --- */
typedef struct ant_zip_writer {
    ant_fault *error;
    ant_replacement *file;
    ant_buffer directory;
    uint64_t at; /* bytes written */
    int n;
} ant_zip_writer;

/* A stored member of two parts (a header and the numbers; either may be empty). */
int ant__zip_add(ant_zip_writer *w, const char *name, const void *head, size_t head_size,
                 const void *data, size_t size);
/* The directory; frees what the writer holds, also after an error. */
int ant__zip_end(ant_zip_writer *w);
#endif
