/* The calls of a model as Keras's inbound_nodes. A value is named by its layer, the number of the
 * call among those of the layer, and the number of the result. */
#include "io/keras/write.h"
#include <string.h>

/* --- numbers of calls --- */
static int layer_place(const ant_keras_calls *s, int step) {
    return ant__names_place(&s->body->layers, s->body->steps.at[step].use->layer);
}

/* From the last step to the first, so that each finds the next one of its layer; then forwards. */
static void number_calls(ant_keras_calls *s) {
    for (int i = 0; i < s->body->layers.n; i++)
        s->first[i] = -1;
    for (int i = s->body->steps.n - 1; i >= 0; i--) {
        int place = layer_place(s, i);
        s->next[i] = s->first[place];
        s->first[place] = i;
    }
    for (int i = 0; i < s->body->steps.n; i++)
        if (s->next[i] >= 0)
            s->number[s->next[i]] = s->number[i] + 1;
}

/* --- names --- */
/* Keras makes operations of masks as they pass, under names of its own making: concatenate,
 * concatenate_1 … Where masks are about, a layer that is called so gives way. */
static bool is_taken(const char *name) {
    static const char *const words[] = {"any",       "concatenate", "expand_dims", "logical_or",
                                        "not_equal", "ones_like",   "squeeze",     "zeros_like"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        size_t n = strlen(words[k]);
        const char *rest = name + n + (name[n] == '_');
        if (!strncmp(name, words[k], n) && (!name[n] || name[n] == '_') &&
            strspn(rest, "0123456789") == strlen(rest))
            return true;
    }
    return false;
}

static bool has_masks(const ant_model_body *b) {
    for (int i = 0; i < b->steps.n; i++)
        for (int k = 0; k < b->steps.at[i].use->n_out; k++)
            if (b->steps.at[i].use->out[k]->mask)
                return true;
    return false;
}

static const char *name_for(ant_context *c, const ant_model_body *b, const char *name) {
    const char *other = is_taken(name) ? ant__print(c, "%s_layer", name) : name;
    while (other && other != name && ant__named(&b->layers, other))
        other = ant__print(c, "%s_", other);
    if (other && other != name)
        ant__warn(c, "the layer '%s' is written as '%s': Keras gives the other name to a mask",
                  name, other);
    return other;
}

static int take_names(ant_keras_calls *s) {
    bool masks = has_masks(s->body);
    for (int i = 0; i < s->body->layers.n; i++) {
        const char *name = s->body->layers.at[i].name;
        s->name[i] = masks ? name_for(s->c, s->body, name) : name;
        if (!s->name[i])
            return s->c->error.code;
    }
    return 0;
}

const char *ant__keras_layer_name(const ant_keras_calls *s, const ant_layer *l) {
    return s->name[ant__names_place(&s->body->layers, l)];
}

int ant__keras_calls_begin(ant_context *c, const ant_model *m, ant_keras_calls *out) {
    const ant_model_body *b = ant__body(m);
    size_t steps = (size_t)b->steps.n + 1, layers = (size_t)b->layers.n + 1;
    *out = (ant_keras_calls){.c = c, .body = b};
    out->number = ant__arena_array(&c->arena, steps, sizeof *out->number);
    out->next = ant__arena_array(&c->arena, steps, sizeof *out->next);
    out->first = ant__arena_array(&c->arena, layers, sizeof *out->first);
    out->name = ant__arena_array(&c->arena, layers, sizeof *out->name);
    if (!out->number || !out->next || !out->first || !out->name)
        return ant__fail_memory(&c->error);
    number_calls(out);
    return take_names(out);
}

/* --- values --- */
static bool is_input(const ant_keras_calls *s, const ant_node *n) {
    for (int i = 0; i < s->body->n_in; i++)
        if (s->body->in[i] == n)
            return true;
    return false;
}

/* Among the names of nodes the inputs come first, then the calls in the order of running. */
static int step_of(const ant_keras_calls *s, const ant_layer_use *u) {
    return ant__names_place(&s->body->nodes, u) - s->body->n_in;
}

/* ["dense", 0, 0]; `shift` is added to the number of the call. */
static ant_tree *history(const ant_keras_calls *s, const ant_node *n, int shift) {
    bool input = is_input(s, n);
    const char *name =
        input ? ant__name_of(&s->body->nodes, n) : ant__keras_layer_name(s, n->use->layer);
    ant_tree *t = ant__keras_items(s->c);
    ant__tree_add(t, ant__keras_text(s->c, name));
    ant__tree_add(t, ant__keras_whole(s->c, input ? 0 : s->number[step_of(s, n->use)] + shift));
    ant__tree_add(t, ant__keras_whole(s->c, input ? 0 : n->result));
    return t;
}

static ant_tree *shape(const ant_keras_calls *s, const ant_dims *dims) {
    ant_tree *list = ant__keras_items(s->c);
    for (int k = 0; k < dims->rank; k++)
        ant__tree_add(list, dims->dim[k] < 0 ? ant__keras_null(s->c)
                                             : ant__keras_whole(s->c, dims->dim[k]));
    return list;
}

ant_tree *ant__keras_tensor_write(const ant_keras_calls *s, const ant_node *n) {
    ant_tree *t = ant__keras_map(s->c), *config = ant__keras_map(s->c);
    ant__keras_put(config, "shape", shape(s, &n->dims));
    ant__keras_put(config, "dtype", ant__keras_text(s->c, ant__dtype_name(n->dtype)));
    ant__keras_put(config, "keras_history", history(s, n, 0));
    ant__keras_put(t, "class_name", ant__keras_text(s->c, "__keras_tensor__"));
    ant__keras_put(t, "config", config);
    return t;
}

/* A nested Functional model counts one more than there are calls: Keras does so where a model says
 * its inputs and outputs, and not in calls. */
static ant_tree *port(const ant_keras_calls *s, const ant_node *n) {
    const ant_model_body *inner = is_input(s, n) ? NULL : ant__body(n->use->layer);
    return history(s, n, inner && !inner->sequential);
}

ant_tree *ant__keras_ports(const ant_keras_calls *s, const ant_tree *structure,
                           ant_node *const *nodes, int n) {
    ant_tree *leaf[ANT_MAX_PORTS] = {0}, *list = ant__keras_items(s->c);
    for (int k = 0; k < n; k++)
        leaf[k] = port(s, nodes[k]);
    if (structure || n == 1)
        return structure ? ant__structure_fill(s->c, structure, leaf) : leaf[0];
    for (int k = 0; k < n; k++)
        ant__tree_add(list, leaf[k]);
    return list;
}

/* --- arguments --- */
static ant_tree *list_of(const ant_keras_calls *s, ant_node *const *nodes, int n) {
    ant_tree *list = ant__keras_items(s->c);
    for (int k = 0; k < n; k++)
        ant__tree_add(list,
                      nodes[k] ? ant__keras_tensor_write(s, nodes[k]) : ant__keras_null(s->c));
    return list;
}

/* Keras's names for a call's inputs: one for all of them where the class says nothing. */
static const char *names_of(const ant_layer_use *u) {
    const ant_layer_class *impl = u->layer->cls->impl;
    return impl->arguments ? impl->arguments : "inputs";
}

/* The k-th of them, without the '*'; the last where there are fewer. NULL: an error in c. */
static const char *name_at(ant_context *c, const char *names, int k) {
    while (k-- && strchr(names, ' '))
        names = strchr(names, ' ') + 1;
    return ant__print(c, "%.*s", (int)strcspn(names, " *"), names);
}

/* How many inputs stand alone, by their place: not those that are one list. */
static int alone(const ant_layer_use *u) {
    int words = 1;
    for (const char *a = names_of(u); *a; a++)
        words += *a == ' ';
    words -= strchr(names_of(u), '*') != NULL;
    return words < u->n_in ? words : u->n_in;
}

/* A merge takes a list even of one; other layers and models only of several. */
static bool takes_list(const ant_layer_use *u) {
    const ant_layer_class *impl = u->layer->cls->impl;
    bool merge = !ant__body(u->layer) && impl->inputs_min > 1;
    return !impl->arguments && (u->n_in > 1 || merge);
}

/* Keras wants the structure that a model has. */
static ant_tree *args_of_model(const ant_keras_calls *s, const ant_layer_use *u,
                               const ant_tree *structure) {
    ant_tree *leaf[ANT_MAX_PORTS] = {0}, *list = ant__keras_items(s->c);
    for (int k = 0; k < u->n_in; k++)
        leaf[k] = ant__keras_tensor_write(s, u->in[k]);
    ant__tree_add(list, ant__structure_fill(s->c, structure, leaf));
    return list;
}

static ant_tree *args(const ant_keras_calls *s, const ant_layer_use *u) {
    const ant_model_body *inner = ant__body(u->layer);
    if (inner && inner->in_structure)
        return args_of_model(s, u, inner->in_structure);
    if (!takes_list(u))
        return list_of(s, u->in, alone(u));
    ant_tree *list = ant__keras_items(s->c);
    ant__tree_add(list, list_of(s, u->in, u->n_in));
    return list;
}

/* A mask for each argument that has one of its own: mask, or query_mask, value_mask … */
static void put_masks(const ant_keras_calls *s, const ant_layer_use *u, ant_tree *kwargs) {
    bool several = alone(u) > 1;
    int last = u->n_in - 1;
    while (last >= 0 && !u->mask[last])
        last--;
    if (takes_list(u) && last >= 0)
        ant__keras_put(kwargs, "mask", list_of(s, u->mask, u->n_in));
    for (int k = 0; k <= last && !takes_list(u); k++) {
        const char *argument = name_at(s->c, names_of(u), k);
        const char *key = several && argument ? ant__print(s->c, "%s_mask", argument) : "mask";
        if (u->mask[k] && key)
            ant__keras_put(kwargs, key, ant__keras_tensor_write(s, u->mask[k]));
    }
}

/* Keras writes this down too, but fit and predict have the last word on every call. */
static void put_training(const ant_keras_calls *s, const ant_layer_use *u, ant_tree *kwargs) {
    if (u->training == ANT_NONE)
        return;
    ant__keras_put(kwargs, "training", ant__keras_flag(s->c, u->training));
    ant__warn(s->c, "a call of %s says training=%s: Keras does not keep to it in fit and predict",
              ant__layer_label(u->layer), u->training ? "true" : "false");
}

static ant_tree *kwargs(const ant_keras_calls *s, const ant_layer_use *u) {
    ant_tree *map = ant__keras_map(s->c);
    int rest = takes_list(u) ? 0 : u->n_in - alone(u);
    if (rest)
        ant__keras_put(map, name_at(s->c, names_of(u), alone(u)),
                       list_of(s, u->in + alone(u), rest));
    if (u->n_states)
        ant__keras_put(map, "initial_state", list_of(s, u->state, u->n_states));
    put_masks(s, u, map);
    if (u->attention_mask)
        ant__keras_put(map, "attention_mask", ant__keras_tensor_write(s, u->attention_mask));
    if (u->use_causal_mask)
        ant__keras_put(map, "use_causal_mask", ant__keras_flag(s->c, true));
    if (u->return_attention_scores)
        ant__keras_put(map, "return_attention_scores", ant__keras_flag(s->c, true));
    put_training(s, u, map);
    return map;
}

ant_tree *ant__keras_layer_calls(const ant_keras_calls *s, const ant_layer *l) {
    ant_tree *list = ant__keras_items(s->c);
    for (int i = s->first[ant__names_place(&s->body->layers, l)]; i >= 0; i = s->next[i]) {
        const ant_layer_use *u = s->body->steps.at[i].use;
        ant_tree *call = ant__keras_map(s->c);
        ant__keras_put(call, "args", args(s, u));
        ant__keras_put(call, "kwargs", kwargs(s, u));
        ant__tree_add(list, call);
    }
    return list;
}
