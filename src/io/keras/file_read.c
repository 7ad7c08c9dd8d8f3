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
    const ant_tree *metadata;
    ant_tree *compile;  /* the map under `compile:`; NULL: not compiled */
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

static int json_text(reader *r, const char *name, ant_keras_json *out) {
    const ant_member *m = ant__zip_find(&r->zip, name);
    const int64_t most = ant__limits(NULL)->text_bytes;
    const unsigned char *text;
    if (!m)
        return missing(r, name);
    if (!(out->where = ant__print(&r->c, "%s: %s", r->path, name)))
        return r->c.error.code;
    if (m->size > (uint64_t)most)
        return ant__fail(&r->c.error, ANT_E_LIMIT, "%s: more than %lld bytes", out->where,
                         (long long)most);
    if (ant__zip_view(&r->c, &r->zip, m, &text))
        return r->c.error.code;
    out->text = text;
    out->size = (size_t)m->size;
    return 0;
}

/* It tells which Keras wrote the file. */
static int read_metadata(reader *r, bool *legacy) {
    ant_limits limits = ant__keras_limits(r->zip.size);
    ant_keras_json json = {0};
    if (json_text(r, metadata_name, &json))
        return r->c.error.code;
    r->metadata = ant__json_parse(&r->c, NULL, json.where, json.text, json.size, &limits);
    if (!r->metadata)
        return r->c.error.code;
    const char *version = NULL;
    if (r->metadata->kind == ANT__MAP)
        version = ant__keras_text_of(r->metadata, "keras_version");
    *legacy = ant__keras_legacy(version);
    return 0;
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

/* LoRA's A and B are in no file; their rank is small as a rule, yet may be more than the layer is
 * wide. */
static uint64_t layer_numbers(const ant_layer *l) {
    enum { RANK = 256 };
    uint64_t sum = 0;
    for (int i = 0; i < l->weights.n; i++) {
        int64_t n = ant__dims_count(&l->weights.at[i]->variable.dims);
        n /= l->weights.at[i]->adapted ? RANK : 1;
        sum += n < 0 ? UINT64_MAX / 4 : (uint64_t)n;
    }
    return sum < UINT64_MAX / 4 ? sum : UINT64_MAX / 4;
}

/* Of the weights of the layers that were made after `before`. */
static uint64_t made_numbers(const ant_graph *g, const ant_layer *before) {
    const uint64_t most = UINT64_MAX / 64;
    uint64_t sum = 0;
    for (const ant_layer *l = g->context.layers; l && l != before && sum < most; l = l->next)
        sum += layer_numbers(l);
    return sum < most ? sum : most;
}

int ant__keras_numbers_check(ant_context *c, const char *path, const ant_hdf5_node *root,
                             const ant_graph *g, const ant_layer *before) {
    uint64_t model = made_numbers(g, before), file = file_numbers(root);
    const ant_class *own = NULL;
    for (const ant_layer *l = g->context.layers; l && l != before && model > file; l = l->next)
        own = ant__class_registered(&g->context, l->cls) ? l->cls : own;
    if (model <= file)
        return 0;
    return ant__fail(&c->error, ANT_E_FORMAT,
                     "%s: it holds %llu numbers, the model has more weights than that%s%s%s", path,
                     (unsigned long long)file, own ? "; is " : "", own ? own->name : "",
                     own ? ", as it was registered, Python's class?" : "");
}

bool ant__keras_legacy(const char *version) {
    return version && atoi(version) < 3;
}

/* --- the model --- */
/* The tree of the weights' file inside. */
static int read_weights(reader *r) {
    const ant_member *member = ant__zip_find(&r->zip, ant__keras_weights_member);
    const unsigned char *bytes;
    r->inside = ant__print(&r->c, "%s: %s", r->path, ant__keras_weights_member);
    if (!member || !r->inside)
        return r->inside ? missing(r, ant__keras_weights_member) : r->c.error.code;
    int code = ant__keras_unpack(&r->c, &r->zip, member, made_numbers(r->g, r->before),
                                 ant__real_type(&r->g->context), &bytes);
    if (!code)
        code = ant__hdf5_parse(&r->c, r->inside, bytes, (size_t)member->size, NULL, &r->root);
    return code ? code : ant__keras_numbers_check(&r->c, r->inside, r->root, r->g, r->before);
}

/* A Sequential that was never built has none. */
static int take_weights(reader *r, ant_model *m) {
    if (!ant__body(m)->n_in)
        return 0;
    int code = ant__keras_weights_take(&r->c, m, r->inside, r->root, ANT__TAKE_NEW);
    return code ? code : ant__keras_optimizer_take(&r->c, m, r->inside, r->root);
}

static ant_model *build(reader *r, ant_compiling how) {
    ant_keras_source from = {.g = r->g, .path = r->path, .file_size = r->zip.size, .how = how};
    if (read_metadata(r, &from.legacy) || json_text(r, config_name, &from.config))
        return NULL;
    ant_model *m = ant__keras_model_make(&r->c, &from, &r->compile);
    if (!m || ant__keras_notes_take(&r->c, m, r->path, r->metadata))
        return NULL;
    return m;
}

ant_model *ant__keras_model(ant_graph *g, const char *path, const unsigned char *bytes, size_t size,
                            ant_compiling how) {
    reader r = {.g = g, .c = ant__context_fork(g), .path = path, .before = g->context.layers};
    ant_model *m = NULL;
    r.c.arena.budget = g->context.arena.budget;
    int code = ant__zip_open(&r.c, path, bytes, size, NULL, &r.zip);
    if (!code && !(m = build(&r, how)))
        code = r.c.error.code ? r.c.error.code : g->context.error.code;
    if (!code)
        code = read_weights(&r);
    if (!code && r.compile)
        code = ant__compile_tree_read(g, m, path, r.compile, how);
    if (!code)
        code = take_weights(&r, m);
    ant__fault_move(&g->context.error, &r.c.error);
    ant__arena_free(&r.c.arena);
    return code ? NULL : m;
}
