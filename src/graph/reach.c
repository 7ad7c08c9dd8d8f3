/* Reaching into a model: its layers, nodes and names. */
#include "graph/graph.h"
#include <string.h>

/* Names for a body; NULL after an error. */
static ant_model_body *settled(ant_model *m) {
    return ant__action_begin(m) || ant__settle(m) ? NULL : m->extra;
}

/* --- layers --- */
const char *ant_name(ant_layer *l) {
    if (!l || l->dead)
        return "";
    if (ant__body(l))
        settled(l);
    return l->given ? l->given : l->said ? l->said : "";
}

int ant_layer_count(ant_model *m) {
    const ant_model_body *b = settled(m);
    return b ? b->layers.n : 0;
}

ant_layer *ant_layer_at(ant_model *m, int k) {
    const ant_model_body *b = settled(m);
    if (b && k >= 0 && k < b->layers.n)
        return (ant_layer *)(uintptr_t)b->layers.at[k].of;
    if (b)
        ant__model_fail(m, ANT_E_GRAPH, "has %d layers, no layer %d", b->layers.n, k);
    return ant__dead_layer();
}

static ant_layer *find_in(ant_layer *l, const char *path, ant_model **in);

static ant_layer *inner_named(const ant_layer *l, const char *name) {
    const ant_model_body *b = ant__body(l);
    const ant_layer *found = b ? ant__named(&b->layers, name) : NULL;
    for (int i = 0; i < l->children.n && !found; i++)
        if (!strcmp(l->child_names.at[i], name))
            found = l->children.at[i];
    return (ant_layer *)(uintptr_t)found;
}

/* Names may hold '/', too: every way of cutting the path is tried, the whole of it first. */
static ant_layer *find_cut(ant_layer *l, const char *path, size_t n, ant_model **in) {
    char *head = ant__alloc(n + 1);
    if (!head)
        return NULL;
    memcpy(head, path, n);
    ant_layer *inner = inner_named(l, head);
    ant__free(head);
    return inner ? find_in(inner, path + n + 1, in) : NULL;
}

static ant_layer *find_in(ant_layer *l, const char *path, ant_model **in) {
    ant_layer *found = inner_named(l, path);
    if (ant__body(l))
        *in = l;
    for (const char *cut = strchr(path, '/'); cut && !found; cut = strchr(cut + 1, '/'))
        found = find_cut(l, path, (size_t)(cut - path), in);
    return found;
}

ant_layer *ant__layer_find(ant_model *m, const char *path, ant_model **in) {
    return find_in(m, path, in);
}

static int unknown_layer(ant_model *m, const char *name) {
    const ant_model_body *b = m->extra;
    const char **names = ant__alloc_array((size_t)b->layers.n + 1, sizeof *names);
    const char *near = NULL;
    for (int i = 0; names && i < b->layers.n; i++)
        names[i] = b->layers.at[i].name;
    if (names)
        near = ant__nearest(name, names, b->layers.n);
    ant__free(names);
    if (near)
        return ant__model_fail(m, ANT_E_OPTION, "has no layer '%s', did you mean '%s'?", name,
                               near);
    return ant__model_fail(m, ANT_E_OPTION, "has no layer '%s'", name);
}

ant_layer *ant_layer_named(ant_model *m, const char *name) {
    ant_model *in = m;
    if (!settled(m))
        return ant__dead_layer();
    ant_layer *l = ant__layer_find(m, name, &in);
    if (l)
        return l;
    unknown_layer(m, name);
    return ant__dead_layer();
}

/* --- nodes --- */
ant_node *ant_layer_node(ant_model *m, const char *layer, int call) {
    ant_model *in = m;
    if (!settled(m))
        return ant__dead_node();
    const ant_layer *l = ant__layer_find(m, layer, &in);
    if (!l) {
        unknown_layer(m, layer);
        return ant__dead_node();
    }
    const ant_model_body *b = in->extra;
    int calls = 0;
    for (int i = 0; i < b->steps.n; i++)
        if (b->steps.at[i].use->layer == l && calls++ == call)
            return b->steps.at[i].use->out[0];
    ant__model_fail(m, ANT_E_GRAPH, "calls its layer '%s' %d time%s, there is no call %d", layer,
                    calls, calls == 1 ? "" : "s", call);
    return ant__dead_node();
}

int ant_model_inputs(ant_model *m) {
    const ant_model_body *b = m && !m->dead ? ant__body(m) : NULL;
    return b ? b->n_in : 0;
}

int ant_model_outputs(ant_model *m) {
    const ant_model_body *b = m && !m->dead ? ant__body(m) : NULL;
    return b ? b->n_out : 0;
}

ant_node *ant_model_input(ant_model *m, int k) {
    const ant_model_body *b = m && !m->dead ? ant__body(m) : NULL;
    return b && k >= 0 && k < b->n_in ? b->in[k] : ant__dead_node();
}

ant_node *ant_model_output(ant_model *m, int k) {
    const ant_model_body *b = m && !m->dead ? ant__body(m) : NULL;
    return b && k >= 0 && k < b->n_out ? b->out[k] : ant__dead_node();
}

const char *ant__in_name(const ant_model *m, int k) {
    const ant_model_body *b = m->extra;
    return b->nodes.at[k].name;
}

const char *ant__out_name(const ant_model *m, int k) {
    const ant_model_body *b = m->extra;
    return b->outs.at[k].name;
}

const char *ant_input_name(ant_model *m, int k) {
    const ant_model_body *b = settled(m);
    return b && k >= 0 && k < b->n_in ? ant__in_name(m, k) : NULL;
}

const char *ant_output_name(ant_model *m, int k) {
    const ant_model_body *b = settled(m);
    return b && k >= 0 && k < b->n_out ? ant__out_name(m, k) : NULL;
}
