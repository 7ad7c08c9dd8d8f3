/* Models: a layer whose class is Functional or Sequential, with a graph of calls inside. */
#include "graph/graph.h"
#include <string.h>

/* Models are made by their own functions, so their classes have no options but the common ones. */
typedef struct ant_functional_options {
    ANT_LAYER_OPTIONS;
    char ant_end;
} ant_functional_options;
#define ANT_FUNCTIONAL_DEFAULTS ANT_LAYER_DEFAULTS

/* --- as a layer --- */
static int outputs(const ant_layer *l) {
    const ant_model_body *b = l->extra;
    return b->n_out ? b->n_out : 1; /* a Sequential that has no shape yet */
}

/* A Sequential without a shape takes that of its first call. */
static int build(ant_layer *l, const ant_dims *in, int n_in) {
    ant_model_body *b = l->extra;
    int code = 0;
    if (b->sequential && !b->n_in) {
        ant_input_options input = {.graph = ant__layer_graph(l)};
        if (n_in != 1)
            return ant__layer_fail(l, ANT_E_SHAPE, "takes 1 input, got %d", n_in);
        for (int k = 1; k < in->rank; k++)
            input.shape[k - 1] = (int)in->dim[k];
        code = ant__sequential_wire(l, &input);
    }
    if (!code)
        code = ant__model_order(l);
    b->called = !code;
    return code;
}

static int call(ant_layer_call *c) {
    const ant_model_body *b = c->layer->extra;
    if (c->n_in != b->n_in)
        return ant__call_fail(c, ANT_E_SHAPE, "takes %d input%s, got %d", b->n_in,
                              b->n_in == 1 ? "" : "s", c->n_in);
    ant_model_values v = {
        .program = c->program,
        .context = c->context,
        .lowering = c->lowering,
        .in = c->in,
        .in_mask = c->mask,
        .training = c->training,
        .key = c->key,
    };
    int code = ant__model_write(c->layer, &v);
    memcpy(c->out, v.out, sizeof c->out);
    memcpy(c->out_mask, v.out_mask, sizeof c->out_mask);
    return code;
}

static const ant_layer_class functional = {
    .outputs = outputs,
    .build = build,
    .call = call,
    .mask = ANT__MASK_OWN,
    .inputs_min = 1,
    .inputs_max = ANT_MAX_PORTS - 1,
    .made_by = "ant_model_new",
};
static const ant_layer_class sequential = {
    .outputs = outputs,
    .build = build,
    .call = call,
    .mask = ANT__MASK_OWN,
    .inputs_min = 1,
    .inputs_max = ANT_MAX_PORTS - 1,
    .made_by = "ant_sequential",
};

static const ant_row functional_rows[] = {ANT__LAYER_ROWS(functional)};

static const ant_class classes[] = {
    ANT__CLASS(Functional, functional, FUNCTIONAL, ANT_LAYER, &functional, .alias = "Model"),
    ANT__CLASS(Sequential, functional, FUNCTIONAL, ANT_LAYER, &sequential),
};
enum { FUNCTIONAL, SEQUENTIAL };

const ant_family ant__model_family = ANT__FAMILY("model", classes);

ant_model_body *ant__body(const ant_model *m) {
    return m->cls == &classes[FUNCTIONAL] || m->cls == &classes[SEQUENTIAL] ? m->extra : NULL;
}

/* --- making --- */
ant_model *ant__model_alloc(ant_graph *g, bool is_sequential, const char *name, const char *file,
                            int line) {
    ant_context *c = &g->context;
    ant_functional_options *o = ant__arena_alloc(&c->arena, sizeof *o);
    ant_model_body *b = ant__arena_alloc(&c->arena, sizeof *b);
    if (!o || !b || (name && !(name = ant__arena_text(&c->arena, name)))) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    *o = (ant_functional_options){ANT_FUNCTIONAL_DEFAULTS};
    o->name = name;
    b->sequential = is_sequential;
    ant_model *m = ant__layer_alloc(c, &classes[is_sequential ? SEQUENTIAL : FUNCTIONAL], o);
    if (!m)
        return NULL;
    b->layers.payer = b->nodes.payer = b->outs.payer = &c->arena;
    b->weights.payer = b->wished.payer = &c->arena;
    m->extra = b;
    m->file = file;
    m->line = line;
    return m;
}

void ant__bodies_free(ant_graph *g) {
    for (ant_layer *l = g->context.layers; l; l = l->next) {
        ant_model_body *b = ant__body(l);
        if (l->paths)
            ant__names_free(l->paths);
        if (!b)
            continue;
        ant__unsettle(l);
        if (b->train_free)
            b->train_free(b->train);
        ant__names_free(&b->layers);
        ant__names_free(&b->nodes);
        ant__names_free(&b->weights);
        ant__names_free(&b->outs);
        ant__names_free(&b->wished);
        ant__free(b->sequence.at);
        ant__free(b->steps.at);
        ant__free(b->from.at);
        ant__free(b->ranks.at);
    }
}

/* --- functional models --- */
/* Counts and checks a list of nodes; negative after an error. */
static int check_nodes(ant_graph *g, ant_node *const *list, const char *what) {
    int n = 0;
    for (; list && list[n]; n++) {
        if (n == ANT_MAX_PORTS - 1)
            return ant__fail(&g->context.error, ANT_E_LIMIT, "a model has at most %d %ss", n, what);
        if (ant__node_dead(list[n]))
            return ant__fail(&g->context.error, ANT_E_GRAPH,
                             "%s %d of the model failed on another graph", what, n);
        if (list[n]->graph != g)
            return ant__fail(&g->context.error, ANT_E_GRAPH,
                             "%s %d of the model is a node of another graph", what, n);
    }
    if (!n)
        return ant__fail(&g->context.error, ANT_E_GRAPH, "a model needs %ss", what);
    return n;
}

static int check_twice(ant_graph *g, ant_node *const *in, int n) {
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            if (in[i] == in[k])
                return ant__fail(&g->context.error, ANT_E_GRAPH,
                                 "inputs %d and %d of the model are the same node", k, i);
    return 0;
}

static int copy_ports(ant_graph *g, ant_model_body *b, const ant_model_options *o) {
    ant_arena *arena = &g->context.arena;
    b->in = ant__arena_array(arena, (size_t)b->n_in, sizeof *b->in);
    b->out = ant__arena_array(arena, (size_t)b->n_out, sizeof *b->out);
    b->out_names = ant__arena_array(arena, (size_t)b->n_out, sizeof *b->out_names);
    if (!b->in || !b->out || !b->out_names)
        return ant__fail_memory(&g->context.error);
    memcpy(b->in, o->inputs, sizeof *b->in * (size_t)b->n_in);
    memcpy(b->out, o->outputs, sizeof *b->out * (size_t)b->n_out);
    for (int i = 0; i < b->n_out; i++)
        if (o->output_names[i] && !(b->out_names[i] = ant__arena_text(arena, o->output_names[i])))
            return ant__fail_memory(&g->context.error);
    return 0;
}

/* Names of outputs, where they are said, tell them apart. */
static int check_output_names(ant_graph *g, const ant_model_options *o, int n_out) {
    for (int i = 0; i < ANT_MAX_PORTS; i++) {
        const char *name = o->output_names[i];
        if (name && i >= n_out)
            return ant__fail(&g->context.error, ANT_E_GRAPH,
                             "output_names has '%s' for output %d, but the model has %d", name, i,
                             n_out);
        for (int k = 0; k < i && name; k++)
            if (o->output_names[k] && !strcmp(o->output_names[k], name))
                return ant__fail(&g->context.error, ANT_E_GRAPH,
                                 "outputs %d and %d of the model are both named '%s'", k, i, name);
    }
    return 0;
}

static int model_fill(ant_graph *g, ant_model *m, const ant_model_options *o) {
    ant_model_body *b = m->extra;
    int n_in = check_nodes(g, o->inputs, "input");
    int n_out = n_in < 0 ? n_in : check_nodes(g, o->outputs, "output");
    if (n_out < 0)
        return n_out;
    b->n_in = n_in;
    b->n_out = n_out;
    int code = check_twice(g, o->inputs, n_in);
    if (!code)
        code = check_output_names(g, o, n_out);
    if (!code)
        code = copy_ports(g, b, o);
    if (!code)
        code = ant__model_order(m);
    return code || !o->untrainable ? code : ant_set_trainable(m, false);
}

ant_model *ant_model_new_(const ant_model_options *o, size_t size, const char *file, int line) {
    ant_model_options own = {0};
    const char *wrong = ant__struct_take(&own, offsetof(ant_model_options, ant_end), o, size);
    ant_graph *g = own.graph;
    if (!g)
        return ant__dead_layer();
    bool had = g->context.error.code != 0;
    ant_model *m = NULL;
    if (wrong)
        ant__fail(&g->context.error, ANT_E_OPTION, "model: %s", wrong);
    else
        m = ant__model_alloc(g, false, own.name, file, line);
    if (!m || model_fill(g, m, &own)) {
        ant__blame(&g->context, had, file, line);
        return ant__dead_layer();
    }
    return m;
}
