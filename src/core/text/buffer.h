/* A growing text or block of bytes. When memory runs out it remembers, and later calls do nothing:
 * one check at the end is enough. */
#ifndef ANT_CORE_BUFFER_H
#define ANT_CORE_BUFFER_H
#include "antler/types.h"

typedef struct ant_buffer {
    char *at; /* ended by a zero; NULL while nothing was put */
    size_t size, room;
    bool failed;
    struct ant_budget *budget; /* its memory comes out of this one; NULL: out of none */
} ant_buffer;

void ant__put(ant_buffer *b, const char *text);
void ant__put_bytes(ant_buffer *b, const void *data, size_t size);
void ant__put_format(ant_buffer *b, const char *format, ...) ANT__FORMAT(2, 3);
/* The shortest text that reads back the same number. */
void ant__put_number(ant_buffer *b, double x);
/* In quotes, with what JSON wants escaped. */
void ant__put_json(ant_buffer *b, const char *text);
/* Little-endian, as zip files want them. */
void ant__put_u16(ant_buffer *b, unsigned x);
void ant__put_u32(ant_buffer *b, uint64_t x);
void ant__put_u64(ant_buffer *b, uint64_t x);
/* The text, the caller's to free with ant__free; NULL when memory ran out. */
char *ant__buffer_take(ant_buffer *b);
void ant__buffer_free(ant_buffer *b);
#endif
