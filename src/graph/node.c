/* Inputs and calls. A call's shapes come from writing its ops into a program that never runs, with
 * the batch unknown: there is no second rule for shapes. */
#include "graph/graph.h"
#include <string.h>

ant_node *ant__dead_node(void) {
    static const ant_node dead;
    return (ant_node *)(uintptr_t)&dead;
}

ant_node *ant_unmasked(void) {
    static const ant_node none;
    return (ant_node *)(uintptr_t)&none;
}

bool ant__node_dead(const ant_node *n) {
    return !n || !n->graph;
}

/* Sizes or ANT_ANY, then zeros to the end; one axis is the batch's. */
static int check_shape(ant_context *c, const int *shape) {
    int n = 0;
    while (n < ANT_MAX_AXES && shape[n])
        n++;
    if (n == ANT_MAX_AXES)
        return ant__fail(&c->error, ANT_E_LIMIT, "input: more than %d axes", ANT_MAX_AXES - 1);
    for (int k = n; k < ANT_MAX_AXES; k++)
        if (shape[k])
            return ant__fail(&c->error, ANT_E_SHAPE, "input: axis %d of its shape is 0", n);
    for (int k = 0; k < n; k++)
        if (shape[k] < 0 && shape[k] != ANT_ANY)
            return ant__fail(&c->error, ANT_E_SHAPE,
                             "input: axis %d of its shape is %d, must be at least 1 or ANT_ANY", k,
                             shape[k]);
    return 0;
}

/* float32 stands for the type that the graph's reals have. */
static int input_dtype(ant_context *c, const char *name) {
    int dtype = name ? ant__dtype_named(name) : ANT_FLOAT32;
    if (dtype == ANT_FLOAT32)
        return ant__real_type(c);
    if (dtype == ANT_INT32 || dtype == ANT_INT64 || dtype == ANT_BOOL)
        return dtype;
    ant__fail(&c->error, ANT_E_OPTION,
              "input: dtype is '%s', must be float32, int32, int64 or bool", name);
    return 0;
}

ant_node *ant__input_new(ant_graph *g, const ant_input_options *o) {
    ant_context *c = &g->context;
    int dtype = input_dtype(c, o->dtype);
    if (!dtype || check_shape(c, o->shape))
        return NULL;
    if (o->batch_size < 0 && o->batch_size != ANT_NONE) {
        ant__fail(&c->error, ANT_E_OPTION, "input: batch_size is %d, must be at least 1",
                  o->batch_size);
        return NULL;
    }
    ant_node *n = ant__arena_alloc(&c->arena, sizeof *n);
    const char *name = o->name ? ant__arena_text(&c->arena, o->name) : NULL;
    if (!n || (o->name && !name)) {
        ant__fail_memory(&c->error);
        return NULL;
    }
    int64_t batch = o->batch_size > 0 ? o->batch_size : ANT_ANY;
    g->typed = true;
    *n = (ant_node){.graph = g, .dtype = dtype, .said = name, .from_file = c->loading};
    n->dims = ant__dims_of_shape(o->shape, batch);
    return n;
}

ant_node *ant_input_(const ant_input_options *o, size_t size, const char *file, int line) {
    ant_input_options own = {0};
    const char *wrong = ant__struct_take(&own, offsetof(ant_input_options, ant_end), o, size);
    ant_graph *g = own.graph;
    if (!g)
        return ant__dead_node();
    bool had = g->context.error.code != 0;
    ant_node *n = NULL;
    if (wrong)
        ant__fail(&g->context.error, ANT_E_OPTION, "input: %s", wrong);
    else
        n = ant__input_new(g, &own);
    if (!n) {
        ant__blame(&g->context, had, file, line);
        return ant__dead_node();
    }
    n->file = file;
    n->line = line;
    return n;
}

/* --- operands --- */
ant_role ant__use_role(const ant_layer_use *u, int k, int *at) {
    *at = k;
    if (k < u->n_in)
        return ANT__IN;
    *at = k -= u->n_in;
    if (k < u->n_states)
        return ANT__STATE;
    k -= u->n_states;
    for (*at = 0; *at < u->n_in; ++*at)
        if (u->mask[*at] && !k--)
            return ANT__MASK;
    return ANT__ATTENTION_MASK;
}

ant_node *ant__use_operand(const ant_layer_use *u, int k) {
    int at;
    switch (ant__use_role(u, k, &at)) {
    case ANT__IN:
        return u->in[at];
    case ANT__STATE:
        return u->state[at];
    case ANT__MASK:
        return u->mask[at];
    case ANT__ATTENTION_MASK:
        break;
    }
    return u->attention_mask;
}

void ant__use_flags(ant_layer_call *c, const ant_layer_use *u) {
    c->n_in = u->n_in;
    c->n_states = u->n_states;
    c->use_causal_mask = u->use_causal_mask;
    c->return_attention_scores = u->return_attention_scores;
}

int ant__use_operands(const ant_layer_use *u) {
    int n = u->n_in + u->n_states + (u->attention_mask != NULL);
    for (int i = 0; i < u->n_in; i++)
        n += u->mask[i] != NULL;
    return n;
}

/* Counts a list that ends at NULL and has nothing after it. */
static int count_nodes(ant_context *c, ant_node *const *list, const char *what) {
    int n = 0;
    while (n < ANT_MAX_PORTS && list[n])
        n++;
    if (n == ANT_MAX_PORTS)
        return ant__fail(&c->error, ANT_E_LIMIT, "more than %d %ss", ANT_MAX_PORTS - 1, what);
    for (int k = n; k < ANT_MAX_PORTS; k++)
        if (list[k])
            return ant__fail(&c->error, ANT_E_GRAPH, "%s %d of the call is NULL", what, n);
    return n;
}

static int check_masks(ant_graph *g, const ant_layer_use *u, ant_node *const *masks) {
    for (int i = 0; i < ANT_MAX_PORTS; i++) {
        const ant_node *mask = masks[i];
        if (mask && i >= u->n_in)
            return ant__fail(&g->context.error, ANT_E_GRAPH,
                             "the call of %s has a mask for input %d, but %d input%s",
                             ant__layer_label(u->layer), i, u->n_in, u->n_in == 1 ? "" : "s");
        if (mask && mask != ant_unmasked() && mask->dtype != ANT_BOOL)
            return ant__fail(&g->context.error, ANT_E_SHAPE,
                             "the mask of the call of %s is of type %s, must be bool",
                             ant__layer_label(u->layer), ant__dtype_name(mask->dtype));
    }
    return 0;
}

static int check_operands(ant_graph *g, const ant_layer_use *u) {
    for (int k = 0; k < ant__use_operands(u); k++) {
        const ant_node *n = ant__use_operand(u, k);
        if (ant__node_dead(n))
            return ant__fail(&g->context.error, ANT_E_GRAPH,
                             "operand %d of the call of %s failed on another graph", k,
                             ant__layer_label(u->layer));
        if (n->graph != g)
            return ant__fail(&g->context.error, ANT_E_GRAPH,
                             "operand %d of the call of %s is a node of another graph", k,
                             ant__layer_label(u->layer));
    }
    return 0;
}

/* --- shapes --- */
static ant_value *stand_in(ant_program *p, const ant_node *n) {
    return ant__input(p, n->dtype, &n->dims);
}

static void operands_into(ant_layer_call *c, const ant_layer_use *u) {
    ant_program *p = c->program;
    for (int i = 0; i < u->n_in; i++) {
        c->in[i] = stand_in(p, u->in[i]);
        if (u->mask[i])
            c->mask[i] = stand_in(p, u->mask[i]);
        else if (u->in[i]->mask && !ant__use_unmasks(u, i))
            c->mask[i] = ant__input(p, ANT_BOOL, u->in[i]->mask);
    }
    for (int i = 0; i < u->n_states; i++)
        c->initial_state[i] = stand_in(p, u->state[i]);
    if (u->attention_mask)
        c->attention_mask = stand_in(p, u->attention_mask);
    c->mask_said = u->n_in && u->mask[0];
    ant__use_flags(c, u);
}

static ant_node *make_result(ant_graph *g, ant_layer_use *u, int k, const ant_layer_call *c) {
    const ant_value *v = c->out[k], *mask = c->out_mask[k];
    ant_node *n = ant__arena_alloc(&g->context.arena, sizeof *n);
    ant_dims *mask_dims = n && mask ? ant__arena_alloc(&g->context.arena, sizeof *mask_dims) : NULL;
    if (!n || (mask && !mask_dims)) {
        ant__fail_memory(&g->context.error);
        return NULL;
    }
    if (mask)
        *mask_dims = mask->dims;
    *n = (ant_node){.graph = g, .use = u, .result = k, .dtype = v->dtype};
    n->dims = v->dims;
    n->mask = mask_dims;
    return n;
}

static int make_results(ant_graph *g, ant_layer_use *u, const ant_layer_call *c) {
    u->n_out = c->n_out;
    u->out = ant__arena_array(&g->context.arena, (size_t)u->n_out, sizeof(ant_node *));
    if (!u->out)
        return ant__fail_memory(&g->context.error);
    for (int k = 0; k < u->n_out; k++)
        if (!(u->out[k] = make_result(g, u, k, c)))
            return g->context.error.code;
    return 0;
}

static int remask_results(ant_graph *g, ant_layer_use *u, const ant_layer_call *c) {
    for (int k = 0; k < u->n_out; k++) {
        const ant_node *n = make_result(g, u, k, c);
        if (!n)
            return g->context.error.code;
        u->out[k]->mask = n->mask;
    }
    return 0;
}

typedef int results_taker(ant_graph *g, ant_layer_use *u, const ant_layer_call *c);

static int infer(ant_graph *g, ant_layer_use *u, results_taker *take) {
    ant_program *p = ant__program_new(ant__real_type(&g->context));
    if (!p)
        return ant__fail_memory(&g->context.error);
    ant__program_set_shapes_only(p);
    ant_context context = ant__context_fork(g);
    ant_lowering lowering = {.program = p, .scratch = true};
    ant_layer_call c = {
        .layer = u->layer,
        .program = p,
        .context = &context,
        .training = u->training == 1,
        .lowering = &lowering,
    };
    operands_into(&c, u);
    ant__set_counter(p, ant__input(p, ANT_INT64, &ANT__SCALAR));
    int code = ant__layer_write(&c);
    if (code)
        ant__fail(&g->context.error, code, "%s", context.error.text);
    else
        code = take(g, u, &c);
    ant__free(lowering.losses.at);
    ant__program_free(p);
    ant__arena_free(&context.arena);
    return code;
}

int ant__use_remask(ant_layer_use *u) {
    return infer(ant__layer_graph(u->layer), u, remask_results);
}

int ant__use_unmask(ant_layer_use *u, ant_ports inputs) {
    u->unmasked |= inputs;
    return ant__use_remask(u);
}

/* --- calls --- */
/* Attention's keywords say nothing to other layers: they are refused by name. */
static int check_keywords(ant_context *c, const ant_call_options *o) {
    const ant_layer_class *impl = o->layer->cls->impl;
    const char *said = o->value                     ? "value"
                       : o->key                     ? "key"
                       : o->attention_mask          ? "attention_mask"
                       : o->use_causal_mask         ? "use_causal_mask"
                       : o->return_attention_scores ? "return_attention_scores"
                                                    : NULL;
    if (!said || (impl->attention && (!o->attention_mask || impl->attention_mask)))
        return 0;
    if (impl->attention)
        said = "attention_mask";
    return ant__fail(&c->error, ANT_E_OPTION, "the call of %s takes no keyword '%s'",
                     ant__layer_label(o->layer), said);
}

/* The inputs, of which the second and third may be said by keyword. */
static int name_inputs(ant_context *c, ant_node *in[ANT_MAX_PORTS], const ant_call_options *o) {
    ant_node *const named[] = {o->value, o->key};
    static const char *const names[] = {"value", "key"};
    memcpy(in, o->in, sizeof o->in);
    for (int k = 0; k < 2; k++) {
        if (named[k] && in[k + 1])
            return ant__fail(&c->error, ANT_E_OPTION, "the call of %s has its %s twice",
                             ant__layer_label(o->layer), names[k]);
        if (named[k] && !in[k])
            return ant__fail(&c->error, ANT_E_OPTION, "the call of %s has a %s but no %s",
                             ant__layer_label(o->layer), names[k], k ? names[0] : "query");
        if (named[k])
            in[k + 1] = named[k];
    }
    return 0;
}

/* A list of the call's own; its length, or a negative code. */
static int take_nodes(ant_context *c, ant_node ***out, ant_node *const *list, int n) {
    if (n <= 0)
        return n;
    *out = ant__arena_array(&c->arena, (size_t)n, sizeof **out);
    if (!*out)
        return ant__fail_memory(&c->error);
    memcpy(*out, list, (size_t)n * sizeof **out);
    return n;
}

static int take_operands(ant_context *c, ant_layer_use *u, const ant_call_options *o) {
    ant_node *in[ANT_MAX_PORTS];
    int code = name_inputs(c, in, o);
    if (code)
        return code;
    if ((u->n_in = take_nodes(c, &u->in, in, count_nodes(c, in, "input"))) < 0)
        return u->n_in;
    u->n_states = take_nodes(c, &u->state, o->initial_state,
                             count_nodes(c, o->initial_state, "initial state"));
    if (u->n_states < 0)
        return u->n_states;
    code = take_nodes(c, &u->mask, o->mask, u->n_in);
    for (int i = 0; i < u->n_in && code >= 0; i++)
        if (u->mask[i] == ant_unmasked()) {
            u->mask[i] = NULL;
            u->unmasked |= (ant_ports)1 << i;
        }
    return code < 0 ? code : 0;
}

static int use_fill(ant_graph *g, ant_layer_use *u, const ant_call_options *o) {
    ant_context *c = &g->context;
    u->layer = o->layer;
    u->attention_mask = o->attention_mask;
    u->training = o->training;
    u->use_causal_mask = o->use_causal_mask;
    u->return_attention_scores = o->return_attention_scores;
    if (o->too_many)
        return ant__fail(&c->error, ANT_E_LIMIT, "more than %d inputs", ANT_MAX_PORTS - 1);
    if (o->training != ANT_NONE && o->training != 0 && o->training != 1)
        return ant__fail(&c->error, ANT_E_OPTION, "training is %d, must be 0 or 1", o->training);
    if (check_keywords(c, o) || take_operands(c, u, o))
        return c->error.code;
    if (o->name && !(u->said = ant__arena_text(&c->arena, o->name)))
        return ant__fail_memory(&c->error);
    int code = check_operands(g, u);
    return code ? code : check_masks(g, u, o->mask);
}

static int build(ant_layer_use *u) {
    ant_dims dims[ANT_MAX_PORTS];
    for (int i = 0; i < u->n_in; i++)
        dims[i] = u->in[i]->dims;
    return ant__layer_build(u->layer, dims, u->n_in);
}

ant_layer_use *ant__use_new(ant_graph *g, const ant_call_options *o) {
    ant_layer_use *u = ant__arena_alloc(&g->context.arena, sizeof *u);
    if (!u) {
        ant__fail_memory(&g->context.error);
        return NULL;
    }
    return use_fill(g, u, o) || build(u) || infer(g, u, make_results) ? NULL : u;
}

/* A dead layer's own graph knows why; the node's must not stay silent when it is another. */
static ant_node *call_dead(const ant_node *in, const char *file, int line) {
    if (!ant__node_dead(in) && !in->graph->context.error.code) {
        ant__fail(&in->graph->context.error, ANT_E_GRAPH,
                  "the layer of the call is NULL or failed on another graph");
        ant__blame(&in->graph->context, false, file, line);
    }
    return ant__dead_node();
}

ant_node *ant_call_(const ant_call_options *o, size_t size, const char *file, int line) {
    ant_call_options own = {.training = ANT_NONE};
    const char *wrong = ant__struct_take(&own, offsetof(ant_call_options, ant_end), o, size);
    if (!own.layer || own.layer->dead)
        return call_dead(own.in[0], file, line);
    ant_graph *g = ant__layer_graph(own.layer);
    bool had = g->context.error.code != 0;
    ant_layer_use *u = NULL;
    if (wrong)
        ant__fail(&g->context.error, ANT_E_OPTION, "call: %s", wrong);
    else
        u = ant__use_new(g, &own);
    if (!u) {
        ant__blame(&g->context, had, file, line);
        return ant__dead_node();
    }
    u->file = file;
    u->line = line;
    return u->out[0];
}

ant_node *ant_output(ant_node *node, int k) {
    if (ant__node_dead(node))
        return ant__dead_node();
    int n = node->use ? node->use->n_out : 1;
    if (k < 0 || k >= n) {
        ant__fail(&node->graph->context.error, ANT_E_GRAPH, "ant_output: result %d of %d of %s", k,
                  n, node->use ? ant__layer_label(node->use->layer) : "an input");
        return ant__dead_node();
    }
    return node->use ? node->use->out[k] : node;
}

int ant_node_shape(const ant_node *node, int64_t shape[ANT_MAX_AXES]) {
    if (ant__node_dead(node))
        return 0;
    memcpy(shape, node->dims.dim, sizeof node->dims.dim);
    return node->dims.rank;
}
