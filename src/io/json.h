/* JSON as the small tree that everything read becomes (core/text/tree.h), through jansson.
 *
 * Objects are maps, arrays items, strings quoted scalars; numbers, true, false and null are words as
 * JSON writes them. Names twice in one object, invalid UTF-8, a zero character in a text and what
 * follows the value are refused. */
#ifndef ANT_IO_JSON_H
#define ANT_IO_JSON_H
#include "antler/files.h"
#include "core/text/buffer.h"
#include "core/text/tree.h"

/* `path` begins the messages, which tell line and column of what jansson refuses. The trees have no
 * places: jansson keeps none. In the context's arena; NULL after an error in c. */
ant_tree *ant__json_parse(ant_context *c, const char *path, const void *text, size_t size,
                          const ant_limits *limits);
/* Appends the text, as Python's json.dumps would write it. 0 or ANT_E_MEMORY. */
int ant__json_put(ant_buffer *out, const ant_tree *t);
#endif
