/* UTF-8, as strict as RFC 3629: no overlong forms, surrogates or what lies above U+10FFFF. */
#ifndef ANT_IO_UTF8_H
#define ANT_IO_UTF8_H
#include <stddef.h>

/* The first byte that is not UTF-8; n when all of it is. */
size_t ant__utf8_valid(const void *text, size_t n);
/* Bytes of the character at s, which is valid and not at the end; its code point in *code, which
 * may be NULL. */
int ant__utf8_next(const char *s, unsigned *code);
#endif
