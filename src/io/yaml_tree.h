/* YAML into the tree that everything is read from, and back: libyaml's events, never its document
 * tree, with limits on depth and size. No anchors, aliases, tags or directives; one document. Types
 * are not guessed: `no`, `1e-3` and `~` are words until an option's row says what they mean. */
#ifndef ANT_IO_YAML_TREE_H
#define ANT_IO_YAML_TREE_H
#include "core/text/buffer.h"
#include "core/text/tree.h"
#include "io/file.h"

/* NULL after an error, which begins with the file's name, line and column. `name` is for
 * messages. */
ant_tree *ant__yaml_parse(ant_context *c, const char *name, const void *text, size_t size,
                          const ant_limits *limits);
/* Block style where a map holds maps, flow style for its leaves. 0 or ANT_E_MEMORY. */
int ant__yaml_put(ant_buffer *b, const ant_tree *t);
#endif
