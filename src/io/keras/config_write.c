/* A model as Keras's config.json: layers in Keras's order, each with its calls. */
#include "core/options/field.h"
#include "io/keras/write.h"
#include "train/train.h"
#include <string.h>

typedef struct writer {
    ant_context *c;
    ant_names seen; /* layers so far: Keras cannot say that two models share one */
    bool frozen;    /* something around is: Keras knows only what each layer says */
} writer;

static ant_tree *model_object(writer *w, ant_model *m, const char *name);
static ant_tree *layer_object(writer *w, ant_layer *l, const char *name);

/* --- names --- */
static int check_name(writer *w, const char *what, const char *name) {
    if (!strchr(name, '/'))
        return 0;
    return ant__fail(&w->c->error, ANT_E_OPTION, "the %s '%s': Keras takes no '/' in a name", what,
                     name);
}

/* Inputs, layers and operations share one space of names in Keras. */
static int check_names(writer *w, const ant_model_body *b) {
    for (int i = 0; i < b->n_in; i++) {
        const char *name = ant__name_of(&b->nodes, b->in[i]);
        if (check_name(w, "input", name))
            return w->c->error.code;
        if (ant__named(&b->layers, name))
            return ant__fail(&w->c->error, ANT_E_OPTION,
                             "an input and a layer are both named '%s': Keras wants them to differ",
                             name);
    }
    return 0;
}

/* A layer that was written before cannot be said again. */
static int see(writer *w, const ant_layer *l) {
    if (ant__names_place(&w->seen, l) >= 0)
        return ant__fail(&w->c->error, ANT_E_GRAPH,
                         "%s is shared by two models, or by a model and a wrapper: Keras's files "
                         "cannot say so",
                         ant__layer_label(l));
    return ant__names_add(&w->seen, l, NULL) ? 0 : ant__fail_memory(&w->c->error);
}

/* --- layers --- */
/* Keras's constructors of these take nothing but their own options. */
static bool is_bare(const ant_layer *l) {
    return ant__word_among(
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D Discretization Pipeline", l->cls->name,
        false);
}

static const char *real_name(const ant_layer *l) {
    return ant__dtype_name(ant__real_type(l->context));
}

/* What every config begins with; that of a Functional model has no dtype. */
static ant_tree *config_begin(writer *w, const ant_layer *l, const char *name, bool typed) {
    ant_context *c = w->c;
    ant_tree *config = ant__keras_map(c), *policy = ant__keras_map(c);
    ant__keras_put(policy, "name", ant__keras_text(c, real_name(l)));
    ant__keras_put(config, "name", ant__keras_text(c, name));
    if (!is_bare(l))
        ant__keras_put(config, "trainable", ant__keras_flag(c, l->trainable && !w->frozen));
    if (typed)
        ant__keras_put(config, "dtype", ant__keras_object(c, "keras", "DTypePolicy", policy, NULL));
    return config;
}

/* Does an attribute hold what the option says? Bidirectional's `layer` is in forward_layer. */
static bool holds(const char *attribute, const char *option, bool copies) {
    size_t n = strlen(attribute), m = strlen(option);
    if (!copies)
        return !strcmp(attribute, option);
    return n > m && attribute[n - m - 1] == '_' && !strcmp(attribute + n - m, option);
}

/* The children that an option says: one, or a list. NULL: none, or an error. */
static ant_tree *children(writer *w, const ant_layer *l, const char *option, bool copies) {
    ant_tree *list = NULL;
    for (int k = 0; k < l->children.n; k++) {
        bool listed;
        const char *attribute = ant__keras_attribute(w->c, l, k, &listed);
        if (!attribute || !holds(attribute, option, copies))
            continue;
        ant_tree *t = layer_object(w, l->children.at[k], l->child_names.at[k]);
        if (!listed)
            return t;
        list = list ? list : ant__keras_items(w->c);
        ant__tree_add(list, t);
    }
    return list;
}

static ant_tree *inner_layers(writer *w, const ant_layer *l, const ant_row *row) {
    ant_tree *t = children(w, l, row->name, false);
    if (!t && !w->c->error.code)
        t = children(w, l, row->name, true);
    if (!t)
        ant__fail(&w->c->error, ANT_E_STATE, "%s: its %s is not built", ant__layer_label(l),
                  row->name);
    return t;
}

/* Not all of Keras's classes take these; what differs from the default is for one that does. */
static bool is_rare(const ant_row *row) {
    return ant__word_among("activity_regularizer use_cudnn lora_rank lora_alpha renorm_clipping",
                           row->name, false);
}

/* What Keras has no word for, or takes and never counts. */
static bool is_lost(const ant_layer *l, const ant_row *row) {
    return (is_rare(row) && is_bare(l)) ||
           (!strcmp(l->cls->name, "SimpleRNN") && !strcmp(row->name, "activity_regularizer"));
}

static void put_options(writer *w, const ant_layer *l, ant_tree *config) {
    for (int k = 0; k < l->cls->rows_n; k++) {
        const ant_row *row = &l->cls->rows[k];
        bool layers = row->field == ANT__ONE_LAYER || row->field == ANT__LAYERS;
        if (row->refuse ||
            ant__word_among("name dtype trainable input_shape registered_name", row->name, false))
            continue;
        if ((layers || is_rare(row)) && ant__field_equal(row, l->options, l->cls->defaults))
            continue;
        if (is_lost(l, row))
            ant__fail(&w->c->error, ANT_E_OPTION, "%s: %s with %s cannot be written for Keras",
                      ant__layer_label(l), l->cls->name, row->name);
        ant__keras_put(config, row->keras ? row->keras : row->name,
                       layers ? inner_layers(w, l, row)
                              : ant__keras_option_write(w->c, row, l->options));
    }
}

/* "package>Class" of the user's own class; NULL: it is Keras's. */
static const char *registered_name(const writer *w, const ant_layer *l) {
    const ant_row *row = ant__row_find(l->cls, "registered_name");
    if (!row || !ant__class_registered(w->c, l->cls))
        return NULL;
    return *(const char *const *)ant__field_at(row, l->options);
}

/* A class of the user's, whom Keras asks for it by its name, has no module. */
static ant_tree *layer_object(writer *w, ant_layer *l, const char *name) {
    if (ant__body(l))
        return model_object(w, l, name);
    if (see(w, l) || check_name(w, "layer", name))
        return NULL;
    const char *registered = registered_name(w, l);
    bool outside = w->frozen;
    ant_tree *config = config_begin(w, l, name, true);
    w->frozen |= !l->trainable;
    put_options(w, l, config);
    w->frozen = outside;
    return ant__keras_object(w->c, registered ? NULL : "keras.layers", l->cls->name, config,
                             registered);
}

static ant_tree *input_object(writer *w, const ant_node *n, const char *name) {
    ant_context *c = w->c;
    ant_tree *config = ant__keras_map(c), *shape = ant__keras_items(c);
    for (int k = 0; k < n->dims.rank; k++)
        ant__tree_add(shape, n->dims.dim[k] < 0 ? ant__keras_null(c)
                                                : ant__keras_whole(c, n->dims.dim[k]));
    ant__keras_put(config, "batch_shape", shape);
    ant__keras_put(config, "dtype", ant__keras_text(c, ant__dtype_name(n->dtype)));
    ant__keras_put(config, "sparse", ant__keras_flag(c, false));
    ant__keras_put(config, "ragged", ant__keras_flag(c, false));
    ant__keras_put(config, "name", ant__keras_text(c, name));
    ant__keras_put(config, "optional", ant__keras_flag(c, false));
    return ant__keras_object(c, "keras.layers", "InputLayer", config, NULL);
}

/* --- models --- */
/* An operation is made and called in one. */
static ant_tree *operation_object(writer *w, const ant_keras_calls *calls, const ant_layer *l,
                                  const char *name) {
    ant_context *c = w->c;
    ant_tree *t = NULL, *list = ant__keras_items(c);
    int place = ant__names_place(&calls->body->layers, l);
    for (int i = calls->first[place]; i >= 0 && !c->error.code; i = calls->next[i]) {
        const ant_layer_use *u = calls->body->steps.at[i].use;
        ant_tree *operands[ANT_MAX_PORTS], *args = NULL, *kwargs = NULL, *call = ant__keras_map(c);
        for (int k = 0; k < u->n_in; k++)
            operands[k] = ant__keras_tensor_write(calls, u->in[k]);
        t = ant__keras_operation_write(c, u, operands, &args, &kwargs);
        ant__keras_put(call, "args", args);
        ant__keras_put(call, "kwargs", kwargs);
        ant__tree_add(list, call);
    }
    if (!t || c->error.code)
        return NULL;
    ant__keras_put(ant__tree_get(t, "config"), "name", ant__keras_text(c, name));
    ant__keras_put(t, "name", ant__keras_text(c, name));
    ant__keras_put(t, "inbound_nodes", list);
    return t;
}

/* One entry of a Functional model's layers. */
static ant_tree *entry(writer *w, const ant_keras_calls *calls, const ant_rank *r) {
    const ant_model_body *b = calls->body;
    const char *name =
        r->input ? ant__name_of(&b->nodes, r->input) : ant__keras_layer_name(calls, r->layer);
    if (r->layer && !strcmp(r->layer->cls->name, "Operation"))
        return operation_object(w, calls, r->layer, name);
    ant_tree *t = r->input ? input_object(w, r->input, name) : layer_object(w, r->layer, name);
    if (!t)
        return NULL;
    ant__keras_put(t, "name", ant__keras_text(w->c, name));
    ant__keras_put(t, "inbound_nodes",
                   r->input ? ant__keras_items(w->c) : ant__keras_layer_calls(calls, r->layer));
    return t;
}

static void put_functional(writer *w, const ant_model *m, ant_tree *config) {
    const ant_model_body *b = ant__body(m);
    ant_keras_calls calls;
    ant_tree *list = ant__keras_items(w->c);
    if (check_names(w, b) || ant__keras_calls_begin(w->c, m, &calls))
        return;
    for (int i = 0; i < b->ranks.n && !w->c->error.code; i++)
        ant__tree_add(list, entry(w, &calls, &b->ranks.at[i]));
    ant__keras_put(config, "layers", list);
    ant__keras_put(config, "input_layers",
                   ant__keras_ports(&calls, b->in_structure, b->in, b->n_in));
    ant__keras_put(config, "output_layers",
                   ant__keras_ports(&calls, b->out_structure, b->out, b->n_out));
}

static void put_sequence(writer *w, const ant_model *m, ant_tree *config) {
    const ant_model_body *b = ant__body(m);
    ant_tree *list = ant__keras_items(w->c);
    if (check_names(w, b))
        return;
    ant__tree_add(list, input_object(w, b->in[0], ant__name_of(&b->nodes, b->in[0])));
    for (int i = 0; i < b->sequence.n && !w->c->error.code; i++) {
        ant_layer *l = b->sequence.at[i];
        ant__tree_add(list, layer_object(w, l, ant__name_of(&b->layers, l)));
    }
    ant__keras_put(config, "layers", list);
}

static ant_tree *model_object(writer *w, ant_model *m, const char *name) {
    const ant_model_body *b = ant__body(m);
    bool outside = w->frozen;
    if (see(w, m) || check_name(w, "model", name))
        return NULL;
    ant_tree *config = config_begin(w, m, name, b->sequential);
    w->frozen |= !m->trainable;
    if (b->sequential)
        put_sequence(w, m, config);
    else
        put_functional(w, m, config);
    w->frozen = outside;
    return b->sequential ? ant__keras_object(w->c, "keras", "Sequential", config, NULL)
                         : ant__keras_object(w->c, "keras.src.models.functional", "Functional",
                                             config, "Functional");
}

ant_tree *ant__keras_config_write(ant_context *c, ant_model *m) {
    writer w = {.c = c};
    int code = ant__settle(m);
    if (code) {
        ant__fail(&c->error, code, "%s", ant__body(m)->error.text);
        return NULL;
    }
    ant_tree *t = model_object(&w, m, ant__model_name(m));
    ant__names_free(&w.seen);
    if (t && ant__compiled(m))
        ant__keras_put(t, "compile_config", ant__keras_compile_write(c, m));
    return c->error.code ? NULL : t;
}
