/* Files as an enemy would write them: every reader must end in an error with a text, or well. */
#ifndef ANT_TESTS_HOSTILE_H
#define ANT_TESTS_HOSTILE_H
#include "antler/files.h"

/* Reads bytes as a file of arrays; the error's text (valid until the next call), NULL when they
 * were read. The bytes are handed over in a block of exactly their size, so that a sanitizer sees
 * every byte too many. */
const char *hostile_read(const void *bytes, size_t size);
/* Another reader, for what follows in this test. */
typedef const char *hostile_reader(const void *bytes, size_t size);
void hostile_use(hostile_reader *reader);
/* Every beginning of the file must be refused, from `from` bytes on (shorter ones do not yet show
 * what they are, and may be a small table). */
void hostile_cuts(const void *bytes, size_t from, size_t size);
/* Every byte changed, in several ways, may be read or refused, but not crash. */
void hostile_flips(const void *bytes, size_t size);
/* The text of the error must hold this. */
void hostile_refused(const void *bytes, size_t size, const char *because);

/* A text that a reader must refuse, zero bytes among it, and what its error must hold. */
typedef struct refused_text {
    const char *text;
    size_t size;
    const char *because;
} refused_text;
#define REFUSE(text, because)                                                                      \
    { text, sizeof(text) - 1, because }

/* A new folder for a test, which removes it (and the files in it) at its end; a path in it, valid
 * for the next few calls. */
void scratch_begin(void);
void scratch_end(void);
const char *scratch_path(const char *name);
void scratch_write(const char *path, const void *bytes, size_t size);
/* The number of files in the folder; their bytes. */
int scratch_count(void);
char *scratch_read(const char *path, size_t *size);
#endif
