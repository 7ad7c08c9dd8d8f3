/* Whole models of Keras 2 and tf.keras, and of Keras 3 in .h5: the config as an attribute of the
 * file, "model_config", what compile was told as another, and the weights by layer. */
#include "io/config.h"
#include "io/keras/read.h"
#include <string.h>

typedef struct reader {
    ant_graph *g;
    ant_context c; /* of all that the model does not keep */
    const char *path;
    size_t size;
    ant_hdf5_node *root;
    ant_tree *compile;       /* the map under `compile:`; NULL: not compiled */
    const ant_layer *before; /* the newest layer of the graph before */
} reader;

bool ant__keras_legacy_is(const unsigned char *bytes, size_t size) {
    ant_context c = {0};
    ant_hdf5_node *root;
    bool is = ant__hdf5_is(bytes, size) && !ant__hdf5_parse(&c, "", bytes, size, NULL, &root) &&
              ant__hdf5_has(root, "model_config");
    ant__arena_free(&c.arena);
    return is;
}

/* --- attributes --- */
/* A text of the file, of the group with the weights in older ones; NULL: none. */
static const char *text_of(reader *r, const char *name) {
    const ant_hdf5_node *group = ant__hdf5_find(r->root, "model_weights");
    const ant_hdf5_node *at = ant__hdf5_has(r->root, name) ? r->root : group;
    ant_texts texts;
    if (!at || !ant__hdf5_has(at, name) || ant__hdf5_texts(&r->c, at, name, &texts))
        return NULL;
    return texts.count == 1 ? texts.data[0] : NULL;
}

/* What there is of it. */
static int json_text(reader *r, const char *name, ant_keras_json *out) {
    const char *text = text_of(r, name);
    out->where = text ? ant__print(&r->c, "%s: %s", r->path, name) : NULL;
    out->text = text;
    out->size = text ? strlen(text) : 0;
    return r->c.error.code;
}

static int no_model(reader *r) {
    if (ant__keras_legacy_weights_are(r->root) || ant__hdf5_find(r->root, "layers"))
        return ant__fail(&r->c.error, ANT_E_FORMAT,
                         "%s: it holds weights but does not tell what model they belong to; load "
                         "them as weights",
                         r->path);
    return ant__fail(&r->c.error, ANT_E_FORMAT, "%s: an HDF5 file without a model of Keras in it",
                     r->path);
}

/* --- the model --- */
/* A Sequential that was never built has no weights. */
static int take_weights(reader *r, ant_model *m) {
    if (!ant__body(m)->n_in)
        return 0;
    int code = ant__keras_legacy_weights_take(&r->c, m, r->path, r->root, true, false);
    return code ? code : ant__keras_legacy_optimizer_take(&r->c, m, r->path, r->root);
}

static int build(reader *r, ant_compiling how, ant_model **m) {
    ant_keras_source from = {.g = r->g, .path = r->path, .file_size = r->size, .how = how};
    if (json_text(r, "model_config", &from.config))
        return r->c.error.code;
    if (!from.config.text)
        return no_model(r);
    const char *version = text_of(r, "keras_version");
    from.legacy = !version || ant__keras_legacy(version);
    if (r->c.error.code ||
        (how != ANT__COMPILE_NOT && json_text(r, "training_config", &from.training)))
        return r->c.error.code;
    *m = ant__keras_model_make(&r->c, &from, &r->compile);
    return r->c.error.code;
}

ant_model *ant__keras_legacy_model(ant_graph *g, const char *path, const unsigned char *bytes,
                                   size_t size, ant_compiling how) {
    reader r = {
        .g = g, .c = ant__context_fork(g), .path = path, .size = size, .before = g->context.layers};
    ant_model *m = NULL;
    r.c.arena.budget = g->context.arena.budget;
    int code = ant__hdf5_parse(&r.c, path, bytes, size, NULL, &r.root);
    if (!code)
        code = build(&r, how, &m);
    if (!code)
        code = ant__keras_numbers_check(&r.c, path, r.root, g, r.before);
    if (!code && r.compile)
        code = ant__compile_tree_read(g, m, path, r.compile, how);
    if (!code)
        code = take_weights(&r, m);
    ant__fault_move(&g->context.error, &r.c.error);
    ant__arena_free(&r.c.arena);
    return code ? NULL : m;
}
