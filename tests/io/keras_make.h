/* .keras archives for tests. */
#ifndef ANT_TESTS_KERAS_MAKE_H
#define ANT_TESTS_KERAS_MAKE_H
#include <stddef.h>

typedef struct part {
    const char *name, *text;
    size_t size; /* 0: of the text */
} part;

extern const char metadata[];
/* Of these members, in the scratch folder; its path. */
const char *archive(const part *parts, int n);
/* A text in which ' stands for ". The caller's to free. */
char *quoted(const char *text);
/* An archive of this config.json, and of weights that are none. */
const char *with_config(const char *config);
/* The error of loading a file; "" when it went well. */
const char *error_of(const char *path);
/* The last warning since then; a callback for graphs. */
extern char warning[1024];
void note_warning(void *data, const char *text);

#define X                                                                                          \
    "{'module': 'keras.layers', 'class_name': 'InputLayer', 'config': {'batch_shape': [null, 4], " \
    "'dtype': 'float32', 'name': 'x'}, 'name': 'x', 'inbound_nodes': []}"
#endif
