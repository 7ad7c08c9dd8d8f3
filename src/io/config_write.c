/* Models into trees: mappings for layers, names for everything, only options that differ. */
#include "antler/layers/core.h"
#include "io/config.h"
#include "io/structure.h"
#include <string.h>

typedef struct writer {
    ant_context *c;
    ant_names written; /* layers so far, by the path under which they can be named again */
    const char *path;  /* of the model that is being written */
} writer;

static ant_tree *model_body(writer *w, const ant_model *m);

static ant_tree *new_tree(writer *w, ant_tree_kind kind, const char *key, const char *text) {
    return ant__tree_new(w->c, kind, key, text);
}

/* A name, or an expression: quoted where the grammar wants it. */
static ant_tree *raw(writer *w, const char *key, const char *text) {
    ant_tree *t = new_tree(w, ANT__WORD, key, text);
    if (t)
        t->raw = true;
    return t;
}

/* Appends; false when either is missing (the error is told). */
static bool add(ant_tree *parent, ant_tree *child) {
    ant__tree_add(parent, child);
    return parent && child;
}

static void add_first(ant_tree *parent, ant_tree *child) {
    child->next = parent->first;
    parent->first = child;
    if (!parent->last)
        parent->last = child;
}

/* --- layers --- */
static ant_tree *options_call(writer *w, const ant_layer *l);

/* Known from here on by its path; without a name it has none. */
static int note(writer *w, const ant_layer *l, const char *path) {
    return ant__names_add(&w->written, l, path) ? 0 : ant__fail_memory(&w->c->error);
}

/* Where a layer was written before; NULL: nowhere, or an error is told. */
static ant_tree *before(writer *w, const ant_layer *l, const char *key) {
    if (ant__names_place(&w->written, l) < 0)
        return NULL;
    const char *path = ant__name_of(&w->written, l);
    if (path)
        return new_tree(w, ANT__WORD, key, path);
    ant__fail(&w->c->error, ANT_E_STATE,
              "%s stands inside another layer and elsewhere: give it a name to say so in a file",
              ant__layer_label(l));
    return NULL;
}

/* A layer's options or a model's body, with the paths of what is inside. */
static ant_tree *content(writer *w, const ant_layer *l, const char *path) {
    const char *outer = w->path;
    w->path = path;
    ant_tree *t = ant__body(l) ? model_body(w, l) : options_call(w, l);
    w->path = outer;
    return t;
}

static ant_tree *inner_layer(void *data, const ant_layer *l) {
    writer *w = data;
    ant_tree *t = before(w, l, NULL);
    if (t || w->c->error.code)
        return t;
    const char *path = ant__print(w->c, "%s/%s", w->path, l->said ? l->said : "");
    if (!path || note(w, l, l->said ? path : NULL))
        return NULL;
    t = content(w, l, path);
    if (t && l->said)
        return add(t, new_tree(w, ANT__QUOTED, "name", l->said)) ? t : NULL;
    return t;
}

/* Name(option=value, …), with the trainable flag as it is now and without what an input says. */
static ant_tree *options_call(writer *w, const ant_layer *l) {
    ant_layer_texts inner = {.write = inner_layer, .data = w};
    char *o = ant__arena_alloc(&w->c->arena, l->cls->size + 1);
    if (!o) {
        ant__fail_memory(&w->c->error);
        return NULL;
    }
    memcpy(o, l->options, l->cls->size);
    ant_layer_common *common = (ant_layer_common *)(void *)o;
    common->trainable = l->trainable;
    common->name = NULL;
    memset(common->input_shape, 0, sizeof common->input_shape);
    return ant__options_tree(w->c, l->cls, o, &inner);
}

/* {Name: {option: value, …}} */
static ant_tree *mapping(writer *w, const char *cls, ant_tree *options, const char *key) {
    ant_tree *t = new_tree(w, ANT__MAP, key, NULL), *body = new_tree(w, ANT__MAP, cls, NULL);
    if (!options || !add(t, body))
        return NULL;
    body->first = options->first;
    body->last = options->last;
    return t;
}

/* A layer where it stands first, or the path of where it did. */
static ant_tree *one_layer(writer *w, const char *name, const ant_layer *l) {
    ant_tree *t = before(w, l, name);
    if (t || w->c->error.code)
        return t;
    const char *path = ant__print(w->c, "%s/%s", w->path, name);
    if (!path || note(w, l, path))
        return NULL;
    t = content(w, l, path);
    if (!ant__body(l))
        return mapping(w, l->cls->name, t, name);
    if (t)
        t->key = name;
    return t;
}

/* --- inputs --- */
static void input_options(const ant_node *n, ant_input_layer_options *o) {
    *o = (ant_input_layer_options){ANT_INPUT_LAYER_DEFAULTS};
    for (int k = 1; k < n->dims.rank; k++)
        o->shape[k - 1] = (int)n->dims.dim[k];
    if (n->dims.dim[0] > 0)
        o->batch_size = (int)n->dims.dim[0];
    if (!ant__dtype_real(n->dtype))
        o->dtype = ant__dtype_name(n->dtype);
}

static ant_tree *input_call(writer *w, const ant_node *n) {
    ant_input_layer_options o;
    input_options(n, &o);
    return ant__options_tree(w->c, ant__class_find(NULL, ANT_LAYER, "InputLayer"), &o, NULL);
}

/* [2, 3]; {shape: [2, 3], dtype: int32} where there is more to say. */
static ant_tree *input(writer *w, const ant_model_body *b, const ant_node *n) {
    const char *name = ant__name_of(&b->nodes, n);
    ant_tree *t = input_call(w, n);
    if (!t)
        return NULL;
    if (!t->first)
        return new_tree(w, ANT__ITEMS, name, NULL);
    if (!t->first->next && !strcmp(t->first->key, "shape"))
        t = t->first;
    else
        t->kind = ANT__MAP, t->text = NULL;
    t->key = name;
    return t;
}

static ant_tree *inputs(writer *w, const ant_model_body *b) {
    ant_tree *t = new_tree(w, ANT__MAP, "inputs", NULL);
    for (int i = 0; i < b->n_in; i++)
        if (!add(t, input(w, b, b->in[i])))
            return NULL;
    return t;
}

/* --- calls and outputs --- */
static bool is_input(const ant_model_body *b, const ant_node *n) {
    for (int i = 0; i < b->n_in; i++)
        if (b->in[i] == n)
            return true;
    return false;
}

/* An inner value may be an input of the model: then the call that makes it is outside. */
static ant_tree *reference(writer *w, const ant_model_body *b, const ant_node *n, const char *key) {
    bool made = n->use && !is_input(b, n);
    ant_tree *t = raw(w, key, ant__name_of(&b->nodes, made ? (const void *)n->use : n));
    if (t && made)
        t->index = n->result;
    return t;
}

static bool add_states(writer *w, const ant_model_body *b, const ant_layer_use *u, ant_tree *call) {
    ant_tree *list = new_tree(w, ANT__ITEMS, "initial_state", NULL);
    for (int i = 0; i < u->n_states; i++)
        if (!add(list, reference(w, b, u->state[i], NULL)))
            return false;
    return add(call, list);
}

static ant_tree *mask(writer *w, const ant_model_body *b, const ant_layer_use *u, int i) {
    if (u->mask[i])
        return reference(w, b, u->mask[i], NULL);
    return new_tree(w, ANT__WORD, NULL, ant__use_unmasks(u, i) ? "off" : "none");
}

/* The first input's mask alone stands without a list; `off` always in one, for an input may be
 * called so. */
static bool add_masks(writer *w, const ant_model_body *b, const ant_layer_use *u, ant_tree *call) {
    int last = u->n_in - 1;
    while (last >= 0 && !u->mask[last] && !ant__use_unmasks(u, last))
        last--;
    if (last < 0)
        return true;
    if (!last && u->mask[0])
        return add(call, reference(w, b, u->mask[0], "mask"));
    ant_tree *list = new_tree(w, ANT__ITEMS, "mask", NULL);
    for (int i = 0; i <= last; i++)
        if (!add(list, mask(w, b, u, i)))
            return false;
    return add(call, list);
}

static bool add_attention(writer *w, const ant_model_body *b, const ant_layer_use *u,
                          ant_tree *call) {
    if (u->attention_mask && !add(call, reference(w, b, u->attention_mask, "attention_mask")))
        return false;
    if (u->use_causal_mask && !add(call, new_tree(w, ANT__WORD, "use_causal_mask", "true")))
        return false;
    return !u->return_attention_scores ||
           add(call, new_tree(w, ANT__WORD, "return_attention_scores", "true"));
}

static ant_tree *call_tree(writer *w, const ant_model_body *b, const ant_layer_use *u) {
    ant_tree *t =
        new_tree(w, ANT__CALL, ant__name_of(&b->nodes, u), ant__name_of(&b->layers, u->layer));
    for (int i = 0; i < u->n_in; i++)
        if (!add(t, reference(w, b, u->in[i], NULL)))
            return NULL;
    if (u->n_states && !add_states(w, b, u, t))
        return NULL;
    if (!add_masks(w, b, u, t) || !add_attention(w, b, u, t))
        return NULL;
    if (u->training != ANT_NONE &&
        !add(t, new_tree(w, ANT__WORD, "training", u->training ? "true" : "false")))
        return NULL;
    return t;
}

static ant_tree *layers(writer *w, const ant_model_body *b) {
    ant_tree *t = new_tree(w, ANT__MAP, "layers", NULL);
    for (int i = 0; i < b->layers.n; i++)
        if (!add(t, one_layer(w, b->layers.at[i].name, b->layers.at[i].of)))
            return NULL;
    return t;
}

static ant_tree *calls(writer *w, const ant_model_body *b) {
    ant_tree *t = new_tree(w, ANT__MAP, "calls", NULL);
    for (int i = 0; i < b->steps.n; i++)
        if (!add(t, call_tree(w, b, b->steps.at[i].use)))
            return NULL;
    return t;
}

static ant_tree *outputs(writer *w, const ant_model *m) {
    const ant_model_body *b = m->extra;
    ant_tree *t = new_tree(w, ANT__MAP, "outputs", NULL);
    for (int i = 0; i < b->n_out; i++)
        if (!add(t, reference(w, b, b->out[i], ant__out_name(m, i))))
            return NULL;
    return t;
}

/* How Keras nests the inputs or outputs of these names, where it is no list. */
static bool add_structure(writer *w, ant_tree *t, const char *key, const ant_tree *structure,
                          const ant_model *m, const char *(*name)(const ant_model *m, int k)) {
    const ant_model_body *b = m->extra;
    int n = structure == b->in_structure ? b->n_in : b->n_out;
    ant_tree *leaf[ANT_MAX_PORTS] = {0};
    if (!structure)
        return true;
    for (int i = 0; i < n; i++)
        if (!(leaf[i] = new_tree(w, ANT__WORD, NULL, name(m, i))))
            return false;
    ant_tree *filled = ant__structure_fill(w->c, structure, leaf);
    if (filled)
        filled->key = key;
    return add(t, filled);
}

/* --- models --- */
static ant_tree *functional(writer *w, const ant_model *m) {
    const ant_model_body *b = m->extra;
    ant_tree *t = new_tree(w, ANT__MAP, NULL, NULL);
    return add(t, inputs(w, b)) && add(t, layers(w, b)) && add(t, calls(w, b)) &&
                   add(t, outputs(w, m)) &&
                   add_structure(w, t, "input_structure", b->in_structure, m, ant__in_name) &&
                   add_structure(w, t, "output_structure", b->out_structure, m, ant__out_name)
               ? t
               : NULL;
}

/* A layer of a Sequential says its name among its options. */
static ant_tree *item(writer *w, const ant_model_body *b, const ant_layer *l) {
    const char *name = ant__name_of(&b->layers, l);
    ant_tree *t = one_layer(w, name, l);
    if (!t || t->kind == ANT__WORD)
        return t;
    ant_tree *said = new_tree(w, ANT__WORD, "name", name);
    if (!said)
        return NULL;
    add_first(ant__body(l) ? t : t->first, said);
    t->key = NULL;
    return t;
}

static ant_tree *input_item(writer *w, const ant_model_body *b) {
    ant_tree *t = mapping(w, "Input", input_call(w, b->in[0]), NULL);
    ant_tree *name = t ? new_tree(w, ANT__WORD, "name", ant__name_of(&b->nodes, b->in[0])) : NULL;
    return t && add(t->first, name) ? t : NULL;
}

static ant_tree *sequence(writer *w, const ant_model_body *b) {
    ant_tree *t = new_tree(w, ANT__MAP, NULL, NULL);
    ant_tree *list = new_tree(w, ANT__ITEMS, "Sequential", NULL);
    if (!add(list, input_item(w, b)))
        return NULL;
    for (int i = 0; i < b->sequence.n; i++)
        if (!add(list, item(w, b, b->sequence.at[i])))
            return NULL;
    return add(t, list) ? t : NULL;
}

static ant_tree *model_body(writer *w, const ant_model *m) {
    const ant_model_body *b = m->extra;
    ant_tree *t = b->sequential ? sequence(w, b) : functional(w, m);
    if (t && !m->trainable && !add(t, new_tree(w, ANT__WORD, "trainable", "false")))
        return NULL;
    return t;
}

ant_tree *ant__model_tree(ant_context *c, ant_model *m) {
    writer w = {.c = c, .path = ""};
    if (ant__settle(m)) {
        ant__fail(&c->error, ant__body(m)->error.code, "%s", ant__body(m)->error.text);
        return NULL;
    }
    ant_tree *t = model_body(&w, m);
    ant_tree *name = t ? new_tree(&w, ANT__WORD, "name", ant__model_name(m)) : NULL;
    ant_tree *dtype = new_tree(&w, ANT__WORD, "dtype", "float64");
    if (name && dtype && m->context->float64)
        add_first(t, dtype);
    if (name)
        add_first(t, name);
    ant__names_free(&w.written);
    return name && dtype ? t : NULL;
}
