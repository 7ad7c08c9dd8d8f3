/* Sequential: appends calls one after the other on the same machinery as functional models. */
#include "antler/layers/core.h"
#include "graph/graph.h"
#include <string.h>

static bool is_input_layer(const ant_layer *l) {
    return !strcmp(l->cls->name, "InputLayer");
}

/* --- the input --- */
static int input_of_layer(ant_layer *l, ant_input_options *input) {
    const ant_input_layer_options *o = l->options;
    const int *shape = o->shape[0] ? o->shape : o->input_shape;
    if (shape[0] && o->batch_shape[0])
        return ant__layer_fail(l, ANT_E_OPTION, "shape and batch_shape are both said");
    memcpy(input->shape, shape, sizeof input->shape);
    input->name = l->said;
    input->dtype = o->dtype;
    input->batch_size = o->batch_size;
    if (o->batch_shape[0]) {
        memset(input->shape, 0, sizeof input->shape);
        memcpy(input->shape, o->batch_shape + 1, sizeof o->batch_shape - sizeof *o->batch_shape);
        input->batch_size = o->batch_shape[0] == ANT_ANY ? ANT_NONE : o->batch_shape[0];
    }
    return 0;
}

/* A model that stands first brings its own input's shape and type. */
static bool input_of_model(const ant_model_body *b, ant_input_options *input) {
    if (b->n_in != 1)
        return false;
    const ant_dims *dims = &b->in[0]->dims;
    for (int k = 1; k < dims->rank; k++)
        input->shape[k - 1] = (int)dims->dim[k];
    input->dtype = ant__dtype_name(b->in[0]->dtype);
    return true;
}

/* Does the beginning of the sequence say what comes in? Negative after an error. */
static int says_input(ant_model_body *b, ant_input_options *input) {
    if (b->input_layer)
        return input_of_layer(b->input_layer, input) ? -1 : 1;
    if (!b->sequence.n)
        return 0;
    const ant_layer_common *o = b->sequence.at[0]->options;
    memcpy(input->shape, o->input_shape, sizeof input->shape);
    if (o->input_shape[0])
        return 1;
    const ant_model_body *first = ant__body(b->sequence.at[0]);
    return first && input_of_model(first, input);
}

/* --- wiring --- */
/* Calls a layer on the last value; its error begins with the layer's own place. */
static int append(ant_model *m, ant_layer *l) {
    ant_model_body *b = m->extra;
    ant_context *c = m->context;
    bool had = c->error.code != 0;
    ant_call_options call = {.layer = l, .in = {b->out[0]}, .training = ANT_NONE};
    ant_layer_use *u = ant__use_new(ant__layer_graph(m), &call);
    if (u && u->n_out > 1) {
        ant__layer_fail(l, ANT_E_GRAPH, "has %d results, but a Sequential passes on one", u->n_out);
        u = NULL;
    }
    if (!u) {
        ant__blame(c, had, l->file, l->line);
        return c->error.code;
    }
    u->file = l->file;
    u->line = l->line;
    b->out[0] = u->out[0];
    return 0;
}

static int make_ports(ant_model *m) {
    ant_model_body *b = m->extra;
    ant_arena *arena = &m->context->arena;
    if (!b->in) {
        b->in = ant__arena_array(arena, 1, sizeof *b->in);
        b->out = ant__arena_array(arena, 1, sizeof *b->out);
        b->out_names = ant__arena_array(arena, 1, sizeof *b->out_names);
    }
    return b->in && b->out && b->out_names ? 0 : ant__fail_memory(&m->context->error);
}

int ant__sequential_wire(ant_model *m, const ant_input_options *input) {
    ant_model_body *b = m->extra;
    bool had = m->context->error.code != 0;
    const ant_layer *first = b->input_layer ? b->input_layer : m;
    ant_node *in = ant__input_new(ant__layer_graph(m), input);
    if (!in || make_ports(m)) {
        ant__blame(m->context, had, first->file, first->line);
        return m->context->error.code;
    }
    in->file = first->file;
    in->line = first->line;
    in->from_file |= first->from_file;
    b->in[0] = b->out[0] = in;
    for (int i = 0; i < b->sequence.n; i++) {
        int code = append(m, b->sequence.at[i]);
        if (code)
            return code;
    }
    b->n_in = b->n_out = 1;
    b->ordered = false;
    return 0;
}

static int wire_if_said(ant_model *m) {
    ant_input_options input = {.graph = ant__layer_graph(m)};
    int said = says_input(m->extra, &input);
    if (said < 0)
        return m->context->error.code;
    return said ? ant__sequential_wire(m, &input) : 0;
}

/* --- the sequence --- */
static bool contains(const ant_layer *l, const ant_model *m);

static bool body_contains(const ant_model_body *b, const ant_model *m) {
    for (int i = 0; i < b->sequence.n; i++)
        if (contains(b->sequence.at[i], m))
            return true;
    for (int i = 0; i < b->steps.n; i++)
        if (contains(b->steps.at[i].use->layer, m))
            return true;
    return false;
}

static bool contains(const ant_layer *l, const ant_model *m) {
    const ant_model_body *b = ant__body(l);
    if (l == m || (b && body_contains(b, m)))
        return true;
    for (int i = 0; i < l->children.n; i++)
        if (contains(l->children.at[i], m))
            return true;
    ant_layer *inner[ANT_MAX_LIST];
    int n = ant__option_layers(l->cls, l->options, inner);
    for (int i = 0; i < n; i++)
        if (contains(inner[i], m))
            return true;
    return false;
}

static int push(ant_model *m, ant_layer *l) {
    ant_model_body *b = m->extra;
    ant_fault *e = &m->context->error;
    if (l->dead)
        return ant__fail(e, ANT_E_GRAPH, "a layer of the Sequential failed on another graph");
    if (l->context != m->context)
        return ant__layer_fail(m, ANT_E_GRAPH, "%s is a layer of another graph",
                               ant__layer_label(l));
    if (is_input_layer(l)) {
        if (b->sequence.n || b->input_layer || b->n_in)
            return ant__layer_fail(l, ANT_E_GRAPH, "must stand first in a Sequential");
        b->input_layer = l;
        return 0;
    }
    return ANT__PUSH_PAID(&l->context->arena, &b->sequence, l) ? 0 : ant__fail_memory(e);
}

static int push_all(ant_model *m, ant_layer *const *layers) {
    for (int i = 0; layers[i]; i++) {
        int code = push(m, layers[i]);
        if (code)
            return code;
    }
    return 0;
}

ant_model *ant_sequential_(ant_graph *g, ant_layer *const *layers, const char *name,
                           const char *file, int line) {
    if (!g)
        return ant__dead_layer();
    bool had = g->context.error.code != 0;
    ant_model *m = ant__model_alloc(g, true, name, file, line);
    if (!m || push_all(m, layers)) {
        ant__blame(&g->context, had, file, line);
        return ant__dead_layer();
    }
    return wire_if_said(m) ? ant__dead_layer() : m;
}

/* Only a Sequential that is no layer of another model may change. */
static int check_growing(ant_model *m) {
    const ant_model_body *b = ant__body(m);
    if (!b || !b->sequential)
        return ant__layer_fail(m, ANT_E_GRAPH, "only a Sequential grows and shrinks");
    if (b->called)
        return ant__layer_fail(m, ANT_E_STATE,
                               "is a layer of another model and cannot change any more");
    return 0;
}

static int add(ant_model *m, ant_layer *l) {
    int code = check_growing(m);
    if (!code && l && contains(l, m))
        code = ant__layer_fail(m, ANT_E_GRAPH, "cannot be a layer of itself");
    if (!code)
        code = l ? push(m, l) : ant__layer_fail(m, ANT_E_GRAPH, "the layer to add is NULL");
    return code;
}

int ant_add_(ant_model *m, ant_layer *layer, const char *file, int line) {
    if (!m || m->dead)
        return ANT_E_GRAPH;
    ant_context *c = m->context;
    ant_model_body *b = m->extra;
    bool had = c->error.code != 0;
    int n = b ? b->sequence.n : 0, code = add(m, layer);
    if (code)
        ant__blame(c, had, file, line);
    else if ((code = b->n_in ? append(m, layer) : wire_if_said(m)))
        b->sequence.n = n;
    if (!code)
        ant__unsettle(m);
    return code;
}

int ant_pop(ant_model *m) {
    int code = ant__action_begin(m);
    if (code)
        return code;
    ant_model_body *b = m->extra;
    if (!b->sequential)
        return ant__model_fail(m, ANT_E_GRAPH, "only a Sequential grows and shrinks");
    if (b->called)
        return ant__model_fail(m, ANT_E_STATE, "is a layer of another model and cannot change");
    if (!b->sequence.n)
        return ant__model_fail(m, ANT_E_STATE, "has no layer to take away");
    b->sequence.n--;
    if (b->n_in)
        b->out[0] = b->out[0]->use->in[0];
    ant__unsettle(m);
    return 0;
}

/* The graph keeps building errors only; what goes wrong here is an action's. */
static int wire_as_action(ant_model *m, const ant_input_options *input) {
    ant_model_body *b = m->extra;
    ant_fault before = m->context->error;
    ant__error_clear(&m->context->error);
    int code = ant__sequential_wire(m, input);
    b->error = m->context->error;
    m->context->error = before;
    return code;
}

int ant_build(ant_model *m, const int *shape) {
    int code = ant__action_begin(m);
    if (code)
        return code;
    ant_model_body *b = m->extra;
    if (b->n_in)
        return 0;
    ant_input_options input = {.graph = ant__layer_graph(m)};
    for (int k = 0; k < ANT_MAX_AXES && shape[k]; k++)
        input.shape[k] = shape[k];
    return wire_as_action(m, &input);
}
