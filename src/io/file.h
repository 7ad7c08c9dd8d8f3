/* Whole files in and out. A file is read into memory and only then looked at; it is written beside
 * its place and renamed, so that it appears whole or not at all. */
#ifndef ANT_IO_FILE_H
#define ANT_IO_FILE_H
#include "antler/files.h"
#include "core/context.h"

/* Bytes of a file, followed by a zero; freed with ant__free(at). */
typedef struct ant_bytes {
    unsigned char *at;
    size_t size;
} ant_bytes;

/* `limits` or, where it is NULL, the defaults. */
const ant_limits *ant__limits(const ant_limits *limits);
/* What reading a file of this size may take beside its bytes: with them, twice its size and 16 MB
 * (files.h). What lists and tables take beside arenas comes out of the part that is kept back. */
ant_budget ant__reading_budget(size_t file_size);
/* Where the budget was spent, memory did not run out: the error tells so. */
void ant__budget_tell(ant_fault *e, const ant_budget *b, const char *path, size_t file_size);
/* "-" is standard input. limit: bytes at most, 0 for a regular file of any size (of pipes and
 * devices, limits->stream_bytes). 0, or ANT_E_FILE, ANT_E_LIMIT, ANT_E_MEMORY. */
int ant__file_read(ant_fault *e, const char *path, int64_t limit, const ant_limits *limits,
                   ant_bytes *out);
/* The first bytes of a regular file; how many, 0 where it is none or cannot be read. */
size_t ant__file_first(const char *path, unsigned char *out, size_t size);
/* "path: cannot read: No such file or directory" from errno. */
int ant__file_fail(ant_fault *e, const char *path, const char *doing, int number);
/* The last part of a path, and whether it ends in ".npz" or so (without case). */
const char *ant__file_name(const char *path);
bool ant__file_ends(const char *path, const char *ending);

/* A file while it is written. */
typedef struct ant_replacement {
    const char *path; /* as said, for messages */
    char *target;     /* after symbolic links; NULL: written directly (pipe, device, "-") */
    char *beside;     /* the temporary name */
    int fd;
} ant_replacement;

/* A new file beside `path`, with the permissions of the one it will replace. "-" and what is no
 * regular file are written directly. Also removes what a killed process left there. */
int ant__replace_begin(ant_fault *e, ant_replacement *r, const char *path);
int ant__replace_write(ant_fault *e, ant_replacement *r, const void *data, size_t size);
/* Syncs and renames. After an error, as after ant__replace_cancel, nothing is left behind. */
int ant__replace_commit(ant_fault *e, ant_replacement *r);
void ant__replace_cancel(ant_replacement *r);
/* Whether a file can be put there: nothing is left behind. */
int ant__file_writable(ant_context *c, const char *path);
/* All at once. */
int ant__file_write(ant_fault *e, const char *path, const void *data, size_t size);
#endif
