/* Models of Keras's configs as the maps that stand under `model:`. */
#include "io/keras/read.h"
#include <string.h>

bool ant__keras_is_model(const ant_tree *object) {
    const char *cls = ant__keras_class(object);
    return cls && ant__keras_built_in(object) &&
           ant__word_among("Functional Model Sequential", cls, false);
}

static int add(ant_keras_reader *r, ant_tree *out, const char *key, ant_tree *value) {
    if (!value)
        return r->c->error.code;
    value->key = key;
    ant__tree_add(out, value);
    return 0;
}

/* --- Sequential --- */
/* A Sequential may begin without an InputLayer: the shape is that of its first layer (Keras 2), or
 * the one that it was built on. `config` says it under `key`. */
static ant_tree *input_of_shape(ant_keras_reader *r, const ant_tree *config, const char *key,
                                const char *name) {
    const ant_tree *shape = ant__tree_get(config, key);
    ant_tree said, input = {.kind = ANT__MAP};
    if (ant__keras_is_null(shape) || shape->kind != ANT__ITEMS || !shape->first ||
        !ant__tree_scalar(shape->first))
        return NULL;
    said = *shape;
    said.key = "batch_shape";
    said.next = NULL;
    ant__tree_add(&input, &said);
    ant_tree *options = ant__keras_input_read(r, name, &input);
    ant_tree *t = options ? ant__tree_new(r->c, ANT__MAP, NULL, NULL) : NULL;
    if (!t || add(r, options, "name", ant__tree_new(r->c, ANT__QUOTED, NULL, name)))
        return NULL;
    return add(r, t, "InputLayer", options) ? NULL : t;
}

static ant_tree *input_before(ant_keras_reader *r, const ant_tree *config, const ant_tree *layers) {
    const ant_tree *first = layers->first;
    const char *cls = first ? ant__keras_class(first) : NULL, *name = NULL;
    if (!cls || !strcmp(cls, "InputLayer"))
        return NULL;
    const ant_tree *options = ant__keras_config(first);
    if (ant__keras_text_of(options, "name"))
        name = ant__print(r->c, "%s_input", ant__keras_text_of(options, "name"));
    ant_tree *t = name ? input_of_shape(r, options, "batch_input_shape", name) : NULL;
    return t || config->kind != ANT__MAP
               ? t
               : input_of_shape(r, config, "build_input_shape", "input_layer");
}

static ant_tree *sequential(ant_keras_reader *r, const char *path, const ant_tree *object) {
    const ant_tree *config = ant__tree_get(object, "config");
    const ant_tree *layers = config->kind == ANT__ITEMS ? config : ant__tree_get(config, "layers");
    ant_tree *t = ant__tree_new(r->c, ANT__MAP, NULL, NULL);
    ant_tree *list = ant__tree_new(r->c, ANT__ITEMS, "Sequential", NULL);
    if (!t || !list)
        return NULL;
    if (!layers || layers->kind != ANT__ITEMS) {
        ant__fail(&r->c->error, ANT_E_FORMAT, "model '%s': there is no list of layers",
                  *path ? path : "/");
        return NULL;
    }
    ant__tree_add(list, input_before(r, config, layers));
    for (const ant_tree *x = layers->first; x && !r->c->error.code; x = x->next)
        ant__tree_add(list, ant__keras_layer_read(r, path, x, true));
    ant__tree_add(t, list);
    return r->c->error.code ? NULL : t;
}

/* --- any model --- */
ant_tree *ant__keras_model_read(ant_keras_reader *r, const char *path, const ant_tree *object) {
    bool steps = !strcmp(ant__keras_class(object), "Sequential");
    const ant_tree *trainable = ant__tree_get(ant__keras_config(object), "trainable");
    ant_tree *t = steps ? sequential(r, path, object) : ant__keras_functional_read(r, path, object);
    if (t && trainable && trainable->kind == ANT__WORD && !strcmp(trainable->text, "false") &&
        add(r, t, "trainable", ant__tree_new(r->c, ANT__WORD, NULL, "false")))
        return NULL;
    return t;
}

static ant_tree *root(ant_keras_reader *r, const ant_tree *config) {
    const char *cls = ant__keras_class(config);
    const char *name = cls ? ant__keras_text_of(ant__keras_config(config), "name") : NULL;
    if (!cls || !ant__keras_is_model(config)) {
        ant__fail(&r->c->error, ANT_E_FORMAT,
                  "%s: a %.100s is no model of layers that Antler can build: Functional and "
                  "Sequential are read",
                  r->path, cls ? cls : "file without a class");
        return NULL;
    }
    ant_tree *t = ant__keras_ids_find(r, config) ? NULL : ant__keras_model_read(r, "", config);
    if (t && name && add(r, t, "name", ant__tree_new(r->c, ANT__QUOTED, NULL, name)))
        return NULL;
    if (t && r->float64 && add(r, t, "dtype", ant__tree_new(r->c, ANT__WORD, NULL, "float64")))
        return NULL;
    return t;
}

ant_tree *ant__keras_model_tree(ant_context *c, const char *path, const ant_tree *config,
                                bool legacy) {
    ant_keras_reader r = {.c = c, .path = path, .legacy = legacy};
    bool had = c->error.code != 0;
    ant_tree *t = root(&r, config);
    ant__keras_ids_free(&r.ids);
    if (!t && !had && strncmp(c->error.text, path, strlen(path)))
        ant__error_before(&c->error, "%s: ", path);
    return t;
}
