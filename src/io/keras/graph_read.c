/* Functional models: each layer once, then its calls, sorted so that every value is made before it
 * is used. Files may name calls in any order, and chains may be long: nothing here recurses over
 * calls. */
#include "io/keras/read.h"
#include <stdio.h>
#include <string.h>

/* A layer of the model. */
typedef struct member {
    const char *name;
    const ant_tree *object, *nodes; /* its recorded calls */
    int first, n;                   /* places of its calls */
    bool input, operation;
} member;

typedef enum state { NEW, OPEN, DONE } state;

typedef struct call {
    int member;
    const char *name; /* of the value: "dense", "dense@2" */
    const ant_tree *node;
    ant_tree *tree;
    int first, n; /* places of the calls whose values it takes */
    state state;
} call;

typedef struct graph {
    ant_keras_reader *r;
    const char *path; /* in the outermost model */
    const ant_tree *config;
    ant_names names; /* of members, in their order */
    ANT__LIST(member) members;
    ANT__LIST(call) calls;
    ANT__LIST(int) edges;
    int now; /* the call that is read; -1: outputs are */
    ant_tree *layers;
} graph;

static ant_fault *error_of(const graph *g) {
    return &g->r->c->error;
}

static int fail(graph *g, int code, const char *what) {
    return ant__fail(error_of(g), code, "model '%s': %s", *g->path ? g->path : "/", what);
}

static int add(graph *g, ant_tree *out, const char *key, ant_tree *value) {
    if (!value)
        return error_of(g)->code;
    value->key = key;
    ant__tree_add(out, value);
    return 0;
}

/* --- members --- */
static int add_call(graph *g, int of, const char *name, const ant_tree *node) {
    call c = {.member = of, .name = name, .node = node};
    return ANT__PUSH_PAID(&g->r->c->arena, &g->calls, c) ? 0 : ant__fail_memory(error_of(g));
}

/* The name of a layer's k-th call's value, other than any layer's. */
static const char *call_name(graph *g, const char *layer, int k) {
    const char *name = k ? ant__print(g->r->c, "%s@%d", layer, k + 1) : layer;
    while (k && name && ant__named(&g->names, name))
        name = ant__print(g->r->c, "%s@", name);
    return name;
}

static int add_member(graph *g, const ant_tree *object) {
    static const ant_tree none = {.kind = ANT__ITEMS};
    const char *cls = ant__keras_class(object),
               *name = cls ? ant__keras_text_of(object, "name") : NULL;
    if (cls && !name)
        name = ant__keras_text_of(ant__keras_config(object), "name");
    if (!name)
        return fail(g, ANT_E_FORMAT, "a layer without class or name");
    if (ant__named(&g->names, name))
        return ant__fail(error_of(g), ANT_E_FORMAT, "two layers of a model are named '%.200s'",
                         name);
    member m = {.name = name, .object = object, .nodes = ant__tree_get(object, "inbound_nodes")};
    m.input = !strcmp(cls, "InputLayer");
    m.operation = ant__keras_is_operation(object) || ant__keras_is_tf_call(object);
    if (!m.nodes || m.nodes->kind != ANT__ITEMS)
        m.nodes = &none;
    return ant__names_add(&g->names, object, name) &&
                   ANT__PUSH_PAID(&g->r->c->arena, &g->members, m)
               ? 0
               : ant__fail_memory(error_of(g));
}

static int add_members(graph *g) {
    const ant_tree *layers = ant__tree_get(g->config, "layers");
    int code = 0;
    if (!layers || layers->kind != ANT__ITEMS)
        return fail(g, ANT_E_FORMAT, "there is no list of layers");
    for (const ant_tree *t = layers->first; t && !code; t = t->next)
        code = add_member(g, t);
    return code;
}

static int add_calls(graph *g, int k) {
    member *m = &g->members.at[k];
    m->first = g->calls.n;
    if (m->input) {
        m->n = 1;
        return add_call(g, k, m->name, NULL);
    }
    for (const ant_tree *t = m->nodes->first; t; t = t->next, m->n++) {
        const char *name = call_name(g, m->name, m->n);
        if (!name || add_call(g, k, name, t))
            return error_of(g)->code;
    }
    return 0;
}

/* --- values --- */
/* The number that the calls of a model begin with: it has one of its own, which makes it. Keras 3
 * counts that of a Functional where outputs are said, Keras 2 that of any model with an input. */
static int first_number(const graph *g, const member *m) {
    const ant_tree *layers = ant__tree_get(ant__keras_config(m->object), "layers");
    const char *cls = layers && layers->first ? ant__keras_class(layers->first) : NULL;
    if (!ant__keras_is_model(m->object))
        return 0;
    if (g->r->legacy)
        return cls && !strcmp(cls, "InputLayer");
    return g->now < 0 && strcmp(ant__keras_class(m->object), "Sequential");
}

static int fail_value(graph *g, const char *name, const char *what) {
    if (g->now < 0)
        return ant__fail(error_of(g), ANT_E_GRAPH, "an output of the model is of '%.200s', %s",
                         name, what);
    const member *m = &g->members.at[g->calls.at[g->now].member];
    return ant__fail(error_of(g), ANT_E_GRAPH,
                     "layer '%.200s' is called on a value of '%.200s', %s", m->name, name, what);
}

/* The call that ["dense", call, result] tells of; -1 after an error. */
static int call_of(graph *g, const ant_tree *leaf) {
    enum { MOST = 1 << 24, MOST_RESULTS = INT16_MAX };
    const ant_tree *number = leaf->first->next, *result = number->next;
    const char *name = leaf->first->text;
    const ant_tree *object = ant__named(&g->names, name);
    if (!object)
        return fail_value(g, name, "which is no layer of the model"), -1;
    const member *m = &g->members.at[ant__names_place(&g->names, object)];
    int k = ant__keras_whole_of(number, MOST);
    if (k > 0)
        k -= first_number(g, m);
    if (k < 0 || k >= m->n)
        return fail_value(g, name, "which has no such call"), -1;
    int of = ant__keras_whole_of(result, MOST_RESULTS);
    if (of < 0 || (m->input && of))
        return fail_value(g, name, "which has no such result"), -1;
    return m->first + k;
}

/* A value by its name: dense@2[1]. */
static ant_tree *value_at(graph *g, const ant_tree *leaf) {
    if (!ant__keras_is_leaf(leaf)) {
        fail(g, ANT_E_FORMAT, "expected [layer, call, result]");
        return NULL;
    }
    int k = call_of(g, leaf);
    if (k < 0)
        return NULL;
    if (g->now >= 0 && !ANT__PUSH_PAID(&g->r->c->arena, &g->edges, k)) {
        ant__fail_memory(error_of(g));
        return NULL;
    }
    ant_tree *t = ant__tree_new(g->r->c, ANT__WORD, NULL, g->calls.at[k].name);
    if (t) {
        t->raw = true;
        t->index = (int16_t)ant__keras_whole_of(leaf->first->next->next, INT16_MAX);
    }
    return t;
}

/* A tensor of a call, in either form. */
static ant_tree *tensor_read(void *data, const ant_tree *t) {
    if (ant__keras_is_leaf(t))
        return value_at(data, t);
    const ant_tree *history = ant__tree_get(ant__keras_config(t), "keras_history");
    static const ant_tree none = {.kind = ANT__WORD};
    return value_at(data, history ? history : &none);
}

/* --- layers and calls --- */
static int read_operation(graph *g, const member *m, call *c, const ant_keras_tensors *tensors) {
    ant_tree *layer =
        (ant__keras_is_tf_call(m->object) ? ant__keras_tf_call_read : ant__keras_operation_read)(
            g->r->c, m->object, c->node, tensors, c->tree);
    c->tree->text = c->name; /* each call has its own: there are no weights to share */
    return add(g, g->layers, c->name, layer);
}

static int read_call(graph *g, int k) {
    const member *m = &g->members.at[g->calls.at[k].member];
    char where[ANT__KERAS_PLACE];
    ant_keras_tensors tensors = {tensor_read, g};
    call *c = &g->calls.at[k];
    c->first = g->edges.n;
    g->now = k;
    c->tree = ant__tree_new(g->r->c, ANT__CALL, NULL, m->name);
    if (!c->tree)
        return error_of(g)->code;
    snprintf(where, sizeof where, "layer '%.200s'", m->name);
    int code = m->operation
                   ? read_operation(g, m, c, &tensors)
                   : ant__keras_call_read(g->r, where, m->object, c->node, &tensors, c->tree);
    c->n = g->edges.n - c->first;
    return code;
}

static int read_member(graph *g, const member *m) {
    int code = 0;
    if (m->input)
        return 0;
    if (!m->operation)
        code = add(g, g->layers, m->name, ant__keras_layer_read(g->r, g->path, m->object, false));
    for (int k = 0; k < m->n && !code; k++)
        code = read_call(g, m->first + k);
    return code;
}

/* --- order --- */
static int fail_cycle(graph *g, int k) {
    return ant__fail(error_of(g), ANT_E_GRAPH,
                     "layer '%.200s' is called on a value that is made from its own result",
                     g->members.at[g->calls.at[k].member].name);
}

typedef struct frame {
    int call, edge;
} frame;

/* A call after those whose values it takes. */
static int put_call(graph *g, ant_tree *out, int k) {
    ANT__LIST(frame) stack = {0};
    int code = 0;
    frame top = {k, 0};
    while (!code && g->calls.at[k].state != DONE) {
        call *c = &g->calls.at[top.call];
        c->state = OPEN;
        if (top.edge < c->n) {
            int next = g->edges.at[c->first + top.edge++];
            state s = g->calls.at[next].state;
            if (s == OPEN)
                code = fail_cycle(g, next);
            if (s == NEW && !ANT__PUSH_PAID(&g->r->c->arena, &stack, top))
                code = ant__fail_memory(error_of(g));
            if (s == NEW)
                top = (frame){next, 0};
            continue;
        }
        c->state = DONE;
        if (c->tree)
            code = add(g, out, c->name, c->tree);
        if (stack.n)
            top = stack.at[--stack.n];
    }
    ANT__FREE_PAID(&g->r->c->arena, &stack);
    return code;
}

/* --- inputs and outputs --- */
static int ports(graph *g, const char *key, const ant_tree **out, int *n) {
    const ant_tree *said = ant__tree_get(g->config, key);
    *n = 0;
    if (!said)
        return fail(g, ANT_E_FORMAT, "it does not tell its inputs or outputs");
    const char *wrong = ant__keras_leaves(said, out, n);
    return wrong ? fail(g, ANT_E_FORMAT, wrong) : 0;
}

/* The InputLayer that a leaf tells of; NULL after an error. */
static const member *input_at(graph *g, const ant_tree *leaf, const ant_tree *before) {
    int k = call_of(g, leaf);
    const member *m = k < 0 ? NULL : &g->members.at[g->calls.at[k].member];
    if (!m)
        return NULL;
    if (m->input && !ant__tree_get(before, m->name))
        return m;
    ant__fail(error_of(g), ANT_E_GRAPH, "'%.200s' is an input of the model %s", m->name,
              m->input ? "twice" : "but no InputLayer");
    return NULL;
}

static ant_tree *inputs_read(graph *g) {
    const ant_tree *said[ANT_MAX_PORTS];
    ant_tree *out = ant__tree_new(g->r->c, ANT__MAP, "inputs", NULL);
    int n;
    if (!out || ports(g, "input_layers", said, &n))
        return NULL;
    for (int i = 0; i < n; i++) {
        const member *m = input_at(g, said[i], out);
        const ant_tree *config = m ? ant__keras_config(m->object) : NULL;
        if (!m || add(g, out, m->name, ant__keras_input_read(g->r, m->name, config)))
            return NULL;
    }
    return out;
}

/* An output is named by its key in a dict without further ones inside, else by the layer that makes
 * it; a name that is among the keys of `taken` gets a number, as in Keras 2. */
static const char *output_name(graph *g, const ant_tree *taken, const ant_tree *leaf) {
    const ant_tree *all = ant__tree_get(g->config, "output_layers");
    bool flat = all->kind == ANT__MAP;
    for (const ant_tree *t = all->first; t && flat; t = t->next)
        flat = ant__keras_is_leaf(t);
    return flat ? leaf->key : ant__keras_output_name(g->r->c, taken, leaf);
}

static ant_tree *outputs_read(graph *g) {
    const ant_tree *said[ANT_MAX_PORTS];
    ant_tree *out = ant__tree_new(g->r->c, ANT__MAP, "outputs", NULL);
    int n;
    g->now = -1;
    if (!out || ports(g, "output_layers", said, &n))
        return NULL;
    for (int i = 0; i < n; i++) {
        ant_tree *value = value_at(g, said[i]);
        const char *name = value ? output_name(g, out, said[i]) : NULL;
        if (!name || add(g, out, name, value))
            return NULL;
    }
    return out;
}

/* --- structures --- */
/* A single port, or a list of several; Keras 2 says a single one as a list, too. */
static bool is_plain(const graph *g, const ant_tree *said) {
    if (ant__keras_is_leaf(said))
        return true;
    bool plain = said->kind == ANT__ITEMS && (said->first->next || g->r->legacy);
    for (const ant_tree *t = said->first; t && plain; t = t->next)
        plain = ant__keras_is_leaf(t);
    return plain;
}

/* The same maps and lists around the names of the ports. */
static ant_tree *with_names(graph *g, const ant_tree *said, const ant_tree *const *leaves,
                            const ant_tree *ports) {
    if (ant__keras_is_leaf(said)) {
        const ant_tree *port = ports->first;
        while (*leaves++ != said)
            port = port->next;
        return ant__tree_new(g->r->c, ANT__QUOTED, said->key, port->key);
    }
    ant_tree *t = ant__tree_new(g->r->c, said->kind, said->key, NULL);
    for (const ant_tree *x = said->first; x && t; x = x->next)
        ant__tree_add(t, with_names(g, x, leaves, ports));
    return t;
}

/* How Keras nests the ports, where they are no list. */
static int add_structure(graph *g, ant_tree *out, const char *key, const char *layers,
                         const ant_tree *named) {
    const ant_tree *leaves[ANT_MAX_PORTS] = {0};
    int n, code = ports(g, layers, leaves, &n);
    const ant_tree *said = ant__tree_get(g->config, layers);
    return code || is_plain(g, said) ? code : add(g, out, key, with_names(g, said, leaves, named));
}

static int add_structures(graph *g, ant_tree *out) {
    int code =
        add_structure(g, out, "input_structure", "input_layers", ant__tree_get(out, "inputs"));
    return code ? code
                : add_structure(g, out, "output_structure", "output_layers",
                                ant__tree_get(out, "outputs"));
}

/* --- all --- */
static ant_tree *calls_sorted(graph *g) {
    ant_tree *out = ant__tree_new(g->r->c, ANT__MAP, "calls", NULL);
    for (int k = 0; k < g->calls.n && out; k++)
        if (put_call(g, out, k))
            return NULL;
    return out;
}

/* --- the model --- */
static int fill(graph *g, ant_tree *out) {
    int code = add_members(g);
    g->layers = ant__tree_new(g->r->c, ANT__MAP, "layers", NULL);
    for (int k = 0; k < g->members.n && !code; k++)
        code = add_calls(g, k);
    for (int k = 0; k < g->members.n && !code && g->layers; k++)
        code = read_member(g, &g->members.at[k]);
    if (code || !g->layers)
        return error_of(g)->code;
    g->now = -1;
    ant__tree_add(out, inputs_read(g));
    ant__tree_add(out, g->layers);
    if (!error_of(g)->code)
        ant__tree_add(out, calls_sorted(g));
    if (!error_of(g)->code)
        ant__tree_add(out, outputs_read(g));
    return error_of(g)->code ? error_of(g)->code : add_structures(g, out);
}

ant_tree *ant__keras_functional_read(ant_keras_reader *r, const char *path,
                                     const ant_tree *object) {
    graph g = {.r = r, .path = path, .config = ant__keras_config(object)};
    g.names.payer = &r->c->arena;
    ant_tree *out = ant__tree_new(r->c, ANT__MAP, NULL, NULL);
    int code = out ? fill(&g, out) : r->c->error.code;
    ant__names_free(&g.names);
    ANT__FREE_PAID(&r->c->arena, &g.members);
    ANT__FREE_PAID(&r->c->arena, &g.calls);
    ANT__FREE_PAID(&r->c->arena, &g.edges);
    return code ? NULL : out;
}
