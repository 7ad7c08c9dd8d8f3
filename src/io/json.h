/* JSON as the small tree that everything read becomes (core/text/tree.h), by an own strict reader.
 *
 * Objects are maps, arrays items, strings quoted scalars; numbers (digits as they stand), true,
 * false and null are words. Python's NaN, Infinity and -Infinity are the words nan, inf and -inf.
 * Names twice in one object, invalid UTF-8, a zero character in a text and what follows the value
 * are refused. */
#ifndef ANT_IO_JSON_H
#define ANT_IO_JSON_H
#include "antler/files.h"
#include "core/text/buffer.h"
#include "core/text/tree.h"

/* How many JSON values inside each other count as one of limits->depth: a model in a model is four
 * deeper. */
enum { ANT__JSON_DEPTH = 4 };

/* `path` begins the messages, which tell line and column. The tree copies what it keeps: texts in
 * the context's arena, and so its nodes, unless they are to go before the texts do: then they are
 * in `nodes`. NULL after an error in c. */
ant_tree *ant__json_parse(ant_context *c, ant_arena *nodes, const char *path, const void *text,
                          size_t size, const ant_limits *limits);
/* The same of an object whose entries are handed over one by one, each under its key: its values go
 * when `visit` has done with it, and only its texts stay. 0 or an error in c, which `visit` may
 * have set. */
typedef int ant_json_visit(void *data, const ant_tree *entry);
int ant__json_each(ant_context *c, const char *path, const void *text, size_t size,
                   const ant_limits *limits, ant_json_visit *visit, void *data);
/* Appends the text, as Python's json.dumps would write it: ", " and ": " between, ASCII alone. A
 * word that JSON does not know is written as text. 0 or ANT_E_MEMORY. */
int ant__json_put(ant_buffer *out, const ant_tree *t);

/* --- between json.c and json_write.c --- */
/* Words, and what they are in a tree: Python writes the last three, JSON knows them not. */
typedef struct ant_json_constant {
    const char *json, *word;
} ant_json_constant;
enum { ANT__JSON_CONSTANTS = 6 };
extern const ant_json_constant ant__json_constants[ANT__JSON_CONSTANTS];
/* Behind the number at s; s itself where there is none. */
const char *ant__json_number_end(const char *s, const char *end);
#endif
