/* Weights as Keras 2 and tf.keras write them, and Keras 3 still does in .h5: a group for each
 * layer, by its name, that lists its weights. */
#include "core/array.h"
#include "io/config.h"
#include "io/keras/keras.h"
#include <string.h>

/* The weights of one layer in the file. */
typedef struct group {
    const char *name;
    const ant_hdf5_node *node;
    ant_texts weights;
} group;

/* A layer of the model that has weights: where its list begins, and how many there are. */
typedef struct member {
    const char *name;
    int first, n;
} member;

typedef struct reader {
    ant_context *c;
    ant_model *m;
    const char *path;
    bool skip;
    ANT__LIST(group) groups; /* in the order of layer_names */
    ant_names names;         /* of the groups */
    ANT__LIST(member) members;
    ANT__LIST(ant_weight *) weights;
    ant_names seen;             /* weights of the layer that is looked at: each counts once */
    ANT__LIST(ant_array) found; /* for each of the weights; axes 0: it stays as it is */
} reader;

static int fail_memory(reader *r) {
    return ant__fail_memory(&r->c->error);
}

/* --- what the file has --- */
static int add_group(reader *r, const ant_hdf5_node *root, const char *name) {
    group g = {.name = name, .node = ant__hdf5_find(root, name)};
    if (!g.node || !g.node->group)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: no group of the layer '%.200s'", r->path,
                         name);
    int code = ant__hdf5_texts(r->c, g.node, "weight_names", &g.weights);
    if (code)
        return code;
    if (ant__named(&r->names, name))
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: two layers are named '%.200s'", r->path,
                         name);
    return ANT__PUSH(&r->groups, g) && ant__names_add(&r->names, g.node, name) ? 0 : fail_memory(r);
}

static int add_groups(reader *r, const ant_hdf5_node *root) {
    ant_texts names;
    int code = ant__hdf5_texts(r->c, root, "layer_names", &names);
    for (int k = 0; k < names.count && !code; k++)
        code = add_group(r, root, names.data[k]);
    return code;
}

/* --- what the model has --- */
/* Keras lists what is trained first, then the rest; what is frozen is among the rest. */
static int add_weights(reader *r, const ant_layer *l, bool trained, bool frozen) {
    const ant_model_body *b = ant__body(l);
    int code = 0;
    frozen |= !l->trainable;
    for (int own = 0; own < 2; own++)
        for (int i = 0; i < l->weights.n && !code; i++) {
            ant_weight *w = l->weights.at[i];
            bool here = w->trainable == !own && trained == (w->trainable && !w->frozen && !frozen);
            if (here && ant__names_place(&r->seen, w) < 0)
                code = ANT__PUSH(&r->weights, w) && ant__names_add(&r->seen, w, NULL)
                           ? 0
                           : fail_memory(r);
        }
    for (int i = 0; i < l->children.n && !code; i++)
        code = add_weights(r, l->children.at[i], trained, frozen);
    for (int i = 0; b && i < b->layers.n && !code; i++)
        code = add_weights(r, b->layers.at[i].of, trained, frozen);
    return code;
}

static int add_member(reader *r, const ant_layer *l, const char *name) {
    member m = {.name = name, .first = r->weights.n};
    ant__names_clear(&r->seen);
    int code = add_weights(r, l, true, false);
    if (!code)
        code = add_weights(r, l, false, false);
    m.n = r->weights.n - m.first;
    if (code || !m.n)
        return code;
    return ANT__PUSH(&r->members, m) ? 0 : fail_memory(r);
}

static int add_members(reader *r) {
    const ant_model_body *b = ant__body(r->m);
    int code = ant__settle(r->m);
    if (code)
        return ant__fail(&r->c->error, code, "%s: %s", r->path, b->error.text);
    for (int i = 0; i < b->layers.n && !code; i++)
        code = add_member(r, b->layers.at[i].of, b->layers.at[i].name);
    for (int i = 0; i < r->weights.n && !code; i++)
        code = ANT__PUSH(&r->found, (ant_array){0}) ? 0 : fail_memory(r);
    return code;
}

/* --- one to the other --- */
/* An error, or with skip a warning: the layer stays as it is. */
static int misfit(reader *r, const member *m, const char *what) {
    if (!r->skip)
        return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: layer '%.200s': %s", r->path, m->name,
                         what);
    ant__warn(r->c, "%s: layer '%.200s': %s; it stays as it was", r->path, m->name, what);
    return 0;
}

static int misfit_shape(reader *r, const member *m, const char *name, const ant_dims *got,
                        const ant_weight *w) {
    char has[ANT__DIMS_TEXT], wants[ANT__DIMS_TEXT];
    const char *what = ant__print(r->c, "'%.200s' is of shape %s, the model's %s of %s", name,
                                  ant__dims_text(got, has), w->variable.name,
                                  ant__dims_text(&w->variable.dims, wants));
    return what ? misfit(r, m, what) : r->c->error.code;
}

static bool same_shape(const ant_dims *got, const ant_dims *dims) {
    return ant__dims_equal(got, dims) || (!dims->rank && ant__dims_count(got) == 1);
}

static int take_layer(reader *r, const member *m, const group *g) {
    ant_array *found = r->found.at + m->first;
    if (g->weights.count != m->n) {
        const char *what =
            ant__print(r->c, "the file has %d weights of it, the model %d", g->weights.count, m->n);
        return what ? misfit(r, m, what) : r->c->error.code;
    }
    for (int k = 0; k < m->n; k++) {
        const char *name = g->weights.data[k];
        const ant_hdf5_node *n = ant__hdf5_find(g->node, name);
        const ant_weight *w = r->weights.at[m->first + k];
        ant_array a;
        if (!n || n->group)
            return ant__fail(&r->c->error, ANT_E_FORMAT, "%s: layer '%.200s': no weight '%.200s'",
                             r->path, m->name, name);
        ant_dims got = ant__hdf5_dims(n);
        if (!same_shape(&got, &w->variable.dims)) {
            memset(found, 0, sizeof *found * (size_t)m->n);
            return misfit_shape(r, m, name, &got, w);
        }
        if (ant__hdf5_numbers(r->c, n, &a))
            return r->c->error.code;
        found[k] = a;
    }
    return 0;
}

static int take_by_name(reader *r) {
    int code = 0, used = 0, kept = 0;
    for (int k = 0; k < r->members.n && !code; k++) {
        const member *m = &r->members.at[k];
        const ant_hdf5_node *node = ant__named(&r->names, m->name);
        used += node != NULL;
        code = node ? take_layer(r, m, &r->groups.at[ant__names_place(&r->names, node)])
                    : misfit(r, m, "the file has no weights of it");
    }
    for (int k = 0; k < r->groups.n; k++)
        kept += r->groups.at[k].weights.count > 0;
    if (!code && !r->skip && used < kept)
        return ant__fail(&r->c->error, ANT_E_FORMAT,
                         "%s: it has weights of %d layers, the model only %d of these", r->path,
                         kept, used);
    return code;
}

/* The k-th layer with weights of the model gets those of the k-th in the file. */
static int take_by_place(reader *r) {
    int kept = 0, code = 0;
    for (int k = 0; k < r->groups.n; k++)
        kept += r->groups.at[k].weights.count > 0;
    if (kept != r->members.n)
        return ant__fail(&r->c->error, ANT_E_FORMAT,
                         "%s: it has weights of %d layers, the model has %d with weights", r->path,
                         kept, r->members.n);
    for (int k = 0, at = 0; k < r->groups.n && !code; k++)
        if (r->groups.at[k].weights.count)
            code = take_layer(r, &r->members.at[at++], &r->groups.at[k]);
    return code;
}

static int set_all(reader *r) {
    const ant_names *names = &ant__body(r->m)->weights;
    int code = 0;
    for (int k = 0; k < r->weights.n && !code; k++)
        if (r->found.at[k].axes)
            code = ant_weight_set(r->m, ant__name_of(names, r->weights.at[k]), r->found.at[k]);
    return code ? ant__fail(&r->c->error, code, "%s: %s", r->path, ant_model_error(r->m)) : 0;
}

bool ant__keras_legacy_weights_are(const ant_hdf5_node *root) {
    const ant_hdf5_node *all = ant__hdf5_find(root, "model_weights");
    return ant__hdf5_has(all ? all : root, "layer_names");
}

int ant__keras_legacy_weights_take(ant_context *c, ant_model *m, const char *path,
                                   const ant_hdf5_node *root, bool by_name, bool skip_mismatch) {
    reader r = {.c = c, .m = m, .path = path, .skip = skip_mismatch};
    const ant_hdf5_node *all = ant__hdf5_find(root, "model_weights");
    int code = add_members(&r);
    if (!code)
        code = add_groups(&r, all ? all : root);
    if (!code)
        code = by_name ? take_by_name(&r) : take_by_place(&r);
    if (!code)
        code = set_all(&r);
    ant__names_free(&r.names);
    ant__names_free(&r.seen);
    ant__free(r.groups.at);
    ant__free(r.members.at);
    ant__free(r.weights.at);
    ant__free(r.found.at);
    return code;
}
