/* Weights by path: in Keras's order, each once. */
#include "graph/graph.h"
#include <string.h>

static const char *join(ant_context *c, const char *path, const char *name) {
    return path ? ant__print(c, "%s/%s", path, name) : name;
}

static int collect_own(ant_context *c, const ant_layer *l, const char *path, bool trainable,
                       ant_names *out) {
    for (int i = 0; i < l->weights.n; i++) {
        const ant_weight *w = l->weights.at[i];
        if (w->trainable != trainable || ant__names_place(out, w) >= 0)
            continue;
        const char *name = join(c, path, w->variable.name);
        if (!name || !ant__names_add(out, w, name))
            return ant__fail_memory(&c->error);
    }
    return 0;
}

static int collect_inner(ant_context *c, const ant_layer *l, const char *path, const char *name,
                         ant_names *out) {
    const char *inner = join(c, path, name);
    return inner ? ant__collect_weights(c, l, inner, out) : ANT_E_MEMORY;
}

/* Own trainable ones, own others, then those of the layers inside; freezing changes no order. */
int ant__collect_weights(ant_context *c, const ant_layer *l, const char *path, ant_names *out) {
    const ant_model_body *b = ant__body(l);
    int code = collect_own(c, l, path, true, out);
    if (!code)
        code = collect_own(c, l, path, false, out);
    for (int i = 0; i < l->children.n && !code; i++)
        code = collect_inner(c, l->children.at[i], path, l->child_names.at[i], out);
    for (int i = 0; b && i < b->layers.n && !code; i++)
        code = collect_inner(c, b->layers.at[i].of, path, b->layers.at[i].name, out);
    return code;
}

/* A layer's list is made at the first question: its weights do not change once it is built. */
static const ant_names *of_layer(ant_layer *l) {
    if (l->dead || !l->built)
        return NULL;
    if (l->paths)
        return l->paths;
    ant_names *paths = ant__arena_alloc(&l->context->arena, sizeof *paths);
    if (!paths || ant__collect_weights(l->context, l, NULL, paths))
        return NULL;
    return l->paths = paths;
}

const ant_names *ant__weights_of(ant_layer *l) {
    ant_model_body *b = l->dead ? NULL : ant__body(l);
    if (!b)
        return of_layer(l);
    /* A model inside others was settled with them. */
    return (l->owner && b->settled) || !ant__settle(l) ? &b->weights : NULL;
}

static ant_array view(const ant_weight *w, const char *name) {
    const ant_variable *v = &w->variable;
    ant_array a = {.data = v->data, .dtype = v->dtype, .axes = v->dims.rank, .name = name};
    memcpy(a.shape, v->dims.dim, sizeof a.shape);
    return v->data ? a : (ant_array){0};
}

int ant_weight_count(ant_layer *l) {
    const ant_names *weights = ant__weights_of(l);
    return weights ? weights->n : 0;
}

const char *ant_weight_name(ant_layer *l, int k) {
    const ant_names *weights = ant__weights_of(l);
    return weights && k >= 0 && k < weights->n ? weights->at[k].name : NULL;
}

ant_array ant_weight_at(ant_layer *l, int k) {
    const ant_names *weights = ant__weights_of(l);
    if (!weights || k < 0 || k >= weights->n)
        return (ant_array){0};
    return view(weights->at[k].of, weights->at[k].name);
}

ant_array ant_weight_named(ant_layer *l, const char *name) {
    const ant_names *weights = ant__weights_of(l);
    const ant_weight *w = weights ? ant__named(weights, name) : NULL;
    return w ? view(w, ant__name_of(weights, w)) : (ant_array){0};
}

static int64_t count_of(const ant_weight *w, bool trainable_only) {
    bool counts = !trainable_only || ant__weight_trained(w);
    return counts ? ant__dims_count(&w->variable.dims) : 0;
}

static bool child_before(const ant_layer *l, int k) {
    for (int i = 0; i < k; i++)
        if (l->children.at[i] == l->children.at[k])
            return true;
    return false;
}

int64_t ant_parameter_count(ant_layer *l, bool trainable_only) {
    int64_t sum = 0;
    if (!l || l->dead)
        return 0;
    const ant_names *all = ant__body(l) ? ant__weights_of(l) : NULL;
    for (int i = 0; all && i < all->n; i++)
        sum += count_of(all->at[i].of, trainable_only);
    for (int i = 0; i < l->weights.n; i++)
        sum += count_of(l->weights.at[i], trainable_only);
    for (int i = 0; i < l->children.n; i++)
        if (!child_before(l, i))
            sum += ant_parameter_count(l->children.at[i], trainable_only);
    return sum;
}

/* As Keras does, all the way down. */
int ant_set_trainable(ant_layer *l, bool trainable) {
    if (!l || l->dead)
        return ANT_E_GRAPH;
    const ant_model_body *b = ant__body(l);
    ant_layer *inner[ANT_MAX_LIST];
    int n = ant__option_layers(l->cls, l->options, inner);
    l->trainable = trainable;
    for (int i = 0; i < n; i++)
        ant_set_trainable(inner[i], trainable);
    for (int i = 0; i < l->children.n; i++)
        ant_set_trainable(l->children.at[i], trainable);
    for (int i = 0; b && i < b->sequence.n; i++)
        ant_set_trainable(b->sequence.at[i], trainable);
    for (int i = 0; b && !b->sequential && i < b->ranks.n; i++)
        if (b->ranks.at[i].layer)
            ant_set_trainable(b->ranks.at[i].layer, trainable);
    return 0;
}
