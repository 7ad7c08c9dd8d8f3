/* The first action on a model: names for its layers, inputs and calls, keys of random numbers, and
 * initial weights. All follow from walks of the model, never from the order of building. */
#include "core/random.h"
#include "graph/graph.h"
#include <string.h>

/* --- free names: base, base_1, base_2 … --- */
typedef struct ant_giver {
    ant_context *context;
    ant_names bases;     /* names asked for so far */
    ANT__LIST(int) next; /* the number to try for each */
    char mark;           /* between base and number */
    int first;           /* the first number tried */
} ant_giver;

static ant_giver giver_of(ant_context *c, char mark, int first) {
    return (ant_giver){.context = c, .bases.payer = &c->arena, .mark = mark, .first = first};
}

static int *next_number(ant_giver *g, const char *base) {
    const void *known = ant__named(&g->bases, base);
    if (!known) {
        if (!ant__names_add(&g->bases, base, base) ||
            !ANT__PUSH_PAID(&g->context->arena, &g->next, g->first))
            return NULL;
        known = base;
    }
    return &g->next.at[ant__names_place(&g->bases, known)];
}

/* A name that is free among `taken`; NULL (and the context's error) when out of memory. */
static const char *give(ant_giver *g, const ant_names *taken, const char *base) {
    int *number = next_number(g, base);
    const char *name = base;
    if (!number) {
        ant__fail_memory(&g->context->error);
        return NULL;
    }
    while (name && ant__named(taken, name))
        name = ant__print(g->context, "%s%c%d", base, g->mark, (*number)++);
    return name;
}

static void giver_free(ant_giver *g) {
    ant__names_free(&g->bases);
    ANT__FREE_PAID(&g->context->arena, &g->next);
}

/* --- layers --- */
/* Names said in C come first: two that are the same are an error. */
static int name_said(ant_model *m) {
    ant_model_body *b = m->extra;
    for (int i = 0; i < b->layers.n; i++) {
        const ant_layer *l = b->layers.at[i].of;
        if (!l->said || l->from_file || ant__name_of(&b->wished, l))
            continue;
        const ant_layer *other = ant__named(&b->layers, l->said);
        if (other)
            return ant__fail(&m->context->error, ANT_E_GRAPH,
                             "two layers of the model are named '%s': %s:%d and %s:%d", l->said,
                             other->file ? other->file : "?", other->line, l->file ? l->file : "?",
                             l->line);
        ant__names_set(&b->layers, i, l->said);
    }
    return 0;
}

static const char *base_name(ant_model *m, const ant_layer *l) {
    const ant_model_body *b = m->extra, *inner = ant__body(l);
    const ant_layer_class *impl = l->cls->impl;
    const char *wished = ant__name_of(&b->wished, l);
    if (wished || l->said)
        return wished ? wished : l->said;
    if (inner)
        return inner->sequential ? "sequential" : "model";
    return impl->base_name ? impl->base_name(l) : ant__snake(m->context, l->cls->name);
}

static int give_name(ant_model *m, ant_giver *g, const ant_layer *l) {
    ant_model_body *b = m->extra;
    int place = ant__names_place(&b->layers, l);
    if (b->layers.at[place].name)
        return 0;
    const char *base = base_name(m, l), *name = base ? give(g, &b->layers, base) : NULL;
    if (!name)
        return ANT_E_MEMORY;
    ant__names_set(&b->layers, place, name);
    return 0;
}

/* Then names from a file, which give way, then the automatic ones; in the order of running. */
static int name_layers(ant_model *m) {
    ant_model_body *b = m->extra;
    ant_giver g = giver_of(m->context, '_', 1);
    int code = 0;
    for (int i = 0; i < b->ranks.n && !code; i++)
        if (b->ranks.at[i].layer && !ant__names_add(&b->layers, b->ranks.at[i].layer, NULL))
            code = ant__fail_memory(&m->context->error);
    if (!code)
        code = name_said(m);
    for (int automatic = 0; automatic < 2; automatic++)
        for (int i = 0; i < b->steps.n && !code; i++) {
            const ant_layer *l = b->steps.at[i].use->layer;
            if (automatic || l->said || ant__name_of(&b->wished, l))
                code = give_name(m, &g, l);
        }
    giver_free(&g);
    return code;
}

/* --- inputs and calls share one space of names --- */
static int add_node(ant_model *m, const void *of, const char *name) {
    ant_model_body *b = m->extra;
    return name && ant__names_add(&b->nodes, of, name) ? 0 : ant__fail_memory(&m->context->error);
}

static int check_input_names(const ant_model *m) {
    const ant_model_body *b = m->extra;
    for (int i = 0; i < b->n_in; i++)
        for (int k = 0; k < i && b->in[i]->said; k++)
            if (b->in[k]->said && !strcmp(b->in[i]->said, b->in[k]->said) && !b->in[i]->from_file)
                return ant__fail(&m->context->error, ANT_E_GRAPH,
                                 "two inputs of the model are named '%s': %s:%d and %s:%d",
                                 b->in[i]->said, b->in[k]->file ? b->in[k]->file : "?",
                                 b->in[k]->line, b->in[i]->file ? b->in[i]->file : "?",
                                 b->in[i]->line);
    return 0;
}

static int name_input(ant_model *m, ant_giver *g, int place, const char *base) {
    ant_model_body *b = m->extra;
    const char *name = give(g, &b->nodes, base);
    if (!name)
        return ANT_E_MEMORY;
    ant__names_set(&b->nodes, place, name);
    return 0;
}

/* Inputs keep their order among the nodes; those without a name must not take a said one. */
static int name_inputs(ant_model *m, ant_giver *g) {
    ant_model_body *b = m->extra;
    int code = check_input_names(m);
    for (int i = 0; i < b->n_in && !code; i++)
        if (!ant__names_add(&b->nodes, b->in[i], NULL))
            code = ant__fail_memory(&m->context->error);
    for (int i = 0; i < b->n_in && !code; i++)
        if (b->in[i]->said)
            code = name_input(m, g, i, b->in[i]->said);
    for (int i = 0; i < b->n_in && !code; i++)
        if (!b->in[i]->said)
            code = name_input(m, g, i, "input_layer");
    return code;
}

/* The first call of a layer has the layer's name, the second name@2: no automatic name holds an @.
 * A step's key comes from its name. */
static int name_calls(ant_model *m, ant_giver *g) {
    ant_model_body *b = m->extra;
    ant_giver again = giver_of(m->context, '@', 2);
    int code = 0;
    for (int i = 0; i < b->steps.n && !code; i++) {
        ant_step *s = &b->steps.at[i];
        const char *base = s->use->said ? s->use->said : ant__name_of(&b->layers, s->use->layer);
        const char *name = give(s->use->said ? g : &again, &b->nodes, base);
        code = add_node(m, s->use, name);
        if (!code)
            s->key = ant__random_key(0, name);
    }
    giver_free(&again);
    return code;
}

static int name_nodes(ant_model *m) {
    ant_giver g = giver_of(m->context, '_', 1);
    int code = name_inputs(m, &g);
    if (!code)
        code = name_calls(m, &g);
    giver_free(&g);
    return code;
}

/* --- outputs: by the names said, else by what they are results of --- */
static const char *out_base(ant_model *m, const ant_node *n) {
    const ant_model_body *b = m->extra;
    const char *input = ant__name_of(&b->nodes, n);
    if (input)
        return input;
    const char *call = ant__name_of(&b->nodes, n->use);
    return n->result ? ant__print(m->context, "%s[%d]", call, n->result) : call;
}

static int name_outputs(ant_model *m) {
    ant_model_body *b = m->extra;
    ant_giver g = giver_of(m->context, '_', 1);
    int code = 0;
    for (int i = 0; i < b->n_out && !code; i++) /* a node may be two outputs: entries have places */
        code = ant__names_add(&b->outs, &b->out[i], b->out_names[i])
                   ? 0
                   : ant__fail_memory(&m->context->error);
    for (int i = 0; i < b->n_out && !code; i++) {
        if (b->out_names[i])
            continue;
        const char *base = out_base(m, b->out[i]);
        const char *name = base ? give(&g, &b->outs, base) : NULL;
        if (!name)
            code = ANT_E_MEMORY;
        else
            ant__names_set(&b->outs, i, name);
    }
    giver_free(&g);
    return code;
}

/* --- settling --- */
static int settle_in(ant_model *m);

/* The first model that settles a layer owns it: its messages have the name it has there. */
static int settle_layer(ant_model *m, ant_layer *l, const char *name) {
    int code = 0;
    if (!l->owner) {
        l->owner = m;
        l->given = name;
        code = ant__layer_rename(l, name);
    }
    if (!code && ant__body(l))
        code = settle_in(l);
    for (int i = 0; i < l->children.n && !code; i++) {
        const char *path = ant__print(m->context, "%s/%s", name, l->child_names.at[i]);
        code = path ? settle_layer(m, l->children.at[i], path) : ANT_E_MEMORY;
    }
    return code;
}

static int settle_layers(ant_model *m) {
    const ant_model_body *b = m->extra;
    int code = 0;
    for (int i = 0; i < b->layers.n && !code; i++) {
        ant_layer *l = (ant_layer *)(uintptr_t)b->layers.at[i].of;
        code = settle_layer(m, l, b->layers.at[i].name);
    }
    return code;
}

static int settle_in(ant_model *m) {
    ant_model_body *b = m->extra;
    if (b->settled)
        return 0;
    ant__names_clear(&b->layers);
    ant__names_clear(&b->nodes);
    ant__names_clear(&b->weights);
    ant__names_clear(&b->outs);
    int code = ant__model_order(m);
    if (!code)
        code = name_layers(m);
    if (!code)
        code = name_nodes(m);
    if (!code)
        code = name_outputs(m);
    if (!code)
        code = settle_layers(m);
    if (!code)
        code = ant__collect_weights(m->context, m, NULL, &b->weights);
    b->settled = !code;
    return code;
}

/* A model that nobody named becomes model, sequential_1 …; it keeps the name when it is saved. */
static int name_root(ant_model *m) {
    ant_graph *g = ant__layer_graph(m);
    const ant_model_body *b = m->extra;
    const char *base = b->sequential ? "sequential" : "model";
    if (m->said || m->owner)
        return 0;
    m->said = g->models ? ant__print(m->context, "%s_%d", base, g->models) : base;
    m->from_file = true; /* it gives way to what the user names so */
    m->given = m->said;
    g->models += m->said != NULL;
    return m->said ? ant__layer_rename(m, m->said) : ANT_E_MEMORY;
}

/* The seed of a root's weights: of its name, or of name#2 for a second root of that name. */
static int root_key(ant_model *m, uint64_t *key) {
    ant_graph *g = ant__layer_graph(m);
    const char *name = ant__name_of(&g->roots, m);
    if (!name) {
        ant_giver giver = giver_of(m->context, '#', 2);
        name = give(&giver, &g->roots, ant__model_name(m));
        giver_free(&giver);
        if (!name || !ant__names_add(&g->roots, m, name))
            return ant__fail_memory(&m->context->error);
    }
    *key = ant__random_key(m->context->seed, name);
    return 0;
}

/* A root whose weights all started with others needs no key of its own. */
static int start_weights(ant_model *m) {
    const ant_model_body *b = m->extra;
    uint64_t key = 0;
    int code = 0;
    bool keyed = false;
    for (int i = 0; i < b->weights.n && !code; i++) {
        ant_weight *w = (ant_weight *)(uintptr_t)b->weights.at[i].of;
        if (w->initialized)
            continue;
        if (!keyed)
            code = root_key(m, &key);
        keyed = true;
        if (!code)
            code = ant__weight_start(m->context, w, ant__random_key(key, b->weights.at[i].name));
    }
    return code;
}

static int settle_root(ant_model *m) {
    const ant_model_body *b = m->extra;
    if (b->sequential && !b->n_in)
        return ant__layer_fail(m, ANT_E_STATE,
                               "has no input shape yet: say .input_shape, or give it data");
    int code = settle_in(m);
    if (!code)
        code = name_root(m);
    return code ? code : start_weights(m);
}

int ant__settle(ant_model *m) {
    ant_model_body *b = m->extra;
    ant_graph *g = ant__layer_graph(m);
    pthread_mutex_lock(&g->lock);
    int code = 0;
    if (!b->started) {
        ant_fault before = g->context.error; /* the graph keeps building errors only */
        ant__error_clear(&g->context.error);
        code = settle_root(m);
        if (code)
            b->error = g->context.error;
        g->context.error = before;
        b->started = !code;
    }
    pthread_mutex_unlock(&g->lock);
    return code;
}

void ant__unsettle(ant_model *m) {
    ant_model_body *b = m->extra;
    b->changes++;
    b->settled = b->started = b->ordered = false;
    while (b->idle) {
        ant_run *r = b->idle;
        b->idle = ant__run_next(r);
        ant__run_free(r);
    }
}
