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
    const ant_tree *config;
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

static const ant_tree *json_of(reader *r, const char *name) {
    const char *text = text_of(r, name);
    const char *inside = text ? ant__print(&r->c, "%s: %s", r->path, name) : NULL;
    ant_limits limits = ant__keras_limits(r->size);
    return inside ? ant__json_parse(&r->c, inside, text, strlen(text), &limits) : NULL;
}

static int no_model(reader *r) {
    if (r->c.error.code)
        return r->c.error.code;
    if (ant__keras_legacy_weights_are(r->root) || ant__hdf5_find(r->root, "layers"))
        return ant__fail(&r->c.error, ANT_E_FORMAT,
                         "%s: it holds weights but does not tell what model they belong to; load "
                         "them as weights",
                         r->path);
    return ant__fail(&r->c.error, ANT_E_FORMAT, "%s: an HDF5 file without a model of Keras in it",
                     r->path);
}

/* --- the model --- */
static int compile(reader *r, ant_model *m, ant_compiling how) {
    const ant_tree *said = how == ANT__COMPILE_NOT ? NULL : json_of(r, "training_config");
    ant_tree *t = NULL;
    if (said)
        t = ant__keras_compile_tree(&r->c, r->path, r->config, said);
    if (t)
        return ant__compile_tree_read(r->g, m, r->path, t, how);
    if (!r->c.error.code || how == ANT__COMPILE)
        return r->c.error.code;
    ant__warn(&r->c, "%s; the model is not compiled", r->c.error.text);
    ant__error_clear(&r->c.error);
    return 0;
}

/* A Sequential that was never built has no weights. */
static int take_weights(reader *r, ant_model *m) {
    if (!ant__body(m)->n_in)
        return 0;
    int code = ant__keras_legacy_weights_take(&r->c, m, r->path, r->root, true, false);
    return code ? code : ant__keras_legacy_optimizer_take(&r->c, m, r->path, r->root);
}

static ant_model *build(reader *r) {
    const char *version = text_of(r, "keras_version");
    bool legacy = !version || ant__keras_legacy(version);
    ant_tree *t = r->c.error.code ? NULL : ant__keras_model_tree(&r->c, r->path, r->config, legacy);
    return t ? ant__model_read(r->g, r->path, t) : NULL;
}

ant_model *ant__keras_legacy_model(ant_graph *g, const char *path, const unsigned char *bytes,
                                   size_t size, ant_compiling how) {
    reader r = {
        .g = g, .c = ant__context_fork(g), .path = path, .size = size, .before = g->context.layers};
    ant_model *m = NULL;
    int code = ant__hdf5_parse(&r.c, path, bytes, size, NULL, &r.root);
    if (!code && !(r.config = json_of(&r, "model_config")))
        code = no_model(&r);
    if (!code && !(m = build(&r)))
        code = r.c.error.code ? r.c.error.code : g->context.error.code;
    if (!code)
        code = ant__keras_numbers_check(&r.c, path, r.root, g, r.before);
    if (!code)
        code = compile(&r, m, how);
    if (!code)
        code = take_weights(&r, m);
    if (r.c.error.code)
        ant__fail(&g->context.error, r.c.error.code, "%s", r.c.error.text);
    ant__arena_free(&r.c.arena);
    return code ? NULL : m;
}
