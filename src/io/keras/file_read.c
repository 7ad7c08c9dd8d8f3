/* .keras: a zip archive of config.json, metadata.json and model.weights.h5. */
#include "io/config.h"
#include "io/file.h"
#include "io/keras/read.h"
#include "io/zip.h"
#include "train/train.h"
#include <stdlib.h>
#include <string.h>

static const char config_name[] = "config.json", metadata_name[] = "metadata.json";

typedef struct reader {
    ant_graph *g;
    ant_context c; /* of all that the model does not keep */
    const char *path;
    ant_zip zip;
    const ant_tree *config, *metadata;
    bool legacy;
    const char *inside; /* the weights' file, for messages */
    ant_hdf5_node *root;
    const ant_layer *before; /* the newest layer of the graph before */
} reader;

bool ant__keras_is(const unsigned char *bytes, size_t size) {
    ant_context c = {0};
    ant_zip z;
    bool is = ant__zip_is(bytes, size) && !ant__zip_open(&c, "", bytes, size, NULL, &z) &&
              ant__zip_find(&z, config_name);
    ant__arena_free(&c.arena);
    return is;
}

/* A file may take twice its size and 16 MB of memory, and a value of JSON takes some 80 bytes. */
ant_limits ant__keras_limits(size_t file_size) {
    enum { FREE = 150000, BYTES = 80 };
    ant_limits limits = *ant__limits(NULL);
    if (file_size / BYTES < (size_t)(limits.nodes - FREE))
        limits.nodes = FREE + (int)(file_size / BYTES);
    return limits;
}

/* --- members --- */
static int missing(reader *r, const char *name) {
    static const char *const others[] = {"model.weights.npz", "model.weights.json"};
    for (int k = 0; k < 2; k++)
        if (!strcmp(name, ant__keras_weights_member) && ant__zip_find(&r->zip, others[k]))
            return ant__fail(&r->c.error, ANT_E_FORMAT,
                             "%s: its weights are in %s; only %s is read", r->path, others[k],
                             ant__keras_weights_member);
    return ant__fail(&r->c.error, ANT_E_FORMAT, "%s: it holds no %s, as Keras's files do", r->path,
                     name);
}

static const ant_tree *read_json(reader *r, const char *name) {
    const ant_member *m = ant__zip_find(&r->zip, name);
    const char *inside = m ? ant__print(&r->c, "%s: %s", r->path, name) : NULL;
    const unsigned char *text;
    ant_limits limits = ant__keras_limits(r->zip.size);
    if (!m)
        missing(r, name);
    if (!inside)
        return NULL;
    if (m->size > (uint64_t)limits.text_bytes) {
        ant__fail(&r->c.error, ANT_E_LIMIT, "%s: more than %lld bytes", inside,
                  (long long)limits.text_bytes);
        return NULL;
    }
    if (ant__zip_view(&r->c, &r->zip, m, &text))
        return NULL;
    return ant__json_parse(&r->c, inside, text, (size_t)m->size, &limits);
}

/* --- sizes --- */
static uint64_t file_numbers(const ant_hdf5_node *n) {
    uint64_t sum = 0;
    if (!n->group) {
        sum = 1;
        for (int k = 0; k < n->values.rank; k++)
            sum *= (uint64_t)n->values.shape[k];
        return sum;
    }
    for (const ant_hdf5_node *x = n->first; x; x = x->next)
        sum += file_numbers(x);
    return sum;
}

static uint64_t layer_numbers(const ant_layer *l) {
    uint64_t sum = 0;
    for (int i = 0; i < l->weights.n; i++) {
        int64_t n = ant__dims_count(&l->weights.at[i]->variable.dims);
        sum += n < 0 ? UINT64_MAX / 4 : (uint64_t)n;
    }
    return sum < UINT64_MAX / 4 ? sum : UINT64_MAX / 4;
}

int ant__keras_numbers_check(ant_context *c, const char *path, const ant_hdf5_node *root,
                             const ant_graph *g, const ant_layer *before) {
    uint64_t model = 0, file = file_numbers(root);
    for (const ant_layer *l = g->context.layers; l && l != before && model <= file; l = l->next)
        model += layer_numbers(l);
    if (model <= file)
        return 0;
    return ant__fail(&c->error, ANT_E_FORMAT,
                     "%s: it holds %llu numbers, the model has more weights than that", path,
                     (unsigned long long)file);
}

bool ant__keras_legacy(const char *version) {
    return version && atoi(version) < 3;
}

static int read_texts(reader *r) {
    const ant_tree *metadata = read_json(r, metadata_name);
    const ant_tree *version = NULL;
    if (metadata && metadata->kind == ANT__MAP)
        version = ant__tree_get(metadata, "keras_version");
    r->legacy = version && version->kind == ANT__QUOTED && ant__keras_legacy(version->text);
    r->metadata = metadata;
    r->config = metadata ? read_json(r, config_name) : NULL;
    return r->c.error.code;
}

/* --- the model --- */
static int compile(reader *r, ant_model *m, ant_compiling how) {
    const ant_tree *said = ant__tree_get(r->config, "compile_config");
    if (how == ANT__COMPILE_NOT)
        return 0;
    ant_tree *t = ant__keras_compile_tree(&r->c, r->path, r->config, said);
    if (t)
        return ant__compile_tree_read(r->g, m, r->path, t, how);
    if (!r->c.error.code || how == ANT__COMPILE)
        return r->c.error.code;
    ant__warn(&r->c, "%s; the model is not compiled", r->c.error.text);
    ant__error_clear(&r->c.error);
    return 0;
}

/* The tree of the weights' file inside. */
static int read_weights(reader *r) {
    const ant_member *member = ant__zip_find(&r->zip, ant__keras_weights_member);
    const unsigned char *bytes;
    r->inside = ant__print(&r->c, "%s: %s", r->path, ant__keras_weights_member);
    if (!member || !r->inside)
        return r->inside ? missing(r, ant__keras_weights_member) : r->c.error.code;
    int code = ant__zip_view(&r->c, &r->zip, member, &bytes);
    if (!code)
        code = ant__hdf5_parse(&r->c, r->inside, bytes, (size_t)member->size, NULL, &r->root);
    return code ? code : ant__keras_numbers_check(&r->c, r->inside, r->root, r->g, r->before);
}

/* A Sequential that was never built has none. */
static int take_weights(reader *r, ant_model *m) {
    if (!ant__body(m)->n_in)
        return 0;
    int code = ant__keras_weights_take(&r->c, m, r->inside, r->root, false);
    return code ? code : ant__keras_optimizer_take(&r->c, m, r->inside, r->root);
}

static ant_model *build(reader *r) {
    ant_tree *t = ant__keras_model_tree(&r->c, r->path, r->config, r->legacy);
    ant_model *m = t ? ant__model_read(r->g, r->path, t) : NULL;
    if (!m || ant__keras_notes_take(&r->c, m, r->path, r->metadata))
        return NULL;
    return r->legacy || !ant__keras_masks_check(&r->c, m) ? m : NULL;
}

ant_model *ant__keras_model(ant_graph *g, const char *path, const unsigned char *bytes, size_t size,
                            ant_compiling how) {
    reader r = {.g = g, .c = ant__context_fork(g), .path = path, .before = g->context.layers};
    ant_model *m = NULL;
    int code = ant__zip_open(&r.c, path, bytes, size, NULL, &r.zip);
    if (!code)
        code = read_texts(&r);
    if (!code && !(m = build(&r)))
        code = r.c.error.code ? r.c.error.code : g->context.error.code;
    if (!code)
        code = read_weights(&r);
    if (!code)
        code = compile(&r, m, how);
    if (!code)
        code = take_weights(&r, m);
    if (r.c.error.code)
        ant__fail(&g->context.error, r.c.error.code, "%s", r.c.error.text);
    ant__arena_free(&r.c.arena);
    return code ? NULL : m;
}
