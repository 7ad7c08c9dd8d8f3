/* How Keras nests the inputs or the outputs of a model: maps and lists, whose leaves are its ports.
 * Keras takes the entries of a map in the order of their keys, sorted; so do the ports stand. */
#ifndef ANT_IO_STRUCTURE_H
#define ANT_IO_STRUCTURE_H
#include "graph/graph.h"

/* The entry of a map whose key comes after `after` (NULL: the first) in that order. NULL behind the
 * last. */
const ant_tree *ant__next_key(const ant_tree *map, const char *after);
/* What the map of a model says under `input_structure` and `output_structure`: structures whose
 * leaves are the names of the ports, each once and in their order. In the body, leaves tell by
 * `index` which port they are. 0 or an error in c. */
int ant__structures_take(ant_context *c, ant_model_body *b, const ant_tree *model,
                         const char *const *out_names);
/* The same maps and lists around leaf[k] for each port k. NULL after an error in c. */
ant_tree *ant__structure_fill(ant_context *c, const ant_tree *s, ant_tree *const *leaf);
#endif
