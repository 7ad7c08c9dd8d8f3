/* Models as trees, and back: what YAML files and the metadata of saved models hold. The forms are
 * those of docs/yaml.md. Generic over the rows of options: no class is known here by name but the
 * input. */
#ifndef ANT_IO_CONFIG_H
#define ANT_IO_CONFIG_H
#include "graph/graph.h"

/* The map that stands under `model:`. Settles the model. In the context's arena; NULL after an
 * error, which is the context's. */
ant_tree *ant__model_tree(ant_context *c, ant_model *m);
/* A model from such a map, in its short form or as it was saved. `path` begins the messages. NULL
 * after an error, which is the graph's. */
ant_model *ant__model_read(ant_graph *g, const char *path, ant_tree *t);
#endif
