/* Copies of models: every layer again once, with the same calls. */
#include "graph/graph.h"
#include <string.h>

typedef struct ant_cloner {
    ant_graph *to;
    ant_names old;               /* layers that were cloned … */
    ANT__LIST(ant_layer *) made; /* … and their clones, by the same place */
} ant_cloner;

static ant_layer *clone_layer(ant_cloner *k, ant_layer *l);

static ant_layer *remember(ant_cloner *k, const ant_layer *l, ant_layer *made) {
    if (!made || made->dead)
        return NULL;
    if (!ant__names_add(&k->old, l, NULL) || !ANT__PUSH(&k->made, made)) {
        ant__fail_memory(&k->to->context.error);
        return NULL;
    }
    made->from_file = l->from_file;
    return made;
}

/* --- plain layers: the options again, layers among them cloned --- */
static int clone_inner(ant_cloner *k, const ant_class *cls, char *options) {
    for (int i = 0; i < cls->rows_n; i++) {
        const ant_row *row = &cls->rows[i];
        ant_layer **at = (ant_layer **)(void *)(options + row->offset);
        int n = ant__row_layers(row);
        for (int j = 0; j < n; j++)
            if (at[j] && !(at[j] = clone_layer(k, at[j])))
                return k->to->context.error.code;
    }
    return 0;
}

static ant_layer *clone_plain(ant_cloner *k, const ant_layer *l) {
    ant_layer *made = NULL;
    char *options = ant__alloc(l->cls->size + 1); /* and ant_end */
    if (!options) {
        ant__fail_memory(&k->to->context.error);
        return NULL;
    }
    memcpy(options, l->options, l->cls->size);
    ant_layer_common *common = (ant_layer_common *)(void *)options;
    common->graph = k->to;
    common->name = l->said;
    if (!clone_inner(k, l->cls, options))
        made = ant_layer_new(l->cls->name, options, l->cls->size, l->file, l->line);
    ant__free(options);
    return made;
}

/* --- models --- */
static ant_node *clone_input(ant_cloner *k, const ant_node *n) {
    ant_input_options o = {.graph = k->to, .name = n->said, .dtype = ant__dtype_name(n->dtype)};
    for (int i = 1; i < n->dims.rank; i++)
        o.shape[i - 1] = (int)n->dims.dim[i];
    o.batch_size = n->dims.dim[0] > 0 ? (int)n->dims.dim[0] : ANT_NONE;
    ant_node *made = ant__input_new(k->to, &o);
    if (made) {
        made->from_file = n->from_file;
        made->file = n->file;
        made->line = n->line;
    }
    return made;
}

/* Nodes by the places of a model's values. */
static int clone_step(ant_cloner *k, const ant_model_body *b, const ant_step *s, ant_node **at) {
    const ant_layer_use *u = s->use;
    const int *from = b->from.at + s->from;
    ant_call_options o = {.training = u->training,
                          .name = u->said,
                          .use_causal_mask = u->use_causal_mask,
                          .return_attention_scores = u->return_attention_scores};
    if (!(o.layer = clone_layer(k, u->layer)))
        return k->to->context.error.code;
    for (int j = 0; j < ant__use_operands(u); j++) {
        int i;
        ant_role role = ant__use_role(u, j, &i);
        ant_node **to = role == ANT__IN      ? &o.in[i]
                        : role == ANT__STATE ? &o.initial_state[i]
                        : role == ANT__MASK  ? &o.mask[i]
                                             : &o.attention_mask;
        *to = at[from[j]];
    }
    for (int i = 0; i < u->n_in; i++)
        if (ant__use_unmasks(u, i))
            o.mask[i] = ant_unmasked();
    ant_layer_use *made = ant__use_new(k->to, &o);
    if (!made)
        return k->to->context.error.code;
    made->file = u->file;
    made->line = u->line;
    memcpy(at + s->first_out, made->out, sizeof *at * (size_t)made->n_out);
    return 0;
}

static int clone_calls(ant_cloner *k, const ant_model_body *b, ant_node **at) {
    int code = 0;
    for (int i = 0; i < b->n_in && !code; i++)
        if (!(at[i] = clone_input(k, b->in[i])))
            code = k->to->context.error.code;
    for (int i = 0; i < b->steps.n && !code; i++)
        code = clone_step(k, b, &b->steps.at[i], at);
    return code;
}

static ant_model *clone_functional(ant_cloner *k, const ant_model *m) {
    const ant_model_body *b = m->extra;
    ant_node *in[ANT_MAX_PORTS] = {0}, *out[ANT_MAX_PORTS] = {0};
    ant_node **at = ant__alloc_array((size_t)b->values, sizeof *at);
    ant_model *made = NULL;
    if (!at) {
        ant__fail_memory(&k->to->context.error);
        return NULL;
    }
    if (!clone_calls(k, b, at)) {
        ant_model_options o = {.graph = k->to, .inputs = in, .outputs = out, .name = m->said};
        memcpy(in, at, sizeof *in * (size_t)b->n_in);
        for (int i = 0; i < b->n_out; i++) {
            out[i] = at[b->out_place[i]];
            o.output_names[i] = b->out_names[i];
        }
        made = ant_model_new_(&o, offsetof(ant_model_options, ant_end), m->file, m->line);
    }
    ant__free(at);
    return made;
}

static ant_model *clone_sequence(ant_cloner *k, const ant_model *m, ant_layer **layers) {
    const ant_model_body *b = m->extra;
    int n = 0;
    if (b->input_layer && !(layers[n++] = clone_layer(k, b->input_layer)))
        return NULL;
    for (int i = 0; i < b->sequence.n; i++)
        if (!(layers[n++] = clone_layer(k, b->sequence.at[i])))
            return NULL;
    ant_model *made = ant_sequential_(k->to, layers, m->said, m->file, m->line);
    const ant_model_body *copy = made->dead ? NULL : made->extra;
    if (!copy || copy->n_in || !b->n_in)
        return made;
    ant_input_options o = {.graph = k->to, .dtype = ant__dtype_name(b->in[0]->dtype)};
    for (int i = 1; i < b->in[0]->dims.rank; i++) /* the shape came with data */
        o.shape[i - 1] = (int)b->in[0]->dims.dim[i];
    return ant__sequential_wire(made, &o) ? NULL : made;
}

static ant_model *clone_sequential(ant_cloner *k, const ant_model *m) {
    const ant_model_body *b = m->extra;
    ant_layer **layers = ant__alloc_array((size_t)b->sequence.n + 2, sizeof *layers);
    if (!layers) {
        ant__fail_memory(&k->to->context.error);
        return NULL;
    }
    ant_model *made = clone_sequence(k, m, layers);
    ant__free(layers);
    return made;
}

/* Names that a file gave to layers in this model only. */
static ant_model *copy_wishes(ant_cloner *k, const ant_model_body *from, ant_model *made) {
    if (!made || made->dead)
        return NULL;
    ant_model_body *to = made->extra;
    for (int i = 0; i < from->wished.n; i++) {
        const ant_name_entry *e = &from->wished.at[i];
        int place = ant__names_place(&k->old, e->of);
        const char *name = ant__arena_text(&k->to->context.arena, e->name);
        if (place >= 0 && (!name || !ant__names_add(&to->wished, k->made.at[place], name))) {
            ant__fail_memory(&k->to->context.error);
            return NULL;
        }
    }
    return made;
}

static bool copy_structure(ant_cloner *k, ant_tree **to, const ant_tree *from) {
    *to = from ? ant__tree_copy(&k->to->context, from) : NULL;
    return *to || !from;
}

static ant_model *copy_structures(ant_cloner *k, const ant_model_body *from, ant_model *made) {
    ant_model_body *to = made ? made->extra : NULL;
    return to && copy_structure(k, &to->in_structure, from->in_structure) &&
                   copy_structure(k, &to->out_structure, from->out_structure)
               ? made
               : NULL;
}

static ant_layer *clone_layer(ant_cloner *k, ant_layer *l) {
    int place = ant__names_place(&k->old, l);
    if (place >= 0)
        return k->made.at[place];
    const ant_model_body *b = ant__body(l);
    ant_layer *made = !b              ? clone_plain(k, l)
                      : b->sequential ? clone_sequential(k, l)
                                      : clone_functional(k, l);
    return remember(k, l, b ? copy_structures(k, b, copy_wishes(k, b, made)) : made);
}

/* --- all of it --- */
/* Freezing may have come after the options; inner layers correspond by place. */
static void copy_flags(ant_layer *to, const ant_layer *from) {
    to->trainable = from->trainable;
    for (int i = 0; i < to->children.n && i < from->children.n; i++)
        copy_flags(to->children.at[i], from->children.at[i]);
}

static ant_model *clone(ant_cloner *k, ant_model *m, bool with_weights) {
    ant_model *made = clone_layer(k, m);
    for (int i = 0; i < k->made.n; i++)
        copy_flags(k->made.at[i], k->old.at[i].of);
    if (!made || !with_weights || !ant_weights_copy(made, m, 1))
        return made;
    const ant_model_body *b = made->extra;
    ant__fail(&k->to->context.error, b->error.code, "%s", b->error.text);
    return NULL;
}

ant_model *ant_clone(ant_model *m, ant_graph *to, bool with_weights) {
    if (!to || !m || m->dead || !ant__body(m))
        return ant__dead_layer();
    ant_cloner k = {.to = to};
    int code = ant__model_order(m);
    ant_model *made = code ? NULL : clone(&k, m, with_weights);
    if (code)
        ant__fail(&to->context.error, code, "ant_clone: %s has no shape yet", ant__layer_label(m));
    ant__names_free(&k.old);
    ant__free(k.made.at);
    return made ? made : ant__dead_layer();
}
